package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sigpost/app"
	"sigpost/config"
)

type checkCommand struct{}

// Run reads the configuration and what it names, and fails where anything is wrong.
func (checkCommand) Run(s *session) error {
	found, err := app.CheckConfig(s.ctx, s.Config)
	if err != nil {
		return err
	}
	return tellFindings(s, app.DoctorReport{Config: s.Config, Findings: found}.Counted())
}

type doctorCommand struct {
	Only    []string        `placeholder:"GROUP" sep:"," help:"Look at these groups alone, with commas between them: ${groups}."`
	Offline bool            `help:"Ask no server but that of the archive's database."`
	Timeout config.Duration `default:"30s" placeholder:"DURATION" help:"How long each group may take, 30s unless said otherwise; reading the whole archive may take ten times as long."`
}

// Run looks at everything, and fails where anything is an error.
func (c doctorCommand) Run(s *session) error {
	d := app.Doctor{
		ConfigFile: s.Config, Program: versionLines(theVersion()), Only: c.Only, Offline: c.Offline, Timeout: time.Duration(c.Timeout),
		Now: s.now, Log: s.log, Progress: s.progress,
	}
	report, err := d.Examine(s.ctx)
	if err != nil {
		return err
	}
	return tellFindings(s, report)
}

// tellFindings tells what was found; with --quiet only what is wrong.
func tellFindings(s *session, r app.DoctorReport) error {
	if s.Quiet && !s.JSON {
		s.finish()
		writeFindings(s.stdout, app.DoctorReport{Findings: r.Wrong()})
	} else if err := s.tell(r, func(w io.Writer) { writeFindings(w, r) }); err != nil {
		return err
	}
	if r.Errors == 0 {
		return nil
	}
	also := ""
	if r.Warnings > 0 {
		also = " and " + plural(r.Warnings, "warning")
	}
	return errors.New(plural(r.Errors, "error") + also + ": \"to do\" says what to do about each")
}

// writeFindings writes a line for each finding, and one for what to do about it.
func writeFindings(w io.Writer, r app.DoctorReport) {
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%-8s %s: %s: %s\n", f.Level, f.Group, printable(f.Item), printable(f.What))
		if f.Do != "" {
			fmt.Fprintf(w, "         to do: %s\n", printable(f.Do))
		}
	}
	if len(r.Skipped) > 0 {
		fmt.Fprintf(w, "Not looked at, since that needs a network: %s\n", strings.Join(r.Skipped, ", "))
	}
}
