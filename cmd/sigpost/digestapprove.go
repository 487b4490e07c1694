package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
	"sigpost/config"
)

type digestList struct {
	Digest string `placeholder:"NAME" help:"The digest, if not all of them."`
	Limit  int    `default:"20" help:"How many of each, the latest first."`
}

// issueLine is an issue in a list.
type issueLine struct {
	Digest string             `json:"digest"`
	Number int                `json:"number"`
	State  sigpost.IssueState `json:"state"`
	Window sigpost.Window     `json:"window"`
	Stats  sigpost.Stats      `json:"stats"`
	By     string             `json:"approved_by,omitempty"`
	// SendAfter is when it may be sent at the earliest.
	SendAfter time.Time `json:"send_after,omitzero"`
}

// issueLineOf is an issue in a list, by the clock of its digest.
func issueLineOf(i sigpost.Issue, zone *time.Location) issueLine {
	l := issueLine{Digest: i.Digest, Number: i.Number, State: i.State, Window: sigpost.Window{From: i.Window.From.In(zone), To: i.Window.To.In(zone)}, Stats: i.Stats, By: i.ApprovedBy}
	if !i.SendAfter.IsZero() {
		l.SendAfter = i.SendAfter.In(zone)
	}
	return l
}

// scheduled says until when an issue waits, where it does.
func (l issueLine) scheduled() string {
	if l.State != sigpost.IssueApproved || l.SendAfter.IsZero() {
		return ""
	}
	return "not before " + l.SendAfter.Format("Mon 2 Jan 2006 15:04 MST")
}

// Run lists the issues of one digest or, where none is named, of all.
func (c digestList) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	digests := a.Config.Digests
	if c.Digest != "" {
		d, err := a.Config.Digest(c.Digest)
		if err != nil {
			return err
		}
		digests = []config.Digest{d}
	}
	lines, width := []issueLine{}, 0
	for _, d := range digests {
		width = max(width, len(d.Name))
		issues, err := a.Store.Issues(s.ctx, d.Name, c.Limit)
		if err != nil {
			return err
		}
		for _, i := range issues {
			lines = append(lines, issueLineOf(i, d.Location()))
		}
	}
	return s.tell(lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, "There is no issue yet: \"sigpost digest preview\" shows the next one as it would be now.")
		}
		for _, l := range lines {
			name := ""
			if len(digests) > 1 {
				name = fmt.Sprintf("%-*s  ", width, l.Digest)
			}
			number := "-"
			if l.Number > 0 {
				number = fmt.Sprint(l.Number)
			}
			scheduled := l.scheduled()
			if scheduled != "" {
				scheduled = "; to be sent " + scheduled
			}
			fmt.Fprintf(w, "%s%4s  %-8s  %s  %s, %s%s\n", name, number, l.State, window(l.Window), plural(l.Stats.Threads, "thread"), plural(l.Stats.Messages, "message"), scheduled)
		}
	})
}

type digestPreflight struct {
	digestFlag
	numberArg
	Links bool `help:"Follow the links, over the network, and say which are dead."`
}

// Run looks the issue over. Errors are a failure, so that scripts see them.
func (c digestPreflight) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := a.Preflight(s.ctx, d, c.Number, c.Links)
	if err != nil {
		return err
	}
	err = s.tell(p, func(w io.Writer) { tellPreflight(w, p) })
	if n := len(p.Severe()); n > 0 {
		err = errors.Join(err, fmt.Errorf("issue %d of %s: %w (%d)", p.Number, p.Digest, app.ErrFindings, n))
	}
	return err
}

func tellPreflight(w io.Writer, p app.Preflight) {
	fmt.Fprintf(w, "issue %d of %s is %s\n", p.Number, p.Digest, p.State)
	for _, f := range p.Findings {
		fmt.Fprintf(w, "%-8s  %s\n", f.Severity, printable(f.What))
		if f.Do != "" {
			fmt.Fprintf(w, "          %s\n", printable(f.Do))
		}
	}
	for _, c := range p.Cohorts {
		topics := "everything"
		if len(c.Topics) > 0 {
			topics = strings.Join(c.Topics, ", ")
		}
		gets := plural(c.Threads, "thread")
		if c.Nothing {
			gets = "no letter"
		}
		readers := plural(c.Readers, "reader")
		fmt.Fprintf(w, "cohort    %s: %s, %s\n", topics, readers, gets)
	}
}

type digestReady struct {
	digestFlag
	numberArg
}

// Run says that a draft is ready.
func (c digestReady) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	issue, err := a.SetReady(s.ctx, d, c.Number)
	if err != nil {
		return err
	}
	return s.tellState(d, issue, "it waits to be approved")
}

type digestApprove struct {
	digestFlag
	byFlag
	numberArg
	Despite bool   `help:"Approve it although the preflight finds errors."`
	Send    bool   `xor:"when" help:"Send it at once (default: the next run does)."`
	At      string `xor:"when" placeholder:"TIME" help:"Send it with the first run after this time, such as \"2026-05-04 09:00\" by the digest's clock."`
}

// Run approves.
func (c digestApprove) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	how := app.Approval{Who: c.who(), Despite: c.Despite}
	if c.At != "" {
		if how.After, err = app.ParseMoment(c.At, d.Location()); err != nil {
			return err
		}
	}
	issue, err := a.Approve(s.ctx, d, c.Number, how)
	if err != nil {
		return err
	}
	if scheduled := issueLineOf(issue, d.Location()).scheduled(); scheduled != "" {
		return s.tellState(d, issue, "a run sends it, "+scheduled)
	}
	if !c.Send {
		return s.tellState(d, issue, "the next run sends it, or \"sigpost digest send\"")
	}
	reports, err := a.Send(s.ctx, d, false)
	return errors.Join(s.tell(reports, func(w io.Writer) {
		for _, r := range reports {
			tellSend(w, r)
		}
	}), err)
}

type digestUnapprove struct {
	digestFlag
	numberArg
}

// Run takes an approval back.
func (c digestUnapprove) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	issue, err := a.Unapprove(s.ctx, d, c.Number)
	if err != nil {
		return err
	}
	return s.tellState(d, issue, "it can be edited again")
}

func (s *session) tellState(d config.Digest, issue sigpost.Issue, what string) error {
	return s.tell(issueLineOf(issue, d.Location()), func(w io.Writer) {
		fmt.Fprintf(w, "issue %d of %s is %s: %s\n", issue.Number, issue.Digest, issue.State, what)
	})
}

// tellReview says how drafts stand in a run.
func tellReview(w io.Writer, r app.ReviewReport) {
	fmt.Fprintf(w, "review    %s: issue %d is %s", r.Digest, r.Number, r.State)
	if r.Nudged > 0 {
		fmt.Fprintf(w, "; %s told", plural(r.Nudged, "editor"))
	}
	if !r.Deadline.IsZero() && r.State.Open() {
		fmt.Fprintf(w, "; it approves itself after %s", r.Deadline.UTC().Format("Mon 2 Jan 2006 15:04 MST"))
	}
	fmt.Fprintln(w)
	for _, line := range r.Errors {
		fmt.Fprintf(w, "          %s\n", printable(line))
	}
	for _, l := range r.Letters {
		fmt.Fprintf(w, "          to %s: %s (%d bytes, Message-ID %s)\n", l.To, l.Subject, l.Bytes, l.MessageID)
	}
}
