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
	// At is the time of day from which it is due.
	Hour, Minute int
	// Zone is the clock that both go by.
	Zone *time.Location
}

// Window is what an issue composed at now would cover, given the end of the
// window before it (zero: there was none, and one week is covered). due is
// false when nothing new has come to its end yet. Weeks that were missed
// collapse into one window, so that windows tile time whatever the moments at
// which this is asked.
func (s Schedule) Window(last, now time.Time) (w sigpost.Window, due bool) {
	to := s.boundary(now)
	from := to.AddDate(0, 0, -7)
	if !last.IsZero() {
		from = last
	}
	return sigpost.Window{From: from, To: to}, from.Before(to)
}

// Next is when the first issue after now is due.
func (s Schedule) Next(now time.Time) time.Time {
	to := s.boundary(now)
	for {
		to = s.midnight(to, 7)
		// A day that a zone left out has no due time of its own.
		if due := s.due(to); due.After(now) {
			return due
		}
	}
}

// boundary is the last midnight at the begin of the weekday whose issue is
// due by now.
func (s Schedule) boundary(now time.Time) time.Time {
	back := (int(now.In(s.Zone).Weekday()) - int(s.Weekday) + 7) % 7
	midnight := s.midnight(now, -back)
	for now.Before(s.due(midnight)) {
		midnight = s.midnight(midnight, -7)
	}
	return midnight
}

// midnight is the begin of the day that is some days after that of t.
func (s Schedule) midnight(t time.Time, days int) time.Time {
	y, m, d := t.In(s.Zone).Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, s.Zone)
}

// due is when the issue whose window ends at midnight may be composed.
func (s Schedule) due(midnight time.Time) time.Time {
	y, m, d := midnight.In(s.Zone).Date()
	return time.Date(y, m, d, s.Hour, s.Minute, 0, 0, s.Zone)
}
