package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Announce is a channel that is told when an issue is out.
type Announce struct {
	Name string `toml:"name"`
	Kind string `toml:"kind"` // "slack" or "irc"
	// Digests are those of whose issues it is told.
	Digests []string `toml:"digests"`
	Timeout Duration `toml:"timeout"`
	// For kind = "slack".
	URLFile string `toml:"url_file"`
	URLEnv  string `toml:"url_env"`
	// For kind = "irc".
	Host         string `toml:"host"`
	TLS          string `toml:"tls"`
	AllowPlain   bool   `toml:"allow_plain"`
	CAFile       string `toml:"ca_file"`
	Nick         string `toml:"nick"`
	Channel      string `toml:"channel"`
	PasswordFile string `toml:"password_file"`
	PasswordEnv  string `toml:"password_env"`
}

// The kinds of Announce.
const (
	AnnounceSlack = "slack"
	AnnounceIRC   = "irc"
)

// Server is how an IRC server is reached.
func (a Announce) Server() Server {
	return Server{Host: a.Host, TLS: a.TLS, AllowPlain: a.AllowPlain, CAFile: a.CAFile, PasswordFile: a.PasswordFile, PasswordEnv: a.PasswordEnv, Timeout: a.Timeout}
}

// WebhookURL reads the URL of a Slack channel, which is a secret.
func (c *Config) WebhookURL(a Announce) (string, error) {
	return c.secret("the webhook of "+a.Name, a.URLFile, "url_file", a.URLEnv, "url_env")
}

// AnnouncePassword reads the password of an IRC server, "" where it has none.
func (c *Config) AnnouncePassword(a Announce) (string, error) {
	if count(a.PasswordFile, a.PasswordEnv) == 0 {
		return "", nil
	}
	return c.secret("the password of "+a.Name+" at "+a.Host, a.PasswordFile, "password_file", a.PasswordEnv, "password_env")
}

func (a *Announce) setDefaults(in keyLines, at string, digests []Digest) {
	or(in, at+"name", &a.Name, a.Kind)
	or(in, at+"timeout", &a.Timeout, Duration(30*time.Second))
	if a.Kind == AnnounceIRC {
		or(in, at+"tls", &a.TLS, "tls")
		or(in, at+"nick", &a.Nick, "sigpost")
	}
	or(in, at+"digests", &a.Digests, namesOf(digests, func(d Digest) string { return d.Name }))
}

// What RFC 2812, section 2.3.1, lets be a nick and a channel, without what would
// end a parameter.
var (
	nickName    = regexp.MustCompile("^[A-Za-z\\[\\]\\\\`_^{|}][A-Za-z0-9\\[\\]\\\\`_^{|}-]{0,29}$")
	channelName = regexp.MustCompile(`^[#&+!][^\x00-\x20,:\x7f]{1,49}$`)
)

func (c *Config) checkAnnounces(ch *checker) {
	n := newNames("announce")
	digests := newNames("digest")
	for _, d := range c.Digests {
		digests.seen[d.Name] = true
		digests.all = append(digests.all, d.Name)
	}
	for i, a := range c.Announces {
		at := fmt.Sprintf("announce[%d].", i)
		n.check(ch, at+"name", a.Name)
		oneOf(ch, at+"kind", a.Kind, AnnounceSlack, AnnounceIRC)
		for _, d := range a.Digests {
			digests.refer(ch, at+"digests", d)
		}
		if len(a.Digests) == 0 {
			ch.empty(at+"digests", "for all of them")
		}
		checkDuration(ch, at+"timeout", a.Timeout)
		irc := count(a.Host, a.TLS, a.CAFile, a.Nick, a.Channel, a.PasswordFile, a.PasswordEnv)
		switch a.Kind {
		case AnnounceSlack:
			if count(a.URLFile, a.URLEnv) != 1 {
				ch.add(at+"url_file", "%q needs the URL of its webhook, a secret, from one of url_file and url_env", a.Name)
			}
			if irc > 0 || a.AllowPlain {
				ch.add(at+"host", "%q is a channel of Slack: what is said of a server is for kind = \"irc\"", a.Name)
			}
		case AnnounceIRC:
			checkIRC(ch, at, a)
		}
	}
}

func checkIRC(ch *checker, at string, a Announce) {
	if count(a.URLFile, a.URLEnv) > 0 {
		ch.add(at+"url_file", "%q is a channel of IRC: url_file and url_env are for kind = \"slack\"", a.Name)
	}
	if !strings.Contains(a.Host, ":") {
		ch.add(at+"host", "%q needs the server and its port, such as \"irc.example.org:6697\"", a.Name)
	}
	oneOf(ch, at+"tls", a.TLS, "tls", "plain")
	if a.TLS == "plain" && count(a.PasswordFile, a.PasswordEnv) > 0 && !a.AllowPlain && !Loopback(a.Host) {
		ch.add(at+"tls", "tls = \"plain\" would send the password to %s for all to read: use \"tls\", or set allow_plain = true", a.Host)
	}
	if count(a.PasswordFile, a.PasswordEnv) > 1 {
		ch.add(at+"password_file", "%q has both password_file and password_env", a.Name)
	}
	if !nickName.MatchString(a.Nick) {
		ch.add(at+"nick", "%q cannot be a nick: a letter first, then letters, digits and dashes, at most 30", a.Nick)
	}
	if !channelName.MatchString(a.Channel) {
		ch.add(at+"channel", "%q cannot be a channel, such as \"#sig-openstack\"", a.Channel)
	}
}
