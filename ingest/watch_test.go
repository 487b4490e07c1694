package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sigpost/internal/mailtest"
)

// patience is how long a test waits for what has to come: a busy machine may be
// slow, and nothing takes as long where all is well.
const patience = 30 * time.Second

// watching runs a Watch until the test ends; each call of changed is a sign in
// the channel.
func watching(t *testing.T, source Source, poll time.Duration, change func(in *Ingester)) <-chan time.Time {
	t.Helper()
	in := ingester(t, newMemory(t))
	in.watch.wait = func(int, error) time.Duration { return time.Millisecond }
	if change != nil {
		change(in)
	}
	ctx, cancel := context.WithCancel(context.Background())
	signs := make(chan time.Time, 10_000)
	var running atomic.Int32
	ended := make(chan error)
	go func() {
		ended <- in.Watch(ctx, source, poll, &WatchMemory{ID: "w1"}, func() {
			if running.Add(1) != 1 {
				t.Error("changed is called while it runs")
			}
			signs <- time.Now()
			running.Add(-1)
		})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Watch ended with %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Error("Watch goes on after its context")
		}
	})
	return signs
}

func wantSign(t *testing.T, signs <-chan time.Time, within time.Duration, what string) {
	t.Helper()
	select {
	case <-signs:
	case <-time.After(within):
		t.Fatalf("%s was not noticed within %s", what, within)
	}
}

func wantNoSign(t *testing.T, signs <-chan time.Time, within time.Duration, what string) {
	t.Helper()
	select {
	case <-signs:
		t.Fatalf("changed was called: %s", what)
	case <-time.After(within):
	}
}

func TestWatchNoticesNewMail(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		mails := sample(6)
		s.load(t, "lists", mails[:2])
		signs := watching(t, Source{Account: s.account(), Mailbox: "lists"}, time.Hour, nil)
		wantSign(t, signs, patience, "the connection")
		for i := 2; i < 5; i++ {
			wantNoSign(t, signs, 200*time.Millisecond, "without any mail")
			s.load(t, "lists", mails[i:i+1])
			delivered := time.Now()
			if _, ok := s.(inProcess); ok {
				// It does not tell of what came right before an IDLE, as on a
				// busy machine this may, until more comes.
				more := time.AfterFunc(5*time.Second, func() { s.load(t, "lists", mails[5:]) })
				defer more.Stop()
			}
			wantSign(t, signs, patience, "new mail")
			t.Logf("noticed after %s", time.Since(delivered))
		}
	})
}

// How far a mailbox goes is told when it is opened, to be watched or read, and when mail
// comes.
func TestEndsAreTold(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		mails := sample(5)
		s.load(t, "lists", mails[:2])
		source := Source{Account: s.account(), Mailbox: "lists"}
		ends := make(chan End, 100)
		tell := func(in *Ingester) {
			in.Seen = func(mailbox string, end End) {
				if mailbox != source.name() || end.UIDValidity == 0 {
					t.Errorf("%s: %+v", mailbox, end)
				}
				ends <- end
			}
		}
		in := ingester(t, newMemory(t))
		tell(in)
		if _, err := in.Fetch(t.Context(), source, nil); err != nil {
			t.Fatal(err)
		}
		first := <-ends
		if first.Messages != 2 {
			t.Errorf("read: %+v", first)
		}
		signs := watching(t, source, time.Hour, tell)
		wantSign(t, signs, patience, "the connection")
		if end := <-ends; end != first {
			t.Errorf("watched: %+v, want %+v", end, first)
		}
		time.Sleep(200 * time.Millisecond)
		s.load(t, "lists", mails[2:3])
		if _, ok := s.(inProcess); ok { // as in TestWatchNoticesNewMail
			more := time.AfterFunc(5*time.Second, func() { s.load(t, "lists", mails[4:]) })
			defer more.Stop()
		}
		wantSign(t, signs, patience, "new mail")
		if end := <-ends; end.Messages < 3 || end.UIDNext < first.UIDNext+1 || end.UIDNext-first.UIDNext != end.Messages-2 {
			t.Errorf("mail came, and it is %+v after %+v", end, first)
		}
	})
}

// Where a server has no IDLE, or refuses it, it is asked.
func TestWatchPolls(t *testing.T) {
	for _, test := range []struct{ name, caps string }{{"no IDLE", "IMAP4rev1"}, {"IDLE refused", "IMAP4rev1 IDLE"}} {
		t.Run(test.name, func(t *testing.T) {
			var noops atomic.Int32
			s := startScripted(t, 3, func(s *scripted) {
				s.caps = test.caps
				s.answer = func(c *conversation, tag, command string) bool {
					switch {
					case command == "IDLE":
						c.say("%s NO not here", tag)
						return true
					case command == "NOOP" && noops.Add(1) == 3:
						c.say("* 4 EXISTS")
					}
					return false
				}
			})
			signs := watching(t, s.source(), 10*time.Millisecond, nil)
			wantSign(t, signs, patience, "the connection")
			wantSign(t, signs, patience, "new mail")
			wantNoSign(t, signs, 100*time.Millisecond, "at a NOOP that brought nothing")
		})
	}
}

// Expunges and flags are no news, and the IDLE is given up and begun again in
// time.
func TestWatchDoesNotSpin(t *testing.T) {
	var idles, done atomic.Int32
	left, idling := 50, ""
	s := startScripted(t, left, func(s *scripted) {
		s.caps = "IMAP4rev1 IDLE"
		s.answer = func(c *conversation, tag, command string) bool {
			switch {
			case command == "IDLE":
				idles.Add(1)
				c.say("+ idling")
				for range 3 {
					c.say("* 1 EXPUNGE\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* OK still here")
					left--
				}
				c.say("* %d EXISTS", left)
				idling = tag
				return true
			case tag == "DONE":
				done.Add(1)
				c.say("%s OK IDLE ended", idling)
				return true
			}
			return false
		}
	})
	signs := watching(t, s.source(), time.Hour, func(in *Ingester) { in.watch.idle = func() time.Duration { return 30 * time.Millisecond } })
	wantSign(t, signs, patience, "the connection")
	began, before := time.Now(), idles.Load()
	for idles.Load() < before+5 {
		wantNoSign(t, signs, 5*time.Millisecond, "at an expunge")
		if time.Since(began) > patience {
			t.Fatalf("%d times IDLE", idles.Load())
		}
	}
	if n, took := idles.Load(), time.Since(began); took < time.Duration(n-before-1)*30*time.Millisecond || !s.heard("NOOP") || done.Load() < n-1 {
		t.Errorf("%d times IDLE within %s, %d times DONE", n-before, took, done.Load())
	}
}

// What ends a connection ends no watch; changed is called for each new one.
func TestWatchConnectsAgain(t *testing.T) {
	for _, test := range []struct {
		name  string
		while func(s *scripted, c *conversation, tag, command string) bool
	}{
		{"BYE", func(_ *scripted, c *conversation, _, command string) bool {
			if command != "IDLE" {
				return false
			}
			c.say("+ idling\r\n* BYE closing down")
			c.Close()
			return true
		}},
		{"BYE and no end", func(_ *scripted, c *conversation, _, command string) bool {
			if command == "IDLE" {
				c.say("+ idling\r\n* BYE closing down")
			}
			return command == "IDLE" || strings.HasPrefix(command, "DONE")
		}},
		{"garbage", func(_ *scripted, c *conversation, _, command string) bool {
			if command == "IDLE" {
				c.say("+ idling\r\n* VANISHED 1:3")
			}
			return command == "IDLE"
		}},
		{"half open", func(_ *scripted, c *conversation, _, command string) bool {
			if command == "IDLE" {
				c.say("+ idling")
			}
			return command == "IDLE" || command == ""
		}},
		{"IDLE is never begun", func(_ *scripted, _ *conversation, _, command string) bool { return command == "IDLE" }},
		{"logins fail", func(_ *scripted, c *conversation, tag, command string) bool {
			if !strings.HasPrefix(command, "EXAMINE") {
				return false
			}
			c.say("%s NO [NOPERM] not now", tag)
			return true
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var times atomic.Int32
			s := startScripted(t, 3, func(s *scripted) {
				s.caps = "IMAP4rev1 IDLE"
				s.answer = func(c *conversation, tag, command string) bool {
					if strings.HasPrefix(command, "CAPABILITY") {
						times.Add(1)
					}
					return test.while(s, c, tag, command)
				}
			})
			source := s.source()
			source.Account.Timeout = 100 * time.Millisecond
			signs := watching(t, source, time.Hour, func(in *Ingester) { in.watch.idle = func() time.Duration { return 20 * time.Millisecond } })
			for deadline := time.Now().Add(patience); times.Load() < 4; {
				if time.Now().After(deadline) {
					t.Fatalf("%d connections", times.Load())
				}
				select {
				case <-signs:
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	watching(t, Source{Account: Account{Addr: l.Addr().String(), TLS: TLSPlain}, Mailbox: "lists"}, time.Hour, nil)
	s := startInProcess(t, mailtest.ImplicitTLS)
	wantSign(t, watching(t, Source{Account: s.account(), Mailbox: "INBOX"}, time.Hour, nil), patience, "the connection")
	gone := s.account()
	gone.Addr = "127.0.0.1:1"
	watching(t, Source{Account: gone, Mailbox: "INBOX"}, time.Hour, func(in *Ingester) { in.watch = newWatchTimes() })
}

func TestWatchWait(t *testing.T) {
	for failures := 1; failures < 40; failures++ {
		wait, longest := watchWait(failures, ErrConnection), min(250*time.Millisecond<<min(failures-1, 12), 5*time.Minute)
		if wait <= longest/2-1 || wait > longest {
			t.Errorf("%d failures: %s", failures, wait)
		}
	}
	if wait := watchWait(1, ErrAuthentication); wait < 2*time.Minute {
		t.Errorf("a wrong password is shown again after %s", wait)
	}
}

// The waits of a watch grow also where it is begun anew, until a connection has lasted, and
// an interruption of one kind is a warning once a minute, whatever its words: a port of this
// machine is among them, another one each time. Where trying again at once may help,
// since somebody may have put it right, a watch that is begun anew does.
func TestWatchMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &WatchMemory{}
		gone, refused := fmt.Errorf("%w: gone", ErrUnreachable), fmt.Errorf("%w: no", ErrAuthentication)
		port := 57943
		reset := func() error {
			port++
			return fmt.Errorf("%w: read tcp 127.0.0.1:%d->127.0.0.1:143: connection reset by peer", ErrUnreachable, port)
		}
		if wait, state := m.begins(); wait != 0 || state != WatchConnecting {
			t.Errorf("at first: %s, %s", wait, state)
		}
		var all time.Duration
		warnings := 0
		for range 14 {
			wait, level := m.interrupted(reset(), watchWait)
			if level == slog.LevelWarn {
				warnings++
			}
			if left, state := m.begins(); left != wait || state != WatchBroken {
				t.Errorf("begun anew: %s, %s; want %s", left, state, wait)
			}
			time.Sleep(wait)
			all += wait
		}
		if last, _ := m.interrupted(gone, watchWait); last < watchMaxWait/2 || all < 10*time.Minute {
			t.Errorf("the waits have grown to %s, %s in all", last, all)
		}
		if most := 1 + int(all/sayAgain); warnings < 3 || warnings > most || warnings > 10 {
			t.Errorf("%d warnings within %s", warnings, all)
		}
		if _, level := m.interrupted(refused, watchWait); level != slog.LevelWarn {
			t.Error("another interruption is no warning")
		}
		if wait, _ := m.begins(); wait != 0 {
			t.Errorf("a password may be right by now, and it waits for %s", wait)
		}
		if failures, tell := m.stands(); failures != 16 || !tell {
			t.Errorf("it goes on after %d: %t", failures, tell)
		}
		if _, tell := m.stands(); tell {
			t.Error("it is told twice that it goes on")
		}
		for i, c := range []struct {
			err  error
			want bool
		}{{gone, false}, {refused, true}, {refused, false}, {gone, false}, {refused, false}, {fmt.Errorf("%w: no", ErrCertificate), true}} {
			if got := m.refused(c.err); got != c.want {
				t.Errorf("%d: %v is to be met: %t", i, c.err, got)
			}
		}
		m.stands()
		if !m.refused(refused) {
			t.Error("it is refused anew, and nobody is to meet that")
		}
		m.lasted(watchHealthy - 1)
		if wait, _ := m.interrupted(gone, watchWait); wait < watchMaxWait/2 {
			t.Errorf("a short connection makes the wait %s", wait)
		}
		m.lasted(watchHealthy)
		if wait, _ := m.interrupted(gone, watchWait); wait > time.Second {
			t.Errorf("a long connection makes the wait %s", wait)
		}
	})
}
