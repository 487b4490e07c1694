package summary

import "sigpost"

// quotation is what others did with a sentence.
type quotation struct {
	quotedBy   int // messages that quote it
	answeredBy int // messages that quote it and say something right below
	// chosen is how much of its message those who quote it left out, at most:
	// 1 where it alone was kept.
	chosen float64
}

// gram is the number of words that a quote is recognised by.
const gram = 3

// enough is the share of a sentence's grams that a quote holds: quoting programs
// break lines, and people cut.
const enough = 0.6

// answerReach is how many words before the end of a quote those begin that
// what stands below it answers.
const answerReach = 14

// Bounds of what is compared, so that no thread takes long: words that stand
// in a row in many sentences tell none of them, and of what one message quotes
// only so much is looked at.
const (
	maxSharing = 50
	maxQuoted  = 5000 // words
)

// quote finds which sentences later messages quote, and from it, or from the
// references where nothing is quoted, which message answers which.
func (c *conversation) quote() {
	at, size := c.grams()
	number := map[sigpost.MessageID]int{}
	c.parent, c.answers = make([]int, len(c.messages)), make([]int, len(c.messages))
	for i, m := range c.messages {
		quoted, answered := c.quotedIn(i, at, size)
		c.count(quoted, answered)
		c.parent[i] = c.mostQuoted(quoted)
		if c.parent[i] < 0 {
			if p, ok := number[m.Parent()]; ok {
				c.parent[i] = p
			}
		}
		if c.parent[i] >= 0 {
			c.answers[c.parent[i]]++
		}
		number[m.MessageID] = i
	}
}

// grams gives the candidates by the words that stand in a row in them, and how
// many such rows each has.
func (c *conversation) grams() (at map[[gram]string][]int, size []int) {
	at, size = map[[gram]string][]int{}, make([]int, len(c.candidates))
	for i := range c.candidates {
		w := words(c.candidates[i].text)
		for k := 0; k+gram <= len(w); k++ {
			key := [gram]string(w[k : k+gram])
			if all := at[key]; len(all) == 0 || all[len(all)-1] != i {
				at[key] = append(all, i)
				size[i]++
			}
		}
	}
	for key, all := range at {
		if len(all) > maxSharing {
			for _, i := range all {
				size[i]--
			}
			delete(at, key)
		}
	}
	return at, size
}

// quotedIn gives the candidates of earlier messages that a message quotes, in
// order, and those of them that it says something right below.
func (c *conversation) quotedIn(message int, at map[[gram]string][]int, size []int) (quoted []int, answered map[int]bool) {
	m := c.messages[message]
	answered = map[int]bool{}
	found := map[int]bool{}
	left := maxQuoted
	for k, r := range m.Ranges {
		if r.Kind != sigpost.RangeQuoted {
			continue
		}
		w := words(m.Text[r.Start:r.End])
		w = w[:min(len(w), left)]
		left -= len(w)
		hits, last, seen := map[int]int{}, map[int]int{}, map[[gram]string]bool{}
		for p := 0; p+gram <= len(w); p++ {
			key := [gram]string(w[p : p+gram])
			for _, i := range at[key] {
				if c.candidates[i].message < message {
					last[i] = p + gram
					if !seen[key] {
						hits[i]++
					}
				}
			}
			seen[key] = true
		}
		below := k+1 < len(m.Ranges) && m.Ranges[k+1].Kind == sigpost.RangeNew
		for i, n := range hits {
			if float64(n) >= enough*float64(size[i]) {
				found[i] = true
				if below && len(w)-last[i] <= answerReach {
					answered[i] = true
				}
			}
		}
	}
	for i := range c.candidates {
		if found[i] {
			quoted = append(quoted, i)
		}
	}
	return quoted, answered
}

// count notes what one message quotes and answers.
func (c *conversation) count(quoted []int, answered map[int]bool) {
	kept := map[int]int{} // by message
	for _, i := range quoted {
		kept[c.candidates[i].message]++
	}
	for _, i := range quoted {
		s := &c.candidates[i]
		s.quotedBy++
		if answered[i] {
			s.answeredBy++
		}
		if s.among > 1 {
			s.chosen = max(s.chosen, float64(s.among-kept[s.message])/float64(s.among-1))
		}
	}
}

// mostQuoted is the message that most of what is quoted is from, the latest
// among equals, or -1.
func (c *conversation) mostQuoted(quoted []int) int {
	n := map[int]int{}
	best := -1
	for _, i := range quoted {
		n[c.candidates[i].message]++
	}
	for i := range c.messages {
		if n[i] > 0 && (best < 0 || n[i] >= n[best]) {
			best = i
		}
	}
	return best
}
