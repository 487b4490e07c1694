package search

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// What a query can have at most: bytes, words and fields, parentheses in one
// another.
const (
	MaxLength = 1000
	MaxTerms  = 40
	MaxDepth  = 10
)

// Parse reads a query. It always gives one; where Query.Bad is not nil, it says
// less than was meant and had better not be answered.
func Parse(text string, names Names) Query {
	q := Query{Text: text}
	if len(text) > MaxLength {
		at := MaxLength
		for !utf8.RuneStart(text[at]) {
			at--
		}
		q.Problems = []Problem{{Start: at, End: len(text), Fatal: true,
			Says: fmt.Sprintf("The query is longer than %d characters; leave out what is from here on.", MaxLength)}}
		return q
	}
	p := &parser{q: &q, names: &names, text: text}
	q.Root = p.or()
	return q
}

type parser struct {
	q     *Query
	names *Names
	text  string
	at    int
	depth int // of open parentheses
	terms int
}

func space(r rune) bool { return unicode.IsSpace(r) || r < ' ' || r == 0x7f }

func (p *parser) skip() {
	p.at += len(p.text[p.at:]) - len(strings.TrimLeftFunc(p.text[p.at:], space))
}

func (p *parser) note(start, end int, fatal bool, instead, says string) {
	p.q.Problems = append(p.q.Problems, Problem{Start: start, End: end, Says: says, Fatal: fatal, Instead: instead})
}

// replaced is the whole query with other words in one place.
func (p *parser) replaced(start, end int, by string) string {
	return strings.TrimSpace(p.text[:start] + by + p.text[end:])
}

// takes says whether the operator is next, and takes it.
func (p *parser) takes(word string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.text[p.at:], word)
	if !ok {
		return false
	}
	if r, size := utf8.DecodeRuneInString(rest); size > 0 && !space(r) && !(r == ')' && p.depth > 0) && r != '(' {
		return false
	}
	p.at += len(word)
	return true
}

// or reads up to the parenthesis that closes, or to the end.
func (p *parser) or() *Node {
	var all *Node
	asked := -1 // where an OR stands of which the right side is missing
	for {
		part := p.and()
		if part == nil && asked >= 0 {
			p.lonely("OR", asked)
		}
		all = join(Or, all, part)
		if !p.takes("OR") {
			return all
		}
		asked = p.at - len("OR")
		if all == nil {
			p.lonely("OR", asked)
			asked = -1
		}
	}
}

func (p *parser) lonely(word string, at int) {
	p.note(at, at+len(word), false, "", fmt.Sprintf("%s has nothing on one side and was left out; to look for the word, put it into double quotes.", word))
}

// and reads what stands side by side.
func (p *parser) and() *Node {
	var all *Node
	for {
		p.skip()
		if p.at == len(p.text) || p.text[p.at] == ')' && p.depth > 0 {
			return all
		}
		before := p.at
		if p.takes("OR") {
			p.at = before
			return all
		}
		if p.takes("AND") {
			continue
		}
		all = join(And, all, p.unary())
	}
}

// unary reads one thing, perhaps with a minus.
func (p *parser) unary() *Node {
	start := p.at
	switch rest := p.text[p.at:]; {
	case rest[0] == '-' && len(rest) > 1 && rest[1] != '-':
		if r, _ := utf8.DecodeRuneInString(rest[1:]); !space(r) && !(r == ')' && p.depth > 0) {
			p.at++
			return not(p.primary(), start)
		}
	case p.takes("NOT"):
		if p.skip(); p.at == len(p.text) || p.text[p.at] == ')' && p.depth > 0 {
			p.lonely("NOT", start)
			return nil
		}
		return not(p.unary(), start)
	}
	return p.primary()
}

// primary reads a group or a leaf.
func (p *parser) primary() *Node {
	start := p.at
	if p.text[p.at] != '(' {
		return p.leaf()
	}
	if p.depth == MaxDepth {
		p.note(start, start+1, true, "", fmt.Sprintf("There are more than %d parentheses in one another; write the query with fewer.", MaxDepth))
		p.at = len(p.text)
		return nil
	}
	p.at++
	p.depth++
	n := p.or()
	p.depth--
	if p.at < len(p.text) {
		p.at++ // or ends at ")" or at the end
	} else if p.q.Bad() == nil {
		p.note(start, start+1, false, "", "This parenthesis is not closed; it was taken to end where the query does.")
	}
	return n
}

// leaf reads a word, a phrase or a field.
func (p *parser) leaf() *Node {
	n := &Node{Start: p.at}
	name, colon := p.fieldName()
	if colon {
		var ok bool
		if n.Field, n.Kind, ok = p.names.field(name); !ok {
			p.likeField(name)
		} else {
			p.at += len(name) + 1
			p.skip()
		}
	}
	n.Value = p.value()
	n.End = p.at
	if p.terms++; p.terms > MaxTerms {
		p.note(n.Start, len(p.text), true, "", fmt.Sprintf("There are more than %d words and fields; leave out what is from here on.", MaxTerms))
		p.at = len(p.text)
		return nil
	}
	return p.understood(n)
}

// understood is a leaf that means something, or nil.
func (p *parser) understood(n *Node) *Node {
	written := p.text[n.Start:n.End]
	if n.Field != Anywhere && n.Value == "" {
		p.note(n.Start, n.End, true, "", fmt.Sprintf("%s needs something behind it, such as %s.", n.name(), example(n)))
		return nil
	}
	if n.Field.Text() {
		if n.Words = Words(n.Value); len(n.Words) == 0 {
			p.note(n.Start, n.End, false, "", fmt.Sprintf("There is no letter and no digit in %s: it was left out.", written))
			return nil
		}
		return n
	}
	says, instead, fatal := p.names.understand(n)
	if instead != "" {
		field := n.name()
		if _, whole, ok := strings.Cut(instead, ":"); ok && n.Kind != "" {
			instead = whole
		}
		instead = p.replaced(n.Start, n.End, field+quoted(instead))
	}
	if says != "" {
		p.note(n.Start, n.End, fatal, instead, says)
	}
	return n
}

func example(n *Node) string {
	value := map[Field]string{FieldFrom: "ada", FieldSubject: "release", FieldTag: "nova", FieldNature: "question", FieldList: "announce",
		FieldBefore: "2016-04-30", FieldAfter: "2016-04-01", FieldHas: Attachment, FieldIs: Unanswered}[n.Field]
	return n.name() + value
}

// fieldName is the name in front of a colon.
func (p *parser) fieldName() (name string, ok bool) {
	rest := p.text[p.at:]
	i := strings.IndexFunc(rest, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_') })
	if i < 1 || rest[i] != ':' {
		return "", false
	}
	return rest[:i], true
}

// likeField notes that a word in front of a colon may be a misspelt field.
func (p *parser) likeField(name string) {
	rest := p.text[p.at+len(name)+1:]
	like := p.names.likeField(name)
	if like == "" || strings.HasPrefix(rest, "//") {
		return
	}
	p.note(p.at, p.at+len(name)+1, false, p.replaced(p.at, p.at+len(name), like), fmt.Sprintf("There is no field %s: it was looked for as a word.", name))
}

// value reads a phrase or a word. A parenthesis within a word is part of it.
func (p *parser) value() string {
	rest := p.text[p.at:]
	if inner, ok := strings.CutPrefix(rest, `"`); ok {
		phrase, _, closed := strings.Cut(inner, `"`)
		p.at += len(phrase) + 1
		if closed {
			p.at++
		} else if strings.TrimSpace(phrase) != "" {
			p.note(p.at-len(phrase)-1, p.at-len(phrase), false, "", "This double quote is not closed; the phrase was taken to end where the query does.")
		}
		return strings.TrimSpace(strings.Map(oneLine, phrase))
	}
	opened := 0
	end := strings.IndexFunc(rest, func(r rune) bool {
		switch {
		case space(r) || r == '"':
			return true
		case r == '(':
			opened++
		case r == ')' && opened > 0:
			opened--
		case r == ')':
			return p.depth > 0
		}
		return false
	})
	if end < 0 {
		end = len(rest)
	}
	p.at += end
	return strings.ToValidUTF8(rest[:end], "\uFFFD")
}

func oneLine(r rune) rune {
	if space(r) {
		return ' '
	}
	return r
}

// join makes one node of two, either of which may be nil. What is in one another
// and of the same kind becomes one.
func join(op Op, a, b *Node) *Node {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	n := &Node{Op: op, Start: a.Start, End: b.End}
	for _, c := range []*Node{a, b} {
		if c.Op == op {
			n.Of = append(n.Of, c.Of...)
		} else {
			n.Of = append(n.Of, c)
		}
	}
	return n
}

// not turns a node round.
func not(n *Node, start int) *Node {
	switch {
	case n == nil:
		return nil
	case n.Op == Not:
		return n.Of[0]
	}
	return &Node{Op: Not, Of: []*Node{n}, Start: start, End: n.End}
}

// Meant is the query with those words replaced that may be misspelt: names of topics
// and, behind from:, of authors; "" where there are none. Whether it finds anything
// nobody has looked at.
func (q *Query) Meant(names Names) string {
	if q.Root == nil {
		return ""
	}
	known := sync.OnceValue(names.authors)
	text, moved, changed := q.Text, 0, false
	q.Root.Leaves(func(leaf *Node, negated bool) {
		if negated {
			return
		}
		like := ""
		switch {
		case leaf.Field == FieldFrom:
			like = known().like(leaf)
		case names.LikeWord != nil && (leaf.Field == Anywhere || leaf.Field == FieldSubject) && len(leaf.Words) == 1:
			like = names.LikeWord(leaf.Words[0])
		}
		if like == "" {
			return
		}
		by := leaf.name() + quoted(like)
		text = text[:leaf.Start+moved] + by + text[leaf.End+moved:]
		moved += len(by) - (leaf.End - leaf.Start)
		changed = true
	})
	if !changed {
		return ""
	}
	return text
}
