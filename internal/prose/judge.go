package prose

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsQuestion says whether a sentence asks something.
func IsQuestion(s string) bool {
	if strings.IndexByte(s, '?') < 0 && !strings.Contains(s, "？") {
		return false
	}
	s = strings.TrimRight(s, `"'”’)]»!.`)
	return (strings.HasSuffix(s, "?") || strings.HasSuffix(s, "？")) && !politeQuestion.MatchString(s)
}

var (
	politeQuestion = regexp.MustCompile(`(?i)^(?:(?:any|more|further) )?(?:questions|comments|feedback)(?:,? (?:or|and|/) \w+)*\?$|^how are (?:you|things)`)
	// salutation stands before the first sentence on the same line.
	salutation = regexp.MustCompile(`(?i)^(?:hi|hello|hey|dear|greetings|good (?:morning|day|afternoon|evening)|hallo|hola|bonjour)\b[^,.!?:]{0,40}[,.!:–-]+\s+`)
	// courtesy is what people say before or after what they have to say.
	courtesy = regexp.MustCompile(`(?i)^(?:hi|hello|hey|dear|greetings|thanks|thank you|many thanks|thx|cheers|(?:best |kind |warm )?regards|sincerely|` +
		`sorry|apologies|my apologies|(?:i )?hope (?:this|you|that|it)|please (?:find|see) (?:attached|below|inline)|(?:see|comments?|reply|replies|answers?|responses?) (?:\w+ )?(?:below|in-?line)|` +
		`my name is|i(?:'m|’m| am) (?:new|a new|relatively new|quite new)|have a (?:nice|good|great)|sent from|looking forward|` +
		`(?:please )?let (?:me|us) know|any (?:help|pointers?|ideas?|feedback|input|suggestions?) (?:is|are|would|will)|` +
		`forwarding|resending|(?:just )?(?:a )?(?:gentle |friendly )?(?:ping|bump|reminder)\b|top.?posting)`)
)

// courtesies are how the alternatives of courtesy begin, in lower case: looking for
// them is much faster, and few sentences have one.
var courtesies = strings.Split("hi|hello|hey|dear|greetings|thank|many thanks|thx|cheers|best regards|kind regards|warm regards|regards|sincerely|"+
	"sorry|apologies|my |i hope|hope |please |see |comment|reply|replies|answer|response|i am |i'm |have a |sent from|looking|let |any |"+
	"forwarding|resending|just |a |gentle|friendly|ping|bump|reminder|top", "|")

// mayBeCourtesy says whether a sentence begins as one of courtesies, or with what
// they are not written in.
func mayBeCourtesy(s string) bool {
	var head [12]byte // in lower case; the longest of courtesies fits
	n := copy(head[:], s)
	for i, c := range head[:n] {
		if c >= utf8.RuneSelf {
			return true
		}
		if isASCIICapital(c) {
			head[i] |= 0x20
		}
	}
	begin := string(head[:n])
	return slices.ContainsFunc(courtesies, func(c string) bool { return strings.HasPrefix(begin, c) })
}

// WorthQuoting says whether a sentence can stand in an issue on its own: long
// enough to say something, words and not code, and more than courtesy. What
// holds an address or a URL is not quoted.
func WorthQuoting(s string) bool {
	if IsCourtesy(s) || HasAddress(s) || strings.Contains(s, "://") || strings.ContainsAny(s, "{}`|\\") {
		return false
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, `"'“‘(`))
	if !unicode.IsLetter(first) && !unicode.IsDigit(first) {
		return false
	}
	letters, upper, all := 0, 0, 0
	for _, r := range s {
		all++
		switch {
		case unicode.IsUpper(r):
			upper++
			fallthrough
		case unicode.IsLetter(r) || unicode.IsMark(r):
			letters++
		}
	}
	words := len(strings.Fields(s))
	if spaceless := len(s) > 2*all; spaceless { // three bytes a letter: Chinese, Japanese
		words, all, letters = all/2, all*2, letters*2
	}
	if words < 5 || all < 24 {
		return false
	}
	if letters*10 < all*6 || upper*2 > letters {
		return false
	}
	return endsSentence(s)
}

// Salutation is how many bytes of a passage greet somebody, before its first
// sentence.
func Salutation(passage string) int {
	if passage == "" || strings.IndexByte("hdgb", passage[0]|0x20) < 0 { // as all greetings begin
		return 0
	}
	return len(salutation.FindString(passage))
}

// IsCourtesy says whether a sentence begins as those do that are said before or
// after what there is to say.
func IsCourtesy(s string) bool { return mayBeCourtesy(s) && courtesy.MatchString(s) }
