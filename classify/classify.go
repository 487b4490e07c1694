package classify

import (
	"slices"
	"strings"
	"sync"

	"sigpost"
)

// Classifier tags threads by one taxonomy. It may be used from several
// goroutines at once; what it answers never changes.
type Classifier struct {
	taxonomy *Taxonomy
	weights  *Weights
	program  *program
	lexicon  *lexicon
	speller  *speller
	// parents and hints are indices of tags, by tag; partsFirst are the tags
	// that have parents, each before its own.
	parents    [][]int32
	hints      [][]int32
	partsFirst []int32
	hinted     []int32 // the tags that have hints

	mu   sync.Mutex
	free []*scratch // memory that is not in use
}

// What is kept for the next calls: this many pieces of memory, none of which
// has grown beyond this many atoms for the sake of one huge text.
const (
	maxFree      = 16
	maxFreeAtoms = 1 << 16
)

// maxLine is how much of a subject is read: a line of a message has no more
// bytes (RFC 5322, section 2.1.1).
const maxLine = 998

// New makes a classifier of a taxonomy and of what was learned of its tags
// (Train), which may be nil. Neither may be changed any more.
func New(t *Taxonomy, w *Weights) *Classifier { return NewTaught(t, w, nil) }

// NewTaught is New with what reviewers taught (Learner.Learn), which may be nil.
func NewTaught(t *Taxonomy, w, learned *Weights) *Classifier {
	c := &Classifier{taxonomy: t, weights: w, program: compile(t), lexicon: newLexicon(t, w, learned)}
	c.speller = newSpeller(t, c.program.words)
	index := map[sigpost.Tag]int32{}
	for i := range t.Tags {
		index[t.Tags[i].Tag()] = int32(i)
	}
	resolve := func(refs []string, kind string) []int32 {
		var tags []int32
		for _, ref := range refs {
			if i, ok := index[reference(ref, kind)]; ok {
				tags = append(tags, i)
			}
		}
		return tags
	}
	for i := range t.Tags {
		c.parents = append(c.parents, resolve(t.Tags[i].Parents, t.Tags[i].Kind))
		c.hints = append(c.hints, resolve(t.Tags[i].Hints, t.Tags[i].Kind))
	}
	c.partsFirst = partsFirst(c.parents)
	for i := range c.hints {
		if len(c.hints[i]) > 0 {
			c.hinted = append(c.hinted, int32(i))
		}
	}
	return c
}

// partsFirst orders the tags that have parents so that each stands before its
// parents. There are no cycles: ParseTaxonomy refuses them.
func partsFirst(parents [][]int32) []int32 {
	var order []int32
	seen := make([]bool, len(parents))
	var walk func(i int32)
	walk = func(i int32) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, p := range parents[i] {
			walk(p)
		}
		if len(parents[i]) > 0 {
			order = append(order, i)
		}
	}
	for i := range parents {
		walk(int32(i))
	}
	slices.Reverse(order)
	return order
}

// Document is a message as the classifier sees it. Any other text can be
// classified as well: it is one document, and its own opener.
type Document struct {
	// MessageID goes into the evidence; it may be empty.
	MessageID sigpost.MessageID
	Subject   string
	// Text is what the author wrote here, Quoted what is quoted of others.
	Text   string
	Quoted string
	// StandsAlone says that its readers know no more of its topic than it says,
	// as with mail and the title of a talk, so that a name is taken at its word.
	// Notes of a project's own repository need not name it, and name others.
	StandsAlone bool
	// Lists are the names and List-Ids of the lists that it came through.
	Lists []string
	// Opener says that it opens its thread, which makes it count most.
	Opener bool
	// What follows tells natures alone. Author is the address of who wrote it,
	// Robot that it was a program; Answering that its subject is marked as an
	// answer, in whatever language; Verbatim are the bytes of Text that are no
	// prose, such as code, in order. They may reach behind its end.
	Author    string
	Robot     bool
	Answering bool
	Verbatim  []sigpost.Span
}

func (d *Document) text(f field) string {
	switch f {
	case fieldSubject:
		return d.Subject
	case fieldQuoted:
		return d.Quoted
	case fieldList:
		return strings.Join(d.Lists, " ")
	}
	return d.Text
}

// Classify tags one thread by its messages, oldest first. It gives accepted
// and proposed tags, the best first and equals by name. Where no document is
// an opener, the first is taken for it.
func (c *Classifier) Classify(docs []Document) []sigpost.Tagging {
	return c.classify(docs, proposeScore)
}

// Explain is Classify with every tag for which anything was found, those below
// the thresholds too.
func (c *Classifier) Explain(docs []Document) []sigpost.Tagging { return c.classify(docs, 0) }

func (c *Classifier) classify(docs []Document, least float64) []sigpost.Tagging {
	s := c.take()
	defer c.give(s)
	return c.taggings(s, c.findings(s, s.match(c, docs), docs), docs, least)
}

// match finds the terms of the taxonomy in a thread, and counts the words that
// the weights know.
func (s *scratch) match(c *Classifier, docs []Document) []sum {
	s.hits, s.anyDomain, s.alone = s.hits[:0], false, false
	s.bag.reset(len(c.lexicon.names))
	clear(s.subjects)
	noOpener := !slices.ContainsFunc(docs, func(d Document) bool { return d.Opener })
	for i := range docs {
		d := &docs[i]
		from := len(s.hits)
		s.domain, s.alone = false, s.alone || d.StandsAlone
		opener := d.Opener || noOpener && i == 0
		s.findLists(c.program, d, int32(i))
		unread := len(s.hits)
		line := d.Subject[:min(len(d.Subject), maxLine)]
		s.find(c, line, fieldSubject, int32(i))
		if subject := stripReplies(line); s.subjects[subject] {
			// It shows the field, but a reply that keeps the subject says
			// nothing new by it.
			s.hits = s.hits[:unread]
		} else {
			s.subjects[subject] = true
			s.count(c, unread, fieldSubject, int32(i), opener)
		}
		text := len(s.hits)
		s.find(c, d.Text, fieldText, int32(i))
		s.count(c, text, fieldText, int32(i), opener)
		s.find(c, d.Quoted, fieldQuoted, int32(i))
		kept := s.weigh(c, s.hits[from:], line, opener)
		s.hits = s.hits[:from+len(kept)]
		s.anyDomain = s.anyDomain || s.domain
	}
	s.sums = sumUp(s.sums[:0], s.hits)
	return s.sums
}

// take gives memory for one call, and with it the spellings that it knows.
func (c *Classifier) take() *scratch {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		s := c.free[n-1]
		c.free = c.free[:n-1]
		return s
	}
	return &scratch{subjects: map[string]bool{}}
}

func (c *Classifier) give(s *scratch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.free) < maxFree && max(cap(s.atoms), cap(s.hits)) <= maxFreeAtoms {
		c.free = append(c.free, s)
	}
}
