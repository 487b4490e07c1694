package main

import (
	"fmt"
	"io"

	"sigpost"
	"sigpost/app"
)

type taxonomyImport struct {
	Governance importGovernance `cmd:"" help:"From OpenStack's governance files: a tag for each team."`
}

type importGovernance struct {
	wordsFlag
	Files []string `arg:"" type:"path" name:"file" help:"projects.yaml, and legacy.yaml for retired teams; what two claim is the first one's."`
	Out   string   `short:"o" type:"path" placeholder:"FILE" help:"Write here instead of to standard output."`
	Force bool     `help:"Overwrite the file if it is there."`
}

// Run writes the taxonomy, and says on standard error what was guessed.
func (c importGovernance) Run(s *session) error {
	r, err := app.ImportGovernance(c.Files, c.Words)
	if err != nil {
		return err
	}
	if c.Out == "" {
		if _, err := io.WriteString(s.stdout, r.TOML); err != nil {
			return err
		}
		if !s.Quiet {
			tellImport(s.stderr, r)
		}
		return nil
	}
	if err := c.write(r.TOML); err != nil {
		return err
	}
	return s.tell(r, func(w io.Writer) {
		tellImport(w, r)
		fmt.Fprintf(w, "Wrote %s; look through it, then run \"sigpost taxonomy check %s\".\n", c.Out, c.Out)
	})
}

// write writes the file, but over nobody's work unless that is wanted. An old
// one is there until the new one is whole.
func (c importGovernance) write(text string) error {
	if !c.Force {
		made, err := create(c.Out, []byte(text), 0o644)
		if err == nil && !made {
			err = sigpost.Usage(fmt.Errorf("%s is there already and is not overwritten; --force does", c.Out))
		}
		return err
	}
	return writeWhole(c.Out, []byte(text))
}

func tellImport(w io.Writer, r app.GovernanceImport) {
	for _, n := range r.Notes {
		fmt.Fprintln(w, "note:", printable(n))
	}
	fmt.Fprintf(w, "%s became %s; %s taken for ordinary words\n", plural(r.Teams, "team"), plural(r.Tags, "tag"), plural(len(r.Common), "name"))
}
