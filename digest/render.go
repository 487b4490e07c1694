package digest

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/internal/prose"
)

// Reader is for whom a letter is.
type Reader struct {
	sigpost.Selection
	Zone *time.Location // nil is the digest's
	// Why says why they get it, a sentence; "" makes one of the topics.
	Why string
	// IssueURL is the issue's web copy. Each URL may be empty.
	IssueURL, UnsubscribeURL, PreferencesURL string
	// CalendarURL is where all dates can be subscribed to, FeedURL the feed of the
	// digest's issues; each may be empty.
	CalendarURL, FeedURL string
	// Web makes the web copy itself, which shows each thread's tags with the
	// reasons for them.
	Web bool
	// Footer is the sender's postal address.
	Footer string
}

// Edition is an issue that is made ready to be rendered for many readers: what
// is the same for all of them is worked out once. It is safe for use by many
// goroutines.
type Edition struct {
	templates *Templates
	issue     sigpost.Issue
	figures   figures
	words     map[int64]costs // by thread
}

// costs are how many words a story takes, by how many quotes it has.
type costs [highlightQuotes + 1]int

// Prepare makes an edition of a whole issue.
func (t *Templates) Prepare(issue sigpost.Issue) *Edition {
	e := &Edition{templates: t, issue: issue, figures: inNumbers(issue), words: make(map[int64]costs, len(issue.Entries))}
	for i := range issue.Entries {
		entry := &issue.Entries[i]
		var c costs
		for quotes := range c {
			c[quotes] = storyWords(entry, quotes)
		}
		e.words[entry.ThreadID] = c
	}
	return e
}

// Prepare is that with the templates that are built in.
func Prepare(issue sigpost.Issue) *Edition { return Default().Prepare(issue) }

// Issue is the issue that it is made of.
func (e *Edition) Issue() sigpost.Issue { return e.issue }

// Render makes a reader's letter of an issue, cut to their topics. Whoever has
// many readers makes an Edition first.
func Render(issue sigpost.Issue, r Reader) (sigpost.Letter, error) { return Prepare(issue).Render(r) }

// Render is that with these templates.
func (t *Templates) Render(issue sigpost.Issue, r Reader) (sigpost.Letter, error) {
	return t.Prepare(issue).Render(r)
}

// Render makes a reader's letter, cut to their topics. An error is a fault of
// the templates.
func (e *Edition) Render(r Reader) (sigpost.Letter, error) {
	words := maxWords
	for {
		letter, err := e.render(r, words)
		if err != nil || len(letter.HTML) <= maxHTML || words < maxWords/8 {
			return letter, err
		}
		words = words * 2 / 3 // links were long
	}
}

func (e *Edition) render(r Reader, words int) (sigpost.Letter, error) {
	r.Web = false
	p := e.page(r, words)
	html, err := execute(e.templates.html, "HTML", e.issue, p)
	if err != nil {
		return sigpost.Letter{}, err
	}
	text, err := execute(e.templates.text, "text", e.issue, p)
	letter := sigpost.Letter{Subject: p.Subject, Text: layout(text), HTML: html}
	if p.Week.data != nil {
		letter.Images = []sigpost.Image{{ID: p.Week.Picture, Name: "week.png", Type: "image/png", Data: p.Week.data}}
	}
	return letter, err
}

// page is what the templates see: words, nothing to be worked out.
type page struct {
	Subject, Preheader   string
	Title, Number, Dates string
	Lead                 string // how much there is, and what waits
	Following            string // the reader's topics; may be empty
	Note                 editorial
	Coming               []Upcoming
	Sections             []storySection // highlights first
	Questions            []openQuestion
	News                 []storySection // one, or none
	Also                 []alsoLine
	More                 string // threads that have no line here
	Newcomers            []newcomer
	Week                 figures
	Picture              template.URL // where the HTML finds the picture of the week
	Why, Footer          string
	WebURL, UnsubscribeURL,
	PreferencesURL, CalendarURL, FeedURL string
	Web bool

	links refs
}

type storySection struct {
	Title   string
	Text    editorial
	Stories []story
}

// editorial is what an editor wrote in Markdown; empty where nothing.
type editorial string

// HTML is it as HTML with its style inlined.
func (e editorial) HTML() template.HTML { return notesHTML(string(e), true) }

// Plain is it as HTML for pages, which have their own style.
func (e editorial) Plain() template.HTML { return notesHTML(string(e), false) }

// story is an entry in words.
type story struct {
	Told, State, URL string
	NeedsAnswer      bool
	Quotes           []saying
	With             string     // who wrote beside those who are quoted
	Summary, Note    string     // the editor's
	Tags             []storyTag // of the web copy
}

// saying is what is quoted of one message.
type saying struct {
	Author, URL string
	Texts       []string
}

// storyTag is a tag with the reasons for it.
type storyTag struct {
	Title string
	Why   []string
}

// alsoLine is a thread that has one line.
type alsoLine struct{ Told, URL string }

// newcomer is somebody who wrote for the first time, and on what.
type newcomer struct{ Name, On, URL string }

// openQuestion is the line that reminds of an unanswered thread.
type openQuestion struct {
	Told, Since, URL string
}

func (e *Edition) page(r Reader, words int) *page {
	issue := e.issue
	cut := Cut(issue, r.Selection)
	zone := location(issue.Zone, issue.Window.From.Location())
	p := &page{
		Title: clean(issue.Title), Dates: Dates(issue.Window, zone),
		Lead: lead(cut, !r.IsAll()), Coming: Coming(cut, r.Zone, r.Topics),
		Footer: clean(r.Footer), Why: clean(r.Why), Week: e.figures, Web: r.Web, Note: editorial(issue.Note),
		WebURL: linkable(r.IssueURL), UnsubscribeURL: linkable(r.UnsubscribeURL), PreferencesURL: linkable(r.PreferencesURL),
		CalendarURL: linkable(r.CalendarURL), FeedURL: linkable(r.FeedURL),
	}
	if issue.Number > 0 {
		p.Number = "No. " + strconv.Itoa(issue.Number)
	}
	p.follow(issue, cut, r)
	told := 0
	p.Subject, told = subject(cut)
	p.Preheader = preheader(cut, told)
	p.Questions = questions(cut, zone)
	p.Newcomers = newcomersOf(cut)
	p.showPicture(r.Web)
	p.tell(cut, allot(cut, words-p.fixedWords(), e.words))
	return p
}

// follow says why somebody gets the issue.
func (p *page) follow(issue, cut sigpost.Issue, r Reader) {
	topics := following(issue, r.Topics)
	if topics != "" {
		p.Following = "You follow " + topics + "."
		if whole := issue.Stats; whole.Threads > cut.Stats.Threads {
			p.Following = fmt.Sprintf("You follow %s: that is %s of %s.", topics,
				digits(cut.Stats.Threads), count(whole.Threads, "thread", "threads"))
		}
	}
	if p.Why == "" {
		p.Why = "You get this because you subscribed to " + p.Title + "."
		if topics != "" {
			p.Why = "You get this because you follow " + topics + " in " + p.Title + "."
		}
	}
}

// fixedWords is about how many words there are beside the threads.
func (p *page) fixedWords() int {
	n := footWords + wordsIn(p.Lead) + wordsIn(p.Following) + comingWords(p.Coming)
	for _, q := range p.Questions {
		n += wordsIn(q.Told) + wordsIn(q.Since)
	}
	for _, c := range p.Newcomers {
		n += wordsIn(c.Name) + wordsIn(c.On)
	}
	return n
}

// tell fills in what the issue says of its threads.
func (p *page) tell(cut sigpost.Issue, parts parts) {
	section := func(to *[]storySection, title, text string, entries []sigpost.Entry, quotes int) {
		if len(entries) == 0 && text == "" {
			return
		}
		s := storySection{Title: title, Text: editorial(text)}
		for _, e := range entries {
			s.Stories = append(s.Stories, p.story(cut, e, quotes))
		}
		*to = append(*to, s)
	}
	section(&p.Sections, highlightsTitle, "", parts.highlights, highlightQuotes)
	stories := cut
	stories.Entries = parts.stories
	for _, s := range Sections(stories) {
		var entries []sigpost.Entry
		for _, g := range s.Groups {
			entries = append(entries, g.Entries...)
		}
		section(&p.Sections, s.Title, s.Text, entries, storyQuotes)
	}
	section(&p.News, newsTitle, "", parts.news, newsQuotes)
	for _, e := range parts.also {
		p.Also = append(p.Also, alsoLine{Told(cut, e), linkable(e.URL)})
	}
	if parts.more > 0 {
		p.More = count(parts.more, "more thread", "more threads")
	}
}

// lead is the sentence that says whether to read on.
func lead(issue sigpost.Issue, topics bool) string {
	switch {
	case len(issue.Entries) == 0 && topics:
		return "No thread on your topics had anything new."
	case len(issue.Entries) == 0:
		return "No thread had anything new."
	}
	line := Volume(issue.Stats) + "."
	var more []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			more = append(more, numeral(n)+" "+one)
		case n > 1:
			more = append(more, numeral(n)+" "+many)
		}
	}
	say(issue.Stats.Waiting, "question waits for an answer", "questions wait for an answer")
	say(issue.Stats.Decisions, "decision was made", "decisions were made")
	if len(more) > 0 {
		line += " " + capital(strings.Join(more, "; ")) + "."
	}
	return line
}

// numeral is a small number as a word.
func numeral(n int) string {
	words := [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	if n < len(words) {
		return words[n]
	}
	return digits(n)
}

// following names a reader's topics.
func following(issue sigpost.Issue, topics []sigpost.Tag) string {
	var titles []string
	for _, t := range topics {
		titles = append(titles, tagTitle(issue, t))
	}
	return among(titles, 8)
}

// story is newStory with what only the web copy shows.
func (p *page) story(issue sigpost.Issue, e sigpost.Entry, quotes int) story {
	s := newStory(issue, e, quotes)
	if p.Web {
		s.Tags = storyTags(issue, e)
	}
	return s
}

func newStory(issue sigpost.Issue, e sigpost.Entry, quotes int) story {
	s := story{Told: Told(issue, e), State: State(e, issue.Window), URL: linkable(e.URL), NeedsAnswer: waits(e, issue.Window)}
	if s.Summary, s.Note = clean(e.Summary), clean(e.Note); s.Summary != "" {
		e.Quotes = nil
	}
	var last sigpost.MessageID
	for _, q := range weightiest(e.Quotes, quotesOf(&e, quotes)) {
		if n := len(s.Quotes); n > 0 && q.MessageID == last {
			s.Quotes[n-1].Texts = append(s.Quotes[n-1].Texts, clean(q.Text))
			continue
		}
		s.Quotes, last = append(s.Quotes, saying{clean(q.Author), linkable(q.URL), []string{clean(q.Text)}}), q.MessageID
	}
	var others []string
	for _, p := range e.People {
		if !slices.ContainsFunc(s.Quotes, func(q saying) bool { return q.Author == clean(p) }) {
			others = append(others, clean(p))
		}
	}
	if len(others) > 0 {
		s.With = "From " + among(others, 5) + "."
		if len(s.Quotes) > 0 {
			s.With = "Also from " + among(others, 5) + "."
		}
	}
	return s
}

// reasonLimit is how many reasons a tag shows.
const reasonLimit = 4

// storyTags gives an entry's tags with the reasons for them.
func storyTags(issue sigpost.Issue, e sigpost.Entry) []storyTag {
	var tags []storyTag
	for _, t := range e.Tags {
		tag := storyTag{Title: tagTitle(issue, t.Tag)}
		for _, ev := range t.Evidence[:min(len(t.Evidence), reasonLimit)] {
			why := clean(ev.Rule)
			switch {
			case ev.Field == sigpost.DecisionField: // an issue of before may say who it was, and why
				why = sigpost.DecisionRule
			case ev.Excerpt != "":
				why += ": “" + clean(prose.WithoutAddresses(ev.Excerpt)) + "”"
			}
			tag.Why = append(tag.Why, why)
		}
		tags = append(tags, tag)
	}
	return tags
}

// newcomerLimit is how many of those who wrote for the first time are named.
const newcomerLimit = 8

// newcomersOf names who wrote for the first time, and on what.
func newcomersOf(issue sigpost.Issue) []newcomer {
	var all []newcomer
	for _, n := range issue.Newcomers[:min(len(issue.Newcomers), newcomerLimit)] {
		c := newcomer{Name: clean(n.Name), URL: linkable(n.URL)}
		if i := slices.IndexFunc(issue.Entries, func(e sigpost.Entry) bool { return e.ThreadID == n.ThreadID }); i >= 0 {
			c.On = Told(issue, issue.Entries[i])
		}
		all = append(all, c)
	}
	return all
}

// questionLimit is how many questions the reminder of them has.
const questionLimit = 10

// questions are the issue's unanswered threads, those that wait longest first.
func questions(issue sigpost.Issue, zone *time.Location) []openQuestion {
	var all []openQuestion
	for _, e := range reminded(issue) {
		since := "since " + e.First.In(zone).Format(day)
		if len(e.People) > 0 {
			since = clean(e.People[0]) + ", " + since
		}
		all = append(all, openQuestion{Told: Told(issue, e), Since: since, URL: linkable(e.URL)})
	}
	return all
}

// reminded are the threads that a line reminds of, since they wait for an answer.
func reminded(issue sigpost.Issue) []sigpost.Entry {
	var waiting []sigpost.Entry
	for _, e := range issue.Entries {
		if waits(e, issue.Window) {
			waiting = append(waiting, e)
		}
	}
	slices.SortStableFunc(waiting, func(a, b sigpost.Entry) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.ThreadID, b.ThreadID))
	})
	return waiting[:min(len(waiting), questionLimit)]
}

// refs number the links of the text part in the order in which they are met.
type refs []string

// Ref gives a link's number in brackets behind a space that does not break, or
// nothing for no link.
func (p *page) Ref(url string) string {
	if url == "" {
		return ""
	}
	i := slices.Index(p.links, url)
	if i < 0 {
		i = len(p.links)
		p.links = append(p.links, url)
	}
	return glue + "[" + strconv.Itoa(i+1) + "]"
}

// Refs are the lines that say which link has which number.
func (p *page) Refs() []string {
	var lines []string
	for i, url := range p.links {
		lines = append(lines, "["+strconv.Itoa(i+1)+"] "+url)
	}
	return lines
}

// Lines are an editor's words as lines of text.
func (p *page) Lines(e editorial) []string { return notesText(string(e), p.Ref) }

// NoteLines are an event's notes as lines of text.
func (p *page) NoteLines(u Upcoming) []string { return notesText(u.markdown, p.Ref) }

// part is a stretch of sections with the page whose links they number.
type part struct {
	Page *page
	Of   []storySection
}

// Part hands sections to a template of their own.
func (p *page) Part(of []storySection) part { return part{p, of} }
