package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"

	"sigpost"
	"sigpost/app"
	"sigpost/config"
)

// sendRestored sends from an archive that was put back to an earlier state. Of each
// issue that it does not know of who has it, whoever sits at a terminal is asked
// what to do; doubted are those on which nobody has decided.
func (s *session) sendRestored(a *app.App, digests []config.Digest) (reports []app.SendReport, doubted []app.Doubted, err error) {
	age, err := a.Restored(s.ctx)
	if err != nil {
		return nil, nil, err
	}
	if age.Left > 0 {
		s.finish()
		fmt.Fprintf(s.stderr, "%s had ended since the archive was saved, and is ended again.\n", plural(age.Left, "subscription"))
	}
	reports, err = s.sendEach(a, digests) // what has not begun stands still by this, too
	if s.ctx.Err() != nil {
		return reports, nil, err
	}
	doubted, listing := a.Doubted(s.ctx)
	if err = errors.Join(err, listing); listing != nil || len(doubted) == 0 || !isatty.IsTerminal(os.Stdin.Fd()) {
		return reports, doubted, err
	}
	s.finish()
	decided, held, asking := s.askRestored(a, doubted, age)
	reports = slices.DeleteFunc(reports, func(r app.SendReport) bool { return r.Paused != "" && decided[r.Digest] })
	digests = slices.DeleteFunc(slices.Clone(digests), func(d config.Digest) bool { return !decided[d.Name] })
	again, sending := s.sendEach(a, digests)
	return append(reports, again...), held, errors.Join(err, asking, sending)
}

// sendEach sends what is approved of some digests.
func (s *session) sendEach(a *app.App, digests []config.Digest) (all []app.SendReport, err error) {
	for _, d := range digests {
		reports, sending := a.Send(s.ctx, d, false)
		all, err = append(all, reports...), errors.Join(err, sending)
	}
	return all, err
}

// askRestored asks what to do with each issue, and does it. decided has the digests
// of which one is sent or cancelled; held are those that go on standing still.
func (s *session) askRestored(a *app.App, doubted []app.Doubted, age app.Restoration) (decided map[string]bool, held []app.Doubted, err error) {
	decided = map[string]bool{}
	if age.Noted > age.Known {
		fmt.Fprintf(s.stderr, "The archive counts %d steps of sending, and %d were made, the last of them on %s.\n", age.Known, age.Noted, age.At.UTC().Format("2 January 2006 at 15:04 UTC"))
	}
	lines := linesOf(os.Stdin)
	for i, issue := range doubted {
		d, err := a.Config.Digest(issue.Digest)
		if err != nil {
			return decided, append(held, doubted[i:]...), err
		}
		fmt.Fprintln(s.stderr, doubtedWords(issue))
		var state app.SendingState
		switch s.choose(lines) {
		case "send":
			state, err = a.ResumeSending(s.ctx, d, issue.Number)
		case "cancel":
			state, err = a.CancelSending(s.ctx, d, issue.Number, "the archive was put back to an earlier state")
		default:
			held = append(held, issue)
			continue
		}
		if err != nil {
			return decided, append(held, doubted[i:]...), err
		}
		decided[d.Name] = true
		fmt.Fprintln(s.stderr, "  "+sendingWords(state))
	}
	return decided, held, context.Cause(s.ctx)
}

// choose asks until it understands. Who says nothing, or goes, holds.
func (s *session) choose(lines <-chan string) string {
	for {
		fmt.Fprint(s.stderr, "  [h]old it, [s]end it to those others, or [c]ancel it? [h] ")
		var line string
		select {
		case <-s.ctx.Done():
		case line = <-lines: // "" at the end
		}
		line = strings.ToLower(strings.TrimSpace(line))
		for _, choice := range []string{"hold", "send", "cancel"} {
			if strings.HasPrefix(choice, line) {
				return choice
			}
		}
	}
}

// linesOf gives the lines of a reader as they come. It is read behind the back of
// who waits for them, whom an interrupt wakes.
func linesOf(in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return lines
}

// doubtedWords are what is known of an issue, in a line.
func doubtedWords(d app.Doubted) string {
	last := ""
	if !d.LastSent.IsZero() {
		last = ", the last on " + d.LastSent.UTC().Format("2 January 2006 at 15:04 UTC")
	}
	return fmt.Sprintf("issue %d of %s: the ledger knows of %s sent%s; of %s it does not know whether they have it",
		d.Number, d.Digest, plural(d.Letters[sigpost.DeliverySent], "letter"), last, plural(d.Unsent, "other reader"))
}

// tellDoubted says how to decide on issues one by one.
func tellDoubted(w io.Writer, doubted []app.Doubted) {
	for _, d := range doubted {
		fmt.Fprintln(w, doubtedWords(d))
		fmt.Fprintf(w, "  sigpost digest resume --digest %s %d   sends it to those others, with the next run\n", d.Digest, d.Number)
		fmt.Fprintf(w, "  sigpost digest cancel --digest %s %d   ends it\n", d.Digest, d.Number)
	}
}
