package classify

import (
	"slices"
	"strings"

	"sigpost/internal/osa"
)

// A name of several words that are joined, such as "openstack-helm", may be
// misspelt in a word that is too short to be looked for alone: the others show
// what is meant.

// joinedName is such a name.
type joinedName struct {
	text  string   // in lower case, joined by dashes
	words []string // at least two
}

const (
	maxJoined = 5
	// minJoinedWord is how many letters the misspelt word has in the name: "cli"
	// is no misspelt "csi".
	minJoinedWord = 4
)

// joinedNames are the joined names of a taxonomy, by how many words they have.
func (t *Taxonomy) joinedNames() (names [maxJoined + 1][]joinedName) {
	for i := range t.Tags {
		s := &t.Tags[i]
		if s.NeverInText {
			continue
		}
		for _, name := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former) {
			words := splitAtoms(name)
			if n := len(words); n < 2 || n > maxJoined || !strings.ContainsAny(name, "-_.") || strings.Contains(name, " ") {
				continue
			}
			j := joinedName{strings.Join(words, "-"), words}
			same := &names[len(words)]
			if !slices.ContainsFunc(*same, func(o joinedName) bool { return o.text == j.text }) {
				*same = append(*same, j)
			}
		}
	}
	return names
}

// spellJoined finds the one name that is one edit away from words that are
// joined by dashes, and which of its words that is in.
func (s *speller) spellJoined(text string, words int) (name *joinedName, at int) {
	for i := range s.joined[words] {
		n := &s.joined[words][i]
		if n.text[0] != text[0] || osa.Distance(text, n.text, 1) != 1 {
			continue
		}
		k, ok := n.differs(text)
		switch {
		case !ok:
		case name != nil:
			return nil, 0 // it may be either
		default:
			name, at = n, k
		}
	}
	return name, at
}

// differs gives the one word that is another in the text, if it is long enough
// to be recognised.
func (n *joinedName) differs(text string) (at int, ok bool) {
	at = -1
	for k, w := range strings.Split(text, "-") {
		switch {
		case w == n.words[k]:
		case at >= 0 || len(n.words[k]) < minJoinedWord:
			return 0, false
		default:
			at = k
		}
	}
	return at, at >= 0
}

// joinedSpelling is what a run of joined words was taken for.
type joinedSpelling struct {
	name *joinedName // nil if it is no misspelt name
	at   int         // the word that is misspelt
}

// identifyJoined looks for misspelt joined names where the words alone were not
// understood, but some were.
func (s *scratch) identifyJoined(c *Classifier, text string) {
	for i, end := 0, 0; i < len(s.atoms); i = end {
		end = s.run(i)
		if n := end - i; n < 2 || n > maxJoined || len(c.speller.joined[n]) == 0 || !halfKnown(s.atoms[i:end]) {
			continue
		}
		s.buf = s.buf[:0]
		for j := i; j < end; j++ {
			if j > i {
				s.buf = append(s.buf, '-')
			}
			s.buf = appendLower(s.buf, text[s.atoms[j].start:s.atoms[j].end])
		}
		if len(s.buf) > maxJoined*maxSpellWord {
			continue
		}
		spelt, ok := s.joined[string(s.buf)]
		if !ok {
			if len(s.joined) >= maxSpelt {
				clear(s.joined)
			}
			spelt.name, spelt.at = c.speller.spellJoined(string(s.buf), end-i)
			s.joined[string(s.buf)] = spelt
		}
		if spelt.name == nil {
			continue
		}
		for k, w := range spelt.name.words {
			a := &s.atoms[i+k]
			a.id, a.edits = c.program.words[w], 0
			if k == spelt.at {
				a.edits = 1
			}
		}
	}
}

// halfKnown says whether some of the words are known as they are, and one is not.
func halfKnown(atoms []atom) bool {
	known, strange := false, false
	for i := range atoms {
		if atoms[i].flags&(atomURL|atomAddress) != 0 {
			return false
		}
		exact := atoms[i].id != noWord && atoms[i].edits == 0
		known, strange = known || exact, strange || !exact
	}
	return known && strange
}
