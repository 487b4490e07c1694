package classify

import (
	"strings"
)

// place says where in a subject something stands.
type place uint8

const (
	placeNone    place = iota
	placeBracket       // a whole entry of a list in brackets: "[kolla,magnum]"
	placePrefix        // all that stands before the first colon: "kuryr: ..."
)

// placeInSubject says where in the subject the bytes [start, end) stand.
func placeInSubject(subject string, start, end int) place {
	open := strings.LastIndexAny(subject[:start], "[]")
	if open >= 0 && subject[open] == '[' {
		if shut := strings.IndexAny(subject[end:], "[]"); shut >= 0 && subject[end+shut] == ']' {
			before := strings.TrimRight(subject[open+1:start], " ")
			after := strings.TrimLeft(subject[end:end+shut], " ")
			if isListEdge(before, len(before)-1) && isListEdge(after, 0) {
				return placeBracket
			}
		}
		return placeNone
	}
	rest := subject[end:]
	if stripMarks(subject[:start]) == "" && (rest == ":" || strings.HasPrefix(rest, ": ")) {
		return placePrefix
	}
	return placeNone
}

// isListEdge says whether an entry of a list may end at s[i].
func isListEdge(s string, i int) bool {
	return s == "" || strings.IndexByte(",;/|+&", s[i]) >= 0
}

// stripMarks takes reply marks and brackets off the front of a subject: what
// RFC 5256, section 2.1 calls subj-refwd and subj-blob.
func stripMarks(s string) string {
	for {
		s = strings.TrimLeft(s, " \t")
		if strings.HasPrefix(s, "[") {
			end := strings.IndexByte(s, ']')
			if end < 0 {
				return s
			}
			s = s[end+1:]
			continue
		}
		rest, ok := cutReply(s)
		if !ok {
			return s
		}
		s = rest
	}
}

// stripReplies takes off only the reply marks, so that the subjects of a
// thread's messages are the same.
func stripReplies(s string) string {
	for {
		rest, ok := cutReply(strings.TrimLeft(s, " \t"))
		if !ok {
			return strings.TrimSpace(s)
		}
		s = rest
	}
}

func cutReply(s string) (string, bool) {
	for _, mark := range [...]string{"re:", "fwd:", "fw:", "aw:"} {
		if len(s) >= len(mark) && strings.EqualFold(s[:len(mark)], mark) {
			return s[len(mark):], true
		}
	}
	return s, false
}
