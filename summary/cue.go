package summary

import (
	"strings"

	"sigpost/internal/prose"
)

// marks are what a sentence shows of itself, without the rest of its thread.
type marks uint16

const (
	question marks = 1 << iota
	proposal
	position
	decision
	aside
	courtesy
	refersBack
	link
	finished // it ends as a sentence does
)

func (m marks) has(what marks) bool { return m&what != 0 }

// marksOf finds what a sentence shows.
func marksOf(text string) marks {
	lower := lowerASCII(text)
	found := phrasesIn(lower)
	for _, c := range []struct {
		is   bool
		mark marks
	}{
		{prose.IsQuestion(text), question},
		{hasVote(text), position},
		{beginsWith(lower, asides), aside},
		{prose.IsCourtesy(text), courtesy},
		{back[firstWord(lower)], refersBack},
		{hasLink(lower), link},
		{prose.EndsSentence(text), finished},
	} {
		if c.is {
			found |= c.mark
		}
	}
	return found
}

// cue is a phrase that marks a sentence. Its words are those of ASCII, as of
// regular expressions (\w), in lower case, with one space between; "a|b" is
// either word, "conclu+" any longer one with that beginning, "suggest*" also
// that itself, "~" any word or none, and ' also stands for ’.
type cue struct {
	mark   marks
	phrase string
}

var cues = []cue{
	{proposal, "propos+"}, {proposal, "suggest*"}, {proposal, "recommend*"},
	{proposal, "how|what about"}, {proposal, "what if"}, {proposal, "why not"}, {proposal, "why don't we"},
	{proposal, "lets"}, {proposal, "let's"}, {proposal, "let us"},
	{proposal, "we should|could|might"}, {proposal, "should|shall|could we"},
	{proposal, "i'd like|love"}, {proposal, "i would like|love"}, {proposal, "would like to"},
	{position, "i ~ think|believe|agree|disagree|prefer|support|feel|doubt|object"},
	{position, "i ~ am for|against"}, {position, "i ~ am in favor|favour"}, {position, "i ~ would rather"},
	{position, "i ~ don't think|see|like|agree"},
	{position, "in my opinion|view"}, {position, "imo|imho"}, {position, "makes sense"},
	{position, "good|great|bad idea|point|thing"}, {position, "no problem|problems"}, {position, "not sure"}, {position, "why not"},
	{decision, "decided|decision|agreed|consensus|resolved|approved|accepted|merged|fixed|settled|done"}, {decision, "conclu+"},
	{decision, "we|i will"}, {decision, "i'll"}, {decision, "we'll"}, {decision, "will be"},
	{decision, "is|are now"}, {decision, "is available"}, {decision, "has|have been"},
}

// asides are how sentences begin that add something by the way.
var asides = []string{"(", "for example", "for instance", "e.g.", "by the way", "btw", "note that", "also,", "well ", "well, ", "hmm", "of course", "anyway", "just ", "fyi",
	"ps ", "ps:", "ps. ", "ps.:", "p.s ", "p.s:", "p.s. ", "p.s.:"}

// back are the first words of sentences that speak of what was said before.
var back = set("this that these those it they he she and but so or then because which such")

func beginsWith(text string, any []string) bool {
	for _, begin := range any {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}

// firstWord is the word that a text begins with, or empty.
func firstWord(text string) string {
	n := 0
	for n < len(text) && isWordByte(text[n]) {
		n++
	}
	return text[:n]
}

// hasVote says whether there is a +1 or -1 in a text.
func hasVote(text string) bool {
	for i := 1; i < len(text); i++ {
		if text[i] == '1' && (text[i-1] == '+' || text[i-1] == '-') && (i+1 == len(text) || !isWordByte(text[i+1])) {
			return true
		}
	}
	return false
}

// hasLink says whether there is a link in a text in lower case.
func hasLink(lower string) bool {
	if strings.Contains(lower, "http://") || strings.Contains(lower, "https://") {
		return true
	}
	for at := 0; ; {
		k := strings.Index(lower[at:], "www.")
		if k < 0 {
			return false
		}
		if at += k; at == 0 || !isWordByte(lower[at-1]) {
			return true
		}
		at++
	}
}

// lowerASCII writes the capitals of ASCII small.
func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
