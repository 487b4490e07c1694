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

// Run imports file by file; one that cannot be read does not keep the others
// from being read.
func (c importCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	whole, err := a.Import(s.ctx, c.Files, c.List)
	if err != nil && len(whole.Mailboxes) == 0 {
		return err
	}
	return errors.Join(s.tell(whole, func(w io.Writer) { tellIngest(w, whole) }), err)
}

func tellIngest(w io.Writer, r app.IngestReport) {
	for _, m := range r.Mailboxes {
		note := ""
		if slices.Contains(r.Failed, m.Mailbox) {
			note = "NOT read to its end: "
		}
		fmt.Fprintf(w, "ingest    %s%s: %s%s\n", printable(m.Mailbox), format(m), note, counts(m.AddCounts))
		tellDetails(w, m)
	}
	tellService(w, r.Service)
	n := r.Stored + r.Duplicates + r.Quarantined
	fmt.Fprintf(w, "ingest    %s in %s%s\n", plural(n, "message"), short(r.Took), rate(n, r.Took))
}

// tellService says what was done with mail that is not archived.
func tellService(w io.Writer, r app.ServiceReport) {
	if r == (app.ServiceReport{}) {
		return
	}
	fmt.Fprintf(w, "service   %s (%d of no letter of ours), %s, %s, %s, %d seen before\n", plural(r.Reports+r.Unmatched, "report"), r.Unmatched,
		plural(r.Complaints, "complaint"), plural(r.AutoReplies, "automatic answer"), plural(r.Letters, "letter"), r.Again)
	if r.Suspended+r.Ended > 0 {
		fmt.Fprintf(w, "          %s suspended, %d ended: \"sigpost bounces\" says why\n", plural(r.Suspended, "subscription"), r.Ended)
	}
}

// format is what a file turned out to be.
func format(m app.SourceReport) string {
	if m.Format == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", m.Format)
}

// counts say what became of mail; the kinds of duplicates only where they are
// not all the same, byte for byte.
func counts(c sigpost.AddCounts) string {
	text := fmt.Sprintf("%d new", c.Stored)
	for _, more := range []struct {
		n    int
		what string
	}{
		{c.Different, "of them under a Message-ID that another message has"}, {c.Duplicates, "known already"},
		{c.Redelivered, "of them delivered another way"}, {c.Modified, "of them modified by a list"}, {c.Quarantined, "in quarantine"},
	} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	return text
}

// tellDetails says of a source what is out of the ordinary.
func tellDetails(w io.Writer, m app.SourceReport) {
	if m.Resynced {
		fmt.Fprintln(w, "          it was read from its beginning, since it is not what was read before")
	}
	if m.Expunged > 0 {
		fmt.Fprintf(w, "          %s vanished before they could be read\n", plural(m.Expunged, "message"))
	}
	for _, p := range m.Parts {
		fmt.Fprintf(w, "          %s%s: %s\n", printable(p.Mailbox), format(p), counts(p.AddCounts))
	}
	for _, name := range m.Skipped.Files {
		fmt.Fprintf(w, "          skipped: %s\n", printable(name))
	}
	if more := m.Skipped.Count - len(m.Skipped.Files); more > 0 {
		fmt.Fprintf(w, "          skipped: %d more\n", more)
	}
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
