package app

import (
	"context"
	"errors"
	"fmt"

	"sigpost"
	"sigpost/config"
	"sigpost/store"
)

// SendingState says how the sending of an issue goes.
type SendingState struct {
	Digest  string                 `json:"digest"`
	Number  int                    `json:"number"`
	Paused  string                 `json:"paused,omitempty"` // why it stands still
	Ended   string                 `json:"ended,omitempty"`  // why the rest of it is not sent
	Letters sigpost.DeliveryCounts `json:"letters"`
	// Waiting counts who is still to get one: letters that are queued, and readers of
	// whom there is none in the ledger yet.
	Waiting int `json:"waiting"`
}

// notNow is an error of what cannot be done as an issue is now.
type notNow struct{ error }

// PauseSending makes the sending of an issue stand still, at once, also where another
// process is sending it: letters in flight come to their end. number is 0 for the
// one that is being sent.
func (a *App) PauseSending(ctx context.Context, d config.Digest, number int, why string) (SendingState, error) {
	issue, err := a.beingSent(ctx, d, number)
	if err != nil {
		return SendingState{}, err
	}
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		changed, err := tx.PauseSending(ctx, issue.ID, why, a.now())
		if err == nil && !changed {
			err = notNow{fmt.Errorf("issue %d of %s stands still already", issue.Number, d.Name)}
		}
		if err != nil {
			return err
		}
		return a.auditIssue(ctx, tx, issue, sigpost.AuditSendingPause, "", because("paused the sending", why))
	})
	return a.sendingState(ctx, issue, err)
}

// ResumeSending lets an issue go on that stands still: the next run, or "digest send",
// sends the rest.
func (a *App) ResumeSending(ctx context.Context, d config.Digest, number int) (SendingState, error) {
	issue, err := a.beingSent(ctx, d, number)
	if err != nil {
		return SendingState{}, err
	}
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		changed, err := tx.ResumeSending(ctx, issue.ID, a.now().Add(leastExpiry))
		if err == nil && !changed {
			err = notNow{fmt.Errorf("issue %d of %s does not stand still: nothing is to be resumed", issue.Number, d.Name)}
		}
		if err != nil {
			return err
		}
		return a.auditIssue(ctx, tx, issue, sigpost.AuditSendingResume, "", "let the sending go on")
	})
	a.noteLetters(ctx, d)
	return a.sendingState(ctx, issue, err)
}

// CancelSending ends the sending of an issue: who has no letter by now gets none.
func (a *App) CancelSending(ctx context.Context, d config.Digest, number int, why string) (SendingState, error) {
	issue, err := a.beingSent(ctx, d, number)
	if err != nil {
		return SendingState{}, err
	}
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		if _, err := tx.EndSending(ctx, issue.ID, "cancelled: "+why, a.now()); err != nil {
			return err
		}
		return a.auditIssue(ctx, tx, issue, sigpost.AuditSendingCancel, "", because("cancelled the rest of the sending", why))
	})
	a.noteLetters(ctx, d)
	return a.sendingState(ctx, issue, err)
}

// beingSent is the issue of a number that is being sent; of 0, the only one.
func (a *App) beingSent(ctx context.Context, d config.Digest, number int) (sigpost.Issue, error) {
	open, err := a.Store.OpenIssues(ctx, d.Name)
	if err != nil {
		return sigpost.Issue{}, err
	}
	var sending []sigpost.Issue
	for _, i := range open {
		if i.State == sigpost.IssueSending && (number == 0 || i.Number == number) {
			sending = append(sending, i)
		}
		if i.Number == number && i.State == sigpost.IssueApproved {
			return i, fmt.Errorf("nothing of issue %d of %s has been sent yet: \"sigpost digest unapprove\" takes it back", number, d.Name)
		}
	}
	switch {
	case len(sending) == 1:
		return sending[0], nil
	case len(sending) > 1:
		return sigpost.Issue{}, sigpost.Usage(fmt.Errorf("%d issues of %s are being sent: give the number of one", len(sending), d.Name))
	case number == 0:
		return sigpost.Issue{}, sigpost.NotFound(fmt.Errorf("no issue of %s is being sent", d.Name))
	}
	return sigpost.Issue{}, sigpost.NotFound(fmt.Errorf("issue %d of %s is not being sent", number, d.Name))
}

func (a *App) sendingState(ctx context.Context, issue sigpost.Issue, err error) (SendingState, error) {
	if err != nil {
		return SendingState{}, err
	}
	sending, err := a.Store.Sending(ctx, issue.ID)
	counts, counting := a.Store.DeliveryCounts(ctx, issue.ID)
	if err = errors.Join(err, counting); err != nil {
		return SendingState{}, err
	}
	s := SendingState{Digest: issue.Digest, Number: issue.Number, Paused: sending.PausedWhy, Ended: sending.EndedWhy, Letters: counts}
	if s.Ended == "" {
		left, err := a.Store.SendingTotal(ctx, sending, issue.Digest)
		if err != nil {
			return s, err
		}
		s.Waiting = max(0, left-counts[sigpost.DeliverySending])
	}
	return s, nil
}

// Sendings says of each issue that is being sent how it goes.
func (a *App) Sendings(ctx context.Context) (all []SendingState, err error) {
	err = a.eachSending(ctx, func(issue sigpost.Issue) error {
		s, err := a.sendingState(ctx, issue, nil)
		all = append(all, s)
		return err
	})
	return all, err
}

// eachSending gives each issue that is being sent, of all digests.
func (a *App) eachSending(ctx context.Context, do func(sigpost.Issue) error) error {
	for _, d := range a.Config.Digests {
		open, err := a.Store.OpenIssues(ctx, d.Name)
		if err != nil {
			return err
		}
		for _, i := range open {
			if i.State != sigpost.IssueSending {
				continue
			}
			if err := do(i); err != nil {
				return err
			}
		}
	}
	return nil
}
