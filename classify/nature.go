package classify

import (
	"cmp"
	"math"
	"slices"

	"sigpost"
)

// Natures finds out of what nature threads are, by a table of cues
// (natures.toml) and no learning: a question, a proposal, a release. It may be
// used from several goroutines at once.
type Natures struct {
	opening, ending []scopeRules
	negations       map[string]bool
	conditions      map[string]bool
}

// scopeRules are the rules of a scope, with their cues by how they begin.
type scopeRules struct {
	scope   scope
	rules   []natureRule
	byWord  map[string][]ruleCue
	byClass [classAll + 1][]ruleCue
}

// ruleCue is a cue of a rule, which is known by its number in its scope.
type ruleCue struct {
	cue
	guard guard
	rule  int
}

// NewNatures reads the table of rules.
func NewNatures() *Natures {
	t, err := readNatures()
	if err != nil {
		panic(err) // it is embedded, and a test reads it
	}
	return &Natures{opening: byScope(t.Opening), ending: byScope(t.Ending), negations: setOf(t.Negations), conditions: setOf(t.Conditions)}
}

func setOf(words []string) map[string]bool {
	set := map[string]bool{}
	for _, w := range words {
		set[w] = true
	}
	return set
}

func byScope(rules []natureRule) []scopeRules {
	var all []scopeRules
	for s := inTag; s <= inAnyTag; s++ {
		of := scopeRules{scope: s, byWord: map[string][]ruleCue{}}
		for _, r := range rules {
			if scopes[r.In] == s {
				of.add(r)
			}
		}
		all = append(all, of)
	}
	return all
}

func (s *scopeRules) add(r natureRule) {
	for _, text := range r.Cues {
		q := parseCue(text)
		entry := ruleCue{q, guards[r.Unless], len(s.rules)}
		if first := q.words[0]; first.class != classPlain {
			s.byClass[first.class] = append(s.byClass[first.class], entry)
		} else {
			for _, w := range first.any {
				s.byWord[w] = append(s.byWord[w], entry)
			}
		}
	}
	s.rules = append(s.rules, r)
}

// Of gives the nature of a thread as a tagging that holds, with the rules that
// spoke for it: its messages are given oldest first. First it looks at what the
// thread began as: of each nature the weights of the rules that found something
// are added up, and the highest sum wins. Then the replies may show that a
// question, a proposal or a call has come to its end, which is a nature of its
// own; and an announcement of a release, say, is a release.
func (n *Natures) Of(docs []Document) sigpost.Tagging {
	persons := slices.DeleteFunc(slices.Clone(docs), func(d Document) bool { return d.Robot })
	if len(persons) == 0 {
		return natureTagging(sigpost.NatureRobot, reason("no person has written in it", robotWeight))
	}
	t := newNatureThread(persons)
	found := natureSums{sigpost.NatureDiscussion: reason("nothing says that it is anything else", discussionWeight)}
	n.apply(n.opening[:inReply], t, found)
	if found[sigpost.NatureProposal] != nil { // replies speak for no other nature of an opener
		t.readReplies()
		n.apply(n.opening[inReply:], t, found)
	}
	best := found.best(0, sigpost.Natures()...)
	sum := found[best]
	ended := natureSums{}
	if best == sigpost.NatureQuestion || best == sigpost.NatureProposal || best == sigpost.NatureCall {
		t.readReplies()
		n.apply(n.ending, t, ended)
	}
	switch best {
	case sigpost.NatureAnnouncement:
		best = sum.turn(best, found, newsWeight, sigpost.NatureAdvisory, sigpost.NatureRelease, sigpost.NatureCall, sigpost.NatureMeeting)
	case sigpost.NatureQuestion:
		t.replies(ended)
		best = sum.turn(best, ended, endingWeight, sigpost.NatureAnswered)
	case sigpost.NatureProposal, sigpost.NatureCall:
		best = sum.turn(best, ended, endingWeight, sigpost.NatureDecision)
	}
	return natureTagging(best, sum)
}

// natureSum is what rules found for a nature.
type natureSum struct {
	weight   float64
	evidence []sigpost.Evidence
}

// reason is a sum of one reason that stands in no message.
func reason(rule string, weight float64) *natureSum {
	return &natureSum{weight, []sigpost.Evidence{{Rule: rule, Field: fieldThread, Weight: weight}}}
}

// turn gives what a nature turns into for those reasons that are found, and adds
// them; it stays what it is where they are too few.
func (s *natureSum) turn(from sigpost.Nature, found natureSums, least float64, into ...sigpost.Nature) sigpost.Nature {
	to := found.best(least, into...)
	if to == "" {
		return from
	}
	s.weight += found[to].weight
	s.evidence = append(s.evidence, found[to].evidence...)
	return to
}

// natureSums are sums by nature.
type natureSums map[sigpost.Nature]*natureSum

func (s natureSums) add(n sigpost.Nature, e sigpost.Evidence) {
	if s[n] == nil {
		s[n] = &natureSum{}
	}
	s[n].weight += e.Weight
	s[n].evidence = append(s[n].evidence, e)
}

// best is which of some natures has the highest sum, of equals the first; ""
// where none reaches least.
func (s natureSums) best(least float64, among ...sigpost.Nature) (best sigpost.Nature) {
	most := 0.0
	for _, n := range among {
		if sum := s[n]; sum != nil && round(sum.weight) > most && sum.weight >= least {
			best, most = n, round(sum.weight)
		}
	}
	return best
}

// natureTagging makes the tagging of a sum, the weightiest reason first.
func natureTagging(nature sigpost.Nature, sum *natureSum) sigpost.Tagging {
	slices.SortStableFunc(sum.evidence, func(a, b sigpost.Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	return sigpost.Tagging{
		Tag: nature.Tag(), Title: nature.Title(), Score: round(1 - math.Exp(-sum.weight)), State: sigpost.TagAccepted, Evidence: sum.evidence,
	}
}

// apply adds what each rule finds first.
func (n *Natures) apply(scopes []scopeRules, t *natureThread, found natureSums) {
	for i := range scopes {
		s := &scopes[i]
		done := make([]bool, len(s.rules))
		for _, p := range t.places(s.scope) {
			for at := range p.words {
				w := &p.words[at]
				for _, cues := range [...][]ruleCue{s.byWord[w.text], s.byClass[w.class], s.byClass[classAll]} {
					for k := range cues {
						if q := &cues[k]; !done[q.rule] && q.at(p.words, at) && !n.guarded(q.guard, p.words, at) {
							done[q.rule] = true
							found.add(s.rules[q.rule].Nature, t.finding(s.scope, &s.rules[q.rule], &q.cue, p, at))
						}
					}
				}
			}
		}
	}
}

// finding is the evidence of a rule whose cue stands at a word of a text.
func (t *natureThread) finding(in scope, r *natureRule, q *cue, p natureText, at int) sigpost.Evidence {
	weight := r.Weight
	if t.lost && in <= inOpening {
		weight *= lostOpener
	}
	e := p.evidence(at, len(q.words), q.asks)
	e.Rule, e.Weight = r.Name, round(weight)
	if words := q.found(p.words[at:]); words != "" {
		e.Rule += ` "` + words + `"`
	}
	return e
}

// guarded says whether what stands around a cue takes it its meaning.
func (n *Natures) guarded(g guard, words []proseWord, i int) bool {
	if g == always {
		return false
	}
	if g != unlessNot && words[i].asks {
		return true
	}
	for k := i; k > max(0, i-guardWords) && !words[k].first; k-- {
		before := words[k-1].text
		if n.negations[before] || g == ifDone && n.conditions[before] {
			return true
		}
	}
	return false
}
