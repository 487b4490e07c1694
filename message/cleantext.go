package message

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// oneWord makes a stranger's charset name fit for a defect.
func oneWord(s string) string {
	s = strings.Join(strings.Fields(decodeMixed([]byte(s))), " ")
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "…"
	}
	return `"` + s + `"`
}

func isASCII(data []byte) bool {
	for len(data) >= 8 {
		if (data[0]|data[1]|data[2]|data[3]|data[4]|data[5]|data[6]|data[7])&0x80 != 0 {
			return false
		}
		data = data[8:]
	}
	for _, c := range data {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cleanText removes from s what no text may hold: invalid UTF-8, NUL (which
// PostgreSQL refuses), other controls, a byte order mark; C1 controls become
// the Windows-1252 characters that they stand for. Line ends become "\n".
func cleanText(s string) string {
	i := firstUnclean(s)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	s = s[i:]
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			b.WriteRune(charmap.Windows1252.DecodeByte(s[i]))
		case r == '\r':
			if i+1 == len(s) || s[i+1] != '\n' {
				b.WriteByte('\n')
			}
		case r == '\f' || r == '\v' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			b.WriteByte('\n')
		case r >= 0x80 && r < 0xa0:
			if mapped := charmap.Windows1252.DecodeByte(byte(r)); mapped >= 0xa0 && mapped != utf8.RuneError {
				b.WriteRune(mapped)
			}
		case r < ' ' && r != '\n' && r != '\t', r == 0x7f, r == '\ufeff':
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// firstUnclean is where cleanText has to begin; len(s) where it has nothing
// to do.
func firstUnclean(s string) int {
	for i := 0; ; {
		i += firstOdd(s[i:])
		if i == len(s) || s[i] < utf8.RuneSelf && s[i] != '~' {
			return i
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 || s[i] >= utf8.RuneSelf && r < 0xa0 || r == '\ufeff' || r == '\u2028' || r == '\u2029' {
			return i
		}
		i += n
	}
}

// firstOdd is where the first byte stands that is not plain: a control, a byte
// of 8 bits, or the tilde that HZ begins with. Most mail has none, and this loop
// sees every byte of it, so that eight are looked at together.
func firstOdd[T string | []byte](s T) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for i := 0; i < len(s); {
		if i+8 <= len(s) {
			x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
				uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
			// A top bit is left for a byte below a space, for one of 8 bits,
			// and for the tilde and DEL.
			if ((x-' '*ones)|x|(x+2*ones))&tops == 0 {
				i += 8
				continue
			}
		}
		if c := s[i]; (c < ' ' || c >= '~') && c != '\n' && c != '\t' {
			return i
		}
		i++
	}
	return len(s)
}
