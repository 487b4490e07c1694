package ingest

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// fromLineBytes is how long a From_ line may be.
const fromLineBytes = 1 << 10

var fromPrefix = []byte("From ")

// fromLine is the line that stands in front of each mail of an mbox (RFC
// 4155, appendix A: "From_ line").
type fromLine struct {
	// date is zero where the line has none, one that cannot be read, or one
	// that means nothing. It is taken for UTC where the line names no zone.
	date time.Time
	// python says that the line is as Mailman writes it in an archive for
	// the public: the sender is "user at domain" or "user(a)domain". Such
	// files are quoted as in mboxo.
	python bool
	// pipermail says that it is "user at domain".
	pipermail bool
}

var (
	// firstMail is before there was mail in files: earlier dates mean nothing.
	// public-inbox has that of 1970 in all From_ lines.
	firstMail = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	// patchDate stands in all From_ lines of git format-patch.
	patchDate = time.Date(2001, 9, 17, 0, 0, 0, 0, time.UTC)
)

// parseFromLine reads "From user@example.org Wed May  1 16:13:53 2019". A
// sender may hold blanks, and there are zones before or behind the year, so
// that it is the date that tells.
func parseFromLine(line []byte) (fromLine, bool) {
	rest, ok := fromRest(line)
	if !ok {
		return fromLine{}, false
	}
	fields := strings.Fields(rest)
	parsed := fromLine{
		pipermail: len(fields) > 3 && fields[1] == "at",
		python:    len(fields) > 3 && fields[1] == "at" || len(fields) > 1 && strings.Contains(fields[0], "(a)"),
	}
	for i := range fields {
		// Prose that begins with a date does not have asctime's.
		if date, ok := fromDate(fields[i:], i > 0); ok {
			if date.After(firstMail) && !(date.Equal(patchDate) && isCommit(fields[0])) {
				parsed.date = date
			}
			return parsed, true
		}
	}
	return parsed, false
}

func fromRest(line []byte) (rest string, ok bool) {
	if !bytes.HasPrefix(line, fromPrefix) || len(line) > fromLineBytes {
		return "", false
	}
	return string(line[len(fromPrefix):]), true
}

// undatedFromLine says whether a line may be a From_ line though it has no
// date that can be read: newer versions of Thunderbird write "From " and no
// more, others only the sender, or weekdays and months in their language.
// Prose may look like it, so that what is around the line has to decide.
func undatedFromLine(line []byte) bool {
	rest, ok := fromRest(line)
	if !ok {
		return false
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return true
	}
	dashed := fields[0] == "-" && (len(fields) == 1 || hasClock(fields[1:]))
	addressed := strings.Contains(fields[0], "@") && (len(fields) == 1 || hasClock(fields[1:]))
	return dashed || addressed
}

func hasClock(fields []string) bool {
	for _, f := range fields {
		if _, err := time.Parse("15:04:05", f); err == nil {
			return true
		}
	}
	return false
}

// fromDate reads a date at the beginning of fields and does not mind what
// follows: asctime's and, where any is wanted, that of RFC 5322 or RFC 3339.
func fromDate(f []string, any bool) (time.Time, bool) {
	if f[0][0] >= '0' && f[0][0] <= '9' {
		if !any {
			return time.Time{}, false
		}
		return isoDate(f)
	}
	weekday := strings.TrimSuffix(f[0], ",")
	if len(f) < 5 || len(weekday) != 3 || strings.Index("SunMonTueWedThuFriSat", weekday)%3 != 0 {
		return time.Time{}, false
	}
	if weekday != f[0] || f[1][0] >= '0' && f[1][0] <= '9' {
		if !any {
			return time.Time{}, false
		}
		return mailDate(f[1:])
	}
	return asctime(f)
}

// asctime reads "Wed May 1 16:13:53 2019" with a zone before or behind the
// year.
func asctime(f []string) (time.Time, bool) {
	year, zone := f[4], ""
	if len(f) > 5 {
		zone = f[5]
		if !isYear(year) && isYear(f[5]) {
			year, zone = f[5], f[4]
		}
	}
	return dateOf(f[1], f[2], year, f[3], zone)
}

// mailDate reads "1 May 2019 16:13:53 +0000".
func mailDate(f []string) (time.Time, bool) {
	if len(f) < 4 {
		return time.Time{}, false
	}
	zone := ""
	if len(f) > 4 {
		zone = f[4]
	}
	return dateOf(f[1], f[0], f[2], f[3], zone)
}

func isYear(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil && (len(s) == 4 || len(s) == 2)
}

func dateOf(month, day, year, clock, zone string) (time.Time, bool) {
	layout := "Jan 2 15:04:05 2006"
	if strings.Count(clock, ":") == 1 {
		layout = "Jan 2 15:04 2006"
	}
	if len(year) == 2 {
		layout = strings.TrimSuffix(layout, "2006") + "06"
	}
	date, err := time.Parse(layout, month+" "+day+" "+clock+" "+year)
	if err != nil {
		return time.Time{}, false
	}
	if offset, err := time.Parse("-0700", zone); err == nil {
		_, seconds := offset.Zone()
		date = date.Add(-time.Duration(seconds) * time.Second)
	}
	return date, true
}

// isoDate reads "2019-05-01T16:13:53Z" and "2019-05-01 16:13:53 +0200".
func isoDate(f []string) (time.Time, bool) {
	if date, err := time.Parse(time.RFC3339, f[0]); err == nil {
		return date.UTC(), true
	}
	for n, layout := range map[int]string{3: "2006-01-02 15:04:05 -0700", 2: "2006-01-02 15:04:05"} {
		if len(f) < n {
			continue
		}
		if date, err := time.Parse(layout, strings.Join(f[:n], " ")); err == nil {
			return date.UTC(), true
		}
	}
	return time.Time{}, false
}
