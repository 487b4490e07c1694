package summary

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// words are the words of a text in lower case, without signs. In scripts that
// write no spaces each character is one.
func words(text string) []string { return slices.Collect(eachWord(text)) }

// eachWord gives the words of a text one by one.
func eachWord(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		lower := strings.ToLower(text)
		start, apostrophe := -1, false // of the word that is open
		end := func(at int) bool {
			word := ""
			if start >= 0 {
				word = lower[start:at]
			}
			if apostrophe { // don't is dont: no part of it means anything
				word = strings.ReplaceAll(strings.ReplaceAll(word, "'", ""), "’", "")
			}
			start, apostrophe = -1, false
			return word == "" || yield(word)
		}
		for i, r := range lower {
			switch {
			case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
				if start < 0 {
					start = i
				}
			case r == '\'' || r == '’':
				apostrophe = start >= 0
			case isSpaceless(r):
				if !end(i) || !yield(string(r)) {
					return
				}
			case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)):
				if start < 0 {
					start = i
				}
			case start >= 0:
				if !end(i) {
					return
				}
			}
		}
		end(len(lower))
	}
}

func isSpaceless(r rune) bool {
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
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
	n, spaceless, inside, some := 0, 0, false, false // inside a field, which has some that write no spaces
	end := func() {
		if inside && !some {
			n++
		}
		inside, some = false, false
	}
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			end()
		case isSpaceless(r):
			inside, some = true, true
			spaceless++
		default:
			inside = true
		}
	}
	end()
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
