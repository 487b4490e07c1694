package main

import (
	"fmt"

	"sigpost/app"
)

type serveCommand struct {
	Listen string `placeholder:"ADDR" help:"Where to listen (default: web.listen of the configuration)."`
}

// Run serves until it is interrupted.
func (c serveCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	addr := a.Config.Web.Listen
	if c.Listen != "" {
		addr = c.Listen
	}
	listener, err := app.Listen(addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "Serving http://%s/ until interrupted.\n", listener.Addr())
	return a.Serve(s.ctx, listener)
}
