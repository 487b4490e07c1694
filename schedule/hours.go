package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are the hours of the week in which something may be done, by the clock of a
// zone. The zero value with a zone is always open.
type Hours struct {
	// From and Until are minutes since midnight; it is open from From on, and not any
	// more at Until. Where Until is before From it goes on over midnight, and belongs
	// to the day on which it began. Where they are the same it is open all day.
	From, Until int
	// Days are those on which it opens; none stands for all.
	Days []time.Weekday
	Zone *time.Location
}

// ParseHours reads "07:00-20:00" as minutes since midnight; "" is all day.
func ParseHours(text string) (from, until int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	begin, end, ok := strings.Cut(text, "-")
	first, err1 := time.Parse("15:04", strings.TrimSpace(begin))
	last, err2 := time.Parse("15:04", strings.TrimSpace(end))
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("%q are no hours of the day: write them as \"07:00-20:00\"", text)
	}
	from, until = first.Hour()*60+first.Minute(), last.Hour()*60+last.Minute()
	if from == until {
		return 0, 0, fmt.Errorf("%q begin and end at the same time: leave them out where it may be all day", text)
	}
	return from, until, nil
}

// Always says whether it never closes.
func (h Hours) Always() bool { return h.From == h.Until && len(h.Days) == 0 }

// Open says whether it is open. The clock on the wall alone counts: an hour that comes
// twice is open twice, and what would open in an hour that is left out opens behind it.
func (h Hours) Open(t time.Time) bool {
	t = t.In(h.Zone)
	minute, day := t.Hour()*60+t.Minute(), t.Weekday()
	switch {
	case h.From == h.Until:
		return h.on(day)
	case h.From < h.Until:
		return minute >= h.From && minute < h.Until && h.on(day)
	}
	return minute >= h.From && h.on(day) || minute < h.Until && h.on((day+6)%7)
}

func (h Hours) on(day time.Weekday) bool { return len(h.Days) == 0 || slices.Contains(h.Days, day) }

// longest is how far ahead is looked: hours on one day of the week that a zone leaves
// out come again a week later.
const longest = 15 * 24 * time.Hour

// Next is when it is open: t itself, or the minute in which it opens next.
func (h Hours) Next(t time.Time) time.Time { return h.until(t, true) }

// Closes is when it closes, given that it is open at t; zero where it does not.
func (h Hours) Closes(t time.Time) time.Time {
	if h.Always() {
		return time.Time{}
	}
	return h.until(t, false)
}

// until looks minute by minute, so that no change of clocks can be overlooked: two
// weeks are 20,000 of them, which takes a millisecond.
func (h Hours) until(t time.Time, open bool) time.Time {
	if h.Open(t) == open {
		return t
	}
	at := t.Truncate(time.Minute)
	for end := t.Add(longest); !at.After(end); {
		at = at.Add(time.Minute)
		if h.Open(at) == open {
			return at
		}
	}
	return time.Time{}
}

// String says it in words.
func (h Hours) String() string {
	days := "every day"
	if len(h.Days) > 0 {
		var names []string
		for _, d := range h.Days {
			names = append(names, d.String())
		}
		days = strings.Join(names, ", ")
	}
	if h.From == h.Until {
		return fmt.Sprintf("%s (%s)", days, h.Zone)
	}
	return fmt.Sprintf("%s from %02d:%02d to %02d:%02d (%s)", days, h.From/60, h.From%60, h.Until/60, h.Until%60, h.Zone)
}
