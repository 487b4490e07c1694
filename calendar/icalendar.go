package calendar

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"sigpost"
)

// readICalendar reads the VEVENTs of all VCALENDARs in a file.
func readICalendar(data []byte, o Options) (Reading, error) {
	calendars, err := decode(data)
	if err != nil {
		return Reading{}, err
	}
	var r Reading
	for _, c := range calendars {
		in := &icalendar{zones: newZones(c), zone: o.Zone, floating: o.Zone == nil}
		if in.floating {
			in.zone = time.UTC
		}
		method, _ := text(c.Props, ical.PropMethod)
		events := in.events(c)
		for _, e := range events.Events {
			if strings.EqualFold(method, "CANCEL") { // RFC 5546, section 3.2.5
				e.Status = sigpost.EventCancelled
			}
			if wanted(o.Only, e.Title) {
				r.Events = append(r.Events, e)
			}
		}
		for _, refused := range events.Refused {
			if wanted(o.Only, refused.Event) {
				r.Refused = append(r.Refused, refused)
			}
		}
	}
	return r, nil
}

// decode gives the VCALENDARs of a file.
func decode(data []byte) ([]*ical.Component, error) {
	data, err := wellFormed(data)
	if err != nil {
		return nil, err
	}
	var all []*ical.Component
	for d := ical.NewDecoder(bytes.NewReader(data)); ; {
		c, err := d.Decode()
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("the calendar cannot be read: %w", err)
		}
		all = append(all, c.Component)
	}
}

// icalendar reads the events of one VCALENDAR.
type icalendar struct {
	zones    *zones
	zone     *time.Location // of times and days that name none
	floating bool           // that zone is nobody's choice
}

// vevent is a VEVENT that has been understood.
type vevent struct {
	sigpost.Event
	of        time.Time // RECURRENCE-ID, or zero
	ofDay     bool      // that is a day
	following bool
	sequence  int
}

// events puts each event together with what overrides it.
func (in *icalendar) events(c *ical.Component) (r Reading) {
	var masters []*vevent
	overrides := map[string][]vevent{}
	refused := map[string]bool{}
	for n, child := range c.Children {
		if child.Name != ical.CompEvent {
			continue
		}
		e, err := in.event(child)
		if e.UID == "" { // RFC 5545 wants one, and some write none
			e.UID = derivedUID(child, n)
		}
		switch {
		case err != nil:
			r.Refused = append(r.Refused, Refusal{named(e.Title), err.Error()})
			refused[e.UID] = true
		case !e.of.IsZero():
			overrides[e.UID] = append(overrides[e.UID], e)
		default:
			masters = append(masters, &e)
		}
	}
	masters = latest(masters)
	for _, m := range masters {
		if refused[m.UID] { // a part of it is not known: it would be shown wrong
			r.Refused = append(r.Refused, Refusal{named(m.Title), "another part of the same event was not understood"})
			delete(overrides, m.UID)
			continue
		}
		if len(overrides[m.UID]) > maxOverrides {
			r.Refused = append(r.Refused, Refusal{named(m.Title), fmt.Sprintf("more than %d of its dates are given one by one", maxOverrides)})
			delete(overrides, m.UID)
			continue
		}
		for _, o := range overrides[m.UID] {
			m.override(o)
		}
		delete(overrides, m.UID)
		r.Events = append(r.Events, m.Event)
	}
	// Instances of which the event itself is not there stand for themselves.
	for _, uid := range sortedKeys(overrides) {
		if refused[uid] {
			continue
		}
		for _, o := range overrides[uid] {
			if o.following {
				r.Refused = append(r.Refused, Refusal{named(o.Title), "it changes all later dates of an event that is not in the calendar"})
				continue
			}
			e := o.Event
			e.Overrides = []sigpost.Override{{Of: o.of, Event: o.Event}}
			e.Start = o.of
			r.Events = append(r.Events, e)
		}
	}
	return r
}

// instanceOn is when the instance of an event on the day of a time begins, if
// there is one.
func (e *vevent) instanceOn(day time.Time) time.Time {
	if e.AllDay {
		return Local(midnightOf(wallOf(day)), e.Start.Location())
	}
	wall := wallOf(e.Start)
	return Local(midnightOf(wallOf(day)).Add(wall.Sub(midnightOf(wall))), e.Start.Location())
}

// maxOverrides bounds how many dates of an event may be given by themselves.
const maxOverrides = 5000

// latest leaves of several versions of an event, by UID, the one with the
// highest SEQUENCE; of those with the same all, which are different events.
func latest(all []*vevent) []*vevent {
	highest := map[string]int{}
	for _, e := range all {
		highest[e.UID] = max(highest[e.UID], e.sequence)
	}
	return slices.DeleteFunc(all, func(e *vevent) bool { return e.sequence < highest[e.UID] })
}

// override notes what an instance is instead, unless a later version of that is
// known.
func (e *vevent) override(o vevent) {
	if o.ofDay != e.AllDay { // a day stands for the instance on it
		o.of = e.instanceOn(o.of)
	}
	for i, known := range e.Overrides {
		if known.Of.Equal(o.of) && known.Following == o.following {
			// Versions come in the order of the file.
			e.Overrides[i].Event = o.Event
			return
		}
	}
	e.Overrides = append(e.Overrides, sigpost.Override{Of: o.of, Following: o.following, Event: o.Event})
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func derivedUID(c *ical.Component, n int) string {
	h := sha256.New()
	for _, name := range sortedKeys(c.Props) {
		for _, p := range c.Props[name] {
			fmt.Fprintf(h, "%s:%s\n", name, p.Value)
		}
	}
	return fmt.Sprintf("%d-%x", n+1, h.Sum(nil)[:8])
}

// event understands one VEVENT. Its title and UID are there also where there is
// an error.
func (in *icalendar) event(c *ical.Component) (e vevent, err error) {
	e.UID, _ = text(c.Props, ical.PropUID)
	title, _ := text(c.Props, ical.PropSummary)
	e.Title = oneLine(title)
	if err := checkLines(c.Props); err != nil {
		return e, err
	}
	if len(c.Props.Values("EXRULE")) > 0 {
		return e, errors.New("it has an EXRULE, which RFC 5545 has abolished and sigpost does not work out")
	}
	if s, ok := text(c.Props, ical.PropStatus); ok {
		e.Status = sigpost.EventStatus(strings.ToUpper(strings.TrimSpace(s)))
	}
	if s, ok := text(c.Props, ical.PropSequence); ok {
		e.sequence, _ = strconv.Atoi(s)
	}
	start := c.Props.Get(ical.PropDateTimeStart)
	if start == nil {
		return e, errors.New("it has no DTSTART")
	}
	begins, err := in.when(start, nil)
	if err != nil {
		return e, err
	}
	e.Start, e.AllDay = begins.t, begins.day
	e.Floating = begins.floating && in.floating
	if err := in.length(&e.Event, c.Props); err != nil {
		return e, err
	}
	if err := in.recurrence(&e, c.Props); err != nil {
		return e, err
	}
	where, _ := text(c.Props, ical.PropLocation)
	e.Where = oneLine(where)
	about, _ := text(c.Props, ical.PropDescription)
	e.Description = oneLine(withoutTags(about))
	e.Links = links(c.Props)
	if strings.HasPrefix(e.Where, "https://") && !strings.Contains(e.Where, " ") {
		if !slices.ContainsFunc(e.Links, func(l sigpost.Link) bool { return l.URL == e.Where }) {
			e.Links = append(e.Links, sigpost.Link{Title: "Where", URL: e.Where})
		}
		e.Where = ""
	}
	return e, nil
}

// whenParts are the properties without which an event is not understood.
var whenParts = []string{"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "STATUS"}

// checkLines looks whether a line that is none may have said when the event is,
// and that there are not two of what there must be one of.
func checkLines(props ical.Props) error {
	for _, p := range props.Values(broken) {
		for _, part := range whenParts {
			if strings.HasPrefix(strings.ToUpper(p.Value), part) {
				return fmt.Errorf("its line %q cannot be read", printable(p.Value))
			}
		}
	}
	for _, name := range []string{"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID"} {
		if n := len(props.Values(name)); n > 1 {
			return fmt.Errorf("it has %s %d times", name, n)
		}
	}
	return nil
}

// length finds out how long an event takes.
func (in *icalendar) length(e *sigpost.Event, props ical.Props) error {
	if end := props.Get(ical.PropDateTimeEnd); end != nil {
		ends, err := in.when(end, e.Start.Location())
		if err != nil {
			return err
		}
		if ends.day != e.AllDay {
			return errors.New("of its start and its end, one is a day and the other a time")
		}
		if e.Duration = ends.t.Sub(e.Start); e.AllDay { // days are counted where each has 24 hours
			// Some programs give the same day as the end of one day.
			e.Duration = max(wallOf(ends.t).Sub(wallOf(e.Start)), 0)
			e.Duration = cmp.Or(e.Duration, 24*time.Hour)
		}
		if e.Duration < 0 {
			return errors.New("it ends before it begins")
		}
		return nil
	}
	if p := props.Get(ical.PropDuration); p != nil {
		d, nominal, err := duration(p.Value)
		if err == nil && e.AllDay && d%(24*time.Hour) != 0 {
			err = fmt.Errorf("DURATION:%s is no number of days", printable(p.Value))
		}
		e.Duration, e.Nominal = d, nominal
		return err
	}
	if e.AllDay { // RFC 5545, section 3.6.1
		e.Duration = 24 * time.Hour
	}
	return nil
}

// recurrence reads the rules and dates of an event, or which instance it is.
func (in *icalendar) recurrence(e *vevent, props ical.Props) error {
	for _, p := range props.Values(ical.PropRecurrenceRule) {
		if rule := strings.TrimSpace(p.Value); rule != "" {
			e.Rules = append(e.Rules, rule)
		}
	}
	for _, p := range props.Values(ical.PropRecurrenceDates) {
		dates, err := in.dates(p, e)
		if err != nil {
			return err
		}
		e.Dates = append(e.Dates, dates...)
	}
	for _, p := range props.Values(ical.PropExceptionDates) {
		dates, err := in.dates(p, e)
		if err != nil {
			return err
		}
		for _, d := range dates {
			e.Excluded = append(e.Excluded, d.From)
		}
	}
	of := props.Get(ical.PropRecurrenceID)
	if of == nil {
		return nil
	}
	at, err := in.when(of, e.Start.Location())
	if err != nil {
		return err
	}
	e.of, e.ofDay = at.t, at.day
	if e.UID == "" {
		return errors.New("it is one date of an event, and has no UID that tells of which")
	}
	switch r := strings.ToUpper(of.Params.Get("RANGE")); r {
	case "":
	case "THISANDFUTURE":
		e.following = true
	default:
		return fmt.Errorf("it is there for a range of dates, %s, which RFC 5545 has abolished", printable(r))
	}
	e.Rules, e.Dates, e.Excluded = nil, nil, nil // an instance has none of its own
	return nil
}

// dates are those of an RDATE or EXDATE. Days stand for the occurrence on that
// day where the event has a time.
func (in *icalendar) dates(p ical.Prop, e *vevent) (all []sigpost.Window, err error) {
	for _, value := range strings.Split(p.Value, ",") {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		from, to, period := strings.Cut(value, "/")
		one := p
		one.Value = from
		begins, err := in.when(&one, e.Start.Location())
		if err != nil {
			return nil, err
		}
		w := sigpost.Window{From: begins.t}
		if begins.day != e.AllDay {
			w.From = e.instanceOn(begins.t)
		}
		if period && !strings.HasPrefix(to, "P") {
			one.Value = to
			ends, err := in.when(&one, e.Start.Location())
			if err != nil {
				return nil, err
			}
			w.To = ends.t
		} else if period {
			d, _, err := duration(to)
			if err != nil {
				return nil, err
			}
			w.To = w.From.Add(d)
		}
		if period && w.To.Before(w.From) {
			return nil, fmt.Errorf("%s:%s ends before it begins", p.Name, printable(value))
		}
		all = append(all, w)
	}
	return all, nil
}

// links are where the event can be read of, and called.
func links(props ical.Props) (all []sigpost.Link) {
	add := func(title, address string) {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return
		}
		if !slices.ContainsFunc(all, func(l sigpost.Link) bool { return l.URL == u.String() }) {
			all = append(all, sigpost.Link{Title: title, URL: u.String()})
		}
	}
	for _, p := range props.Values(ical.PropURL) {
		add("Details", p.Value)
	}
	for _, p := range props.Values("CONFERENCE") { // RFC 7986, section 5.11
		add(cmp.Or(oneLine(p.Params.Get("LABEL")), "Call"), p.Value)
	}
	for _, name := range []string{"X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL"} {
		for _, p := range props.Values(name) {
			add("Video call", p.Value)
		}
	}
	return all
}

// text is the value of a property that is text.
func text(props ical.Props, name string) (string, bool) {
	p := props.Get(name)
	if p == nil {
		return "", false
	}
	return unescaped(p.Value), true
}
