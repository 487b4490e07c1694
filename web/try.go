package web

import (
	"sigpost"
)

// tried is a page with what it shows.
type tried struct {
	name string
	data any
}

// tryDoors are the pages of subscribing, in all their states.
func (s *site) tryDoors() []tried {
	p := s.page(nil, "One")
	p.Subscribing = true
	topics := []topicGroup{{"Projects", []topicChoice{{Tag: "project:one", Title: "One", Threads: "1 thread", Follow: true, Muted: true}, {Tag: "project:two", Title: "Two"}}, true, true}}
	wish := wishForm{Groups: topics, Editions: []choice{{"d", "Each day", true}, {"w", "Each week", false}}, OffersNewsOnly: true, NewsOnly: true, Text: true,
		Zone: "UTC", DigestZone: "UTC", Zones: []string{"UTC"}, Volume: "one", All: "two", SampleURL: "/"}
	plain := wishForm{Groups: topics}
	return []tried{
		{"subscribe", subscribePage{page: p, Others: []publicationLink{{"D", "/"}}}},
		{"subscribe", subscribePage{page: p, Publication: "D", Wish: wish, Address: "j@example.org", Terms: "T", Problem: "P", Doubts: []string{"D"}, Sure: "j@example.org", Preview: true}},
		{"subscribe", subscribePage{page: s.page(nil, "One"), Publication: "D", Wish: plain}},
		{"confirm", confirmPage{page: p, Publication: "D", Address: "j…@example.org", Wishes: "everything"}},
		{"confirm", confirmPage{page: p, PreferencesURL: "/", Done: true}},
		{"confirm", confirmPage{page: p, Done: true, Ended: true}},
		{"preferences", preferencesPage{page: p, Publication: "D", Address: "j…@example.org", Wish: wish, Wishes: "everything", Paused: "2016-05-01", PausedWords: "1 May",
			Tomorrow: "2016-04-01", Problem: "P", Done: "D", Active: true, Preview: true}},
		{"preferences", preferencesPage{page: p, Wish: plain}},
		{"renew", p},
		{"privacy", privacyPage{p, []publisher{{"D", "d@example.org", "D"}, {"E", "", "E"}}}},
	}
}

// try makes each page with one of everything, so that what is wrong with a theme
// is known before a reader meets it.
func (s *site) try() error {
	for _, of := range []func() []tried{
		s.tryReading,
		s.tryBrowsing,
		s.tryMonths,
		s.tryThreads,
		s.tryDoors,
		s.trySignIn,
		s.tryAudit,
		s.tryReview,
		s.tryEdit,
		s.trySearch,
	} {
		for _, p := range of() {
			if _, err := s.render(p.name, p.data); err != nil {
				return err
			}
		}
	}
	return nil
}

// tryReading are the pages that everybody reads.
func (s *site) tryReading() []tried {
	full := s.page(nil, "One")
	full.SigningIn, full.Person = true, sigpost.Person{Addr: "jo@example.org", Role: sigpost.RoleAdmin}
	full.HasLists, full.HasIssues, full.HasEvents = true, true, true
	full.Canonical, full.Description, full.NoIndex, full.Scripts = "https://example.org/", "About one.", true, []string{"one.js"}
	full.Refresh, full.editing, full.Request = 10, true, "0123456789abcdef"
	found := s.page(nil, "One")
	found.Canonical, found.Description = "https://example.org/", "About one."
	article := found
	article.Article = true
	return []tried{
		{"message", messagePage{full, "Says."}},
		{"message", messagePage{found, "Says."}},
		{"message", messagePage{article, "Says."}},
		{"issue", issuePage{page: s.page(nil, "D"), Body: "<h1>D</h1>", PreviousTitle: "No. 1", PreviousURL: "/",
			NextTitle: "No. 3", NextURL: "/", FeedURL: "/"}},
		{"message", messagePage{s.page(nil, "One"), "Says."}},
		{"unsubscribe", unsubscribePage{s.page(nil, "One"), "j…@example.org", "D", true}},
		{"unsubscribe", unsubscribePage{s.page(nil, "One"), "j…@example.org", "D", false}},
	}
}
