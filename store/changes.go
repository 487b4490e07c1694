package store

import "context"

// Changes is a number that grows when something is written, for whoever waits
// for news. With PostgreSQL it lags by up to a second; with SQLite it is always
// 0: look at the file.
func (db *DB) Changes(ctx context.Context) (int64, error) {
	var n int64
	err := db.scan(ctx, db.changes, nil, &n)
	return n, db.fail("looking for changes", err)
}
