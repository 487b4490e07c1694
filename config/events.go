package config

import (
	"fmt"
	"strings"
	"time"

	"sigpost"
	"sigpost/calendar"
	"sigpost/internal/tomlfile"
)

// Events are the meetings and summits that the file itself has, meetings first.
// Their UIDs stay when others are written in front of them: titles, and a
// number for the second one of the same title.
func (c *Config) Events() []sigpost.Event {
	var events []sigpost.Event
	seen := map[string]int{}
	add := func(e sigpost.Event) {
		if seen[e.UID]++; seen[e.UID] > 1 {
			e.UID = fmt.Sprintf("%s-%d", e.UID, seen[e.UID])
		}
		events = append(events, e)
	}
	for _, m := range c.Meetings {
		add(m.event())
	}
	for _, s := range c.Summits {
		add(s.event())
	}
	for _, d := range c.Deadlines {
		add(d.event())
	}
	return events
}

func (d Deadline) event() sigpost.Event {
	return sigpost.Event{
		UID: "deadline-" + d.Title, Kind: sigpost.EventDeadline, Title: d.Title,
		Start: d.Day.AsTime(location(d.Zone)), Duration: 24 * time.Hour, AllDay: true,
		Notes: d.Notes, Links: links(d.Links),
	}
}

func (m Meeting) event() sigpost.Event {
	zone := location(m.Zone)
	e := sigpost.Event{
		UID: "meeting-" + m.Title, Kind: sigpost.EventMeeting, Title: m.Title,
		Start: at(m.Start, zone), Duration: time.Duration(m.Duration),
		Where: m.Where, Notes: m.Notes, Links: links(m.Links),
	}
	if m.Repeat != "" {
		e.Rules = []string{m.Repeat}
	}
	on := func(d tomlfile.LocalDate) time.Time {
		return at(tomlfile.LocalDateTime{LocalDate: d, LocalTime: m.Start.LocalTime}, zone)
	}
	for _, d := range m.Cancelled {
		e.Cancelled = append(e.Cancelled, on(d))
	}
	for _, t := range m.Also {
		e.Dates = append(e.Dates, sigpost.Window{From: at(t, zone)})
	}
	instance := e
	instance.Rules, instance.Dates, instance.Cancelled = nil, nil, nil
	for _, move := range m.Moved {
		instance.Start = at(move.To, zone)
		e.Overrides = append(e.Overrides, sigpost.Override{Of: on(move.From), Event: instance})
	}
	return e
}

func (s Summit) event() sigpost.Event {
	zone := location(s.Zone)
	// Days are counted in UTC, where each has 24 hours.
	days := s.Last.AsTime(time.UTC).Sub(s.First.AsTime(time.UTC)) + 24*time.Hour
	e := sigpost.Event{
		UID: "summit-" + s.Title, Kind: sigpost.EventSummit, Title: s.Title,
		Start: s.First.AsTime(zone), Duration: days, AllDay: true,
		Where: s.Where, Notes: s.Notes, Links: links(s.Links),
	}
	for _, t := range s.Sessions {
		e.Sessions = append(e.Sessions, sigpost.Session{
			Title: t.Title, Start: at(t.Start, zone), Room: t.Room, Speakers: t.Speakers, URL: t.URL,
		})
	}
	return e
}

// Options say how to read the calendar.
func (c Calendar) Options(now time.Time) calendar.Options {
	o := calendar.Options{
		Form: calendar.Form(c.Form), Kind: sigpost.EventKind(c.Kind), Now: now, Only: c.Only, Source: c.Name,
		Until: now.AddDate(2, 0, 0), // further than any issue looks
	}
	if c.Zone != "" {
		o.Zone = location(c.Zone)
	}
	if c.WeeksFrom != (tomlfile.LocalDate{}) {
		o.WeeksFrom = c.WeeksFrom.AsTime(time.UTC)
	}
	return o
}

// Address is where a calendar comes from: a URL, or the path of a file or
// folder.
func (c *Config) Address(cal Calendar) (string, error) {
	switch {
	case cal.URL != "":
		return cal.URL, nil
	case cal.File != "":
		return c.Path(cal.File), nil
	}
	return c.secret("the URL of the calendar "+cal.Name, cal.URLFile, "url_file", "", "")
}

// ScheduleAddress is where a summit's sessions come from.
func (c *Config) ScheduleAddress(s Summit) string {
	if strings.Contains(s.Schedule, "://") {
		return s.Schedule
	}
	return c.Path(s.Schedule)
}

// Location is the summit's time zone.
func (s Summit) Location() *time.Location { return location(s.Zone) }

// at is the moment at which the clocks of a zone show a time.
func at(t tomlfile.LocalDateTime, zone *time.Location) time.Time {
	return calendar.Local(t.AsTime(time.UTC), zone)
}

func links(from []Link) []sigpost.Link {
	var to []sigpost.Link
	for _, l := range from {
		to = append(to, sigpost.Link(l))
	}
	return to
}

// location loads a zone that validation has seen.
func location(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Location is the digest's time zone.
func (d Digest) Location() *time.Location { return location(d.Zone) }
