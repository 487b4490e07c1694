package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sigpost"
)

// sigsFile is Kubernetes' sigs.yaml as far as it tells of meetings.
type sigsFile struct {
	SIGs       []sigGroup `yaml:"sigs"`
	WGs        []sigGroup `yaml:"workinggroups"`
	UGs        []sigGroup `yaml:"usergroups"`
	Committees []sigGroup `yaml:"committees"`
}

type sigGroup struct {
	Dir      string       `yaml:"dir"`
	Name     string       `yaml:"name"`
	Label    string       `yaml:"label"`
	Meetings []sigMeeting `yaml:"meetings"`
}

// sigMeeting is a meeting as people describe it to each other: the words of its
// day and frequency are read as far as they leave nothing open.
type sigMeeting struct {
	Description string `yaml:"description"`
	Day         string `yaml:"day"`
	Time        string `yaml:"time"`
	Zone        string `yaml:"tz"`
	Frequency   string `yaml:"frequency"`
	URL         string `yaml:"url"`
	ArchiveURL  string `yaml:"archive_url"`
}

// sigDuration is how long a meeting is taken to last: the file does not say.
const sigDuration = time.Hour

// readSIGs reads the meetings of Kubernetes' sigs.yaml.
func readSIGs(data []byte, o Options) (r Reading, err error) {
	var file sigsFile
	if err := yaml.Unmarshal(data, &file); err != nil {
		return r, yamlError("list of Kubernetes' groups", err)
	}
	if len(file.SIGs)+len(file.WGs)+len(file.UGs)+len(file.Committees) == 0 {
		return r, errors.New("this is no list of Kubernetes' groups: it has none")
	}
	for _, kind := range []struct {
		prefix string
		groups []sigGroup
	}{{"SIG ", file.SIGs}, {"WG ", file.WGs}, {"UG ", file.UGs}, {"", file.Committees}} {
		for _, g := range kind.groups {
			for i, m := range g.Meetings {
				title := oneLine(kind.prefix + g.Name + ": " + m.Description)
				if !wanted(o.Only, title, g.Dir, g.Label) {
					continue
				}
				e, err := m.event(o)
				if err != nil {
					r.Refused = append(r.Refused, Refusal{named(title), err.Error()})
					continue
				}
				e.UID, e.Title = fmt.Sprintf("%s-%d", oneLine(cmp.Or(g.Dir, g.Name)), i+1), title
				r.Events = append(r.Events, e)
			}
		}
	}
	return r, nil
}

func (m sigMeeting) event(o Options) (e sigpost.Event, err error) {
	zone, err := sigZone(m.Zone)
	if err != nil {
		return e, err
	}
	clock, err := sigClock(m.Time)
	if err != nil {
		return e, err
	}
	first, rule, err := sigFrequency(m.Day, m.Frequency, o.WeeksFrom)
	if err != nil {
		return e, err
	}
	e.Start = Local(first.Add(clock), zone)
	e.Duration, e.Rules = sigDuration, []string{rule}
	for _, l := range []sigpost.Link{{Title: "Video call", URL: oneLine(m.URL)}, {Title: "Agenda and notes", URL: oneLine(m.ArchiveURL)}} {
		if linkable(l.URL) {
			e.Links = append(e.Links, l)
		}
	}
	return e, nil
}

var zoneWords = []struct {
	words *regexp.Regexp
	zone  string
}{
	{regexp.MustCompile(`(?i)\bPacific|\bP[SD]?T\b`), "America/Los_Angeles"},
	{regexp.MustCompile(`(?i)\bMountain|\bM[SD]?T\b`), "America/Denver"},
	{regexp.MustCompile(`(?i)\bCentral European|\bCES?T\b`), "Europe/Berlin"},
	{regexp.MustCompile(`(?i)\bEastern Time|\bEastern Standard|\bE[SD]?T\b`), "America/New_York"},
	{regexp.MustCompile(`(?i)\bUTC\b|\bGMT\b`), "UTC"},
}

func sigZone(words string) (*time.Location, error) {
	for _, z := range zoneWords {
		if z.words.MatchString(words) {
			return time.LoadLocation(z.zone)
		}
	}
	name := strings.TrimSpace(words)
	if len(name) > 4 { // abbreviations such as IST are those of several zones
		if zone := ianaZone(name); zone != nil {
			return zone, nil
		}
	}
	return nil, fmt.Errorf("which time zone %q is cannot be told", printable(words))
}

func sigClock(words string) (time.Duration, error) {
	short := strings.ToUpper(strings.ReplaceAll(words, " ", ""))
	for _, layout := range []string{"15:04", "3PM", "3:04PM"} {
		if t, err := time.Parse(layout, short); err == nil {
			return t.Sub(midnightOf(t)), nil
		}
	}
	return 0, fmt.Errorf("%q is no time of day", printable(words))
}

var (
	dayWord      = regexp.MustCompile(`(?i)\b((?:sun|mon|tues|wednes|thurs|fri|satur)days?)\b`)
	ordinalDay   = regexp.MustCompile(`(?i)\b(first|second|third|fourth|last|1st|2nd|3rd|4th)\s+((?:sun|mon|tues|wednes|thurs|fri|satur)day)\b`)
	startDate    = regexp.MustCompile(`(?i)\bstart(?:ing|s)?\s+(?:on\s+)?(?:[a-z]+day,?\s+)?([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b`)
	everyTwo     = regexp.MustCompile(`(?i)\bbi-?weekly\b|\bevery (?:two|2) weeks\b|\bevery other week\b`)
	everyFour    = regexp.MustCompile(`(?i)\bevery (?:four|4) weeks\b`)
	everyWeek    = regexp.MustCompile(`(?i)\bweekly\b|\bevery week\b`)
	relativeDay  = regexp.MustCompile(`(?i)\b(?:after|before)\b`)
	everyMonth   = regexp.MustCompile(`(?i)\bmonth`)
	monthLayouts = []string{"January 2 2006", "Jan 2 2006"}
)

// sigFrequency makes a first day and a rule of the words for day and frequency.
// weeksFrom is of a week that counts, where the words do not say; or zero.
func sigFrequency(day, frequency string, weeksFrom time.Time) (first time.Time, rule string, err error) {
	words := day + ", " + frequency
	unclear := func(why string) (time.Time, string, error) {
		return time.Time{}, "", fmt.Errorf("when it is cannot be told from %q: %s", printable(words), why)
	}
	name := dayWord.FindString(day)
	on, ok := weekdayOf(name)
	switch {
	case !ok:
		return unclear("it names no day of the week")
	case relativeDay.MatchString(words):
		return unclear("it depends on another day")
	}
	from, dated, err := sigStart(words)
	if err != nil {
		return unclear(err.Error())
	}
	if dated && from.Weekday() != on {
		return unclear("its first date is no " + on.String())
	}
	first = nextDay(from, on)
	if m := ordinalDay.FindAllStringSubmatch(words, -1); len(m) > 0 {
		if other, _ := weekdayOf(m[0][2]); len(m) > 1 || other != on {
			return unclear("it names several days")
		}
		rule = monthly(strings.ToLower(m[0][1]), on)
		found, err := mustRule(rule).starts(first, first.AddDate(0, 2, 0))
		if err != nil || len(found) == 0 {
			return unclear("no day fits it")
		}
		return found[0], rule, nil
	}
	if m := ordinalOnly.FindAllStringSubmatch(words, -1); len(m) > 0 {
		return unclear("it names a week, and no day of it")
	}
	switch {
	case everyFour.MatchString(words):
		rule = "FREQ=WEEKLY;INTERVAL=4"
	case everyTwo.MatchString(words):
		rule = "FREQ=WEEKLY;INTERVAL=2"
	case everyMonth.MatchString(words):
		return unclear("it does not say which week of the month")
	case everyWeek.MatchString(words):
		return first, "FREQ=WEEKLY", nil
	default:
		return unclear("how often is not understood")
	}
	switch {
	case dated:
		return first, rule, nil
	case weeksFrom.IsZero():
		return unclear("it gives no first date, so that nobody knows which weeks")
	}
	return nextDay(weekStart(midnightOf(weeksFrom), time.Monday), on), rule, nil
}

// ordinalOnly finds words for a week of the month without a day.
var ordinalOnly = regexp.MustCompile(`(?i)\b(?:first|second|third|fourth|last|1st|2nd|3rd|4th)\s+week\b`)

// sigStart is the first date that the words give, if they do.
func sigStart(words string) (from time.Time, given bool, err error) {
	m := startDate.FindStringSubmatch(words)
	if m == nil {
		if strings.Contains(strings.ToLower(words), "start") {
			return from, false, errors.New("its first date is not understood")
		}
		return longAgo, false, nil
	}
	month := strings.ToUpper(m[1][:1]) + strings.ToLower(m[1][1:])
	for _, layout := range monthLayouts {
		if t, err := time.Parse(layout, month+" "+m[2]+" "+m[3]); err == nil {
			return t, true, nil
		}
	}
	return from, false, errors.New("its first date is not understood")
}
