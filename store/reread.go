package store

import (
	"context"
	"fmt"
	"reflect"
	"strconv"

	"sigpost"
)

// toReread is where threads t have a message that another version than $1 of the
// parser has read.
const toReread = `EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = t.id AND m.reader <> $1)`

// ThreadsToReread gives threads with messages that another version of the
// parser has read (message.Version), in the order of their numbers from the one
// behind after; their Tags are left out.
func (db *DB) ThreadsToReread(ctx context.Context, version int, after int64, limit int) ([]sigpost.Thread, error) {
	threads, err := collect(ctx, db, readThread, `SELECT `+threadColumns+` FROM threads t
WHERE t.id > $2 AND `+toReread+` ORDER BY t.id LIMIT $3`, version, after, limit)
	return threads, db.fail("looking for mail to read anew", err)
}

// CountToReread counts the messages that another version of the parser has
// read.
func (db *DB) CountToReread(ctx context.Context, version int) (n int, err error) {
	err = db.scan(ctx, `SELECT count(*) FROM messages WHERE reader <> $1`, []any{version}, &n)
	return n, db.fail("counting mail to read anew", err)
}

// RereadAll lets the messages that this version of the parser has read be read
// anew, too: as if another had read them. It does so once, until RereadDone says
// that all have been: what was stopped goes on.
func (db *DB) RereadAll(ctx context.Context, version int) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		begun := 0
		if err := tx.scan(ctx, `SELECT count(*) FROM notes WHERE name = 'rereading' AND value = $1`, []any{strconv.Itoa(version)}, &begun); err != nil || begun > 0 {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO notes (name, value) VALUES ('rereading', $1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value`, strconv.Itoa(version)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `UPDATE messages SET reader = -reader WHERE reader = $1`, version)
		return err
	})
	return db.fail("noting that all mail is to be read anew", err)
}

// RereadDone notes that there is no mail left to read anew.
func (db *DB) RereadDone(ctx context.Context) error {
	_, err := db.exec(ctx, `DELETE FROM notes WHERE name = 'rereading'`)
	return db.fail("noting that all mail was read anew", err)
}

// Reread puts messages that were read anew, with their Text, in the place of
// what was known of them by their ID, in one transaction, and gives the number
// of those that are not what they were. When each was received, its raw bytes
// and its lists stay. Their threads are found anew, and are to be classified
// anew.
func (db *DB) Reread(ctx context.Context, msgs []*sigpost.Message) (changed int, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		ids := make([]int64, len(msgs))
		for i, m := range msgs {
			ids[i] = m.ID
		}
		before, err := tx.messagesByID(ctx, ids)
		if err != nil {
			return err
		}
		was := map[int64]*sigpost.Message{}
		for _, m := range before {
			was[m.ID] = m
		}
		r := &rereading{db: tx, grown: map[int64]bool{}}
		if r.indexed, err = tx.indexed(ctx, before); err != nil {
			return err
		}
		for _, m := range msgs {
			if old := was[m.ID]; old != nil {
				if err := r.replace(ctx, old, m); err != nil {
					return fmt.Errorf("message %s: %w", m.MessageID, err)
				}
			}
		}
		changed = r.changed
		return r.finish(ctx)
	})
	return changed, db.fail("storing mail that was read anew", err)
}

// rereading is what replaces messages by what they are read as today.
type rereading struct {
	db      *DB
	changed int
	moved   []*sigpost.Message // that may belong to another thread now
	// left is what they were and named: its threads may fall apart, even where
	// they were cut off from them.
	left    []sigpost.MessageID
	touched []int64
	grown   map[int64]bool // threads of which something was read anew
	indexed map[int64]bool // messages that can be found
	sighted []int64        // threads of which something is hidden now, or shown
}

func (r *rereading) replace(ctx context.Context, old, m *sigpost.Message) error {
	if err := r.keepID(ctx, old, m); err != nil {
		return err
	}
	m.Removed = old.Removed
	was, err := readingRow(old)
	if err != nil {
		return err
	}
	now, err := readingRow(m)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(was, now) {
		r.changed++
	}
	if old.MessageID != m.MessageID || pack(old.References) != pack(m.References) || old.Subject != clean(m.Subject) ||
		old.Answering != m.Answering || old.Quoting != m.Quoting || old.Robot != m.Robot || old.Reader == 0 {
		r.moved = append(r.moved, m)
		r.left = append(append(r.left, old.References...), old.MessageID)
		r.touched = append(r.touched, old.ThreadID)
	}
	r.grown[old.ThreadID] = true
	if old.Shown() != m.Shown() {
		r.sighted = append(r.sighted, old.ThreadID)
	}
	_, err = r.db.exec(ctx, `UPDATE messages SET message_key = $1, message_id = $2, derived = $3, refs = $4,
author_name = $5, author_addr = $6, sender_name = $7, sender_addr = $8, subject = $9, base_subject = $10, sent = $11, trace = $12,
list_ids = $13, archived_at = $14, robot = $15, own = $16, attachments = $17, defects = $18,
claimed = $19, answering = $20, quoting = $21, fingerprint = $22, subject_key = $23, hidden = $24, reader = $25 WHERE id = $26`,
		append(now, m.Reader, m.ID)...)
	if err != nil {
		return err
	}
	// What was stored before there was this index is not in it, nor what is hidden.
	if r.indexed[m.ID] == m.Shown() && old.Fingerprint.Words == m.Fingerprint.Words && old.Subject == clean(m.Subject) && old.Author == m.Author &&
		marksOf(old) == marksOf(m) {
		return nil
	}
	if err := r.db.unindex(ctx, old); err != nil {
		return err
	}
	if err := r.db.meet(ctx, []*sigpost.Message{m}); err != nil {
		return err
	}
	found := *m
	found.Received = old.Received // which stays
	return r.db.index(ctx, []*sigpost.Message{&found})
}

// keepID leaves a message the id under which it is known, where the one that is
// read today belongs to another message.
func (r *rereading) keepID(ctx context.Context, old, m *sigpost.Message) error {
	if old.MessageID == m.MessageID {
		return nil
	}
	known, err := r.db.Known(ctx, []sigpost.MessageID{m.MessageID})
	if other, taken := known[m.MessageID]; taken && other.ID != m.ID {
		m.Claimed, m.MessageID, m.Derived = m.MessageID, old.MessageID, old.Derived
	}
	return err
}

// readingRow is what a row of messages says of how a message is read: all but
// where it is, when and how it came in, and who read it.
func readingRow(m *sigpost.Message) ([]any, error) {
	attachments, err := attachmentsJSON(m)
	k := keyOf(m.MessageID)
	return []any{
		k[:], clean(string(m.MessageID)), number(m.Derived), pack(m.References),
		clean(m.Author.Name), clean(m.Author.Addr), clean(m.Sender.Name), clean(m.Sender.Addr),
		clean(m.Subject), clean(m.BaseSubject), micros(m.Sent), micros(m.Trace),
		pack(m.ListIDs), clean(m.ArchivedAt), number(m.Robot), number(m.Own), attachments, pack(m.Defects),
		clean(string(m.Claimed)), number(m.Answering), number(m.Quoting), printBytes(m.Fingerprint), subjectKeyOf(m), hiddenBits(m),
	}, err
}

// finish finds the threads of what may have moved, and lets all threads be
// looked at again.
func (r *rereading) finish(ctx context.Context) error {
	touched, err := r.db.threadsOf(ctx, r.left)
	if err != nil {
		return err
	}
	var all []int64
	if err := r.db.regroup(ctx, append(touched, r.touched...), r.moved, nil); err != nil {
		return err
	}
	if err := r.db.retitle(ctx, r.sighted, false); err != nil {
		return err
	}
	for t := range r.grown {
		all = append(all, t)
	}
	err = inList(all, 1, func(list string, args []any) error {
		_, err := r.db.exec(ctx, `UPDATE threads SET revision = revision + 1 WHERE id IN `+list, args...)
		return err
	})
	if err != nil {
		return err
	}
	return r.db.relist(ctx, all)
}
