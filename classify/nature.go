package classify

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"sigpost"
)

// Natures finds out of what nature threads are, by a table of cues
// (naturerules.go) and no learning: a question, a proposal, a release. It may be
// used from several goroutines at once.
type Natures struct {
	opening, ending []compiledRule
	guards          [2]map[string]bool // words of "not" and of "not yet"
}

// compiledRule is a rule with its cues found by their first word. Those that
// may begin with any word of a class are in loose.
type compiledRule struct {
	natureRule
	byWord map[string][]cue
	loose  []cue
}

// NewNatures reads the table of rules.
func NewNatures() *Natures {
	n := &Natures{opening: compileRules(openingRules()), ending: compileRules(endingRules())}
	for i, words := range [...]string{notWords, notYetWords} {
		n.guards[i] = map[string]bool{}
		for _, w := range strings.Fields(words) {
			n.guards[i][w] = true
		}
	}
	return n
}

func compileRules(rules []natureRule) []compiledRule {
	var compiled []compiledRule
	for _, r := range rules {
		c := compiledRule{natureRule: r, byWord: map[string][]cue{}}
		for _, q := range parseCues(r.cues) {
			if q.words[0].class != classPlain {
				c.loose = append(c.loose, q)
			}
			for _, w := range q.words[0].any {
				c.byWord[w] = append(c.byWord[w], q)
			}
		}
		compiled = append(compiled, c)
	}
	return compiled
}

// Of gives the nature of a thread as a tagging that holds, with the rules that
// spoke for it: its messages are given oldest first. First it looks at what the
// thread began as: of each nature the weights of the rules that found something
// are added up, and the highest sum wins. A question, a proposal and a call may
// then have come to an end in the replies, which is a nature of its own.
func (n *Natures) Of(docs []Document) sigpost.Tagging {
	persons := slices.DeleteFunc(slices.Clone(docs), func(d Document) bool { return d.Robot })
	if len(persons) == 0 {
		return natureTagging(sigpost.NatureRobot, 3, sigpost.Evidence{Rule: "no person has written in it", Field: fieldThread, Weight: 3})
	}
	t := newNatureThread(persons)
	found := map[sigpost.Nature]*natureSum{
		sigpost.NatureDiscussion: {discussionWeight, []sigpost.Evidence{{
			Rule: "nothing says that it is anything else", Field: fieldThread, Weight: discussionWeight}}},
	}
	for i := range n.opening {
		n.apply(&n.opening[i], t, found)
	}
	var best sigpost.Nature
	most := 0.0
	for _, nature := range sigpost.Natures() { // of equals, the first holds
		if sum := found[nature]; sum != nil && round(sum.weight) > most {
			best, most = nature, round(sum.weight)
		}
	}
	sum := *found[best]
	ended := map[sigpost.Nature]*natureSum{}
	for i := range n.ending {
		n.apply(&n.ending[i], t, ended)
	}
	switch best {
	case sigpost.NatureQuestion:
		t.replies(ended)
		best = sum.end(best, sigpost.NatureAnswered, ended)
	case sigpost.NatureProposal, sigpost.NatureCall:
		best = sum.end(best, sigpost.NatureDecision, ended)
	}
	return natureTagging(best, sum.weight, sum.evidence...)
}

// natureSum is what rules found for a nature.
type natureSum struct {
	weight   float64
	evidence []sigpost.Evidence
}

func (s *natureSum) add(e sigpost.Evidence) {
	s.weight += e.Weight
	s.evidence = append(s.evidence, e)
}

// end gives the nature that one has become, and adds the reasons, where there
// are enough.
func (s *natureSum) end(now, then sigpost.Nature, ended map[sigpost.Nature]*natureSum) sigpost.Nature {
	more := ended[then]
	if more == nil || more.weight < endingWeight {
		return now
	}
	s.weight += more.weight
	s.evidence = append(s.evidence, more.evidence...)
	return then
}

// natureTagging makes the tagging of a sum, the weightiest reason first.
func natureTagging(nature sigpost.Nature, weight float64, evidence ...sigpost.Evidence) sigpost.Tagging {
	slices.SortStableFunc(evidence, func(a, b sigpost.Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	return sigpost.Tagging{
		Tag: nature.Tag(), Title: nature.Title(), Score: round(1 - math.Exp(-weight)), State: sigpost.TagAccepted, Evidence: evidence,
	}
}

// apply adds what a rule finds first.
func (n *Natures) apply(r *compiledRule, t *natureThread, found map[sigpost.Nature]*natureSum) {
	for _, p := range t.places(r.scope) {
		i, q := n.find(r, p.words)
		if q == nil {
			continue
		}
		weight := r.weight
		if t.lost && r.scope == inOpening {
			weight *= lostOpener
		}
		if found[r.nature] == nil {
			found[r.nature] = &natureSum{}
		}
		e := p.evidence(i, len(q.words), q.asks)
		e.Rule, e.Weight = strings.TrimSpace(r.name+" "+q.found(p.words[i:])), round(weight)
		found[r.nature].add(e)
		return
	}
}

// find gives the first place where a cue of the rule stands in words.
func (n *Natures) find(r *compiledRule, words []proseWord) (at int, found *cue) {
	for i := range words {
		for _, cues := range [2][]cue{r.byWord[words[i].text], r.loose} {
			for k := range cues {
				if cues[k].at(words, i) && !n.guarded(r.guard, words, i) {
					return i, &cues[k]
				}
			}
		}
	}
	return 0, nil
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
		if n.guards[0][before] || g == ifDone && n.guards[1][before] {
			return true
		}
	}
	return false
}
