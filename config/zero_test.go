package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigpost/internal/tomlfile"
)

// everyTable is a configuration that is right and has all tables that there are. The
// keys of each stand on lines of their own.
const everyTable = `[archive]
database = "sigpost.db"
secret_file = "sigpost.secret"
[[list]]
name = "sig"
[[account]]
name = "one"
host = "imap.example.org:993"
username = "digest@example.org"
password_file = "imap.password"
[[account.mailbox]]
name = "INBOX"
list = "sig"
[classify]
[[meeting]]
title = "Meeting"
start = 2016-01-05T14:00:00
zone = "UTC"
[[meeting.moved]]
from = 2016-01-05
to = 2016-01-06T14:00:00
[[meeting.links]]
title = "Agenda"
url = "https://example.org"
[[calendar]]
name = "community"
file = "community.ics"
[[deadline]]
title = "Last day"
day = 2016-07-13
[[deadline.links]]
title = "Call"
url = "https://example.org"
[[summit]]
title = "Summit"
first = 2016-04-25
last = 2016-04-29
zone = "America/Chicago"
[[summit.links]]
title = "Schedule"
url = "https://example.org"
[[summit.session]]
title = "Session"
start = 2016-04-26T11:15:00
[[digest]]
name = "weekly"
from = "digest@example.org"
service_address = "weekly@example.org"
[smtp]
host = "smtp.example.org:587"
[[smtp.fallback]]
host = "backup.example.org:587"
[[smtp.domain]]
names = ["example.com"]
rate = 20.0
connections = 2
[[dkim]]
domain = "example.org"
selector = "s2026"
key_file = "dkim.pem"
[dns]
[check]
[bounces]
[retention]
[work]
[web]
url = "https://digest.example.org"
[[web.person]]
address = "jo@example.org"
role = "admin"
[schedule]
[alerts]
[log]
[metrics]
[[announce]]
kind = "irc"
host = "irc.example.org:6697"
channel = "#sig"
`

// zeros are the zero values that a key may be written with.
func zeros(v any) []string {
	switch v := v.(type) {
	case Duration:
		return []string{"0", `"0s"`}
	case string, Weekday, ClockTime, tomlfile.LocalDate, tomlfile.LocalDateTime:
		return []string{`""`}
	case bool:
		return []string{"false"}
	case float64:
		return []string{"0.0"}
	default:
		switch reflect.TypeOf(v).Kind() {
		case reflect.Slice:
			return []string{"[]"}
		case reflect.String:
			return []string{`""`}
		}
		return []string{"0"}
	}
}

// setTo gives a configuration in which a key has a value, and on which line.
func setTo(t *testing.T, text, path, value string) (string, int) {
	t.Helper()
	lines, all := tomlfile.Lines([]byte(text)), strings.Split(text, "\n")
	dot := strings.LastIndexByte(path, '.')
	key := fmt.Sprintf("%s = %s", path[dot+1:], value)
	if line := lines[path]; line > 0 {
		all[line-1] = key
		return strings.Join(all, "\n"), line
	}
	line := lines[path[:dot]]
	if line == 0 {
		t.Fatalf("everyTable has no table for %s", path)
	}
	return strings.Join(slices.Insert(all, line, key), "\n"), line + 1
}

// What is written as 0, false or nothing is in force as it is written, and shown so, or
// it is refused on its line: never is it the default in silence.
func TestZeroIsAsWrittenOrRefused(t *testing.T) {
	t.Parallel()
	c, err := Parse("config.toml", []byte(everyTable))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := tomlfile.Flatten(c)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	paths(reflect.TypeFor[Config](), "", want)
	refused, taken := 0, 0
	for _, e := range entries {
		if e.Key == "" {
			continue
		}
		delete(want, e.Path)
		for _, zero := range zeros(e.Value.Interface()) {
			text, line := setTo(t, everyTable, e.Path, zero)
			c, err := Parse("config.toml", []byte(text))
			if err != nil {
				refused++
				if !regexp.MustCompile(fmt.Sprintf(`(?m)^config\.toml:%d[: ]`, line)).MatchString(err.Error()) {
					t.Errorf("%s = %s is refused, and not on line %d: %v", e.Path, zero, line, err)
				}
				continue
			}
			taken++
			all, err := c.Settings()
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(all, func(s Setting) bool { return s.Key == e.Path })
			var b strings.Builder
			if err := WriteSettings(&b, all[at:at+1]); err != nil {
				t.Fatal(err)
			}
			if shown := fmt.Sprintf("%s = %s  # config.toml:%d", e.Key, zero, line); !strings.HasPrefix(b.String(), shown) {
				t.Errorf("%s = %s is shown as %q", e.Path, zero, b.String())
			}
			if value, err := json.Marshal(all[at].Value); err != nil || string(value) != strings.TrimSuffix(zero, ".0") {
				t.Errorf("%s = %s has the value %s, %v", e.Path, zero, value, err)
			}
		}
	}
	if len(want) > 0 || refused < 50 || taken < 50 {
		t.Errorf("%d were refused and %d taken; everyTable has no table for %v", refused, taken, slices.Sorted(maps.Keys(want)))
	}
}

// A key is found however it is written.
func TestZeroIsFoundWhereverItStands(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"[retention]", "[retention]\nReplies_Days = 0", "0 is no number of days"},
		{"[retention]\n", "retention = { replies_days = 0 }\n", "0 is no number of days"},
		{"[web]", "[web]\n\"requests_per_minute\" = 0", "0 is not from 1"},
		{"[[list]]\n", "[list]\ntitle = \"\"\n", "title is empty: leave it out for the list's short name"},
		{"[[account.mailbox]]\n", "[account.mailbox]\nmax_message_bytes = 0\n", "must be at least 65536"},
	} {
		text := strings.Replace(everyTable, c.old, c.new, 1)
		if strings.HasPrefix(c.new, "retention =") { // it has to stand before the tables
			text = c.new + strings.Replace(everyTable, c.old, "", 1)
		}
		if _, err := Parse("config.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.new, err, c.want)
		}
	}
}
