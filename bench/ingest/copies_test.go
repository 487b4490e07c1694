package ingest

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"sigpost/internal/peertest"
)

// corpus is a list's mail, of which any number of copies can be made that
// differ as other mail of the same list would:
//
//   - Message-IDs are others in each copy, and so is each mention of them;
//   - a copy is weeksApart weeks older than the one before it, and copies are
//     shuffled together by date, so that a mailbox has threads side by side;
//   - of the rare words (nine in ten of all there are) each copy takes some
//     that no copy had before it and the others from one of these, so that the
//     vocabulary grows as the list's own does (Heaps' law, with the exponent
//     between its halves, at most 0.8). A word becomes another one by letters
//     changing places with letters as frequent, and is the same one wherever it
//     stands in the copy: what is quoted stays quoted;
//   - random tokens of the header (signatures, queue ids) are others in each
//     copy;
//   - frequent words, addresses and the structure of MIME stay, and so does
//     what is encoded in base64.
//
// The first copy is the mail as it is.
type corpus struct {
	mails []template
	rare  map[string]bool // lower-cased words
	first []int           // of each mail: the first one with its Message-ID
	grows float64         // Heaps' exponent

	alphabets []*letters // by copy, as far as they were needed
}

// template is a mail with the pieces that differ in copies.
type template struct {
	peertest.Mail
	pieces []piece
}

// weeksApart is by how much a copy is older than the one before it, and
// maxWeeks how old one may get: nobody had mail before.
const (
	weeksApart = 12
	maxWeeks   = 1100
)

func newCorpus(mails []peertest.Mail) *corpus {
	c := &corpus{rare: map[string]bool{}}
	ids := map[string]bool{}
	for _, m := range mails {
		for _, id := range headerIDs(m.Raw) {
			ids[id] = true
		}
	}
	firsts := map[string]int{}
	for i, m := range mails {
		c.mails = append(c.mails, template{m, cut(m.Raw, ids)})
		id := messageID(m.Raw)
		if _, known := firsts[id]; !known || id == "" {
			firsts[id] = i
		}
		c.first = append(c.first, firsts[id])
	}
	c.count()
	for i := range c.mails {
		m := &c.mails[i]
		m.pieces = slices.DeleteFunc(m.pieces, func(p piece) bool {
			return (p.kind == aWord || p.kind == aToken) && !c.rare[m.word(p)]
		})
	}
	return c
}

func (m *template) word(p piece) string { return strings.ToLower(string(m.Raw[p.from:p.to])) }

// messageID is the field's first Message-ID.
func messageID(raw []byte) string {
	for len(raw) > 0 && raw[0] != '\n' && raw[0] != '\r' {
		n := lineEnd(raw, 0)
		if name, value, _ := bytes.Cut(raw[:n], []byte(":")); strings.EqualFold(string(name), "Message-ID") {
			return strings.Trim(string(idPattern.Find(value)), "<>")
		}
		raw = raw[n:]
	}
	return ""
}

// place is a mail of a mailbox: mail index of copy.
type place struct {
	copy, index int
	at          time.Time
}

// mailbox gives what stands where in a mailbox of so many copies.
func (c *corpus) mailbox(copies int) []place {
	var places []place
	for n := range copies {
		for i, m := range c.mails {
			places = append(places, place{n, i, m.Received.AddDate(0, 0, -7*weeks(n))})
		}
	}
	if copies > 1 {
		slices.SortStableFunc(places, func(a, b place) int { return a.at.Compare(b.at) })
	}
	return places
}

// weeks is how much older than the original a copy is. What would be too old
// begins again, a week apart.
func weeks(n int) int {
	return n*weeksApart%maxWeeks + n*weeksApart/maxWeeks
}

// distinct is how many Message-IDs the mails of these places have. Those
// without one count each.
func (c *corpus) distinct(places []place) int {
	ids := map[[2]int]bool{}
	for _, p := range places {
		ids[[2]int{p.copy, c.first[p.index]}] = true
	}
	return len(ids)
}

// mail makes the mail of a place.
func (c *corpus) mail(p place) peertest.Mail {
	m := &c.mails[p.index]
	if p.copy == 0 {
		return m.Mail
	}
	return peertest.Mail{Raw: c.render(m, p.copy), Received: p.at}
}
