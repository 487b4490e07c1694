package search

import (
	"strings"
	"unicode/utf8"
)

// Matcher finds in texts what a query looks for.
type Matcher struct {
	terms []term
	// starts are the terms by their first word; ascii says which letters those words
	// begin with, so that most words of a text are not looked at.
	starts map[string][]int
	ascii  [utf8.RuneSelf]bool
}

// term is a word or a phrase.
type term struct {
	field Field
	words []string // folded
}

// hit is where a term stands in a text.
type hit struct{ start, end, term int }

// Matcher makes one of all words that the query wants, not of those that it does
// not want.
func (q *Query) Matcher() *Matcher {
	m := &Matcher{starts: map[string][]int{}}
	q.Root.Leaves(func(leaf *Node, negated bool) {
		if negated || !leaf.Field.Text() {
			return
		}
		t := term{field: leaf.Field}
		for _, w := range leaf.Words {
			if w = Fold(w); w != "" {
				t.words = append(t.words, w)
			}
		}
		if len(t.words) == 0 {
			return
		}
		first := t.words[0]
		m.starts[first] = append(m.starts[first], len(m.terms))
		if first[0] < utf8.RuneSelf {
			m.ascii[first[0]] = true
		}
		m.terms = append(m.terms, t)
	})
	return m
}

// Terms is how many words and phrases it looks for.
func (m *Matcher) Terms() int { return len(m.terms) }

// word finds the first word of a text from a place on. Characters of scripts that
// write no spaces are words.
func word(text string, from int) (start, end int) {
	start = -1
	for i := from; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case notOfWord(r):
			if start >= 0 {
				return start, i
			}
		case r > 0x0e00 && spaceless(r):
			if start >= 0 {
				return start, i
			}
			return i, i + size
		case start < 0:
			start = i
		}
		i += size
	}
	return start, len(text)
}

// folded is Fold for a word of a text; most are in lower case already.
func folded(w string) string {
	for i := range len(w) {
		if c := w[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return Fold(w)
		}
	}
	return w
}

// hits finds what of a field's text is looked for; those of Anywhere are in every
// field.
func (m *Matcher) hits(text string, field Field) []hit {
	var all []hit
	if len(m.terms) == 0 {
		return nil
	}
	for at := 0; at < len(text); {
		start, end := word(text, at)
		if start < 0 {
			break
		}
		at = end
		if c := text[start]; c < utf8.RuneSelf && !m.ascii[c|0x20] && !m.ascii[c] {
			continue
		}
		for _, i := range m.starts[folded(text[start:end])] {
			t := &m.terms[i]
			if t.field != Anywhere && t.field != field {
				continue
			}
			if last := t.follows(text, end); last > 0 {
				all = append(all, hit{start, last, i})
			}
		}
	}
	return all
}

// follows says where a term ends whose first word ends there; 0 where another
// word comes next.
func (t *term) follows(text string, end int) int {
	for _, want := range t.words[1:] {
		start, next := word(text, end)
		if start < 0 || folded(text[start:next]) != want {
			return 0
		}
		end = next
	}
	return end
}

// Piece is a stretch of a text; what was looked for is a Hit.
type Piece struct {
	Text string
	Hit  bool
}

// Mark cuts a field's text, such as a subject, into what was looked for and what
// stands between.
func (m *Matcher) Mark(text string, field Field) []Piece {
	return pieces(text, m.hits(text, field))
}

func pieces(text string, hits []hit) []Piece {
	var all []Piece
	at := 0
	for _, h := range hits {
		if h.start > at {
			all = append(all, Piece{Text: text[at:h.start]})
			at = h.start
		}
		if h.end <= at {
			continue
		}
		if last := len(all) - 1; h.start < at && last >= 0 && all[last].Hit { // it begins within another
			all[last].Text += text[at:h.end]
		} else {
			all = append(all, Piece{text[at:h.end], true})
		}
		at = h.end
	}
	if at < len(text) {
		all = append(all, Piece{Text: text[at:]})
	}
	return all
}

// passage is how many bytes of a text a result shows, lead how many of them stand
// in front of the first hit.
const (
	passage = 240
	lead    = 60
)

// Passage is the stretch of a text that says most of what was looked for, on one
// line: that with the most different words and phrases, and of those the first. A
// text without any gives its beginning.
func (m *Matcher) Passage(text string) []Piece {
	hits := m.hits(text, "text")
	from := 0
	if best := densest(hits, len(m.terms)); best >= 0 {
		from = max(0, hits[best].start-lead)
	}
	from, to := whole(text, from, min(len(text), from+passage))
	inside := hits[:0]
	for _, h := range hits {
		if h.start >= from && h.end <= to {
			inside = append(inside, hit{h.start - from, h.end - from, h.term})
		}
	}
	all := pieces(text[from:to], inside)
	for i := range all {
		all[i].Text = flat(all[i].Text)
	}
	if len(all) > 0 && from > 0 {
		all[0].Text = strings.TrimLeft(all[0].Text, " ")
		all = append([]Piece{{Text: "… "}}, all...)
	}
	if len(all) > 0 && strings.TrimSpace(text[to:]) != "" {
		all = append(all, Piece{Text: " …"})
	}
	return all
}

// densest is the hit with which the passage begins that has the most different
// terms; -1 where there is none.
func densest(hits []hit, terms int) int {
	best, most := -1, 0
	seen := make([]int, terms)
	different, last := 0, 0
	for first := range hits {
		for last < len(hits) && hits[last].end-hits[first].start <= passage-lead {
			if seen[hits[last].term]++; seen[hits[last].term] == 1 {
				different++
			}
			last++
		}
		if different > most {
			best, most = first, different
		}
		if last == first { // longer than a passage
			if most == 0 {
				best, most = first, 1
			}
			last++
			continue
		}
		if seen[hits[first].term]--; seen[hits[first].term] == 0 {
			different--
		}
	}
	return best
}

// whole moves the ends of a stretch to where words begin and end.
func whole(text string, from, to int) (int, int) {
	limit := min(to, from+lead)
	for i := from; from > 0 && i < limit; i++ {
		if text[i] == ' ' || text[i] == '\n' {
			from = i + 1
			break
		}
	}
	for from > 0 && from < len(text) && !utf8.RuneStart(text[from]) {
		from++
	}
	if to < len(text) {
		for i := to; i > to-lead && i > from; i-- {
			if text[i] == ' ' || text[i] == '\n' {
				return from, i
			}
		}
		for to > from && !utf8.RuneStart(text[to]) {
			to--
		}
	}
	return from, to
}

// flat puts text on one line.
func flat(text string) string {
	var b strings.Builder
	blank := false
	for _, r := range text {
		if space(r) {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteRune(r)
	}
	if blank {
		b.WriteByte(' ')
	}
	return b.String()
}
