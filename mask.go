package sigpost

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// masked stands where the domain of an address was.
const masked = "…"

// MaskAddresses takes the domains out of the mail addresses in a text, as
// archives of lists do: "jo@example.org" becomes "jo@…". Addresses of pages, which
// may hold an @ too, stay whole.
func MaskAddresses(text string) string { return maskWith(text, masked) }

// MaskASCII is that for a text that has to stay ASCII.
func MaskASCII(text string) string { return maskWith(text, "...") }

func maskWith(text, mask string) string {
	domains := domains(text)
	if len(domains) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	at := 0
	for _, d := range domains {
		b.WriteString(text[at:d.Start])
		b.WriteString(mask)
		at = d.End
	}
	b.WriteString(text[at:])
	return b.String()
}

// MaskPieces is MaskAddresses for a text in pieces, over which an address may go.
func MaskPieces(pieces []string) []string {
	text := strings.Join(pieces, "")
	found := domains(text)
	out := make([]string, len(pieces))
	start := 0 // of the piece in the text
	for i, p := range pieces {
		end, at := start+len(p), start
		var b strings.Builder
		for _, d := range found {
			if d.End <= at || d.Start >= end {
				continue
			}
			if d.Start >= at {
				b.WriteString(text[at:d.Start] + masked)
			}
			at = min(d.End, end)
		}
		out[i] = b.String() + text[at:end]
		start = end
		for len(found) > 0 && found[0].End <= end {
			found = found[1:]
		}
	}
	return out
}

// MaskSpans is MaskAddresses for a text of which some bytes are marked: it gives
// the marks of what became of the text. Marks outside the text are left out.
func MaskSpans(text string, spans []Span) (string, []Span) {
	domains := domains(text)
	move := func(at int) int {
		moved := at
		for _, d := range domains {
			switch {
			case d.End <= at:
				moved += len(masked) - (d.End - d.Start)
			case d.Start < at: // within what is masked
				moved += len(masked) - (at - d.Start)
			}
		}
		return moved
	}
	var kept []Span
	for _, s := range spans {
		if s.Start >= 0 && s.Start < s.End && s.End <= len(text) {
			if m := (Span{move(s.Start), move(s.End)}); m.Start < m.End {
				kept = append(kept, m)
			}
		}
	}
	return maskWith(text, masked), kept
}

// domains finds what stands behind the @ of each mail address in a text.
func domains(text string) (found []Span) {
	token, page := 0, false // where the word with the @ begins, and whether it is a page's address
	for seen := 0; ; {
		i := strings.IndexByte(text[seen:], '@')
		if i < 0 {
			return found
		}
		i += seen
		if space := strings.LastIndexAny(text[seen:i], " \t\n<>\"'"); space >= 0 {
			token, page = seen+space+1, false
		}
		page = page || strings.Contains(text[max(token, seen-2):i], "://")
		seen = i + 1
		if end := domainEnd(text, i+1); !page && i > 0 && ofLocalPart(text[i-1]) && end > i+1 {
			found = append(found, Span{i + 1, end})
			seen = end
		}
	}
}

// ofLocalPart says whether a byte may stand right before the @ of an address.
func ofLocalPart(c byte) bool {
	return c >= utf8.RuneSelf || 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte(`!#$%&'*+-/=?^_{|}~"`, c) >= 0 || c == '`' || c == '.'
}

// domainEnd gives the end of the domain that begins at a place of a text: names
// with a dot between them, or an address in brackets. It is the place itself where
// there is none.
func domainEnd(text string, at int) int {
	if at < len(text) && text[at] == '[' {
		if end := strings.IndexByte(text[at:min(len(text), at+64)], ']'); end > 0 {
			return at + end + 1
		}
		return at
	}
	end, dots := at, 0
	for end < len(text) {
		c := text[end]
		switch {
		case c >= utf8.RuneSelf || 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_':
		case c == '.' && end > at && text[end-1] != '.':
			dots++
		default:
			return trimDots(text, at, end, dots)
		}
		end++
	}
	return trimDots(text, at, end, dots)
}

func trimDots(text string, at, end, dots int) int {
	for end > at && (text[end-1] == '.' || text[end-1] == '-') {
		if text[end-1] == '.' {
			dots--
		}
		end--
	}
	if dots < 1 {
		return at
	}
	return end
}

// Legible takes out of a text of strangers what shows it as something else than it
// is: characters that turn the direction of what is around them (Unicode Standard
// Annex 9) or that cannot be seen, and controls but for line ends and tabs. What is
// written from right to left stays so; pages set it apart from what is around it.
func Legible(text string) string {
	if strings.IndexFunc(text, misleading) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		if misleading(r) {
			return -1
		}
		return r
	}, text)
}

func misleading(r rune) bool {
	switch {
	case r < ' ':
		return r != '\n' && r != '\t'
	case r < 0x7f:
		return false
	case r == '\u061c', r == '\u200b', r == '\u200e', r == '\u200f', r == '\ufeff', r == '\u2028', r == '\u2029',
		'\u202a' <= r && r <= '\u202e', '\u2060' <= r && r <= '\u206f', 0xe0000 <= r && r <= 0xe007f:
		return true
	}
	return unicode.Is(unicode.Cc, r)
}
