package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"sigpost/internal/ownfile"

	sqlite3 "modernc.org/sqlite/lib"
)

// Replacement is an SQLite file in the making, which takes the place of the
// archive's once it is whole.
type Replacement struct {
	file   string // whose place it takes
	temp   string
	unlock func()
}

// making is in the names of files that are not whole yet.
const making = ".making-"

// Replace begins to make a file that is to take the place of the SQLite archive at
// dsn, and keeps every run out of that until Close. What an earlier attempt left is
// cleared away. The error wraps sigpost.ErrLocked where a run has the archive.
func Replace(ctx context.Context, dsn string) (*Replacement, error) {
	if err := checkDSN(dsn); err != nil {
		return nil, err
	}
	file := strings.TrimPrefix(dsn, "sqlite:")
	if !IsFile(dsn) || file == "" {
		return nil, errors.New("only an SQLite file can be replaced")
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return nil, fmt.Errorf("the folder %s for the database does not exist; make it with mkdir -p %s, or name another file: %w", filepath.Dir(file), filepath.Dir(file), err)
	}
	place := &DB{engine: &engine{dialect: sqliteDialect(), file: file, where: file}}
	unlock, err := place.Lock(ctx)
	if err != nil {
		return nil, err
	}
	r := &Replacement{file: file, unlock: unlock}
	r.clear()
	f, err := ownfile.Temp(file, filepath.Base(file)+making+"*")
	if err != nil {
		r.Close()
		return nil, place.fail("making a file beside "+file, err)
	}
	r.temp = f.Name()
	return r, f.Close()
}

// IsFile says whether a dsn is that of an SQLite file.
func IsFile(dsn string) bool {
	return !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://")
}

// Temp is the file to be filled.
func (r *Replacement) Temp() string { return r.temp }

// File is the one whose place it takes.
func (r *Replacement) File() string { return r.file }

// clear removes what was begun and never became whole. Nobody else makes any: the
// lock is held.
func (r *Replacement) clear() {
	left, _ := filepath.Glob(globbed(r.file) + making + "*")
	for _, name := range left {
		os.Remove(name)
	}
}

// globbed keeps a name from being taken for a pattern.
func globbed(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// Close removes what has not taken its place, and lets others in again.
func (r *Replacement) Close() {
	r.clear()
	r.unlock()
}

// Exists says whether there is an archive in its place. A file of no bytes is
// none.
func (r *Replacement) Exists() bool {
	info, err := os.Stat(r.file)
	return err == nil && info.Size() > 0
}

// Free says whether somebody has the archive open whose place is taken: the error
// says so.
func (r *Replacement) Free(ctx context.Context) error {
	release, err := r.hold(ctx)
	if err == nil {
		release()
	}
	return err
}

// hold keeps everybody out of the archive that is there, and puts all of it into
// its one file. What is no archive cannot be open either.
func (r *Replacement) hold(ctx context.Context) (release func(), err error) {
	if !r.Exists() {
		return func() {}, nil
	}
	path, err := filepath.Abs(r.file)
	if err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(2000)")
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	// The write-ahead log is given up only where nobody else has the file open.
	for _, statement := range []string{`PRAGMA journal_mode = DELETE`, `BEGIN EXCLUSIVE`} {
		_, err = pool.ExecContext(ctx, statement)
		switch sqliteCode(err) {
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			return func() {}, pool.Close()
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			pool.Close()
			return nil, fmt.Errorf("another program has the database %s open: stop \"sigpost serve\", and whatever else reads it, and try again", r.file)
		}
		if err != nil {
			pool.Close()
			return nil, fmt.Errorf("the database %s that is there cannot be looked at: %w", r.file, err)
		}
	}
	return func() { pool.Close() }, nil
}

// Finish puts the new file in its place: before, the old one is there and after it
// the new one, whatever happens in between. The old one is kept as kept; with kept ""
// it is gone. The new one has to be closed.
func (r *Replacement) Finish(ctx context.Context, kept string) error {
	if info, err := os.Stat(r.temp + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("%s is not closed", r.temp)
	}
	if err := syncFile(r.temp); err != nil {
		return err
	}
	release, err := r.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	if r.Exists() && kept != "" {
		// A second name for it, so that there is always one in the place.
		err := os.Link(r.file, kept)
		if err != nil && !errors.Is(err, fs.ErrExist) { // the file system has none
			err = r.copyTo(kept)
		}
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("the old database would be kept as %s, which is there already: %w", kept, err)
		}
		if err != nil {
			return err
		}
	}
	// A log that its database has left would be taken for one of the new file.
	for _, log := range []string{"-wal", "-journal"} {
		if _, err := os.Stat(r.file + log); err != nil {
			continue
		}
		if kept == "" {
			err = os.Remove(r.file + log)
		} else {
			err = os.Rename(r.file+log, kept+log)
		}
		if err != nil {
			return err
		}
	}
	os.Remove(r.file + "-shm")
	if err := os.Rename(r.temp, r.file); err != nil {
		return err
	}
	return syncFile(filepath.Dir(r.file))
}

// copyTo copies the old file; one that does not become whole is gone.
func (r *Replacement) copyTo(kept string) error {
	from, err := os.Open(r.file)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := ownfile.Open(kept, os.O_WRONLY|os.O_EXCL)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		os.Remove(kept)
	}
	return err
}

// syncFile makes sure that a file, or the names in a folder, outlive a power cut.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
