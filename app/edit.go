package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/store"
)

// Draft finds an issue that can be edited: the one with the number, or the only
// one where number is 0. The error wraps sigpost.ErrNotFound where there is
// none, store.ErrFrozen where it cannot be changed any more, and
// sigpost.ErrUsage where there are several to choose from.
func (a *App) Draft(ctx context.Context, d config.Digest, number int) (sigpost.Issue, error) {
	if number != 0 {
		issue, err := a.Issue(ctx, d, number)
		if err == nil && !issue.State.Open() {
			err = fmt.Errorf("issue %d of %s is %s, and what it holds stays as it is%s: %w", number, d.Name, issue.State,
				map[bool]string{true: "; \"sigpost digest unapprove\" opens it again"}[issue.State == sigpost.IssueApproved], store.ErrFrozen)
		}
		return issue, err
	}
	open, err := a.Store.OpenDrafts(ctx, d.Name)
	switch {
	case err != nil:
		return sigpost.Issue{}, err
	case len(open) == 0:
		return sigpost.Issue{}, a.noDraft(ctx, d)
	case len(open) > 1:
		var numbers []string
		for _, i := range open {
			numbers = append(numbers, fmt.Sprint(i.Number))
		}
		return sigpost.Issue{}, sigpost.Usage(fmt.Errorf("%s has several drafts: say which by its number (%s)", d.Name, strings.Join(numbers, ", ")))
	}
	return open[0], nil
}

// noDraft is the error for a digest without a draft: it says how far the last
// issue has come instead, and what can be done.
func (a *App) noDraft(ctx context.Context, d config.Digest) error {
	last, err := a.lastNumbered(ctx, d)
	switch {
	case errors.Is(err, sigpost.ErrNotFound):
		return sigpost.NotFound(fmt.Errorf("%s has no draft, and no issue yet; \"sigpost digest compose\" makes one", d.Name))
	case err != nil:
		return err
	}
	next := "\"sigpost digest compose\" makes the next one when it is due"
	if last.State == sigpost.IssueApproved {
		next = "\"sigpost digest unapprove\" opens it again"
	}
	return sigpost.NotFound(fmt.Errorf("%s has no draft: issue %d is %s; %s", d.Name, last.Number, last.State, next))
}

// Issue finds an issue by its number.
func (a *App) Issue(ctx context.Context, d config.Digest, number int) (sigpost.Issue, error) {
	issue, err := a.Store.IssueByNumber(ctx, d.Name, number)
	if errors.Is(err, sigpost.ErrNotFound) {
		err = sigpost.NotFound(fmt.Errorf("%s has no issue %d; \"sigpost digest list\" shows what there is", d.Name, number))
	}
	return issue, err
}

// DraftOrLast is the issue of that number; without one (0) the only draft, or the
// last issue where there is no draft.
func (a *App) DraftOrLast(ctx context.Context, d config.Digest, number int) (sigpost.Issue, error) {
	if number > 0 {
		return a.Issue(ctx, d, number)
	}
	issue, err := a.Draft(ctx, d, 0)
	if !errors.Is(err, sigpost.ErrNotFound) {
		return issue, err
	}
	return a.lastNumbered(ctx, d)
}

// EditReport says what an edit, or composing a draft anew, changed.
type EditReport struct {
	Digest string `json:"digest"`
	Number int    `json:"number"`
	// Saved are the edits that are new or not what they were, Undone those that
	// are taken back.
	Saved  []sigpost.Edit `json:"saved,omitempty"`
	Undone int            `json:"undone,omitempty"`
	// Difference is what sets the issue apart from what it was.
	Difference digest.Difference `json:"difference"`
	// Lost are edits of threads that are not in the draft any more. They are
	// kept, and count again if the threads come back.
	Lost []sigpost.Edit `json:"lost,omitempty"`
}

// EditForm gives a draft as a text for an editor.
func (a *App) EditForm(ctx context.Context, d config.Digest, number int) (issue sigpost.Issue, form string, err error) {
	if issue, err = a.Draft(ctx, d, number); err != nil {
		return issue, "", err
	}
	draft, err := a.Store.Draft(ctx, issue.ID)
	return issue, digest.Form(draft.Composed, draft.Edits), err
}

// ApplyForm takes a form back that somebody has edited. The error wraps a
// digest.FormErrors where something in it is wrong; nothing is changed then.
func (a *App) ApplyForm(ctx context.Context, d config.Digest, number int, form, who string) (EditReport, error) {
	issue, err := a.Draft(ctx, d, number)
	if err != nil {
		return EditReport{}, err
	}
	return a.revise(ctx, issue, who, func(tx *store.DB) error {
		draft, err := tx.Draft(ctx, issue.ID)
		if err != nil {
			return err
		}
		save, undo, err := digest.ReadForm(form, draft.Composed, draft.Edits)
		if err != nil {
			return err
		}
		return a.saveEdits(ctx, tx, issue.ID, save, undo, who)
	})
}

// Edit saves edits of a draft and takes others back, without a form. Who and At
// need not be given.
func (a *App) Edit(ctx context.Context, d config.Digest, number int, save []sigpost.Edit, undo []sigpost.EditKey, who string) (EditReport, error) {
	issue, err := a.Draft(ctx, d, number)
	if err != nil {
		return EditReport{}, err
	}
	return a.revise(ctx, issue, who, func(tx *store.DB) error { return a.saveEdits(ctx, tx, issue.ID, save, undo, who) })
}

func (a *App) saveEdits(ctx context.Context, tx *store.DB, issueID int64, save []sigpost.Edit, undo []sigpost.EditKey, who string) error {
	checked := make([]sigpost.Edit, len(save))
	for i, e := range save {
		e, err := digest.CheckEdit(e)
		if err != nil {
			return sigpost.Usage(err)
		}
		e.Who, e.At = who, a.now()
		checked[i] = e
	}
	return tx.SaveEdits(ctx, issueID, checked, undo)
}

// Act does one thing to a draft, if it is still as it was at version (see
// digest.Version; "" takes it as it is). The error wraps digest.ErrChanged where it
// is not, and digest.ErrAct where the act cannot be done.
func (a *App) Act(ctx context.Context, d config.Digest, number int, version string, act digest.Act, who string) (EditReport, error) {
	issue, err := a.Draft(ctx, d, number)
	if err != nil {
		return EditReport{}, err
	}
	return a.revise(ctx, issue, who, func(tx *store.DB) error {
		draft, err := tx.Draft(ctx, issue.ID)
		if err != nil {
			return err
		}
		if err := checkVersion(draft, issue, version); err != nil {
			return err
		}
		save, undo, err := act.Edits(draft.Composed, draft.Edits)
		if err != nil {
			return err
		}
		return a.saveEdits(ctx, tx, issue.ID, save, undo, who)
	})
}

// checkVersion says whether a draft is still as somebody saw it.
func checkVersion(draft sigpost.Draft, issue sigpost.Issue, version string) error {
	if version != "" && version != digest.Version(draft.Composed, draft.Edits) {
		return fmt.Errorf("issue %d of %s: %w", issue.Number, issue.Digest, digest.ErrChanged)
	}
	return nil
}

// revise changes a draft, and stores the issue as it comes out of that. Nobody
// else changes it meanwhile.
func (a *App) revise(ctx context.Context, issue sigpost.Issue, who string, change func(tx *store.DB) error) (report EditReport, err error) {
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		var says string
		var undo editUndo
		if report, undo, says, err = a.reviseIn(ctx, tx, issue, change); err != nil || says == "" {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: a.now(), Who: who, Action: sigpost.AuditIssueEdit, Kind: sigpost.AuditIssue, Object: objectOf(issue),
			Says: says, Undo: encode(undo)})
	})
	return report, err
}

// reviseIn is revise in a transaction, without a note of it: says is what that would
// say, and empty where no edit is another one.
func (a *App) reviseIn(ctx context.Context, tx *store.DB, issue sigpost.Issue, change func(tx *store.DB) error) (report EditReport, undo editUndo, says string, err error) {
	report = EditReport{Digest: issue.Digest, Number: issue.Number}
	// It says that the issue is open still, and keeps everybody else out.
	if err = tx.SaveEdits(ctx, issue.ID, nil, nil); err != nil {
		return report, undo, "", err
	}
	was, err := tx.Issue(ctx, issue.ID)
	if err != nil {
		return report, undo, "", err
	}
	before, err := tx.Draft(ctx, issue.ID)
	if err != nil {
		return report, undo, "", err
	}
	if err = change(tx); err != nil {
		return report, undo, "", err
	}
	draft, err := tx.Draft(ctx, issue.ID)
	if err != nil {
		return report, undo, "", err
	}
	is := edited(draft, was)
	var gone []sigpost.Edit
	report.Saved, gone = compareEdits(before.Edits, draft.Edits)
	report.Undone = len(gone)
	report.Difference, report.Lost = digest.Diff(was, is), digest.Lost(draft.Composed, draft.Edits)
	undo, says = undoOf(before.Edits, report.Saved, gone), editWords(before.Composed, report.Saved, gone)
	return report, undo, says, tx.Revise(ctx, is, a.now())
}

// edited is a draft with its edits, as far as the issue has come.
func edited(draft sigpost.Draft, issue sigpost.Issue) sigpost.Issue {
	is := digest.Apply(draft.Composed, draft.Edits)
	is.ID, is.Number, is.State = issue.ID, issue.Number, issue.State
	return is
}

// compareEdits finds the edits that are new or another, and those that are gone.
func compareEdits(before, after []sigpost.Edit) (saved, gone []sigpost.Edit) {
	was := map[sigpost.EditKey]sigpost.Edit{}
	for _, e := range before {
		was[e.Key()] = e
	}
	for _, e := range after {
		if old, ok := was[e.Key()]; !ok || old.Text != e.Text {
			saved = append(saved, e)
		}
		delete(was, e.Key())
	}
	for _, e := range before {
		if _, ok := was[e.Key()]; ok {
			gone = append(gone, e)
		}
	}
	return saved, gone
}

// Rebuild composes a draft anew of the messages that it carries, with the tags,
// threads and events of today, and lays its edits over it.
func (a *App) Rebuild(ctx context.Context, d config.Digest, number int) (report EditReport, err error) {
	err = a.within(ctx, []Scope{scopeOfDigest(d)}, func(a *App) error {
		report, err = a.rebuild(ctx, d, number, "composed the draft anew")
		return err
	})
	return report, err
}

func (a *App) rebuild(ctx context.Context, d config.Digest, number int, says string) (EditReport, error) {
	issue, err := a.Draft(ctx, d, number)
	if err != nil {
		return EditReport{}, err
	}
	if err := a.tagEverything(ctx); err != nil {
		return EditReport{}, fmt.Errorf("issue %d of %s is not composed anew, since its threads cannot be tagged: %w", issue.Number, d.Name, err)
	}
	composed, err := a.again(ctx, d, issue)
	if err != nil {
		return EditReport{}, err
	}
	return a.revise(ctx, issue, "", func(tx *store.DB) error {
		if err := tx.Rebuilt(ctx, composed, a.now()); err != nil {
			return err
		}
		return a.auditIssue(ctx, tx, issue, sigpost.AuditIssueRebuild, "", says)
	})
}

// again composes an issue anew, and stores nothing.
func (a *App) again(ctx context.Context, d config.Digest, issue sigpost.Issue) (sigpost.Issue, error) {
	carried, err := a.Store.CarriedBy(ctx, issue.ID)
	if err != nil {
		return sigpost.Issue{}, err
	}
	composed, _, err := a.composeOf(ctx, d, issue.ID, issue.Window, carried)
	composed.ID, composed.Number, composed.State = issue.ID, issue.Number, issue.State
	return composed, err
}

// IssueDiff says what composing an issue anew changed the last time or, with next,
// what it would change now.
func (a *App) IssueDiff(ctx context.Context, d config.Digest, number int, next bool) (EditReport, error) {
	var issue sigpost.Issue
	var err error
	if next || number == 0 {
		issue, err = a.Draft(ctx, d, number)
	} else {
		issue, err = a.Issue(ctx, d, number)
	}
	if err != nil {
		return EditReport{}, err
	}
	report := EditReport{Digest: d.Name, Number: issue.Number}
	draft, err := a.Store.Draft(ctx, issue.ID)
	if err != nil {
		return report, err
	}
	before, after := draft.Before, draft.Composed
	if next {
		before = &draft.Composed
		if after, err = a.again(ctx, d, issue); err != nil {
			return report, err
		}
	}
	if before == nil {
		return report, sigpost.NotFound(fmt.Errorf("issue %d of %s was composed only once; --next shows what composing it anew would change", issue.Number, d.Name))
	}
	report.Difference, report.Lost = digest.Diff(*before, after), digest.Lost(after, draft.Edits)
	return report, nil
}

// SetReady says that a draft waits for somebody to approve it.
func (a *App) SetReady(ctx context.Context, d config.Digest, number int) (sigpost.Issue, error) {
	issue, err := a.Draft(ctx, d, number)
	if err != nil {
		return issue, err
	}
	issue.State = sigpost.IssueReady
	return issue, a.Store.Tx(ctx, func(tx *store.DB) error {
		// It says that the issue is open still, and keeps everybody else out.
		if err := tx.SaveEdits(ctx, issue.ID, nil, nil); err != nil {
			return err
		}
		if err := a.auditIssue(ctx, tx, issue, sigpost.AuditIssueReady, "", "said that the draft is ready"); err != nil {
			return err
		}
		return tx.SetIssueState(ctx, issue.ID, sigpost.IssueReady, a.now())
	})
}

// ErrFindings says that the preflight keeps an issue from being approved.
var ErrFindings = errors.New("the preflight finds errors")

// Approval says how an issue is approved.
type Approval struct {
	Who string
	// Despite approves it although the preflight finds errors.
	Despite bool
	// After is when it may be sent at the earliest; zero for at once.
	After time.Time
	// Version is that of the draft which was looked at (digest.Version); "" takes it
	// as it is.
	Version string
}

// furthest is how far ahead an issue can be scheduled: what is further is a slip of
// the fingers.
const furthest = 31 * 24 * time.Hour

// ParseMoment reads a time that a person wrote, by a clock where it names none.
func ParseMoment(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02T15:04:05"} { // browsers send the others
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(text), zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, sigpost.Usage(fmt.Errorf("%q is no time: write it as in 2026-05-04 09:00", text))
}

// checkAfter says whether an issue can be scheduled for a time.
func (a *App) checkAfter(d config.Digest, at time.Time) error {
	words := func(t time.Time) string { return t.In(d.Location()).Format("Monday 2 January 2006 15:04 MST") }
	switch now := a.now(); {
	case at.IsZero():
		return nil
	case !at.After(now):
		return sigpost.Usage(fmt.Errorf("%s is over (it is %s): give a time that is to come, or none", words(at), words(now)))
	case at.After(now.Add(furthest)):
		return sigpost.Usage(fmt.Errorf("%s is more than %d days away, which is the most", words(at), int(furthest.Hours()/24)))
	}
	return nil
}

// Approve freezes a draft; the next run that is not too early, or Send, mails it. It
// refuses one in which the preflight finds an error, unless how says despite.
func (a *App) Approve(ctx context.Context, d config.Digest, number int, how Approval) (issue sigpost.Issue, err error) {
	if err := a.checkAfter(d, how.After); err != nil {
		return issue, err
	}
	err = a.within(ctx, []Scope{scopeOfDigest(d)}, func(a *App) error {
		if issue, err = a.Draft(ctx, d, number); err != nil {
			return err
		}
		flight, err := a.preflight(ctx, d, issue)
		if err != nil {
			return err
		}
		if severe := flight.Severe(); len(severe) > 0 && !how.Despite {
			return fmt.Errorf("issue %d of %s is not approved, since %w:\n%s", issue.Number, d.Name, ErrFindings, strings.Join(severe, "\n"))
		}
		return a.approve(ctx, &issue, how)
	})
	a.kick() // it may be sent
	return issue, err
}

func (a *App) approve(ctx context.Context, issue *sigpost.Issue, how Approval) error {
	err := a.Store.Tx(ctx, func(tx *store.DB) error {
		if err := tx.SaveEdits(ctx, issue.ID, nil, nil); err != nil {
			return err
		}
		is, err := tx.Issue(ctx, issue.ID) // as it is now that nobody else changes it
		if err != nil {
			return err
		}
		if how.Version != "" {
			draft, err := tx.Draft(ctx, issue.ID)
			if err != nil {
				return err
			}
			if err := checkVersion(draft, is, how.Version); err != nil {
				return err
			}
		}
		is.State, is.Approved, is.ApprovedBy, is.SendAfter = sigpost.IssueApproved, a.now(), how.Who, how.After
		*issue = is
		says := "approved the issue"
		if !how.After.IsZero() {
			says += ", to be sent not before " + how.After.UTC().Format("2 January 2006 15:04 UTC")
		}
		if how.Despite {
			says += ", whatever the preflight finds"
		}
		err = tx.Audit(ctx, sigpost.AuditEntry{At: a.now(), Who: how.Who, Action: sigpost.AuditIssueApprove, Kind: sigpost.AuditIssue, Object: objectOf(is),
			Says: says, Undo: encode(approvalUndo{At: is.Approved.UTC()})})
		if err != nil {
			return err
		}
		return tx.Revise(ctx, is, a.now())
	})
	if err == nil {
		a.seen().Rows(store.StageReview, 1, 0)
		a.log.Info("issue approved", "digest", issue.Digest, "number", issue.Number, "by", how.Who, "not_before", how.After)
	}
	return err
}

// Unapprove opens an issue again that is approved and has not begun to be sent.
func (a *App) Unapprove(ctx context.Context, d config.Digest, number int) (issue sigpost.Issue, err error) {
	err = a.within(ctx, []Scope{scopeOfDigest(d)}, func(a *App) error {
		if issue, err = a.approved(ctx, d, number); err != nil {
			return err
		}
		return a.Store.Tx(ctx, func(tx *store.DB) error {
			if issue, err = a.reopen(ctx, tx, issue); err != nil {
				return err
			}
			return a.auditIssue(ctx, tx, issue, sigpost.AuditIssueUnapprove, "", "took the approval back")
		})
	})
	return issue, err
}

// reopen takes an approval back.
func (a *App) reopen(ctx context.Context, tx *store.DB, issue sigpost.Issue) (sigpost.Issue, error) {
	if err := tx.KeepApproved(ctx, issue.ID); err != nil {
		return issue, err
	}
	// Whoever begins to send it changes the same row.
	ok, err := tx.MoveIssue(ctx, issue.ID, sigpost.IssueApproved, sigpost.IssueReady, a.now())
	if err == nil && !ok {
		err = notNow{fmt.Errorf("issue %d of %s is being sent already", issue.Number, issue.Digest)}
	}
	if err != nil {
		return issue, err
	}
	issue.State, issue.Approved, issue.ApprovedBy, issue.SendAfter = sigpost.IssueReady, time.Time{}, "", time.Time{}
	return issue, tx.Revise(ctx, issue, a.now())
}

// approved finds an issue that is approved and not being sent.
func (a *App) approved(ctx context.Context, d config.Digest, number int) (sigpost.Issue, error) {
	if number == 0 {
		all, err := a.Store.OpenIssues(ctx, d.Name)
		for _, i := range all {
			if i.State == sigpost.IssueApproved {
				return i, err
			}
		}
		if err == nil {
			err = sigpost.NotFound(fmt.Errorf("%s has no issue that is approved and not sent", d.Name))
		}
		return sigpost.Issue{}, err
	}
	issue, err := a.Issue(ctx, d, number)
	if err == nil && issue.State != sigpost.IssueApproved {
		err = fmt.Errorf("issue %d of %s is %s, so there is no approval to take back: %w", number, d.Name, issue.State, store.ErrFrozen)
	}
	return issue, err
}
