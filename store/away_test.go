package store_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

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

// Where the server gives no more connections, at the start or later, it says so and what to
// raise: it runs, and its host and port are right.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	dsn := engines[1].dsn(t)
	u := must(url.Parse(dsn))(t)
	role := "few" + strings.Trim(u.Path, "/")
	server, ctx := open(t, dsn), t.Context()
	check(t, server.SQL(ctx, `CREATE ROLE `+role+` LOGIN PASSWORD 'x' IN ROLE `+u.User.Username()+` CONNECTION LIMIT 1`))
	t.Cleanup(func() { check(t, server.SQL(context.Background(), `DROP ROLE `+role)) })
	u.User = url.UserPassword(role, "x")
	refused := func(doing string, err error) {
		t.Helper()
		if err == nil || !strings.HasPrefix(err.Error(), doing+"PostgreSQL gives no more connections to the database ") || strings.Contains(err.Error(), "\n") ||
			!strings.Contains(err.Error(), "raise max_connections or the CONNECTION LIMIT of the role: a process takes up to 10 and ") {
			t.Errorf("%s: %v", doing, err)
		}
	}
	db := must(store.Open(ctx, u.String()))(t)
	_, err := db.Lock(ctx)
	refused("locking: ", err)
	if !errors.Is(err, store.ErrAway) {
		t.Errorf("it is not away: %v", err)
	}
	_, err = store.Open(ctx, u.String())
	refused("", err)
	check(t, db.Close())
}

// What does not answer in time is not said to be stopped, as what somebody stopped is.
func TestNoAnswerInTime(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		ended, end := context.WithCancel(t.Context())
		end()
		for _, c := range []struct {
			ctx  context.Context
			is   error
			want string
		}{{late, context.DeadlineExceeded, " did not answer in time"}, {ended, context.Canceled, "counting messages: stopped"}} {
			_, _, _, err := db.CountMessages(c.ctx)
			if !errors.Is(err, c.is) || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("asking: %v", err)
			}
			err = db.Tx(c.ctx, func(*store.DB) error { return nil })
			if !errors.Is(err, c.is) || !strings.HasSuffix(err.Error(), strings.TrimPrefix(c.want, "counting messages: ")) {
				t.Errorf("writing: %v", err)
			}
		}
		if !db.Shared() {
			return
		}
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := db.Tx(short, func(tx *store.DB) error { return tx.SQL(short, `SELECT pg_sleep(10)`) })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("what takes long: %v", err)
		}
	})
}
