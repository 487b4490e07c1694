package digest

import (
	"fmt"
	"strings"
	"time"

	"sigpost"
)

// day is how dates are written where their year is known.
const day = "Monday 2 January"

// Dates says in words what a window covers, in a zone: whole days where it
// begins and ends at midnight ("Monday 18 to Sunday 24 April 2016": the end is
// exclusive), with the time of day otherwise.
func Dates(w sigpost.Window, zone *time.Location) string {
	from, to := w.From.In(zone), w.To.In(zone)
	if !to.After(from) {
		return from.Format(day + " 2006")
	}
	if startsDay(from) && startsDay(to) {
		return days(from, to.Add(-1))
	}
	first := from.Format(day)
	switch {
	case sameDay(from, to):
		return first + from.Format(" 2006, ") + clock(from) + " to " + clock(to)
	case from.Year() != to.Year():
		first += from.Format(" 2006")
	}
	return first + ", " + clock(from) + " to " + to.Format(day+" 2006, ") + clock(to)
}

// days says the days from one to another, both included.
func days(first, last time.Time) string {
	switch {
	case sameDay(first, last):
		return last.Format(day + " 2006")
	case first.Year() != last.Year():
		return first.Format(day+" 2006") + " to " + last.Format(day+" 2006")
	case first.Month() != last.Month():
		return first.Format(day) + " to " + last.Format(day+" 2006")
	}
	return first.Format("Monday 2") + " to " + last.Format(day+" 2006")
}

// shortDates is days for where there is little room: "18–24 April". Years are
// in it only where there are two.
func shortDates(w sigpost.Window, zone *time.Location) string { return spanDates(w, zone, "January") }

// briefDates is shortDates with short months: "25 Apr–1 May".
func briefDates(w sigpost.Window, zone *time.Location) string { return spanDates(w, zone, "Jan") }

func spanDates(w sigpost.Window, zone *time.Location, month string) string {
	first, last := w.From.In(zone), w.To.In(zone)
	if last.After(first) {
		last = last.Add(-1)
	}
	end := last.Format("2 " + month)
	switch {
	case sameDay(first, last):
		return end
	case first.Year() != last.Year():
		return first.Format("2 "+month+" 2006") + "–" + end + last.Format(" 2006")
	case first.Month() != last.Month():
		return first.Format("2 "+month) + "–" + end
	}
	return first.Format("2") + "–" + end
}

// startsDay says whether t is the first instant of its day, which is not
// midnight where the clocks skip that.
func startsDay(t time.Time) bool { return !sameDay(t, t.Add(-1)) }

func sameDay(a, b time.Time) bool {
	ay, am, ad := a.Date()
	by, bm, bd := b.Date()
	return ay == by && am == bm && ad == bd
}

// daysUntil counts the midnights of the calendar between two dates.
func daysUntil(from, to time.Time) int {
	civil := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(civil(to).Sub(civil(from)) / (24 * time.Hour))
}

// clock is a time of day with its zone's letters, or its offset where the zone
// has no letters.
func clock(t time.Time) string {
	if letters := zoneLetters(t); letters != "" {
		return t.Format("15:04 ") + letters
	}
	return t.Format("15:04 ") + offset(t)
}

// zoneLetters is a zone's abbreviation at t, or "" where the zone database
// gives a number in its place.
func zoneLetters(t time.Time) string {
	name, _ := t.Zone()
	if name == "" || strings.ContainsAny(name[:1], "+-") {
		return ""
	}
	return name
}

// offset spells how far a clock is from UTC at t: "UTC+2", "UTC−3:30".
func offset(t time.Time) string {
	_, seconds := t.Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = "−", -seconds
	}
	words := fmt.Sprintf("UTC%s%d", sign, seconds/3600)
	if minutes := seconds / 60 % 60; minutes != 0 {
		words += fmt.Sprintf(":%02d", minutes)
	}
	return words
}

// city is the part of an IANA zone's name that says where it is kept, or "".
func city(zone *time.Location) string {
	area, name, ok := strings.Cut(zone.String(), "/")
	if !ok || area == "Etc" {
		return ""
	}
	return strings.ReplaceAll(name[strings.LastIndexByte(name, '/')+1:], "_", " ")
}
