package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/internal/ownfile"

	"github.com/gofrs/flock"
)

// Keys of PostgreSQL's advisory locks, which are a pair of numbers each. The lock on
// a scope has a key of its own kind, one number: see scopeKey.
const (
	lockSpace   = 0x73696770 // "sigp"
	lockRun     = 1          // the whole archive: DB.Lock, and shared DB.LockScopes
	lockThreads = 2          // transactions that write threads
	lockClaims  = 3          // transactions that claim threads to tag
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

// Lock takes the whole archive: it keeps everybody else who works out of it until
// unlock is called or the process ends, however it ends. Where somebody works already
// the error wraps sigpost.ErrLocked and says who that is, as far as is known.
func (db *DB) Lock(ctx context.Context) (unlock func(), err error) {
	if db.file != "" {
		return db.lockFile()
	}
	return db.lockServer(ctx, nil)
}

// LockScopes takes what is named, such as "mailbox lists/INBOX", and with it the
// archive together with others who work: nobody else can have the same, or the whole,
// until unlock is called. Without names it only keeps those out who want the whole.
// With SQLite, which only one process works on, it is Lock.
//
// A lock of PostgreSQL ends with its connection, of which whoever holds it may not
// hear. So it is there to save work; what must not happen twice is refused by the
// transaction that would do it: by the version of a mailbox's cursor, by what a thread
// was tagged as before, by the windows of a digest.
func (db *DB) LockScopes(ctx context.Context, scopes ...string) (unlock func(), err error) {
	if db.file != "" {
		return db.lockFile()
	}
	return db.lockServer(ctx, append([]string{""}, slices.Compact(slices.Sorted(slices.Values(scopes)))...))
}

// lockFile locks a file beside the database. The file stays: removing it
// would let two runs lock two files of the same name.
func (db *DB) lockFile() (func(), error) {
	path := db.file
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // whatever the file is called: it is one archive
	}
	path += ".lock"
	f, err := ownfile.Open(path, os.O_RDWR)
	if err != nil {
		return nil, db.fail("locking", err)
	}
	f.Close()
	l := flock.New(path)
	ok, err := l.TryLock()
	if err != nil {
		return nil, db.fail("locking", err)
	}
	if !ok {
		holder, _ := os.ReadFile(path)
		return nil, db.locked(strings.TrimSpace(string(holder)), "")
	}
	// Only for the message: the lock is the kernel's.
	os.WriteFile(path, fmt.Appendf(nil, "pid %d\n", os.Getpid()), 0o600)
	return func() {
		os.Truncate(path, 0)
		l.Unlock()
	}, nil
}

// lockServer takes advisory locks on a connection of its own: the server gives them
// back when the connection ends. No scopes are the whole archive alone; of scopes the
// first, "", is the archive together with others.
func (db *DB) lockServer(ctx context.Context, scopes []string) (func(), error) {
	conn, err := db.locks.Conn(ctx)
	if err != nil {
		return nil, db.fail("locking", err)
	}
	if err = db.takeLocks(ctx, conn, scopes); err != nil {
		db.unlock(ctx, conn)
		return nil, err
	}
	return func() { db.unlock(ctx, conn) }, nil
}

func (db *DB) takeLocks(ctx context.Context, conn *sql.Conn, scopes []string) error {
	// Who waits for the lock reads the name.
	name := holderName(strings.Join(scopes, ", "))
	if _, err := conn.ExecContext(ctx, `SELECT set_config('application_name', $1, false)`, name); err != nil {
		return db.fail("locking", err)
	}
	if len(scopes) == 0 {
		err := db.takeLock(ctx, conn, "", `SELECT pg_try_advisory_lock($1, $2)`, lockSpace, lockRun)
		if errors.Is(err, sigpost.ErrLocked) { // a worker holds its part for one job, and goes on with the next
			err = &failure{err.Error() + `; where "sigpost work" runs, it does what "sigpost run" does: try anything else again in a moment`, err}
		}
		return err
	}
	for _, scope := range scopes {
		var err error
		if scope == "" {
			err = db.takeLock(ctx, conn, scope, `SELECT pg_try_advisory_lock_shared($1, $2)`, lockSpace, lockRun)
		} else {
			err = db.takeLock(ctx, conn, scope, `SELECT pg_try_advisory_lock($1)`, scopeKey(scope))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) takeLock(ctx context.Context, conn *sql.Conn, scope, query string, args ...any) error {
	var ok bool
	if err := conn.QueryRowContext(ctx, query, args...).Scan(&ok); err != nil {
		return db.fail("locking", err)
	}
	if !ok {
		return db.locked(lockHolder(ctx, conn, scope), scope)
	}
	return nil
}

// unlock gives back whatever the connection holds, also when ctx has ended: it goes
// back to the pool.
func (db *DB) unlock(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock_all()`); err != nil {
		conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	conn.Close()
}

// scopeKey is the key of a scope's lock: 64 bits of a hash of its name.
func scopeKey(scope string) int64 {
	sum := sha256.Sum256([]byte("sigpost scope " + scope))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// holderName is the name of the connection of who works on scopes. PostgreSQL keeps 63
// bytes of it.
func holderName(scopes string) string {
	host, _ := os.Hostname()
	name := fmt.Sprintf("sigpost pid %d on %s", os.Getpid(), host)
	if scopes = strings.TrimPrefix(strings.TrimPrefix(scopes, ", "), " "); scopes != "" {
		name += ": " + scopes
	}
	return name
}

// lockHolder is what the connection of whoever holds a lock is called, or of the first
// of several.
func lockHolder(ctx context.Context, conn *sql.Conn, scope string) string {
	// classid and objid are the halves of a key, objsubid 2 says that they are a pair.
	high, low, kind := int64(lockSpace), int64(lockRun), 2
	if scope != "" {
		key := uint64(scopeKey(scope))
		high, low, kind = int64(key>>32), int64(key&(1<<32-1)), 1
	}
	var name string
	conn.QueryRowContext(ctx, `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = CAST($1 AS BIGINT) AND l.objid = CAST($2 AS BIGINT) AND l.objsubid = $3
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid <> pg_backend_pid()
ORDER BY a.backend_start LIMIT 1`, high, low, kind).Scan(&name)
	return strings.TrimPrefix(name, "sigpost ")
}

// locked says that somebody else holds the whole archive, or a scope of it.
func (db *DB) locked(holder, scope string) error {
	if holder != "" {
		holder = " (" + holder + ")"
	}
	what := "works on the database " + db.where
	if scope != "" {
		what = fmt.Sprintf("works on the %s in the database %s", scope, db.where)
	}
	return &failure{
		fmt.Sprintf("another run of sigpost%s %s; wait until it has ended", holder, what),
		sigpost.ErrLocked,
	}
}
