package message

import "strings"

// enrichedText makes plain text of text/enriched (RFC 1896): commands in
// brackets go, with what is between <param> and </param>; "<<" is a bracket;
// of the line ends between two words the first is only a wrap, but inside
// <nofill>.
func enrichedText(src string) string {
	var b strings.Builder
	b.Grow(len(src))
	var params, nofill int
	for src != "" {
		i := strings.IndexAny(src, "<\n")
		if i < 0 {
			i = len(src)
		}
		if params == 0 {
			b.WriteString(src[:i])
		}
		src = src[i:]
		switch {
		case src == "":
		case strings.HasPrefix(src, "<<"):
			if params == 0 {
				b.WriteByte('<')
			}
			src = src[2:]
		case src[0] == '\n':
			n := len(src) - len(strings.TrimLeft(src, "\n"))
			src = src[n:]
			b.WriteString(enrichedBreak(n, nofill > 0))
		default:
			command, rest, closed := strings.Cut(src[1:], ">")
			if !closed || len(command) > 60 || strings.ContainsAny(command, " \n<") {
				b.WriteByte('<')
				src = src[1:]
				continue
			}
			src = rest
			switch strings.ToLower(command) {
			case "param":
				params++
			case "/param":
				params = max(params-1, 0)
			case "nofill":
				nofill++
			case "/nofill":
				nofill = max(nofill-1, 0)
			}
		}
	}
	return b.String()
}

// enrichedBreak is what n line ends stand for.
func enrichedBreak(n int, nofill bool) string {
	switch {
	case nofill:
		return strings.Repeat("\n", n)
	case n == 1:
		return " "
	}
	return strings.Repeat("\n", n-1)
}
