package summary

import (
	"cmp"
	"maps"
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

// idf says how rare each term is among the sentences of a thread.
func idf(all []candidate) map[string]float64 {
	in := map[string]int{}
	for i := range all {
		for t := range counts(all[i].terms) {
			in[t]++
		}
	}
	rare := make(map[string]float64, len(in))
	for t, n := range in {
		rare[t] = math.Log(1 + float64(len(all))/float64(n))
	}
	return rare
}

func counts(terms []string) map[string]int {
	n := map[string]int{}
	for _, t := range terms {
		n[t]++
	}
	return n
}

// weighted is a term of a sentence with its weight.
type weighted struct {
	term  string
	value float64
}

// vector gives a sentence's terms in order, weighted by tf·idf, of length 1.
func (c *conversation) vector(terms []string) []weighted {
	n := counts(terms)
	all := make([]weighted, 0, len(n))
	square := 0.0
	for _, t := range slices.Sorted(maps.Keys(n)) {
		v := float64(n[t]) * c.idf[t]
		all = append(all, weighted{t, v})
		square += v * v
	}
	for i := range all {
		all[i].value /= math.Sqrt(square)
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

// lexRank gives the rank of each candidate; that of the most central is 1.
func (c *conversation) lexRank() []float64 {
	n := len(c.candidates)
	vectors := make([][]weighted, n)
	for i := range vectors {
		vectors[i] = c.vector(c.candidates[i].terms)
	}
	edges := make([][]int, n)
	for i := range n {
		for j := range i {
			if cosine(vectors[i], vectors[j]) >= similar {
				edges[i], edges[j] = append(edges[i], j), append(edges[j], i)
			}
		}
	}
	rank := slices.Repeat([]float64{1}, n)
	for range rounds {
		next := slices.Repeat([]float64{damping}, n)
		for i := range n {
			for _, j := range edges[i] {
				next[j] += (1 - damping) * rank[i] / float64(len(edges[i]))
			}
		}
		rank = next
	}
	if n > 0 {
		top := slices.Max(rank)
		for i := range rank {
			rank[i] /= top
		}
	}
	return rank
}
