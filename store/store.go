package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	sqlite3 "modernc.org/sqlite/lib"

	"sigpost/internal/lru"
)

// DB is the archive, or one transaction on it: whatever can be done on the one
// can be done on the other. It may be used by many goroutines at once, but
// for a transaction.
type DB struct {
	*engine
	tx *sql.Tx
	// compiled are the statements that a transaction has run, where its
	// driver does not remember them.
	compiled map[string]*sql.Stmt
	// slow says that the transaction may say nothing for as long as it likes.
	slow bool
}

// engine is what the database and its transactions share.
type engine struct {
	dialect
	pool *sql.DB
	// locks are PostgreSQL's connections that hold locks; nil for SQLite.
	locks *sql.DB
	// where names the database in messages: the file, or host and database.
	// It never holds a password.
	where string
	// file is SQLite's file; empty for PostgreSQL.
	file     string
	readOnly bool
	squeeze  *zstd.Encoder
	expand   *zstd.Decoder
	blocks   *lru.Cache[int64, []byte] // of raw mail, expanded; nil where none are kept
	crowd    crowd
}

// Open opens the archive at dsn and brings its tables up to date. dsn is the
// path of an SQLite file, which is made where it is missing, with or without
// "sqlite:" before it, or a "postgres://" URL. Errors are for people and never
// show the URL's password.
func Open(ctx context.Context, dsn string) (*DB, error) {
	db, err := connect(ctx, dsn, false)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// OpenReadOnly opens the archive for looking only: it makes and changes
// nothing, and neither can what is called on it. It refuses tables that are
// not of this version. The error wraps fs.ErrNotExist where SQLite's file is
// missing.
func OpenReadOnly(ctx context.Context, dsn string) (*DB, error) {
	db, err := connect(ctx, dsn, true)
	if err != nil {
		return nil, err
	}
	if err := db.checkVersion(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func connect(ctx context.Context, dsn string, readOnly bool) (*DB, error) {
	e := &engine{readOnly: readOnly}
	if err := checkDSN(dsn); err != nil {
		return nil, err
	}
	var err error
	if IsFile(dsn) {
		err = e.connectSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"))
	} else {
		err = e.connectPostgres(ctx, dsn)
	}
	if err != nil {
		return nil, err
	}
	// Neither fails without options that could be wrong. With its window said
	// before its level the encoder takes a block of mail in one piece, and keeps
	// no copy of it.
	e.squeeze, _ = zstd.NewWriter(nil, zstd.WithWindowSize(rawWindow), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true))
	e.expand, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	return &DB{engine: e}, nil
}

// checkDSN keeps what was meant as another kind of address from becoming the
// name of a file. It does not repeat it: there may be a password in it.
func checkDSN(dsn string) error {
	scheme, _, url := strings.Cut(dsn, "://")
	if url && scheme != "postgres" && scheme != "postgresql" && scheme != "sqlite" {
		return fmt.Errorf("the database's address begins with %q, which is neither \"postgres://\" nor the path of a file; put it right in the configuration", scheme+"://")
	}
	if !url && strings.Contains(dsn, "password=") {
		return errors.New("the database's address is a list of words such as password=…; give it as a URL, postgres://user:password@host/database")
	}
	return nil
}

// Close ends the connections. A transaction has nothing to close.
func (db *DB) Close() error {
	if db.tx != nil {
		return nil
	}
	db.expand.Close()
	if db.locks != nil {
		db.locks.Close()
	}
	return db.pool.Close()
}

// Where names the database for people: its file, or its host and name.
func (db *DB) Where() string { return db.where }

// Tx runs do in one transaction, which holds if do gives nil and leaves no
// trace if it gives an error. Inside do, use tx and not db. In a transaction
// already, do joins it.
func (db *DB) Tx(ctx context.Context, do func(tx *DB) error) error {
	if db.tx != nil {
		return do(db)
	}
	var sqlTx *sql.Tx
	err := db.patiently(ctx, func() (err error) {
		sqlTx, err = db.pool.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		return db.fail("beginning to write", db.ended(ctx, err))
	}
	// After Commit this does nothing; after an error or a panic it undoes all.
	defer sqlTx.Rollback()
	tx := &DB{engine: db.engine, tx: sqlTx, compiled: map[string]*sql.Stmt{}}
	if err := do(tx); err != nil {
		return db.ended(ctx, err)
	}
	if err := sqlTx.Commit(); err != nil {
		return db.fail("writing", db.ended(ctx, err))
	}
	return nil
}

// ended says of an error that came after the context had ended that this is
// why: drivers have many words for it.
func (db *DB) ended(ctx context.Context, err error) error {
	if ctx.Err() == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	err = errors.Join(ctx.Err(), err)
	return &failure{db.whyStopped(err), err}
}

// patiently does what may find that another process writes, for as long as
// sqliteBusy. SQLite's own waiting does not end with a context, so it is kept
// short and repeated.
func (e *engine) patiently(ctx context.Context, do func() error) error {
	deadline := time.Now().Add(sqliteBusy)
	for {
		err := do()
		if sqliteCode(err) != sqlite3.SQLITE_BUSY || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Scratch runs do on a copy of the archive, or on what is as good as one, that
// is gone afterwards: the archive stays as it is. With SQLite it is a copy in
// the folder for temporary files, so that nobody who writes has to wait; with
// PostgreSQL a transaction that is rolled back.
func (db *DB) Scratch(ctx context.Context, do func(scratch *DB) error) error {
	if db.file == "" {
		errUndo := errors.New("undo")
		err := db.Tx(ctx, func(tx *DB) error {
			tx.slow = true // servers may be asked meanwhile
			if err := do(tx); err != nil {
				return err
			}
			return errUndo
		})
		if errors.Is(err, errUndo) {
			return nil
		}
		return err
	}
	dir, err := os.MkdirTemp("", "sigpost-scratch-")
	if err != nil {
		return db.fail("copying the archive", err)
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, "copy.db")
	if _, err := db.exec(ctx, `VACUUM INTO $1`, copied); err != nil {
		return db.fail("copying the archive to "+dir, err)
	}
	scratch, err := Open(ctx, copied)
	if err != nil {
		return err
	}
	return errors.Join(do(scratch), scratch.Close())
}

// Alone makes a transaction wait until no other one writes threads, what people decide,
// or edits of drafts: what it reads of them from then on stays so until its end.
func (db *DB) Alone(ctx context.Context) error {
	return db.fail("waiting for who writes", db.alone(ctx))
}

// alone makes a transaction wait until no other one writes threads.
func (db *DB) alone(ctx context.Context) error {
	if db.serialize == "" {
		return nil
	}
	_, err := db.exec(ctx, db.serialize+db.orEnd(", "))
	return err
}

// orEnd goes behind what makes others wait for a transaction: it ends where this process
// is stopped or hangs. join stands in front of it.
func (db *DB) orEnd(join string) string {
	if db.silent == "" || db.slow {
		return ""
	}
	return join + db.silent
}

// unwatched is ctx for one short statement of a transaction: the driver would
// start a goroutine for each to watch over it. compile looks at ctx before.
func unwatched(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func (db *DB) compile(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s := db.compiled[query]; s != nil {
		return s, nil
	}
	s, err := db.tx.PrepareContext(ctx, query)
	if err == nil {
		db.compiled[query] = s
	}
	return s, err
}

// exec runs a statement and gives the number of rows that it changed.
func (db *DB) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var result sql.Result
	var err error
	switch {
	case db.tx == nil:
		err = db.patiently(ctx, func() (err error) {
			result, err = db.pool.ExecContext(ctx, query, args...)
			return err
		})
	case db.compiles:
		var s *sql.Stmt
		if s, err = db.compile(ctx, query); err == nil {
			result, err = s.ExecContext(unwatched(ctx), args...)
		}
	default:
		result, err = db.tx.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (db *DB) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	switch {
	case db.tx == nil:
		// It may write too ("RETURNING"), and what only reads waits for whoever
		// opens the file first or closes it last.
		var rows *sql.Rows
		err := db.patiently(ctx, func() (err error) {
			rows, err = db.pool.QueryContext(ctx, query, args...)
			return err
		})
		return rows, err
	case db.compiles:
		s, err := db.compile(ctx, query)
		if err != nil {
			return nil, err
		}
		return s.QueryContext(unwatched(ctx), args...)
	default:
		return db.tx.QueryContext(ctx, query, args...)
	}
}

// scanner is a row to be read: *sql.Rows, or one row.
type scanner interface{ Scan(into ...any) error }

// each calls do for every row. Nothing else may be asked of a transaction
// meanwhile: PostgreSQL answers one question at a time.
func (db *DB) each(ctx context.Context, do func(scanner) error, query string, args ...any) error {
	rows, err := db.query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scan reads the first row, or gives sql.ErrNoRows.
func (db *DB) scan(ctx context.Context, query string, args []any, into ...any) error {
	rows, err := db.query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	return rows.Close()
}

// collect reads every row with read.
func collect[T any](ctx context.Context, db *DB, read func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := db.each(ctx, func(row scanner) error {
		one, err := read(row)
		all = append(all, one)
		return err
	}, query, args...)
	return all, err
}

// first reads the first row with read, or gives sql.ErrNoRows.
func first[T any](ctx context.Context, db *DB, read func(scanner) (T, error), query string, args ...any) (T, error) {
	var none T
	all, err := collect(ctx, db, read, query, args...)
	if err != nil {
		return none, err
	}
	if len(all) == 0 {
		return none, sql.ErrNoRows
	}
	return all[0], nil
}
