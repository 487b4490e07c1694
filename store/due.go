package store

import (
	"context"
	"time"

	"sigpost"
)

// When something is to be done next, asked of rows: of a table at a time, without
// what is in it.

// LastWindow is the end of the latest window of a digest; zero where it has none.
func (db *DB) LastWindow(ctx context.Context, digest string) (time.Time, error) {
	return db.earliest(ctx, "looking for the last window of the digest "+digest,
		`SELECT COALESCE(max(window_to), 0) FROM issues WHERE digest = $1`, digest)
}

// NextDue is when the first notice is due that is not sent and that nobody holds; zero
// where there is none.
func (l Notices) NextDue(ctx context.Context) (time.Time, error) {
	return l.db.earliest(ctx, "looking for letters to single people",
		`SELECT COALESCE(min(CASE WHEN lease > due THEN lease ELSE due END), 0) FROM notices WHERE state IN ('queued', 'sending')`)
}

// NextDue is when the first note about an issue of a digest is due that was not said,
// of issues that do not stand still; zero where there is none. One that was begun is
// due when nobody holds it any more: then it is to be settled.
func (l Announcements) NextDue(ctx context.Context, digest string) (time.Time, error) {
	return l.db.earliest(ctx, "looking for notes of the digest "+digest,
		`SELECT COALESCE(min(CASE WHEN n.lease > n.due THEN n.lease ELSE n.due END), 0) FROM announcements n JOIN issues i ON i.id = n.issue_id
WHERE i.digest = $1 AND n.state IN ('queued', 'sending') AND NOT EXISTS (SELECT 1 FROM sendings s WHERE s.issue_id = i.id AND s.paused > 0)`, digest)
}

func (db *DB) earliest(ctx context.Context, doing, query string, args ...any) (time.Time, error) {
	var at int64
	err := db.scan(ctx, query, args, &at)
	return moment(at), db.fail(doing, err)
}

// Received gives when each message of a list was received in a window, in order, but
// for sigpost's own letters.
func (db *DB) Received(ctx context.Context, list string, w sigpost.Window) ([]time.Time, error) {
	all, err := collect(ctx, db, func(row scanner) (time.Time, error) {
		var at int64
		err := row.Scan(&at)
		return moment(at), err
	}, `SELECT m.received FROM messages m WHERE m.received >= $1 AND m.received < $2 AND m.own = 0
AND EXISTS (SELECT 1 FROM message_lists l WHERE l.message_id = m.id AND l.list = $3) ORDER BY m.received`, micros(w.From), micros(w.To), list)
	return all, db.fail("looking when mail of the list "+list+" came", err)
}
