package digest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost/internal/prose"
)

// headlineLimit is the number of characters that a headline may have.
const headlineLimit = 140

var (
	// replyMark is what mail programs put before a subject, in the languages
	// of those that translate it: a reply or a forward, perhaps with a count.
	replyMark = regexp.MustCompile(`^(?i:re|aw|antw|sv|vs|vb|r|rif|res|rép|odp|ynt|fw|fwd|wg|tr|rv|enc|回复|答复|回覆|转发|轉寄)` +
		`(?:\s*[\[(^]?\d+[\])]?)?\s*[:：]\s*`)
	// subjectTag is a tag in brackets: a list's, a project's, "PATCH v2".
	subjectTag = regexp.MustCompile(`^\[([^\[\]]*)\]\s*[:–-]*\s*`)
	// formerSubject is the note of a thread that changed its subject, at the end.
	formerSubject = regexp.MustCompile(`(?i)\s*(?:` +
		`[\[({]\s*was\s[^\])}]*[\])}]\s*` + // "(was something)"
		`|\s[-–—]+\s*was:.*)$`) // "- was: something"
	// bracketedFormer begins such a note that may stand anywhere:
	// "(was: Re: [list] something)".
	bracketedFormer = regexp.MustCompile(`(?i)[\[({]\s*was\s*(?::|re:|\[)`)
)

// Headline makes plain words of a thread's subject: without reply marks,
// leading tags, the subject that it had before, and the names of the lists
// before a colon. It shows no address and is one line.
func Headline(subject string, lists ...string) string {
	whole := clean(subject)
	s := withoutMarks(withoutFormer(whole), lists)
	if s == "" { // a former subject is better than none
		s = withoutMarks(whole, lists)
	}
	if s == "" {
		return "(no subject)"
	}
	return capital(shorten(prose.WithoutAddresses(s), headlineLimit))
}

// withoutFormer takes from a subject the note of what it was before.
func withoutFormer(s string) string {
	if at := bracketedFormer.FindStringIndex(s); at != nil {
		end := closing(s, at[0])
		s = strings.TrimSpace(strings.TrimRight(s[:at[0]], " ") + " " + strings.TrimLeft(s[end:], " "))
	}
	return formerSubject.ReplaceAllString(s, "")
}

// closing is the place behind the bracket that closes the one at open, of
// whatever form, or the end where none does.
func closing(s string, open int) int {
	depth := 0
	for i := open; i < len(s); i++ {
		switch s[i] {
		case '[', '(', '{':
			depth++
		case ']', ')', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// withoutMarks takes from a subject reply marks, leading tags, and the names of
// lists before a colon.
func withoutMarks(s string, lists []string) string {
	for before := ""; s != before; {
		before = s
		s = replyMark.ReplaceAllString(s, "")
		if m := subjectTag.FindStringSubmatch(s); m != nil {
			rest := s[len(m[0]):]
			if rest == "" { // the tag is all there is
				rest = strings.TrimSpace(m[1])
			}
			s = rest
		}
		for _, list := range lists {
			if head, rest, ok := strings.Cut(s, ":"); ok && strings.EqualFold(head, list) && strings.TrimSpace(rest) != "" {
				s = strings.TrimSpace(rest)
			}
		}
	}
	return strings.TrimRight(s, " :,;-–")
}

// isReply says whether a subject has the mark of a reply, behind its tags too.
func isReply(subject string) bool {
	s := clean(subject)
	for {
		if replyMark.MatchString(s) {
			return true
		}
		m := subjectTag.FindString(s)
		if m == "" {
			return false
		}
		s = s[len(m):]
	}
}

// capital makes the first letter of a line upper case where its first word is
// an ordinary one: not of "kube-proxy", "iSCSI" or "libfc:".
func capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	for _, r := range strings.TrimRight(first, ",;?!.") {
		if !unicode.IsLower(r) && r != '\'' && r != '’' {
			return s
		}
	}
	if s == "" {
		return s
	}
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}
