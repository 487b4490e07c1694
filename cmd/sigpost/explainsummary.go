package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type explainSummary struct {
	File  string `arg:"" type:"path" help:"A file or folder with the mail of one thread, such as an mbox."`
	Words int    `placeholder:"N" help:"As many sentences as fit into N words (default: one to five sentences, by the size of the thread)."`
}

// Run sums up the thread in a file.
func (c explainSummary) Run(s *session) error {
	summary, unreadable, err := app.ExplainSummary(s.ctx, c.File, c.Words)
	if unreadable > 0 {
		fmt.Fprintf(s.stderr, "sigpost: %s could not be understood, and is not in it\n", plural(unreadable, "mail"))
	}
	if err != nil {
		return err
	}
	return s.tell(summary, func(w io.Writer) { tellSummary(w, summary) })
}

func tellSummary(w io.Writer, summary app.Summary) {
	if len(summary.Sentences) == 0 {
		fmt.Fprintln(w, "no sentence: nobody wrote one that says something, or none is short enough")
		return
	}
	for _, c := range summary.Sentences {
		fmt.Fprintf(w, "%s: %s\n    %s  %s\n", printable(c.Author), printable(c.Text), printable(c.MessageID.String()), printable(c.Reason))
	}
}
