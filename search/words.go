package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Spaced makes text fit for an index of words. Scripts that write no spaces get
// one around each character, in what is indexed and in what is looked for: a word
// of theirs is found as a phrase then.
func Spaced(text string) string {
	if !mayBeSpaceless(text) || strings.IndexFunc(text, spaceless) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if spaceless(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mayBeSpaceless says whether text has a character beyond U+07FF, which three
// bytes make: most text has none, and bytes are gone through faster.
func mayBeSpaceless(text string) bool {
	for i := range len(text) {
		if text[i] >= 0xe0 {
			return true
		}
	}
	return false
}

func spaceless(r rune) bool {
	return r > 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// Words cuts text into words: letters, digits and their marks. Case and accents
// stay.
func Words(text string) []string {
	return strings.FieldsFunc(Spaced(strings.ToValidUTF8(text, "\uFFFD")), notOfWord)
}

// notOfWord says whether a character stands between words.
func notOfWord(r rune) bool {
	if r < utf8.RuneSelf {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// Fold makes words equal that differ in case or accents alone: lower case, without
// the marks of Latin, Greek and Cyrillic letters.
func Fold(text string) string {
	text = strings.ToLower(text)
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
