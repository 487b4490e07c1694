package message

import (
	"strings"

	"sigpost"
)

// markEmbedded finds where another mail is pasted below the text, as Outlook
// answers and as everybody forwards: a line such as "-----Original
// Message-----", or a block of "From:", "Sent:", "To:" lines. What follows is
// quoted to the end, unless it is a quote with marks of its own.
func markEmbedded(lines []textLine) {
	above := false // the author wrote something
	for i := range lines {
		l := lines[i]
		if above && isGroupWise(l) {
			lines[i].kind = sigpost.RangeAttribution
			markKind(lines[i+1:], sigpost.RangeQuoted)
			return
		}
		if l.kind != "" || l.content == "" {
			above = above || l.kind.Own()
			continue
		}
		end := i
		if isEmbeddedMarker(l.content) {
			end = embeddedHeader(lines, i+1)
		} else if pastedField(l.content) != "" {
			if known, perhaps, after := headerBlock(lines, i); known || perhaps && (above || barBelow(lines, after) >= 0 || quoteFollows(lines, after)) {
				end = after
			}
		}
		begin := i
		if from, after, ok := lotusHeader(lines, i); ok {
			begin, end = from, after
		}
		if end == i {
			above = true
			continue
		}
		markKind(lines[ruleAbove(lines, begin):end], sigpost.RangeAttribution)
		if bar := barBelow(lines, end); bar >= 0 && lines[bar].content[0] != ':' {
			markBar(lines, bar)
			return
		}
		if end == len(lines) || !(lines[end].depth > 0 || lines[end].content == "" && quoteFollows(lines, end)) {
			markKind(lines[end:], sigpost.RangeQuoted)
		}
		return
	}
}

// isGroupWise knows the line above what Novell GroupWise answers, which it
// leaves without marks: ">>> Ana <ana@example.org> 4/4/2016 9:03 PM >>>".
func isGroupWise(l textLine) bool {
	if l.depth != 3 || !strings.HasSuffix(l.content, ">>>") {
		return false
	}
	_, exact := hasDate(l.content)
	return exact
}

// embeddedHeader gives the line behind the header, or the attribution, that
// follows a marker right above line i.
func embeddedHeader(lines []textLine, i int) int {
	for i < len(lines) && lines[i].content == "" {
		i++
	}
	if _, _, end := headerBlock(lines, i); end > i {
		return end
	}
	for i < len(lines) && lines[i].kind == sigpost.RangeAttribution {
		i++
	}
	if i < len(lines) && lines[i].kind == "" && lines[i].clue&clueColon != 0 && hasVerb(lines[i].content) {
		i++
	}
	return i
}

// ruleAbove gives the separator that stands above the pasted mail at line i,
// or i.
func ruleAbove(lines []textLine, i int) int {
	if from := notesAbove(lines, i); from < i {
		return from
	}
	from := i
	for up := i - 1; up >= 0 && i-up <= 2 && lines[up].kind == ""; up-- {
		if lines[up].clue&clueRule != 0 && len(lines[up].content) >= 4 {
			from = up
		} else if lines[up].content != "" {
			break
		}
	}
	return from
}

// notesAbove gives the line that Lotus Notes writes above the header of what it
// answers, with who, when, and how that begins: "Ana Lee ---04.04.2016
// 21:03:22---which?" Where there is none it gives i.
func notesAbove(lines []textLine, i int) int {
	for up := i - 1; up >= 0 && i-up <= 4 && lines[up].kind == ""; up-- {
		_, rest, _ := strings.Cut(lines[up].content, " ---")
		if date, _, ok := strings.Cut(rest, "---"); ok && len(date) < 40 && hasClock(date) {
			return up
		}
	}
	return i
}

// isEmbeddedMarker tells a line such as "-----Original Message-----", with or
// without emphasis around it.
func isEmbeddedMarker(s string) bool {
	if len(s) > 100 {
		return false
	}
	switch s[0] {
	case '-', '*', '_', '=', '#', 0xe2: // the latter begins hyphens that are not ASCII
	default:
		return s[len(s)-1] == ':' && isForwardLine(strings.ToLower(s)) || strings.HasSuffix(s, "：") && isForwardLine(s)
	}
	bare := strings.Trim(s, "*_ ")
	words := strings.Trim(bare, "-–—‐−=_ >")
	if words == "" {
		return false
	}
	words = strings.ToLower(words)
	if isForwardLine(words) || isReplyLine(words) {
		return true
	}
	if len(bare)-len(words) < 4 || !startsWithAny(bare, "--", "‐", "–", "—", "==", "__") {
		return false
	}
	return isMarkerText(words)
}

// maxHeaderBlock is the longest pasted header, in lines.
const maxHeaderBlock = 14

// headerBlock reads the pasted header that begins at line i and gives the line
// behind it. known says whether it is one beyond doubt: From with two more
// fields, one of which only mail programs write. "From, Date, Subject" alone
// may be what git puts above a patch. perhaps says that it names an address
// and a date, and no more.
func headerBlock(lines []textLine, i int) (known, perhaps bool, end int) {
	var from, sent, date, to, subject bool
	last := i // the line behind the last one with text
	for end = i; end < len(lines) && end-i < maxHeaderBlock; end++ {
		l := lines[end]
		if l.kind != "" {
			break
		}
		if l.content == "" {
			// Some programs make a paragraph of each field.
			if end == i || subject && (to || sent) || end+1 >= len(lines) || lines[end+1].kind != "" || pastedField(lines[end+1].content) == "" {
				break
			}
			continue
		}
		switch pastedField(l.content) {
		case "from":
			from = true
		case "sent":
			sent, date = true, true
		case "date":
			date = true
		case "to":
			to = true
		case "subject":
			subject = true
		case "other", "id":
		default:
			if end == i { // a long value may be wrapped, but not the first
				return false, false, i
			}
			if subject && date && from || end-last > 2 { // what follows is the text
				return from && date && (to || sent), false, last
			}
			continue
		}
		last = end + 1
	}
	if !from && !(date && to && subject) {
		return false, false, i
	}
	// Wrapped values behind the last field belong to it while no text can.
	for last < end && lines[last].content != "" && !subject {
		last++
	}
	if known = from && (to || sent) && (date || subject); known {
		return true, false, max(last, wrappedSubject(lines, last, end))
	}
	return false, from && date && !subject && dated(lines[i:last]), last
}

// dated says whether a pasted header holds an address and a date.
func dated(lines []textLine) bool {
	address, date := false, false
	for _, l := range lines {
		_, exact := hasDate(l.content)
		address, date = address || strings.Contains(l.content, "@"), date || exact
	}
	return address && date
}

// wrappedSubject gives the line behind a pasted header whose last value goes on
// in the next line, which is the last one before a blank line.
func wrappedSubject(lines []textLine, last, end int) int {
	if last == end-1 && last+1 < len(lines) && lines[last+1].content == "" && len(lines[last-1].content) > 60 {
		return end
	}
	return last
}

// pastedField gives the meaning of a line's field name in any of the languages
// that Outlook and others write, or "".
func pastedField(s string) string {
	i, _ := fieldColon(s)
	if i <= 0 {
		return ""
	}
	return pastedFieldName(trimField(s[:i]))
}

// maxPastedName is the longest name of a pasted field, in bytes.
const maxPastedName = 40

// cutField cuts a line into the name of a pasted field and its value; the
// name is empty where there is none.
func cutField(s string) (name, value string) {
	i, colon := fieldColon(s)
	if i < 0 {
		return "", ""
	}
	return trimField(s[:i]), trimField(s[i+colon:])
}

// fieldColon gives where the colon behind a field's name stands, and its
// length, or -1.
func fieldColon(s string) (at, size int) {
	head := s[:min(len(s), maxPastedName)]
	if i := strings.IndexByte(head, ':'); i >= 0 {
		return i, 1
	}
	if head == "" || head[0] < 0x80 { // a wide colon stands behind wide letters
		return -1, 0
	}
	return strings.Index(head, "："), len("：")
}

// trimField takes away what stands around a field's name or value.
func trimField(s string) string {
	if s != "" && (s[0] > '_' || s[0] >= 'A' && s[0] <= 'Z') && s[0] < 0x80 && s[len(s)-1] > '_' && s[len(s)-1] < 0x80 {
		return s
	}
	return strings.Trim(s, "*_ \t\u00a0"+bidiMarks)
}
