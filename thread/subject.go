package thread

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// maxSubject bounds how many bytes of a subject are looked at.
const maxSubject = 2000

// BaseSubject is the subject with what mail programs and lists add to it
// taken off: "Re:" and its kin (sigpost.ReplyMark), "[list]" tags in front,
// "(fwd)" and "(was: ...)" behind (RFC 5256, section 2.1, which knows nothing
// of the last). Case is kept; compare with strings.EqualFold. It is empty
// where the subject is nothing else.
func BaseSubject(subject string) string {
	s := oneLine(subject)
	for {
		before := s
		s = trimTrailers(s)
		s = trimLeaders(s)
		// (6) "[fwd: ... ]"
		if len(s) >= 6 && strings.EqualFold(s[:5], "[fwd:") && s[len(s)-1] == ']' {
			s = strings.TrimSpace(s[5 : len(s)-1])
		}
		if s == before {
			return s
		}
	}
}

// oneLine folds white space (RFC 5256, section 2.1, step 1) and cuts what is
// too long to have been written by anybody.
func oneLine(s string) string {
	if len(s) > maxSubject {
		s = s[:maxSubject]
		for len(s) > 0 {
			if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size > 1 {
				break
			}
			s = s[:len(s)-1]
		}
	}
	return strings.Join(strings.Fields(s), " ")
}

// trimTrailers takes off "(fwd)" (step 2) and "(was: ...)".
func trimTrailers(s string) string {
	for {
		t := strings.TrimSpace(s)
		if len(t) >= 5 && strings.EqualFold(t[len(t)-5:], "(fwd)") {
			t = strings.TrimSpace(t[:len(t)-5])
		}
		if now, _, ok := cutWas(t); ok {
			t = now
		}
		if t == s {
			return s
		}
		s = t
	}
}

// trimLeaders takes off marks, and blobs as long as something stays behind
// (steps 3 to 5).
func trimLeaders(s string) string {
	for {
		t, reply, forward := sigpost.CutReplyMark(s)
		if !reply && !forward {
			var ok bool
			if t, ok = trimBlob(s); !ok {
				return s
			}
		}
		s = t
	}
}

// trimBlob takes off one "[...]" in front, unless nothing would be left.
func trimBlob(s string) (string, bool) {
	_, rest, ok := cutBlob(s)
	return rest, ok && rest != ""
}

// cutBlob gives what is in the "[...]" in front, and what is behind it.
func cutBlob(s string) (blob, rest string, ok bool) {
	if !strings.HasPrefix(s, "[") {
		return "", s, false
	}
	closing := strings.IndexByte(s, ']')
	if closing < 0 || strings.IndexByte(s[1:closing], '[') >= 0 {
		return "", s, false
	}
	return s[1:closing], strings.TrimSpace(s[closing+1:]), true
}

// tags gives what is in the "[...]" in front of a subject, before and behind
// its marks.
func tags(subject string) []string {
	var all []string
	s := oneLine(subject)
	for {
		if tag, rest, ok := cutBlob(s); ok {
			all = append(all, tag)
			s = rest
			continue
		}
		rest, reply, forward := sigpost.CutReplyMark(s)
		if !reply && !forward {
			return all
		}
		s = rest
	}
}

// SaysWas says whether a subject names the one that it was before: "Bays
// (was: Clusters)", "Bays [was Re: Clusters]", "Bays, was: Clusters".
func SaysWas(subject string) bool {
	_, _, ok := cutWas(oneLine(subject))
	return ok
}

// cutWas cuts "new (was: old)" into its two subjects; both are without white
// space at their ends, and now is never empty.
func cutWas(s string) (now, old string, ok bool) {
	for i := 1; i < len(s); i++ {
		if s[i] != 'w' && s[i] != 'W' {
			continue
		}
		before := strings.TrimRight(s[:i], " ")
		old, certain, found := cutWasWord(s[i:])
		if !found || before == "" {
			continue
		}
		switch last := before[len(before)-1]; {
		case last == '(' || last == '[' || last == '{':
			now, ok = before[:len(before)-1], closes(old, last)
			old = strings.TrimRight(old, ")]} ")
		case strings.IndexByte(",;-", last) >= 0:
			now, ok = before[:len(before)-1], true
		default: // "The trouble was: ..." is no old subject
			now, ok = before, certain && i > len(before)
		}
		now, old = strings.TrimSpace(now), strings.TrimSpace(old)
		if ok && now != "" && old != "" {
			return now, old, true
		}
	}
	return s, "", false
}

// cutWasWord takes off "was" with what shows that an old subject follows: a
// colon, or a mark such as "Re:". Only the second makes it certain.
func cutWasWord(s string) (old string, certain, ok bool) {
	if len(s) < 4 || !strings.EqualFold(s[:3], "was") && !strings.EqualFold(s[:3], "war") {
		return "", false, false
	}
	colon := strings.TrimLeft(s[3:], " ")
	rest, hasColon := strings.CutPrefix(colon, ":")
	if !hasColon && len(colon) == len(s[3:]) {
		return "", false, false // "wash"
	}
	rest = strings.TrimLeft(rest, " ")
	_, reply, forward := sigpost.CutReplyMark(rest)
	return rest, reply || forward, hasColon || reply || forward
}

// closes says whether the bracket that was opened before s ends s, or was
// lost with the end of the subject.
func closes(s string, opened byte) bool {
	closing := map[byte]byte{'(': ')', '[': ']', '{': '}'}[opened]
	i := strings.LastIndexByte(s, closing)
	return i < 0 || i == len(s)-1
}

// letters folds a subject to what people compare: letters and digits in lower
// case.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}
