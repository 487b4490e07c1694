package schedule

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

// zones are some with changes of clocks of all kinds: by half an hour, at midnight,
// a day that was left out, none at all.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Beirut", "America/Asuncion",
	"Africa/Cairo", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns", "Pacific/Chatham"}

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"0 6 * * MON":        "",
		"*/15 8-18 * * *":    "",
		"@daily":             "",
		"5,35 * 1 JAN,JUL *": "",
		"0 0 29 2 *":         "",
		"0 6 * *":            "has 4 fields",
		"0 0 6 * * MON":      "has 6 fields",
		"60 6 * * *":         `"60" is no minute: there may be 0 to 59`,
		"0 24 * * *":         `"24" is no hour`,
		"0 6 0 * *":          `"0" is no day of the month`,
		"0 6 * 13 *":         `"13" is no month`,
		"0 6 * * MOON":       `"MOON" is no day of the week`,
		"0 6 L * *":          `"L" is no day of the month`,
		"0 6 30 2 *":         "never comes",
		"@reboot":            "the names are",
		"":                   "has 0 fields",
		"@":                  "the names are",
		"a * * * *":          `"a" is no minute`,
		"5-1 * * * *":        `"5-1" is no minute`,
		"*/0 * * * *":        `"*/0" is no minute`,
	} {
		_, err := Parse(text, time.UTC)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// matches is crontab(5) for numbers alone, minute by minute: day of the month and day
// of the week are one or the other where both are given.
func matches(minute, hour, dom, dow string, t time.Time) bool {
	is := func(field string, n int) bool {
		switch {
		case field == "*":
			return true
		case strings.HasPrefix(field, "*/"):
			return n%number(field[2:]) == 0
		}
		return number(field) == n
	}
	day := is(dom, t.Day())
	switch {
	case dom == "*":
		day = is(dow, int(t.Weekday()))
	case dow != "*":
		day = day || is(dow, int(t.Weekday()))
	}
	return is(minute, t.Minute()) && is(hour, t.Hour()) && day
}

func number(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// Over a year in any zone it fires when the clock on the wall says so, and no time is
// left out but those that an hour repeats.
func TestCronOverAYear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		minute := rapid.SampledFrom([]string{"0", "30", "17", "*/15", "59"}).Draw(t, "minute")
		hour := rapid.SampledFrom([]string{"*", "0", "1", "2", "3", "23", "*/6"}).Draw(t, "hour")
		dom := rapid.SampledFrom([]string{"*", "*", "1", "31", "29"}).Draw(t, "day of the month")
		dow := rapid.SampledFrom([]string{"*", "*", "0", "1", "6"}).Draw(t, "day of the week")
		c, err := Parse(strings.Join([]string{minute, hour, dom, "*", dow}, " "), z)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		at, wall := from, map[string]bool{}
		fired := map[int64]bool{}
		for at.Before(from.AddDate(0, 3, 0)) {
			next := c.After(at)
			if !next.After(at) {
				t.Fatalf("%s: after %s comes %s", c, at, next)
			}
			local := next.In(z)
			if !matches(minute, hour, dom, dow, local) || local.Second() != 0 {
				t.Fatalf("%s fires %s", c, local)
			}
			if clock := local.Format("2006-01-02 15:04"); wall[clock] && hour != "*" && minute != "*/15" {
				t.Fatalf("%s fires twice at %s", c, clock)
			} else {
				wall[clock] = true
			}
			fired[next.Unix()] = true
			at = next
		}
		for m := from.Add(time.Minute); m.Before(from.AddDate(0, 3, 0)); m = m.Add(time.Minute) {
			local := m.In(z)
			if matches(minute, hour, dom, dow, local) && !fired[m.Unix()] && !wall[local.Format("2006-01-02 15:04")] {
				t.Fatalf("%s does not fire %s", c, local)
			}
		}
	})
}

// Jitter delays by no more than its bound, is the same each time, and loses and
// doubles nothing.
func TestJitter(t *testing.T) {
	c, err := Parse("0 * * * *", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := c
		c.Jitter = time.Duration(rapid.IntRange(0, 59*60).Draw(t, "jitter")) * time.Second
		c.Name = rapid.SampledFrom([]string{"a", "b", "read test/INBOX"}).Draw(t, "name")
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		first := c.After(at.Add(-time.Hour + c.Jitter))
		hours := map[time.Time]bool{}
		for range 48 {
			next := c.After(first)
			late := next.Sub(next.Truncate(time.Hour))
			if late > c.Jitter || hours[next.Truncate(time.Hour)] || !next.Equal(c.After(next.Add(-time.Second))) {
				t.Fatalf("%s late with at most %s, after %s", late, c.Jitter, first)
			}
			hours[next.Truncate(time.Hour)] = true
			first = next
		}
	})
	c.Jitter, c.Name = 10*time.Minute, "a"
	seen := map[time.Duration]bool{}
	for at, i := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 0; i < 50; i++ {
		at = c.After(at)
		seen[at.Sub(at.Truncate(time.Hour))] = true
	}
	if len(seen) < 30 {
		t.Errorf("of 50 times only %d are late by something else", len(seen))
	}
}

// Over a year in any zone, hours open when the clock on the wall says so, at the first
// moment at which it does, and what opens closes.
func TestHoursOverAYear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		h := Hours{From: rapid.IntRange(0, 95).Draw(t, "from") * 15, Until: rapid.IntRange(0, 95).Draw(t, "until") * 15, Zone: z}
		for d := time.Sunday; d <= time.Saturday; d++ {
			if rapid.Bool().Draw(t, d.String()) {
				h.Days = append(h.Days, d)
			}
		}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 364*24*3600).Draw(t, "second")) * time.Second)
		open := h.Next(at)
		if open.IsZero() || open.Before(at) || !h.Open(open) {
			t.Fatalf("%s: from %s on it opens %s", h, at.In(z), open.In(z))
		}
		if open.After(at) {
			if !open.Equal(open.Truncate(time.Minute)) {
				t.Fatalf("%s opens within a minute: %s", h, open)
			}
			for s := at; s.Before(open); s = s.Add(41 * time.Second) {
				if h.Open(s) {
					t.Fatalf("%s: open %s, and opens %s", h, s.In(z), open.In(z))
				}
			}
		}
		// It opens at its time, or where a zone leaves that out, when the clock goes on.
		local := open.In(z)
		if open.After(at) && h.From != h.Until && local.Hour()*60+local.Minute() != h.From {
			before := open.Add(-time.Minute).In(z)
			if before.Hour()*60+before.Minute()+1 == local.Hour()*60+local.Minute() && before.Day() == local.Day() {
				t.Fatalf("%s opens %s, behind %s", h, local, before)
			}
		}
		closes := h.Closes(open)
		if h.Always() || len(h.Days) == 7 && h.From == h.Until {
			if !closes.IsZero() {
				t.Fatalf("%s closes %s", h, closes)
			}
			return
		}
		if !closes.After(open) || h.Open(closes) || !h.Open(closes.Add(-time.Second)) {
			t.Fatalf("%s: open %s, closes %s", h, open.In(z), closes.In(z))
		}
		if h.From != h.Until && closes.Sub(open) > 25*time.Hour {
			t.Fatalf("%s is open for %s", h, closes.Sub(open))
		}
	})
}
