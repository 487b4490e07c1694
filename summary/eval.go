package summary

import (
	"cmp"
	"html"
	"slices"
	"strings"

	"sigpost"
)

// Report is how good summaries are, by several methods with the same number of
// words for a thread.
type Report struct {
	Words   int `json:"words"`
	Threads int `json:"threads"`
	// Folds says that each thread was summed up by weights that were learned
	// from the others.
	Folds   bool     `json:"folds"`
	Methods []Result `json:"methods"`
	// ByThread are the summaries that sigpost chose.
	ByThread []ThreadScore `json:"by_thread"`
}

// Result is the mean of a method over all threads.
type Result struct {
	Method Method `json:"method"`
	Score
}

// ThreadScore is what sigpost's summary of one thread is worth.
type ThreadScore struct {
	Name string `json:"name"`
	Score
}

// Evaluate measures summaries of n words against gold. With folds, each thread
// is summed up by weights that were learned from all the others; w does not
// count then.
func Evaluate(gold []Gold, w *Weights, n int, folds bool) Report {
	r := Report{Words: n, Threads: len(gold), Folds: folds, ByThread: []ThreadScore{}}
	threads := make([]*conversation, len(gold))
	lessons := make([][]lesson, len(gold))
	for i := range gold {
		threads[i] = converse(gold[i].Messages)
		lessons[i] = gold[i].lessons(threads[i])
	}
	for i, c := range threads {
		if folds {
			w = learn(slices.Concat(slices.Concat(lessons[:i]...), slices.Concat(lessons[i+1:]...)))
		}
		c.judge(w)
	}
	for _, m := range methods() {
		result := Result{Method: m}
		for i := range gold {
			s := gold[i].by(m, threads[i], n)
			result.add(s, 1/float64(len(gold)))
			if m == Ours {
				r.ByThread = append(r.ByThread, ThreadScore{gold[i].Name, s})
			}
		}
		r.Methods = append(r.Methods, result)
	}
	return r
}

// by scores what a method chooses of a thread.
func (g *Gold) by(m Method, c *conversation, n int) Score {
	switch m {
	case Ours:
		return g.judge(c, c.fitting(n))
	case People:
		return g.people(n)
	}
	return g.judge(c, c.fill(m.order(c), n))
}

// Score is how good summaries are.
type Score struct {
	Sentences Quality `json:"sentences"` // against those that two annotators picked
	// Pyramid is how many annotators picked what was chosen, as a share of the
	// most that so many sentences can have.
	Pyramid float64 `json:"pyramid"`
	Rouge
	Words  float64 `json:"words"`  // chosen
	Chosen float64 `json:"chosen"` // sentences of the gold
}

func (s *Score) add(o Score, share float64) {
	s.Sentences.add(o.Sentences, share)
	s.Pyramid += share * o.Pyramid
	s.Rouge.add(o.Rouge, share)
	s.Words += share * o.Words
	s.Chosen += share * o.Chosen
}

// agreed is how many annotators must have picked a sentence that is wanted: two,
// or the only one.
func (g *Gold) agreed() int { return min(2, len(g.Annotators)) }

// covered is the share of a gold sentence's words that must have been chosen
// for it to count as chosen.
const covered = 0.5

// picks gives which gold sentences the chosen ones are, by their words' places
// in the message, and how many of the chosen are none of them.
func (g *Gold) picks(c *conversation, chosen []int) (gold []int, none int) {
	share := make([]float64, len(g.Sentences))
	for _, i := range chosen {
		s := &c.candidates[i]
		at := g.place(s)
		known := false
		for k := range g.Sentences {
			o := &g.Sentences[k]
			if o.Message != s.message || o.at.Start < 0 {
				continue
			}
			part := float64(min(at.End, o.at.End)-max(at.Start, o.at.Start)) / float64(o.at.End-o.at.Start)
			if part > 0 {
				share[k] += part
				known = known || part >= covered
			}
		}
		if !known {
			none++
		}
	}
	for k, part := range share {
		if part >= covered {
			gold = append(gold, k)
		}
	}
	return gold, none
}

// place is where a candidate stands among the words of its message.
func (g *Gold) place(s *candidate) sigpost.Span {
	text := g.Messages[s.message].Text
	start := len(words(html.UnescapeString(text[:s.span.Start])))
	return sigpost.Span{Start: start, End: start + len(words(html.UnescapeString(text[s.span.Start:s.span.End])))}
}

// score judges a choice of gold sentences and of so many others.
func (g *Gold) score(gold []int, none int, text string) Score {
	var s Score
	votes := make([]int, len(g.Sentences))
	wanted, hits, got, agreed := 0, 0, 0, g.agreed()
	for i := range g.Sentences {
		votes[i] = g.Sentences[i].Picked
		if votes[i] >= agreed {
			wanted++
		}
	}
	for _, i := range gold {
		got += votes[i]
		if votes[i] >= agreed {
			hits++
		}
	}
	slices.SortFunc(votes, func(x, y int) int { return cmp.Compare(y, x) })
	best := 0
	for i := range min(len(votes), len(gold)+none) {
		best += votes[i]
	}
	s.Sentences = quality(float64(hits), float64(len(gold)+none), float64(wanted))
	if best > 0 {
		s.Pyramid = float64(got) / float64(best)
	}
	w := words(text)
	for _, a := range g.Annotators {
		s.Rouge.add(rouge(w, words(a.Summary)), 1/float64(len(g.Annotators)))
	}
	s.Words, s.Chosen = float64(length(text)), float64(len(gold)+none)
	return s
}

// judge scores what was chosen of a conversation.
func (g *Gold) judge(c *conversation, chosen []int) Score {
	gold, none := g.picks(c, chosen)
	var texts []string
	for _, i := range chosen {
		texts = append(texts, html.UnescapeString(c.candidates[i].text))
	}
	return g.score(gold, none, strings.Join(texts, " "))
}

// people scores what most annotators picked, as far as it fits into n words.
func (g *Gold) people(n int) Score {
	order := make([]int, len(g.Sentences))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(g.Sentences[j].Picked, g.Sentences[i].Picked) })
	var chosen []int
	for _, i := range order {
		if size := length(g.Sentences[i].Text); g.Sentences[i].Picked > 0 && size <= n {
			chosen = append(chosen, i)
			n -= size
		}
	}
	slices.Sort(chosen)
	var texts []string
	for _, i := range chosen {
		texts = append(texts, g.Sentences[i].Text)
	}
	return g.score(chosen, 0, strings.Join(texts, " "))
}

// lessons are what a thread's gold teaches of its candidates.
func (g *Gold) lessons(c *conversation) []lesson {
	var all []lesson
	for i := range c.candidates {
		gold, _ := g.picks(c, []int{i})
		l := lesson{values: c.candidates[i].values}
		for _, k := range gold {
			l.picked += float64(g.Sentences[k].Picked) / float64(len(g.Annotators)*len(gold))
		}
		all = append(all, l)
	}
	return all
}
