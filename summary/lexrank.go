package summary

import (
	"cmp"
	"math"
	"slices"
)

// LexRank as in Erkan and Radev, "LexRank: Graph-based Lexical Centrality as
// Salience in Text Summarization" (2004): a sentence is central that resembles
// central ones.
const (
	similar = 0.1  // from which cosine on two sentences resemble each other
	damping = 0.15 // the share of its rank that every sentence has anyway
	rounds  = 40
)

// weigh says how rare each term is among the sentences of a thread (idf), and
// gives each sentence its vector.
func (c *conversation) weigh() {
	c.idf = make([]float64, len(c.lexicon.terms))
	for i := range c.candidates {
		for _, t := range c.candidates[i].terms {
			c.idf[t.term]++
		}
	}
	for t, n := range c.idf {
		c.idf[t] = math.Log(1 + float64(len(c.candidates))/n) // n is 0 only of what no candidate has
	}
	c.vectors = make([][]weighted, len(c.candidates))
	for i := range c.vectors {
		c.vectors[i] = c.vector(c.candidates[i].terms)
	}
}

// weighted is a term of a sentence with its weight.
type weighted struct {
	term  int32
	value float64
}

// vector gives a sentence's terms in order, weighted by tf·idf, of length 1.
func (c *conversation) vector(terms []counted) []weighted {
	all := make([]weighted, len(terms))
	square := 0.0
	for i, t := range terms {
		v := float64(t.times) * c.idf[t.term]
		all[i] = weighted{t.term, v}
		square += v * v
	}
	length := math.Sqrt(square)
	for i := range all {
		all[i].value /= length
	}
	return all
}

// cosine says how alike two vectors are.
func cosine(x, y []weighted) float64 {
	sum, i, j := 0.0, 0, 0
	for i < len(x) && j < len(y) {
		switch cmp.Compare(x[i].term, y[j].term) {
		case -1:
			i++
		case 1:
			j++
		default:
			sum += x[i].value * y[j].value
			i, j = i+1, j+1
		}
	}
	return sum
}

// edges gives for each candidate those that it resembles.
func (c *conversation) edges() [][]int32 {
	// Sentences before the one that is looked at, by their terms: few share any.
	type use struct {
		candidate int32
		value     float64
	}
	terms := len(c.lexicon.terms)
	starts := make([]int32, terms+1) // of each term's uses
	for _, v := range c.vectors {
		for _, w := range v {
			starts[w.term+1]++
		}
	}
	for t := range terms {
		starts[t+1] += starts[t]
	}
	uses, ends := make([]use, starts[terms]), slices.Clone(starts)
	edges, alike := make([][]int32, len(c.vectors)), make([]float64, len(c.vectors))
	for i, v := range c.vectors {
		for _, w := range v { // in the order in which cosine adds up
			for _, u := range uses[starts[w.term]:ends[w.term]] {
				alike[u.candidate] += w.value * u.value
			}
			uses[ends[w.term]] = use{int32(i), w.value}
			ends[w.term]++
		}
		for j := range i {
			if alike[j] >= similar {
				edges[i], edges[j] = append(edges[i], int32(j)), append(edges[j], int32(i))
			}
			alike[j] = 0
		}
	}
	return edges
}

// lexRank gives the rank of each candidate; that of the most central is 1.
func (c *conversation) lexRank() []float64 {
	n, edges := len(c.candidates), c.edges()
	rank, next := slices.Repeat([]float64{1}, n), make([]float64, n)
	for range rounds {
		for i := range next {
			next[i] = damping
		}
		for i := range n {
			share := (1 - damping) * rank[i] / float64(len(edges[i]))
			for _, j := range edges[i] {
				next[j] += share
			}
		}
		rank, next = next, rank
	}
	if n > 0 {
		top := slices.Max(rank)
		for i := range rank {
			rank[i] /= top
		}
	}
	return rank
}
