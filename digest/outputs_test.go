package digest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/yuin/goldmark"

	"sigpost"
	"sigpost/templates"
)

var webReader = Reader{IssueURL: "https://digest.example.org/issues/weekly/12", Footer: "SIG-OpenStack, 1 Main Street"}

func TestGoldenOutputs(t *testing.T) {
	for name, issue := range map[string]sigpost.Issue{"rich": numbered(richIssue(t), 12), "small": smallIssue(t)} {
		t.Run(name, func(t *testing.T) {
			r := webReader
			r.Web = true
			page, err := Default().Page(issue, r)
			check(t, err)
			golden(t, name+".golden.page.html", "Title: "+page.Title+"\n\n"+string(page.Body))
			md, err := Default().Markdown(issue, webReader)
			check(t, err)
			golden(t, name+".golden.md", md)
			entry, err := Default().Entry(issue, webReader)
			check(t, err)
			entry.ID, entry.Author = EntryID("example.org", issue), "SIG-OpenStack"
			data, err := entry.XML()
			check(t, err)
			golden(t, name+".golden.atom", string(data))
			for _, kind := range []string{"slack", "irc"} {
				note, err := Default().Note(kind, issue, webReader.IssueURL)
				check(t, err)
				golden(t, name+".golden."+kind+".txt", note+"\n")
			}
		})
	}
	if _, err := Default().Note("pigeon", smallIssue(t), ""); err == nil {
		t.Error("a note for a channel of no known kind")
	}
}

func numbered(issue sigpost.Issue, n int) sigpost.Issue {
	issue.Number = n
	return issue
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hostileIssue has marks of every language that an output is written in, in
// each of a stranger's strings.
func hostileIssue(t *testing.T) sigpost.Issue {
	const bad = "<script>x</script> [a](javascript:x) *b* _c_ `d` {{ site }} {% x %} <!channel> & # \u0003\u0002"
	issue := numbered(richIssue(t), 12)
	for i := range issue.Entries {
		e := &issue.Entries[i]
		e.Headline, e.People, e.URL = "1. "+bad, []string{bad}, "https://example.org/<>?a=1&b={{x}}"
		for j := range e.Quotes {
			e.Quotes[j].Author, e.Quotes[j].Text = bad, "# "+bad
		}
	}
	for i := range issue.Events {
		issue.Events[i].Title, issue.Events[i].Notes = bad, "# "+bad+"\n\n![x](https://evil.example.org/x.png) <img src=x>\n\n- [l](https://ok.example.org/a_b)\n"
	}
	return issue
}

func TestMarkdownIsTextOfStrangers(t *testing.T) {
	md, err := Default().Markdown(hostileIssue(t), webReader)
	check(t, err)
	if strings.ContainsAny(md, "{}") {
		t.Errorf("braces, which engines of blogs read, are in it:\n%s", md)
	}
	var html bytes.Buffer
	check(t, goldmark.Convert([]byte(md), &html))
	for _, bad := range []string{"<script", "<img", "<code", "raw HTML omitted", "javascript:x\"", "<em>c</em>", "<strong>b"} {
		if strings.Contains(html.String(), bad) {
			t.Errorf("%s is in what Markdown makes of it:\n%s", bad, html.String())
		}
	}
	for _, good := range []string{"<h1>", "<h2>Coming up</h2>", "&lt;script&gt;x&lt;/script&gt;", "*b*", "<a href=\"https://ok.example.org/a_b\">", "<blockquote>"} {
		if !strings.Contains(html.String(), good) {
			t.Errorf("%s is not in what Markdown makes of it:\n%s", good, html.String())
		}
	}
	if strings.Count(html.String(), "<h1>") != 1 {
		t.Error("a heading of level 1 must be the title alone")
	}
}

func TestNotesAreTextOfStrangers(t *testing.T) {
	slack, err := Default().Note("slack", hostileIssue(t), webReader.IssueURL)
	check(t, err)
	irc, err := Default().Note("irc", hostileIssue(t), webReader.IssueURL)
	check(t, err)
	if strings.Contains(slack, "<!channel>") || strings.Contains(slack, "<script") {
		t.Errorf("Slack would act on %q", slack)
	}
	if strings.ContainsAny(irc, "\x00\x02\x03\r") || strings.Count(irc, "\n") != 1 {
		t.Errorf("IRC would act on %q", irc)
	}
}

// What RFC 4287 asks for.
func TestFeed(t *testing.T) {
	issue := numbered(hostileIssue(t), 12)
	entry, err := Default().Entry(issue, webReader)
	check(t, err)
	entry.ID = EntryID("example.org", issue)
	old := entry
	old.ID, old.Updated = EntryID("example.org", numbered(issue, 11)), issue.Composed.AddDate(0, 0, -7)
	data, err := Feed{ID: FeedID("example.org", "weekly"), Title: "Weekly", Author: "SIG", Self: "https://d.example.org/feed", Web: "https://d.example.org/",
		Entries: []Entry{entry, old}}.XML()
	check(t, err)
	var f struct {
		XMLName xml.Name
		ID      string     `xml:"id"`
		Updated string     `xml:"updated"`
		Title   string     `xml:"title"`
		Author  string     `xml:"author>name"`
		Links   []atomLink `xml:"link"`
		Entries []struct {
			ID      string      `xml:"id"`
			Title   string      `xml:"title"`
			Updated string      `xml:"updated"`
			Summary string      `xml:"summary"`
			Links   []atomLink  `xml:"link"`
			Content atomContent `xml:"content"`
		} `xml:"entry"`
	}
	check(t, xml.Unmarshal(data, &f))
	if f.XMLName.Space != "http://www.w3.org/2005/Atom" || f.XMLName.Local != "feed" {
		t.Errorf("root is %v", f.XMLName)
	}
	if f.ID == "" || f.Title == "" || f.Author == "" || len(f.Links) != 2 || len(f.Entries) != 2 {
		t.Fatalf("the feed lacks something: %+v", f)
	}
	if at, err := time.Parse(time.RFC3339, f.Updated); err != nil || !at.Equal(issue.Composed.Truncate(time.Second)) {
		t.Errorf("updated is %s (%v), the latest entry's is %s", f.Updated, err, issue.Composed)
	}
	seen := map[string]bool{f.ID: true}
	for _, e := range f.Entries {
		if seen[e.ID] || !strings.HasPrefix(e.ID, "tag:example.org,2016:") {
			t.Errorf("id %q", e.ID)
		}
		seen[e.ID] = true
		if e.Title == "" || e.Updated == "" || e.Summary == "" || len(e.Links) != 1 || e.Links[0].Rel != "alternate" || e.Content.Type != "html" {
			t.Errorf("the entry lacks something: %+v", e)
		}
		if strings.Contains(e.Content.Text, "<script") || strings.Contains(e.Content.Text, "style=") || strings.Contains(e.Content.Text, "<h1") {
			t.Errorf("the content has what it must not: %s", e.Content.Text)
		}
	}
	if a, b := EntryID("example.org", issue), EntryID("example.org", issue); a != b {
		t.Error("the id changes")
	}
}

func TestThemes(t *testing.T) {
	own := func(name, text string) fstest.MapFS { return fstest.MapFS{name: {Data: []byte(text)}} }
	themed, err := ParseTemplates(own("mail/issue.txt.tmpl", "Ours: {{.Title}}\n"))
	check(t, err)
	letter, err := themed.Render(smallIssue(t), Reader{})
	check(t, err)
	if letter.Text != "Ours: Storage Letters\n" {
		t.Errorf("the theme's text is %q", letter.Text)
	}
	standard, err := Render(smallIssue(t), Reader{})
	check(t, err)
	if letter.HTML != standard.HTML {
		t.Error("what the theme does not have changed")
	}
	for _, c := range []struct{ name, file, text, want string }{
		{"field", "mail/issue.txt.tmpl", "{{.Title}}\n{{range .Also}}\n{{.Headline}}{{end}}", "mail/issue.txt.tmpl:3: there is no field Headline here (in .Headline)"},
		{"field in HTML", "mail/issue.html.tmpl", "<style data-inline>\np{color:red}\n</style>\n<p>{{.Titel}}</p>", "mail/issue.html.tmpl:4: there is no field Titel here"},
		{"syntax", "issue/issue.md.tmpl", "a\n{{if}}", "issue/issue.md.tmpl:2: missing value for if"},
		{"function", "issue/irc.txt.tmpl", "\n\n{{shout .Title}}", `issue/irc.txt.tmpl:3: function "shout" not defined`},
		{"context", "issue/web.html.tmpl", "<a href='{{.Title}}", "issue/web.html.tmpl"},
		{"style", "mail/issue.html.tmpl", "<style data-inline>.a{color:red}</style>\n<tr><td class=a>x", "mail/issue.html.tmpl:2: <td> stands where HTML allows none"},
		{"name", "mail/isue.html.tmpl", "x", "mail/isue.html.tmpl: no template has this name, so it would do nothing; there is: issue/body.html.tmpl"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseTemplates(own(c.file, c.text))
			var known *templates.Error
			if !errors.As(err, &known) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// The trial finds a wrong field wherever it is, only if it goes everywhere.
func TestTrialGoesEverywhere(t *testing.T) {
	for _, name := range templates.Names() {
		if strings.HasPrefix(name, "web/") || strings.HasPrefix(name, "notice/") { // tried by others
			continue
		}
		source, err := templates.Files.ReadFile(name)
		check(t, err)
		lines := strings.SplitAfter(string(source), "\n")
		for i, line := range lines {
			for _, block := range []string{"{{end}}", "{{- end}}"} {
				at := strings.Index(line, block)
				if at < 0 || strings.Contains(line, "define") || isEndOfDefine(lines, i) {
					continue
				}
				changed := append([]string{}, lines...)
				changed[i] = line[:at] + "{{.NoSuchField}}" + line[at:]
				_, err := ParseTemplates(fstest.MapFS{name: {Data: []byte(strings.Join(changed, ""))}})
				if err == nil {
					t.Errorf("%s:%d: a wrong field before the first %s goes unnoticed: %s", name, i+1, block, strings.TrimSpace(line))
				}
			}
		}
	}
}

// isEndOfDefine says whether nothing but white space follows a line before the
// next define or the end.
func isEndOfDefine(lines []string, i int) bool {
	rest := strings.TrimSpace(strings.Join(lines[i+1:], ""))
	return rest == "" || strings.HasPrefix(rest, "{{define")
}

func TestBuiltInTemplatesHaveGoldens(t *testing.T) {
	for _, pattern := range []string{"*.golden.html", "*.golden.txt", "*.golden.page.html", "*.golden.md", "*.golden.atom"} {
		if found, _ := filepath.Glob(filepath.Join("testdata", pattern)); len(found) == 0 {
			t.Errorf("there is no golden file %s", pattern)
		}
	}
	if _, err := os.Stat("testdata"); err != nil {
		t.Error(err)
	}
}

func BenchmarkLetter(b *testing.B) {
	issue := richIssue(b)
	Default()
	for b.Loop() {
		if _, err := Render(issue, webReader); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTemplates(b *testing.B) {
	for b.Loop() {
		if _, err := ParseTemplates(nil); err != nil {
			b.Fatal(err)
		}
	}
}
