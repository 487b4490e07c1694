package app

import (
	"context"
	"errors"
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
// stopped at any time, and goes on from there.
func (a *App) Reparse(ctx context.Context, all bool) (report ReparseReport, err error) {
	begin := time.Now()
	err = a.locked(ctx, false, func(a *App) error {
		version := message.Version
		if all {
			version = -1 // nothing was read by this one
		}
		total, err := a.Store.CountToReread(ctx, version)
		if err != nil {
			return err
		}
		for after := int64(0); ; {
			threads, err := a.Store.ThreadsToReread(ctx, version, after, reparseBatch)
			if err != nil || len(threads) == 0 {
				return err
			}
			for len(threads) > 0 {
				n := together(threads)
				if err := a.reread(ctx, threads[:n], version, &report); err != nil {
					return err
				}
				after = threads[n-1].ID
				threads = threads[n:]
				a.progress("reading anew", Messages, report.Messages, total)
			}
		}
	})
	report.Took = time.Since(begin)
	return report, err
}

// reread reads the messages of some threads anew, those that version has not
// read, in one transaction.
func (a *App) reread(ctx context.Context, threads []sigpost.Thread, version int, report *ReparseReport) error {
	messages, err := a.Store.MessagesOf(ctx, threadIDs(threads))
	if err != nil {
		return err
	}
	var old []sigpost.Message
	for _, t := range threads {
		for _, m := range messages[t.ID] {
			if m.Reader != version {
				old = append(old, m)
			}
		}
	}
	var reread []*sigpost.Message
	index, ids := indexOf(old)
	err = a.Store.Raws(ctx, ids, func(id int64, raw []byte) error {
		was := &old[index[id]]
		m, err := a.parse(raw, was.Received)
		switch {
		case errors.Is(err, message.ErrUnreadable):
			report.Unreadable++
			a.log.Warn("a message cannot be read any more, and stays as it was", "message", was.MessageID, "reason", err)
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
	changed, err := a.Store.Reread(ctx, reread)
	report.Messages += len(reread)
	report.Changed += changed
	return err
}

// sameMessage gives m, which was read from the bytes of was, its place in the
// archive: its number and thread, the id under which it is known where it does
// not claim another by right, when it was received, the lists it came through.
func sameMessage(was, m *sigpost.Message) *sigpost.Message {
	m.ID, m.ThreadID, m.Lists = was.ID, was.ThreadID, was.Lists
	m.Received = was.Received
	m.Own = m.Own || was.Own
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
