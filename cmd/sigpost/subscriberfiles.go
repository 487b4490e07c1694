package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
)

type subscriberPause struct {
	digestFlag
	Address string `arg:"" help:"The reader's address."`
	Until   string `required:"" placeholder:"DAY" help:"The day before which nothing is sent, such as 2016-05-31, in the digest's time zone."`
}

// Run pauses one subscription.
func (c subscriberPause) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	until, err := time.ParseInLocation(time.DateOnly, c.Until, d.Location())
	if err != nil {
		return sigpost.Usage(fmt.Errorf("%q is no day: write it as 2016-05-31", c.Until))
	}
	sub, err := a.Pause(s.ctx, d, c.Address, until)
	if err != nil {
		return err
	}
	return s.tell(lineOf(sub), func(w io.Writer) {
		fmt.Fprintf(w, "%s gets nothing of %s before %s.\n", sub.Subscriber.Addr, d.Title, until.Format("2 January 2006"))
	})
}

type subscriberResume struct {
	digestFlag
	Address string `arg:"" help:"The reader's address."`
}

// Run ends the pause of one subscription.
func (c subscriberResume) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	sub, err := a.Pause(s.ctx, d, c.Address, time.Time{})
	if err != nil {
		return err
	}
	return s.tell(lineOf(sub), func(w io.Writer) {
		fmt.Fprintf(w, "%s gets %s again.\n", sub.Subscriber.Addr, d.Title)
	})
}

type subscriberErase struct {
	Address string `arg:"" help:"The person's address."`
	Reason  string `default:"erased" placeholder:"TEXT" help:"Why, for the suppression list; it should name nobody."`
}

// Run forgets one person.
func (c subscriberErase) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	found, err := a.Erase(s.ctx, c.Address, c.Reason)
	if err != nil {
		return err
	}
	return s.tell(struct {
		Found bool `json:"found"`
	}{found}, func(w io.Writer) {
		if !found {
			fmt.Fprintln(w, "Nothing was stored about this address.")
		} else {
			fmt.Fprintln(w, "What was stored about this address is gone.")
		}
		fmt.Fprintln(w, "No import brings it back. Mail that the person wrote to the lists stays in the archive.")
	})
}

type subscriberExport struct {
	digestFlag
	Address string `arg:"" optional:"" help:"A person, of whom all that is stored is written, as JSON; without it, all readers of the digest."`
	Format  string `enum:"csv,json" default:"csv" help:"csv (the default), or json: an object a line."`
	Out     string `short:"o" placeholder:"FILE" help:"Write into this file, which others cannot read."`
}

// Run writes what is stored.
func (c subscriberExport) Run(s *session) (err error) {
	out := s.stdout
	if c.Out != "" {
		if out, err = os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return sigpost.Usage(fmt.Errorf("the file is not written: %w", err))
		}
		defer out.Close()
	}
	if c.Address != "" {
		return c.person(s, out)
	}
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	return a.ExportReaders(s.ctx, d, out, c.Format)
}

func (c subscriberExport) person(s *session, out io.Writer) error {
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	stored, err := a.StoredAbout(s.ctx, c.Address)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(stored)
}

type subscriberImport struct {
	digestFlag
	File   string `arg:"" help:"A CSV file with names of columns in its first line, or JSON objects (.json, .jsonl)."`
	Format string `enum:"auto,csv,json" default:"auto" help:"auto (the default, by the name of the file), csv or json."`
	Source string `name:"consent-source" placeholder:"TEXT" help:"How those agreed who have no consent_source of their own in the file."`
	Date   string `name:"consent-date" placeholder:"DAY" help:"When they did, such as 2016-04-25."`
	Ask    bool   `help:"Mail those of whom it is not said how and when they agreed, and ask them to confirm."`
	DryRun bool   `help:"Say what would happen, and do nothing."`
}

// Run imports a file.
func (c subscriberImport) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	in, err := os.Open(c.File)
	if err != nil {
		return sigpost.Usage(fmt.Errorf("the file of readers cannot be read: %w; check its name", err))
	}
	defer in.Close()
	form := c.Format
	if form == "auto" {
		form = "csv"
		if ending := strings.ToLower(filepath.Ext(c.File)); ending == ".json" || ending == ".jsonl" {
			form = "json"
		}
	}
	r, err := a.ImportReaders(s.ctx, d, in, form, app.ImportOptions{ConsentSource: c.Source, ConsentDate: c.Date, Ask: c.Ask, DryRun: c.DryRun})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return s.tell(r, func(w io.Writer) { tellImported(w, r, c) })
}

func tellImported(w io.Writer, r app.ReadersReport, c subscriberImport) {
	if r.DryRun {
		fmt.Fprintln(w, "dry run: this is what would happen; nothing is changed, nothing is mailed")
	}
	fmt.Fprintf(w, "%s in the file\n", plural(r.Rows, "reader"))
	for _, line := range []struct {
		n    int
		says string
	}{
		{r.Subscribed, "subscribed"},
		{r.Already, "are subscribed already, and are left as they are"},
		{r.Ended, "have ended where the file comes from"},
		{r.Left, "left here after they had agreed, and are not brought back"},
		{r.Suppressed, "are on the suppression list, and are not brought back"},
		{r.Asked, "are asked by mail to confirm; \"sigpost run\" or \"serve\" sends it"},
		{r.Requests - r.Asked, "have not agreed, and are not asked: --ask does that, or --consent-source and --consent-date say how and when they agreed"},
	} {
		if line.n > 0 {
			fmt.Fprintf(w, "%7d %s\n", line.n, line.says)
		}
	}
	if r.Doubtful > 0 {
		fmt.Fprintf(w, "look at %s once more:\n", plural(r.Doubtful, "reader"))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintln(w, "  "+printable(warning))
	}
	if more := r.Doubtful - len(r.Warnings); more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}
