package message

import (
	"strings"
	"time"

	"sigpost"
)

// readTimes fills the Date field's claim and the date of the topmost Received
// field.
func readTimes(m *sigpost.Message, h header, wrong *defects) {
	date := h.get("date")
	sent, ok := parseDate(date)
	switch {
	case ok:
		m.Sent = sent
	case strings.TrimSpace(date) == "":
		wrong.add("it has no Date field")
	default:
		wrong.add("its Date field cannot be read: %s", oneWord(date))
	}
	// RFC 5321, section 4.4: the date stands behind the last semicolon.
	trace := h.get("received")
	m.Trace, _ = parseDate(trace[strings.LastIndexByte(trace, ';')+1:])
}

// maxDate is how much of a date is read, in bytes.
const maxDate = 200

// parseDate reads a date of RFC 5322, section 3.3 and 4.3, and what programs
// write in its place: words in another order (ctime, RFC 850), two and three
// digit years, zones by name or with a colon, ISO 8601. The result is in UTC.
// It is false where there is no day, month or year, or no such day.
func parseDate(s string) (time.Time, bool) {
	if len(s) > maxDate {
		s = s[:maxDate]
	}
	if t, ok := parseUsualDate(s); ok {
		return t, true
	}
	d := dateParts{day: -1, month: -1, year: -1}
	if strings.Contains(s, " :") || strings.Contains(s, ": ") || strings.Contains(s, "):") || strings.Contains(s, ":(") {
		s = joinClock(withoutComments(s)) // RFC 5322, section 4.3: white space anywhere
	}
	for s != "" {
		s = strings.TrimLeft(s, " \t,;\"'")
		if strings.HasPrefix(s, "(") { // a comment, mostly the zone's name again
			_, s, _ = strings.Cut(s, ")")
			continue
		}
		end := strings.IndexAny(s, " \t,;(\"'")
		if end < 0 {
			end = len(s)
		}
		d.word(s[:end])
		s = s[end:]
	}
	return d.time()
}

// parseUsualDate reads what nearly all mail has: "Tue, 12 Apr 2016 16:14:58
// +0200", with a comment behind it or not. It is false for anything else.
func parseUsualDate(s string) (time.Time, bool) {
	s = strings.Trim(s, " \t")
	if len(s) > 5 && s[3] == ',' && s[4] == ' ' {
		s = s[5:]
	}
	if len(s) > 1 && s[1] == ' ' {
		s = "0" + s // on the stack: it does not escape
	}
	const form = "02 Jan 2006 15:04:05 -0700"
	if len(s) < len(form) || len(s) > len(form) && (len(s) < len(form)+2 || s[len(form):len(form)+2] != " (" || strings.IndexByte(s, ')') != len(s)-1) {
		return time.Time{}, false
	}
	if s[21] != '+' && s[21] != '-' || s[7] < '1' || s[7] > '2' {
		return time.Time{}, false
	}
	number := func(from, to int) (n int) {
		for _, c := range []byte(s[from:to]) {
			if c < '0' || c > '9' {
				return -1
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	d := dateParts{
		day: number(0, 2), month: monthNumber(s[3:6]), year: number(7, 11),
		hour: number(12, 14), minute: number(15, 17), seconds: number(18, 20), offset: zoneOffset(s[21:26]),
	}
	if s[2] != ' ' || s[6] != ' ' || s[11] != ' ' || s[14] != ':' || s[17] != ':' || s[20] != ' ' ||
		min(d.hour, d.minute, d.seconds, number(22, 26)) < 0 {
		return time.Time{}, false
	}
	return d.time()
}

// joinClock removes the white space around colons.
func joinClock(s string) string {
	pieces := strings.Split(s, ":")
	for i, p := range pieces {
		if i > 0 {
			p = strings.TrimLeft(p, " \t")
		}
		if i < len(pieces)-1 {
			p = strings.TrimRight(p, " \t")
		}
		pieces[i] = p
	}
	return strings.Join(pieces, ":")
}
