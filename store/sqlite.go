package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"sigpost/internal/ownfile"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteBusy is how long a statement waits for another process that writes, in
// turns of sqliteTurn.
const (
	sqliteBusy = 10 * time.Second
	sqliteTurn = 100 * time.Millisecond
)

// sqliteConns bounds the connections, and with them the memory: each may
// cache sqliteCache KiB of the file.
const (
	sqliteConns = 4
	sqliteCache = 8 << 10
)

// sqlitePage is the size of a page, sqliteLog that of the write-ahead log at
// which it is copied into the file, in bytes.
const (
	sqlitePage = 8 << 10
	sqliteLog  = 48 << 20
)

func (e *engine) connectSQLite(ctx context.Context, path string) error {
	e.dialect, e.file, e.where = sqliteDialect(), path, path
	if err := e.prepareFile(); err != nil {
		return err
	}
	if err := e.checkWhose(ctx); err != nil {
		return err
	}
	connector, err := sqlite.NewConnector(e.sqliteURI())
	if err != nil {
		return fmt.Errorf("the database %s cannot be opened: %w", path, err)
	}
	pool := sql.OpenDB(remembering{connector})
	pool.SetMaxOpenConns(sqliteConns)
	pool.SetMaxIdleConns(sqliteConns)
	e.pool = pool
	if err := e.enter(ctx); err != nil {
		pool.Close()
		return e.fail("opening", err)
	}
	return nil
}

// prepareFile makes the file where it may, readable by its owner only: it
// holds other people's mail and addresses. SQLite gives the files beside it
// the same rights.
func (e *engine) prepareFile() error {
	if e.file == "" {
		return errors.New("no database is named: give a file, or a postgres:// URL")
	}
	folder := filepath.Dir(e.file)
	if info, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder %s for the database does not exist; make it with mkdir -p %s, or name another file: %w", folder, folder, err)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("the database cannot be in %s, which is not a folder; name another file", folder)
	}
	if info, err := os.Stat(e.file); err == nil && info.IsDir() {
		return fmt.Errorf("the database %s is a folder; name a file in it, such as %s", e.file, filepath.Join(e.file, "sigpost.db"))
	}
	if e.readOnly {
		if _, err := os.Stat(e.file); err != nil {
			return fmt.Errorf("there is no database %s to look at yet: %w", e.file, err)
		}
		return nil
	}
	f, err := ownfile.Open(e.file, os.O_RDWR)
	if err != nil {
		return e.fail("opening", err)
	}
	return f.Close()
}

// checkWhose refuses a file that another program keeps its tables in. It is opened for
// reading alone, so that nothing is changed in it; what else is wrong with a file is said
// by who opens it next.
func (e *engine) checkWhose(ctx context.Context) error {
	if info, err := os.Stat(e.file); err != nil || info.Size() == 0 {
		return nil
	}
	reading := engine{file: e.file, readOnly: true}
	connector, err := sqlite.NewConnector(reading.sqliteURI())
	if err != nil {
		return nil
	}
	pool := sql.OpenDB(connector)
	defer pool.Close()
	var ours, others int
	err = e.patiently(ctx, func() error {
		return pool.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE name IN ('raw_blocks', 'message_lists', 'thread_lists')), count(*) FILTER (WHERE name <> '`+versionTable+`')
FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'`).Scan(&ours, &others)
	})
	if err == nil && ours == 0 && others > 0 {
		return &failure{fmt.Sprintf("the database %s is another program's: it has tables, and none of sigpost's; nothing was changed in it; name another file in archive.database", e.file), errNotOurs}
	}
	return nil
}

// errNotOurs says that a file is another program's.
var errNotOurs = errors.New("the database is another program's")

// sqliteURI says how SQLite opens the file. Transactions take the right to
// write when they begin, so that two of them wait for one another instead of
// failing half way. synchronous=FULL makes what the ledger says true after a
// power cut also; WAL makes that one fsync a transaction.
func (e *engine) sqliteURI() string {
	q := url.Values{"_txlock": {"immediate"}, "_dqs": {"0"}, "_error_rc": {"1"}}
	for _, pragma := range []string{
		fmt.Sprintf("busy_timeout(%d)", sqliteTurn.Milliseconds()),
		"foreign_keys(1)",
		"synchronous(FULL)",
		"temp_store(MEMORY)",
		// The log holds some batches of mail, since each writes the same pages
		// of indexes again; it is cut back when it has been larger.
		fmt.Sprintf("wal_autocheckpoint(%d)", sqliteLog/sqlitePage),
		fmt.Sprintf("journal_size_limit(%d)", sqliteLog),
		// For a new file: mail is long, and a page costs the more the more there are.
		fmt.Sprintf("page_size(%d)", sqlitePage),
		fmt.Sprintf("cache_size(-%d)", sqliteCache),
		fmt.Sprintf("query_only(%d)", number(e.readOnly)),
	} {
		q.Add("_pragma", pragma)
	}
	if e.readOnly {
		q.Set("mode", "ro")
	}
	path := (&url.URL{Path: e.file}).EscapedPath()
	if !filepath.IsAbs(e.file) {
		// A relative URI must not begin with what looks like a scheme.
		path = "./" + path
		path = filepath.Clean(path)
	}
	return "file:" + path + "?" + q.Encode()
}

// enter makes the first connection. Switching a new file to WAL is the one
// thing at which SQLite does not wait for another process.
func (e *engine) enter(ctx context.Context) error {
	if e.readOnly {
		var n int
		return e.patiently(ctx, func() error {
			return e.pool.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&n)
		})
	}
	ctx, cancel := context.WithTimeout(ctx, sqliteBusy)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		_, err := e.pool.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
		if sqliteCode(err) != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-retry.C:
		}
	}
}

// sqliteCode is the primary result code of an error of SQLite, or 0.
func sqliteCode(err error) int { return extendedCode(err) & 0xff }

// extendedCode is the whole of it.
func extendedCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}
