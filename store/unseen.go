package store

import (
	"context"

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

// Unseen gives what of an issue that was made before is out of sight now. Threads
// may have been joined to others since.
func (db *DB) Unseen(ctx context.Context, threadIDs []int64, messages []sigpost.MessageID) (Unseen, error) {
	u := Unseen{map[sigpost.MessageID]bool{}, map[int64]bool{}, map[int64][]sigpost.Address{}}
	keys := make([][]byte, len(messages))
	for i, id := range messages {
		k := keyOf(id)
		keys[i] = k[:]
	}
	err := inList(keys, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var id sigpost.MessageID
			err := row.Scan(&id)
			u.Messages[id] = true
			return err
		}, `SELECT message_id FROM messages WHERE hidden <> 0 AND message_key IN `+list, args...)
	})
	if err == nil {
		err = db.unseenAuthors(ctx, &u, threadIDs)
	}
	return u, db.fail("looking for what of an issue is not shown any more", err)
}

// unseenAuthors finds of whom threads had messages and show none.
func (db *DB) unseenAuthors(ctx context.Context, u *Unseen, threadIDs []int64) error {
	asked := make(map[int64][]int64, len(threadIDs)) // by their numbers of today
	var today []int64
	ask := func(id, now int64) {
		asked[now] = append(asked[now], id)
		today = append(today, now)
	}
	joined := map[int64]bool{}
	err := inList(threadIDs, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var old, now int64
			if err := row.Scan(&old, &now); err != nil {
				return err
			}
			joined[old] = true
			ask(old, now)
			return nil
		}, `SELECT old_thread_id, thread_id FROM redirects WHERE old_thread_id IN `+list, args...)
	})
	if err != nil {
		return err
	}
	for _, id := range threadIDs {
		if !joined[id] {
			ask(id, id)
		}
	}
	type writer struct {
		thread int64
		addr   string
	}
	gone := map[int64][]sigpost.Address{}
	shown, shows := map[writer]bool{}, map[int64]bool{}
	err = inList(today, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var thread int64
			var a sigpost.Address
			var hidden bool
			if err := row.Scan(&thread, &a.Name, &a.Addr, &hidden); err != nil {
				return err
			}
			if hidden {
				gone[thread] = append(gone[thread], a)
			} else {
				shown[writer{thread, a.Addr}], shows[thread] = true, true
			}
			return nil
		}, `SELECT DISTINCT m.thread_id, m.author_name, m.author_addr, m.hidden <> 0 FROM messages m
WHERE m.thread_id IN `+list+` AND EXISTS (SELECT 1 FROM messages h WHERE h.thread_id = m.thread_id AND h.hidden <> 0)`, args...)
	})
	for thread, authors := range gone {
		for _, id := range asked[thread] {
			u.Threads[id] = !shows[thread]
			for _, a := range authors {
				if !shown[writer{thread, a.Addr}] {
					u.Authors[id] = append(u.Authors[id], a)
				}
			}
		}
	}
	return err
}
