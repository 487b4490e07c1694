package message

import "strings"

// unflow joins the lines of format=flowed text (RFC 3676): a line that ends in
// a space goes on in the next one of the same quote depth. delSp says that
// this space is not part of the text (section 4.1).
func unflow(text string, delSp bool) string {
	var b strings.Builder
	b.Grow(len(text))
	open, openDepth := false, 0 // a paragraph that waits for its next line
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		rest := line[depth:]
		rest = strings.TrimPrefix(rest, " ") // section 4.4: space-stuffing
		signature := rest == "-- "           // section 4.3
		if open && (depth != openDepth || signature) {
			b.WriteByte('\n')
			open = false
		}
		if !open && depth > 0 {
			b.WriteString(line[:depth])
			b.WriteByte(' ')
		}
		flowed := strings.HasSuffix(rest, " ") && !signature
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
