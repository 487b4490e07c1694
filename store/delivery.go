package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sigpost"
)

// Queue puts deliveries of an issue into the ledger and gives the number of
// new ones: a subscription that the ledger has for the issue already is left
// as it is. SubscriptionID, MessageID and Due are needed. State is queued, or
// suppressed where there is nothing to send, with a Reply that says why.
func (db *DB) Queue(ctx context.Context, issueID int64, deliveries []sigpost.Delivery) (added int, err error) {
	doing := fmt.Sprintf("queueing the deliveries of issue %d", issueID)
	rows := make([][]any, len(deliveries))
	for i, d := range deliveries {
		switch d.State {
		case "":
			d.State = sigpost.DeliveryQueued
		case sigpost.DeliveryQueued, sigpost.DeliverySuppressed:
		default:
			return 0, fmt.Errorf("%s: one begins as %s, which is not the beginning", doing, d.State)
		}
		if d.Updated.IsZero() {
			d.Updated = d.Due
		}
		rows[i] = []any{issueID, d.SubscriptionID, string(d.State), string(d.MessageID), micros(d.Due), clean(d.Reply), micros(d.Updated)}
	}
	err = db.Tx(ctx, func(tx *DB) error {
		added, err = tx.insert(ctx, "deliveries (issue_id, subscription_id, state, message_id, due, reply, updated)", rows)
		return err
	})
	if err != nil {
		return 0, db.fail(doing, err)
	}
	return added, nil
}

const deliveryColumns = `d.id, d.issue_id, d.subscription_id, d.state, d.message_id, d.attempts, d.due, d.lease, d.reply, d.updated`

func readDelivery(row scanner) (d sigpost.Delivery, err error) {
	return scanDelivery(row, &d)
}

// scanDelivery reads deliveryColumns, and what is behind them into more.
func scanDelivery(row scanner, d *sigpost.Delivery, more ...any) (sigpost.Delivery, error) {
	var due, lease, updated int64
	err := row.Scan(append([]any{&d.ID, &d.IssueID, &d.SubscriptionID, &d.State, &d.MessageID, &d.Attempts, &due, &lease, &d.Reply, &updated}, more...)...)
	d.Due, d.Lease, d.Updated = moment(due), moment(lease), moment(updated)
	return *d, err
}

// Claimed is a delivery that the caller may make, and for whom.
type Claimed struct {
	sigpost.Delivery
	Subscription sigpost.Subscription
}

// Claim takes up to limit deliveries of an issue that are due at now and that
// nobody holds, those due first first, and holds them until lease. One whose
// subscription has ended becomes suppressed instead. Several workers may claim
// at once: each delivery goes to one of them. None are left to claim now where
// it gives none.
func (db *DB) Claim(ctx context.Context, issueID int64, now, lease time.Time, limit int) ([]Claimed, error) {
	var claimed []Claimed
	err := db.Tx(ctx, func(tx *DB) error {
		for len(claimed) < limit {
			found, err := tx.claimable(ctx, issueID, now, limit-len(claimed))
			if err != nil || len(found) == 0 {
				return err
			}
			var keep, drop []int64
			for _, c := range found {
				if c.Subscription.State != sigpost.SubscriptionActive {
					drop = append(drop, c.ID)
					continue
				}
				c.Lease = moment(micros(lease))
				keep = append(keep, c.ID)
				claimed = append(claimed, c)
			}
			if err := tx.setRows(ctx, letters, `lease = $1`, []any{micros(lease)}, keep); err != nil {
				return err
			}
			if err := tx.setRows(ctx, letters, `state = 'suppressed', lease = 0, updated = $1`, []any{micros(now)}, drop); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, db.fail(fmt.Sprintf("claiming deliveries of issue %d", issueID), err)
	}
	return claimed, nil
}

func (db *DB) claimable(ctx context.Context, issueID int64, now time.Time, limit int) ([]Claimed, error) {
	// state = 'queued' is a word of the query, since deliveries_queued can
	// only then be used.
	return collect(ctx, db, func(row scanner) (c Claimed, err error) {
		into, done := intoSubscription(&c.Subscription)
		_, err = scanDelivery(row, &c.Delivery, into...)
		done()
		return c, err
	}, `SELECT `+deliveryColumns+`, `+subscriptionColumns+` FROM deliveries d
JOIN subscriptions s ON s.id = d.subscription_id JOIN subscribers b ON b.id = s.subscriber_id
WHERE d.issue_id = $1 AND d.state = 'queued' AND d.due <= $2 AND d.lease <= $2
ORDER BY d.due, d.id LIMIT $3`+db.skipLocked, issueID, micros(now), limit)
}

// setRows sets columns of the rows in ids.
func (db *DB) setRows(ctx context.Context, table ledgerTable, set string, values []any, ids []int64) error {
	return inList(ids, len(values)+1, func(list string, args []any) error {
		_, err := db.exec(ctx, `UPDATE `+string(table)+` SET `+set+` WHERE id IN `+list, slices.Concat(values, args)...)
		return err
	})
}

// Begin notes that a claimed delivery is about to be handed to a mail server.
// ok is false where it must not be: it is not queued any more, or its
// subscription has ended, which suppresses it. Whoever was told ok must
// Record the result; where that never comes, Recover knows.
func (db *DB) Begin(ctx context.Context, deliveryID int64, now time.Time) (ok bool, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		n, err := tx.exec(ctx, `UPDATE deliveries SET state = 'sending', attempts = attempts + 1, updated = $2
WHERE id = $1 AND state = 'queued'
AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.id = deliveries.subscription_id AND s.state = 'active')`, deliveryID, micros(now))
		if ok = n > 0; ok || err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE deliveries SET state = 'suppressed', lease = 0, updated = $2
WHERE id = $1 AND state = 'queued'
AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.id = deliveries.subscription_id AND s.state <> 'active')`, deliveryID, micros(now))
		return err
	})
	if err != nil {
		return false, db.fail(fmt.Sprintf("beginning delivery %d", deliveryID), err)
	}
	return ok, nil
}

// Record notes what became of a delivery that was begun: sent, failed,
// unknown, suppressed since there is nothing to send, or queued again and then not before due. reply is what the server
// said, or why it failed; at is now. It is an error to record one that was
// not begun.
func (db *DB) Record(ctx context.Context, deliveryID int64, state sigpost.DeliveryState, reply string, due, at time.Time) error {
	return db.record(ctx, letters, fmt.Sprintf("delivery %d", deliveryID), deliveryID, state, reply, due, at)
}

func (db *DB) record(ctx context.Context, table ledgerTable, what string, id int64, state sigpost.DeliveryState, reply string, due, at time.Time) error {
	doing := fmt.Sprintf("recording that %s is %s", what, state)
	switch state {
	case sigpost.DeliverySent, sigpost.DeliveryFailed, sigpost.DeliveryUnknown, sigpost.DeliveryQueued, sigpost.DeliverySuppressed:
	default:
		return fmt.Errorf("%s: that is no result", doing)
	}
	n, err := db.exec(ctx, `UPDATE `+string(table)+` SET state = $2, reply = $3, lease = 0, updated = $4,
due = CASE WHEN $2 = 'queued' THEN $5 ELSE due END WHERE id = $1 AND state = 'sending'`,
		id, string(state), clean(reply), micros(at), micros(due))
	if err == nil && n == 0 {
		var was string
		if err = db.scan(ctx, `SELECT state FROM `+string(table)+` WHERE id = $1`, []any{id}, &was); err == nil {
			err = fmt.Errorf("it was not begun, it is %s", was)
		}
	}
	return db.fail(doing, err)
}

// Requeue puts the deliveries of an issue that are in a state in which nothing
// more would be done, failed or unknown, back into the queue, due at once and
// with all attempts before them, and gives their number. at is now.
func (db *DB) Requeue(ctx context.Context, issueID int64, state sigpost.DeliveryState, at time.Time) (int, error) {
	return db.requeue(ctx, letters, issueID, state, at)
}

func (db *DB) requeue(ctx context.Context, table ledgerTable, issueID int64, state sigpost.DeliveryState, at time.Time) (int, error) {
	if state != sigpost.DeliveryFailed && state != sigpost.DeliveryUnknown {
		return 0, fmt.Errorf("deliveries that are %s are not queued again", state)
	}
	n, err := db.exec(ctx, `UPDATE `+string(table)+` SET state = 'queued', attempts = 0, due = $3, updated = $3 WHERE issue_id = $1 AND state = $2`,
		issueID, string(state), micros(at))
	return int(n), db.fail(fmt.Sprintf("queueing the %s of issue %d again", table, issueID), err)
}

// Recover puts in order what a sender left that ended in the middle. Only the
// one sender may call it, at its start, holding the lock: claims are let go,
// and what was begun without a result becomes unknown, since it may have
// arrived; with resend it is queued again, due at once. released counts what
// can be claimed again. at is now.
func (db *DB) Recover(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error) {
	return db.recoverRows(ctx, letters, issueID, resend, at)
}

func (db *DB) recoverRows(ctx context.Context, table ledgerTable, issueID int64, resend bool, at time.Time) (released, unknown int, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		n, err := tx.exec(ctx, `UPDATE `+string(table)+` SET lease = 0 WHERE issue_id = $1 AND state = 'queued' AND lease <> 0`, issueID)
		if err != nil {
			return err
		}
		released = int(n)
		state := sigpost.DeliveryUnknown
		if resend {
			state = sigpost.DeliveryQueued
		}
		n, err = tx.exec(ctx, `UPDATE `+string(table)+` SET state = $2, lease = 0, updated = $3, due = CASE WHEN $2 = 'queued' THEN $3 ELSE due END,
reply = 'the program ended before the server''s reply was recorded' WHERE issue_id = $1 AND state = 'sending'`, issueID, string(state), micros(at))
		if resend {
			released += int(n)
		} else {
			unknown = int(n)
		}
		return err
	})
	if err != nil {
		return 0, 0, db.fail(fmt.Sprintf("recovering the %s of issue %d", table, issueID), err)
	}
	return released, unknown, nil
}

// DeliveryCounts counts the deliveries of an issue by state.
func (db *DB) DeliveryCounts(ctx context.Context, issueID int64) (sigpost.DeliveryCounts, error) {
	counts := sigpost.DeliveryCounts{}
	err := db.each(ctx, func(row scanner) error {
		var state sigpost.DeliveryState
		var n int
		err := row.Scan(&state, &n)
		counts[state] = n
		return err
	}, `SELECT state, count(*) FROM deliveries WHERE issue_id = $1 GROUP BY state`, issueID)
	return counts, db.fail(fmt.Sprintf("counting the deliveries of issue %d", issueID), err)
}

// Deliveries gives the deliveries of an issue in a state, or all if state is
// "", in the order in which they were queued.
func (db *DB) Deliveries(ctx context.Context, issueID int64, state sigpost.DeliveryState) ([]sigpost.Delivery, error) {
	all, err := collect(ctx, db, readDelivery, `SELECT `+deliveryColumns+` FROM deliveries d
WHERE d.issue_id = $1 AND ($2 = '' OR d.state = $2) ORDER BY d.id`, issueID, string(state))
	return all, db.fail(fmt.Sprintf("reading the deliveries of issue %d", issueID), err)
}

// KnownLetters gives those of some Message-IDs that are letters of a ledger:
// our own mail that has come back.
func (db *DB) KnownLetters(ctx context.Context, ids []sigpost.MessageID) (map[sigpost.MessageID]bool, error) {
	known := map[sigpost.MessageID]bool{}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = clean(string(id))
	}
	err := inList(texts, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var id sigpost.MessageID
			err := row.Scan(&id)
			known[id] = true
			return err
		}, `SELECT message_id FROM deliveries WHERE message_id IN `+list+` UNION ALL SELECT message_id FROM nudges WHERE message_id IN `+list, args...)
	})
	return known, db.fail("looking for letters", err)
}
