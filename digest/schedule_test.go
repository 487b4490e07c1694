package digest

import (
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

// Whenever it is asked, even with a clock that steps back, windows begin where
// the last one ended, end in the past, and the next one is later.
func TestWindowsTileTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Schedule{
			Weekday: time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")),
			Hour:    rapid.IntRange(0, 23).Draw(t, "hour"), Minute: rapid.IntRange(0, 59).Draw(t, "minute"),
			Zone: mustZone(t, rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Apia", "America/Sao_Paulo", "America/Havana"}).Draw(t, "zone")),
		}
		now := time.Date(2011, 12, 1, 0, 0, 0, 0, time.UTC)
		var last time.Time
		for range 30 {
			now = now.Add(time.Duration(rapid.IntRange(-30, 400).Draw(t, "hours")) * time.Hour)
			w, due := s.Window(last, now)
			if next := s.Next(now); !next.After(now) || next.Sub(now) > 8*24*time.Hour {
				t.Fatalf("at %s the next is due %s", now, next)
			}
			if !due {
				continue
			}
			if !last.IsZero() && !w.From.Equal(last) {
				t.Fatalf("[%s, %s) does not begin where the last ended, %s", w.From, w.To, last)
			}
			if w.To.After(now) || !w.From.Before(w.To) {
				t.Fatalf("[%s, %s) at %s", w.From, w.To, now)
			}
			last = w.To
		}
	})
}
