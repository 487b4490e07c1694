package store

import (
	"context"
	"slices"
)

// bulkRows is how many rows go into one INSERT. SQLite finds parameters by
// their names one by one, so that more would be slower.
const bulkRows = 16

// insert adds rows to a table, leaving out those that are there already, and
// gives the number of new ones. into is such as "ghosts (message_key,
// thread_id)"; each row has as many values as into has columns.
func (db *DB) insert(ctx context.Context, into string, rows [][]any) (added int, err error) {
	for chunk := range slices.Chunk(rows, bulkRows) {
		if len(chunk) < bulkRows {
			break
		}
		n, err := db.insertRows(ctx, into, chunk)
		if err != nil {
			return added, err
		}
		added += n
	}
	for _, row := range rows[len(rows)-len(rows)%bulkRows:] {
		n, err := db.insertRows(ctx, into, [][]any{row})
		if err != nil {
			return added, err
		}
		added += n
	}
	return added, nil
}

func (db *DB) insertRows(ctx context.Context, into string, rows [][]any) (int, error) {
	query := "INSERT INTO " + into + " VALUES " + tuples(len(rows[0]), len(rows)) + " ON CONFLICT DO NOTHING"
	n, err := db.exec(ctx, query, slices.Concat(rows...)...)
	return int(n), err
}
