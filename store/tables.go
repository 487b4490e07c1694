package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// table is what a table looks like.
type table struct {
	columns  []column
	key      []string // the columns of the primary key, in its order
	numbered bool     // its key numbers itself
}

// column is one of a table's.
type column struct {
	name     string
	kind     kind
	key      int // its place in the primary key, from 1; 0 where it is not of it
	required bool
}

// kind is what a column holds, on both engines.
type kind int

const (
	ofInt kind = iota + 1
	ofFloat
	ofText
	ofBytes
)

// kinds are the types that migrations use.
var kinds = map[string]kind{
	"integer": ofInt, "bigint": ofInt, "text": ofText, "double precision": ofFloat, "blob": ofBytes, "bytea": ofBytes,
}

// tables says what all tables look like, as the database has them. Columns of
// tables that are no matter of a dump may be of any type.
func (db *DB) tables(ctx context.Context) (map[string]table, error) {
	all := map[string]table{}
	err := db.each(ctx, func(row scanner) error {
		var name, typ string
		var c column
		var numbered bool
		if err := row.Scan(&name, &c.name, &typ, &c.key, &c.required, &numbered); err != nil {
			return err
		}
		c.kind = kinds[typ]
		t := all[name]
		t.columns, t.numbered = append(t.columns, c), numbered
		all[name] = t
		return nil
	}, db.dialect.tables)
	for name, t := range all {
		keyed := slices.DeleteFunc(slices.Clone(t.columns), func(c column) bool { return c.key == 0 })
		slices.SortFunc(keyed, func(a, b column) int { return a.key - b.key })
		for _, c := range keyed {
			t.key = append(t.key, c.name)
		}
		// Migrations may have added them in another order.
		slices.SortFunc(t.columns, func(a, b column) int { return strings.Compare(a.name, b.name) })
		all[name] = t
	}
	return all, err
}

// column finds a column.
func (t table) column(name string) (column, bool) {
	i := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return t.columns[i], true
}

// lastNumber is the highest number that a table ever gave; 0 for none.
func (db *DB) lastNumber(ctx context.Context, table string) (n int64, err error) {
	err = db.scan(ctx, db.dialect.lastNumber, []any{table}, &n)
	return n, err
}

// setLastNumber lets a table go on behind a number.
func (db *DB) setLastNumber(ctx context.Context, table string, n int64) error {
	if db.file == "" {
		var set int64
		return db.scan(ctx, db.dialect.setLastNumber, []any{table, n}, &set)
	}
	changed, err := db.exec(ctx, db.dialect.setLastNumber, table, n)
	if err == nil && changed == 0 { // it never had a row
		_, err = db.exec(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)`, table, n)
	}
	return err
}

// dumped are the tables that a dump has, in an order in which each comes behind
// those to which it refers. A table has to be here or in notDumped: a test looks.
var dumped = []string{
	"mailboxes", "threads", "redirects", "messages", "ghosts", "message_lists", "thread_lists", "outward", "authors", "removals", "quarantine",
	"taggings", "decisions", "thread_decisions", "notes", "copies",
	"issues", "issue_drafts", "issue_edits", "carried", "issue_threads", "nudges", "stale_drafts",
	"subscribers", "subscriptions", "consents", "requests", "suppressions", "limits", "notices",
	"sendings", "generations", "deliveries", "announcements", "bounces", "served",
	"sign_in_links", "sessions", "audit", "jobs", "troubles", "alerts",
	"review_queue", "review_tags", "review_seen", "review_changes", "reports", "judgements", "samples",
}

// notDumped are the others, with the reason.
var notDumped = map[string]string{
	"raw_blocks":    "mail is written with its message",
	"message_text":  "made anew of the mail",
	"message_words": "made anew of the mail",
	"listing":       "made anew of the view listed",
	versionTable:    "the header says it",
}

// dumpedColumns are the columns of a table that a dump has. Where mail lies is
// another matter in each archive.
func dumpedColumns(name string, t table) ([]column, error) {
	columns := t.columns
	if name == "messages" {
		columns = slices.DeleteFunc(slices.Clone(columns), func(c column) bool {
			return c.name == "raw_block" || c.name == "raw_offset" || c.name == "raw_size"
		})
	}
	for _, c := range columns {
		if c.kind == 0 {
			return nil, fmt.Errorf("the column %s of %s has a type for which a dump has no form", c.name, name)
		}
	}
	if len(t.key) == 0 {
		return nil, fmt.Errorf("the table %s has no primary key by which its rows could be ordered", name)
	}
	return columns, nil
}

// packedColumns are compressed in the archive, and not in a dump.
var packedColumns = map[string]string{"quarantine": "raw", "copies": "body"}

// notDumpedLike are beginnings of names of tables that are no matter of a dump either.
var notDumpedLike = map[string]string{
	"message_text_": "parts of SQLite's text index",
	"river_":        "work in hand: the archive's own rows say what is to be done",
}

// leftOut says why a table is not in a dump; "" if it is.
func leftOut(name string) string {
	for prefix, why := range notDumpedLike {
		if strings.HasPrefix(name, prefix) {
			return why
		}
	}
	return notDumped[name]
}
