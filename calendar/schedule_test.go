package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
)

func summit(t *testing.T) sigpost.Event {
	return sigpost.Event{Kind: sigpost.EventSummit, AllDay: true, Duration: 5 * 24 * time.Hour,
		Start: time.Date(2016, 4, 25, 0, 0, 0, 0, zone(t, "America/Chicago"))}
}

func TestReadSessions(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"iCalendar", vcalendar(vevent1("DTSTART:20160426T161500Z|DTEND:20160426T170000Z|LOCATION:Ballroom B|URL:https://example.org/1|DESCRIPTION:About <b>Magnum</b>") +
			"|BEGIN:VEVENT|UID:2|SUMMARY:floating|DTSTART:20160425T090000|END:VEVENT|BEGIN:VEVENT|UID:3|SUMMARY:off|STATUS:CANCELLED|DTSTART:20160425T090000|END:VEVENT" +
			"|BEGIN:VEVENT|UID:4|SUMMARY:late|DTSTART:20160430T090000|END:VEVENT"),
			"04-25 09:00 floating|Room:|By:||\n04-26 11:15 m|Room:Ballroom B|By:|https://example.org/1|About Magnum\n" +
				`refused: "late" is left out: it is on 30 April 2016, which is no day of the summit`},
		{"Sched", `[{"event_key":"1","active":"Y","name":"Kuryr","event_start":"2016-04-26 11:15","event_end":"2016-04-26 11:55","venue":"9A","speakers":"Ada, Ben","description":"<p>Ports</p>"},
			{"active":"N","name":"off","event_start":"2016-04-26 11:15"},{"name":"never"}]`,
			"04-26 11:15 Kuryr|Room:9A|By:Ada, Ben||Ports\n" + `refused: "never" is left out: it has no start`},
		{"the OpenStack summits' API", `{"total":1,"data":[{"title":"Kuryr","start_date":1461687300,"location":{"name":"9A"},"speakers":[{"first_name":"Ada","last_name":"Example"}],"abstract":"Ports"}]}`,
			"04-26 11:15 Kuryr|Room:9A|By:Ada Example||Ports"},
		{"frab", `{"schedule":{"conference":{"days":[{"rooms":{"9A":[{"title":"Kuryr","date":"2016-04-26T11:15:00-05:00","start":"11:15","persons":[{"public_name":"Ada"}],"url":"https://example.org/k"}]}}]}}}`,
			"04-26 11:15 Kuryr|Room:9A|By:Ada|https://example.org/k|"},
		{"something else", `{"a":1}`, "error: this JSON is no schedule that sigpost knows: it has no list of sessions"},
		{"no JSON", `<html>`, "error: this is no schedule: neither iCalendar nor JSON: invalid character '<' looking for beginning of value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sessions, refused, err := ReadSessions([]byte(c.file), summit(t))
			var all []string
			for _, s := range sessions {
				all = append(all, fmt.Sprintf("%s|Room:%s|By:%s|%s|%s", s.Start.Format("01-02 15:04 ")+s.Title, s.Room, s.Speakers, s.URL, s.Abstract))
			}
			for _, r := range refused {
				all = append(all, "refused: "+r.Error())
			}
			if err != nil {
				all = append(all, "error: "+err.Error())
			}
			equal(t, strings.Join(all, "\n"), c.want)
		})
	}
}

func FuzzReadSessions(f *testing.F) {
	f.Add([]byte(`[{"name":"Kuryr","event_start":"2016-04-26 11:15","speakers":["Ada"]}]`))
	f.Add([]byte(`{"schedule":{"conference":{"days":[{"rooms":{"9A":[{"title":"Kuryr","date":"2016-04-26T11:15:00-05:00"}]}}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Date(2016, 4, 25, 0, 0, 0, 0, time.UTC)
		sessions, _, _ := ReadSessions(data, sigpost.Event{AllDay: true, Start: start, Duration: 5 * 24 * time.Hour})
		for _, s := range sessions {
			if s.Title == "" && guess(data) != ICalendar || s.Start.Before(start) {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestConflicts(t *testing.T) {
	at := time.Date(2016, 4, 25, 14, 0, 0, 0, time.UTC)
	o := func(source, uid, title, where string, hour int) sigpost.Occurrence {
		start := at.Add(time.Duration(hour) * time.Hour)
		return sigpost.Occurrence{Source: source, UID: uid, Title: title, Where: where, Start: start, End: start.Add(90 * time.Minute)}
	}
	off := o("", "off", "Off", "#sig", 0)
	off.Cancelled = true
	for _, c := range []struct {
		name string
		all  []sigpost.Occurrence
		want string
	}{
		{"one after the other", []sigpost.Occurrence{o("", "1", "A", "#sig", 0), o("", "2", "B", "#sig", 2)}, ""},
		{"in one place", []sigpost.Occurrence{o("", "2", "B", "#sig", 1), o("", "1", "A", "#sig", 0)}, "same place: A, B\n"},
		{"at once", []sigpost.Occurrence{o("", "1", "A", "", 0), o("", "2", "B", "", 1)}, "same time: A, B\n"},
		{"one of them is cancelled", []sigpost.Occurrence{o("", "1", "A", "#sig", 0), off}, ""},
		{"the same event", []sigpost.Occurrence{o("", "1", "A", "", 0), o("", "1", "A", "", 1)}, ""},
		{"two sources, two times", []sigpost.Occurrence{o("", "1", "A", "", 0), o("k8s", "x", "a", "", 3)}, "sources: A, a\n"},
		{"two sources, told once", []sigpost.Occurrence{o("", "1", "A", "", 0), o("k8s", "x", "a", "", 0), o("", "1", "A", "", 168), o("k8s", "x", "a", "", 168)}, "sources: A, a\n"},
		{"two sources, another day", []sigpost.Occurrence{o("", "1", "A", "", 0), o("k8s", "x", "a", "", 24)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			for _, x := range Conflicts(c.all) {
				got += fmt.Sprintf("%s: %s, %s\n", x.Kind, x.A.Title, x.B.Title)
			}
			equal(t, got, c.want)
		})
	}
}
