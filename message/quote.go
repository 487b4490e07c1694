package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// quoteDepth counts the ">" in front of a line, with at most one space before
// each, and gives what stands behind them.
func quoteDepth(line string) (depth int, content string) {
	if c := line[0]; c > ' ' && c != '>' && c < 0x80 { // as most lines begin
		end := len(line)
		for end > 0 && line[end-1] <= ' ' {
			end--
		}
		if line[end-1] < 0x80 {
			return 0, line[:end]
		}
		return 0, strings.TrimSpace(line)
	}
	for {
		rest := strings.TrimPrefix(line, " ")
		if !strings.HasPrefix(rest, ">") {
			return depth, strings.TrimSpace(line)
		}
		depth++
		line = rest[1:]
	}
}

// isQuote says whether the line l with ">" in front, which follows lines, is
// one that is quoted. It is not where it only closes the "<" of the line
// before it, continues a command, or is an ornament (">>> x <<<").
func isQuote(text string, lines []textLine, l textLine) bool {
	if l.depth > 1 && strings.HasSuffix(l.content, "<<") {
		return false
	}
	before := lines[len(lines)-1]
	if before.depth > 0 || before.content == "" {
		return true
	}
	if strings.HasSuffix(before.content, "\\") || strings.HasPrefix(l.content, "/dev/") {
		return false
	}
	closes := strings.HasSuffix(l.content, ":") && len(l.content) < 40 || l.content == "" && l.depth == 1 && !quotedNext(text[l.end:])
	return !closes || strings.LastIndexByte(before.content, '<') <= strings.LastIndexByte(before.content, '>')
}

// isMangledFrom says whether the line l, which follows lines, is what mbox files
// make of one that begins with "From " (RFC 4155): it stands alone, and nobody
// is named above it.
func isMangledFrom(text string, lines []textLine, l textLine) bool {
	if l.depth != 1 || !strings.HasPrefix(text[l.start:l.end], ">From ") || quotedNext(text[l.end:]) {
		return false
	}
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].depth > 0 || strings.HasSuffix(lines[i].content, ":") {
			return false
		}
		if lines[i].content != "" {
			break
		}
	}
	return true
}

// quotedNext says whether a text begins with a quoted line.
func quotedNext(text string) bool { return strings.HasPrefix(strings.TrimLeft(text, " "), ">") }

// markQuotes finds the quotes that carry the name or the initials of who wrote
// them ("JD> text"), and lines that a program broke off a quoted one.
func markQuotes(text string, lines []textLine) {
	for i := 1; i < len(lines); i++ {
		l := lines[i]
		if l.kind != "" || l.content == "" {
			continue
		}
		before := lines[i-1]
		if before.depth > 0 {
			if i+1 < len(lines) && lines[i+1].depth > 0 && isBrokenOff(before, l) {
				lines[i].kind, lines[i].depth = sigpost.RangeQuoted, before.depth
			}
			continue
		}
		// One such line alone may be anything, two below one another are a quote.
		if p := namedMark(l.content); p != "" && namedMark(before.content) == p {
			for j := i - 1; j <= i; j++ {
				if lines[j].kind == "" {
					lines[j].kind, lines[j].depth = sigpost.RangeQuoted, 1
					lines[j].content = strings.TrimSpace(lines[j].content[len(p):])
				}
			}
			i = markNamed(lines, i+1, p) - 1
		}
	}
}

// markNamed marks the lines from i on that carry the mark p, and gives the
// first that does not.
func markNamed(lines []textLine, i int, p string) int {
	for ; i < len(lines) && lines[i].kind == "" && namedMark(lines[i].content) == p; i++ {
		lines[i].kind, lines[i].depth = sigpost.RangeQuoted, 1
		lines[i].content = strings.TrimSpace(lines[i].content[len(p):])
	}
	return i
}

// wrapColumn is the column behind which programs break lines.
const wrapColumn = 72

// isBrokenOff says whether line l is the end of the quoted line before it,
// which was too long with its marks and was broken by a program.
func isBrokenOff(before, l textLine) bool {
	if before.content == "" || len(l.content) >= wrapColumn {
		return false
	}
	word, _, _ := strings.Cut(l.content, " ")
	width := utf8.RuneCountInString(before.content) + 2*before.depth
	if width < 60 || width+utf8.RuneCountInString(word) < wrapColumn {
		return false
	}
	first, _ := utf8.DecodeRuneInString(l.content)
	return !endsSentence(before.content) && unicode.IsLower(first)
}

// endsSentence says whether s ends as a sentence does.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, "\"')]*_”’»")
	return s != "" && strings.IndexByte(".!?:;", s[len(s)-1]) >= 0 || strings.HasSuffix(s, "。") || strings.HasSuffix(s, "…")
}

// namedMark gives the name or initials and ">" that a quoted line begins with
// (Emacs' supercite writes so), or "". Names begin with a capital; prompts of
// programs are no names.
func namedMark(s string) string {
	n := 0
	for n < len(s) && n < 13 && (s[n] >= 'A' && s[n] <= 'Z' || s[n] >= 'a' && s[n] <= 'z') {
		n++
	}
	if n == 0 || n > 12 || n >= len(s) || s[n] != '>' || s[0] >= 'a' || n+1 < len(s) && s[n+1] != ' ' && s[n+1] != '>' {
		return ""
	}
	switch s[:n] {
	case "SQL", "FTP", "PS", "GDB", "CLI", "MariaDB", "Prelude", "Router", "Switch", "Pry", "DB", "OK":
		return ""
	}
	return s[:n+1]
}

// markBars finds quotes that are marked with "|", ":" or "}". Tables and code
// are written so as well, so that only the lines right below an attribution
// are believed, and further ones with the same mark when those were.
func markBars(text string, lines []textLine) {
	for i := 0; i+1 < len(lines); i++ {
		if lines[i].clue&clueColon == 0 || lines[i].kind != "" || !hasVerb(lines[i].content) {
			continue
		}
		j := barBelow(lines, i+1)
		if j < 0 {
			continue
		}
		end := markBar(lines, j)
		if from, ok := attributionEndingAt(text, lines, i, false); ok {
			markKind(lines[from:i+1], sigpost.RangeAttribution)
		}
		i = end - 1
	}
}

// barBelow gives the first line of a quote marked with bars at line i or
// behind a blank line or two, or -1.
func barBelow(lines []textLine, i int) int {
	for end := i + maxLooseGap; i < len(lines) && i < end && lines[i].content == ""; {
		i++
	}
	if i >= len(lines) || lines[i].kind != "" || lines[i].content == "" || strings.IndexByte("|:}", lines[i].content[0]) < 0 {
		return -1
	}
	return i
}

// markBar marks the lines from i on that carry the same bar, and gives the line
// behind those that were looked at.
func markBar(lines []textLine, i int) int {
	bar := lines[i].content[0]
	for ; i < len(lines) && lines[i].kind == ""; i++ {
		s := lines[i].content
		if s == "" || s[0] != bar || bar == '|' && strings.Count(s, "|") > 2 {
			if bar == ':' { // smileys begin with it too
				break
			}
			continue
		}
		lines[i].kind, lines[i].depth = sigpost.RangeQuoted, 1
		lines[i].content = strings.TrimSpace(s[1:])
	}
	return i
}
