package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/calendar"
	"sigpost/config"
	"sigpost/fetch"
	"sigpost/ingest"
	"sigpost/maildns"
)

// lookAtNames looks up every host that the configuration names.
func (d *Doctor) lookAtNames(x *examination) {
	type host struct{ name, item string }
	var hosts []host
	add := func(item, name string, isName bool) {
		if isName && !slices.ContainsFunc(hosts, func(h host) bool { return h.name == name }) {
			hosts = append(hosts, host{name, item})
		}
	}
	addServer := func(item, hostport string) {
		name, isName := hostOf(hostport)
		add(item, name, isName)
	}
	addURL := func(item, address string) {
		if u, err := url.Parse(address); err == nil {
			addServer(item, u.Hostname())
		}
	}
	for _, a := range x.config.Accounts {
		addServer("account "+a.Name, a.Host)
	}
	if x.config.SMTP.Host != "" {
		for i, r := range x.config.SMTP.Relays() {
			addServer(relayKey(i), r.Host)
		}
	}
	addURL("web.url", x.config.Web.URL)
	for _, s := range x.bare.eventSources() {
		if address, err := s.address(); err == nil {
			addURL(s.name, address)
		}
	}
	for _, c := range x.config.Announces {
		addServer("announce "+c.Name, c.Host)
	}
	x.each(len(hosts), func(i int, x *examination) {
		h := hosts[i]
		addresses, err := net.DefaultResolver.LookupHost(x.ctx, h.name)
		var answer *net.DNSError
		switch {
		case err == nil:
			x.ok(h.item, "%s is %s", h.name, strings.Join(addresses, ", "))
		case errors.As(err, &answer) && answer.IsNotFound:
			x.add(LevelError, h.item, "put the name right in the configuration", "there is no host %s", h.name)
		default:
			x.add(LevelError, h.item, "see to this machine's resolver (/etc/resolv.conf) and to the network", "the DNS does not say where %s is: %v", h.name, err)
		}
	})
	if len(hosts) == 0 {
		x.ok("names", "the configuration names no host that has to be looked up")
	}
}

// lookAtMailboxes tries each account, and says how far its mailboxes have been read.
func (d *Doctor) lookAtMailboxes(x *examination) {
	reachable := make([]bool, len(x.config.Accounts))
	if !x.Offline {
		x.each(len(x.config.Accounts), func(i int, x *examination) {
			account := x.config.Accounts[i]
			var names []string
			for _, m := range account.Mailboxes {
				names = append(names, m.Name)
			}
			ia, err := x.bare.imapAccount(account)
			if err == nil {
				err = ingest.Check(x.ctx, ia, names)
			}
			if reachable[i] = err == nil; reachable[i] {
				x.ok("account "+account.Name, "%s takes the login and has %d mailbox(es)", account.Host, len(names))
			} else {
				x.add(LevelError, "account "+account.Name, x.loginAdvice(account, err)+": no mail of it is read", "%v", err)
			}
		})
	}
	if len(x.config.Accounts) == 0 {
		x.ok("accounts", "there is none: mail comes in by \"sigpost import\"")
		return
	}
	a := x.archived()
	if a == nil {
		return
	}
	all, err := a.status(x.ctx, false)
	if x.failed(LevelError, "mailboxes", x.unread(), err) {
		return
	}
	for _, m := range all {
		x.lookAtMailbox(m)
	}
}

// loginAdvice says what to do about an account that cannot be read.
func (x *examination) loginAdvice(account config.Account, err error) string {
	switch {
	case !errors.Is(err, ingest.ErrAuthentication):
		return "see to the server, or put the account right in the configuration"
	case account.Auth == string(ingest.AuthOAuth):
		return "have \"sigpost login " + account.Name + "\" ask for leave anew, or put username and scopes right"
	case account.Auth == string(ingest.AuthAnonymous):
		return "set auth = \"password\" with username and password_file"
	}
	return "put the password right in " + x.config.PasswordPlace(account.Server) + ", or username in the configuration"
}

func (x *examination) lookAtMailbox(m MailboxStatus) {
	const status = "\"sigpost ingest --status\" says more"
	switch {
	case !m.Failing.IsZero():
		x.add(LevelError, m.Mailbox, status, "every fetch has failed since %s: %s", dayAndTime(m.Failing), m.Failure)
	case m.Complete.IsZero():
		x.add(LevelNote, m.Mailbox, "\"sigpost run\" reads it", "it has never been read to its end")
	case x.Now().Sub(m.Complete) > 8*24*time.Hour:
		x.add(LevelWarning, m.Mailbox, "see that \"sigpost run\" or \"sigpost serve\" runs", "it was last read on %s", dayAndTime(m.Complete))
	default:
		x.ok(m.Mailbox, "last read to its end on %s", dayAndTime(m.Complete))
	}
	if n := len(m.Gaps); n > 0 {
		x.add(LevelWarning, m.Mailbox, "\"sigpost quarantine retry\" asks for them again", "%d of its messages could not be fetched", n)
	}
}

func dayAndTime(t time.Time) string { return t.UTC().Format("Monday 2 January 2006 15:04 MST") }

// lookAtRelays tries each mail server, TLS and login included.
func (d *Doctor) lookAtRelays(x *examination) {
	if x.config.SMTP.Host == "" {
		x.add(LevelNote, "smtp", "set [smtp] host to send letters", "there is no mail server: nothing is sent")
		return
	}
	relays := x.config.SMTP.Relays()
	x.each(len(relays), func(i int, x *examination) { x.lookAtRelay(i, relays[i]) })
}

func (x *examination) lookAtRelay(i int, relay config.Relay) {
	key, login := relayKey(i), "without a login"
	if relay.Username != "" {
		login = "and it takes the login of " + relay.Username
	}
	if relay.TLS == "plain" && !config.Loopback(relay.Host) {
		secret := ""
		if relay.Username != "" {
			secret = ", and so does the password"
		}
		x.add(LevelError, key, "set "+key+".tls = \"starttls\"", "letters go to %s in clear text%s", relay.Host, secret)
		return
	}
	failing := LevelError
	if i > 0 { // there are others
		failing = LevelWarning
	}
	switch err := x.bare.tryRelay(x.ctx, relay); {
	case err != nil:
		x.add(failing, key, "put "+key+" right: host, port and tls as the server offers them, ca_file where your own authority signed its certificate, username and password; if all of that is right, see that the server runs and that no firewall is between", "no letters can go to %s (%s): %v", relay.Host, relay.TLS, err)
	case relay.TLS == "plain":
		x.add(LevelNote, key, "see that it uses TLS where it passes letters on, such as smtp_tls_security_level = may in Postfix", "letters go to a server on this machine, %s, %s", relay.Host, login)
	default:
		x.ok(key, "letters go to %s encrypted (%s), %s", relay.Host, relay.TLS, login)
	}
}

// lookAtSender looks at each digest as a large mailbox provider does: the form of its
// letters, and who may send and sign them by the DNS.
func (d *Doctor) lookAtSender(x *examination) {
	a, err := x.blank()
	if x.failed(LevelError, "letters", "\"sigpost check\" says more", err) {
		return
	}
	c := x.config
	dns := maildns.NewResolver(c.DNS.Resolver, time.Duration(c.DNS.Timeout))
	if len(c.Digests) == 0 {
		x.add(LevelNote, "letters", "write a [[digest]]", "the configuration has no digest, so no letters are sent")
	}
	x.each(len(c.Digests), func(i int, x *examination) {
		g := c.Digests[i]
		var r mailFindings
		probe := a.checkLetter(&r, g)
		sender := a.mailSender(&r, g, probe)
		x.dns(g.Name, append(r.found, maildns.Check(x.ctx, dns, sender)...))
	})
}

// lookAtDoor calls the one-click door as it is from this machine.
func (d *Doctor) lookAtDoor(x *examination) {
	a, err := x.blank()
	if x.failed(LevelError, "one click", "\"sigpost check\" says more", err) {
		return
	}
	x.dns("", a.checkDoor(x.ctx, lookupHere))
}

// lookAtChannels tries where issues are announced.
func (d *Doctor) lookAtChannels(x *examination) {
	if len(x.config.Announces) == 0 {
		x.ok("channels", "issues are announced nowhere")
	}
	x.each(len(x.config.Announces), func(i int, x *examination) {
		c := x.config.Announces[i]
		item := "announce " + c.Name
		const do = "put [[announce]] right, or see to the server"
		if c.Kind == config.AnnounceSlack {
			if _, err := x.bare.webhook(c); !x.failed(LevelError, item, do, err) {
				x.ok(item, "the webhook's URL is there; whether it works shows when an issue is announced")
			}
			return
		}
		irc, err := x.bare.ircChannel(c)
		if err == nil && !x.Offline {
			err = irc.Check(x.ctx)
		}
		if !x.failed(LevelError, item, do, err) && !x.Offline {
			x.ok(item, "%s takes us in as %s", c.Host, c.Nick)
		}
	})
}

// lookAtCalendars fetches each source and keeps nothing, and says of what is kept how
// old it is.
func (d *Doctor) lookAtCalendars(x *examination) {
	sources := x.bare.eventSources()
	if len(sources) == 0 {
		x.ok("calendars", "the configuration names no calendar to fetch")
		return
	}
	kept := map[string]CalendarStatus{}
	if a := x.archived(); a != nil {
		_, all, err := a.gather(x.ctx)
		x.failed(LevelError, "calendars", "put right what it names; \"sigpost calendar\" says more", err)
		for _, s := range all {
			kept[s.Name] = s
		}
	}
	x.each(len(sources), func(i int, x *examination) {
		status := kept[sources[i].name]
		err := errors.New(status.Failure)
		if status.Failure == "" {
			err = nil
		}
		read := status.Events
		if !x.Offline {
			read, status.Refused, err = x.bare.fetchOnly(x.ctx, sources[i])
		}
		x.lookAtCalendar(sources[i].name, status, read, err)
	})
}

func (x *examination) lookAtCalendar(name string, kept CalendarStatus, read int, err error) {
	const do = "put the address right, or see to whoever publishes it; \"sigpost calendar\" says more"
	switch old := x.Now().Sub(kept.Confirmed) >= stale; {
	case err != nil && kept.Confirmed.IsZero():
		x.add(LevelError, name, do, "it was never read: %v", err)
	case err != nil && old:
		x.add(LevelError, name, do, "%s: %v", confirmedWords(kept.Confirmed), err)
	case err != nil:
		x.add(LevelWarning, name, do, "the copy of %s serves: %v", dayAndTime(kept.Confirmed), err)
	case x.Offline && kept.Confirmed.IsZero():
		x.add(LevelNote, name, "\"sigpost calendar fetch\" reads it", "it was never read")
	case x.Offline && old:
		x.add(LevelWarning, name, "\"sigpost calendar fetch\" reads it", "%s", confirmedWords(kept.Confirmed))
	default:
		x.ok(name, "%d read, %d left out", read, len(kept.Refused))
	}
	if n := len(kept.Refused); err == nil && n > 0 {
		x.add(LevelNote, name, "\"sigpost calendar show\" says why", "%d of its events are left out", n)
	}
}

// fetchOnly reads a source as it is now, and keeps nothing.
func (a *App) fetchOnly(ctx context.Context, s eventSource) (events int, refused []calendar.Refusal, err error) {
	address, err := s.address()
	if err != nil {
		return 0, nil, err
	}
	_, err = fetch.New(a.now).Update(ctx, sigpost.Copy{Name: s.name}, address, func(body []byte) (err error) {
		events, refused, err = s.read(&gathered{events: a.Config.Events()}, body)
		return err
	})
	return events, refused, err
}

// mailFindings gathers what is found about letters.
type mailFindings struct{ found []maildns.Finding }

func (r *mailFindings) add(about string, s maildns.Severity, do, format string, args ...any) {
	r.found = append(r.found, maildns.Finding{Check: about, Severity: s, What: fmt.Sprintf(format, args...), Do: do})
}
