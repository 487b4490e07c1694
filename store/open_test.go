package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

func TestOpenAgainKeepsWhatIsThere(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		db := open(t, dsn)
		add(t, db, mail("a", 0))
		again := open(t, dsn)
		if got := stored(t, again, "a").Subject; got != "About a" {
			t.Errorf("the subject is %q", got)
		}
	})
}

func TestOpenByManyAtOnce(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		errs := make(chan error)
		const many = 6
		for range many {
			go func() {
				db, err := store.Open(t.Context(), dsn)
				if err == nil {
					_, err = db.Mailbox(t.Context(), "account", "INBOX", "sig")
					db.Close()
				}
				errs <- err
			}()
		}
		for range many {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

// What writes waits while another process does, also where it gives back what
// it has written.
func TestWritersWaitForOthers(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		first, second := open(t, dsn), open(t, dsn)
		writers := map[string]func() error{
			"RETURNING": func() error { _, err := second.Mailbox(t.Context(), "account", "INBOX", "sig"); return err },
			"a transaction": func() error {
				_, err := second.Add(t.Context(), nil, []sigpost.Arrival{mail("a", 0)}, start)
				return err
			},
			"a statement": func() error { return second.SQL(t.Context(), `DELETE FROM mailboxes WHERE name = 'none'`) },
		}
		done := make(chan error, len(writers))
		check(t, first.Tx(t.Context(), func(tx *store.DB) error {
			must(tx.Mailbox(t.Context(), "account", "Archive", "sig"))(t)
			for name, write := range writers {
				go func() {
					if err := write(); err != nil {
						done <- fmt.Errorf("%s: %w", name, err)
						return
					}
					done <- nil
				}()
			}
			time.Sleep(5 * store.SQLiteTurn) // each would have given up but for its patience
			return nil
		}))
		for range writers {
			check(t, <-done)
		}
	})
}

func TestSQLiteFileIsItsOwnersOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name?#%41.db")
	db := open(t, "sqlite:"+path)
	add(t, db, mail("a", 0))
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		check(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode())
		}
	}
}

func TestSQLiteTakesRelativePaths(t *testing.T) {
	t.Chdir(t.TempDir())
	add(t, open(t, "a:b.db"), mail("a", 0))
	if _, err := os.Stat("a:b.db"); err != nil {
		t.Error(err)
	}
}

func TestOpenReadOnlyChangesNothing(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		if _, err := store.OpenReadOnly(t.Context(), dsn); err == nil {
			t.Error("a database without tables was opened")
		}
		add(t, open(t, dsn), mail("a", 0))
		db := must(store.OpenReadOnly(t.Context(), dsn))(t)
		defer db.Close()
		stored(t, db, "a")
		_, err := db.Add(t.Context(), nil, []sigpost.Arrival{mail("b", 1)}, start)
		if err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("adding gives %v, want that it cannot be written", err)
		}
		if _, err := db.MessageByID(t.Context(), "b"); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("message b: %v, want not found", err)
		}
	})
}

func TestOpenReadOnlyWantsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	_, err := store.OpenReadOnly(t.Context(), path)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was made")
	}
}

var openers = map[string]func(context.Context, string) (*store.DB, error){"Open": store.Open, "OpenReadOnly": store.OpenReadOnly}

func TestOtherVersionsAreRefused(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		db := open(t, dsn)
		check(t, db.SQL(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, `+db.True()+`)`))
		for name, open := range openers {
			if _, err := open(t.Context(), dsn); err == nil || !strings.Contains(err.Error(), "use the newer one") {
				t.Errorf("%s gives %v for newer tables", name, err)
			}
		}
		check(t, db.SQL(t.Context(), `DELETE FROM goose_db_version WHERE version_id > 1`))
		if _, err := store.OpenReadOnly(t.Context(), dsn); err == nil || !strings.Contains(err.Error(), "sigpost run") {
			t.Errorf("OpenReadOnly gives %v for older tables", err)
		}
	})
}

func TestOpenSaysWhatToDo(t *testing.T) {
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "file"), []byte(strings.Repeat("no database ", 100)), 0o600))
	tests := []struct{ name, dsn, want string }{
		{"no folder", folder + "/none/sigpost.db", "mkdir -p " + folder + "/none"},
		{"a file for a folder", folder + "/file/sigpost.db", "not a folder"},
		{"a folder for a file", folder, "is a folder; name a file in it"},
		{"not a database", folder + "/file", "not a sigpost database"},
		{"nothing", "", "no database is named"},
		{"no server", "postgres://sigpost:secret@127.0.0.1:1/sigpost", "PostgreSQL cannot be reached for the database sigpost on 127.0.0.1:1"},
		{"unknown host", "postgres://sigpost:secret@no-such-host.invalid/sigpost", "PostgreSQL cannot be reached"},
		{"odd URL", "postgres://sigpost:secret%@host:port:1/x", "cannot be understood"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			db, err := store.Open(t.Context(), test.dsn)
			if err == nil {
				db.Close()
				t.Fatal("it was opened")
			}
			if message := err.Error(); !strings.Contains(message, test.want) || strings.Contains(message, "secret") || strings.Contains(message, "\n") {
				t.Errorf("the error is %q, want it to say %q", message, test.want)
			}
		})
	}
}

func TestPostgresRefusals(t *testing.T) {
	good := must(url.Parse(engines[1].dsn(t)))(t)
	tests := []struct {
		name   string
		change func(u *url.URL)
		want   string
	}{
		{"wrong password", func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "secret") }, "does not let sigpost in"},
		{"no such database", func(u *url.URL) { u.Path = "/none" }, "has no database none"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := *good
			test.change(&u)
			_, err := store.Open(t.Context(), u.String())
			if err == nil {
				t.Fatal("it was opened")
			}
			password, _ := u.User.Password()
			if message := err.Error(); !strings.Contains(message, test.want) || strings.Contains(message, password) {
				t.Errorf("the error is %q, want it to say %q", message, test.want)
			}
		})
	}
}

func TestFullDiskSaysWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sigpost.db")
	db := open(t, path)
	// The limit is the connection's: all is done on one.
	err := db.Tx(t.Context(), func(tx *store.DB) error {
		check(t, tx.SQL(t.Context(), `PRAGMA max_page_count = 1`))
		for i := range 1000 {
			if _, err := tx.Add(t.Context(), nil, []sigpost.Arrival{mail(fmt.Sprint(i), i)}, start); err != nil {
				return err
			}
		}
		return nil
	})
	want := "the database " + path + " cannot be written: "
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), "; make room or give sigpost the right to write there") {
		t.Errorf("the error is %v", err)
	}
	if messages, _, _, err := db.CountMessages(t.Context()); err != nil || messages != 0 {
		t.Errorf("there are %d messages (%v), want none", messages, err)
	}
}

// Where the file cannot be says what to name instead.
func TestPlacesWhereNoDatabaseCanBe(t *testing.T) {
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	for path, want := range map[string]string{
		dir:                                      "is a folder; name a file in it, such as " + filepath.Join(dir, "sigpost.db"),
		filepath.Join(dir, "none", "sigpost.db"): "make it with mkdir -p " + filepath.Join(dir, "none"),
		filepath.Join(dir, "file", "sigpost.db"): "which is not a folder; name another file",
	} {
		db, err := store.Open(t.Context(), path)
		if err == nil {
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want %q", path, err, want)
		}
	}
}

func TestLockKeepsOthersOut(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		first, second := open(t, dsn), open(t, dsn)
		unlock := must(first.Lock(t.Context()))(t)
		for name, db := range map[string]*store.DB{"another": second, "the same": first} {
			_, err := db.Lock(t.Context())
			if !errors.Is(err, sigpost.ErrLocked) {
				t.Fatalf("%s DB: the error is %v, want ErrLocked", name, err)
			}
			if !strings.Contains(err.Error(), fmt.Sprintf("pid %d", os.Getpid())) {
				t.Errorf("%s DB: %q does not say who holds the lock", name, err)
			}
		}
		unlock()
		unlock = must(second.Lock(t.Context()))(t)
		unlock()
	})
}

// Who names a database beyond this machine is told when others could read along.
func TestUnprotected(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	t.Setenv("PGSERVICE", "")
	for dsn, want := range map[string]bool{
		"sigpost.db": false, "sqlite:sigpost.db": false, "postgres:///sigpost?host=/run/postgresql": false, "postgres://u:p@127.0.0.1/sigpost": false,
		"postgres://u:p@localhost:5433/sigpost": false, "postgres://u:p@[::1]/sigpost": false,
		"postgres://u:p@db.example.org/sigpost": true, "postgresql://u@192.0.2.1:5432/sigpost?application_name=x": true, "postgres://u@localhost,db.example.org/sigpost": true,
		"postgres://u:p@db.example.org/sigpost?sslmode=verify-full": false, "postgres://u:p@db.example.org/sigpost?sslmode=disable": false,
	} {
		if got := store.Unprotected(dsn); got != want {
			t.Errorf("%s: %v", dsn, got)
		}
	}
}
