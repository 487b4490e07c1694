package main

import (
	"cmp"
	"fmt"
	"slices"

	"sigpost/app"
)

type workCommand struct {
	Roles   []string `placeholder:"ROLE,..." default:"ingest,classify,deliver,web" help:"What this process does: ingest, classify, deliver, web (default: all)."`
	Listen  string   `placeholder:"ADDR" help:"Where the role web listens (default: web.listen of the configuration)."`
	Metrics string   `placeholder:"ADDR" help:"Where /metrics, /healthz and /readyz are, whatever the roles (default: metrics.listen of the configuration); each process on a machine needs an address of its own."`
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
	if err := a.CheckShared(); err != nil {
		return err
	}
	serving := s.serving()
	if slices.Contains(c.Roles, app.RoleWeb) {
		if serving.Listener, err = app.Listen(cmp.Or(c.Listen, a.Config.Web.Listen)); err != nil {
			return err
		}
	}
	stop, err := a.StartMonitor(c.Metrics)
	if err != nil {
		return err
	}
	defer stop()
	if serving.Listener != nil {
		fmt.Fprintf(s.stdout, "Serving %s/ until interrupted.\n", app.PagesAt(serving.Listener.Addr().String()))
		a.WarnOfListening(serving.Listener.Addr().String())
	}
	return serving.Work(s.ctx, a, c.Roles)
}
