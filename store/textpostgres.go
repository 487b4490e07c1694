package store

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"sigpost/search"
)

// PostgreSQL's own parser of text takes addresses, paths and versions for one
// word each, and what is a letter, and its lower case, depend on the
// database's locale. So words are cut and folded here, for the index as for
// what is looked for, much as FTS5 does.

// What a tsvector can hold (PostgreSQL, "Limitations" of text search): bytes
// of a word, positions of a word, the last position, and bytes in all, with
// something to spare.
const (
	maxLexeme    = 2046
	maxPositions = 255
	lastPosition = 16383
	maxDocument  = 1_000_000
)

// tsvector is the index's row of a message: its words with their positions, in
// PostgreSQL's notation; those of the subject have the weight A, those of the
// author B. Of what is more than it can hold, the end is left out; words behind
// the last position are found, but in no phrase.
func tsvector(subject, author, words, marks string) string {
	v := vector{positions: map[string][]position{}}
	for _, mark := range strings.Fields(marks) { // first, so that there is room for them
		v.add(mark, 'C')
	}
	for _, field := range []struct {
		text   string
		weight byte
	}{{subject, 'A'}, {author, 'B'}, {words, 'D'}} {
		for _, word := range pgWords(field.text) {
			if !v.add(word, field.weight) {
				return v.String()
			}
		}
		v.at++ // no phrase goes from one field to the next
	}
	return v.String()
}

type position struct {
	at     int
	weight byte
}

type vector struct {
	positions map[string][]position
	at, size  int
}

// add puts a word behind the last one. It says whether there was room.
func (v *vector) add(word string, weight byte) bool {
	v.at++
	before := v.positions[word]
	if len(before) == maxPositions || len(before) > 0 && before[len(before)-1].at == lastPosition {
		return true
	}
	if before == nil {
		v.size += len(word) + 4 // the count of positions, aligned
	}
	if v.size += 2; v.size > maxDocument {
		return false
	}
	v.positions[word] = append(before, position{min(v.at, lastPosition), weight})
	return true
}

// String writes the vector in PostgreSQL's notation.
func (v *vector) String() string {
	var b strings.Builder
	for _, word := range slices.Sorted(maps.Keys(v.positions)) {
		b.WriteString("'" + word + "':")
		for i, p := range v.positions[word] {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(p.at))
			if p.weight != 'D' {
				b.WriteByte(p.weight)
			}
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// phrasePostgres asks for words that stand one after the other.
func phrasePostgres(phrase []string, field search.Field) string {
	words := pgWords(strings.Join(phrase, " "))
	if len(words) == 0 {
		words = []string{noMark} // marks of letters alone: nothing has that
	}
	end := map[search.Field]string{search.FieldSubject: "':A", search.FieldFrom: "':B"}[field]
	if end == "" {
		end = "'"
	}
	return "('" + strings.Join(words, end+" <-> '") + end + ")"
}

// pgWords are the words of a text as the index holds them: in lower case,
// without accents, none longer than it takes. They consist of letters, digits
// and marks, of which nothing means anything in PostgreSQL's notation.
func pgWords(text string) []string {
	words := search.Words(search.Fold(text))
	for i, word := range words {
		words[i] = validPrefix(word, maxLexeme)
	}
	return words
}
