package classify

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"

	"sigpost/internal/osa"
)

// Names of fewer letters are not looked for misspelt: too many words are one
// edit away from them.
const (
	minSpellName = 5
	minSpellWord = minSpellName - 1
	maxSpellWord = 30
	// minSpellRun is how many letters a name of several words has that is looked for
	// misspelt with nothing between them.
	minSpellRun = 9
)

// spelling is what a word was taken for.
type spelling struct {
	id    int32 // noWord if it is no misspelt name
	edits uint8
}

// pack makes one number of a spelling, and unpack takes it apart.
func (s spelling) pack() int32 { return s.id<<2 | int32(s.edits) }

func unpack(packed int32) (id int32, edits uint8) { return packed >> 2, uint8(packed & 3) }

// spellName is a name with the set of its letters.
type spellName struct {
	text    string
	letters uint32
}

// lettersOf is the set of the letters of a word of a to z.
func lettersOf(word string) (set uint32) {
	for i := range len(word) {
		set |= 1 << (word[i] - 'a')
	}
	return set
}

// may says whether a word with those letters can be as few edits away as a
// misspelling is: an edit brings in one letter and takes away one, at most.
func (n *spellName) may(letters uint32) bool {
	most := MaxEdits(n.text)
	return bits.OnesCount32(letters&^n.letters) <= most && bits.OnesCount32(n.letters&^letters) <= most
}

// speller takes misspelt names for what was meant. It never changes.
type speller struct {
	ids map[string]int32
	// names are grouped by first letter and by length.
	names    [26][maxSpellWord + 1][]spellName
	ordinary map[string]bool
	beside   map[string]bool // words that are no misspelt short word of a name
	// runs are the names of several words with nothing between these, grouped alike.
	runs [26][maxSpellWord + 1][]string
}

func newSpeller(t *Taxonomy, words map[string]int32) *speller {
	s := &speller{ids: words, ordinary: map[string]bool{}, beside: map[string]bool{}}
	for _, name := range t.SpellNames() {
		if len(name) <= maxSpellWord {
			group := &s.names[name[0]-'a'][len(name)]
			*group = append(*group, spellName{name, lettersOf(name)})
		}
	}
	for _, n := range t.joinedNames() {
		name := strings.Join(n.words, "")
		if len(name) < minSpellRun || len(name) > maxSpellWord || !isLetters(name) {
			continue
		}
		group := &s.runs[name[0]-'a'][len(name)]
		if !slices.Contains(*group, name) {
			*group = append(*group, name)
		}
	}
	for _, w := range strings.Fields(nearWords) {
		s.ordinary[w] = true
	}
	for _, w := range strings.Fields(nearShort + " " + abbreviations) {
		s.beside[w] = true
	}
	for _, w := range t.OrdinaryWords {
		s.ordinary[strings.ToLower(w)] = true
	}
	return s
}

// MaxEdits is how many edits a misspelling may be away from a name: 0 below 5
// letters, 1 up to 8, 2 from 9.
func MaxEdits(name string) int {
	switch {
	case len(name) < minSpellName:
		return 0
	case len(name) < 9:
		return 1
	}
	return 2
}

// spell finds the name that the word, in lower case, is a misspelling of.
//
// Candidates come from sahilm/fuzzy, which knows subsequences only: the word
// within a name sees a letter that was left out, a name within the word one
// too many, and the word less any one letter within a name sees a wrong one
// and two that changed places. Its score overflows on long words and says
// nothing of edits, so each candidate is measured. Two different names at the
// same distance are no answer.
func (s *speller) spell(word string) spelling {
	none := spelling{id: noWord}
	if len(word) < minSpellWord || len(word) > maxSpellWord || !isLetters(word) || s.isOrdinary(word) {
		return none
	}
	best, second, found := maxSpellWord, 0, ""
	try := func(name string) {
		if name == found {
			return
		}
		switch d := osa.Distance(word, name, MaxEdits(name)); {
		case d > MaxEdits(name):
		case d < best:
			best, found, second = d, name, 0
		case d == best:
			second++
		}
	}
	// The first letter is the one that people get right, or swap.
	s.candidates(word, word[0], try)
	if word[1] != word[0] {
		s.candidates(word, word[1], try)
	}
	for n := max(minSpellRun, len(word)-1); n <= min(maxSpellWord, len(word)+1); n++ {
		for _, name := range s.runs[word[0]-'a'][n] {
			// What stands between its words is missing already.
			if osa.Distance(word, name, 1) == 1 {
				try(name)
			}
		}
	}
	if found == "" || second > 0 {
		return none
	}
	return spelling{id: s.ids[found], edits: uint8(best)}
}

// candidates calls try with the names that begin with first and may be meant.
func (s *speller) candidates(word string, first byte, try func(name string)) {
	var near []string
	letters := lettersOf(word)
	for n := max(minSpellName, len(word)-2); n <= min(maxSpellWord, len(word)+2); n++ {
		for i := range s.names[first-'a'][n] {
			name := &s.names[first-'a'][n][i]
			if (first == word[0] || name.text[1] == word[0]) && name.may(letters) {
				near = append(near, name.text)
			}
		}
	}
	if len(near) == 0 {
		return
	}
	for _, m := range fuzzy.FindNoSort(word, near) {
		try(m.Str)
	}
	for _, name := range near {
		if len(name) < len(word) && len(fuzzy.FindNoSort(name, []string{word})) > 0 {
			try(name)
		}
	}
	var less [maxSpellWord]byte
	for i := range len(word) {
		n := copy(less[:], word[:i])
		n += copy(less[n:], word[i+1:])
		for _, m := range fuzzy.FindNoSort(string(less[:n]), near) {
			try(m.Str)
		}
	}
}

// isOrdinary says whether a word of the language is written like this, or a
// form of one.
func (s *speller) isOrdinary(word string) bool {
	if s.ordinary[word] {
		return true
	}
	for _, ending := range [...]string{"s", "es", "d", "ed", "er", "ers", "ing", "ly", "y"} {
		stem, ok := strings.CutSuffix(word, ending)
		if ok && len(stem) > 2 && (s.ordinary[stem] || s.ordinary[stem+"e"]) {
			return true
		}
	}
	return false
}
