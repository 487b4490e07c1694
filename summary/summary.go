// Package summary chooses the sentences of a thread that tell what it is about,
// what people think of it, and what came of it. It invents nothing: each is
// word for word somebody's, with the message that it stands in and the reason
// why it was chosen.
//
// docs/summaries.md says how, and how good it is.
package summary

import (
	"sigpost"
)

// Options say how much of a thread is told. The zero value tells it in one to
// five sentences, more of larger threads, by the built-in weights.
type Options struct {
	// Words bounds the words of all sentences together, and then as many are
	// chosen as fit; 0 for a number of sentences by the size of the thread.
	Words int
	// Weights say what speaks for a sentence; nil for the built-in ones.
	Weights *Weights
}

// Sentence is one that was chosen.
type Sentence struct {
	// Text is as its author wrote it but for white space, on one line, without
	// invisible characters.
	Text string
	// Message is the number of its message among those given, Span where in
	// the Text of it the sentence stands.
	Message   int
	Span      sigpost.Span
	MessageID sigpost.MessageID
	Author    sigpost.Address
	// Reason says why it was chosen, in words for people.
	Reason string
	// Key says that it tells what the thread is about, or what came of it.
	Key bool
	// Score is how likely it is that people would pick it, between 0 and 1.
	Score float64
}

// Of gives the sentences that sum up a thread, in its order. The messages come
// oldest first; those of robots are left out. It is empty only where nobody
// wrote a sentence that says something, or none that fits.
func Of(messages []*sigpost.Message, o Options) []Sentence {
	w := o.Weights
	if w == nil {
		w = Builtin()
	}
	c := converse(messages)
	c.judge(w)
	chosen, outcome, about := []int(nil), -1, -1
	if o.Words > 0 {
		chosen = c.fitting(o.Words)
	} else {
		chosen, outcome = c.few(sentencesFor(said(messages)))
		about = c.about(chosen)
	}
	all := make([]Sentence, 0, len(chosen))
	for _, i := range chosen {
		s := &c.candidates[i]
		m := messages[s.message]
		all = append(all, Sentence{
			Text: s.text, Message: s.message, Span: s.span, MessageID: m.MessageID, Author: m.Author,
			Reason: c.reason(s, w, i == outcome), Score: s.score, Key: i == outcome || i == about,
		})
	}
	return all
}

// said counts the messages of persons that have a text: what is old news comes
// without.
func said(messages []*sigpost.Message) (n int) {
	for _, m := range messages {
		if !m.Robot && m.Text != "" {
			n++
		}
	}
	return n
}

// sentencesFor is how many sentences tell a thread of so many messages.
func sentencesFor(messages int) int {
	switch {
	case messages <= 1:
		return 1
	case messages <= 3:
		return 2
	case messages <= 7:
		return 3
	case messages <= 15:
		return 4
	}
	return maxSentences
}

// maxSentences is how many tell the largest thread.
const maxSentences = 5
