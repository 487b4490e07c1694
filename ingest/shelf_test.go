package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
)

// shelf is an Archive of files: several mailboxes, and mails in the order in
// which they came. A Message-ID is stored once.
type shelf struct {
	mu          sync.Mutex
	mailboxes   map[string]*sigpost.Mailbox
	mails       []shelved
	known       map[sigpost.MessageID]bool
	quarantined []sigpost.Arrival
	adds        int
	complete    map[string]int
	failing     map[string]string
	beforeAdd   func(add int) error
}

type shelved struct {
	raw, source, list string
	received          time.Time
	defects           []string
}

func newShelf() *shelf {
	return &shelf{
		mailboxes: map[string]*sigpost.Mailbox{}, known: map[sigpost.MessageID]bool{},
		complete: map[string]int{}, failing: map[string]string{},
	}
}

func (s *shelf) Mailbox(_ context.Context, account, name, list string) (sigpost.Mailbox, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasPrefix(account, "file:") || !filepath.IsAbs(name) {
		return sigpost.Mailbox{}, fmt.Errorf("account %q, mailbox %q", account, name)
	}
	key := name // which most tests have once
	if m := s.mailboxes[name]; m != nil && m.Account != account {
		key = account + " " + name
	}
	if s.mailboxes[key] == nil {
		s.mailboxes[key] = &sigpost.Mailbox{ID: int64(len(s.mailboxes) + 1), Account: account, Name: name, List: list}
	}
	return *s.mailboxes[key], nil
}

func (s *shelf) named(id int64) string {
	for name, m := range s.mailboxes {
		if m.ID == id {
			return name
		}
	}
	return ""
}

func (s *shelf) Add(ctx context.Context, cursor *sigpost.Mailbox, arrivals []sigpost.Arrival, _ time.Time) (counts sigpost.AddCounts, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adds++
	if s.beforeAdd != nil {
		if err := s.beforeAdd(s.adds); err != nil {
			return counts, err
		}
	}
	if err := ctx.Err(); err != nil {
		return counts, err
	}
	s.mailboxes[cursor.Name].Mark = cursor.Mark
	for _, a := range arrivals {
		switch {
		case a.Message == nil:
			s.quarantined = append(s.quarantined, a)
			counts.Quarantined++
		case s.known[a.Message.MessageID]:
			counts.Duplicates++
		default:
			s.known[a.Message.MessageID] = true
			s.mails = append(s.mails, shelved{string(a.Raw), a.Source, a.List, a.Message.Received, a.Message.Defects})
			counts.Stored++
		}
	}
	return counts, nil
}

func (s *shelf) ResetMailbox(context.Context, *sigpost.Mailbox, uint32) error {
	return errors.New("a file has no UIDs")
}

func (s *shelf) Fetched(_ context.Context, box *sigpost.Mailbox, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complete[s.named(box.ID)]++
	delete(s.failing, s.named(box.ID))
	return nil
}

func (s *shelf) FetchFailed(_ context.Context, id int64, _ time.Time, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing[s.named(id)] = reason
	return nil
}

// raws are the mails, in order.
func (s *shelf) raws() []string {
	var raws []string
	for _, m := range s.mails {
		raws = append(raws, m.raw)
	}
	return raws
}

// wholeParse knows a mail by all of its bytes, or by its Message-ID where it
// has one.
func wholeParse(raw []byte, date time.Time) (*sigpost.Message, error) {
	m, err := plainParse(raw, date)
	if err == nil && strings.HasPrefix(string(m.MessageID), "derived-") {
		m.MessageID = sigpost.MessageID(fingerprint(raw))
	}
	return m, err
}

func shelver(t testing.TB, s *shelf) *Ingester {
	return New(s, wholeParse, func() time.Time { return start }, slog.New(slog.NewTextHandler(t.Output(), nil)))
}

// imported reads a file that can be read, and checks what always holds.
func imported(t testing.TB, s *shelf, path string) Report {
	t.Helper()
	var last, all int64
	report, err := shelver(t, s).Import(t.Context(), path, "sig", func(done, total int64, _ int) {
		if done < last || done > total {
			t.Errorf("progress went from %d to %d of %d", last, done, total)
		}
		last, all = done, total
	})
	if err != nil {
		t.Fatal(err)
	}
	if last != all {
		t.Errorf("progress ended at %d of %d", last, all)
	}
	if sum := report.Stored + report.Duplicates + report.Quarantined + report.Expunged; sum != report.Found {
		t.Errorf("%d found, but %d accounted for", report.Found, sum)
	}
	return report
}

// interruptedEverywhere stops an import at each of its batches, and lets it go
// on: in the end there is what an undisturbed one brings.
func interruptedEverywhere(t *testing.T, path string) {
	t.Helper()
	whole := newShelf()
	in := shelver(t, whole)
	in.batch = 3
	if _, err := in.Import(t.Context(), path, "sig", nil); err != nil {
		t.Fatal(err)
	}
	if whole.adds < 3 {
		t.Fatalf("%d batches prove nothing", whole.adds)
	}
	stop := errors.New("the power went off")
	cut := newShelf()
	runs, doubles := 0, 0
	for ; ; runs++ {
		had := len(cut.mails)
		// Each run stores one batch and dies at the second.
		first := cut.adds + 1
		cut.beforeAdd = func(add int) error {
			if add > first {
				return stop
			}
			return nil
		}
		in := shelver(t, cut)
		in.batch = 3
		report, err := in.Import(t.Context(), path, "sig", nil)
		doubles += report.Duplicates
		if err == nil {
			break
		}
		if !errors.Is(err, stop) || len(cut.mails) == had && report.Stored > 0 || runs > 10*whole.adds {
			t.Fatalf("run %d: %+v, %v", runs, report, err)
		}
	}
	if fmt.Sprint(cut.mails) != fmt.Sprint(whole.mails) || len(cut.quarantined) != len(whole.quarantined) || doubles > 0 {
		t.Errorf("%d mails and %d in quarantine (%d came twice), want %d and %d", len(cut.mails), len(cut.quarantined), doubles, len(whole.mails), len(whole.quarantined))
	}
	for name, m := range whole.mailboxes {
		if cut.mailboxes[name] == nil || cut.mailboxes[name].Mark != m.Mark {
			t.Errorf("the mark of %s differs", name)
		}
	}
	if runs < 2 {
		t.Errorf("it was interrupted %d times only", runs)
	}
}

// costsNothing imports what was imported already.
func costsNothing(t *testing.T, s *shelf, path string) {
	t.Helper()
	adds := s.adds
	if report := imported(t, s, path); report.Found != 0 || report.Resynced || s.adds != adds {
		t.Errorf("unchanged: %+v, %d batches", report, s.adds-adds)
	}
}

// wrote makes a file, with the folders that it is in.
func wrote(t testing.TB, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// letters makes n mails of different sizes.
func letters(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("Message-ID: <%d@example.org>\nFrom: a@example.org\nSubject: letter %d\n\n%sFrom here on\n", i+1, i+1, strings.Repeat("some words\n", i%7*11)))
	}
	return all
}

// TestInterrupted cancels imports of each kind in the middle: they end at once,
// and the next one brings the rest.
func TestInterrupted(t *testing.T) {
	mails := letters(2000)
	base := t.TempDir()
	makeMaildir(t, filepath.Join(base, "maildir"), mails)
	newEpoch(t, filepath.Join(base, "inbox", "git", "0.git")).mails(mails)
	wrote(t, filepath.Join(base, "mbox"), writeMbox(mails))
	wrote(t, filepath.Join(base, "folder", "mbox.gz"), string(compressed(t, writeMbox(mails))))
	for _, name := range []string{"maildir", "inbox", "mbox", "folder"} {
		for stop := 1; stop < 200; stop += 60 {
			s := newShelf()
			ctx, cancel := context.WithCancel(t.Context())
			var at time.Time
			s.beforeAdd = func(add int) error {
				if add == stop {
					cancel()
					at = time.Now()
				}
				return nil
			}
			in := shelver(t, s)
			in.batch = 10
			_, err := in.Import(ctx, filepath.Join(base, name), "sig", nil)
			if took := time.Since(at); !errors.Is(err, context.Canceled) || took > 5*time.Second || len(s.mails) != (stop-1)*10 || len(s.failing) > 0 {
				t.Errorf("%s at %d: %v after %s, %d mails", name, stop, err, took, len(s.mails))
			}
			report := imported(t, s, filepath.Join(base, name))
			if len(s.mails) != len(mails) || report.Duplicates > 0 {
				t.Errorf("%s at %d: %d mails, %+v", name, stop, len(s.mails), report)
			}
			cancel()
		}
	}
}
