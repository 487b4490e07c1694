package classify

import (
	"strings"
	"unicode/utf8"

	"sigpost"
)

// How much of a thread is read for its nature. Of a message, the first and the
// last words say what it wants; what lies between would be read for nothing.
const (
	firstBytes  = 1500
	lastBytes   = 500
	maxReplies  = 200 // the first and the last ones
	maxSentence = 200 // bytes that an excerpt marks as a whole
	// fewWords is up to where a reply says too little to answer anything.
	fewWords = 3
)

// fieldThread is the Field of evidence that stands in no message.
const fieldThread = "thread"

// natureThread is what persons wrote in a thread, cut into words once.
type natureThread struct {
	docs   []Document
	opener *Document
	// lost says that the opener is itself a reply to what was not seen.
	lost    bool
	tags    []natureText // of the opener first
	subject natureText
	opening natureText
	// read says that there is what follows.
	read   bool
	all    []natureText
	others []natureText // those of all that are not the asker's
	asker  []natureText // those that are, behind one that is not
}

// natureText is a part of a message in words.
type natureText struct {
	doc   *Document
	field field
	words []proseWord
}

// newNatureThread reads the opener; readReplies reads the rest.
func newNatureThread(docs []Document) *natureThread {
	t := &natureThread{docs: docs}
	t.opener = &docs[openerOf(docs)]
	t.lost = answersByMark(t.opener)
	t.subject, t.tags = readSubject(t.opener)
	t.opening = readText(t.opener)
	return t
}

func (t *natureThread) readReplies() {
	if t.read {
		return
	}
	t.read = true
	// A lost opener is somebody's answer, and who asked is not known; unless it
	// asks itself.
	nobodyAsked := t.lost && t.opening.asks() < 0
	if nobodyAsked {
		t.all, t.others = append(t.all, t.opening), append(t.others, t.opening)
	}
	subject := stripReplies(t.opener.Subject)
	for i := range t.docs {
		d := &t.docs[i]
		if n := len(t.docs); d == t.opener || n > maxReplies && i > maxReplies/2 && i < n-maxReplies/2 {
			continue
		}
		if stripReplies(d.Subject) != subject {
			_, tags := readSubject(d)
			t.tags = append(t.tags, tags...)
		}
		text := readText(d)
		t.all = append(t.all, text)
		switch {
		case !strings.EqualFold(d.Author, t.opener.Author) || nobodyAsked:
			t.others = append(t.others, text)
		case len(t.others) > 0:
			t.asker = append(t.asker, text)
		}
	}
}

// openerOf is the message that opens a thread: the first, unless it answers by
// its subject's mark one that came in later.
func openerOf(docs []Document) int {
	if answersByMark(&docs[0]) {
		base := stripReplies(docs[0].Subject)
		for i := range docs {
			if !docs[i].Answering && docs[i].Subject == base {
				return i
			}
		}
	}
	return 0
}

func answersByMark(d *Document) bool {
	return d.Answering || stripReplies(d.Subject) != strings.TrimSpace(d.Subject)
}

// places are the texts in which a rule of the scope looks.
func (t *natureThread) places(s scope) []natureText {
	switch s {
	case inTag:
		n := 0
		for n < len(t.tags) && t.tags[n].doc == t.opener {
			n++
		}
		return t.tags[:n]
	case inAnyTag:
		return t.tags
	case inSubject:
		return []natureText{t.subject}
	case inOpening:
		return []natureText{t.opening}
	case byOther:
		return t.others
	case byAsker:
		return t.asker
	}
	return t.all
}

// readSubject gives a subject in words, without reply marks, brackets and what
// it "was"; and each of its brackets, and what stands before the first colon.
func readSubject(d *Document) (subject natureText, tags []natureText) {
	line := d.Subject[:min(len(d.Subject), maxLine)]
	for _, was := range [...]string{"(was", "(Was", "(WAS"} {
		if i := strings.Index(line, was); i > 0 {
			line = line[:i]
		}
	}
	from := len(line) - len(stripMarks(line))
	for at := 0; at < len(line); {
		open := strings.IndexByte(line[at:], '[')
		if open < 0 {
			break
		}
		end := strings.IndexByte(line[at+open:], ']')
		if end < 0 {
			break
		}
		tags = append(tags, natureText{d, fieldTag, readProse(line, sigpost.Span{Start: at + open + 1, End: at + open + end})})
		at += open + end
	}
	if colon := strings.IndexAny(line[from:], ":\"'"); colon > 0 && line[from+colon] == ':' {
		if words := readProse(line, sigpost.Span{Start: from, End: from + colon}); len(words) <= 2 {
			tags = append(tags, natureText{d, fieldTag, words})
		}
	}
	return natureText{d, fieldSubject, readProse(line, sigpost.Span{Start: from, End: len(line)})}, tags
}

// readText gives the first and the last words of what a message says, without
// what its author brought along word for word.
func readText(d *Document) natureText {
	var prose []sigpost.Span
	at, length := 0, 0
	add := func(end int) {
		if end = min(end, len(d.Text)); at < end {
			prose = append(prose, sigpost.Span{Start: at, End: end})
			length += end - at
		}
	}
	for _, v := range d.Verbatim {
		add(v.Start)
		at = max(at, v.End)
	}
	add(len(d.Text))
	if length > firstBytes+lastBytes {
		prose = leaveOut(prose, d.Text, firstBytes, length-lastBytes)
	}
	return natureText{d, fieldText, readProse(d.Text, prose...)}
}

// leaveOut takes the bytes [from, to) out of some parts of a text, counted in
// them alone.
func leaveOut(parts []sigpost.Span, text string, from, to int) []sigpost.Span {
	var kept []sigpost.Span
	for _, p := range parts {
		n := p.End - p.Start
		before, behind := p.Start+min(max(from, 0), n), p.Start+min(max(to, 0), n)
		for before > p.Start && before < p.End && !utf8.RuneStart(text[before]) {
			before--
		}
		for behind < p.End && !utf8.RuneStart(text[behind]) {
			behind++
		}
		kept = append(kept, sigpost.Span{Start: p.Start, End: before}, sigpost.Span{Start: behind, End: p.End})
		from, to = from-n, to-n
	}
	return kept
}

// evidence shows n words from i on, or all from there to the end of a question.
func (p *natureText) evidence(i, n int, question bool) sigpost.Evidence {
	text := p.doc.text(p.field)
	if p.field == fieldTag {
		text = p.doc.Subject
	}
	start, end := p.words[i].start, p.words[i+n-1].end
	if question {
		k := i + n - 1
		for !p.words[k].last {
			k++
		}
		if stop := p.words[k].end; stop-start <= maxSentence {
			end = stop
		}
	}
	from, to := cut(text, start, end)
	return sigpost.Evidence{
		Field: p.field.String(), MessageID: p.doc.MessageID, Excerpt: oneLine(text[from:to]),
		Spans: []sigpost.Span{{Start: start - from, End: end - from}},
	}
}

// replies adds what no cue tells of the answers to a question: that somebody
// else has said something, or that the asker has asked on since.
func (t *natureThread) replies(found natureSums) {
	for i := range t.others {
		if p := &t.others[i]; p.states() {
			e := p.evidence(0, 1, false)
			e.Rule, e.Weight = "somebody else has replied", statementWeight
			found.add(sigpost.NatureAnswered, e)
			break
		}
	}
	if n := len(t.all); n > 0 && len(t.asker) > 0 && t.asker[len(t.asker)-1].doc == t.all[n-1].doc {
		if p := &t.all[n-1]; p.asks() >= 0 {
			e := p.evidence(p.asks(), 1, true)
			e.Rule, e.Weight = "the asker has asked on", -openWeight
			found.add(sigpost.NatureAnswered, e)
		}
	}
}

// asks is where the first question in a text begins, or -1.
func (p *natureText) asks() int {
	for i := range p.words {
		if p.words[i].asks {
			return i
		}
	}
	return -1
}

// states says whether a text says more than a few words, and asks nothing.
func (p *natureText) states() bool { return len(p.words) > fewWords && p.asks() < 0 }
