package main

import (
	"cmp"
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
	serving := s.serving() // from here on SIGHUP does not end it
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	listener, err := app.Listen(cmp.Or(c.Listen, a.Config.Web.Listen))
	if err != nil {
		return err
	}
	stop, err := a.StartMonitor("")
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(s.prose(), "Serving %s/ until interrupted.\n", app.PagesAt(listener.Addr().String()))
	if !s.Quiet {
		s.tellFirstLink(a, listener.Addr().String(), s.prose())
	}
	a.WarnOfListening(listener.Addr().String())
	serving.Listener, serving.PagesOnly = listener, c.NoIngest
	return serving.Run(s.ctx, a)
}

// serving goes on by the configuration as it is read anew at SIGHUP, and tells the
// service manager.
func (s *session) serving() *app.Serving {
	return &app.Serving{Reload: s.hangups(), Load: s.load,
		Manager: &sdnotify.Manager{Failed: func(err error) { s.log.Warn("the service manager cannot be told", "error", err) }}}
}

// tellFirstLink prints a link for the first admin, where nobody has ever signed in
// and the pages are served to this machine alone. A service manager keeps what is printed
// for others to read: there it only says how to get one. Where the disk is full there is
// none, and the pages are served all the same.
func (s *session) tellFirstLink(a *app.App, listen string, out io.Writer) {
	admin, err := a.FirstAdmin(s.ctx, listen)
	if err == nil && admin != "" {
		if sdnotify.Kept() {
			fmt.Fprintln(out, `Nobody has signed in yet: "sigpost login-link" prints a link.`)
			return
		}
		var l app.Link
		if l, err = a.LoginLink(s.ctx, admin, listen); err == nil {
			tellLink(out, l)
		}
	}
	if err != nil && s.ctx.Err() == nil {
		s.log.Warn("no link for the first admin could be made; \"sigpost login-link\" makes one", "error", err)
	}
}
