package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/internal/mailtest"
)

// A run over ten mailboxes logs in once, also when one of them is missing.
func TestMailboxesShareAConnection(t *testing.T) {
	s := startInProcess(t, mailtest.ImplicitTLS)
	for i := range 10 {
		s.load(t, fmt.Sprintf("list-%d", i), sample(3))
	}
	in := ingester(t, newMemory(t))
	for i := range 10 {
		archive := newMemory(t)
		in.archive = archive
		source := Source{Account: s.account(), Mailbox: fmt.Sprintf("list-%d", i)}
		if i == 4 {
			source.Mailbox = "nowhere"
			if _, err := in.Fetch(t.Context(), source, nil); !errors.Is(err, ErrNoMailbox) {
				t.Errorf("%v", err)
			}
			continue
		}
		ctx, cancel := context.WithCancel(t.Context())
		report, err := in.Fetch(ctx, source, nil)
		cancel() // the next one has another context
		if err != nil || report.Stored != 3 {
			t.Errorf("%s: %+v, %v", source.Mailbox, report, err)
		}
	}
	in.Close()
	logins := slices.DeleteFunc(s.Commands(), func(c string) bool { return c != "AUTHENTICATE" && c != "LOGOUT" })
	if s.Connections() != 1 || !slices.Equal(logins, []string{"AUTHENTICATE", "LOGOUT"}) {
		t.Errorf("%d connections, %v", s.Connections(), logins)
	}
}

// A connection that was lost while nobody used it costs no failure.
func TestKeptConnectionThatWasLost(t *testing.T) {
	s := startInProcess(t, mailtest.ImplicitTLS)
	s.load(t, "lists", sample(3))
	in := ingester(t, newMemory(t))
	in.backoff = nil // to call it would panic
	source := Source{Account: s.account(), Mailbox: "lists"}
	for k := range 3 {
		before := len(s.Commands())
		in.archive = newMemory(t)
		s.FailNext(mailtest.CutAfterCommands(7 - k)) // in the second fetch, each time elsewhere
		if _, err := in.Fetch(t.Context(), source, nil); err != nil {
			t.Fatal(err)
		}
		in.archive = newMemory(t)
		if report, err := in.Fetch(t.Context(), source, nil); err != nil || report.Stored != 3 {
			t.Errorf("%+v, %v after %v", report, err, s.Commands()[before:])
		}
		in.Close()
	}
}

func TestCancelledFetchKeepsNoConnection(t *testing.T) {
	s := startInProcess(t, mailtest.Plain)
	s.load(t, "lists", sample(3))
	archive := newMemory(t)
	in := ingester(t, archive)
	ctx, cancel := context.WithCancel(t.Context())
	archive.beforeAdd = func(int) error { cancel(); return nil }
	source := Source{Account: s.account(), Mailbox: "lists"}
	if _, err := in.Fetch(ctx, source, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	archive.beforeAdd = nil
	if report, err := in.Fetch(t.Context(), source, nil); err != nil || report.Stored != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestStatus(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		mails := sample(120)
		s.load(t, "lists", mails[:100])
		archive := newMemory(t)
		in := ingester(t, archive)
		source := Source{Account: s.account(), Mailbox: "lists"}
		status := func(source Source) Status {
			t.Helper()
			adds := archive.adds
			got, err := in.Status(t.Context(), source, archive.mailbox)
			if err != nil || archive.adds != adds {
				t.Fatalf("%v, %d writes", err, archive.adds-adds)
			}
			return got
		}
		if got := status(source); got.Messages != 100 || got.Behind != 100 || got.UIDNext != 101 || got.UIDValidity == 0 || got.NewUIDs {
			t.Errorf("before the first fetch: %+v", got)
		}
		since := source
		since.Since = start.AddDate(0, 0, 3)
		if got := status(since); got.Behind == 0 || got.Behind >= 100 {
			t.Errorf("since the fourth day: %+v", got)
		}
		if _, err := in.Fetch(t.Context(), source, nil); err != nil {
			t.Fatal(err)
		}
		if got := status(source); got.Messages != 100 || got.Behind != 0 {
			t.Errorf("nothing new: %+v", got)
		}
		s.load(t, "lists", mails[100:])
		if got := status(source); got.Messages != 120 || got.Behind != 20 || got.UIDNext != 121 {
			t.Errorf("20 new: %+v", got)
		}
		s.replace(t, "lists", mails[:7])
		if got := status(source); got.Behind != 7 || !got.NewUIDs {
			t.Errorf("new UIDs: %+v", got)
		}
		source.Mailbox = "nowhere"
		if _, err := in.Status(t.Context(), source, sigpost.Mailbox{}); !errors.Is(err, ErrNoMailbox) {
			t.Errorf("no mailbox: %v", err)
		}
	})
}

// Where a server does not say UIDNEXT, an unchanged HIGHESTMODSEQ says that
// there is nothing new (RFC 7162, section 3.1.2.1); and changes of flags alone
// cost nothing where it does.
func TestNothingNewByModSeq(t *testing.T) {
	for _, test := range []struct{ name, before, after string }{
		{"no UIDNEXT", "* OK [HIGHESTMODSEQ 5] mod", "* OK [HIGHESTMODSEQ 5] mod"},
		{"only flags changed", "* OK [UIDNEXT 4] next\r\n* OK [HIGHESTMODSEQ 5] mod", "* OK [UIDNEXT 4] next\r\n* OK [HIGHESTMODSEQ 77] mod"},
	} {
		t.Run(test.name, func(t *testing.T) {
			const opened = "* 3 EXISTS\r\n* OK [UIDVALIDITY 9] valid\r\n"
			s := startScripted(t, 3, func(s *scripted) { s.caps, s.examined = "IMAP4rev1 CONDSTORE", opened+test.before })
			archive := newMemory(t)
			fetch(t, archive, s.source())
			s.wantAll(t, archive)
			s.mu.Lock()
			s.commands, s.examined = nil, opened+test.after
			s.mu.Unlock()
			fetch(t, archive, s.source())
			s.mu.Lock()
			defer s.mu.Unlock()
			// go-imap asks for capabilities in the background, at any moment.
			commands := slices.DeleteFunc(s.commands, func(command string) bool { return command == "CAPABILITY" })
			if got := strings.Join(commands, ";"); !strings.HasSuffix(got, `EXAMINE "lists" (CONDSTORE);LOGOUT`) && !strings.HasSuffix(got, `EXAMINE lists (CONDSTORE);LOGOUT`) {
				t.Errorf("commands %s", got)
			}
		})
	}
}
