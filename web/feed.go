package web

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"time"

	"sigpost"
	"sigpost/digest"
)

// feedLength is how many issues a feed has.
const feedLength = 20

// feedLink is how pages say that there is a feed.
type feedLink struct{ Title, URL string }

func (s *site) feedLinks() []feedLink {
	var all []feedLink
	for _, name := range slices.Sorted(maps.Keys(s.Digests)) {
		all = append(all, feedLink{s.Digests[name], FeedPath(name)})
	}
	return all
}

// feed is the Atom feed of a digest's issues (RFC 4287), with each issue whole.
func (s *site) feed(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("digest")
	if s.Digests[name] == "" {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	issues, err := s.Store.Issues(r.Context(), name, 3*feedLength) // quiet ones among them
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f := digest.Feed{
		ID: digest.FeedID(s.Domain(name), name), Title: s.Digests[name], Author: s.Author(name),
		Self: s.absolute(FeedPath(name)), Web: s.absolute("/"),
	}
	t, err := s.Templates(name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var latest time.Time
	for _, issue := range issues {
		if !s.published(issue) || issue.Number == 0 || len(f.Entries) == feedLength {
			continue
		}
		reader := s.Reader(issue)
		reader.IssueURL = s.absolute(issuePath(name, issue.Number))
		e, err := t.Entry(issue, reader)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		e.ID, e.Author = digest.EntryID(s.Domain(name), issue), f.Author
		f.Entries = append(f.Entries, e)
		if e.Updated.After(latest) {
			latest = e.Updated
		}
	}
	data, err := f.XML()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	// Readers of feeds come often, and ask whether there is something new.
	http.ServeContent(w, r, "", latest, bytes.NewReader(data))
}

// absolute is the URL of a path, or the path itself where nobody knows how
// readers reach the pages.
func (s *site) absolute(path string) string { return s.URL + path }
