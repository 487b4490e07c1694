package summary

import (
	"cmp"
	"slices"
)

// Method is a way to choose sentences within a number of words.
type Method string

// The methods that are compared.
const (
	Ours      Method = "sigpost"
	Lead      Method = "lead"       // the thread's sentences from the beginning
	Lead3     Method = "lead-3"     // its first three
	FirstEach Method = "first-each" // the first sentence of each message
	Longest   Method = "longest"    // the longest sentences
	LexRank   Method = "lexrank"    // the most central sentences
	People    Method = "annotators" // what most annotators picked
)

// methods are all of them, in the order in which they are told.
func methods() []Method {
	return []Method{Ours, Lead, Lead3, FirstEach, Longest, LexRank, People}
}

// order gives the candidates in the order in which a method wants them.
func (m Method) order(c *conversation) []int {
	all := make([]int, len(c.candidates))
	for i := range all {
		all[i] = i
	}
	by := func(value func(i int) float64) {
		slices.SortStableFunc(all, func(i, j int) int { return cmp.Compare(value(j), value(i)) })
	}
	switch m {
	case Lead3:
		return all[:min(3, len(all))]
	case FirstEach:
		by(func(i int) float64 { return is(c.candidates[i].place == 0) })
		n := 0
		for n < len(all) && c.candidates[all[n]].place == 0 {
			n++
		}
		return all[:n]
	case Longest:
		by(func(i int) float64 { return float64(c.candidates[i].length) })
	case LexRank:
		rank := c.lexRank()
		by(func(i int) float64 { return rank[i] })
	}
	return all
}

// fill takes candidates in an order as far as they fit into n words, and gives
// them in the order of the thread.
func (c *conversation) fill(order []int, n int) []int {
	var chosen []int
	for _, i := range order {
		if c.candidates[i].length <= n {
			chosen = append(chosen, i)
			n -= c.candidates[i].length
		}
	}
	slices.Sort(chosen)
	return chosen
}
