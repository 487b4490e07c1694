package config

import (
	"errors"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What single values have to be, wherever in a configuration they stand.

func checkDuration(ch *checker, path string, d Duration) {
	if time.Duration(d) < time.Second {
		ch.add(path, "%d has no unit: write it as \"90s\", \"30m\" or \"1h30m\"", int64(d))
	}
}

func count(values ...string) (n int) {
	for _, v := range values {
		if v != "" {
			n++
		}
	}
	return n
}

func required(ch *checker, at, what, title string) {
	if strings.TrimSpace(title) == "" {
		ch.add(at+"title", "the %s has no title", what)
	}
}

func oneOf(ch *checker, path, v string, allowed ...string) {
	for _, a := range allowed {
		if v == a {
			return
		}
	}
	quoted := make([]string, len(allowed))
	for i, a := range allowed {
		quoted[i] = strconv.Quote(a)
	}
	ch.add(path, "%q is none of %s", v, strings.Join(quoted, ", "))
}

func checkZone(ch *checker, path, zone string) {
	if zone == "" {
		ch.add(path, "the time zone is missing, such as \"America/Los_Angeles\"")
		return
	}
	if _, err := time.LoadLocation(zone); err != nil {
		ch.add(path, "%q is no time zone: use an IANA name, such as \"Europe/Berlin\"", zone)
	}
}

func checkAddress(ch *checker, path, address string) {
	if _, err := mail.ParseAddress(address); err != nil {
		ch.add(path, "%q is no mail address: write \"name@example.org\" or \"Name <name@example.org>\"", address)
	}
}

func checkURL(ch *checker, path, s string) {
	if s != "" && !isURL(s) {
		ch.add(path, "%q is no web address: it begins with https:// or http://", s)
	}
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// checkSecretURL says what is wrong with a web address, and nothing of what it is: who
// knows it can do what it is for.
func checkSecretURL(s string) error {
	if !isURL(s) {
		return errors.New("what stands there is no web address: it begins with https:// or http://")
	}
	return nil
}

// CheckWebhook is checkSecretURL for a webhook.
func CheckWebhook(webhook string) error {
	if u, err := url.Parse(webhook); err == nil && u.Scheme == "http" && !Loopback(u.Host) {
		return errors.New("it is not https, so everybody on the way could read it and post")
	}
	return checkSecretURL(webhook)
}
