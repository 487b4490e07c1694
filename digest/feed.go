package digest

import (
	"encoding/xml"
	"fmt"
	"time"

	"sigpost"
)

// Feed is an Atom feed (RFC 4287): of a digest's issues, or of what else there is
// that grows.
type Feed struct {
	ID, Title string
	Author    string // who publishes it
	Self, Web string // its own URL, and that of the pages; may be empty
	Entries   []Entry
}

// Entry is an issue in a feed, a thread or a message.
type Entry struct {
	ID      string // never changes; see EntryID
	Title   string
	Author  string // "" for the feed's
	URL     string // the web copy; may be empty
	Updated time.Time
	// Published is when it came; zero for Updated.
	Published time.Time
	Tags      []sigpost.Tagging // what it is about
	Summary   string
	Content   string // HTML
}

// FeedID is the id of a digest's feed, a tag URI (RFC 4151): domain is the
// publisher's.
func FeedID(domain, digest string) string { return "tag:" + domain + ",2016:" + digest }

// EntryID is the id of an issue in a feed. It is made of what never changes and
// of no address at which the issue is to be had.
func EntryID(domain string, issue sigpost.Issue) string {
	return fmt.Sprintf("%s/%d", FeedID(domain, issue.Digest), issue.Number)
}

// Entry makes an issue's entry but for what names its publisher: ID and Author.
func (t *Templates) Entry(issue sigpost.Issue, r Reader) (Entry, error) {
	p := t.Prepare(issue).page(r, webWords)
	p.unstyle()
	p.Picture = "" // many readers of feeds load nothing that is not at a URL; its words stay
	content, err := execute(t.entry, "an Atom entry", issue, p)
	title := p.Subject
	if p.Number != "" {
		title = p.Number + ": " + title
	}
	return Entry{
		Title: title, URL: p.WebURL, Updated: issue.Composed, Summary: p.Lead, Content: content,
	}, err
}

// The elements of RFC 4287.
type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Author  atomPerson  `xml:"author"`
		Links   []atomLink  `xml:"link"`
		Entries []atomEntry `xml:"entry"`
	}
	atomEntry struct {
		XMLName   xml.Name    `xml:"http://www.w3.org/2005/Atom entry"`
		Lang      string      `xml:"xml:lang,attr,omitempty"`
		ID        string      `xml:"id"`
		Title     string      `xml:"title"`
		Updated   string      `xml:"updated"`
		Published string      `xml:"published"`
		Author    *atomPerson `xml:"author"`
		Links     []atomLink  `xml:"link"`
		Tags      []atomTag   `xml:"category"`
		Summary   string      `xml:"summary,omitempty"`
		Content   atomContent `xml:"content"`
	}
	atomTag struct {
		Term  string `xml:"term,attr"`
		Label string `xml:"label,attr"`
	}
	atomPerson struct {
		Name string `xml:"name"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
)

// XML writes the feed.
func (f Feed) XML() ([]byte, error) {
	out := atomFeed{ID: f.ID, Title: clean(f.Title), Author: atomPerson{clean(f.Author)}, Links: links(f.Self, "self", "application/atom+xml")}
	out.Links = append(out.Links, links(f.Web, "alternate", "text/html")...)
	updated := time.Unix(0, 0) // of a feed that has nothing yet
	for _, e := range f.Entries {
		if e.Updated.After(updated) {
			updated = e.Updated
		}
		one := e.atom()
		if e.Author == "" || e.Author == f.Author {
			one.Author = nil // the feed's
		}
		out.Entries = append(out.Entries, one)
	}
	out.Updated = rfc3339(updated)
	return document(out)
}

// XML writes the entry as a document of its own (RFC 4287, section 2).
func (e Entry) XML() ([]byte, error) { return document(e.atom()) }

func (e Entry) atom() atomEntry {
	if e.Published.IsZero() {
		e.Published = e.Updated
	}
	a := atomEntry{
		Lang: "en", ID: e.ID, Title: clean(e.Title), Updated: rfc3339(e.Updated), Published: rfc3339(e.Published),
		Author: &atomPerson{clean(e.Author)}, Links: links(e.URL, "alternate", "text/html"),
		Summary: clean(e.Summary), Content: atomContent{"html", e.Content},
	}
	for _, t := range e.Tags {
		a.Tags = append(a.Tags, atomTag{clean(t.Tag.String()), clean(t.Title)})
	}
	return a
}

func links(url, rel, mediaType string) []atomLink {
	if url == "" {
		return nil
	}
	return []atomLink{{rel, mediaType, url}}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func document(v any) ([]byte, error) {
	data, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(data, '\n')...), nil
}
