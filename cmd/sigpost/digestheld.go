package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type digestHeld struct {
	digestFlag
	Number  int      `arg:"" optional:"" help:"The issue; by default the one that \"digest send --resend-held\" sends again."`
	Arrived []string `placeholder:"ADDRESS" help:"Say that the letter to this address arrived, or the note in the channel of this name: it counts as sent, and is never sent again. \"all\" is each that is held."`
}

// Run says what is held, or takes somebody's word of it.
func (c digestHeld) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: len(c.Arrived) == 0})
	if err != nil {
		return err
	}
	defer a.Close()
	var h app.Held
	if len(c.Arrived) > 0 {
		h, err = a.Arrived(s.ctx, d, c.Number, c.Arrived)
	} else {
		h, err = a.Held(s.ctx, d, c.Number)
	}
	if err != nil {
		return err
	}
	of := ""
	if len(a.Config.Digests) > 1 {
		of = " --digest " + d.Name
	}
	return s.tell(h, func(w io.Writer) { tellHeld(w, h, of) })
}

func tellHeld(w io.Writer, h app.Held, of string) {
	if h.Arrived > 0 {
		fmt.Fprintf(w, "issue %d of %s: %d noted as arrived, %d held\n", h.Number, h.Digest, h.Arrived, h.All())
	} else if h.All() == 0 {
		fmt.Fprintf(w, "nothing is held of issue %d of %s\n", h.Number, h.Digest)
	} else {
		fmt.Fprintf(w, "issue %d of %s: %d held, since nobody knows whether they went\n", h.Number, h.Digest, h.All())
	}
	for _, l := range h.Letters {
		fmt.Fprintf(w, "  %s  %s  %s: %s\n", printable(l.To), l.MessageID, l.At.UTC().Format("2006-01-02 15:04:05 UTC"), printable(l.Why))
	}
	for _, n := range h.Notes {
		fmt.Fprintf(w, "  the note in %s  %s: %s\n", printable(n.Channel), n.At.UTC().Format("2006-01-02 15:04:05 UTC"), printable(n.Why))
	}
	if h.All() == 0 || h.Arrived > 0 {
		return
	}
	fmt.Fprintf(w, "Look in the mail server's log for the Message-IDs. Of what went, say so: \"sigpost digest held%s %d --arrived ADDRESS\" (or \"all\")", of, h.Number)
	if h.Last {
		fmt.Fprintf(w, ";\n\"sigpost digest send%s --resend-held\" then sends the others once more", of)
	}
	fmt.Fprintln(w, ".")
}
