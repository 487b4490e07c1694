package schedule

import (
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"time"

	"github.com/adhocore/gronx"
)

// Cron is an expression of five fields (minute, hour, day of the month, month, day
// of the week), as in crontab(5), or one of its names such as "@daily". It goes by
// the clock of a zone: what falls into the hour that is left out in spring is left
// out that day, and what falls into the hour that comes twice in autumn happens
// once, but for expressions that fire every hour.
type Cron struct {
	text string
	expr string
	zone *time.Location
	// Jitter bounds by how much it is later than the expression says, each time by
	// another part of it: so not everybody knocks at a server in the same moment.
	Jitter time.Duration
	// Name has jobs with the same expression differ by their parts.
	Name string
}

// fields of an expression, and what may stand there.
var fields = []struct{ name, may string }{
	{"minute", "0 to 59"}, {"hour", "0 to 23"}, {"day of the month", "1 to 31"}, {"month", "1 to 12, or JAN to DEC"}, {"day of the week", "0 to 7, or SUN to SAT"},
}

// names stand for expressions (crontab(5)).
var names = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// Parse reads an expression. The error says which field is wrong, and what may
// stand there.
func Parse(text string, zone *time.Location) (Cron, error) {
	c := Cron{text: text, zone: zone}
	expr := strings.TrimSpace(text)
	if strings.HasPrefix(expr, "@") {
		named, ok := names[expr]
		if !ok {
			return c, fmt.Errorf("%q is no schedule: the names are @hourly, @daily, @weekly, @monthly and @yearly", text)
		}
		expr = named
	}
	parts := strings.Fields(expr)
	if len(parts) != len(fields) {
		return c, fmt.Errorf("%q has %d fields and a schedule has five: minute, hour, day of the month, month, day of the week, such as \"30 6 * * MON\"", text, len(parts))
	}
	for i, part := range parts {
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = part
		if !plain.MatchString(part) || !gronx.IsValid(strings.Join(alone, " ")) {
			return c, fmt.Errorf("%q: %q is no %s: there may be %s, \"*\", steps such as \"*/5\", ranges such as \"1-3\", and several with commas", text, part, fields[i].name, fields[i].may)
		}
	}
	// Second 0 is said, or each second of the minute would be a time of its own.
	c.expr = "0 " + strings.Join(parts, " ")
	if at, err := c.next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil || at.IsZero() {
		return c, fmt.Errorf("%q never comes: there is no such day in any year", text)
	}
	return c, nil
}

// plain is a field as crontab(5) knows it: the library knows more, such as "L", and
// takes what it does not understand for something.
var plain = regexp.MustCompile(`^(\*|(\d+|[A-Za-z]{3})(-(\d+|[A-Za-z]{3}))?)(/\d+)?(,(\d+|[A-Za-z]{3})(-(\d+|[A-Za-z]{3}))?(/\d+)?)*$`)

// String is the expression as it was written.
func (c Cron) String() string { return c.text }

// Zone is the clock that it goes by.
func (c Cron) Zone() *time.Location { return c.zone }

// errNever says that nothing was found.
var errNever = errors.New("it never comes")

// next is the first time after one that the expression means.
func (c Cron) next(after time.Time) (time.Time, error) {
	at, err := gronx.NextTickAfter(c.expr, after.In(c.zone), false)
	if err == nil && !at.After(after) {
		err = errNever
	}
	return at, err
}

// After is the first time after another one at which it fires, jitter and all; zero
// where it never does again.
func (c Cron) After(t time.Time) time.Time {
	for from := t.Add(-c.Jitter); ; {
		at, err := c.next(from)
		if err != nil {
			return time.Time{}
		}
		if late := at.Add(c.part(at)); late.After(t) {
			return late
		}
		from = at
	}
}

// part is by how much one time is later than the expression says, the same however
// often it is asked.
func (c Cron) part(at time.Time) time.Duration {
	if c.Jitter <= 0 {
		return 0
	}
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%s\n%d", c.Name, at.Unix())
	// The high bits: those of what differs in its end alone differ there least.
	x := sum.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return time.Duration(x % uint64(c.Jitter/time.Second+1) * uint64(time.Second))
}
