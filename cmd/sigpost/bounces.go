package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
)

type bouncesCommand struct {
	List bouncesList `cmd:"" default:"withargs" help:"Say who is suspended and why, and what came back, by domain and reason."`
	Show bouncesShow `cmd:"" help:"Show all that came back for one reader."`
}

type bouncesList struct {
	Days int `default:"30" placeholder:"N" help:"Count what came back in the last N days (default: 30)."`
}

// Run tells operators what comes back.
func (c bouncesList) Run(s *session) error {
	if c.Days < 1 || c.Days > 3650 {
		return sigpost.Usage(fmt.Errorf("--days: %d is no number of days from 1 to 3650", c.Days))
	}
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Bounces(s.ctx, c.Days)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellBounces(w, report) })
}

func tellBounces(w io.Writer, r app.BounceReport) {
	if len(r.Suspended) == 0 {
		fmt.Fprintln(w, "Nobody is suspended.")
	}
	for _, x := range r.Suspended {
		tried := ""
		if x.Tried > 0 {
			tried = ", tried again " + plural(x.Tried, "time")
		}
		fmt.Fprintf(w, "suspended %s from %s since %s (%s%s): %s\n", x.Address, x.Digest, x.Since.Format(time.DateOnly), x.Reason, tried, printable(x.Evidence))
	}
	if len(r.Counts) == 0 {
		fmt.Fprintf(w, "Nothing came back in the last %s.\n", plural(r.Days, "day"))
		return
	}
	fmt.Fprintf(w, "\nWhat came back in the last %s; what has a * counts against addresses:\n", plural(r.Days, "day"))
	for _, c := range r.Counts {
		mark := " "
		if c.Counts {
			mark = "*"
		}
		fmt.Fprintf(w, "%6d %s %-10s %-15s %s: %s\n", c.Count, mark, c.Class, c.Reason, c.Domain, printable(c.Latest))
	}
}

type bouncesShow struct {
	digestFlag
	Address string `arg:"" help:"The reader's address."`
}

// bounceLine is one thing that came back, as it is shown.
type bounceLine struct {
	At       time.Time            `json:"at"`
	Delivery int64                `json:"delivery"`
	Source   sigpost.BounceSource `json:"source"`
	Class    sigpost.BounceClass  `json:"class"`
	Reason   string               `json:"reason"`
	Status   string               `json:"status,omitempty"`
	Reply    string               `json:"reply_code,omitempty"`
	Counts   bool                 `json:"counts"`
	Evidence string               `json:"evidence"`
}

// Run shows what came back for one reader.
func (c bouncesShow) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := a.BouncesOf(s.ctx, d, c.Address)
	if err != nil {
		return err
	}
	lines := []bounceLine{}
	for _, b := range all {
		lines = append(lines, bounceLine{b.At, b.DeliveryID, b.Source, b.Class, b.Reason, b.Status, b.Reply, b.Counts, b.Evidence})
	}
	return s.tell(lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintf(w, "Nothing came back for %s.\n", printable(c.Address))
		}
		for _, b := range lines {
			codes := strings.TrimSpace(b.Reply + " " + b.Status)
			if codes != "" {
				codes = " (" + codes + ")"
			}
			fmt.Fprintf(w, "%s letter %d, by %s: %s, %s%s: %s\n", b.At.Format(time.DateTime), b.Delivery, b.Source, b.Class, b.Reason, codes, printable(b.Evidence))
		}
	})
}
