package calendar

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"sigpost"
)

// Publication is what an iCalendar file says of itself.
type Publication struct {
	Name string // for people
	// Host is where it comes from, for the UIDs of its events.
	Host string
	// Stamp is when it was made.
	Stamp time.Time
}

// Write writes occurrences, and nothing else, as iCalendar (RFC 5545). Each is
// an event of its own, with times in UTC, so that it needs no time zones and
// no recurrence; its UID stays the same from file to file, so that whoever
// takes up a later one sees what has changed.
func Write(occurrences []sigpost.Occurrence, p Publication) ([]byte, error) {
	c := ical.NewCalendar()
	c.Props.SetText(ical.PropVersion, "2.0")
	c.Props.SetText(ical.PropProductID, "-//sigpost//sigpost//EN")
	c.Props.SetText(ical.PropMethod, "PUBLISH")
	if name := oneLine(p.Name); name != "" {
		c.Props.SetText(ical.PropName, name)
		setRaw(c.Props, "X-WR-CALNAME", name) // what most programs read
	}
	for _, o := range occurrences {
		c.Children = append(c.Children, writtenEvent(o, p))
	}
	if len(c.Children) == 0 { // RFC 5545, section 3.6, wants some component
		c.Children = append(c.Children, utcZone())
	}
	var out bytes.Buffer
	if err := ical.NewEncoder(&out).Encode(c); err != nil {
		return nil, fmt.Errorf("writing iCalendar: %w", err)
	}
	return folded(out.Bytes()), nil
}

// utcZone defines UTC, which needs no definition: it stands where nothing else
// does.
func utcZone() *ical.Component {
	standard := ical.NewComponent(ical.CompTimezoneStandard)
	setRaw(standard.Props, ical.PropDateTimeStart, "19700101T000000")
	setRaw(standard.Props, ical.PropTimezoneOffsetFrom, "+0000")
	setRaw(standard.Props, ical.PropTimezoneOffsetTo, "+0000")
	zone := ical.NewComponent(ical.CompTimezone)
	zone.Props.SetText(ical.PropTimezoneID, "UTC")
	zone.Children = []*ical.Component{standard}
	return zone
}

func writtenEvent(o sigpost.Occurrence, p Publication) *ical.Component {
	e := ical.NewComponent(ical.CompEvent)
	instance := ""
	if !o.RecurrenceID.IsZero() {
		instance = o.RecurrenceID.UTC().Format(time.RFC3339)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{o.Source, o.UID, instance}, "\x00")))
	e.Props.SetText(ical.PropUID, fmt.Sprintf("%x@%s", sum[:12], cmp.Or(oneLine(p.Host), "sigpost.invalid")))
	e.Props.SetDateTime(ical.PropDateTimeStamp, p.Stamp.UTC())
	if o.AllDay {
		e.Props.SetDate(ical.PropDateTimeStart, o.Start)
		e.Props.SetDate(ical.PropDateTimeEnd, o.End)
	} else {
		e.Props.SetDateTime(ical.PropDateTimeStart, o.Start.UTC())
		if o.End.After(o.Start) { // RFC 5545, section 3.8.2.2: DTEND is later
			e.Props.SetDateTime(ical.PropDateTimeEnd, o.End.UTC())
		}
	}
	status, title := sigpost.EventConfirmed, oneLine(o.Title)
	switch {
	case o.Cancelled:
		status = sigpost.EventCancelled
		title = "Cancelled: " + title // some programs do not show the status
	case o.Tentative:
		status = sigpost.EventTentative
	}
	e.Props.SetText(ical.PropStatus, string(status))
	e.Props.SetText(ical.PropSummary, title)
	if where := oneLine(o.Where); where != "" {
		e.Props.SetText(ical.PropLocation, where)
	}
	if about := description(o); about != "" {
		e.Props.SetText(ical.PropDescription, about)
	}
	if len(o.Links) > 0 && linkable(o.Links[0].URL) {
		setRaw(e.Props, ical.PropURL, o.Links[0].URL)
	}
	if o.AllDay { // a summit does not block its days
		e.Props.SetText(ical.PropTransparency, "TRANSPARENT")
	}
	return e
}

// description is the notes and links of an occurrence as text.
func description(o sigpost.Occurrence) string {
	var lines []string
	for line := range strings.Lines(o.Notes) {
		lines = append(lines, strings.TrimRight(printableAll(line), " "))
	}
	for _, l := range o.Links {
		if title, address := oneLine(l.Title), oneLine(l.URL); title != "" && title != address {
			lines = append(lines, title+": "+address)
		} else {
			lines = append(lines, address)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// linkable says whether a URL can stand in a property as it is.
func linkable(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

// setRaw sets a property that is no text with escapes.
func setRaw(props ical.Props, name, value string) {
	p := ical.NewProp(name)
	if p.Value = oneLine(value); strings.HasPrefix(name, "X-") {
		p.SetText(p.Value)
		p.Params.Del(ical.ParamValue)
	}
	props.Set(p)
}

// maxLine is how many octets a line has at most, without its end (RFC 5545,
// section 3.1).
const maxLine = 75

// folded breaks long lines, which go-ical's encoder does not, between
// characters.
func folded(file []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(file) {
		line = bytes.TrimRight(line, "\r\n")
		room := maxLine
		for len(line) > room {
			at := room
			for at > 1 && !utf8.RuneStart(line[at]) {
				at--
			}
			out.Write(line[:at])
			out.WriteString("\r\n ")
			line, room = line[at:], maxLine-1
		}
		out.Write(line)
		out.WriteString("\r\n")
	}
	return out.Bytes()
}
