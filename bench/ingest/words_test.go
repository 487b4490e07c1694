package ingest

import (
	"bytes"
	"slices"
)

// words cuts out runs of four or more ASCII letters and digits. What markup
// and encodings are made of is passed over: <tags> (but a known Message-ID is
// an ID), =XX, =?encoded words?=, &entities;.
func (c *cutter) words(from, to int, k kind) {
	line := c.raw[from:to]
	for i := 0; i < len(line); {
		if skip := c.markup(line, i, from); skip > 0 {
			i += skip
			continue
		}
		n := i
		for n < len(line) && alphanumeric(line[n]) {
			n++
		}
		if n-i >= 4 {
			c.emit(from+i, from+n, k)
		}
		i = max(n, i+1)
	}
}

// markup gives the length of the markup at line[i:], 0 if it is none.
func (c *cutter) markup(line []byte, i, offset int) int {
	rest := line[i:]
	switch {
	case bytes.HasPrefix(rest, []byte("=?")):
		return fieldLength(rest)
	case rest[0] == '=' && len(rest) >= 3 && hexadecimal(rest[1]) && hexadecimal(rest[2]):
		return 3
	case rest[0] == '&':
		return max(0, 1+bytes.IndexByte(rest[:min(len(rest), 10)], ';'))
	case rest[0] == '<':
		n := bytes.IndexByte(rest, '>')
		if n > 0 && c.ids[string(rest[1:n])] {
			c.emit(offset+i+1, offset+i+n, anID)
		}
		return max(0, n+1)
	}
	return 0
}

func lineEnd(raw []byte, from int) int {
	if n := bytes.IndexByte(raw[from:], '\n'); n >= 0 {
		return from + n + 1
	}
	return len(raw)
}

func fieldLength(b []byte) int {
	if n := bytes.IndexAny(b, " \t\r\n"); n >= 0 {
		return n
	}
	return len(b)
}

func alphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

func hexadecimal(b byte) bool { return slices.Contains([]byte("0123456789ABCDEFabcdef"), b) }
