package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"sigpost/app"
)

type explainBounce struct {
	Files []string `arg:"" name:"file" help:"Files with one mail each, as they came."`
}

// Run says what each mail reports: one line of JSON for each, or words. A file
// that cannot be read does not keep the others from being told.
func (c explainBounce) Run(s *session) error {
	s.finish()
	var errs []error
	lines := json.NewEncoder(s.stdout)
	lines.SetEscapeHTML(false)
	for _, file := range c.Files {
		e, err := app.ExplainBounce(file)
		if err != nil {
			errs = append(errs, err)
		}
		if s.JSON {
			if err := lines.Encode(e); err != nil {
				return err
			}
		} else if err == nil {
			tellBounce(s.stdout, e)
		}
	}
	return errors.Join(errs...)
}

func tellBounce(w io.Writer, e app.ExplainedBounce) {
	if len(e.Recipients) == 0 {
		fmt.Fprintf(w, "%s: no report\n", printable(e.File))
	}
	for _, r := range e.Recipients {
		codes := strings.TrimSpace(r.ReplyCode + " " + r.Status)
		if codes != "" {
			codes = " (" + codes + ")"
		}
		fmt.Fprintf(w, "%s: %s: %s, %s%s: %s\n", printable(e.File), printable(r.Address), r.Class, r.Reason, codes, printable(r.Evidence))
	}
}
