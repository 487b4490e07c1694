package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// Notices is the ledger of letters to one person about their own subscription.
// It is sent from by several processes at once. Other than a digest's letter, one
// that a crash leaves begun is sent again when its lease is over: a link that
// comes twice does no harm, one that never comes does.
type Notices struct{ db *DB }

// Notices gives the ledger of letters to one person.
func (db *DB) Notices() Notices { return Notices{db} }

// QueueNotice puts a notice into the ledger, due at n.Due.
func (db *DB) QueueNotice(ctx context.Context, n sigpost.Notice) error {
	_, err := db.exec(ctx, `INSERT INTO notices (kind, digest, addr, addr_key, reply_to, answers, subject, body, html, message_id, state, due, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', $11, $11)`, string(n.Kind), n.Digest, n.Addr, addrKey(n.Addr), n.ReplyTo, clean(string(n.Answers)),
		clean(n.Letter.Subject), clean(n.Letter.Text), clean(n.Letter.HTML), string(n.MessageID), micros(n.Due))
	return db.fail("queueing a letter to "+n.Addr, err)
}

const noticeColumns = `d.id, d.kind, d.digest, d.addr, d.reply_to, d.answers, d.subject, d.body, d.html, d.message_id, d.state, d.attempts, d.due, d.lease, d.reply, d.updated`

func readNotice(row scanner) (n sigpost.Notice, err error) {
	var due, lease, updated int64
	err = row.Scan(&n.ID, &n.Kind, &n.Digest, &n.Addr, &n.ReplyTo, &n.Answers, &n.Letter.Subject, &n.Letter.Text, &n.Letter.HTML, &n.MessageID,
		&n.State, &n.Attempts, &due, &lease, &n.Reply, &updated)
	n.Due, n.Lease, n.Updated = moment(due), moment(lease), moment(updated)
	return n, err
}

// Claim takes up to limit notices that are due at now and that nobody holds, and
// holds them until lease.
func (l Notices) Claim(ctx context.Context, now, lease time.Time, limit int) (claimed []sigpost.Notice, err error) {
	err = l.db.Tx(ctx, func(tx *DB) error {
		claimed, err = collect(ctx, tx, readNotice, `SELECT `+noticeColumns+` FROM notices d
WHERE d.state IN ('queued', 'sending') AND d.due <= $1 AND d.lease <= $1 ORDER BY d.due, d.id LIMIT $2`+tx.skipLocked, micros(now), limit)
		for i := range claimed {
			if err == nil {
				_, err = tx.exec(ctx, `UPDATE notices SET state = 'queued', lease = $2 WHERE id = $1`, claimed[i].ID, micros(lease))
			}
			claimed[i].State, claimed[i].Lease = sigpost.DeliveryQueued, moment(micros(lease))
		}
		return err
	})
	return claimed, l.db.fail("claiming letters to single people", err)
}

// Begin notes that a notice is about to be handed to a mail server; ok is false
// where somebody else was quicker, or it is gone.
func (l Notices) Begin(ctx context.Context, id int64, now time.Time) (ok bool, err error) {
	n, err := l.db.exec(ctx, `UPDATE notices SET state = 'sending', attempts = attempts + 1, reply = '', updated = $2 WHERE id = $1 AND state = 'queued'`, id, micros(now))
	return n > 0, l.db.fail(fmt.Sprintf("beginning letter %d about a subscription", id), err)
}

// Record notes what became of a notice that was begun. What it said, and the
// links in it, are forgotten unless it is queued again.
func (l Notices) Record(ctx context.Context, id int64, state sigpost.DeliveryState, reply string, due, at time.Time) error {
	n, err := l.db.exec(ctx, `UPDATE notices SET state = $2, reply = $3, lease = 0, updated = $4, due = CASE WHEN $2 = 'queued' THEN $5 ELSE due END,
body = CASE WHEN $2 = 'queued' THEN body ELSE '' END, html = CASE WHEN $2 = 'queued' THEN html ELSE '' END,
subject = CASE WHEN $2 = 'queued' THEN subject ELSE '' END, reply_to = CASE WHEN $2 = 'queued' THEN reply_to ELSE '' END
WHERE id = $1 AND state = 'sending'`, id, string(state), clean(reply), micros(at), micros(due))
	if err == nil && n == 0 {
		err = errors.New("it was not begun")
	}
	return l.db.fail(fmt.Sprintf("recording that letter %d about a subscription is %s", id, state), err)
}

// Waiting gives the notices of a kind that an address is still to get, oldest first.
func (l Notices) Waiting(ctx context.Context, kind sigpost.NoticeKind, addr string) ([]sigpost.Notice, error) {
	all, err := collect(ctx, l.db, readNotice, `SELECT `+noticeColumns+` FROM notices d
WHERE d.addr_key = $1 AND d.kind = $2 AND d.state IN ('queued', 'sending') ORDER BY d.id`, addrKey(addr), string(kind))
	return all, l.db.fail("reading the letters that wait for "+addr, err)
}

// TakeBack has a notice not sent, and says why; ok is false where it was begun, or is gone.
// What it said is forgotten.
func (l Notices) TakeBack(ctx context.Context, id int64, why string, at time.Time) (ok bool, err error) {
	n, err := l.db.exec(ctx, `UPDATE notices SET state = 'suppressed', reply = $2, lease = 0, updated = $3, subject = '', body = '', html = '', reply_to = ''
WHERE id = $1 AND state = 'queued'`, id, why, micros(at))
	return n > 0, l.db.fail(fmt.Sprintf("taking letter %d back", id), err)
}

// To gives the notices to an address, oldest first.
func (l Notices) To(ctx context.Context, addr string) ([]sigpost.Notice, error) {
	all, err := collect(ctx, l.db, readNotice, `SELECT `+noticeColumns+` FROM notices d WHERE d.addr_key = $1 ORDER BY d.id`, addrKey(addr))
	return all, l.db.fail("reading the letters to "+addr, err)
}

// Counts counts the notices by state.
func (l Notices) Counts(ctx context.Context) (sigpost.DeliveryCounts, error) {
	counts := sigpost.DeliveryCounts{}
	err := l.db.each(ctx, func(row scanner) error {
		var state sigpost.DeliveryState
		var n int
		err := row.Scan(&state, &n)
		counts[state] = n
		return err
	}, `SELECT state, count(*) FROM notices GROUP BY state`)
	return counts, l.db.fail("counting letters to single people", err)
}
