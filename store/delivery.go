package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
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

const deliveryColumns = `d.id, d.issue_id, d.subscription_id, d.state, d.message_id, d.attempts, d.due, d.lease, d.reply, d.updated, d.holder, d.placed`

func readDelivery(row scanner) (d sigpost.Delivery, err error) {
	return scanDelivery(row, &d)
}

// scanDelivery reads deliveryColumns, and what is behind them into more.
func scanDelivery(row scanner, d *sigpost.Delivery, more ...any) (sigpost.Delivery, error) {
	var due, lease, updated, placed int64
	err := row.Scan(append([]any{&d.ID, &d.IssueID, &d.SubscriptionID, &d.State, &d.MessageID, &d.Attempts, &due, &lease, &d.Reply, &updated, &d.Holder, &placed}, more...)...)
	d.Placed = placed != 0
	d.Due, d.Lease, d.Updated = moment(due), moment(lease), moment(updated)
	return *d, err
}

// Gone is why a reader gets no letter who has left since it was queued.
const Gone = "the subscription had ended, was suspended or paused"

// Turn is one turn of a sender: it stores results, and takes up to limit letters
// of an issue that are due at now, those due first first, all in one transaction.
// A letter that is taken is being sent, held until lease, and has one attempt
// more; whoever took it must bring its result to a later Turn, or Recover has to
// settle it. One whose subscription has ended becomes suppressed instead. Several
// workers may take at once: each letter goes to one of them. Where fewer than
// limit are taken, no more are due.
//
// Who was thought to be gone may come with results late: what was sent is then
// sent, whatever it was taken for, and other results change nothing.
func (db *DB) Turn(ctx context.Context, issueID int64, results []sigpost.DeliveryResult, now, lease time.Time, limit int) (taken []sigpost.Claim, err error) {
	return db.TurnAs(ctx, 0, issueID, results, now, lease, limit)
}

// TurnAs is Turn for one of several senders. It takes letters for this one, and
// results change only rows that are still its own, also those that became unknown
// since its lease had ended.
func (db *DB) TurnAs(ctx context.Context, holder, issueID int64, results []sigpost.DeliveryResult, now, lease time.Time, limit int) (taken []sigpost.Claim, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if err := tx.storeResults(ctx, holder, results, now); err != nil {
			return err
		}
		for len(taken) < limit {
			got, ended, err := tx.take(ctx, holder, issueID, now, lease, limit-len(taken))
			taken = append(taken, got...)
			if err != nil || len(ended) == 0 {
				return err
			}
			err = tx.setRows(ctx, letters, `state = 'suppressed', lease = 0, attempts = attempts - 1, reply = $1`, []any{Gone}, ended)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, db.fail(fmt.Sprintf("sending letters of issue %d", issueID), err)
	}
	return taken, nil
}

// take takes up to limit letters; ended are those whose subscription has ended.
func (db *DB) take(ctx context.Context, holder, issueID int64, now, lease time.Time, limit int) (taken []sigpost.Claim, ended []int64, err error) {
	// state = 'queued' and 'sending' are words of the queries, since the partial
	// indexes can only then be used. SQLite compiles a statement anew for each value
	// of a bare LIMIT $4.
	mine := make(map[int64]bool, limit)
	err = db.each(ctx, func(row scanner) error {
		var id int64
		err := row.Scan(&id)
		mine[id] = true
		return err
	}, `UPDATE deliveries SET state = 'sending', attempts = attempts + 1, lease = $3, updated = $2, holder = $5 WHERE id IN (
SELECT d.id FROM deliveries d WHERE d.issue_id = $1 AND d.state = 'queued' AND d.due <= $2
ORDER BY d.due, d.id LIMIT CAST($4 AS BIGINT)`+db.skipLocked+`) RETURNING id`, issueID, micros(now), micros(lease), limit, holder)
	if err != nil || len(mine) == 0 {
		return nil, nil, err
	}
	taken = make([]sigpost.Claim, 0, len(mine))
	err = db.each(ctx, func(row scanner) error {
		var c sigpost.Claim
		into, done := intoSubscription(&c.Subscription)
		_, err := scanDelivery(row, &c.Delivery, into...)
		switch done(); {
		case !mine[c.ID]: // another worker's
		case c.Subscription.State != sigpost.SubscriptionActive || c.Subscription.PausedUntil.After(now):
			ended = append(ended, c.ID)
		default:
			taken = append(taken, c)
		}
		return err
	}, `SELECT `+deliveryColumns+`, `+subscriptionColumns+` FROM deliveries d
JOIN subscriptions s ON s.id = d.subscription_id JOIN subscribers b ON b.id = s.subscriber_id
WHERE d.issue_id = $1 AND d.state = 'sending' AND d.lease = $2 ORDER BY d.id`, issueID, micros(lease))
	return taken, ended, err
}

// storeResults notes what became of letters that were being sent.
func (db *DB) storeResults(ctx context.Context, holder int64, results []sigpost.DeliveryResult, now time.Time) error {
	sent, others := make([]sigpost.DeliveryResult, 0, len(results)), []sigpost.DeliveryResult(nil)
	for _, r := range results {
		switch r.State {
		case sigpost.DeliverySent:
			sent = append(sent, r)
		case sigpost.DeliveryFailed, sigpost.DeliveryUnknown, sigpost.DeliveryQueued, sigpost.DeliverySuppressed:
			others = append(others, r)
		default:
			return fmt.Errorf("%s is no result of delivery %d", r.State, r.DeliveryID)
		}
	}
	if err := db.storeAs(ctx, "sent", holder, sent, now); err != nil {
		return err
	}
	return db.storeAs(ctx, "other", holder, others, now)
}

// resultColumns are what differs from one result to the next, and resultSets what
// is made of them: most letters are sent, and of those there is less to say.
var (
	resultColumns = map[string][]string{"sent": {"BIGINT", "TEXT"}, "other": {"BIGINT", "TEXT", "TEXT", "BIGINT", "BIGINT", "BIGINT"}}
	// resultOf are the states that it may be a result of. A holder that was taken for
	// gone knows better what became of its letters.
	resultOf    = map[string]string{"sent": `deliveries.state <> 'sent'`, "other": `(deliveries.state = 'sending' OR deliveries.state = 'unknown' AND deliveries.holder <> 0)`}
	resultNames = map[string]string{"sent": "id, reply", "other": "id, reply, state, due, untried, placed"}
	resultSets  = map[string]string{"sent": `state = 'sent'`, "other": `state = r.state, attempts = attempts - r.untried, placed = CAST(r.placed AS INTEGER), holder = 0,
due = CASE WHEN r.state = 'queued' THEN r.due ELSE deliveries.due END`}
)

func (db *DB) storeAs(ctx context.Context, as string, holder int64, results []sigpost.DeliveryResult, now time.Time) error {
	types := resultColumns[as]
	return inBulk(results, func(chunk []sigpost.DeliveryResult) error {
		query := bulkText(db.name+" results "+as, len(chunk), func() string {
			return `WITH r (` + resultNames[as] + `) AS (VALUES ` + db.rowsOf(types, len(chunk)) + `) UPDATE deliveries SET reply = r.reply, lease = 0, ` + resultSets[as] +
				`, updated = ` + db.place(1+len(chunk)*len(types)) + ` FROM r WHERE deliveries.id = r.id AND ` + resultOf[as] +
				` AND deliveries.holder = ` + db.place(2+len(chunk)*len(types))
		})
		args := make([]any, 0, 2+len(chunk)*len(types)+4)
		for _, r := range chunk {
			args = append(args, r.DeliveryID, clean(r.Reply), string(r.State), micros(r.Due), number(r.Untried), number(r.Placed))
			args = args[:len(args)-len(resultColumns["other"])+len(types)]
		}
		_, err := db.exec(ctx, query, append(args, micros(now), holder)...)
		return err
	})
}

// Waiting counts the letters of an issue that are queued, and says when the first
// of them is due; zero where there are none.
func (db *DB) Waiting(ctx context.Context, issueID int64) (n int, due time.Time, err error) {
	var first int64
	err = db.scan(ctx, `SELECT count(*), COALESCE(min(due), 0) FROM deliveries WHERE issue_id = $1 AND state = 'queued'`, []any{issueID}, &n, &first)
	return n, moment(first), db.fail(fmt.Sprintf("counting the letters of issue %d that wait", issueID), err)
}

// setRows sets columns of the rows in ids.
func (db *DB) setRows(ctx context.Context, table ledgerTable, set string, values []any, ids []int64) error {
	return inList(ids, len(values)+1, func(list string, args []any) error {
		_, err := db.exec(ctx, `UPDATE `+string(table)+` SET `+set+` WHERE id IN `+list, slices.Concat(values, args)...)
		return err
	})
}

// record notes what became of a row that was begun: sent, failed, unknown,
// suppressed since there is nothing to send, or queued again and then not before
// due. reply is what the other end said, or why it failed; at is now. It is an
// error to record one that was not begun.
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
	free := ""
	if table == letters { // who had it has no say in it any more
		free = ", holder = 0, placed = 0"
	}
	n, err := db.exec(ctx, `UPDATE `+string(table)+` SET state = 'queued', attempts = 0, due = $3, updated = $3`+free+` WHERE issue_id = $1 AND state = $2`,
		issueID, string(state), micros(at))
	return int(n), db.fail(fmt.Sprintf("queueing the %s of issue %d again", table, issueID), err)
}

// Arrived notes of deliveries of an issue that are held that somebody knows that they
// arrived: they are sent, with reply as the last words. It gives the number of those that
// were held until then. at is now.
func (db *DB) Arrived(ctx context.Context, issueID int64, ids []int64, reply string, at time.Time) (int, error) {
	return db.arrived(ctx, letters, issueID, ids, reply, at)
}

func (db *DB) arrived(ctx context.Context, table ledgerTable, issueID int64, ids []int64, reply string, at time.Time) (n int, err error) {
	free := ""
	if table == letters { // who had it has no say in it any more
		free = ", holder = 0"
	}
	err = inList(ids, 4, func(list string, args []any) error {
		changed, err := db.exec(ctx, `UPDATE `+string(table)+` SET state = 'sent', reply = $2, updated = $3`+free+` WHERE issue_id = $1 AND state = 'unknown' AND id IN `+list,
			slices.Concat([]any{issueID, clean(reply), micros(at)}, args)...)
		n += int(changed)
		return err
	})
	return n, db.fail(fmt.Sprintf("noting that %s of issue %d arrived", table, issueID), err)
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

// LostDeliveries gives at most limit deliveries of an issue that failed or are held,
// the latest first, each with who it was for; 0 is no limit.
func (db *DB) LostDeliveries(ctx context.Context, issueID int64, limit int) ([]sigpost.Claim, error) {
	all, err := collect(ctx, db, func(row scanner) (c sigpost.Claim, err error) {
		into, done := intoSubscription(&c.Subscription)
		_, err = scanDelivery(row, &c.Delivery, into...)
		done()
		return c, err
	}, `SELECT `+deliveryColumns+`, `+subscriptionColumns+` FROM deliveries d
JOIN subscriptions s ON s.id = d.subscription_id JOIN subscribers b ON b.id = s.subscriber_id
WHERE d.issue_id = $1 AND d.state IN ('failed', 'unknown') ORDER BY d.updated DESC, d.id DESC LIMIT $2`, issueID, cmp.Or(limit, math.MaxInt32))
	return all, db.fail(fmt.Sprintf("reading the lost letters of issue %d", issueID), err)
}

// SentSince counts the letters of an issue that were sent since a time.
func (db *DB) SentSince(ctx context.Context, issueID int64, since time.Time) (n int, err error) {
	err = db.scan(ctx, `SELECT count(*) FROM deliveries WHERE issue_id = $1 AND state = 'sent' AND updated >= $2`, []any{issueID, micros(since)}, &n)
	return n, db.fail(fmt.Sprintf("counting the letters of issue %d", issueID), err)
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
