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
		return fmt.Errorf("%s has no draft, and no issue yet; \"sigpost digest compose\" makes one: %w", d.Name, sigpost.ErrNotFound)
	case err != nil:
		return err
	}
	next := "\"sigpost digest compose\" makes the next one when it is due"
	if last.State == sigpost.IssueApproved {
		next = "\"sigpost digest unapprove\" opens it again"
	}
	return fmt.Errorf("%s has no draft: issue %d is %s; %s: %w", d.Name, last.Number, last.State, next, sigpost.ErrNotFound)
}

// Issue finds an issue by its number.
func (a *App) Issue(ctx context.Context, d config.Digest, number int) (sigpost.Issue, error) {
	issue, err := a.Store.IssueByNumber(ctx, d.Name, number)
	if errors.Is(err, sigpost.ErrNotFound) {
		err = fmt.Errorf("%s has no issue %d; \"sigpost digest list\" shows what there is: %w", d.Name, number, sigpost.ErrNotFound)
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

// revise changes a draft, and stores the issue as it comes out of that. Nobody
// else changes it meanwhile.
func (a *App) revise(ctx context.Context, issue sigpost.Issue, who string, change func(tx *store.DB) error) (EditReport, error) {
	report := EditReport{Digest: issue.Digest, Number: issue.Number}
	err := a.Store.Tx(ctx, func(tx *store.DB) error {
		// It says that the issue is open still, and keeps everybody else out.
		if err := tx.SaveEdits(ctx, issue.ID, nil, nil); err != nil {
			return err
		}
		was, err := tx.Issue(ctx, issue.ID)
		if err != nil {
			return err
		}
		before, err := tx.Draft(ctx, issue.ID)
		if err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		draft, err := tx.Draft(ctx, issue.ID)
		if err != nil {
			return err
		}
		is := edited(draft, was)
		report.Saved, report.Undone = compareEdits(before.Edits, draft.Edits)
		report.Difference, report.Lost = digest.Diff(was, is), digest.Lost(draft.Composed, draft.Edits)
		if n := len(report.Saved); n+report.Undone > 0 {
			if err := a.auditIssue(ctx, tx, issue, sigpost.AuditIssueEdit, who, fmt.Sprintf("edited the draft: %d saved, %d taken back", n, report.Undone)); err != nil {
				return err
			}
		}
		return tx.Revise(ctx, is, a.now())
	})
	return report, err
}

// edited is a draft with its edits, as far as the issue has come.
func edited(draft sigpost.Draft, issue sigpost.Issue) sigpost.Issue {
	is := digest.Apply(draft.Composed, draft.Edits)
	is.ID, is.Number, is.State = issue.ID, issue.Number, issue.State
	return is
}

// compareEdits finds the edits that are new, and counts those that are gone.
func compareEdits(before, after []sigpost.Edit) (saved []sigpost.Edit, undone int) {
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
	return saved, len(was)
}

// Rebuild composes a draft anew of the messages that it carries, with the tags,
// threads and events of today, and lays its edits over it.
func (a *App) Rebuild(ctx context.Context, d config.Digest, number int) (report EditReport, err error) {
	err = a.locked(ctx, false, func(a *App) error {
		issue, err := a.Draft(ctx, d, number)
		if err != nil {
			return err
		}
		if _, err := a.classify(ctx); err != nil {
			return fmt.Errorf("issue %d of %s is not composed anew, since its threads cannot be tagged: %w", issue.Number, d.Name, err)
		}
		composed, err := a.again(ctx, d, issue)
		if err != nil {
			return err
		}
		report, err = a.revise(ctx, issue, "", func(tx *store.DB) error {
			if err := tx.Rebuilt(ctx, composed, a.now()); err != nil {
				return err
			}
			return a.auditIssue(ctx, tx, issue, sigpost.AuditIssueRebuild, "", "composed the draft anew")
		})
		return err
	})
	return report, err
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
		return report, fmt.Errorf("issue %d of %s was composed only once; --next shows what composing it anew would change: %w", issue.Number, d.Name, sigpost.ErrNotFound)
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

// Approve freezes a draft; the next run, or Send, mails it. It refuses one in
// which the preflight finds an error, unless despite is set.
func (a *App) Approve(ctx context.Context, d config.Digest, number int, who string, despite bool) (issue sigpost.Issue, err error) {
	err = a.locked(ctx, false, func(a *App) error {
		if issue, err = a.Draft(ctx, d, number); err != nil {
			return err
		}
		flight, err := a.preflight(ctx, d, issue)
		if err != nil {
			return err
		}
		if severe := flight.Severe(); len(severe) > 0 && !despite {
			return fmt.Errorf("issue %d of %s is not approved, since %w:\n%s", issue.Number, d.Name, ErrFindings, strings.Join(severe, "\n"))
		}
		return a.approve(ctx, &issue, who)
	})
	return issue, err
}

func (a *App) approve(ctx context.Context, issue *sigpost.Issue, who string) error {
	err := a.Store.Tx(ctx, func(tx *store.DB) error {
		if err := tx.SaveEdits(ctx, issue.ID, nil, nil); err != nil {
			return err
		}
		is, err := tx.Issue(ctx, issue.ID) // as it is now that nobody else changes it
		if err != nil {
			return err
		}
		is.State, is.Approved, is.ApprovedBy = sigpost.IssueApproved, a.now(), who
		*issue = is
		if err := a.auditIssue(ctx, tx, is, sigpost.AuditIssueApprove, who, "approved the issue"); err != nil {
			return err
		}
		return tx.Revise(ctx, is, a.now())
	})
	if err == nil {
		a.log.Info("issue approved", "digest", issue.Digest, "number", issue.Number, "by", who)
	}
	return err
}

// Unapprove opens an issue again that is approved and has not begun to be sent.
func (a *App) Unapprove(ctx context.Context, d config.Digest, number int) (issue sigpost.Issue, err error) {
	err = a.locked(ctx, false, func(a *App) error {
		if issue, err = a.approved(ctx, d, number); err != nil {
			return err
		}
		return a.Store.Tx(ctx, func(tx *store.DB) error {
			if err := tx.SetIssueState(ctx, issue.ID, sigpost.IssueReady, a.now()); err != nil {
				return err
			}
			issue.State, issue.Approved, issue.ApprovedBy = sigpost.IssueReady, time.Time{}, ""
			if err := a.auditIssue(ctx, tx, issue, sigpost.AuditIssueUnapprove, "", "took the approval back"); err != nil {
				return err
			}
			return tx.Revise(ctx, issue, a.now())
		})
	})
	return issue, err
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
			err = fmt.Errorf("%s has no issue that is approved and not sent: %w", d.Name, sigpost.ErrNotFound)
		}
		return sigpost.Issue{}, err
	}
	issue, err := a.Issue(ctx, d, number)
	if err == nil && issue.State != sigpost.IssueApproved {
		err = fmt.Errorf("issue %d of %s is %s, so there is no approval to take back: %w", number, d.Name, issue.State, store.ErrFrozen)
	}
	return issue, err
}
