package main

import (
	"fmt"
	"io"

	"sigpost"
	"sigpost/app"
)

// sentNumber is the number of an issue that is being sent.
type sentNumber struct {
	Number int `arg:"" optional:"" help:"The issue; by default the one that is being sent."`
}

type digestPause struct {
	digestFlag
	sentNumber
	Why string `default:"somebody said so" placeholder:"TEXT" help:"Why, for whoever looks."`
}

// Run pauses.
func (c digestPause) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	state, err := a.PauseSending(s.ctx, d, c.Number, c.Why)
	return s.tellSending(state, err)
}

type digestResume struct {
	digestFlag
	sentNumber
}

// Run resumes.
func (c digestResume) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	state, err := a.ResumeSending(s.ctx, d, c.Number)
	return s.tellSending(state, err)
}

type digestCancel struct {
	digestFlag
	sentNumber
	Why string `default:"somebody said so" placeholder:"TEXT" help:"Why, for whoever looks."`
}

// Run cancels.
func (c digestCancel) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	state, err := a.CancelSending(s.ctx, d, c.Number, c.Why)
	return s.tellSending(state, err)
}

func (s *session) tellSending(state app.SendingState, err error) error {
	if err != nil {
		return err
	}
	return s.tell(state, func(w io.Writer) { fmt.Fprintln(w, sendingWords(state)) })
}

// sendingWords is how the sending of an issue goes, in a line.
func sendingWords(s app.SendingState) string {
	l := s.Letters
	line := fmt.Sprintf("issue %d of %s: %d sent, %d waiting", s.Number, s.Digest, l[sigpost.DeliverySent], s.Waiting)
	for _, more := range []struct {
		state sigpost.DeliveryState
		words string
	}{{sigpost.DeliverySending, "on their way, which come to their end"}, {sigpost.DeliveryFailed, "failed"}, {sigpost.DeliveryUnknown, "held"}, {sigpost.DeliverySuppressed, "not sent to"}} {
		if n := l[more.state]; n > 0 {
			line += fmt.Sprintf(", %d %s", n, more.words)
		}
	}
	switch {
	case s.Ended != "":
		line += "; the rest is not sent: " + printable(s.Ended)
	case s.Paused != "":
		line += "; it stands still (" + printable(s.Paused) + "): \"sigpost digest resume\" or \"cancel\""
	}
	return line
}
