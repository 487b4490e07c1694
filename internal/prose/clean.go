package prose

import (
	"regexp"
	"strings"
	"unicode"
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

// address finds an addr-spec (RFC 5322, section 3.4.1) in running text.
var address = regexp.MustCompile(`([\pL\pN._%+=-]+)@[\pL\pN-]+(?:\.[\pL\pN-]+)*`)

// WithoutAddresses keeps of every address what is before the @.
func WithoutAddresses(s string) string {
	return address.ReplaceAllString(s, "$1@…")
}

// HasAddress says whether there is an address in a text.
func HasAddress(s string) bool { return address.MatchString(s) }

// CutAddresses leaves the addresses of a text out.
func CutAddresses(s string) string { return address.ReplaceAllString(s, "") }
