package main

import (
	"errors"
	"fmt"
	"io"

	"sigpost"
	"sigpost/app"
)

type checkCommand struct {
	Mail bool `help:"Look at the digests as large mailbox providers do: SPF, DKIM, DMARC, reverse DNS, the mail servers, the one-click door. Asks the DNS; sends nothing."`
}

// Run tries everything, and fails when anything does.
func (c checkCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	if c.Mail {
		return checkMail(s, a)
	}
	findings := a.Check(s.ctx)
	failed := 0
	for _, f := range findings {
		if !f.OK {
			failed++
		}
	}
	err = s.tell(struct {
		Config   string        `json:"config"`
		Findings []app.Finding `json:"findings"`
	}{s.Config, findings}, func(w io.Writer) {
		fmt.Fprintf(w, "ok      config: %s is well-formed\n", s.Config)
		for _, f := range findings {
			mark := "ok    "
			if !f.OK {
				mark = "FAILED"
			}
			fmt.Fprintf(w, "%s  %s: %s\n", mark, f.What, f.Says)
		}
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d checks failed", failed, len(findings)+1)
	}
	return err
}

// checkMail reports what receivers will make of letters, and fails where that is
// severe.
func checkMail(s *session, a *app.App) error {
	reports, err := a.CheckMail(s.ctx)
	if err == nil && len(reports) == 0 {
		err = sigpost.Usage(errors.New("the configuration has no [[digest]], so no letters are sent"))
	}
	if err != nil {
		return err
	}
	severe := 0
	for _, r := range reports {
		severe += r.Severe()
	}
	err = s.tell(reports, func(w io.Writer) {
		for _, r := range reports {
			fmt.Fprintf(w, "%s, from %s\n", r.Digest, r.From)
			for _, f := range r.Findings {
				fmt.Fprintf(w, "  %-8s %s: %s\n", f.Severity, f.Check, printable(f.What))
				if f.Do != "" {
					fmt.Fprintf(w, "           to do: %s\n", printable(f.Do))
				}
			}
		}
	})
	if err == nil && severe > 0 {
		err = fmt.Errorf("%d things make large providers refuse letters or put them aside: docs/deliverability.md says more", severe)
	}
	return err
}
