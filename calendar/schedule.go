package calendar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigpost"
)

// ReadSessions reads a summit's schedule: iCalendar, or JSON as Sched exports it,
// as the OpenStack summits' API or frab and pretalx give it. Times that name no
// zone are on the summit's clock. What is not on its days is refused. Sessions
// that were cancelled are no sessions.
func ReadSessions(data []byte, summit sigpost.Event) ([]sigpost.Session, []Refusal, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	zone := summit.Start.Location()
	read := jsonSessions
	if guess(data) == ICalendar {
		read = icalendarSessions
	}
	all, refused, err := read(data, zone, summit.Start, endOf(summit, summit.Start))
	if err != nil {
		return nil, nil, err
	}
	kept := slices.DeleteFunc(all, func(s sigpost.Session) bool {
		if !s.Start.Before(summit.Start) && s.Start.Before(endOf(summit, summit.Start)) {
			return false
		}
		refused = append(refused, Refusal{named(s.Title), "it is on " + s.Start.Format("2 January 2006") + ", which is no day of the summit"})
		return true
	})
	slices.SortStableFunc(kept, func(a, b sigpost.Session) int { return a.Start.Compare(b.Start) })
	return kept, refused, nil
}

func icalendarSessions(data []byte, zone *time.Location, from, to time.Time) (all []sigpost.Session, refused []Refusal, err error) {
	r, err := Read(data, Options{Form: ICalendar, Zone: zone})
	if err != nil {
		return nil, nil, err
	}
	for _, e := range r.Events {
		if !e.Start.Before(to) { // told by whoever asked, as outside
			all = append(all, session(e, e.Start, zone))
			continue
		}
		found, err := Between(e, from, to)
		if err != nil {
			r.Refused = append(r.Refused, Refusal{named(e.Title), err.Error()})
		}
		for _, o := range found {
			if !o.Cancelled && !o.AllDay {
				all = append(all, session(e, o.Start, zone))
			}
		}
	}
	return all, r.Refused, nil
}

func session(e sigpost.Event, start time.Time, zone *time.Location) sigpost.Session {
	s := sigpost.Session{Title: e.Title, Start: start.In(zone), Room: e.Where, Abstract: e.Description}
	if len(e.Links) > 0 {
		s.URL = e.Links[0].URL
	}
	return s
}

// jsonSessions finds the sessions in JSON: each object with a title and a start,
// in lists as the known forms nest them.
func jsonSessions(data []byte, zone *time.Location, _, _ time.Time) (all []sigpost.Session, refused []Refusal, err error) {
	var whole any
	if err := json.Unmarshal(data, &whole); err != nil {
		return nil, nil, fmt.Errorf("this is no schedule: neither iCalendar nor JSON: %w", err)
	}
	entries := sessionEntries(whole)
	if entries == nil {
		return nil, nil, errors.New("this JSON is no schedule that sigpost knows: it has no list of sessions")
	}
	for _, entry := range entries {
		title := oneLine(field(entry, "title", "name"))
		if isOff(entry) {
			continue
		}
		start, err := sessionStart(entry, zone)
		switch {
		case err != nil:
			refused = append(refused, Refusal{named(title), err.Error()})
			continue
		case title == "":
			refused = append(refused, Refusal{named(title), "it has neither title nor name"})
			continue
		}
		s := sigpost.Session{
			Title: title, Start: start.In(zone), Room: oneLine(field(entry, "room", "venue", "location")),
			Speakers: speakers(entry), Abstract: oneLine(withoutTags(field(entry, "abstract") + "\n" + field(entry, "description"))),
		}
		if u := oneLine(field(entry, "url", "event_url", "link")); linkable(u) {
			s.URL = u
		}
		all = append(all, s)
	}
	return all, refused, nil
}

// sessionEntries are the objects of the list of sessions: the file itself (Sched),
// "data", "sessions" or "events" in it (the OpenStack summits' API), or what the
// rooms of "schedule.conference.days" have (frab, pretalx); nil where there is
// none.
func sessionEntries(whole any) []map[string]any {
	switch v := whole.(type) {
	case []any:
		entries := []map[string]any{}
		for _, one := range v {
			if entry, ok := one.(map[string]any); ok {
				entries = append(entries, entry)
			}
		}
		return entries
	case map[string]any:
		for _, key := range []string{"data", "sessions", "events"} {
			if list, ok := v[key].([]any); ok {
				return sessionEntries(list)
			}
		}
		schedule, _ := v["schedule"].(map[string]any)
		conference, _ := schedule["conference"].(map[string]any)
		days, ok := conference["days"].([]any)
		if !ok {
			return nil
		}
		entries := []map[string]any{}
		for _, day := range days {
			day, _ := day.(map[string]any)
			rooms, _ := day["rooms"].(map[string]any)
			for _, room := range sortedKeys(rooms) {
				for _, entry := range sessionEntries(rooms[room]) {
					if _, has := entry["room"]; !has {
						entry["room"] = room
					}
					entries = append(entries, entry)
				}
			}
		}
		return entries
	}
	return nil
}

// field is the first of some keys that has text, by itself or as a name.
func field(entry map[string]any, keys ...string) string {
	for _, key := range keys {
		switch v := entry[key].(type) {
		case string:
			if strings.TrimSpace(v) != "" {
				return v
			}
		case map[string]any:
			if name := field(v, "name", "title"); name != "" {
				return name
			}
		}
	}
	return ""
}

// isOff says that a session does not take place.
func isOff(entry map[string]any) bool {
	active, _ := entry["active"].(string)
	state := strings.ToLower(field(entry, "status", "state"))
	return strings.EqualFold(active, "N") || strings.HasPrefix(state, "cancel")
}

// speakers are the names of who speaks.
func speakers(entry map[string]any) string {
	for _, key := range []string{"speakers", "persons"} {
		switch v := entry[key].(type) {
		case string:
			return oneLine(v)
		case []any:
			var names []string
			for _, one := range v {
				name, _ := one.(string)
				if person, ok := one.(map[string]any); ok {
					if name = field(person, "public_name", "name"); name == "" {
						name = field(person, "first_name") + " " + field(person, "last_name")
					}
				}
				if name = oneLine(name); name != "" {
					names = append(names, name)
				}
			}
			return strings.Join(names, ", ")
		}
	}
	return ""
}

// sessionStart is when a session begins: seconds since 1970, a time with its
// offset, or one on the summit's clock.
func sessionStart(entry map[string]any, zone *time.Location) (time.Time, error) {
	for _, key := range []string{"date", "event_start", "start_date", "start"} {
		switch v := entry[key].(type) {
		case float64:
			if v > 0 && v < 1e11 {
				return time.Unix(int64(v), 0), nil
			}
		case string:
			if t, err := time.Parse(time.RFC3339, v); err == nil {
				return t, nil
			}
			for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
				if wall, err := time.Parse(layout, v); err == nil {
					return Local(wall, zone), nil
				}
			}
			return time.Time{}, fmt.Errorf("its start %q is no date and time", printable(v))
		}
	}
	return time.Time{}, errors.New("it has no start")
}

var tag = regexp.MustCompile(`<[^<>]*>`)

// withoutTags is the text of simple HTML.
func withoutTags(s string) string { return tag.ReplaceAllString(s, " ") }
