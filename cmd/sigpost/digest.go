package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"sigpost"
	"sigpost/app"
	"sigpost/config"
)

type digestCommand struct {
	List      digestList      `cmd:"" help:"List the issues, and how far each has come."`
	Preview   digestPreview   `cmd:"" help:"Show the next issue as it would be now; nothing is kept or sent."`
	Compose   digestCompose   `cmd:"" help:"Make the issue that is due, and send nothing."`
	Show      digestShow      `cmd:"" help:"Show a draft, or an issue by its number."`
	Edit      digestEdit      `cmd:"" help:"Change a draft in your editor."`
	Rebuild   digestRebuild   `cmd:"" help:"Compose a draft anew, with today's tags and events; edits stay."`
	Diff      digestDiff      `cmd:"" help:"Say what composing a draft anew changed, or would change."`
	Preflight digestPreflight `cmd:"" help:"Look a draft over before it is approved."`
	Ready     digestReady     `cmd:"" help:"Say that a draft waits to be approved."`
	Approve   digestApprove   `cmd:"" help:"Approve a draft: it is frozen, and then sent."`
	Unapprove digestUnapprove `cmd:"" help:"Take an approval back before anything is sent."`
	Send      digestSend      `cmd:"" help:"Mail what is approved and not sent to everybody yet."`
	Eval      digestEval      `cmd:"" help:"Measure how good summaries of threads are, against those that people made."`
	Train     digestTrain     `cmd:"" help:"Learn from summaries that people made which sentences sum up a thread."`
}

type digestPreview struct {
	digestFlag
	Format string `enum:"text,html,eml" default:"text" help:"text, html or eml."`
	Reader string `placeholder:"ADDRESS" help:"Cut to this reader's topics, as they would get it."`
	Out    string `short:"o" type:"path" placeholder:"FILE" help:"Where to write it (default: standard output)."`
}

// Run shows the issue that is not there yet.
func (c digestPreview) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	issue, err := a.Preview(s.ctx, d)
	if err != nil {
		return err
	}
	s.finish()
	if len(issue.Entries) == 0 {
		fmt.Fprintf(s.stderr, "There is nothing to say yet from %s on.\n", issue.Window.From.In(d.Location()).Format("Monday 2 January 2006"))
	}
	data, err := a.Copy(s.ctx, d, issue, c.Format, c.Reader)
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err = s.stdout.Write(data)
		return err
	}
	return os.WriteFile(c.Out, data, 0o644)
}

type digestCompose struct{ digestFlag }

// Run composes what is due.
func (c digestCompose) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Compose(s.ctx, d)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellDigest(w, report) })
}

type digestSend struct {
	digestFlag
	DryRun      bool `help:"Change nothing and mail nothing, but say exactly what would happen."`
	RetryFailed bool `xor:"again" help:"Try the last issue's letters again that failed for good."`
	ResendHeld  bool `xor:"again" help:"Send the last issue's letters once more of which it is unknown whether they arrived."`
}

// Run sends what is approved.
func (c digestSend) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{DryRun: c.DryRun})
	if err != nil {
		return err
	}
	defer a.Close()
	var reports []app.SendReport
	switch {
	case c.RetryFailed:
		reports, err = a.SendAgain(s.ctx, d, sigpost.DeliveryFailed, c.DryRun)
	case c.ResendHeld:
		reports, err = a.SendAgain(s.ctx, d, sigpost.DeliveryUnknown, c.DryRun)
	default:
		reports, err = a.Send(s.ctx, d, c.DryRun)
	}
	if errors.Is(err, sigpost.ErrLocked) {
		return err
	}
	return errors.Join(s.tell(reports, func(w io.Writer) {
		if len(reports) == 0 {
			fmt.Fprintf(w, "send      nothing is waiting to be sent of %s\n", d.Name)
		}
		for _, r := range reports {
			tellSend(w, r)
		}
	}), err)
}

func (s *session) openDigest(name string, o app.Options) (*app.App, config.Digest, error) {
	a, err := s.openWith(o)
	if err != nil {
		return nil, config.Digest{}, err
	}
	d, err := a.Config.Digest(name)
	if err != nil {
		return nil, d, errors.Join(err, a.Close())
	}
	return a, d, nil
}
