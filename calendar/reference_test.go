package calendar

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// plainRule is a rule for the reference: as it was written, and nothing of the
// package under test.
type plainRule struct {
	freq              string
	interval, count   int
	wkst              time.Weekday
	until             time.Time
	months, monthDays []int
	yearDays, weeks   []int
	positions         []int
	hours             []int
	days              []plainDay
}

type plainDay struct {
	n   int
	day time.Weekday
}

var dayNames = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

func (r plainRule) String() string {
	parts := []string{"FREQ=" + r.freq}
	add := func(key string, v any) { parts = append(parts, fmt.Sprintf("%s=%v", key, v)) }
	list := func(key string, numbers []int) {
		if len(numbers) > 0 {
			add(key, strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]"))
		}
	}
	if r.interval > 1 {
		add("INTERVAL", r.interval)
	}
	if r.wkst != time.Monday {
		add("WKST", dayNames[r.wkst])
	}
	if r.count > 0 {
		add("COUNT", r.count)
	}
	if !r.until.IsZero() {
		add("UNTIL", r.until.Format("20060102T150405Z"))
	}
	list("BYMONTH", r.months)
	list("BYMONTHDAY", r.monthDays)
	list("BYYEARDAY", r.yearDays)
	list("BYWEEKNO", r.weeks)
	list("BYHOUR", r.hours)
	list("BYSETPOS", r.positions)
	if len(r.days) > 0 {
		var all []string
		for _, d := range r.days {
			if d.n != 0 {
				all = append(all, fmt.Sprintf("%d%s", d.n, dayNames[d.day]))
			} else {
				all = append(all, dayNames[d.day])
			}
		}
		add("BYDAY", strings.Join(all, ","))
	}
	return strings.Join(parts, ";")
}

// reference works a rule out day by day, slowly: each day is asked whether it
// is one, and which period it belongs to.
func (r plainRule) reference(start, to time.Time) []time.Time {
	byPeriod := map[int][]time.Time{}
	var periods []int
	first := r.period(start)
	// A period that start is in began before it, and one that to is in ends behind
	// it: their days count for positions.
	for day := start.AddDate(-1, 0, -7); day.Before(to.AddDate(1, 0, 7)); day = day.AddDate(0, 0, 1) {
		p := r.period(day)
		if p < first || (p-first)%r.interval != 0 || !r.has(day, start) {
			continue
		}
		if byPeriod[p] == nil {
			periods = append(periods, p)
		}
		hours := r.hours
		if len(hours) == 0 {
			hours = []int{start.Hour()}
		}
		hours = slices.Clone(hours)
		slices.Sort(hours)
		for _, h := range hours {
			byPeriod[p] = append(byPeriod[p], time.Date(day.Year(), day.Month(), day.Day(), h, start.Minute(), 0, 0, time.UTC))
		}
	}
	var all []time.Time
	for _, p := range periods {
		for i, t := range byPeriod[p] {
			picked := len(r.positions) == 0
			for _, pos := range r.positions {
				picked = picked || pos == i+1 || pos < 0 && len(byPeriod[p])+pos == i
			}
			if picked && !t.Before(start) && t.Before(to) {
				all = append(all, t)
			}
		}
	}
	if r.count > 0 && len(all) > r.count {
		all = all[:r.count]
	}
	if !r.until.IsZero() {
		all = slices.DeleteFunc(all, func(t time.Time) bool { return t.After(r.until) })
	}
	return all
}

// period numbers the period that a day is in.
func (r plainRule) period(day time.Time) int {
	days := int(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400) // 1 January 1970 was a Thursday
	switch r.freq {
	case "YEARLY":
		if len(r.weeks) > 0 {
			year, _, _ := r.week(day)
			return year
		}
		return day.Year()
	case "MONTHLY":
		return day.Year()*12 + int(day.Month())
	case "WEEKLY":
		return (days + 4 - int(r.wkst) + 7) / 7
	}
	return days
}

// week is the year and number of a day's week, and how many weeks that year
// has. With Monday it is the one of ISO 8601, which package time knows; other
// first days are found by shifting the day on which weeks begin.
func (r plainRule) week(day time.Time) (year, number, of int) {
	// The day that decides on the year is the fourth of the week.
	fourth := day
	for fourth.Weekday() != (r.wkst+3)%7 {
		if back := (int(day.Weekday()) - int(r.wkst) + 7) % 7; back < 3 {
			fourth = fourth.AddDate(0, 0, 1)
		} else {
			fourth = fourth.AddDate(0, 0, -1)
		}
	}
	count := 0
	for d := fourth.AddDate(0, 0, -7*((fourth.YearDay()-1)/7)); d.Year() == fourth.Year(); d = d.AddDate(0, 0, 7) {
		count++
	}
	return fourth.Year(), (fourth.YearDay()-1)/7 + 1, count
}

func (r plainRule) has(day, start time.Time) bool {
	in := func(numbers []int, v, last int) bool {
		return len(numbers) == 0 || slices.Contains(numbers, v) || slices.Contains(numbers, v-last-1)
	}
	monthEnd := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	yearEnd := time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	if !in(r.months, int(day.Month()), 99) || !in(r.monthDays, day.Day(), monthEnd.Day()) || !in(r.yearDays, day.YearDay(), yearEnd.YearDay()) {
		return false
	}
	if len(r.weeks) > 0 {
		if _, number, of := r.week(day); !in(r.weeks, number, of) {
			return false
		}
	}
	for _, d := range r.days {
		if d.day != day.Weekday() {
			continue
		}
		from, to := time.Date(day.Year(), 1, 1, 0, 0, 0, 0, time.UTC), yearEnd
		if r.freq == "MONTHLY" || len(r.months) > 0 {
			from, to = time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC), monthEnd
		}
		if d.n == 0 {
			return true
		}
		before, after := 0, 0
		for other := from; !other.After(to); other = other.AddDate(0, 0, 1) {
			if other.Weekday() == d.day && other.YearDay() <= day.YearDay() {
				before++
			}
			if other.Weekday() == d.day && other.YearDay() >= day.YearDay() {
				after++
			}
		}
		if d.n == before || d.n == -after {
			return true
		}
	}
	if len(r.days) > 0 {
		return false
	}
	if len(r.monthDays)+len(r.yearDays) > 0 {
		return true
	}
	switch {
	case r.freq == "DAILY":
		return true
	case r.freq == "WEEKLY" || len(r.weeks) > 0:
		return day.Weekday() == start.Weekday()
	case r.freq == "YEARLY" && len(r.months) == 0:
		return day.Month() == start.Month() && day.Day() == start.Day()
	}
	return day.Day() == start.Day()
}

// random makes a rule that RFC 5545 allows.
func random(rnd *rand.Rand) plainRule {
	r := plainRule{freq: []string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}[rnd.IntN(4)], interval: 1, wkst: time.Monday}
	maybe := func(n int) bool { return rnd.IntN(n) == 0 }
	some := func(most, low, high int, negative bool) (numbers []int) {
		for range 1 + rnd.IntN(most) {
			n := low + rnd.IntN(high-low+1)
			if negative && maybe(3) {
				n = -n
			}
			if !slices.Contains(numbers, n) {
				numbers = append(numbers, n)
			}
		}
		return numbers
	}
	if maybe(2) {
		r.interval = 1 + rnd.IntN(5)
	}
	if maybe(3) {
		r.wkst = time.Weekday(rnd.IntN(7))
	}
	if maybe(4) {
		r.months = some(4, 1, 12, false)
	}
	if maybe(4) && r.freq != "WEEKLY" {
		r.monthDays = some(5, 1, 31, true)
	}
	if r.freq == "YEARLY" && maybe(5) {
		r.yearDays = some(5, 1, 366, true)
	}
	if r.freq == "YEARLY" && maybe(3) {
		r.weeks = some(3, 1, 53, true)
		r.interval = 1
	}
	if maybe(6) {
		r.hours = some(3, 0, 23, false)
	}
	if maybe(2) {
		for range 1 + rnd.IntN(4) {
			d := plainDay{day: time.Weekday(rnd.IntN(7))}
			if maybe(2) && (r.freq == "MONTHLY" || r.freq == "YEARLY") && len(r.weeks) == 0 {
				if d.n = 1 + rnd.IntN(5); r.freq == "YEARLY" && len(r.months) == 0 {
					d.n = 1 + rnd.IntN(53)
				}
				if maybe(3) {
					d.n = -d.n
				}
			}
			r.days = append(r.days, d)
		}
	}
	if maybe(4) && len(r.months)+len(r.monthDays)+len(r.yearDays)+len(r.weeks)+len(r.days)+len(r.hours) > 0 {
		r.positions = some(3, 1, 6, true)
	}
	switch rnd.IntN(4) {
	case 0:
		r.count = 1 + rnd.IntN(20)
	case 1:
		r.until = time.Date(2015+rnd.IntN(6), 1, 1+rnd.IntN(365), rnd.IntN(24), 0, 0, 0, time.UTC)
	}
	return r
}

var randomRules = flag.Int("rules", 300, "how many random rules are compared with the reference")

// Rules give what their definition says, whichever way they are worked out,
// for those that rrule-go is trusted with as well as for the others.
func TestRulesGiveWhatTheyAreDefinedToGive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 545))
	theirs := 0
	for range *randomRules {
		start := time.Date(2014+rnd.IntN(3), 1, 1+rnd.IntN(366), rnd.IntN(24), 15*rnd.IntN(4), 0, 0, time.UTC)
		plain := random(rnd)
		to := start.AddDate(4, 3, 0)
		want := plain.reference(start, to)
		r, err := parseRule(plain.String())
		if err != nil {
			t.Fatalf("%s: %v", plain, err)
		}
		got, err := r.starts(start, to)
		if err != nil || !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%s from %s (own: %t), %v: %s", plain, start, r.needsOwn(), err, difference(got, want))
		}
		if r.needsOwn() {
			continue
		}
		theirs++
		var own []time.Time
		r.expand(start, to, func(t time.Time, err error) bool {
			own = append(own, t)
			return err == nil
		})
		own = slices.DeleteFunc(own, func(t time.Time) bool { return r.past(t, t) || !t.Before(to) })
		if !slices.EqualFunc(own, want, time.Time.Equal) {
			t.Errorf("%s from %s, by our own: %s", plain, start, difference(own, want))
		}
	}
	t.Logf("%d rules, %d of them by rrule-go", *randomRules, theirs)
}

func difference(got, want []time.Time) string {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !got[i].Equal(want[i]) {
			return fmt.Sprintf("from the occurrence %d on: got %v, want %v", i, got[min(i, len(got)):min(i+3, len(got))], want[min(i, len(want)):min(i+3, len(want))])
		}
	}
	return "the same"
}
