package ingest

import (
	"os"
	"slices"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

// newOnes is how many mails come in after the archive has been made, idle how
// often nothing has.
const (
	newOnes = 100
	idle    = 5
)

// result is what was measured of a contender.
type result struct {
	contender
	fills []steps // a run each
	whole []usage // their sums
	disk  []int64 // bytes
	none  []usage // syncs with nothing new
	more  []usage // syncs with newOnes more
}

type steps []usage

// bench is the mailbox, and who reads it.
type bench struct {
	dovecot  *peertest.DovecotServer
	session  *session
	mails    int   // in the mailbox
	bytes    int64 // of these, as IMAP counts them
	distinct int   // Message-IDs of these
	late     []peertest.Mail
	lateIDs  int // Message-IDs that come with the late ones
	results  []*result
}

// archive is what a contender has made in a run.
type archive struct {
	*result
	dir     string
	printed [][]byte
}

// TestIngest takes a list's mail from Dovecot into the archives of sigpost and
// its peers, in turns.
func TestIngest(t *testing.T) {
	mails := readMbox(t)
	b := fill(t, newCorpus(mails))
	for _, c := range contenders(t, b.dovecot) {
		b.results = append(b.results, &result{contender: c})
	}
	for n := range *runs {
		b.run(t, n)
	}
	b.tell(t)
	if *profiles != "" {
		b.profile(t)
	}
}

// fill makes the mailbox, but for its last mails, which come later.
func fill(t *testing.T, c *corpus) *bench {
	t.Helper()
	b := &bench{dovecot: peertest.Dovecot(t)}
	begin := time.Now()
	places := c.mailbox(*copies)
	late := min(newOnes, len(places)/2)
	loaded := places[:len(places)-late]
	for chunk := range slices.Chunk(loaded, 5000) {
		var mails []peertest.Mail
		for _, p := range chunk {
			m := c.mail(p)
			b.bytes += imapBytes(m.Raw)
			mails = append(mails, m)
		}
		b.dovecot.Load(t, mailboxName, mails)
	}
	for _, p := range places[len(loaded):] {
		b.late = append(b.late, c.mail(p))
	}
	b.mails, b.distinct = len(loaded), c.distinct(loaded)
	b.lateIDs = c.distinct(places) - b.distinct
	t.Logf("%d mails, %.1f MB, were made and put into Dovecot in %v", b.mails, float64(b.bytes)/1e6, time.Since(begin).Round(time.Millisecond))
	b.session = dial(t, b.dovecot, mailboxName)
	begin = time.Now()
	if n := b.session.fetchAll(t); n != b.mails {
		t.Fatalf("Dovecot has %d mails of %d", n, b.mails)
	}
	t.Logf("a first fetch of all of it, thrown away, took %v", time.Since(begin).Round(time.Millisecond))
	return b
}

// imapBytes is the size of a mail with CRLF line ends.
func imapBytes(raw []byte) (n int64) {
	for i, c := range raw {
		if c == '\n' && (i == 0 || raw[i-1] != '\r') {
			n++
		}
	}
	return n + int64(len(raw))
}

// run lets everybody make an archive, find nothing new, and find some mails
// more. Each run begins with another one.
func (b *bench) run(t *testing.T, n int) {
	t.Helper()
	var archives []*archive
	for i := range b.results {
		r := b.results[(i+n)%len(b.results)]
		a := &archive{result: r, dir: t.TempDir()}
		r.setUp(t, a.dir)
		r.fills = append(r.fills, a.sync(t))
		r.whole = append(r.whole, sum(r.fills[n]))
		r.disk = append(r.disk, diskBytes(t, a.dir))
		check(t, a, b.mails, b.distinct)
		archives = append(archives, a)
	}
	for range idle {
		for _, a := range archives {
			a.none = append(a.none, sum(a.sync(t)))
		}
	}
	remove := b.session.add(t, mailboxName, b.late)
	for _, a := range archives {
		a.more = append(a.more, sum(a.sync(t)))
		check(t, a, b.mails+len(b.late), b.distinct+b.lateIDs)
	}
	remove()
	for _, a := range archives {
		if err := os.RemoveAll(a.dir); err != nil {
			t.Fatal(err)
		}
	}
}

// check says whether an archive has all mail. sigpost must; of a peer that
// passes over a mail we only tell, but one that passes over more than one in a
// hundred has not done the work that it is compared by.
func check(t *testing.T, a *archive, mails, distinct int) {
	t.Helper()
	tally := a.count(t, a.dir, a.printed)
	least := mails
	if tally.onePerID {
		least = distinct
	}
	t.Logf("%-18s accounts for %d of %d mails with %d Message-IDs (%s)", a.name, tally.messages, mails, distinct, tally.note)
	missing := least - tally.messages
	switch {
	case missing > 0 && (a.name == "sigpost" || missing > mails/100):
		t.Errorf("%s has lost %d mails", a.name, missing)
	case missing > 0:
		t.Logf("%s has passed over %d mails", a.name, missing)
	case tally.messages > mails:
		t.Errorf("%s has %d mails more than there are", a.name, tally.messages-mails)
	}
}

// sync runs a contender's steps.
func (a *archive) sync(t *testing.T) steps {
	t.Helper()
	var all steps
	for _, s := range a.contender.steps {
		u, out := measure(t, a.dir, a.env(a.dir), s.args...)
		all = append(all, u)
		a.printed = append(a.printed, out)
	}
	return all
}

func sum(s steps) (all usage) {
	for _, u := range s {
		all = all.and(u)
	}
	return all
}
