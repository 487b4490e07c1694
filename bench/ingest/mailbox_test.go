package ingest

import (
	"slices"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

// fill makes the mailbox, but for its last mails, which come later.
func fill(t *testing.T, c *corpus, copies int) *bench {
	t.Helper()
	b := &bench{dovecot: peertest.Dovecot(t)}
	begin := time.Now()
	places := c.mailbox(copies)
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
