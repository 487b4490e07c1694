package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sigpost"
	"sigpost/store"
)

// threadRoutes are threads, their messages, and the mail as it came.
func (s *site) threadRoutes() []route {
	return []route{
		{pattern: "GET /threads/{id}", handle: s.thread},
		{pattern: "GET /threads/{id}/mbox", handle: s.threadMbox, time: mboxTime, costly: true},
		{pattern: "GET /lists/{name}/mbox", handle: s.listMbox, time: listMboxTime, costly: true},
		{pattern: "GET /m/{id}", handle: s.permalink},
		{pattern: "GET /m/{id}/raw", handle: s.raw},
		{pattern: "GET /m/{id}/html", handle: s.htmlFrame},
		{pattern: "GET /m/{id}/html/view", handle: s.htmlView},
		{pattern: "GET /m/{id}/attachments/{part}", handle: s.attachment},
		{pattern: "POST /m/{id}/hide", handle: s.hide, needs: sigpost.RoleReviewer},
		{pattern: "POST /m/{id}/unhide", handle: s.unhide, needs: sigpost.RoleReviewer},
		{pattern: "POST /visits", handle: s.visits},
	}
}

// What is kept of threads between requests, in bytes.
const (
	pagesKept    = 12 << 20
	outlinesKept = 4 << 20
)

type threadPage struct {
	page
	Thread   sigpost.Thread
	Subject  string
	Taggings []taggingView
	Messages []messageView
	Contents []contentsLine // of this page
	// Pages are those of a thread that is shown on several, with gaps; Previous
	// and Next are beside this one, or "".
	Pages          []pageLink
	Previous, Next string
	Flat           bool
	OtherView      string // the URL of this thread in the other view
	Issues         []issueLink
	// Since says in words since when messages are new, "" where that is not known;
	// New counts them, and FirstNew is where the first one is.
	Since    string
	New      int
	FirstNew string
	since    time.Time
	// Visiting says that this reader is shown what is new since their last visit.
	Visiting  bool
	Reviewing bool
	// From is the thread that led to this one, LedTo those to which this one led.
	From  *sigpost.Thread
	LedTo []sigpost.Thread
}

type (
	contentsLine struct {
		URL, Author, Subject string
		At                   time.Time
		Indent               int
		New                  bool
	}
	pageLink struct {
		Number    int
		URL       string // "" for the page itself
		From, To  int    // its messages, from 1
		First     time.Time
		GapBefore bool
	}
	issueLink struct{ Title, URL string }

	// taggingView is a tag with its reasons.
	taggingView struct {
		sigpost.Tagging
		Why []reason
		URL string // of its page, or "" where a reviewer has yet to say that it holds
	}
	reason struct {
		Rule, Field string
		Excerpt     template.HTML
		URL         string // of the message in which it was seen, or ""
	}
)

// view is what of a thread is asked for, and by whom.
type view struct {
	flat     bool
	from     int64 // a message on the page, or 0 for the first page
	since    time.Time
	visiting bool
	person   sigpost.Person
}

// pageKey names a page of a thread: each of its messages may be asked for.
func pageKey(id int64, flat bool, n int) string { return fmt.Sprintf("%d %t %d", id, flat, n) }

func (s *site) thread(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	v := view{flat: r.FormValue("view") == "flat", person: personOf(r)}
	v.from, _ = strconv.ParseInt(r.FormValue("from"), 10, 64)
	v.since, v.visiting = s.lastVisit(w, r)
	state, err := s.Store.ThreadState(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if state.ID != id { // it was merged into another one
		http.Redirect(w, r, threadPath(state.ID), http.StatusMovedPermanently)
		return
	}
	if v.visiting || v.person.Role != sigpost.RoleNobody || s.Copied { // one reader's own, or asked for once
		status, p, err := s.threadPage(r, state, v)
		if err != nil {
			s.failThread(w, r, id, err)
			return
		}
		w.Header().Set("Cache-Control", "private, no-store")
		s.show(w, r, status, "thread", p)
		return
	}
	if err := s.sharedThread(w, r, state, v); err != nil {
		s.failThread(w, r, id, err)
	}
}

// sharedThread answers with a page that is the same for everybody.
func (s *site) sharedThread(w http.ResponseWriter, r *http.Request, state store.ThreadState, v view) error {
	n := 0
	if v.from != 0 {
		o, err := s.outline(r.Context(), state)
		if err != nil {
			return err
		}
		var ok bool
		if n, ok = o.pageOf(v.flat, v.from); !ok {
			return movedError{v.from}
		}
	}
	key, stamp := pageKey(state.ID, v.flat, n), stampOf(state)
	packed, ok := s.threadPages.get(key, stamp, s.now())
	if !ok {
		status, p, err := s.threadPage(r, state, v)
		if err != nil {
			return err
		}
		text, err := s.render("thread", p)
		if err != nil {
			return err
		}
		packed = packPage(status, text)
		s.threadPages.put(key, stamp, s.now(), packed, len(packed.data))
	}
	if err := packed.send(w, r); err != nil {
		s.Log.DebugContext(r.Context(), "a page was not taken", "path", shownPath(r), "error", err)
	}
	return nil
}

// movedError says that a message is not in the thread by which it was asked for.
type movedError struct{ message int64 }

// Error names where the message is.
func (e movedError) Error() string { return fmt.Sprintf("message %d is in another thread", e.message) }

// failThread sends readers after a message that has moved to another thread.
func (s *site) failThread(w http.ResponseWriter, r *http.Request, id int64, err error) {
	if _, moved := err.(movedError); moved {
		http.Redirect(w, r, threadPath(id), http.StatusFound)
		return
	}
	s.fail(w, r, err)
}

// threadPage makes a page of a thread.
func (s *site) threadPage(r *http.Request, state store.ThreadState, v view) (status int, p threadPage, err error) {
	ctx := r.Context()
	o, err := s.outline(ctx, state)
	if err != nil {
		return 0, p, err
	}
	p = threadPage{page: s.page(r, ""), Thread: o.thread, Flat: v.flat, Visiting: v.visiting,
		Reviewing: v.person.Role.May(sigpost.RoleReviewer), From: o.from, LedTo: o.ledTo}
	if !o.anyShown() {
		p.Title, p.NoIndex, status = "Not shown", true, http.StatusGone
		p.From, p.LedTo = nil, nil
	} else {
		p.Subject = legible(o.thread.BaseSubject)
		p.Title, status = p.Subject, http.StatusOK
		p.Description = fmt.Sprintf("A thread of %d messages, %s to %s.", o.thread.Messages, o.thread.First.Format("2 January 2006"), o.thread.Last.Format("2 January 2006"))
		p.Article = true
		p.addFeed(orNone(p.Subject), threadPath(o.thread.ID)+"/feed")
		if err := s.aboutThread(ctx, &p, o); err != nil {
			return 0, p, err
		}
	}
	if p.Title == "" {
		p.Title = "(no subject)"
	}
	n := 0
	if v.from != 0 {
		var ok bool
		if n, ok = o.pageOf(v.flat, v.from); !ok {
			return 0, p, movedError{v.from}
		}
	}
	p.Canonical = s.absolute(o.url(false, 0))
	if n > 0 {
		p.Canonical = s.absolute(o.url(v.flat, n))
	}
	p.Path = o.url(v.flat, n)
	p.OtherView = o.url(!v.flat, 0)
	p.turn(o, v, n)
	p.news(o, v, n)
	return status, p, s.fill(ctx, &p, o, v, n)
}

// aboutThread says what the thread is about, and in which issues it was.
func (s *site) aboutThread(ctx context.Context, p *threadPage, o *outline) error {
	taggings, err := s.Store.Taggings(ctx, []int64{o.thread.ID})
	if err != nil {
		return err
	}
	tags := taggings[o.thread.ID]
	slices.SortStableFunc(tags, natureFirst)
	for _, t := range tags {
		one := taggingView{Tagging: t, Why: reasons(t.Evidence, o.hidden)}
		if t.State == sigpost.TagAccepted {
			one.URL = topicPath(t.Tag)
		}
		p.Taggings = append(p.Taggings, one)
	}
	issues, err := s.Store.IssuesOf(ctx, o.thread.ID)
	if err != nil {
		return err
	}
	for _, i := range issues {
		title := s.Digests[i.Digest]
		if title == "" || !i.State.Public() {
			continue
		}
		if i.State == sigpost.IssueApproved { // perhaps for later
			if _, err := s.publicIssue(ctx, i.Digest, i.Number); errors.Is(err, sigpost.ErrNotFound) {
				continue
			}
		}
		p.Issues = append(p.Issues, issueLink{fmt.Sprintf("%s No. %d", title, i.Number), issuePath(i.Digest, i.Number)})
		if p.Since == "" {
			p.Since, p.since = p.Issues[0].Title, i.Until
		}
	}
	return nil
}

// turn adds the ways to the other pages of a long thread.
func (p *threadPage) turn(o *outline, v view, n int) {
	last := o.pages() - 1
	if last <= 0 {
		return
	}
	for i := 0; i <= last; i++ {
		if i != 0 && i != last && (i < n-3 || i > n+3) {
			continue
		}
		from, to := o.bounds(i)
		link := pageLink{Number: i + 1, URL: o.url(v.flat, i), From: from + 1, To: to, First: fromMicros(o.places[o.at(v.flat, from)].received)}
		if i == n {
			link.URL = ""
		}
		if k := len(p.Pages); k > 0 && p.Pages[k-1].Number != i {
			link.GapBefore = true
		}
		p.Pages = append(p.Pages, link)
	}
	if n > 0 {
		p.Previous = o.url(v.flat, n-1)
	}
	if n < last {
		p.Next = o.url(v.flat, n+1)
	}
}
