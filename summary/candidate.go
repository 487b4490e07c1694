package summary

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
	"sigpost/internal/prose"
)

// Bounds of what is looked at, so that no thread takes long: of very long ones
// the beginning and the end, and of each message what it begins with.
const (
	maxMessages   = 400
	maxCandidates = 2000 // about
	maxPerMessage = 60
)

// candidate is a sentence that may be chosen.
type candidate struct {
	message int // its number in the thread
	span    sigpost.Span
	text    string
	words   []int32   // numbers in the lexicon of the thread
	terms   []counted // of words
	length  int
	place   int // its number among the candidates of its message
	among   int // how many these are
	// below says that it is the first thing said under a quote.
	below bool
	shows marks
	quotation
	values []float64 // of features
	score  float64   // how likely it is that people would pick it
}

// conversation is a thread made ready.
type conversation struct {
	messages   []*sigpost.Message
	candidates []candidate
	// first is the number of the message that opens it: the first in which a
	// person says something; openersLast that of the same author's last.
	first, openersLast int
	// parent is which message each message answers, or -1; answers is by how
	// many it is answered.
	parent, answers []int
	lexicon         lexicon
	idf             []float64      // of each term, how rare it is
	vectors         [][]weighted   // of each candidate
	subject         map[int32]bool // terms of it, and
	subjectTerms    int            // how many it has, with those that nobody uses
	mean            []float64      // of each feature
}

// converse finds the candidates of a thread, who answers what, and what is to
// be known of each candidate.
func converse(messages []*sigpost.Message) *conversation {
	c := &conversation{messages: messages, first: -1, openersLast: -1, lexicon: newLexicon(messages), subject: map[int32]bool{}}
	perMessage := min(maxPerMessage, maxCandidates/max(1, min(len(messages), maxMessages)))
	for i, m := range messages {
		if m.Robot || i >= maxMessages/2 && i < len(messages)-maxMessages/2 {
			continue
		}
		found := candidates(m, perMessage)
		for place := range found {
			s := &found[place]
			s.message, s.place, s.among, s.words = i, place, len(found), c.lexicon.add(s.text)
		}
		c.candidates = append(c.candidates, found...)
	}
	c.lexicon.sort()
	for i := range c.candidates {
		c.candidates[i].terms = c.lexicon.count(c.candidates[i].words)
	}
	c.candidates = withoutEchoes(c.candidates)
	for i := range c.candidates {
		c.candidates[i].shows = marksOf(c.candidates[i].text)
	}
	c.open()
	c.weigh()
	c.quote()
	c.measure()
	return c
}

// open notes which message opens the thread, and what its subject speaks of.
func (c *conversation) open() {
	if len(c.candidates) == 0 {
		return
	}
	c.first = c.candidates[0].message
	opener := c.messages[c.first]
	for i := c.first; i < len(c.messages); i++ {
		if c.messages[i].Author.Addr == opener.Author.Addr {
			c.openersLast = i
		}
	}
	c.subjectOf(cmp.Or(opener.BaseSubject, opener.Subject))
}

// subjectOf notes the terms of the subject, each by its number where a sentence
// has it too.
func (c *conversation) subjectOf(subject string) {
	all := map[string]bool{}
	for w := range eachWord(subject) {
		if !stop[w] {
			all[stem(w)] = true
		}
	}
	c.subjectTerms = len(all)
	for t := range all {
		if n, ok := c.lexicon.terms[t]; ok {
			c.subject[n] = true
		}
	}
}

// candidates are the first sentences of a message that say something, without what
// stands below the author's name at its end.
func candidates(m *sigpost.Message, most int) []candidate {
	var all []candidate
	name := set(strings.Join(words(m.Author.Name+" "+m.Author.Addr), " "))
	var signed []int // how many sentences stood before each line with the name
	for _, passage := range prose.Passages(m) {
		for _, p := range signedParts(m.Text, passage, name) {
			if p.name {
				signed = append(signed, len(all))
				continue
			}
			all = appendSentences(all, most, m, p.Span)
		}
	}
	for _, n := range signed {
		if n > 0 && len(all)-n <= maxBelowName && !slices.ContainsFunc(all[n:], func(c candidate) bool { return c.below }) {
			return all[:n]
		}
	}
	return all
}

// maxBelowName is how many sentences may stand below a name and still be part
// of what people put below each mail.
const maxBelowName = 8

// appendSentences appends the sentences of a passage that say something until
// there are enough.
func appendSentences(all []candidate, most int, m *sigpost.Message, passage sigpost.Span) []candidate {
	if len(all) == most {
		return all
	}
	start := passage.Start + prose.Salutation(m.Text[passage.Start:passage.End])
	for _, s := range prose.Sentences(m.Text[start:passage.End]) {
		if len(all) == most {
			break
		}
		span := sigpost.Span{Start: start + s.Start, End: start + s.End}
		text := prose.Clean(m.Text[span.Start:span.End])
		if saysSomething(text) {
			all = append(all, candidate{span: span, text: text, length: length(text), below: belowQuote(m, span.Start)})
		}
	}
	return all
}

// part is a part of a passage: lines, or one line with the author's name.
type part struct {
	sigpost.Span
	name bool
}

// signedParts cuts a passage at lines that are its author's name.
func signedParts(text string, passage sigpost.Span, name map[string]bool) []part {
	var all []part
	at := passage.Start
	for line := range strings.Lines(text[passage.Start:passage.End]) {
		p := part{sigpost.Span{Start: at, End: at + len(line)}, isName(line, name)}
		at = p.End
		if last := len(all) - 1; last >= 0 && !p.name && !all[last].name {
			all[last].End = p.End
		} else {
			all = append(all, p)
		}
	}
	return all
}

// isName says whether a line is the author's name, such as "Ana", "- Ana M.",
// or an address.
func isName(line string, name map[string]bool) bool {
	line = strings.TrimSpace(line)
	if prose.HasAddress(line) && strings.TrimSpace(prose.CutAddresses(line)) == "" {
		return true
	}
	if line == "" || strings.IndexByte(",?!:", line[len(line)-1]) >= 0 {
		return false
	}
	var most [5]string
	all := most[:0]
	for w := range eachWord(line) {
		if len(all) == len(most) {
			return false
		}
		all = append(all, w)
	}
	if !slices.ContainsFunc(all, func(w string) bool { return name[w] }) {
		return false
	}
	if !slices.ContainsFunc(all, func(w string) bool { return !name[w] }) {
		return true
	}
	return len(all) <= 3 && name[all[0]] && !slices.ContainsFunc(strings.Fields(line), beginsSmall)
}

func beginsSmall(w string) bool {
	r, _ := utf8.DecodeRuneInString(w)
	return unicode.IsLower(r)
}

// saysSomething says whether a sentence may be chosen at all: words and not
// code, and more than a greeting.
func saysSomething(text string) bool {
	letters, all := 0, 0
	for _, r := range text {
		if r == ' ' {
			continue
		}
		all++
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			letters++
		}
	}
	n := length(text)
	switch {
	case letters*2 < all || strings.ContainsAny(text, "{}`|"):
		return false
	case n < 2 || n < 4 && !prose.EndsSentence(text) && !hasLink(lowerASCII(text)):
		return false
	case strings.HasSuffix(text, ",") && n <= 6: // "Hello Ana and Jin,"
		return false
	case n <= 6 && prose.IsCourtesy(text):
		return false
	}
	return utf8.RuneCountInString(text) <= maxLength
}

// maxLength is how many characters a sentence may have: what is longer is a
// list that nobody has punctuated.
const maxLength = 700

// belowQuote says whether a quote, and nothing else, stands right before a
// place in a message's text.
func belowQuote(m *sigpost.Message, at int) bool {
	for i, r := range m.Ranges {
		if r.Start <= at && at < r.End {
			return i > 0 && m.Ranges[i-1].Kind == sigpost.RangeQuoted && strings.TrimSpace(m.Text[r.Start:at]) == ""
		}
	}
	return false
}
