package calendar

import (
	"strings"
	"testing"
	"time"

	"sigpost"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

const week = 7 * 24 * time.Hour

func TestMeetingFollowsItsOwnClock(t *testing.T) {
	pacific := zone(t, "America/Los_Angeles")
	meeting := sigpost.Event{Kind: sigpost.EventMeeting, Title: "SIG meeting", Duration: time.Hour,
		Start: time.Date(2016, 1, 5, 14, 0, 0, 0, pacific), Rules: []string{"FREQ=WEEKLY;INTERVAL=2"}}
	for _, c := range []struct {
		name, at, start, utc, next string
	}{
		{"winter", "2016-02-24T00:00:00Z", "2016-03-01 14:00 PST", "22:00", "2016-03-15"},
		{"after the clocks went forward", "2016-03-14T00:00:00Z", "2016-03-15 14:00 PDT", "21:00", "2016-03-29"},
		{"on the day, before it", "2016-04-12T20:59:00Z", "2016-04-12 14:00 PDT", "21:00", "2016-04-26"},
		{"while it goes on", "2016-04-12T21:30:00Z", "2016-04-12 14:00 PDT", "21:00", "2016-04-26"},
		{"once it is over", "2016-04-12T22:00:00Z", "2016-04-26 14:00 PDT", "21:00", "2016-05-10"},
		{"after the clocks went back", "2016-11-07T00:00:00Z", "2016-11-08 14:00 PST", "22:00", "2016-11-22"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, _ := time.Parse(time.RFC3339, c.at)
			got, err := Upcoming([]sigpost.Event{meeting}, at, 3*week, 0)
			if err != nil || len(got) != 1 {
				t.Fatalf("%d occurrences, %v", len(got), err)
			}
			o := got[0]
			if s := o.Start.Format("2006-01-02 15:04 MST"); s != c.start {
				t.Errorf("starts %s, want %s", s, c.start)
			}
			if s := o.Start.UTC().Format("15:04"); s != c.utc {
				t.Errorf("starts at %s UTC, want %s", s, c.utc)
			}
			if s := o.Next.Format("2006-01-02"); s != c.next {
				t.Errorf("next %s, want %s", s, c.next)
			}
			if o.End.Sub(o.Start) != time.Hour || o.Zone != "America/Los_Angeles" {
				t.Errorf("ends %s in %s", o.End, o.Zone)
			}
		})
	}
}

func TestCancelledMeetingIsSaidAndTheNextOneToo(t *testing.T) {
	start := time.Date(2016, 4, 5, 14, 0, 0, 0, zone(t, "America/Los_Angeles"))
	meeting := sigpost.Event{Title: "m", Start: start, Duration: time.Hour, Rules: []string{"FREQ=WEEKLY"},
		Cancelled: []time.Time{start.AddDate(0, 0, 7), start.AddDate(0, 0, 21)}}
	got, err := Upcoming([]sigpost.Event{meeting}, start.AddDate(0, 0, 1), 3*week, 0)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if !got[0].Cancelled || got[0].Start.Day() != 12 || got[0].Next.Day() != 19 {
		t.Errorf("first: %+v", got[0])
	}
	if got[1].Cancelled || got[1].Start.Day() != 19 || got[1].Next.Day() != 3 {
		t.Errorf("second skips the other cancelled one: %+v", got[1])
	}
}

func TestSummit(t *testing.T) {
	start := time.Date(2016, 4, 25, 0, 0, 0, 0, zone(t, "America/Chicago"))
	summit := sigpost.Event{Kind: sigpost.EventSummit, Title: "Summit", Start: start, Duration: 5 * 24 * time.Hour, AllDay: true}
	for _, c := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"too early", start.AddDate(0, -4, 0), false},
		{"within the horizon", start.AddDate(0, -2, 0), true},
		{"last evening", start.AddDate(0, 0, 5).Add(-time.Hour), true},
		{"over", start.AddDate(0, 0, 5), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Upcoming([]sigpost.Event{summit}, c.at, 2*week, 90*24*time.Hour)
			if err != nil || (len(got) == 1) != c.want {
				t.Fatalf("%v, %v", got, err)
			}
		})
	}
}

// A deadline is told of until the day has ended where it ends last.
func TestDeadline(t *testing.T) {
	earth := zone(t, "Etc/GMT+12")
	e := sigpost.Event{Kind: sigpost.EventDeadline, Title: "Papers", Start: time.Date(2016, 7, 13, 0, 0, 0, 0, earth), Duration: 24 * time.Hour, AllDay: true}
	for _, c := range []struct {
		name, at string
		want     bool
	}{
		{"weeks before", "2016-06-20T00:00:00Z", true},
		{"too early", "2016-05-20T00:00:00Z", false},
		{"on the day", "2016-07-13T23:00:00Z", true},
		{"the day after in UTC", "2016-07-14T11:59:00Z", true},
		{"over", "2016-07-14T12:00:00Z", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, _ := time.Parse(time.RFC3339, c.at)
			got, err := Upcoming([]sigpost.Event{e}, at, 45*24*time.Hour, 0)
			if err != nil || (len(got) == 1) != c.want {
				t.Fatalf("%v, %v", got, err)
			}
		})
	}
}

func TestAllDayEventsEndAtMidnightWhateverTheLengthOfTheDays(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	e := sigpost.Event{Kind: sigpost.EventSummit, AllDay: true, Duration: 3 * 24 * time.Hour,
		Start: time.Date(2016, 3, 26, 0, 0, 0, 0, berlin)} // the 27th has 23 hours
	got, _ := Upcoming([]sigpost.Event{e}, e.Start, 0, week)
	if want := time.Date(2016, 3, 29, 0, 0, 0, 0, berlin); !got[0].End.Equal(want) {
		t.Errorf("ends %s, want %s", got[0].End, want)
	}
}

func TestCheck(t *testing.T) {
	for rule, want := range map[string]string{
		"":                                    "",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU":     "",
		"FREQ=MONTHLY;BYDAY=2TU":              "",
		"FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1": "",
		"INTERVAL=2":                          "FREQ",
		"FREQ=SOMETIMES":                      "cannot be read",
		"FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1":  "",
		"FREQ=YEARLY;BYWEEKNO=1":              "",
		"FREQ=MONTHLY;BYWEEKNO=1":             "BYWEEKNO without FREQ=YEARLY",
		"FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO":    "BYDAY with numbers beside BYWEEKNO",
		"FREQ=WEEKLY;BYDAY=1MO":               "BYDAY with numbers",
		"FREQ=WEEKLY;BYMONTHDAY=4":            "BYMONTHDAY with FREQ=WEEKLY",
		"FREQ=MONTHLY;BYYEARDAY=4":            "BYYEARDAY",
		"FREQ=MONTHLY;BYDAY=6MO":              "which no month has",
		"FREQ=YEARLY;BYEASTER=0":              "BYEASTER",
		"FREQ=MONTHLY;RSCALE=CHINESE":         "RFC 7529",
		"FREQ=DAILY;BYSETPOS=0":               "bysetpos must be",
		"FREQ=MONTHLY;BYMONTHDAY=0":           "bymonthday must be",
		"FREQ=DAILY;COUNT=0":                  "COUNT must be",
		"FREQ=DAILY;INTERVAL=0":               "INTERVAL must be",
		"FREQ=DAILY;COUNT=3;UNTIL=20170101":   "both UNTIL and COUNT",
		"FREQ=DAILY;UNTIL=tomorrow":           "is no date",
		"FREQ=DAILY;FREQ=WEEKLY":              "twice",
		"every second Tuesday":                "has no FREQ",
		"FREQ=WEEKLY;EVERY=TU":                "cannot be read",
	} {
		// Monday 4 January 2016 fits all of them.
		start := time.Date(2016, 1, 4, 14, 0, 0, 0, time.UTC)
		if strings.Contains(rule, "TU") && !strings.Contains(rule, "MO,") {
			start = time.Date(2016, 1, 12, 14, 0, 0, 0, time.UTC) // the second Tuesday
		}
		err := Check(sigpost.Event{Rules: rulesFor(rule), Start: start})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", rule, err, want)
		}
	}
}

func TestDatesThatTheRuleDoesNotGive(t *testing.T) {
	start := time.Date(2016, 1, 5, 14, 0, 0, 0, time.UTC) // a Tuesday
	for name, e := range map[string]sigpost.Event{
		"start on another day":        {Start: start, Rules: []string{"FREQ=WEEKLY;BYDAY=WE"}},
		"cancelled in the other week": {Start: start, Rules: []string{"FREQ=WEEKLY;INTERVAL=2"}, Cancelled: []time.Time{start.AddDate(0, 0, 7)}},
		"cancelled before it began":   {Start: start, Rules: []string{"FREQ=WEEKLY"}, Cancelled: []time.Time{start.AddDate(0, 0, -7)}},
	} {
		if err := Check(e); err == nil || !strings.Contains(err.Error(), "is no date of it") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func rulesFor(rule string) []string {
	if rule == "" {
		return nil
	}
	return []string{rule}
}
