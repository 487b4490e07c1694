package message

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// charsetAlias gives the registered name of a charset for names that mail uses
// and no registry has; "" stands for "not said".
func charsetAlias(name string) string {
	name = strings.TrimPrefix(strings.ToLower(strings.Trim(name, " \t\"'")), "charset=")
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
	case "gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "euc-cn", "gb18030", "gb-18030", "gb18030-2000", "x-euc-cn", "windows-936":
		return "gb18030" // each has all of the one before
	case "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-ms", "cp50220", "cp50221", "csiso2022jp", "jis":
		return "iso-2022-jp"
	case "csiso2022kr":
		return "iso-2022-kr"
	case "hz", "hzgb2312", "hz-gb2312":
		return "hz-gb-2312"
	case "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "csunicode11utf7", "utf-7-imap":
		return "utf-7"
	case "utf16", "utf-16", "ucs-2", "unicode", "iso-10646-ucs-2":
		return "utf-16"
	case "koi8r", "koi-8", "koi8", "koi8-ru", "cskoi8r", "koi":
		return "koi8-r"
	case "koi8u":
		return "koi8-u"
	case "eucjp", "x-euc-jp", "ujis", "x-euc":
		return "euc-jp"
	case "shift-jis", "shiftjis", "ms_kanji", "x-ms-cp932":
		return "shift_jis"
	case "euckr", "x-euc-kr", "korean":
		return "euc-kr"
	case "mac", "macroman", "x-macintosh", "x-mac-roman", "mac-roman":
		return "macintosh"
	case "ks_c_5601-1987", "ks_c_5601", "ksc5601", "cp949", "x-windows-949", "uhc":
		return "euc-kr"
	case "chinesebig5", "x-big5", "big5-hkscs:2001":
		return "big5"
	case "iso-8859-8-i", "iso-8859-8-e":
		return "iso-8859-8"
	}
	for _, prefix := range []string{"cp-", "cp", "win-", "windows", "x-cp", "x-windows-"} {
		if n, ok := strings.CutPrefix(name, prefix); ok && len(n) == 4 && strings.HasPrefix(n, "125") {
			return "windows-" + n
		}
	}
	for _, prefix := range []string{"iso8859-", "iso_8859-", "iso-8859_", "8859-", "iso8859_"} {
		if n, ok := strings.CutPrefix(name, prefix); ok {
			return "iso-8859-" + n
		}
	}
	return name
}

// charsetUse says how bytes became text.
type charsetUse struct {
	declared string // as the mail has it, or ""
	used     string // the name of what it was read as
	fault    string // what was wrong, for people, or ""
}

// charsetNotes collects what became of each part and field, for people who ask
// how a mail is understood. A nil one takes nothing.
type charsetNotes []string

// add notes how one thing was read. Nothing is noted of plain ASCII that
// declares nothing.
func (n *charsetNotes) add(where, declared string, use charsetUse) {
	if n == nil || len(*n) >= maxCharsetNotes {
		return
	}
	if declared == "" {
		declared = use.declared
	}
	said := "no charset declared"
	if declared != "" {
		said = "declared " + oneWord(declared)
	}
	note := where + ": " + said + ", read as " + use.used
	if !slices.Contains(*n, note) {
		*n = append(*n, note)
	}
}

// maxCharsetNotes bounds what is said about one mail.
const maxCharsetNotes = 100

// toUTF8 decodes data to valid UTF-8 without control characters other than
// line end and tab. The declared charset is a hint: where it is not known, or
// is plainly wrong, what data looks like counts, and no byte is dropped that
// can be shown.
func toUTF8(data []byte, declared string) (string, charsetUse) {
	if firstOdd(data) == len(data) && !isStateful(charsetAlias(declared)) {
		return string(data), charsetUse{declared: declared, used: "us-ascii"} // most mail
	}
	text, use := decodeCharset(data, charsetAlias(declared), declared)
	use.declared = declared
	return cleanText(text), use
}

// decodeCharset decodes data from the charset called name. declared is that
// name as the mail has it.
func decodeCharset(data []byte, name, declared string) (string, charsetUse) {
	ascii := isASCII(data)
	if name == "" || ascii && !isStateful(name) {
		if found := signedCharset(data); found != "" {
			if text, ok := decodeNamed(data, found); ok {
				return text, charsetUse{used: found}
			}
		}
	}
	if ascii && !isStateful(name) {
		return string(data), charsetUse{used: "us-ascii"}
	}
	if ascii && name == "utf-16" && bytes.IndexByte(data, 0) < 0 {
		return string(data), charsetUse{used: "us-ascii", fault: "text that says it is " + oneWord(declared) + " was read as ASCII, which it is"}
	}
	valid := !ascii && utf8.Valid(data)
	switch {
	case name == "" && valid, name == "utf-8" && valid:
		return string(data), charsetUse{used: "utf-8"}
	case name == "":
		return decodeGuessed(data, "text that does not say its charset was read as")
	case name == "utf-8":
		if good, bad := countUTF8(data); good >= bad {
			return decodeMixed(data), charsetUse{used: "utf-8", fault: "text that is not valid UTF-8 was read as Windows-1252 where it is not"}
		}
		return decodeGuessed(data, "text that says it is UTF-8 and is not was read as")
	case valid && !isStateful(name):
		// Valid UTF-8 with 8-bit bytes is hardly ever anything else.
		return string(data), charsetUse{used: "utf-8", fault: "text that says it is " + oneWord(declared) + " was read as UTF-8, which it is"}
	case name == "windows-1252":
		if isDense(data) {
			return decodeGuessed(data, "text that says it is "+oneWord(declared)+" and hardly can be was read as")
		}
		return decodeMixed(data), charsetUse{used: name}
	}
	text, ok := decodeNamed(data, name)
	if !ok {
		return decodeGuessed(data, "the charset "+oneWord(declared)+" is not known: the text was read as")
	}
	if isGarbled(text) {
		if other := guessCharset(data); other != name {
			return decodeGuessed(data, "text that is not valid "+oneWord(declared)+" was read as")
		}
	}
	return text, charsetUse{used: name}
}

// decodeGuessed decodes data as what it looks like; fault is what is said
// before the name of that.
func decodeGuessed(data []byte, fault string) (string, charsetUse) {
	name := guessCharset(data)
	use := charsetUse{used: name + " (guessed)", fault: fault + " " + name}
	if isASCII(data) || name == "utf-8" {
		return string(data), use
	}
	if name != "windows-1252" {
		if text, ok := decodeNamed(data, name); ok {
			return text, use
		}
	}
	return decodeMixed(data), use
}

// isGarbled says whether a decoder could not make sense of much of a text: there
// are many signs of that, or of half-width katakana, which other Japanese and
// Chinese text looks like to it.
func isGarbled(text string) bool {
	bad, high := 0, 0
	for _, r := range text {
		if r >= utf8.RuneSelf {
			high++
		}
		if r == utf8.RuneError {
			bad += 2
		} else if r >= 0xff61 && r <= 0xff9f {
			bad++
		}
	}
	return bad*4 > high
}

// isDense says whether most 8-bit letters of data stand in runs of four and
// more. In no language that Windows-1252 is for do they.
func isDense(data []byte) bool {
	high, dense, run := 0, 0, 0
	for i, c := range data {
		if c > 0xa0 && (i == 0 || c != data[i-1]) { // no spaces, no lines of dashes
			run++
			if high++; run == 4 {
				dense += 4
			} else if run > 4 {
				dense++
			}
		} else if c < utf8.RuneSelf {
			run = 0
		}
	}
	return dense >= 8 && dense*2 > high
}

// countUTF8 counts the characters of several bytes in data, and the bytes that
// belong to none.
func countUTF8(data []byte) (good, bad int) {
	for len(data) > 0 {
		if data[0] < utf8.RuneSelf {
			data = data[1:]
			continue
		}
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n <= 1 {
			bad++
		} else {
			good++
		}
		data = data[n:]
	}
	return good, bad
}

// signedCharset finds charsets that show themselves: byte order marks, and
// escape sequences in 7-bit text (RFC 1468, 1554, 1557, 1843, 1922).
func signedCharset(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "utf-16"
	case bytes.Contains(data, []byte("~{")) && isHZ(data):
		return "hz-gb-2312"
	case bytes.IndexByte(data, 0x1b) < 0:
		return ""
	case bytes.Contains(data, []byte("\x1b$)C")):
		return "iso-2022-kr"
	case bytes.Contains(data, []byte("\x1b$)A")):
		return "iso-2022-cn"
	case bytes.Contains(data, []byte("\x1b$")), bytes.Contains(data, []byte("\x1b(")):
		return "iso-2022-jp"
	}
	return ""
}

// decodeNamed decodes data with go-message's table of charsets and the few
// that it does not have.
func decodeNamed(data []byte, name string) (string, bool) {
	switch name {
	case "utf-7":
		return decodeUTF7(data), true
	case "iso-2022-kr":
		return decodeShifted(data, "euc-kr")
	case "iso-2022-cn":
		return decodeShifted(data, "gb18030")
	case "hz-gb-2312":
		out, err := simplifiedchinese.HZGB2312.NewDecoder().Bytes(data)
		return string(out), err == nil
	case "utf-16":
		out, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		return string(out), err == nil
	}
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
		strings.HasPrefix(name, "hz") || strings.HasPrefix(name, "utf-32") || name == "utf-7"
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
