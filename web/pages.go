package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"sigpost"
	"sigpost/store"
)

// shown is how many threads and issues the home page has.
const shown = 100

type homePage struct {
	page
	Issues  []sigpost.Issue
	Threads []sigpost.Thread
	Topics  []store.TagCount
	Topic   string // title of the topic that is shown, or "" for all
}

// home lists issues and threads; with ?tag=kind:name only that topic's.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	p := homePage{page: s.page(r, s.Title)}
	ctx := r.Context()
	query := store.ThreadQuery{Limit: shown}
	if name := r.FormValue("tag"); name != "" {
		tag, ok := sigpost.ParseTag(name)
		if p.Topic = s.Titles[name]; !ok || p.Topic == "" {
			s.fail(w, r, sigpost.ErrNotFound)
			return
		}
		query.Tag = tag
	}
	var err error
	if p.Threads, err = s.Store.Threads(ctx, query); err != nil {
		s.fail(w, r, err)
		return
	}
	for _, t := range p.Threads {
		slices.SortStableFunc(t.Tags, natureFirst)
	}
	if p.Topics, err = s.Store.TagCounts(ctx); err != nil {
		s.fail(w, r, err)
		return
	}
	for _, d := range slices.Sorted(maps.Keys(s.Digests)) {
		issues, err := s.Store.Issues(ctx, d, shown)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		p.Issues = append(p.Issues, slices.DeleteFunc(issues, func(i sigpost.Issue) bool { return !i.State.Public() })...)
	}
	s.show(w, r, http.StatusOK, "home", p)
}

// natureFirst puts what a thread is before what it is about.
func natureFirst(a, b sigpost.Tagging) int {
	return cmp.Compare(topic(a), topic(b))
}

// topic is 0 for a nature, 1 for a topic.
func topic(t sigpost.Tagging) int {
	if t.Tag.Kind == sigpost.KindNature {
		return 0
	}
	return 1
}
