package store

import (
	"context"
	"maps"
	"slices"

	"sigpost"
)

// Unseen is what is out of sight of some threads and messages. What the archive
// does not have is in none of it.
type Unseen struct {
	Messages map[sigpost.MessageID]bool
	// Threads are those of which nothing is shown.
	Threads map[int64]bool
	// Authors are, by thread, those of whom it had messages and shows none.
	Authors map[int64][]sigpost.Address
}

// Unseen gives what is out of sight of threads, and of messages that are named. The
// threads may have been joined to others since: they are told of by the numbers by
// which they are asked for.
func (db *DB) Unseen(ctx context.Context, threadIDs []int64, messages []sigpost.MessageID) (Unseen, error) {
	u := Unseen{map[sigpost.MessageID]bool{}, map[int64]bool{}, map[int64][]sigpost.Address{}}
	hidden, err := db.HiddenOf(ctx, messages)
	for _, id := range hidden {
		u.Messages[id] = true
	}
	if err == nil {
		err = db.unseenIn(ctx, &u, threadIDs)
	}
	return u, db.fail("looking for what is not shown", err)
}

// unseenIn finds what threads have that is not shown, and of whom they show nothing
// else.
func (db *DB) unseenIn(ctx context.Context, u *Unseen, threadIDs []int64) error {
	today, err := db.today(ctx, threadIDs)
	if err != nil {
		return err
	}
	gone := map[int64][]sigpost.Address{} // the authors of what is hidden, by thread
	err = inList(slices.Compact(slices.Sorted(maps.Values(today))), 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var thread int64
			var id sigpost.MessageID
			var a sigpost.Address
			err := row.Scan(&thread, &id, &a.Name, &a.Addr)
			u.Messages[id] = true
			if !slices.Contains(gone[thread], a) {
				gone[thread] = append(gone[thread], a)
			}
			return err
		}, `SELECT m.thread_id, m.message_id, m.author_name, m.author_addr FROM messages m WHERE m.hidden <> 0 AND m.thread_id IN `+list, args...)
	})
	if err != nil || len(gone) == 0 {
		return err
	}
	shown := map[int64]map[string]bool{}
	err = inList(slices.Collect(maps.Keys(gone)), 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var thread int64
			var addr string
			err := row.Scan(&thread, &addr)
			if shown[thread] == nil {
				shown[thread] = map[string]bool{}
			}
			shown[thread][addr] = true
			return err
		}, `SELECT DISTINCT m.thread_id, m.author_addr FROM messages m WHERE m.hidden = 0 AND m.thread_id IN `+list, args...)
	})
	for id, now := range today {
		if len(gone[now]) == 0 {
			continue
		}
		u.Threads[id] = shown[now] == nil
		for _, a := range gone[now] {
			if !shown[now][a.Addr] {
				u.Authors[id] = append(u.Authors[id], a)
			}
		}
	}
	return err
}

// today gives the threads that hold by now what threads of these numbers held: each
// itself, or the one that it was joined to.
func (db *DB) today(ctx context.Context, threadIDs []int64) (map[int64]int64, error) {
	now := make(map[int64]int64, len(threadIDs))
	for _, id := range threadIDs {
		now[id] = id
	}
	err := inList(threadIDs, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var old, thread int64
			err := row.Scan(&old, &thread)
			now[old] = thread
			return err
		}, `SELECT old_thread_id, thread_id FROM redirects WHERE old_thread_id IN `+list, args...)
	})
	return now, err
}
