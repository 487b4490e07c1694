package store

import (
	"context"
	"database/sql"
)

// Snapshot runs do on the archive as it is at one moment, whatever is written
// meanwhile, and keeps nobody from writing. With SQLite, what is written since
// waits in the write-ahead log until do is over.
func (db *DB) Snapshot(ctx context.Context, do func(snapshot *DB) error) error {
	if db.tx != nil {
		return do(db)
	}
	options := &sql.TxOptions{ReadOnly: true}
	if db.file == "" {
		options.Isolation = sql.LevelRepeatableRead
	}
	var tx *sql.Tx
	err := db.patiently(ctx, func() (err error) {
		tx, err = db.pool.BeginTx(ctx, options)
		return err
	})
	if err != nil {
		return db.fail("beginning to read", db.ended(ctx, err))
	}
	defer tx.Rollback()
	snapshot := &DB{engine: db.engine, tx: tx, compiled: map[string]*sql.Stmt{}}
	return db.ended(ctx, do(snapshot))
}
