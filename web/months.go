package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"sigpost"
	"sigpost/store"
)

// In a copy, pages of threads are those of months. A place in the order of threads
// is another one with each mail; a month that is over hardly changes.

// monthThreads is how many threads the page of a month has before there is a
// second one.
const monthThreads = 200

const monthLayout = "2006-01"

// months are the months that have threads, by the query that asks for them.
type months struct {
	mu    sync.Mutex
	known map[string][]time.Time // the newest first
}

type monthLink struct{ Title, URL string }

func (s *site) monthRoutes() []route {
	if !s.Copied {
		return nil
	}
	return []route{
		{pattern: "GET /months/{month}", handle: s.monthOfThreads},
		{pattern: "GET /topics/{kind}/{name}/months/{month}", handle: s.monthOfTopic},
		{pattern: "GET /lists/{name}/months/{month}", handle: s.monthOfList},
	}
}

// monthPath is the page of a month of what is at path.
func monthPath(path string, v url.Values, month time.Time) string {
	if path == ThreadsPath {
		path = ""
	}
	return withQuery(path+"/months/"+month.UTC().Format(monthLayout), v)
}

// older is the URL of what is behind a place in the order of threads; "" where there
// is nothing.
func (s *site) older(path string, v url.Values, p store.ThreadPosition) string {
	if !s.Copied || p == (store.ThreadPosition{}) {
		return next(path, v, p)
	}
	return monthPath(path, v, p.Last)
}

// monthsOf are the months in which threads of a query have their last messages.
func (s *site) monthsOf(ctx context.Context, key string, q store.ThreadQuery) ([]time.Time, error) {
	s.months.mu.Lock()
	defer s.months.mu.Unlock()
	if all, ok := s.months.known[key]; ok {
		return all, nil
	}
	all := []time.Time{}
	q.From, q.Until, q.Before, q.Limit = time.Time{}, time.Time{}, store.ThreadPosition{}, 1
	for {
		list, err := s.Store.ListThreads(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(list.Threads) == 0 {
			break
		}
		last := list.Threads[0].Last.UTC()
		q.Until = time.Date(last.Year(), last.Month(), 1, 0, 0, 0, 0, time.UTC)
		all = append(all, q.Until)
	}
	if s.months.known == nil {
		s.months.known = map[string][]time.Time{}
	}
	s.months.known[key] = all
	return all, nil
}

func monthTitle(month time.Time) string { return month.Format("January 2006") }

// monthLinks are the months of a query in a copy, where they are more than one page
// shows.
func (s *site) monthLinks(ctx context.Context, path string, v url.Values, q store.ThreadQuery) (all []monthLink, err error) {
	if !s.Copied {
		return nil, nil
	}
	months, err := s.monthsOf(ctx, withQuery(path, v), q)
	for _, month := range months {
		all = append(all, monthLink{monthTitle(month), monthPath(path, v, month)})
	}
	if len(all) < 2 {
		return nil, err
	}
	return all, err
}

type monthPage struct {
	page
	Of, OfURL              string
	Threads                []threadRow
	More                   string // URL of the month's next page, or ""
	Newer, Older           string // URLs of the months beside it, or ""
	NewerTitle, OlderTitle string
}

func (s *site) monthOfThreads(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, sigpost.Usage(err))
		return
	}
	f, _, err := readFilter(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	of := "Threads"
	if f.Nature != "" {
		of = f.Nature.Title()
	}
	if f.Unanswered {
		of += ", waiting for an answer"
	}
	s.month(w, r, ThreadsPath, of, f.values(), f.query())
}

func (s *site) monthOfTopic(w http.ResponseWriter, r *http.Request) {
	tag := sigpost.Tag{Kind: sigpost.TagKind(r.PathValue("kind")), Name: r.PathValue("name")}
	c, err := s.counts.get(r.Context())
	var t topicCount
	if err == nil {
		t, err = s.topic(r.Context(), c, tag)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.month(w, r, t.URL(), t.Title, url.Values{}, store.ThreadQuery{Tags: []sigpost.Tag{tag}})
}

func (s *site) monthOfList(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if err := s.knowsList(r.Context(), name); err != nil {
		s.fail(w, r, err)
		return
	}
	s.month(w, r, listPath(name), cmp.Or(s.Browse.Lists[name], name), url.Values{}, store.ThreadQuery{List: name})
}

// month shows the threads of a query that have their last messages in a month.
func (s *site) month(w http.ResponseWriter, r *http.Request, path, of string, v url.Values, q store.ThreadQuery) {
	from, err := time.Parse(monthLayout, r.PathValue("month"))
	if err != nil {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	months, err := s.monthsOf(r.Context(), withQuery(path, v), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if q.Before, err = readCursor(r.FormValue("from")); err != nil {
		s.fail(w, r, err)
		return
	}
	p := monthPage{page: s.page(r, of+" in "+monthTitle(from)), Of: of, OfURL: withQuery(path, v)}
	p.Canonical = s.absolute(monthPath(path, v, from))
	p.Description = "Threads with their last message in " + monthTitle(from) + "."
	if i := slices.Index(months, from); i >= 0 {
		if i > 0 {
			p.Newer, p.NewerTitle = monthPath(path, v, months[i-1]), monthTitle(months[i-1])
		}
		if i+1 < len(months) {
			p.Older, p.OlderTitle = monthPath(path, v, months[i+1]), monthTitle(months[i+1])
		}
	}
	q.From, q.Until, q.Limit = from, from.AddDate(0, 1, 0), monthThreads
	list, err := s.Store.ListThreads(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Threads = s.rows(list)
	if list.Next != (store.ThreadPosition{}) {
		more := url.Values{}
		for name := range v {
			more[name] = v[name]
		}
		more.Set("from", cursor(list.Next))
		p.More = monthPath(path, more, from)
	}
	s.show(w, r, http.StatusOK, "month", p)
}

// tryMonths are the pages of months, with everything that may be on one.
func (s *site) tryMonths() []tried {
	rows := []threadRow{{ID: 1, Subject: "One"}}
	return []tried{
		{"month", monthPage{page: s.page(nil, "One"), Of: "O", OfURL: "/", Threads: rows, More: "/", Newer: "/", Older: "/", NewerTitle: "N", OlderTitle: "O"}},
		{"monthlinks", []monthLink{{"One", "/"}}},
	}
}
