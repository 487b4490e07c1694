package store

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"sigpost/search"
)

// dialect is what truly differs between the engines. Its exported fields and
// methods are what the migrations may name between "{{" and "}}".
type dialect struct {
	name  string // for people
	goose goose.Dialect

	Identity  string // the type of a primary key that numbers itself, never reusing a number
	Key       string // the type of a primary key that is given
	Bytes     string // the type of a column of bytes
	Clustered string // what follows a table that is its own index
	Rebuilds  bool   // a table's checks change only with the whole table

	// TextIndex is the DDL of the full-text index: see search.go.
	TextIndex string
	// textInto is the index with its columns: a message's place and what document
	// makes of its subject, author, words and marks, textRows at once.
	textInto string
	textRows int
	document func(subject, author, words, marks string) []any
	// textPlace is its column of places, and textMatch what holds for those that
	// match the parameter %s: an expression of textWords and what joins them.
	textPlace, textMatch string
	// textNewest is how the newest are looked for where the index does not give them
	// first; nil where it does.
	textNewest *newestLooks
	// textWords asks for words that stand one after the other, in a field;
	// textMark for a mark. The others join expressions.
	textWords       func(words []string, field search.Field) string
	textMark        func(mark string) string
	textAnd, textOr string // between expressions
	textNot         string // between two of which only the first is to hold
	// tidyText merges a little of the index, optimizeText all of it; empty
	// where the engine does so by itself.
	tidyText, optimizeText string

	// replan goes in front of the parameters of a statement that is to be planned
	// anew for them.
	replan []any

	// tables asks for the columns of all tables: see DB.tables. binary orders
	// texts by their bytes. lastNumber asks which number a table gave last, and
	// setLastNumber says so.
	tables, binary            string
	lastNumber, setLastNumber string

	// changes asks for a number that grows with what is written.
	changes string
	// hasTable counts the tables named $1.
	hasTable string
	// engineChecks find damage that the engine itself knows of: a row of one column
	// for each, or "ok".
	engineChecks []engineCheck
	// serialize makes a transaction wait until it is the only one that writes
	// threads; empty where a transaction that writes always is.
	serialize string
	// claiming makes a transaction wait until it is the only one that claims threads;
	// empty as serialize.
	claiming string
	// silent is an expression that has a transaction end that others wait for where its
	// process says nothing for too long; empty where nothing can: see DB.orEnd.
	silent string
	// skipLocked follows a SELECT of deliveries d that several workers claim
	// from at once.
	skipLocked string
	// forUpdate follows a SELECT of one row s that the transaction is to have for
	// itself; empty where a transaction that writes always has everything.
	forUpdate string
	// clock is the database's time, as an expression: microseconds since 1970.
	clock string
	// durable is an expression that has the transaction written to the disk before
	// it is said to be done, whatever the server was set to, and given up soon where
	// nobody takes that.
	durable string
	// reserve gives the first of $2 numbers for rows of table $1 that nobody else
	// will use: see DB.reserve. numbers gives that many such numbers, each once, to
	// any number of transactions at the same time; empty where only one writes.
	reserve, numbers string
	// nameless says that parameters without names cost the driver less.
	nameless bool
	// compiles says that the driver compiles a statement anew at each call,
	// so that a transaction had better keep it.
	compiles bool
}

// engineCheck is a question for damage, and what it finds.
type engineCheck struct{ what, query string }

func sqliteDialect() dialect {
	return dialect{
		name:      "SQLite",
		goose:     goose.DialectSQLite3,
		Identity:  "INTEGER PRIMARY KEY AUTOINCREMENT",
		Key:       "INTEGER PRIMARY KEY",
		Bytes:     "BLOB",
		Clustered: " WITHOUT ROWID",
		Rebuilds:  true,
		// Contentless: the text itself is in the raw mail. The index merges
		// its segments only when it is told to (DB.Tidy).
		TextIndex: `CREATE VIRTUAL TABLE message_text USING fts5(subject, author, words, marks,
  content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
INSERT INTO message_text (message_text, rank) VALUES ('automerge', 0), ('crisismerge', 1000);`,
		textInto: `message_text (rowid, subject, author, words, marks)`,
		// FTS5 writes out what it has gathered before a statement of many rows.
		textRows:  1,
		document:  columns,
		textPlace: "rowid",
		textMatch: "message_text MATCH %s",
		textWords: phraseFTS5,
		textMark:  func(mark string) string { return `"` + mark + `"` },
		textAnd:   " AND ", textOr: " OR ", textNot: " NOT ",
		// Pages of 4 KiB: some 50 ms.
		tidyText:     `INSERT INTO message_text (message_text, rank) VALUES ('merge', 500)`,
		optimizeText: `INSERT INTO message_text (message_text) VALUES ('optimize')`,
		tables: `SELECT m.name, p.name, lower(p.type), p.pk, p."notnull" <> 0 OR p.pk > 0, m.sql LIKE '%AUTOINCREMENT%'
FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, p.cid`,
		lastNumber: `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = $1), 0)`,
		// The table has no key by which a conflict could be known.
		setLastNumber: `UPDATE sqlite_sequence SET seq = $2 WHERE name = $1`,
		changes:       `SELECT 0`,
		hasTable:      `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1`,
		engineChecks: []engineCheck{
			// It looks into the text index, too.
			{"places in the file where it is damaged", fmt.Sprintf(`PRAGMA quick_check(%d)`, damageShown)},
			{"rows that refer to what is not there", `SELECT "table" || ' row ' || COALESCE(rowid, '?') || ' refers to ' || parent FROM pragma_foreign_key_check`},
		},
		// Only one transaction writes, and using the numbers takes them.
		clock:    `CAST(unixepoch('subsec') * 1000000 AS INTEGER)`,
		durable:  `''`,
		reserve:  `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = $1), 0) + 1 + 0 * $2`,
		compiles: true,
		nameless: true,
	}
}

func postgresDialect() dialect {
	return dialect{
		name:     "PostgreSQL",
		goose:    goose.DialectPostgres,
		Identity: "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
		Key:      "BIGINT PRIMARY KEY",
		Bytes:    "BYTEA",
		TextIndex: `CREATE TABLE message_text (
  place    BIGINT PRIMARY KEY,
  document TSVECTOR NOT NULL
);
CREATE INDEX message_text_document ON message_text USING GIN (document);`,
		textInto: `message_text (place, document)`,
		textRows: bulkRows,
		document: func(subject, author, words, marks string) []any {
			return []any{tsvector(subject, author, words, marks)}
		},
		textPlace:  "place",
		textMatch:  "document @@ CAST(CAST(%s AS TEXT) AS TSQUERY)",
		textNewest: &newestLooks{probed: 500, scanned: 20_000, often: 2},
		textWords:  phrasePostgres,
		textMark:   func(mark string) string { return "'" + mark + "'" },
		textAnd:    " & ", textOr: " | ", textNot: " & ! ",
		replan: []any{pgx.QueryExecModeCacheDescribe},
		// New rows wait in a list that each search goes through.
		tidyText:     `SELECT gin_clean_pending_list('message_text_document')`,
		optimizeText: `SELECT gin_clean_pending_list('message_text_document')`,
		tables: `SELECT c.relname, a.attname, format_type(a.atttypid, NULL), COALESCE(array_position(CAST(i.indkey AS int2[]), a.attnum) + 1, 0), a.attnotnull, bool_or(a.attidentity <> '') OVER (PARTITION BY c.oid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = CAST(current_schema() AS regnamespace) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum`,
		binary: ` COLLATE "C"`,
		// What was taken and given back counts too, as it does in SQLite.
		lastNumber:    `SELECT COALESCE(pg_sequence_last_value(CAST(pg_get_serial_sequence($1, 'id') AS regclass)), 0)`,
		setLastNumber: `SELECT setval(pg_get_serial_sequence($1, 'id'), $2)`,
		changes:       `SELECT CAST(COALESCE(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) AS BIGINT) FROM pg_stat_user_tables WHERE schemaname = current_schema()`,
		hasTable:      `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1`,
		reserve: `SELECT setval(pg_get_serial_sequence($1, 'id'),
nextval(pg_get_serial_sequence($1, 'id')) + CAST($2 AS BIGINT) - 1) - CAST($2 AS BIGINT) + 1`,
		numbers: `SELECT nextval(t.ids) FROM (SELECT pg_get_serial_sequence($1, 'id') AS ids OFFSET 0) t, generate_series(1, CAST($2 AS BIGINT))`,
		clock:   `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`,
		durable: `set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true) || ` +
			fmt.Sprintf(untaken, true),
		forUpdate: ` FOR UPDATE`,
		engineChecks: []engineCheck{
			{"indexes that are not valid", `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND NOT i.indisvalid ORDER BY c.relname`},
			{"constraints that were never checked", `SELECT c.conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE n.nspname = current_schema() AND NOT c.convalidated ORDER BY c.conname`},
		},
		serialize:  fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d, %d), `+untaken, lockSpace, lockThreads, true),
		claiming:   fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d, %d), `+untaken, lockSpace, lockClaims, true),
		silent:     silent,
		skipLocked: ` FOR UPDATE OF d SKIP LOCKED`,
	}
}

// Frozen is the DDL of a trigger that refuses to change columns of a table.
func (d dialect) Frozen(table, columns string) string {
	return d.FrozenWhen(table, table, columns, "")
}

// FrozenWhen is the DDL of a trigger of that name, with "_frozen" behind it,
// which refuses to change columns of a table where a condition on OLD and NEW
// holds; an empty one always does.
func (d dialect) FrozenWhen(name, table, columns, condition string) string {
	if condition != "" {
		condition = "WHEN (" + condition + ") "
	}
	statements := []string{fmt.Sprintf(`CREATE TRIGGER %[1]s_frozen BEFORE UPDATE OF %[3]s ON %[2]s
%[4]sBEGIN SELECT RAISE(ABORT, 'rows of %[2]s are frozen'); END;`, name, table, columns, condition)}
	if d.goose == goose.DialectPostgres {
		statements = []string{
			fmt.Sprintf(`CREATE FUNCTION %[1]s_frozen() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'rows of %[2]s are frozen'; END $$;`, name, table),
			fmt.Sprintf(`CREATE TRIGGER %[1]s_frozen BEFORE UPDATE OF %[3]s ON %[2]s
FOR EACH ROW %[4]sEXECUTE FUNCTION %[1]s_frozen();`, name, table, columns, condition),
		}
	}
	return asStatements(statements)
}

// Thaw is the DDL that takes Frozen back where the table stays.
func (d dialect) Thaw(table string) string {
	statements := []string{fmt.Sprintf(`DROP TRIGGER %[1]s_frozen;`, table)}
	if d.goose == goose.DialectPostgres {
		statements = []string{fmt.Sprintf(`DROP TRIGGER %[1]s_frozen ON %[1]s;`, table), fmt.Sprintf(`DROP FUNCTION %[1]s_frozen();`, table)}
	}
	return asStatements(statements)
}

// UnindexHidden takes out of the full-text index, and of the words beside it, what
// is hidden.
func (d dialect) UnindexHidden() string {
	hidden := ` IN (SELECT ` + placeSQL + ` FROM messages m WHERE m.hidden <> 0);`
	return asStatements([]string{`DELETE FROM message_text WHERE ` + d.textPlace + hidden, `DELETE FROM message_words WHERE place` + hidden})
}

func asStatements(statements []string) string {
	for i, s := range statements {
		statements[i] = "-- +goose StatementBegin\n" + s + "\n-- +goose StatementEnd"
	}
	return strings.Join(statements, "\n")
}
