package web

import (
	"html/template"
	"strings"
	"unicode"
	"unicode/utf8"
)

// paragraph is a piece of what an author wrote as its page shows it.
type paragraph struct {
	// Flow says that its lines end where mail programs wrap: a narrow screen may end
	// them elsewhere. All else keeps its lines.
	Flow bool
	On   bool // nothing is left out between the one before and it
	Text template.HTML
}

// Mail programs wrap lines of prose at a width between these, in characters.
const (
	leastWrap = 50
	mostWrap  = 100
	usualWrap = 60 // what could have stood in a line of that width was not wrapped
)

// paragraphsOf cuts a text at its empty lines, and prose also where its author ended
// a line themselves.
func paragraphsOf(text string) (all []paragraph) {
	var kept []string // neighbours that keep their lines are one
	keep := func() {
		if len(kept) > 0 {
			all = append(all, paragraph{Text: textHTML(strings.Trim(strings.Join(kept, "\n"), "\n"))})
			kept = nil
		}
	}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); {
		if strings.TrimSpace(lines[i]) == "" {
			if kept != nil {
				kept = append(kept, lines[i])
			}
			i++
			continue
		}
		end := i + 1
		for end < len(lines) && strings.TrimSpace(lines[end]) != "" {
			end++
		}
		if isProse(lines[i:end]) {
			keep()
			for n, run := range runsOf(lines[i:end]) {
				all = append(all, paragraph{Flow: true, On: n > 0, Text: textHTML(run)})
			}
		} else {
			kept = append(kept, lines[i:end]...)
		}
		i = end
	}
	keep()
	return all
}

// isProse says whether lines are sentences, as far as their looks say: no list, no
// table, no code, nothing that is set in.
func isProse(lines []string) bool {
	for _, line := range lines {
		line = strings.TrimRight(line, " \r")
		first, _ := utf8.DecodeRuneInString(line)
		switch {
		case unicode.IsSpace(first), strings.ContainsRune("-*+>|#$%=~<{}[/\\•·–—", first), strings.Contains(line, "\t"), strings.Contains(line, "   "),
			strings.HasSuffix(line, ";"), strings.HasSuffix(line, "{"), strings.HasSuffix(line, "\\"), !strings.ContainsFunc(line, unicode.IsLetter), isNumbered(line):
			return false
		}
	}
	return true
}

// isNumbered says whether a line is one of a numbered list: "1. one", "b) two".
func isNumbered(line string) bool {
	mark, _, _ := strings.Cut(line, " ")
	bare := strings.TrimRight(mark, ".):")
	if bare == "" || len(bare) == len(mark) || len(bare) > 3 {
		return false
	}
	return strings.Trim(bare, "0123456789") == "" || len(bare) == 1
}

// runsOf cuts lines of prose where a program would not have ended a line.
func runsOf(lines []string) (all []string) {
	longest := 0
	for _, line := range lines {
		longest = max(longest, utf8.RuneCountInString(line))
	}
	start := 0
	for i := 1; i < len(lines); i++ {
		word, _, _ := strings.Cut(lines[i], " ")
		would := utf8.RuneCountInString(lines[i-1]) + 1 + utf8.RuneCountInString(word)
		if longest < leastWrap || longest > mostWrap || would <= min(longest, usualWrap) {
			all = append(all, strings.Join(lines[start:i], "\n"))
			start = i
		}
	}
	return append(all, strings.Join(lines[start:], "\n"))
}
