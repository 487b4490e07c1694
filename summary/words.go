package summary

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// words are the words of a text in lower case, without signs. In scripts that
// write no spaces each character is one.
func words(text string) []string {
	var all []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			all = append(all, word.String())
			word.Reset()
		}
	}
	for _, r := range text {
		switch {
		case isSpaceless(r):
			end()
			all = append(all, string(r))
		case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
			word.WriteRune(unicode.ToLower(r))
		case r == '\'' || r == '’': // don't is dont: no part of it means anything
		default:
			end()
		}
	}
	end()
	return all
}

func isSpaceless(r rune) bool {
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// terms are the words of a text that say what it is about, less their endings.
func terms(text string) []string {
	var all []string
	for _, w := range words(text) {
		if !stop[w] {
			all = append(all, stem(w))
		}
	}
	return all
}

// stem takes the commonest English endings off, so that "meetings", "meeting"
// and "meet" are one. It need not be right, only the same for most forms.
func stem(w string) string {
	if len(w) < 4 || w[len(w)-1] > unicode.MaxASCII {
		return w
	}
	if strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") {
		w = w[:len(w)-1]
	}
	for _, ending := range []string{"ing", "ed", "ly", "er", "e"} {
		if base, ok := strings.CutSuffix(w, ending); ok && utf8.RuneCountInString(base) >= 3 {
			w = base
			break
		}
	}
	if n := len(w); n > 3 && w[n-1] == w[n-2] { // planning, plan
		w = w[:n-1]
	}
	return w
}

// length is how many words a text has, as people count them; where no spaces
// are written, two characters count for one.
func length(text string) int {
	n, spaceless := 0, 0
	for _, field := range strings.Fields(text) {
		s := 0
		for _, r := range field {
			if isSpaceless(r) {
				s++
			}
		}
		if spaceless += s; s == 0 {
			n++
		}
	}
	return n + (spaceless+1)/2
}

// stop are words that say nothing about what a text is about.
var stop = set(`a about above after again all also am an and any are as at be because been before being below
	between both but by can cant could did didnt do does doesnt doing dont down during each even few for from further
	get got had has have having he her here hers him his how i id if ill im in into is isnt it its itself ive just
	lets like may me might more most much must my no nor not now of off on once one only or other our ours out over own
	per please same she should so some such than that thats the their them then there theres these they theyre this
	those through to too under until up us very via was wasnt we well were what when where which while who whom why
	will with wont would yes you youre your yours re ok hi hello thanks thank`)

func set(list string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(list) {
		all[w] = true
	}
	return all
}
