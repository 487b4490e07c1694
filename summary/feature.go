package summary

import (
	"math"
)

// feature is something about a sentence that speaks for or against choosing
// it: between 0 and 1.
type feature struct {
	name string // in the table of weights
	// expected is its weight before any thread was learned from.
	expected float64
	// reason says it to people where it is what speaks for a sentence; empty
	// where it would tell them nothing.
	reason string
	of     func(c *conversation, s *candidate) float64
}

// features are all of them, in the order of candidate.values. The last ones
// are filled by measure, since they need the whole thread.
var features = []feature{
	// Where it stands.
	{"opener", 0.3, "opens the thread", func(c *conversation, s *candidate) float64 { return is(s.message == c.first) }},
	{"early_message", 0.3, "", func(c *conversation, s *candidate) float64 {
		return 1 - ratio(s.message, len(c.messages)-1)
	}},
	{"last_message", 0.1, "the last word so far", func(c *conversation, s *candidate) float64 {
		return is(s.message > c.first && s.message == len(c.messages)-1)
	}},
	{"openers_word", 0.3, "the last word of whoever opened the thread", func(c *conversation, s *candidate) float64 {
		return is(s.message > c.first && s.message == c.openersLast)
	}},
	{"begins_message", 0.3, "how its message begins", func(_ *conversation, s *candidate) float64 { return is(s.place == 0) }},
	{"early_sentence", 0.5, "", func(_ *conversation, s *candidate) float64 { return 1 - ratio(s.place, s.among-1) }},
	{"short_message", 0.2, "its author says little else", func(_ *conversation, s *candidate) float64 { return 1 / float64(s.among) }},
	// What others did with it.
	{"quoted", 0.3, "quoted", func(_ *conversation, s *candidate) float64 { return saturating(s.quotedBy, 1) }},
	{"quoted_alone", 0.3, "quoted", func(_ *conversation, s *candidate) float64 { return s.chosen }},
	{"answered", 0.3, "answered", func(_ *conversation, s *candidate) float64 { return saturating(s.answeredBy, 1) }},
	{"below_quote", 0.1, "answers what it quotes", func(_ *conversation, s *candidate) float64 { return is(s.below) }},
	{"answers", 0.2, "its message is answered", func(c *conversation, s *candidate) float64 { return saturating(c.answers[s.message], 2) }},
	// What it says.
	{"question", 0.4, "asks", shows(question)},
	{"proposal", 0.4, "makes a proposal", shows(proposal)},
	{"position", 0.3, "takes a position", shows(position)},
	{"decision", 0.3, "says what was decided or done", shows(decision)},
	{"aside", -0.4, "", shows(aside)},
	{"courtesy", -0.6, "", shows(courtesy)},
	{"refers_back", -0.2, "", shows(refersBack)},
	{"link", 0, "gives a link", shows(link)},
	{"unfinished", -0.5, "", func(_ *conversation, s *candidate) float64 { return is(!s.shows.has(finished)) }},
	// Of how much.
	{"length", 0.3, "", func(_ *conversation, s *candidate) float64 { return min(float64(s.length), 25) / 25 }},
	{"tiny", -0.5, "", func(_ *conversation, s *candidate) float64 { return is(s.length < 5) }},
	{"subject", 0.5, "has the words of the subject", (*conversation).subjectShare},
	{"clue_words", 0.6, "the messages around it speak of the same", nil},
	{"central", 0.5, "says what many sentences are about", nil},
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// ratio is i of n, and 0 of nothing.
func ratio(i, n int) float64 {
	if n <= 0 {
		return 0
	}
	return float64(i) / float64(n)
}

// saturating is 0 for none, half for as many as half says, and near 1 for many.
func saturating(n, half int) float64 { return float64(n) / float64(n+half) }

func shows(what marks) func(*conversation, *candidate) float64 {
	return func(_ *conversation, s *candidate) float64 { return is(s.shows.has(what)) }
}

// subjectShare is how much of the subject is in the sentence.
func (c *conversation) subjectShare(s *candidate) float64 {
	n := 0
	for _, t := range s.terms {
		if c.subject[t.term] {
			n++
		}
	}
	return min(1, ratio(n, max(2, c.subjectTerms)))
}

// measure fills the values of all candidates, and their means.
func (c *conversation) measure() {
	rank, clue := c.lexRank(), c.clueWords()
	c.mean = make([]float64, len(features))
	values := make([]float64, len(c.candidates)*len(features))
	for i := range c.candidates {
		s := &c.candidates[i]
		s.values = values[i*len(features) : (i+1)*len(features)]
		for k, f := range features {
			switch f.name {
			case "central":
				s.values[k] = rank[i]
			case "clue_words":
				s.values[k] = clue[i]
			default:
				s.values[k] = f.of(c, s)
			}
			c.mean[k] += s.values[k] / float64(len(c.candidates))
		}
	}
}

// clueWords says how much of what a sentence speaks of comes up again in the
// messages next to its own in the conversation: the one that it answers and
// those that answer it (after Carenini, Ng and Zhou, "Summarizing Email
// Conversations with Clue Words", 2007). The greatest is 1.
func (c *conversation) clueWords() []float64 {
	next := make([][]int, len(c.messages))
	for i, p := range c.parent {
		if p >= 0 {
			next[i], next[p] = append(next[i], p), append(next[p], i)
		}
	}
	of := make([][]candidate, len(c.messages)) // their candidates, which stand in a row
	for i, start := 0, 0; i < len(c.candidates); i++ {
		if m := c.candidates[i].message; i+1 == len(c.candidates) || c.candidates[i+1].message != m {
			of[m], start = c.candidates[start:i+1], i+1
		}
	}
	around := make([]int32, len(c.lexicon.terms)) // how often each term is in the messages next to one
	count := func(message, sign int) {
		for _, m := range next[message] {
			for i := range of[m] {
				for _, t := range of[m][i].terms {
					around[t.term] += int32(sign) * t.times
				}
			}
		}
	}
	scores := make([]float64, 0, len(c.candidates))
	top := 0.0
	for m := range of {
		count(m, 1)
		for i := range of[m] {
			score := 0.0
			for _, t := range of[m][i].terms {
				if n := around[t.term]; n > 0 {
					score += math.Log1p(float64(n))
				}
			}
			scores = append(scores, score)
			top = max(top, score)
		}
		count(m, -1)
	}
	for i := range scores {
		if top > 0 {
			scores[i] /= top
		}
	}
	return scores
}
