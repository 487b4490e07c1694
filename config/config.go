// Package config reads sigpost's configuration: one TOML file, strictly.
// config.example.toml is its manual.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigpost"
	"sigpost/internal/tomlfile"
)

// Config is a configuration that has been found to be right.
type Config struct {
	Archive   Archive    `toml:"archive"`
	Lists     []List     `toml:"list"`
	Accounts  []Account  `toml:"account"`
	Classify  Classify   `toml:"classify"`
	Meetings  []Meeting  `toml:"meeting"`
	Calendars []Calendar `toml:"calendar"`
	Summits   []Summit   `toml:"summit"`
	Deadlines []Deadline `toml:"deadline"`
	Digests   []Digest   `toml:"digest"`
	SMTP      SMTP       `toml:"smtp"`
	Bounces   Bounces    `toml:"bounces"`
	Web       Web        `toml:"web"`
	Work      Work       `toml:"work"`
	Retention Retention  `toml:"retention"`
	// DKIM are the keys that sign letters.
	DKIM  []DKIM `toml:"dkim"`
	DNS   DNS    `toml:"dns"`
	Check Check  `toml:"check"`
	// Announces are the channels that are told of each issue.
	Announces []Announce `toml:"announce"`
	Schedule  Schedule   `toml:"schedule"`
	Alerts    Alerts     `toml:"alerts"`
	Log       Log        `toml:"log"`
	Metrics   Metrics    `toml:"metrics"`

	file string // that it was read from
	dir  string // of the file; relative paths begin there
	text []byte // of the file
}

// File is the path that the configuration was read from.
func (c *Config) File() string { return c.file }

// Archive says where things are kept.
type Archive struct {
	Database     string `toml:"database"`
	DatabaseFile string `toml:"database_file"`
	DatabaseEnv  string `toml:"database_env"`
	SecretFile   string `toml:"secret_file"`
	SecretEnv    string `toml:"secret_env"`
	// GenerationFile is where it is noted how many issues were begun to be sent.
	GenerationFile string `toml:"generation_file"`
	// OldSecretFiles are secrets of before: what was signed with them is valid.
	OldSecretFiles []string `toml:"old_secret_files"`
	// BackupDays is how old the last backup may be; -1 where others make them.
	BackupDays int `toml:"backup_days"`
}

// List is a mailing list.
type List struct {
	Name       string `toml:"name"`
	Title      string `toml:"title"`
	ListID     string `toml:"list_id"`
	Post       string `toml:"post"`
	ArchiveURL string `toml:"archive_url"`
}

// Server is how to reach a server and log in; IMAP and SMTP have it in common.
type Server struct {
	Host         string   `toml:"host"`
	TLS          string   `toml:"tls"`
	AllowPlain   bool     `toml:"allow_plain"`
	Username     string   `toml:"username"`
	PasswordFile string   `toml:"password_file"`
	PasswordEnv  string   `toml:"password_env"`
	CAFile       string   `toml:"ca_file"`
	Timeout      Duration `toml:"timeout"`
}

// Account is an IMAP account.
type Account struct {
	Name string `toml:"name"`
	Server
	Auth string `toml:"auth"`
	// Poll is how often a server without IDLE is asked for news.
	Poll Duration `toml:"poll"`
	// What follows is for auth = "oauth".
	TokenFile        string    `toml:"token_file"`
	TokenURL         string    `toml:"token_url"`
	DeviceURL        string    `toml:"device_url"`
	ClientID         string    `toml:"client_id"`
	ClientSecretFile string    `toml:"client_secret_file"`
	ClientSecretEnv  string    `toml:"client_secret_env"`
	Scopes           []string  `toml:"scopes"`
	Mailboxes        []Mailbox `toml:"mailbox"`
}

// Mailbox is a mailbox of an account.
type Mailbox struct {
	Name            string             `toml:"name"`
	For             string             `toml:"for"`
	List            string             `toml:"list"`
	Since           tomlfile.LocalDate `toml:"since"`
	MaxMessageBytes int64              `toml:"max_message_bytes"`
}

// What a mailbox is for.
const (
	ForList    = "list"    // its mail goes into the archive
	ForService = "service" // bounces, complaints, commands and answers
)

// Bounces say when a reader whose letters come back is not mailed any more.
type Bounces struct {
	Hard     int `toml:"hard"`
	Soft     int `toml:"soft"`
	Days     int `toml:"days"`
	RestDays int `toml:"rest_days"`
}

// Rules are the bounces' rules for the archive.
func (b Bounces) Rules() sigpost.BounceRules {
	const day = 24 * time.Hour
	return sigpost.BounceRules{Hard: b.Hard, Soft: b.Soft, Window: time.Duration(b.Days) * day, Rest: time.Duration(b.RestDays) * day}
}

// Classify says by what threads are tagged.
type Classify struct {
	Taxonomy string `toml:"taxonomy"`
	// Weights is a file of what was trained for the taxonomy.
	Weights string `toml:"weights"`
	// Learn says that each run learns from what reviewers decided.
	Learn bool `toml:"learn"`
}

// Meeting is an event that recurs.
type Meeting struct {
	Title     string                 `toml:"title"`
	Start     tomlfile.LocalDateTime `toml:"start"`
	Zone      string                 `toml:"zone"`
	Repeat    string                 `toml:"repeat"`
	Duration  Duration               `toml:"duration"`
	Where     string                 `toml:"where"`
	Cancelled []tomlfile.LocalDate   `toml:"cancelled"`
	// Also are more times at which it takes place.
	Also []tomlfile.LocalDateTime `toml:"also"`
	// Moved are dates on which it takes place at another time.
	Moved []Move `toml:"moved"`
	Notes string `toml:"notes"`
	Links []Link `toml:"links"`
}

// Calendar is where more events come from.
type Calendar struct {
	Name string `toml:"name"`
	URL  string `toml:"url"`
	// URLFile is a file with the URL, which may be a secret.
	URLFile   string             `toml:"url_file"`
	File      string             `toml:"file"`
	Form      string             `toml:"form"`
	Kind      string             `toml:"kind"`
	Zone      string             `toml:"zone"`
	Only      []string           `toml:"only"`
	WeeksFrom tomlfile.LocalDate `toml:"weeks_from"`
}

// Summit is an event of some days.
type Summit struct {
	Title string             `toml:"title"`
	First tomlfile.LocalDate `toml:"first"`
	Last  tomlfile.LocalDate `toml:"last"`
	Zone  string             `toml:"zone"`
	Where string             `toml:"where"`
	Notes string             `toml:"notes"`
	Links []Link             `toml:"links"`
	// Schedule is the address or file that more sessions come from.
	Schedule string    `toml:"schedule"`
	Sessions []Session `toml:"session"`
}

// Deadline is the last day on which something can be done, such as proposing
// talks.
type Deadline struct {
	Title string             `toml:"title"`
	Day   tomlfile.LocalDate `toml:"day"`
	Zone  string             `toml:"zone"`
	Notes string             `toml:"notes"`
	Links []Link             `toml:"links"`
}

// Session is one talk of a summit.
type Session struct {
	Title    string                 `toml:"title"`
	Start    tomlfile.LocalDateTime `toml:"start"`
	Room     string                 `toml:"room"`
	Speakers string                 `toml:"speakers"`
	URL      string                 `toml:"url"`
}

// Move is a day of a meeting, and when it takes place instead.
type Move struct {
	From tomlfile.LocalDate     `toml:"from"`
	To   tomlfile.LocalDateTime `toml:"to"`
}

// Link is a URL with the words for it.
type Link struct {
	Title string `toml:"title"`
	URL   string `toml:"url"`
}

// Digest is a publication that comes in issues.
type Digest struct {
	Name  string   `toml:"name"`
	Title string   `toml:"title"`
	Lists []string `toml:"lists"`
	// Topics are tags: only threads on one of them are told of.
	Topics            []string  `toml:"topics"`
	Every             string    `toml:"every"`
	Weekday           Weekday   `toml:"weekday"`
	Nth               string    `toml:"nth"`
	Day               int       `toml:"day"`
	At                ClockTime `toml:"at"`
	Zone              string    `toml:"zone"`
	From              string    `toml:"from"`
	ReplyTo           string    `toml:"reply_to"`
	ListID            string    `toml:"list_id"`
	PostalAddress     string    `toml:"postal_address"`
	UnsubscribeMailto string    `toml:"unsubscribe_mailto"`
	Maintainers       []string  `toml:"maintainers"`
	// Templates is a folder of templates that go before those built in.
	Templates string `toml:"templates"`
	// Empty says what becomes of a window with nothing to tell.
	Empty string `toml:"empty"`
	// Review says how an issue is approved, Deadline after which time it
	// approves itself, and Editors who are told of it.
	Review   string   `toml:"review"`
	Deadline Duration `toml:"deadline"`
	Editors  []string `toml:"editors"`
	// Editions are other choices of how often it comes.
	Editions []string `toml:"editions"`
	// ServiceAddress is where readers send commands, by mail.
	ServiceAddress string `toml:"service_address"`
	// SendHours and SendDays are when letters may go out.
	SendHours string    `toml:"send_hours"`
	SendDays  []Weekday `toml:"send_days"`

	of string // the digest that this one is an edition of
}

// The ways in which an issue is approved.
const (
	ReviewNone     = "none"
	ReviewByHand   = "by hand"
	ReviewDeadline = "deadline"
)

// NthWeekday is which weekday of the month a monthly digest comes on: 1 to 4, -1
// for the last, 0 where it comes on a day of the month.
func (d Digest) NthWeekday() int {
	return map[string]int{"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}[d.Nth]
}

// SMTP is the server that takes the letters, and those that take them while it
// cannot be used.
type SMTP struct {
	Relay
	Unknown string `toml:"unknown"`
	// Operator is told by mail of an issue that stands still or was not sent.
	Operator  string        `toml:"operator"`
	Fallbacks []Relay       `toml:"fallback"`
	Domains   []DomainLimit `toml:"domain"`
}

// Relays are all of the servers, in the order in which they are tried.
func (s SMTP) Relays() []Relay {
	return append([]Relay{s.Relay}, s.Fallbacks...)
}

// Relay is a server that takes letters, and how many.
type Relay struct {
	Server
	// OAuthAccount is the account whose token logs in here, too.
	OAuthAccount         string  `toml:"oauth_account"`
	Hello                string  `toml:"hello"`
	Connections          int     `toml:"connections"`
	LettersPerConnection int     `toml:"letters_per_connection"`
	Rate                 float64 `toml:"rate"` // letters a second
}

// DomainLimit is how fast letters go to some domains.
type DomainLimit struct {
	Names []string `toml:"names"`
	Rate  float64  `toml:"rate"` // letters a second
	// Connections is how many letters may be on their way at the same time.
	Connections int `toml:"connections"`
}

// Web says where the pages are served.
type Web struct {
	// Title is the name of the site; "" is the digest's where there is one alone.
	Title  string `toml:"title"`
	Listen string `toml:"listen"`
	URL    string `toml:"url"`
	// TrustedProxies are the addresses and networks of those in front of it.
	TrustedProxies []string `toml:"trusted_proxies"`
	// CORSOrigins are of sites whose pages may read the API; "*" is any.
	CORSOrigins []string `toml:"cors_origins"`
	// People are those who can sign in.
	People []WebPerson `toml:"person"`
	// SessionDays is how long somebody stays signed in, SignInMinutes how long a
	// link that signs in can be used.
	SessionDays   int `toml:"session_days"`
	SignInMinutes int `toml:"sign_in_minutes"`
	// RequestsPerMinute is how many pages a network gets.
	RequestsPerMinute int `toml:"requests_per_minute"`
}

// WebPerson is somebody who looks after the archive.
type WebPerson struct {
	Address string       `toml:"address"`
	Role    sigpost.Role `toml:"role"`
}

// Load reads and checks a configuration file. Errors say file and line, are
// one line for each thing that is wrong, and wrap sigpost.ErrUsage.
func Load(file string) (*Config, error) {
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil, sigpost.Usage(fmt.Errorf("there is no configuration at %s: \"sigpost init\" writes one, --config names another", file))
	}
	if err != nil {
		return nil, sigpost.Usage(fmt.Errorf("the configuration cannot be read: %w", err))
	}
	return Parse(file, data)
}

// Parse checks the bytes of a configuration file as Load does.
func Parse(file string, data []byte) (*Config, error) {
	c := &Config{file: file, dir: filepath.Dir(file), text: data}
	values, decoded := (*tomlfile.ValuesError)(nil), data
	if err := tomlfile.Decode(file, data, c); errors.As(err, &values) {
		decoded = values.Rest
	} else if err != nil {
		return nil, sigpost.Usage(fmt.Errorf("%w", err))
	}
	ch := &checker{file: file, lines: linesOf(data), decoded: linesOf(decoded)}
	if values != nil {
		ch.wrong = append(ch.wrong, values.Error())
	}
	c.setDefaults(ch.decoded)
	if err := c.validate(ch); err != nil {
		return nil, err
	}
	c.expandEditions()
	return c, nil
}

// keyLines are the lines of the keys that stand in the file, by their paths, such as
// "account[0].mailbox[1].list". TOML is read without regard to case, and [list] as the
// first [[list]], so both are found.
type keyLines map[string]int

func linesOf(data []byte) keyLines {
	lines := keyLines{}
	for path, line := range tomlfile.Lines(data) {
		lines[plain(path)] = line
	}
	return lines
}

// of is the line of a key, 0 where it is not in the file.
func (l keyLines) of(path string) int { return l[plain(path)] }

func plain(path string) string { return strings.ReplaceAll(strings.ToLower(path), "[0]", "") }

// or sets the value at a path where the file does not have it. What the file has stays,
// also where that is 0 or nothing: the checks see it.
func or[T any](lines keyLines, path string, v *T, fallback T) {
	if lines.of(path) == 0 {
		*v = fallback
	}
}

func (c *Config) setDefaults(in keyLines) {
	for i := range c.Lists {
		or(in, fmt.Sprintf("list[%d].title", i), &c.Lists[i].Title, c.Lists[i].Name)
	}
	for i := range c.Accounts {
		c.Accounts[i].setDefaults(in, fmt.Sprintf("account[%d].", i))
	}
	for i := range c.Deadlines {
		or(in, fmt.Sprintf("deadline[%d].zone", i), &c.Deadlines[i].Zone, sigpost.AnywhereOnEarth)
	}
	for i := range c.Meetings {
		or(in, fmt.Sprintf("meeting[%d].duration", i), &c.Meetings[i].Duration, Duration(time.Hour))
	}
	for i := range c.Calendars {
		or(in, fmt.Sprintf("calendar[%d].kind", i), &c.Calendars[i].Kind, string(sigpost.EventMeeting))
	}
	for i := range c.Digests {
		c.Digests[i].setDefaults(in, fmt.Sprintf("digest[%d].", i), c.Lists)
	}
	for i := range c.Announces {
		c.Announces[i].setDefaults(in, fmt.Sprintf("announce[%d].", i), c.Digests)
	}
	or(in, "classify.taxonomy", &c.Classify.Taxonomy, OpenStackTaxonomy)
	c.SMTP.Relay.setDefaults(in, "smtp.")
	for i := range c.SMTP.Fallbacks {
		c.SMTP.Fallbacks[i].setDefaults(in, fmt.Sprintf("smtp.fallback[%d].", i))
	}
	c.Schedule.setDefaults(in)
	or(in, "archive.backup_days", &c.Archive.BackupDays, 7)
	c.Alerts.setDefaults(in)
	or(in, "bounces.hard", &c.Bounces.Hard, 2)
	or(in, "bounces.soft", &c.Bounces.Soft, 4)
	or(in, "bounces.days", &c.Bounces.Days, 60)
	or(in, "bounces.rest_days", &c.Bounces.RestDays, 14)
	or(in, "retention.replies_days", &c.Retention.RepliesDays, 180)
	or(in, "smtp.unknown", &c.SMTP.Unknown, "hold")
	or(in, "dns.timeout", &c.DNS.Timeout, Duration(10*time.Second))
	c.Work.setDefaults(in)
	or(in, "log.format", &c.Log.Format, LogText)
	or(in, "web.listen", &c.Web.Listen, "127.0.0.1:8420")
	or(in, "web.session_days", &c.Web.SessionDays, 14)
	or(in, "web.sign_in_minutes", &c.Web.SignInMinutes, 20)
	or(in, "web.requests_per_minute", &c.Web.RequestsPerMinute, 600)
	c.Web.URL = strings.TrimRight(c.Web.URL, "/")
}

func (a *Account) setDefaults(in keyLines, at string) {
	or(in, at+"tls", &a.TLS, "tls")
	or(in, at+"auth", &a.Auth, "password")
	or(in, at+"poll", &a.Poll, Duration(5*time.Minute))
	or(in, at+"timeout", &a.Timeout, Duration(time.Minute))
	for i := range a.Mailboxes {
		at, m := fmt.Sprintf("%smailbox[%d].", at, i), &a.Mailboxes[i]
		or(in, at+"max_message_bytes", &m.MaxMessageBytes, 25<<20)
		or(in, at+"for", &m.For, ForList)
	}
}

func (d *Digest) setDefaults(in keyLines, at string, lists []List) {
	or(in, at+"title", &d.Title, d.Name)
	or(in, at+"zone", &d.Zone, "UTC")
	or(in, at+"every", &d.Every, "week")
	or(in, at+"weekday", &d.Weekday, Weekday(time.Monday))
	if d.Every == "month" && d.Nth == "" {
		or(in, at+"day", &d.Day, 1)
	}
	or(in, at+"empty", &d.Empty, "skip")
	or(in, at+"unsubscribe_mailto", &d.UnsubscribeMailto, d.ServiceAddress)
	or(in, at+"reply_to", &d.ReplyTo, d.ServiceAddress)
	or(in, at+"review", &d.Review, ReviewNone)
	or(in, at+"deadline", &d.Deadline, Duration(4*time.Hour))
	or(in, at+"at", &d.At, ClockTime{Minutes: 6 * 60})
	or(in, at+"lists", &d.Lists, namesOf(lists, func(l List) string { return l.Name }))
	if _, domain, ok := strings.Cut(strings.TrimRight(d.From, ">"), "@"); ok {
		or(in, at+"list_id", &d.ListID, d.Name+"."+strings.ToLower(domain))
	}
}

func (r *Relay) setDefaults(in keyLines, at string) {
	or(in, at+"tls", &r.TLS, "starttls")
	or(in, at+"timeout", &r.Timeout, Duration(time.Minute))
	or(in, at+"connections", &r.Connections, 4)
}

// OpenStackTaxonomy is the name of the taxonomy that is built in.
const OpenStackTaxonomy = "openstack"

func namesOf[T any](all []T, nameOf func(T) string) (names []string) {
	for _, v := range all {
		names = append(names, nameOf(v))
	}
	return names
}

// Digest finds a digest by name; the only one may be called "", also where it has
// editions.
func (c *Config) Digest(name string) (Digest, error) {
	if name == "" && len(c.Digests) > 0 && len(c.Editions(c.Digests[0].Name)) == len(c.Digests) {
		return c.Digests[0], nil
	}
	return find("digest", c.Digests, func(d Digest) string { return d.Name }, name)
}

// List finds a list by name; the only one may be called "".
func (c *Config) List(name string) (sigpost.List, error) {
	l, err := find("list", c.Lists, func(l List) string { return l.Name }, name)
	return sigpost.List(l), err
}

// Account gives the account of that name, or the only one where name is empty.
func (c *Config) Account(name string) (Account, error) {
	return find("account", c.Accounts, func(a Account) string { return a.Name }, name)
}

func find[T any](what string, all []T, nameOf func(T) string, name string) (none T, err error) {
	var names []string
	for _, v := range all {
		if nameOf(v) == name || name == "" && len(all) == 1 {
			return v, nil
		}
		names = append(names, nameOf(v))
	}
	switch there := strings.Join(names, ", "); {
	case len(names) == 0:
		err = fmt.Errorf("the configuration has no [[%s]]", what)
	case name == "":
		err = fmt.Errorf("there are several %ss: say which with --%s (%s)", what, what, there)
	default:
		err = fmt.Errorf("there is no %s %q in the configuration (there is: %s)", what, name, there)
	}
	return none, sigpost.Usage(err)
}

// Path makes a path of the configuration one that can be opened.
func (c *Config) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}

// Loopback says whether host:port is an address of this machine.
func Loopback(hostport string) bool {
	host := (&url.URL{Host: hostport}).Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
