package calendar

import (
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

// lastYear is the last year that rules are followed to.
const lastYear = 9999

// expand works a rule out by its definition (RFC 5545, section 3.3.10): one
// period of its frequency after the other, of each the days and the times of
// day that all parts let pass, of these the positions. It serves where
// rrule-go does not, see needsOwn, and knows all rules.
func (r rule) expand(start, to time.Time, yield func(time.Time, error) bool) {
	p := r.newPeriods(start)
	count := 0
	for range maxSteps {
		if p.at.After(to) || p.at.Year() > lastYear {
			return
		}
		found := r.inPeriod(p, start)
		for _, t := range found {
			if t.Before(start) {
				continue
			}
			if t.After(to) || !yield(t, nil) {
				return
			}
			if count++; count == r.Count {
				return
			}
			if count >= maxSteps {
				yield(time.Time{}, errTooMany)
				return
			}
		}
		p.next(r.Interval, r.skips(p.at))
	}
	yield(time.Time{}, errTooMany)
}

// skips is how long, beginning with a period below a day, there is surely no
// occurrence: for the rest of this day, hour or minute; 0 where there may be.
func (r rule) skips(at time.Time) time.Duration {
	switch {
	case r.Freq <= rrule.DAILY:
		return 0
	case !r.passes(midnightOf(at), midnightOf(at)):
		return 24 * time.Hour
	case r.Freq > rrule.HOURLY && len(r.Byhour) > 0 && !slices.Contains(r.Byhour, at.Hour()):
		return time.Hour
	case r.Freq > rrule.MINUTELY && len(r.Byminute) > 0 && !slices.Contains(r.Byminute, at.Minute()):
		return time.Minute
	}
	return 0
}

// inPeriod are the occurrences in a period, in order.
func (r rule) inPeriod(p *periods, start time.Time) []time.Time {
	var found []time.Time
	times := r.timesOfDay(p.at, start)
	if len(times) == 0 {
		return nil
	}
	for _, day := range p.days() {
		if !r.passes(day, start) {
			continue
		}
		for _, t := range times {
			found = append(found, day.Add(t))
		}
	}
	if len(r.Bysetpos) == 0 {
		return found
	}
	var picked []time.Time
	for i, t := range found {
		if slices.Contains(r.Bysetpos, i+1) || slices.Contains(r.Bysetpos, i-len(found)) {
			picked = append(picked, t)
		}
	}
	return picked
}

// periods goes through the periods of a frequency.
type periods struct {
	freq  rrule.Frequency
	wkst  time.Weekday
	weeks bool      // years are those of whole weeks
	at    time.Time // where the period begins
	step  time.Duration
}

func (r rule) newPeriods(start time.Time) *periods {
	p := &periods{freq: r.Freq, wkst: wkst(r.ROption), weeks: len(r.Byweekno) > 0}
	midnight := midnightOf(start)
	switch r.Freq {
	case rrule.YEARLY:
		p.at = date(start.Year(), 1, 1)
		// A day near the turn of the year may be in a week of the year before.
		if p.weeks && r.Interval == 1 {
			p.at = date(start.Year()-1, 1, 1)
		}
	case rrule.MONTHLY:
		p.at = date(start.Year(), start.Month(), 1)
	case rrule.WEEKLY:
		p.at = weekStart(midnight, p.wkst)
	case rrule.DAILY:
		p.at = midnight
	default:
		p.step = map[rrule.Frequency]time.Duration{rrule.HOURLY: time.Hour, rrule.MINUTELY: time.Minute, rrule.SECONDLY: time.Second}[r.Freq]
		p.at = start.Truncate(p.step)
	}
	return p
}

// next goes to the next period that counts; to one behind the end of this day,
// hour or minute where skip says so.
func (p *periods) next(interval int, skip time.Duration) {
	switch p.freq {
	case rrule.YEARLY:
		p.at = p.at.AddDate(interval, 0, 0)
	case rrule.MONTHLY:
		p.at = p.at.AddDate(0, interval, 0)
	case rrule.WEEKLY:
		p.at = p.at.AddDate(0, 0, 7*interval)
	case rrule.DAILY:
		p.at = p.at.AddDate(0, 0, interval)
	default:
		step := p.step * time.Duration(interval)
		if skip > 0 {
			left := p.at.Truncate(skip).Add(skip).Sub(p.at)
			step *= max(1, (left+step-1)/step)
		}
		p.at = p.at.Add(step)
	}
}

// days are those of the period.
func (p *periods) days() []time.Time {
	from, to := midnightOf(p.at), midnightOf(p.at).AddDate(0, 0, 1)
	switch p.freq {
	case rrule.YEARLY:
		to = from.AddDate(1, 0, 0)
		if p.weeks {
			from, to = firstWeek(from.Year(), p.wkst), firstWeek(from.Year()+1, p.wkst)
		}
	case rrule.MONTHLY:
		to = from.AddDate(0, 1, 0)
	case rrule.WEEKLY:
		to = from.AddDate(0, 0, 7)
	}
	var all []time.Time
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		all = append(all, day)
	}
	return all
}

// passes says whether all parts of the rule let a day pass. What a rule leaves
// open is as in its start.
func (r rule) passes(day, start time.Time) bool {
	if len(r.Bymonth) > 0 && !slices.Contains(r.Bymonth, int(day.Month())) {
		return false
	}
	inMonth := daysIn(day.Year(), day.Month())
	if len(r.Bymonthday) > 0 && !slices.Contains(r.Bymonthday, day.Day()) && !slices.Contains(r.Bymonthday, day.Day()-inMonth-1) {
		return false
	}
	inYear := date(day.Year(), 12, 31).YearDay()
	if len(r.Byyearday) > 0 && !slices.Contains(r.Byyearday, day.YearDay()) && !slices.Contains(r.Byyearday, day.YearDay()-inYear-1) {
		return false
	}
	if len(r.Byweekno) > 0 {
		year := weekYear(day, wkst(r.ROption))
		first, end := firstWeek(year, wkst(r.ROption)), firstWeek(year+1, wkst(r.ROption))
		week, weeks := daysBetween(first, day)/7+1, daysBetween(first, end)/7
		if !slices.Contains(r.Byweekno, week) && !slices.Contains(r.Byweekno, week-weeks-1) {
			return false
		}
	}
	if len(r.Byweekday) > 0 {
		return slices.ContainsFunc(r.Byweekday, func(d rrule.Weekday) bool { return r.isWeekday(day, d) })
	}
	if len(r.Bymonthday)+len(r.Byyearday) > 0 {
		return true
	}
	switch {
	case r.Freq == rrule.WEEKLY || len(r.Byweekno) > 0:
		return day.Weekday() == start.Weekday()
	case r.Freq == rrule.MONTHLY:
		return day.Day() == start.Day()
	case r.Freq == rrule.YEARLY:
		return day.Day() == start.Day() && (len(r.Bymonth) > 0 || day.Month() == start.Month())
	}
	return true
}

// isWeekday says whether a day is one such as MO, or such as 2MO or -1MO of its
// month or year.
func (r rule) isWeekday(day time.Time, d rrule.Weekday) bool {
	if weekday(d) != day.Weekday() {
		return false
	}
	position, length := day.YearDay(), date(day.Year(), 12, 31).YearDay()
	if r.Freq == rrule.MONTHLY || len(r.Bymonth) > 0 {
		position, length = day.Day(), daysIn(day.Year(), day.Month())
	}
	switch n := d.N(); {
	case n > 0:
		return (position-1)/7+1 == n
	case n < 0:
		return (length-position)/7+1 == -n
	}
	return true
}

// timesOfDay are the times at which occurrences of a period may begin, as far
// behind midnight, in order.
func (r rule) timesOfDay(at, start time.Time) []time.Duration {
	hours := partsOf(r.Byhour, r.Freq >= rrule.HOURLY, at.Hour(), start.Hour())
	minutes := partsOf(r.Byminute, r.Freq >= rrule.MINUTELY, at.Minute(), start.Minute())
	seconds := partsOf(r.Bysecond, r.Freq >= rrule.SECONDLY, at.Second(), start.Second())
	var all []time.Duration
	for _, h := range hours {
		for _, m := range minutes {
			for _, s := range seconds {
				all = append(all, time.Duration(h)*time.Hour+time.Duration(m)*time.Minute+time.Duration(s)*time.Second)
			}
		}
	}
	return all
}

// partsOf are the hours, minutes or seconds of a period: those of a part of
// the rule, which limits them to the period's own where the period is no
// longer than one; else the start's.
func partsOf(part []int, limits bool, own, start int) []int {
	switch {
	case limits && (len(part) == 0 || slices.Contains(part, own)):
		return []int{own}
	case limits:
		return nil
	case len(part) == 0:
		return []int{start}
	}
	sorted := slices.Clone(part)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func midnightOf(t time.Time) time.Time { return date(t.Date()) }

func daysIn(year int, month time.Month) int { return date(year, month+1, 0).Day() }

func daysBetween(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }

// weekday is a day of rrule-go, which counts from Monday = 0.
func weekday(d rrule.Weekday) time.Weekday { return time.Weekday((d.Day() + 1) % 7) }

func wkst(o rrule.ROption) time.Weekday { return weekday(o.Wkst) }

// weekStart is the day on which a day's week begins.
func weekStart(day time.Time, wkst time.Weekday) time.Time {
	return day.AddDate(0, 0, -int(day.Weekday()-wkst+7)%7)
}

// firstWeek is the day on which week 1 of a year begins: the first one with at
// least four days in that year.
func firstWeek(year int, wkst time.Weekday) time.Time {
	return weekStart(date(year, 1, 4), wkst)
}

// weekYear is the year that a day's week is counted in.
func weekYear(day time.Time, wkst time.Weekday) int {
	switch y := day.Year(); {
	case day.Before(firstWeek(y, wkst)):
		return y - 1
	case !day.Before(firstWeek(y+1, wkst)):
		return y + 1
	default:
		return y
	}
}
