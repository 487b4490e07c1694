package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/calendar"
	"sigpost/internal/tomlfile"
)

// replace gives the example with one line changed.
func replace(t *testing.T, old, new string) []byte {
	t.Helper()
	if strings.Count(sigpost.ExampleConfig, old) != 1 {
		t.Fatalf("the example has %q %d times", old, strings.Count(sigpost.ExampleConfig, old))
	}
	return []byte(strings.Replace(sigpost.ExampleConfig, old, new, 1))
}

// withAnnounces is the example with its channels in use.
func withAnnounces() string {
	const heading = "# --- Where each issue is announced"
	before, after, _ := strings.Cut(sigpost.ExampleConfig, heading)
	return before + heading + regexp.MustCompile(`(?m)^# (\[\[announce\]\]|(?:[a-z_]+) = )`).ReplaceAllString(after, "$1")
}

func TestAnnounces(t *testing.T) {
	// Each is one of several ways to give a secret.
	example := regexp.MustCompile(`(?m)^(url_env|password_file|password_env|ca_file) = "(SIGPOST_(SLACK|IRC).*|irc.*|)"$`).ReplaceAllString(withAnnounces(), "")
	if c, err := Parse("config.toml", []byte(example)); err != nil || len(c.Announces) != 2 || c.Announces[1].Nick != "sigpost" {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`kind = "slack"`, `kind = "pigeon"`, `"pigeon" is none of "slack", "irc"`},
		{"url_file = \"slack.url\"", "", `"slack" needs the URL of its webhook, a secret, from one of url_file and url_env`},
		{"url_file = \"slack.url\"", "url_file = \"slack.url\"\nnick = \"x\"", `what is said of a server is for kind = "irc"`},
		{`digests = ["weekly"]`, `digests = ["weakly"]`, `there is no digest named "weakly"; did you mean "weekly"?`},
		{`name = "irc"`, `name = "slack"`, `there are two announces named "slack"`},
		{`host = "irc.example.org:6697"`, `host = "irc.example.org"`, `"irc" needs the server and its port`},
		{`channel = "#sig-openstack"`, `channel = "#sig openstack"`, `"#sig openstack" cannot be a channel`},
		{`channel = "#sig-openstack"`, "channel = \"#sig\\r\\nQUIT\"", `cannot be a channel`},
		{`nick = "sigpost"`, `nick = "sig post"`, `"sig post" cannot be a nick`},
		{"nick = \"sigpost\"", "nick = \"sigpost\"\nurl_file = \"x\"", `url_file and url_env are for kind = "slack"`},
	} {
		if strings.Count(example, c.old) == 0 {
			t.Fatalf("the example has no %q", c.old)
		}
		at := strings.LastIndex(example, c.old) // the channels come last
		_, err := Parse("config.toml", []byte(example[:at]+c.new+example[at+len(c.old):]))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: got %v, want %q", c.new, c.old, err, c.want)
		}
	}
	for webhook, right := range map[string]bool{"https://hooks.example.org/services/a": true, "http://127.0.0.1:1/a": true, "http://hooks.example.org/a": false, "x": false} {
		if err := CheckWebhook(webhook); (err == nil) != right {
			t.Errorf("%s: %v", webhook, err)
		}
	}
}

func TestExampleIsRight(t *testing.T) {
	c, err := Parse("config.example.toml", []byte(sigpost.ExampleConfig))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Events()) != 3 || c.Digests[0].Weekday.Weekday() != time.Monday || c.Accounts[0].Mailboxes[0].Since.Year != 2016 {
		t.Errorf("%+v", c)
	}
}

// Every key stands in the example, in use or commented out, under its table: in
// the first of its kind, or in the second where they differ by kind.
// Without a word about it the pages are for this machine alone.
func TestPagesAreServedToThisMachine(t *testing.T) {
	c, err := Parse("config.toml", []byte(strings.Replace(sigpost.ExampleConfig, `listen = "127.0.0.1:8420"`, "", 1)))
	if err != nil || !Loopback(c.Web.Listen) {
		t.Errorf("they listen on %+v, %v", c, err)
	}
}

func TestExampleHasEveryKey(t *testing.T) {
	uncommented := strings.NewReplacer("\n# database_", "\ndatabase_", "\n# secret_", "\nsecret_", "\n# password_", "\npassword_",
		"\n# token_", "\ntoken_", "\n# device_url", "\ndevice_url", "\n# client_", "\nclient_", "\n# scopes", "\nscopes",
		"\n# ca_file", "\nca_file", "\n# hello", "\nhello", "\n# url", "\nurl", "\n# weights", "\nweights", "\n# day =", "\nday =", "\n# nth", "\nnth", "\n# editors", "\neditors",
		"\n# [[calendar]]", "\n[[calendar]]", "\n# name = ", "\nname = ",
		"\n# file = ", "\nfile = ", "\n# form = ", "\nform = ", "\n# kind = ", "\nkind = ", "\n# zone = ", "\nzone = ", "\n# only = ", "\nonly = ", "\n# weeks_from = ", "\nweeks_from = ",
		"\n# schedule = ", "\nschedule = ", "\n# moved = ", "\nmoved = ", "\n# also = ", "\nalso = ", "\n# templates", "\ntemplates",
		"\n# [[dkim]]", "\n[[dkim]]", "\n# domain = ", "\ndomain = ", "\n# selector = ", "\nselector = ", "\n# key_", "\nkey_",
		"\n# resolver = ", "\nresolver = ", "\n# send_from = ", "\nsend_from = ",
		"\n# generation_file = ", "\ngeneration_file = ", "\n# oauth_account = ", "\noauth_account = ", "\n# operator = ", "\noperator = ",
		"\n# [[web.person]]", "\n[[web.person]]", "\n# address = ", "\naddress = ", "\n# role = ", "\nrole = ",
		"\n# ping_", "\nping_", "\n# webhook_", "\nwebhook_",
		"\n# old_secret", "\nold_secret", "\n# service_address", "\nservice_address").Replace(withFallbacks(withAnnounces()))
	lines := tomlfile.Lines([]byte(uncommented))
	var check func(reflect.Type, string)
	check = func(in reflect.Type, at string) {
		for in.Kind() == reflect.Slice {
			in = in.Elem()
			at += "[0]"
		}
		if in.Kind() != reflect.Struct {
			return
		}
		for _, f := range reflect.VisibleFields(in) {
			key := f.Tag.Get("toml")
			if key == "" {
				continue
			}
			path := strings.TrimPrefix(at+"."+key, ".")
			elem := f.Type
			for elem.Kind() == reflect.Slice {
				elem = elem.Elem()
			}
			if elem.Kind() == reflect.Struct && elem.PkgPath() == in.PkgPath() && elem.Name() != "Link" && elem.Name() != "Move" && elem.Name() != "ClockTime" {
				check(f.Type, path)
			} else if lines[path] == 0 && lines[strings.Replace(path, "[0]", "[1]", 1)] == 0 {
				t.Errorf("config.example.toml does not have %s", path)
			}
		}
	}
	check(reflect.TypeOf(Config{}), "")
}

// withFallbacks takes the marks away in front of what is optional of [smtp].
func withFallbacks(example string) string {
	before, after, _ := strings.Cut(example, "# [[smtp.fallback]]")
	section, rest, _ := strings.Cut(after, "\n# --- ")
	section = regexp.MustCompile(`(?m)^# (\[\[smtp\.[a-z]+\]\]|(?:[a-z_]+) = )`).ReplaceAllString(section, "$1")
	return before + "[[smtp.fallback]]" + section + "\n# --- " + rest
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", `since = 2016-01-01`, `sinse = 2016-01-01`, `unknown key "sinse" in [account.mailbox]; did you mean "since"?`},
		{"a password in the file", `password_file = "imap.password"`, `password = "secret"`, `unknown key "password" in [account]`},
		{"no such list", "list = \"sig-openstack\"\n# The first", "list = \"sig-opnstack\"\n# The first", `there is no list named "sig-opnstack"; did you mean "sig-openstack"?`},
		{"a mailbox for nothing", `for = "list"`, `for = "bounces"`, `"bounces" is none of "list", "service"`},
		{"a service mailbox of a list", `for = "list"`, `for = "service"`, "a mailbox for service holds no list's mail"},
		{"no letters in a row", "hard = 2", "hard = -1", "-1 is no number of letters or days"},
		{"zone", `zone = "America/Chicago"`, `zone = "Texas"`, `"Texas" is no time zone`},
		{"weekday", `weekday = "monday"`, `weekday = "montag"`, `"montag" is no day of the week`},
		{"time of day", `at = "06:00"`, `at = "6 am"`, `"6 am" is no time of day`},
		{"an eighth weekday", `weekday = "monday"`, `weekday = 7`, `weekday is a day's name in English`},
		{"a number for a time of day", `at = "06:00"`, `at = 600`, `digest.at: "600" is no time of day`},
		{"duration", `duration = "1h"`, `duration = "an hour"`, `"an hour" is no duration`},
		{"rule", `repeat = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"`, `repeat = "second tuesdays"`, "cannot be read"},
		{"summit backwards", `last = 2016-04-29`, `last = 2016-04-20`, "ends before it begins"},
		{"plain to a stranger", "host = \"imap.example.org:993\"\n# \"tls\" (from the first byte, the default), \"starttls\", or \"plain\". Plain is\n# refused unless the host is a loopback address or allow_plain is true: the\n# password would go over the network for all to read.\ntls = \"tls\"", "host = \"imap.example.org:143\"\ntls = \"plain\"", "for all to read"},
		{"auth", `auth = "password"`, `auth = "pasword"`, `"pasword" is none of "password", "anonymous", "oauth"`},
		{"anonymous with a password", `auth = "password"`, `auth = "anonymous"`, "has a password"},
		{"oauth with nothing", `auth = "password"`, `auth = "oauth"`, "has a password"},
		{"a token for a password", `# token_file = "imap.token"`, `token_file = "imap.token"`, "is for auth = \"oauth\" only"},
		{"a calendar from nowhere", "# [[calendar]]\n# Short", "[[calendar]]\nname = \"k8s\"\n# Short", "must have one of url, url_file and file; it has 0"},
		{"a calendar of no form", "# [[calendar]]\n# Short", "[[calendar]]\nname = \"k8s\"\nfile = \"x\"\nform = \"ical\"\n# Short", `"ical" is none of "icalendar", "openstack-irc", "kubernetes-sigs"`},
		{"a calendar of no kind", "# [[calendar]]\n# Short", "[[calendar]]\nname = \"k8s\"\nfile = \"x\"\nkind = \"talk\"\n# Short", `"talk" is none of "meeting", "summit"`},
		{"a calendar's password", "# [[calendar]]\n# Short", "[[calendar]]\nname = \"k8s\"\nurl = \"https://a:geheim@example.org\"\n# Short", "does not belong into this file"},
		{"a calendar by ftp", "# [[calendar]]\n# Short", "[[calendar]]\nname = \"k8s\"\nurl = \"ftp://example.org\"\n# Short", "is no web address"},
		{"a calendar in no zone", "# [[calendar]]\n# Short", "[[calendar]]\nname = \"k8s\"\nfile = \"x\"\nzone = \"Texas\"\n# Short", `"Texas" is no time zone`},
		{"a schedule by ftp", `# schedule = "https://`, `schedule = "ftp://`, "is no web address"},
		{"backups of no day", `backup_days = 7`, `backup_days = -7`, "is a number of days, or -1"},
		{"alerts after words", `after = ""`, `after = "soon"`, `"soon" is no duration of a second or more: write it as "90s", "30m" or "1h30m"; "0" is at once`},
		{"alerts after nothing", `after = ""`, `after = "0.2s"`, `"0.2s" is no duration`},
		{"an edition that it is", `editions = []`, `editions = ["week"]`, `comes every week already`},
		{"an edition twice", `editions = []`, `editions = ["day", "day"]`, `is there twice`},
		{"no edition", `editions = []`, `editions = ["year"]`, `"year" is none of "day", "week", "month"`},
		{"an edition of another's name", `editions = []`, "editions = [\"day\"]\n[[digest]]\nname = \"weekly-daily\"\nfrom = \"a@example.org\"", `would be the digest "weekly-daily"`},
		{"service address", `# service_address = "weekly-request@example.org"`, `service_address = "weekly"`, "is no mail address"},
		{"proxies", `trusted_proxies = []`, `trusted_proxies = ["proxy"]`, `"proxy" is no address and no network`},
		{"a site with a path", `cors_origins = []`, `cors_origins = ["https://a.example/"]`, `"https://a.example/" is no origin of pages`},
		{"a site without https", `cors_origins = []`, `cors_origins = ["a.example"]`, `"a.example" is no origin of pages`},
		{"a role that is none", "# [[web.person]]\n", "[[web.person]]\naddress = \"jo@example.org\"\nrole = \"reviewr\"\n", `there is no role "reviewr"; did you mean "reviewer"?`},
		{"a person without a role", "# [[web.person]]\n", "[[web.person]]\naddress = \"jo@example.org\"\n", `it is one of reader, reviewer, editor, admin`},
		{"a person without an address", "# [[web.person]]\n", "[[web.person]]\naddress = \"Jo <jo@example.org>\"\nrole = \"admin\"\n", `is no mail address alone`},
		{"a person twice", "# [[web.person]]\n", "[[web.person]]\naddress = \"jo@example.org\"\nrole = \"admin\"\n[[web.person]]\naddress = \"Jo@example.org\"\nrole = \"reader\"\n", `two [[web.person]] of the address "Jo@example.org"`},
		{"sessions for ever", "session_days = 14", "session_days = 4000", "4000 is not from 1 to 365"},
		{"a port of 99999", `listen = "127.0.0.1:8420"`, `listen = "127.0.0.1:99999"`, `"127.0.0.1:99999" has no port from 0 to 65535`},
		{"no port", `listen = "127.0.0.1:8420"`, `listen = "127.0.0.1"`, `"127.0.0.1" needs a port`},
		{"IPv6 without brackets", `listen = "127.0.0.1:8420"`, `listen = "::1:8420"`, `stands in brackets`},
		{"host without port", `host = "smtp.example.org:587"`, `host = "smtp.example.org"`, "needs a port"},
		{"no way to unsubscribe", `unsubscribe_mailto = "digest-unsubscribe@example.org"`, ``, "could not unsubscribe"},
		{"from", `from = "SIG-OpenStack Weekly <digest@example.org>"`, `from = "SIG-OpenStack Weekly"`, "is no mail address"},
		{"password in the database's URL", `database = "sigpost.db"`, `database = "postgres://u:geheim@h/d"`, "does not belong into this file"},
		{"password behind the database's URL", `database = "sigpost.db"`, `database = "postgres://u@h/d?password=geheim"`, "does not belong into this file"},
		{"a bare number", `duration = "1h"`, `duration = 60`, "60 has no unit"},
		{"cancelled on no date", `cancelled = [2016-04-26]`, `cancelled = [2016-04-25]`, "Monday 25 April 2016 is no date of it"},
		{"moved from no date", `# moved = [{ from = 2016-05-10`, `moved = [{ from = 2016-05-09`, "Monday 9 May 2016 is no date of it"},
		{"moved to nowhere", `# moved = [{ from = 2016-05-10, to = 2016-05-11T15:00:00 }]`, `moved = [{ from = 2016-05-10 }]`, "moved to is missing"},
		{"session on no day", `start = 2016-04-26T11:15:00`, `start = 2016-05-26T11:15:00`, "which is no day of the summit"},
		{"the list's own List-Id", `list_id = "weekly.digest.example.org"`, `list_id = "sig-openstack.lists.example.org" # same`, "would be taken for our own"},
		{"archive_url", `/msg/{message_id}"`, `/msg/"`, "has no {message_id}"},
		{"http outside", `# url = ""`, `url = "http://digest.example.org"`, "needs https"},
		{"cadence", `every = "week"`, `every = "fortnight"`, `"fortnight" is none of "day", "week", "month"`},
		{"a day of the week", `# day = 1`, `day = 1`, "goes with every = \"month\""},
		{"an nth week", `# nth = "first"`, `nth = "first"`, "goes with every = \"month\""},
		{"a day that there is not", `every = "week"`, "every = \"month\"\nday = 32", "32 is no day of the month"},
		{"two days", `every = "week"`, "every = \"month\"\nday = 3\nnth = \"last\"", "give one of the two"},
		{"the fifth monday", `every = "week"`, "every = \"month\"\nnth = \"fifth\"", `is none of "first", "second"`},
		{"a topic", `topics = []`, `topics = ["kuryr"]`, `"kuryr" is no topic`},
		{"empty", `empty = "skip"`, `empty = "never"`, `"never" is none of "skip", "always"`},
		{"review", `review = "none"`, `review = "maybe"`, `"maybe" is none of "none", "by hand", "deadline"`},
		{"nobody is asked", `review = "none"`, `review = "deadline"`, "would approve themselves"},
		{"editors for nothing", `# editors = `, `editors = `, "never asks them"},
		{"an editor", `# editors = ["Ana Moreau <ana@example.org>"]`, `editors = ["Ana"]`, `"Ana" is no mail address`},
		{"a fallback of nowhere", "# [[smtp.fallback]]\n", "[[smtp.fallback]]\nconnections = 3\n", "a fallback needs a host"},
		{"no connections", "connections = 4\n# How many letters go", "connections = 400\n# How many letters go", "400 connections: give 1 to 100"},
		{"a token of nobody", "# oauth_account = \"\"\n# ca_file = \"\"\ntimeout = \"60s\"\n# The name that", "oauth_account = \"exampel\"\ntimeout = \"60s\"\n# The name that", "exampel"},
		{"a limit of nothing", "# [[smtp.domain]]\n", "[[smtp.domain]]\nnames = [\"example.com\"]\n", "a limit needs more than 0 letters a second"},
		{"a key of no domain", "# [[dkim]]\n", "[[dkim]]\nselector = \"s\"\nkey_file = \"k\"\n", "has no domain"},
		{"a key of a word", "# [[dkim]]\n", "[[dkim]]\ndomain = \"example\"\nselector = \"s\"\nkey_file = \"k\"\n", "it has no dot"},
		{"a key with no selector", "# [[dkim]]\n", "[[dkim]]\ndomain = \"example.org\"\nkey_file = \"k\"\n", "has no selector"},
		{"no key", "# [[dkim]]\n", "[[dkim]]\ndomain = \"example.org\"\nselector = \"s\"\n", "one of key_file and key_env; it has 0"},
		{"a key's domain", "# [[dkim]]\n", "[[dkim]]\ndomain = \"münchen.example\"\nselector = \"s\"\nkey_file = \"k\"\n", "as the DNS has it"},
		{"a selector", "# [[dkim]]\n", "[[dkim]]\ndomain = \"example.org\"\nselector = \"s; l=0\"\nkey_file = \"k\"\n", "cannot be the selector"},
		{"two keys", "# [[dkim]]\n", strings.Repeat("[[dkim]]\ndomain = \"example.org\"\nselector = \"s\"\nkey_file = \"k\"\n", 2), "there are two DKIM keys s._domainkey.example.org"},
		{"a resolver", `# resolver = "192.0.2.53:53"`, `resolver = "192.0.2.53"`, "is no address and port"},
		{"who sends", `# send_from = ["192.0.2.25", "2001:db8::25"]`, `send_from = ["mail.example.org"]`, "is no IP address"},
		{"policy", `unknown = "hold"`, `unknown = "maybe"`, `"maybe" is none of "hold", "resend"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := replace(t, c.old, c.new)
			_, err := Parse("config.toml", data)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if !errors.Is(err, sigpost.ErrUsage) {
				t.Error("it is no ErrUsage")
			}
			if !strings.HasPrefix(err.Error(), "config.toml:") || strings.Contains(err.Error(), "geheim") {
				t.Errorf("no line, or a secret: %v", err)
			}
			if line := strings.Count(string(data[:strings.Index(string(data), c.new)]), "\n") + 1; c.new != "" && !strings.Contains(c.new, "\n") &&
				!strings.HasPrefix(err.Error(), "config.toml:"+strconv.Itoa(line)) {
				t.Errorf("not on line %d: %v", line, err)
			}
		})
	}
}

// A day of the week that no issue comes by is refused on its line.
func TestWeekdayOfNoWeek(t *testing.T) {
	for _, c := range []struct {
		keys    string
		refused bool
	}{
		{"every = \"day\"\nweekday = \"friday\"", true},
		{"every = \"month\"\nweekday = \"friday\"\nday = 3", true},
		{"every = \"month\"\nweekday = \"friday\"\nnth = \"last\"", false},
		{"every = \"day\"\nweekday = \"friday\"\neditions = [\"week\"]", false},
		{"every = \"week\"\nweekday = \"friday\"", false},
		{"every = \"day\"", false},
	} {
		text := strings.Replace(everyTable, "name = \"weekly\"\n", "name = \"weekly\"\n"+c.keys+"\n", 1)
		at := fmt.Sprintf("config.toml:%d: weekday says", strings.Count(text[:strings.Index(text, "weekday")+1], "\n")+1)
		if _, err := Parse("config.toml", []byte(text)); (err != nil) != c.refused || err != nil && err.Error()[:len(at)] != at {
			t.Errorf("%s: %v, want %s", c.keys, err, at)
		}
	}
}

// A value that cannot be decoded hides nothing else, and nothing is said of its key twice.
func TestValuesBesideOtherFaults(t *testing.T) {
	text := strings.NewReplacer(
		"secret_file = \"sigpost.secret\"", "secret_file = [\"a\"]",
		"name = \"weekly\"\n", "name = \"weekly\"\nweekday = \"x\"\n",
		"host = \"smtp.example.org:587\"", "host = \"smtp.example.org:587\"\ntimeout = \"5 s\"",
		"service_address = \"weekly@example.org\"", "service_address = \"weekly@example.org\"\nat = 6",
		"[alerts]\n", "[alerts]\nmail = \"ops@example.org\"\nsilent_factor = 0\n",
	).Replace(everyTable)
	_, err := Parse("config.toml", []byte(text))
	if err == nil || !errors.Is(err, sigpost.ErrUsage) {
		t.Fatal(err)
	}
	var want []string
	for _, w := range [][2]string{
		{"secret_file = [", "archive.secret_file is a text in quotes"}, {"weekday =", `digest.weekday: "x" is no day of the week`},
		{"at =", `digest.at: "6" is no time of day`}, {"timeout =", `smtp.timeout: "5 s" is no duration`}, {"mail =", `alerts.mail is a list: ["ops@example.org"]`}, {"silent_factor =", "silent_factor is from"},
	} {
		want = append(want, fmt.Sprintf("config.toml:%d: %s", strings.Count(text[:strings.Index(text, "\n"+w[0])], "\n")+2, w[1]))
	}
	got := strings.Split(err.Error(), "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
		}
	}
}

func TestEmptyConfigSaysAllThatIsMissing(t *testing.T) {
	_, err := Parse("c.toml", nil)
	for _, want := range []string{"one of database, database_file and database_env", "one of secret_file and secret_env", "no [[list]]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestSecretsComeFromFilesOrTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	c := &Config{dir: dir}
	server := Server{Host: "h:993", Username: "u", PasswordFile: "pw"}
	if _, err := c.Password(server); err == nil || !strings.Contains(err.Error(), "password_file") || !errors.Is(err, sigpost.ErrUsage) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pw"), []byte(" geheim \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Password(server); got != "geheim" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv("SIGPOST_TEST_PW", "anders")
	if got, err := c.Password(Server{Username: "u", PasswordEnv: "SIGPOST_TEST_PW"}); got != "anders" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c.Archive.SecretEnv = "SIGPOST_TEST_PW"
	if _, err := c.Secret(); err == nil || strings.Contains(err.Error(), "anders") {
		t.Errorf("a short secret: %v", err)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:25": true, "localhost:25": true, "[::1]:25": true, "127.9.9.9:25": true,
		"127.0.0.1.example.org:25": false, "mail.example.org:25": false, "12.0.0.1:25": false, "10.0.0.1:25": false,
	} {
		if Loopback(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
}

func TestDigest(t *testing.T) {
	c := &Config{Digests: []Digest{{Name: "a"}}}
	if d, err := c.Digest(""); err != nil || d.Name != "a" {
		t.Errorf("the only one: %v, %v", d, err)
	}
	c.Digests = append(c.Digests, Digest{Name: "b"})
	if _, err := c.Digest(""); err == nil || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("several: %v", err)
	}
	if _, err := c.Digest("c"); !errors.Is(err, sigpost.ErrUsage) {
		t.Errorf("none such: %v", err)
	}
}

// An account may log in without a name, or by tokens; each way has its keys.
func TestAuth(t *testing.T) {
	const before = "auth = \"password\"\nusername = \"digest@example.org\"\n# The password: a file (white space around it is ignored) or an environment\n# variable; one of the two.\npassword_file = \"imap.password\""
	const oauth = "auth = \"oauth\"\nusername = \"u\"\ntoken_file = \"t\"\nclient_id = \"c\"\n"
	for _, c := range []struct{ name, with, want string }{
		{"anonymous", `auth = "anonymous"`, ""},
		{"anonymous with a trace", "auth = \"anonymous\"\nusername = \"me@example.org\"", ""},
		{"password without a name", `auth = "password"`, "has no username"},
		{"oauth", oauth + `token_url = "https://login.example.org/token"`, ""},
		{"oauth, for a test", oauth + `token_url = "http://127.0.0.1:8080/token"`, ""},
		{"no token_url", oauth, "needs token_url"},
		{"http", oauth + `token_url = "http://login.example.org/token"`, "token_url must be https"},
		{"http for the device", oauth + "token_url = \"https://login.example.org/token\"\ndevice_url = \"http://login.example.org/d\"", "device_url must be https"},
		{"two secrets", oauth + "token_url = \"https://login.example.org/token\"\nclient_secret_file = \"a\"\nclient_secret_env = \"b\"", "one is enough"},
		{"no file", "auth = \"oauth\"\nusername = \"u\"\nclient_id = \"c\"\ntoken_url = \"https://login.example.org/token\"", "needs token_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("config.toml", replace(t, before, c.with))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// What the editor moves and adds is told as that, on the meeting's own clock.
func TestMovedAndMore(t *testing.T) {
	data := strings.NewReplacer("# moved = [", "moved = [", "# also = [", "also = [").Replace(sigpost.ExampleConfig)
	c, err := Parse("config.toml", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2016, 4, 20, 0, 0, 0, 0, time.UTC)
	found, err := calendar.Between(c.Events()[0], from, from.AddDate(0, 0, 30))
	var got []string
	for _, o := range found {
		line := o.Start.Format("Mon 2 Jan 15:04 MST")
		if o.Cancelled {
			line += " cancelled"
		}
		if o.Overridden {
			line += " instead of " + o.RecurrenceID.Format("2 Jan 15:04")
		}
		got = append(got, line)
	}
	want := "Tue 26 Apr 14:00 PDT cancelled, Wed 4 May 14:00 PDT, Wed 11 May 15:00 PDT instead of 10 May 14:00"
	if s := strings.Join(got, ", "); err != nil || s != want {
		t.Errorf("%s, %v\nwant %s", s, err, want)
	}
}

// An edition is a digest with everything that the one in the file has, but when
// it comes.
func TestEditions(t *testing.T) {
	c, err := Parse("config.toml", []byte(replace(t, `editions = []`, `editions = ["day", "month"]`)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range c.Digests {
		got = append(got, strings.Join([]string{d.Name, d.Title, d.Every, d.ListID, d.Publication(), d.Adverb(), d.From, strings.Join(d.Lists, "+")}, "|"))
	}
	rest := "|weekly.digest.example.org|weekly|"
	from := "|SIG-OpenStack Weekly <digest@example.org>|sig-openstack"
	want := []string{"weekly|SIG-OpenStack Weekly|week" + rest + "weekly" + from, "weekly-daily|SIG-OpenStack Weekly (daily)|day" + rest + "daily" + from,
		"weekly-monthly|SIG-OpenStack Weekly (monthly)|month" + rest + "monthly" + from}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if only, err := c.Digest(""); err != nil || only.Name != "weekly" {
		t.Errorf("the only digest: %q, %v", only.Name, err)
	}
	if daily, err := c.Digest("weekly-daily"); err != nil || daily.Every != "day" || len(c.Editions("weekly")) != 3 {
		t.Errorf("by name: %q, %v", daily.Name, err)
	}
	for _, a := range c.Announces {
		if len(a.Digests) != 1 {
			t.Errorf("%s is told of %q", a.Name, a.Digests)
		}
	}
}
