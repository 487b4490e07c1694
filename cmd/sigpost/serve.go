package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sigpost/app"
)

type serveCommand struct {
	Listen   string `placeholder:"ADDR" help:"Where to listen (default: web.listen of the configuration)."`
	NoIngest bool   `help:"Serve the pages only, where another job reads the mail."`
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
	if err := s.tellFirstLink(a, listener.Addr().String(), s.stdout); err != nil {
		return err
	}
	a.WarnOfListening(listener.Addr().String())
	if c.NoIngest || len(a.Config.Accounts) == 0 {
		return a.Serve(s.ctx, listener)
	}
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	watched := make(chan error, 1)
	go func() {
		defer stop() // what keeps it from watching at all ends the server
		watched <- a.Watch(ctx)
	}()
	err = a.Serve(ctx, listener)
	stop()
	if failed := <-watched; s.ctx.Err() == nil {
		err = errors.Join(failed, err)
	}
	return err
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
