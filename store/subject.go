package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"sigpost"
	"sigpost/thread"
)

// subjectKeyOf is the number for what an answer without references must have in
// common with a message that it joins; 0 for a message that takes no part in
// this.
func subjectKeyOf(m *sigpost.Message) int64 {
	key := thread.SubjectKey(m)
	if key == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(key))
	return max(1, int64(binary.BigEndian.Uint64(sum[:8])>>1))
}

// bySubject is a message with its subjectKeyOf, which takes long to find.
type bySubject struct {
	*sigpost.Message
	key int64
}

func withSubjects(msgs []*sigpost.Message) []bySubject {
	all := make([]bySubject, len(msgs))
	for i, m := range msgs {
		all[i] = bySubject{m, subjectKeyOf(m)}
	}
	return all
}

// lost says whether a message is an answer that names nothing that it answers.
func lost(m *sigpost.Message) bool {
	return m.Answering && len(m.References) == 0 && subjectKeyOf(m) != 0
}

// span is when the messages of one subject came that are asked about.
type span struct{ first, last time.Time }

// spans gives, by their subjects, when messages came.
func spans(msgs []bySubject) (of map[int64]*span, keys []int64) {
	of = map[int64]*span{}
	for _, m := range msgs {
		switch s := of[m.key]; {
		case m.key == 0:
		case s == nil:
			of[m.key] = &span{m.Received, m.Received}
			keys = append(keys, m.key)
		default:
			if m.Received.Before(s.first) {
				s.first = m.Received
			}
			if m.Received.After(s.last) {
				s.last = m.Received
			}
		}
	}
	return of, keys
}

// mayJoin says whether there is a stored message that m, an answer without
// references, may join by its subject, as far as that can be told at a glance.
func (db *DB) mayJoin(ctx context.Context, m *sigpost.Message) (bool, error) {
	var n int
	err := db.scan(ctx, `SELECT count(*) FROM (SELECT 1 FROM messages WHERE subject_key <> 0 AND subject_key = $1
AND received BETWEEN $2 AND $3 LIMIT 1) found`, []any{subjectKeyOf(m), micros(m.Received.Add(-thread.JoinWindow)), micros(m.Received)}, &n)
	return n > 0, err
}

// joined gives the threads of the stored messages that answers without
// references join by their subject.
func (db *DB) joined(ctx context.Context, answers []*sigpost.Message) (threads []int64, err error) {
	byKey := map[int64][]bySubject{}
	for _, m := range answers {
		if lost(m) {
			key := subjectKeyOf(m)
			byKey[key] = append(byKey[key], bySubject{m, key})
		}
	}
	for key, answers := range byKey {
		s, _ := spans(answers)
		older, err := collect(ctx, db, readMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.subject_key <> 0 AND m.subject_key = $1
AND m.received BETWEEN $2 AND $3`, key, micros(s[key].first.Add(-thread.JoinWindow)), micros(s[key].last))
		if err != nil {
			return nil, err
		}
		slices.SortFunc(older, func(a, b sigpost.Message) int { return thread.Compare(&a, &b) })
		for _, m := range answers {
			if t := latest(older, m.Message); t != 0 {
				threads = append(threads, t)
			}
		}
	}
	return threads, nil
}

// latest gives the thread of the last of some messages in the order of
// thread.Compare that m may join; 0 where there is none.
func latest(older []sigpost.Message, m *sigpost.Message) int64 {
	n, _ := slices.BinarySearchFunc(older, m, func(a sigpost.Message, m *sigpost.Message) int { return thread.Compare(&a, m) })
	for i := range slices.Backward(older[:n]) {
		if m.Received.Sub(older[i].Received) > thread.JoinWindow {
			break
		}
		if thread.JoinsBySubject(m, &older[i]) {
			return older[i].ThreadID
		}
	}
	return 0
}

// answersBySubject gives the threads of stored answers without references that
// may join one of the given messages by their subject, and those messages, as
// far as that can be told by subject and time.
func (db *DB) answersBySubject(ctx context.Context, msgs []bySubject) (threads []int64, joining map[*sigpost.Message]bool, err error) {
	of, keys := spans(msgs)
	came := map[int64][]int64{} // when answers came, by their subject
	err = inList(keys, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var key, received, t int64
			if err := row.Scan(&key, &received, &t); err != nil {
				return err
			}
			s := of[key]
			if received >= micros(s.first) && received <= micros(s.last.Add(thread.JoinWindow)) {
				came[key] = append(came[key], received)
				threads = append(threads, t)
			}
			return nil
		}, `SELECT m.subject_key, m.received, m.thread_id FROM messages m
WHERE m.subject_key <> 0 AND m.answering = 1 AND m.refs = '' AND m.subject_key IN `+list, args...)
	})
	for _, all := range came {
		slices.Sort(all)
	}
	joining = map[*sigpost.Message]bool{}
	for _, m := range msgs {
		all := came[m.key]
		if i, _ := slices.BinarySearch(all, micros(m.Received)); i < len(all) && all[i] <= micros(m.Received.Add(thread.JoinWindow)) {
			joining[m.Message] = true
		}
	}
	return threads, joining, err
}
