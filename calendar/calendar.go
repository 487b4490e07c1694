// Package calendar knows when events take place. It reads them from iCalendar
// and from the files in which projects list their meetings, works out their
// recurrence in the event's own time zone, over daylight saving, and writes
// occurrences as iCalendar. It is pure.
package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"sigpost"
)

// Check says what is wrong with an event's recurrence: a rule that is not
// understood, or a start, a cancelled date or one that is moved which the rules
// do not give.
func Check(e sigpost.Event) error {
	times := append([]time.Time{e.Start}, e.Cancelled...)
	for _, o := range e.Overrides {
		times = append(times, o.Of)
	}
	e.Overrides = nil // they would count as dates by themselves
	s, err := newSeries(e)
	if err != nil {
		return err
	}
	for _, t := range times {
		found, err := s.spans(t.Add(time.Second))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(found, func(s span) bool { return s.of.Equal(t) }) {
			return fmt.Errorf("%s is no date of it by its start and its recurrence rule", t.Format("Monday 2 January 2006"))
		}
	}
	return nil
}

// Between are the occurrences of an event that take place, or were to, at any
// time from one moment up to another, by start. Those that are going on at from
// count.
func Between(e sigpost.Event, from, to time.Time) ([]sigpost.Occurrence, error) {
	series, err := newSeries(e)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Title, err)
	}
	// What is moved may be moved to much earlier.
	furthest := to
	for _, o := range e.Overrides {
		if by := o.Of.Sub(o.Event.Start); by > 0 && to.Add(by).After(furthest) {
			furthest = to.Add(by)
		}
	}
	spans, err := series.spans(furthest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Title, err)
	}
	var all []sigpost.Occurrence
	for _, s := range spans {
		o := series.occurrence(s)
		if o.Start.Before(to) && (o.End.After(from) || !o.Start.Before(from)) {
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(a, b sigpost.Occurrence) int {
		return cmp.Or(a.Start.Compare(b.Start), a.RecurrenceID.Compare(b.RecurrenceID))
	})
	return all, nil
}

// Upcoming are the occurrences that a reader at time at wants to know of, by
// start: of each meeting the next one that takes place within horizon and
// those before it that were cancelled; each deadline within horizon; each summit
// that is not over and begins within summitHorizon. An error names the events that cannot be worked
// out; the others are there all the same.
func Upcoming(events []sigpost.Event, at time.Time, horizon, summitHorizon time.Duration) ([]sigpost.Occurrence, error) {
	var all []sigpost.Occurrence
	var failures []error
	for _, e := range events {
		var next []sigpost.Occurrence
		var err error
		switch e.Kind {
		case sigpost.EventSummit:
			next, err = Between(e, at, at.Add(summitHorizon))
			next = slices.DeleteFunc(next, func(o sigpost.Occurrence) bool { return !o.End.After(at) })
		case sigpost.EventDeadline:
			next, err = Between(e, at, at.Add(horizon))
			next = slices.DeleteFunc(next, func(o sigpost.Occurrence) bool { return !o.End.After(at) })
		default:
			next, err = upcomingMeeting(e, at, at.Add(horizon))
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		all = append(all, next...)
	}
	slices.SortStableFunc(all, func(a, b sigpost.Occurrence) int { return a.Start.Compare(b.Start) })
	return all, errors.Join(failures...)
}

// upcomingMeeting looks a year past until for what comes after, so that a
// meeting that is far away still has a date.
func upcomingMeeting(e sigpost.Event, at, until time.Time) ([]sigpost.Occurrence, error) {
	all, err := Between(e, at, until.AddDate(1, 0, 0))
	if err != nil {
		return nil, err
	}
	var found []sigpost.Occurrence
	for i, o := range all {
		if !o.Start.Before(until) {
			break
		}
		if !o.End.After(at) {
			continue
		}
		takesPlace := func(later sigpost.Occurrence) bool { return !later.Cancelled && later.Start.After(o.Start) }
		if later := slices.IndexFunc(all[i+1:], takesPlace); later >= 0 {
			o.Next = all[i+1+later].Start
		}
		found = append(found, o)
		if !o.Cancelled {
			break
		}
	}
	return found, nil
}

// series is an event whose recurrence is about to be worked out.
type series struct {
	sigpost.Event
	rules               []rule
	excluded, cancelled map[int64]bool // by Unix time
	own                 map[int64]*sigpost.Override
	following           []*sigpost.Override // in order
}

func newSeries(e sigpost.Event) (*series, error) {
	s := &series{Event: e, excluded: seconds(e.Excluded), cancelled: seconds(e.Cancelled), own: map[int64]*sigpost.Override{}}
	for _, text := range e.Rules {
		r, err := parseRule(text)
		if err == nil {
			err = r.check(e.Start)
		}
		if err != nil {
			return nil, err
		}
		s.rules = append(s.rules, r)
	}
	for i, o := range e.Overrides {
		s.own[o.Of.Unix()] = &e.Overrides[i]
		if o.Following {
			s.following = append(s.following, &e.Overrides[i])
		}
	}
	slices.SortStableFunc(s.following, func(a, b *sigpost.Override) int { return a.Of.Compare(b.Of) })
	return s, nil
}

func seconds(times []time.Time) map[int64]bool {
	set := map[int64]bool{}
	for _, t := range times {
		set[t.Unix()] = true
	}
	return set
}

// span is an occurrence by the recurrence alone: when it begins, and when it
// ends where it does so at another time than the others.
type span struct{ of, end time.Time }

// spans is the recurrence set up to a moment, in the event's zone and in order
// (RFC 5545, section 3.8.5.3): what the rules give, or its start where there
// is none, and its dates, but for what is excluded. What was overridden is one
// of them even if they do not give it: it is there by itself.
func (s *series) spans(to time.Time) ([]span, error) {
	var all []span
	for _, r := range s.rules {
		found, err := r.starts(s.Start, to)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			all = append(all, span{of: t})
		}
	}
	if len(s.rules) == 0 && s.Start.Before(to) {
		all = append(all, span{of: s.Start})
	}
	for _, d := range s.Dates {
		if d.From.Before(to) {
			all = append(all, span{of: d.From.In(s.Start.Location()), end: d.To})
		}
	}
	for _, o := range s.Overrides {
		if o.Of.Before(to) {
			all = append(all, span{of: o.Of.In(s.Start.Location())})
		}
	}
	// One with an end of its own stands in front of the same one without.
	slices.SortStableFunc(all, func(a, b span) int { return cmp.Or(a.of.Compare(b.of), b.end.Compare(a.end)) })
	all = slices.CompactFunc(all, func(a, b span) bool { return a.of.Equal(b.of) })
	return slices.DeleteFunc(all, func(at span) bool { return s.excluded[at.of.Unix()] }), nil
}

// occurrence is what takes place as an instance, or instead of it.
func (s *series) occurrence(at span) sigpost.Occurrence {
	is, start, end := s.Event, at.of, at.end
	override, own := s.own[at.of.Unix()]
	if !own {
		for _, f := range s.following {
			if f.Of.Before(at.of) {
				override = f
			}
		}
	}
	if override != nil {
		is, end = override.Event, time.Time{}
		start = is.Start
		if !own { // moved by as much as the first one that was
			moved := wallOf(is.Start).Sub(wallOf(override.Of.In(is.Start.Location())))
			start = Local(wallOf(at.of.In(is.Start.Location())).Add(moved), is.Start.Location())
		}
	}
	if end.IsZero() {
		end = endOf(is, start)
	}
	o := sigpost.Occurrence{
		UID: s.UID, Kind: s.Kind, Title: is.Title, Start: start, End: end,
		Zone: is.Start.Location().String(), AllDay: is.AllDay,
		Cancelled:  is.Status == sigpost.EventCancelled || s.Status == sigpost.EventCancelled || s.cancelled[at.of.Unix()],
		Tentative:  is.Status == sigpost.EventTentative,
		Overridden: own, Where: is.Where, Notes: is.Notes, Links: is.Links, Sessions: is.Sessions, Source: s.Source,
	}
	if len(s.Rules)+len(s.Dates)+len(s.Overrides) > 0 {
		o.RecurrenceID = at.of
	}
	if is.Floating {
		o.Zone = ""
	}
	return o
}

// endOf is when an occurrence that begins at start ends.
func endOf(e sigpost.Event, start time.Time) time.Time {
	if !e.AllDay && !e.Nominal {
		return start.Add(e.Duration)
	}
	days := int(e.Duration / (24 * time.Hour))
	return Local(wallOf(start).AddDate(0, 0, days), start.Location()).Add(e.Duration % (24 * time.Hour))
}
