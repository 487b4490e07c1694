package ingest

import "bytes"

// findFromLine gives where, behind buf[pos+scan], a line begins with "From ",
// counted from pos; -1 where none does. The byte in front of buf[pos] counts.
func findFromLine(buf []byte, pos, scan int) int {
	at := pos + scan
	if at == 0 && bytes.HasPrefix(buf, fromPrefix) {
		return 0
	}
	i := bytes.Index(buf[max(0, at-1):], []byte("\nFrom "))
	if i < 0 {
		return -1
	}
	return max(0, at-1) + i + 1 - pos
}

// fromLineAt reads the From_ line that data begins with. One that has a date
// is believed behind a blank line, or when a header follows: some programs
// forget the blank line, and two mails must not become one. One without a date
// needs both.
func fromLineAt(data []byte, afterBlank bool) (fromLine, bool) {
	n := lineEnd(data)
	from, dated := parseFromLine(data[:n])
	if dated {
		return from, afterBlank || headerFollows(data[n:])
	}
	return from, undatedFromLine(data[:n]) && afterBlank && mailFollows(data[n:])
}

// headerFollows says that data begins like a header field (RFC 5322, section
// 2.2).
func headerFollows(data []byte) bool { return len(fieldName(data)) > 0 }

// mailFollows says that data begins with a header field that mail has.
func mailFollows(data []byte) bool {
	name := fieldName(data)
	return isMailField(name) || len(name) > 2 && bytes.EqualFold(name[:2], []byte("X-"))
}

// fieldName gives the name of the header field that data begins with, or nil.
func fieldName(data []byte) []byte {
	for i, c := range data[:min(len(data), 80)] {
		if c == ':' {
			return data[:i]
		}
		if c <= ' ' || c >= 0x7f { // RFC 5322, section 2.2: ftext
			return nil
		}
	}
	return nil
}

// lineEnd is the length of the first line, with its end.
func lineEnd(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return len(data)
}

// blankLine is the length of the blank line that data begins with, or 0.
func blankLine(data []byte) int {
	switch {
	case bytes.HasPrefix(data, []byte("\n")):
		return 1
	case bytes.HasPrefix(data, []byte("\r\n")):
		return 2
	}
	return 0
}

// lastBlankLine is the length of the blank line that data ends with, or 0.
func lastBlankLine(data []byte) int {
	for _, end := range []string{"\r\n", "\n"} {
		if rest, ok := bytes.CutSuffix(data, []byte(end)); ok && (len(rest) == 0 || rest[len(rest)-1] == '\n') {
			return len(end)
		}
	}
	return 0
}

// endsBlank says that the last line of data is blank.
func endsBlank(data []byte) bool {
	return bytes.HasSuffix(data, []byte("\n\n")) || bytes.HasSuffix(data, []byte("\n\r\n"))
}

// byteOrderMark is UTF-8's, where data begins with it.
func byteOrderMark(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return data[:3]
	}
	return nil
}
