package classify

import (
	"cmp"
	"math"
	"slices"

	"sigpost"
)

// What the rules find adds up to x, for each tag. One rule in one field counts
//
//	sum of (field × kind × context × place) over what it found,
//
// of which everything above 1 counts by its logarithm only, and never more
// than the limits below. So one plain name in the new text of a thread's first
// message is worth 1. judge.go makes a probability of it.
const (
	// placeReply is the place of what is not in the thread's first message,
	// placeDeep of what comes after the first deepAfter bytes of a text.
	placeReply = 0.5
	placeDeep  = 0.6
	deepAfter  = 1500

	// misspelt and misspeltTwice are the factors of a name with one edit and
	// with two. The same misspelling again adds nothing: a slip happens once.
	misspelt      = 0.6
	misspeltTwice = 0.5

	// partWeight of a tag's x goes to its parents; hintWeight times a tag's
	// score goes to the tags that it hints at, together at most hintLimit.
	partWeight = 0.8
	partLimit  = 2.0
	hintWeight = 0.4
	hintLimit  = 0.6
)

// factor is a weight and the limit of what a rule may add with it.
type factor struct {
	weight, limit float64
}

var (
	fieldFactors = [...]factor{
		fieldTag:     {3.0, 9},
		fieldSubject: {1.6, 9},
		fieldPath:    {1.2, 9},
		fieldText:    {1.0, 9},
		fieldQuoted:  {0.1, 0.3}, // somebody else's words, again and again
		fieldList:    {1.0, maxListWeight},
	}
	kindFactors = [...]factor{
		termAlias:      {1.0, 9},
		termFormer:     {0.8, 9},
		termAcronym:    {0.7, 9},
		termRepository: {1.0, 9},
		termChannel:    {0.9, 9},
		termPhrase:     {1.0, 9},
		termTogether:   {0.8, 1},
		termClient:     {1.0, 9},
		termURL:        {1.0, 9},
		termList:       {1.0, maxListWeight},
	}
	contextFactors = [...]factor{
		contextNone:      {1.0, 9},
		contextOwn:       {1.0, 9},
		contextNeighbour: {1.0, 9},
		contextCapital:   {0.95, 9},
		contextMissing:   {0, 0},
	}
	// foreign is what a context is worth where nothing shows that the
	// document is about the taxonomy's field.
	foreign = [...]factor{
		contextNone:      {1.0, 9},
		contextOwn:       {1.0, 9},
		contextNeighbour: {0.4, 0.45},
		contextCapital:   {0, 0},
		contextMissing:   {0, 0},
	}
	// foreignTag is what the brackets of a subject are worth there for a name
	// that counts nowhere else: "[security]" is everybody's.
	foreignTag = factor{0.1, 0.3}
)

// weigh sets the weights of a document's hits, once it is known whether the
// document is about the taxonomy's field, and drops those without any.
func (s *scratch) weigh(c *Classifier, hits []hit, subject string, opener bool) []hit {
	kept := hits[:0]
	for _, h := range hits {
		if h.kind == termList { // it came with its weight
			kept = append(kept, h)
			continue
		}
		if h.kind.weighed() {
			h.weighTerm(c.program, opener)
			kept = append(kept, h)
			continue
		}
		f := s.contextFactor(c.program, &h, subject)
		if f.weight == 0 {
			continue
		}
		h.weight = f.weight * fieldFactors[h.field].weight * kindFactors[h.kind].weight
		switch {
		case h.part:
			h.weight = 0
		case h.edits == 1:
			h.weight *= misspelt
		case h.edits > 1:
			h.weight *= misspeltTwice
		}
		h.weight *= h.place(opener)
		h.limit = min(f.limit, fieldFactors[h.field].limit, kindFactors[h.kind].limit)
		kept = append(kept, h)
	}
	return kept
}

// place is the factor of where in the thread it stands.
func (h *hit) place(opener bool) float64 {
	place := 1.0
	if !opener && h.field != fieldQuoted {
		place *= placeReply
	}
	if h.from == fieldText && h.start > deepAfter {
		place *= placeDeep
	}
	return place
}

// contextFactor finds the context of a hit and what it is worth. It moves a
// hit in the brackets or before the colon of a subject to its field.
func (s *scratch) contextFactor(p *program, h *hit, subject string) factor {
	if h.kind == termTogether {
		return contextFactors[contextNone]
	}
	t := &p.terms[h.term]
	place := placeNone
	if h.field == fieldSubject {
		place = placeInSubject(subject, int(h.start), int(h.end))
	}
	if place != placeNone {
		h.field = fieldTag
	}
	if t.silent && h.kind == termAlias {
		switch {
		case place != placeBracket:
			return factor{}
		case !s.domain:
			return foreignTag
		}
		return contextFactors[contextNone]
	}
	switch {
	case t.kind == termAcronym || t.kind == termPhrase:
		if p.hasDomain && !s.domain {
			return factor{}
		}
	case h.field == fieldPath || place == placeBracket:
	case place == placePrefix && t.guarded:
		h.context = contextNeighbour
	case t.guarded && h.own:
		h.context = contextOwn
	case t.guarded && h.neighbour:
		h.context = contextNeighbour
	case t.guarded && (h.capital || h.edits > 0):
		// A misspelling is no ordinary word any more.
		h.context = contextCapital
	case t.guarded:
		h.context = contextMissing
	}
	if s.domain {
		return contextFactors[h.context]
	}
	return foreign[h.context]
}

// sum is what one rule found in one field of the thread.
type sum struct {
	hits   []hit // in the order of documents and of the text
	best   hit   // the one that weighs most, the earliest of equals
	weight float64
}

// damp gives what found weights add up to: all of it up to 1, the logarithm
// of the rest. It grows with x, so that more evidence never weighs less.
func damp(x float64) float64 {
	switch {
	case x > 1:
		return 1 + math.Log(x)
	case x < -1:
		return -1 - math.Log(-x)
	}
	return x
}

// sumUp adds up the hits by tag, rule and field, and appends what they come to.
// It sorts them.
func sumUp(sums []sum, hits []hit) []sum {
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(
			cmp.Compare(a.tag, b.tag), cmp.Compare(a.kind, b.kind), cmp.Compare(a.term, b.term),
			cmp.Compare(min(a.edits, 1), min(b.edits, 1)), cmp.Compare(a.context, b.context), cmp.Compare(a.field, b.field),
			cmp.Compare(a.doc, b.doc), cmp.Compare(a.from, b.from), cmp.Compare(a.start, b.start),
		)
	})
	for len(hits) > 0 {
		n, first := 1, &hits[0]
		for n < len(hits) && sameRule(first, &hits[n]) {
			n++
		}
		u := sum{hits: hits[:n], best: *first}
		limit := 0.0
		for _, h := range u.hits {
			u.weight += h.weight
			limit = max(limit, h.limit)
			if math.Abs(h.weight) > math.Abs(u.best.weight) {
				u.best = h
			}
		}
		if first.edits > 0 || first.kind == termList || first.kind.weighed() {
			u.weight = u.best.weight
		}
		if first.kind != termList {
			u.weight = damp(u.weight)
		}
		u.weight = round(max(min(u.weight, limit), -limit))
		sums = append(sums, u)
		hits = hits[n:]
	}
	return sums
}

func sameRule(a, b *hit) bool {
	return a.tag == b.tag && a.kind == b.kind && a.term == b.term && (a.edits > 0) == (b.edits > 0) &&
		a.context == b.context && a.field == b.field
}

// finding is the state of one tag while a thread is classified.
type finding struct {
	sums     []sum
	evidence []sigpost.Evidence // from other tags
	x        float64
	// unnamed says that nothing but weighted terms speaks for it, which is no
	// reason for another tag.
	unnamed bool
}

// named says how surely the rules name the tag: 0 where they do not, less where
// they speak against it.
func (f *finding) named() float64 { return math.Copysign(math.Log1p(math.Abs(f.x)), f.x) }

// round keeps four digits: more say nothing, and differ between processors.
func round(x float64) float64 { return math.Round(1e4*x) / 1e4 }

// findings adds up the sums by tag, and lets tags speak for each other.
func (c *Classifier) findings(s *scratch, sums []sum, docs []Document) map[int32]*finding {
	found := make(map[int32]*finding, 8)
	at := func(tag int32) *finding {
		if found[tag] == nil {
			found[tag] = &finding{}
		}
		return found[tag]
	}
	for _, u := range sums {
		f := at(u.best.tag)
		f.sums = append(f.sums, u)
		f.x += u.weight
	}
	for _, f := range found {
		f.support(s.anyDomain || !c.program.hasDomain)
	}
	c.spread(at, docs)
	return found
}

// spread lets tags speak for their parents, parts before wholes, and then for
// the tags they hint at.
func (c *Classifier) spread(at func(int32) *finding, docs []Document) {
	for _, tag := range c.partsFirst {
		f := at(tag)
		for _, parent := range c.parents[tag] {
			weight := round(min(partWeight*f.x, partLimit))
			c.pass(at(parent), f, "part "+c.taxonomy.Tags[tag].Name, weight, docs)
		}
	}
	for _, tag := range c.hinted {
		given := 0.0
		for _, from := range c.hints[tag] {
			f := at(from)
			weight := round(min(hintWeight*max(f.named(), 0), hintLimit-given))
			if !f.unnamed {
				given += weight
			}
			c.pass(at(tag), f, "hint "+c.taxonomy.Tags[from].Name, weight, docs)
		}
	}
}

// pass gives a finding the best reason of another one.
func (c *Classifier) pass(to, from *finding, rule string, weight float64, docs []Document) {
	if weight <= 0 || from.unnamed {
		return
	}
	var e sigpost.Evidence
	switch {
	case len(from.sums) > 0:
		best := &from.sums[0]
		for i := range from.sums {
			if from.sums[i].weight > best.weight {
				best = &from.sums[i]
			}
		}
		e = c.evidence(best, docs)
	case len(from.evidence) > 0:
		e = from.evidence[0]
	}
	e.Rule, e.Weight = rule, weight
	to.evidence = append(to.evidence, e)
	to.x += weight
}
