package message

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// transferEncoding gives the name of RFC 2045, section 6.1, for a
// Content-Transfer-Encoding as mail writes it: with a semicolon or a comment
// behind it, in quotes, or as no encoding at all.
func transferEncoding(value string) (name string, known bool) {
	switch name = strings.Trim(firstWord(value), `"'`); name {
	case "", "7bit", "8bit", "binary", "quoted-printable", "base64":
		return name, true
	case "7-bit", "8-bit", "7bits", "8bits", "7", "8", "none", "plain", "text",
		"text/plain", "text/html", "utf-8", "utf8", "us-ascii", "iso-8859-1", "unknown", "raw":
		return "8bit", true
	case "quoted_printable", "quotedprintable", "qp", "quoted":
		return "quoted-printable", true
	case "base-64", "b64", "base":
		return "base64", true
	case "x-uuencode", "x-uue", "uuencode", "uue":
		return "uuencode", true
	}
	return "8bit", false
}

// decodeTransfer undoes the transfer encoding of a body. Around faults, all
// that can be read is.
func decodeTransfer(value string, body []byte, wrong *defects) []byte {
	name, known := transferEncoding(value)
	if !known {
		wrong.add("the transfer encoding %s is not known: the text was taken as it is", oneWord(value))
	}
	switch name {
	case "base64":
		return decodeBase64(body, wrong)
	case "quoted-printable":
		data, damaged := decodeQuotedPrintable(body)
		if damaged {
			wrong.add("its quoted-printable is damaged: what can be decoded was")
		}
		return data
	case "uuencode":
		if files, _ := cutUUEncoded(body); len(files) > 0 {
			return files[0].data
		}
		wrong.add("it says that it is uuencoded and is not: it was taken as it is")
	}
	return body
}

// decodeBase64 undoes base64 (RFC 2045, section 6.8).
func decodeBase64(body []byte, wrong *defects) []byte {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	if n, err := base64.StdEncoding.Decode(out, body); err == nil {
		return out[:n]
	}
	if spaced := withoutSpaces(body); bytes.HasSuffix(spaced, []byte("=")) || len(spaced) >= 2*longBase64 {
		if n, err := base64.StdEncoding.Decode(out, spaced); err == nil {
			wrong.add("its base64 is damaged: what can be decoded was")
			return out[:n]
		}
	}
	data, tail := salvageBase64(body)
	if len(data) == 0 && len(bytes.TrimSpace(tail)) > 0 {
		if text := noisyBase64(body); text != nil {
			wrong.add("its base64 is damaged: what can be decoded was")
			return text
		}
		wrong.add("it says that it is base64 and is not: it was taken as it is")
		return body
	}
	if len(tail) > 0 {
		wrong.add("text follows the base64: both were read")
		return append(append(data, '\n'), tail...)
	}
	wrong.add("its base64 is damaged: what can be decoded was")
	return data
}

// withoutSpaces is b without white space.
func withoutSpaces(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c > ' ' {
			out = append(out, c)
		}
	}
	return out
}

// salvageBase64 decodes base64 with faults: wrong characters are left out, and
// a block may begin again after its padding. From the first line of another
// kind that no base64 follows, the body is plain text, as list software
// appends it: that is the tail.
func salvageBase64(body []byte) (data, tail []byte) {
	last := lastBase64Line(body)
	var block []byte
	flush := func() {
		data = append(data, decodeBase64Quads(block)...)
		block = block[:0]
	}
	rest := body
	for len(rest) > 0 {
		line, next := cutLine(rest)
		trimmed := bytes.TrimSpace(line)
		if !isBase64Line(trimmed) && len(body)-len(next) > last {
			tail = rest
			break
		}
		if !strayLine(trimmed, len(block)) {
			for _, c := range trimmed {
				if c == '=' {
					flush()
				} else if isBase64(c) {
					block = append(block, c)
				}
			}
		}
		rest = next
	}
	flush()
	return data, bytes.TrimSpace(tail)
}

// strayLine says whether a line is not base64 and would shift all that follows
// it, if its letters counted: something was put between two lines.
func strayLine(line []byte, pending int) bool {
	if pending%4 != 0 || isBase64Line(line) {
		return false
	}
	n := 0
	for _, c := range line {
		if isBase64(c) || c == '=' {
			n++
		}
	}
	return n%4 != 0
}

// noisyBase64 decodes base64 with a strange character here and there, where
// that gives a text; else it is nil.
func noisyBase64(body []byte) []byte {
	body = bytes.TrimRight(bytes.TrimSpace(body), "=")
	var clean []byte
	noise := 0
	for _, c := range body {
		switch {
		case isBase64(c):
			clean = append(clean, c)
		case c == ' ' || c == '\t':
			return nil // words, and no base64
		case c != '\n':
			noise++
		}
	}
	text := decodeBase64Quads(clean)
	if noise*4 > len(clean) || len(text) == 0 || !utf8.Valid(text) || bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }) {
		return nil
	}
	return text
}

// longBase64 is the length from which a line of these characters is not taken
// for a word of a text.
const longBase64 = 40

// lastBase64Line is where the last line that can only be base64 ends.
func lastBase64Line(body []byte) int {
	last := 0
	for at := 0; at < len(body); {
		line, next := cutLine(body[at:])
		at = len(body) - len(next)
		if trimmed := bytes.TrimSpace(line); len(trimmed) >= longBase64 && isBase64Line(trimmed) {
			last = at
		}
		if next == nil {
			break
		}
	}
	return last
}

// isBase64Line says whether line holds nothing but base64; an empty one does.
func isBase64Line(line []byte) bool {
	line = bytes.TrimRight(line, "=")
	for _, c := range line {
		if !isBase64(c) && c != '=' {
			return false
		}
	}
	return true
}

// decodeQuotedPrintable undoes quoted-printable and leaves what is no valid
// escape as it is (RFC 2045, section 6.7, says so in its note on robust
// implementations); damaged tells of such.
func decodeQuotedPrintable(body []byte) (out []byte, damaged bool) {
	out = make([]byte, 0, len(body))
	for len(body) > 0 {
		line, next := cutLine(body)
		ended := len(line) < len(body)
		line = bytes.TrimRight(line, " \t")
		soft := bytes.HasSuffix(line, []byte("="))
		if soft {
			line = line[:len(line)-1]
		}
		for {
			i := bytes.IndexByte(line, '=')
			if i < 0 {
				break
			}
			out = append(out, line[:i]...)
			line = line[i:]
			if len(line) >= 3 && isHex(line[1]) && isHex(line[2]) {
				out = append(out, unhex(line[1])<<4|unhex(line[2]))
				line = line[3:]
				continue
			}
			out, line, damaged = append(out, '='), line[1:], true
		}
		out = append(out, line...)
		if ended && !soft {
			out = append(out, '\n')
		}
		body = next
	}
	return out, damaged
}

// decodedSize is the number of bytes that a part holds, without keeping them.
func decodedSize(value string, body []byte) int {
	switch name, _ := transferEncoding(value); name {
	case "base64":
		return sizeOfBase64(body)
	case "quoted-printable":
		data, _ := decodeQuotedPrintable(body)
		return len(data)
	case "uuencode":
		return len(decodeTransfer(value, body, new(defects)))
	}
	return len(body)
}

// sizeOfBase64 is how many bytes decodeBase64 gives. What is whole is counted, and
// only what is not is decoded for it.
func sizeOfBase64(body []byte) int {
	n, padding := 0, 0
	for _, c := range body {
		switch {
		case isBase64(c) && padding == 0:
			n++
		case c == '=':
			padding++
		case c != '\n' && c != '\r':
			return len(decodeBase64(body, new(defects)))
		}
	}
	if n%4 == 1 || padding != (4-n%4)%4 {
		return len(decodeBase64(body, new(defects)))
	}
	return n * 3 / 4
}
