package store

import (
	"context"
	"time"

	"sigpost"
)

// Volume gives the accepted tags, natures too, of each thread of some lists in
// which a person has written since a time, thread by thread in no order.
func (db *DB) Volume(ctx context.Context, lists []string, since time.Time) ([][]sigpost.Tag, error) {
	var all [][]sigpost.Tag
	at := map[int64]int{}
	err := inList(lists, 2, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var id int64
			var tag sigpost.Tag
			if err := row.Scan(&id, &tag.Kind, &tag.Name); err != nil {
				return err
			}
			if _, ok := at[id]; !ok {
				at[id] = len(all)
				all = append(all, nil)
			}
			if tag.Name != "" {
				all[at[id]] = append(all[at[id]], tag)
			}
			return nil
		}, `SELECT t.id, COALESCE(a.kind, ''), COALESCE(a.name, '') FROM threads t LEFT JOIN accepted_tags a ON a.thread_id = t.id
WHERE t.last_at >= $1 AND t.messages > t.robots AND EXISTS (SELECT 1 FROM thread_lists l WHERE l.thread_id = t.id AND l.list IN `+list+`)`,
			append([]any{micros(since)}, args...)...)
	})
	return all, db.fail("counting what was said", err)
}
