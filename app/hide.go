package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sigpost"
	"sigpost/message"
	"sigpost/store"
)

// hideMessage takes a message out of sight as sigpost.Acting decides, and
// showMessage brings it back: each with an entry in the audit log, in one
// transaction. Drafts that tell of its thread are composed anew by FreshenDrafts.
func (a *App) hideMessage(ctx context.Context, id int64, why string) error {
	err := a.Store.Tx(ctx, func(tx *store.DB) error {
		m, err := tx.Message(ctx, id)
		if err != nil {
			return err
		}
		at := a.now().UTC().Truncate(time.Microsecond)
		if err := a.takeOut(ctx, tx, m, why, at); err != nil {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: at, Action: sigpost.AuditMessageHide, Kind: sigpost.AuditMessage, Object: string(m.MessageID),
			Says: because("removed "+messageWords(m)+" from sight", why), Undo: encode(sightUndo{Why: why, At: at})})
	})
	if err == nil {
		a.wakeDrafts()
		for _, d := range a.Config.Digests {
			a.noteLetters(ctx, d)
		}
	}
	return err
}

// takeOut takes a message out of sight. An issue that quotes it and is being sent
// stands still from then on, and the operator is told: what is on its way has the
// quote, and whether the rest of the readers get it too is for an editor to say.
func (a *App) takeOut(ctx context.Context, tx *store.DB, m sigpost.Message, why string, at time.Time) error {
	if err := tx.Hide(ctx, m.ID, sigpost.Acting(ctx), why, at); err != nil {
		return err
	}
	in := *a
	in.Store = tx
	return in.eachSending(ctx, func(issue sigpost.Issue) error {
		if !slices.Contains(quotedIn(issue), m.MessageID) {
			return nil
		}
		return in.holdSending(ctx, issue, m.MessageID)
	})
}

// hiddenWhy stands in why an issue stands still that quotes what was taken out of sight.
const hiddenWhy = "which is kept out of sight by now"

// holdSending makes an issue stand still that is being sent and quotes a message
// which is out of sight. One that stands still already does so for that too.
func (a *App) holdSending(ctx context.Context, issue sigpost.Issue, quoted sigpost.MessageID) error {
	says := fmt.Sprintf("it quotes the message <%s>, %s: resume it to send the rest as it is, or cancel the rest", quoted, hiddenWhy)
	sending, err := a.Store.Sending(ctx, issue.ID)
	if err != nil {
		return err
	}
	why := says
	if !sending.Paused.IsZero() {
		why = sending.PausedWhy + "; " + says
		if _, err := a.Store.ResumeSending(ctx, issue.ID, sending.Expires); err != nil {
			return err
		}
	}
	if _, err := a.Store.PauseSending(ctx, issue.ID, why, a.now()); err != nil {
		return err
	}
	if err := a.auditIssue(ctx, a.Store, issue, sigpost.AuditSendingPause, "", because("paused the sending", says)); err != nil {
		return err
	}
	d, err := a.Config.Digest(issue.Digest)
	if err != nil {
		return err
	}
	return a.tellOperator(ctx, d, issue.Number, says, "It stands still until somebody says \"sigpost digest resume\" or \"sigpost digest cancel\".")
}

func (a *App) showMessage(ctx context.Context, id int64) error {
	err := a.Store.Tx(ctx, func(tx *store.DB) error {
		m, err := tx.Message(ctx, id)
		if err != nil || !m.Removed {
			return err
		}
		removals, err := tx.Removals(ctx, m.ThreadID)
		if err != nil {
			return err
		}
		if err := a.unhide(ctx, tx, m); err != nil {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: a.now(), Action: sigpost.AuditMessageShow, Kind: sigpost.AuditMessage, Object: string(m.MessageID),
			Says: "showed " + messageWords(m) + " again", Undo: encode(sightUndo{Why: removals[id].Why})})
	})
	if err == nil {
		a.wakeDrafts()
	}
	return err
}

// unhide brings a message back, with its text, so that it is found again at once.
func (a *App) unhide(ctx context.Context, tx *store.DB, m sigpost.Message) error {
	raw, err := tx.Raw(ctx, m.ID)
	if err != nil {
		return err
	}
	switch with, err := message.Parse(raw); {
	case err == nil:
		m.Text, m.Ranges = with.Text, with.Ranges
	case !errors.Is(err, message.ErrUnreadable): // which is found by its subject alone
		return err
	}
	return tx.Unhide(ctx, &m, a.now())
}

// sightUndo is what brings a message back, or removes it once more.
type sightUndo struct {
	Why string
	At  time.Time
}

// undoSight takes hideMessage or showMessage back, where nobody has decided since.
func (a *App) undoSight(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	var u sightUndo
	if err := json.Unmarshal([]byte(e.Undo), &u); err != nil {
		return err
	}
	m, err := tx.MessageByID(ctx, sigpost.MessageID(e.Object))
	if err != nil {
		return err
	}
	if e.Action == sigpost.AuditMessageShow {
		return a.takeOut(ctx, tx, m, u.Why, e.At)
	}
	return a.unhide(ctx, tx, m)
}
