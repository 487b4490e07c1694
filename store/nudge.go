package store

import (
	"context"
	"fmt"
	"time"

	"sigpost"
)

// Nudges is the ledger of letters to editors about drafts. It holds to the same
// rules as that of deliveries: see Claim, Begin, Record and Recover of DB.
type Nudges struct{ db *DB }

// Nudges gives the ledger of letters to editors.
func (db *DB) Nudges() Nudges { return Nudges{db} }

// Nudge is a letter to an editor about a draft.
type Nudge struct {
	sigpost.Delivery // SubscriptionID is 0
	Kind             string
	Addr             string
}

// Queue puts a nudge into the ledger, unless it was there.
func (n Nudges) Queue(ctx context.Context, nudge Nudge) error {
	_, err := n.db.insert(ctx, "nudges (issue_id, kind, addr, state, message_id, due, updated)", [][]any{{
		nudge.IssueID, nudge.Kind, clean(nudge.Addr), string(sigpost.DeliveryQueued), string(nudge.MessageID), micros(nudge.Due), micros(nudge.Due)}})
	return n.db.fail(fmt.Sprintf("queueing a letter to %s about issue %d", nudge.Addr, nudge.IssueID), err)
}

// All gives the nudges about an issue in the order in which they were queued.
func (n Nudges) All(ctx context.Context, issueID int64) ([]Nudge, error) {
	all, err := n.read(ctx, `issue_id = $1`, issueID)
	return all, n.db.fail(fmt.Sprintf("reading the letters to editors about issue %d", issueID), err)
}

func (n Nudges) read(ctx context.Context, where string, args ...any) ([]Nudge, error) {
	return collect(ctx, n.db, func(row scanner) (one Nudge, err error) {
		var due, lease, updated int64
		err = row.Scan(&one.ID, &one.IssueID, &one.Kind, &one.Addr, &one.State, &one.MessageID, &one.Attempts, &due, &lease, &one.Reply, &updated)
		one.Due, one.Lease, one.Updated = moment(due), moment(lease), moment(updated)
		return one, err
	}, `SELECT id, issue_id, kind, addr, state, message_id, attempts, due, lease, reply, updated FROM nudges WHERE `+where+` ORDER BY id`, args...)
}

// Claim takes nudges about an issue that are due at now.
func (n Nudges) Claim(ctx context.Context, issueID int64, now, lease time.Time, limit int) (claimed []Nudge, err error) {
	err = n.db.Tx(ctx, func(tx *DB) error {
		found, err := (Nudges{tx}).read(ctx, `issue_id = $1 AND state = 'queued' AND due <= $2 AND lease <= $2`, issueID, micros(now))
		claimed = found[:min(limit, len(found))]
		for i := range claimed {
			claimed[i].Lease = moment(micros(lease))
			if _, err := tx.exec(ctx, `UPDATE nudges SET lease = $2 WHERE id = $1`, claimed[i].ID, micros(lease)); err != nil {
				return err
			}
		}
		return err
	})
	return claimed, n.db.fail(fmt.Sprintf("claiming letters to editors about issue %d", issueID), err)
}

// Begin notes that a nudge is about to be handed to a mail server; ok is false
// where it must not be.
func (n Nudges) Begin(ctx context.Context, id int64, now time.Time) (ok bool, err error) {
	changed, err := n.db.exec(ctx, `UPDATE nudges SET state = 'sending', attempts = attempts + 1, updated = $2 WHERE id = $1 AND state = 'queued'`, id, micros(now))
	return changed > 0, n.db.fail(fmt.Sprintf("beginning letter %d to an editor", id), err)
}

// Record notes what became of a nudge that was begun.
func (n Nudges) Record(ctx context.Context, id int64, state sigpost.DeliveryState, reply string, due, at time.Time) error {
	changed, err := n.db.exec(ctx, `UPDATE nudges SET state = $2, reply = $3, lease = 0, updated = $4,
due = CASE WHEN $2 = 'queued' THEN $5 ELSE due END WHERE id = $1 AND state = 'sending'`, id, string(state), clean(reply), micros(at), micros(due))
	if err == nil && changed == 0 {
		err = fmt.Errorf("it was not begun")
	}
	return n.db.fail(fmt.Sprintf("recording that letter %d to an editor is %s", id, state), err)
}

// Recover puts in order what a sender left that ended in the middle.
func (n Nudges) Recover(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error) {
	state := sigpost.DeliveryUnknown
	if resend {
		state = sigpost.DeliveryQueued
	}
	err = n.db.Tx(ctx, func(tx *DB) error {
		let, err := tx.exec(ctx, `UPDATE nudges SET lease = 0 WHERE issue_id = $1 AND state = 'queued' AND lease <> 0`, issueID)
		if err != nil {
			return err
		}
		left, err := tx.exec(ctx, `UPDATE nudges SET state = $2, lease = 0, updated = $3,
reply = 'the program ended before the server''s reply was recorded' WHERE issue_id = $1 AND state = 'sending'`, issueID, string(state), micros(at))
		released, unknown = int(let), int(left)
		if resend {
			released, unknown = int(let+left), 0
		}
		return err
	})
	return released, unknown, n.db.fail(fmt.Sprintf("recovering the letters to editors about issue %d", issueID), err)
}
