package sigpost

import "time"

// EventKind tells a meeting that recurs from a summit.
type EventKind string

// The kinds of Event.
const (
	EventMeeting EventKind = "meeting"
	EventSummit  EventKind = "summit"
)

// Event is something that readers may want to come to (a VEVENT of RFC 5545,
// section 3.6.1).
type Event struct {
	UID   string
	Kind  EventKind
	Title string
	// Start is the first occurrence, in the event's own time zone, which is
	// what a recurrence follows over daylight saving. For a summit it is
	// midnight of its first day.
	Start time.Time
	// Duration is that of one occurrence. A summit's is whole days, counted
	// in its zone.
	Duration time.Duration
	// AllDay says that only the dates of Start and End count.
	AllDay bool
	// Rule is the recurrence rule (RFC 5545, section 3.3.10) without "RRULE:";
	// empty for what happens once.
	Rule string
	// Cancelled are the starts of occurrences that do not take place.
	Cancelled []time.Time
	// Where says how to get there: a place, a video call, an IRC channel.
	Where string
	// Notes are the editor's, in Markdown.
	Notes string
	Links []Link
	// Sessions are parts of a summit with times of their own.
	Sessions []Session
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
}

// Occurrence is one time at which an event takes place, or was to take place.
// An Issue holds it, so that it is whole without the config that it came from.
type Occurrence struct {
	UID       string    `json:"uid"`
	Kind      EventKind `json:"kind"`
	Title     string    `json:"title"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`  // exclusive
	Zone      string    `json:"zone"` // IANA name of the event's own zone
	AllDay    bool      `json:"all_day,omitempty"`
	Cancelled bool      `json:"cancelled,omitempty"`
	// Next is when it takes place after this, or zero.
	Next     time.Time `json:"next,omitzero"`
	Where    string    `json:"where,omitempty"`
	Notes    string    `json:"notes,omitempty"` // Markdown
	Links    []Link    `json:"links,omitempty"`
	Sessions []Session `json:"sessions,omitempty"`
}
