package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"sigpost"
	"sigpost/message"
)

// ReparseReport says what reading the archive anew did.
type ReparseReport struct {
	Messages int `json:"messages"` // read
	Changed  int `json:"changed"`  // of them, understood in another way than before
	// Unreadable counts those that today's parser refuses: they stay as they
	// were.
	Unreadable int           `json:"unreadable"`
	Took       time.Duration `json:"took_ns"`
}

// reparseBatch is how many threads are asked for at a time.
const reparseBatch = 200

// Reparse reads the raw mail of every message again that another version of
// the parser has read, or of all, thread by thread, and puts what it finds in
// the place of what was known. What people decided stays; a thread may fall
// apart or join another where its references are read in another way. It can be
// stopped at any time, and goes on from there the next time.
func (a *App) Reparse(ctx context.Context, all bool) (report ReparseReport, err error) {
	begin := time.Now()
	err = a.locked(ctx, false, func(a *App) error {
		if all {
			if err := a.Store.RereadAll(ctx, message.Version); err != nil {
				return err
			}
		}
		r := &reparsing{App: a, report: &report}
		if r.total, err = a.Store.CountToReread(ctx, message.Version); err != nil {
			return err
		}
		for before := -1; before < report.Messages && report.Messages < r.total; {
			before = report.Messages
			if err := r.pass(ctx); err != nil {
				return err
			}
		}
		return a.Store.RereadDone(ctx)
	})
	report.Took = time.Since(begin)
	return report, err
}

// reparsing is a run of Reparse.
type reparsing struct {
	*App
	total  int
	report *ReparseReport
}

// pass reads thread by thread, in the order of their numbers. What joins a thread
// that was passed already, since a message is read in another way, is left to
// the next one.
func (r *reparsing) pass(ctx context.Context) error {
	for after := int64(0); ; {
		threads, err := r.Store.ThreadsToReread(ctx, message.Version, after, reparseBatch)
		if err != nil || len(threads) == 0 {
			return err
		}
		for len(threads) > 0 {
			n := together(threads)
			if err := r.reread(ctx, threads[:n]); err != nil {
				return err
			}
			after = threads[n-1].ID
			threads = threads[n:]
			r.progress("reading anew", Messages, r.report.Messages, r.total)
		}
	}
}

// reread reads the messages of some threads anew, those that today's
// parser has not read.
func (r *reparsing) reread(ctx context.Context, threads []sigpost.Thread) error {
	messages, err := r.Store.MessagesOf(ctx, threadIDs(threads))
	if err != nil {
		return err
	}
	var old []sigpost.Message
	for _, t := range threads {
		for _, m := range messages[t.ID] {
			if m.Reader != message.Version {
				old = append(old, m)
			}
		}
	}
	for len(old) > 0 {
		n := lightest(old)
		if err := r.replace(ctx, old[:n]); err != nil {
			return err
		}
		old = old[n:]
	}
	return nil
}

// reparseBytes is about how much mail is read anew at a time.
const reparseBytes = 16 << 20

// lightest is how many of the messages to read at once: one at least.
func lightest(msgs []sigpost.Message) int {
	bytes := 0
	for i, m := range msgs {
		if bytes += m.Size; i > 0 && bytes > reparseBytes {
			return i
		}
	}
	return len(msgs)
}

// replace reads some messages anew and stores them, in one transaction.
func (r *reparsing) replace(ctx context.Context, old []sigpost.Message) error {
	var reread []*sigpost.Message
	index, ids := indexOf(old)
	err := r.Store.Raws(ctx, ids, func(id int64, raw []byte) error {
		was := &old[index[id]]
		m, err := r.parse(raw, was.Received)
		switch {
		case errors.Is(err, message.ErrUnreadable):
			r.report.Unreadable++
			r.log.Warn("a message cannot be read any more, and stays as it was", "message", was.MessageID, "reason", err)
			m = was
			m.Reader = message.Version
		case err != nil:
			return err
		}
		reread = append(reread, sameMessage(was, m))
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	changed, err := r.Store.Reread(ctx, reread)
	r.report.Messages += len(reread)
	r.report.Changed += changed
	return err
}

// sameMessage gives m, which was read from the bytes of was, its place in the
// archive: its number and thread, the id under which it is known where it does
// not claim another by right, when it was received, the lists it came through.
func sameMessage(was, m *sigpost.Message) *sigpost.Message {
	m.ID, m.ThreadID, m.Lists = was.ID, was.ThreadID, was.Lists
	m.Received = was.Received
	m.Own = m.Own || was.Own
	for _, d := range was.Defects { // which the parser cannot know
		if strings.HasPrefix(d, sigpost.SourceDefect) {
			m.Defects = append(m.Defects, d)
		}
	}
	if was.Claimed != "" && was.Claimed == m.MessageID {
		m.MessageID, m.Claimed, m.Derived = was.MessageID, was.Claimed, true
		m.Defects = append(m.Defects, claims(was.Claimed))
	}
	return m
}

// indexOf gives the messages' numbers, and the place of each.
func indexOf(msgs []sigpost.Message) (index map[int64]int, ids []int64) {
	index = make(map[int64]int, len(msgs))
	for i := range msgs {
		ids = append(ids, msgs[i].ID)
		index[msgs[i].ID] = i
	}
	return index, ids
}

func threadIDs(threads []sigpost.Thread) []int64 {
	ids := make([]int64, len(threads))
	for i, t := range threads {
		ids[i] = t.ID
	}
	return ids
}
