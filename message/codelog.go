package message

import (
	"strings"

	"sigpost"
)

// mayBeLog is a first look at a line that a program may have printed: it
// begins with a prompt, a date, a table's border, or as traces do.
func mayBeLog(s string) bool {
	switch s[0] {
	case '$':
		return isPrompt(s)
	case '+':
		return isBorder(s)
	case '[':
		return isPrompt(s) || isBracketed(s)
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return isStamped(s)
	case 'a':
		return isStackLine(s)
	case 'g', 'p':
		return (strings.HasPrefix(s, "goroutine ") || strings.HasPrefix(s, "panic: ")) && !endsProse(s)
	case 'C', 'E', 'T', 'P':
		if isReport(s) && !endsProse(s) {
			return true
		}
	}
	return s[0] >= 'A' && s[0] <= 'Z' && (isHeading(s) || isStamped(s))
}

// isReport knows the first lines of what goes wrong in programs.
func isReport(s string) bool {
	return startsWithAny(s, "Traceback (most recent call last)", "Exception in thread \"", "Caused by: ", "Call Trace:", "TASK [", "PLAY [", "E: ", "Error from server")
}

// markLogs marks what programs print: traces, sessions of a shell, tables, and
// lines with time stamps.
func markLogs(text string, lines []textLine) {
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if l.clue&clueLog == 0 || l.kind != "" {
			continue
		}
		end := logEnd(text, lines, i)
		markKind(lines[i:end], sigpost.RangeLog)
		i = max(i, end-1)
	}
}

// logEnd gives the line behind what a program printed from line i on.
func logEnd(text string, lines []textLine, i int) int {
	s := lines[i].content
	switch {
	case strings.HasPrefix(s, "Traceback (most recent call last)"):
		return traceEnd(text, lines, i+1)
	case isBorder(s):
		return tableEnd(lines, i)
	case isHeading(s):
		return columnsEnd(lines, i)
	case isPrompt(s):
		return paragraphEnd(lines, i, 40)
	}
	// Lines of one kind, and what is wrapped of them.
	end := i
	for end < len(lines) && lines[end].kind == "" && lines[end].content != "" &&
		(lines[end].clue&clueLog != 0 || end > i && end+1 < len(lines) && lines[end+1].clue&clueLog != 0 && lines[end+1].kind == "") {
		end++
	}
	return end
}

// paragraphEnd gives the next blank or decided line, but no more than most
// lines.
func paragraphEnd(lines []textLine, i, most int) int {
	end := i
	for end < len(lines) && end-i < most && lines[end].kind == "" && lines[end].content != "" {
		end++
	}
	return end
}

// traceEnd gives the line behind a Python trace: behind its indented lines
// stands one with the error.
func traceEnd(text string, lines []textLine, i int) int {
	for ; i < len(lines) && lines[i].kind == "" && lines[i].content != ""; i++ {
		if raw := text[lines[i].start:lines[i].end]; raw[0] != ' ' && raw[0] != '\t' && strings.Contains(lines[i].content, ":") {
			return i + 1
		}
	}
	return i
}

// tableEnd gives the line behind a table with borders, as databases and
// OpenStack's clients print.
func tableEnd(lines []textLine, i int) int {
	end := i
	for end < len(lines) && lines[end].kind == "" && lines[end].content != "" && (lines[end].content[0] == '|' || isBorder(lines[end].content)) {
		end++
	}
	if end == i+1 {
		return i // a border alone
	}
	return end
}

// columnsEnd gives the line behind a table of columns without borders, as
// kubectl prints, or i where the lines below the heading have none.
func columnsEnd(lines []textLine, i int) int {
	end := i + 1
	for end < len(lines) && lines[end].kind == "" && lines[end].content != "" && strings.Contains(lines[end].content, "  ") {
		end++
	}
	if end == i+1 {
		return i
	}
	return end
}

// endsProse says whether a line ends as a sentence of several words.
func endsProse(s string) bool { return strings.HasSuffix(s, ".") && strings.Count(s, " ") > 6 }

// isPrompt says whether a line is a command behind a shell's prompt.
func isPrompt(s string) bool {
	if strings.HasPrefix(s, "$ ") {
		return len(s) > 3 && (s[2] >= 'a' && s[2] <= 'z' || s[2] == '.' || s[2] == '/')
	}
	if s[0] == '[' { // [root@host ~]# command
		i := strings.IndexByte(s, ']')
		return i > 0 && i < 60 && strings.Contains(s[:i], "@") && (strings.HasPrefix(s[i+1:], "# ") || strings.HasPrefix(s[i+1:], "$ "))
	}
	return false
}

// isBorder says whether a line is the border of a table: "+----+----+".
func isBorder(s string) bool {
	return len(s) > 4 && s[0] == '+' && s[len(s)-1] == '+' && strings.Trim(s, "+-=") == ""
}

// isBracketed says whether a line begins with a time in brackets, as the
// kernel writes: "[   12.345678] ".
func isBracketed(s string) bool {
	if s[0] != '[' {
		return false
	}
	i := strings.IndexByte(s, ']')
	if i < 4 || i > 40 || i+2 >= len(s) || s[i+1] != ' ' {
		return false
	}
	return strings.Trim(s[1:i], "0123456789 .:-/T+") == "" && strings.ContainsAny(s[1:i], ".:")
}

// isStackLine says whether a line is a frame of a stack: "at a.b.C(C.java:12)".
func isStackLine(s string) bool {
	return strings.HasPrefix(s, "at ") && strings.HasSuffix(s, ")") && strings.Contains(s, "(") && strings.Count(s, " ") <= 3
}

// isStamped says whether a line begins with the date and time of syslog (RFC
// 3164, section 4.1.2) or of ISO 8601, with words of a program behind it.
func isStamped(s string) bool {
	if len(s) < 20 {
		return false
	}
	if s[0] <= '9' {
		if !(s[4] == '-' || s[4] == '/') || s[7] != s[4] || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' || !isDigit(s[18]) {
			return false
		}
		rest := strings.TrimLeft(s[19:], "0123456789.,:Z+-")
		return strings.HasPrefix(rest, " ") && len(rest) > 8 && !strings.HasSuffix(s, ":") && !strings.Contains(rest, " GMT")
	}
	if s[3] != ' ' || s[6] != ' ' || s[9] != ':' || s[12] != ':' || !isDigit(s[14]) {
		return false
	}
	switch s[:3] {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return s[15] == ' ' && strings.Contains(s[15:], ": ")
	}
	return false
}

// isHeading says whether a line is the heading of columns: three or more words
// in capitals, two or more spaces apart.
func isHeading(s string) bool {
	if s[0] < 'A' || s[0] > 'Z' || len(s) < 8 || s[1] >= 'a' || !strings.Contains(s, "  ") {
		return false
	}
	columns := 0
	for s != "" {
		word, rest, _ := strings.Cut(s, "  ")
		if word == "" || len(word) > 30 || strings.ToUpper(word) != word || strings.ContainsAny(word, ".,:;!?") {
			return false
		}
		columns++
		s = strings.TrimLeft(rest, " ")
	}
	return columns >= 3
}
