package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"sigpost"
	"sigpost/app"
)

type workCommand struct {
	Roles   []string `placeholder:"ROLE,..." default:"ingest,classify,deliver,web" help:"What this process does: ingest, classify, deliver, web (default: all)."`
	Listen  string   `placeholder:"ADDR" help:"Where the role web listens (default: web.listen of the configuration)."`
	Metrics string   `placeholder:"ADDR" help:"Where /metrics, /healthz and /readyz are, whatever the roles (default: metrics.listen of the configuration); each process on a machine needs an address of its own."`
}

// Run works until it is interrupted.
func (c workCommand) Run(s *session) error {
	roles, err := c.roles()
	if err != nil {
		return err
	}
	serving := s.serving() // from here on SIGHUP does not end it
	cfg, err := s.load()
	if err == nil {
		err = app.CheckShared(cfg) // before there is an archive
	}
	if err != nil {
		return err
	}
	a, err := s.openConfig(cfg, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	if slices.Contains(roles, app.RoleWeb) {
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
		fmt.Fprintf(s.prose(), "Serving %s/ until interrupted.\n", app.PagesAt(serving.Listener.Addr().String()))
		a.WarnOfListening(serving.Listener.Addr().String())
	}
	return serving.Work(s.ctx, a, roles)
}

// roles are what this process does, each once.
func (c workCommand) roles() (roles []string, err error) {
	if err := app.CheckRoles(c.Roles); err != nil {
		return nil, err
	}
	for _, role := range c.Roles {
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	if c.Listen != "" && !slices.Contains(roles, app.RoleWeb) {
		return nil, sigpost.Usage(errors.New("--listen is where the role web listens, and --roles does not name it: name it there, or leave --listen out; --metrics is for any roles"))
	}
	return roles, nil
}
