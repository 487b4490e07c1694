package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"sigpost"
)

const mailboxColumns = `id, account, name, list, uid_validity, uid_next, highest_mod_seq, mark, version, complete_at, failing_since, failure`

func readMailbox(row scanner) (m sigpost.Mailbox, err error) {
	var complete, failing, modSeq int64
	err = row.Scan(&m.ID, &m.Account, &m.Name, &m.List, &m.UIDValidity, &m.UIDNext, &modSeq, &m.Mark, &m.Version, &complete, &failing, &m.Failure)
	// RFC 7162, section 3.1: a mod-sequence has 63 bits.
	m.HighestModSeq = uint64(modSeq)
	m.Complete, m.Failing = moment(complete), moment(failing)
	return m, err
}

// Mailbox gives the mailbox of that name of an account, and makes it where it
// is new. One whose list has another name now keeps its cursor.
func (db *DB) Mailbox(ctx context.Context, account, name, list string) (sigpost.Mailbox, error) {
	m, err := first(ctx, db, readMailbox, `SELECT `+mailboxColumns+` FROM mailboxes WHERE account = $1 AND name = $2`, account, name)
	if err == nil && m.List == list {
		return m, nil
	}
	if err == nil || err == sql.ErrNoRows {
		m, err = first(ctx, db, readMailbox, `INSERT INTO mailboxes (account, name, list) VALUES ($1, $2, $3)
ON CONFLICT (account, name) DO UPDATE SET list = excluded.list RETURNING `+mailboxColumns, account, name, list)
	}
	return m, db.fail(fmt.Sprintf("reading the cursor of mailbox %s of %s", name, account), err)
}

// Mailboxes gives all mailboxes that were ever asked for, oldest first.
func (db *DB) Mailboxes(ctx context.Context) ([]sigpost.Mailbox, error) {
	all, err := collect(ctx, db, readMailbox, `SELECT `+mailboxColumns+` FROM mailboxes ORDER BY id`)
	return all, db.fail("reading the mailboxes", err)
}

// moveCursor writes the cursor down, if it stands where it was read. The error wraps
// sigpost.ErrCursorMoved where it does not.
func (db *DB) moveCursor(ctx context.Context, m *sigpost.Mailbox) error {
	err := db.changeMailbox(ctx, m, `uid_validity = $3, uid_next = $4, highest_mod_seq = $5, mark = $6, version = version + 1`,
		int64(m.UIDValidity), int64(m.UIDNext), int64(m.HighestModSeq), clean(m.Mark))
	if err == nil {
		m.Version++
	}
	return err
}

// Fetched notes that a fetch, which left the cursor as it is given, reached the end
// of a mailbox, and that it does not fail any more. The error wraps
// sigpost.ErrCursorMoved where the cursor stands elsewhere.
func (db *DB) Fetched(ctx context.Context, m *sigpost.Mailbox, at time.Time) error {
	return db.changeMailbox(ctx, m, `complete_at = $3, failing_since = 0, failure = ''`, micros(at))
}

// FetchFailed notes that a fetch failed and why. Failing stays at the first
// failure since the last fetch that did not.
func (db *DB) FetchFailed(ctx context.Context, mailboxID int64, at time.Time, reason string) error {
	n, err := db.exec(ctx, `UPDATE mailboxes SET failing_since = CASE WHEN failing_since = 0 THEN $2 ELSE failing_since END, failure = $3 WHERE id = $1`,
		mailboxID, micros(at), clean(reason))
	if err == nil && n == 0 {
		err = sql.ErrNoRows
	}
	return db.fail(fmt.Sprintf("writing down how mailbox %d stands", mailboxID), err)
}

// ResetMailbox puts the cursor back to the beginning, since the server has
// given the mailbox another UIDVALIDITY and with it other UIDs (RFC 9051,
// section 2.3.1.1), and m with it. What is fetched again is known by its Message-ID.
func (db *DB) ResetMailbox(ctx context.Context, m *sigpost.Mailbox, uidValidity uint32) error {
	begin := *m
	begin.UIDValidity, begin.UIDNext, begin.HighestModSeq, begin.Mark = uidValidity, 0, 0, ""
	err := db.moveCursor(ctx, &begin)
	if err == nil {
		*m = begin
	}
	return err
}

// changeMailbox changes the row of a mailbox whose cursor stands where m says.
func (db *DB) changeMailbox(ctx context.Context, m *sigpost.Mailbox, set string, args ...any) error {
	n, err := db.exec(ctx, `UPDATE mailboxes SET `+set+` WHERE id = $1 AND version = $2`, append([]any{m.ID, m.Version}, args...)...)
	if err == nil && n == 0 {
		err = db.elsewhere(ctx, m)
	}
	return db.fail(fmt.Sprintf("writing down how mailbox %d stands", m.ID), err)
}

// elsewhere says why the row of a mailbox could not be changed.
func (db *DB) elsewhere(ctx context.Context, m *sigpost.Mailbox) error {
	var version int64
	if err := db.scan(ctx, `SELECT version FROM mailboxes WHERE id = $1`, []any{m.ID}, &version); err != nil {
		return err
	}
	return sigpost.ErrCursorMoved
}

// LatestOf is when the newest message of a list was received; zero where there
// is none.
func (db *DB) LatestOf(ctx context.Context, list string) (time.Time, error) {
	// The newest thread of the list may have its newest message from another
	// one: then threads that ended since its newest of this list may have one
	// that is newer.
	const ofList = `SELECT COALESCE(max(m.received), 0) FROM messages m JOIN message_lists l ON l.message_id = m.id WHERE m.thread_id = t.id AND l.list = $1`
	const onList = `EXISTS (SELECT 1 FROM thread_lists l WHERE l.thread_id = t.id AND l.list = $1)`
	var latest int64
	err := db.scan(ctx, `SELECT COALESCE(max((`+ofList+`)), 0) FROM threads t WHERE `+onList+` AND t.last_at >=
(SELECT (`+ofList+`) FROM threads t WHERE `+onList+` ORDER BY t.last_at DESC LIMIT 1)`, []any{list}, &latest)
	return moment(latest), db.fail("looking for the newest message of list "+list, err)
}

// Gaps gives the UIDs of those messages of a source ("account/mailbox") that are
// in quarantine because they could not be fetched whole, ascending.
func (db *DB) Gaps(ctx context.Context, source string) ([]uint32, error) {
	uids, err := collect(ctx, db, func(row scanner) (uid uint32, err error) { return uid, row.Scan(&uid) },
		`SELECT uid FROM quarantine WHERE source = $1 AND partial = 1 ORDER BY uid`, source)
	return uids, db.fail("looking for gaps in "+source, err)
}
