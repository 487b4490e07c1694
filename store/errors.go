package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"sigpost"

	sqlite3 "modernc.org/sqlite/lib"
)

// ErrWindowTaken says that an issue of the digest covers part of the window
// already.
var ErrWindowTaken = errors.New("the window is taken")

// ErrVersion says that the tables are of another version than this program's.
var ErrVersion = errors.New("the tables are of another version")

// ErrAway says that there is no connection to the database just now: it is started anew,
// or the network to it is gone. What was asked may be asked again later.
var ErrAway = errors.New("the database is away")

// failure is an error that says all that a person needs.
type failure struct {
	message string
	err     error
}

// Error is the message alone: it says what the cause would.
func (f *failure) Error() string { return f.message }

// Unwrap is the cause.
func (f *failure) Unwrap() error { return f.err }

// fail puts err, which came up while doing something, into words for people.
// What is in such words already stays as it is.
func (e *engine) fail(doing string, err error) error {
	var said *failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return &failure{doing + ": not found", errors.Join(sigpost.ErrNotFound, err)}
	}
	message := fmt.Sprintf("%s (database %s): %v", doing, e.where, err)
	switch e.trouble(err) {
	case cannotWrite:
		if extendedCode(err) == sqlite3.SQLITE_IOERR_SHMSIZE { // "disk I/O error", which sounds like a broken disk
			err = fmt.Errorf("the disk has no room for %s-shm, the index of its write-ahead log: %w", e.where, err)
		}
		message = fmt.Sprintf("the database %s cannot be written: %v; make room or give sigpost the right to write there", e.where, err)
	case busy:
		message = fmt.Sprintf("the database %s is in use by another program that does not let go of it; wait for it to end, then run this again (%v)", e.where, err)
	case noDatabase:
		message = fmt.Sprintf("%s is not a sigpost database, or it is damaged: %v; name another file or restore a backup", e.where, err)
	case away:
		message = fmt.Sprintf("%s: there is no connection to the database %s just now; see that it runs and can be reached (%v)", doing, e.where, rootCause(err))
		if postgresCode(err) == tooManyConnections {
			message = fmt.Sprintf("%s: %s", doing, noMoreConnections(e.where, err))
		}
		err = errors.Join(ErrAway, err)
	case stopped:
		message = fmt.Sprintf("%s: %s", doing, e.whyStopped(err))
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			err = errors.Join(context.Canceled, err)
		}
	}
	return &failure{message, err}
}

// whyStopped says of an error whether somebody wanted that it ends, or it took too long.
func (e *engine) whyStopped(err error) string {
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return fmt.Sprintf("the database %s did not answer in time", e.where)
	}
	return "stopped"
}

// trouble is a kind of error about which something can be done.
type trouble int

const (
	other trouble = iota
	cannotWrite
	busy
	noDatabase
	away
	stopped
)

// trouble sorts errors by the engines' codes, never by their words.
func (e *engine) trouble(err error) trouble {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return stopped
	}
	// A transaction that an error has ended says so beside the error.
	switch sqliteCode(err) {
	case sqlite3.SQLITE_INTERRUPT:
		return stopped
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return cannotWrite
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return noDatabase
	}
	switch postgresCode(err) {
	// disk_full, read_only_sql_transaction, insufficient_privilege
	case "53100", "25006", "42501":
		return cannotWrite
	case "55P03", "40P01": // lock_not_available, deadlock_detected
		return busy
	case "57014": // query_canceled
		return stopped
	// connection_exception and its kinds, admin_shutdown, crash_shutdown,
	// cannot_connect_now
	case "08000", "08001", "08003", "08004", "08006", "08007", "08P01", tooManyConnections, "57P01", "57P02", "57P03":
		return away
	}
	if e.file == "" && isDisconnected(err) {
		return away
	}
	if errors.Is(err, sql.ErrTxDone) {
		return stopped
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return cannotWrite
	}
	return other
}
