package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/peertest"
	"sigpost/store"
	"sigpost/store/storetest"
)

// engines are where every test of this package runs: each gives the dsn of an
// empty database, and of one that has the tables.
var engines = []struct {
	name      string
	dsn, made func(testing.TB) string
}{
	{"SQLite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "sigpost.db") }, storetest.SQLite},
	{"PostgreSQL", peertest.Postgres, storetest.Postgres},
}

// onBoth runs a test on a fresh archive of each engine.
func onBoth(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, open(t, e.made(t))) })
	}
}

// onBothDSN is the same before there are tables.
func onBothDSN(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, e.dsn(t)) })
	}
}

func open(t testing.TB, dsn string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.LookAtFew()
	return db
}

// start is when all tests take place: a Monday.
var start = time.Date(2016, 4, 4, 9, 0, 0, 0, time.UTC)

func hours(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }

// mail is an arrival on the list "sig", received hour hours after start, that
// answers refs.
func mail(id string, hour int, refs ...sigpost.MessageID) sigpost.Arrival {
	raw := fmt.Sprintf("Message-ID: <%s>\r\nSubject: About %s\r\n\r\nThis is what %s has to say.\r\n", id, id, id)
	return sigpost.Arrival{
		Raw: []byte(raw), List: "sig", Source: "inbox", UID: uint32(hour + 1),
		Message: &sigpost.Message{
			MessageID: sigpost.MessageID(id), References: refs, Subject: "About " + id, BaseSubject: "About " + id,
			Author: sigpost.Address{Name: "Ada", Addr: "ada@example.org"}, Sender: sigpost.Address{Name: "Ada", Addr: "ada@example.org"},
			Sent: hours(hour), Received: hours(hour), Size: len(raw),
		},
	}
}

func add(t testing.TB, db *store.DB, arrivals ...sigpost.Arrival) sigpost.AddCounts {
	t.Helper()
	counts, err := db.Add(t.Context(), nil, arrivals, start)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// stored is the stored message of an id.
func stored(t testing.TB, db *store.DB, id string) sigpost.Message {
	t.Helper()
	return must(db.MessageByID(t.Context(), sigpost.MessageID(id)))(t)
}

// must gives a value or ends the test: must(f())(t).
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func TestTransactionsHoldOrLeaveNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		err := db.Tx(ctx, func(tx *store.DB) error {
			must(tx.Mailbox(ctx, "account", "lost", "sig"))(t)
			return tx.Tx(ctx, func(inner *store.DB) error {
				must(inner.Mailbox(ctx, "account", "lost too", "sig"))(t)
				return context.DeadlineExceeded
			})
		})
		if err != context.DeadlineExceeded {
			t.Errorf("the error is %v, want the one given", err)
		}
		check(t, db.Tx(ctx, func(tx *store.DB) error {
			_, err := tx.Mailbox(ctx, "account", "kept", "sig")
			return err
		}))
		all := must(db.Mailboxes(ctx))(t)
		if len(all) != 1 || all[0].Name != "kept" {
			t.Errorf("mailboxes are %+v, want only the kept one", all)
		}
	})
}

func TestTransactionIsUndoneByAPanic(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		func() {
			defer func() { recover() }()
			db.Tx(ctx, func(tx *store.DB) error {
				must(tx.Mailbox(ctx, "account", "lost", "sig"))(t)
				panic("in the middle")
			})
		}()
		if all := must(db.Mailboxes(ctx))(t); len(all) != 0 {
			t.Errorf("mailboxes are %+v, want none", all)
		}
	})
}

func TestWritersWaitForOneAnother(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		// Two processes have a DB each.
		const each = 20
		errs := make(chan error, 2)
		for n := range 2 {
			db := open(t, dsn)
			go func() {
				var err error
				for i := range each {
					// Every mail of both answers the same unseen one.
					_, addErr := db.Add(t.Context(), nil, []sigpost.Arrival{mail(fmt.Sprintf("w%d-%d", n, i), i, "root")}, start)
					if addErr != nil {
						err = addErr
					}
				}
				errs <- err
			}()
		}
		check(t, <-errs)
		check(t, <-errs)
		db := open(t, dsn)
		messages, threads, _, err := db.CountMessages(t.Context())
		check(t, err)
		if messages != 2*each || threads != 1 {
			t.Errorf("there are %d messages in %d threads, want %d in 1", messages, threads, 2*each)
		}
	})
}
