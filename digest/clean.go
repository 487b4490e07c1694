package digest

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"sigpost/internal/prose"
)

// clean makes one line of somebody's text (see prose.Clean).
func clean(s string) string { return prose.Clean(s) }

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
