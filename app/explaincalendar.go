package app

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/calendar"
)

// CalendarOptions say how to read events.
type CalendarOptions = calendar.Options

// Refusal is an event that was not taken, and why.
type Refusal = calendar.Refusal

// ExplainedOccurrence is an occurrence of an event as it is understood.
type ExplainedOccurrence struct {
	Start   time.Time           `json:"start"`
	End     time.Time           `json:"end"`
	Zone    string              `json:"zone"` // empty where the event has none
	Summary string              `json:"summary"`
	Status  sigpost.EventStatus `json:"status"`
	UID     string              `json:"uid"`
	// RecurrenceID is when an instance that the file gives by itself would begin
	// by the recurrence; nil for the others.
	RecurrenceID *time.Time `json:"recurrence_id"`
	AllDay       bool       `json:"all_day,omitempty"`
}

// ExplainCalendar gives the occurrences that a file's events have from one time
// up to another, and what of it is refused. It needs no archive and no
// configuration.
func ExplainCalendar(file string, from, to time.Time, o CalendarOptions) ([]ExplainedOccurrence, []Refusal, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, sigpost.Usage(fmt.Errorf("the calendar cannot be read: %w", err))
	}
	o.Until = to
	reading, err := calendar.Read(data, o)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	all := []ExplainedOccurrence{}
	for _, e := range reading.Events {
		found, err := calendar.Between(e, from, to)
		if err != nil {
			reading.Refused = append(reading.Refused, Refusal{Event: fmt.Sprintf("%q", e.Title), Why: err.Error()})
			continue
		}
		for _, x := range found {
			all = append(all, explained(x))
		}
	}
	slices.SortStableFunc(all, func(a, b ExplainedOccurrence) int {
		if byStart := a.Start.Compare(b.Start); byStart != 0 {
			return byStart
		}
		return strings.Compare(a.UID, b.UID)
	})
	return all, reading.Refused, nil
}

func explained(o sigpost.Occurrence) ExplainedOccurrence {
	e := ExplainedOccurrence{
		Start: o.Start, End: o.End, Zone: o.Zone, Summary: o.Title, Status: sigpost.EventConfirmed, UID: o.UID, AllDay: o.AllDay,
	}
	switch {
	case o.Cancelled:
		e.Status = sigpost.EventCancelled
	case o.Tentative:
		e.Status = sigpost.EventTentative
	}
	if o.Overridden {
		e.RecurrenceID = &o.RecurrenceID
	}
	return e
}
