package calendar

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"
)

// zones finds time zones by their TZID in one VCALENDAR.
type zones struct {
	defined map[string]*ical.Component // VTIMEZONE by TZID
	known   map[string]*time.Location
}

func newZones(c *ical.Component) *zones {
	z := &zones{map[string]*ical.Component{}, map[string]*time.Location{}}
	for _, child := range c.Children {
		if child.Name == ical.CompTimezone {
			if id, ok := text(child.Props, ical.PropTimezoneID); ok {
				z.defined[id] = child
			}
		}
	}
	return z
}

// find gives a zone: the IANA one of that name, since its rules are kept up to
// date; else the one that the calendar defines.
func (z *zones) find(tzid string) (*time.Location, error) {
	if zone := z.known[tzid]; zone != nil {
		return zone, nil
	}
	zone := ianaZone(tzid)
	defined := z.defined[tzid]
	if zone == nil && defined != nil {
		if name, ok := text(defined.Props, "X-LIC-LOCATION"); ok {
			zone = ianaZone(name)
		}
	}
	if zone == nil {
		zone = ianaZone(windowsZone(tzid))
	}
	if zone == nil {
		if defined == nil {
			return nil, fmt.Errorf("its time zone %q is not known, and the calendar does not define it", printable(tzid))
		}
		var err error
		if zone, err = build(tzid, defined); err != nil {
			return nil, fmt.Errorf("its time zone %q, as the calendar defines it, is not understood: %w", printable(tzid), err)
		}
	}
	z.known[tzid] = zone
	return zone, nil
}

// ianaZone is the zone that a TZID names by itself or at its end, as in
// "/vendor.example.org/20260101/Europe/Berlin" (RFC 5545, section 3.8.3.1);
// nil where it names none.
func ianaZone(tzid string) *time.Location {
	name := strings.Trim(strings.TrimSpace(tzid), "/")
	for name != "" && len(name) < 200 {
		if name != "Local" {
			if zone, err := time.LoadLocation(name); err == nil {
				return zone
			}
		}
		_, rest, found := strings.Cut(name, "/")
		if !found || !strings.Contains(rest, "/") { // a last part alone, such as "GMT", says too little
			return nil
		}
		name = rest
	}
	return nil
}

// lastOnset is the year to which the rules of a zone that a calendar defines
// are worked out; maxOnsets is how many changes one may have.
const (
	lastOnset = 2150
	maxOnsets = 5000
)

// onset is a change of a zone's clocks.
type onset struct {
	at       int64 // Unix time
	from, to int   // offsets, seconds east of UTC
	name     string
	daylight bool
}

// build makes a zone of a VTIMEZONE (RFC 5545, section 3.6.5).
func build(tzid string, c *ical.Component) (*time.Location, error) {
	var all []onset
	for _, child := range c.Children {
		if child.Name != ical.CompTimezoneStandard && child.Name != ical.CompTimezoneDaylight {
			continue
		}
		found, err := onsets(child)
		if err != nil {
			return nil, err
		}
		if all = append(all, found...); len(all) > maxOnsets {
			return nil, fmt.Errorf("its clocks change more than %d times", maxOnsets)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("it has neither STANDARD nor DAYLIGHT")
	}
	slices.SortStableFunc(all, func(a, b onset) int { return cmp.Compare(a.at, b.at) })
	return time.LoadLocationFromTZData(tzid, tzif(all))
}

// onsets are when a STANDARD or DAYLIGHT begins to hold. Its times are on the
// clock from before.
func onsets(c *ical.Component) ([]onset, error) {
	if err := checkLines(c.Props); err != nil {
		return nil, err
	}
	o := onset{daylight: c.Name == ical.CompTimezoneDaylight}
	name, _ := text(c.Props, ical.PropTimezoneName)
	o.name = printable(name)
	var err error
	if o.from, err = utcOffset(c.Props, ical.PropTimezoneOffsetFrom); err != nil {
		return nil, err
	}
	if o.to, err = utcOffset(c.Props, ical.PropTimezoneOffsetTo); err != nil {
		return nil, err
	}
	start := c.Props.Get(ical.PropDateTimeStart)
	if start == nil {
		return nil, fmt.Errorf("its %s has no DTSTART", c.Name)
	}
	in := &icalendar{zones: newZones(&ical.Component{}), zone: time.UTC}
	begins, err := in.when(start, nil)
	if err != nil {
		return nil, err
	}
	walls := []time.Time{begins.t}
	for _, p := range c.Props.Values(ical.PropRecurrenceRule) {
		r, err := parseRule(p.Value)
		if err != nil {
			return nil, err
		}
		for wall, err := range r.walls(begins.t, date(lastOnset, 1, 1)) {
			if err != nil {
				return nil, fmt.Errorf("the recurrence rule %q %w", r.text, err)
			}
			if r.past(wall, wall.Add(-time.Duration(o.from)*time.Second)) || len(walls) > maxOnsets {
				break
			}
			walls = append(walls, wall)
		}
	}
	var all []onset
	for _, wall := range walls {
		o.at = wall.Unix() - int64(o.from)
		all = append(all, o)
	}
	for _, p := range c.Props.Values(ical.PropRecurrenceDates) {
		for _, value := range strings.Split(p.Value, ",") {
			one := p
			one.Value = value
			wall, err := in.when(&one, nil)
			if err != nil {
				return nil, err
			}
			if o.at = wall.t.Unix(); wall.floating {
				o.at -= int64(o.from)
			}
			all = append(all, o)
		}
	}
	return all, nil
}

var offsetValue = regexp.MustCompile(`^([+-])(\d\d)(\d\d)(\d\d)?$`)

// utcOffset reads a UTC-OFFSET (RFC 5545, section 3.3.14), in seconds.
func utcOffset(props ical.Props, name string) (int, error) {
	value, _ := text(props, name)
	m := offsetValue.FindStringSubmatch(strings.TrimSpace(value))
	if m == nil {
		return 0, fmt.Errorf("%s:%s is no offset from UTC", name, printable(value))
	}
	h, _ := strconv.Atoi(m[2])
	minutes, _ := strconv.Atoi(m[3])
	s, _ := strconv.Atoi(m[4])
	if h > 23 || minutes > 59 || s > 59 {
		return 0, fmt.Errorf("%s:%s is no offset from UTC", name, printable(value))
	}
	offset := h*3600 + minutes*60 + s
	if m[1] == "-" {
		offset = -offset
	}
	return offset, nil
}

// offsetName stands for the abbreviation of clocks that have none, as it does in
// the time zone database: "+02", "-0330".
func offsetName(seconds int) string {
	layout := "-07"
	if seconds%3600 != 0 {
		layout = "-0700"
	}
	return time.Unix(0, 0).In(time.FixedZone("", seconds)).Format(layout)
}

// tzif writes changes of clocks as a file of the time zone database (RFC 9636),
// which is the way to make a time.Location of them.
func tzif(all []onset) []byte {
	type kind struct {
		offset   int
		daylight bool
		name     string
	}
	// The first kind holds before the first change.
	kinds := []kind{{all[0].from, false, ""}}
	var times, types, names bytes.Buffer
	count := 0
	for i, o := range all {
		if i+1 < len(all) && all[i+1].at == o.at { // the later one in the file counts
			continue
		}
		k := kind{o.to, o.daylight, cmp.Or(o.name, offsetName(o.to))}
		at := slices.Index(kinds[1:], k) + 1
		if at == 0 {
			if len(kinds) == 256 {
				break
			}
			kinds = append(kinds, k)
			at = len(kinds) - 1
		}
		_ = binary.Write(&times, binary.BigEndian, o.at) // a buffer takes everything
		types.WriteByte(byte(at))
		count++
	}
	var infos bytes.Buffer
	for _, k := range kinds {
		_ = binary.Write(&infos, binary.BigEndian, int32(k.offset))
		infos.WriteByte(map[bool]byte{true: 1}[k.daylight])
		name := k.name
		if names.Len()+len(name) > 250 {
			name = ""
		}
		infos.WriteByte(byte(names.Len()))
		names.WriteString(name + "\x00")
	}
	header := func(count, kinds, letters int) []byte {
		h := append([]byte("TZif2"), make([]byte, 15)...)
		for _, n := range []int{0, 0, 0, count, kinds, letters} {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		return h
	}
	file := append(header(0, 0, 0), header(count, len(kinds), names.Len())...)
	file = append(file, times.Bytes()...)
	file = append(file, types.Bytes()...)
	file = append(file, infos.Bytes()...)
	file = append(file, names.Bytes()...)
	return append(file, "\n\n"...)
}
