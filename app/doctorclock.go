package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigpost/deliver"
)

// How far clocks may be apart. Beyond the second, logins, certificates and signatures
// are refused by some.
const (
	clockOff  = time.Minute
	clockFar  = 5 * time.Minute
	clockWait = 10 * time.Second
)

// witness is somebody else's clock. ok is false where it says no time.
type witness struct {
	item string
	ask  func(ctx context.Context) (at time.Time, ok bool, err error)
}

// lookAtClock compares this machine's clock with those of others: what the database's
// server says, the Date of web servers (RFC 9110, section 6.6.1), and the greetings of
// mail servers that have one. IMAP servers say no time.
func (d *Doctor) lookAtClock(x *examination) {
	witnesses := x.witnesses()
	agreed := make([]string, len(witnesses))
	x.each(len(witnesses), func(i int, x *examination) {
		w := witnesses[i]
		ctx, cancel := context.WithTimeout(x.ctx, clockWait)
		defer cancel()
		before := x.machine.clock()
		at, ok, err := w.ask(ctx)
		if err != nil || !ok { // that it cannot be reached is said elsewhere
			return
		}
		// It was read at some time in between; a Date has whole seconds.
		took := x.machine.clock().Sub(before)
		switch off := at.Sub(before.Add(took / 2)); {
		case off.Abs() <= clockOff+took/2:
			agreed[i] = w.item
		default:
			level, which := LevelWarning, "ahead of"
			if off.Abs() > clockFar {
				level = LevelError
			}
			if off < 0 {
				which = "behind"
			}
			x.add(level, w.item, "set the clock of whichever is wrong, and have it kept (timedatectl set-ntp true)", "its clock is %s %s this machine's", off.Abs().Round(time.Second), which)
		}
	})
	agreed = slices.DeleteFunc(agreed, func(s string) bool { return s == "" })
	switch {
	case len(agreed)+len(x.found) == 0:
		x.add(LevelNote, "clock", "compare that with a clock that is right, and have this one kept (timedatectl says whether it is)", "nobody could be asked what time it is: for this machine it is %s", x.machine.clock().UTC().Format("2006-01-02 15:04:05 MST"))
	case len(agreed) > 0:
		x.ok("clock", "within a minute of %s", strings.Join(agreed, ", "))
	}
}

// witnesses are whose clocks can be asked for.
func (x *examination) witnesses() (all []witness) {
	if e, err := x.tables(); err == nil && !e.missing {
		all = append(all, witness{"database", func(ctx context.Context) (time.Time, bool, error) { return e.Clock(ctx) }})
	}
	if x.Offline {
		return all
	}
	if x.config.SMTP.Host != "" {
		for i, r := range x.config.SMTP.Relays() {
			all = append(all, witness{relayKey(i), func(ctx context.Context) (time.Time, bool, error) {
				server, err := x.bare.serverOf(r)
				if err != nil {
					return time.Time{}, false, err
				}
				greeting, err := deliver.Greeting(ctx, server)
				at, ok := dateIn(greeting)
				return at, ok, err
			}})
		}
	}
	web := func(item, address string) {
		u, err := url.Parse(strings.Replace(address, "webcal://", "https://", 1))
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			all = append(all, witness{item, func(ctx context.Context) (time.Time, bool, error) { return dateOf(ctx, u) }})
		}
	}
	web("web.url", x.config.Web.URL)
	hosts := map[string]bool{}
	for _, s := range x.bare.eventSources() {
		address, err := s.address()
		if u, bad := url.Parse(address); err == nil && bad == nil && !hosts[u.Host] {
			hosts[u.Host] = true
			web(s.name, address)
		}
	}
	return all
}

// dateOf is what a web server's answer is dated.
func dateOf(ctx context.Context, u *url.URL) (time.Time, bool, error) {
	root := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, root.String(), nil)
	if err != nil {
		return time.Time{}, false, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return time.Time{}, false, errors.Unwrap(err)
	}
	defer res.Body.Close()
	at, err := http.ParseTime(res.Header.Get("Date"))
	if age := res.Header.Get("Age"); age != "" && age != "0" {
		return at, false, nil // a copy that somebody kept
	}
	return at, err == nil, nil
}

// mailDate is a date as RFC 5322 has it, which many servers greet with.
var mailDate = regexp.MustCompile(`(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}`)

func dateIn(greeting string) (time.Time, bool) {
	text := mailDate.FindString(greeting)
	if _, after, ok := strings.Cut(text, ", "); ok {
		text = after
	}
	at, err := time.Parse("2 Jan 2006 15:04:05 -0700", text)
	return at, err == nil
}

// hostOf is the host of "host:port", and whether it is a name that has to be looked up.
func hostOf(hostport string) (host string, name bool) {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return host, net.ParseIP(host) == nil && host != "" && host != "localhost"
}
