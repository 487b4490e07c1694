package message

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

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

// decodeMixed reads valid UTF-8 sequences as such and every other byte as
// Windows-1252. A list's footer in one charset is often pasted behind a text
// in another.
func decodeMixed(data []byte) string {
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for len(data) > 0 {
		n := 0
		for n < len(data) && data[n] < utf8.RuneSelf {
			n++
		}
		b.Write(data[:n])
		if data = data[n:]; len(data) == 0 {
			break
		}
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
