package calendar

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// rule is a recurrence rule (RFC 5545, section 3.3.10) that has been found to
// be understood.
type rule struct {
	text string
	rrule.ROption
	// until is its UNTIL as it was written: moments, times of the event's own
	// clock, and whole days are compared differently.
	until     time.Time
	untilKind untilKind
}

type untilKind int

const (
	untilNone untilKind = iota
	untilMoment
	untilClock
	untilDay
)

// maxInterval is the longest INTERVAL that is taken. Nobody meets that rarely;
// beyond it arithmetic could overflow.
const maxInterval = 10000

// refusal says that a rule has a part that is not taken, and why.
func refusal(text, part, why string) error {
	return fmt.Errorf("the recurrence rule %q uses %s, %s: give the dates as events of their own", text, part, why)
}

// parseRule reads a rule, and refuses what cannot be worked out for sure.
func parseRule(text string) (rule, error) {
	r := rule{text: text}
	unreadable := func(why error) (rule, error) {
		return rule{}, fmt.Errorf("the recurrence rule %q cannot be read: %w", text, why)
	}
	upper := strings.ToUpper(strings.ReplaceAll(text, " ", ""))
	if strings.ContainsAny(upper, "\r\n:") {
		return unreadable(errors.New("it is more than one rule"))
	}
	var parts []string
	seen := map[string]bool{}
	for _, part := range strings.Split(strings.Trim(upper, ";"), ";") {
		key, value, _ := strings.Cut(part, "=")
		switch {
		case seen[key]:
			return unreadable(fmt.Errorf("%s is in it twice", key))
		case key == "DTSTART":
			return unreadable(errors.New("DTSTART is no part of a rule"))
		case key == "UNTIL":
			if err := r.readUntil(value); err != nil {
				return unreadable(err)
			}
		case key == "RSCALE" || key == "SKIP":
			return rule{}, refusal(text, key, "another calendar than the Gregorian one (RFC 7529), which sigpost does not know")
		default:
			parts = append(parts, part)
		}
		seen[key] = true
	}
	if !seen["FREQ"] {
		return unreadable(errors.New("it has no FREQ, which says how often, such as FREQ=WEEKLY;INTERVAL=2"))
	}
	if seen["UNTIL"] && seen["COUNT"] {
		return unreadable(errors.New("it has both UNTIL and COUNT"))
	}
	option, err := rrule.StrToROption(strings.Join(parts, ";"))
	if err != nil {
		return unreadable(err)
	}
	if _, err := rrule.NewRRule(*option); err != nil { // checks the bounds of numbers
		return unreadable(err)
	}
	for _, numbers := range []*[]int{&option.Bysetpos, &option.Bymonth, &option.Bymonthday, &option.Byyearday, &option.Byweekno,
		&option.Byhour, &option.Byminute, &option.Bysecond} {
		slices.Sort(*numbers)
		*numbers = slices.Compact(*numbers)
	}
	r.ROption = *option
	if seen["INTERVAL"] && option.Interval < 1 || option.Interval > maxInterval {
		return unreadable(fmt.Errorf("INTERVAL must be between 1 and %d", maxInterval))
	}
	r.Interval = max(r.Interval, 1)
	if seen["COUNT"] && option.Count < 1 {
		return unreadable(errors.New("COUNT must be at least 1"))
	}
	return r, r.checkCombinations()
}

// readUntil reads the UNTIL of a rule.
func (r *rule) readUntil(value string) (err error) {
	for _, form := range []struct {
		layout string
		kind   untilKind
	}{{"20060102", untilDay}, {"20060102T150405", untilClock}, {"20060102T150405Z", untilMoment}} {
		if len(value) != len(form.layout) {
			continue
		}
		r.untilKind = form.kind
		if r.until, err = time.Parse(form.layout, value); err != nil {
			return fmt.Errorf("UNTIL=%s is no date", value)
		}
		return nil
	}
	return fmt.Errorf("UNTIL=%s is no date such as 20160426 or 20160426T140000Z", value)
}

// checkCombinations refuses the parts that RFC 5545 forbids together, or whose
// meaning it leaves open.
func (r rule) checkCombinations() error {
	const forbidden = "which RFC 5545 does not allow there"
	monthly := r.Freq == rrule.MONTHLY || r.Freq == rrule.YEARLY && len(r.Bymonth) > 0
	for _, day := range r.Byweekday {
		switch n := day.N(); {
		case n == 0:
		case r.Freq > rrule.MONTHLY:
			return refusal(r.text, "BYDAY with numbers", forbidden)
		case len(r.Byweekno) > 0:
			return refusal(r.text, "BYDAY with numbers beside BYWEEKNO", forbidden)
		case monthly && (n > 5 || n < -5):
			return refusal(r.text, day.String(), "which no month has")
		}
	}
	switch {
	case len(r.Byeaster) > 0:
		return refusal(r.text, "BYEASTER", "which is in no standard")
	case len(r.Byweekno) > 0 && r.Freq != rrule.YEARLY:
		return refusal(r.text, "BYWEEKNO without FREQ=YEARLY", forbidden)
	case len(r.Byyearday) > 0 && (r.Freq == rrule.DAILY || r.Freq == rrule.WEEKLY || r.Freq == rrule.MONTHLY):
		return refusal(r.text, "BYYEARDAY with a frequency of days, weeks or months", forbidden)
	case len(r.Bymonthday) > 0 && r.Freq == rrule.WEEKLY:
		return refusal(r.text, "BYMONTHDAY with FREQ=WEEKLY", forbidden)
	}
	return nil
}

// check says whether the rule can be worked out from a start. Which year an
// interval of years is counted from is open where the first week and the
// first day are of different years.
func (r rule) check(start time.Time) error {
	if len(r.Byweekno) > 0 && r.Interval > 1 && weekYear(midnightOf(start), wkst(r.ROption)) != start.Year() {
		return refusal(r.text, "BYWEEKNO every few years", "of which the first is not clear, since "+start.Format("2 January 2006")+" is in a week of another year")
	}
	return nil
}

// past says whether an occurrence is behind the UNTIL of the rule.
func (r rule) past(wall, moment time.Time) bool {
	switch r.untilKind {
	case untilMoment:
		return moment.After(r.until)
	case untilClock:
		return wall.After(r.until)
	case untilDay: // the day counts
		return !wall.Before(r.until.AddDate(0, 0, 1))
	}
	return false
}

// starts are the starts of the occurrences that the rule gives, in order, in
// the zone of start, up to a moment. A rule follows the clock of that zone.
func (r rule) starts(start, to time.Time) ([]time.Time, error) {
	if err := r.check(start); err != nil {
		return nil, err
	}
	zone := start.Location()
	_, clocksChange := start.ZoneBounds()
	var all []time.Time
	// No clock is put forward or back by more than a day.
	for wall, err := range r.walls(wallOf(start), wallOf(to.In(zone)).AddDate(0, 0, 2)) {
		if err != nil {
			return nil, fmt.Errorf("the recurrence rule %q %w", r.text, err)
		}
		t := Local(wall, zone)
		if r.past(wall, t) || !t.Before(to) {
			break
		}
		if r.Freq > rrule.DAILY && !clocksChange.IsZero() && !t.Before(clocksChange) {
			// Whether an hour that comes twice, or never, is one of them, is open.
			return nil, refusal(r.text, "a frequency below a day", "over a change of the clocks of "+zone.String())
		}
		all = append(all, t)
	}
	// A time that never comes is read as a later one.
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal), nil
}

// errTooMany says that working a rule out would not end soon.
var errTooMany = errors.New("has too many occurrences, or none in a long time")

// maxSteps bounds how many periods, and how many occurrences, of a rule are
// looked at.
const maxSteps = 100_000

// walls are the occurrences as times of day on the event's own clock, in
// order, from start until to; not those behind UNTIL, which starts knows. An
// error is the last thing that comes.
func (r rule) walls(start, to time.Time) iter.Seq2[time.Time, error] {
	if r.needsOwn() || start.Year() < 1 { // rrule-go panics in the year 0
		return func(yield func(time.Time, error) bool) { r.expand(start, to, yield) }
	}
	return func(yield func(time.Time, error) bool) {
		option := r.ROption
		option.Dtstart = start
		option.Until = to // else it ends after some 290 years
		known, err := rrule.NewRRule(option)
		if err != nil {
			yield(time.Time{}, fmt.Errorf("cannot be used: %w", err))
			return
		}
		next := known.Iterator()
		for n := 0; ; n++ {
			t, ok := next()
			switch {
			case !ok || t.After(to):
				return
			case n >= maxSteps:
				yield(time.Time{}, errTooMany)
				return
			case !yield(t, nil):
				return
			}
		}
	}
}

// needsOwn says that rrule-go v1.8.2 gets a rule wrong, or does not come to an
// end with it, so that the expansion is our own: week numbers, which it reads
// as all days of the week and by the calendar's year; positions within the
// first week, of which it sees only the rest; BYDAY both with and without
// numbers, of which it takes what is both; frequencies below a day, which may
// never end (INTERVAL=24;BYHOUR=5).
func (r rule) needsOwn() bool {
	numbered := func(d rrule.Weekday) bool { return d.N() != 0 }
	plain := func(d rrule.Weekday) bool { return d.N() == 0 }
	return len(r.Byweekno) > 0 ||
		r.Freq == rrule.WEEKLY && len(r.Bysetpos) > 0 ||
		slices.ContainsFunc(r.Byweekday, numbered) && slices.ContainsFunc(r.Byweekday, plain) ||
		r.Freq > rrule.DAILY
}
