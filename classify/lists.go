package classify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxListWeight is the most that a list may weigh for a tag: as much as the
// tag's name in a subject's brackets.
const maxListWeight = 3

// listWeight is what a list's messages weigh for a tag before anything is read.
type listWeight struct {
	term   int32
	weight float64
}

// addLists makes the weights of a tag's lists known.
func (p *program) addLists(s *TagSpec, tag int32) {
	for _, name := range slices.Sorted(maps.Keys(s.Lists)) {
		p.terms = append(p.terms, term{kind: termList, tag: tag, text: name})
		key := strings.ToLower(name)
		p.lists[key] = append(p.lists[key], listWeight{int32(len(p.terms) - 1), s.Lists[name]})
	}
}

// findLists appends a hit for each tag that a list of the document weighs for.
// A list that the whole of which is about the field shows it.
func (s *scratch) findLists(p *program, d *Document, doc int32) {
	at := int32(0) // in what Document.text gives for the field
	for _, list := range d.Lists {
		s.buf = appendLower(s.buf[:0], list)
		if p.domainLists[string(s.buf)] {
			s.domain = true
		}
		end := at + int32(len(list))
		for _, l := range p.lists[string(s.buf)] {
			s.hits = append(s.hits, hit{
				term: l.term, tag: p.terms[l.term].tag, kind: termList, field: fieldList, from: fieldList, doc: doc,
				start: at, end: end, weight: l.weight, limit: maxListWeight,
			})
		}
		at = end + 1
	}
}

// lists checks the weights of lists of tag i.
func (c *checker) lists(i int) {
	s := &c.t.Tags[i]
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.Lists)) {
		switch w := s.Lists[name]; {
		case !isListName(name):
			c.failAt(c.keyLine(i, "lists", name), i, "lists: %q is no name of a list", name)
		case seen[strings.ToLower(name)]:
			c.failAt(c.keyLine(i, "lists", name), i, "lists: %q is there twice", name)
		case !(w > 0 && w <= maxListWeight): // this way round, NaN is caught
			c.failAt(c.keyLine(i, "lists", name), i, "lists: the weight of %q must be above 0 and %d at most, not %v; 0.5 is a hint, 1 is like the tag's name once",
				name, maxListWeight, w)
		}
		seen[strings.ToLower(name)] = true
	}
}

// isListName says whether it could name a list: it is one word, and has a
// letter or digit.
func isListName(name string) bool {
	return len(splitAtoms(name)) > 0 && !strings.ContainsAny(name, " \t\r\n<>")
}

// keyLine is the line of a key of a table in tag i, or of the table, or of the
// tag.
func (c *checker) keyLine(i int, table, key string) int {
	tag := fmt.Sprintf("tag[%d]", i)
	for _, path := range []string{tag + "." + table + "." + key, tag + "." + table, tag} {
		if line := c.keys[path]; line > 0 {
			return line
		}
	}
	return 0
}
