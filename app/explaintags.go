package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"sigpost"
	"sigpost/classify"
)

// TaggedText is a text with all its tags.
type TaggedText struct {
	Tags []ExplainedTag `json:"tags"`
}

// ExplainedTag is a tag of a text, and why.
type ExplainedTag struct {
	Kind     string               `json:"kind"`
	Name     string               `json:"name"`
	Title    string               `json:"title"`
	Score    float64              `json:"score"`
	State    sigpost.TaggingState `json:"state"`
	Evidence []sigpost.Evidence   `json:"evidence"`
}

// TextTagger says what texts of any kind are about: mail, a session of a
// summit, a note.
type TextTagger struct {
	classifier *classify.Classifier
	// Mail takes texts for mail of a list: a name is taken at its word.
	Mail bool
}

// TextTagger makes one of the taxonomy.
func (t *Taxonomy) TextTagger() *TextTagger { return &TextTagger{classifier: t.Classifier()} }

// Explain gives every tag for which the text speaks, the best first.
func (t *TextTagger) Explain(subject, body string) TaggedText {
	found := t.classifier.Explain([]classify.Document{{Subject: subject, Text: body, Opener: true, StandsAlone: t.Mail}})
	text := TaggedText{Tags: make([]ExplainedTag, len(found))}
	for i, g := range found {
		text.Tags[i] = ExplainedTag{string(g.Tag.Kind), g.Tag.Name, g.Title, g.Score, g.State, g.Evidence}
	}
	return text
}

// maxTextLine bounds a line of texts, in bytes.
const maxTextLine = 16 << 20

// ExplainLines reads texts as JSON lines, {"subject": ..., "body": ...}, and
// writes their tags as JSON lines in the same order.
func (t *TextTagger) ExplainLines(r io.Reader, w io.Writer) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxTextLine)
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	for n := 1; lines.Scan(); n++ {
		var text struct{ Subject, Body string }
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			out.Flush()
			return sigpost.Usage(fmt.Errorf(`line %d is no text: write a JSON object with "subject" and "body" on each line: %w`, n, err))
		}
		if err := encoder.Encode(t.Explain(text.Subject, text.Body)); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading texts: %w", err)
	}
	return out.Flush()
}
