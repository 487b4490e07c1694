package web

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sigpost"
)

const atomNS = "http://www.w3.org/2005/Atom"

// atom is a feed as RFC 4287 has it; what is to be there once is a list, to be
// counted.
type atom struct {
	XMLName xml.Name
	ID      []string       `xml:"http://www.w3.org/2005/Atom id"`
	Title   []string       `xml:"http://www.w3.org/2005/Atom title"`
	Updated []string       `xml:"http://www.w3.org/2005/Atom updated"`
	Author  []atomPerson   `xml:"http://www.w3.org/2005/Atom author"`
	Links   []atomLink     `xml:"http://www.w3.org/2005/Atom link"`
	Tags    []atomCategory `xml:"http://www.w3.org/2005/Atom category"`
	Summary []string       `xml:"http://www.w3.org/2005/Atom summary"`
	Content []atomContent  `xml:"http://www.w3.org/2005/Atom content"`
	Entries []atom         `xml:"http://www.w3.org/2005/Atom entry"`
}

type (
	atomPerson struct {
		Name []string `xml:"http://www.w3.org/2005/Atom name"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	atomCategory struct {
		Term  string `xml:"term,attr"`
		Label string `xml:"label,attr"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
)

// readAtom reads a feed, and holds it against the rules of RFC 4287, sections 4.1.1
// and 4.1.2.
func readAtom(t *testing.T, what, text string) atom {
	t.Helper()
	var f atom
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%s: %v\n%s", what, err, text)
	}
	if f.XMLName != (xml.Name{Space: atomNS, Local: "feed"}) {
		t.Errorf("%s is a %v", what, f.XMLName)
	}
	ids := map[string]bool{}
	hold := func(what string, a atom) {
		if len(a.ID) != 1 || len(a.Title) != 1 || len(a.Updated) != 1 || a.Title[0] == "" {
			t.Fatalf("%s has ids %q, titles %q, dates %q", what, a.ID, a.Title, a.Updated)
		}
		if u, err := url.Parse(a.ID[0]); err != nil || u.Scheme == "" || ids[a.ID[0]] {
			t.Errorf("%s has the id %q", what, a.ID[0])
		}
		ids[a.ID[0]] = true
		if _, err := time.Parse(time.RFC3339, a.Updated[0]); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for _, p := range a.Author {
			if len(p.Name) != 1 || p.Name[0] == "" {
				t.Errorf("%s has an author without a name", what)
			}
		}
		rels := map[string]int{}
		for _, l := range a.Links {
			rels[l.Rel]++
			if u, err := url.Parse(l.Href); err != nil || !u.IsAbs() {
				t.Errorf("%s has the link %q", what, l.Href)
			}
		}
		if rels["alternate"] != 1 {
			t.Errorf("%s has the links %v", what, a.Links)
		}
		for _, c := range a.Tags {
			if c.Term == "" {
				t.Errorf("%s has a category without a term", what)
			}
		}
	}
	hold(what, f)
	if len(f.Author) != 1 || f.Links[0].Rel != "self" {
		t.Errorf("%s has the authors %v and the links %v", what, f.Author, f.Links)
	}
	for _, e := range f.Entries {
		hold(what+", an entry", e)
		if len(e.Summary) > 1 || len(e.Content) != 1 || e.Content[0].Type != "html" || len(e.Entries) > 0 {
			t.Errorf("%s, %s: summaries %q, contents %v", what, e.ID[0], e.Summary, e.Content)
		}
	}
	return f
}

func titles(f atom) string {
	var all []string
	for _, e := range f.Entries {
		all = append(all, e.Title[0])
	}
	return strings.Join(all, ", ")
}

var feedMails = []string{
	"From: Ann <ann@secret.example>\nMessage-ID: <a@x>\nSubject: Kuryr <b>ports</b>\n\nI wrote to bob@secret.example.\n\nSecond & last.\n",
	"From: Bob <bob@secret.example>\nMessage-ID: <b@x>\nSubject: Re: Kuryr <b>ports</b>\nIn-Reply-To: <a@x>\n\nIt works with \u202eturned\x01 words.\n",
	"From: Cid <cid@secret.example>\nMessage-ID: <c@x>\nSubject: Something else\n\nWords.\n",
}

func TestFeeds(t *testing.T) {
	a := newArchive(t, feedMails...)
	must(t, a.db.Decide(t.Context(), 2, kuryr, "Kuryr", true, "jo@secret.example", "", day))
	for path, want := range map[string]string{
		"/feed":                        "Something else, Kuryr <b>ports</b>",
		"/lists/sig/feed":              "Something else, Kuryr <b>ports</b>",
		"/topics/project/kuryr/feed":   "Something else",
		"/topics/nature/help/feed":     "404",
		"/topics/project/nothing/feed": "404",
		"/lists/none/feed":             "404",
		"/threads/1/feed":              "Re: Kuryr <b>ports</b>, Kuryr <b>ports</b>",
		"/threads/x/feed":              "404",
		"/threads/99/feed":             "404",
		"/search/feed?q=words":         "Something else, Re: Kuryr <b>ports</b>",
		"/search/feed?q=":              "400",
	} {
		resp, text := a.ask("GET", path, sigpost.RoleNobody)
		if resp.StatusCode != http.StatusOK {
			if got := resp.Status[:3]; got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
			continue
		}
		f := readAtom(t, path, text)
		if got := titles(f); got != want {
			t.Errorf("%s has %s, want %s", path, got, want)
		}
		hasNot(t, path, text, "secret.example", "\u202e", "<b>")
		if f.Links[0].Href != "http://example.org"+path {
			t.Errorf("%s says that it is at %s", path, f.Links[0].Href)
		}
		etag := resp.Header.Get("ETag")
		for _, method := range []string{"GET", "HEAD"} {
			resp, text := a.ask(method, path, sigpost.RoleReader, "If-None-Match: "+etag)
			if etag == "" || resp.StatusCode != http.StatusNotModified || text != "" {
				t.Errorf("%s %s once more: status %d", method, path, resp.StatusCode)
			}
		}
		if resp, _ := a.ask("HEAD", path, sigpost.RoleNobody); resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
			t.Errorf("HEAD %s: %s, %s", path, resp.Status, resp.Header.Get("Content-Type"))
		}
	}
}

// A decision changes the feed of a topic at once, though no mail has come; a
// thread's entry is news when it grows, and keeps its id when another is merged
// into it.
func TestFeedsFollow(t *testing.T) {
	a := newArchive(t, feedMails...)
	const topic = "/topics/project/kuryr/feed"
	must(t, a.db.Decide(t.Context(), 1, kuryr, "Kuryr", true, "jo", "", day))
	resp, text := a.ask("GET", topic, sigpost.RoleNobody)
	before := readAtom(t, topic, text)
	entry := before.Entries[0]
	if len(before.Entries) != 1 || entry.Tags[0] != (atomCategory{"project:kuryr", "Kuryr"}) || entry.Author[0].Name[0] != "Bob" {
		t.Errorf("the topic has %+v", before.Entries)
	}
	must(t, a.db.Decide(t.Context(), 2, kuryr, "Kuryr", true, "jo", "", day))
	resp, text = a.ask("GET", topic, sigpost.RoleNobody, "If-None-Match: "+resp.Header.Get("ETag"))
	if resp.StatusCode != http.StatusOK || titles(readAtom(t, topic, text)) != "Something else, Kuryr <b>ports</b>" {
		t.Errorf("after the decision: %s, %s", resp.Status, text)
	}
	must(t, a.db.Decide(t.Context(), 1, kuryr, "Kuryr", false, "jo", "", day))
	if got := titles(readAtom(t, topic, a.see(topic))); got != "Something else" {
		t.Errorf("after it was taken back there is %s", got)
	}
	a.add("From: Dee <d@x>\nMessage-ID: <late@x>\nSubject: Re: Kuryr <b>ports</b>\nIn-Reply-To: <b@x>\n\nLate.\n")
	all := readAtom(t, "/feed", a.see("/feed"))
	for _, e := range all.Entries {
		if e.ID[0] == entry.ID[0] && e.Title[0] == entry.Title[0] && strings.Contains(e.Content[0].Text, "3 messages") {
			return
		}
	}
	t.Errorf("the thread has not grown: %+v", all.Entries)
}

func TestFeedsWithoutWhatIsHidden(t *testing.T) {
	a := newArchive(t, feedMails...)
	m, err := a.db.MessageByID(t.Context(), "b@x")
	must(t, err)
	must(t, a.db.Hide(t.Context(), m.ID, "jo", "libel", day))
	for _, path := range []string{"/feed", "/threads/1/feed", "/search/feed?q=works", "/lists/sig/feed"} {
		text := a.see(path)
		readAtom(t, path, text)
		hasNot(t, path, text, "It works", "Bob")
	}
	first, err := a.db.MessageByID(t.Context(), "a@x")
	must(t, err)
	must(t, a.db.Hide(t.Context(), first.ID, "jo", "libel", day))
	if resp, _ := a.ask("GET", "/threads/1/feed", sigpost.RoleNobody); resp.StatusCode != http.StatusGone {
		t.Errorf("a thread of which nothing is shown: %s", resp.Status)
	}
	hasNot(t, "all threads", a.see("/feed"), "Kuryr")
}

func TestHeadsOfPages(t *testing.T) {
	a := newArchive(t, feedMails...)
	must(t, a.db.Decide(t.Context(), 1, kuryr, "Kuryr", true, "jo", "", day))
	for path, feed := range map[string]string{"/threads/1": "/threads/1/feed", "/topics/project/kuryr": "/topics/project/kuryr/feed", "/lists/sig": "/lists/sig/feed", "/": "/issues/weekly/feed"} {
		page := a.see(path)
		has(t, path, page, `<link rel="canonical" href="http://example.org`+path+`">`, `<meta property="og:url" content="http://example.org`+path+`">`, `<meta property="og:title" content="`,
			`<meta property="og:site_name" content="Test">`, `<meta property="og:description" content="`, `href="/feed"`)
		hasNot(t, path, page, "secret.example")
		_, links, _ := strings.Cut(page, `<link rel="alternate" type="application/atom+xml"`)
		if first, _, _ := strings.Cut(links, "\n"); !strings.Contains(first, `href="`+feed+`"`) {
			t.Errorf("%s names first the feed %s", path, first)
		}
	}
	has(t, "a thread", a.see("/threads/1"), `content="article"`, `og:title" content="Kuryr &lt;b&gt;ports&lt;/b&gt;"`)
	hasNot(t, "what is not to be found", a.see("/sign-in"), "og:")
	resp, text := a.ask("GET", "/robots.txt", sigpost.RoleNobody)
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(text, "User-agent: *\n") {
		t.Errorf("robots.txt: %s, %s", resp.Status, text)
	}
}
