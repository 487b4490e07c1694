package message

import (
	"strconv"
	"strings"
	"time"
)

// dateParts collect what the words of a date say; -1 is "not said".
type dateParts struct {
	day, month, year      int
	hour, minute, seconds int
	offset                int // seconds east of UTC
	nanos                 int
	pm, am                bool
	timed                 bool // a time of day was read
	early                 bool // the month stood before the day
	either                bool // day and month may be the other way round
}

// word reads one word of a date.
func (d *dateParts) word(w string) {
	if w == "" {
		return
	}
	switch c := w[0]; {
	case c == '+' || c == '-':
		if strings.Count(w, "-") < 2 || d.day >= 0 {
			d.offset = zoneOffset(w)
		}
	case c >= '0' && c <= '9':
		d.numeric(w)
	default:
		d.name(w)
	}
}

// numeric reads a word that begins with a digit.
func (d *dateParts) numeric(w string) {
	if i := strings.IndexByte(w, 'T'); i >= 8 && strings.Count(w[:i], "-") == 2 { // ISO 8601
		d.numeric(w[:i])
		d.numeric(w[i+1:])
		return
	}
	if strings.Contains(w, ":") || strings.Count(w, ".") == 2 && d.month >= 0 {
		d.clock(strings.ReplaceAll(w, ".", ":"), w)
		return
	}
	if parts := strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' || r == '.' }); len(parts) == 3 {
		d.compound(parts)
		d.either = strings.Count(w, "/") == 2 && len(parts[0]) <= 2 && d.day >= 1 && d.day <= 12 && d.month >= 1 && d.month <= 12 && d.day != d.month && isDigit(parts[1][0])
		return
	}
	n, err := strconv.Atoi(strings.TrimRight(w, ".thsndr"))
	switch {
	case err != nil:
	case d.timed && d.year >= 0 && len(w) == 4: // a zone that lost its plus
		d.offset = zoneOffset("+" + w)
	case d.day < 0 && n >= 1 && n <= 31 && len(w) <= 4:
		d.day = n
	case d.year < 0:
		d.setYear(n, len(w))
	}
}

// compound reads "2016-04-25" and "25-Apr-16".
func (d *dateParts) compound(parts []string) {
	first, err1 := strconv.Atoi(parts[0])
	last, err3 := strconv.Atoi(parts[2])
	if err1 != nil || err3 != nil {
		return
	}
	month, err2 := strconv.Atoi(parts[1])
	if err2 != nil {
		month = monthNumber(parts[1])
	}
	d.month = month
	if len(parts[0]) == 4 {
		d.day = last
		d.setYear(first, 4)
		return
	}
	if d.day = first; month > 12 && first <= 12 { // "04/25/2016"
		d.day, d.month = month, first
	}
	d.setYear(last, len(parts[2]))
}

// setYear applies RFC 5322, section 4.3: two digits up to 49 are 20xx, two
// digits from 50 and three digits count from 1900.
func (d *dateParts) setYear(n, digits int) {
	switch {
	case digits <= 2 && n < 50:
		n += 2000
	case digits <= 3 || n < 1000:
		n += 1900
	case n >= 19100 && n < 19200: // "19" put before the years since 1900
		n -= 17100
	}
	d.year = n
}

// clock reads "15:04", "15:04:05", "15:04:05.999" and, joined to them, a zone.
func (d *dateParts) clock(w, orig string) {
	if i := strings.IndexAny(w, "+-Zz"); i > 0 {
		d.offset = zoneOffset(orig[i:])
		w, orig = w[:i], orig[:i]
	}
	lower := strings.ToLower(w)
	d.pm = d.pm || strings.HasSuffix(lower, "pm")
	d.am = d.am || strings.HasSuffix(lower, "am")
	w = strings.TrimRight(lower, "apm")
	parts := strings.Split(w, ":")
	d.timed = true
	d.hour, _ = strconv.Atoi(parts[0])
	if len(parts) > 1 {
		d.minute, _ = strconv.Atoi(parts[1])
	}
	if len(parts) > 2 {
		d.seconds, _ = strconv.Atoi(parts[2])
	}
	if _, frac, ok := strings.Cut(orig, "."); ok && strings.Contains(orig, ":") && len(frac) <= 9 {
		if n, err := strconv.Atoi(frac); err == nil {
			for range 9 - len(frac) {
				n *= 10
			}
			d.nanos = n
		}
	}
}

// name reads a word of letters: a month, a zone, AM or PM; names of days say
// nothing new.
func (d *dateParts) name(w string) {
	w = strings.TrimRight(w, ".")
	if n := monthNumber(w); n > 0 {
		// What stood before the day may have been a day of the week: "mar., 12 août".
		if d.month < 0 || d.early && d.day >= 0 {
			d.month, d.early = n, d.day < 0
		}
		return
	}
	switch upper := strings.ToUpper(w); upper {
	case "PM":
		d.pm = true
	case "AM":
		d.am = true
	default:
		if zone, ok := namedZone(upper); ok {
			d.offset = zone
		} else if i := strings.IndexAny(w, "+-"); i > 0 && i <= 3 { // "GMT+0200"
			d.offset = zoneOffset(w[i:])
		}
	}
}

// time puts the parts together.
func (d *dateParts) time() (time.Time, bool) {
	if d.day < 1 || d.month < 1 || d.month > 12 || d.year < 1900 || d.year > 9998 {
		return time.Time{}, false
	}
	if d.pm && d.hour < 12 {
		d.hour += 12
	} else if d.am && d.hour == 12 {
		d.hour = 0
	}
	if d.hour > 24 || d.minute > 59 || d.seconds > 60 {
		d.hour, d.minute, d.seconds, d.nanos = 0, 0, 0, 0
	}
	day := time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
	if day.Day() != d.day { // there is no 30 February
		return time.Time{}, false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.seconds, d.nanos, time.UTC)
	return t.Add(-time.Duration(d.offset) * time.Second), true
}

// zoneOffset reads "+0200", "-07:00", "+2" and "Z", in seconds; anything else
// and what is beyond 15 hours is 0.
func zoneOffset(s string) int {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0
	}
	digits := strings.ReplaceAll(s[1:], ":", "")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 {
		return 0
	}
	hours, minutes := n/100, n%100
	if len(digits) <= 2 {
		hours, minutes = n, 0
	}
	if hours > 15 || minutes > 59 {
		return 0
	}
	offset := hours*3600 + minutes*60
	if s[0] == '-' {
		return -offset
	}
	return offset
}

// namedZone knows the zones of RFC 5322, section 4.3, and a few more that mail
// uses.
func namedZone(name string) (seconds int, ok bool) {
	const hour = 3600
	switch name {
	case "Z", "UT", "UTC", "GMT", "WET", "UCT", "GMT0":
		return 0, true
	case "EST", "CDT":
		return -5 * hour, true
	case "EDT":
		return -4 * hour, true
	case "CST", "MDT":
		return -6 * hour, true
	case "MST", "PDT":
		return -7 * hour, true
	case "PST":
		return -8 * hour, true
	case "CET", "MET", "WEST", "BST":
		return hour, true
	case "CEST", "MEST", "MESZ", "EET":
		return 2 * hour, true
	case "EEST", "MSK":
		return 3 * hour, true
	case "JST", "KST":
		return 9 * hour, true
	case "IST", "SLST": // India's, which is where such mail comes from
		return 5*hour + 1800, true
	case "HKT", "SGT", "AWST", "PHT":
		return 8 * hour, true
	case "ICT", "WIB":
		return 7 * hour, true
	case "MSD", "GST":
		return 4 * hour, true
	case "PKT":
		return 5 * hour, true
	case "AEST":
		return 10 * hour, true
	case "AEDT":
		return 11 * hour, true
	case "NZST":
		return 12 * hour, true
	case "NZDT":
		return 13 * hour, true
	case "ADT", "BRT", "ART":
		return -3 * hour, true
	case "AST", "CLT":
		return -4 * hour, true
	case "NST":
		return -3*hour - 1800, true
	case "AKDT", "YST":
		return -8 * hour, true
	case "AKST":
		return -9 * hour, true
	case "HST":
		return -10 * hour, true
	case "SAST", "IDT", "CAT":
		return 2 * hour, true
	}
	return 0, false
}

// monthNumber reads an English month name or its first three letters, or a name
// by which programs that translate dates call it; 0 where it is none.
func monthNumber(w string) int {
	if len(w) < 3 {
		return 0
	}
	const months = "janfebmaraprmayjunjulaugsepoctnovdec"
	short := [3]byte{w[0] | 0x20, w[1] | 0x20, w[2] | 0x20}
	for i := 0; i < len(months); i += 3 {
		if months[i:i+3] == string(short[:]) {
			return i/3 + 1
		}
	}
	return foreignMonth(strings.ToLower(w))
}

// foreignMonth reads a month by its name in another language, in lower case; 0
// where it is none.
func foreignMonth(w string) int {
	switch w {
	case "janv", "gen", "ene", "янв":
		return 1
	case "févr", "fév", "фев":
		return 2
	case "mrz", "mär", "märz", "mars", "mrt", "мар":
		return 3
	case "avr", "abr", "апр":
		return 4
	case "mai", "maj", "mei", "mag", "май", "мая":
		return 5
	case "juin", "giu", "июн":
		return 6
	case "juil", "lug", "июл":
		return 7
	case "août", "ago", "авг":
		return 8
	case "set", "сен":
		return 9
	case "okt", "ott", "out", "окт":
		return 10
	case "ноя":
		return 11
	case "dez", "déc", "dic", "дек":
		return 12
	}
	return 0
}
