package ingest

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// count tells rare words from frequent ones, and how the vocabulary grows. The
// frequent ones hold together what is said (and are what footers and lines
// over quotes are made of).
func (c *corpus) count() {
	counts, words := map[string]int{}, map[string]bool{}
	running, halfRunning, halfWords := 0, 1, 1
	for i := range c.mails {
		m := &c.mails[i]
		for _, p := range m.pieces {
			if p.kind == aWord || p.kind == aToken {
				counts[m.word(p)]++
			}
			if p.kind == aWord {
				words[m.word(p)] = true
				running++
			}
		}
		if i == len(c.mails)/2 {
			halfRunning, halfWords = max(1, running), max(1, len(words))
		}
	}
	for w, n := range counts {
		c.rare[w] = n <= max(5, len(c.mails)/50)
	}
	grows := math.Log(float64(len(words))/float64(halfWords)) / math.Log(float64(running)/float64(halfRunning))
	c.grows = min(0.8, max(0.5, grows)) // few mails, whose threads differ, tell of more growth than goes on
}

// freshShare is how many of a copy's rare words no copy had before it: n
// copies have n^grows times the words of one.
func (c *corpus) freshShare(n int) float64 {
	return math.Pow(float64(n+1), c.grows) - math.Pow(float64(n), c.grows)
}

// origin is the copy in which a word first became what it is in copy n.
func (c *corpus) origin(word []byte, n int) int {
	h := fnv.New64a()
	h.Write(word)
	for n > 0 {
		r := rand.NewPCG(h.Sum64(), uint64(n))
		if float64(r.Uint64()>>11)/(1<<53) < c.freshShare(n) {
			return n
		}
		n = int(r.Uint64() % uint64(n))
	}
	return 0
}
