package search

import (
	"fmt"
	"strings"
	"time"

	"sigpost"
)

// Op is what a node does.
type Op int

// The kinds of node.
const (
	// Leaf looks for words, or at a field.
	Leaf Op = iota
	And
	Or
	Not // has one node below it
)

// Field is where a leaf looks.
type Field string

// The fields. A taxonomy's kinds of tags are names of FieldTag, too: see
// Node.Kind.
const (
	Anywhere     Field = "" // subject, author, and what the author wrote
	FieldFrom    Field = "from"
	FieldSubject Field = "subject"
	FieldTag     Field = "tag"
	FieldNature  Field = "nature"
	FieldList    Field = "list"
	FieldBefore  Field = "before"
	FieldAfter   Field = "after"
	FieldHas     Field = "has"
	FieldIs      Field = "is"
)

// What has: and is: can ask.
const (
	Attachment = "attachment" // has:
	Unanswered = "unanswered" // is: a person began the thread, and no other has written in it
	Robot      = "robot"      // is: a program wrote the message
)

// Text says whether the field is of words, which an index of words has.
func (f Field) Text() bool { return f == Anywhere || f == FieldFrom || f == FieldSubject }

// Node is a part of a query.
type Node struct {
	Op Op
	Of []*Node // two or more of And and Or, one of Not

	// Of a leaf: where it looks and for what, as it was typed.
	Field Field
	Kind  sigpost.TagKind // of FieldTag, where the field is a kind of tags
	Value string
	// Words are the words of a text field's value, in case and accents as typed; they
	// stand one after the other. There is one at least.
	Words []string
	// Tags are what the value of FieldTag and FieldNature can mean: any of them. One
	// without a kind is of any kind.
	Tags []sigpost.Tag
	// Time is the moment of FieldBefore and FieldAfter.
	Time time.Time

	// Start and End are where it stands in the text, in bytes.
	Start, End int
}

// Query is what somebody typed, understood.
type Query struct {
	Text string
	// Root is nil where there is nothing to look for.
	Root *Node
	// Problems are what was wrong with it, in the order of the text.
	Problems []Problem
}

// Problem is one thing that is wrong with a query.
type Problem struct {
	Start, End int // in bytes of the text
	// Says is what is wrong and what to do, a sentence.
	Says string
	// Fatal means that the query cannot be answered; else it was answered without
	// what was wrong, or with it taken as words.
	Fatal bool
	// Instead is the whole query as it may have been meant; empty where nobody knows.
	Instead string
}

// Bad is the first problem that keeps the query from being answered, or nil.
func (q *Query) Bad() *Problem {
	for i := range q.Problems {
		if q.Problems[i].Fatal {
			return &q.Problems[i]
		}
	}
	return nil
}

// Err is what keeps the query from being answered, as an error that wraps
// sigpost.ErrUsage, or nil.
func (q *Query) Err() error {
	p := q.Bad()
	if p == nil {
		return nil
	}
	says := p.Says
	if p.Instead != "" {
		says += " Did you mean " + p.Instead + "?"
	}
	return sigpost.Usage(fmt.Errorf("character %d of the query: %s", len([]rune(q.Text[:p.Start]))+1, says))
}

// String gives the query in a form of its own, which means the same.
func (q *Query) String() string {
	if q.Root == nil {
		return ""
	}
	return q.Root.String()
}

// String gives the node as it can be typed.
func (n *Node) String() string {
	switch n.Op {
	case And, Or:
		parts := make([]string, len(n.Of))
		for i, c := range n.Of {
			parts[i] = c.String()
			if n.Op == And && c.Op == Or {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, map[Op]string{And: " ", Or: " OR "}[n.Op])
	case Not:
		if n.Of[0].Op == Leaf {
			return "-" + n.Of[0].String()
		}
		return "-(" + n.Of[0].String() + ")"
	}
	if n.Field != Anywhere {
		return n.name() + quoted(n.Value)
	}
	if strings.Contains(n.Value, ":") { // it is no field
		return `"` + n.Value + `"`
	}
	return quoted(n.Value)
}

// name is the leaf's field with its colon; nothing where it has none.
func (n *Node) name() string {
	switch {
	case n.Field == Anywhere:
		return ""
	case n.Kind != "":
		return string(n.Kind) + ":"
	}
	return string(n.Field) + ":"
}

// quoted puts what would mean something else as it stands into double quotes. A
// value has none in it.
func quoted(value string) string {
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return space(r) || strings.ContainsRune("()", r) }) ||
		strings.HasPrefix(value, "-") || operator(value) {
		return `"` + value + `"`
	}
	return value
}

func operator(word string) bool { return word == "OR" || word == "AND" || word == "NOT" }

// Leaves calls do for each leaf, and says whether it is under an odd number of
// Nots.
func (n *Node) Leaves(do func(leaf *Node, negated bool)) { n.leaves(false, do) }

func (n *Node) leaves(negated bool, do func(*Node, bool)) {
	if n == nil {
		return
	}
	if n.Op == Leaf {
		do(n, negated)
	}
	for _, c := range n.Of {
		c.leaves(negated != (n.Op == Not), do)
	}
}

// InSubject is the query with all words that are wanted anywhere wanted in the
// subject.
func InSubject(n *Node) *Node {
	if n == nil || n.Op == Not {
		return n
	}
	c := *n
	if n.Op == Leaf && n.Field == Anywhere {
		c.Field = FieldSubject
	}
	c.Of = make([]*Node, len(n.Of))
	for i, below := range n.Of {
		c.Of[i] = InSubject(below)
	}
	return &c
}

// Plain says whether a text is words side by side and nothing else: no phrase, no
// field, no operator.
func Plain(text string, names Names) bool {
	q := Parse(text, names)
	if q.Root == nil || len(q.Problems) > 0 || strings.ContainsAny(text, `"()`) {
		return false
	}
	plain := q.Root.Op == And || q.Root.Op == Leaf
	for _, n := range q.Root.Of {
		plain = plain && n.Op == Leaf
	}
	q.Root.Leaves(func(n *Node, _ bool) { plain = plain && n.Field == Anywhere })
	return plain
}
