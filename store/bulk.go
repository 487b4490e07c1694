package store

import (
	"context"
	"fmt"
	"slices"
)

// An INSERT has bulkRows rows, or fewer where that would be more than
// bulkParams parameters: a driver has some work with each statement, and with
// each parameter the more the more there are.
const (
	bulkRows   = 16
	bulkParams = 256
)

// reserve gives the first of n numbers for new rows of a table with a primary
// key that numbers itself. The transaction has to be alone.
func (db *DB) reserve(ctx context.Context, table string, n int) (first int64, err error) {
	err = db.scan(ctx, db.dialect.reserve, []any{table, n}, &first)
	return first, err
}

// insert adds rows to a table, leaving out those that are there already, and
// gives the number of new ones. into is such as "ghosts (message_key,
// thread_id)"; each row has as many values as into has columns.
func (db *DB) insert(ctx context.Context, into string, rows [][]any) (added int, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	size := max(1, min(bulkRows, bulkParams/len(rows[0])))
	for chunk := range slices.Chunk(rows, size) {
		if len(chunk) < size {
			break
		}
		n, err := db.insertRows(ctx, into, chunk)
		if err != nil {
			return added, err
		}
		added += n
	}
	for _, row := range rows[len(rows)-len(rows)%size:] {
		n, err := db.insertRows(ctx, into, [][]any{row})
		if err != nil {
			return added, err
		}
		added += n
	}
	return added, nil
}

// insertAll is insert for rows of which none can be there already.
func (db *DB) insertAll(ctx context.Context, into string, rows [][]any) error {
	added, err := db.insert(ctx, into, rows)
	if err == nil && added != len(rows) {
		err = fmt.Errorf("only %d of %d new rows were taken: %s", added, len(rows), into)
	}
	return err
}

func (db *DB) insertRows(ctx context.Context, into string, rows [][]any) (int, error) {
	query := "INSERT INTO " + into + " VALUES " + db.tuples(len(rows[0]), len(rows)) + " ON CONFLICT DO NOTHING"
	n, err := db.exec(ctx, query, slices.Concat(rows...)...)
	return int(n), err
}
