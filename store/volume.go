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
	at := map[int64]int{}
	err = inList(lists, 2, func(list string, args []any) error {
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
