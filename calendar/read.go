package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigpost"
)

// Form is what kind of file events are read from.
type Form string

// The forms.
const (
	ICalendar      Form = "icalendar"       // RFC 5545
	OpenStackIRC   Form = "openstack-irc"   // a meeting of OpenStack's irc-meetings, as YAML
	KubernetesSIGs Form = "kubernetes-sigs" // Kubernetes' sigs.yaml
)

// Forms are all forms.
func Forms() []Form { return []Form{ICalendar, OpenStackIRC, KubernetesSIGs} }

// Options say how to read events.
type Options struct {
	Form Form // empty: by the content
	Kind sigpost.EventKind
	// Zone is where times that name no zone, and whole days, are meant; nil
	// leaves them floating, as times of UTC.
	Zone *time.Location
	// WeeksFrom is a day of a week in which meetings of every second or fourth
	// week take place, for those that give no first date; zero where nobody says.
	WeeksFrom time.Time
	// Now tells which weeks are odd for a meeting of odd weeks, where nobody says.
	Now time.Time
	// Until is how far recurrences will be asked for: an event that cannot be worked
	// out so far is refused. Zero refuses those that fail at once.
	Until time.Time
	// Only are words of which an event must have one in its title, or as its
	// group's name; none takes all.
	Only []string
	// Source is the name that the events are to have as theirs.
	Source string
}

// Reading is what was read.
type Reading struct {
	Events []sigpost.Event
	// Refused are the events that are there and cannot be trusted.
	Refused []Refusal
}

// Refusal is an event that was not taken, and why.
type Refusal struct {
	Event string `json:"event"`
	Why   string `json:"why"`
}

// Error says it in one line.
func (r Refusal) Error() string { return fmt.Sprintf("%s is left out: %s", r.Event, r.Why) }

// maxEvents bounds the events of a file: each is worked out for every issue.
const maxEvents = 20_000

// maxEndless bounds how many events may be refused for having too many
// occurrences: finding that out takes a tenth of a second.
const maxEndless = 20

// Read reads the events of a file. An error says that it is no such file, or a
// broken one; what is wrong with one event alone is among the refused.
func Read(data []byte, o Options) (Reading, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if o.Form == "" {
		if o.Form = guess(data); o.Form == "" {
			return Reading{}, errors.New("this is no calendar: neither iCalendar nor a list of meetings that sigpost knows")
		}
	}
	read := map[Form]func([]byte, Options) (Reading, error){ICalendar: readICalendar, OpenStackIRC: readIRC, KubernetesSIGs: readSIGs}[o.Form]
	if read == nil {
		return Reading{}, fmt.Errorf("there is no form %q of calendars", o.Form)
	}
	reading, err := read(data, o)
	if err != nil {
		return Reading{}, err
	}
	return reading.checked(o)
}

// guess is the form of a file by its content.
func guess(data []byte) Form {
	if bytes.Contains(bytes.ToUpper(data[:min(len(data), 4096)]), []byte("BEGIN:V")) {
		return ICalendar
	}
	for line := range bytes.Lines(data) {
		switch key, _, _ := bytes.Cut(line, []byte(":")); string(key) {
		case "schedule", "project", "meeting_id":
			return OpenStackIRC
		case "sigs", "workinggroups", "committees":
			return KubernetesSIGs
		}
	}
	return ""
}

// checked gives the events what all have in common, and refuses those whose
// recurrence cannot be worked out.
func (r Reading) checked(o Options) (Reading, error) {
	kept := Reading{Refused: r.Refused}
	endless := 0
	if len(r.Events) > maxEvents {
		return Reading{}, fmt.Errorf("it has more than %d events: take a part of it", maxEvents)
	}
	for _, e := range r.Events {
		e.Source, e.Kind = o.Source, o.Kind
		if e.Kind == "" {
			e.Kind = sigpost.EventMeeting
		}
		s, err := newSeries(e)
		if err == nil {
			to := e.Start.Add(time.Second)
			if o.Until.After(to) {
				to = o.Until
			}
			_, err = s.spans(to)
		}
		if err != nil {
			kept.Refused = append(kept.Refused, Refusal{named(e.Title), err.Error()})
			if errors.Is(err, errTooMany) {
				if endless++; endless > maxEndless {
					return Reading{}, fmt.Errorf("it has more than %d events with too many occurrences", maxEndless)
				}
			}
			continue
		}
		kept.Events = append(kept.Events, e)
	}
	return kept, nil
}

// wanted says whether a filter lets an event by these names pass.
func wanted(only []string, names ...string) bool {
	if len(only) == 0 {
		return true
	}
	for _, word := range only {
		for _, name := range names {
			if strings.Contains(strings.ToLower(name), strings.ToLower(strings.TrimSpace(word))) {
				return true
			}
		}
	}
	return false
}

// named is how to speak of an event.
func named(title string) string {
	if title == "" {
		return "an event without a title"
	}
	return fmt.Sprintf("%q", title)
}
