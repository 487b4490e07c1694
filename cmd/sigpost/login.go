package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type loginCommand struct {
	Account string `arg:"" optional:"" help:"The account, where the configuration has several."`
}

// Run waits until the person has given leave.
func (c loginCommand) Run(s *session) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	return app.Login(s.ctx, cfg, c.Account, s.stdout)
}

type loginLinkCommand struct {
	Address string `arg:"" optional:"" help:"Somebody named in the configuration ([[web.person]]; default: the first admin)."`
}

// Run makes a link.
func (c loginLinkCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	l, err := a.LoginLink(s.ctx, c.Address, "")
	if err != nil {
		return err
	}
	return s.tell(l, func(w io.Writer) { tellLink(w, l) })
}

// tellLink says whom a link signs in, and for how long.
func tellLink(w io.Writer, l app.Link) {
	fmt.Fprintf(w, "Sign in as %s, %s, once, within %d minutes; the session then lasts %d days:\n%s\n", printable(l.Address), l.Role, l.Minutes, l.Days, l.URL)
}
