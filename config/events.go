package config

import (
	"fmt"
	"time"

	"sigpost"
	"sigpost/calendar"
	"sigpost/internal/tomlfile"
)

// Events are the meetings and summits, meetings first.
func (c *Config) Events() []sigpost.Event {
	var events []sigpost.Event
	for i, m := range c.Meetings {
		events = append(events, m.event(i))
	}
	for i, s := range c.Summits {
		events = append(events, s.event(i))
	}
	return events
}

func (m Meeting) event(i int) sigpost.Event {
	zone := location(m.Zone)
	start := at(m.Start, zone)
	var rules []string
	if m.Repeat != "" {
		rules = []string{m.Repeat}
	}
	var cancelled []time.Time
	for _, d := range m.Cancelled {
		cancelled = append(cancelled, at(tomlfile.LocalDateTime{LocalDate: d, LocalTime: m.Start.LocalTime}, zone))
	}
	return sigpost.Event{
		UID: fmt.Sprintf("meeting-%d", i+1), Kind: sigpost.EventMeeting, Title: m.Title,
		Start: start, Duration: time.Duration(m.Duration), Rules: rules, Cancelled: cancelled,
		Where: m.Where, Notes: m.Notes, Links: links(m.Links),
	}
}

func (s Summit) event(i int) sigpost.Event {
	zone := location(s.Zone)
	// Days are counted in UTC, where each has 24 hours.
	days := s.Last.AsTime(time.UTC).Sub(s.First.AsTime(time.UTC)) + 24*time.Hour
	e := sigpost.Event{
		UID: fmt.Sprintf("summit-%d", i+1), Kind: sigpost.EventSummit, Title: s.Title,
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
