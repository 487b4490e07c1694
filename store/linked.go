package store

import (
	"context"
	"errors"
	"fmt"

	"sigpost"
)

// Linked gives the thread from which a thread was cut off, nil where it was
// not or where that has not been seen, and those that were cut off from it, the
// oldest first. All are without their Tags; those of which nothing is shown are left
// out.
func (db *DB) Linked(ctx context.Context, t sigpost.Thread) (from *sigpost.Thread, ledTo []sigpost.Thread, err error) {
	doing := fmt.Sprintf("looking for threads that are linked to thread %d", t.ID)
	if t.From != "" {
		k := keyOf(t.From)
		found, err := first(ctx, db, readThread, `SELECT `+threadColumns+` FROM threads t
WHERE t.id = (SELECT thread_id FROM messages WHERE message_key = $1) AND `+hasShown, k[:])
		if err = db.fail(doing, err); err == nil {
			from = &found
		} else if !errors.Is(err, sigpost.ErrNotFound) {
			return nil, nil, err
		}
	}
	cut, err := collect(ctx, db, readThread, `SELECT `+threadColumns+` FROM threads t WHERE t.from_id <> '' AND `+hasShown+` AND t.id IN
(SELECT o.thread_id FROM outward o JOIN messages m ON m.message_key = o.message_key WHERE m.thread_id = $1) ORDER BY t.first_at, t.id`, t.ID)
	if err != nil {
		return nil, nil, db.fail(doing, err)
	}
	for _, c := range cut {
		k := keyOf(c.From)
		var here int
		if err := db.scan(ctx, `SELECT count(*) FROM messages WHERE message_key = $1 AND thread_id = $2`, []any{k[:], t.ID}, &here); err != nil {
			return nil, nil, db.fail(doing, err)
		}
		if here > 0 {
			ledTo = append(ledTo, c)
		}
	}
	return from, ledTo, nil
}
