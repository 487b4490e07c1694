package ingest

import (
	"fmt"
	"testing"

	"sigpost/internal/peertest"
)

// expunger is a real server on which others can remove messages.
type expunger interface {
	server
	Expunge(t testing.TB, mailbox, uids string)
}

// onPeers runs a test against Dovecot and Cyrus.
func onPeers(t *testing.T, test func(t *testing.T, s expunger)) {
	t.Run("dovecot", func(t *testing.T) { test(t, dovecot{peertest.Dovecot(t)}) })
	t.Run("cyrus", func(t *testing.T) { test(t, cyrus{peertest.Cyrus(t)}) })
}

// Somebody removes messages while the mailbox is being read: what was there
// before and after is stored, nothing of it twice, and nothing is an error.
func TestExpungedByOthersInBetween(t *testing.T) {
	onPeers(t, func(t *testing.T, s expunger) {
		s.load(t, "lists", sample(1200))
		archive := newMemory(t)
		source := Source{Account: s.account(), Mailbox: "lists"}
		archive.beforeAdd = func(add int) error {
			if add == 1 {
				s.Expunge(t, "lists", "3:20,700:1100")
			}
			return nil
		}
		report := fetch(t, archive, source)
		if report.Quarantined > 0 || archive.mailbox.UIDNext != 1201 {
			t.Errorf("%+v, cursor %+v", report, archive.mailbox)
		}
		for i := 1; i <= 1200; i++ {
			if there := i < 700 || i > 1100; there && !archive.has(idOf(fmt.Sprintf("%d@example.org", i))) {
				t.Fatalf("message %d is lost", i)
			}
		}
		archive.beforeAdd = nil
		if report := fetch(t, archive, source); report.Found != 0 {
			t.Errorf("once more: %+v", report)
		}
		again := newMemory(t)
		if report := fetch(t, again, source); report.Stored != 1200-18-401 {
			t.Errorf("read again: %+v", report)
		}
	})
}

// HIGHESTMODSEQ is kept (RFC 7162), and a change of flags is nothing new.
func TestCONDSTORE(t *testing.T) {
	onPeers(t, func(t *testing.T, s expunger) {
		s.load(t, "lists", sample(30))
		archive := newMemory(t)
		source := Source{Account: s.account(), Mailbox: "lists"}
		fetch(t, archive, source)
		before := archive.mailbox.HighestModSeq
		if before == 0 {
			t.Fatal("no HIGHESTMODSEQ was kept")
		}
		s.Expunge(t, "lists", "30")
		in := ingester(t, archive)
		status, err := in.Status(t.Context(), source, archive.mailbox)
		if err != nil || status.HighestModSeq <= before || status.Behind != 0 || status.Messages != 29 {
			t.Errorf("%+v, %v; the modification sequence was %d", status, err, before)
		}
		adds := archive.adds
		if report := fetch(t, archive, source); report.Found != 0 || archive.adds != adds {
			t.Errorf("%+v, %d writes", report, archive.adds-adds)
		}
	})
}
