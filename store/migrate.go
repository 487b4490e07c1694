package store

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"text/template"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose keeps the versions of the tables.
const versionTable = "goose_db_version"

// migrate brings the tables up to date. Two processes may do so at once.
func (db *DB) migrate(ctx context.Context) error {
	target, err := db.target()
	if err != nil {
		return err
	}
	have, err := db.version(ctx)
	if err != nil {
		return db.fail("reading the version of the tables", err)
	}
	if have > target {
		return db.tooNew(have, target)
	}
	if have == target {
		return nil
	}
	return db.fail("bringing the tables up to date", db.apply(ctx, target))
}

// apply takes the steps that are left to the target version. SQLite has no
// lock for this: whoever comes second to a step finds that another writes, or
// that the step has been taken, and tries again for as long as others get on,
// or hold the file, as long as for any other statement.
func (db *DB) apply(ctx context.Context, target int64) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	var seen int64
	deadline := time.Now().Add(sqliteBusy)
	for {
		_, upErr := provider.Up(ctx)
		steps, err := db.steps(ctx)
		switch {
		case upErr == nil || err == nil && steps == 1+target:
			return nil
		case err != nil || ctx.Err() != nil:
			return upErr
		case steps > seen:
			seen, deadline = steps, time.Now().Add(sqliteBusy)
		case sqliteCode(upErr) != sqlite3.SQLITE_BUSY || time.Now().After(deadline):
			return upErr
		}
	}
}

// steps counts the steps that the tables have come: the table of versions, and
// each version.
func (db *DB) steps(ctx context.Context) (int64, error) {
	var tables int64
	if err := db.scan(ctx, db.hasTable, []any{versionTable}, &tables); err != nil || tables == 0 {
		return 0, err
	}
	version, err := db.version(ctx)
	return 1 + version, err
}

// checkVersion says what is wrong with tables that are not of this version.
func (db *DB) checkVersion(ctx context.Context) error {
	target, err := db.target()
	if err != nil {
		return err
	}
	have, err := db.version(ctx)
	switch {
	case err != nil:
		return db.fail("reading the version of the tables", err)
	case have > target:
		return db.tooNew(have, target)
	case have < target:
		return &failure{fmt.Sprintf("the database %s has tables of version %d and this sigpost works with %d; \"sigpost check\" brings them up to date", db.where, have, target), ErrVersion}
	}
	return nil
}

func (db *DB) tooNew(have, target int64) error {
	return &failure{fmt.Sprintf("the database %s has tables of version %d, which a newer sigpost made; this one knows them up to %d: use the newer one", db.where, have, target), ErrVersion}
}

// version is the version of the tables; 0 where there are none.
func (db *DB) version(ctx context.Context) (int64, error) {
	var tables, version int64
	if err := db.scan(ctx, db.hasTable, []any{versionTable}, &tables); err != nil || tables == 0 {
		return 0, err
	}
	err := db.scan(ctx, `SELECT COALESCE(max(version_id), 0) FROM `+versionTable, nil, &version)
	return version, err
}

// target is the version that this program works with.
func (db *DB) target() (int64, error) {
	provider, err := db.provider()
	if err != nil {
		return 0, err
	}
	sources := provider.ListSources()
	return sources[len(sources)-1].Version, nil
}

func (db *DB) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithTableName(versionTable)}
	if db.dialect.goose == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(db.dialect.goose, db.pool, rendered{files, db.dialect}, options...)
}

// rendered is a folder of templates as a folder of what they say for a
// dialect.
type rendered struct {
	fs.FS
	dialect dialect
}

// Open renders a file; a folder stays as it is.
func (r rendered) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	t, err := template.New(name).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, r.dialect); err != nil {
		return nil, err
	}
	return renderedFile{f, &out}, nil
}

type renderedFile struct {
	fs.File
	text *bytes.Buffer
}

// Read reads the migration as the dialect has it.
func (f renderedFile) Read(p []byte) (int, error) { return f.text.Read(p) }
