package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/store"
)

// LostLetter is a letter that was not sent, or may not have been.
type LostLetter struct {
	id    int64
	To    string                `json:"to"`
	State sigpost.DeliveryState `json:"state"`
	Why   string                `json:"why"` // what the server said
	// MessageID is what to look for in the mail server's log.
	MessageID sigpost.MessageID `json:"message_id"`
	At        time.Time         `json:"at"` // when it was refused, or its connection or its sender ended
}

// ErrLost says that letters were lost in a run.
var ErrLost = errors.New("not every letter was sent")

// lost are the letters of an issue that were not sent, or may not have been: the failed
// first, each by their address.
func lost(ctx context.Context, db *store.DB, issue int64) ([]LostLetter, error) {
	claims, err := db.LostDeliveries(ctx, issue, 0)
	var all []LostLetter
	for _, c := range claims {
		all = append(all, LostLetter{c.ID, c.Subscription.Subscriber.Addr, c.State, c.Reply, c.MessageID, c.Updated})
	}
	slices.SortStableFunc(all, func(x, y LostLetter) int {
		return cmp.Or(cmp.Compare(x.State, y.State), cmp.Compare(x.To, y.To))
	})
	return all, err
}

// SendAgain puts the lost letters of a digest's last issue that are in the
// given state, or of the last that has any, back into the queue, and sends.
func (a *App) SendAgain(ctx context.Context, d config.Digest, state sigpost.DeliveryState, dry bool) (reports []SendReport, err error) {
	err = a.digestWithin(ctx, dry, d, func(a *App) error {
		last, err := a.lastLost(ctx, d, state)
		if err != nil {
			return err
		}
		if _, err := a.requeue(ctx, last, state); err != nil {
			return err
		}
		reports, err = a.send(ctx, d)
		return err
	})
	return reports, err
}

// lastLost is the issue of a digest of which lost letters in a state are decided on: the
// last one, or the last that has any.
func (a *App) lastLost(ctx context.Context, d config.Digest, state sigpost.DeliveryState) (sigpost.Issue, error) {
	last, err := a.lastPublic(ctx, d)
	if err != nil {
		return last, err
	}
	all, err := a.unsettled(ctx, d)
	for _, u := range all { // also where the next issue waits, or is being sent
		if u.kind == lettersHeld && state == sigpost.DeliveryUnknown || u.kind == lettersFailed && state == sigpost.DeliveryFailed {
			last = u.issue
		}
	}
	return last, err
}

// requeue puts lost letters of an issue, and notes in channels, back into the queue,
// and counts the letters.
func (a *App) requeue(ctx context.Context, issue sigpost.Issue, state sigpost.DeliveryState) (n int, err error) {
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		if n, err = tx.Requeue(ctx, issue.ID, state, a.now()); err != nil {
			return err
		}
		notes, err := tx.Announcements().Requeue(ctx, issue.ID, state, a.now())
		if err != nil || n+notes == 0 {
			return err
		}
		if n > 0 {
			err = errors.Join(tx.SendUntil(ctx, issue.ID, a.now().Add(leastExpiry)), tx.SetIssueState(ctx, issue.ID, sigpost.IssueSending, a.now()))
		}
		if err == nil && n > 0 && issue.State == sigpost.IssueSent { // of one that is being sent somebody has decided
			err = a.holdAgain(ctx, tx, issue)
		}
		says := map[sigpost.DeliveryState]string{sigpost.DeliveryFailed: "failed", sigpost.DeliveryUnknown: "are held"}[state]
		return errors.Join(err, a.auditIssue(ctx, tx, issue, sigpost.AuditSendingRetry, "", fmt.Sprintf("queued again what %s: %d letters, %d notes in channels", says, n, notes)))
	})
	return n, err
}

// holdAgain makes an issue stand still of which letters go out once more, where it
// quotes what was taken out of sight after it had been sent.
func (a *App) holdAgain(ctx context.Context, tx *store.DB, issue sigpost.Issue) error {
	hidden, err := hiddenQuotes(ctx, tx, issue)
	if err != nil || len(hidden) == 0 {
		return err
	}
	in := *a
	in.Store = tx
	return in.holdSending(ctx, issue, hidden[0])
}

// Retry puts the lost letters of an issue that are in a state back into the queue:
// the next run sends them. It counts them.
func (a *App) Retry(ctx context.Context, d config.Digest, number int, state sigpost.DeliveryState) (n int, err error) {
	err = a.within(ctx, []Scope{scopeOfDigest(d)}, func(a *App) error {
		issue, err := a.Issue(ctx, d, number)
		if err != nil {
			return err
		}
		if issue.State != sigpost.IssueSending && issue.State != sigpost.IssueSent {
			return sigpost.NotFound(fmt.Errorf("issue %d of %s is %s, and nothing of it was sent", number, d.Name, issue.State))
		}
		n, err = a.requeue(ctx, issue, state)
		a.noteLetters(ctx, d)
		return err
	})
	return n, err
}
