package message

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// charsetAlias gives the registered name of a charset for names that mail uses
// and no registry has; "" stands for "not said".
func charsetAlias(name string) string {
	name = strings.ToLower(strings.Trim(name, " \t\"'"))
	switch name {
	case "default", "unknown", "unknown-8bit", "x-unknown", "binary", "8bit",
		"none", "charset", "iso-8859", "us-ascii", "ascii", "ansi_x3.4-1968", "us_ascii":
		return ""
	case "utf8", "utf_8", "utf-8-sig", "unicode-1-1-utf-8", "cp65001":
		return "utf-8"
	case "latin-1", "latin1", "latin_1", "8859_1", "iso8859_1", "iso-8859-1",
		"iso8859-1", "iso_8859-1", "iso-latin-1", "cp-1252", "cp1252", "ansi", "x-ansi", "windows1252":
		// C1 controls are in no mail: who says ISO-8859-1 means this (WHATWG
		// Encoding Standard, section 4.2).
		return "windows-1252"
	case "cp932", "ms932", "x-sjis", "windows-31j", "sjis":
		return "shift_jis"
	case "gb2312", "gb_2312-80", "x-gbk", "cp936", "euc-cn":
		return "gbk"
	case "ks_c_5601-1987", "ks_c_5601", "ksc5601", "cp949", "x-windows-949", "uhc":
		return "euc-kr"
	case "chinesebig5", "x-big5", "big5-hkscs:2001":
		return "big5"
	case "iso-8859-8-i", "iso-8859-8-e":
		return "iso-8859-8"
	}
	if n, ok := strings.CutPrefix(name, "cp-"); ok {
		return "windows-" + n
	}
	return name
}

// toUTF8 decodes data to valid UTF-8 without control characters other than
// line end and tab. The declared charset is a hint: where it is not known, or
// is plainly wrong, what data looks like counts, and no byte is dropped that
// can be shown. note says for people what was guessed, or is empty.
func toUTF8(data []byte, declared string) (text, note string) {
	name := charsetAlias(declared)
	ascii := isASCII(data)
	if ascii && !isStateful(name) {
		if bytes.IndexByte(data, 0x1b) >= 0 && name == "" {
			name = "iso-2022-jp" // RFC 1468: 7 bits with escapes
		} else {
			return cleanText(string(data)), ""
		}
	}
	switch name {
	case "", "utf-8":
		if utf8.Valid(data) {
			return cleanText(string(data)), ""
		}
		note = "text that is not valid in its charset was read as Windows-1252 where it is not UTF-8"
		return cleanText(decodeMixed(data)), note
	}
	// Valid UTF-8 with 8-bit bytes is hardly ever anything else.
	if !ascii && !isStateful(name) && utf8.Valid(data) {
		return cleanText(string(data)), "text that says it is " + oneWord(declared) + " was read as UTF-8, which it is"
	}
	if name == "windows-1252" {
		return cleanText(decodeMixed(data)), ""
	}
	if text, ok := decodeNamed(data, name); ok {
		return cleanText(text), ""
	}
	return cleanText(decodeMixed(data)), "the charset " + oneWord(declared) + " is not known: it was guessed"
}

// decodeNamed decodes data with go-message's table of charsets.
func decodeNamed(data []byte, name string) (string, bool) {
	r, err := charset.Reader(name, bytes.NewReader(data))
	if err != nil {
		return "", false
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return "", false
	}
	return string(out), true
}

// isStateful says whether a charset writes other letters with 7-bit bytes.
func isStateful(name string) bool {
	return strings.HasPrefix(name, "iso-2022") || strings.HasPrefix(name, "utf-16") ||
		strings.HasPrefix(name, "hz") || strings.HasPrefix(name, "utf-32")
}

// decodeMixed reads valid UTF-8 sequences as such and every other byte as
// Windows-1252. A list's footer in one charset is often pasted behind a text
// in another.
func decodeMixed(data []byte) string {
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n <= 1 {
			r = charmap.Windows1252.DecodeByte(data[0])
			n = 1
		}
		b.WriteRune(r)
		data = data[n:]
	}
	return b.String()
}

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
// to do. Most mail is plain ASCII, and this loop sees every byte of it.
func firstUnclean(s string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			continue
		}
		if c < utf8.RuneSelf {
			return i
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 || r < 0xa0 || r == '\ufeff' || r == '\u2028' || r == '\u2029' {
			return i
		}
		i += n - 1
	}
	return len(s)
}
