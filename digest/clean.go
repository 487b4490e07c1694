package digest

import (
	"regexp"
	"strconv"
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

// clean makes one line of somebody's text: white space is folded, control
// characters are gone, and so are the invisible ones that turn the direction
// of writing (Unicode Standard Annex 9, section 2), with which a stranger could
// make a line read as something else.
func clean(s string) string {
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

// shorten cuts a line to at most n characters, at a word where there is one,
// and says so with an ellipsis.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)[:n] // one more than there is room for before the ellipsis
	end := n - 1
	for i := end; i > n/2; i-- {
		if runes[i] == ' ' {
			end = i
			break
		}
	}
	return strings.TrimRight(string(runes[:end]), " ,;:.-–—([{'\"“‘") + "…"
}

// address finds an addr-spec (RFC 5322, section 3.4.1) in running text.
var address = regexp.MustCompile(`([\pL\pN._%+=-]+)@[\pL\pN-]+(?:\.[\pL\pN-]+)*`)

// withoutAddresses keeps of every address what is before the @.
func withoutAddresses(s string) string {
	return address.ReplaceAllString(s, "$1@…")
}

// linkable gives a URL that a letter may link to, and "" for any other.
func linkable(url string) string {
	url = strings.ReplaceAll(clean(url), " ", "%20")
	scheme, _, _ := strings.Cut(strings.ToLower(url), ":")
	switch scheme {
	case "http", "https", "mailto":
		return url
	}
	return ""
}

// count gives "1 thread" or "14 threads".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return digits(n) + " " + many
}

// digits writes a number with commas between its thousands.
func digits(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	rest := strconv.Itoa(n % 1000)
	return digits(n/1000) + "," + strings.Repeat("0", 3-len(rest)) + rest
}

// among joins names as a sentence does: "a, b and c"; past limit it says how
// many others there are, as in "a, b and 3 others".
func among(names []string, limit int) string {
	switch others := len(names) - limit; {
	case others > 1: // "and 1 other" is no shorter than the name
		return strings.Join(names[:limit], ", ") + " and " + digits(others) + " others"
	case len(names) < 2:
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
