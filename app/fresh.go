package app

import (
	"sync"

	"sigpost"
)

// threadText is what the classifier reads of a message; verbatim are the bytes
// of own that are no prose.
type threadText struct {
	own, quoted string
	verbatim    []sigpost.Span
}

func textOf(m *sigpost.Message) threadText {
	return threadText{own: head(m.NewText(), maxNewText), quoted: head(m.QuotedText(), maxQuotedText), verbatim: m.Verbatim()}
}

// size is about how many bytes the text of a message holds on to.
func (t *threadText) size(id sigpost.MessageID) int {
	return len(t.own) + len(t.quoted) + len(id) + 16*len(t.verbatim)
}

// maxFresh is how many bytes of text are kept between reading and tagging,
// where nothing else is said.
const maxFresh = 24 << 20

// freshTexts are the texts of messages that were stored a moment ago, for
// tagging them without unpacking and reading them again. They are given out
// once. Until begin is called, nothing is kept.
type freshTexts struct {
	mu    sync.Mutex
	on    bool
	texts map[sigpost.MessageID]threadText
	bytes int
	limit int // of bytes
}

func newFreshTexts() *freshTexts {
	return &freshTexts{texts: map[sigpost.MessageID]threadText{}, limit: maxFresh}
}

// begin has texts kept from now on, and end lets go of them all.
func (f *freshTexts) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = true
}

func (f *freshTexts) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on, f.bytes = false, 0
	clear(f.texts)
}

// keep takes in messages that were stored, as far as there is room. What is
// never tagged, such as another copy of a message, would stay and use it up.
func (f *freshTexts) keep(stored []*sigpost.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.on {
		return
	}
	for _, m := range stored {
		if m.Own || f.bytes > f.limit {
			continue
		}
		t := textOf(m)
		if !m.Shown() {
			t = threadText{}
		}
		f.texts[m.MessageID] = t
		f.bytes += t.size(m.MessageID)
	}
}

func (f *freshTexts) take(id sigpost.MessageID) (t threadText, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t, ok = f.texts[id]; ok {
		f.bytes -= t.size(id)
		delete(f.texts, id)
	}
	return t, ok
}

// full says that it is time to tag what there is.
func (f *freshTexts) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bytes > f.limit/2
}
