package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sigpost"
)

// ircMeeting is a meeting of OpenStack's irc-meetings. All times are UTC.
type ircMeeting struct {
	Project   string    `yaml:"project"`
	ID        string    `yaml:"meeting_id"`
	AgendaURL string    `yaml:"agenda_url"`
	Schedule  []ircSlot `yaml:"schedule"`
}

type ircSlot struct {
	Time      string `yaml:"time"` // 1400
	Day       string `yaml:"day"`
	Channel   string `yaml:"irc"`
	Frequency string `yaml:"frequency"`
	StartDate string `yaml:"start_date"` // 20160111: the first meeting is not before it
	Minutes   int    `yaml:"duration"`
	Skip      []struct {
		Date string `yaml:"skip_date"`
	} `yaml:"skip_dates"`
}

// readIRC reads meetings in the form of OpenStack's irc-meetings, one in each
// YAML document.
func readIRC(data []byte, o Options) (r Reading, err error) {
	for d := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var m ircMeeting
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return r, nil
		case err != nil:
			return Reading{}, yamlError("meeting of OpenStack's", err)
		case m.Project == "" && m.ID == "" && len(m.Schedule) == 0:
			return Reading{}, errors.New("this is no meeting of OpenStack's: it has neither project nor schedule")
		}
		title := oneLine(m.Project)
		if title == "" {
			title = oneLine(m.ID)
		}
		if !wanted(o.Only, title, m.ID) {
			continue
		}
		if len(m.Schedule) == 0 {
			r.Refused = append(r.Refused, Refusal{named(title), "it has no schedule"})
		}
		for i, slot := range m.Schedule {
			e, err := slot.event(o)
			if err != nil {
				r.Refused = append(r.Refused, Refusal{named(title), err.Error()})
				continue
			}
			e.UID, e.Title = fmt.Sprintf("%s-%d", oneLine(m.ID), i+1), title
			if u := oneLine(m.AgendaURL); linkable(u) {
				e.Links = []sigpost.Link{{Title: "Agenda", URL: u}}
			}
			r.Events = append(r.Events, e)
		}
	}
}

// yamlError says that a file is not what it should be. Of YAML in another form,
// the library would tell in our types.
func yamlError(what string, err error) error {
	if other := (&yaml.TypeError{}); errors.As(err, &other) {
		return fmt.Errorf("this is no %s: it has another form", what)
	}
	return fmt.Errorf("this is no %s: %w", what, err)
}

func (s ircSlot) event(o Options) (e sigpost.Event, err error) {
	clock, err := time.Parse("1504", strings.TrimSpace(s.Time))
	if err != nil {
		return e, fmt.Errorf("%q is no time such as 1400", printable(s.Time))
	}
	day, ok := weekdayOf(s.Day)
	if !ok {
		return e, fmt.Errorf("%q is no day of the week", printable(s.Day))
	}
	from := longAgo
	if s.StartDate != "" {
		if from, err = time.Parse("20060102", strings.TrimSpace(s.StartDate)); err != nil {
			return e, fmt.Errorf("start_date %q is no date such as 20160111", printable(s.StartDate))
		}
	}
	rule, fits, err := ircFrequency(s.Frequency, day)
	if err != nil {
		return e, err
	}
	if s.StartDate == "" && strings.Contains(rule, "INTERVAL") {
		// Which weeks are odd changes with years of 53 weeks, and then whoever
		// reads the file counts anew.
		from = midnightOf(o.Now.UTC()).AddDate(0, 0, -28)
		if !o.WeeksFrom.IsZero() {
			from = weekStart(midnightOf(o.WeeksFrom), time.Monday)
		}
	}
	first := nextDay(from, day)
	for n := 0; !fits(first); n++ {
		if n > 60 {
			return e, fmt.Errorf("no week fits the frequency %q", printable(s.Frequency))
		}
		first = first.AddDate(0, 0, 7)
	}
	at := time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute
	e.Start, e.Duration, e.Rules = first.Add(at), time.Hour, []string{rule}
	if s.Minutes > 0 {
		e.Duration = time.Duration(min(s.Minutes, 7*24*60)) * time.Minute
	}
	if strings.HasPrefix(rule, "FREQ=MONTHLY") { // the start is to be one of them
		if found, err := mustRule(rule).starts(first.Add(at), first.AddDate(0, 2, 0)); err == nil && len(found) > 0 {
			e.Start = found[0]
		}
	}
	for _, skip := range s.Skip {
		day, err := time.Parse("20060102", strings.TrimSpace(skip.Date))
		if err != nil {
			return e, fmt.Errorf("skip_date %q is no date such as 20160111", printable(skip.Date))
		}
		e.Cancelled = append(e.Cancelled, day.Add(at))
	}
	if channel := strings.TrimPrefix(oneLine(s.Channel), "#"); channel != "" {
		e.Where = "IRC: #" + channel
	}
	return e, nil
}

// longAgo is when a meeting began that names no first date. It was a Monday.
var longAgo = date(2001, 1, 1)

var monthlyFrequency = regexp.MustCompile(`^(first|second|third|fourth|last)-([a-z]+)$`)

// ircFrequency makes a rule of a frequency, and says which days can be the
// first one. Odd and even weeks are those of ISO 8601 at the first meeting, and
// every second one from there.
func ircFrequency(frequency string, day time.Weekday) (rule string, fits func(time.Time) bool, err error) {
	byWeek := func(divisor, rest int) func(time.Time) bool {
		return func(t time.Time) bool {
			_, week := t.ISOWeek()
			return week%divisor == rest
		}
	}
	frequency = strings.ToLower(strings.TrimSpace(frequency))
	switch frequency {
	case "weekly":
		return "FREQ=WEEKLY", byWeek(1, 0), nil
	case "biweekly-odd":
		return "FREQ=WEEKLY;INTERVAL=2", byWeek(2, 1), nil
	case "biweekly-even":
		return "FREQ=WEEKLY;INTERVAL=2", byWeek(2, 0), nil
	case "quadweekly", "quadweekly-week-4":
		return "FREQ=WEEKLY;INTERVAL=4", byWeek(4, 0), nil
	case "quadweekly-week-1":
		return "FREQ=WEEKLY;INTERVAL=4", byWeek(4, 1), nil
	case "quadweekly-alternate", "quadweekly-week-2":
		return "FREQ=WEEKLY;INTERVAL=4", byWeek(4, 2), nil
	case "quadweekly-week-3":
		return "FREQ=WEEKLY;INTERVAL=4", byWeek(4, 3), nil
	case "adhoc":
		return "", nil, errors.New("it takes place when there is need (adhoc): nobody can tell when")
	}
	if m := monthlyFrequency.FindStringSubmatch(frequency); m != nil {
		if named, ok := weekdayOf(m[2]); ok && named == day {
			return monthly(m[1], day), byWeek(1, 0), nil
		}
	}
	return "", nil, fmt.Errorf("its frequency %q on %s is not understood", printable(frequency), day)
}

// monthly is the rule for the first, second, ... weekday of each month.
func monthly(ordinal string, day time.Weekday) string {
	n := map[string]int{"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}[ordinal]
	return fmt.Sprintf("FREQ=MONTHLY;BYDAY=%d%s", n, strings.ToUpper(day.String()[:2]))
}

// mustRule is a rule that this package wrote itself.
func mustRule(text string) rule {
	r, err := parseRule(text)
	if err != nil {
		panic(err)
	}
	return r
}

// weekdayOf is the day of the week that a word names, also in the plural.
func weekdayOf(word string) (time.Weekday, bool) {
	word = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(word)), "s")
	days := []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	i := slices.Index(days, word)
	return time.Weekday(max(i, 0)), i >= 0
}

// nextDay is the first such day of the week from a date on.
func nextDay(from time.Time, day time.Weekday) time.Time {
	return from.AddDate(0, 0, (int(day-from.Weekday())+7)%7)
}
