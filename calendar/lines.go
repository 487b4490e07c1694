package calendar

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// contentLine is a content line as RFC 5545, section 3.1, has it. go-ical's
// decoder panics on some lines that are none.
var contentLine = regexp.MustCompile(`^([A-Za-z0-9-]+)(?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*:`)

const (
	// maxParameters bounds what stands in front of a value, for which the
	// decoder takes the square of its length.
	maxParameters = 1000
	// maxDepth bounds components within components, for which the decoder calls
	// itself. RFC 5545 has three.
	maxDepth = 10
	// broken is the property that stands for a line that is none.
	broken = "X-SIGPOST-BROKEN"
)

// wellFormed makes of a file what go-ical's decoder reads whole: unfolded, each
// line a content line, each component in a VCALENDAR. A line that is none is
// kept as the property broken of its component, so that whoever needs what it
// may have said knows.
func wellFormed(data []byte) ([]byte, error) {
	var out bytes.Buffer
	var open []string
	wrapped := false
	for n, line := range unfolded(data) {
		name := contentLine.FindString(line)
		if name == "" || len(name) > maxParameters {
			if len(open) > 0 {
				fmt.Fprintf(&out, "%s:%s\r\n", broken, line[:min(len(line), 200)])
			}
			continue
		}
		component := strings.ToUpper(strings.TrimSpace(line[len(name):]))
		switch strings.ToUpper(name) {
		case "BEGIN:":
			if len(open) == 0 && component != "VCALENDAR" {
				wrapped = true
				out.WriteString("BEGIN:VCALENDAR\r\n")
			}
			if open = append(open, component); len(open) > maxDepth {
				return nil, fmt.Errorf("line %d: the calendar has components within components, more than %d deep", n+1, maxDepth)
			}
			line = "BEGIN:" + component
		case "END:":
			if len(open) == 0 {
				continue
			}
			if last := open[len(open)-1]; last != component {
				return nil, fmt.Errorf("line %d: the calendar is broken: END:%s stands where %s ends", n+1, printable(component), printable(last))
			}
			open = open[:len(open)-1]
			line = "END:" + component
		default:
			if len(open) == 0 {
				continue
			}
		}
		out.WriteString(line + "\r\n")
		if len(open) == 0 && wrapped {
			wrapped = false
			out.WriteString("END:VCALENDAR\r\n")
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("the calendar ends before its %s does: it is not whole", printable(open[len(open)-1]))
	}
	if out.Len() == 0 {
		return nil, fmt.Errorf("this is no calendar: there is no BEGIN:VCALENDAR in it")
	}
	return out.Bytes(), nil
}

// unfolded gives the lines with those that continue them (RFC 5545, section
// 3.1), and the number of each; no empty ones.
func unfolded(data []byte) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		var line []byte
		first, n := 0, 0
		flush := func() bool {
			text := strings.TrimRight(strings.ToValidUTF8(string(line), "\uFFFD"), " \t")
			line = line[:0]
			return text == "" || yield(first, text)
		}
		for raw := range bytes.Lines(data) {
			text := bytes.TrimRight(raw, "\r\n")
			if n > 0 && len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
				line = append(line, text[1:]...)
			} else {
				if !flush() {
					return
				}
				first = n
				line = append(line, text...)
			}
			n++
		}
		flush()
	}
}

// printable bounds a stranger's word and takes out what would move the cursor.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// unescaped is a TEXT value as people read it (RFC 5545, section 3.3.11). An
// escape that is none stands for its letter.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'n' || s[i] == 'N' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// oneLine is a text without line ends and superfluous spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(printableAll(s)), " ") }

func printableAll(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
