package message

import (
	"encoding/base64"
	"strings"
)

// encodedWord is one "=?charset?encoding?text?=" (RFC 2047, section 2), its
// text decoded to bytes of the charset.
type encodedWord struct {
	charset string
	data    []byte
}

// decodeWords decodes the encoded words in a header value. It is wider than
// RFC 2047: words inside quoted strings, words that touch other text, spaces
// inside Q text and missing padding are read too, and neighbours of one
// charset are joined before decoding, as many programs cut inside a character.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	var b strings.Builder
	var run encodedWord // neighbours of one charset, not yet written
	flush := func() {
		if run.data != nil {
			text, _ := toUTF8(run.data, run.charset)
			b.WriteString(text)
		}
		run = encodedWord{}
	}
	for s != "" {
		start := strings.Index(s, "=?")
		if start < 0 {
			break
		}
		word, n := parseWord(s[start:])
		if n == 0 {
			flush()
			b.WriteString(s[:start+2])
			s = s[start+2:]
			continue
		}
		// Section 6.2: white space between two encoded words is not shown.
		if gap := s[:start]; run.data == nil || strings.TrimSpace(gap) != "" {
			flush()
			b.WriteString(gap)
		}
		if run.data != nil && run.charset != word.charset {
			flush()
		}
		run.charset, run.data = word.charset, append(run.data, word.data...)
		s = s[start+n:]
	}
	flush()
	b.WriteString(s)
	return b.String()
}

// parseWord reads the encoded word at the start of s and says how many bytes
// of s it has; 0 where there is none.
func parseWord(s string) (word encodedWord, n int) {
	charset, rest, ok := strings.Cut(s[2:], "?")
	if !ok || charset == "" || len(charset) > 60 || strings.ContainsAny(charset, " \t=<>\"") {
		return word, 0
	}
	if len(rest) < 2 || rest[1] != '?' {
		return word, 0
	}
	encoding, text := rest[0]|0x20, rest[2:]
	// In Q text "?=" may only be the end; "=?" inside is an unfinished word.
	end := strings.Index(text, "?=")
	if end < 0 {
		return word, 0
	}
	if more := strings.Index(text[end+2:], "?="); encoding == 'q' && more >= 2 && isHex(text[end+2]) && isHex(text[end+3]) &&
		!strings.Contains(text[end+2:end+2+more], " ") && !strings.Contains(text[end+2:end+2+more], "=?") {
		end += 2 + more // a question mark that was left as it is, before an escape
	}
	n = len(s) - len(text) + end + 2
	text = text[:end]
	// RFC 2231, section 5: a language may follow the charset.
	word.charset, _, _ = strings.Cut(strings.ToLower(charset), "*")
	switch encoding {
	case 'q':
		word.data = decodeQ(text)
	case 'b':
		word.data = decodeB(text)
	default:
		return word, 0
	}
	if word.data == nil {
		word.data = []byte{}
	}
	return word, n
}

// decodeQ undoes the Q encoding (RFC 2047, section 4.2). What is no valid
// escape stays as it is.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

// decodeB undoes base64, leaving out what does not belong there.
func decodeB(s string) []byte {
	clean := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if isBase64(s[i]) {
			clean = append(clean, s[i])
		}
	}
	return decodeBase64Quads(clean)
}

// decodeBase64Quads decodes clean base64 text without padding. A single
// character left over at the end holds no whole byte and is dropped.
func decodeBase64Quads(clean []byte) []byte {
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean)
	return out[:n]
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unhex is the value of a hexadecimal digit.
func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
