package classify

import (
	"cmp"
	"math"
	"slices"

	"sigpost"
)

// What the rules and the learned words found adds up to the logarithm of the
// odds that the thread is about the tag; the score is the probability. For a
// tag of which nothing was learned that is
//
//	plainSlope·x + plainBias.
//
// Of others the words were learned together with how much the rules count, and
// the calibration makes odds of what they add up to.
const (
	// acceptScore and proposeScore are the probabilities from which a tag is
	// accepted, and proposed to a reviewer.
	acceptScore  = 0.90
	proposeScore = 0.50

	// With these, a tag is accepted from x = 0.92, and proposed from x = 0.43.
	plainSlope = 4.5
	plainBias  = -1.94

	// subjectX is what a name in a subject adds to x, at least, and bracketX what
	// brackets or "name:" add.
	subjectX = 1.2
	bracketX = 2.0

	// shownTerms is how many learned words a tagging shows.
	shownTerms = 8
)

// Calibration makes odds of the margin by which the learned weights decide for
// a tag, and of its lead over the next best: log odds = Bias + Margin·margin +
// Lead·lead.
type Calibration struct {
	Bias   float64 `toml:"bias"`
	Margin float64 `toml:"margin"`
	Lead   float64 `toml:"lead"`
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// weighed is a tag with what was decided of it.
type weighed struct {
	tag   int32
	odds  float64 // log odds
	found *finding
	terms []spoken
}

// spoken is a learned word that was found, and what it added to the margin.
type spoken struct {
	term  int32
	added float64
}

// taggings judges the tags for which anything was found, and gives those of the
// least score or more, the best first.
func (c *Classifier) taggings(s *scratch, found map[int32]*finding, docs []Document, least float64) []sigpost.Tagging {
	var all []weighed
	lead := s.weighWords(c, found)
	for tag := range c.taxonomy.Tags {
		w := weighed{tag: int32(tag), found: found[int32(tag)]}
		if !c.lexicon.knows(w.tag) {
			if w.found == nil || w.found.x <= 0 {
				continue
			}
			w.odds = plainSlope*w.found.x + plainBias
		} else if w.odds = c.odds(s, w, lead(w.tag)); w.found == nil && len(s.bag.seen) == 0 {
			continue
		}
		if logistic(w.odds) >= least && (least > 0 || w.found != nil || logistic(w.odds) >= shownScore || lead(w.tag) >= 0) {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.odds, a.odds), cmp.Compare(c.taxonomy.Tags[a.tag].Name, c.taxonomy.Tags[b.tag].Name),
			cmp.Compare(c.taxonomy.Tags[a.tag].Kind, c.taxonomy.Tags[b.tag].Kind))
	})
	taggings := make([]sigpost.Tagging, len(all))
	for i := range all {
		taggings[i] = c.tagging(s, &all[i], docs)
	}
	return taggings
}

// shownScore is the least score that is shown of a tag for which only words
// speak.
const shownScore = 0.01

// weighWords adds up what the words of the thread say for each tag of which
// something was learned, and with it what the rules say. It gives by how much a
// tag is ahead of the best of all others; behind, if below 0.
func (s *scratch) weighWords(c *Classifier, found map[int32]*finding) (lead func(tag int32) float64) {
	x := c.lexicon
	s.margins = append(s.margins[:0], x.biases...)
	for _, t := range s.bag.seen {
		v := s.bag.value(t)
		for _, say := range x.speaks[t] {
			s.margins[say.tag] += v * float64(say.weight)
		}
	}
	first, second := bestTwo(func(yield func(int32, float64)) {
		for tag, f := range found {
			yield(tag, f.named())
		}
	})
	for tag := range s.margins {
		if !x.knows(int32(tag)) {
			continue
		}
		if f := found[int32(tag)]; f != nil {
			s.margins[tag] += x.rules[tag][0] * f.named()
		}
		other := first
		if other.tag == int32(tag) {
			other = second
		}
		s.margins[tag] += x.rules[tag][1] * max(other.much, 0)
	}
	first, second = bestTwo(func(yield func(int32, float64)) {
		for tag, m := range s.margins {
			if x.knows(int32(tag)) {
				yield(int32(tag), m)
			}
		}
	})
	return func(tag int32) float64 {
		if tag == first.tag {
			return s.margins[tag] - second.much
		}
		return s.margins[tag] - first.much
	}
}

// ranked is a tag with how much of something it has.
type ranked struct {
	tag  int32
	much float64
}

// bestTwo gives the two that have most, the lower tag of equals first.
func bestTwo(each func(yield func(tag int32, much float64))) (first, second ranked) {
	first, second = ranked{-1, math.Inf(-1)}, ranked{-1, math.Inf(-1)}
	each(func(tag int32, much float64) {
		switch r := (ranked{tag, much}); {
		case much > first.much || much == first.much && tag < first.tag:
			first, second = r, first
		case much > second.much || much == second.much && tag < second.tag:
			second = r
		}
	})
	return first, second
}

// odds makes log odds of the margin of a tag of which something was learned.
func (c *Classifier) odds(s *scratch, w weighed, lead float64) float64 {
	cal := c.weights.Calibration
	odds := cal.Bias + cal.Margin*bounded(s.margins[w.tag]) + cal.Lead*bounded(lead)
	switch {
	case w.found == nil || w.found.x <= 0:
		if !s.anyDomain && c.program.hasDomain {
			return min(odds, unnamedLimit)
		}
	case w.found.isMeant(s.mail, lead), w.found.isMisspelt() && s.margins[w.tag]-lead <= 0:
		return max(odds, plainSlope*w.found.x+plainBias)
	}
	return odds
}

// bounded keeps a margin within what was seen in training.
func bounded(x float64) float64 { return min(max(x, -marginLimit), marginLimit) }

// isMeant says whether a name is taken at its word, whatever the other words
// say: in the brackets of a subject; and in mail, whose readers do not know
// otherwise what it is about, in the subject, or anywhere if no other tag is
// likelier. Labelled texts cannot teach that: those who wrote them had no need
// to name their project.
func (f *finding) isMeant(mail bool, lead float64) bool {
	for i := range f.sums {
		switch u := &f.sums[i]; {
		case u.best.field == fieldTag && u.weight >= bracketX:
			return true
		case mail && u.best.field == fieldSubject && u.weight >= subjectX:
			return true
		}
	}
	return mail && lead >= 0
}

// isMisspelt says whether a name of the tag is misspelt. The learned words do not
// know it then, and it is taken at its word where they are for no other tag.
func (f *finding) isMisspelt() bool {
	return slices.ContainsFunc(f.sums, func(u sum) bool { return u.best.edits > 0 })
}

const (
	// marginLimit bounds margins and leads.
	marginLimit = 3
	// unnamedLimit is the most, in log odds, that words alone say where nothing
	// shows that the thread is about the taxonomy's field: less than a proposal.
	unnamedLimit = -0.1
)

// tagging writes down what was decided, and why.
func (c *Classifier) tagging(s *scratch, w *weighed, docs []Document) sigpost.Tagging {
	spec := &c.taxonomy.Tags[w.tag]
	t := sigpost.Tagging{Tag: spec.Tag(), Title: spec.Title, Score: round(logistic(w.odds)), State: sigpost.TagAccepted}
	switch p := logistic(w.odds); {
	case p < proposeScore:
		t.State = sigpost.TagBelow
	case p < acceptScore:
		t.State = sigpost.TagProposed
	}
	if w.found != nil {
		for i := range w.found.sums {
			t.Evidence = append(t.Evidence, c.evidence(&w.found.sums[i], docs))
		}
		t.Evidence = append(t.Evidence, w.found.evidence...)
	}
	t.Evidence = append(t.Evidence, c.spokenFor(s, w.tag, docs)...)
	slices.SortStableFunc(t.Evidence, func(a, b sigpost.Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	return t
}

// spokenFor shows the learned words that said most, for the tag or against it.
func (c *Classifier) spokenFor(s *scratch, tag int32, docs []Document) []sigpost.Evidence {
	if !c.lexicon.knows(tag) {
		return nil
	}
	var said []spoken
	for _, t := range s.bag.seen {
		for _, say := range c.lexicon.speaks[t] {
			if added := round(s.bag.value(t) * float64(say.weight)); say.tag == tag && math.Abs(added) >= 0.01 {
				said = append(said, spoken{t, added})
			}
		}
	}
	slices.SortFunc(said, func(a, b spoken) int {
		return cmp.Or(cmp.Compare(math.Abs(b.added), math.Abs(a.added)), cmp.Compare(c.lexicon.names[a.term], c.lexicon.names[b.term]))
	})
	var shown []sigpost.Evidence
	for _, w := range said[:min(len(said), shownTerms)] {
		at := s.bag.first[w.term]
		text := docs[at.doc].text(at.from)
		from, to := cut(text, int(at.start), int(at.end))
		shown = append(shown, sigpost.Evidence{
			Rule: "learned " + c.lexicon.names[w.term] + c.lexicon.because(tag), Field: at.from.String(), MessageID: docs[at.doc].MessageID,
			Excerpt: oneLine(text[from:to]), Spans: []sigpost.Span{{Start: int(at.start) - from, End: int(at.end) - from}}, Weight: w.added,
		})
	}
	return shown
}
