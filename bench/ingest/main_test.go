// Package ingest measures what it takes to make a threaded full-text archive of
// an IMAP mailbox: sigpost beside whichever of its peers are installed.
package ingest

import (
	"flag"
	"os"
	"testing"

	"sigpost/internal/peertest"
)

var (
	mboxFile = flag.String("mbox", "../../../shared/corpora/googlegroups-openiscsi-dev/open-iscsi.googlegroups.com.mbox.gz", "the mail to run on, an mbox (may be gzipped)")
	copies   = flag.Int("copies", 0, "how many times over, each copy with other Message-IDs, words and dates; 0 runs on its first mails only, which shows that all works and measures nothing")
	runs     = flag.Int("runs", 1, "how many runs, of which the medians are told")
	peers    = flag.String("peers", "mu,notmuch,public-inbox", "whom to run beside sigpost, as far as installed; none if empty")
	profiles = flag.String("profile", "", "run sigpost once more and write its CPU profiles into this folder")
)

func readMbox(t *testing.T) []peertest.Mail {
	t.Helper()
	if _, err := os.Stat(*mboxFile); err != nil {
		t.Skipf("no mail to run on (-mbox FILE names some): %v", err)
	}
	return peertest.ReadMbox(t, *mboxFile)
}
