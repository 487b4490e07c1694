package store

import (
	"context"
	"fmt"
	"time"

	"sigpost"
	"sigpost/thread"
)

// ThreadDecision is what somebody decided about threads, and why.
type ThreadDecision struct {
	thread.Decision
	Who string
	Why string
	At  time.Time
}

// DecideThread keeps a decision for good and lets it take effect: on the
// messages that are stored, and on what refers to them later. A message that
// has not been seen may be split off or merged as well.
func (db *DB) DecideThread(ctx context.Context, d ThreadDecision) error {
	ids := []sigpost.MessageID{d.Message}
	if d.Kind == thread.Merge {
		ids = append(ids, d.Other)
	}
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO thread_decisions (verdict, message_id, other_id, who, why, at)
VALUES ($1, $2, $3, $4, $5, $6)`, string(d.Kind), clean(string(d.Message)), clean(string(d.Other)), clean(d.Who), clean(d.Why), micros(d.At)); err != nil {
			return err
		}
		touched, err := tx.threadsOf(ctx, ids)
		if err != nil {
			return err
		}
		if err := tx.outdate(ctx, touched, d.At); err != nil {
			return err
		}
		return tx.regroup(ctx, touched, nil, nil)
	})
	return db.fail(fmt.Sprintf("keeping the decision on message %s", d.Message), err)
}

// UndecideThread takes a decision back, as if it had never been made. The error
// wraps sigpost.ErrNotFound where it is not kept. Who and Why need not be given.
func (db *DB) UndecideThread(ctx context.Context, d ThreadDecision) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		n, err := tx.exec(ctx, `DELETE FROM thread_decisions WHERE verdict = $1 AND message_id = $2 AND other_id = $3 AND at = $4`,
			string(d.Kind), clean(string(d.Message)), clean(string(d.Other)), micros(d.At))
		if err == nil && n == 0 {
			err = &failure{fmt.Sprintf("the decision on message %s is not kept any more", d.Message), sigpost.ErrNotFound}
		}
		if err != nil {
			return err
		}
		ids := []sigpost.MessageID{d.Message}
		if d.Kind == thread.Merge {
			ids = append(ids, d.Other)
		}
		touched, err := tx.threadsOf(ctx, ids)
		if err != nil {
			return err
		}
		if err := tx.outdate(ctx, touched, d.At); err != nil {
			return err
		}
		return tx.regroup(ctx, touched, nil, nil)
	})
	return db.fail(fmt.Sprintf("taking the decision on message %s back", d.Message), err)
}

// ThreadDecisions gives all decisions about threads, in the order in which they
// were made.
func (db *DB) ThreadDecisions(ctx context.Context) ([]ThreadDecision, error) {
	all, err := collect(ctx, db, func(row scanner) (d ThreadDecision, err error) {
		var at int64
		err = row.Scan(&d.Kind, &d.Message, &d.Other, &d.Who, &d.Why, &at)
		d.At = moment(at)
		return d, err
	}, `SELECT verdict, message_id, other_id, who, why, at FROM thread_decisions ORDER BY id`)
	return all, db.fail("reading the decisions about threads", err)
}

// threadsOf gives the threads that hold messages, seen or not, and those that
// were cut off from them.
func (db *DB) threadsOf(ctx context.Context, ids []sigpost.MessageID) ([]int64, error) {
	_, keys := keysOf(ids)
	var threads []int64
	err := inList(keys, 1, func(list string, args []any) error {
		found, err := collect(ctx, db, func(row scanner) (t int64, err error) { return t, row.Scan(&t) },
			`SELECT thread_id FROM messages WHERE message_key IN `+list+`
UNION SELECT thread_id FROM ghosts WHERE message_key IN `+list+`
UNION SELECT thread_id FROM outward WHERE message_key IN `+list, args...)
		threads = append(threads, found...)
		return err
	})
	return threads, err
}
