package store

import (
	"cmp"
	"context"
	"slices"

	"sigpost/search"
)

// FoundMail gives the newest messages that a query finds, at most limit, in the
// order in which they were received; the query has to be without a fatal problem.
// more says that there are others.
func (db *DB) FoundMail(ctx context.Context, q search.Query, limit int) (all []Mail, more bool, err error) {
	places, err := db.foundPlaces(ctx, q, limit+1)
	if more = len(places) > limit; more {
		places = places[:limit]
	}
	if err == nil {
		ids := make([]int64, len(places))
		for i, p := range places {
			ids[i] = p & placeMask
		}
		err = inList(ids, 1, func(list string, args []any) error {
			some, err := collect(ctx, db, readMail, `SELECT m.id, m.size, m.received FROM messages m WHERE `+visible+` AND m.id IN `+list, args...)
			all = append(all, some...)
			return err
		})
	}
	slices.SortFunc(all, func(a, b Mail) int { return cmp.Or(a.Received.Compare(b.Received), cmp.Compare(a.ID, b.ID)) })
	return all, more, db.fail("searching for "+q.Text, db.ended(ctx, err))
}

func (db *DB) foundPlaces(ctx context.Context, q search.Query, limit int) ([]int64, error) {
	if q.Root == nil {
		return nil, nil
	}
	return db.finder(q.Root).newest(ctx, limit)
}
