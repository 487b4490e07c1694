package sigpost

import "time"

// EventKind tells a meeting that recurs from a summit.
type EventKind string

// The kinds of Event.
const (
	EventMeeting EventKind = "meeting"
	EventSummit  EventKind = "summit"
	// EventDeadline is the last day on which something can be done; it counts.
	EventDeadline EventKind = "deadline"
)

// EventStatus is the STATUS of a VEVENT (RFC 5545, section 3.8.1.11). Its zero
// value counts as confirmed.
type EventStatus string

// The states of an event.
const (
	EventConfirmed EventStatus = "CONFIRMED"
	EventTentative EventStatus = "TENTATIVE"
	EventCancelled EventStatus = "CANCELLED"
)

// AnywhereOnEarth is the IANA name of the zone in which a day ends last, as calls
// for papers mean it: UTC−12.
const AnywhereOnEarth = "Etc/GMT+12"

// Event is something that readers may want to come to (a VEVENT of RFC 5545,
// section 3.6.1, with the VEVENTs that override some of its instances).
type Event struct {
	UID    string
	Kind   EventKind
	Title  string
	Status EventStatus
	// Start is the first occurrence, in the event's own time zone, which is
	// what a recurrence follows over daylight saving. For what lasts whole days
	// it is midnight of the first one.
	Start time.Time
	// Duration is that of one occurrence.
	Duration time.Duration
	// AllDay says that only the dates of Start and End count.
	AllDay bool
	// Nominal says that the days in Duration are those of the calendar, whatever
	// their length (RFC 5545, section 3.3.6). AllDay implies it.
	Nominal bool
	// Floating says that it has no zone of its own: Start is on the clock on
	// which it was asked to be read.
	Floating bool
	// Rules are recurrence rules (RFC 5545, section 3.3.10) without "RRULE:";
	// none for what happens once or on Dates.
	Rules []string
	// Dates are occurrences beside those of the rules (RDATE). A zero End stands
	// for Duration.
	Dates []Window
	// Excluded are starts that are not among the occurrences (EXDATE).
	Excluded []time.Time
	// Cancelled are starts of occurrences that do not take place, and of which
	// readers are to know that.
	Cancelled []time.Time
	// Overrides replace single occurrences.
	Overrides []Override
	// Where says how to get there: a place, a video call, an IRC channel.
	Where string
	// Notes are the editor's, in Markdown.
	Notes string
	// Description is what the source says of it: a stranger's words, read for
	// tags, and told to nobody.
	Description string
	Links       []Link
	// Sessions are parts of a summit with times of their own.
	Sessions []Session
	// Source is the name of the calendar that it comes from; empty for the
	// configuration.
	Source string
}

// Override is what one instance of a recurring event is instead (a VEVENT with
// RECURRENCE-ID, RFC 5545, section 3.8.4.4).
type Override struct {
	// Of is when the instance would begin by the recurrence.
	Of time.Time
	// Following says that it holds for all later instances too, which move by as
	// much as this one does (RANGE=THISANDFUTURE).
	Following bool
	// Event is the instance itself; its recurrence is empty.
	Event Event
}

// Link is a URL with the words for it.
type Link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Session is one talk of a summit.
type Session struct {
	Title    string    `json:"title"`
	Start    time.Time `json:"start"` // in the summit's zone
	Room     string    `json:"room,omitempty"`
	Speakers string    `json:"speakers,omitempty"`
	URL      string    `json:"url,omitempty"`
	Tags     []Tag     `json:"tags,omitempty"`
	// Abstract tells what it is about. It is read for the tags; an Issue does not
	// hold it.
	Abstract string `json:"-"`
}

// Occurrence is one time at which an event takes place, or was to take place.
// An Issue holds it, so that it is whole without the config that it came from.
type Occurrence struct {
	UID       string    `json:"uid"`
	Kind      EventKind `json:"kind"`
	Title     string    `json:"title"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`  // exclusive
	Zone      string    `json:"zone"` // IANA name of the event's own zone; empty where it has none
	AllDay    bool      `json:"all_day,omitempty"`
	Cancelled bool      `json:"cancelled,omitempty"`
	Tentative bool      `json:"tentative,omitempty"`
	// RecurrenceID is when it would begin by the event's recurrence; zero for
	// what happens once. Overridden says that the source gave this occurrence
	// by itself.
	RecurrenceID time.Time `json:"recurrence_id,omitzero"`
	Overridden   bool      `json:"overridden,omitempty"`
	// Next is when it takes place after this, or zero.
	Next     time.Time `json:"next,omitzero"`
	Where    string    `json:"where,omitempty"`
	Notes    string    `json:"notes,omitempty"` // Markdown
	Links    []Link    `json:"links,omitempty"`
	Sessions []Session `json:"sessions,omitempty"`
	// Source is the name of the calendar that it comes from; empty for the
	// configuration.
	Source string `json:"source,omitempty"`
}
