package digest

import (
	"time"

	"sigpost"
)

// Cadence says how often a digest comes.
type Cadence string

// The cadences. The zero value is Weekly.
const (
	Weekly  Cadence = "week"
	Daily   Cadence = "day"
	Monthly Cadence = "month"
)

// Schedule says which stretch of time an issue covers and when it is due.
type Schedule struct {
	Every Cadence
	// Weekday is the day on which weekly issues are due; the week that one
	// covers ends with the midnight that begins it. Monthly ones are due on it
	// where Nth is set.
	Weekday time.Weekday
	// Nth is which Weekday of the month a monthly issue is due on: 1 to 4, or
	// -1 for the last.
	Nth int
	// Day is the day of the month on which a monthly issue is due, where Nth
	// is 0; the last one of a month that has no such day.
	Day int
	// Hour and Minute are the time of day from which it is due.
	Hour, Minute int
	// Zone is the clock that all go by.
	Zone *time.Location
}

// Window is what an issue composed at now would cover, given the end of the
// window before it (zero: there was none, and one week, day or month is
// covered). due is false when nothing new has come to its end yet. Windows that
// were missed collapse into one, so that windows tile time whatever the moments
// at which this is asked.
func (s Schedule) Window(last, now time.Time) (w sigpost.Window, due bool) {
	day := s.latest(now)
	to, from := s.begin(day), s.begin(s.before(day))
	if !last.IsZero() {
		from = last
	}
	return sigpost.Window{From: from, To: to}, from.Before(to)
}

// Since is since when the issue is due whose window Window gives: where several have been
// missed, the first of them was due then.
func (s Schedule) Since(last, now time.Time) time.Time {
	day := s.latest(now)
	for before := s.before(day); !last.IsZero() && s.begin(before).After(last); before = s.before(before) {
		day = before
	}
	return s.due(day)
}

// Next is when the first issue after now is due.
func (s Schedule) Next(now time.Time) time.Time {
	day := s.latest(now)
	for {
		day = s.after(day)
		// A day that a zone left out has no due time of its own.
		if due := s.due(day); due.After(now) {
			return due
		}
	}
}

// Soon is how long after its window the readers of an issue have it at hand,
// with a day to spare.
func (s Schedule) Soon() time.Duration {
	days := map[Cadence]int{Daily: 2, Monthly: 32}[s.Every]
	if days == 0 {
		return soon
	}
	return time.Duration(days) * 24 * time.Hour
}

// date is a day of the calendar. Days are counted by it and not by instants:
// there are zones in which some days have no midnight.
type date struct {
	year  int
	month time.Month
	day   int
}

func (d date) plus(days int) date {
	y, m, day := time.Date(d.year, d.month, d.day+days, 0, 0, 0, 0, time.UTC).Date()
	return date{y, m, day}
}

func (d date) weekday() time.Weekday {
	return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).Weekday()
}

// has says whether an issue is due on a day.
func (s Schedule) has(d date) bool {
	switch s.Every {
	case Daily:
		return true
	case Monthly:
		length := date{d.year, d.month + 1, 0}.plus(0).day
		switch {
		case s.Nth > 0:
			return d.weekday() == s.Weekday && (d.day-1)/7 == s.Nth-1
		case s.Nth < 0:
			return d.weekday() == s.Weekday && d.day+7 > length
		}
		return d.day == min(max(s.Day, 1), length)
	}
	return d.weekday() == s.Weekday
}

// after and before are the schedule's next day and the one before.
func (s Schedule) after(d date) date {
	for d = d.plus(1); !s.has(d); {
		d = d.plus(1)
	}
	return d
}

func (s Schedule) before(d date) date {
	for d = d.plus(-1); !s.has(d); {
		d = d.plus(-1)
	}
	return d
}

// latest is the last day of the schedule whose issue is due by now.
func (s Schedule) latest(now time.Time) date {
	y, m, d := now.In(s.Zone).Date()
	day := s.before(date{y, m, d}.plus(1))
	for now.Before(s.due(day)) {
		day = s.before(day)
	}
	return day
}

// begin is the first instant of a day: its midnight, or where the clocks went
// forward over that, the moment at which they did.
func (s Schedule) begin(d date) time.Time {
	midnight := time.Date(d.year, d.month, d.day, 0, 0, 0, 0, s.Zone)
	if midnight.Day() == d.day && midnight.Hour() == 0 {
		return midnight
	}
	change, _ := time.Date(d.year, d.month, d.day, 12, 0, 0, 0, s.Zone).ZoneBounds()
	return change.In(s.Zone)
}

// due is when the issue whose window ends with the begin of the day may be
// composed.
func (s Schedule) due(d date) time.Time {
	at := time.Date(d.year, d.month, d.day, s.Hour, s.Minute, 0, 0, s.Zone)
	if begin := s.begin(d); at.Before(begin) {
		return begin
	}
	return at
}
