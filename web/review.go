package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/review"
	"sigpost/store"
)

// ReviewDesk is what reviewers do. Whatever it does is in the audit log.
type ReviewDesk interface {
	// Tags are all that there are, FindTags those that somebody may mean.
	Tags() []NamedTag
	FindTags(query string, limit int) []NamedTag
	// Decide accepts or rejects a tag, which may go by any of its names.
	Decide(ctx context.Context, thread int64, tag string, accept bool, who, why string) error
	LookedAt(ctx context.Context, thread int64, who string) error
	Undo(ctx context.Context, entry int64, by sigpost.Person) error
	// Texts are messages of a thread: the first, those that are named, and more.
	Texts(ctx context.Context, thread int64, named []sigpost.MessageID, room int) (msgs []*sigpost.Message, left int, err error)
	// BulkFind finds the threads that a filter means, at most BulkMost; BulkDecide
	// decides on those that BulkThreads stands for.
	BulkFind(ctx context.Context, f BulkFilter) ([]store.BulkThread, error)
	BulkDecide(ctx context.Context, f BulkFilter, threads string, accept bool, who, why string) (int, error)
	// Rethread changes which messages are a thread, and gives the threads that come of
	// it; without apply only what would come of it, and what stands for the threads as
	// they are now, which is c.Seen for applying it: where they are others by then,
	// nothing is done, and the error wraps ErrOtherThreads.
	Rethread(ctx context.Context, c ThreadChange, apply bool, who, why string) (after []sigpost.Thread, seen string, err error)
	// Mailboxes says how far each mailbox was read, by what the servers say where they
	// are asked. Retry reads mail in quarantine again
	// and says why it stays there, or "".
	Mailboxes(ctx context.Context, ask bool) ([]MailboxView, error)
	Retry(ctx context.Context, quarantined int64) (reason string, err error)
	// Report is what anybody may do.
	Report(ctx context.Context, thread int64, r review.Report, from netip.Prefix) error
}

// NamedTag is a tag with its name for people.
type NamedTag struct {
	Tag   sigpost.Tag
	Title string
}

// reviewRoutes are where reviewers work, and where readers say what is wrong.
func (s *site) reviewRoutes() []route {
	if s.Review == nil {
		return nil
	}
	routes := []route{
		{pattern: "GET /report/{thread}", handle: s.reportPage, personal: true},
		{pattern: "POST /report/{thread}", handle: s.report, personal: true},
	}
	if s.People == nil {
		return routes
	}
	return append(routes, []route{
		{pattern: "GET /review", handle: s.queue, needs: sigpost.RoleReviewer},
		{pattern: "GET /review/counts", handle: s.queueCounts, needs: sigpost.RoleReviewer},
		{pattern: "GET /review/tags", handle: s.findTags, needs: sigpost.RoleReviewer},
		{pattern: "POST /review/undo", handle: s.undoReview, needs: sigpost.RoleReviewer},
		{pattern: "GET /review/bulk", handle: s.bulk, needs: sigpost.RoleReviewer},
		{pattern: "POST /review/bulk", handle: s.applyBulk, needs: sigpost.RoleReviewer},
		{pattern: "GET /review/threads/{id}", handle: s.shape, needs: sigpost.RoleReviewer},
		{pattern: "POST /review/threads/{id}", handle: s.reshape, needs: sigpost.RoleReviewer},
		{pattern: "GET /review/ingest", handle: s.ingest, needs: sigpost.RoleReviewer},
		{pattern: "GET /review/quarantine", handle: s.quarantine, needs: sigpost.RoleAdmin},
		{pattern: "POST /review/quarantine", handle: s.retry, needs: sigpost.RoleAdmin},
		{pattern: "GET /review/quarantine/{id}", handle: s.quarantined, needs: sigpost.RoleAdmin},
		{pattern: "GET /review/quality", handle: s.quality, needs: sigpost.RoleReviewer},
		{pattern: "GET /review/sample", handle: s.weekSample, needs: sigpost.RoleReviewer},
		{pattern: "POST /review/sample", handle: s.drawSample, needs: sigpost.RoleReviewer},
		{pattern: "GET /review/{thread}", handle: s.reviewThread, needs: sigpost.RoleReviewer},
		{pattern: "POST /review/{thread}", handle: s.decide, needs: sigpost.RoleReviewer},
	}...)
}

// queueLength is how many threads a page of the queue has, countLimit how far
// threads are counted.
const (
	queueLength = 30
	countLimit  = 1000
)

// queueFilter is what a queue is narrowed to, as it stands in the URL.
type queueFilter struct{ store.QueueQuery }

func filterOf(values url.Values) (f queueFilter, err error) {
	if name := values.Get("reason"); name != "" {
		known := false
		if f.Reason, known = review.ParseReason(name); !known {
			return f, sigpost.ErrUsage
		}
	}
	if name := values.Get("tag"); name != "" {
		known := false
		if f.Tag, known = sigpost.ParseTag(name); !known {
			return f, sigpost.ErrUsage
		}
	}
	f.List = values.Get("list")
	if at := values.Get("at"); at != "" {
		worth, thread, _ := strings.Cut(at, "-")
		if f.From.Worth, err = strconv.ParseFloat(worth, 64); err == nil {
			f.From.Thread, err = strconv.ParseInt(thread, 10, 64)
		}
		if err != nil {
			return f, sigpost.ErrUsage
		}
	}
	return f, nil
}

// query is the filter for a URL, with a place in the queue where one is given.
func (f queueFilter) query(at store.QueuePlace) string {
	v := url.Values{}
	if f.Reason != "" {
		v.Set("reason", string(f.Reason))
	}
	if f.Tag != (sigpost.Tag{}) {
		v.Set("tag", f.Tag.String())
	}
	if f.List != "" {
		v.Set("list", f.List)
	}
	if at != (store.QueuePlace{}) {
		v.Set("at", strconv.FormatFloat(at.Worth, 'g', -1, 64)+"-"+strconv.FormatInt(at.Thread, 10))
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// reasonCount says how many threads there are to look at for a reason.
type reasonCount struct {
	Reason review.Reason // empty for all
	Title  string
	Count  string
	URL    string
	Chosen bool
}

type queuePage struct {
	page
	Counts  []reasonCount
	Threads []queuedThread
	Tag     string
	List    string
	Lists   []string
	Reason  review.Reason
	// MoreURL leads to what comes behind, FirstURL to the top; both may be empty.
	MoreURL, FirstURL string
	Last              *lastAct
	Query             string
	// Ended says that there is nothing behind the thread that was looked at last.
	Ended   bool
	Problem string
}

type queuedThread struct {
	store.Judged
	URL string
}

// queue lists what needs a look.
func (s *site) queue(w http.ResponseWriter, r *http.Request) { s.showQueue(w, r, http.StatusOK, "") }

func (s *site) showQueue(w http.ResponseWriter, r *http.Request, status int, problem string) {
	f, err := filterOf(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := queuePage{page: s.page(r, "Review"), List: f.List, Reason: f.Reason, Ended: r.FormValue("ended") != "", Problem: problem}
	p.Scripts = []string{"review.js"}
	if f.Tag != (sigpost.Tag{}) {
		p.Tag = f.Tag.String()
	}
	p.Query = f.query(store.QueuePlace{})
	f.Limit = queueLength + 1
	threads, err := s.Store.ReviewQueue(r.Context(), f.QueueQuery)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if f.From != (store.QueuePlace{}) {
		p.FirstURL = "/review" + f.query(store.QueuePlace{})
	}
	if len(threads) > queueLength {
		threads = threads[:queueLength]
		p.MoreURL = "/review" + f.query(placeOf(threads[queueLength-1]))
	}
	var ids []int64
	for _, t := range threads {
		ids = append(ids, t.ID)
	}
	unseen, err := s.Store.Unseen(r.Context(), ids, nil)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, t := range threads {
		t.BaseSubject = subjectOf(unseen, t.ID, t.BaseSubject)
		p.Threads = append(p.Threads, queuedThread{t, threadURL(t, f)})
	}
	if p.Counts, err = s.reasonCounts(r.Context(), f); err == nil {
		p.Last, err = s.lastAct(r)
	}
	if err == nil {
		p.Lists, err = s.listNames(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, status, "queue", p)
}

func placeOf(t store.Judged) store.QueuePlace { return store.QueuePlace{Worth: t.Worth, Thread: t.ID} }

// threadURL is where a thread of a queue is looked at.
func threadURL(t store.Judged, f queueFilter) string {
	return fmt.Sprintf("/review/%d%s", t.ID, f.query(placeOf(t)))
}

// listNames are the lists whose mail is in the archive.
func (s *site) listNames(ctx context.Context) (names []string, err error) {
	boxes, err := s.Store.Mailboxes(ctx)
	for _, b := range boxes {
		if b.List != "" && !slices.Contains(names, b.List) {
			names = append(names, b.List)
		}
	}
	slices.Sort(names)
	return names, err
}

// reasonCounts says how much there is to do, for each reason.
func (s *site) reasonCounts(ctx context.Context, f queueFilter) ([]reasonCount, error) {
	var all []reasonCount
	for _, reason := range append([]review.Reason{""}, review.Reasons()...) {
		one := f
		one.Reason = reason
		n, err := s.Store.ReviewCount(ctx, one.QueueQuery, countLimit+1)
		if err != nil {
			return nil, err
		}
		c := reasonCount{Reason: reason, Title: reason.Title(), Count: strconv.Itoa(n), URL: "/review" + one.query(store.QueuePlace{}), Chosen: reason == f.Reason}
		if reason == "" {
			c.Title = "all"
		}
		if n > countLimit {
			c.Count = "more than " + strconv.Itoa(countLimit)
		}
		all = append(all, c)
	}
	return all, nil
}

// queueCounts is reasonCounts for the script.
func (s *site) queueCounts(w http.ResponseWriter, r *http.Request) {
	f, err := filterOf(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	counts, err := s.reasonCounts(r.Context(), f)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	all := map[string]string{}
	for _, c := range counts {
		all[string(c.Reason)] = c.Count
	}
	s.answerJSON(w, r, all)
}

// findTags finds tags for the script.
func (s *site) findTags(w http.ResponseWriter, r *http.Request) {
	type found struct {
		Tag   string `json:"tag"`
		Title string `json:"title"`
	}
	all := []found{}
	for _, t := range s.Review.FindTags(r.FormValue("q"), 12) {
		all = append(all, found{t.Tag.String(), t.Title})
	}
	s.answerJSON(w, r, all)
}

func (s *site) answerJSON(w http.ResponseWriter, r *http.Request, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.Log.DebugContext(r.Context(), "an answer was not taken", "path", shownPath(r), "error", err)
	}
}

// lastAct is what who asks has just done at the desk: a page tells of it that somebody
// comes to by doing it, and no other one.
type lastAct struct {
	sigpost.AuditEntry
	// Back leads to what it was done to.
	Back string
	// TakenBack says that it was undone just now.
	TakenBack bool
}

// lately is for how long a page tells of an act, and didField the field of its URL
// that says of which.
const (
	lately   = 10 * time.Minute
	didField = "did"
)

func (s *site) lastAct(r *http.Request) (*lastAct, error) {
	id, err := strconv.ParseInt(r.URL.Query().Get(didField), 10, 64)
	if err != nil {
		return nil, nil
	}
	e, err := s.Store.AuditEntry(r.Context(), id)
	switch {
	case errors.Is(err, sigpost.ErrNotFound), err == nil && (e.Who != personOf(r).Addr || s.now().Sub(e.At) > lately):
		return nil, nil
	case err != nil:
		return nil, err
	}
	act := &lastAct{AuditEntry: e, Back: "/review", TakenBack: e.Undoes != 0}
	if act.TakenBack {
		if act.AuditEntry, err = s.Store.AuditEntry(r.Context(), e.Undoes); err != nil {
			return nil, err
		}
	} else if !canBeUndone(e) {
		return nil, nil
	}
	switch e.Kind {
	case sigpost.AuditThread:
		act.Back = "/review/" + e.Object
	case sigpost.AuditTag:
	default:
		return nil, nil
	}
	return act, nil
}

// did is where an act leads to, with what that page needs to tell of it.
func (s *site) did(r *http.Request, to string) string {
	log, err := s.Store.AuditLog(r.Context(), store.AuditQuery{Who: personOf(r).Addr, Limit: 1})
	if err != nil || len(log) == 0 { // it was done all the same
		return to
	}
	to, place, _ := strings.Cut(to, "#")
	to += map[bool]string{true: "&", false: "?"}[strings.Contains(to, "?")] + didField + "=" + strconv.FormatInt(log[0].ID, 10)
	if place != "" {
		to += "#" + place
	}
	return to
}

// atDesk says whether an act is one of the reviewers' desk.
func atDesk(e sigpost.AuditEntry) bool {
	return e.Kind == sigpost.AuditThread || e.Kind == sigpost.AuditTag
}

// undoReview takes back what somebody did to threads and tags, and leads to where it
// was.
func (s *site) undoReview(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PostFormValue("entry"), 10, 64)
	if err != nil {
		s.fail(w, r, sigpost.ErrUsage)
		return
	}
	e, err := s.Store.AuditEntry(r.Context(), id)
	if err == nil && !atDesk(e) {
		err = fmt.Errorf("entry %d is no act of this desk: %w", id, sigpost.ErrForbidden)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	back, again := "/review", func(status int, says string) { s.showQueue(w, r, status, says) }
	if e.Kind == sigpost.AuditThread {
		back += "/" + url.PathEscape(e.Object)
		r.SetPathValue("thread", e.Object)
		again = func(status int, says string) { s.showReview(w, r, status, says, "") }
	} else if e.Action == sigpost.AuditTagBulk {
		back += "/bulk"
		again = func(status int, says string) { s.showBulk(w, r, status, says) }
	}
	if f, err := filterOf(r.URL.Query()); err == nil {
		back += f.query(store.QueuePlace{})
	}
	if err := s.Review.Undo(r.Context(), id, personOf(r)); err != nil {
		s.refuseAct(w, r, err, again)
		return
	}
	http.Redirect(w, r, s.did(r, back), http.StatusSeeOther)
}

// refuseAct says why something was not done, since reviewers may know: again shows the
// page once more, with that and with what was typed.
func (s *site) refuseAct(w http.ResponseWriter, r *http.Request, err error, again func(status int, says string)) {
	switch {
	case r.Context().Err() != nil:
		s.fail(w, r, err)
	case errors.Is(err, sigpost.ErrLocked):
		again(http.StatusServiceUnavailable, "The archive is being written just now, and nothing was done: please try again in a minute.")
	case errors.Is(err, sigpost.ErrNotFound), errors.Is(err, sigpost.ErrForbidden):
		s.fail(w, r, err)
	default:
		s.Log.WarnContext(r.Context(), "a reviewer's act was refused", "path", shownPath(r), "error", err)
		again(http.StatusConflict, "This was not done: "+err.Error()+".")
	}
}

// decide does one thing with a thread, and goes on: to what is still in question in
// it, or to the next thread.
func (s *site) decide(w http.ResponseWriter, r *http.Request) {
	ctx, who := r.Context(), personOf(r).Addr
	id, err := strconv.ParseInt(r.PathValue("thread"), 10, 64)
	f, bad := filterOf(r.URL.Query())
	if err != nil || bad != nil || r.ParseForm() != nil {
		s.fail(w, r, sigpost.ErrUsage)
		return
	}
	form := r.PostForm
	why, err := whyOf(form)
	switch {
	case err != nil:
	case form.Get("accept") != "":
		err = s.Review.Decide(ctx, id, form.Get("accept"), true, who, why)
	case form.Get("reject") != "":
		err = s.Review.Decide(ctx, id, form.Get("reject"), false, who, why)
	case strings.TrimSpace(form.Get("add")) != "":
		err = s.Review.Decide(ctx, id, strings.TrimSpace(form.Get("add")), true, who, why)
	case form.Has("done"):
		err = s.Review.LookedAt(ctx, id, who)
	default:
		err = sigpost.Usage(errors.New("nothing was chosen"))
	}
	if err != nil {
		s.refuseAct(w, r, err, func(status int, says string) {
			s.showReview(w, r, status, says, strings.TrimSpace(form.Get("add")))
		})
		return
	}
	after, err := s.Store.Judge(ctx, []int64{id})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if j, ok := after[id]; ok && len(j.Questions) > 0 {
		http.Redirect(w, r, s.did(r, fmt.Sprintf("/review/%d%s", id, f.query(f.From))), http.StatusSeeOther)
		return
	}
	f.Limit = 1
	next, err := s.Store.ReviewQueue(ctx, f.QueueQuery)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case len(next) == 0:
		again := f.query(store.QueuePlace{})
		http.Redirect(w, r, s.did(r, "/review"+again+map[bool]string{true: "?", false: "&"}[again == ""]+"ended=1"), http.StatusSeeOther)
	default:
		http.Redirect(w, r, s.did(r, threadURL(next[0], f)), http.StatusSeeOther)
	}
}
