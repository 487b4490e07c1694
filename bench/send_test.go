package bench

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/bench/internal/program"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
	"sigpost/store"
)

var readers = flag.Int("readers", 300, "how many readers get the issue")

// sendConfig has no mailbox: the sample list is imported.
const sendConfig = `[archive]
database = "sigpost.db"
secret_file = "secret"
[[list]]
name = "list"
[[digest]]
name = "weekly"
title = "The sample's week"
from = "weekly@digest.example.org"
unsubscribe_mailto = "leave@digest.example.org"
[smtp]
host = %q
tls = "plain"
`

// TestSend measures how fast an issue goes out with the ledger on SQLite: each
// reader's letter rendered, built and handed to a smtp-sink that keeps nothing.
func TestSend(t *testing.T) {
	sink := peertest.SMTPDrain(t)
	p := program.Build(t, fmt.Sprintf(sendConfig, sink.Addr))
	mbox := filepath.Join(p.Dir, "sample.mbox")
	p.Write(t, "sample.mbox", string(sampleMbox()))
	p.Run(t, "import", mbox)
	subscribe(t, filepath.Join(p.Dir, "sigpost.db"), *readers)

	r, state := report(t, p, "2016-04-25T14:00:00Z")
	sent := r.Digests[0].Sent[0]
	if sent.Outcome.Sent != *readers {
		t.Errorf("%d letters were sent to %d readers", sent.Outcome.Sent, *readers)
	}
	t.Logf("send      %d letters in %v: %.0f a second; the run took %.2f CPU s, peak %d MB", sent.Outcome.Sent, sent.Took.Round(time.Millisecond),
		float64(sent.Outcome.Sent)/sent.Took.Seconds(), (state.UserTime() + state.SystemTime()).Seconds(), state.SysUsage().(*syscall.Rusage).Maxrss/1024)
}

func sampleMbox() []byte {
	var b []byte
	for _, m := range mailtest.SampleList() {
		b = fmt.Appendf(b, "From sample %s\n%s\n\n", m.Received.UTC().Format(time.ANSIC), m.Raw)
	}
	return b
}

// subscribe puts readers straight into the archive: a process for each would
// take longer than all that is measured.
func subscribe(t *testing.T, file string, n int) {
	t.Helper()
	db, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Tx(t.Context(), func(tx *store.DB) error {
		for i := range n {
			_, err := tx.Subscribe(context.Background(), sigpost.Subscription{Digest: "weekly", State: sigpost.SubscriptionActive, Since: time.Now(),
				Subscriber: sigpost.Subscriber{Addr: fmt.Sprintf("reader%d@readers.example.org", i), Consent: "in a measurement", Created: time.Now()}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
