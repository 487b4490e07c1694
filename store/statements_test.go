package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"sigpost/store"
)

// TestStatementsAreRemembered: a connection to SQLite compiles once what it is
// asked again and again, and keeps few statements.
func TestStatementsAreRemembered(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "archive.db")
	db := must(store.Open(ctx, file))(t)
	add(t, db, mail("a", 0), mail("b", 1, "a"))
	add(t, db, mail("c", 2), mail("d", 3, "c"))
	idle := func() int {
		t.Helper()
		c := must(db.Conn(ctx))(t)
		defer c.Close()
		return must(store.IdleStatements(c))(t)
	}
	before := idle()
	add(t, db, mail("e", 4), mail("f", 5, "e"))
	if after := idle(); before == 0 || after != before {
		t.Errorf("%d statements are remembered of a batch, and after another one %d", before, after)
	}
	for i := range 2 * store.MaxKept {
		must(db.Rows(ctx, 1, fmt.Sprintf("SELECT %d", i)))(t)
	}
	if n := idle(); n != store.MaxKept {
		t.Errorf("%d statements are remembered, not %d", n, store.MaxKept)
	}
	check(t, db.Close())
	if _, err := os.Stat(file + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a statement keeps the file open: its log is still there (%v)", err)
	}
}

// TestStatementInUse: what is asked while the rows of the same question are
// being read gets rows of its own.
func TestStatementInUse(t *testing.T) {
	ctx := t.Context()
	db := must(store.Open(ctx, filepath.Join(t.TempDir(), "archive.db")))(t)
	defer db.Close()
	add(t, db, mail("a", 0), mail("b", 1), mail("c", 2))
	c := must(db.Conn(ctx))(t)
	defer c.Close()
	ask := func() *sql.Rows {
		return must(c.QueryContext(ctx, `SELECT message_id FROM messages WHERE id > $1 ORDER BY id`, 0))(t)
	}
	read := func(rows *sql.Rows) (ids string) {
		defer rows.Close()
		for rows.Next() {
			var id string
			check(t, rows.Scan(&id))
			ids += id
		}
		check(t, rows.Err())
		return ids
	}
	for range 2 { // compiled, and remembered
		outer := ask()
		var first string
		outer.Next()
		check(t, outer.Scan(&first))
		inner := read(ask())
		if got := first + read(outer); got != "abc" || inner != "abc" {
			t.Errorf("one has read %q, another in between %q", got, inner)
		}
	}
}
