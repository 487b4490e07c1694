package classify

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"sigpost"
)

// Reviewers teach what nobody foresaw: which words of the threads that they
// decided on speak for a tag, and which against it. What is learned of a tag
// comes on top of what the rules and the trained weights say, in log odds: with
// nothing learned, all is as before, and more evidence never weighs less.
//
// The method is passive-aggressive (PA-II; Crammer et al., Online
// Passive-Aggressive Algorithms, 2006): thread by thread, nothing is changed
// where the answer is right, and as little as is needed where it is wrong.

const (
	// MinDecisions is how many decisions a tag needs before anything is learned
	// of it: fewer show the threads, and not the tag.
	MinDecisions = 3
	// learnCost is PA-II's C: how much a mistake counts against staying close to
	// what was known. learnRounds bounds the passes over a tag's threads.
	learnCost   = 1
	learnRounds = 100
	// learnedGap is how far behind the threshold, in log odds, a decided thread
	// is to be: as accepted, or as not even proposed.
	learnedGap = 0.1
	// maxLearned bounds what is learned of one term, maxLearnedBias what is
	// learned whatever a thread says.
	maxLearned     = 16
	maxLearnedBias = 0.5
	biasShare      = 0.1 // how much of it a thread has, as if it were a term
	// maxThreadTerms bounds the terms that are looked at in a thread;
	// termsPerDecision and maxLearnedTerms bound those that are kept of a tag.
	maxThreadTerms   = 400
	termsPerDecision = 15
	maxLearnedTerms  = 600
	minLearned       = 0.02
	// minBeside and besidePerDecision bound how many threads are looked at on
	// which nothing was decided for a tag.
	minBeside         = 50
	besidePerDecision = 4
	// commonPrior makes a term that all decided threads have say little, the less
	// the more threads there are.
	commonPrior = 4
)

// Verdict is what a person decided of a tag of a thread.
type Verdict struct {
	Tag    sigpost.Tag
	Accept bool
}

// Learner learns from the decisions of reviewers. What it learns does not depend
// on the order in which the threads come.
type Learner struct {
	base    *Classifier
	tags    map[sigpost.Tag]int32
	threads []decidedThread
	forms   map[termHash]map[string]int // how a term is written
	in      map[termHash]int            // how many threads have a term
	// names are the words of each tag's names, and those of the field.
	names []map[termHash]bool
	// function are the functionWords.
	function map[string]bool
}

// decidedThread is a thread of which people decided something.
type decidedThread struct {
	id       int64
	values   map[termHash]float64
	verdicts []Verdict
	odds     []float64 // by tag: what is said without what was learned
}

// NewLearner makes a learner for a taxonomy and the weights that were trained for
// it, which may be nil.
func NewLearner(t *Taxonomy, w *Weights) *Learner {
	l := &Learner{base: New(t, w), tags: map[sigpost.Tag]int32{}, forms: map[termHash]map[string]int{}, in: map[termHash]int{}, function: map[string]bool{}}
	for i := range t.Tags {
		s := &t.Tags[i]
		l.tags[s.Tag()] = int32(i)
		names := map[termHash]bool{}
		for _, name := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former, s.Acronyms, t.Domain) {
			for _, word := range splitAtoms(name) {
				names[hashTerm(word)] = true
			}
		}
		l.names = append(l.names, names)
	}
	for word := range strings.FieldsSeq(functionWords) {
		l.function[word] = true
	}
	return l
}

// Knows says whether there is anything to learn of a tag: natures, and tags that
// the taxonomy has no more, teach nothing.
func (l *Learner) Knows(tag sigpost.Tag) bool { _, ok := l.tags[tag]; return ok }

// Add shows a thread with what was decided of it. Each thread comes once; id
// tells it from others.
func (l *Learner) Add(id int64, docs []Document, verdicts []Verdict) {
	verdicts = slices.DeleteFunc(slices.Clone(verdicts), func(v Verdict) bool { return !l.Knows(v.Tag) })
	if len(verdicts) == 0 {
		return
	}
	s := l.base.take()
	defer l.base.give(s)
	s.all = &wordBag{counts: map[termHash]float64{}, first: map[termHash]find{}}
	found := l.base.findings(s, s.match(l.base, docs), docs)
	lead, most := s.weighWords(l.base, found), l.base.namedMost(found)
	words := s.all
	s.all = nil

	t := decidedThread{id: id, values: map[termHash]float64{}, verdicts: verdicts}
	for tag := range int32(len(l.base.taxonomy.Tags)) {
		w := weighed{tag: tag}
		if f := found[tag]; f != nil && f.x > 0 {
			w.found = f
		}
		t.odds = append(t.odds, l.base.baseOdds(s, w, lead(tag), most))
	}
	for _, h := range l.teaching(words, docs) {
		t.values[h] = value(words.counts[h], s.bag.total)
		form := words.first[h].in(docs)
		if l.forms[h] == nil {
			l.forms[h] = map[string]int{}
		}
		l.forms[h][form]++
		l.in[h]++
	}
	l.threads = append(l.threads, t)
}

// Lesson is what was learned of a tag.
type Lesson struct {
	Tag       sigpost.Tag `json:"tag"`
	Decisions int         `json:"decisions"`
	// RightBefore and RightAfter are how many of the decisions the classifier
	// agrees with, without what was learned and with it.
	RightBefore int `json:"right_before"`
	RightAfter  int `json:"right_after"`
	Terms       int `json:"terms"`
}

// Learn gives what the threads teach, and a lesson for each tag with enough
// decisions, in the order of the tags. It is learned anew each time.
func (l *Learner) Learn() (*Weights, []Lesson) {
	slices.SortFunc(l.threads, func(a, b decidedThread) int { return cmp.Compare(a.id, b.id) })
	decisions := map[sigpost.Tag]int{}
	for i := range l.threads {
		for _, v := range l.threads[i].verdicts {
			decisions[v.Tag]++
		}
	}
	w := &Weights{Kinds: map[string]map[string]TagWeights{}}
	var lessons []Lesson
	for tag, n := range decisions {
		if n < MinDecisions {
			continue
		}
		of, beside := l.examples(tag, n)
		// The words that tell most are kept, and have to tell what others did.
		all := slices.Concat(of, beside)
		keep(all, learnTag(all), termsPerDecision*n)
		learned := l.written(learnTag(all))
		learned.Decisions = len(of)
		lesson := Lesson{Tag: tag, Decisions: len(of), Terms: len(learned.Terms), RightBefore: agreed(of, taught{}), RightAfter: agreed(of, hashed(learned))}
		if lesson.RightAfter <= lesson.RightBefore { // nothing to learn, or nothing in common
			lesson.Terms, lesson.RightAfter = 0, lesson.RightBefore
			lessons = append(lessons, lesson)
			continue
		}
		lessons = append(lessons, lesson)
		if w.Kinds[string(tag.Kind)] == nil {
			w.Kinds[string(tag.Kind)] = map[string]TagWeights{}
		}
		w.Kinds[string(tag.Kind)][tag.Name] = learned
	}
	slices.SortFunc(lessons, func(a, b Lesson) int { return compareTags(a.Tag, b.Tag) })
	return w, lessons
}

// examples gives the n threads on which somebody decided for a tag; and beside
// them some of those where people decided on other tags and left it as it was, not
// proposed, which it is to stay.
func (l *Learner) examples(tag sigpost.Tag, n int) (of, beside []example) {
	at := l.tags[tag]
	for _, i := range shuffled(len(l.threads)) {
		t := &l.threads[i]
		k := slices.IndexFunc(t.verdicts, func(v Verdict) bool { return v.Tag == tag })
		switch {
		case k >= 0:
			of = append(of, example{l.row(t, at), t.odds[at], t.verdicts[k].Accept})
		case t.odds[at] < proposeOdds && len(beside) < max(minBeside, besidePerDecision*n):
			beside = append(beside, example{l.row(t, at), t.odds[at], false})
		}
	}
	return of, beside
}

// termValue is a term of a thread and how much of it the thread has, and how much
// the term may teach.
type termValue struct {
	term         termHash
	value, scale float64
}

// row gives the terms of a thread from which something may be learned of a tag,
// in a fixed order. Its own name is left to the rules, and so is the field.
func (l *Learner) row(t *decidedThread, tag int32) []termValue {
	var x []termValue
	for h, v := range t.values {
		scale := math.Log(float64(len(l.threads)+commonPrior) / float64(l.in[h]+1))
		if scale > 0 && !l.names[tag][h] {
			x = append(x, termValue{h, v, scale})
		}
	}
	slices.SortFunc(x, func(a, b termValue) int { return cmp.Compare(a.term, b.term) })
	return x
}

// example is a thread as it teaches a tag: odds is what is said of it without
// what is learned.
type example struct {
	x      []termValue
	odds   float64
	accept bool
}

// target is what is to be added to an example's log odds, at least where it was
// accepted and at most where it was rejected.
func (e *example) target() float64 {
	if e.accept {
		return acceptOdds + learnedGap - e.odds
	}
	return proposeOdds - learnedGap - e.odds
}

var (
	acceptOdds  = math.Log(acceptScore / (1 - acceptScore))
	proposeOdds = math.Log(proposeScore / (1 - proposeScore))
)

// isRight says whether the classifier agrees with the person once added was added
// to its log odds.
func (e *example) isRight(added float64) bool {
	if e.accept {
		return e.odds+added >= acceptOdds
	}
	return e.odds+added < proposeOdds
}

// taught is what is learned of one tag.
type taught struct {
	bias  float64
	terms map[termHash]float64
}

func (w *taught) says(x []termValue) float64 {
	sum := w.bias
	for _, t := range x {
		sum += w.terms[t.term] * t.value
	}
	return sum
}

// agreed is how many of the examples the classifier agrees with.
func agreed(examples []example, with taught) (n int) {
	for i := range examples {
		if examples[i].isRight(with.says(examples[i].x)) {
			n++
		}
	}
	return n
}

// learnTag learns from examples, in their order, until each is on its side. Where
// that cannot be, it gives what most of them agreed with after a round.
func learnTag(examples []example) taught {
	w := taught{terms: map[termHash]float64{}}
	best, most := taught{}, agreed(examples, taught{})
	for range learnRounds {
		changed := false
		for i := range examples {
			e := &examples[i]
			missing := e.target() - w.says(e.x)
			if e.accept != (missing > 0) || math.Abs(missing) < learnedGap/10 {
				continue
			}
			changed = true
			square := biasShare * biasShare
			for _, t := range e.x {
				square += t.value * t.value * t.scale * t.scale
			}
			step := missing / (square + 1/(2.0*learnCost))
			w.bias = clamp(w.bias+step*biasShare*biasShare, maxLearnedBias)
			for _, t := range e.x {
				w.terms[t.term] = clamp(w.terms[t.term]+step*t.value*t.scale*t.scale, maxLearned)
			}
		}
		if !changed {
			return w
		}
		if n := agreed(examples, w); n > most {
			best, most = taught{w.bias, maps.Clone(w.terms)}, n
		}
	}
	return best
}

func clamp(x, limit float64) float64 { return min(max(x, -limit), limit) }

// keep leaves examples the terms that were learned to be strongest, most of them.
func keep(examples []example, w taught, most int) {
	terms := slices.SortedFunc(maps.Keys(w.terms), func(a, b termHash) int {
		return cmp.Or(cmp.Compare(math.Abs(w.terms[b]), math.Abs(w.terms[a])), cmp.Compare(a, b))
	})
	kept := map[termHash]bool{}
	for _, h := range terms[:min(len(terms), most, maxLearnedTerms)] {
		kept[h] = true
	}
	for i := range examples {
		examples[i].x = slices.DeleteFunc(examples[i].x, func(t termValue) bool { return !kept[t.term] })
	}
}

// written gives what was learned as people read it, with two digits.
func (l *Learner) written(w taught) TagWeights {
	learned := TagWeights{Bias: math.Round(100*w.bias) / 100, Terms: map[string]float64{}}
	for h, weight := range w.terms {
		if math.Abs(weight) >= minLearned {
			learned.Terms[commonest(l.forms[h])] = math.Round(100*weight) / 100
		}
	}
	return learned
}

// hashed is what a tag's weights say of terms.
func hashed(learned TagWeights) taught {
	w := taught{bias: learned.Bias, terms: map[termHash]float64{}}
	for term, weight := range learned.Terms {
		w.terms[hashTerm(term)] = weight
	}
	return w
}

// wordBag counts all terms of a thread, for learning.
type wordBag struct {
	counts map[termHash]float64
	first  map[termHash]find
}

func (b *wordBag) add(h termHash, weight float64, at find) {
	if _, ok := b.counts[h]; !ok {
		b.first[h] = at
	}
	b.counts[h] += weight
}

// teaching gives the terms of a thread that may teach something, maxThreadTerms
// at most, those with the highest counts first.
func (l *Learner) teaching(b *wordBag, docs []Document) []termHash {
	var terms []termHash
	for h := range b.counts {
		// What is not found again as it is written cannot be kept.
		if form := b.first[h].in(docs); l.teaches(form) && hashTerm(form) == h {
			terms = append(terms, h)
		}
	}
	slices.SortFunc(terms, func(x, y termHash) int {
		return cmp.Or(cmp.Compare(b.counts[y], b.counts[x]), cmp.Compare(b.first[x].doc, b.first[y].doc),
			cmp.Compare(b.first[x].from, b.first[y].from), cmp.Compare(b.first[x].start, b.first[y].start), cmp.Compare(b.first[x].end, b.first[y].end))
	})
	return terms[:min(len(terms), maxThreadTerms)]
}

// in gives the words of a find as terms are written.
func (f find) in(docs []Document) string {
	return strings.Join(splitAtoms(docs[f.doc].text(f.from)[f.start:f.end]), " ")
}

// functionWords hold sentences together and are about nothing.
const functionWords = `a about after again all also am an and any are as at be because been before being both but by can cannot could did
do does doing done down each even few for from get got had has have having he hello her here hers hey hi him his how if in into is it its
just let like ll me more most much my no nor not now of off on once one only or other our out over own please re same she should so some
such thank thanks than that the their them then there these they this those through to too under until up us ve very was we were what when
where which while who whom why will with would yes yet you your best cheers dear regards`

// teaches says whether a term may be learned: no words that hold sentences
// together, no pair with one of them, no single letters.
func (l *Learner) teaches(term string) bool {
	for word := range strings.FieldsSeq(term) {
		if len(word) < 2 || l.function[word] {
			return false
		}
	}
	return term != ""
}
