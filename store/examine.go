package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"sigpost"

	sqlite3 "modernc.org/sqlite/lib"
)

// OpenForExamination opens the archive for looking only, as OpenReadOnly does,
// whatever the version of its tables: Versions tells. Of tables of another version
// only that, Room, Clock and Postgres can be asked.
func OpenForExamination(ctx context.Context, dsn string) (*DB, error) {
	return connect(ctx, dsn, true)
}

// SQLiteVersion is the version of SQLite in this program.
const SQLiteVersion = sqlite3.SQLITE_VERSION

// KnownTables is the version of the tables that this program works with.
func KnownTables() int64 {
	files, _ := migrations.ReadDir("migrations") // they are in the program
	number, _, _ := strings.Cut(files[len(files)-1].Name(), "_")
	version, _ := strconv.ParseInt(number, 10, 64)
	return version
}

// Versions are those of an archive and of what keeps it.
type Versions struct {
	Engine string `json:"engine"` // "SQLite" or "PostgreSQL"
	Server string `json:"server"` // the engine's own version, such as "15.8"
	// Tables is the version of the tables, 0 where there are none, and Known the one
	// that this program works with.
	Tables int64 `json:"tables"`
	Known  int64 `json:"known"`
}

// Versions asks for the versions.
func (db *DB) Versions(ctx context.Context) (v Versions, err error) {
	v.Engine, v.Server, v.Known = db.dialect.name, SQLiteVersion, KnownTables()
	if db.file == "" {
		if err := db.scan(ctx, `SELECT current_setting('server_version')`, nil, &v.Server); err != nil {
			return v, db.fail("asking for the server's version", err)
		}
		v.Server, _, _ = strings.Cut(v.Server, " ") // behind it distributions name themselves
	}
	v.Tables, err = db.version(ctx)
	return v, db.fail("reading the version of the tables", err)
}

// Clock is what time the database's server says it is; ok is false where it has no
// clock of its own.
func (db *DB) Clock(ctx context.Context) (at time.Time, ok bool, err error) {
	if db.file != "" {
		return at, false, nil
	}
	err = db.scan(ctx, `SELECT clock_timestamp()`, nil, &at)
	return at, err == nil, db.fail("asking the database's server for the time", err)
}

// Room is how much an archive takes, in bytes.
type Room struct {
	// Path is the file, "" where a server keeps the archive.
	Path  string
	Bytes int64
	// Log is the write-ahead log beside the file, and LogLimit what it is cut back to.
	Log, LogLimit int64
	// Free is what is in the file and not used.
	Free int64
}

// Room measures the archive.
func (db *DB) Room(ctx context.Context) (r Room, err error) {
	if db.file == "" {
		err = db.scan(ctx, `SELECT pg_database_size(current_database())`, nil, &r.Bytes)
		return r, db.fail("measuring the database", err)
	}
	r.Path, r.LogLimit = db.file, sqliteLog
	info, err := os.Stat(db.file)
	if err == nil {
		r.Bytes = info.Size()
		if log, err := os.Stat(db.file + "-wal"); err == nil {
			r.Log = log.Size()
		}
		err = db.scan(ctx, `SELECT f.freelist_count * p.page_size FROM pragma_freelist_count f, pragma_page_size p`, nil, &r.Free)
	}
	return r, db.fail("measuring the database", err)
}

// ReceivedSince gives the part of all stored mail, by its bytes, that was received
// from a time on: 0 to 1.
func (db *DB) ReceivedSince(ctx context.Context, since time.Time) (part float64, err error) {
	err = db.scan(ctx, `SELECT CAST(COALESCE(sum(CASE WHEN received >= $1 THEN raw_size ELSE 0 END), 0) AS DOUBLE PRECISION)
/ CAST(COALESCE(NULLIF(sum(raw_size), 0), 1) AS DOUBLE PRECISION) FROM messages`, []any{micros(since)}, &part)
	return part, db.fail("measuring how the archive grows", err)
}

// QuarantinedBefore counts the mail that has been in quarantine since before a
// time, and says since when the oldest has.
func (db *DB) QuarantinedBefore(ctx context.Context, before time.Time) (n int, oldest time.Time, err error) {
	var at int64
	err = db.scan(ctx, `SELECT count(*), COALESCE(min(at), 0) FROM quarantine WHERE at < $1`, []any{micros(before)}, &n, &at)
	return n, moment(at), db.fail("looking into the quarantine", err)
}

// SomeLetter is the Message-ID of one of an issue's letters and the subscription that it
// is for, or sigpost.ErrNotFound.
func (db *DB) SomeLetter(ctx context.Context, issueID int64) (id sigpost.MessageID, subscription int64, err error) {
	err = db.scan(ctx, `SELECT message_id, subscription_id FROM deliveries WHERE issue_id = $1 ORDER BY subscription_id DESC LIMIT 1`, []any{issueID}, &id, &subscription)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, sigpost.ErrNotFound
	}
	return id, subscription, db.fail("looking for a letter", err)
}

// Server is what a PostgreSQL database is like, as far as it matters to an archive.
type Server struct {
	Encoding  string
	Collation string
	// Standby says that the server follows another one and takes no writing.
	Standby bool
	// CollationVersion is by which the database's indexes were made, and
	// CollationNow the one that the server's machine has; both may be "".
	CollationVersion, CollationNow string
	// Connections are how many may be open, of which Used are.
	Connections, Used int
}

// Server asks what the PostgreSQL database is like; ok is false for SQLite.
func (db *DB) Server(ctx context.Context) (s Server, ok bool, err error) {
	if db.file != "" {
		return s, false, nil
	}
	err = db.scan(ctx, `SELECT pg_encoding_to_char(d.encoding), d.datcollate, pg_is_in_recovery(), CAST(current_setting('max_connections') AS INTEGER),
(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') FROM pg_database d WHERE d.datname = current_database()`, nil,
		&s.Encoding, &s.Collation, &s.Standby, &s.Connections, &s.Used)
	var version int
	if err == nil {
		err = db.scan(ctx, `SELECT CAST(current_setting('server_version_num') AS INTEGER)`, nil, &version)
	}
	if err == nil && version >= 150000 {
		err = db.scan(ctx, `SELECT COALESCE(datcollversion, ''), COALESCE(pg_database_collation_actual_version(oid), '') FROM pg_database WHERE datname = current_database()`,
			nil, &s.CollationVersion, &s.CollationNow)
	}
	return s, true, db.fail("asking what the database is like", err)
}
