package summary

import (
	"slices"

	"sigpost"
)

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

// rows are the candidates by the words that stand in a row in them.
type rows struct {
	number map[row]int32 // in of
	of     []holders
	// size is how many rows each candidate has, less those that too many hold.
	size []int
}

// row is words that stand in a row, by their numbers.
type row [gram]int32

// holders are the candidates that have a row, in order.
type holders struct {
	candidates []int32
	tooMany    bool
	// seenIn is the number of the last quote in which the row was found.
	seenIn int
}

// quote finds which sentences later messages quote, and from it, or from the
// references where nothing is quoted, which message answers which.
func (c *conversation) quote() {
	r := c.rows()
	s := search{rows: r, hits: make([]int, len(c.candidates)), last: make([]int, len(c.candidates))}
	number := map[sigpost.MessageID]int{}
	c.parent, c.answers = make([]int, len(c.messages)), make([]int, len(c.messages))
	for i, m := range c.messages {
		quoted, answered := c.quotedIn(i, &s)
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

// rows finds the rows of all candidates. It is empty where nobody quotes.
func (c *conversation) rows() *rows {
	r := &rows{size: make([]int, len(c.candidates))}
	if !slices.ContainsFunc(c.messages, quotes) {
		return r
	}
	n := 0
	for i := range c.candidates {
		n += max(0, len(c.candidates[i].words)-gram+1)
	}
	r.number, r.of = make(map[row]int32, n), make([]holders, 0, n)
	for i := range c.candidates {
		w := c.candidates[i].words
		for k := 0; k+gram <= len(w); k++ {
			key := row(w[k : k+gram])
			n, ok := r.number[key]
			if !ok {
				n = int32(len(r.of))
				r.number[key] = n
				r.of = append(r.of, holders{})
			}
			r.add(&r.of[n], int32(i))
		}
	}
	return r
}

// add notes that a candidate has a row. What too many have counts for none.
func (r *rows) add(h *holders, candidate int32) {
	n := len(h.candidates)
	switch {
	case h.tooMany || n > 0 && h.candidates[n-1] == candidate:
	case n == maxSharing:
		for _, i := range h.candidates {
			r.size[i]--
		}
		h.candidates, h.tooMany = nil, true
	default:
		h.candidates = append(h.candidates, candidate)
		r.size[candidate]++
	}
}

func quotes(m *sigpost.Message) bool {
	return slices.ContainsFunc(m.Ranges, func(r sigpost.Range) bool { return r.Kind == sigpost.RangeQuoted })
}

// search looks for candidates in quotes.
type search struct {
	*rows
	quotes int // that were searched
	// Of each candidate: how many of its rows are in the quote, and before which
	// word the last one ends.
	hits, last []int
	touched    []int32 // candidates with hits
	words      []int32 // of the quote
}

// in finds the rows in a quote in a message, and gives how many words that has, at most so many.
func (s *search) in(c *conversation, message int, quote string, most int) int {
	for _, i := range s.touched {
		s.hits[i] = 0
	}
	s.quotes, s.touched, s.words = s.quotes+1, s.touched[:0], s.words[:0]
	for w := range eachWord(quote) {
		if len(s.words) == most {
			break
		}
		s.words = append(s.words, c.lexicon.find(w))
	}
	for p := 0; p+gram <= len(s.words); p++ {
		n, ok := s.number[row(s.words[p:p+gram])]
		if !ok {
			continue
		}
		h := &s.of[n]
		for _, i := range h.candidates {
			if c.candidates[i].message >= message {
				break // they are in order
			}
			s.last[i] = p + gram
			if h.seenIn != s.quotes {
				if s.hits[i] == 0 {
					s.touched = append(s.touched, i)
				}
				s.hits[i]++
			}
		}
		h.seenIn = s.quotes
	}
	return len(s.words)
}

// quotedIn gives the candidates of earlier messages that a message quotes, in
// order, and those of them that it says something right below.
func (c *conversation) quotedIn(message int, s *search) (quoted []int, answered map[int]bool) {
	m := c.messages[message]
	answered = map[int]bool{}
	left := maxQuoted
	for k, r := range m.Ranges {
		if r.Kind != sigpost.RangeQuoted {
			continue
		}
		n := s.in(c, message, m.Text[r.Start:r.End], left)
		left -= n
		below := k+1 < len(m.Ranges) && m.Ranges[k+1].Kind == sigpost.RangeNew
		for _, i := range s.touched {
			if float64(s.hits[i]) >= enough*float64(s.size[i]) {
				quoted = append(quoted, int(i))
				if below && n-s.last[i] <= answerReach {
					answered[int(i)] = true
				}
			}
		}
	}
	slices.Sort(quoted)
	return slices.Compact(quoted), answered
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
	best, most := -1, 0
	for len(quoted) > 0 {
		message, n := c.candidates[quoted[0]].message, 0
		for n < len(quoted) && c.candidates[quoted[n]].message == message {
			n++
		}
		if n >= most {
			best, most = message, n
		}
		quoted = quoted[n:]
	}
	return best
}
