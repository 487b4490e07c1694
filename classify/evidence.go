package classify

import (
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// An excerpt shows this many bytes on both sides of what was found, and no
// more than this many finds.
const (
	excerptMargin = 60
	excerptSpans  = 8
)

// evidence is what a rule found in a field, shown at the best place.
func (c *Classifier) evidence(u *sum, docs []Document) sigpost.Evidence {
	d := &docs[u.best.doc]
	text := d.text(u.best.from)
	start, end := int(u.best.start), int(u.best.end)
	if u.best.kind == termTogether {
		start, end = u.stretch()
	}
	from, to := cut(text, start, end)
	e := sigpost.Evidence{
		Rule: c.rule(&u.best), Field: u.best.field.String(), MessageID: d.MessageID,
		Excerpt: oneLine(text[from:to]), Weight: u.weight,
	}
	last := 0
	for _, h := range u.hits {
		if h.doc != u.best.doc || h.from != u.best.from || int(h.start) < max(from, last) || int(h.end) > to {
			continue
		}
		last = int(h.end)
		e.Spans = append(e.Spans, sigpost.Span{Start: int(h.start) - from, End: int(h.end) - from})
		if len(e.Spans) == excerptSpans {
			break
		}
	}
	return e
}

// stretch is from the first to the last word of the group that was found
// best: those of one group stand within the window of each other.
func (u *sum) stretch() (start, end int) {
	start, end = int(u.best.start), int(u.best.end)
	low, high := start-2*excerptMargin, end+2*excerptMargin
	for _, h := range u.hits {
		near := int(h.start) >= low && int(h.end) <= high
		if h.doc == u.best.doc && h.from == u.best.from && h.part && near {
			start, end = min(start, int(h.start)), max(end, int(h.end))
		}
	}
	return start, end
}

// rule names what matched, for people.
func (c *Classifier) rule(h *hit) string {
	if h.kind == termTogether {
		return "together " + c.program.groups[h.term].text
	}
	t := &c.program.terms[h.term]
	if h.edits > 0 {
		return "fuzzy " + t.text + h.context.String()
	}
	return t.kind.String() + " " + t.text + h.context.String()
}

// cut gives the stretch of text around [start, end): whole characters, and
// whole words where there are any.
func cut(text string, start, end int) (from, to int) {
	from, to = max(0, start-excerptMargin), min(len(text), end+excerptMargin)
	for from > 0 && from < start && text[from-1] != ' ' && text[from-1] != '\n' {
		from++
	}
	for to < len(text) && to > end && text[to] != ' ' && text[to] != '\n' {
		to--
	}
	return from, to
}

// oneLine puts a space for each byte of control characters and line ends, and
// "?" for each that is no UTF-8: as long as before, so that spans stay right.
func oneLine(text string) string {
	buf := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			buf = append(buf, '?')
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			for range size {
				buf = append(buf, ' ')
			}
		default:
			buf = append(buf, text[i:i+size]...)
		}
		i += size
	}
	return string(buf)
}
