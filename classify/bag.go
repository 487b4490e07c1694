package classify

import (
	"math"
	"slices"
)

// bag counts the terms of a thread that the weights know, and all that there
// are. It is used again for the next thread.
type bag struct {
	counts []float32 // by term, of Weights
	first  []find    // by term, where it was seen first
	seen   []int32   // the terms that have a count
	total  float64   // of all terms, known or not
}

// find is a place in the text of a document.
type find struct {
	doc, start, end int32
	from            field
}

func (b *bag) reset(terms int) {
	if len(b.counts) < terms {
		b.counts, b.first = make([]float32, terms), make([]find, terms)
	}
	for _, t := range b.seen {
		b.counts[t] = 0
	}
	b.seen, b.total = b.seen[:0], 0
}

// add counts a term that stands in a text of that weight.
func (b *bag) add(t int32, weight float32, at find) {
	if b.counts[t] == 0 {
		b.first[t] = at
		b.seen = append(b.seen, t)
	}
	b.counts[t] += weight
}

// value is how much of a term the thread has.
func (b *bag) value(t int32) float64 { return value(float64(b.counts[t]), b.total) }

// value is how much of a term a text has that has it count times, among total
// terms: repetition says ever less, and so does a word among many.
func value(count, total float64) float64 {
	if count < 1 {
		return count / math.Sqrt(max(total, minTotal))
	}
	return (1 + math.Log(count)) / math.Sqrt(max(total, minTotal))
}

// minTotal is the number of terms below which a text counts as short: what one
// word says does not depend on whether it stands alone.
const minTotal = 12

// eachTerm calls add with each term of the scanned atoms: words and pairs of
// them, with the index of the first atom. Mail addresses are left out: they
// would tell people, not topics.
func eachTerm(atoms []atom, add func(h termHash, first, last int)) {
	var before termHash
	at := -2
	for i := range atoms {
		a := &atoms[i]
		if a.hash == 0 || a.flags&(atomAddress|atomPassing|atomOfName) != 0 {
			continue
		}
		add(a.hash, i, i)
		if at == i-1 {
			add(before.pair(a.hash), at, i)
		}
		before, at = a.hash, i
	}
}

// markPassing flags the words of names in the text that was scanned last, for
// whose use as names nothing speaks, where the same tag is named in earnest
// beside it: who writes "Heat templates" does not write "the heat" of Heat.
// first is the first hit of that text.
func (s *scratch) markPassing(p *program, first int) {
	at := 0 // hits of a kind are in the order of the text
	for i := range s.hits[first:] {
		h := &s.hits[first+i]
		if !h.inPassing(p) || !slices.ContainsFunc(s.hits[first:], func(o hit) bool { return o.tag == h.tag && !o.inPassing(p) }) {
			continue
		}
		if at >= len(s.atoms) || s.atoms[at].start > h.start {
			at = 0
		}
		for at < len(s.atoms) && s.atoms[at].start < h.start {
			at++
		}
		for k := at; k < len(s.atoms) && s.atoms[k].end <= h.end; k++ {
			s.atoms[k].flags |= atomPassing
		}
	}
}

// inPassing says whether a hit is an ordinary word, and nothing shows that it
// is meant as a name.
func (h *hit) inPassing(p *program) bool {
	return h.kind != termTogether && h.field != fieldPath && p.terms[h.term].guarded &&
		!h.own && !h.neighbour && !h.capital && h.edits == 0
}

// count counts the terms of the text that was scanned last. first is its first
// hit.
func (s *scratch) count(c *Classifier, first int, from field, doc int32, opener bool) {
	weight := float32(1)
	if !opener {
		weight = placeReply
	}
	if from == fieldSubject {
		weight *= subjectCounts
	}
	x := c.lexicon
	if len(x.names) == 0 && s.all == nil {
		return
	}
	if from == fieldText {
		// In a subject brackets and colons make names, too.
		s.markPassing(c.program, first)
	}
	eachTerm(s.atoms, func(h termHash, first, last int) {
		s.bag.total += float64(weight)
		at := find{doc: doc, start: s.atoms[first].start, end: s.atoms[last].end, from: from}
		if t, ok := x.ids.get(h); ok {
			s.bag.add(t, weight, at)
		}
		if s.all != nil {
			s.all.add(h, float64(weight), at)
		}
	})
}

// subjectCounts is how often a word of a subject counts.
const subjectCounts = 2
