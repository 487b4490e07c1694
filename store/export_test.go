package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sigpost"
)

// MigrateTo makes tables as the version of sigpost had them that knew
// migrations up to version.
func MigrateTo(ctx context.Context, dsn string, version int64) error {
	db, err := connect(ctx, dsn, false)
	if err != nil {
		return err
	}
	defer db.Close()
	provider, err := db.provider()
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}

// FillOld writes mail as that version did that knew migrations up to 4: none
// of it is special. A cursor and a mail in quarantine are there too.
func FillOld(ctx context.Context, dsn string, arrivals []sigpost.Arrival) error {
	db, err := connect(ctx, dsn, false)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Tx(ctx, func(tx *DB) error {
		p := &packer{db: tx}
		threads := map[sigpost.MessageID]int64{}
		for i, a := range arrivals {
			at, err := p.put(ctx, a.Raw)
			if err == nil {
				err = p.flush(ctx)
			}
			if err != nil {
				return err
			}
			m := a.Message
			thread := int64(i + 1)
			if len(m.References) > 0 {
				thread = threads[m.References[0]]
			} else if err := tx.SQL(ctx, `INSERT INTO threads (id, subject, base_subject, messages, robots, first_at, last_at, revision)
VALUES ($1, $2, $3, 0, 0, $4, $4, 0)`, thread, m.Subject, m.BaseSubject, micros(m.Received)); err != nil {
				return err
			}
			threads[m.MessageID] = thread
			k := keyOf(m.MessageID)
			for _, s := range []struct {
				query string
				args  []any
			}{
				{`UPDATE threads SET messages = messages + 1, revision = revision + 1, last_at = $2 WHERE id = $1`, []any{thread, micros(m.Received)}},
				{`INSERT INTO messages (id, thread_id, message_key, message_id, derived, refs, author_name, author_addr, sender_name, sender_addr,
subject, base_subject, sent, received, trace, list_ids, archived_at, robot, own, attachments, size, defects, raw_block, raw_offset, raw_size, stored_at)
VALUES ($1, $2, $3, $4, 0, $5, 'Ada', 'ada@example.org', '', '', $6, $7, 0, $8, 0, '', '', 0, 0, '', $9, '', $10, $11, $12, 0)`,
					[]any{i + 1, thread, k[:], string(m.MessageID), pack(m.References), m.Subject, m.BaseSubject, micros(m.Received), len(a.Raw), at.block, at.offset, at.size}},
				{`INSERT INTO message_lists (message_id, list) VALUES ($1, $2)`, []any{i + 1, a.List}},
				{`INSERT INTO thread_lists (thread_id, list) VALUES ($1, $2) ON CONFLICT DO NOTHING`, []any{thread, a.List}},
			} {
				if err := tx.SQL(ctx, s.query, s.args...); err != nil {
					return err
				}
			}
			for _, ref := range m.References {
				if k := keyOf(ref); threads[ref] == 0 {
					if err := tx.SQL(ctx, `INSERT INTO ghosts (message_key, thread_id) VALUES ($1, $2)`, k[:], thread); err != nil {
						return err
					}
				}
			}
		}
		for _, table := range []string{"messages", "threads"} {
			if tx.file == "" {
				if _, err := tx.reserve(ctx, table, len(arrivals)); err != nil {
					return err
				}
			}
		}
		if err := tx.SQL(ctx, `INSERT INTO mailboxes (account, name, list, uid_validity, uid_next) VALUES ('account', 'INBOX', 'sig', 1, 9)`); err != nil {
			return err
		}
		return tx.SQL(ctx, `INSERT INTO quarantine (quarantine_key, source, uid, raw, raw_size, reason, at) VALUES ($1, 'inbox', 3, $2, 6, 'no header', 0)`,
			[]byte("0123456789abcdef"), tx.squeeze.EncodeAll([]byte("broken"), nil))
	})
}

// FillHidden writes mail, of which the first is hidden and found all the same, as
// that version did that knew migrations up to 20.
func FillHidden(ctx context.Context, dsn string, arrivals []sigpost.Arrival) error {
	db, err := connect(ctx, dsn, false)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Add(ctx, nil, arrivals, time.Time{}); err != nil {
		return err
	}
	return db.SQL(ctx, `UPDATE messages SET hidden = 2 WHERE id = 1`)
}

// SQL runs a statement as it is, for tests that break things.
func (db *DB) SQL(ctx context.Context, query string, args ...any) error {
	_, err := db.exec(ctx, query, args...)
	return err
}

// Texts reads a row of texts.
func (db *DB) Texts(ctx context.Context, n int, query string, args ...any) ([]string, error) {
	texts := make([]string, n)
	into := make([]any, n)
	for i := range texts {
		into[i] = &texts[i]
	}
	return texts, db.scan(ctx, query, args, into...)
}

// True is how goose's table says yes.
func (db *DB) True() string {
	if db.file != "" {
		return "1"
	}
	return "true"
}

// InList gives the lists that inList makes.
func InList[T any](values []T, from int) (lists []string, args [][]any) {
	inList(values, from, func(list string, a []any) error {
		lists, args = append(lists, list), append(args, a)
		return nil
	})
	return lists, args
}

// Pack, Unpack and Clean are those of values.go.
var (
	Pack   = pack[string]
	Unpack = unpack[string]
	Clean  = clean
)

// Rows reads rows of texts.
func (db *DB) Rows(ctx context.Context, n int, query string, args ...any) ([][]string, error) {
	return collect(ctx, db, func(row scanner) ([]string, error) {
		texts := make([]string, n)
		into := make([]any, n)
		for i := range texts {
			into[i] = &texts[i]
		}
		return texts, row.Scan(into...)
	}, query, args...)
}

// SQLiteTurn is how long SQLite itself waits for another process that writes.
const SQLiteTurn = sqliteTurn

// TextPlace is the full-text index's column of places.
func (db *DB) TextPlace() string { return db.textPlace }

// KeyOf is how indexes hold a Message-ID.
func KeyOf(id sigpost.MessageID) []byte {
	k := keyOf(id)
	return k[:]
}

// SubjectKeyOf is what the column subject_key says of a message.
var SubjectKeyOf = subjectKeyOf

// Compiled are the statements that a transaction on SQLite has run.
func (db *DB) Compiled() []string { return slices.Sorted(maps.Keys(db.compiled)) }

// MaxKept is how many statements a connection to SQLite remembers.
const MaxKept = maxKept

// Conn is one of the connections.
func (db *DB) Conn(ctx context.Context) (*sql.Conn, error) { return db.pool.Conn(ctx) }

// IdleStatements is how many statements a connection remembers.
func IdleStatements(c *sql.Conn) (n int, err error) {
	err = c.Raw(func(c any) error {
		n = len(c.(*rememberingConn).idle)
		return nil
	})
	return n, err
}

// FillIssues writes issues as that version did that knew migrations up to 6:
// one that was sent, one that is composed, and a quiet one.
func FillIssues(ctx context.Context, dsn string) error {
	db, err := connect(ctx, dsn, false)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, query := range []string{
		`INSERT INTO issues (digest, number, window_from, window_to, state, state_at, content) VALUES
('weekly', 1, 10, 20, 'sent', 20, '{"digest":"weekly","number":1}'), ('weekly', 2, 20, 30, 'composed', 30, '{"digest":"weekly","number":2}'),
('weekly', NULL, 30, 40, 'quiet', 40, '{"digest":"weekly"}')`,
		`INSERT INTO carried (digest, message_id, issue_id) VALUES ('weekly', 1, 1), ('weekly', 2, 2)`,
		`INSERT INTO issue_threads (thread_id, issue_id) VALUES (1, 1), (2, 2)`,
	} {
		if err := db.SQL(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// FillReaders writes readers as that version did that knew migrations up to 10: one
// who reads and one who left.
func FillReaders(ctx context.Context, dsn string) error {
	db, err := connect(ctx, dsn, false)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, query := range []string{
		`INSERT INTO subscribers (name, addr, addr_key, zone, consent, created) VALUES ('Ada', 'Ada@example.org', 'ada@example.org', 'UTC', 'by mail', 5), ('', 'bob@example.org', 'bob@example.org', '', 'on paper', 6)`,
		`INSERT INTO subscriptions (subscriber_id, digest, state, topics, muted, since, ended_at) VALUES (1, 'weekly', 'active', 'project:kuryr', '', 5, 0), (2, 'weekly', 'ended', '', '', 6, 7)`,
	} {
		if err := db.SQL(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// LookAtFew makes a small archive a large one for searches that look at the newest first.
func (db *DB) LookAtFew() {
	if db.textNewest != nil {
		db.textNewest = &newestLooks{probed: 3, scanned: 7, often: 2}
	}
}

// PlaceMask has the bits of a message's number in its place.
const PlaceMask = placeMask

// LetMessagesGoOn lets the next message have the number behind n.
func (db *DB) LetMessagesGoOn(ctx context.Context, n int64) error {
	return db.setLastNumber(ctx, "messages", n)
}

// PlaceSQL is the place of messages m in the text index.
var PlaceSQL = placeSQL

// Unsound are the questions that have no answer while the archive is sound.
func (db *DB) Unsound() map[string]string {
	all := map[string]string{}
	for _, u := range unsound {
		all[u.what] = db.asked(u.query)
	}
	return all
}

// Dumped are the tables that a dump has, and LeftOut says why another is not in it.
var (
	Dumped  = dumped
	LeftOut = leftOut
)

// Shape is what a table looks like.
type Shape struct{ table }

// Shapes gives what the tables look like.
func (db *DB) Shapes(ctx context.Context) (map[string]Shape, error) {
	tables, err := db.tables(ctx)
	all := map[string]Shape{}
	for name, t := range tables {
		for i := range t.columns {
			if packedColumns[name] == t.columns[i].name {
				t.columns[i].kind = -t.columns[i].kind
			}
		}
		all[name] = Shape{t}
	}
	return all, err
}

// DumpedColumns are the columns that a dump has.
func DumpedColumns(name string, s Shape) (int, error) {
	for i := range s.columns {
		s.columns[i].kind = max(s.columns[i].kind, -s.columns[i].kind)
	}
	columns, err := dumpedColumns(name, s.table)
	return len(columns), err
}

// ShapeColumn is a column.
type ShapeColumn struct {
	Name        string
	Key, Packed bool
	kind        kind
}

// Columns are a table's.
func (s Shape) Columns() (all []ShapeColumn) {
	for _, c := range s.columns {
		all = append(all, ShapeColumn{c.name, c.key > 0, c.kind < 0, max(c.kind, -c.kind)})
	}
	return all
}

// KeyColumn is the one of the primary key.
func (s Shape) KeyColumn() string { return s.key[0] }

// Random is some value for a row of that number.
func (c ShapeColumn) Random(r *rand.Rand, i int) any {
	switch c.kind {
	case ofInt:
		if c.Key || strings.HasPrefix(c.Name, "window") || c.Name == "number" {
			return i*100 - len(c.Name) // window_from is before window_to
		}
		return r.IntN(2)
	case ofFloat:
		return r.NormFloat64() * math.Pow(10, float64(r.IntN(20)-10))
	case ofBytes:
		b := make([]byte, r.IntN(20))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return b
	}
	return fmt.Sprint([]string{"B", "a", "ä", "Ö\"<&>\u2028\n", "z z"}[r.IntN(5)], i)
}

// Squeeze compresses.
func (db *DB) Squeeze(b []byte) []byte { return db.squeeze.EncodeAll(b, nil) }

// Relist writes a thread's rows of listing anew.
func (db *DB) Relist(ctx context.Context, thread int64) error { return db.relist(ctx, []int64{thread}) }

// DumpAsIs dumps an archive of an earlier version.
func DumpAsIs(ctx context.Context, dsn string) ([]byte, error) {
	db, err := connect(ctx, dsn, true)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var b bytes.Buffer
	_, _, err = db.Dump(ctx, &b, DumpHeader{}, false, func(int, int) {})
	return b.Bytes(), err
}

// Wipe takes everything out of an archive, and lets numbers begin anew.
func Wipe(ctx context.Context, dsn string) error {
	db, err := Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Tx(ctx, func(tx *DB) error {
		if tx.file == "" {
			return tx.SQL(ctx, `TRUNCATE message_text, message_words, listing, raw_blocks, `+strings.Join(dumped, ", ")+` RESTART IDENTITY CASCADE`)
		}
		tables := append([]string{"message_text", "message_words", "listing", "raw_blocks"}, dumped...)
		slices.Reverse(tables)
		for _, name := range append(tables, "sqlite_sequence") {
			if err := tx.SQL(ctx, `DELETE FROM `+name); err != nil {
				return err
			}
		}
		return nil
	})
}

// OfThreads and OfMessages are the tables that go with mail.
var (
	OfThreads  = ofThreads
	OfMessages = ofMessages
)

// Blocks are the blocks of mail, expanded.
func (db *DB) Blocks(ctx context.Context) ([]string, error) {
	return collect(ctx, db, func(row scanner) (string, error) {
		var packed []byte
		if err := row.Scan(&packed); err != nil {
			return "", err
		}
		whole, err := db.expand.DecodeAll(packed, nil)
		return string(whole), err
	}, `SELECT data FROM raw_blocks`)
}
