package web

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// threadsShown is how many threads a page has.
const threadsShown = 50

// browseRoutes are the ways through the archive: by topic, by list, by what
// holds of threads, by time.
func (s *site) browseRoutes() []route {
	routes := []route{
		{pattern: "GET /{$}", handle: s.home},
		{pattern: "GET " + ThreadsPath, handle: s.threads},
		{pattern: "GET /topics", handle: s.topicsPage},
		{pattern: "GET /topics/{kind}/{name}", handle: s.topicPage},
		{pattern: "GET /lists", handle: s.listsPage},
		{pattern: "GET /lists/{name}", handle: s.listPage},
		{pattern: "GET /issues", handle: s.issues},
		{pattern: "GET /statistics", handle: s.statisticsPage},
	}
	if s.Browse.Events != nil {
		routes = append(routes, route{pattern: "GET /events", handle: s.eventsPage})
	}
	return routes
}

// threadRow is a thread in a list. Most of it is made here, since a page has many.
type threadRow struct {
	ID      int64
	Subject string
	Facts   template.HTML // how many messages, when the last one came, the lists
	Tags    []sigpost.Tagging
	Waits   bool
}

// rows are the threads of a page. Lists are named where the archive has several.
func (s *site) rows(list store.ThreadList) []threadRow {
	all := make([]threadRow, len(list.Threads))
	for i, t := range list.Threads {
		slices.SortStableFunc(t.Tags, natureFirst)
		last := t.Last.UTC()
		facts := plural(t.Messages, "message") + `, last on <time datetime="` + last.Format(time.DateOnly) + `">` + last.Format("2 January 2006") + "</time>"
		if len(s.Browse.Lists) > 1 || len(t.Lists) > 1 {
			for _, l := range t.Lists {
				facts += ` · <a href="` + template.HTMLEscapeString(listPath(l)) + `">` + template.HTMLEscapeString(l) + "</a>"
			}
		}
		all[i] = threadRow{t.ID, cmp.Or(legible(t.BaseSubject), "(no subject)"), template.HTML(facts), t.Tags, list.Unanswered[t.ID]}
	}
	return all
}

// threadsPage is a list of threads with its filter.
type threadsPage struct {
	page
	Filter  filter
	Active  []activeFilter
	Topics  template.HTML // to choose from
	Natures []choice
	Lists   []choice
	Threads []threadRow
	Next    string // URL of the next page, or ""
	Start   string // of the first one, where this is not that
	Problem string
}

func (s *site) threads(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, sigpost.Usage(err))
		return
	}
	f, problem, err := readFilter(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if f.Words != "" && problem == "" {
		http.Redirect(w, r, f.search(), http.StatusSeeOther)
		return
	}
	p := threadsPage{page: s.page(r, "Threads"), Filter: f, Problem: problem}
	if err := s.fillThreads(r.Context(), &p); err != nil {
		s.fail(w, r, err)
		return
	}
	status := http.StatusOK
	if p.Problem != "" {
		status = http.StatusBadRequest
	}
	s.show(w, r, status, "threads", p)
}

// fillThreads finds what the page shows.
func (s *site) fillThreads(ctx context.Context, p *threadsPage) error {
	f := p.Filter
	c, err := s.counts.get(ctx)
	if err != nil {
		return err
	}
	var topics []topicCount
	for _, tag := range f.Topics {
		t, err := s.topic(ctx, c, tag)
		if err != nil {
			return err
		}
		topics = append(topics, t)
	}
	if f.List != "" {
		if err := s.knowsList(ctx, f.List); err != nil {
			return err
		}
	}
	p.Active, p.Topics = s.active(f, topics), c.options
	p.Natures, p.Lists = natureChoices(f.Nature), listChoices(c, f.List)
	p.NoIndex = len(p.Active) > 0 || f.at != (store.ThreadPosition{})
	p.Canonical, p.Description = s.absolute(withQuery(ThreadsPath, f.values())), "All threads of the archive, the newest first, with filters."
	if len(p.Active) > 0 {
		words := make([]string, len(p.Active))
		for i, a := range p.Active {
			words[i] = a.Words
		}
		p.Title = "Threads " + strings.Join(words, ", ")
	}
	if p.Problem != "" {
		return nil
	}
	list, err := s.Store.ListThreads(ctx, f.query())
	if errors.Is(err, store.ErrManyAuthors) {
		p.Problem = sentence(store.ErrManyAuthors.Error())
		return nil
	}
	p.Threads, p.Next = s.rows(list), next(ThreadsPath, f.values(), list.Next)
	if f.at != (store.ThreadPosition{}) {
		p.Start = withQuery(ThreadsPath, f.values())
	}
	return err
}

// knowsList gives an error that wraps sigpost.ErrNotFound for a list that neither
// the configuration nor the archive has.
func (s *site) knowsList(ctx context.Context, name string) error {
	if _, ok := s.Browse.Lists[name]; ok {
		return nil
	}
	has, err := s.Store.HasList(ctx, name)
	if err == nil && !has {
		err = sigpost.ErrNotFound
	}
	return err
}

func natureChoices(chosen sigpost.Nature) (all []choice) {
	for _, n := range sigpost.Natures() {
		all = append(all, choice{string(n), n.Title(), n == chosen})
	}
	return all
}

// listChoices are the lists, where there is something to choose.
func listChoices(c *counts, chosen string) (all []choice) {
	if len(c.lists) < 2 {
		return nil
	}
	for _, l := range c.lists {
		all = append(all, choice{l.Name, l.Title, l.Name == chosen})
	}
	return all
}

// foundPage is the page of a topic or of a mailing list.
type foundPage struct {
	page
	Kind    string // in words: "Projects", "Mailing list"
	KindURL string
	Threads []threadRow
	// Count and Week are threads; Messages is 0 for a topic.
	Count, Messages, Week int
	Trend                 trend
	Narrow                string // URL of the filter
	FeedURL               string
	CalendarURL, MboxURL  string // "" where there is none
	Next, Start           string
}

func (s *site) topicPage(w http.ResponseWriter, r *http.Request) {
	tag := sigpost.Tag{Kind: sigpost.TagKind(r.PathValue("kind")), Name: r.PathValue("name")}
	if n := sigpost.Nature(tag.Name); tag.Kind == sigpost.KindNature && n.Title() != "" {
		http.Redirect(w, r, topicPath(tag), http.StatusMovedPermanently)
		return
	}
	c, err := s.counts.get(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	t, err := s.topic(r.Context(), c, tag)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := foundPage{page: s.page(r, t.Title), Kind: kindTitle(tag.Kind), KindURL: "/topics", Count: t.Threads, Week: t.Week, Trend: t.Trend, FeedURL: t.URL() + "/feed"}
	p.Narrow = withQuery(ThreadsPath, url.Values{"topic": {tag.String()}})
	p.Description = "Threads about " + t.Title + ", the newest first."
	p.addFeed(t.Title, p.FeedURL)
	if s.TopicCalendar != nil {
		p.CalendarURL = t.URL() + "/events.ics"
	}
	s.showFound(w, r, p, t.URL(), store.ThreadQuery{Tags: []sigpost.Tag{tag}})
}

func (s *site) listPage(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	c, err := s.counts.get(r.Context())
	if err == nil {
		err = s.knowsList(r.Context(), name)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	l := listCount{Name: name, Title: name, Trend: trendOf(nil)}
	if title := s.Browse.Lists[name]; title != "" {
		l.Title = title
	}
	if i := slices.IndexFunc(c.lists, func(l listCount) bool { return l.Name == name }); i >= 0 {
		l = c.lists[i]
	}
	p := foundPage{page: s.page(r, l.Title), Kind: "Mailing lists", KindURL: "/lists", Count: l.Threads, Messages: l.Messages, Week: l.Week, Trend: l.Trend,
		FeedURL: l.URL() + "/feed", MboxURL: l.URL() + "/mbox"}
	p.Narrow = withQuery(ThreadsPath, url.Values{"list": {name}})
	p.addFeed(l.Title, p.FeedURL)
	p.Description = "Threads on " + l.Title + ", the newest first."
	s.showFound(w, r, p, l.URL(), store.ThreadQuery{List: name})
}

// showFound shows the threads of a query page by page.
func (s *site) showFound(w http.ResponseWriter, r *http.Request, p foundPage, path string, q store.ThreadQuery) {
	at, err := readCursor(r.FormValue("from"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q.Before, q.Limit = at, threadsShown
	list, err := s.Store.ListThreads(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Threads, p.Next = s.rows(list), next(path, url.Values{}, list.Next)
	p.Canonical = s.absolute(path)
	if at != (store.ThreadPosition{}) {
		p.Start, p.NoIndex = path, true
	}
	s.show(w, r, http.StatusOK, "found", p)
}

type topicsPage struct {
	page
	Groups []group
}

func (s *site) topicsPage(w http.ResponseWriter, r *http.Request) {
	c, err := s.counts.get(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := topicsPage{s.page(r, "Topics"), groups(c.topics)}
	p.Canonical, p.Description = s.absolute("/topics"), "What the threads of the archive are about."
	s.show(w, r, http.StatusOK, "topics", p)
}

type listsPage struct {
	page
	Lists []listCount
}

// listsPage shows the mailing lists; the only one has a page that says it all.
func (s *site) listsPage(w http.ResponseWriter, r *http.Request) {
	c, err := s.counts.get(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(c.lists) == 1 {
		http.Redirect(w, r, c.lists[0].URL(), http.StatusFound)
		return
	}
	p := listsPage{s.page(r, "Mailing lists"), c.lists}
	p.Canonical, p.Description = s.absolute("/lists"), "The mailing lists of the archive."
	s.show(w, r, http.StatusOK, "lists", p)
}
