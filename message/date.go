package message

import (
	"strconv"
	"strings"
	"time"

	"sigpost"
)

// readTimes fills the Date field's claim and the date of the topmost Received
// field.
func readTimes(m *sigpost.Message, h header, wrong *defects) {
	// RFC 5321, section 4.4: the date stands behind the last semicolon.
	trace := h.get("received")
	m.Trace, _ = parseDate(trace[strings.LastIndexByte(trace, ';')+1:])
	date := h.get("date")
	sent, ok := parseDateNear(date, m.Trace)
	switch {
	case ok:
		m.Sent = sent
	case strings.TrimSpace(date) == "":
		wrong.add("it has no Date field")
	default:
		wrong.add("its Date field cannot be read: %s", oneWord(date))
	}
}

// maxDate is how much of a date is read, in bytes.
const maxDate = 200

// parseDate reads a date of RFC 5322, section 3.3 and 4.3, and what programs
// write in its place: words in another order (ctime, RFC 850), two and three
// digit years, zones by name or with a colon, ISO 8601. The result is in UTC.
// It is false where there is no day, month or year, or no such day.
func parseDate(s string) (time.Time, bool) { return parseDateNear(s, time.Time{}) }

// parseDateNear does so, and where either of two numbers may be the month
// ("04/05/2016") takes the date that is nearer to the one at which the mail was
// received. Where that is not known, whoever writes AM and PM writes the month
// first.
func parseDateNear(s string, received time.Time) (time.Time, bool) {
	if len(s) > maxDate {
		s = s[:maxDate]
	}
	if t, ok := parseUsualDate(s); ok {
		return t, true
	}
	if t, ok := parseDigits(strings.TrimSpace(s)); ok {
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
	t, ok := d.time()
	if !ok || !d.either {
		return t, ok
	}
	d.day, d.month = d.month, d.day
	other, _ := d.time()
	if received.IsZero() && (d.am || d.pm) || !received.IsZero() && other.Sub(received).Abs() < t.Sub(received).Abs() {
		return other, true
	}
	return t, true
}

// parseDigits reads dates of digits only: "20201103100000", with a zone behind
// it or not, "20201103", and seconds or milliseconds since 1970.
func parseDigits(s string) (time.Time, bool) {
	digits := strings.TrimLeft(s, "0123456789")
	n, zone := len(s)-len(digits), digits
	if zone != "" && (n != 14 || zone != "Z" && zoneOffset(zone) == 0 && strings.Trim(zone, "+-0: ") != "") {
		return time.Time{}, false
	}
	var t time.Time
	var err error
	switch n {
	case 14:
		t, err = time.Parse("20060102150405", s[:n])
		t = t.Add(-time.Duration(zoneOffset(strings.TrimSpace(zone))) * time.Second)
	case 12:
		t, err = time.Parse("200601021504", s)
	case 8:
		t, err = time.Parse("20060102", s)
	case 9, 10, 13:
		var since int64
		since, err = strconv.ParseInt(s, 10, 64)
		if t = time.Unix(since, 0).UTC(); n == 13 {
			t = time.UnixMilli(since).UTC()
		}
	default:
		return time.Time{}, false
	}
	return t, err == nil && t.Year() >= 1970 && t.Year() < 2100
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
