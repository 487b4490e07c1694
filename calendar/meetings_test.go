package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const ircFile = `project:  Kuryr Project Meeting
meeting_id: kuryr
agenda_url: https://wiki.example.org/kuryr
schedule:
  - time:       '0300'
    day:        Tuesday
    irc:        openstack-meeting
    frequency:  %s
    start_date: 20160101
    duration: 30
    skip_dates:
      - skip_date: 20160119
        reason: nobody is there
chair:  Ada
description:  >
  About networks.
`

// 2015 has 53 weeks: every second week is not every odd week, but goes on from
// the first date.
func TestIRCMeetings(t *testing.T) {
	for frequency, want := range map[string]string{
		"weekly":               "01-05 01-12 01-19x 01-26 02-02",
		"biweekly-odd":         "01-05 01-19x 02-02",
		"biweekly-even":        "01-12 01-26 02-09",
		"quadweekly":           "01-26 02-23",
		"quadweekly-week-1":    "01-05 02-02",
		"quadweekly-alternate": "01-12 02-09",
		"first-tuesday":        "01-05 02-02",
		"last-tuesday":         "01-26 02-23",
		"first-monday":         `refused: "Kuryr Project Meeting" is left out: its frequency "first-monday" on Tuesday is not understood`,
		"adhoc":                `refused: "Kuryr Project Meeting" is left out: it takes place when there is need (adhoc): nobody can tell when`,
	} {
		t.Run(frequency, func(t *testing.T) { equal(t, days(t, fmt.Sprintf(ircFile, frequency), Options{}, want), want) })
	}
	undated := strings.Replace(fmt.Sprintf(ircFile, "biweekly-odd"), "    start_date: 20160101\n", "", 1)
	want := "01-05 01-19x 02-02"
	equal(t, days(t, undated, Options{Now: time.Date(2016, 1, 27, 0, 0, 0, 0, time.UTC)}, want), want)
	r, _ := Read([]byte(fmt.Sprintf(ircFile, "weekly")), Options{})
	equal(t, fmt.Sprintln(r.Events[0].Where, r.Events[0].Links, r.Events[0].Duration, r.Events[0].Start.Format("15:04 MST")), "IRC: #openstack-meeting [{Agenda https://wiki.example.org/kuryr}] 30m0s 03:00 UTC\n")
}

// days are the first dates of a file in 2016, as many as want has, in short.
func days(t *testing.T, file string, o Options, want string) string {
	t.Helper()
	r, err := Read([]byte(file), o)
	if err != nil {
		return "error: " + err.Error()
	}
	var all []string
	for _, e := range r.Events {
		found, err := Between(e, time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range found[:min(len(found), len(strings.Fields(want)))] {
			s := o.Start.Format("01-02")
			if o.Cancelled {
				s += "x"
			}
			if i == 0 && !e.Start.Equal(o.Start) && e.Start.Year() == 2016 {
				t.Errorf("it starts at %s, which is no date of it", e.Start)
			}
			all = append(all, s)
		}
	}
	for _, refused := range r.Refused {
		all = append(all, "refused: "+refused.Error())
	}
	return strings.Join(all, " ")
}

const sigsText = `sigs:
  - dir: sig-node
    name: Node
    label: node
    meetings:
      - description: Weekly
        day: %s
        time: "%s"
        tz: %s
        frequency: "%s"
        url: https://video.example.org/node
        archive_url: https://docs.example.org/node
`

func TestSIGMeetings(t *testing.T) {
	unclear := func(words, why string) string {
		return fmt.Sprintf(`refused: "SIG Node: Weekly" is left out: when it is cannot be told from %q: %s`, words, why)
	}
	for _, c := range []struct{ day, clock, zone, frequency, want string }{
		{"Tuesday", "9:00", "PT (Pacific Time)", "weekly", "01-05 01-12"},
		{"Thursdays (starting February 15th 2024)", "9:00", "UTC", "weekly", ""},
		{"Tuesday", "9:00", "UTC", "biweekly starting Tuesday December 29th, 2015", "01-12 01-26"},
		{"Tuesday", "9:00", "UTC", "biweekly starting Tuesday Dec 22, 2015", "01-05 01-19"},
		{"Tuesday", "9:00", "UTC", "biweekly", unclear("Tuesday, biweekly", "it gives no first date, so that nobody knows which weeks")},
		{"Tuesday", "9:00", "UTC", "biweekly starting Wednesday Dec 23, 2015", unclear("Tuesday, biweekly starting Wednesday Dec 23, 2015", "its first date is no Tuesday")},
		{"first Wednesday", "2PM", "UTC", "monthly", "01-06 02-03"},
		{"Wednesday", "2PM", "UTC", "monthly - last Wednesday every month", "01-27 02-24"},
		{"Thursday", "2PM", "UTC", "Monthly on 4th Thursday", "01-28 02-25"},
		{"Wednesday", "2PM", "UTC", "monthly", unclear("Wednesday, monthly", "it does not say which week of the month")},
		{"Wednesday", "2PM", "UTC", "monthly - Wednesday, after the fourth Tuesday", unclear("Wednesday, monthly - Wednesday, after the fourth Tuesday", "it depends on another day")},
		{"Tuesday", "9:00", "IST", "weekly", `refused: "SIG Node: Weekly" is left out: which time zone "IST" is cannot be told`},
		{"Tuesday", "noon", "UTC", "weekly", `refused: "SIG Node: Weekly" is left out: "noon" is no time of day`},
		{"Tuesday", "9:00", "UTC", "now and then", unclear("Tuesday, now and then", "how often is not understood")},
	} {
		t.Run(c.day+" "+c.frequency, func(t *testing.T) {
			equal(t, days(t, fmt.Sprintf(sigsText, c.day, c.clock, c.zone, c.frequency), Options{}, c.want), c.want)
		})
	}
	file := fmt.Sprintf(sigsText, "Tuesday", "9:00", "PT (Pacific Time)", "biweekly")
	equal(t, days(t, file, Options{WeeksFrom: time.Date(2015, 12, 21, 0, 0, 0, 0, time.UTC)}, "01-05 01-19"), "01-05 01-19")
	equal(t, days(t, file, Options{Only: []string{"sig-storage"}}, ""), "")
	r, _ := Read([]byte(fmt.Sprintf(sigsText, "Tuesday", "9:00", "ET", "weekly")), Options{Only: []string{"sig-node"}})
	equal(t, fmt.Sprint(r.Events[0].Start.Location(), r.Events[0].Links), "America/New_York [{Video call https://video.example.org/node} {Agenda and notes https://docs.example.org/node}]")
}
