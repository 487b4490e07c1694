package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"sigpost"
	"sigpost/app"
)

type explainTags struct {
	File    string `arg:"" optional:"" default:"-" help:"A text, or JSON lines of subject and body; - is the standard input."`
	Mail    bool   `help:"Take it for mail of a list, or a talk's title, whose readers know no more than it says: names are taken at their word."`
	Subject string `placeholder:"TEXT" help:"The subject of the text."`
}

// Run tells what a text is about, and why: with every tag that anything speaks
// for. JSON lines are answered with JSON lines.
func (c explainTags) Run(s *session) error {
	t, err := s.openTaxonomy("")
	if err != nil {
		return err
	}
	text, err := c.read()
	if err != nil {
		return err
	}
	tagger := t.TextTagger()
	tagger.Mail = c.Mail
	if c.Subject == "" && isLines(text) {
		return tagger.ExplainLines(bytes.NewReader(text), s.stdout)
	}
	tagged := tagger.Explain(c.Subject, strings.ToValidUTF8(string(text), "\uFFFD"))
	return s.tell(tagged, func(w io.Writer) { tellTags(w, tagged) })
}

func (c explainTags) read() ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(os.Stdin)
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return nil, sigpost.Usage(fmt.Errorf("the text cannot be read: %w", err))
	}
	return text, nil
}

// isLines says whether the first line is a JSON object with a subject or a
// body.
func isLines(text []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	var keys map[string]json.RawMessage
	if json.Unmarshal(line, &keys) != nil {
		return false
	}
	_, subject := keys["subject"]
	_, body := keys["body"]
	return subject || body
}

func tellTags(w io.Writer, text app.TaggedText) {
	if len(text.Tags) == 0 {
		fmt.Fprintln(w, "no tag: nothing of the taxonomy was found")
		return
	}
	for _, t := range text.Tags {
		fmt.Fprintf(w, "%-8s %.2f  %s:%s\n", t.State, t.Score, t.Kind, t.Name)
		for _, e := range t.Evidence {
			fmt.Fprintf(w, "    %+.2f  %-40s %-11s %s\n", e.Weight, printable(e.Rule), e.Field, printable(marked(e)))
		}
	}
}

// marked is an excerpt with what matched in brackets.
func marked(e sigpost.Evidence) string {
	var b strings.Builder
	at := 0
	for _, span := range e.Spans {
		b.WriteString(e.Excerpt[at:span.Start] + "[" + e.Excerpt[span.Start:span.End] + "]")
		at = span.End
	}
	return strings.TrimSpace(b.String() + e.Excerpt[at:])
}
