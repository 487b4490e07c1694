package main

import (
	"fmt"
	"io"
)

type reparseCommand struct {
	All bool `help:"Read all mail, also what the parser of today has read already."`
}

// Run reads the archive anew.
func (c reparseCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Reparse(s.ctx, c.All)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) {
		fmt.Fprintf(w, "reparse   %s read anew, %d understood in another way, in %s%s\n",
			plural(report.Messages, "message"), report.Changed, short(report.Took), rate(report.Messages, report.Took))
		if report.Unreadable > 0 {
			fmt.Fprintf(w, "reparse   %s cannot be read any more and stay as they were; the log names them\n", plural(report.Unreadable, "message"))
		}
		if report.Changed > 0 {
			fmt.Fprintln(w, "reparse   \"sigpost classify\" tags their threads anew")
		}
	})
}
