package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigpost"

	"github.com/gofrs/flock"
)

// Keys of PostgreSQL's advisory locks, which are a pair of numbers each.
const (
	lockSpace   = 0x73696770 // "sigp"
	lockRun     = 1          // DB.Lock
	lockThreads = 2          // transactions that write threads
)

// Task is something that one process at a time does, beside what others do.
type Task int

// Announcing is saying in channels that there is an issue. Its key is far from
// those above.
const Announcing Task = 101

// Shared says that several processes may work on the archive at once, and have to be
// told apart: that it is on PostgreSQL.
func (db *DB) Shared() bool { return db.file == "" }

// OneAtATime makes this process the only one at a task, until done is called or the
// process ends; ok is false where another one is. With SQLite the lock of the run
// does that already.
func (db *DB) OneAtATime(ctx context.Context, task Task) (done func(), ok bool, err error) {
	if !db.Shared() || db.tx != nil {
		return func() {}, true, nil
	}
	conn, err := db.pool.Conn(ctx)
	if err == nil {
		err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockSpace, int(task)).Scan(&ok)
		if err != nil || !ok {
			conn.Close()
		}
	}
	if err != nil || !ok {
		return nil, false, db.fail("locking", err)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1, $2)`, lockSpace, int(task)); err != nil {
			conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		conn.Close()
	}, true, nil
}

// Lock keeps every other run out of the archive until unlock is called or the
// process ends, however it ends. Where another run holds the lock the error
// wraps sigpost.ErrLocked and says who that is, as far as is known.
func (db *DB) Lock(ctx context.Context) (unlock func(), err error) {
	if db.file != "" {
		return db.lockFile()
	}
	return db.lockServer(ctx)
}

// lockFile locks a file beside the database. The file stays: removing it
// would let two runs lock two files of the same name.
func (db *DB) lockFile() (func(), error) {
	path := db.file
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // whatever the file is called: it is one archive
	}
	path += ".lock"
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, db.fail("locking", err)
	}
	if !ok {
		holder, _ := os.ReadFile(path)
		return nil, db.locked(strings.TrimSpace(string(holder)))
	}
	// Only for the message: the lock is the kernel's.
	os.WriteFile(path, fmt.Appendf(nil, "pid %d\n", os.Getpid()), 0o600)
	return func() {
		os.Truncate(path, 0)
		l.Unlock()
	}, nil
}

// lockServer takes an advisory lock on a connection of its own: the server
// gives it back when the connection ends.
func (db *DB) lockServer(ctx context.Context) (func(), error) {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return nil, db.fail("locking", err)
	}
	var ok bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockSpace, lockRun).Scan(&ok); err != nil {
		conn.Close()
		return nil, db.fail("locking", err)
	}
	if !ok {
		defer conn.Close()
		return nil, db.locked(lockHolder(ctx, conn))
	}
	return func() {
		// Also when ctx has ended: the connection goes back to the pool.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1, $2)`, lockSpace, lockRun); err != nil {
			conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		conn.Close()
	}, nil
}

// lockHolder is the name that the holder's connection gave itself.
func lockHolder(ctx context.Context, conn *sql.Conn) string {
	var name string
	// classid and objid are the pair, objsubid 2 says that it is one.
	conn.QueryRowContext(ctx, `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`, lockSpace, lockRun).Scan(&name)
	return strings.TrimPrefix(name, "sigpost ")
}

func (db *DB) locked(holder string) error {
	if holder != "" {
		holder = " (" + holder + ")"
	}
	return &failure{
		fmt.Sprintf("another run of sigpost%s works on the database %s; wait until it has ended", holder, db.where),
		sigpost.ErrLocked,
	}
}
