package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigpost"
	"sigpost/config"
	spacing "sigpost/schedule"
)

// SilentList is a list that is silent for unusually long.
type SilentList struct {
	List string `json:"list"`
	// Latest is when its newest message was received.
	Latest time.Time `json:"latest"`
	// Usual is its usual longest silence, and Unusual from when on it is none any more.
	Usual   time.Duration `json:"usual_ns"`
	Unusual time.Duration `json:"unusual_ns"`
	// Quiet says that its mailboxes were read to their end: nobody writes. Else nobody
	// knows, for they could not be read.
	Quiet bool   `json:"quiet"`
	Words string `json:"words"`
}

// year is how far back it is looked what is usual of a list.
const year = 365 * 24 * time.Hour

// watchSilence looks for lists that are silent for unusually long, and has it told:
// whether nobody writes, or mail cannot be read. It also looks what lasts of letters that
// wait for somebody, since no job is due for those.
func (a *App) watchSilence(ctx context.Context) ([]SilentList, error) {
	var silent []SilentList
	var failures []error
	for _, l := range a.Config.Lists {
		s, is, err := a.silence(ctx, l)
		if err == nil && !a.dry {
			if name := silenceOf(l.Name); is {
				err = a.wrong(ctx, name, s.Words, 0)
			} else {
				err = a.well(ctx, name)
			}
		}
		if is {
			silent = append(silent, s)
		}
		failures = append(failures, err)
	}
	for _, d := range a.Config.Digests {
		a.noteLetters(ctx, d)
	}
	return silent, errors.Join(append(failures, a.forgetTroubles(ctx))...)
}

// forgetTroubles forgets what went wrong of what the configuration does not have any
// more: nobody is told of that again. Where others share the archive, one of them may have
// another configuration, so what was tried or told lately stays.
func (a *App) forgetTroubles(ctx context.Context) error {
	known := map[string]bool{}
	for _, j := range a.Jobs() {
		known[j.Name] = true
	}
	for _, l := range a.Config.Lists {
		known[silenceOf(l.Name)] = true
	}
	for _, d := range a.Config.Digests {
		for _, kind := range unsettledKinds {
			known[kind.trouble(d.Name)] = true
		}
	}
	troubles, err := a.Store.Troubles(ctx)
	if err != nil {
		return err
	}
	states, err := a.Store.Jobs(ctx)
	lately := a.now().Add(-time.Duration(a.Config.Alerts.Again))
	for _, t := range troubles {
		fresh := t.Since.After(lately) || t.Told.After(lately) || states[t.Name].Begun.After(lately)
		if err == nil && !known[t.Name] && !(a.Store.Shared() && fresh) {
			err = a.wellIf(ctx, t.Name, false)
		}
	}
	return err
}

func silenceOf(list string) string { return "list " + list + " is silent" }

// silence says whether a list is silent for unusually long.
func (a *App) silence(ctx context.Context, l config.List) (s SilentList, is bool, err error) {
	factor := a.Config.Alerts.SilentFactor
	if factor < 0 {
		return s, false, nil
	}
	s.List = l.Name
	if s.Latest, err = a.Store.LatestOf(ctx, l.Name); err != nil || s.Latest.IsZero() || a.now().Sub(s.Latest) < 24*time.Hour {
		return s, false, err
	}
	came, err := a.Store.Received(ctx, l.Name, sigpost.Window{From: s.Latest.Add(-year), To: a.now()})
	if err != nil || len(came) == 0 {
		return s, false, err
	}
	s.Latest = came[len(came)-1] // our own letters do not count
	s.Usual, s.Unusual = spacing.UsualSilence(came), spacing.Unusual(came, factor)
	if s.Unusual == 0 || a.now().Sub(s.Latest) < s.Unusual {
		return s, false, nil
	}
	why, quiet, err := a.whySilent(ctx, l)
	s.Quiet = quiet
	s.Words = fmt.Sprintf("Nothing has come from the list %s for %s, since %s. Its usual longest silence is %s.\n%s",
		l.Name, lasting(a.now().Sub(s.Latest)), s.Latest.UTC().Format(alertTime), lasting(s.Usual), why)
	return s, err == nil, err
}

const alertTime = "Mon 2 Jan 2006 15:04 MST"

// readLately is how old the last reading of a mailbox may be before its silence says
// nothing of its list.
const readLately = 24 * time.Hour

// whySilent says of each mailbox that feeds a list whether it was read to its end: the
// list is quiet only where all were.
func (a *App) whySilent(ctx context.Context, l config.List) (why string, quiet bool, err error) {
	quiet = true
	lines, fed := "", false
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			if mailbox.For == config.ForService || mailbox.List != l.Name && l.ListID == "" {
				continue
			}
			fed = true
			m, err := a.Store.Mailbox(ctx, account.Name, mailbox.Name, mailbox.List)
			if err != nil {
				return "", false, err
			}
			name := account.Name + "/" + mailbox.Name
			switch {
			case m.Complete.IsZero():
				quiet, lines = false, lines+"\nIts mailbox "+name+" has never been read to its end"+becauseOf(m.Failure)+"."
			case !m.Failing.IsZero() || a.now().Sub(m.Complete) > readLately:
				quiet, lines = false, lines+"\nIts mailbox "+name+" has not been read since "+m.Complete.UTC().Format(alertTime)+becauseOf(m.Failure)+"."
			default:
				lines += "\nIts mailbox " + name + " was read to the end at " + m.Complete.UTC().Format(alertTime) + "."
			}
		}
	}
	switch {
	case !fed:
		return "No mailbox of the configuration feeds it.", false, nil
	case quiet:
		return "The list is quiet, or its mail does not come into the mailbox any more." + lines, true, nil
	}
	return "Nobody knows whether the list is quiet." + lines, false, nil
}

func becauseOf(failure string) string {
	if failure == "" {
		return ", since nothing has tried to"
	}
	return " because " + failure
}

// lasting is a length of time as people say it.
func lasting(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}
