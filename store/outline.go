package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sigpost"
)

// Outline gives the messages of a thread in the order in which they were
// received, with what it takes to put them into their tree and to name them, and
// nothing else: id, Message-ID, references, author, subject, when it was received,
// and whether it may be shown. A thread of ten thousand messages has it quickly.
// threadID has to be that of today.
func (db *DB) Outline(ctx context.Context, threadID int64) ([]*sigpost.Message, error) {
	all, err := collect(ctx, db, func(row scanner) (*sigpost.Message, error) {
		m := &sigpost.Message{ThreadID: threadID}
		var refs string
		var received int64
		var hidden int
		err := row.Scan(&m.ID, &m.MessageID, &refs, &m.Author.Name, &m.Author.Addr, &m.Subject, &m.BaseSubject, &received,
			&m.Robot, &m.Answering, &m.Quoting, &m.Size, &hidden)
		m.References, m.Received = unpack[sigpost.MessageID](refs), moment(received)
		m.NoArchive, m.Removed = hidden&noArchive != 0, hidden&removed != 0
		return m, err
	}, `SELECT id, message_id, refs, author_name, author_addr, subject, base_subject, received, robot, answering, quoting, size, hidden
FROM messages WHERE thread_id = $1 ORDER BY received, id`, threadID)
	return all, db.fail(fmt.Sprintf("reading the outline of thread %d", threadID), err)
}

// ThreadRow gives a thread without its Tags, by its number of today. The error wraps
// sigpost.ErrNotFound where there is none.
func (db *DB) ThreadRow(ctx context.Context, id int64) (sigpost.Thread, error) {
	t, err := first(ctx, db, readThread, `SELECT `+threadColumns+` FROM threads t WHERE t.id = $1`, id)
	return t, db.fail(fmt.Sprintf("reading thread %d", id), err)
}

// MessagesNumbered gives messages by the archive's numbers, in the order of ids,
// without Text and Ranges; those that are not there are missing.
func (db *DB) MessagesNumbered(ctx context.Context, ids []int64) ([]*sigpost.Message, error) {
	found, err := db.messagesByID(ctx, ids)
	if err != nil {
		return nil, db.fail("reading messages", err)
	}
	place := make(map[int64]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(found, func(a, b *sigpost.Message) int { return place[a.ID] - place[b.ID] })
	found = slices.CompactFunc(found, func(a, b *sigpost.Message) bool { return a.ID == b.ID })
	return found, nil
}

// ThreadState is what a thread's page depends on: while it is the same, so is the
// page, but for what is said of other threads.
type ThreadState struct {
	ID, Revision, Classified int64
	Taxonomy                 string
	Decisions, Decided       int64 // on its tags: how many, and when the last
	Issues, Issued           int64 // that told of it: how many, and when the last came to its state
	Shapes                   int64 // number of the last decision on threads
}

// ThreadState gives that of a thread, or of the one that it was joined to: its ID
// may differ from id. It costs one small query. The error wraps
// sigpost.ErrNotFound where there is none.
func (db *DB) ThreadState(ctx context.Context, id int64) (s ThreadState, err error) {
	err = db.scan(ctx, `SELECT t.id, t.revision, t.classified_revision, t.classified_taxonomy,
(SELECT count(*) FROM decisions d WHERE d.thread_id = t.id), (SELECT COALESCE(max(d.at), 0) FROM decisions d WHERE d.thread_id = t.id),
(SELECT count(*) FROM issue_threads x WHERE x.thread_id = t.id),
(SELECT COALESCE(max(i.state_at), 0) FROM issue_threads x JOIN issues i ON i.id = x.issue_id WHERE x.thread_id = t.id),
(SELECT COALESCE(max(id), 0) FROM thread_decisions)
FROM threads t WHERE t.id = COALESCE((SELECT thread_id FROM redirects WHERE old_thread_id = $1), $1)`, []any{id},
		&s.ID, &s.Revision, &s.Classified, &s.Taxonomy, &s.Decisions, &s.Decided, &s.Issues, &s.Issued, &s.Shapes)
	return s, db.fail(fmt.Sprintf("reading the state of thread %d", id), err)
}

// IssueRef names an issue that told of a thread.
type IssueRef struct {
	Digest string
	Number int
	State  sigpost.IssueState
	Until  time.Time // the end of its window
}

// IssuesOf gives the issues that told of a thread, the latest window first,
// whatever their state.
func (db *DB) IssuesOf(ctx context.Context, threadID int64) ([]IssueRef, error) {
	all, err := collect(ctx, db, func(row scanner) (r IssueRef, err error) {
		var until int64
		err = row.Scan(&r.Digest, &r.Number, &r.State, &until)
		r.Until = moment(until)
		return r, err
	}, `SELECT i.digest, i.number, i.state, i.window_to FROM issue_threads x JOIN issues i ON i.id = x.issue_id
WHERE x.thread_id = $1 AND i.number IS NOT NULL ORDER BY i.window_to DESC, i.digest`, threadID)
	return all, db.fail(fmt.Sprintf("looking for issues that told of thread %d", threadID), err)
}

// Mail is a message that is given out as it came.
type Mail struct {
	ID       int64
	Size     int
	Received time.Time
}

func readMail(row scanner) (m Mail, err error) {
	var received int64
	err = row.Scan(&m.ID, &m.Size, &received)
	m.Received = moment(received)
	return m, err
}

// ThreadMail gives the messages of a thread that are shown, in the order in which
// they were received.
func (db *DB) ThreadMail(ctx context.Context, threadID int64) ([]Mail, error) {
	all, err := collect(ctx, db, readMail, `SELECT id, size, received FROM messages WHERE thread_id = $1 AND hidden = 0 ORDER BY received, id`, threadID)
	return all, db.fail(fmt.Sprintf("reading the mail of thread %d", threadID), err)
}

// ListMail is that for what came through a list in a window.
func (db *DB) ListMail(ctx context.Context, list string, w sigpost.Window) ([]Mail, error) {
	all, err := collect(ctx, db, readMail, `SELECT id, size, received FROM messages m WHERE m.received >= $1 AND m.received < $2 AND m.hidden = 0
AND EXISTS (SELECT 1 FROM message_lists l WHERE l.message_id = m.id AND l.list = $3) ORDER BY m.received, m.id`, micros(w.From), micros(w.To), list)
	return all, db.fail("reading the mail of the list "+list, err)
}

// ListMailAfter gives what came through a list and is shown, in the order in which
// the archive got it: what comes behind the message with the number after, at most
// limit.
func (db *DB) ListMailAfter(ctx context.Context, list string, after int64, limit int) ([]Mail, error) {
	all, err := collect(ctx, db, readMail, `SELECT m.id, m.size, m.received FROM message_lists l JOIN messages m ON m.id = l.message_id
WHERE l.list = $1 AND l.message_id > $2 AND m.hidden = 0 ORDER BY l.message_id LIMIT $3`, list, after, limit)
	return all, db.fail("reading the mail of the list "+list, err)
}
