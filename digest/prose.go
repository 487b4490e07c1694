package digest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// proseLimit bounds how many bytes of a message are searched for sentences:
// who has not said it by then says it in the thread.
const proseLimit = 32 << 10

// passages are the paragraphs of what a message's author wrote, each folded to
// one line, without code, logs, patches, tables and header fields. Each is
// word for word a part of the message's new text.
func passages(m *sigpost.Message) []string {
	var all []string
	left := proseLimit
	for _, r := range m.Ranges {
		if r.Kind != sigpost.RangeNew || left <= 0 {
			continue
		}
		text := m.Text[r.Start:r.End]
		if len(text) > left {
			text = text[:strings.LastIndexByte(text[:left], '\n')+1]
		}
		left -= len(text)
		found, patch := paragraphs(text)
		all = append(all, found...)
		if patch {
			break
		}
	}
	return all
}

// paragraphs cuts a text where a blank line, a list's item, a line that is no
// prose or a line that ended early does; patch says that a patch ended it. What
// goes on in lower case behind a line that is no prose is the rest of a
// sentence, and left out.
func paragraphs(text string) (all []string, patch bool) {
	var open []string
	torn := false
	end := func() {
		if p := clean(strings.Join(open, " ")); p != "" && !(torn && beginsLower(p)) {
			all = append(all, p)
		}
		open, torn = open[:0], false
	}
	width, fenced := 0, false
	for line := range strings.Lines(text) {
		width = max(width, utf8.RuneCountInString(strings.TrimSpace(line)))
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if patchStart.MatchString(line) {
			end()
			return all, true
		}
		switch fence := strings.HasPrefix(strings.TrimSpace(line), "```"); {
		case fence:
			fenced = !fenced
			end()
		case fenced || line == "":
			end()
		case !isProse(line):
			end()
			torn = true
		default:
			marker := listMarker.FindString(line)
			if marker != "" || len(open) > 0 && endedEarly(open[len(open)-1], line, width) {
				end()
			}
			open = append(open, line[len(marker):])
		}
	}
	end()
	return all, false
}

func beginsLower(s string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimSpace(s))
	return unicode.IsLower(first)
}

// endedEarly says that whoever wrote line would have had room for the first
// word of next in it, and so meant it to end there.
func endedEarly(line, next string, width int) bool {
	if beginsLower(next) {
		return false
	}
	word, _, _ := strings.Cut(strings.TrimSpace(next), " ")
	return utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) < min(width, 78)-8
}

var (
	patchStart = regexp.MustCompile(`^(?:---$|diff -|Index: |=== modified )`)
	listMarker = regexp.MustCompile(`^ {0,3}(?:[-*•+–]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+`)
	// notProse are the beginnings of lines that are for machines, or about a
	// mail instead of in it.
	notProse = regexp.MustCompile(`^(?:\t| {4}|\s*(?:[>|$#%{}<@\\/~;&]|\+\+|--|==|\*\*\*|__|\.\.\.?$|https?://` +
		`|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d` + // 2016-04-18 14:00:01.234 ERROR
		`|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d ` + // Apr 18 14:00:01 host
		`|\d\d:\d\d:\d\d|\[ *\d+\.\d+\]` + // [   12.345] kernel
		`|(?:From|To|Cc|Bcc|Date|Sent|Subject|Reply-To|Message-ID|Organization|References):\s` +
		`|(?:[A-Z][a-z]+-)+(?:[Bb]y|[Bb]ug|[Ii]d):\s|(?:Fixes|Link|Change-Id):\s` +
		`|[a-z][\w.-]*(?:\[\d+\])?: ` + // sshd[42]: a daemon's, or a commit's
		`|Traceback \(|\w+(?:Error|Exception): |(?:sudo|git|kubectl|docker|openstack|nova|pip|apt-get|make|cd|curl) [\w-]+$))`)
	logLevel = regexp.MustCompile(`\b(?:ERROR|WARN|WARNING|INFO|DEBUG|TRACE|CRITICAL)\b`)
)

// isProse says whether a line reads as a part of a sentence.
func isProse(line string) bool {
	if notProse.MatchString(line) || logLevel.MatchString(line) {
		return false
	}
	letters, signs, all := 0, 0, 0
	for _, r := range line {
		all++
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r) || r == ' ':
			letters++
		case strings.ContainsRune(`{}[]<>=|\$;_~^&*#@/`, r):
			signs++
		}
	}
	return letters*10 >= all*7 && signs*10 <= all+10
}

// abbreviations end with a full stop that ends no sentence.
var abbreviations = regexp.MustCompile(`(?i)(?:^|[\s(])(?:e\.g|i\.e|etc|cf|vs|mr|mrs|ms|dr|prof|st|no|fig|approx|incl|resp|ca|al|v|ver|eq|sec|\pL)\.$`)

// sentences cuts a passage into sentences. Joined by spaces they are the
// passage again.
func sentences(passage string) []string {
	var all []string
	start := 0
	for i := 0; i < len(passage); i++ {
		if passage[i] != ' ' || !endsSentence(passage[start:i]) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(strings.TrimLeft(passage[i+1:], `"'“‘([`))
		if unicode.IsLower(next) {
			continue
		}
		all = append(all, passage[start:i])
		start = i + 1
	}
	return append(all, passage[start:])
}

// endsSentence says whether a text ends as a sentence does.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, `"'”’)]»`)
	end, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune("!?…。！？", end) || end == '.' && !abbreviations.MatchString(s)
}

// isQuestion says whether a sentence asks something.
func isQuestion(s string) bool {
	s = strings.TrimRight(s, `"'”’)]»!.`)
	return (strings.HasSuffix(s, "?") || strings.HasSuffix(s, "？")) && !politeQuestion.MatchString(s)
}

var (
	politeQuestion = regexp.MustCompile(`(?i)^(?:(?:any|more|further) )?(?:questions|comments|feedback)(?:,? (?:or|and|/) \w+)*\?$|^how are (?:you|things)`)
	// salutation stands before the first sentence on the same line.
	salutation = regexp.MustCompile(`(?i)^(?:hi|hello|hey|dear|greetings|good (?:morning|day|afternoon|evening)|hallo|hola|bonjour)\b[^,.!?:]{0,40}[,.!:–-]+\s+`)
	// courtesy is what people say before or after what they have to say.
	courtesy = regexp.MustCompile(`(?i)^(?:hi|hello|hey|dear|greetings|thanks|thank you|many thanks|thx|cheers|(?:best |kind |warm )?regards|sincerely|` +
		`sorry|apologies|my apologies|(?:i )?hope (?:this|you|that|it)|please (?:find|see) (?:attached|below|inline)|(?:see|comments?|reply|replies|answers?|responses?) (?:\w+ )?(?:below|in-?line)|` +
		`my name is|i(?:'m|’m| am) (?:new|a new|relatively new|quite new)|have a (?:nice|good|great)|sent from|looking forward|` +
		`(?:please )?let (?:me|us) know|any (?:help|pointers?|ideas?|feedback|input|suggestions?) (?:is|are|would|will)|` +
		`forwarding|resending|(?:just )?(?:a )?(?:gentle |friendly )?(?:ping|bump|reminder)\b|top.?posting)`)
)

// worthQuoting says whether a sentence can stand in an issue on its own: long
// enough to say something, words and not code, and more than courtesy. What
// holds an address or a URL is not quoted.
func worthQuoting(s string) bool {
	if courtesy.MatchString(s) || address.MatchString(s) || strings.Contains(s, "://") || strings.ContainsAny(s, "{}`|\\") {
		return false
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, `"'“‘(`))
	if !unicode.IsLetter(first) && !unicode.IsDigit(first) {
		return false
	}
	letters, upper, all := 0, 0, 0
	for _, r := range s {
		all++
		switch {
		case unicode.IsUpper(r):
			upper++
			fallthrough
		case unicode.IsLetter(r) || unicode.IsMark(r):
			letters++
		}
	}
	words := len(strings.Fields(s))
	if spaceless := len(s) > 2*all; spaceless { // three bytes a letter: Chinese, Japanese
		words, all, letters = all/2, all*2, letters*2
	}
	if words < 5 || all < 24 {
		return false
	}
	if letters*10 < all*6 || upper*2 > letters {
		return false
	}
	return endsSentence(s)
}
