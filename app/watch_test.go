package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
)

// patience is how long a test waits for what has to come: a busy machine may be
// slow, and nothing takes as long where all is well.
const patience = 30 * time.Second

// news is a mail that came just now, about Kuryr.
func news(id string) mailtest.Mail {
	return mailtest.Mail{Name: id, Received: monday.Add(time.Minute), Raw: []byte(strings.ReplaceAll(`From: Nia <nia@example.net>
To: sig-openstack@lists.example.org
Subject: Kuryr and its ports
Date: Mon, 25 Apr 2016 14:00:30 +0000
Message-ID: <`+id+`>

Our Kuryr agent takes a port from Neutron for every pod.
`, "\n", "\r\n"))}
}

// watching runs Watch until the test ends, which it must do soon.
func (w *world) watch(a *App) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Watch(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				w.t.Errorf("Watch ended with %v", err)
			}
		case <-time.After(5 * time.Second):
			w.t.Error("Watch goes on 5 s after its context has ended")
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// logged has what is logged from now on told line by line.
func (a *App) logged() <-chan string {
	lines := make(chan string, 1000)
	a.log = slog.New(slog.NewTextHandler(lineWriter(lines), nil))
	return lines
}

type lineWriter chan string

func (w lineWriter) Write(line []byte) (int, error) {
	select {
	case w <- string(line):
	default: // nobody listens any more
	}
	return len(line), nil
}

// await waits for a line with a text.
func await(t *testing.T, lines <-chan string, text string) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case line := <-lines:
			if strings.Contains(line, text) {
				return
			}
		case <-late:
			t.Fatalf("%q is not logged", text)
		}
	}
}

// tagged waits until a message is stored and its thread has tags.
func (w *world) tagged(a *App, id sigpost.MessageID, within time.Duration) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if m, err := a.Store.MessageByID(ctx, id); err == nil {
			if tags, err := a.Store.Taggings(ctx, []int64{m.ThreadID}); err == nil && len(tags[m.ThreadID]) > 0 {
				return
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			w.t.Fatalf("%s is not stored and tagged within %s", id, within)
		}
	}
}

// arrives delivers news while a mailbox is watched, and waits until it is tagged.
func (w *world) arrives(a *App, id string) {
	w.t.Helper()
	w.deliver(news(id))
	if w.imap != nil {
		// The server in the test's process does not tell of what came just before
		// an IDLE begins; it tells of both when the next one comes.
		more := time.AfterFunc(2*time.Second, func() { w.deliver(news("more-" + id)) })
		defer more.Stop()
	}
	w.tagged(a, sigpost.MessageID(id), patience)
}

func TestWatchReadsAndTagsWhatComes(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		a := w.open()
		stop := w.watch(a)
		w.tagged(a, "5710D519.217212@nordlicht-telekom.example", patience) // what was there before
		for i := range 3 {
			w.arrives(a, fmt.Sprintf("news-%d@example.net", i))
		}
		stop()
	})
}

// Another run that holds the lock delays the mail, and nothing else.
func TestWatchWaitsForAnotherRun(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		a, other := w.open(), w.open()
		a.watchWait = 20 * time.Millisecond
		lines := a.logged()
		unlock, err := other.Store.Lock(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		w.watch(a)
		await(t, lines, "what is new could not all be read")
		w.deliver(news("news@example.net"))
		await(t, lines, "what is new could not all be read")
		if n, _, _, err := a.Store.CountMessages(context.Background()); n != 0 || err != nil {
			t.Errorf("%d messages are stored in spite of the lock, %v", n, err)
		}
		unlock()
		w.tagged(a, "news@example.net", patience)
		if n, _, _, _ := a.Store.CountMessages(context.Background()); n != 58 {
			t.Errorf("%d messages are stored, want 58", n)
		}
	})
}

func TestWatchOutlivesItsServer(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		g := w.newGate()
		a := w.open()
		a.watchWait = 20 * time.Millisecond
		lines := a.logged()
		w.watch(a)
		w.tagged(a, "5710D519.217212@nordlicht-telekom.example", patience)
		g.shut()
		await(t, lines, "the watch on a mailbox was interrupted")
		w.deliver(news("meanwhile@example.net"))
		await(t, lines, "cannot connect")
		g.open(t)
		w.tagged(a, "meanwhile@example.net", patience)
		w.arrives(a, "afterwards@example.net")
	})
}

// A mailbox that cannot be read does not hold up another one.
func TestWatchOfAMailboxThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = fmt.Sprintf(`[[account]]
name = "away"
host = %q
ca_file = %q
username = "reader"
password_file = "wrong"
timeout = "5s"
[[account.mailbox]]
name = "INBOX"
list = "sig-openstack"
`, w.imap.Addr, "ca.pem")
	w.write("wrong", "wrong")
	a := w.open()
	lines := a.logged()
	w.watch(a)
	await(t, lines, "away/INBOX")
	w.tagged(a, "5710D519.217212@nordlicht-telekom.example", patience)
	w.arrives(a, "news@example.net")
	// That it cannot be read is known at once, and not when the clock has it read.
	states := must2(a.Store.Jobs(t.Context()))(t)
	if s := states["read away/INBOX"]; !strings.Contains(s.Failure, "refused the login") {
		t.Errorf("of reading it is known: %+v", s)
	}
}

// What could not be read waits for its next try, and what comes elsewhere in the
// meantime does not wait with it.
func TestWatchGoesOnWhileOneMailboxWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	a.watchWait = time.Hour
	lines := a.logged()
	other := w.open()
	unlock, err := other.Store.Lock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	w.watch(a)
	await(t, lines, "again_in")
	unlock()
	w.arrives(a, "news@example.net")
}

// Each watch has an id, by which its lines are found. Where its server is down it says so
// and waits, and goes on to wait where the configuration is read anew, unless its account
// is another one then.
func TestWatchOfAServerThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.newGate()
	g.shut()
	v := serveWatched(w)
	id := regexp.MustCompile(`msg="the watch on a mailbox was interrupted" watch=([0-9a-f]{12}) mailbox=test/INBOX`)
	watches := func(lines int) (ids []string) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			ids = nil
			for _, found := range id.FindAllStringSubmatch(v.log.String(), -1) {
				ids = append(ids, found[1])
			}
			if len(ids) >= lines {
				return ids
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d interruptions, want %d", len(ids), lines)
			}
		}
	}
	reload := func() {
		t.Helper()
		before := strings.Count(v.log.String(), "the configuration was read anew")
		v.reload <- struct{}{}
		for deadline := time.Now().Add(patience); strings.Count(v.log.String(), "the configuration was read anew") == before; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the configuration is not read anew")
			}
		}
	}
	watches(1)
	v.scrape(`sigpost_mailbox_connection{mailbox="test/INBOX",state="broken"} 1`)
	for range 5 {
		reload()
		time.Sleep(300 * time.Millisecond)
	}
	if ids := watches(1); len(ids) != 1 {
		t.Errorf("the same was said %d times within seconds", len(ids))
	}
	g.open(t)
	v.scrape(`sigpost_mailbox_connection{mailbox="test/INBOX",state="idle"} 1`)
	if ids := watches(1); !strings.Contains(v.log.String(), `msg="the watch on a mailbox goes on" watch=`+ids[0]+" mailbox=test/INBOX") {
		t.Error("nobody is told that the watch goes on")
	}
	g.shut()
	first := watches(2)[1]
	w.imap.Username = "somebody"
	reload()
	if ids := watches(3); ids[0] != first || ids[2] == first {
		t.Error("the watch on another account is the same")
	}
}
