package ingest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sigpost/internal/mailtest"
)

// killing is a server that closes the connection at each body it is asked for,
// unless it is for a piece that may says is to be had.
func killing(t *testing.T, messages int, may func(offset, size int) bool) *scripted {
	return startScripted(t, messages, func(s *scripted) {
		s.raw[1] = "Message-ID: <1@example.org>\r\n\r\n" + strings.Repeat("a line of text\r\n", 100)
		s.answer = func(c *conversation, tag, command string) bool {
			if !strings.Contains(command, "BODY") || !strings.HasPrefix(command, "UID FETCH 1 ") && !strings.HasPrefix(command, "UID FETCH 1:") {
				return false
			}
			_, partial, _ := strings.Cut(command, "<")
			partial, _, _ = strings.Cut(partial, ">")
			from, length, isPartial := strings.Cut(partial, ".")
			offset, _ := strconv.Atoi(from)
			size, _ := strconv.Atoi(length)
			if !isPartial || !may(offset, size) {
				c.Close()
				return true
			}
			raw := s.raw[1]
			raw = raw[min(offset, len(raw)):min(offset+size, len(raw))]
			c.say("* 1 FETCH (UID 1 BODY[]<%d> {%d}\r\n%s)\r\n%s OK done", offset, len(raw), raw, tag)
			return true
		}
	})
}

// A message that cannot be had in one go is put together from pieces.
func TestMessageInPieces(t *testing.T) {
	for name, may := range map[string]func(offset, size int) bool{
		"large pieces": func(int, int) bool { return true },
		"small pieces": func(_, size int) bool { return size <= smallPieceBytes },
	} {
		for _, messages := range []int{1, 5} {
			t.Run(fmt.Sprintf("%s, %d messages", name, messages), func(t *testing.T) {
				s := killing(t, messages, may)
				archive := newMemory(t)
				fetch(t, archive, s.source())
				s.wantAll(t, archive)
				if len(archive.quarantined) > 0 || archive.mailbox.Mark != "" {
					t.Errorf("quarantine holds %v, mark %q", archive.quarantined, archive.mailbox.Mark)
				}
			})
		}
	}
}

// What there is of a message that cannot be had is kept, and shows that the
// server's storage is not away.
func TestLoneMessageOfWhichAPartCanBeHad(t *testing.T) {
	s := killing(t, 1, func(offset, size int) bool { return size <= smallPieceBytes && offset < 1000 })
	archive := newMemory(t)
	if report := fetch(t, archive, s.source()); report.Quarantined != 1 || archive.mailbox.UIDNext != 2 {
		t.Errorf("%+v", report)
	}
	for key, raw := range archive.quarantined {
		if raw != s.raw[1][:1024] || !strings.Contains(key, "could not be fetched") {
			t.Errorf("%q: %d bytes", key, len(raw))
		}
	}
}

// The only message of a mailbox, of which nothing can be had: it is not given
// up while the server's storage may be away, and it does not block for ever.
func TestLoneMessageThatCannotBeHad(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	s := killing(t, 1, func(int, int) bool { return !away.Load() })
	archive := newMemory(t)
	run := func(after time.Duration) (Report, error) {
		in := ingester(t, archive)
		defer in.Close()
		in.clock = mailtest.FixedClock(start.Add(after))
		return in.Fetch(t.Context(), s.source(), nil)
	}
	for _, after := range []time.Duration{0, time.Hour, 71 * time.Hour} {
		if report, err := run(after); !errors.Is(err, ErrConnection) || report.Found != 0 || archive.mailbox.UIDNext > 1 || strings.Contains(err.Error(), "\n") {
			t.Fatalf("after %s: %+v, %v", after, report, err)
		}
	}
	kept := archive.mailbox
	if report, err := run(73 * time.Hour); err != nil || report.Quarantined != 1 || archive.mailbox.UIDNext != 2 || archive.mailbox.Mark != "" {
		t.Errorf("%+v, %v, %+v", report, err, archive.mailbox)
	}
	for key := range archive.quarantined {
		if !strings.Contains(key, "at any time since "+start.Format(time.RFC3339)) {
			t.Errorf("%q", key)
		}
	}
	// Had the storage come back, nothing would have been lost.
	archive = newMemory(t)
	archive.mailbox = kept
	away.Store(false)
	if report, err := run(73 * time.Hour); err != nil || report.Stored != 1 || archive.mailbox.Mark != "" {
		t.Errorf("%+v, %v, %+v", report, err, archive.mailbox)
	}
	s.wantAll(t, archive)
}

func TestParseFailing(t *testing.T) {
	f := failing{validity: 9, uid: 7, since: start}
	if got := parseFailing(f.String()); got.uid != 7 || got.validity != 9 || !got.since.Equal(start) {
		t.Errorf("%+v", got)
	}
	for _, mark := range []string{"", "failing", "offset 17", "failing x y z"} {
		if got := parseFailing(mark); got != (failing{}) {
			t.Errorf("%q: %+v", mark, got)
		}
	}
}
