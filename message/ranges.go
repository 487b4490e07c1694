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
	clue       clue
}

// clue is what a line shows at first sight, so that most lines are looked at
// once only.
type clue uint8

const (
	clueColon  clue = 1 << iota // it ends as attributions end
	clueRule                    // it is a separator: "--", "____", "* * *"
	clueFence                   // it begins or ends fenced code
	clueDiff                    // it may begin a patch
	clueLog                     // it may be what a program prints
	clueCode                    // it is indented, or ends as lines of code end
	clueArmour                  // PGP or a business card begins
)

// Cut divides a text into ranges of whole lines: what is new, quoted, an
// attribution line, a signature or a list's footer, and what of the new text
// is code, a patch or a program's output. The ranges are in order and cover
// the text from 0 to its end without a gap; neighbours differ in kind. An
// empty text has none. Quoted ranges say whom they quote where the
// attribution does. It takes time in proportion to the length of text.
func Cut(text string) []sigpost.Range {
	lines, seen := splitLines(text)
	if seen&clueFence != 0 {
		markFences(lines)
	}
	if seen&clueDiff != 0 {
		markDiffs(text, lines)
	}
	markQuotes(text, lines)
	if seen&clueArmour != 0 {
		markArmour(lines)
	}
	markFooters(lines)
	if seen&clueColon != 0 {
		markBars(text, lines)
		markAttributions(text, lines)
	}
	markEmbedded(lines)
	markSignatures(text, lines)
	if seen&clueLog != 0 {
		markLogs(text, lines)
	}
	if seen&clueCode != 0 {
		markCode(text, lines)
	}
	fillRest(lines)
	return joinLines(text, lines)
}

// splitLines cuts text into lines, finds their quote depth and gathers clues.
// Quoted lines are decided at once.
func splitLines(text string) (lines []textLine, seen clue) {
	lines = make([]textLine, 0, strings.Count(text, "\n")+1)
	stuffs := false // the writer's program stuffs what it quotes, against RFC 3676
	for at := 0; at < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		l := textLine{start: at, end: end}
		l.depth, l.content = quoteDepth(text[at:end])
		if strings.HasPrefix(text[at:end], stuffed+">") {
			stuffs = stuffs || underAttribution(lines)
			if l.content = strings.TrimSpace(text[at+1 : end]); stuffs {
				l.depth, l.content = quoteDepth(text[at+1 : end])
			}
		}
		if l.depth > 0 && (isMangledFrom(text, lines, l) || len(lines) > 0 && !isQuote(text, lines, l)) {
			l.depth, l.content = 0, strings.TrimSpace(text[at:end])
		}
		if l.depth > 0 {
			l.kind = sigpost.RangeQuoted
		}
		if l.content != "" {
			l.clue = clues(text[at:end], l)
			seen |= l.clue
		}
		lines = append(lines, l)
		at = end
	}
	return lines, seen
}

// underAttribution says whether the last line that is not blank ends as an
// attribution does.
func underAttribution(lines []textLine) bool {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].content != "" {
			return lines[i].clue&clueColon != 0 && hasVerb(lines[i].content)
		}
	}
	return false
}

// clues looks at the ends of a line that is not blank.
func clues(raw string, l textLine) (c clue) {
	s := l.content
	first, last := s[0], s[len(s)-1]
	if mayEndAttribution(last) && endsAttribution(s) || last == '>' && isBareAttribution(s) {
		c |= clueColon
	}
	if isRuleByte(first) && isRuleByte(last) && isRule(s) {
		c |= clueRule
	}
	if l.depth > 0 {
		return c
	}
	switch first {
	case '`', '~':
		if fence(s) != 0 {
			c |= clueFence
		}
	case '-', '@', 'd', 'I', '*', 'B':
		if beginsDiff(s) {
			c |= clueDiff
		} else if beginsArmour(s) {
			c |= clueArmour
		}
	}
	if mayBeLog(s) {
		c |= clueLog
	}
	if raw[0] == '\t' || last == ';' || last == '{' || last == '}' || strings.HasPrefix(raw, "   ") {
		c |= clueCode
	}
	if isDigit(first) && isStat(s) {
		c |= clueDiff
	}
	return c
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

// joinLines makes ranges of lines that are decided, and tells whom they quote.
// A person who is named once is quoted until somebody else is.
func joinLines(text string, lines []textLine) []sigpost.Range {
	count := 0
	for i := range lines {
		if i == 0 || lines[i].kind != lines[i-1].kind {
			count++
		}
	}
	if count == 0 {
		return nil
	}
	ranges := make([]sigpost.Range, 0, count)
	var from source
	for i := 0; i < len(lines); {
		end := i
		for end < len(lines) && lines[end].kind == lines[i].kind {
			end++
		}
		r := sigpost.Range{Kind: lines[i].kind, Start: lines[i].start, End: lines[end-1].end}
		switch r.Kind {
		case sigpost.RangeAttribution:
			from = sourceOf(text, lines[i:end])
		case sigpost.RangeQuoted:
			if from == (source{}) {
				from = ownSource(text, lines[i:end])
			}
			r.Whom, r.Of = from.whom, from.id
		}
		ranges = append(ranges, r)
		i = end
	}
	return ranges
}

// markKind decides all lines that are not decided yet.
func markKind(lines []textLine, kind sigpost.RangeKind) {
	for i := range lines {
		if lines[i].kind == "" {
			lines[i].kind = kind
		}
	}
}
