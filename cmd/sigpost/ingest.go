package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"sigpost"
	"sigpost/app"
)

type ingestCommand struct {
	Status bool `help:"Read nothing, but say of each mailbox how far it has been read, what is behind, and what failed."`
}

// Run reads every mailbox to its end.
func (c ingestCommand) Run(s *session) error {
	if c.Status {
		return tellStatus(s)
	}
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Ingest(s.ctx)
	if errors.Is(err, sigpost.ErrLocked) {
		return err
	}
	return errors.Join(s.tell(report, func(w io.Writer) { tellIngest(w, report) }), err)
}

type importCommand struct {
	List  string   `placeholder:"NAME" help:"The list whose mail it is, where the configuration has several."`
	Files []string `arg:"" name:"file" type:"path" help:"Files of mail."`
}

// Run imports file by file.
func (c importCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	var whole app.IngestReport
	for _, file := range c.Files {
		report, err := a.Import(s.ctx, file, c.List)
		whole.Mailboxes = append(whole.Mailboxes, report.Mailboxes...)
		whole.AddCounts.Add(report.AddCounts)
		whole.Took += report.Took
		if err != nil {
			if len(whole.Mailboxes) > 0 {
				err = errors.Join(s.tell(whole, func(w io.Writer) { tellIngest(w, whole) }), err)
			}
			return err
		}
	}
	return s.tell(whole, func(w io.Writer) { tellIngest(w, whole) })
}

func tellIngest(w io.Writer, r app.IngestReport) {
	for _, m := range r.Mailboxes {
		note := ""
		if slices.Contains(r.Failed, m.Mailbox) {
			note = "NOT read to its end: "
		}
		fmt.Fprintf(w, "ingest    %s: %s%s\n", m.Mailbox, note, counts(m.AddCounts))
	}
	n := r.Stored + r.Duplicates + r.Quarantined
	fmt.Fprintf(w, "ingest    %s in %s%s\n", plural(n, "message"), short(r.Took), rate(n, r.Took))
}

func counts(c sigpost.AddCounts) string {
	text := fmt.Sprintf("%d new", c.Stored)
	if c.Duplicates > 0 {
		text += fmt.Sprintf(", %d known already", c.Duplicates)
	}
	if c.Quarantined > 0 {
		text += fmt.Sprintf(", %d in quarantine", c.Quarantined)
	}
	return text
}

func rate(n int, took time.Duration) string {
	if n < 100 || took <= 0 {
		return ""
	}
	return fmt.Sprintf(" (%.0f a second)", float64(n)/took.Seconds())
}

// short is a duration as people say it.
func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
