package main

import (
	"fmt"
	"net"
	"slices"

	"sigpost/app"
)

type workCommand struct {
	Roles  []string `placeholder:"ROLE,..." default:"ingest,classify,deliver,web" help:"What this process does: ingest, classify, deliver, web (default: all)."`
	Listen string   `placeholder:"ADDR" help:"Where the role web listens (default: web.listen of the configuration)."`
}

// Run works until it is interrupted.
func (c workCommand) Run(s *session) error {
	if err := app.CheckRoles(c.Roles); err != nil {
		return err
	}
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	var listener net.Listener
	if slices.Contains(c.Roles, app.RoleWeb) && a.Store.Shared() {
		addr := a.Config.Web.Listen
		if c.Listen != "" {
			addr = c.Listen
		}
		if listener, err = app.Listen(addr); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "Serving http://%s/ until interrupted.\n", listener.Addr())
		a.WarnOfListening(listener.Addr().String())
	}
	return a.Work(s.ctx, app.WorkOptions{Roles: c.Roles, Listener: listener})
}
