package prose

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"

	"sigpost"
)

// abbreviations end with a full stop that ends no sentence, as do single
// letters and letters with full stops between.
const abbreviations = "eg|ie|etc|cf|vs|mr|mrs|ms|dr|prof|st|no|nr|fig|approx|incl|resp|ca|al|v|ver|rev|eq|sec|ch|pp|jan|feb|apr|aug|sep|sept|oct|nov|dec"

var (
	abbreviated  = regexp.MustCompile(`(?i)(?:^|[\s(])(?:` + abbreviations + `|(?:\pL\.)*\pL)\.$`)
	abbreviation = set(abbreviations)
)

func set(list string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Split(list, "|") {
		all[w] = true
	}
	return all
}

// Sentences cuts a passage into sentences, as ranges of it without the white
// space around them. Where they end is Unicode's rule (Standard Annex 29,
// section 5), but for abbreviations, what goes on in lower case, and signs
// inside a word, such as in a link; and a sentence may begin with a number.
func Sentences(passage string) []sigpost.Span {
	flat := oneLine(passage)
	var all []sigpost.Span
	start, end := 0, 0
	cut := func(at int) {
		if s := trimmed(flat, start, at); s.Start < s.End {
			all = append(all, s)
		}
		start = at
	}
	for it := sentences.FromString(flat); it.Next(); {
		from := end
		end += len(it.Value())
		for _, number := range numberBegins(it.Value()) {
			if at := from + number[1] - 1; breaks(flat[start:at], flat[at:]) {
				cut(at)
			}
		}
		if end == len(flat) || breaks(flat[start:end], flat[end:]) {
			cut(end)
		}
	}
	return all
}

// beforeNumber finds where a sentence that begins with a number may begin:
// Unicode's rule looks for the next letter there, which is often small.
var beforeNumber = regexp.MustCompile(`[.!?]["'”’)\]]* +\d`)

// numberBegins finds all of beforeNumber; most texts have no digit behind a
// space, and are not searched.
func numberBegins(s string) [][]int {
	for i := 1; i < len(s); i++ {
		if '0' <= s[i] && s[i] <= '9' && s[i-1] == ' ' {
			return beforeNumber.FindAllStringIndex(s, -1)
		}
	}
	return nil
}

// oneLine writes spaces for line ends and other white space, byte for byte, so
// that the wrapping of lines ends no sentence.
func oneLine(s string) string {
	if strings.IndexFunc(s, isBreak) < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(s[i:])
		}
		if isBreak(r) {
			b.WriteString(strings.Repeat(" ", size))
		} else {
			b.WriteString(s[i : i+size])
		}
	}
	return b.String()
}

func isBreak(r rune) bool { return r != ' ' && unicode.IsSpace(r) }

func trimmed(s string, start, end int) sigpost.Span {
	text := s[start:end]
	start += len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	return sigpost.Span{Start: start, End: max(start, start+len(strings.TrimSpace(text)))}
}

// breaks says whether a sentence ends between what Unicode's rule parts.
func breaks(left, right string) bool {
	done := strings.TrimRightFunc(left, unicode.IsSpace)
	if len(done) == len(left) && !wideEnd(done) || !endsSentence(done) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(strings.TrimSpace(right), `"'“‘([`))
	return !unicode.IsLower(next) || asksLower(done)
}

// asksLower says that a text ends with a question that more may follow in lower
// case, as by people who write all of it so: "is there an agenda? would it help?"
func asksLower(s string) bool {
	return strings.HasSuffix(s, "?") && strings.Count(s, " ") >= 3
}

// wideEnd says whether a text ends as a sentence does where no space follows.
func wideEnd(s string) bool {
	end, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, `"'”’)]»」』）`))
	return strings.ContainsRune("。！？", end)
}

// endsSentence says whether a text ends as a sentence does.
func endsSentence(s string) bool {
	if s == "" || isASCIILetter(s[len(s)-1]) { // most of what does not
		return false
	}
	s = strings.TrimRight(s, `"'”’)]»」』）*_`)
	end, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune("!?…。！？", end) || end == '.' && !endsAbbreviated(s)
}

// endsAbbreviated says whether abbreviated matches a text with a full stop at
// its end. Only its last word decides, and most words tell without the pattern.
func endsAbbreviated(s string) bool {
	word := s[strings.LastIndexAny(s, " (\t\n\f\r")+1 : len(s)-1]
	var lower [longestAbbreviation]byte
	if n := copy(lower[:], word); n == len(word) {
		for i, c := range lower[:n] {
			switch {
			case c >= utf8.RuneSelf || c == '.' || n == 1:
				return abbreviated.MatchString(word + ".")
			case isASCIICapital(c):
				lower[i] |= 0x20
			}
		}
		return abbreviation[string(lower[:n])]
	}
	return strings.IndexByte(word, '.') >= 0 && abbreviated.MatchString(word+".")
}

// longestAbbreviation is the number of bytes of "approx".
const longestAbbreviation = 6

// EndsSentence says whether a text ends as a sentence does, and not with an
// abbreviation or in the middle of a line.
func EndsSentence(s string) bool { return endsSentence(s) }
