package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/store/storetest"
)

func (w *world) backup(a *App, name string) string {
	w.t.Helper()
	file := filepath.Join(w.dir, name)
	if _, err := a.Backup(w.t.Context(), file, nil); err != nil {
		w.t.Fatal(err)
	}
	return file
}

func quietly(string, Unit, int, int) {}

func (w *world) restore(file string, force bool) RestoreReport {
	w.t.Helper()
	r, err := Restore(w.t.Context(), w.config(), file, RestoreOptions{Force: force, Now: w.clock(), Progress: quietly})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// A letter that was sent after a backup was made is not sent again from what was
// restored, also where nothing else of the machine is left; and whoever left by mail
// since leaves again when the mailbox is read.
func TestRestoredSendsNothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mailboxes = serviceMailbox
	w.service() // there is one
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	ben := w.subscribe(a, "ben@readers.example.org")
	if _, err := a.Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A letter is in hand.
	if err := a.Store.QueueNotice(t.Context(), sigpost.Notice{Kind: sigpost.NoticeLink, Digest: "weekly", Addr: "cleo@readers.example.org",
		Delivery: sigpost.Delivery{MessageID: "n@x", Due: w.clock()}}); err != nil {
		t.Fatal(err)
	}
	w.later(time.Minute)
	file := w.backup(a, "b.tar.zst")
	w.later(time.Minute)
	w.run(a)
	sent := len(w.letters())
	if sent < 2 {
		t.Fatalf("%d letters were sent", sent)
	}
	w.later(time.Minute)
	w.service("From: ben@readers.example.org\nTo: leave@digest.example.org\nSubject: unsubscribe " + a.tokens.Unsubscribe(ben.ID) + "\nMessage-ID: <leave@x>\nDate: Mon, 25 Apr 2016 14:00:00 +0000\n\n")
	if _, err := a.Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := w.state(a, ben); s != sigpost.SubscriptionEnded {
		t.Fatalf("ben is %s", s)
	}
	last := must(a.Store.Subscription(t.Context(), ben.ID))(t)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	// The disk is gone, with the file that notes how far sending came.
	dsn := must(a.Config.DSN())(t)
	for _, name := range []string{dsn, a.generationFile()} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	w.later(time.Hour)
	if r := w.restore(file, false); r.Held != 1 || r.Kept != "" || r.Lost != nil {
		t.Errorf("restored: %+v", r)
	}
	again := w.open()
	if s := w.state(again, ben); s != sigpost.SubscriptionActive {
		t.Fatalf("ben is %s in the backup", s)
	}
	before := len(w.letters())
	for range 3 {
		w.later(time.Hour)
		if _, err := again.Run(t.Context(), false); !errors.Is(err, ErrRestored) {
			t.Fatalf("a run of what was restored: %v", err)
		} else {
			for line := range strings.Lines(err.Error()) {
				if len(strings.Fields(line)) > 50 {
					t.Errorf("a long sentence: %s", line)
				}
			}
		}
	}
	if s := w.state(again, ben); s != sigpost.SubscriptionEnded {
		t.Errorf("ben left by mail and is %s", s)
	}
	if _, err := again.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.later(time.Hour)
	w.run(again)
	for _, l := range w.letters()[before:] {
		if !strings.Contains(w.header(l).Get("Subject"), "unsubscribed") { // what ben's mail is answered with
			t.Errorf("sent after it was restored: to %s: %s", l.To, w.header(l).Get("Subject"))
		}
	}
	// Numbers that were given since are nobody else's: ben's link would end theirs.
	if next := w.subscribe(again, "dora@readers.example.org"); next.ID <= last.ID+500 {
		t.Errorf("the next subscription has number %d", next.ID)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// An archive that goes to the other engine and back, in the middle of sending, works
// there as it did, and sends nothing twice.
func TestDumpMovesAnArchive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	readers := w.manyReaders(a, 4)
	w.run(a)
	w.wantOnce(readers...)
	late := w.subscribe(a, "late@readers.example.org")
	before := w.picture(a)
	var dumped bytes.Buffer
	if _, err := a.Dump(t.Context(), "-", &dumped); err != nil {
		t.Fatal(err)
	}
	for _, dsn := range []string{storetest.Postgres(t), filepath.Join(t.TempDir(), "back.db")} {
		w.dsn = dsn
		if _, err := Load(t.Context(), w.config(), "-", bytes.NewReader(dumped.Bytes()), w.clock(), quietly); err != nil {
			t.Fatal(err)
		}
		moved := w.open()
		w.wantPicture(moved, before)
		if got := w.find(moved, "kuryr"); got != w.find(a, "kuryr") || got == 0 {
			t.Errorf("found %d messages", got)
		}
		if _, err := moved.Run(t.Context(), false); !errors.Is(err, ErrRestored) {
			t.Errorf("it sends before anybody was asked: %v", err)
		}
		if _, err := moved.Restored(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.run(moved)
		w.wantOnce(readers...)
		if s := must(moved.Store.Subscription(t.Context(), late.ID))(t); s.Subscriber.Addr != "late@readers.example.org" {
			t.Errorf("subscription %d is %+v", late.ID, s)
		}
		dumped.Reset()
		if _, err := moved.Dump(t.Context(), "-", &dumped); err != nil {
			t.Fatal(err)
		}
	}
}

// A backup that is there is replaced by a whole one only, and one that is another's
// file never.
func TestBackupWritesOverItsOwnOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.backup(a, "b.tar.zst")
	mine := filepath.Join(w.dir, "mine.txt")
	w.write("mine.txt", "mine")
	if _, err := a.Backup(t.Context(), mine, nil); !errors.Is(err, sigpost.ErrUsage) {
		t.Errorf("over another file: %v", err)
	}
	if got, _ := os.ReadFile(mine); string(got) != "mine" {
		t.Errorf("it is %q", got)
	}
	if _, err := Restore(t.Context(), a.Config, filepath.Join(w.dir, "b.tar.zst"), RestoreOptions{Force: true, Now: w.clock(), Progress: quietly}); err == nil || !strings.Contains(err.Error(), "another program has the database") {
		t.Errorf("restored under the feet of who has it open: %v", err)
	}
	left, _ := filepath.Glob(a.Config.Archive.Database + "*making*")
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if r, err := VerifyBackup(t.Context(), filepath.Join(w.dir, "b.tar.zst"), nil, quietly); err != nil || r.Bytes == 0 {
		t.Error(r, err)
	}
}

// When an archive was put back and as of when is said once where both are the same
// minute.
func TestAsOf(t *testing.T) {
	at := time.Date(2016, 4, 25, 14, 3, 50, 0, time.UTC)
	for made, want := range map[time.Time]string{
		at.Add(-40 * time.Second): " on 25 April 2016 at 14:03 UTC",
		at.Add(-time.Minute):      " on 25 April 2016 at 14:03 UTC, as of 25 April 2016 at 14:02 UTC",
	} {
		if got := asOf(store.PutBack{At: at, Made: made}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
