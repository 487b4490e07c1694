// Package prose finds what people wrote for people in the text of a mail:
// paragraphs without code, logs and tables, and the sentences in them.
package prose

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// limit bounds how many bytes of a message are searched for sentences:
// who has not said it by then says it in the thread.
const limit = 32 << 10

// Passages are the paragraphs of what a message's author wrote, as ranges of
// its Text, without code, logs, patches, tables and header fields, and without
// the marker of a list's item. Each is word for word a part of the new text.
func Passages(m *sigpost.Message) []sigpost.Span {
	var all []sigpost.Span
	left := limit
	for _, r := range m.Ranges {
		if r.Kind != sigpost.RangeNew || left <= 0 {
			continue
		}
		text := m.Text[r.Start:r.End]
		if len(text) > left {
			text = text[:strings.LastIndexByte(text[:left], '\n')+1]
		}
		left -= len(text)
		found, patch := paragraphs(text)
		for _, p := range found {
			all = append(all, sigpost.Span{Start: r.Start + p.Start, End: r.Start + p.End})
		}
		if patch {
			break
		}
	}
	return all
}

// paragraphs cuts a text where a blank line, a list's item, a line that is no
// prose or a line that ended early does; patch says that a patch ended it. What
// goes on in lower case behind a line that is no prose is the rest of a
// sentence, and left out.
func paragraphs(text string) (all []sigpost.Span, patch bool) {
	open := sigpost.Span{}
	last := "" // line of the open paragraph
	torn := false
	end := func() {
		if first, ok := firstVisible(text[open.Start:open.End]); ok && !(torn && unicode.IsLower(first)) {
			all = append(all, open)
		}
		open, last, torn = sigpost.Span{}, "", false
	}
	width, fenced, at := 0, false, 0
	for line := range strings.Lines(text) {
		width = max(width, utf8.RuneCountInString(strings.TrimSpace(line)))
	}
	for whole := range strings.Lines(text) {
		start := at
		at += len(whole)
		line := strings.TrimRightFunc(whole, unicode.IsSpace)
		if startsPatch(line) {
			end()
			return all, true
		}
		switch fence := strings.HasPrefix(strings.TrimSpace(line), "```"); {
		case fence:
			fenced = !fenced
			end()
		case fenced || line == "":
			end()
		case !isProse(line) && !(last != "" && linkEnds(last, line)):
			end()
			torn = true
		default:
			marker := markerOf(line)
			if marker != "" || last != "" && endedEarly(last, line, width) {
				end()
			}
			if last == "" {
				open.Start = start + len(marker)
			}
			open.End, last = start+len(line), line
		}
	}
	end()
	return all, false
}

// linkEnds says that a line is a link and no more, which the line before it
// announces: the link belongs to that sentence.
func linkEnds(before, line string) bool {
	return isBareLink(line) && !endsSentence(before)
}

func beginsLower(s string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimSpace(s))
	return unicode.IsLower(first)
}

// unwrapped is the width from which on lines were not broken by a mail program:
// each of them is a paragraph.
const unwrapped = 100

// endedEarly says that whoever wrote line would have had room for the first
// word of next in it, and so meant it to end there.
func endedEarly(line, next string, width int) bool {
	if beginsLower(next) || isBareLink(next) {
		return false
	}
	word, _, _ := strings.Cut(strings.TrimSpace(next), " ")
	return width > unwrapped || isBareLink(line) || utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) < min(width, 78)-8
}

var (
	listMarker = regexp.MustCompile(`^ {0,3}(?:[-*•+–]|\(?\d{1,2}[.)]{1,2}|\(?[a-z]\))\s+`)
	// notProse are the beginnings of lines that are for machines, or about a
	// mail instead of in it.
	notProse = regexp.MustCompile(`^(?:\t| {4}|\s*(?:[>|$#%{}<@\\/~;&]|\+\+|--|==|\*\*\*|__|\.\.\.?$|https?://\S+(?:\s+\S+)?$` +
		`|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d` + // 2016-04-18 14:00:01.234 ERROR
		`|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d ` + // Apr 18 14:00:01 host
		`|\d\d:\d\d:\d\d|\[ *\d+\.\d+\]` + // [   12.345] kernel
		`|(?:From|To|Cc|Bcc|Date|Sent|Subject|Reply-To|Message-ID|Organization|References):\s` +
		`|(?:[A-Z][a-z]+-)+(?:[Bb]y|[Bb]ug|[Ii]d):\s|(?:Fixes|Link|Change-Id):\s` +
		`|[a-z][\w.-]*(?:\[\d+\])?: ` + // sshd[42]: a daemon's, or a commit's
		`|Traceback \(|\w+(?:Error|Exception): |(?:sudo|git|kubectl|docker|openstack|nova|pip|apt-get|make|cd|curl) [\w-]+$))`)
	bareLink = regexp.MustCompile(`^\s*<?(?:https?://|www\.)\S+$`)
)

// The patterns above are slow, and few lines of a mail match any. What follows
// looks at the first characters, or for one that each match has, to ask them of
// few lines.

func startsPatch(line string) bool {
	return line == "---" || strings.HasPrefix(line, "diff -") || strings.HasPrefix(line, "Index: ") || strings.HasPrefix(line, "=== modified ")
}

// markerOf is the marker of a list's item that a line begins with, or empty.
func markerOf(line string) string {
	rest := strings.TrimLeft(line, " ")
	if rest == "" || isASCIILetter(rest[0]) && !strings.HasPrefix(rest[1:], ")") {
		return ""
	}
	return listMarker.FindString(line)
}

func isBareLink(line string) bool {
	return (strings.Contains(line, "://") || strings.Contains(line, "www.")) && bareLink.MatchString(line)
}

// mayBeNoProse says whether notProse is to be asked: of lines that begin with a
// letter only those match that have a colon, a command of two words, and
// the head of a traceback.
func mayBeNoProse(line string) bool {
	text := strings.TrimLeft(line, " ")
	if text == "" || !isASCIILetter(text[0]) || len(line)-len(text) >= 4 {
		return true
	}
	return strings.IndexByte(text, ':') >= 0 || strings.HasPrefix(text, "Traceback (") || strings.Count(text, " ") == 1
}

// hasLogLevel says whether a line has a word as logs do.
func hasLogLevel(line string) bool {
	for i := 0; i < len(line); i++ {
		start := i
		for i < len(line) && isWordByte(line[i]) {
			i++
		}
		switch line[start:i] {
		case "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "TRACE", "CRITICAL":
			return true
		}
	}
	return false
}

func isWordByte(c byte) bool     { return isASCIILetter(c) || '0' <= c && c <= '9' || c == '_' }
func isASCIICapital(c byte) bool { return 'A' <= c && c <= 'Z' }
func isASCIILetter(c byte) bool  { return isASCIICapital(c &^ 0x20) }

// isProse says whether a line reads as a part of a sentence.
func isProse(line string) bool {
	if mayBeNoProse(line) && notProse.MatchString(line) || hasLogLevel(line) {
		return false
	}
	letters, signs, all := 0, 0, 0
	for _, r := range line {
		all++
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r) || r == ' ':
			letters++
		case strings.ContainsRune(`{}[]<>=|\$;_~^&*#@/`, r):
			signs++
		}
	}
	return letters*10 >= all*7 && signs*10 <= all+10
}
