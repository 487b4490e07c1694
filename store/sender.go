package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"sigpost"
)

// senderKept is how long a sender whose lease has ended is remembered.
const senderKept = 24 * time.Hour

// SenderView is what a sender sees of the others when it begins a turn.
type SenderView struct {
	// Fenced says that its lease has ended and others act on that: it may send
	// nothing more.
	Fenced bool
	// Senders counts those whose lease holds, of all issues.
	Senders int
	// Clock is the database's.
	Clock time.Time
	// Held are the paces that stand still.
	Held []HeldPace
}

// HeldPace is a pace that stands still for a while.
type HeldPace struct {
	Name  string
	For   time.Duration
	Times int // how often in a row that was asked for
}

// JoinSenders makes a sender of an issue, with a lease of that length by the
// database's clock. clock is that clock. Where most is not 0 and as many others live
// (see LivingSenders), it is none, and the error wraps sigpost.ErrLocked; of several who
// come at the same time as many become senders as may.
func (db *DB) JoinSenders(ctx context.Context, issueID int64, lease time.Duration, most int) (id int64, clock time.Time, err error) {
	doing := fmt.Sprintf("becoming one of those who send issue %d", issueID)
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return 0, clock, db.fail(doing, err)
	}
	id = int64(binary.BigEndian.Uint64(random[:])>>1 | 1)
	host, _ := os.Hostname()
	err = db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `DELETE FROM senders WHERE lease < `+tx.clock+` - $1`, senderKept.Microseconds()); err != nil {
			return err
		}
		if most > 0 { // one behind the other
			if err := tx.LockSending(ctx, &Sending{IssueID: issueID}); err != nil {
				return err
			}
			living, err := tx.LivingSenders(ctx, issueID, lease)
			if err == nil && living >= most {
				err = &failure{fmt.Sprintf("enough others send issue %d: %d", issueID, living), sigpost.ErrLocked}
			}
			if err != nil {
				return err
			}
		}
		var now int64
		err := tx.scan(ctx, `INSERT INTO senders (id, issue_id, who, lease) VALUES ($1, $2, $3, `+tx.clock+` + $4) RETURNING `+tx.clock,
			[]any{id, issueID, fmt.Sprintf("pid %d on %s", os.Getpid(), host), lease.Microseconds()}, &now)
		clock = moment(now)
		return err
	})
	return id, clock, db.fail(doing, err)
}

// LivingSenders counts the senders of an issue, with leases of that length, that have
// renewed theirs while a third of it went by: each does so twice in that time. Others may
// be dead, and keep nobody's place.
func (db *DB) LivingSenders(ctx context.Context, issueID int64, lease time.Duration) (n int, err error) {
	err = db.scan(ctx, `SELECT count(*) FROM senders WHERE issue_id = $1 AND fenced = 0 AND lease > `+db.clock+` + $2`,
		[]any{issueID, (lease - lease/3).Microseconds()}, &n)
	return n, db.fail(fmt.Sprintf("counting those who send issue %d", issueID), err)
}

// RenewSender makes a sender's lease end so much after now, and notes its trouble.
// ok is false where it has ended by now: then it stays ended.
func (db *DB) RenewSender(ctx context.Context, id int64, lease time.Duration, trouble string) (ok bool, err error) {
	n, err := db.exec(ctx, `UPDATE senders SET lease = `+db.clock+` + $2, trouble = $3 WHERE id = $1 AND fenced = 0 AND lease > `+db.clock,
		id, lease.Microseconds(), clean(trouble))
	return n > 0, db.fail("renewing the right to send", err)
}

// LeaveSenders ends a sender that has nothing in hand, and all results of which are
// stored. What it holds all the same it took in a turn of which it never heard: of that
// nothing was said to anybody, and it goes back. With doubt that is looked for also
// where its lease had ended. at is now.
func (db *DB) LeaveSenders(ctx context.Context, issueID, id int64, doubt bool, at time.Time) error {
	states := `state = 'sending'`
	if doubt {
		states = `state IN ('sending', 'unknown')`
	}
	err := db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `UPDATE deliveries SET state = 'queued', lease = 0, holder = 0, attempts = attempts - 1, updated = $3
WHERE issue_id = $1 AND holder = $2 AND `+states, issueID, id, micros(at)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM slots WHERE holder = $1`, id); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM senders WHERE id = $1`, id)
		return err
	})
	return db.fail("leaving those who send", err)
}

// FenceSenders ends the senders whose lease is over, by the database's clock, and
// settles what those that have ended held of an issue: it becomes unknown, since it
// may have arrived; with resend it is queued again, due at once. What was taken by
// no sender, under a lock that is free by now, is settled likewise. at is now, for
// the ledger.
//
// Ending a sender and renewing its lease change the same row, so that one of the two
// comes first: who was ended cannot go on, and who goes on was not ended.
func (db *DB) FenceSenders(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error) {
	if _, err := db.exec(ctx, `UPDATE senders SET fenced = `+db.clock+` WHERE fenced = 0 AND lease <= `+db.clock); err != nil {
		return 0, 0, db.fail("ending senders whose lease is over", err)
	}
	state := sigpost.DeliveryUnknown
	if resend {
		state = sigpost.DeliveryQueued
	}
	n, err := db.exec(ctx, `UPDATE deliveries SET state = $2, lease = 0, updated = $3, placed = 0, due = CASE WHEN $2 = 'queued' THEN $3 ELSE due END,
holder = CASE WHEN $2 = 'queued' THEN 0 ELSE holder END,
reply = 'the sender that had it was gone, or cut off, before the server''s reply was recorded'
WHERE issue_id = $1 AND state = 'sending' AND holder NOT IN (SELECT id FROM senders WHERE fenced = 0)`, issueID, string(state), micros(at))
	if resend {
		return int(n), 0, db.fail(fmt.Sprintf("recovering the letters of issue %d", issueID), err)
	}
	return 0, int(n), db.fail(fmt.Sprintf("recovering the letters of issue %d", issueID), err)
}

// SendingAs is Sending for one of several senders, with what it has to know of the
// others, in one query. Where the server would tell of a transaction that is not on
// its disk yet, this one is: what the ledger says must outlive the server.
func (db *DB) SendingAs(ctx context.Context, issueID, sender int64) (s Sending, view SenderView, err error) {
	found := false
	err = db.each(ctx, func(row scanner) error {
		var begun, expires, paused, fenced, clock, held int64
		var name, durable string
		var times int
		err := row.Scan(&s.IssueID, &begun, &s.Queued, &s.QueueEnd, &expires, &paused, &s.PausedWhy, &s.EndedWhy,
			&fenced, &view.Senders, &clock, &name, &held, &times, &durable)
		s.Begun, s.Expires, s.Paused = moment(begun), moment(expires), moment(paused)
		found, view.Fenced, view.Clock = true, fenced != 0, moment(clock)
		if name != "" {
			view.Held = append(view.Held, HeldPace{Name: name, For: time.Duration(held-clock) * time.Microsecond, Times: times})
		}
		return err
	}, `SELECT s.issue_id, s.begun, s.queued, s.queue_end, s.expires, s.paused, s.paused_why, s.ended_why, COALESCE(w.fenced, 1),
(SELECT count(*) FROM senders o WHERE o.fenced = 0 AND o.lease > `+db.clock+`), `+db.clock+`, COALESCE(p.name, ''), COALESCE(p.held, 0), COALESCE(p.times, 0), `+db.durable+db.orEnd(" || ")+`
FROM sendings s LEFT JOIN senders w ON w.id = $2 LEFT JOIN paces p ON p.held > `+db.clock+` WHERE s.issue_id = $1`, issueID, sender)
	if err == nil && !found {
		err = &failure{fmt.Sprintf("issue %d has not begun to be sent", issueID), sigpost.ErrNotFound}
	}
	return s, view, db.fail(fmt.Sprintf("reading how the sending of issue %d goes", issueID), err)
}

// LockSending makes a transaction the only one that fills the ledger of an issue, and
// gives how far that has come.
func (db *DB) LockSending(ctx context.Context, s *Sending) error {
	err := db.scan(ctx, `SELECT queued, queue_end FROM sendings s WHERE issue_id = $1`+db.forUpdate, []any{s.IssueID}, &s.Queued, &s.QueueEnd)
	return db.fail(fmt.Sprintf("reading how the sending of issue %d goes", s.IssueID), err)
}

// TroublesOfOthers gives what the other senders of an issue have noted of their trouble.
func (db *DB) TroublesOfOthers(ctx context.Context, issueID, sender int64) ([]string, error) {
	all, err := collect(ctx, db, func(row scanner) (trouble string, err error) { return trouble, row.Scan(&trouble) },
		`SELECT trouble FROM senders WHERE issue_id = $1 AND id <> $2 AND fenced = 0 AND trouble <> ''`, issueID, sender)
	return all, db.fail("asking what others met", err)
}

// LettersOfOthers counts the letters of an issue that other senders have in hand, and
// says how long the last of their leases lasts.
func (db *DB) LettersOfOthers(ctx context.Context, issueID, sender int64) (n int, lasts time.Duration, err error) {
	var left int64
	err = db.scan(ctx, `SELECT count(*), COALESCE(max(w.lease) - `+db.clock+`, 0) FROM deliveries d LEFT JOIN senders w ON w.id = d.holder AND w.fenced = 0
WHERE d.issue_id = $1 AND d.state = 'sending' AND d.holder <> $2`, []any{issueID, sender}, &n, &left)
	return n, time.Duration(max(left, 0)) * time.Microsecond, db.fail("counting what others have in hand", err)
}

// LateLetters gives those of some letters that a sender does not hold any more.
func (db *DB) LateLetters(ctx context.Context, sender int64, ids []int64) (late []sigpost.Delivery, err error) {
	err = inList(ids, 2, func(list string, args []any) error {
		some, err := collect(ctx, db, readDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.holder <> $1 AND d.id IN `+list, append([]any{sender}, args...)...)
		late = append(late, some...)
		return err
	})
	return late, db.fail("looking for letters that others have by now", err)
}

// TakePlaces takes n places in a row of a pace, so far apart, for all senders, and
// says how long it is until the first. ok is false where the next free one is further
// ahead than ahead.
func (db *DB) TakePlaces(ctx context.Context, name string, n int, apart, ahead time.Duration) (wait time.Duration, ok bool, err error) {
	var micros int64
	err = db.scan(ctx, `INSERT INTO paces (name, next) VALUES ($1, `+db.clock+` + CAST($2 AS BIGINT))
ON CONFLICT (name) DO UPDATE SET next = CASE WHEN paces.next < `+db.clock+` THEN `+db.clock+` ELSE paces.next END + CAST($2 AS BIGINT)
WHERE paces.next <= `+db.clock+` + CAST($3 AS BIGINT) RETURNING next - CAST($2 AS BIGINT) - `+db.clock,
		[]any{name, int64(n) * apart.Microseconds(), ahead.Microseconds()}, &micros)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return time.Duration(max(micros, 0)) * time.Microsecond, err == nil, db.fail("taking places of "+name, err)
}

// HoldPace makes a pace stand still for a while, for all senders.
func (db *DB) HoldPace(ctx context.Context, p HeldPace) error {
	_, err := db.exec(ctx, `INSERT INTO paces (name, held, times) VALUES ($1, `+db.clock+` + CAST($2 AS BIGINT), $3)
ON CONFLICT (name) DO UPDATE SET held = CASE WHEN paces.held < excluded.held THEN excluded.held ELSE paces.held END,
times = CASE WHEN paces.times < excluded.times THEN excluded.times ELSE paces.times END`, p.Name, p.For.Microseconds(), p.Times)
	return db.fail("holding "+p.Name, err)
}

// TakeSlots takes up to want of the slots 1 to total that nobody has whose lease
// holds, and gives their number.
func (db *DB) TakeSlots(ctx context.Context, sender int64, name string, total, want int) (got int, err error) {
	err = db.each(ctx, func(row scanner) error {
		var n int64
		got++
		return row.Scan(&n)
	}, `WITH RECURSIVE c (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT c.n + 1 FROM c WHERE c.n < CAST($3 AS BIGINT))
INSERT INTO slots (name, n, holder) SELECT CAST($1 AS TEXT), c.n, CAST($2 AS BIGINT) FROM c
WHERE NOT EXISTS (SELECT 1 FROM slots h JOIN senders w ON w.id = h.holder WHERE h.name = CAST($1 AS TEXT) AND h.n = c.n AND w.fenced = 0)
ORDER BY c.n LIMIT CAST($4 AS BIGINT)
ON CONFLICT (name, n) DO UPDATE SET holder = excluded.holder
WHERE NOT EXISTS (SELECT 1 FROM senders w WHERE w.id = slots.holder AND w.fenced = 0) RETURNING n`, name, sender, total, want)
	return got, db.fail("taking connections to "+name, err)
}

// FreeSlots gives back n of a sender's slots.
func (db *DB) FreeSlots(ctx context.Context, sender int64, name string, n int) error {
	_, err := db.exec(ctx, `DELETE FROM slots WHERE name = $1 AND holder = $2
AND n IN (SELECT h.n FROM slots h WHERE h.name = $1 AND h.holder = $2 ORDER BY h.n DESC LIMIT CAST($3 AS BIGINT))`, name, sender, n)
	return db.fail("giving back connections to "+name, err)
}
