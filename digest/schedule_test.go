package digest

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustZone(t interface{ Fatal(...any) }, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestScheduleWindow(t *testing.T) {
	berlin := Schedule{Weekday: time.Monday, Hour: 6, Zone: mustZone(t, "Europe/Berlin")}
	for _, c := range []struct {
		name, last, now, from, to string
		due                       bool
	}{
		{"first issue", "", "2016-04-25T06:00:00+02:00", "2016-04-18T00:00:00+02:00", "2016-04-25T00:00:00+02:00", true},
		{"a minute early", "2016-04-18T00:00:00+02:00", "2016-04-25T05:59:00+02:00", "2016-04-18T00:00:00+02:00", "2016-04-18T00:00:00+02:00", false},
		{"a week later", "2016-04-18T00:00:00+02:00", "2016-04-25T06:00:00+02:00", "2016-04-18T00:00:00+02:00", "2016-04-25T00:00:00+02:00", true},
		{"asked twice", "2016-04-25T00:00:00+02:00", "2016-04-28T12:00:00+02:00", "2016-04-25T00:00:00+02:00", "2016-04-25T00:00:00+02:00", false},
		{"three weeks missed", "2016-04-04T00:00:00+02:00", "2016-04-27T00:00:00+02:00", "2016-04-04T00:00:00+02:00", "2016-04-25T00:00:00+02:00", true},
		{"clocks go forward", "2016-03-21T00:00:00+01:00", "2016-03-28T06:00:00+02:00", "2016-03-21T00:00:00+01:00", "2016-03-28T00:00:00+02:00", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last time.Time
			if c.last != "" {
				last, _ = time.Parse(time.RFC3339, c.last)
			}
			now, _ := time.Parse(time.RFC3339, c.now)
			w, due := berlin.Window(last, now)
			if from, to := w.From.In(berlin.Zone).Format(time.RFC3339), w.To.Format(time.RFC3339); from != c.from || to != c.to || due != c.due {
				t.Errorf("[%s, %s) due=%v\nwant [%s, %s) due=%v", from, to, due, c.from, c.to, c.due)
			}
		})
	}
}

// An issue is late since the first one was due that is not made.
func TestSinceWhenAnIssueIsDue(t *testing.T) {
	berlin := mustZone(t, "Europe/Berlin")
	at := func(day, hour int) time.Time { return time.Date(2016, 4, day, hour, 0, 0, 0, berlin) }
	for _, c := range []struct {
		every           Cadence
		last, now, want time.Time
	}{
		{Weekly, time.Time{}, at(27, 1), at(25, 6)},
		{Weekly, at(18, 0), at(25, 6), at(25, 6)},
		{Weekly, at(18, 0), at(27, 1), at(25, 6)},
		{Weekly, at(4, 0), at(27, 1), at(11, 6)},
		{Daily, at(24, 0), at(27, 5), at(25, 6)},
	} {
		s := Schedule{Every: c.every, Weekday: time.Monday, Hour: 6, Zone: berlin}
		if _, due := s.Window(c.last, c.now); !due {
			t.Errorf("%v is not due after %v", c.now, c.last)
		}
		if got := s.Since(c.last, c.now); !got.Equal(c.want) {
			t.Errorf("after %v, at %v it is due since %v, want %v", c.last, c.now, got, c.want)
		}
	}
}

// On 6 September 2026 Santiago's clocks go from 23:59 to 01:00.
func TestADayWithoutMidnightBeginsWhenTheClocksGoForward(t *testing.T) {
	s := Schedule{Weekday: time.Sunday, Hour: 6, Zone: mustZone(t, "America/Santiago")}
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	if w, due := s.Window(at("2026-08-30T00:00:00-04:00"), at("2026-09-06T05:59:00-03:00")); due {
		t.Errorf("due before 06:00: %v", w)
	}
	w, due := s.Window(at("2026-08-30T00:00:00-04:00"), at("2026-09-06T06:00:00-03:00"))
	if want := at("2026-09-06T01:00:00-03:00"); !due || !w.To.Equal(want) {
		t.Errorf("ends %s, want %s", w.To, want)
	}
	if next := s.Next(at("2026-09-06T06:00:00-03:00")); !next.Equal(at("2026-09-13T06:00:00-03:00")) {
		t.Errorf("next %s", next)
	}
}

func TestCadences(t *testing.T) {
	berlin := mustZone(t, "Europe/Berlin")
	for _, c := range []struct {
		name     string
		schedule Schedule
		now      string
		from, to string
		next     string
	}{
		{"daily, when clocks go back", Schedule{Every: Daily, Hour: 7}, "2016-10-31 08:00", "2016-10-30T00:00:00+02:00", "2016-10-31T00:00:00+01:00", "2016-11-01T07:00:00+01:00"},
		{"daily, too early", Schedule{Every: Daily, Hour: 7}, "2016-10-31 06:59", "2016-10-29T00:00:00+02:00", "2016-10-30T00:00:00+02:00", "2016-10-31T07:00:00+01:00"},
		{"monthly", Schedule{Every: Monthly, Day: 1}, "2016-04-20 08:00", "2016-03-01T00:00:00+01:00", "2016-04-01T00:00:00+02:00", "2016-05-01T00:00:00+02:00"},
		{"monthly on the 31st", Schedule{Every: Monthly, Day: 31}, "2016-03-01 08:00", "2016-01-31T00:00:00+01:00", "2016-02-29T00:00:00+01:00", "2016-03-31T00:00:00+02:00"},
		{"second tuesday", Schedule{Every: Monthly, Nth: 2, Weekday: time.Tuesday}, "2016-04-12 00:00", "2016-03-08T00:00:00+01:00", "2016-04-12T00:00:00+02:00", "2016-05-10T00:00:00+02:00"},
		{"last friday", Schedule{Every: Monthly, Nth: -1, Weekday: time.Friday}, "2016-04-28 00:00", "2016-02-26T00:00:00+01:00", "2016-03-25T00:00:00+01:00", "2016-04-29T00:00:00+02:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.schedule.Zone = berlin
			now, err := time.ParseInLocation("2006-01-02 15:04", c.now, berlin)
			if err != nil {
				t.Fatal(err)
			}
			w, due := c.schedule.Window(time.Time{}, now)
			next := c.schedule.Next(now)
			got := []string{w.From.Format(time.RFC3339), w.To.Format(time.RFC3339), next.Format(time.RFC3339)}
			if want := []string{c.from, c.to, c.next}; !due || !slices.Equal(got, want) {
				t.Errorf("due %v\n got %v\nwant %v", due, got, want)
			}
		})
	}
}

// drawSchedule makes one in a zone whose clocks do something.
func drawSchedule(t *rapid.T) Schedule {
	return Schedule{
		Every:   rapid.SampledFrom([]Cadence{"", Weekly, Daily, Monthly}).Draw(t, "every"),
		Weekday: time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")), Nth: rapid.SampledFrom([]int{0, 1, 2, 3, 4, -1}).Draw(t, "nth"),
		Day: rapid.IntRange(1, 31).Draw(t, "day"), Hour: rapid.IntRange(0, 23).Draw(t, "hour"), Minute: rapid.IntRange(0, 59).Draw(t, "minute"),
		Zone: mustZone(t, rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Apia", "America/Sao_Paulo", "America/Havana",
			"Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago", "Asia/Beirut", "Pacific/Kiritimati"}).Draw(t, "zone")),
	}
}

// Whenever it is asked, with clocks that step back, runs that were missed and
// zones that leave days out: windows begin where the last one ended, end in the
// past at the begin of a day, and are never covered twice.
func TestWindowsTileTime(t *testing.T) {
	longest := map[Cadence]time.Duration{"": 8, Weekly: 8, Daily: 3, Monthly: 37}
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		now := time.Date(2011, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 1, 0, 0, 0, 0, time.UTC)
		var first, last time.Time
		var covered time.Duration
		for range 40 {
			now = now.Add(time.Duration(rapid.IntRange(-50*60, 800*60).Draw(t, "minutes")) * time.Minute)
			w, due := s.Window(last, now)
			if next := s.Next(now); !next.After(now) || next.Sub(now) > longest[s.Every]*24*time.Hour {
				t.Fatalf("at %s the next is due %s", now, next)
			}
			if !due {
				continue
			}
			if first.IsZero() {
				first = w.From
			} else if !w.From.Equal(last) {
				t.Fatalf("[%s, %s) does not begin where the last ended, %s", w.From, w.To, last)
			}
			if w.To.After(now) || !w.From.Before(w.To) {
				t.Fatalf("[%s, %s) at %s", w.From, w.To, now)
			}
			if local := w.To.In(s.Zone); local.Add(-time.Nanosecond).Day() == local.Day() {
				t.Fatalf("[%s, %s) ends within a day", w.From, w.To)
			}
			if again, due := s.Window(w.To, now); due {
				t.Fatalf("asked again, [%s, %s) is due", again.From, again.To)
			}
			last, covered = w.To, covered+w.To.Sub(w.From)
		}
		if covered != last.Sub(first) {
			t.Fatalf("windows cover %s of the %s from %s to %s", covered, last.Sub(first), first, last)
		}
	})
}

// An issue that is due is composed by whoever asks between its due time and the
// next one's, and covers the same.
func TestWindowsDoNotDependOnTheMomentOfTheRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		now := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 3*365*24*60).Draw(t, "minutes")) * time.Minute)
		due := s.Next(now)
		next := s.Next(due)
		at := due.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(due))-1).Draw(t, "later")))
		a, _ := s.Window(time.Time{}, due)
		b, _ := s.Window(time.Time{}, at)
		if !a.From.Equal(b.From) || !a.To.Equal(b.To) {
			t.Fatalf("at %s it is [%s, %s), at %s [%s, %s)", due, a.From, a.To, at, b.From, b.To)
		}
	})
}
