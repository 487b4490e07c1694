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
	tag  int32
	odds float64 // log odds
	mute bool    // only words speak for it, and that is not enough here
	// unnamed says that only learned words speak for it, and no decision: readers
	// do not see it before a reviewer has.
	unnamed bool
	found   *finding
}

// spoken is a learned word that was found, and what it added to the margin.
type spoken struct {
	term  int32
	added float64
}

// taggings judges the tags for which anything was found, and gives those of the
// least score or more, the best first.
func (c *Classifier) taggings(s *scratch, found map[int32]*finding, docs []Document, least float64) []sigpost.Tagging {
	lead := s.weighWords(c, found)
	most := c.namedMost(found)
	var all []weighed
	judge := func(tag int32) {
		w := weighed{tag: tag}
		if f := found[tag]; f != nil && f.x > 0 {
			w.found = f
		}
		knows := c.lexicon.knows(tag)
		lesson, taught := s.lesson(c, tag)
		if w.found == nil && !taught && !(knows && s.spoken[tag]) {
			return
		}
		w.odds = c.baseOdds(s, w, lead(tag), most) + lesson
		w.unnamed = w.found == nil && lesson <= 0
		w.mute = w.found == nil && (!s.anyDomain && c.program.hasDomain || knows && s.doubtful[tag])
		p := logistic(w.odds)
		if p >= least && (least == 0 || !w.mute) && (least > 0 || w.found != nil || p >= shownScore || knows && lead(tag) >= 0) {
			all = append(all, w)
		}
	}
	for tag := range found {
		if !c.lexicon.knows(tag) {
			judge(tag)
		}
	}
	for _, tag := range c.lexicon.known {
		judge(tag)
	}
	for _, tag := range c.lexicon.lessons {
		if found[tag] == nil && !c.lexicon.knows(tag) {
			judge(tag)
		}
	}
	slices.SortFunc(all, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.odds, a.odds), cmp.Compare(c.taxonomy.Tags[a.tag].Name, c.taxonomy.Tags[b.tag].Name),
			cmp.Compare(c.taxonomy.Tags[a.tag].Kind, c.taxonomy.Tags[b.tag].Kind))
	})
	var taggings []sigpost.Tagging
	for i := range all {
		taggings = append(taggings, c.tagging(s, &all[i], docs))
	}
	return taggings
}

// namedMost gives the x of the tag that is named most, by kind.
func (c *Classifier) namedMost(found map[int32]*finding) map[string]float64 {
	most := map[string]float64{}
	for tag, f := range found {
		kind := c.taxonomy.Tags[tag].Kind
		most[kind] = max(most[kind], f.x)
	}
	return most
}

// shownScore is the least score that is shown of a tag for which only words
// speak.
const shownScore = 0.01

// weighWords adds up what the words of the thread say for each tag of which
// something was learned, and with it what the rules say. It gives by how much a
// tag is ahead of the best of all others; behind, if below 0.
func (s *scratch) weighWords(c *Classifier, found map[int32]*finding) (lead func(tag int32) float64) {
	x := c.lexicon
	if len(s.margins) < len(x.biases) {
		s.margins, s.doubtful, s.spoken = make([]float64, len(x.biases)), make([]bool, len(x.biases)), make([]bool, len(x.biases))
	}
	for _, tag := range x.known {
		s.margins[tag], s.doubtful[tag] = x.biases[tag], false
	}
	for _, t := range s.bag.seen {
		v := s.bag.value(t)
		for _, say := range x.speaks[t] {
			s.margins[say.tag] += v * float64(say.weight)
			s.doubtful[say.tag] = s.doubtful[say.tag] || say.doubtful
		}
	}
	first, second := bestTwo(func(yield func(int32, float64)) {
		for tag, f := range found {
			yield(tag, f.named())
		}
	})
	for _, tag := range x.known {
		s.spoken[tag] = s.margins[tag] > x.biases[tag]
		if f := found[tag]; f != nil {
			s.margins[tag] += x.rules[tag][0] * f.named()
		}
		other := first
		if other.tag == tag {
			other = second
		}
		s.margins[tag] += x.rules[tag][1] * max(other.much, 0)
	}
	for tag, f := range found {
		if x.assumes(c.taxonomy, tag) {
			s.margins[tag] = assumedBias + assumedRules*f.named()
		}
	}
	first, second = bestTwo(func(yield func(int32, float64)) {
		for _, tag := range x.known {
			yield(tag, s.margins[tag])
		}
		for tag := range found {
			if x.assumes(c.taxonomy, tag) {
				yield(tag, s.margins[tag])
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

// baseOdds are log odds without what was learned from decisions.
// most is the x of the tags that are named most, by kind.
func (c *Classifier) baseOdds(s *scratch, w weighed, lead float64, most map[string]float64) float64 {
	switch {
	case c.lexicon.knows(w.tag), w.found != nil && c.lexicon.assumes(c.taxonomy, w.tag):
		return c.odds(s, w, lead, most[c.taxonomy.Tags[w.tag].Kind])
	case w.found == nil:
		return plainBias
	}
	return plainSlope*max(w.found.x, 0) + plainBias
}

// odds makes log odds of the margin of a tag of which something was learned.
// most is the x of the tag of its kind that is named most.
func (c *Classifier) odds(s *scratch, w weighed, lead, most float64) float64 {
	cal := c.weights.Calibration
	odds := cal.Bias + cal.Margin*bounded(s.margins[w.tag]) + cal.Lead*bounded(lead)
	switch {
	case w.found == nil:
	case w.found.isMeant(s.alone, most), w.found.isMisspelt() && s.margins[w.tag]-lead <= 0:
		return max(odds, plainSlope*w.found.x+plainBias)
	case s.margins[w.tag]-lead <= nobodyElse:
		return max(odds, min(plainSlope*w.found.x+plainBias, nearlyAccepted))
	}
	return odds
}

// bounded keeps a margin within what was seen in training.
func bounded(x float64) float64 { return min(max(x, -marginLimit), marginLimit) }

// isMeant says whether a name is taken at its word, whatever the other words
// say: in the brackets of a subject; and where the text stands alone, in the
// subject, or anywhere if no other tag is named more. Labelled texts cannot teach that: those who wrote them had no
// need to name their project.
func (f *finding) isMeant(alone bool, most float64) bool {
	for i := range f.sums {
		switch u := &f.sums[i]; {
		case u.best.kind.weighed():
		case u.best.field == fieldTag && u.weight >= bracketX:
			return true
		case alone && u.best.field == fieldSubject && u.weight >= subjectX:
			return true
		}
	}
	return alone && f.x >= most
}

// isMisspelt says whether a name of the tag is misspelt. The learned words do not
// know it then, and it is taken at its word where they are for no other tag.
func (f *finding) isMisspelt() bool {
	return slices.ContainsFunc(f.sums, func(u sum) bool { return u.best.edits > 0 })
}

const (
	// marginLimit bounds margins and leads.
	marginLimit = 3
	// nobodyElse is the margin of the best other tag below which a name may be
	// proposed whatever the words say, nearlyAccepted the log odds that it gets at
	// most.
	nobodyElse     = -0.55
	nearlyAccepted = 2.0
	// assumedBias and assumedRules are the weights of a tag of which nothing was
	// learned, among others of its kind of which something was.
	assumedBias  = -0.9
	assumedRules = 1.0
)

// tagging writes down what was decided, and why.
func (c *Classifier) tagging(s *scratch, w *weighed, docs []Document) sigpost.Tagging {
	spec := &c.taxonomy.Tags[w.tag]
	t := sigpost.Tagging{Tag: spec.Tag(), Title: spec.Title, Score: round(logistic(w.odds)), State: sigpost.TagAccepted, Evidence: []sigpost.Evidence{}}
	switch p := logistic(w.odds); {
	case p < proposeScore || w.mute:
		t.State = sigpost.TagBelow
	case p < acceptScore || w.unnamed:
		t.State = sigpost.TagProposed
	}
	if w.found != nil {
		for i := range w.found.sums {
			t.Evidence = append(t.Evidence, c.evidence(&w.found.sums[i], docs))
		}
		t.Evidence = append(t.Evidence, w.found.evidence...)
	}
	t.Evidence = append(t.Evidence, c.spokenFor(s, w.tag, docs)...)
	t.Evidence = append(t.Evidence, c.lessons(s, w.tag, docs)...)
	slices.SortStableFunc(t.Evidence, func(a, b sigpost.Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	return t
}

// spokenFor shows the trained words that said most, for the tag or against it.
func (c *Classifier) spokenFor(s *scratch, tag int32, docs []Document) []sigpost.Evidence {
	if !c.lexicon.knows(tag) {
		return nil
	}
	return c.spokenBy(s, c.lexicon.speaks, tag, docs, func(term string) string { return "learned " + term })
}

// spokenBy shows the words with weights by term that said most of a tag.
func (c *Classifier) spokenBy(s *scratch, weights [][]tagValue, tag int32, docs []Document, rule func(term string) string) []sigpost.Evidence {
	var said []spoken
	for _, t := range s.bag.seen {
		for _, say := range weights[t] {
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
			Rule: rule(c.lexicon.names[w.term]), Field: at.from.String(), MessageID: docs[at.doc].MessageID,
			Excerpt: oneLine(text[from:to]), Spans: []sigpost.Span{{Start: int(at.start) - from, End: int(at.end) - from}}, Weight: w.added,
		})
	}
	return shown
}
