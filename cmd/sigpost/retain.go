package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"sigpost/app"
	"sigpost/store"
)

type retainCommand struct {
	DryRun bool `help:"Remove nothing, but say how much would go."`
}

// Run removes what is not kept for longer.
func (c retainCommand) Run(s *session) error {
	a, err := s.openWith(app.Options{DryRun: c.DryRun})
	if err != nil {
		return err
	}
	defer a.Close()
	r, err := a.Retain(s.ctx, c.DryRun)
	if err != nil {
		return err
	}
	return s.tell(r, func(w io.Writer) { tellRetained(w, r) })
}

// retainedWords are what is counted.
var retainedWords = map[store.Retained]string{
	store.RetainQuarantine: "mail in quarantine", store.RetainReplies: "words of servers about letters", store.RetainLedger: "rows of the ledger",
	store.RetainAudit: "entries of the audit log", store.RetainReaders: "people who left", store.RetainMail: "threads with their mail",
}

func tellRetained(w io.Writer, r app.RetainReport) {
	verb := "removed"
	if r.DryRun {
		verb = "would be removed"
	}
	for _, what := range slices.Sorted(maps.Keys(r.Removed)) {
		fmt.Fprintf(w, "retain    %s: %d %s\n", retainedWords[what], r.Removed[what], verb)
	}
}
