// Package storetest makes archives for tests: their tables are made once in a
// process, and copied. Only tests import it.
package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sigpost/internal/peertest"
	"sigpost/store"
)

// SQLite gives the dsn of an archive in a new file, with its tables and nothing
// in them.
func SQLite(t testing.TB) (dsn string) {
	t.Helper()
	file, err := emptyFile()
	if err != nil {
		t.Fatal(err)
	}
	dsn = filepath.Join(t.TempDir(), "sigpost.db")
	if err := os.WriteFile(dsn, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return dsn
}

// Postgres is the same in a new PostgreSQL database, which is dropped when the
// test ends.
func Postgres(t testing.TB) (dsn string) {
	t.Helper()
	return peertest.PostgresLike(t, makeTables)
}

// emptyFile is what SQLite's file holds once it has its tables.
var emptyFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "sigpost-tables-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "sigpost.db")
	if err := makeTables(file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

func makeTables(dsn string) error {
	db, err := store.Open(context.Background(), dsn)
	if err != nil {
		return err
	}
	return db.Close()
}
