package store

import (
	"context"
	"time"

	"sigpost"
)

// Volume gives the accepted tags, natures too, of each thread of some lists in
// which a person has written since a time, thread by thread in no order. from is
// that time or, where nothing is older, when the oldest thread began.
func (db *DB) Volume(ctx context.Context, lists []string, since time.Time) (all [][]sigpost.Tag, from time.Time, err error) {
	// Two steps: asked for both at once, engines work out the tags of all threads.
	at := map[int64]int{}
	var ids []int64
	err = inList(lists, 2, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var id int64
			err := row.Scan(&id)
			if _, had := at[id]; !had {
				at[id], ids = len(ids), append(ids, id)
			}
			return err
		}, `SELECT t.id FROM threads t WHERE t.last_at >= $1 AND t.messages > t.robots
AND EXISTS (SELECT 1 FROM thread_lists l WHERE l.thread_id = t.id AND l.list IN `+list+`)`, append([]any{micros(since)}, args...)...)
	})
	all = make([][]sigpost.Tag, len(ids))
	if err == nil {
		err = inList(ids, 1, func(list string, args []any) error {
			return db.each(ctx, func(row scanner) error {
				var id int64
				var tag sigpost.Tag
				err := row.Scan(&id, &tag.Kind, &tag.Name)
				all[at[id]] = append(all[at[id]], tag)
				return err
			}, `SELECT thread_id, kind, name FROM accepted_tags WHERE thread_id IN `+list, args...)
		})
	}
	from = since
	if err == nil {
		from, err = db.beginning(ctx, since)
	}
	return all, from, db.fail("counting what was said", err)
}

// beginning is since or, where no thread is older, when the oldest one began.
func (db *DB) beginning(ctx context.Context, since time.Time) (time.Time, error) {
	var older, first int64
	err := db.scan(ctx, `SELECT count(*) FROM (SELECT 1 FROM threads WHERE last_at < $1 LIMIT 1) o`, []any{micros(since)}, &older)
	if err == nil && older == 0 {
		err = db.scan(ctx, `SELECT COALESCE(min(first_at), 0) FROM threads`, nil, &first)
	}
	if err != nil || first == 0 || first < micros(since) {
		return since, err
	}
	return moment(first), nil
}
