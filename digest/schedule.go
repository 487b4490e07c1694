package digest

import (
	"time"

	"sigpost"
)

// Schedule says which week an issue covers and when it is due.
type Schedule struct {
	// Weekday is the day on which issues are due; the week that one covers
	// ends with the midnight that begins it.
	Weekday time.Weekday
	// Hour and Minute are the time of day from which it is due.
	Hour, Minute int
	// Zone is the clock that all go by.
	Zone *time.Location
}

// Window is what an issue composed at now would cover, given the end of the
// window before it (zero: there was none, and one week is covered). due is
// false when nothing new has come to its end yet. Weeks that were missed
// collapse into one window, so that windows tile time whatever the moments at
// which this is asked.
func (s Schedule) Window(last, now time.Time) (w sigpost.Window, due bool) {
	day := s.latest(now)
	to, from := s.begin(day), s.begin(day.plus(-7))
	if !last.IsZero() {
		from = last
	}
	return sigpost.Window{From: from, To: to}, from.Before(to)
}

// Next is when the first issue after now is due.
func (s Schedule) Next(now time.Time) time.Time {
	day := s.latest(now)
	for {
		day = day.plus(7)
		// A day that a zone left out has no due time of its own.
		if due := s.due(day); due.After(now) {
			return due
		}
	}
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

// latest is the last day of the schedule whose issue is due by now.
func (s Schedule) latest(now time.Time) date {
	local := now.In(s.Zone)
	y, m, d := local.Date()
	day := date{y, m, d}.plus(-((int(local.Weekday()) - int(s.Weekday) + 7) % 7))
	for now.Before(s.due(day)) {
		day = day.plus(-7)
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
