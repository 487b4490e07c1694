package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sigpost/app"
)

// tellStatus says how far each mailbox has been read, and for people whether
// calendars are confirmed ("sigpost calendar" has it for programs).
func tellStatus(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true, DryRun: true})
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := a.Status(s.ctx)
	if err != nil {
		return err
	}
	calendars, err := a.Calendars(s.ctx)
	if err != nil {
		return err
	}
	sendings, err := a.Sendings(s.ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.tell(all, func(w io.Writer) {
		for _, state := range sendings {
			fmt.Fprintln(w, sendingWords(state))
		}
		for _, m := range all {
			fmt.Fprintf(w, "%s (%s): %s\n", m.Mailbox, purpose(m), verdict(m))
			for _, line := range statusLines(m, s.now()) {
				fmt.Fprintf(w, "  %s\n", line)
			}
		}
		for _, c := range calendars.Sources {
			fmt.Fprintln(w, calendarWords(c))
		}
	}), unread(all))
}

// unread is an error where mailboxes cannot be read, so that a monitor need not look at
// what is printed.
func unread(all []app.MailboxStatus) error {
	var names []string
	for _, m := range all {
		if !m.Failing.IsZero() || m.Unreachable != "" {
			names = append(names, m.Mailbox)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("mail cannot be read of %s; \"sigpost doctor --only imap\" says what to do", strings.Join(names, ", "))
}

// purpose is what a mailbox is for.
func purpose(m app.MailboxStatus) string {
	if m.Service {
		return "service"
	}
	return "list " + m.List
}

// verdict is the one line that tells a quiet list from a broken fetch.
func verdict(m app.MailboxStatus) string {
	switch {
	case !m.Failing.IsZero():
		return "FAILING since " + moment(m.Failing)
	case m.Unreachable != "":
		return "CANNOT BE READ now"
	case m.Complete.IsZero():
		return "never read to its end yet"
	case m.Server.NewUIDs:
		return "the server has numbered it anew: the next run reads it from the beginning"
	case m.Server.Behind > 0:
		return plural(m.Server.Behind, "message") + " behind"
	case len(m.Gaps) > 0:
		return "all read but for " + plural(len(m.Gaps), "message")
	}
	if m.Service {
		return "all read"
	}
	return "all read; the list is quiet"
}

func statusLines(m app.MailboxStatus, now time.Time) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	switch {
	case m.Complete.IsZero():
		add("last complete fetch: never")
	default:
		add("last complete fetch: %s%s", moment(m.Complete), ago(now, m.Complete))
	}
	if !m.Latest.IsZero() {
		add("newest message of the list: %s%s", moment(m.Latest), ago(now, m.Latest))
	}
	if m.Server != nil {
		add("on the server: %s, %d of them not read yet", plural(m.Server.Messages, "message"), m.Server.Behind)
	}
	if m.Unreachable != "" && m.Unreachable != m.Failure {
		add("now: %s", printable(m.Unreachable))
	}
	if m.Failure != "" {
		add("every fetch has failed since %s, for %s: %s", moment(m.Failing), lasted(now.Sub(m.Failing)), printable(m.Failure))
	}
	if len(m.Gaps) > 0 {
		uids := make([]string, 0, len(m.Gaps))
		for i, uid := range m.Gaps {
			if i == 20 {
				uids = append(uids, fmt.Sprintf("and %d more", len(m.Gaps)-i))
				break
			}
			uids = append(uids, fmt.Sprint(uid))
		}
		add("gaps: %s could not be fetched (UID %s); \"sigpost quarantine retry\" tries again", plural(len(m.Gaps), "message"), strings.Join(uids, ", "))
	}
	return lines
}

func moment(t time.Time) string { return t.UTC().Format("Mon 2 Jan 2006 15:04 MST") }

// ago says behind a moment how long it is past; nothing where it is to come, as --now
// makes it.
func ago(now, at time.Time) string {
	if at.After(now) {
		return ""
	}
	return ", " + lasted(now.Sub(at)) + " ago"
}

// lasted is a length of time as people say it.
func lasted(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour")
	}
	return plural(int(d.Hours()/24), "day")
}
