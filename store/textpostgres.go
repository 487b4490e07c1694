package store

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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
// PostgreSQL's notation. Of what is more than it can hold, the end is left out;
// words behind the last position are found, but in no phrase.
func tsvector(fields ...string) string {
	positions := map[string][]int{}
	at, size := 0, 0
	for _, field := range fields {
		for _, word := range pgWords(field) {
			at++
			before := positions[word]
			if len(before) == maxPositions || len(before) > 0 && before[len(before)-1] == lastPosition {
				continue
			}
			if before == nil {
				size += len(word) + 4 // the count of positions, aligned
			}
			if size += 2; size > maxDocument {
				return writeVector(positions)
			}
			positions[word] = append(before, min(at, lastPosition))
		}
		at++ // no phrase goes from one field to the next
	}
	return writeVector(positions)
}

func writeVector(positions map[string][]int) string {
	var b strings.Builder
	for _, word := range slices.Sorted(maps.Keys(positions)) {
		b.WriteString("'" + word + "':")
		for i, at := range positions[word] {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(at))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// tsquery asks for all of some phrases.
func tsquery(phrases []string) string {
	var all []string
	for _, p := range phrases {
		if words := pgWords(p); len(words) > 0 {
			all = append(all, "('"+strings.Join(words, "' <-> '")+"')")
		}
	}
	return strings.Join(all, " & ")
}

// pgWords are the words of a text as the index holds them: in lower case,
// without accents, none longer than it takes. They consist of letters, digits
// and marks, of which nothing means anything in PostgreSQL's notation.
func pgWords(text string) []string {
	words := strings.FieldsFunc(foldAccents(strings.ToLower(text)), notOfWord)
	for i, word := range words {
		words[i] = validPrefix(word, maxLexeme)
	}
	return words
}

// notOfWord says whether a character stands between words.
func notOfWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// foldAccents takes off the marks of Latin, Greek and Cyrillic letters.
func foldAccents(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return text
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if r >= 0x300 && r < 0x370 { // Combining Diacritical Marks
			return -1
		}
		return r
	}, norm.NFD.String(text)))
}
