package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

const (
	// maxAttributionLines is over how many lines an attribution may be wrapped.
	maxAttributionLines = 4
	// maxAttribution is the longest attribution, in bytes.
	maxAttribution = 400
)

// attributionVerbs are how mail programs say "wrote", in lower case: English,
// German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian,
// Ukrainian, the Nordic languages, Finnish, Czech, Hungarian, Romanian,
// Turkish, Greek, Vietnamese, Chinese, Japanese, Korean.
func attributionVerbs() []string {
	return []string{
		"wrote", "writes", "said", "schrieb", "schreibt", "geschrieben", "écrit", "ecrit",
		"escribió", "escribio", "escribe", "scritto", "scrive", "escreveu", "escreve", "schreef",
		"napisał", "napisała", "napisał(a)", "pisze", "написал", "написала", "написал(а)", "пишет", "писал", "пише", "написав",
		"skrev", "skriver", "kirjoitti", "napsal", "napsal(a)", "napsala", "píše", "írta", "scris", "yazdı", "έγραψε", "viết",
		"写道", "寫道", "のメール", "書きました", "작성", "썼습니다",
	}
}

// attributionOpeners are how such lines begin.
func attributionOpeners() []string {
	return []string{
		"On ", "Am ", "Le ", "El ", "Il ", "Em ", "Op ", "W dniu ", "Dnia ", "Den ", "Dne ", "At ", "In ",
		"No dia ", "Pe ", "Vào ", "Στις ", "2", "1", "3", "0", "4", "5", "6", "7", "8", "9", "在", "于",
	}
}

// markAttributions marks the lines that name whom the quote below them is from.
// Where the quote has no marks of its own, as behind some webmail, everything
// that follows a plain attribution is quoted, unless the author wrote nothing
// above it: then the answer must be somewhere below.
func markAttributions(lines []textLine) {
	for i := range lines {
		if lines[i].depth > 0 && i > 0 {
			markAttributionAbove(lines, i)
		}
	}
	for i := range lines {
		l := lines[i]
		if l.kind != "" || !endsAttribution(l.content) || quoteFollows(lines, i+1) {
			continue
		}
		from, ok := attributionEndingAt(lines, i, true)
		if !ok {
			continue
		}
		markKind(lines[from:i+1], sigpost.RangeAttribution)
		if hasNew(lines[:from]) {
			markKind(lines[i+1:], sigpost.RangeQuoted)
		}
		return
	}
}

// hasUnmarkedQuote says whether an attribution in text has no marked quote
// below it.
func hasUnmarkedQuote(text string) bool {
	lines := splitLines(text)
	for i, l := range lines {
		if l.kind == "" && endsAttribution(l.content) && !quoteFollows(lines, i+1) {
			if _, ok := attributionEndingAt(lines, i, true); ok {
				return true
			}
		}
	}
	return false
}

// hasNew says whether a line with text is left undecided.
func hasNew(lines []textLine) bool {
	for _, l := range lines {
		if l.kind == "" && l.content != "" {
			return true
		}
	}
	return false
}

// markAttributionAbove looks above the first line of a quote.
func markAttributionAbove(lines []textLine, quote int) {
	i := quote - 1
	for i > 0 && quote-i <= 2 && lines[i].content == "" && lines[i].depth == 0 {
		i--
	}
	if lines[i].kind != "" || !endsAttribution(lines[i].content) {
		return
	}
	if from, ok := attributionEndingAt(lines, i, false); ok {
		markKind(lines[from:i+1], sigpost.RangeAttribution)
	}
}

// endsAttribution is a cheap first look at the last line of an attribution.
func endsAttribution(s string) bool {
	s = strings.TrimRight(s, "*_ ")
	return strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") ||
		strings.HasSuffix(s, "wrote") || strings.HasSuffix(s, "...") && strings.Contains(s, "wrote")
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
func attributionEndingAt(lines []textLine, i int, strict bool) (from int, ok bool) {
	text := ""
	loose := -1
	for n := 0; n < maxAttributionLines && i-n >= 0; n++ {
		l := lines[i-n]
		if l.kind != "" || l.content == "" {
			break
		}
		text = l.content + " " + text
		if len(text) > maxAttribution {
			break
		}
		verb := hasVerb(text)
		dated := hasDate(text)
		address := strings.Contains(text, "@")
		opened := startsWithAny(strings.TrimLeft(l.content, "*_ "), attributionOpeners())
		switch {
		case verb && opened && dated:
			return i - n, true
		case verb && address && balanced(text) && (dated || strict && n == 0):
			return i - n, true
		case !strict && address && dated && balanced(text) && strings.HasSuffix(strings.TrimSpace(text), ">:"):
			return i - n, true
		case !strict && verb && n == 0:
			loose = i
		}
	}
	return loose, loose >= 0
}

// hasVerb says whether a verb of the table stands in s as a word.
func hasVerb(s string) bool {
	s = strings.ToLower(s)
	for _, verb := range attributionVerbs() {
		for at := 0; ; {
			i := strings.Index(s[at:], verb)
			if i < 0 {
				break
			}
			i += at
			before, _ := utf8.DecodeLastRuneInString(s[:i])
			after, _ := utf8.DecodeRuneInString(s[i+len(verb):])
			if verb[0] >= 0xe0 || !unicode.IsLetter(before) && !unicode.IsLetter(after) {
				return true
			}
			at = i + len(verb)
		}
	}
	return false
}

// hasDate says whether there is a year, a time of day or a numeric date in s.
func hasDate(s string) bool {
	run := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			run++
			continue
		}
		if run == 4 || run > 0 && run <= 2 && i+1 < len(s) && strings.IndexByte(":./-", s[i]) >= 0 && s[i+1] >= '0' && s[i+1] <= '9' {
			return true
		}
		run = 0
	}
	return run == 4
}

// balanced says whether every "<" in s is closed and the other way round.
func balanced(s string) bool {
	return strings.Count(s, "<") == strings.Count(s, ">")
}

func startsWithAny(s string, starts []string) bool {
	for _, start := range starts {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

// markKind decides all lines that are not decided yet.
func markKind(lines []textLine, kind sigpost.RangeKind) {
	for i := range lines {
		if lines[i].kind == "" {
			lines[i].kind = kind
		}
	}
}
