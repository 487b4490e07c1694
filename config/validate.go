package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/calendar"
	"sigpost/internal/osa"
	"sigpost/internal/tomlfile"
)

// checker collects what is wrong, with the line of each.
type checker struct {
	file    string
	lines   keyLines
	decoded keyLines // those of lines whose values could be decoded
	wrong   []string
}

// add notes what is wrong with the value at a path such as "digest[0].zone".
// A key that is not there has the line of its table. Of one whose value could not be
// decoded everything is said already.
func (c *checker) add(path, format string, args ...any) {
	line := c.lines.of(path)
	if line != c.decoded.of(path) {
		return
	}
	for p := path; line == 0 && p != ""; {
		line = c.lines.of(p)
		p = p[:max(0, strings.LastIndexAny(p, ".["))]
	}
	where := c.file
	if line > 0 {
		where = fmt.Sprintf("%s:%d", c.file, line)
	}
	c.wrong = append(c.wrong, where+": "+fmt.Sprintf(format, args...))
}

// first is the first of some keys that stands in the file, or the last of them.
func (ch *checker) first(at string, keys ...string) string {
	for _, key := range keys {
		if ch.lines.of(at+key) > 0 {
			return at + key
		}
	}
	return at + keys[len(keys)-1]
}

// empty notes that a key is there and says nothing, where it has to say something.
func (ch *checker) empty(path, otherwise string) {
	if ch.lines.of(path) > 0 {
		ch.add(path, "%s is empty: leave it out %s", path[strings.LastIndexByte(path, '.')+1:], otherwise)
	}
}

func (c *Config) validate(ch *checker) error {
	c.checkArchive(ch)
	c.checkLists(ch)
	c.checkAccounts(ch)
	c.checkClassify(ch)
	c.checkMeetings(ch)
	c.checkDeadlines(ch)
	c.checkCalendars(ch)
	c.checkSummits(ch)
	c.checkDigests(ch)
	c.checkSMTP(ch)
	c.checkBounces(ch)
	c.checkRetention(ch)
	c.checkAnnounces(ch)
	c.checkWeb(ch)
	c.checkWork(ch)
	c.checkDKIM(ch)
	c.checkDNS(ch)
	c.checkSchedule(ch)
	c.checkAlerts(ch)
	c.checkLog(ch)
	c.checkMetrics(ch)
	if len(ch.wrong) > 0 {
		return sigpost.Usage(errors.New(strings.Join(ch.wrong, "\n")))
	}
	return nil
}

func (c *Config) checkArchive(ch *checker) {
	a := c.Archive
	if n := count(a.Database, a.DatabaseFile, a.DatabaseEnv); n != 1 {
		ch.add(ch.first("archive.", "database", "database_file", "database_env"), "[archive] must have one of database, database_file and database_env; it has %d", n)
	}
	if err := checkDatabase(a.Database); err != nil {
		ch.add("archive.database", "%v", err)
	}
	if a.BackupDays < 1 && a.BackupDays != -1 {
		ch.add("archive.backup_days", "backup_days is a number of days, or -1 where something else makes backups")
	}
	if n := count(a.SecretFile, a.SecretEnv); n != 1 {
		ch.add(ch.first("archive.", "secret_file", "secret_env"), "[archive] must have one of secret_file and secret_env; it has %d", n)
	}
	if u, err := url.Parse(a.Database); err == nil {
		if _, set := u.User.Password(); set || u.Query().Has("password") || strings.Contains(a.Database, "password=") {
			ch.add("archive.database", "a password does not belong into this file: put the whole URL into a file or an environment variable and name it with database_file or database_env")
		}
	}
}

// shortName is what lists, digests and accounts are called in commands.
var shortName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// names checks short names: there, well formed, and each once.
type names struct {
	what string
	seen map[string]bool
	all  []string
}

func newNames(what string) *names { return &names{what: what, seen: map[string]bool{}} }

func (n *names) check(ch *checker, path, name string) {
	switch {
	case name == "":
		ch.add(path, "the %s has no name", n.what)
	case !shortName.MatchString(name):
		ch.add(path, "%q cannot be a %s's name: use lower-case letters, digits and dashes", name, n.what)
	case n.seen[name]:
		ch.add(path, "there are two %ss named %q", n.what, name)
	}
	n.seen[name] = true
	n.all = append(n.all, name)
}

// refer checks that something names one of these.
func (n *names) refer(ch *checker, path, name string) {
	if n.seen[name] {
		return
	}
	hint := "there is: " + strings.Join(n.all, ", ")
	if near := osa.Nearest(name, n.all); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if len(n.all) == 0 {
		hint = fmt.Sprintf("there is no [[%s]] at all", n.what)
	}
	ch.add(path, "there is no %s named %q; %s", n.what, name, hint)
}

func (c *Config) listNames() *names {
	n := newNames("list")
	for _, l := range c.Lists {
		n.seen[l.Name] = true
		n.all = append(n.all, l.Name)
	}
	return n
}

func (c *Config) checkLists(ch *checker) {
	if len(c.Lists) == 0 {
		ch.add("list", "there is no [[list]]: sigpost needs at least one mailing list to read")
	}
	n := newNames("list")
	for i, l := range c.Lists {
		at := fmt.Sprintf("list[%d].", i)
		n.check(ch, at+"name", l.Name)
		if l.Title == "" {
			ch.empty(at+"title", "for the list's short name")
		}
		if l.Post != "" {
			checkAddress(ch, at+"post", l.Post)
		}
		checkURL(ch, at+"archive_url", strings.ReplaceAll(l.ArchiveURL, "{message_id}", "x"))
		if l.ArchiveURL != "" && !strings.Contains(l.ArchiveURL, "{message_id}") {
			ch.add(at+"archive_url", "archive_url has no {message_id} in it, so it cannot lead to a message")
		}
	}
}

func (c *Config) checkAccounts(ch *checker) {
	n, lists := newNames("account"), c.listNames()
	for i, a := range c.Accounts {
		at := fmt.Sprintf("account[%d].", i)
		n.check(ch, at+"name", a.Name)
		checkServer(ch, at, a.Server, a.Auth == "anonymous")
		checkAuth(ch, at, a)
		checkDuration(ch, at+"poll", a.Poll)
		if len(a.Mailboxes) == 0 {
			ch.add(at+"mailbox", "the account %q has no [[account.mailbox]], so nothing of it would be read", a.Name)
		}
		seen := map[string]bool{}
		for j, m := range a.Mailboxes {
			at := fmt.Sprintf("account[%d].mailbox[%d].", i, j)
			if m.Name == "" {
				ch.add(at+"name", "the mailbox has no name (most accounts have \"INBOX\")")
			}
			if seen[m.Name] {
				ch.add(at+"name", "the account %q has the mailbox %q twice", a.Name, m.Name)
			}
			seen[m.Name] = true
			oneOf(ch, at+"for", m.For, ForList, ForService)
			if m.For != ForService {
				lists.refer(ch, at+"list", m.List)
			} else if m.List != "" {
				ch.add(at+"for", "a mailbox for service holds no list's mail: leave out list, or for")
			}
			if m.MaxMessageBytes < 64<<10 {
				ch.add(at+"max_message_bytes", "max_message_bytes must be at least 65536 (64 KiB), so that ordinary mail is kept whole")
			}
		}
	}
}

// checkServer checks how to reach a server. open says that no secret goes to
// it.
func checkServer(ch *checker, at string, s Server, open bool) {
	if host, port, ok := strings.Cut(s.Host, ":"); s.Host == "" {
		ch.add(at+"host", "host is missing: the server and its port, such as \"mail.example.org:993\"")
	} else if !strings.HasPrefix(s.Host, "[") && (!ok || host == "" || port == "") {
		ch.add(at+"host", "%q needs a port behind it, such as %q", s.Host, host+":993")
	}
	oneOf(ch, at+"tls", s.TLS, "tls", "starttls", "plain")
	if s.TLS == "plain" && !s.AllowPlain && !open && !Loopback(s.Host) {
		ch.add(at+"tls", "tls = \"plain\" would send the password to %s for all to read: use \"tls\" or \"starttls\", or set allow_plain = true", s.Host)
	}
	checkDuration(ch, at+"timeout", s.Timeout)
}

func checkPassword(ch *checker, at string, s Server) {
	if s.Username != "" && count(s.PasswordFile, s.PasswordEnv) != 1 {
		ch.add(ch.first(at, "password_file", "password_env", "username"), "the login of %s needs its password from one of password_file and password_env", s.Username)
	}
}

func (c *Config) checkClassify(ch *checker) {
	if c.Classify.Taxonomy == "" {
		ch.empty("classify.taxonomy", "for the one that is built in, \""+OpenStackTaxonomy+"\"")
	}
}

func (c *Config) checkMeetings(ch *checker) {
	for i, m := range c.Meetings {
		at := fmt.Sprintf("meeting[%d].", i)
		required(ch, at, "meeting", m.Title)
		checkZone(ch, at+"zone", m.Zone)
		if m.Start == (tomlfile.LocalDateTime{}) {
			ch.add(at+"start", "the meeting %q has no start, such as 2016-01-05T14:00:00", m.Title)
		}
		checkDuration(ch, at+"duration", m.Duration)
		e := m.event()
		if err := calendar.Check(sigpost.Event{Rules: e.Rules, Start: e.Start}); err != nil {
			ch.add(at+"repeat", "%v", err)
		} else if err := calendar.Check(sigpost.Event{Rules: e.Rules, Start: e.Start, Overrides: e.Overrides}); err != nil {
			ch.add(at+"moved", "%v", err)
		} else if err := calendar.Check(e); err != nil {
			ch.add(at+"cancelled", "%v", err)
		}
		for _, move := range m.Moved {
			if move.To == (tomlfile.LocalDateTime{}) {
				ch.add(at+"moved", "where the meeting of %s is moved to is missing: write { from = 2016-04-19, to = 2016-04-26T14:00:00 }", move.From)
			}
		}
		checkLinks(ch, at, m.Links)
	}
}

func (c *Config) checkDeadlines(ch *checker) {
	for i, d := range c.Deadlines {
		at := fmt.Sprintf("deadline[%d].", i)
		required(ch, at, "deadline", d.Title)
		checkZone(ch, at+"zone", d.Zone)
		if d.Day == (tomlfile.LocalDate{}) {
			ch.add(at+"day", "the deadline %q has no day, such as 2016-04-29", d.Title)
		}
		checkLinks(ch, at, d.Links)
	}
}

func (c *Config) checkCalendars(ch *checker) {
	n := newNames("calendar")
	for i, cal := range c.Calendars {
		at := fmt.Sprintf("calendar[%d].", i)
		n.check(ch, at+"name", cal.Name)
		if given := count(cal.URL, cal.URLFile, cal.File); given != 1 {
			ch.add(ch.first(at, "url", "url_file", "file", "name"), "the calendar %q must have one of url, url_file and file; it has %d", cal.Name, given)
		}
		checkSource(ch, at+"url", cal.URL)
		if cal.Form != "" {
			forms := make([]string, 0, len(calendar.Forms()))
			for _, f := range calendar.Forms() {
				forms = append(forms, string(f))
			}
			oneOf(ch, at+"form", cal.Form, forms...)
		}
		oneOf(ch, at+"kind", cal.Kind, string(sigpost.EventMeeting), string(sigpost.EventSummit))
		if cal.Zone != "" {
			checkZone(ch, at+"zone", cal.Zone)
		}
	}
}

// checkSource checks an address that a calendar is fetched from.
func checkSource(ch *checker, path, address string) {
	address = strings.Replace(address, "webcal://", "https://", 1)
	checkURL(ch, path, address)
	if u, err := url.Parse(address); err == nil {
		if _, set := u.User.Password(); set {
			ch.add(path, "a password does not belong into this file: put the whole address into a file and name it with url_file")
		}
	}
}

func (c *Config) checkSummits(ch *checker) {
	for i, s := range c.Summits {
		at := fmt.Sprintf("summit[%d].", i)
		required(ch, at, "summit", s.Title)
		checkZone(ch, at+"zone", s.Zone)
		switch first, last := s.First.AsTime(time.UTC), s.Last.AsTime(time.UTC); {
		case s.First == (tomlfile.LocalDate{}) || s.Last == (tomlfile.LocalDate{}):
			ch.add(at+"first", "the summit %q needs its first and its last day, such as 2016-04-25", s.Title)
		case last.Before(first):
			ch.add(at+"last", "the summit %q ends before it begins", s.Title)
		}
		checkLinks(ch, at, s.Links)
		if strings.Contains(s.Schedule, "://") {
			checkSource(ch, at+"schedule", s.Schedule)
		}
		for j, session := range s.Sessions {
			at := fmt.Sprintf("summit[%d].session[%d].", i, j)
			required(ch, at, "session", session.Title)
			if session.Start == (tomlfile.LocalDateTime{}) {
				ch.add(at+"start", "the session %q has no start", session.Title)
			} else if day := session.Start.LocalDate; day.AsTime(time.UTC).Before(s.First.AsTime(time.UTC)) || day.AsTime(time.UTC).After(s.Last.AsTime(time.UTC)) {
				ch.add(at+"start", "the session %q is on %s, which is no day of the summit", session.Title, day)
			}
			checkURL(ch, at+"url", session.URL)
		}
	}
}

func checkLinks(ch *checker, at string, links []Link) {
	for i, l := range links {
		at := fmt.Sprintf("%slinks[%d].", at, i)
		if l.Title == "" {
			ch.add(at+"title", "a link needs a title and a url")
		}
		if l.URL == "" {
			ch.add(at+"url", "a link needs a title and a url")
		}
		checkURL(ch, at+"url", l.URL)
	}
}

func (c *Config) checkDigests(ch *checker) {
	n, lists := newNames("digest"), c.listNames()
	for i, d := range c.Digests {
		at := fmt.Sprintf("digest[%d].", i)
		n.check(ch, at+"name", d.Name)
		for _, l := range d.Lists {
			lists.refer(ch, at+"lists", l)
		}
		if len(d.Lists) == 0 {
			ch.empty(at+"lists", "for all of them")
		}
		if d.Title == "" {
			ch.empty(at+"title", "for the digest's short name")
		}
		if d.ListID == "" {
			ch.empty(at+"list_id", "for its name and the domain of the from address: readers filter by it")
		}
		checkZone(ch, at+"zone", d.Zone)
		for _, l := range c.Lists {
			if l.ListID != "" && strings.EqualFold(l.ListID, d.ListID) {
				ch.add(at+"list_id", "the digest %q would have the List-Id of the list %q, and all that list's mail would be taken for our own: give the digest another list_id than %s", d.Name, l.Name, d.ListID)
			}
		}
		if d.From == "" {
			ch.add(at+"from", "the digest %q has no from address", d.Name)
		} else {
			checkAddress(ch, at+"from", d.From)
		}
		for key, v := range map[string]string{"reply_to": d.ReplyTo, "unsubscribe_mailto": d.UnsubscribeMailto, "service_address": d.ServiceAddress} {
			if v != "" {
				checkAddress(ch, at+key, v)
			}
		}
		for _, addr := range d.Maintainers {
			checkAddress(ch, at+"maintainers", addr)
		}
		checkCadence(ch, at, d)
		c.checkEditions(ch, at, d)
		checkReview(ch, at, d)
		for _, topic := range d.Topics {
			if _, ok := sigpost.ParseTag(topic); !ok {
				ch.add(at+"topics", "%q is no topic: write its kind and name, such as \"project:kuryr\" (\"sigpost topics\" lists them)", topic)
			}
		}
		oneOf(ch, at+"empty", d.Empty, "skip", "always")
		if info, err := os.Stat(c.Path(d.Templates)); d.Templates != "" && (err != nil || !info.IsDir()) {
			ch.add(at+"templates", "there is no folder %s, from which the digest %q would have its templates", c.Path(d.Templates), d.Name)
		}
		if d.UnsubscribeMailto == "" && c.Web.URL == "" {
			ch.add(at+"unsubscribe_mailto", "readers of %q could not unsubscribe: give unsubscribe_mailto, or web.url with \"sigpost serve\" behind it", d.Name)
		}
		if c.SMTP.Host == "" {
			ch.add(ch.first("", "smtp.host", at+"name"), "the digest %q cannot be sent without [smtp] host", d.Name)
		}
	}
}

// checkCadence checks how often a digest comes. Keys that say nothing for the
// cadence are refused: somebody expects something of them.
func checkCadence(ch *checker, at string, d Digest) {
	oneOf(ch, at+"every", d.Every, "day", "week", "month")
	monthly := d.Every == "month"
	if d.Nth != "" {
		oneOf(ch, at+"nth", d.Nth, "first", "second", "third", "fourth", "last")
	}
	weekly := d.Every == "week" || monthly && ch.lines.of(at+"nth") > 0 || slices.Contains(d.Editions, "week")
	if ch.lines.of(at+"weekday") > 0 && !weekly {
		ch.add(at+"weekday", "weekday says on which day of the week the digest comes, and goes with every = \"week\", or with every = \"month\" and nth")
	}
	if d.Weekday < 0 || d.Weekday > Weekday(time.Saturday) { // numbers are read too, and 1 is Monday
		ch.add(at+"weekday", "weekday is a day's name in English, such as \"monday\"")
	}
	switch {
	case !monthly && d.Nth != "":
		ch.add(at+"nth", "nth says on which weekday of the month the digest comes, and goes with every = \"month\"")
	case !monthly && d.Day != 0:
		ch.add(at+"day", "day says on which day of the month the digest comes, and goes with every = \"month\"")
	case d.Nth != "" && d.Day != 0:
		ch.add(at+"day", "a monthly digest comes on a day of the month or on the nth weekday of it: give one of the two")
	case monthly && d.Nth == "" && (d.Day < 1 || d.Day > 31):
		ch.add(at+"day", "%d is no day of the month: write 1 to 31, which is the last one of shorter months", d.Day)
	}
}

func checkReview(ch *checker, at string, d Digest) {
	oneOf(ch, at+"review", d.Review, ReviewNone, ReviewByHand, ReviewDeadline)
	checkDuration(ch, at+"deadline", d.Deadline)
	for _, editor := range d.Editors {
		checkAddress(ch, at+"editors", editor)
	}
	switch {
	case d.Review == ReviewDeadline && len(d.Editors) == 0:
		ch.add(at+"review", "the issues of %q would approve themselves without anybody having been asked: name the editors, or set review = \"none\"", d.Name)
	case d.Review == ReviewNone && len(d.Editors) > 0:
		ch.add(at+"editors", "the digest %q has editors, and review = \"none\" never asks them: set \"by hand\" or \"deadline\"", d.Name)
	}
}

func (c *Config) checkSMTP(ch *checker) {
	if c.SMTP.Host == "" {
		return // nothing is sent: said above where it matters
	}
	c.checkRelay(ch, "smtp.", c.SMTP.Relay)
	for i, r := range c.SMTP.Fallbacks {
		at := fmt.Sprintf("smtp.fallback[%d].", i)
		if r.Host == "" {
			ch.add(at+"host", "a fallback needs a host")
		} else {
			c.checkRelay(ch, at, r)
		}
	}
	for i, l := range c.SMTP.Domains {
		at := fmt.Sprintf("smtp.domain[%d].", i)
		if len(l.Names) == 0 {
			ch.add(at+"names", "a limit needs the names of its domains, such as [\"example.org\"]")
		}
		if l.Rate < 0 || l.Connections < 0 || l.Rate == 0 && l.Connections == 0 {
			ch.add(at+"rate", "a limit needs more than 0 letters a second, or a number of connections, or both")
		}
	}
	oneOf(ch, "smtp.unknown", c.SMTP.Unknown, "hold", "resend")
	if c.SMTP.Operator != "" {
		checkAddress(ch, "smtp.operator", c.SMTP.Operator)
	}
}

func (c *Config) checkRelay(ch *checker, at string, r Relay) {
	checkServer(ch, at, r.Server, false)
	account, err := find("account", c.Accounts, func(a Account) string { return a.Name }, r.OAuthAccount)
	switch {
	case r.OAuthAccount == "":
		checkPassword(ch, at, r.Server)
	case err != nil:
		ch.add(at+"oauth_account", "%v", err)
	case account.Auth != "oauth":
		ch.add(at+"oauth_account", "the account %q does not log in with auth = \"oauth\"", r.OAuthAccount)
	case r.Username == "":
		ch.add(at+"oauth_account", "a username is needed, too: the address whose token it is")
	case count(r.PasswordFile, r.PasswordEnv) > 0:
		ch.add(at+"oauth_account", "a password beside a token is not used: remove password_file and password_env")
	}
	if r.Connections < 1 || r.Connections > 100 {
		ch.add(at+"connections", "%d connections: give 1 to 100", r.Connections)
	}
	if r.LettersPerConnection < 0 {
		ch.add(at+"letters_per_connection", "cannot be less than 0, which is any number")
	}
	if r.Rate < 0 {
		ch.add(at+"rate", "cannot be less than 0, which is any number a second")
	}
}

func (c *Config) checkBounces(ch *checker) {
	for key, v := range map[string]int{"hard": c.Bounces.Hard, "soft": c.Bounces.Soft, "days": c.Bounces.Days, "rest_days": c.Bounces.RestDays} {
		if v < 1 || v > 1000 {
			ch.add("bounces."+key, "%d is no number of letters or days from 1 to 1000", v)
		}
	}
}

func (c *Config) checkWeb(ch *checker) {
	for _, p := range c.Web.TrustedProxies {
		if _, err := Network(p); err != nil {
			ch.add("web.trusted_proxies", "%q is no address and no network of a proxy: write \"127.0.0.1\" or \"10.0.0.0/8\"", p)
		}
	}
	for _, o := range c.Web.CORSOrigins {
		if u, err := url.Parse(o); o != "*" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || o != u.Scheme+"://"+u.Host || u.Host == "" || o != strings.ToLower(o)) {
			ch.add("web.cors_origins", "%q is no origin of pages: write \"https://dashboard.example.org\" without anything behind it, or \"*\" for any", o)
		}
	}
	checkURL(ch, "web.url", c.Web.URL)
	if err := CheckListen(c.Web.Listen); err != nil {
		ch.add("web.listen", "%v", err)
	}
	if u, err := url.Parse(c.Web.URL); err == nil && u.Scheme == "http" && !Loopback(u.Host) {
		ch.add("web.url", "one-click unsubscribing needs https (RFC 8058, section 3.1); %s is http", c.Web.URL)
	}
	c.checkPeople(ch)
}

// CheckListen says what is wrong with an address to listen at.
func CheckListen(addr string) error {
	const example = "write it as in \"127.0.0.1:8420\""
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		if !strings.Contains(addr, ":") {
			return fmt.Errorf("%q needs a port: %s", addr, example)
		}
		return fmt.Errorf("%q is no address with a port: %s; an IPv6 address stands in brackets, as in \"[::1]:8420\"", addr, example)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q has no port from 0 to 65535: %s", addr, example)
	}
	if strings.ContainsAny(host, " /") {
		return fmt.Errorf("%q is no address with a port: %s", addr, example)
	}
	return nil
}

func (c *Config) checkPeople(ch *checker) {
	seen := map[string]bool{}
	for i, p := range c.Web.People {
		at := fmt.Sprintf("web.person[%d].", i)
		a, err := mail.ParseAddress(p.Address)
		switch key := strings.ToLower(p.Address); {
		case err != nil || a.Address != p.Address:
			ch.add(at+"address", "%q is no mail address alone: write \"name@example.org\"", p.Address)
		case seen[key]:
			ch.add(at+"address", "there are two [[web.person]] of the address %q: each has one role, which includes those below it", p.Address)
		default:
			seen[key] = true
		}
		if !slices.Contains(sigpost.Roles(), p.Role) {
			names := make([]string, len(sigpost.Roles()))
			for i, r := range sigpost.Roles() {
				names[i] = string(r)
			}
			hint := "it is one of " + strings.Join(names, ", ")
			if near := osa.Nearest(string(p.Role), names); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			ch.add(at+"role", "there is no role %q; %s", p.Role, hint)
		}
	}
	for key, v := range map[string][2]int{"session_days": {c.Web.SessionDays, 365}, "sign_in_minutes": {c.Web.SignInMinutes, 24 * 60}, "requests_per_minute": {c.Web.RequestsPerMinute, 1_000_000}} {
		if v[0] < 1 || v[0] > v[1] {
			ch.add("web."+key, "%d is not from 1 to %d", v[0], v[1])
		}
	}
}

// Network reads "10.0.0.0/8", or an address, which is a network of its own.
func Network(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(s)
}
