package summary

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"sigpost/internal/prose"
)

// What a sentence is worth within a number of words: how much likelier than
// worthless it is that people pick it, times a power of its length. With the
// power 0 many short ones would be chosen, with 1 few long ones. docs/summaries.md
// has what others give.
const (
	worthless   = 0.1
	lengthPower = 0.8
)

func (s *candidate) worth() float64 {
	return (s.score - worthless) * math.Pow(float64(s.length), lengthPower)
}

// fitting chooses the candidates that are worth most together and have at most
// n words (the knapsack problem), in order. Among equal choices the one with
// earlier sentences wins.
func (c *conversation) fitting(n int) []int {
	n = min(n, maxWords)
	best := make([]float64, n+1)
	taken := make([][]bool, len(c.candidates))
	// From the last to the first, so that what is read back prefers early ones.
	for i := len(c.candidates) - 1; i >= 0; i-- {
		s := &c.candidates[i]
		taken[i] = make([]bool, n+1)
		if s.worth() <= 0 {
			continue
		}
		for room := n; room >= s.length; room-- {
			if with := best[room-s.length] + s.worth(); with >= best[room] {
				best[room], taken[i][room] = with, true
			}
		}
	}
	var chosen []int
	room := n
	for i := range c.candidates {
		if taken[i][room] {
			chosen = append(chosen, i)
			room -= c.candidates[i].length
		}
	}
	if len(chosen) == 0 {
		return c.likeliest(func(s *candidate) bool { return s.length <= n })
	}
	return chosen
}

// maxWords is the most that a summary may have: more is no summary.
const maxWords = 2000

// likeliest gives the one candidate of those that may be chosen that people
// would most likely pick, or none.
func (c *conversation) likeliest(may func(*candidate) bool) []int {
	best := -1
	for i := range c.candidates {
		if may(&c.candidates[i]) && (best < 0 || c.candidates[i].score > c.candidates[best].score) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return []int{best}
}

// sameness is how much of its score a sentence loses that says the same as one
// that was chosen, crowding what it loses for each that was chosen of its
// message.
const (
	sameness = 0.5
	crowding = 0.15
)

// few chooses n sentences that can stand alone, in order: what the thread is
// about, what came of it or is open, and then one after the other that which people would
// most likely pick, and says something new. outcome is the one that says what
// came of it, or -1.
func (c *conversation) few(n int) (chosen []int, outcome int) {
	f := fewer{c: c}
	for i := range c.candidates {
		if c.candidates[i].standsAlone() {
			f.left = append(f.left, i)
		}
	}
	if len(f.left) == 0 {
		return c.likeliest(func(s *candidate) bool { return prose.WorthQuoting(s.text) }), -1
	}
	if n >= 2 {
		f.take(func(i int) float64 { return f.among(i, c.candidates[i].message == c.first) })
	}
	outcome = -1
	if n >= 3 {
		decided := func(s *candidate) bool { return s.shows.has(decision) }
		if f.take(f.outcome(decided)) || f.take(f.outcome(c.isOpen)) {
			outcome = f.chosen[len(f.chosen)-1]
		}
	}
	for len(f.chosen) < n && f.take(f.value) {
	}
	// What somebody asks and nobody answers is told whatever else is.
	asked := func(i int) bool { return c.isOpen(&c.candidates[i]) }
	if outcome < 0 && n < maxSentences && !slices.ContainsFunc(f.chosen, asked) {
		f.left = slices.DeleteFunc(f.left, func(i int) bool { return !asked(i) })
		if f.take(f.value) {
			outcome = f.chosen[len(f.chosen)-1]
		}
	}
	slices.Sort(f.chosen)
	return f.chosen, outcome
}

// about is the one of those that are chosen which tells what the thread is about:
// the likeliest of the message that opens it; or -1.
func (c *conversation) about(chosen []int) int {
	best := -1
	for _, i := range chosen {
		if c.candidates[i].message == c.first && (best < 0 || c.candidates[i].score > c.candidates[best].score) {
			best = i
		}
	}
	return best
}

// outcome values what tells what came of a thread, the later the better.
func (f *fewer) outcome(tells func(*candidate) bool) func(i int) float64 {
	return func(i int) float64 {
		s := &f.c.candidates[i]
		return f.among(i, s.message > f.c.first && tells(s)) + late*ratio(s.message, len(f.c.messages)-1)
	}
}

// isOpen says whether a sentence asks something in a message that nobody has
// answered.
func (c *conversation) isOpen(s *candidate) bool {
	return s.shows.has(question) && c.answers[s.message] == 0
}

// late is what the last message of a thread has before its first one where it
// is asked what came of it.
const late = 0.3

// fewer is what few has chosen, and what is left.
type fewer struct {
	c            *conversation
	left, chosen []int
}

// take chooses what is left of the greatest value, the earliest among equals,
// and says whether there was any.
func (f *fewer) take(value func(i int) float64) bool {
	at, best := -1, math.Inf(-1)
	for k, i := range f.left {
		if v := value(i); v > best {
			at, best = k, v
		}
	}
	if at < 0 {
		return false
	}
	took := f.left[at]
	f.chosen = append(f.chosen, took)
	// What is sent again with the same words is told once, however few they are.
	f.left = slices.DeleteFunc(f.left, func(i int) bool {
		return f.c.candidates[i].text == f.c.candidates[took].text
	})
	return true
}

// among is the value of a candidate where it is one of those that are asked for.
func (f *fewer) among(i int, asked bool) float64 {
	if !asked {
		return math.Inf(-1)
	}
	return f.value(i)
}

// value is how likely it is that people would pick a candidate, less what it
// repeats (after Carbonell and Goldstein, "The Use of MMR", 1998).
func (f *fewer) value(i int) float64 {
	v, like := f.c.candidates[i].score, 0.0
	for _, k := range f.chosen {
		like = max(like, cosine(f.c.vectors[i], f.c.vectors[k]))
		if f.c.candidates[k].message == f.c.candidates[i].message {
			v -= crowding
		}
	}
	return v - sameness*like
}

// standsAlone says whether a sentence can be read without what is around it.
func (s *candidate) standsAlone() bool {
	return s.length <= 60 && !strings.HasPrefix(s.text, "(") && prose.WorthQuoting(s.text)
}

// withoutEchoes leaves out what has been said before: what is sent again, or
// copied without a mark. It uses the same memory.
func withoutEchoes(all []candidate) []candidate {
	kept := all[:0]
	seen := make(map[string]bool, len(all))
	var key []byte
	for _, s := range all {
		if len(s.terms) >= 3 {
			key = key[:0]
			for _, t := range s.terms {
				key = binary.LittleEndian.AppendUint32(key, uint32(t.term))
			}
			if seen[string(key)] {
				continue
			}
			seen[string(key)] = true
		}
		kept = append(kept, s)
	}
	return kept
}
