package store_test

import (
	"errors"
	"strings"
	"testing"

	"sigpost"
	"sigpost/internal/peertest"
	"sigpost/store"
)

// While the server is away, what is asked fails with an error that says so, in a
// transaction that was begun before, too; afterwards all goes on by itself.
func TestDatabaseAway(t *testing.T) {
	if testing.Short() {
		t.Skip("it stops a server")
	}
	t.Parallel()
	server := peertest.PostgresOwn(t)
	db := open(t, server.DSN)
	ctx := t.Context()
	away := func(doing string, err error) {
		t.Helper()
		if !errors.Is(err, store.ErrAway) || errors.Is(err, sigpost.ErrNotFound) || !strings.Contains(err.Error(), "no connection to the database") {
			t.Errorf("%s: %v", doing, err)
		}
	}
	ask := func(db *store.DB) error {
		_, _, _, err := db.CountMessages(ctx)
		return err
	}
	check(t, ask(db))
	server.Away(func() {
		for range 3 {
			away("asking", ask(db))
		}
		_, err := db.Lock(ctx)
		away("locking", err)
	})
	check(t, ask(db))
	err := db.Tx(ctx, func(tx *store.DB) error {
		check(t, ask(tx))
		server.Restart()
		return ask(tx)
	})
	away("in a transaction", err)
	err = db.Tx(ctx, func(tx *store.DB) error {
		server.Restart()
		return nil
	})
	away("committing", err)
	check(t, ask(db))
}
