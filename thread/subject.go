// Package thread groups messages into conversations and orders each one as a
// tree. It is pure: it sees messages and gives trees.
package thread

import (
	"strings"
)

// BaseSubject is the subject with what mail programs and lists add to it
// taken off: "Re:" and its kin, "[list]" tags in front, "(fwd)" behind (RFC
// 5256, section 2.1). Case is kept; compare with strings.EqualFold.
func BaseSubject(subject string) string {
	// (1) white space is folded; decoding has been done.
	s := strings.Join(strings.Fields(subject), " ")
	for {
		before := s
		// (2) trailers
		for {
			t := strings.TrimSpace(s)
			if len(t) >= 5 && strings.EqualFold(t[len(t)-5:], "(fwd)") {
				t = strings.TrimSpace(t[:len(t)-5])
			}
			if t == s {
				break
			}
			s = t
		}
		// (3) to (5) leaders, and blobs as long as something stays behind
		for {
			t, ok := trimLeader(s)
			if !ok {
				t, ok = trimBlob(s)
			}
			if !ok {
				break
			}
			s = t
		}
		// (6) "[fwd: ... ]"
		if len(s) >= 6 && strings.EqualFold(s[:5], "[fwd:") && s[len(s)-1] == ']' {
			s = strings.TrimSpace(s[5 : len(s)-1])
		}
		if s == before {
			return s
		}
	}
}

// replyMarks are what mail programs put before ":" in a reply or a forward.
// RFC 5256 names re, fw and fwd; the others are their translations.
var replyMarks = map[string]bool{
	"re": true, "fw": true, "fwd": true,
	"aw": true, "wg": true, "sv": true, "vs": true, "vb": true, "antw": true, "tr": true, "rv": true, "odp": true,
}

// trimLeader takes off one subj-leader: a mark, blobs such as "[2]" behind
// it, and a colon.
func trimLeader(s string) (string, bool) {
	end := strings.IndexFunc(s, func(r rune) bool { return r == ':' || r == '[' || r == ' ' })
	if end <= 0 || !replyMarks[strings.ToLower(s[:end])] {
		return s, false
	}
	rest := strings.TrimLeft(s[end:], " ")
	for strings.HasPrefix(rest, "[") {
		closing := strings.IndexByte(rest, ']')
		if closing < 0 {
			return s, false
		}
		rest = strings.TrimLeft(rest[closing+1:], " ")
	}
	if !strings.HasPrefix(rest, ":") {
		return s, false
	}
	return strings.TrimSpace(rest[1:]), true
}

// trimBlob takes off one "[...]" in front, unless nothing would be left.
func trimBlob(s string) (string, bool) {
	if !strings.HasPrefix(s, "[") {
		return s, false
	}
	closing := strings.IndexByte(s, ']')
	if closing < 0 || strings.IndexByte(s[1:closing], '[') >= 0 {
		return s, false
	}
	rest := strings.TrimSpace(s[closing+1:])
	return rest, rest != ""
}
