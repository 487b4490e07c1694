package ingest

import (
	"os"
	"testing"

	"sigpost/internal/peertest"
)

// newOnes is how many mails come in after the archive has been made, idle how
// often nothing has, and firstMails how many there are where nothing is measured.
const (
	newOnes    = 100
	idle       = 5
	firstMails = 200
)

// result is what was measured of a contender, a sync each.
type result struct {
	contender
	fill []sync  // from nothing, a run each
	disk []int64 // bytes after that
	none []sync  // with nothing new
	more []sync  // with newOnes more
}

// sync is what each step of bringing an archive up to date took.
type sync []usage

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
	mails, times := readMbox(t), *copies
	if times == 0 {
		mails, times = mails[:min(firstMails, len(mails))], 1
	}
	b := fill(t, newCorpus(mails), times)
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

// run lets everybody make an archive, find nothing new, and find some mails
// more. Each run begins with another one.
func (b *bench) run(t *testing.T, n int) {
	t.Helper()
	var archives []*archive
	for i := range b.results {
		r := b.results[(i+n)%len(b.results)]
		a := &archive{result: r, dir: t.TempDir()}
		r.setUp(t, a.dir)
		r.fill = append(r.fill, a.sync(t))
		r.disk = append(r.disk, diskBytes(t, a.dir))
		check(t, a, b.mails, b.distinct)
		archives = append(archives, a)
	}
	for range idle {
		for _, a := range archives {
			a.none = append(a.none, a.sync(t))
		}
	}
	remove := b.session.add(t, mailboxName, b.late)
	for _, a := range archives {
		a.more = append(a.more, a.sync(t))
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
func (a *archive) sync(t *testing.T) sync {
	t.Helper()
	var all sync
	for _, s := range a.contender.steps {
		u, out := measure(t, a.dir, a.env(a.dir), s.args...)
		all = append(all, u)
		a.printed = append(a.printed, out)
	}
	return all
}
