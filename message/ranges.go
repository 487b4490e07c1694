package message

import (
	"strings"

	"sigpost"
)

// textLine is one line of a text and what is known of it.
type textLine struct {
	start, end int               // bytes of the text; end is behind the "\n"
	depth      int               // quote depth
	content    string            // without quote marks and white space around it
	kind       sigpost.RangeKind // "" while it is not decided
}

// Cut divides a text into ranges of whole lines: what is new, quoted, an
// attribution line, a signature or a list's footer. The ranges are in order
// and cover the text from 0 to its end without a gap; neighbours differ in
// kind. An empty text has none.
func Cut(text string) []sigpost.Range {
	lines := splitLines(text)
	markInitials(lines)
	markFooters(text, lines)
	markArmour(text, lines)
	markBars(lines)
	markAttributions(lines)
	markEmbedded(lines)
	markSignatures(text, lines)
	fillRest(lines)

	var ranges []sigpost.Range
	for _, l := range lines {
		if n := len(ranges); n > 0 && ranges[n-1].Kind == l.kind {
			ranges[n-1].End = l.end
			continue
		}
		ranges = append(ranges, sigpost.Range{Kind: l.kind, Start: l.start, End: l.end})
	}
	return ranges
}

// splitLines cuts text into lines and finds their quote depth. Quoted lines
// are decided at once.
func splitLines(text string) []textLine {
	lines := make([]textLine, 0, strings.Count(text, "\n")+1)
	for at := 0; at < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		l := textLine{start: at, end: end}
		l.depth, l.content = quoteDepth(text[at:end])
		if l.depth > 0 && len(lines) > 0 && closesBracket(lines[len(lines)-1], l) {
			l.depth, l.content = 0, strings.TrimSpace(text[at:end])
		}
		if l.depth > 0 {
			l.kind = sigpost.RangeQuoted
		}
		lines = append(lines, l)
		at = end
	}
	return lines
}

// quoteDepth counts the ">" in front of a line, with at most one space before
// each, and gives what stands behind them.
func quoteDepth(line string) (depth int, content string) {
	for {
		rest := strings.TrimPrefix(line, " ")
		if !strings.HasPrefix(rest, ">") {
			return depth, strings.TrimSpace(line)
		}
		depth++
		line = rest[1:]
	}
}

// closesBracket says whether a line with ">" in front only closes the "<" of
// the attribution line before it, as some programs wrap them.
func closesBracket(before, line textLine) bool {
	return before.depth == 0 && strings.HasSuffix(line.content, ":") && len(line.content) < 40 &&
		strings.LastIndexByte(before.content, '<') > strings.LastIndexByte(before.content, '>')
}

// markInitials marks quotes that carry the author's initials ("JD> text"). One
// such line alone may be anything, two below one another are a quote.
func markInitials(lines []textLine) {
	for i := 1; i < len(lines); i++ {
		p := initials(lines[i].content)
		if p == "" || initials(lines[i-1].content) != p {
			continue
		}
		markKind(lines[i-1:i+1], sigpost.RangeQuoted)
	}
}

// markBars finds quotes that are marked with "|" or ":". Tables are written so
// as well, so that only the lines right below an attribution are believed.
func markBars(lines []textLine) {
	for i := 0; i+1 < len(lines); i++ {
		if lines[i].kind != "" || lines[i].content == "" || !endsAttribution(lines[i].content) || !hasVerb(lines[i].content) {
			continue
		}
		j := i + 1
		if lines[j].content == "" && j+1 < len(lines) {
			j++
		}
		if lines[j].kind != "" || lines[j].content == "" {
			continue
		}
		bar := lines[j].content[:1]
		if bar != "|" && bar != ":" {
			continue
		}
		for ; j < len(lines) && lines[j].kind == "" && strings.HasPrefix(lines[j].content, bar); j++ {
			lines[j].kind, lines[j].depth = sigpost.RangeQuoted, 1
		}
		i = j - 1
	}
}

// initials gives the one to three capital letters and ">" that a line begins
// with, or "".
func initials(s string) string {
	n := 0
	for n < len(s) && n < 4 && s[n] >= 'A' && s[n] <= 'Z' {
		n++
	}
	if n == 0 || n > 3 || n >= len(s) || s[n] != '>' || n+1 < len(s) && s[n+1] != ' ' && s[n+1] != '>' {
		return ""
	}
	return s[:n+1]
}

// markArmour marks what PGP puts around a signed text (RFC 9580, section 7).
func markArmour(text string, lines []textLine) {
	if !strings.Contains(text, "-----BEGIN PGP SIG") {
		return
	}
	inside := false
	for i := range lines {
		l := &lines[i]
		if l.depth > 0 {
			continue
		}
		switch {
		case l.content == "-----BEGIN PGP SIGNED MESSAGE-----":
			l.kind = sigpost.RangeSignature
			for j := i + 1; j < len(lines) && strings.HasPrefix(lines[j].content, "Hash:"); j++ {
				lines[j].kind = sigpost.RangeSignature
			}
		case l.content == "-----BEGIN PGP SIGNATURE-----":
			inside = true
		}
		if inside {
			l.kind = sigpost.RangeSignature
		}
		if l.content == "-----END PGP SIGNATURE-----" {
			inside = false
		}
	}
}

const (
	// maxSignature is the longest signature behind an exact "-- ", in lines
	// with text, maxLooseSignature behind a "--" without its space, and
	// maxRuledSignature behind a line of underscores.
	maxSignature      = 40
	maxLooseSignature = 15
	maxRuledSignature = 5
)

// markSignatures marks signatures in each stretch of undecided lines, so that
// one above a quote ends where the quote begins.
func markSignatures(text string, lines []textLine) {
	for i := 0; i < len(lines); {
		if lines[i].kind != "" {
			i++
			continue
		}
		end := i
		for end < len(lines) && lines[end].kind == "" {
			end++
		}
		markSignature(text, lines[i:end])
		i = end
	}
}

// markSignature marks the signature at the end of a stretch: from its separator
// (RFC 3676, section 4.3, or what people take for one) on, and the lines that telephones add.
func markSignature(text string, lines []textLine) {
	cut, below := len(lines), 0
	for i := len(lines) - 1; i >= 0 && below <= maxSignature; i-- {
		l := lines[i]
		if l.content == "--" || l.content == "- --" { // the latter inside PGP
			exact := strings.HasSuffix(strings.TrimSuffix(text[l.start:l.end], "\n"), "-- ")
			if exact || below <= maxLooseSignature && cut == len(lines) {
				cut = i
			}
		} else if cut == len(lines) && below <= maxRuledSignature && len(l.content) >= 10 && strings.Trim(l.content, "_") == "" {
			cut = i
		}
		if l.content != "" {
			below++
		}
	}
	for i := cut; i < len(lines); i++ {
		lines[i].kind = sigpost.RangeSignature
	}
	for i := cut - 1; i >= 0; i-- {
		if lines[i].content == "" {
			continue
		}
		if !isDeviceLine(lines[i].content) {
			break
		}
		lines[i].kind = sigpost.RangeSignature
	}
}

// isDeviceLine knows the lines with which telephones and webmail end a letter.
func isDeviceLine(s string) bool {
	if len(s) > 120 {
		return false
	}
	s = strings.ToLower(strings.TrimLeft(s, "<(*_ "))
	for _, start := range []string{
		"sent from ", "sent via ", "sent with ", "sent by ", "get outlook for ", "get [outlook for ", "from my iphone",
		"envoyé de mon", "envoyé depuis", "von meinem ", "gesendet von ", "gesendet mit ", "diese nachricht wurde von meinem",
		"enviado desde ", "enviado do meu ", "enviado de ", "inviato da", "verzonden met ", "verzonden vanaf ", "verstuurd vanaf ",
		"wysłane z ", "отправлено с ", "skickat från ", "sendt fra ", "lähetetty ", "從我的 ", "从我的", "发自我的", "iphoneから送信",
	} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

// fillRest decides what is left: lines with text are new; blank lines belong to
// what stands above them, and those at the start to what follows.
func fillRest(lines []textLine) {
	kind := sigpost.RangeNew
	for _, l := range lines {
		if l.content != "" || l.kind != "" {
			if l.kind != "" {
				kind = l.kind
			}
			break
		}
	}
	for i := range lines {
		l := &lines[i]
		if l.kind == "" && l.content != "" {
			l.kind = sigpost.RangeNew
		}
		if l.kind == "" {
			l.kind = kind
		}
		kind = l.kind
	}
}
