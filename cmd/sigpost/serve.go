package main

import (
	"fmt"
	"io"

	"sigpost/app"
	"sigpost/internal/sdnotify"
)

type serveCommand struct {
	Listen   string `placeholder:"ADDR" help:"Where to listen (default: web.listen of the configuration)."`
	NoIngest bool   `help:"Serve the pages only, where another job reads, composes and sends."`
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
	stop, err := a.StartMonitor()
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(s.stdout, "Serving http://%s/ until interrupted.\n", listener.Addr())
	if err := s.tellFirstLink(a, listener.Addr().String(), s.stdout); err != nil {
		return err
	}
	a.WarnOfListening(listener.Addr().String())
	serving := &app.Serving{Listener: listener, PagesOnly: c.NoIngest, Reload: s.hangups(), Load: s.load,
		Manager: &sdnotify.Manager{Failed: func(err error) { s.log.Warn("the service manager cannot be told", "error", err) }}}
	return serving.Run(s.ctx, a)
}

// tellFirstLink prints a link for the first admin, where nobody has ever signed in
// and the pages are served to this machine alone.
func (s *session) tellFirstLink(a *app.App, listen string, out io.Writer) error {
	l, ok, err := a.FirstLink(s.ctx, listen)
	if ok {
		tellLink(out, l)
	}
	return err
}
