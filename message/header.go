package message

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const (
	// maxHeader is how much of a header block is read, in bytes. Real ones
	// are below 40 KB; what comes behind this much is left out.
	maxHeader = 256 << 10
	// maxFieldName is the longest field name that is believed, in bytes.
	maxFieldName = 76
)

// decode8bit makes every value clean UTF-8 on one line. RFC 5322 allows no raw
// 8-bit bytes and RFC 6532 only UTF-8; what is neither is taken to be in the
// charset of the body, as the programs that did this had only one.
func (h *header) decode8bit(body []byte, wrong *defects, notes *charsetNotes) {
	declared := ""
	for i := range h.fields {
		f := &h.fields[i]
		if firstUnclean(f.value) == len(f.value) {
			continue
		}
		if !utf8.ValidString(f.value) {
			wrong.add("the %s field holds raw 8-bit text: its charset was guessed", f.name)
			if declared == "" {
				declared = h.rawCharset(body)
			}
		}
		text, use := toUTF8([]byte(f.value), declared)
		notes.add("the "+f.name+" field", "", use)
		f.value = strings.ReplaceAll(text, "\n", " ")
	}
}

// maxGuess is how much is looked at to guess a charset, in bytes.
const maxGuess = 8 << 10

// rawCharset is the charset of raw 8-bit fields: what the body declares, or
// what all of them and the body together look like.
func (h *header) rawCharset(body []byte) string {
	_, params := parseMediaType(h.get("content-type"))
	if name := charsetAlias(params["charset"]); name != "" && name != "utf-8" {
		return name
	}
	var all []byte
	for i := range h.fields {
		if v := h.fields[i].value; !utf8.ValidString(v) && len(all) < maxGuess {
			all = append(append(all, v...), '\n')
		}
	}
	return guessCharset(append(all, body[:min(len(body), maxGuess)]...))
}

// skipPreamble strips what is not part of the mail: a byte order mark, blank
// lines, and the "From " line of an mbox, even one that was escaped.
func skipPreamble(b []byte, wrong *defects) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for len(b) > 0 {
		line, rest := cutLine(b)
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			wrong.add("blank lines before the header were skipped")
		case isMboxLine(line):
		default:
			return b
		}
		b = rest
	}
	return b
}

// wholeUTF16 gives the UTF-8 of a mail all of which was saved as UTF-16, as
// editors do: with a byte order mark in front, and ASCII behind it.
func wholeUTF16(raw []byte, wrong *defects) []byte {
	if len(raw) < 6 || raw[0] < 0xfe || signedCharset(raw) != "utf-16" || raw[2] != 0 && raw[3] != 0 {
		return raw
	}
	text, ok := decodeNamed(raw, "utf-16")
	if !ok {
		return raw
	}
	wrong.add("all of it was saved as UTF-16: it was decoded first")
	return []byte(text)
}

// isMboxLine tells the line with which an mbox begins each mail (RFC 4155) from
// a field "From :", which has white space before its colon.
func isMboxLine(line []byte) bool {
	if fieldName(line) != nil {
		return false
	}
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// cutLine gives the first line of b without its "\n", and what follows it.
func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// splitHeader reads the header block at the start of src, whose line ends are
// "\n", and gives the body behind it. It never fails:
//
//   - a line without a colon continues the field before it where more fields
//     follow, and else begins the body;
//   - a block of more than maxHeader bytes is read that far.
func splitHeader(src []byte, wrong *defects) (h header, body []byte) {
	body = h.read(src, wrong)
	return h, body
}

// read is splitHeader for a header that may want every field.
func (h *header) read(src []byte, wrong *defects) (body []byte) {
	rest := src
	for len(rest) > 0 {
		line, next := cutLine(rest)
		switch {
		case len(line) == 0:
			h.flush()
			return next
		case len(src)-len(rest)+len(line) > maxHeader && (h.seen > 0 || fieldName(line) != nil):
			wrong.add("the header is longer than %d KB: its end was left out", maxHeader>>10)
			if name := fieldName(line); h.seen == 0 {
				h.begin(name, line[:maxHeader])
			}
			h.flush()
		case line[0] == ' ' || line[0] == '\t':
			if isBlank(line) && endsHeader(next) {
				h.flush()
				return next
			}
			if h.seen == 0 {
				line = bytes.TrimSpace(line)
				name := fieldName(line)
				if name == nil {
					h.binary = looksBinary(rest)
					return rest
				}
				wrong.add("the first header line is indented: it was read as a field")
				h.begin(name, line)
			} else {
				h.fold(line)
			}
		default:
			if name := fieldName(line); name != nil {
				h.begin(name, line)
			} else if isMboxLine(line) {
			} else if h.seen == 0 || !moreFields(next) && !h.inBrackets() {
				h.binary = looksBinary(rest)
				if h.seen > 0 {
					wrong.add("no blank line ends the header: the body was taken to begin at the first line that is no field")
				}
				h.flush()
				return rest
			} else {
				wrong.add("a header line has no colon: it was read as part of the field before it")
				h.fold(line)
			}
		}
		rest = next
	}
	h.flush()
	h.binary = looksBinary(src)
	return nil
}

// begin ends the open field, counts another one and opens it where it is
// needed.
func (h *header) begin(name, line []byte) {
	h.flush()
	h.seen++
	var buf [maxFieldName + 1]byte
	lower := buf[:0]
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower = append(lower, c)
	}
	keep, known := needed(lower)
	if known {
		h.known++
	}
	// Of the Received fields only the topmost one with a date is needed, and
	// there are many.
	if !h.every && !keep || string(lower) == "received" && strings.Contains(h.get("received"), ";") {
		return
	}
	after := line[bytes.IndexByte(line, ':')+1:]
	// The capacity ends here, so that unfolding does not write into src.
	h.open, h.value = string(lower), after[:len(after):len(after)]
}

// flush ends the open field.
func (h *header) flush() {
	if h.open == "" {
		return
	}
	value := string(bytes.TrimSpace(h.value))
	if h.open == "received" && h.has("received") {
		for i := range h.fields {
			if h.fields[i].name == "received" {
				h.fields[i].value = value
			}
		}
	} else {
		if h.fields == nil {
			h.fields = make([]field, 0, 16)
		}
		h.fields = append(h.fields, field{h.open, value})
	}
	h.open = ""
}

// inBrackets says whether the open field ends within the brackets of an id or
// an address, so that the next line can only belong to it.
func (h *header) inBrackets() bool {
	return h.open != "" && bytes.LastIndexByte(h.value, '<') > bytes.LastIndexByte(h.value, '>')
}

// fold goes on with the open field.
func (h *header) fold(line []byte) {
	if h.open != "" {
		h.value = appendFold(h.value, line)
	}
}

// appendFold unfolds: the line end goes and the white space behind it stays
// (RFC 5322, section 2.2.3).
func appendFold(value, line []byte) []byte {
	if len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
		value = append(value, ' ')
	}
	return append(value, line...)
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// endsHeader says whether the header ends at a line of white space, given what
// follows that line: it goes on where a field or a folded line follows (RFC
// 5322, section 4.2, allows such lines inside a field).
func endsHeader(next []byte) bool {
	line, _ := cutLine(next)
	if len(line) == 0 {
		return true
	}
	return fieldName(line) == nil && line[0] != ' ' && line[0] != '\t'
}

// moreFields says whether a field begins before the next blank line.
func moreFields(b []byte) bool {
	for n := 0; len(b) > 0 && n < 64; n++ {
		line, rest := cutLine(b)
		if isBlank(line) {
			return false
		}
		if line[0] != ' ' && line[0] != '\t' && fieldName(line) != nil {
			return true
		}
		b = rest
	}
	return false
}

// maxJunk is how many lines may stand above a header that is still found.
const maxJunk = 5

// junkAbove is how many bytes stand above the header: lines such as a server's
// "+OK 1234 octets" that are no fields, with two fields of mail right below
// them.
func junkAbove(src []byte) int {
	rest := src
	for range maxJunk {
		line, next := cutLine(rest)
		if isBlank(line) || line[0] == ' ' || line[0] == '\t' || fieldName(line) != nil {
			break
		}
		rest = next
	}
	first, next := cutLine(rest)
	second, _ := cutLine(next)
	if len(rest) == len(src) || !isKnownField(first) || !isKnownField(second) {
		return 0
	}
	return len(src) - len(rest)
}

// isKnownField says whether a line begins a field that mail is known to have.
func isKnownField(line []byte) bool {
	_, known := needed(bytes.ToLower(fieldName(line)))
	return known
}

// looksLikeText says whether b, which nothing but itself says is a mail, may be
// shown to people: it holds words, and none of what no text has.
func looksLikeText(b []byte) bool {
	const enough = 64 << 10
	b = b[:min(len(b), enough)]
	odd, letters := 0, 0
	for _, c := range b {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\n' && c != '\t' && c != '\f' && c != 0x1b:
			odd++
		case c >= utf8.RuneSelf, 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9':
			letters++
		}
	}
	return letters > 0 && odd*20 <= len(b)
}

// looksBinary says whether b begins with bytes that text does not have.
func looksBinary(b []byte) bool {
	b = b[:min(len(b), 512)]
	odd := 0
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\f' && c != 0x1b {
			odd++
		}
	}
	return odd*20 > len(b)
}
