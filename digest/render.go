package digest

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"

	"sigpost"
	"sigpost/templates"
)

// Reader is for whom a letter is.
type Reader struct {
	Topics []sigpost.Tag  // none means everything
	Zone   *time.Location // nil is the digest's
	// Why says why they get it, a sentence; "" makes one of the topics.
	Why string
	// IssueURL is the issue's web copy. Each URL may be empty.
	IssueURL, UnsubscribeURL, PreferencesURL string
	// Footer is the sender's postal address.
	Footer string
}

var (
	htmlLetter = template.Must(template.ParseFS(templates.Mail, "mail/issue.html.tmpl"))
	textLetter = texttemplate.Must(texttemplate.New("issue.txt.tmpl").Funcs(texttemplate.FuncMap{
		"upper": strings.ToUpper,
		"hang":  func() string { return hangMark },
		"flush": func() string { return flushMark },
		"dot":   func() string { return glue + "· " },
		// one keeps a stretch of words on one line.
		"one": func(s string) string { return strings.ReplaceAll(s, " ", glue) },
	}).ParseFS(templates.Mail, "mail/issue.txt.tmpl"))
)

// Render makes a reader's letter of an issue, cut to their topics: give it the
// whole issue. It is safe for use by many goroutines. An error is a fault of
// the templates.
func Render(issue sigpost.Issue, r Reader) (sigpost.Letter, error) {
	p := newPage(issue, r)
	var html, text strings.Builder
	if err := htmlLetter.Execute(&html, p); err != nil {
		return sigpost.Letter{}, fmt.Errorf("issue %d of %s as HTML: %w", issue.Number, issue.Digest, err)
	}
	if err := textLetter.Execute(&text, p); err != nil {
		return sigpost.Letter{}, fmt.Errorf("issue %d of %s as text: %w", issue.Number, issue.Digest, err)
	}
	return sigpost.Letter{Subject: p.Subject, Text: layout(text.String()), HTML: html.String()}, nil
}

// page is what the templates see: words, nothing to be worked out.
type page struct {
	Subject, Preheader   string
	Title, Number, Dates string
	Lead                 string // how much there is, and what waits
	Following            string // the reader's topics; may be empty
	Note                 editorial
	Coming               []Upcoming
	Sections             []storySection
	Questions            []openQuestion
	Why, Footer          string
	WebURL, UnsubscribeURL,
	PreferencesURL string

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
func (e editorial) HTML() template.HTML { return notesHTML(string(e)) }

// story is an entry in words.
type story struct {
	Told, State, URL string
	NeedsAnswer      bool
	Quotes           []sigpost.Quote
	With             string // who wrote beside those who are quoted
	Summary, Note    string // the editor's
	Tags             string
}

// openQuestion is the line that reminds of an unanswered thread.
type openQuestion struct {
	Told, Since, URL string
}

func newPage(issue sigpost.Issue, r Reader) *page {
	cut := Cut(issue, r.Topics)
	zone := location(issue.Zone, issue.Window.From.Location())
	p := &page{
		Title: clean(issue.Title), Dates: Dates(issue.Window, zone),
		Lead: lead(cut, len(r.Topics) > 0), Coming: Coming(cut, r.Zone, r.Topics),
		Footer: clean(r.Footer), Why: clean(r.Why), Note: editorial(issue.Note),
		WebURL: linkable(r.IssueURL), UnsubscribeURL: linkable(r.UnsubscribeURL), PreferencesURL: linkable(r.PreferencesURL),
	}
	if issue.Number > 0 {
		p.Number = "No. " + strconv.Itoa(issue.Number)
	}
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
	told := 0
	p.Subject, told = subject(cut)
	p.Preheader = preheader(cut, told)
	for _, s := range Sections(cut) {
		section := storySection{Title: s.Title, Text: editorial(s.Text)}
		for _, g := range s.Groups {
			for _, e := range g.Entries {
				section.Stories = append(section.Stories, newStory(cut, e))
			}
		}
		p.Sections = append(p.Sections, section)
	}
	p.Questions = questions(cut, zone)
	return p
}

// lead is the sentence that says whether to read on.
func lead(issue sigpost.Issue, topics bool) string {
	switch {
	case len(issue.Entries) == 0 && topics:
		return "No thread on your topics had anything new."
	case len(issue.Entries) == 0:
		return "No thread had anything new."
	}
	waiting := 0
	for _, e := range issue.Entries {
		if e.Unanswered {
			waiting++
		}
	}
	switch waiting {
	case 0:
		return Volume(issue.Stats)
	case 1:
		return Volume(issue.Stats) + " One question waits for an answer."
	}
	return Volume(issue.Stats) + " " + capital(numeral(waiting)) + " questions wait for an answer."
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

// tagLimit is how many tags a story shows; the web copy has all.
const tagLimit = 6

func newStory(issue sigpost.Issue, e sigpost.Entry) story {
	s := story{Told: Told(issue, e), State: State(e), URL: linkable(e.URL), NeedsAnswer: e.Unanswered}
	var tags []string
	for _, t := range e.Tags {
		if t.Tag.Kind != sigpost.KindNature { // which says how it is told, and not what of
			tags = append(tags, tagTitle(issue, t.Tag))
		}
	}
	if len(tags) > 0 {
		s.Tags = "Tags: " + strings.Join(tags[:min(len(tags), tagLimit)], ", ")
	}
	var others []string
	for _, p := range e.People {
		quoted := func(q sigpost.Quote) bool { return q.Author == p && e.Summary == "" }
		if !slices.ContainsFunc(e.Quotes, quoted) {
			others = append(others, clean(p))
		}
	}
	if s.Summary, s.Note = clean(e.Summary), clean(e.Note); s.Summary != "" {
		e.Quotes = nil
	}
	for _, q := range e.Quotes {
		q.Author, q.Text, q.URL = clean(q.Author), clean(q.Text), linkable(q.URL)
		s.Quotes = append(s.Quotes, q)
	}
	if len(others) > 0 {
		s.With = "From " + among(others, 5) + "."
		if len(s.Quotes) > 0 {
			s.With = "Also from " + among(others, 5) + "."
		}
	}
	return s
}

// questions are the issue's unanswered threads, those that wait longest first.
func questions(issue sigpost.Issue, zone *time.Location) []openQuestion {
	var waiting []sigpost.Entry
	for _, e := range issue.Entries {
		if e.Unanswered {
			waiting = append(waiting, e)
		}
	}
	slices.SortStableFunc(waiting, func(a, b sigpost.Entry) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.ThreadID, b.ThreadID))
	})
	var all []openQuestion
	for _, e := range waiting {
		since := "since " + e.First.In(zone).Format(day)
		if len(e.People) > 0 {
			since = clean(e.People[0]) + ", " + since
		}
		all = append(all, openQuestion{Told: Told(issue, e), Since: since, URL: linkable(e.URL)})
	}
	return all
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
