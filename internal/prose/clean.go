package prose

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Zero-width joiners: several scripts are misspelt without them, so that they
// are the only format characters that pass.
const (
	joiner    = '\u200d'
	nonJoiner = '\u200c'
)

// Clean makes one line of somebody's text: white space is folded, control
// characters are gone, and so are the invisible ones that turn the direction
// of writing (Unicode Standard Annex 9, section 2), with which a stranger could
// make a line read as something else.
func Clean(s string) string {
	if clean, ok := cleanASCII(s); ok {
		return clean
	}
	return cleanAny(s)
}

func cleanAny(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == joiner || r == nonJoiner:
			return r
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// cleanASCII is Clean for ASCII, which most text is; ok says that it was.
func cleanASCII(s string) (clean string, ok bool) {
	var b strings.Builder
	b.Grow(len(s))
	space := false // white space was seen since the last character
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return "", false
		case c == ' ' || '\t' <= c && c <= '\r':
			space = b.Len() > 0
		case c > ' ' && c < 0x7f:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// firstVisible is the first character of Clean(s), or ok is false where that
// is empty.
func firstVisible(s string) (first rune, ok bool) {
	for _, r := range s {
		if !unicode.IsSpace(r) && (r == joiner || r == nonJoiner || !unicode.Is(unicode.Cc, r) && !unicode.Is(unicode.Cf, r)) {
			return r, true
		}
	}
	return 0, false
}

// address finds an addr-spec (RFC 5322, section 3.4.1) in running text.
var address = regexp.MustCompile(`([\pL\pN._%+=-]+)@[\pL\pN-]+(?:\.[\pL\pN-]+)*`)

// WithoutAddresses keeps of every address what is before the @.
func WithoutAddresses(s string) string {
	if strings.IndexByte(s, '@') < 0 { // much faster than the pattern
		return s
	}
	return address.ReplaceAllString(s, "$1@…")
}

// HasAddress says whether there is an address in a text.
func HasAddress(s string) bool {
	return strings.IndexByte(s, '@') >= 0 && address.MatchString(s)
}

// CutAddresses leaves the addresses of a text out.
func CutAddresses(s string) string { return address.ReplaceAllString(s, "") }
