package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
)

type quarantineCommand struct {
	List  quarantineList  `cmd:"" help:"List mail that was kept aside, and why."`
	Show  quarantineShow  `cmd:"" help:"Show one of them as it came."`
	Retry quarantineRetry `cmd:"" help:"Try again: what the parser understands by now goes into the archive."`
}

type quarantineList struct {
	All bool `help:"List all, not only the newest 50."`
}

// quarantineLine is a mail in quarantine as it is listed.
type quarantineLine struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Source  string    `json:"source"`
	UID     uint32    `json:"uid,omitempty"`
	List    string    `json:"list"`
	Bytes   int       `json:"bytes"`
	Partial bool      `json:"partial,omitempty"`
	Reason  string    `json:"reason"`
}

func quarantineLineOf(q sigpost.Quarantined) quarantineLine {
	return quarantineLine{ID: q.ID, At: q.At, Source: q.Source, UID: q.UID, List: q.List, Bytes: len(q.Raw), Partial: q.Partial, Reason: q.Reason}
}

// Run lists the newest first.
func (c quarantineList) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	lines := []quarantineLine{}
	for before := int64(0); ; {
		page, err := a.Store.Quarantine(s.ctx, before, 0)
		if err != nil {
			return err
		}
		for _, q := range page {
			lines = append(lines, quarantineLineOf(q))
			before = q.ID
		}
		if len(page) == 0 || !c.All {
			break
		}
	}
	return s.tell(lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, "Nothing is in quarantine.")
		}
		for _, l := range lines {
			fmt.Fprintf(w, "%-5d %s  %s  %s\n", l.ID, l.At.Format(time.DateOnly), l.place(), printable(l.Reason))
		}
	})
}

// place says where a mail came from, and how much of it there is.
func (l quarantineLine) place() string {
	text := printable(l.Source)
	if l.UID != 0 {
		text += fmt.Sprintf(" UID %d", l.UID)
	}
	if l.Partial {
		return text + fmt.Sprintf(" (%d bytes, not all of it)", l.Bytes)
	}
	return text + fmt.Sprintf(" (%d bytes)", l.Bytes)
}

type quarantineShow struct {
	ID  int64 `arg:"" help:"Its number in the list."`
	Raw bool  `help:"Write the bytes as they came and nothing else, for a file."`
}

// Run shows a mail so that it cannot do anything to a terminal.
func (c quarantineShow) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	q, err := a.Store.Quarantined(s.ctx, c.ID)
	if err != nil {
		return fmt.Errorf("%w; \"sigpost quarantine list\" shows the numbers", err)
	}
	if c.Raw {
		_, err := s.stdout.Write(q.Raw)
		return err
	}
	line := quarantineLineOf(q)
	return s.tell(struct {
		quarantineLine
		Raw []byte `json:"raw"` // base64
	}{line, q.Raw}, func(w io.Writer) {
		fmt.Fprintf(w, "Number:  %d\nFrom:    %s\nKept:    %s\nReason:  %s\n\n", line.ID, line.place(), line.At.Format(time.RFC1123Z), printable(line.Reason))
		for text := range strings.Lines(string(q.Raw)) {
			fmt.Fprintln(w, printable(strings.TrimRight(text, "\r\n")))
		}
	})
}

// printable gives a stranger's line for a terminal: what is not to be seen is
// written as Go writes it.
func printable(line string) string {
	quoted := fmt.Sprintf("%+q", line)
	if quoted == `"`+line+`"` {
		return line
	}
	quoted = fmt.Sprintf("%q", line)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\t`, "\t").Replace(quoted[1 : len(quoted)-1])
}

type quarantineRetry struct {
	IDs []int64 `arg:"" optional:"" name:"id" help:"Numbers from the list; all without any."`
}

// Run tries each again and says what became of it.
func (c quarantineRetry) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := a.RetryQuarantined(s.ctx, c.IDs)
	if errors.Is(err, sigpost.ErrNotFound) {
		err = fmt.Errorf("%w; \"sigpost quarantine list\" shows the numbers", err)
	}
	if err != nil && len(all) == 0 {
		return err
	}
	return errors.Join(s.tell(append([]app.Retried{}, all...), func(w io.Writer) {
		stored := 0
		for _, r := range all {
			switch {
			case r.Reason != "":
				fmt.Fprintf(w, "%-5d stays: %s\n", r.ID, printable(r.Reason))
			case r.Duplicate:
				fmt.Fprintf(w, "%-5d was in the archive already, as %s\n", r.ID, printable(string(r.MessageID)))
			default:
				fmt.Fprintf(w, "%-5d is in the archive now, as %s\n", r.ID, printable(string(r.MessageID)))
			}
			if r.Reason == "" {
				stored++
			}
		}
		fmt.Fprintf(w, "%d of %d left the quarantine.\n", stored, len(all))
	}), err)
}
