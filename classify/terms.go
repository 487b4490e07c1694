package classify

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// A taxonomy may weigh words: TagSpec.Terms make a tag likelier and
// TagSpec.Against less likely, each by what a person wrote for it. They support
// a tag and do not found it: where nothing else shows the tag, they count in
// threads about the taxonomy's field alone, and are not enough to accept it.
const (
	// maxTermWeight is the most that a person may write for a term, and
	// maxTermWords of how many words it may be.
	maxTermWeight = 5
	maxTermWords  = 4
	// maxUnnamedX is the most that terms add to x where nothing else shows the
	// tag: enough for a proposal and too little to be accepted.
	maxUnnamedX = 0.8
)

// weighed says whether terms of this kind have weights of their own.
func (k termKind) weighed() bool { return k == termWeighed || k == termAgainst }

// addWeighed makes the weighted terms of a tag known. They are apart from other
// terms, so that a name is found inside them, and each of them counts, whatever
// else stands in the same place; the last word may be a plural.
func (p *program) addWeighed(s *TagSpec, tag int32) {
	for _, of := range []struct {
		kind  termKind
		sign  float64
		terms map[string]float64
	}{{termWeighed, 1, s.Terms}, {termAgainst, -1, s.Against}} {
		for _, text := range slices.Sorted(maps.Keys(of.terms)) {
			id := p.addTerm(rootWeighed, term{kind: of.kind, tag: tag, text: text, weight: of.sign * of.terms[text]})
			words := splitAtoms(text)
			last := len(words) - 1
			words[last] += "s"
			if at := p.path(rootWeighed, words); !slices.Contains(p.nodes[at].terms, id) {
				p.nodes[at].terms = append(p.nodes[at].terms, id)
			}
		}
	}
}

// findWeighed notes all weighted terms that begin with atom i.
func (s *scratch) findWeighed(p *program, i int, from field, doc int32) {
	a := &s.atoms[i]
	if a.id == noWord || p.flags[a.id]&wordWeighed == 0 || a.flags&(atomURL|atomAddress) != 0 {
		return
	}
	at := int32(rootWeighed)
	for j := i; j < len(s.atoms) && (j == i || s.atoms[j].gap != gapBreak) && s.atoms[j].edits == 0; j++ {
		next, ok := p.edges[edge{at, s.atoms[j].id}]
		if !ok {
			return
		}
		at = next
		for _, id := range p.nodes[at].terms {
			t := &p.terms[id]
			s.hits = append(s.hits, hit{
				term: id, tag: t.tag, kind: t.kind, field: from, from: from, doc: doc, start: a.start, end: s.atoms[j].end,
			})
		}
	}
}

// weighTerm sets the weight of a hit of a weighted term.
func (h *hit) weighTerm(p *program, opener bool) {
	f := fieldFactors[h.field]
	h.weight, h.limit = p.terms[h.term].weight*f.weight*h.place(opener), f.limit
}

// support takes away what weighted terms add to a tag beyond what they may: see
// maxUnnamedX. inField says that the thread is about the taxonomy's field.
func (f *finding) support(inField bool) {
	room := maxUnnamedX
	if !inField {
		room = 0
	}
	for i := range f.sums {
		if !f.sums[i].best.kind.weighed() && f.sums[i].weight > 0 {
			return
		}
	}
	f.unnamed = true
	kept := f.sums[:0]
	for _, u := range f.sums {
		if u.best.kind == termWeighed {
			f.x -= u.weight
			u.weight = round(min(u.weight, room))
			f.x += u.weight
			room -= u.weight
		}
		if u.weight != 0 {
			kept = append(kept, u)
		}
	}
	f.sums = kept
}

// weights checks the weighted terms of tag i.
func (c *checker) weights(i int) {
	s := &c.t.Tags[i]
	in := map[string]string{} // words → the key that they stand in
	for _, of := range []struct {
		key   string
		terms map[string]float64
	}{{"terms", s.Terms}, {"against", s.Against}} {
		for _, text := range slices.Sorted(maps.Keys(of.terms)) {
			fail := func(format string, args ...any) { c.failAt(c.keyLine(i, of.key, text), i, of.key+": "+format, args...) }
			words := splitAtoms(text)
			key := strings.ToLower(strings.Join(words, " "))
			switch w := of.terms[text]; {
			case len(words) == 0:
				fail("empty entry %q", text)
			case len(words) > maxTermWords:
				fail("%q has %d words; %d are the most", text, len(words), maxTermWords)
			case math.IsNaN(w) || w <= 0 || w > maxTermWeight:
				fail("the weight of %q must be above 0 and %d at most, not %v; 1 is like the tag's name once", text, maxTermWeight, w)
			case in[key] == of.key:
				fail("%q is there twice", text)
			case in[key] != "":
				fail("%q stands in %s already; a word speaks for the tag or against it", text, in[key])
			}
			in[key] = of.key
		}
	}
}
