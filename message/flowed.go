package message

import (
	"strings"

	"sigpost"
)

// stuffed stands in front of a line that begins with a ">" which is text and no
// mark of a quote, until the text has been cut into ranges. No text has it:
// cleanText takes it out.
const stuffed = "\x00"

// unflow joins the lines of format=flowed text (RFC 3676): a line that ends in
// a space goes on in the next one of the same quote depth. delSp says that
// this space is not part of the text (section 4.1). Lines that begin with ">"
// once their stuffing is gone are marked as stuffed (section 4.4).
func unflow(text string, delSp bool) string {
	var b strings.Builder
	b.Grow(len(text))
	open, openDepth := false, 0 // a paragraph that waits for its next line
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		depth, rest := flowedDepth(line)
		signature := rest == "-- " // section 4.3
		// A paragraph ends where the depth changes (section 4.5). That it also
		// ends at a blank line is what those who leave spaces before one mean.
		if open && (depth != openDepth || signature || strings.TrimSpace(rest) == "") {
			b.WriteByte('\n')
			open = false
		}
		if !open && depth > 0 {
			b.WriteString(strings.Repeat(">", depth))
			if rest != "" {
				b.WriteByte(' ')
			}
		}
		if !open && depth == 0 && strings.HasPrefix(rest, ">") {
			b.WriteString(stuffed)
		}
		flowed := strings.HasSuffix(rest, " ") && !signature && strings.TrimSpace(rest) != ""
		if flowed && delSp {
			rest = rest[:len(rest)-1]
		}
		b.WriteString(rest)
		open, openDepth = flowed, depth
		if !flowed {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// flowedDepth counts the quote marks of a line and gives its text without them
// and without the space that is stuffed before it (section 4.4). Marks should
// stand close together (section 4.5); programs that quote others' lines put
// spaces between.
func flowedDepth(line string) (depth int, rest string) {
	rest = line
	for {
		if strings.HasPrefix(rest, ">") {
			depth, rest = depth+1, rest[1:]
		} else if depth > 0 && strings.HasPrefix(rest, " >") {
			rest = rest[1:]
		} else {
			return depth, strings.TrimPrefix(rest, " ")
		}
	}
}

// unstuff takes the marks of stuffed lines out of a text that was cut.
func unstuff(text string, ranges []sigpost.Range) (string, []sigpost.Range) {
	if !strings.Contains(text, stuffed) {
		return text, ranges
	}
	for i := range ranges {
		r := &ranges[i]
		r.Start -= strings.Count(text[:r.Start], stuffed)
		r.End -= strings.Count(text[:r.End], stuffed)
	}
	return strings.ReplaceAll(text, stuffed, ""), ranges
}
