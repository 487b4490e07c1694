package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// Trouble is what goes wrong and what operators were told of.
type Trouble struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	Told  time.Time `json:"told,omitzero"` // the last time; zero where it was not told yet
	Words string    `json:"words"`
}

func readTrouble(row scanner) (t Trouble, err error) {
	var since, told int64
	err = row.Scan(&t.Name, &since, &told, &t.Words)
	t.Since, t.Told = moment(since), moment(told)
	return t, err
}

// Troubles gives all that goes wrong, the oldest first.
func (db *DB) Troubles(ctx context.Context) ([]Trouble, error) {
	all, err := collect(ctx, db, readTrouble, `SELECT name, since, told, words FROM troubles ORDER BY since, name`)
	return all, db.fail("reading what goes wrong", err)
}

// TroubleNoted notes that something goes wrong at a time, of which nobody is told. isNew
// says that it was not known.
func (db *DB) TroubleNoted(ctx context.Context, name, words string, at time.Time) (isNew bool, err error) {
	isNew, err = db.troubleNoted(ctx, name, words, at)
	return isNew, db.fail("noting that "+name+" goes wrong", err)
}

func (db *DB) troubleNoted(ctx context.Context, name, words string, at time.Time) (isNew bool, err error) {
	n, err := db.exec(ctx, `INSERT INTO troubles (name, since, told, words) VALUES ($1, $2, 0, $3) ON CONFLICT (name) DO NOTHING`, name, micros(at), clean(words))
	if err == nil && n == 0 {
		_, err = db.exec(ctx, `UPDATE troubles SET words = $2 WHERE name = $1 AND told = 0`, name, clean(words))
	}
	return n > 0, err
}

// TroubleGoesOn notes that something goes wrong at a time. begins says that it has done
// so for long enough to be told, and was not, and again that this was told so long before
// that it is told again: whoever hears that has to tell it, in the same transaction, and
// nobody else hears it.
func (db *DB) TroubleGoesOn(ctx context.Context, name, words string, at time.Time, enough, after time.Duration) (t Trouble, begins, again bool, err error) {
	if _, err = db.troubleNoted(ctx, name, words, at); err == nil {
		t, begins, err = db.troubleTold(ctx, name, at, enough)
	}
	if err == nil && !begins {
		var n int64
		n, err = db.exec(ctx, `UPDATE troubles SET told = $2, words = $3 WHERE name = $1 AND told > 0 AND told <= $4`, name, micros(at), clean(words), micros(at.Add(-after)))
		again = n > 0
	}
	if err == nil && !begins {
		t, err = first(ctx, db, readTrouble, `SELECT name, since, told, words FROM troubles WHERE name = $1`, name)
	}
	return t, begins, again, db.fail("noting that "+name+" goes wrong", err)
}

// TroubleLasts notes that something is told at a time that has gone wrong for long
// enough; ok is false where it has not, is over, or was told before.
func (db *DB) TroubleLasts(ctx context.Context, name string, at time.Time, enough time.Duration) (t Trouble, ok bool, err error) {
	t, ok, err = db.troubleTold(ctx, name, at, enough)
	return t, ok, db.fail("noting that "+name+" still goes wrong", err)
}

func (db *DB) troubleTold(ctx context.Context, name string, at time.Time, enough time.Duration) (t Trouble, ok bool, err error) {
	t, err = first(ctx, db, readTrouble, `UPDATE troubles SET told = $2 WHERE name = $1 AND told = 0 AND since <= $3 RETURNING name, since, told, words`,
		name, micros(at), micros(at.Add(-enough)))
	if errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	}
	return t, err == nil, err
}

// TroubleStands says whether somebody was told of what goes wrong and still does. In a
// transaction nobody notes meanwhile that it is over, and what they told with that is seen.
func (db *DB) TroubleStands(ctx context.Context, name string) (bool, error) {
	n, err := db.exec(ctx, `UPDATE troubles SET told = told WHERE name = $1 AND told > 0`, name)
	return n > 0, db.fail("reading whether "+name+" goes wrong", err)
}

// TroubleOver notes that something does not go wrong any more; ok is false where
// nobody knew that it did.
func (db *DB) TroubleOver(ctx context.Context, name string) (t Trouble, ok bool, err error) {
	t, err = first(ctx, db, readTrouble, `DELETE FROM troubles WHERE name = $1 RETURNING name, since, told, words`, name)
	if errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	}
	return t, err == nil, db.fail("noting that "+name+" goes well", err)
}

// Alerts is the ledger of what a webhook is told. Other than with letters, one that a
// crash leaves begun is posted again: it has an id by which that is known.
type Alerts struct{ db *DB }

// Alerts gives the ledger of what a webhook is told.
func (db *DB) Alerts() Alerts { return Alerts{db} }

// Alert is a post to a webhook.
type Alert struct {
	ID       int64
	Body     string
	Attempts int
	Reply    string // of the last attempt; empty while there is one, and where a crash ended it
}

func readAlert(row scanner) (a Alert, err error) {
	err = row.Scan(&a.ID, &a.Body, &a.Attempts, &a.Reply)
	return a, err
}

// Queue puts a post into the ledger, due at once.
func (l Alerts) Queue(ctx context.Context, body string, at time.Time) error {
	_, err := l.db.exec(ctx, `INSERT INTO alerts (body, state, due, updated) VALUES ($1, 'queued', $2, $2)`, clean(body), micros(at))
	return l.db.fail("queueing an alert", err)
}

// NextDue is when the first post is due; zero where there is none.
func (l Alerts) NextDue(ctx context.Context) (time.Time, error) {
	return l.db.earliest(ctx, "looking for alerts", `SELECT COALESCE(min(CASE WHEN lease > due THEN lease ELSE due END), 0) FROM alerts WHERE state = 'queued'`)
}

// Claim takes the oldest post that is due and that nobody holds, and holds it until
// lease. The error wraps sigpost.ErrNotFound where there is none.
func (l Alerts) Claim(ctx context.Context, now, lease time.Time) (claimed Alert, err error) {
	err = l.db.Tx(ctx, func(tx *DB) error {
		claimed, err = first(ctx, tx, readAlert,
			`SELECT d.id, d.body, d.attempts, '' FROM alerts d WHERE d.state = 'queued' AND d.due <= $1 AND d.lease <= $1 ORDER BY d.id LIMIT 1`+tx.skipLocked, micros(now))
		if errors.Is(err, sql.ErrNoRows) {
			return &failure{"there is no alert to post", sigpost.ErrNotFound}
		}
		if err != nil {
			return err
		}
		claimed.Attempts++
		_, err = tx.exec(ctx, `UPDATE alerts SET lease = $2, attempts = attempts + 1, reply = '' WHERE id = $1`, claimed.ID, micros(lease))
		return err
	})
	return claimed, l.db.fail("claiming an alert", err)
}

// Waiting gives the posts that were not taken yet, oldest first.
func (l Alerts) Waiting(ctx context.Context) ([]Alert, error) {
	all, err := collect(ctx, l.db, readAlert, `SELECT id, body, attempts, reply FROM alerts WHERE state = 'queued' ORDER BY id`)
	return all, l.db.fail("reading the alerts that wait", err)
}

// TakeBack has a post not tried again; ok is false where it was taken, or is gone.
func (l Alerts) TakeBack(ctx context.Context, id int64) (ok bool, err error) {
	n, err := l.db.exec(ctx, `DELETE FROM alerts WHERE id = $1 AND state = 'queued'`, id)
	return n > 0, l.db.fail(fmt.Sprintf("taking alert %d back", id), err)
}

// Record notes what became of a post, unless it was taken back: that it was sent, that it
// failed for good, or that it is tried again when it is due.
func (l Alerts) Record(ctx context.Context, id int64, state sigpost.DeliveryState, reply string, due, at time.Time) error {
	_, err := l.db.exec(ctx, `UPDATE alerts SET state = $2, reply = $3, due = $4, lease = 0, updated = $5 WHERE id = $1`, id, string(state), clean(reply), micros(due), micros(at))
	return l.db.fail(fmt.Sprintf("recording that alert %d is %s", id, state), err)
}
