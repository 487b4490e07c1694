package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"
)

// moment is a DATE or DATE-TIME value. What go-ical makes of one knows no zones
// but those of the system, and leaves open what a time that comes twice is.
type moment struct {
	t        time.Time
	day      bool // a DATE
	floating bool // it names no zone
}

// when reads a DATE or DATE-TIME (RFC 5545, sections 3.3.4 and 3.3.5). What
// names no zone is in beside, the zone of the event that it belongs to, or on
// the calendar's clock.
func (in *icalendar) when(p *ical.Prop, beside *time.Location) (moment, error) {
	value := strings.ToUpper(strings.TrimSpace(p.Value))
	if len(value) == len("20060102Z") { // a day has no zone, but some programs give it one
		value = strings.TrimSuffix(value, "Z")
	}
	unreadable := fmt.Errorf("%s:%s is no date or time", p.Name, printable(p.Value))
	zone, floating := in.zone, true
	if beside != nil {
		zone = beside
	}
	switch len(value) {
	case len("20060102"):
		wall, err := time.Parse("20060102", value)
		if err != nil {
			return moment{}, unreadable
		}
		return moment{Local(wall, zone), true, true}, nil
	case len("20060102T150405"):
		if tzid := p.Params.Get(ical.PropTimezoneID); tzid != "" {
			var err error
			if zone, err = in.zones.find(tzid); err != nil {
				return moment{}, fmt.Errorf("%s: %w", p.Name, err)
			}
			floating = false
		}
	case len("20060102T150405Z"):
		if !strings.HasSuffix(value, "Z") {
			return moment{}, unreadable
		}
		value, zone, floating = strings.TrimSuffix(value, "Z"), time.UTC, false
	}
	wall, err := time.Parse("20060102T150405", value)
	if err != nil {
		return moment{}, unreadable
	}
	return moment{Local(wall, zone), false, floating}, nil
}

var durationValue = regexp.MustCompile(`^([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$`)

// duration reads a DURATION (RFC 5545, section 3.3.6). nominal says that it has
// days or weeks, which are those of the calendar.
func duration(value string) (d time.Duration, nominal bool, err error) {
	m := durationValue.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(value)))
	if m == nil || strings.Join(m[2:], "") == "" {
		return 0, false, fmt.Errorf("%s is no duration", printable(value))
	}
	units := []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}
	for i, unit := range units {
		n, _ := strconv.Atoi(m[i+2]) // empty counts nothing
		d += time.Duration(n) * unit
	}
	if m[1] == "-" && d > 0 {
		return 0, false, fmt.Errorf("%s is a duration of less than nothing", printable(value))
	}
	return d, m[2]+m[3] != "", nil
}
