package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

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

// lost says whether a message is an answer that names nothing that it answers.
func lost(m *sigpost.Message) bool {
	return m.Answering && len(m.References) == 0 && subjectKeyOf(m) != 0
}

// errFound ends the reading of rows.
var errFound = errors.New("found")

// joined gives the stored message that m joins by its subject, or nil.
func (db *DB) joined(ctx context.Context, m *sigpost.Message) (*sigpost.Message, error) {
	if !lost(m) {
		return nil, nil
	}
	var found *sigpost.Message
	err := db.each(ctx, func(row scanner) error {
		older, err := readMessage(row)
		switch {
		case err != nil:
			return err
		case found != nil && older.Received.Before(found.Received):
			return errFound
		case thread.JoinsBySubject(m, &older) && (found == nil || thread.Compare(found, &older) < 0):
			found = &older
		}
		return nil
	}, `SELECT `+messageColumns+` FROM messages m WHERE m.subject_key <> 0 AND m.subject_key = $1
AND m.received BETWEEN $2 AND $3 ORDER BY m.received DESC`,
		subjectKeyOf(m), micros(m.Received.Add(-thread.JoinWindow)), micros(m.Received))
	if errors.Is(err, errFound) {
		err = nil
	}
	return found, err
}

// answersBySubject gives the threads of stored answers without references that
// may join one of the given messages by their subject.
func (db *DB) answersBySubject(ctx context.Context, msgs []*sigpost.Message) (threads []int64, joining map[*sigpost.Message]bool, err error) {
	byKey := map[int64][]*sigpost.Message{}
	var keys []int64
	for _, m := range msgs {
		if key := subjectKeyOf(m); key != 0 {
			if byKey[key] == nil {
				keys = append(keys, key)
			}
			byKey[key] = append(byKey[key], m)
		}
	}
	joining = map[*sigpost.Message]bool{}
	err = inList(keys, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			answer, err := readMessage(row)
			if err != nil {
				return err
			}
			for _, m := range byKey[subjectKeyOf(&answer)] {
				if thread.JoinsBySubject(&answer, m) {
					joining[m] = true
					threads = append(threads, answer.ThreadID)
				}
			}
			return nil
		}, `SELECT `+messageColumns+` FROM messages m WHERE m.subject_key <> 0 AND m.answering = 1 AND m.refs = ''
AND m.subject_key IN `+list, args...)
	})
	return threads, joining, err
}
