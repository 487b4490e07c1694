package store

import (
	"context"
	"fmt"
)

// Latest gives of each of some threads the newest message that is shown, by the
// thread's number. What is not indexed yet is missing.
func (db *DB) Latest(ctx context.Context, threadIDs []int64) (map[int64]Hit, error) {
	var places []int64
	err := inList(threadIDs, 1, func(list string, args []any) error {
		found, err := collect(ctx, db, readPlace, `SELECT place FROM (SELECT (SELECT `+placeSQL+` FROM messages m
WHERE m.thread_id = t.id AND `+visible+` ORDER BY m.received DESC, m.id DESC LIMIT 1) AS place FROM threads t WHERE t.id IN `+list+`) latest WHERE place IS NOT NULL`, args...)
		places = append(places, found...)
		return err
	})
	all := make(map[int64]Hit, len(places))
	if err == nil {
		var hits []Hit
		hits, err = db.hits(ctx, places)
		for _, h := range hits {
			all[h.ThreadID] = h
		}
	}
	return all, db.fail("reading the latest messages of threads", err)
}

// NewestOf gives the newest messages of a thread that are shown, at most limit,
// the newest first. What is not indexed yet is missing.
func (db *DB) NewestOf(ctx context.Context, threadID int64, limit int) ([]Hit, error) {
	places, err := collect(ctx, db, readPlace, `SELECT `+placeSQL+` FROM messages m WHERE m.thread_id = $1 AND `+visible+`
ORDER BY m.received DESC, m.id DESC LIMIT $2`, threadID, limit)
	var hits []Hit
	if err == nil {
		hits, err = db.hits(ctx, places)
	}
	return hits, db.fail(fmt.Sprintf("reading the newest messages of thread %d", threadID), err)
}

func readPlace(row scanner) (place int64, err error) { return place, row.Scan(&place) }
