package main

import (
	"errors"
	"fmt"
	"io"

	"sigpost"
	"sigpost/app"
	"sigpost/config"
)

type digestCommand struct {
	List      digestList      `cmd:"" help:"List the issues, and how far each has come."`
	Preview   digestPreview   `cmd:"" help:"Show the draft that waits, or the next issue as it would be now; nothing is kept or sent."`
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
	Pause     digestPause     `cmd:"" help:"Make the sending of an issue stand still, at once."`
	Resume    digestResume    `cmd:"" help:"Let an issue go on that stands still."`
	Held      digestHeld      `cmd:"" help:"Name the letters of which it is unknown whether they went, and say of some that they did."`
	Cancel    digestCancel    `cmd:"" help:"End the sending of an issue: who has no letter by now gets none."`
	Eval      digestEval      `cmd:"" help:"Measure how good summaries of threads are, against those that people made."`
	Train     digestTrain     `cmd:"" help:"Learn from summaries that people made which sentences sum up a thread."`
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
	Restored    bool `name:"i-have-restored" xor:"again" help:"The archive was put back to an earlier state: issues that may have been sent since stand still until you decide on each. On a terminal you are asked."`
}

// Run sends what is approved.
func (c digestSend) Run(s *session) error {
	a, err := s.openWith(app.Options{DryRun: c.DryRun})
	if err != nil {
		return err
	}
	defer a.Close()
	var reports []app.SendReport
	var doubted []app.Doubted
	if c.Restored && !c.DryRun && c.Digest == "" { // the archive is all digests'
		reports, doubted, err = s.sendRestored(a, a.Config.Digests)
		return s.tellSent("any digest", reports, doubted, err)
	}
	d, err := a.Config.Digest(c.Digest)
	if err != nil {
		return err
	}
	switch {
	case c.Restored && !c.DryRun:
		reports, doubted, err = s.sendRestored(a, []config.Digest{d})
	case c.RetryFailed:
		reports, err = a.SendAgain(s.ctx, d, sigpost.DeliveryFailed, c.DryRun)
	case c.ResendHeld:
		reports, err = a.SendAgain(s.ctx, d, sigpost.DeliveryUnknown, c.DryRun)
	default:
		reports, err = a.Send(s.ctx, d, c.DryRun)
	}
	return s.tellSent(d.Name, reports, doubted, err)
}

// tellSent says what was sent of one digest or of all of them.
func (s *session) tellSent(of string, reports []app.SendReport, doubted []app.Doubted, err error) error {
	if errors.Is(err, sigpost.ErrLocked) {
		return err
	}
	return errors.Join(s.tell(reports, func(w io.Writer) {
		if len(reports) == 0 && err == nil {
			fmt.Fprintf(w, "send      nothing is waiting to be sent of %s\n", of)
		}
		for _, r := range reports {
			tellSend(w, r)
		}
		tellDoubted(w, doubted)
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
