package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// auditRoutes are who did what.
func (s *site) auditRoutes() []route {
	if s.People == nil {
		return nil
	}
	return []route{
		{pattern: "GET /audit", handle: s.audit, needs: sigpost.RoleReviewer},
		{pattern: "POST /audit/undo", handle: s.undo, needs: sigpost.RoleReviewer},
	}
}

// auditLength is how many entries a page has.
const auditLength = 50

type auditPage struct {
	page
	Entries []auditView
	// What the list is narrowed to; Kinds and Actions are what can be chosen.
	Who, Object, Since string
	Kinds, Actions     []option
	// OlderURL leads to what comes behind, or is empty; NewestURL back to the top.
	OlderURL, NewestURL string
	Problem             string
}

// option is one of a <select>.
type option struct {
	Value  string
	Chosen bool
}

// auditView is an entry as its page shows it.
type auditView struct {
	sigpost.AuditEntry
	URL     string // of what it was done to, or ""
	When    string
	CanUndo bool
}

func (s *site) audit(w http.ResponseWriter, r *http.Request) { s.showAudit(w, r, http.StatusOK, "") }

func (s *site) showAudit(w http.ResponseWriter, r *http.Request, status int, problem string) {
	form := r.URL.Query()
	q := store.AuditQuery{Who: form.Get("who"), Action: sigpost.AuditAction(form.Get("action")), Kind: sigpost.AuditKind(form.Get("kind")), Object: form.Get("object"), Limit: auditLength + 1}
	p := auditPage{page: s.page(r, "Audit log"), Who: q.Who, Object: q.Object, Since: form.Get("since"), Problem: problem}
	if q.Object != "" && q.Kind == "" { // a number alone is a thread's
		q.Kind = sigpost.AuditThread
	}
	var err error
	if p.Since != "" {
		if q.Since, err = time.Parse(time.DateOnly, p.Since); err != nil {
			s.fail(w, r, sigpost.ErrUsage)
			return
		}
	}
	if from := form.Get("from"); from != "" {
		if q.Before, err = strconv.ParseInt(from, 10, 64); err != nil || q.Before < 1 {
			s.fail(w, r, sigpost.ErrUsage)
			return
		}
		form.Del("from")
		p.NewestURL = auditURL(form)
	}
	entries, err := s.Store.AuditLog(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(entries) > auditLength {
		entries = entries[:auditLength]
		form.Set("from", strconv.FormatInt(entries[auditLength-1].ID, 10))
		p.OlderURL = auditURL(form)
	}
	can, err := s.canUndo(r.Context(), entries)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, e := range entries {
		view := auditView{e, objectURL(e), s.auditClock(e), can[e.ID] && p.May(e.Action.UndoNeeds())}
		if e.Kind == sigpost.AuditIssue && p.Edits() {
			view.URL = (&url.URL{Path: EditPath + "/" + e.Object}).EscapedPath()
		}
		p.Entries = append(p.Entries, view)
	}
	for _, k := range sigpost.AuditKinds() {
		p.Kinds = append(p.Kinds, option{string(k), k == q.Kind})
	}
	for _, a := range sigpost.AuditActions() {
		p.Actions = append(p.Actions, option{string(a), a == q.Action})
	}
	s.show(w, r, status, "audit", p)
}

// canUndo says which entries can be taken back, by their numbers.
func (s *site) canUndo(ctx context.Context, entries []sigpost.AuditEntry) (map[int64]bool, error) {
	if s.Undo == nil || s.CanUndo == nil {
		return nil, nil
	}
	return s.CanUndo(ctx, entries)
}

// auditClock is when an act was: one on an issue by its digest's clock.
func (s *site) auditClock(e sigpost.AuditEntry) string {
	name, _, _ := strings.Cut(e.Object, "/")
	if e.Kind == sigpost.AuditIssue && s.Zone != nil {
		if zone, err := time.LoadLocation(s.Zone(name)); err == nil {
			return clockWords(e.At, zone)
		}
	}
	return clockWords(e.At, time.UTC)
}

func auditURL(form url.Values) string {
	if query := form.Encode(); query != "" {
		return "/audit?" + query
	}
	return "/audit"
}

// objectURL is where what something was done to can be seen.
func objectURL(e sigpost.AuditEntry) string {
	switch e.Kind {
	case sigpost.AuditThread:
		return "/threads/" + url.PathEscape(e.Object)
	case sigpost.AuditMessage:
		return "/m/" + url.PathEscape(e.Object)
	case sigpost.AuditIssue:
		return (&url.URL{Path: "/issues/" + e.Object}).EscapedPath()
	}
	return ""
}

// undo takes an act back.
func (s *site) undo(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PostFormValue("entry"), 10, 64)
	if err != nil || s.Undo == nil {
		s.fail(w, r, sigpost.ErrUsage)
		return
	}
	e, err := s.Store.AuditEntry(r.Context(), id)
	if err == nil {
		err = s.Undo(r.Context(), e, personOf(r))
	}
	switch {
	case err == nil:
		http.Redirect(w, r, "/audit", http.StatusSeeOther)
	case errors.Is(err, sigpost.ErrNotFound), errors.Is(err, sigpost.ErrForbidden), errors.Is(err, sigpost.ErrLocked):
		s.fail(w, r, err)
	case r.Context().Err() != nil:
		s.fail(w, r, err)
	default: // it is for who undoes: it says what stands in the way
		s.Log.WarnContext(r.Context(), "an act was not undone", "entry", id, "error", err)
		s.showAudit(w, r, http.StatusConflict, sentence(err.Error()))
	}
}

// tryAudit is the audit log, in all its states.
func (s *site) tryAudit() []tried {
	p, now := s.page(nil, "One"), time.Unix(0, 0)
	entry := sigpost.AuditEntry{ID: 2, At: now, Who: "jo", Action: sigpost.AuditTagAccept, Kind: sigpost.AuditThread, Object: "1", Says: "S"}
	undone, undoing := entry, entry
	undone.ID, undone.UndoneBy, undoing.ID, undoing.Undoes = 1, 3, 3, 1
	options := []option{{"a", true}, {"b", false}}
	return []tried{
		{"audit", auditPage{page: p, Entries: []auditView{{entry, "/", "W", true}, {undone, "", "W", false}, {undoing, "", "W", false}}, Who: "jo", Object: "1", Since: "2016-04-01",
			Kinds: options, Actions: options, OlderURL: "/", NewestURL: "/", Problem: "P"}},
		{"audit", auditPage{page: p}},
	}
}
