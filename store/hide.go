package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// What keeps a message out of sight, in messages.hidden: whoever shows messages
// asks for hidden = 0.
const (
	noArchive = 1 // its author's wish
	removed   = 2 // a reviewer
)

func hiddenBits(m *sigpost.Message) int {
	return noArchive*number(m.NoArchive) + removed*number(m.Removed)
}

// hasShown is where threads t have a message that is shown. A thread without one
// has no subject that may be shown, and no tags.
const hasShown = `EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = t.id AND m.hidden = 0)`

// ErrRemoved says that a reviewer removed a message before.
var ErrRemoved = errors.New("the message was removed already")

// Removal is what a reviewer said when they took a message out of sight.
type Removal struct {
	Message int64 // the archive's number
	Who     string
	Why     string
	At      time.Time
}

// Hide takes a message out of sight: its words, its author and its subject are
// not shown, sent or given out any more, and a tombstone says so in its place.
// Nothing is deleted. The error wraps sigpost.ErrNotFound where there is no such
// message, and ErrRemoved where it is out of sight already: else whoever takes the
// second removal back would take the first one back too.
func (db *DB) Hide(ctx context.Context, messageID int64, who, why string, at time.Time) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.setHidden(ctx, messageID, true, at); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `INSERT INTO removals (message_id, who, why, at) VALUES ($1, $2, $3, $4)`, messageID, clean(who), clean(why), micros(at))
		return err
	})
	return db.fail(fmt.Sprintf("hiding message %d", messageID), err)
}

// Unhide takes Hide back. It changes nothing where nobody had hidden the message.
// The message has its ID, and the Text by which it is found again. at is now.
func (db *DB) Unhide(ctx context.Context, with *sigpost.Message, at time.Time) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.setHidden(ctx, with.ID, false, at); err != nil {
			return err
		}
		n, err := tx.exec(ctx, `DELETE FROM removals WHERE message_id = $1`, with.ID)
		if err != nil || n == 0 {
			return err
		}
		m, err := tx.Message(ctx, with.ID)
		if err != nil {
			return err
		}
		m.Text, m.Ranges = with.Text, with.Ranges
		return tx.index(ctx, []*sigpost.Message{&m})
	})
	return db.fail(fmt.Sprintf("showing message %d again", with.ID), err)
}

// setHidden says that a reviewer removed a message, or did not. It is not found
// any more then, and its thread is looked at anew, so that neither tags nor drafts
// rest on what is out of sight.
func (db *DB) setHidden(ctx context.Context, id int64, yes bool, at time.Time) error {
	if err := db.alone(ctx); err != nil {
		return err
	}
	m, err := db.Message(ctx, id)
	if err != nil {
		return err
	}
	if m.Removed == yes {
		if yes {
			return &failure{fmt.Sprintf("message %d was removed already, and stays so; show it again first to give another reason", id), ErrRemoved}
		}
		return nil
	}
	m.Removed = yes
	if _, err := db.exec(ctx, `UPDATE messages SET hidden = $1 WHERE id = $2`, hiddenBits(&m), id); err != nil {
		return err
	}
	if yes {
		if err := db.unindex(ctx, &m); err != nil {
			return err
		}
	}
	if err := db.retitle(ctx, []int64{m.ThreadID}, false); err != nil {
		return err
	}
	if err := db.outdate(ctx, []int64{m.ThreadID}, at); err != nil {
		return err
	}
	_, err = db.exec(ctx, `UPDATE threads SET revision = revision + 1 WHERE id = $1`, m.ThreadID)
	return err
}

// retitle gives threads the subject of their oldest message that is shown, or only
// those with a message that is not. One of which nothing is shown keeps its subject:
// it is not shown either.
func (db *DB) retitle(ctx context.Context, threads []int64, hiding bool) error {
	only := ""
	if hiding {
		only = ` AND EXISTS (SELECT 1 FROM messages h WHERE h.thread_id = threads.id AND h.hidden <> 0)`
	}
	return inList(threads, 1, func(list string, args []any) error {
		_, err := db.exec(ctx, `UPDATE threads SET subject = m.subject, base_subject = m.base_subject FROM messages m
WHERE threads.id IN `+list+only+` AND m.id = (SELECT f.id FROM messages f WHERE f.thread_id = threads.id AND f.hidden = 0 ORDER BY f.received, f.id LIMIT 1)
AND (threads.subject, threads.base_subject) <> (m.subject, m.base_subject)`, args...)
		return err
	})
}

// HiddenOf gives those of some messages that are kept out of sight.
func (db *DB) HiddenOf(ctx context.Context, ids []sigpost.MessageID) (hidden []sigpost.MessageID, err error) {
	_, keys := keysOf(ids)
	err = inList(keys, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var id sigpost.MessageID
			err := row.Scan(&id)
			hidden = append(hidden, id)
			return err
		}, `SELECT message_id FROM messages WHERE hidden <> 0 AND message_key IN `+list+` ORDER BY id`, args...)
	})
	return hidden, db.fail("looking for messages that are kept out of sight", err)
}

// Removals gives what was said when messages of a thread were removed, by the
// archive's numbers of the messages.
func (db *DB) Removals(ctx context.Context, threadID int64) (map[int64]Removal, error) {
	all := map[int64]Removal{}
	err := db.each(ctx, func(row scanner) error {
		var r Removal
		var at int64
		err := row.Scan(&r.Message, &r.Who, &r.Why, &at)
		r.At = moment(at)
		all[r.Message] = r
		return err
	}, `SELECT r.message_id, r.who, r.why, r.at FROM removals r JOIN messages m ON m.id = r.message_id WHERE m.thread_id = $1`, threadID)
	return all, db.fail(fmt.Sprintf("reading what was removed from thread %d", threadID), err)
}

// MessageNamed gives the message that people mean by a Message-ID: the one that
// has it, or else the only one that carries it and was given another (Claimed).
// The error wraps sigpost.ErrNotFound where there is none, or more than one.
func (db *DB) MessageNamed(ctx context.Context, id sigpost.MessageID) (sigpost.Message, error) {
	k := keyOf(id)
	all, err := collect(ctx, db, readMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.message_key = $1`, k[:])
	if err == nil && len(all) == 0 {
		all, err = collect(ctx, db, readMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.claimed <> '' AND m.claimed = $1 LIMIT 2`, clean(string(id)))
	}
	if err == nil && len(all) != 1 {
		err = &failure{"there is no message, or more than one, by the id " + string(id), sigpost.ErrNotFound}
	}
	if err != nil {
		return sigpost.Message{}, db.fail("looking for a message", err)
	}
	return all[0], nil
}
