package message

import (
	"strings"
)

// maxLotusAbove is how many lines of an old Lotus header stand above "To", and
// maxLotusBelow how many until "Subject".
const maxLotusAbove, maxLotusBelow = 6, 14

// lotusHeader reads the header that old versions of Lotus Notes put above what
// is answered, a table whose names have no colons: who and when, each on a line,
// then "To", "cc" and "Subject" with their values on the lines below. Line i is
// the "To". It is false where there is no such header.
func lotusHeader(lines []textLine, i int) (from, end int, ok bool) {
	if bareField(lines[i]) != "to" {
		return 0, 0, false
	}
	date := -1
	for up := i - 1; up >= 0 && i-up <= maxLotusAbove && lines[up].kind == ""; up-- {
		s := lines[up].content
		if _, exact := hasDate(s); exact && len(s) < maxPastedName && hasDigit(s[:min(len(s), 12)]) {
			date = up
			break
		}
	}
	from = date - 1
	if from < 0 || lines[from].kind != "" || lines[from].content == "" || len(lines[from].content) > maxAttribution/4 || endsSentence(lines[from].content) {
		return 0, 0, false
	}
	for end = i + 1; end < len(lines) && end-i <= maxLotusBelow && lines[end].kind == ""; end++ {
		if bareField(lines[end]) != "subject" {
			continue
		}
		if end+1 < len(lines) && lines[end+1].kind == "" {
			end++ // the subject itself, or the blank line in its place
		}
		return from, end + 1, true
	}
	return 0, 0, false
}

// bareField is the meaning of a line that is only the name of a field.
func bareField(l textLine) string {
	if l.kind != "" || l.content == "" || len(l.content) > 20 || strings.Contains(l.content, ":") {
		return ""
	}
	return pastedFieldName(trimField(l.content))
}
