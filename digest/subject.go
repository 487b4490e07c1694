package digest

import (
	"strings"
	"unicode/utf8"

	"sigpost"
)

const (
	subjectLimit   = 110 // characters of a letter's subject
	preheaderLimit = 180 // and of the line that mail programs show beside it
	// headlineFloor is the room below which a second headline says nothing.
	headlineFloor = 24
)

// subject tells of the two most active threads, then whose issue it is: "Magnum
// drops bays; who owns the Heat templates? (SIG-OpenStack, 18–24 April)". told
// says how many headlines are in it.
func subject(issue sigpost.Issue) (line string, told int) {
	of := " (" + shorten(clean(issue.Title), 45) + ", " + shortDates(issue.Window, location(issue.Zone, issue.Window.From.Location())) + ")"
	room := subjectLimit - utf8.RuneCountInString(of)
	if len(issue.Entries) == 0 {
		if len(issue.Events) > 0 {
			return shorten("Coming up: "+clean(issue.Events[0].Title), room) + of, 0
		}
		return "Nothing new" + of, 0
	}
	first := strings.TrimRight(Told(issue, issue.Entries[0]), ".")
	if len(issue.Entries) == 1 {
		return shorten(first, room) + of, 1
	}
	second := strings.TrimRight(Told(issue, issue.Entries[1]), ".")
	if second == first { // another version of the same, say
		return shorten(first, room) + of, 1
	}
	// The first is told whole; the second as far as there is room for most of it.
	left, whole := room-utf8.RuneCountInString(first)-len("; "), utf8.RuneCountInString(second)
	if left < whole && (left < headlineFloor || left*4 < whole*3) {
		return shorten(first, room) + of, 1
	}
	return first + "; " + shorten(second, left) + of, 2
}

// preheader says what the subject had no room for.
func preheader(issue sigpost.Issue, told int) string {
	if len(issue.Entries) == 0 {
		return "No thread had anything new."
	}
	var rest []string
	for _, e := range issue.Entries[told:min(len(issue.Entries), told+3)] {
		rest = append(rest, Told(issue, e))
	}
	line := Volume(issue.Stats) + "."
	if len(rest) > 0 {
		line = "Also: " + shorten(strings.Join(rest, "; "), preheaderLimit-utf8.RuneCountInString(line)-len("Also:  . ")) + " · " + line
	}
	return shorten(line, preheaderLimit)
}

// Volume says how much an issue tells of: "14 threads, 61 messages from 23
// people at 11 organisations".
func Volume(s sigpost.Stats) string {
	line := count(s.Threads, "thread", "threads") + ", " +
		count(s.Messages, "message", "messages") + " from " + count(s.People, "person", "people")
	if s.Organisations > 1 {
		line += " at " + count(s.Organisations, "organisation", "organisations")
	}
	return line
}
