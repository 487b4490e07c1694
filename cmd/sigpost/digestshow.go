package main

import (
	"context"
	"fmt"
	"os"

	"sigpost"
	"sigpost/app"
	"sigpost/config"
)

// outputFlags are in what way an issue is shown.
type outputFlags struct {
	digestFlag
	Format string `enum:"text,html,eml,web,markdown,atom,slack,irc" default:"text" help:"text, html or eml (the letter), web (the page), markdown (for a blog), atom (an entry), slack or irc (the note in a channel)."`
	Reader string `placeholder:"ADDRESS" help:"Cut to this reader's topics, as they would get it (text, html, eml)."`
	Out    string `short:"o" type:"path" placeholder:"FILE" help:"Where to write it (default: standard output)."`
}

// check refuses what would be left out in silence.
func (f outputFlags) check() error {
	switch f.Format {
	case app.FormatText, app.FormatHTML, app.FormatMail:
		return nil
	}
	if f.Reader != "" {
		return sigpost.Usage(fmt.Errorf("--reader is for letters (text, html, eml): %s is nobody's own", f.Format))
	}
	return nil
}

// show writes an issue in the format that was asked for.
func (f outputFlags) show(s *session, a *app.App, d config.Digest, issue sigpost.Issue) error {
	data, err := a.Copy(s.ctx, d, issue, f.Format, f.Reader)
	if err != nil {
		return err
	}
	if f.Out == "" {
		_, err = s.stdout.Write(data)
		return err
	}
	return os.WriteFile(f.Out, data, 0o644)
}

type digestPreview struct {
	outputFlags
	Serve  bool   `help:"Show it in a browser, on this machine alone, anew whenever a template, the configuration or the archive changes."`
	Listen string `default:"127.0.0.1:8421" placeholder:"ADDR" help:"Where --serve shows it (default: ${default})."`
}

// Run shows the issue that is not there yet.
func (c digestPreview) Run(s *session) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Serve {
		return c.serve(s)
	}
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	issue, err := a.DraftOrPreview(s.ctx, d)
	if err != nil {
		return err
	}
	s.finish()
	if len(issue.Entries) == 0 {
		fmt.Fprintf(s.stderr, "There is nothing to say yet from %s on.\n", issue.Window.From.In(d.Location()).Format("Monday 2 January 2006"))
	}
	return c.show(s, a, d, issue)
}

// serve shows it in a browser until interrupted. The configuration is read anew
// for each look, as is all else.
func (c digestPreview) serve(s *session) error {
	listener, err := app.ListenLocal(c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	open := func(context.Context) (*app.App, config.Digest, error) {
		return s.openDigest(c.Digest, app.Options{ReadOnly: true})
	}
	fmt.Fprintf(s.stdout, "Showing the next issue (%s) at http://%s/ until interrupted.\n", c.Format, listener.Addr())
	return app.ServePreview(s.ctx, listener, s.Config, open, c.Format, c.Reader)
}

type digestShow struct {
	outputFlags
	Number int `arg:"" optional:"" help:"The issue's number (default: the only draft, or the last issue)."`
}

// Run shows an issue as it is stored.
func (c digestShow) Run(s *session) error {
	if err := c.check(); err != nil {
		return err
	}
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	issue, err := a.DraftOrLast(s.ctx, d, c.Number)
	if err != nil {
		return err
	}
	s.finish()
	if scheduled := issueLineOf(issue, d.Location()).scheduled(); scheduled != "" {
		fmt.Fprintf(s.stderr, "Issue %d of %s is approved, to be sent %s.\n", issue.Number, d.Name, scheduled)
	}
	return c.show(s, a, d, issue)
}
