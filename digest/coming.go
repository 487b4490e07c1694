package digest

import (
	"cmp"
	"html/template"
	"slices"
	"strings"
	"time"
	"unicode"

	"sigpost"
)

// sessionLimit is how many sessions of a summit an issue lists.
const sessionLimit = 8

// Upcoming is an event in words for one reader.
type Upcoming struct {
	Label string // its date, short: "Tue 26 Apr"
	Title string // says so where it is cancelled
	// When is the time in the event's zone, in UTC and in the reader's, or a
	// summit's dates and the days until then; parts to be joined.
	When      []string
	Cancelled bool
	Next      string // when it takes place after this; may be empty
	Where     string
	Links     []sigpost.Link
	// Notes are the editor's as HTML with its style inlined.
	Notes template.HTML
	// Matching says how many sessions are on the reader's topics, SessionZone
	// which clock their times are of; empty where there is nothing to say.
	Matching, SessionZone string
	Sessions              []Talk
	More                  string // sessions that are not listed

	markdown string
}

// Talk is a session of a summit in words.
type Talk struct {
	When, Title, By string
	About           string // the topics that it is on
	URL             string
	Yours           bool // on the reader's topics
}

// Coming puts an issue's events in words, in order, with times for a reader in
// zone (nil is the digest's) and the sessions on topics first, behind them those
// on any topic.
func Coming(issue sigpost.Issue, zone *time.Location, topics []sigpost.Tag) []Upcoming {
	reader := readerClock{zone, zone != nil}
	if zone == nil {
		reader.zone = location(issue.Zone, time.UTC)
	}
	now := cmp.Or(issue.Composed, issue.Window.To)
	var all []Upcoming
	for _, o := range issue.Events {
		u := upcoming(o, now, reader)
		if !o.Cancelled {
			u.sessions(issue, o, topics)
		}
		all = append(all, u)
	}
	return all
}

// readerClock is the zone that a reader's times are in; own says that it is
// the reader's choice and not the digest's.
type readerClock struct {
	zone *time.Location
	own  bool
}

// named says whose clock a time on it is, with the offset then: "your time
// (Berlin, UTC+2)", "in Berlin (UTC+2)" where it is the digest's.
func (r readerClock) named(t time.Time) string {
	place := city(r.zone)
	switch {
	case r.own && place != "":
		return "your time (" + place + ", " + offset(t) + ")"
	case r.own:
		return "your time (" + offset(t) + ")"
	case place != "":
		return "in " + place + " (" + offset(t) + ")"
	}
	return offset(t)
}

// location finds a zone by its IANA name, or gives another.
func location(name string, other *time.Location) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil && name != "" {
		return zone
	}
	return other
}

func upcoming(o sigpost.Occurrence, now time.Time, reader readerClock) Upcoming {
	zone := location(o.Zone, o.Start.Location())
	start := o.Start.In(zone)
	u := Upcoming{
		Label: start.Format("Mon 2 Jan"), Title: clean(o.Title), Cancelled: o.Cancelled,
		Where: clean(o.Where), Notes: notesHTML(o.Notes, true), markdown: o.Notes,
	}
	for _, l := range o.Links {
		link := sigpost.Link{Title: cmp.Or(clean(l.Title), clean(l.URL)), URL: linkable(l.URL)}
		if link.URL == "" && clean(l.Title) != "" { // a channel's irc:, say: to be read, not followed
			link.Title += " " + clean(l.URL)
		}
		u.Links = append(u.Links, link)
	}
	if o.AllDay {
		span := sigpost.Window{From: o.Start, To: o.End}
		if o.End.Sub(o.Start) > 24*time.Hour {
			u.Label = briefDates(span, zone)
		}
		u.When = []string{Dates(span, zone)}
		if o.Kind == sigpost.EventDeadline && !o.Cancelled {
			u.When = lastMoment(o, zone, reader)
		}
		if left := daysLeft(o, zone, now.In(reader.zone)); left != "" && !o.Cancelled {
			u.When = append(u.When, left)
		}
	} else {
		u.When = clocks(start, reader)
	}
	if start.Year() != now.In(zone).Year() && !o.AllDay {
		u.Label += start.Format(" 2006")
	}
	if o.Cancelled {
		u.Title = "Cancelled: " + u.Title
		u.When[0] = "Does not take place; was planned for " + u.When[0]
	}
	if o.Tentative && !o.Cancelled {
		u.Title += " (not certain yet)"
	}
	if o.Overridden && !o.RecurrenceID.Equal(o.Start) && !o.Cancelled {
		u.When = append(u.When, "moved from "+movedFrom(o, zone))
	}
	u.Next = next(o, zone, reader)
	return u
}

// lastMoment says until when on its day a deadline is met, and when that is on
// the reader's clock.
func lastMoment(o sigpost.Occurrence, zone *time.Location, reader readerClock) []string {
	last := o.End.Add(-time.Minute).In(zone)
	where := "23:59 anywhere on Earth (UTC−12)"
	if o.Zone != sigpost.AnywhereOnEarth {
		where = clock(last)
		if zoneLetters(last) != "" && offset(last) != "UTC+0" {
			where += " (" + offset(last) + ")"
		}
	}
	parts := []string{"until " + where + " on " + last.Format(day+" 2006")}
	mine := last.In(reader.zone)
	if offset(mine) == offset(last) {
		return parts
	}
	return append(parts, mine.Format("Mon 15:04")+" "+reader.named(mine))
}

// movedFrom says when an occurrence would be by its recurrence: the day, or the
// time where that is what changed.
func movedFrom(o sigpost.Occurrence, zone *time.Location) string {
	was := o.RecurrenceID.In(zone)
	switch {
	case o.AllDay || was.Format("15:04") == o.Start.In(zone).Format("15:04"):
		return was.Format(day)
	case sameDay(was, o.Start.In(zone)):
		return was.Format("15:04")
	}
	return was.Format(day + ", 15:04")
}

// clocks says a time on the event's clock, in UTC and on the reader's, each
// with its offset at that time. Clocks that agree are named once; a day is
// named where it is another than the event's.
func clocks(t time.Time, reader readerClock) []string {
	mine := t.In(reader.zone)
	sameAs := func(u time.Time) bool {
		_, a := mine.Zone()
		_, b := u.Zone()
		return a == b
	}
	on := func(u time.Time) string {
		if sameDay(t, u) {
			return u.Format("15:04")
		}
		return u.Format("Mon 15:04")
	}
	parts := []string{clock(t)}
	if zoneLetters(t) != "" && offset(t) != "UTC+0" {
		parts[0] += " (" + offset(t) + ")"
	}
	if reader.own && sameAs(t) {
		parts[0] += ", your time"
	}
	if _, seconds := t.Zone(); seconds != 0 {
		utc := on(t.UTC()) + " UTC"
		if reader.own && sameAs(t.UTC()) {
			utc += ", your time"
		}
		parts = append(parts, utc)
	}
	if sameAs(t) || sameAs(t.UTC()) {
		return parts
	}
	return append(parts, on(mine)+" "+reader.named(mine))
}

// next says when an event takes place after this, and at which hour of the
// reader's where that moves because one of the two clocks was put forward or
// back in between.
func next(o sigpost.Occurrence, zone *time.Location, reader readerClock) string {
	if o.Next.IsZero() {
		return ""
	}
	then := o.Next.In(zone)
	words := then.Format(day)
	if then.Year() != o.Start.In(zone).Year() {
		words = then.Format(day + " 2006")
	}
	if o.AllDay {
		return words
	}
	before, after := o.Start.In(reader.zone), o.Next.In(reader.zone)
	if !sameDay(then, after) { // the day is another one there
		words += ", " + after.Format(day)
		if reader.own {
			words += " your time"
		} else {
			words += " " + offset(after)
		}
	}
	if before.Format("15:04") == after.Format("15:04") || o.Start.In(zone).Format("15:04") != then.Format("15:04") {
		return words
	}
	words += ", then at " + after.Format("15:04") + " "
	if reader.own { // where that is has been said
		words += "your time (" + offset(after) + ")"
	} else {
		words += reader.named(after)
	}
	return words + " because clocks change"
}

// daysLeft says how long it is from a date until an event of whole days.
func daysLeft(o sigpost.Occurrence, zone *time.Location, now time.Time) string {
	last := o.Start
	if o.End.After(o.Start) {
		last = o.End.Add(-1)
	}
	left := daysUntil(now, o.Start.In(zone))
	switch until := daysUntil(now, last.In(zone)); {
	case until < 0:
		return ""
	case left < 0 && until == 0:
		return "ends today"
	case left < 0:
		return "under way"
	case left == 0:
		return "starts today"
	case left == 1:
		return "starts tomorrow"
	}
	return "in " + count(left, "day", "days")
}

// sessions lists an event's sessions by time: those on the reader's topics
// first, then those on any topic.
func (u *Upcoming) sessions(issue sigpost.Issue, o sigpost.Occurrence, topics []sigpost.Tag) {
	if len(o.Sessions) == 0 {
		return
	}
	zone := location(o.Zone, o.Start.Location())
	on := func(s sigpost.Session) bool {
		return slices.ContainsFunc(s.Tags, func(t sigpost.Tag) bool { return slices.Contains(topics, t) })
	}
	rank := func(s sigpost.Session) int {
		switch {
		case on(s):
			return 0
		case len(s.Tags) > 0:
			return 1
		}
		return 2
	}
	all := slices.Clone(o.Sessions)
	slices.SortStableFunc(all, func(a, b sigpost.Session) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Start.Compare(b.Start))
	})
	offsets := map[string]bool{}
	for _, s := range all {
		offsets[offset(s.Start.In(zone))] = true
	}
	matching, tagged := 0, 0
	for i, s := range all {
		switch rank(s) {
		case 0:
			matching++
		case 1:
			tagged++
		}
		if i >= sessionLimit || i > 0 && len(topics) > 0 && rank(all[0]) == 0 && rank(s) > 0 {
			continue // whoever follows topics hears of the sessions on them
		}
		t := Talk{
			When: s.Start.In(zone).Format("Mon 2 Jan 15:04"), Title: clean(s.Title), By: speakersAndRoom(s),
			URL: linkable(s.URL), Yours: on(s), About: aboutSession(issue, s),
		}
		if len(offsets) > 1 { // the clocks change in between
			t.When += " " + offset(s.Start.In(zone))
		}
		u.Sessions = append(u.Sessions, t)
	}
	if more := len(all) - len(u.Sessions); more > 0 {
		u.More = "and " + count(more, "more session", "more sessions")
	}
	switch {
	case matching > 0:
		u.Matching = digits(matching) + " of " + count(len(all), "session", "sessions") + " on your topics"
	case tagged > 0 && len(all) > sessionLimit:
		u.Matching = digits(tagged) + " of " + count(len(all), "session", "sessions") + " on topics of this digest"
	}
	first := all[0].Start.In(zone)
	if len(offsets) > 1 {
		u.SessionZone = "Times are local"
		return
	}
	u.SessionZone = "Times are local: " + offset(first)
	if letters := zoneLetters(first); letters != "" && letters != "UTC" {
		u.SessionZone = "Times are local: " + letters + " (" + offset(first) + ")"
	}
}

// aboutSession names the topics of a session.
func aboutSession(issue sigpost.Issue, s sigpost.Session) string {
	var names []string
	for _, t := range s.Tags {
		if name := tagTitle(issue, t); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// speakersAndRoom says who speaks and where. A bare number is a room's.
func speakersAndRoom(s sigpost.Session) string {
	by, room := clean(s.Speakers), clean(s.Room)
	if room != "" && unicode.IsDigit([]rune(room)[0]) {
		room = "room " + room
	}
	if by != "" && room != "" {
		return by + "; " + room
	}
	return by + room
}
