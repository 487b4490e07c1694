package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/store"
)

// unsettledKind is what there is about the letters of a digest that only an operator can
// settle. Each is a trouble of its own.
type unsettledKind string

// The kinds, as they stand in the names of troubles.
const (
	lettersStand  unsettledKind = "stand still"
	lettersHeld   unsettledKind = "are held"
	lettersFailed unsettledKind = "failed"
	lettersLate   unsettledKind = "were too late"
)

var unsettledKinds = []unsettledKind{lettersStand, lettersHeld, lettersFailed, lettersLate}

// stays says that it stays what it is, and there may be nothing to do: it is told once,
// and never as well again.
func (k unsettledKind) stays() bool { return k == lettersFailed || k == lettersLate }

// toldOnce says so of a trouble by its name.
func toldOnce(trouble string) bool {
	return slices.ContainsFunc(unsettledKinds, func(k unsettledKind) bool {
		return k.stays() && strings.HasPrefix(trouble, "letters of ") && strings.HasSuffix(trouble, " "+string(k))
	})
}

// trouble is the name of the trouble that a digest is in.
func (k unsettledKind) trouble(digest string) string { return "letters of " + digest + " " + string(k) }

// unsettled is something about the letters of an issue that waits for an operator.
type unsettled struct {
	kind   unsettledKind
	issue  sigpost.Issue
	begun  time.Time // the sending of the issue
	words  string
	do     string
	silent bool // nobody is told of it: somebody has said so himself, or it may become more soon
}

// named is how a command line names a digest: not at all where there is no other.
func (a *App) named(d config.Digest) string {
	if len(a.Config.Digests) > 1 {
		return " --digest " + d.Name
	}
	return ""
}

// recentIssues is how many issues are looked at for letters that wait for somebody.
const recentIssues = 5

// unsettled gives what waits for an operator of a digest: each issue that stands still,
// the held and failed letters of the last that was sent, or of one that is being sent
// since, and whether that or the one before was too late.
func (a *App) unsettled(ctx context.Context, d config.Digest) (all []unsettled, err error) {
	of := a.named(d)
	open, err := a.Store.OpenIssues(ctx, d.Name)
	if err != nil {
		return nil, err
	}
	for _, i := range open {
		if i.State != sigpost.IssueSending {
			continue
		}
		s, err := a.Store.Sending(ctx, i.ID)
		if err != nil {
			return nil, err
		}
		if !s.Paused.IsZero() {
			all = append(all, unsettled{kind: lettersStand, issue: i, begun: s.Begun, silent: !pausedByProgram(s.PausedWhy),
				words: fmt.Sprintf("the sending of issue %d stands still: %s", i.Number, s.PausedWhy),
				do:    fmt.Sprintf("put right why, then \"sigpost digest resume%s %d\", or \"cancel\"", of, i.Number)})
		}
	}
	recent, err := a.Store.PublicIssues(ctx, d.Name, a.now(), 0, recentIssues)
	if err != nil {
		return nil, err
	}
	newer := 0 // issues that were sent
	for _, i := range recent {
		lost, err := a.lostOf(ctx, i, of)
		if err != nil {
			return nil, err
		}
		for _, u := range lost {
			if newer == 1 && u.kind != lettersLate {
				continue
			}
			if !slices.ContainsFunc(all, func(newer unsettled) bool { return newer.kind == u.kind }) {
				all = append(all, u)
			}
		}
		// It has taken the place of those before; but one is too late when the next one
		// goes out, in the same run.
		if i.State == sigpost.IssueSent {
			newer++
		}
		if newer == 2 {
			break
		}
	}
	return all, nil
}

// lostOf gives the held and the failed letters of an issue. Of one that was ended none
// are sent any more, so there is nothing to decide; of one that was too late it says that.
func (a *App) lostOf(ctx context.Context, i sigpost.Issue, of string) (all []unsettled, err error) {
	if i.State == sigpost.IssueApproved {
		return nil, nil
	}
	s, err := a.Store.Sending(ctx, i.ID)
	if errors.Is(err, sigpost.ErrNotFound) {
		return nil, nil
	}
	if err == nil && strings.HasPrefix(s.EndedWhy, expiredWhy) {
		all = append(all, unsettled{kind: lettersLate, issue: i, begun: s.Begun,
			words: fmt.Sprintf("issue %d was too late: %s", i.Number, s.EndedWhy),
			do:    "see in \"sigpost schedule\" and the log why it could not go out; the next issue goes out as ever"})
	}
	if err != nil || s.EndedWhy != "" {
		return all, err
	}
	counts, err := a.Store.DeliveryCounts(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	if n := counts[sigpost.DeliveryUnknown]; n > 0 {
		all = append(all, unsettled{kind: lettersHeld, issue: i, begun: s.Begun,
			words: fmt.Sprintf("%s of issue %d %s held, since nobody knows whether %s went", lettersOf(n), i.Number, plural(n, "is", "are"), plural(n, "it", "they")),
			do: "look in the server's log whether they went; \"sigpost digest held" + of + "\" names them, and takes your word of those that did (--arrived); " +
				"\"sigpost digest send" + of + " --resend-held\" sends the others once more"})
	}
	if n := counts[sigpost.DeliveryFailed]; n > 0 {
		waiting, due, err := a.Store.Waiting(ctx, i.ID)
		if err != nil {
			return nil, err
		}
		goesOn := i.State == sigpost.IssueSending && (!s.Filled() || counts[sigpost.DeliverySending] > 0 || waiting > 0 && !due.After(a.now()))
		all = append(all, unsettled{kind: lettersFailed, issue: i, begun: s.Begun, silent: goesOn,
			words: fmt.Sprintf("%s of issue %d failed", lettersOf(n), i.Number),
			do:    "put the addresses or the server right, then \"sigpost digest send" + of + " --retry-failed\""})
	}
	return all, nil
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func lettersOf(n int) string { return fmt.Sprintf("%d %s", n, plural(n, "letter", "letters")) }

// pausedByProgram says whether an issue stands still for a reason of the program's own,
// and not since somebody wanted that.
func pausedByProgram(why string) bool {
	return slices.ContainsFunc([]string{restoredWhy, hiddenWhy, deliver.TrippedWords}, func(own string) bool { return strings.Contains(why, own) })
}

// noteLetters notes what waits for an operator of the letters of a digest, and what does
// not any more. It is told at once: nothing but an operator's word settles it. What cannot
// be noted is logged.
func (a *App) noteLetters(ctx context.Context, d config.Digest) {
	if a.dry {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	all, err := a.unsettled(ctx, d)
	known, reading := a.Store.Troubles(ctx)
	failures := []error{err, reading}
	for _, kind := range unsettledKinds {
		if errors.Join(err, reading) != nil {
			break
		}
		name := kind.trouble(d.Name)
		of := slices.DeleteFunc(slices.Clone(all), func(u unsettled) bool { return u.kind != kind })
		told := slices.DeleteFunc(slices.Clone(of), func(u unsettled) bool { return u.silent })
		switch {
		case len(told) > 0:
			failures = append(failures, a.wrongLetters(ctx, d, kind, told))
		case !slices.ContainsFunc(known, func(t store.Trouble) bool { return t.Name == name }):
		case len(of) == 0 || kind == lettersStand:
			failures = append(failures, a.wellIf(ctx, name, !kind.stays()))
		}
	}
	if err := errors.Join(failures...); err != nil {
		a.log.Error("nobody can be told of letters that wait for somebody", "digest", d.Name, "error", err)
	}
}

// wrongLetters notes what waits for an operator. What was noted of an issue before is
// over, and what is new is told, too.
func (a *App) wrongLetters(ctx context.Context, d config.Digest, kind unsettledKind, all []unsettled) error {
	var lines []string
	begun := time.Time{}
	for _, u := range all {
		lines = append(lines, upper(u.words)+".", "What to do: "+u.do+".")
		if u.begun.After(begun) {
			begun = u.begun
		}
	}
	name, often := kind.trouble(d.Name), tellAgain
	if kind.stays() {
		often = tellOnce
	}
	return a.Store.Tx(ctx, func(tx *store.DB) error {
		known, err := tx.Troubles(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(known, func(t store.Trouble) bool { return t.Name == name && t.Since.Before(begun) }) {
			if _, _, err := tx.TroubleOver(ctx, name); err != nil {
				return err
			}
		}
		return a.wrongIn(ctx, tx, name, strings.Join(lines, "\n"), 0, often)
	})
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// isLetters says whether a failure is nothing but letters that wait for an operator, which
// are told by themselves.
func isLetters(failed error) bool {
	if _, tripped := failed.(*deliver.Tripped); tripped || failed == ErrLost || failed == ErrExpired {
		return true
	}
	switch e := failed.(type) {
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(err error) bool { return !isLetters(err) })
	case interface{ Unwrap() error }:
		return e.Unwrap() != nil && isLetters(e.Unwrap())
	}
	return false
}
