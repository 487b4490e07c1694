// Package calendar works out when events take place: recurrence rules in the
// event's own time zone, over daylight saving. It is pure.
package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"sigpost"
)

// Check says what is wrong with an event's recurrence: its rule, a start or a
// cancelled date that the rule does not give. Only rules that are sure to be
// understood are taken (RFC 5545, section 3.3.10): daily to
// yearly ones, without week numbers, days of the year, or set positions
// within a week or less.
func Check(e sigpost.Event) error {
	if err := checkRule(e); err != nil {
		return err
	}
	for _, t := range append([]time.Time{e.Start}, e.Cancelled...) {
		found, err := starts(e, t.Add(-time.Second), t.Add(time.Second))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("%s is no date of it by its start and its recurrence rule", t.Format("Monday 2 January 2006"))
		}
	}
	return nil
}

func checkRule(e sigpost.Event) error {
	if e.Rule == "" {
		return nil
	}
	option, err := rrule.StrToROption(e.Rule)
	if err != nil {
		return fmt.Errorf("the recurrence rule %q cannot be read: %w", e.Rule, err)
	}
	refuse := func(part string) error {
		return fmt.Errorf("the recurrence rule %q uses %s, which sigpost does not trust itself to work out: give the dates as events of their own", e.Rule, part)
	}
	switch {
	case !strings.Contains(strings.ToUpper(e.Rule), "FREQ="):
		return fmt.Errorf("the recurrence rule %q has no FREQ: it says how often, such as FREQ=WEEKLY;INTERVAL=2", e.Rule)
	case option.Freq > rrule.DAILY:
		return refuse("a frequency below a day")
	case len(option.Byweekno) > 0:
		return refuse("BYWEEKNO")
	case len(option.Byyearday) > 0:
		return refuse("BYYEARDAY")
	case len(option.Byeaster) > 0:
		return refuse("BYEASTER")
	case len(option.Bysetpos) > 0 && option.Freq >= rrule.WEEKLY:
		return refuse("BYSETPOS within a week")
	case len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) > 0:
		return refuse("BYHOUR, BYMINUTE or BYSECOND")
	}
	return nil
}

// Upcoming are the occurrences that a reader at time at wants to know of, by
// start: of each meeting the next one that takes place within horizon and
// those before it that were cancelled; each summit that is not over and
// begins within summitHorizon.
func Upcoming(events []sigpost.Event, at time.Time, horizon, summitHorizon time.Duration) ([]sigpost.Occurrence, error) {
	var all []sigpost.Occurrence
	for _, e := range events {
		if e.Kind == sigpost.EventSummit {
			if o := occurrence(e, e.Start); o.End.After(at) && o.Start.Before(at.Add(summitHorizon)) {
				all = append(all, o)
			}
			continue
		}
		next, err := upcomingMeeting(e, at, at.Add(horizon))
		if err != nil {
			return nil, err
		}
		all = append(all, next...)
	}
	slices.SortStableFunc(all, func(a, b sigpost.Occurrence) int { return a.Start.Compare(b.Start) })
	return all, nil
}

// upcomingMeeting looks a year past until for what comes after, so that a
// meeting that is far away still has a date.
func upcomingMeeting(e sigpost.Event, at, until time.Time) ([]sigpost.Occurrence, error) {
	// An occurrence that is going on still counts.
	starts, err := starts(e, at.Add(-e.Duration), until.AddDate(1, 0, 0))
	if err != nil {
		return nil, err
	}
	var found []sigpost.Occurrence
	for i, s := range starts {
		if !s.Before(until) || !s.Add(e.Duration).After(at) {
			continue
		}
		o := occurrence(e, s)
		o.Cancelled = isCancelled(e, s)
		if later := slices.IndexFunc(starts[i+1:], func(t time.Time) bool { return !isCancelled(e, t) }); later >= 0 {
			o.Next = starts[i+1+later]
		}
		found = append(found, o)
		if !o.Cancelled {
			break
		}
	}
	return found, nil
}

// starts are the starts of an event's occurrences in (from, to), cancelled
// ones too, in the event's own zone.
func starts(e sigpost.Event, from, to time.Time) ([]time.Time, error) {
	if e.Rule == "" {
		if e.Start.After(from) && e.Start.Before(to) {
			return []time.Time{e.Start}, nil
		}
		return nil, nil
	}
	if err := checkRule(e); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Title, err)
	}
	option, err := rrule.StrToROptionInLocation(e.Rule, e.Start.Location())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Title, err)
	}
	option.Dtstart = e.Start
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, fmt.Errorf("%s: the recurrence rule %q cannot be used: %w", e.Title, e.Rule, err)
	}
	return rule.Between(from, to, false), nil
}

func occurrence(e sigpost.Event, start time.Time) sigpost.Occurrence {
	end := start.Add(e.Duration)
	if e.AllDay { // whole days of the event's zone, whatever their length
		end = start.AddDate(0, 0, int(e.Duration/(24*time.Hour)))
	}
	return sigpost.Occurrence{
		UID: e.UID, Kind: e.Kind, Title: e.Title, Start: start, End: end,
		Zone: e.Start.Location().String(), AllDay: e.AllDay,
		Where: e.Where, Notes: e.Notes, Links: e.Links, Sessions: e.Sessions,
	}
}

func isCancelled(e sigpost.Event, start time.Time) bool {
	return slices.ContainsFunc(e.Cancelled, start.Equal)
}
