package classify

import (
	"strings"

	"sigpost"
)

// How much of a message's prose is read for its nature, in bytes, and how many
// replies: the first and the last ones.
const (
	maxOpening = 16 << 10
	maxReply   = 4 << 10
	maxReplies = 200
	// Of an opener, the first and the last words say what it wants.
	firstWords  = 200
	lastWords   = 80
	maxSentence = 200 // that an excerpt marks as a whole
	// fewWords is up to where a reply says too little to answer anything.
	fewWords = 3
)

// fieldThread is the Field of evidence that stands in no message.
const fieldThread = "thread"

// natureThread is what persons wrote in a thread, cut into words once.
type natureThread struct {
	opener Document
	// lost says that the opener is itself a reply to what was not seen.
	lost    bool
	tags    []natureText // of the opener first
	subject natureText
	opening natureText
	all     []natureText // replies
	others  []natureText // those of all that are not the asker's
	asker   []natureText // those that are, behind one that is not
}

// natureText is a part of a message in words.
type natureText struct {
	doc   *Document
	field field
	words []proseWord
}

func newNatureThread(docs []Document) *natureThread {
	t := &natureThread{}
	first := openerOf(docs)
	t.opener = docs[first]
	t.lost = answersByMark(t.opener.Subject)
	t.subject, t.tags = readSubject(&docs[first])
	t.opening = readText(&docs[first], maxOpening).ends()
	if t.lost { // it is somebody's answer, and who asked is not known
		t.all, t.others = append(t.all, t.opening), append(t.others, t.opening)
	}
	for i := range docs {
		d := &docs[i]
		if i == first || len(docs) > maxReplies && i > maxReplies/2 && i < len(docs)-maxReplies/2 {
			continue
		}
		if d.Subject != t.opener.Subject {
			_, tags := readSubject(d)
			t.tags = append(t.tags, tags...)
		}
		text := readText(d, maxReply)
		t.all = append(t.all, text)
		switch {
		case t.lost || !strings.EqualFold(d.Author, t.opener.Author):
			t.others = append(t.others, text)
		case len(t.others) > 0:
			t.asker = append(t.asker, text)
		}
	}
	return t
}

// openerOf is the message that opens a thread: the first, unless it answers by
// its subject's mark one that came in later.
func openerOf(docs []Document) int {
	subject := docs[0].Subject
	if answersByMark(subject) {
		base := stripReplies(subject)
		for i := range docs {
			if docs[i].Subject == base {
				return i
			}
		}
	}
	return 0
}

func answersByMark(subject string) bool {
	return stripReplies(subject) != strings.TrimSpace(subject)
}

// places are the texts in which a rule of the scope looks.
func (t *natureThread) places(s scope) []natureText {
	switch s {
	case inTag:
		n := 0
		for n < len(t.tags) && t.tags[n].doc.MessageID == t.opener.MessageID && t.tags[n].doc.Subject == t.opener.Subject {
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
	if i := strings.Index(strings.ToLower(line), "(was"); i > 0 && i < len(line) {
		line = line[:i]
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
		tags = append(tags, natureText{d, fieldTag, readProse(nil, line, at+open+1, at+open+end, nil)})
		at += open + end
	}
	if colon := strings.Index(line[from:], ":"); colon > 0 {
		if words := readProse(nil, line, from, from+colon, nil); len(words) <= 2 {
			tags = append(tags, natureText{d, fieldTag, words})
		}
	}
	return natureText{d, fieldSubject, readProse(nil, line, from, len(line), nil)}, tags
}

// readText gives the first words of what a message says, without what its
// author brought along word for word.
func readText(d *Document, limit int) natureText {
	end := min(len(d.Text), limit)
	return natureText{d, fieldText, readProse(nil, d.Text, 0, end, d.Verbatim)}
}

// ends leaves out the middle of a long text.
func (p natureText) ends() natureText {
	if n := len(p.words); n > firstWords+lastWords {
		p.words[firstWords-1].last, p.words[n-lastWords].first = true, true
		p.words = append(p.words[:firstWords:firstWords], p.words[n-lastWords:]...)
	}
	return p
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
func (t *natureThread) replies(ended map[sigpost.Nature]*natureSum) {
	sum := ended[sigpost.NatureAnswered]
	if sum == nil {
		sum = &natureSum{}
		ended[sigpost.NatureAnswered] = sum
	}
	for i := range t.others {
		if p := &t.others[i]; p.states() {
			e := p.evidence(0, 1, false)
			e.Rule, e.Weight = "somebody else has replied", statementWeight
			sum.add(e)
			break
		}
	}
	if n := len(t.all); n > 0 && len(t.asker) > 0 && t.asker[len(t.asker)-1].doc == t.all[n-1].doc {
		if p := &t.all[n-1]; p.asks() >= 0 {
			e := p.evidence(p.asks(), 1, true)
			e.Rule, e.Weight = "the asker has asked on", -openWeight
			sum.add(e)
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
