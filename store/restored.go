package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// PutBack says that an archive was put back from a backup, or read from a dump, and
// that nobody has said since what is to become of what it does not know of.
type PutBack struct {
	At   time.Time `json:"at"`   // when
	Made time.Time `json:"made"` // of when it is
}

// noteRestored is the note of it. No dump has it.
const noteRestored = "restored"

// NotePutBack notes that this archive was put back, so that nothing is sent until
// Restored is called.
func (db *DB) NotePutBack(ctx context.Context, p PutBack) error {
	value, err := toJSON(p)
	if err == nil {
		_, err = db.exec(ctx, `INSERT INTO notes (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, noteRestored, value)
	}
	return db.fail("noting that the archive was put back", err)
}

// PutBack gives that note. ok is false where there is none.
func (db *DB) PutBack(ctx context.Context) (p PutBack, ok bool, err error) {
	var value string
	err = db.scan(ctx, `SELECT value FROM notes WHERE name = $1`, []any{noteRestored}, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(value), &p)
	}
	return p, err == nil, db.fail("looking whether the archive was put back", err)
}

// HoldNotices gives up the letters to single people, and words to webhooks, that an archive had in hand
// when its backup was made: it is unknown whether they were sent since. What they
// say is forgotten.
func (db *DB) HoldNotices(ctx context.Context, at time.Time) (held int64, err error) {
	held, err = db.exec(ctx, `UPDATE notices SET state = 'unknown', lease = 0, updated = $1, subject = '', body = '', html = '', reply_to = ''
WHERE state IN ('queued', 'sending')`, micros(at))
	if err == nil {
		_, err = db.exec(ctx, `UPDATE alerts SET state = 'failed', lease = 0, updated = $1 WHERE state = 'queued'`, micros(at))
	}
	return held, db.fail("giving up letters of before", err)
}

// mostLost and a quarter of all rows is more than were written since a backup was made.
const mostLost = 1 << 20

// SkipNumbers lets tables go on with numbers that the archive cannot have given
// since it was in this state: links in letters and to threads have some of them in
// them, and would else come to mean somebody else. Mail has no such links.
func (db *DB) SkipNumbers(ctx context.Context) error {
	tables, err := db.tables(ctx)
	if err != nil {
		return db.fail("skipping numbers", err)
	}
	for name, t := range tables {
		if !t.numbered || name == "messages" || name == "raw_blocks" {
			continue
		}
		last, err := db.lastNumber(ctx, name)
		if err == nil {
			err = db.setLastNumber(ctx, name, last+last/4+mostLost)
		}
		if err != nil {
			return db.fail("skipping numbers of "+name, err)
		}
	}
	return nil
}

// Check says what is wrong with the archive's file, as far as a look at each page
// tells.
func (db *DB) Check(ctx context.Context) error {
	if db.file == "" {
		return nil
	}
	says := ""
	err := db.scan(ctx, `PRAGMA quick_check(1)`, nil, &says)
	if err == nil && says != "ok" {
		err = errors.New(says)
	}
	return db.fail("checking the database", err)
}

// Lost is what an archive knows that is put back to an earlier state.
type Lost struct {
	Messages int `json:"messages"` // stored since: they are read again, where the source still has them
	Letters  int `json:"letters"`  // sent since
	Joined   int `json:"joined"`   // readers who agreed since
	Left     int `json:"left"`     // who left since
	Changed  int `json:"changed"`  // who changed their wishes since
}

// Since counts what came to be after a moment.
func (db *DB) Since(ctx context.Context, t time.Time) (l Lost, err error) {
	at := micros(t)
	err = db.scan(ctx, `SELECT (SELECT count(*) FROM messages WHERE stored_at > $1), (SELECT count(*) FROM deliveries WHERE state = 'sent' AND updated > $1),
(SELECT count(*) FROM consents WHERE what = 'given' AND at > $1), (SELECT count(*) FROM consents WHERE what = 'withdrawn' AND at > $1),
(SELECT count(*) FROM consents WHERE what = 'changed' AND at > $1)`, []any{at}, &l.Messages, &l.Letters, &l.Joined, &l.Left, &l.Changed)
	return l, db.fail("counting what came since", err)
}

// Kept is what was taken over from an archive that gives way to an earlier state of
// it.
type Kept struct {
	Left   int `json:"left"`   // subscriptions that had ended since
	Erased int `json:"erased"` // people who had been erased since
}

// leaver is who left.
type leaver struct {
	addr, digest string
	way          sigpost.ConsentWay
	at           time.Time
}

// TakeOver lets those leave who left old, a later state of this archive, since it
// was in this one, and erases whom old erased.
func (db *DB) TakeOver(ctx context.Context, old *DB, since, now time.Time) (kept Kept, err error) {
	left, err := collect(ctx, old, func(row scanner) (l leaver, err error) {
		var at int64
		err = row.Scan(&l.addr, &l.digest, &l.way, &at)
		l.at = moment(at)
		return l, err
	}, `SELECT b.addr, c.digest, c.way, c.at FROM consents c JOIN subscribers b ON b.id = c.subscriber_id
JOIN subscriptions s ON s.subscriber_id = b.id AND s.digest = c.digest
WHERE c.what = 'withdrawn' AND c.at > $1 AND s.state = 'ended' AND b.addr <> '' ORDER BY c.id`, micros(since))
	if err != nil {
		return kept, db.fail("looking for who left", err)
	}
	err = db.Tx(ctx, func(tx *DB) error {
		for _, l := range left {
			s, err := tx.SubscriptionFor(ctx, l.digest, l.addr)
			if errors.Is(err, sigpost.ErrNotFound) {
				continue
			}
			ended := false
			if err == nil {
				ended, err = tx.Withdraw(ctx, s.ID, l.way, l.at)
			}
			if err != nil {
				return err
			}
			if ended {
				kept.Left++
			}
		}
		kept.Erased, err = tx.eraseLike(ctx, old, now)
		return err
	})
	return kept, db.fail("taking over who left", err)
}

// eraseLike erases whom old erased, and takes its suppressions.
func (db *DB) eraseLike(ctx context.Context, old *DB, now time.Time) (erased int, err error) {
	rows, err := collect(ctx, old, func(row scanner) ([]any, error) {
		var hash, secret, reason string
		var at int64
		err := row.Scan(&hash, &secret, &reason, &at)
		return []any{hash, secret, reason, at}, err
	}, `SELECT hash, secret, reason, at FROM suppressions`)
	if err != nil {
		return 0, err
	}
	if _, err := db.insert(ctx, "suppressions (hash, secret, reason, at)", rows); err != nil {
		return 0, err
	}
	type person struct{ id, created int64 }
	gone, err := collect(ctx, old, func(row scanner) (p person, err error) { return p, row.Scan(&p.id, &p.created) },
		`SELECT id, created FROM subscribers WHERE addr = ''`)
	if err != nil {
		return 0, err
	}
	for _, p := range gone {
		addr := ""
		err := db.scan(ctx, `SELECT addr FROM subscribers WHERE id = $1 AND created = $2`, []any{p.id, p.created}, &addr)
		if errors.Is(err, sql.ErrNoRows) || err == nil && addr == "" {
			continue
		}
		if err == nil {
			_, err = db.Erase(ctx, addr, now)
		}
		if err != nil {
			return erased, fmt.Errorf("erasing a reader: %w", err)
		}
		erased++
	}
	return erased, nil
}
