package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type tagCommand struct {
	List   tagList   `cmd:"" help:"Show the tags of a thread, and what people decided on them."`
	Accept tagAccept `cmd:"" help:"Say that a thread is about a tag, for good; or which nature it is of."`
	Reject tagReject `cmd:"" help:"Say that a thread is not about a tag, for good."`
}

type tagList struct {
	Thread string `arg:"" help:"A thread's number, or the Message-ID of a message in it."`
}

// Run lists.
func (c tagList) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	tags, err := a.ThreadTags(s.ctx, c.Thread)
	if err != nil {
		return err
	}
	return s.tell(tags, func(w io.Writer) { tellThreadTags(w, tags) })
}

// verdictArgs are of what a person decides.
type verdictArgs struct {
	reasonFlags
	Thread string `arg:"" help:"A thread's number, or the Message-ID of a message in it."`
	Tag    string `arg:"" help:"A tag by any of its names, such as kuryr, scenario:openstack-on-kubernetes or nature:question."`
}

type tagAccept struct{ verdictArgs }

// Run accepts.
func (c tagAccept) Run(s *session) error { return c.decide(s, true) }

type tagReject struct{ verdictArgs }

// Run rejects.
func (c tagReject) Run(s *session) error { return c.decide(s, false) }

func (c verdictArgs) decide(s *session, accept bool) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	tags, err := a.DecideTag(s.ctx, c.Thread, c.Tag, accept, c.who(), c.Why)
	if err != nil {
		return err
	}
	return s.tell(tags, func(w io.Writer) { tellThreadTags(w, tags) })
}

func tellThreadTags(w io.Writer, t app.ThreadTags) {
	fmt.Fprintf(w, "thread %d: %s\n", t.Thread, printable(t.Subject))
	for _, g := range t.Tags {
		fmt.Fprintf(w, "  %-40s %-8s %.2f", g.Tag, g.State, g.Score)
		if len(g.Evidence) > 0 {
			fmt.Fprintf(w, "  %s", printable(g.Evidence[0].Rule))
		}
		fmt.Fprintln(w)
	}
	for _, d := range t.Decisions {
		verdict := "rejected"
		if d.Accept {
			verdict = "accepted"
		}
		fmt.Fprintf(w, "%s: %s by %s", d.Tag, verdict, printable(d.Who))
		if d.Why != "" {
			fmt.Fprintf(w, ": %s", printable(d.Why))
		}
		fmt.Fprintln(w)
	}
}
