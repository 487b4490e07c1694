package bounce

import (
	"slices"
	"strings"
)

// rule gives a reason to failures of a kind. All that it names has to hold; of
// the words, one.
type rule struct {
	reason Reason
	// words are phrases in lower case; * stands for up to 80 bytes of anything.
	words []string
	// host is part of the name of where it was to go, or of the address.
	host []string
	// status are status codes, or the begins of some where they end with a dot.
	status []string
	// at are commands of SMTP; "" is an unknown one.
	at []string
	// code are the begins of reply codes.
	code []string
	kind string
	// uncoded wants no reply code of SMTP: a system speaks for itself.
	uncoded bool
	// near wants the words in a server's reply, and not in what the report says
	// around it.
	near bool
	// anywhere has the words looked for in all of the report.
	anywhere bool
}

// match says whether a rule holds of a failure of which text was said, and at
// which byte.
func (r rule) match(q question, text string) (at int, ok bool) {
	switch {
	case r.host != nil && !slices.ContainsFunc(r.host, func(h string) bool { return strings.Contains(q.hosts, h) }),
		r.status != nil && !slices.ContainsFunc(r.status, func(s string) bool {
			return s == q.status || strings.HasSuffix(s, ".") && strings.HasPrefix(q.status, s)
		}),
		r.code != nil && !hasBegin(q.code, r.code),
		r.at != nil && !slices.Contains(r.at, q.command),
		r.kind != "" && r.kind != q.kind,
		r.uncoded && q.code != "":
		return 0, false
	}
	start := 0
	if r.words == nil {
		return 0, true
	}
	if r.near {
		text, start = text[q.reply:], q.reply
	}
	if r.anywhere {
		text += " " + q.wider
	}
	for _, w := range r.words {
		if at := find(text, w); at >= 0 {
			return start + at, true
		}
	}
	return 0, false
}

func hasBegin(s string, begins []string) bool {
	return slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(s, b) })
}

// maxGap is how much a * stands for, in bytes.
const maxGap = 80

// find gives the place of a phrase in a text, or -1. It begins with a word.
func find(text, phrase string) int {
	first, rest, more := strings.Cut(phrase, "*")
	for from := 0; ; {
		i := strings.Index(text[from:], first)
		if i < 0 {
			return -1
		}
		i += from
		from = i + len(first)
		if isWordByte(first[0]) && i > 0 && isWordByte(text[i-1]) {
			continue
		}
		if !more {
			return i
		}
		behind := text[from:]
		next, _, _ := strings.Cut(rest, "*")
		if j := strings.Index(behind[:min(len(behind), maxGap+len(next))], next); j >= 0 {
			return i
		}
	}
}

func isWordByte(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
