package web

import (
	"fmt"
	"html"
	"html/template"
	"net/url"
	"strings"

	"sigpost"
)

// passage is a stretch of a message as its page shows it.
type passage struct {
	Fold  string // the words on the fold, or "" for what is shown at once
	Quote bool
	Of    string // where the message is that is quoted, or ""
	Text  template.HTML
	// Paragraphs are the text instead where it is the author's own.
	Paragraphs []paragraph
}

// What is longer than this many lines is folded.
const (
	openQuote = 5
	openCode  = 40
)

// maxShown is how many bytes of a message's text are shown; the raw message has
// the rest.
const maxShown = 64 << 10

// kindOf is what neighbouring ranges become one passage by.
func kindOf(k sigpost.RangeKind) sigpost.RangeKind {
	if k == sigpost.RangeAttribution {
		return sigpost.RangeQuoted
	}
	return k
}

// stretch is what neighbouring ranges of one kind hold: of a quote, with the line
// that says whose it is.
type stretch struct {
	kind  sigpost.RangeKind
	whom  sigpost.Address
	of    sigpost.MessageID
	lines int
	text  string
}

// stretches cuts the text of a message; empty ones are left out.
func stretches(m *sigpost.Message) (all []stretch) {
	for i := 0; i < len(m.Ranges); {
		first := m.Ranges[i]
		s, end := stretch{kind: kindOf(first.Kind), whom: first.Whom, of: first.Of}, first.End
		for ; i < len(m.Ranges) && kindOf(m.Ranges[i].Kind) == s.kind; i++ {
			r := m.Ranges[i]
			if r.Kind == sigpost.RangeQuoted && s.whom == (sigpost.Address{}) {
				s.whom, s.of = r.Whom, r.Of
			}
			if r.Kind != sigpost.RangeAttribution {
				s.lines += strings.Count(strings.Trim(m.Text[r.Start:r.End], "\n"), "\n") + 1
			}
			end = r.End
		}
		s.text = strings.Trim(m.Text[first.Start:end], "\n")
		if strings.TrimSpace(s.text) != "" {
			all = append(all, s)
		}
	}
	return all
}

// passages cuts the text of a message into what is shown and what is folded. cut
// says that it is too long to be shown whole.
func passages(m *sigpost.Message) (all []passage, cut bool) {
	room := maxShown
	for _, s := range stretches(m) {
		if len(s.text) > room {
			s.text, cut = strings.ToValidUTF8(s.text[:room], ""), true
		}
		room -= len(s.text)
		p := passage{Fold: fold(s.kind, s.lines, s.whom), Quote: s.kind == sigpost.RangeQuoted}
		if s.kind == sigpost.RangeNew {
			p.Paragraphs = paragraphsOf(s.text)
		} else {
			p.Text = textHTML(s.text)
		}
		if s.of != "" {
			p.Of = messagePath(s.of)
		}
		all = append(all, p)
		if cut {
			break
		}
	}
	return all, cut
}

// fold says in words what is folded away, "" where nothing is.
func fold(kind sigpost.RangeKind, lines int, whom sigpost.Address) string {
	size := fmt.Sprintf("%d lines", lines)
	if lines == 1 {
		size = "1 line"
	}
	switch kind {
	case sigpost.RangeQuoted:
		if lines <= openQuote {
			return ""
		}
		if label := short(whom.Label(), maxName); label != "" {
			return size + " quoted of " + label
		}
		return size + " quoted"
	case sigpost.RangeSignature:
		return "Signature"
	case sigpost.RangeFooter:
		return "List footer"
	case sigpost.RangeCode, sigpost.RangeDiff, sigpost.RangeLog:
		if lines > openCode {
			return map[sigpost.RangeKind]string{sigpost.RangeCode: "Code, ", sigpost.RangeDiff: "Diff, ", sigpost.RangeLog: "Log, "}[kind] + size
		}
	}
	return ""
}

// maxLink is how long an address of a page may be that is made a link, in bytes.
const maxLink = 2000

// textHTML makes HTML of a stranger's text: all of it is text, addresses of mail
// are masked, and addresses of pages are links.
func textHTML(text string) template.HTML {
	text = sigpost.Legible(text)
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for text != "" {
		start, end := nextLink(text)
		b.WriteString(html.EscapeString(sigpost.MaskAddresses(text[:start])))
		if start < end {
			link := html.EscapeString(text[start:end])
			b.WriteString(`<a href="`)
			b.WriteString(link)
			b.WriteString(`" rel="nofollow noopener">`)
			b.WriteString(link)
			b.WriteString(`</a>`)
		}
		text = text[end:]
	}
	return template.HTML(b.String())
}

// nextLink finds the first address of a page in a text; where there is none, both
// are the end of the text.
func nextLink(text string) (start, end int) {
	for at := 0; ; {
		i := strings.Index(text[at:], "http")
		if i < 0 {
			return len(text), len(text)
		}
		start = at + i
		at = start + len("http")
		if start > 0 && (isWordByte(text[start-1]) || text[start-1] == '@') {
			continue
		}
		if !strings.HasPrefix(text[at:], "://") && !strings.HasPrefix(text[at:], "s://") {
			continue
		}
		if end = linkEnd(text, start); end > start {
			return start, end
		}
	}
}

func isWordByte(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' }

// linkEnd gives where the address of a page ends that begins at start, or start
// where it is none.
func linkEnd(text string, start int) int {
	end := start
	for end < len(text) && end-start <= maxLink && text[end] > ' ' && !strings.ContainsRune("<>\"`{}|\\^", rune(text[end])) {
		end++
	}
	for end > start && strings.IndexByte(".,;:!?'*_", text[end-1]) >= 0 {
		end--
	}
	for end > start && (text[end-1] == ')' && !strings.Contains(text[start:end], "(") || text[end-1] == ']' && !strings.Contains(text[start:end], "[")) {
		end--
	}
	if end-start > maxLink {
		return start
	}
	u, err := url.Parse(text[start:end])
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return start
	}
	return end
}
