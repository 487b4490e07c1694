package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type checkCommand struct{}

// Run tries everything, and fails when anything does.
func (checkCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
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
