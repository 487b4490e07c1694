package message

import (
	"bytes"
	"encoding/base64"
	"unicode/utf16"
	"unicode/utf8"
)

// This file decodes the 7-bit charsets that no library at hand has.

// decodeUTF7 decodes UTF-7 (RFC 2152). What breaks its rules stays as it is.
func decodeUTF7(data []byte) string {
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		plus := bytes.IndexByte(data, '+')
		if plus < 0 {
			break
		}
		out = append(out, data[:plus]...)
		data = data[plus+1:]
		n := 0
		for n < len(data) && isBase64(data[n]) {
			n++
		}
		switch {
		case n == 0 && len(data) > 0 && data[0] == '-': // "+-" is a plus
			out = append(out, '+')
		case n == 0:
			out = append(out, '+')
			continue
		default:
			out = appendUTF16(out, data[:n])
		}
		data = data[n:]
		if len(data) > 0 && data[0] == '-' {
			data = data[1:]
		}
	}
	return string(append(out, data...))
}

// appendUTF16 appends the text of a run of modified base64. Bits that make no
// whole character are padding; text that makes none at all stood for itself.
func appendUTF16(out, run []byte) []byte {
	coded := run
	if len(coded)%4 == 1 {
		coded = coded[:len(coded)-1]
	}
	buf := make([]byte, base64.RawStdEncoding.DecodedLen(len(coded)))
	n, _ := base64.RawStdEncoding.Decode(buf, coded)
	units := make([]uint16, 0, n/2)
	for i := 0; i+1 < n; i += 2 {
		units = append(units, uint16(buf[i])<<8|uint16(buf[i+1]))
	}
	if len(units) == 0 {
		return append(append(out, '+'), run...)
	}
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	return out
}

// decodeShifted decodes ISO-2022-KR (RFC 1557) and the GB 2312 of ISO-2022-CN
// (RFC 1922): between SO and SI stand the bytes of the 8-bit charset without
// their top bit. A line end ends what SO began.
func decodeShifted(data []byte, eightBit string) (string, bool) {
	out := make([]byte, 0, len(data))
	shifted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == 0x1b && i+3 < len(data) && data[i+1] == '$':
			i += 3 // the designation, such as "$)C"
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > ' ' && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return decodeNamed(out, eightBit)
}

// isHZ says whether data holds a run of HZ (RFC 1843): pairs of bytes between
// "~{" and "~}" on one line, as text about programs hardly has them.
func isHZ(data []byte) bool {
	_, run, ok := bytes.Cut(data, []byte("~{"))
	if !ok {
		return false
	}
	run, _, ok = bytes.Cut(run, []byte("~}"))
	if !ok || len(run) < 2 || len(run)%2 != 0 {
		return false
	}
	for i := 0; i < len(run); i += 2 {
		// Rows 1 to 87 and cells 1 to 94 of GB 2312.
		if run[i] < 0x21 || run[i] > 0x77 || run[i+1] < 0x21 || run[i+1] > 0x7e {
			return false
		}
	}
	return true
}
