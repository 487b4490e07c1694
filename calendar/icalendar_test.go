package calendar

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sigpost"
)

// vcalendar wraps lines of VEVENTs, "|" between lines.
func vcalendar(lines string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.ReplaceAll(lines, "|", "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

func vevent1(lines string) string { return "BEGIN:VEVENT|UID:1|SUMMARY:m|" + lines + "|END:VEVENT" }

// listed are the occurrences of a file in 2024 and 2025, at most six, in short.
func listed(t *testing.T, file string, o Options) string {
	t.Helper()
	r, err := Read([]byte(file), o)
	if err != nil {
		return "error: " + err.Error()
	}
	var all []string
	for _, e := range r.Events {
		found, err := Between(e, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return "error: " + err.Error()
		}
		for _, o := range found[:min(len(found), 6)] {
			s := o.Start.Format("2006-01-02 15:04 -0700") + " " + o.End.Sub(o.Start).String()
			if o.AllDay {
				s = o.Start.Format("2006-01-02") + " to " + o.End.Format("2006-01-02")
			}
			if o.Cancelled {
				s += " cancelled"
			}
			if o.Tentative {
				s += " tentative"
			}
			if o.Title != "m" {
				s += " " + o.Title
			}
			if o.Overridden {
				s += " for " + o.RecurrenceID.Format("01-02 15:04")
			}
			all = append(all, s)
		}
	}
	for _, refused := range r.Refused {
		all = append(all, "refused: "+refused.Error())
	}
	return strings.Join(all, "\n")
}

const madeUpZone = "BEGIN:VTIMEZONE|TZID:Made up|BEGIN:STANDARD|DTSTART:20200101T030000|TZOFFSETFROM:+0300|TZOFFSETTO:+0130|RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=10|END:STANDARD|" +
	"BEGIN:DAYLIGHT|DTSTART:20200105T020000|TZOFFSETFROM:+0130|TZOFFSETTO:+0300|RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=20|END:DAYLIGHT|END:VTIMEZONE|"

func TestReadICalendar(t *testing.T) {
	for _, c := range []struct{ name, events, want string }{
		{"over daylight saving", vevent1("DTSTART;TZID=Europe/Berlin:20240320T100000|DTEND;TZID=Europe/Berlin:20240320T110000|RRULE:FREQ=WEEKLY;COUNT=3"),
			"2024-03-20 10:00 +0100 1h0m0s\n2024-03-27 10:00 +0100 1h0m0s\n2024-04-03 10:00 +0200 1h0m0s"},
		{"an exception, a date more, one that lasts longer",
			vevent1("DTSTART:20240101T100000Z|DURATION:PT30M|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20240102T100000Z|RDATE:20240105T120000Z|RDATE;VALUE=PERIOD:20240107T120000Z/PT2H"),
			"2024-01-01 10:00 +0000 30m0s\n2024-01-03 10:00 +0000 30m0s\n2024-01-05 12:00 +0000 30m0s\n2024-01-07 12:00 +0000 2h0m0s"},
		{"an exception in UTC, and one by its day alone",
			vevent1("DTSTART;TZID=America/New_York:20240701T100000|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20240701T140000Z|EXDATE;VALUE=DATE:20240703"),
			"2024-07-02 10:00 -0400 0s"},
		{"dates without a rule, and the start", vevent1("DTSTART:20240101T100000Z|RDATE:20240105T120000Z,20240106T120000Z"),
			"2024-01-01 10:00 +0000 0s\n2024-01-05 12:00 +0000 0s\n2024-01-06 12:00 +0000 0s"},
		{"moved and renamed", vevent1("DTSTART:20240101T100000Z|DTEND:20240101T110000Z|RRULE:FREQ=WEEKLY;COUNT=3") +
			"|BEGIN:VEVENT|UID:1|SUMMARY:other|DTSTART:20240109T150000Z|DTEND:20240109T153000Z|RECURRENCE-ID:20240108T100000Z|END:VEVENT",
			"2024-01-01 10:00 +0000 1h0m0s\n2024-01-09 15:00 +0000 30m0s other for 01-08 10:00\n2024-01-15 10:00 +0000 1h0m0s"},
		{"moved ahead of the others, from behind the time that is asked for", vevent1("DTSTART:20251220T100000Z|RRULE:FREQ=DAILY;INTERVAL=20;COUNT=3") +
			"|BEGIN:VEVENT|UID:1|SUMMARY:m|DTSTART:20240109T150000Z|RECURRENCE-ID:20260109T100000Z|END:VEVENT",
			"2024-01-09 15:00 +0000 0s for 01-09 10:00\n2025-12-20 10:00 +0000 0s"},
		{"one cancelled, by its day alone", vevent1("DTSTART;TZID=Europe/Berlin:20240108T003000|RRULE:FREQ=WEEKLY;COUNT=2") +
			"|BEGIN:VEVENT|UID:1|SUMMARY:m|DTSTART;TZID=Europe/Berlin:20240115T003000|STATUS:CANCELLED|RECURRENCE-ID;VALUE=DATE:20240115|END:VEVENT",
			"2024-01-08 00:30 +0100 0s\n2024-01-15 00:30 +0100 0s cancelled for 01-15 00:30"},
		{"one cancelled", vevent1("DTSTART:20240101T100000Z|RRULE:FREQ=WEEKLY;COUNT=2") +
			"|BEGIN:VEVENT|UID:1|SUMMARY:m|DTSTART:20240108T100000Z|STATUS:CANCELLED|RECURRENCE-ID:20240108T100000Z|END:VEVENT",
			"2024-01-01 10:00 +0000 0s\n2024-01-08 10:00 +0000 0s cancelled for 01-08 10:00"},
		{"all moved from one on", vevent1("DTSTART;TZID=Europe/Berlin:20240320T100000|RRULE:FREQ=WEEKLY;COUNT=4") +
			"|BEGIN:VEVENT|UID:1|SUMMARY:late|DTSTART;TZID=Europe/Berlin:20240327T170000|RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240327T100000|END:VEVENT",
			"2024-03-20 10:00 +0100 0s\n2024-03-27 17:00 +0100 0s late for 03-27 10:00\n2024-04-03 17:00 +0200 0s late\n2024-04-10 17:00 +0200 0s late"},
		{"the event is cancelled", vevent1("DTSTART:20240101T100000Z|STATUS:CANCELLED"), "2024-01-01 10:00 +0000 0s cancelled"},
		{"tentative", vevent1("DTSTART:20240101T100000Z|STATUS:TENTATIVE"), "2024-01-01 10:00 +0000 0s tentative"},
		{"a later version", vevent1("DTSTART:20240101T100000Z|SEQUENCE:1") + "|" + vevent1("DTSTART:20240102T100000Z|SEQUENCE:2"), "2024-01-02 10:00 +0000 0s"},
		{"a zone that the calendar defines", madeUpZone + vevent1("DTSTART;TZID=Made up:20240109T120000|RRULE:FREQ=DAILY;COUNT=2") + "|" +
			vevent1("DTSTART;TZID=Made up:20240120T120000|DURATION:P1D"),
			"2024-01-09 12:00 +0300 0s\n2024-01-10 12:00 +0130 0s\n2024-01-20 12:00 +0300 24h0m0s"},
		{"a zone defined since 1601", "BEGIN:VTIMEZONE|TZID:Brasil|BEGIN:STANDARD|DTSTART:16010101T000000|TZOFFSETFROM:-0200|TZOFFSETTO:-0300|RRULE:FREQ=YEARLY;BYDAY=3SU;BYMONTH=2|END:STANDARD|" +
			"BEGIN:DAYLIGHT|DTSTART:16010101T000000|TZOFFSETFROM:-0300|TZOFFSETTO:-0200|RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=10|END:DAYLIGHT|END:VTIMEZONE|" +
			vevent1("DTSTART;TZID=Brasil:20240109T120000|RRULE:FREQ=MONTHLY;INTERVAL=2;COUNT=2"), "2024-01-09 12:00 -0200 0s\n2024-03-09 12:00 -0300 0s"},
		{"the year 0", vevent1("DTSTART:00000101T120000Z|RRULE:FREQ=YEARLY;INTERVAL=253;COUNT=9"), "2024-01-01 12:00 +0000 0s"},
		{"a rule since long ago", vevent1("DTSTART:15240101T120000Z|RRULE:FREQ=YEARLY;INTERVAL=500"), "2024-01-01 12:00 +0000 0s"},
		{"a zone of Microsoft's", vevent1("DTSTART;TZID=W. Europe Standard Time:20240701T120000"), "2024-07-01 12:00 +0200 0s"},
		{"a zone behind a vendor's name", vevent1("DTSTART;TZID=/example.org/20240101/America/Argentina/Buenos_Aires:20240701T120000"), "2024-07-01 12:00 -0300 0s"},
		{"a zone that nobody knows", vevent1("DTSTART;TZID=Nowhere:20240701T120000"), `refused: "m" is left out: DTSTART: its time zone "Nowhere" is not known, and the calendar does not define it`},
		{"whole days", vevent1("DTSTART;VALUE=DATE:20240330|DTEND;VALUE=DATE:20240402|RRULE:FREQ=YEARLY;COUNT=2"), "2024-03-30 to 2024-04-02\n2025-03-30 to 2025-04-02"},
		{"one whole day", vevent1("DTSTART;VALUE=DATE:20240330"), "2024-03-30 to 2024-03-31"},
		{"a day of the calendar has 23 hours", vevent1("DTSTART;TZID=Europe/Berlin:20240330T120000|DURATION:P1D"), "2024-03-30 12:00 +0100 23h0m0s"},
		{"24 hours have 24", vevent1("DTSTART;TZID=Europe/Berlin:20240330T120000|DURATION:PT24H"), "2024-03-30 12:00 +0100 24h0m0s"},
		{"a time that comes twice is the first one", vevent1("DTSTART;TZID=Europe/Berlin:20241027T023000") + "|" + vevent1("DTSTART;TZID=America/New_York:20241103T013000"),
			"2024-10-27 02:30 +0200 0s\n2024-11-03 01:30 -0400 0s"},
		{"a time that never comes has the offset from before", vevent1("DTSTART;TZID=Europe/Berlin:20240331T023000") + "|" + vevent1("DTSTART;TZID=America/New_York:20240310T023000"),
			"2024-03-31 03:30 +0200 0s\n2024-03-10 03:30 -0400 0s"},
		{"UNTIL on the event's day", vevent1("DTSTART;TZID=America/Los_Angeles:20240101T180000|RRULE:FREQ=DAILY;UNTIL=20240103T020000Z"),
			"2024-01-01 18:00 -0800 0s\n2024-01-02 18:00 -0800 0s"},
		{"UNTIL a day, which counts", vevent1("DTSTART:20240101T180000Z|RRULE:FREQ=DAILY;UNTIL=20240102"), "2024-01-01 18:00 +0000 0s\n2024-01-02 18:00 +0000 0s"},
		{"folded, escaped", "BEGIN:VEVENT|UID:1|SUMMARY:Hello\\, w\r\n orld\\; \\\\ ok|DTSTART:20240101T100000Z|END:VEVENT", `2024-01-01 10:00 +0000 0s Hello, world; \ ok`},
		{"a rule that is no rule", vevent1("DTSTART:20240101T100000Z|RRULE:FREQ=OFTEN"), `refused: "m" is left out: the recurrence rule "FREQ=OFTEN" cannot be read: undefined frequency: OFTEN`},
		{"a rule line that is broken", vevent1("DTSTART:20240101T100000Z|RRULE;FREQ=DAILY"), `refused: "m" is left out: its line "RRULE;FREQ=DAILY" cannot be read`},
		{"a broken line that does not matter", vevent1("DTSTART:20240101T100000Z|and so on"), "2024-01-01 10:00 +0000 0s"},
		{"EXRULE", vevent1("DTSTART:20240101T100000Z|EXRULE:FREQ=DAILY"), `refused: "m" is left out: it has an EXRULE, which RFC 5545 has abolished and sigpost does not work out`},
		{"what overrides it is not understood", vevent1("DTSTART:20240101T100000Z|RRULE:FREQ=DAILY;COUNT=2") + "|" + vevent1("DTSTART:noon|RECURRENCE-ID:20240102T100000Z"),
			"refused: \"m\" is left out: DTSTART:noon is no date or time\nrefused: \"m\" is left out: another part of the same event was not understood"},
		{"ends before it begins", vevent1("DTSTART:20240101T100000Z|DTEND:20240101T090000Z"), `refused: "m" is left out: it ends before it begins`},
		{"every second", vevent1("DTSTART:20100101T100000Z|RRULE:FREQ=SECONDLY"), `error: m: the recurrence rule "FREQ=SECONDLY" has too many occurrences, or none in a long time`},
		{"every hour over a change of clocks", vevent1("DTSTART;TZID=Europe/Berlin:20240330T120000|RRULE:FREQ=HOURLY"),
			`error: m: the recurrence rule "FREQ=HOURLY" uses a frequency below a day, over a change of the clocks of Europe/Berlin: give the dates as events of their own`},
		{"every six hours", vevent1("DTSTART:20240101T100000Z|RRULE:FREQ=HOURLY;INTERVAL=6;BYHOUR=16,22;COUNT=3"),
			"2024-01-01 16:00 +0000 0s\n2024-01-01 22:00 +0000 0s\n2024-01-02 16:00 +0000 0s"},
		{"never", vevent1("DTSTART:20240101T100000Z|RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=5"), ""},
		{"cut off", "BEGIN:VEVENT|UID:1", "error: line 5: the calendar is broken: END:VCALENDAR stands where VEVENT ends"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := listed(t, vcalendar(c.events), Options{}); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestReadICalendarElse(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"a byte order mark and bare line feeds", "\xef\xbb\xbf" + strings.ReplaceAll(vcalendar(vevent1("DTSTART:20240101T100000Z")), "\r", ""), "2024-01-01 10:00 +0000 0s"},
		{"two calendars", vcalendar(vevent1("DTSTART:20240101T100000Z")) + vcalendar(vevent1("DTSTART:20240102T100000Z")), "2024-01-01 10:00 +0000 0s\n2024-01-02 10:00 +0000 0s"},
		{"no calendar around it", strings.ReplaceAll(vevent1("DTSTART:20240101T100000Z"), "|", "\n"), "2024-01-01 10:00 +0000 0s"},
		{"a page for people", "<!DOCTYPE html>\n<p>Log in, please.", "error: this is no calendar: neither iCalendar nor a list of meetings that sigpost knows"},
		{"cut off", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "error: the calendar ends before its VEVENT does: it is not whole"},
		{"too deep", strings.Repeat("BEGIN:VA\n", 1000), "error: line 11: the calendar has components within components, more than 10 deep"},
		{"METHOD:CANCEL", vcalendar("METHOD:CANCEL|" + vevent1("DTSTART:20240101T100000Z")), "2024-01-01 10:00 +0000 0s cancelled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := listed(t, c.file, Options{}); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Clocks to which the file gives no name have their offset for one.
func TestZoneWithoutNames(t *testing.T) {
	r, err := Read([]byte(vcalendar(madeUpZone+vevent1("DTSTART;TZID=Made up:20240108T120000|RRULE:FREQ=DAILY;INTERVAL=7;COUNT=2"))), Options{})
	if err != nil || len(r.Events) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	found, err := Between(r.Events[0], date(2024, 1, 1), date(2024, 2, 1))
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	for i, want := range []string{"12:00 +03", "12:00 +0130"} {
		if got := found[i].Start.Format("15:04 MST"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := offsetName(-12600); got != "-0330" {
		t.Error(got)
	}
}

// Times that name no zone are on the clock that was asked for, over daylight
// saving too.
func TestFloatingTimes(t *testing.T) {
	file := vcalendar(vevent1("DTSTART:20240330T100000|RRULE:FREQ=DAILY;COUNT=2"))
	equal(t, listed(t, file, Options{Zone: zone(t, "Europe/Berlin")}), "2024-03-30 10:00 +0100 0s\n2024-03-31 10:00 +0200 0s")
	for z, want := range map[*time.Location]string{nil: "", zone(t, "Europe/Berlin"): "Europe/Berlin"} {
		r, err := Read([]byte(file), Options{Zone: z})
		if err != nil {
			t.Fatal(err)
		}
		found, err := Between(r.Events[0], r.Events[0].Start, r.Events[0].Start.AddDate(0, 0, 1))
		if err != nil || len(found) != 1 || found[0].Zone != want {
			t.Errorf("%v: %+v, %v", z, found, err)
		}
	}
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhereAndLinks(t *testing.T) {
	r, err := Read([]byte(vcalendar(vevent1("DTSTART:20240101T100000Z|LOCATION:https://video.example.org/1|URL:javascript:alert(1)|URL:https://example.org/m|CONFERENCE;LABEL=Dial in;VALUE=URI:https://call.example.org"))), Options{})
	if err != nil || len(r.Events) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	equal(t, fmt.Sprint(r.Events[0].Where, r.Events[0].Links), "[{Details https://example.org/m} {Dial in https://call.example.org} {Where https://video.example.org/1}]")
}

// An event that cannot be worked out keeps no other from being told.
func TestUpcomingTellsOfTheOthers(t *testing.T) {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	events := []sigpost.Event{
		{Title: "mad", Start: at.AddDate(-20, 0, 0), Rules: []string{"FREQ=SECONDLY"}},
		{Title: "sane", Start: at, Duration: time.Hour, Rules: []string{"FREQ=DAILY"}},
	}
	found, err := Upcoming(events, at, week, week)
	if len(found) != 1 || found[0].Title != "sane" || err == nil || !strings.Contains(err.Error(), "mad: ") {
		t.Errorf("%+v, %v", found, err)
	}
}

// Samples of other libraries are read or refused with a reason, as far as they
// are here.
func TestForeignSamples(t *testing.T) {
	files, _ := filepath.Glob("../../shared/corpora/ics-dev/*/*.ics")
	more, _ := filepath.Glob("../../shared/corpora/ics-dev/*/*/*/*.ics")
	if files = append(files, more...); len(files) == 0 {
		t.Skip("the samples in ../shared are not here")
	}
	var read, events, refused, broken int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		r, err := Read(data, Options{Form: ICalendar})
		if err != nil {
			broken++
			t.Logf("%s: %v", filepath.Base(file), err)
			continue
		}
		read++
		events += len(r.Events)
		refused += len(r.Refused)
		for _, e := range r.Events {
			if _, err := Between(e, e.Start, e.Start.AddDate(20, 0, 0)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s takes %s", file, took)
		}
	}
	t.Logf("%d files: %d read, %d broken; %d events, %d refused", len(files), read, broken, events, refused)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(vcalendar(madeUpZone + vevent1("DTSTART;TZID=Made up:20240109T120000|RRULE:FREQ=DAILY;COUNT=2|EXDATE:20240110T103000Z|RDATE;VALUE=PERIOD:20240107T120000Z/PT2H"))))
	f.Add([]byte(vcalendar(vevent1("DTSTART:20240101T100000Z|RRULE:FREQ=YEARLY;BYWEEKNO=53,-1;BYDAY=MO,SU;WKST=WE;BYSETPOS=-1"))))
	f.Add([]byte(vcalendar(vevent1("DTSTART:20240101T100000Z|RRULE:FREQ=MONTHLY;BYDAY=-5SU,MO") + "|" + vevent1("DTSTART:20240102T100000Z|RECURRENCE-ID;RANGE=THISANDFUTURE:20240101T100000Z"))))
	f.Add([]byte("project: x\nschedule:\n  - time: '1400'\n    day: Monday\n    irc: y\n    frequency: biweekly-odd\n"))
	f.Add([]byte("sigs:\n  - dir: sig-x\n    name: X\n    meetings:\n      - description: y\n        day: Friday\n        time: '9:00'\n        tz: PT (Pacific Time)\n        frequency: first Friday\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Read(data, Options{})
		if err != nil {
			return
		}
		for _, e := range r.Events {
			from := max(e.Start.Unix(), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
			found, err := Between(e, time.Unix(from, 0), time.Unix(from, 0).AddDate(2, 0, 0))
			if err != nil {
				continue
			}
			file, err := Write(found, Publication{Stamp: time.Unix(0, 0)})
			if err != nil {
				t.Fatalf("%+v cannot be written: %v", found, err)
			}
			again, err := Read(file, Options{})
			if err != nil || len(again.Events) != len(found) || len(again.Refused) > 0 {
				t.Fatalf("%q is read as %+v, %v", file, again, err)
			}
		}
	})
}

// A file that would keep us busy for minutes is given up soon.
func TestHostileFilesTakeNoTime(t *testing.T) {
	begin := time.Now()
	for name, file := range map[string]string{
		"endless":    vcalendar(strings.Repeat("BEGIN:VEVENT|DTSTART:20060101T100000Z|RRULE:FREQ=SECONDLY|END:VEVENT|", 2000)),
		"parameters": vcalendar(vevent1("DTSTART:20240101T100000Z|" + strings.Repeat("X-A;B="+strings.Repeat("x", 4000)+":1|", 2000))),
	} {
		_, err := Read([]byte(file), Options{Until: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)})
		if name == "endless" && (err == nil || !strings.Contains(err.Error(), "more than 20 events with too many occurrences")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A short YAML file that stands for an enormous one is refused, soon.
func TestYAMLThatGrowsIsRefused(t *testing.T) {
	nested := "x0: &x0 [{day: Monday}, {day: Monday}, {day: Monday}, {day: Monday}, {day: Monday}]\n"
	for i := range 12 {
		nested += fmt.Sprintf("x%d: &x%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i), 10), ", "))
	}
	skips := "project: a\nmeeting_id: a\nx: &s {day: Monday, time: \"1400\", frequency: weekly, skip_dates: [" + strings.Repeat("{skip_date: \"20160101\"}, ", 2000) + "]}\nschedule:\n" + strings.Repeat("- *s\n", 50000)
	for name, file := range map[string]string{
		"meetings": "project: a\n" + nested + "schedule: *x12\n", "groups": "sigs: *x12\n", "many of one": skips,
		"groups within": nested + "sigs: *x12\n",
	} {
		begin := time.Now()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if r, err := Read([]byte(file), Options{}); err == nil && len(r.Events) > 0 {
			t.Errorf("%s: %d events", name, len(r.Events))
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 2<<30 || time.Since(begin) > 20*time.Second {
			t.Errorf("%s: %d MiB, %s", name, grown>>20, time.Since(begin))
		}
	}
}
