package store

import (
	"context"
	"errors"
	"fmt"

	"sigpost"
)

// LoadDump makes an archive at dsn of a dump: see DB.Load. A dump of tables of an
// earlier version is read into tables as they were then, which are brought up to date
// afterwards; older says so, and that "sigpost reparse" has to make the mail found.
//
// An SQLite file is written without a log, and is of no use after an error: make it
// elsewhere, and put it in its place afterwards (Replace).
func LoadDump(ctx context.Context, dsn string, d *Dump, text func(m *sigpost.Message, raw []byte), last func(tx *DB) error, progress func(done int)) (end DumpEnd, older bool, err error) {
	db, err := connect(ctx, dsn, false)
	if err != nil {
		return end, false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	target, err := db.target()
	if err != nil {
		return end, false, err
	}
	if d.Header.Schema > target {
		return end, false, fmt.Errorf("the dump has tables of version %d, and this sigpost knows them up to %d: use the one that made it (%s), or a newer one", d.Header.Schema, target, d.Header.Program)
	}
	if older = d.Header.Schema < target; older {
		text = nil
	}
	if err := db.makeTables(ctx, d.Header.Schema); err != nil {
		return end, older, db.fail("making tables", err)
	}
	if err := db.withoutLog(ctx); err != nil {
		return end, older, db.fail("making a file", err)
	}
	if end, err = db.Load(ctx, d, text, last, progress); err != nil || !older {
		return end, older, err
	}
	return end, older, db.bringUp(ctx)
}

// makeTables makes the tables of a version, where there are none yet.
func (db *DB) makeTables(ctx context.Context, version int64) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	have, err := db.version(ctx)
	if err != nil {
		return err
	}
	if have > version {
		return &failure{fmt.Sprintf("the database %s has tables of version %d, and the dump those of version %d: name a database without tables", db.where, have, version), ErrNotEmpty}
	}
	_, err = provider.UpTo(ctx, version)
	return err
}

// withoutLog lets a file in the making be written without one, which would be as
// large as the file.
func (db *DB) withoutLog(ctx context.Context) error {
	if db.file == "" {
		return nil
	}
	db.pool.SetMaxIdleConns(1) // the others end, so that the mode can change
	db.pool.SetMaxOpenConns(1)
	for _, pragma := range []string{`PRAGMA journal_mode = DELETE`, `PRAGMA journal_mode = OFF`, `PRAGMA synchronous = OFF`} {
		if _, err := db.exec(ctx, pragma); err != nil {
			return err
		}
	}
	return nil
}

// bringUp brings an old dump's tables up to date; all mail is to be read anew, since
// none of it is found yet.
func (db *DB) bringUp(ctx context.Context) error {
	if db.file != "" {
		db.pool.SetMaxOpenConns(sqliteConns)
	}
	if err := db.migrate(ctx); err != nil {
		return err
	}
	_, err := db.exec(ctx, `UPDATE messages SET reader = -reader WHERE reader > 0`)
	return db.fail("noting what is to be read anew", err)
}
