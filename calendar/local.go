package calendar

import "time"

// Local is the moment at which the clocks of a zone show what wall shows (its
// date and time of day; its own zone does not count). A time that comes twice,
// when clocks go back, is the first one; one that never comes, when they go
// forward, is read with the offset from before (RFC 5545, section 3.3.5).
// Package time promises neither.
func Local(wall time.Time, zone *time.Location) time.Time {
	y, mo, d := wall.Date()
	h, mi, s := wall.Clock()
	asUTC := time.Date(y, mo, d, h, mi, s, wall.Nanosecond(), time.UTC)
	t := time.Date(y, mo, d, h, mi, s, wall.Nanosecond(), zone)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	if t.Hour() != h || t.Minute() != mi || t.Second() != s || t.Day() != d {
		// In a gap, which lies at one of the bounds. Where package time has taken
		// the offset from before, the result lies behind the gap already.
		for _, bound := range []time.Time{start, end} {
			if bound.IsZero() {
				continue
			}
			_, before := bound.Add(-1).Zone()
			_, after := bound.Zone()
			first, last := bound.Unix()+int64(before), bound.Unix()+int64(after)
			if wall := asUTC.Unix(); first <= wall && wall < last {
				return asUTC.Add(-time.Duration(before) * time.Second).In(zone)
			}
		}
		return t
	}
	if start.IsZero() {
		return t
	}
	if _, before := start.Add(-1).Zone(); before > offset {
		if earlier := asUTC.Add(-time.Duration(before) * time.Second); earlier.Before(start) {
			return earlier.In(zone)
		}
	}
	return t
}

// wallOf is what the clocks of a moment's zone show, as a time in UTC.
func wallOf(t time.Time) time.Time {
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	return time.Date(y, mo, d, h, mi, s, 0, time.UTC)
}
