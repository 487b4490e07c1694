package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"sigpost"
	"sigpost/internal/logs"
)

const remoteCalendar = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:remote\r\nSUMMARY:Office hour\r\nDTSTART;TZID=Europe/Berlin:20160101T150000\r\nDTEND;TZID=Europe/Berlin:20160101T160000\r\n" +
	"RRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:mad\r\nSUMMARY:Mad\r\nDTSTART:20060101T150000Z\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

const remoteSchedule = `[{"name": "Kuryr: one port per pod", "event_start": "2016-04-26 11:15"},
{"name": "Running Kubernetes on OpenStack", "event_start": "2016-04-26 14:00", "description": "How Magnum makes clusters of Kubernetes."},
{"name": "Lunch", "event_start": "2016-04-26 12:15"}]`

// Meetings and sessions come from the web; a server that fails changes nothing
// and holds up nobody, and what did not change is not sent again.
func TestCalendarsFromTheWeb(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		var down atomic.Bool
		var whole, unchanged atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			switch {
			case down.Load():
				rw.WriteHeader(http.StatusBadGateway)
			case r.Header.Get("If-None-Match") == `"1"`:
				unchanged.Add(1)
				rw.WriteHeader(http.StatusNotModified)
			default:
				whole.Add(1)
				rw.Header().Set("ETag", `"1"`)
				fmt.Fprint(rw, map[string]string{"/c.ics": remoteCalendar, "/s.json": remoteSchedule}[r.URL.Path])
			}
		}))
		defer server.Close()
		w.more = fmt.Sprintf(`
[[calendar]]
name = "remote"
url = "%[1]s/c.ics"
[[summit]]
title = "OpenStack Summit"
first = 2016-04-25
last = 2016-04-29
zone = "America/Chicago"
schedule = "%[1]s/s.json"
[[summit.session]]
title = "Lunch"
start = 2016-04-26T12:15:00
room = "Hall"
`, server.URL)
		a := w.open()
		w.subscribe(a, "ana@readers.example.org", "kuryr")
		r := w.run(a)
		if len(r.Calendars) != 2 || r.Calendars[0].Events != 1 || r.Calendars[1].Events != 2 || len(r.Calendars[0].Refused) != 1 || !r.Calendars[0].Confirmed.Equal(w.clock()) {
			t.Errorf("%+v", r.Calendars)
		}
		issue, err := a.Store.LastIssue(context.Background(), "weekly")
		if err != nil {
			t.Fatal(err)
		}
		if len(issue.Events) != 2 {
			t.Fatalf("%+v", issue.Events)
		}
		equalText(t, "sessions", sessionWords(issue.Events[0].Sessions), "11:15 Kuryr: one port per pod: project:kuryr\n12:15 Lunch: \n14:00 Running Kubernetes on OpenStack: scenario:kubernetes-on-openstack")
		for _, c := range []struct {
			tag  sigpost.Tag
			want []string
			not  string
		}{{sigpost.Tag{}, []string{"DTSTART:20160426T161500Z", "Kuryr: one port per pod", "SUMMARY:Lunch", "SUMMARY:Running Kubernetes"}, "nothing"},
			{sigpost.Tag{Kind: sigpost.KindProject, Name: "kuryr"}, []string{"SUMMARY:Kuryr: one port per pod"}, "Lunch"}} {
			feed, err := a.Feed(t.Context())
			if c.tag.Name != "" {
				feed, err = a.TopicFeed(t.Context(), c.tag, "Kuryr")
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range c.want {
				if !strings.Contains(string(feed), part) || strings.Contains(string(feed), c.not) {
					t.Errorf("the calendar of %v is without %q, or with %q:\n%s", c.tag, part, c.not, feed)
				}
			}
		}
		equalText(t, "meeting", issue.Events[1].Start.UTC().Format("Mon 2006-01-02 15:04 ")+issue.Events[1].Source, "Fri 2016-04-29 13:00 remote")
		if l := w.letters()[0].Data; !strings.Contains(l, "1 of 3 sessions on your topics") || !strings.Contains(l, "Office hour") {
			t.Errorf("the letter: %s", l)
		}

		w.setNow(monday.AddDate(0, 0, 1))
		w.run(a)
		if whole.Load() != 2 || unchanged.Load() != 2 {
			t.Errorf("%d answers were whole, %d said that nothing has changed", whole.Load(), unchanged.Load())
		}

		down.Store(true)
		w.setNow(monday.AddDate(0, 0, 1).Add(stale / 2))
		r = w.run(a) // no failure yet
		if !r.Calendars[0].Confirmed.Equal(monday.AddDate(0, 0, 1)) || r.Calendars[0].Failure != "the server answers 502 Bad Gateway" || r.Calendars[0].Events != 1 {
			t.Errorf("%+v", r.Calendars)
		}
		w.deliver(sampleAfter(monday)...)
		w.setNow(monday.AddDate(0, 0, 7))
		r, err = a.Run(context.Background(), false)
		if err == nil || !strings.Contains(err.Error(), "calendar remote: not confirmed since Tue 26 Apr 2016 14:00 UTC: the server answers 502") {
			t.Errorf("a stale calendar: %v", err)
		}
		if c := r.Digests[0].Composed; c == nil || c.Number != 2 || c.Events != 1 {
			t.Errorf("the issue: %+v", c)
		}
		report, err := a.Calendars(context.Background())
		if len(report.Upcoming) != 1 || err != nil || len(report.Sources[0].Refused) != 1 || report.Sources[0].Refused[0].Event != `"Mad"` {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

// The log has no time of a calendar that was never read.
func TestCalendarNeverRead(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	w := newWorld(t)
	w.more = fmt.Sprintf("[[calendar]]\nname = \"remote\"\nurl = \"%s/c.ics\"\n", server.URL)
	log := &logged{}
	a, err := Open(t.Context(), w.config(), Options{Now: w.clock, Log: logs.New(log, logs.Text, slog.LevelInfo)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.FetchCalendars(t.Context()); err == nil {
		t.Error("it was read")
	}
	if !strings.Contains(log.String(), "calendar not fetched") || strings.Contains(log.String(), "0001") || strings.Contains(log.String(), "confirmed") {
		t.Error(log.String())
	}
}

// sessionWords are sessions in order of time, with the best tag of each.
func sessionWords(sessions []sigpost.Session) string {
	var all []string
	for _, s := range sessions {
		line := s.Start.Format("15:04 ") + s.Title + ": "
		if len(s.Tags) > 0 {
			line += s.Tags[0].String()
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func equalText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}
