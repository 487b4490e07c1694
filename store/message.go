package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sigpost"
)

// writtenColumns are those of messages in the order of messageRow.
const writtenColumns = `id, thread_id, message_key, message_id, derived, refs, author_name, author_addr, sender_name, sender_addr,
subject, base_subject, sent, received, trace, list_ids, archived_at, robot, own, attachments, size, defects,
claimed, answering, quoting, fingerprint, reader, subject_key, hidden, raw_block, raw_offset, raw_size, stored_at`

// messageRow is a row of messages.
func messageRow(id int64, m *arrived, thread int64, at time.Time) ([]any, error) {
	attachments, err := attachmentsJSON(m.Message)
	return []any{
		id, thread, m.key[:], clean(string(m.MessageID)), number(m.Derived), pack(m.References),
		clean(m.Author.Name), clean(m.Author.Addr), clean(m.Sender.Name), clean(m.Sender.Addr),
		clean(m.Subject), clean(m.BaseSubject), micros(m.Sent), micros(m.Received), micros(m.Trace),
		pack(m.ListIDs), clean(m.ArchivedAt), number(m.Robot), number(m.Own), attachments, m.Size, pack(m.Defects),
		clean(string(m.Claimed)), number(m.Answering), number(m.Quoting), printBytes(m.Fingerprint), m.Reader,
		m.subjectKey, hiddenBits(m.Message), m.place.block, m.place.offset, m.place.size, micros(at),
	}, err
}

func attachmentsJSON(m *sigpost.Message) (string, error) {
	if len(m.Attachments) == 0 {
		return "", nil
	}
	return toJSON(m.Attachments)
}

// messageColumns are what readMessage reads of messages m.
const messageColumns = `m.id, m.thread_id, m.message_id, m.derived, m.refs, m.author_name, m.author_addr, m.sender_name, m.sender_addr,
m.subject, m.base_subject, m.sent, m.received, m.trace, m.list_ids, m.archived_at, m.robot, m.own, m.attachments, m.size, m.defects,
m.claimed, m.answering, m.quoting, m.fingerprint, m.reader, m.hidden,
(SELECT COALESCE(string_agg(l.list, '
'), '') FROM message_lists l WHERE l.message_id = m.id)`

func readMessage(row scanner) (m sigpost.Message, err error) {
	var refs, listIDs, attachments, defects, lists string
	var sent, received, trace int64
	var print []byte
	var hidden int
	err = row.Scan(&m.ID, &m.ThreadID, &m.MessageID, &m.Derived, &refs,
		&m.Author.Name, &m.Author.Addr, &m.Sender.Name, &m.Sender.Addr,
		&m.Subject, &m.BaseSubject, &sent, &received, &trace,
		&listIDs, &m.ArchivedAt, &m.Robot, &m.Own, &attachments, &m.Size, &defects,
		&m.Claimed, &m.Answering, &m.Quoting, &print, &m.Reader, &hidden, &lists)
	if err != nil {
		return m, err
	}
	m.References = unpack[sigpost.MessageID](refs)
	m.Fingerprint = readPrint(print)
	m.NoArchive, m.Removed = hidden&noArchive != 0, hidden&removed != 0
	m.Sent, m.Received, m.Trace = moment(sent), moment(received), moment(trace)
	m.ListIDs, m.Defects, m.Lists = unpack[string](listIDs), unpack[string](defects), sorted(lists)
	if attachments != "" {
		err = json.Unmarshal([]byte(attachments), &m.Attachments)
	}
	return m, err
}

// Message gives a stored message without its Text and Ranges, which are to be
// read from Raw again. The error wraps sigpost.ErrNotFound where there is
// none.
func (db *DB) Message(ctx context.Context, id int64) (sigpost.Message, error) {
	m, err := first(ctx, db, readMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.id = $1`, id)
	return m, db.fail(fmt.Sprintf("reading message %d", id), err)
}

// MessageByID is Message for a Message-ID.
func (db *DB) MessageByID(ctx context.Context, id sigpost.MessageID) (sigpost.Message, error) {
	k := keyOf(id)
	m, err := first(ctx, db, readMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.message_key = $1`, k[:])
	return m, db.fail(fmt.Sprintf("reading message %s", id), err)
}

// ThreadMessages gives the messages of a thread in the order in which they
// were received, without Text and Ranges. It follows threads that were joined
// to others, and fails with sigpost.ErrNotFound where there is none.
func (db *DB) ThreadMessages(ctx context.Context, threadID int64) ([]sigpost.Message, error) {
	threadID, err := db.follow(ctx, threadID)
	if err != nil {
		return nil, db.fail(fmt.Sprintf("reading thread %d", threadID), err)
	}
	all, err := collect(ctx, db, readMessage,
		`SELECT `+messageColumns+` FROM messages m WHERE m.thread_id = $1 ORDER BY m.received, m.id`, threadID)
	return all, db.fail(fmt.Sprintf("reading the messages of thread %d", threadID), err)
}

// messagesByID gives messages by their numbers, in no order.
func (db *DB) messagesByID(ctx context.Context, ids []int64) (all []*sigpost.Message, err error) {
	err = inList(ids, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			m, err := readMessage(row)
			all = append(all, &m)
			return err
		}, `SELECT `+messageColumns+` FROM messages m WHERE m.id IN `+list, args...)
	})
	return all, err
}

// MessagesOf gives the messages of several threads, as ThreadMessages does, by
// the threads' numbers, which have to be those of today.
func (db *DB) MessagesOf(ctx context.Context, threadIDs []int64) (map[int64][]sigpost.Message, error) {
	all := make(map[int64][]sigpost.Message, len(threadIDs))
	err := inList(threadIDs, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			m, err := readMessage(row)
			all[m.ThreadID] = append(all[m.ThreadID], m)
			return err
		}, `SELECT `+messageColumns+` FROM messages m WHERE m.thread_id IN `+list+` ORDER BY m.thread_id, m.received, m.id`, args...)
	})
	return all, db.fail("reading the messages of threads", err)
}

// CountMessages counts what is stored.
func (db *DB) CountMessages(ctx context.Context) (messages, threads, quarantined int, err error) {
	err = db.scan(ctx, `SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM threads), (SELECT count(*) FROM quarantine)`,
		nil, &messages, &threads, &quarantined)
	return messages, threads, quarantined, db.fail("counting messages", err)
}
