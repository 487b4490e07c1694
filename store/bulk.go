package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// numbered gives n numbers for new rows of a table with a primary key that numbers
// itself, in the order in which they are taken. Several transactions may ask at once.
func (db *DB) numbered(ctx context.Context, table string, n int) (ids []int64, err error) {
	ids = make([]int64, 0, n)
	if db.numbers != "" {
		err = db.each(ctx, func(row scanner) error {
			var id int64
			err := row.Scan(&id)
			ids = append(ids, id)
			return err
		}, db.numbers, table, n)
		return ids, err
	}
	first, err := db.reserve(ctx, table, n)
	for i := range n {
		ids = append(ids, first+int64(i))
	}
	return ids, err
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

// rowsOf is "(...), (...)" for so many rows of values of some types, which
// PostgreSQL is told, since it does not guess them in a VALUES of a WITH.
func (d *dialect) rowsOf(types []string, size int) string {
	rows := make([]string, size)
	for i := range rows {
		row := make([]string, len(types))
		for j, kind := range types {
			row[j] = "CAST(" + d.place(1+i*len(types)+j) + " AS " + kind + ")"
		}
		rows[i] = "(" + strings.Join(row, ", ") + ")"
	}
	return strings.Join(rows, ", ")
}

// place is the nth parameter of a statement that has each once, in order.
func (d *dialect) place(n int) string {
	if d.nameless {
		return "?"
	}
	return "$" + strconv.Itoa(n)
}

// bulkSizes are the numbers of rows that such a statement has: few, since one of
// another length is another one to compile.
var bulkSizes = []int{64, 8, 1}

// inBulk calls do for chunks of rows of those sizes.
func inBulk[T any](rows []T, do func(chunk []T) error) error {
	for _, size := range bulkSizes {
		for len(rows) >= size {
			if err := do(rows[:size]); err != nil {
				return err
			}
			rows = rows[size:]
		}
	}
	return nil
}

var bulkTexts sync.Map // by what makes them

// bulkText is the text of a statement, made once.
func bulkText(key string, size int, text func() string) string {
	key += strconv.Itoa(size)
	if known, ok := bulkTexts.Load(key); ok {
		return known.(string)
	}
	made := text()
	bulkTexts.Store(key, made)
	return made
}
