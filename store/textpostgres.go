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

// What stands in front of a word of the subject and of the author, which is
// indexed so beside the word itself: weights, which PostgreSQL has for this, are
// not in a GIN index, and a search by them would read each document.
var pgFields = map[search.Field]string{search.FieldSubject: markSign + "s", search.FieldFrom: markSign + "f"}

// maxPrefixed leaves room for that.
const maxPrefixed = maxLexeme - len(markSign+"s")

// tsvector is the index's row of a message: its words with their positions, in
// PostgreSQL's notation. Of what is more than it can hold, the end is left out;
// words behind the last position are found, but in no phrase.
func tsvector(subject, author, words, marks string) string {
	v := vector{positions: map[string][]int{}}
	for _, mark := range strings.Fields(marks) { // first, so that there is room for them
		v.add(mark)
	}
	for _, field := range []struct {
		text string
		is   search.Field
	}{{subject, search.FieldSubject}, {author, search.FieldFrom}, {words, search.Anywhere}} {
		for _, word := range pgWords(field.text) {
			v.at++
			if !v.add(word) || field.is != search.Anywhere && !v.add(pgFields[field.is]+validPrefix(word, maxPrefixed)) {
				return v.String()
			}
		}
		v.at++ // no phrase goes from one field to the next
	}
	return v.String()
}

// vector is a tsvector in the making.
type vector struct {
	positions map[string][]int
	at, size  int // the position, and how many bytes there are
}

// add puts a word at the position. It says whether there was room.
func (v *vector) add(word string) bool {
	before := v.positions[word]
	if len(before) == maxPositions || len(before) > 0 && before[len(before)-1] == lastPosition {
		return true
	}
	if before == nil {
		v.size += len(word) + 4 // the count of positions, aligned
	}
	if v.size += 2; v.size > maxDocument {
		return false
	}
	v.positions[word] = append(before, min(max(1, v.at), lastPosition))
	return true
}

// String writes the vector in PostgreSQL's notation.
func (v *vector) String() string {
	var b strings.Builder
	for _, word := range slices.Sorted(maps.Keys(v.positions)) {
		b.WriteString("'" + word + "':")
		for i, at := range v.positions[word] {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(at))
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
	if prefix := pgFields[field]; prefix != "" {
		for i, word := range words {
			words[i] = prefix + validPrefix(word, maxPrefixed)
		}
	}
	return "('" + strings.Join(words, "' <-> '") + "')"
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
