// Package bench measures sigpost as a program, on real mail and with real
// servers, and checks what came out. It reports; nothing fails for being slow.
package bench

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost/bench/internal/program"
	"sigpost/internal/peertest"
)

var (
	mboxFile = flag.String("mbox", "../../shared/corpora/googlegroups-openiscsi-dev/open-iscsi.googlegroups.com.mbox.gz", "the list to run on, an mbox of one list")
	asOf     = flag.String("now", "2020-08-24T14:00:00Z", "compose the issue of the week before")
	keep     = flag.String("keep", "", "copy the letters into this folder, to be looked at")
)

// listConfig is for one list of which nothing is known but its mail.
const listConfig = `[archive]
database = "sigpost.db"
secret_file = "secret"
[[list]]
name = "list"
[[account]]
name = "dovecot"
host = %q
ca_file = %q
username = %q
password_file = "password"
[[account.mailbox]]
name = "list"
list = "list"
[[digest]]
name = "weekly"
title = "The list's week"
from = "weekly@digest.example.org"
unsubscribe_mailto = "leave@digest.example.org"
[smtp]
host = %q
tls = "plain"
`

// runReport is what of "sigpost run --json" is looked at.
type runReport struct {
	Ingest struct {
		Stored, Duplicates, Quarantined int
		Took                            time.Duration `json:"took_ns"`
	}
	Classify struct {
		Threads, Tagged int
		Took            time.Duration `json:"took_ns"`
	}
	Digests []struct {
		Composed *struct {
			Number int
			Stats  struct{ Threads, Messages, People, Robots int }
			Took   time.Duration `json:"took_ns"`
		}
		Sent []struct {
			Outcome struct{ Sent int }
			Took    time.Duration `json:"took_ns"`
		}
	}
	Took time.Duration `json:"took_ns"`
}

// TestRealList takes a real list from a mbox through Dovecot and the program
// to readers behind Postfix's smtp-sink.
func TestRealList(t *testing.T) {
	if _, err := os.Stat(*mboxFile); err != nil {
		t.Skipf("no real list to run on (-mbox FILE names one): %v", err)
	}
	dovecot, sink := peertest.Dovecot(t), peertest.SMTPSink(t)
	mails := peertest.ReadMbox(t, *mboxFile)
	bytesIn := 0
	for _, m := range mails {
		bytesIn += len(m.Raw)
	}
	dovecot.Load(t, "list", mails)
	p := program.Build(t, fmt.Sprintf(listConfig, dovecot.Addr, dovecot.CAFile, dovecot.User, sink.Addr))
	p.Write(t, "password", dovecot.Password)
	for _, reader := range []string{"ana", "ben", "cyd"} {
		p.Run(t, "subscriber", "add", "--consent", "in a test", reader+"@readers.example.org")
	}

	first, state := report(t, p, *asOf)
	if n := first.Ingest.Stored + first.Ingest.Duplicates + first.Ingest.Quarantined; n != len(mails) {
		t.Errorf("%d mails are accounted for, of %d: %+v", n, len(mails), first.Ingest)
	}
	letters := sink.Letters()
	if len(letters) != 3 {
		t.Errorf("%d letters for 3 readers", len(letters))
	}
	for _, l := range letters {
		text := string(l.Data)
		for _, footer := range []string{"You received this message because", "To unsubscribe from this group", "googlegroups.com/d/optout"} {
			if strings.Contains(strings.ReplaceAll(text, "=\n", ""), footer) {
				t.Errorf("the list's footer is in the letter: %s", footer)
			}
		}
	}
	second, _ := report(t, p, *asOf)
	if len(sink.Letters()) != len(letters) || second.Ingest.Stored != 0 || second.Digests[0].Composed != nil {
		t.Errorf("the second run did something: %+v", second)
	}
	saveLetters(t, letters)
	tell(t, first, second, state, len(mails), bytesIn, size(t, p.Dir))
}

// report runs everything as of a time and gives the report.
func report(t *testing.T, p program.Program, now string) (runReport, *os.ProcessState) {
	t.Helper()
	out, state := p.Run(t, "--json", "--now", now, "run")
	var r runReport
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return r, state
}

func saveLetters(t *testing.T, letters []peertest.SinkLetter) {
	t.Helper()
	if *keep == "" {
		return
	}
	for _, l := range letters {
		if err := os.WriteFile(filepath.Join(*keep, l.To[0]+".eml"), l.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// size is the bytes of the database and what stands beside it.
func size(t *testing.T, dir string) (n int64) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "sigpost.db*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return n
}

func tell(t *testing.T, first, second runReport, state *os.ProcessState, mails, bytesIn int, disk int64) {
	t.Helper()
	usage := state.SysUsage().(*syscall.Rusage)
	t.Logf("ingest    %d mails, %.1f MB: %d stored, %d duplicates, %d in quarantine, in %v: %.0f a second",
		mails, float64(bytesIn)/1e6, first.Ingest.Stored, first.Ingest.Duplicates, first.Ingest.Quarantined,
		first.Ingest.Took.Round(time.Millisecond), float64(mails)/first.Ingest.Took.Seconds())
	t.Logf("classify  %d threads, %d tagged, in %v", first.Classify.Threads, first.Classify.Tagged, first.Classify.Took.Round(time.Millisecond))
	for _, d := range first.Digests {
		if d.Composed != nil {
			t.Logf("compose   issue %d: %d threads, %d messages, %d people, %d by robots, in %v", d.Composed.Number,
				d.Composed.Stats.Threads, d.Composed.Stats.Messages, d.Composed.Stats.People, d.Composed.Stats.Robots, d.Composed.Took.Round(time.Millisecond))
		}
		for _, s := range d.Sent {
			t.Logf("send      %d letters in %v", s.Outcome.Sent, s.Took.Round(time.Millisecond))
		}
	}
	t.Logf("run       %v; %.2f CPU s; peak %d MB; disk %.2f of the mail's bytes; the second run %v",
		first.Took.Round(time.Millisecond), (state.UserTime() + state.SystemTime()).Seconds(), usage.Maxrss/1024,
		float64(disk)/float64(bytesIn), second.Took.Round(time.Millisecond))
}
