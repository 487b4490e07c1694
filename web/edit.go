package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/digest"
)

// Editing is what editors do to issues, by the same functions as the command line.
// Errors are a *Refusal where something cannot be done as things are, wrap
// digest.ErrChanged where the draft is not any more as it was at the version, are
// digest.FormErrors where a form is wrong, and wrap sigpost.ErrNotFound where there
// is no such issue.
type Editing interface {
	Digests(ctx context.Context) ([]EditedDigest, error)
	Open(ctx context.Context, name string, number int) (EditedIssue, error)

	Act(ctx context.Context, name string, number int, version string, act digest.Act) error
	Undo(ctx context.Context, name string, number int, entry int64, by sigpost.Person) error
	ApplyForm(ctx context.Context, name string, number int, form string) error
	Rebuild(ctx context.Context, name string, number int) error

	// Letter is an issue as a reader of a choice of topics gets it, by the clock of a
	// zone ("" is the digest's).
	Letter(ctx context.Context, name string, number int, chosen sigpost.Selection, zone string) (EditedLetter, error)
	Preflight(ctx context.Context, name string, number int, links bool) (EditedPreflight, error)
	Changes(ctx context.Context, name string, number int, since ChangesSince) (digest.Difference, error)

	Ready(ctx context.Context, name string, number int) error
	// Approve approves the draft of a version; at is a time as a form has it, or "".
	Approve(ctx context.Context, name string, number int, version, at string, despite bool) error
	Unapprove(ctx context.Context, name string, number int) error

	Pause(ctx context.Context, name string, number int, why string) error
	Resume(ctx context.Context, name string, number int) error
	Cancel(ctx context.Context, name string, number int, why string) error
	Retry(ctx context.Context, name string, number int, state sigpost.DeliveryState) error
	// Arrived notes that all that is held arrived, where that is still so many as somebody
	// saw.
	Arrived(ctx context.Context, name string, number, seen int) error
	// Lost are letters that failed or are held, the latest first, at most limit.
	Lost(ctx context.Context, name string, number, limit int) ([]EditedLoss, error)
}

// Refusal says in words why something is not done.
type Refusal struct {
	Status int
	Says   string
}

// Error is what it says.
func (r *Refusal) Error() string { return r.Says }

// EditedDigest is a digest as its editors see it.
type EditedDigest struct {
	Name, Title string
	Zone        *time.Location
	Drafts      []EditedDraft
	Waiting     []sigpost.Issue // approved, not being sent yet
	Sending     []EditedSending
	Last        []sigpost.Issue // that were sent, the latest first
	Next        time.Time       // when the next issue is due
}

// EditedDraft is a draft in short.
type EditedDraft struct {
	Issue sigpost.Issue
	// Deadline is when it approves itself; zero where it does not.
	Deadline time.Time
	// Errors and Warnings count what the preflight finds.
	Errors, Warnings int
}

// EditedSending is how the sending of an issue goes.
type EditedSending struct {
	Issue   sigpost.Issue
	Letters sigpost.DeliveryCounts
	Waiting int     // letters that are to go out still
	Rate    float64 // letters a minute, of late
	Left    time.Duration
	Begun   time.Time
	Expires time.Time
	// Paused and Ended say why it stands still, or why the rest is not sent.
	Paused, Ended string
}

// EditedIssue is an issue with what an editor needs to know of it.
type EditedIssue struct {
	Issue sigpost.Issue
	// Draft is what it is made of; empty where that is not kept.
	Draft    sigpost.Draft
	Version  string
	Zone     *time.Location
	Deadline time.Time
	// Log is what was done to it, newest first.
	Log     []sigpost.AuditEntry
	Sending EditedSending // where it is being sent, or was
}

// EditedLetter is a letter for looking at.
type EditedLetter struct {
	Subject, HTML, Text string
	// Nothing says that there is nothing on those topics, so that no letter is sent.
	Nothing bool
}

// EditedPreflight is what there is to know before an issue is approved.
type EditedPreflight struct {
	Findings []EditedFinding
	Cohorts  []EditedCohort
	Readers  int // who are subscribed
	Letters  int // that go out
}

// EditedFinding is a finding, and where what it is about can be put right: a path
// below the issue's, or "".
type EditedFinding struct {
	digest.Finding
	Where string
}

// EditedCohort are the readers of one choice of topics.
type EditedCohort struct {
	Selection        sigpost.Selection
	Readers, Threads int
	Nothing          bool
}

// EditedLoss is a letter that was not sent, or may not have been.
type EditedLoss struct {
	Addr  string // the whole address
	State sigpost.DeliveryState
	At    time.Time
	Why   string // the server's last words
}

// ChangesSince says with what a draft is compared.
type ChangesSince string

// What a draft is compared with.
const (
	SinceComposed ChangesSince = "composed" // what was composed: what editors did
	SinceBefore   ChangesSince = "before"   // before it was composed anew: what that did
	SinceNext     ChangesSince = "next"     // what composing it anew would do
	SinceApproved ChangesSince = "approved" // when it was approved, and that was taken back
)

// EditPath is where editors work.
const EditPath = "/edit"

// formBody is what a form of a whole draft may have, in bytes: each letter of it may
// be sent as three.
const formBody = 12 << 20

// editRoutes are the editors' desk.
func (s *site) editRoutes() []route {
	if s.Editing == nil {
		return nil
	}
	const issue = EditPath + "/{digest}/{number}"
	routes := []route{
		{pattern: "GET " + EditPath, handle: s.editHome},
		{pattern: "GET " + issue, handle: s.editIssue},
		{pattern: "POST " + issue + "/act", handle: s.editAct, body: 1 << 20},
		{pattern: "POST " + issue + "/undo", handle: s.editUndo},
		{pattern: "GET " + issue + "/text", handle: s.editText},
		{pattern: "POST " + issue + "/text", handle: s.editTextTaken, body: formBody},
		{pattern: "GET " + issue + "/preview", handle: s.editPreview},
		{pattern: "GET " + issue + "/preview/{as}", handle: s.editPreviewed},
		{pattern: "GET " + issue + "/preflight", handle: s.editPreflight},
		{pattern: "GET " + issue + "/changes", handle: s.editChanges},
		{pattern: "POST " + issue + "/rebuild", handle: s.editDo(func(r *http.Request, name string, n int) error { return s.Editing.Rebuild(r.Context(), name, n) })},
		{pattern: "POST " + issue + "/ready", handle: s.editDo(func(r *http.Request, name string, n int) error { return s.Editing.Ready(r.Context(), name, n) })},
		{pattern: "GET " + issue + "/approve", handle: s.editApprovePage},
		{pattern: "POST " + issue + "/approve", handle: s.editApprove},
		{pattern: "POST " + issue + "/unapprove", handle: s.editDo(func(r *http.Request, name string, n int) error { return s.Editing.Unapprove(r.Context(), name, n) })},
		{pattern: "POST " + issue + "/sending", handle: s.editDo(s.editSending)},
	}
	for i := range routes {
		routes[i].needs = sigpost.RoleEditor
	}
	return routes
}

func editPath(name string, number int) string {
	return EditPath + "/" + name + "/" + strconv.Itoa(number)
}

// editHead is the top of each page about an issue.
type editHead struct {
	page
	Edited EditedIssue
	Path   string // of the issue on the desk
	Tab    string // which page it is
	Words  string // how far the issue has come
}

// editHead asks for an issue. Where that fails it has answered, and ok is false.
func (s *site) editHead(w http.ResponseWriter, r *http.Request, tab string) (h editHead, ok bool) {
	name, number, err := editName(r)
	if err == nil {
		h.Edited, err = s.Editing.Open(r.Context(), name, number)
	}
	if err != nil {
		s.failEdit(w, r, err)
		return h, false
	}
	return s.headOf(r, h.Edited, tab), true
}

func (s *site) headOf(r *http.Request, e EditedIssue, tab string) editHead {
	h := editHead{Edited: e, Tab: tab, Path: editPath(e.Issue.Digest, e.Issue.Number), Words: stateWords(e, s.now())}
	h.page = s.page(r, fmt.Sprintf("%s, No. %d", e.Issue.Title, e.Issue.Number))
	h.Scripts = []string{"edit.js"}
	return h
}

// Clock is a moment by the digest's clock, in words.
func (h editHead) Clock(t time.Time) string { return clockWords(t, h.Edited.Zone) }

func clockWords(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2 Jan 2006 15:04 MST")
}

// stateWords say how far an issue has come.
func stateWords(e EditedIssue, now time.Time) string {
	i := e.Issue
	switch i.State {
	case sigpost.IssueDraft:
		return "A draft: nobody gets it before it is approved."
	case sigpost.IssueReady:
		if !e.Deadline.IsZero() {
			return "Ready: if nobody approves it, it approves itself after " + clockWords(e.Deadline, e.Zone) + ", unless the preflight finds errors."
		}
		return "Ready: it waits until somebody approves it."
	case sigpost.IssueApproved:
		words := "Approved by " + i.ApprovedBy + ", " + clockWords(i.Approved, e.Zone) + ". "
		if i.SendAfter.After(now) {
			return words + "It is sent by the first run after " + clockWords(i.SendAfter, e.Zone) + "."
		}
		return words + "The next run sends it."
	case sigpost.IssueSending:
		if e.Sending.Paused != "" {
			return "It stands still: " + e.Sending.Paused + "."
		}
		return "It is being sent."
	}
	if e.Sending.Ended != "" {
		return "Not sent to everybody: " + e.Sending.Ended + "."
	}
	return "Sent."
}

func editName(r *http.Request) (name string, number int, err error) {
	number, err = strconv.Atoi(r.PathValue("number"))
	if err != nil || number < 1 {
		return "", 0, sigpost.ErrNotFound
	}
	return r.PathValue("digest"), number, nil
}

// editDo is a handler that does something and leads back to the issue, or to what
// the form says: a page of it.
func (s *site) editDo(do func(r *http.Request, name string, number int) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, number, err := editName(r)
		if err == nil {
			err = do(r, name, number)
		}
		if err != nil {
			s.failEdit(w, r, err)
			return
		}
		back := editPath(name, number)
		if r.PostFormValue("back") == "changes" {
			back += "/changes?since=before"
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
	}
}

// refusedPage says why something was not done, and where to go on.
type refusedPage struct {
	page
	Says string
	Back string
}

// failEdit shows why something was not done.
func (s *site) failEdit(w http.ResponseWriter, r *http.Request, err error) {
	refusal := (*Refusal)(nil)
	if errors.Is(err, digest.ErrChanged) {
		refusal = &Refusal{http.StatusConflict, changedWords}
	}
	if refusal == nil && !errors.As(err, &refusal) {
		s.fail(w, r, err)
		return
	}
	back := EditPath
	if name, number, err := editName(r); err == nil {
		back = editPath(name, number)
	}
	s.show(w, r, refusal.Status, "editrefused", refusedPage{s.page(r, "Not done"), refusal.Says, back})
}

const changedWords = "Somebody has changed the draft since you opened it, so nothing was done. Look at it as it is now, and do it again if you still want it."

type editHomePage struct {
	page
	Digests []editedDigest
}

// editedDigest is a digest on the first page of the desk.
type editedDigest struct {
	EditedDigest
}

// Clock is a moment by the digest's clock, in words.
func (d editedDigest) Clock(t time.Time) string { return clockWords(t, d.Zone) }

// Path is where an issue is edited.
func (d editedDigest) Path(number int) string { return editPath(d.Name, number) }

func (s *site) editHome(w http.ResponseWriter, r *http.Request) {
	digests, err := s.Editing.Digests(r.Context())
	if err != nil {
		s.failEdit(w, r, err)
		return
	}
	p := editHomePage{page: s.page(r, "Edit")}
	for _, d := range digests {
		p.Digests = append(p.Digests, editedDigest{d})
		if len(d.Sending) > 0 {
			p.Refresh = editRefresh
		}
	}
	p.Scripts = []string{"edit.js"}
	s.show(w, r, http.StatusOK, "edithome", p)
}

// editRefresh is after how many seconds a page is loaded anew that shows how sending
// goes.
const editRefresh = 10

// Progress says in words how far sending has come.
func (e EditedSending) Progress() string {
	words := fmt.Sprintf("%d sent, %d waiting", e.Letters[sigpost.DeliverySent], e.Waiting)
	for _, more := range []struct {
		state sigpost.DeliveryState
		says  string
	}{{sigpost.DeliveryFailed, "failed"}, {sigpost.DeliveryUnknown, "held, since nobody knows whether they arrived"}, {sigpost.DeliverySuppressed, "not sent to, since there is nothing for them or they have left"}} {
		if n := e.Letters[more.state]; n > 0 {
			words += fmt.Sprintf(", %d %s", n, more.says)
		}
	}
	return words
}

// Pace says in words how quickly it goes, and how long it takes still; "" where that
// is not known.
func (e EditedSending) Pace() string {
	if e.Rate == 0 || e.Waiting == 0 || e.Paused != "" || e.Issue.State != sigpost.IssueSending {
		return ""
	}
	left := "less than a minute"
	if e.Left >= time.Minute {
		left = strings.TrimSuffix(e.Left.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("about %.0f letters a minute, %s left", e.Rate, left)
}
