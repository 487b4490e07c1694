package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

func TestFetchToTheEndAndOn(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		mails := sample(1203)
		s.load(t, "lists", mails[:1200])
		archive := newMemory(t)
		source := Source{Account: s.account(), Mailbox: "lists", List: "sig"}

		var seen [][2]int
		report, err := ingester(t, archive).Fetch(t.Context(), source, func(done, total int) { seen = append(seen, [2]int{done, total}) })
		if err != nil {
			t.Fatal(err)
		}
		if report.Stored != 1200 || report.Found != 1200 || report.Mailbox != "lists/lists" || report.Resynced || report.Bytes == 0 {
			t.Errorf("first run: %+v", report)
		}
		if len(seen) < 3 || seen[len(seen)-1] != [2]int{1200, 1200} || seen[0][1] != 1200 {
			t.Errorf("progress was %v", seen)
		}
		if archive.mailbox.UIDNext != 1201 || archive.mailbox.UIDValidity == 0 {
			t.Errorf("cursor %+v", archive.mailbox)
		}
		for i, m := range mails[:1200] {
			id := fmt.Sprintf("%d@example.org", i+1)
			if archive.messages[idOf(id)] != string(m.Raw) || !archive.dates[idOf(id)].Equal(m.Received) {
				t.Fatalf("%s is not what was loaded", id)
			}
		}

		adds := archive.adds
		if report := fetch(t, archive, source); report.Found != 0 || archive.adds != adds {
			t.Errorf("nothing new: %+v, %d writes", report, archive.adds-adds)
		}
		s.load(t, "lists", mails[1200:])
		if report := fetch(t, archive, source); report.Found != 3 || report.Stored != 3 {
			t.Errorf("three new: %+v", report)
		}
		if archive.completed != 3 || len(archive.failures) > 0 {
			t.Errorf("%d complete fetches, failures %v", archive.completed, archive.failures)
		}
	})
}

func TestFetchEmptyMailbox(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		archive := newMemory(t)
		source := Source{Account: s.account(), Mailbox: "INBOX"}
		if report := fetch(t, archive, source); report.Found != 0 {
			t.Errorf("%+v", report)
		}
		if archive.mailbox.UIDNext != 1 || archive.mailbox.UIDValidity == 0 {
			t.Errorf("cursor %+v", archive.mailbox)
		}
		s.load(t, "INBOX", sample(2))
		if report := fetch(t, archive, source); report.Stored != 2 {
			t.Errorf("%+v", report)
		}
	})
}

func TestFetchSince(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		s.load(t, "lists", sample(100)) // an hour apart: four days and a bit
		for _, test := range []struct {
			name  string
			since time.Time
			want  int
		}{
			{"in the middle", start.AddDate(0, 0, 2), 100 - 39},
			{"before all", start.AddDate(-1, 0, 0), 100},
			{"behind all", start.AddDate(1, 0, 0), 0},
		} {
			t.Run(test.name, func(t *testing.T) {
				archive := newMemory(t)
				source := Source{Account: s.account(), Mailbox: "lists", Since: test.since}
				if report := fetch(t, archive, source); report.Stored != test.want {
					t.Errorf("%+v, want %d", report, test.want)
				}
				if archive.mailbox.UIDNext != 101 {
					t.Errorf("cursor at %d", archive.mailbox.UIDNext)
				}
				if report := fetch(t, archive, source); report.Found != 0 {
					t.Errorf("second run: %+v", report)
				}
			})
		}
	})
}

func TestFetchAfterUIDValidityChange(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		mails := sample(40)
		s.load(t, "lists", mails[:30])
		archive := newMemory(t)
		source := Source{Account: s.account(), Mailbox: "lists"}
		fetch(t, archive, source)
		before := archive.mailbox.UIDValidity

		s.replace(t, "lists", mails[10:])
		report := fetch(t, archive, source)
		if !report.Resynced || report.Stored != 10 || report.Duplicates != 20 {
			t.Errorf("%+v", report)
		}
		if archive.mailbox.UIDValidity == before || archive.mailbox.UIDNext != 31 || len(archive.messages) != 40 {
			t.Errorf("cursor %+v, %d messages", archive.mailbox, len(archive.messages))
		}
		if report := fetch(t, archive, source); report.Resynced || report.Found != 0 {
			t.Errorf("once more: %+v", report)
		}
	})
}

// A server that starts again with the old UIDVALIDITY but hands out UIDs anew
// breaks the protocol; it must not cost any mail.
func TestFetchAfterUIDNextFell(t *testing.T) {
	s := startInProcess(t, mailtest.Plain)
	s.load(t, "lists", sample(3))
	archive := newMemory(t)
	source := Source{Account: s.account(), Mailbox: "lists"}
	fetch(t, archive, source)
	archive.mailbox.UIDNext = 50
	if report := fetch(t, archive, source); !report.Resynced || report.Duplicates != 3 || archive.mailbox.UIDNext != 4 {
		t.Errorf("%+v, cursor %+v", report, archive.mailbox)
	}
}

func TestWhatCannotBeParsedIsKept(t *testing.T) {
	s := startInProcess(t, mailtest.Plain)
	mails := sample(5)
	mails[1].Raw = []byte("X-Unreadable: yes\r\n\r\nbytes")
	mails[3].Raw = []byte("X-Panic: yes\r\n\r\nbytes")
	s.load(t, "lists", mails)
	archive := newMemory(t)
	report := fetch(t, archive, Source{Account: s.account(), Mailbox: "lists"})
	if report.Stored != 3 || report.Quarantined != 2 {
		t.Errorf("%+v", report)
	}
	for _, want := range []string{"lists/lists 2 this mail cannot be read", "lists/lists 4 the parser panicked: a bug"} {
		if !strings.Contains(archive.quarantined[want], "bytes") {
			t.Errorf("no %q in quarantine: %v", want, archive.quarantined)
		}
	}
}

func TestTooLargeMailsAreKeptInPart(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		mails := sample(4)
		mails[1].Raw = []byte("Message-ID: <big@example.org>\r\n\r\n" + strings.Repeat("a line of a large mail\r\n", 1_300_000))
		s.load(t, "lists", mails)
		archive := newMemory(t)
		report := fetch(t, archive, Source{Account: s.account(), Mailbox: "lists", MaxMessageBytes: 1 << 20})
		if report.Stored != 4 {
			t.Errorf("%+v", report)
		}
		kept := archive.messages["big@example.org"]
		if len(kept) > beginningBytes || len(kept) < beginningBytes-100 || !strings.HasPrefix(string(mails[1].Raw), kept) || !strings.HasSuffix(kept, "\n") {
			t.Errorf("%d bytes were kept", len(kept))
		}
		want := fmt.Sprintf("at the source: it is larger than max_message_bytes (1048576): only the first %d of %d bytes were read", len(kept), len(mails[1].Raw))
		if defects := archive.defects["big@example.org"]; !slices.Equal(defects, []string{want}) {
			t.Errorf("defects %q", defects)
		}
		if defects := archive.defects["1@example.org"]; len(defects) > 0 {
			t.Errorf("defects %q of a small mail", defects)
		}
	})
}

// wantLikeUndisturbed fetches until the mailbox has been read to its end.
func wantLikeUndisturbed(t *testing.T, archive, undisturbed *memory, source Source) {
	t.Helper()
	for range 10 {
		in := ingester(t, archive)
		_, err := in.Fetch(t.Context(), source, nil)
		in.Close()
		if err == nil {
			break
		}
	}
	same(t, archive, undisturbed)
}

// sweepSample has mails of all kinds, in more than one batch.
func sweepSample() []mailtest.Mail {
	mails := sample(60)
	mails[20].Raw = []byte("X-Unreadable: yes\r\n\r\nbytes")
	mails[40].Raw = []byte("Message-ID: <big@example.org>\r\n\r\n" + strings.Repeat("long\r\n", 2000))
	return mails
}

func TestCutAfterAnyCommand(t *testing.T) {
	s := startInProcess(t, mailtest.ImplicitTLS)
	s.load(t, "lists", sweepSample())
	source := Source{Account: s.account(), Mailbox: "lists", MaxMessageBytes: 8000}
	undisturbed := newMemory(t)
	fetch(t, undisturbed, source)
	for k := range len(s.Commands()) {
		archive := newMemory(t)
		s.FailNext(mailtest.CutAfterCommands(k + 1))
		report := fetch(t, archive, source)
		if report.Found != 60 {
			t.Errorf("cut at command %d: %+v", k+1, report)
		}
		same(t, archive, undisturbed)
	}
}

func TestCancelledAnywhere(t *testing.T) {
	s := startInProcess(t, mailtest.ImplicitTLS)
	s.load(t, "lists", sample(1500))
	source := Source{Account: s.account(), Mailbox: "lists"}
	undisturbed := newMemory(t)
	fetch(t, undisturbed, source)
	for add := 1; add <= undisturbed.adds; add++ {
		archive := newMemory(t)
		ctx, cancel := context.WithCancel(t.Context())
		archive.beforeAdd = func(n int) error {
			if n == add {
				cancel()
			}
			return nil
		}
		began := time.Now()
		_, err := ingester(t, archive).Fetch(ctx, source, nil)
		if !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
			t.Errorf("cancelled at write %d: %v after %s", add, err, time.Since(began))
		}
		if len(archive.failures) > 0 || archive.completed > 0 {
			t.Errorf("cancelling was recorded: %v, %d", archive.failures, archive.completed)
		}
		archive.beforeAdd = nil
		wantLikeUndisturbed(t, archive, undisturbed, source)
	}
}

func TestCancelledWhileTheServerIsSilent(t *testing.T) {
	s := startInProcess(t, mailtest.ImplicitTLS)
	s.load(t, "lists", sample(100))
	source := Source{Account: s.account(), Mailbox: "lists"}
	source.Account.Timeout = time.Minute
	undisturbed := newMemory(t)
	fetch(t, undisturbed, source)
	for _, after := range []int64{0, 20, 500, 2000, s.BytesSent() - 50} {
		s.FailNext(mailtest.StallAfterBytes(after))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		archive := newMemory(t)
		began := time.Now()
		_, err := ingester(t, archive).Fetch(ctx, source, nil)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("stalled after %d bytes: %v after %s", after, err, time.Since(began))
		}
		wantLikeUndisturbed(t, archive, undisturbed, source)
	}
}

func TestStallingServer(t *testing.T) {
	s := startInProcess(t, mailtest.ImplicitTLS)
	s.load(t, "lists", sample(100))
	source := Source{Account: s.account(), Mailbox: "lists"}
	undisturbed := newMemory(t)
	fetch(t, undisturbed, source)
	source.Account.Timeout = 500 * time.Millisecond
	for _, after := range []int64{0, 20, 500, 2000} {
		t.Run(fmt.Sprintf("once after %d bytes", after), func(t *testing.T) {
			s.FailNext(mailtest.StallAfterBytes(after))
			archive := newMemory(t)
			fetch(t, archive, source)
			same(t, archive, undisturbed)
		})
	}
	t.Run("always", func(t *testing.T) {
		s.FailNext(slices.Repeat([]mailtest.Fault{mailtest.StallAfterBytes(20)}, maxFirstFailures+1)...)
		archive := newMemory(t)
		_, err := ingester(t, archive).Fetch(t.Context(), source, nil)
		if !errors.Is(err, ErrStalled) || len(archive.failures) != 1 {
			t.Errorf("%v, recorded %v", err, archive.failures)
		}
	})
}

func TestStorageFailure(t *testing.T) {
	s := startInProcess(t, mailtest.Plain)
	s.load(t, "lists", sample(1500))
	source := Source{Account: s.account(), Mailbox: "lists"}
	archive := newMemory(t)
	full := errors.New("no space left on device")
	archive.beforeAdd = func(n int) error {
		if n == 2 {
			return full
		}
		return nil
	}
	report, err := ingester(t, archive).Fetch(t.Context(), source, nil)
	if !errors.Is(err, full) || report.Stored != 500 || archive.mailbox.UIDNext != 501 || len(archive.failures) != 1 {
		t.Errorf("%v, %+v, cursor %d, failures %v", err, report, archive.mailbox.UIDNext, archive.failures)
	}
	if got := s.Connections(); got != 1 {
		t.Errorf("%d connections", got)
	}
	if report := fetch(t, archive, source); report.Stored != 1000 {
		t.Errorf("second run: %+v", report)
	}
}

func TestNothingNewCostsOneRoundTrip(t *testing.T) {
	s := startInProcess(t, mailtest.ImplicitTLS)
	s.load(t, "lists", sample(10))
	archive := newMemory(t)
	source := Source{Account: s.account(), Mailbox: "lists"}
	fetch(t, archive, source)
	before := len(s.Commands())
	fetch(t, archive, source)
	commands := s.Commands()[before:]
	i := slices.Index(commands, "EXAMINE")
	if i < 0 || !slices.Equal(commands[i:], []string{"EXAMINE", "LOGOUT"}) {
		t.Errorf("commands %v", commands)
	}
}

func TestNextWindow(t *testing.T) {
	ranges := []imap.UIDRange{{Start: 10, Stop: 14}, {Start: 100, Stop: 100}, {Start: 200, Stop: 400}}
	for _, test := range []struct {
		next, span, first, last uint32
	}{
		{10, 3, 10, 12},
		{10, 5, 10, 14},
		{10, 6, 10, 100},
		{13, 4, 13, 200},
		{15, 1, 15, 100},
		{101, 500, 101, 999},
		{101, 201, 101, 999},
		{101, 200, 101, 399},
		{400, 1, 400, 999},
		{1, 1, 1, 10},
	} {
		first, last := nextWindow(ranges, test.next, 999, test.span)
		if first != test.first || last != test.last {
			t.Errorf("from %d, span %d: %d to %d, want %d to %d", test.next, test.span, first, last, test.first, test.last)
		}
	}
}

func TestBeginningKeepsWholeLines(t *testing.T) {
	raw := []byte("one\ntwo\nthree")
	for limit, want := range map[int64]string{100: "one\ntwo\n", 8: "one\ntwo\n", 7: "one\n", 2: "on"} {
		if got := beginning(raw, limit); !bytes.Equal(got, []byte(want)) {
			t.Errorf("limit %d: %q", limit, got)
		}
	}
}

func BenchmarkFetchDovecot(b *testing.B) {
	if _, err := os.Stat(realMbox); err != nil {
		b.Skipf("the corpus of real mail is absent: %v", err)
	}
	s := dovecot{peertest.Dovecot(b)}
	mails := peertest.ReadMbox(b, realMbox)
	const copies = 8
	for range copies {
		s.Load(b, "lists", mails)
	}
	source := Source{Account: s.account(), Mailbox: "lists"}
	fetch(b, newMemory(b), source) // Dovecot builds its index
	b.ResetTimer()
	var report Report
	for range b.N {
		report = fetch(b, newMemory(b), source)
	}
	if report.Found != copies*len(mails) || report.Quarantined != 0 {
		b.Errorf("%+v", report)
	}
	b.ReportMetric(float64(b.N*report.Found)/b.Elapsed().Seconds(), "msgs/s")
	b.SetBytes(report.Bytes)
}
