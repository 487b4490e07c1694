package message

import (
	"strings"

	"sigpost"
)

const (
	// maxAttributionLines is over how many lines an attribution may be wrapped.
	maxAttributionLines = 4
	// maxAttribution is the longest attribution, in bytes.
	maxAttribution = 400
	// maxGap is how many blank lines may stand between a full attribution and
	// its quote, and maxLooseGap those below one that is only a verb.
	maxGap, maxLooseGap = 8, 2
)

// markAttributions marks the lines that name whom the quote below them is from.
// Where the quote has no marks of its own, as behind some webmail, everything
// that follows a plain attribution is quoted, unless the author wrote nothing
// above it: then the answer must be somewhere below.
func markAttributions(text string, lines []textLine) {
	for i := 1; i < len(lines); i++ {
		if lines[i].depth > 0 && (lines[i-1].depth == 0 || lines[i-1].depth > lines[i].depth) {
			markAttributionAbove(text, lines, i)
		}
	}
	from, end, ok := unmarkedAttribution(text, lines)
	if !ok {
		return
	}
	markKind(lines[from:end], sigpost.RangeAttribution)
	if hasNew(lines[:from]) {
		markKind(lines[end:], sigpost.RangeQuoted)
	}
}

// unmarkedAttribution finds the first attribution that has no marked quote
// below it.
func unmarkedAttribution(text string, lines []textLine) (from, end int, ok bool) {
	for i, l := range lines {
		if l.kind == "" && l.clue&clueColon != 0 && !quoteFollows(lines, i+1) {
			if from, ok := attributionEndingAt(text, lines, i, true); ok {
				return from, i + 1, true
			}
		}
	}
	return 0, 0, false
}

// hasUnmarkedQuote says whether an attribution in text has no marked quote
// below it.
func hasUnmarkedQuote(text string) bool {
	lines, _ := splitLines(text)
	_, _, ok := unmarkedAttribution(text, lines)
	return ok
}

// hasNew says whether a line with text is left undecided.
func hasNew(lines []textLine) bool {
	for _, l := range lines {
		if (l.kind == "" || l.kind.Own()) && l.content != "" {
			return true
		}
	}
	return false
}

// markAttributionAbove looks above the first line of a quote. Gnus writes
// attributions behind five marks of their own.
func markAttributionAbove(text string, lines []textLine, quote int) {
	i := quote - 1
	for i > 0 && quote-i <= maxGap && lines[i].content == "" && lines[i].depth == 0 {
		i--
	}
	l := lines[i]
	if l.kind == "" && isBareAttribution(l.content) {
		lines[i].kind = sigpost.RangeAttribution
		return
	}
	if l.clue&clueColon == 0 || l.kind != "" && l.depth < 5 {
		return
	}
	if l.depth >= 5 {
		if hasVerb(l.content) {
			lines[i].kind = sigpost.RangeAttribution
		}
		return
	}
	from, ok := attributionEndingAt(text, lines, i, quote-1-i > maxLooseGap)
	if above := groupWise(lines, i); above < i {
		from, ok = above, true
		lines[from].kind = sigpost.RangeAttribution
	}
	if ok {
		markKind(lines[from:i+1], sigpost.RangeAttribution)
	}
}

// groupWise finds the line ">>> Ana <ana@example.org> wrote on Monday in
// message" of Novell GroupWise above the Message-ID that ends at line i, or i.
func groupWise(lines []textLine, i int) int {
	if !endsAddress(lines[i].content) {
		return i
	}
	for j := i - 1; j >= 0 && i-j < maxAttributionLines && lines[j].content != ""; j-- {
		if lines[j].depth == 3 && hasVerb(lines[j].content) {
			return j
		}
		if lines[j].depth > 0 {
			break
		}
	}
	return i
}

// isBareAttribution says whether a line is a date and an address and no more,
// not even a colon, as old webmail writes above a quote.
func isBareAttribution(s string) bool {
	if len(s) > 120 || s == "" || !isDigit(s[0]) || s[len(s)-1] != '>' || !strings.Contains(s, "@") {
		return false
	}
	_, exact := hasDate(s[:min(len(s), 24)])
	return exact && balanced(s)
}

// mayEndAttribution is a first look at the last byte of a line.
func mayEndAttribution(last byte) bool {
	switch last {
	case ':', 'e', '.', ')', '*', '_', '-', 0x9a, 0xac, 0x8e, 0x8f, 0xa0, 0xa9: // the latter end wide colons and bidiMarks
		return true
	}
	return false
}

// endsAttribution is a cheap look at the last line of an attribution.
func endsAttribution(s string) bool {
	switch s[len(s)-1] {
	case ':':
		return true
	case 'e':
		return strings.HasSuffix(s, "wrote")
	case ')':
		return strings.HasPrefix(s, "Quoting ") // "Quoting Ana Lee (2016-04-04 21:03:22)"
	case '.':
		return strings.HasSuffix(s, "...") && strings.Contains(s, "wrote")
	}
	s = strings.TrimRight(s, "*_- \u00a0"+bidiMarks)
	return strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") ||
		strings.HasSuffix(s, "wrote")
}

// quoteFollows says whether the next line with text is quoted.
func quoteFollows(lines []textLine, i int) bool {
	for ; i < len(lines); i++ {
		if lines[i].depth > 0 {
			return true
		}
		if lines[i].content != "" {
			return false
		}
	}
	return true
}

// attributionEndingAt finds where the attribution begins whose last line is i.
// A strict one is believed without a quote below it: it needs a date or an
// address, not only the word.
func attributionEndingAt(text string, lines []textLine, i int, strict bool) (from int, ok bool) {
	loose := -1
	for n := 0; n < maxAttributionLines && i-n >= 0; n++ {
		l := lines[i-n]
		if l.kind != "" || l.content == "" || n > 0 && endsParagraph(l.content) {
			break
		}
		joined := strings.TrimSpace(text[l.start:lines[i].end])
		if len(joined) > maxAttribution {
			break
		}
		switch rateAttribution(joined, l.content, strict, i-n == 0 || lines[i-n-1].content == "" || lines[i-n-1].kind != "") {
		case sureAttribution:
			return i - n, true
		case datedAttribution:
			return attributionBegin(lines, i-n, i), true
		case perhapsAttribution:
			loose = i - n
		case looseAttribution:
			if n == 0 {
				loose = i
			}
		}
	}
	if loose < 0 {
		return 0, false
	}
	return loose, true
}

// endsParagraph says whether nothing of an attribution can stand in the same
// sentence as s.
func endsParagraph(s string) bool {
	return strings.HasSuffix(s, ":") && !isDigit(s[max(0, len(s)-2)]) || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?")
}

// attributionRating says how much some lines look like an attribution.
type attributionRating int

const (
	noAttribution attributionRating = iota
	// looseAttribution has the verb: right above a quote, that will do.
	looseAttribution
	// perhapsAttribution has a verb and an address.
	perhapsAttribution
	// datedAttribution has all, but does not begin as attributions do.
	datedAttribution
	sureAttribution
)

// rateAttribution looks at joined lines, of which the first is given alone;
// fresh says that a paragraph begins with it.
func rateAttribution(joined, first string, strict, fresh bool) attributionRating {
	verb := hasVerb(joined)
	address := strings.Contains(joined, "@") && balanced(joined)
	dated, exact := hasDate(joined)
	opened := opensDate(first)
	clock := strings.HasPrefix(first, "* ") || strings.Contains(joined, "]:")
	switch {
	case verb && opened && !dated && hasDigit(joined) && !strict,
		verb && opened && dated && (exact || address || !strings.HasPrefix(first, "In ")):
		if first[0] >= '0' && first[0] <= '9' || first[0] >= 'a' && first[0] <= 'z' || !hasDigit(first) {
			return datedAttribution
		}
		return sureAttribution
	case verb && address && dated:
		return datedAttribution
	case address && dated && endsAddress(joined) && (!strict && (fresh || opened || clock) || strict && fresh && (isDigit(first[0]) || hasClock(joined) && opened || hasClock(joined) && exact)):
		return datedAttribution
	case verb && exact && !strict && fresh && joined == first && len(joined) < 120: // "Ana wrote on 4 Apr 2016 at 9:03:"
		return datedAttribution
	case !strict && fresh && (isExcerpts(joined) || exact && startsWithAny(first, "* ", "+++ ") && strings.HasSuffix(joined, "]:")):
		return datedAttribution
	case !strict && fresh && address && exact && hasClock(joined) && joined == first && len(joined) < 100: // "Apr 4, 2016, 21:03 by ana@example.org:"
		return datedAttribution
	case verb && exact && fresh && joined == first && framesDate(joined): // the same without a quote's marks below it
		return datedAttribution
	case verb && address && strict:
		if fresh && len(joined) < 120 {
			return perhapsAttribution
		}
	case verb && address:
		return perhapsAttribution
	case !strict && (verb && endsWithVerb(joined) || address && endsAddress(joined) && strings.Count(joined, " ") < 5):
		return looseAttribution
	}
	return noAttribution
}

// framesDate says whether s is nothing but who wrote and when, to the minute, as
// Thunderbird writes in languages that begin with the name: "Ana Lee kirjoitti
// 4.4.2016 klo 21.03:" and "Ana Lee 於 2016/4/4 下午 09:03 寫道:".
func framesDate(s string) bool {
	bare := strings.TrimRight(s, ":：*_ \u00a0"+bidiMarks)
	if len(bare) == 0 || len(bare) > 120 || s[0] >= 'a' && s[0] <= 'z' {
		return false
	}
	numbers, year := 0, false
	for n := range strings.FieldsFuncSeq(bare, func(r rune) bool { return r < '0' || r > '9' }) {
		numbers, year = numbers+1, year || len(n) == 4
	}
	_, verb := findVerb(bare)
	name := strings.IndexAny(bare, "0123456789")
	return year && numbers >= 4 && (verb == len(bare) || isDigit(bare[len(bare)-1])) && strings.Count(bare[:name], " ") <= 6
}

// isExcerpts knows what sup, alot and others write: "Excerpts from Ana Lee's
// message of 2016-04-04 21:03:22 +0200:".
func isExcerpts(s string) bool {
	return strings.HasPrefix(s, "Excerpts from ") && strings.Contains(s, "message of ")
}

// endsWithVerb says whether nothing but the name of a person can stand behind
// the verb: an example that is announced ("the page says something like:") is
// nobody's quote.
func endsWithVerb(s string) bool {
	_, end := findVerb(s)
	return strings.Count(strings.TrimSpace(s[end:]), " ") < 1 || strings.Count(s, " ") < 6
}

// endsAddress says whether s ends with an address in brackets, or with a date
// in them as mutt writes, and a colon.
func endsAddress(s string) bool {
	s = strings.TrimRight(s, "*_- "+bidiMarks)
	s, colon := strings.CutSuffix(s, ":")
	if !colon {
		s, colon = strings.CutSuffix(s, "：")
	}
	s = strings.TrimRight(s, " "+bidiMarks)
	return colon && s != "" && strings.IndexByte(">])", s[len(s)-1]) >= 0
}

// attributionBegin looks for the date in the lines above from, where an
// attribution that ends at line end was wrapped between its date and its name.
func attributionBegin(lines []textLine, from, end int) int {
	for i := from - 1; i >= 0 && end-i < maxAttributionLines; i-- {
		l := lines[i]
		if l.kind != "" || l.content == "" || endsSentence(l.content) {
			break
		}
		if opensDate(l.content) && (hasDigit(l.content) || strings.Contains(l.content, "@")) {
			return i
		}
	}
	if above := from - 1; above >= 0 && lines[from].content[0] == '<' && isNameAbove(lines, above) {
		return above
	}
	return from
}

// maxNameAbove is how long a name is that was wrapped before its address.
const maxNameAbove = 60

// isNameAbove says whether line i is a paragraph's first and may be the name
// in front of an address.
func isNameAbove(lines []textLine, i int) bool {
	s := lines[i].content
	return lines[i].kind == "" && s != "" && len(s) <= maxNameAbove && !endsSentence(s) && (i == 0 || lines[i-1].content == "" || lines[i-1].kind != "")
}

// balanced says whether every "<" in s is closed and the other way round.
func balanced(s string) bool {
	return strings.Count(s, "<") == strings.Count(s, ">")
}
