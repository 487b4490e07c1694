package digest

import (
	"cmp"
	"slices"
	"strings"

	"sigpost"
)

// How long an issue may get. Mail programs cut what is larger than 102 kB.
const (
	maxWords = 1600
	maxHTML  = 100_000 // bytes
	// footWords are about what stands below all else, the numbers of the week
	// included.
	footWords = 140
)

// How many of what an issue tells.
const (
	highlightLimit = 5
	// fewEntries is up to where an issue has no highlights: all of it is read.
	fewEntries = 5
	// someEntries is up to where each thread is told in full.
	someEntries = 12
	alsoLimit   = 20
	alsoWords   = 11 // about what one of them takes

	highlightQuotes = 3
	storyQuotes     = 2
	newsQuotes      = 1
	// maxQuotes is the most: a long thread has more of them (quotesOf).
	maxQuotes = 5
)

// The headings that an editor may move a thread under, beside those of topics.
const (
	highlightsTitle = "Highlights"
	newsTitle       = "Announcements and releases"
)

// questionsTitle is the heading of the lines that remind of what waits for an answer.
const questionsTitle = "Needs an answer"

// parts says what of an issue is told where. Each entry is in one of them.
type parts struct {
	highlights []sigpost.Entry
	stories    []sigpost.Entry // by scenario and project
	news       []sigpost.Entry // announcements and releases
	also       []sigpost.Entry // a line each
	more       int             // that have not even that
}

// allot gives out an issue's entries, of which those that matter most come
// first, so that no more than so many words are used.
func allot(issue sigpost.Issue, words int, cost map[int64]costs) parts {
	var p parts
	rest := issue.Entries
	spend := func(e sigpost.Entry, quotes int) bool {
		n := cost[e.ThreadID][quotes]
		if n > words {
			return false
		}
		words -= n
		return true
	}
	// Whatever an editor has pinned or put somewhere is told there.
	rest = slices.DeleteFunc(slices.Clone(rest), func(e sigpost.Entry) bool {
		switch {
		case e.Section != "":
			switch e.Section {
			case highlightsTitle:
				p.highlights = append(p.highlights, e)
			case newsTitle:
				p.news = append(p.news, e)
			default:
				p.stories = append(p.stories, e)
			}
		case e.Pinned:
			p.highlights = append(p.highlights, e)
		default:
			return false
		}
		words -= cost[e.ThreadID][highlightQuotes]
		return true
	})
	if len(rest) > fewEntries {
		for len(rest) > 0 && len(p.highlights) < highlightLimit && rest[0].Rank >= highlightRank && spend(rest[0], highlightQuotes) {
			p.highlights = append(p.highlights, rest[0])
			rest = rest[1:]
		}
	}
	// What waits for an answer goes before what does not.
	slices.SortStableFunc(rest, func(a, b sigpost.Entry) int {
		return cmp.Compare(boolInt(waits(b, issue.Window)), boolInt(waits(a, issue.Window)))
	})
	if n := len(rest); n > someEntries {
		words -= min(n-someEntries, alsoLimit) * alsoWords
	}
	for _, e := range rest {
		slight := len(rest) > someEntries && len(e.Quotes) == 0 && !waits(e, issue.Window)
		switch {
		case !slight && isNews(e.Nature) && spend(e, newsQuotes):
			p.news = append(p.news, e)
		case !slight && !isNews(e.Nature) && spend(e, storyQuotes):
			p.stories = append(p.stories, e)
		case len(p.also) < alsoLimit:
			p.also = append(p.also, e)
		default:
			p.more++
		}
	}
	return p
}

// Places say of each thread of a draft where a letter to everybody tells of it, as far
// as that is not under its own heading: "under Highlights".
func Places(issue sigpost.Issue) map[int64][]string {
	e := Prepare(issue)
	whole := e.page(Reader{}, maxWords)
	parts := allot(issue, maxWords-whole.fixedWords(), e.words)
	at, told := map[int64][]string{}, map[int64]bool{}
	for _, part := range []struct {
		place   string
		entries []sigpost.Entry
	}{{"under " + highlightsTitle, parts.highlights}, {"", parts.stories}, {"under " + newsTitle, parts.news}, {"under Also seen, in a line", parts.also}} {
		for _, entry := range part.entries {
			told[entry.ThreadID] = true
			if part.place != "" {
				at[entry.ThreadID] = append(at[entry.ThreadID], part.place)
			}
		}
	}
	for _, entry := range issue.Entries {
		if !told[entry.ThreadID] {
			at[entry.ThreadID] = append(at[entry.ThreadID], "in no line of its own, but counted")
		}
	}
	for _, entry := range reminded(issue) {
		at[entry.ThreadID] = append(at[entry.ThreadID], "also in a line under "+questionsTitle)
	}
	return at
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isNews says whether a thread of that nature is told among the announcements.
func isNews(n sigpost.Nature) bool {
	switch n {
	case sigpost.NatureAnnouncement, sigpost.NatureRelease, sigpost.NatureAdvisory, sigpost.NatureCall:
		return true
	}
	return false
}

// quotesOf is how many quotes a thread has where one of few messages has n.
func quotesOf(e *sigpost.Entry, n int) int {
	for _, many := range [...]int{10, 25} {
		if e.New >= many && e.Nature != sigpost.NatureRelease {
			n++
		}
	}
	return min(n, maxQuotes)
}

// weightiest are the n quotes that say most, in their order.
func weightiest(quotes []sigpost.Quote, n int) []sigpost.Quote {
	if len(quotes) <= n {
		return quotes
	}
	order := make([]int, len(quotes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(quotes[b].Weight, quotes[a].Weight) })
	order = order[:n]
	slices.Sort(order)
	kept := make([]sigpost.Quote, n)
	for i, at := range order {
		kept[i] = quotes[at]
	}
	return kept
}

// storyWords is about how many words a story takes.
func storyWords(e *sigpost.Entry, quotes int) int {
	n := stateWords + wordsIn(e.Headline) + wordsIn(e.Summary) + wordsIn(e.Note)
	if e.Summary == "" {
		for _, q := range weightiest(e.Quotes, quotesOf(e, quotes)) {
			n += wordsIn(q.Author) + wordsIn(q.Text)
		}
	}
	if len(e.People) > quotes {
		n += withWords
	}
	return n
}

// stateWords and withWords are about what a story's state takes with its
// project's name, and who else wrote.
const (
	stateWords = 8
	withWords  = 9
)

// wordsIn counts words as a reader of any script would: what is written
// without spaces counts one for each two characters.
func wordsIn(s string) int {
	n, wide := len(strings.Fields(s)), 0
	for _, r := range s {
		if runeWidth(r) == 2 {
			wide++
		}
	}
	return n + wide/2
}

// comingWords is about how many words the events take.
func comingWords(all []Upcoming) int {
	n := 0
	for _, u := range all {
		n += wordsIn(u.Label + " " + u.Title + " " + strings.Join(u.When, " ") + " " + u.Next + " " + u.Where + " " + u.markdown + " " + u.More)
		for _, l := range u.Links {
			n += wordsIn(l.Title)
		}
		for _, t := range u.Sessions {
			n += wordsIn(t.When + " " + t.Title + " " + t.By)
		}
	}
	return n
}
