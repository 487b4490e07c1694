package main

import (
	"fmt"
	"io"
	"os"

	"sigpost/app"
)

type backupCommand struct {
	Verify bool   `help:"Write nothing, but read the backup to its end and see that every byte is what was written."`
	File   string `arg:"" help:"The backup; \"-\" for the standard output, with --verify the standard input."`
}

// Run makes a backup while everything runs, or looks at one.
func (c backupCommand) Run(s *session) error {
	if c.Verify {
		r, err := app.VerifyBackup(s.ctx, c.File, os.Stdin, s.progress)
		if err != nil {
			return err
		}
		if c.File == "-" {
			c.File = "the standard input"
		}
		return s.tell(r, func(w io.Writer) { fmt.Fprintf(w, "%s is whole: %s\n", c.File, backupWords(r)) })
	}
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	r, err := a.Backup(s.ctx, c.File, s.stdout)
	if err != nil || c.File == "-" {
		return err
	}
	return s.tell(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s\n%s of %s, in %s\n", c.File, backupWords(r), megabytes(r.Size), megabytes(r.Bytes), short(r.Took))
	})
}

// backupWords are what is in a backup.
func backupWords(r app.BackupReport) string {
	return fmt.Sprintf("the archive as of %s, generation %d, tables of version %d; %s, %s, %s, %s", moment(r.Made), r.Generation, r.Schema,
		plural(int(r.Counts["messages"]), "message"), plural(int(r.Counts["subscriptions"]), "subscription"),
		plural(int(r.Counts["issues"]), "issue"), plural(int(r.Counts["deliveries"]), "row")+" of the ledger")
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

type restoreCommand struct {
	Force bool   `help:"Where there is an archive already, put the backup in its place, and keep it beside."`
	File  string `arg:"" help:"The backup."`
}

// Run puts a backup in the archive's place.
func (c restoreCommand) Run(s *session) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	r, err := app.Restore(s.ctx, cfg, c.File, app.RestoreOptions{Force: c.Force, Now: s.now(), Progress: s.progress})
	if err != nil {
		return err
	}
	return s.tell(r, func(w io.Writer) { tellRestored(w, r) })
}

// tellRestored says what is back, what is lost, and what is to be done.
func tellRestored(w io.Writer, r app.RestoreReport) {
	fmt.Fprintf(w, "%s is %s\n", r.Database, backupWords(r.BackupReport))
	if r.Kept != "" {
		fmt.Fprintf(w, "What was there is kept as %s.\n", r.Kept)
	}
	fmt.Fprintf(w, "Lost is what happened after %s:\n", moment(r.Made))
	if l := r.Lost; l != nil {
		fmt.Fprintf(w, "  %s sent, %s stored; %d agreed, %d left, %d changed their wishes\n", plural(l.Letters, "letter"), plural(l.Messages, "message"), l.Joined, l.Left, l.Changed)
		fmt.Fprintf(w, "  taken over from what was there: %s that had ended, %s erased\n", plural(r.Taken.Left, "subscription"), people(r.Taken.Erased))
	} else {
		fmt.Fprintln(w, "  letters that were sent; readers who came, left or changed their wishes on the pages; what reviewers and editors did")
		if r.Unreadable != "" {
			fmt.Fprintf(w, "  what was there cannot be asked who left: %s\n", printable(r.Unreadable))
		}
		if r.Left != "" {
			fmt.Fprintf(w, "  whoever left on the pages since is noted in %s, and leaves again by \"sigpost digest send --i-have-restored\"\n", r.Left)
		} else if r.Unreadable == "" {
			fmt.Fprintln(w, "  whoever left on the pages since is a reader again: \"sigpost subscriber remove\" where you know of some")
		}
	}
	fmt.Fprintln(w, "Read again by the next run: mail of the lists, and reports, commands and unsubscribing by mail in service mailboxes, as far as servers still have it.")
	if r.Held > 0 {
		fmt.Fprintf(w, "%s to single people that the backup had in hand are not sent: whoever waits for one asks again.\n", plural(int(r.Held), "letter"))
	}
	fmt.Fprintln(w, "No issue is sent before \"sigpost digest send --i-have-restored\".")
}

type dumpCommand struct {
	File string `arg:"" help:"Where to write; with a name that ends in .zst, compressed; \"-\" for the standard output."`
}

// Run writes the archive as JSON lines.
func (c dumpCommand) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	r, err := a.Dump(s.ctx, c.File, s.stdout)
	if err != nil || c.File == "-" {
		return err
	}
	return s.tell(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s, %s, in %s\n", c.File, dumpWords(r), megabytes(r.Size), short(r.Took))
	})
}

func dumpWords(r app.DumpReport) string {
	rows := int64(0)
	for _, n := range r.Rows {
		rows += n
	}
	return fmt.Sprintf("%s, %s in all", plural(int(r.Rows["messages"]), "message"), plural(int(rows), "row"))
}

type loadCommand struct {
	File string `arg:"" help:"The dump, compressed or not; \"-\" for the standard input."`
}

// Run makes an archive of a dump.
func (c loadCommand) Run(s *session) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	r, err := app.Load(s.ctx, cfg, c.File, os.Stdin, s.now(), s.progress)
	if err != nil {
		return fmt.Errorf("nothing of the dump is in the database: %w", err)
	}
	return s.tell(r, func(w io.Writer) {
		fmt.Fprintf(w, "The archive is as of %s: %s, in %s\n", moment(r.Made), dumpWords(r), short(r.Took))
		if r.Older {
			fmt.Fprintln(w, "The dump is of an earlier version: \"sigpost reparse\" makes its mail found.")
		}
		fmt.Fprintln(w, "No issue is sent before \"sigpost digest send --i-have-restored\": see to it that no other archive sends what this one will.")
	})
}
