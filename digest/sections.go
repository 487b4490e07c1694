package digest

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
	"sigpost/internal/osa"
	"sigpost/internal/prose"
)

// Section is a part of an issue under one heading: a scenario, the projects
// of threads without one, or the threads without either.
type Section struct {
	Title  string
	Tag    sigpost.Tag // the scenario; zero for the other two
	Text   string      // the editor's, in Markdown
	Groups []Group     // most active first, the one without a project last
}

// Group holds the threads of one project within a section.
type Group struct {
	Title   string      // "" without a project
	Tag     sigpost.Tag // the project; zero without
	Entries []sigpost.Entry
}

// Sections sorts an issue's entries for reading: by their best scenario, then
// by their best project, and as the editor arranged them. Each entry is in one
// place.
func Sections(issue sigpost.Issue) []Section {
	var scenarios, projects, others []sigpost.Entry
	byScenario := map[sigpost.Tag][]sigpost.Entry{}
	var order []sigpost.Tag
	for _, e := range issue.Entries {
		scenario, project := best(e, sigpost.KindScenario), best(e, sigpost.KindProject)
		switch {
		case scenario != sigpost.Tag{}:
			if byScenario[scenario] == nil {
				order = append(order, scenario)
			}
			byScenario[scenario] = append(byScenario[scenario], e)
			scenarios = append(scenarios, e)
		case project != sigpost.Tag{}:
			projects = append(projects, e)
		default:
			others = append(others, e)
		}
	}
	slices.SortFunc(order, func(a, b sigpost.Tag) int {
		return cmp.Or(cmp.Compare(news(byScenario[b]), news(byScenario[a])), cmp.Compare(a.Name, b.Name))
	})
	var all []Section
	for _, tag := range order {
		all = append(all, Section{Title: tagTitle(issue, tag), Tag: tag, Groups: groups(issue, byScenario[tag])})
	}
	if len(projects) > 0 {
		title := "More projects"
		if len(scenarios) == 0 {
			title = "By project"
		}
		all = append(all, Section{Title: title, Groups: groups(issue, projects)})
	}
	if len(others) > 0 {
		title := "Other threads"
		if len(all) == 0 {
			title = "Threads"
		}
		all = append(all, Section{Title: title, Groups: []Group{{Entries: others}}})
	}
	return arrange(issue, all)
}

// groups sorts a section's entries by project.
func groups(issue sigpost.Issue, entries []sigpost.Entry) []Group {
	var all []Group
	for _, e := range entries {
		tag := best(e, sigpost.KindProject)
		i := slices.IndexFunc(all, func(g Group) bool { return g.Tag == tag })
		if i < 0 {
			i = len(all)
			all = append(all, Group{Tag: tag, Title: tagTitle(issue, tag)})
		}
		all[i].Entries = append(all[i].Entries, e)
	}
	last := func(g Group) int {
		if g.Tag == (sigpost.Tag{}) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(news(b.Entries), news(a.Entries)), cmp.Compare(a.Tag.Name, b.Tag.Name))
	})
	return all
}

// best is an entry's surest tag of a kind, or none.
func best(e sigpost.Entry, kind sigpost.TagKind) sigpost.Tag {
	for _, t := range e.Tags {
		if t.Tag.Kind == kind {
			return t.Tag
		}
	}
	return sigpost.Tag{}
}

// news counts what is new in entries.
func news(entries []sigpost.Entry) int {
	n := 0
	for _, e := range entries {
		n += e.New
	}
	return n
}

// tagTitle is a tag's name for people, "" for none.
func tagTitle(issue sigpost.Issue, tag sigpost.Tag) string {
	if tag.Name == "" {
		return ""
	}
	if title := clean(issue.Titles[tag.String()]); title != "" {
		return title
	}
	return capital(clean(strings.ReplaceAll(tag.Name, "-", " ")))
}

// Told is an entry's headline with its project before it, where the headline
// names none of its projects: "Kuryr: Port per pod exhausts the quota". An
// editor's headline is told as it is.
func Told(issue sigpost.Issue, e sigpost.Entry) string {
	if e.Reworded {
		return clean(e.Headline)
	}
	headline := shorten(clean(prose.WithoutAddresses(e.Headline)), headlineLimit)
	project := tagTitle(issue, best(e, sigpost.KindProject))
	switch {
	case project == "":
		return headline
	case beginsWith(headline, project): // perhaps in another case
		return project + headline[len(project):]
	case beginsWithSlip(headline, project):
		return headline
	}
	for _, t := range e.Tags {
		if t.Tag.Kind == sigpost.KindProject && mentions(headline, tagTitle(issue, t.Tag)) {
			return headline
		}
	}
	return project + ": " + headline
}

// mentions says whether a line has those words, in whatever case.
func mentions(line, words string) bool {
	for i := range line {
		before, _ := utf8.DecodeLastRuneInString(line[:i])
		if (i == 0 || !unicode.IsLetter(before) && !unicode.IsDigit(before)) && beginsWith(line[i:], words) {
			return true
		}
	}
	return false
}

// beginsWith says whether a line's first words are those, in whatever case.
func beginsWith(line, words string) bool {
	if len(line) < len(words) || !strings.EqualFold(line[:len(words)], words) {
		return false
	}
	rest := []rune(line[len(words):])
	return len(rest) == 0 || !unicode.IsLetter(rest[0]) && !unicode.IsDigit(rest[0])
}

// slipLength is the length in letters from which on a word that is one slip of
// the fingers away from another is likely to be meant as that: of shorter ones,
// "Heat" and "heap" are two words.
const slipLength = 5

// beginsWithSlip says whether a line's first word is the name, misspelled.
func beginsWithSlip(line, name string) bool {
	notInWord := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	first := line
	if end := strings.IndexFunc(line, notInWord); end >= 0 {
		first = line[:end]
	}
	if min(utf8.RuneCountInString(first), utf8.RuneCountInString(name)) < slipLength {
		return false
	}
	return osa.Distance(strings.ToLower(first), strings.ToLower(name), 1) <= 1
}

// State says in words how an entry's thread stands at the end of a window, and
// how much is new in it.
func State(e sigpost.Entry, w sigpost.Window) string {
	volume := count(e.New, "message", "messages")
	state := ""
	switch {
	case waits(e, w):
		state = "Needs an answer"
	case e.Nature == sigpost.NatureDecision, e.Nature == sigpost.NatureAnswered:
		state = e.Nature.Title()
	case !e.Continued:
		state = "New"
	case e.Since == 0:
		state = "Goes on"
	}
	switch {
	case e.Repeats > 0:
		volume = "posted " + digits(1+e.Repeats) + " times"
	case e.Since > 0:
		volume = digits(e.New) + " new since No. " + digits(e.Since)
	case e.Continued && e.New < e.Total:
		volume = digits(e.New) + " new of " + count(e.Total, "message", "messages")
	}
	if len(e.People) > 1 {
		volume += ", " + count(len(e.People), "person", "people")
	}
	if state == "" {
		return volume
	}
	return state + " · " + volume
}
