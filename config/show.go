package config

import (
	"encoding"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"sigpost/internal/tomlfile"
)

// Setting is a key of the configuration as it is in force.
type Setting struct {
	Key string `json:"key"` // such as "account[0].mailbox[1].list"
	// Value is null where there is none, and Mask in place of a secret.
	Value any `json:"value"`
	// Source is "default", "FILE:LINE", or notSet.
	Source string `json:"source"`
	// Reads says where what the key names is read from, when it is needed: a file, or an
	// environment variable. What is there is not looked at.
	Reads string `json:"reads,omitempty"`

	header, text string // as tomlfile.Entry has them
	none         bool
}

// notSet is the source of what is not written and has no default.
const notSet = "not set"

// Mask stands in the place of secrets, whatever their length.
const Mask = "********"

// Settings are all keys that there are, those without a value as well. Editions are
// not there beside their digests.
func (c *Config) Settings() ([]Setting, error) {
	shown := *c
	shown.Digests = slices.DeleteFunc(slices.Clone(c.Digests), func(d Digest) bool { return d.of != "" })
	entries, err := tomlfile.Flatten(&shown)
	if err != nil {
		return nil, err
	}
	lines := linesOf(c.text)
	var all []Setting
	for _, e := range entries {
		s := Setting{Key: e.Path, header: e.Header, text: e.Text, none: e.None}
		if e.Key != "" {
			s.Source, s.Reads = "default", c.reads(e)
			if line := lines.of(e.Path); line > 0 {
				s.Source = fmt.Sprintf("%s:%d", c.file, line)
				e.None, s.none = false, false // also where it is 0 or nothing
			}
			if s.none {
				s.Source = notSet
			}
			s.Value, s.text = masked(e)
		}
		all = append(all, s)
	}
	return all, nil
}

// reads is what Setting.Reads says of a key.
func (c *Config) reads(e tomlfile.Entry) string {
	name, ok := e.Value.Interface().(string)
	switch {
	case !ok || name == "":
		return ""
	case strings.HasSuffix(e.Key, "_env"):
		if os.Getenv(name) == "" {
			return "the environment variable " + name + ", which is not set"
		}
		return "the environment variable " + name
	case strings.HasSuffix(e.Key, "_file"):
		if _, err := os.Stat(c.Path(name)); os.IsNotExist(err) {
			return "the file " + c.Path(name) + ", which is not there"
		}
		return "the file " + c.Path(name)
	}
	return ""
}

// secretName is what keys of secrets are called. A key that ends in one of the
// suffixes names where something is, and is no secret itself.
var (
	secretName = regexp.MustCompile(`(?i)secret|password|passwd|passphrase|token|credential|private|apikey|api_key`)
	whereabout = []string{"_file", "_files", "_env"}
	// toldBy are keys of URLs that do something for whoever knows them.
	toldBy = regexp.MustCompile(`hook|ping`)
	// openNames are keys that are called so and are public all the same.
	openNames = map[string]bool{"token_url": true}
)

// IsSecret says whether a key of that name holds a secret.
func IsSecret(key string) bool {
	return secretName.MatchString(key) && !openNames[key] && !slices.ContainsFunc(whereabout, func(s string) bool { return strings.HasSuffix(key, s) })
}

// masked is the value of a key, and as TOML has it, without a secret.
func masked(e tomlfile.Entry) (value any, text string) {
	switch {
	case e.None:
		return nil, e.Text
	case IsSecret(e.Key):
		return Mask, tomlfile.Quote(Mask)
	}
	switch v := e.Value.Interface().(type) {
	case encoding.TextMarshaler:
		b, _ := v.MarshalText()
		return string(b), e.Text
	case string:
		if u, err := url.Parse(v); err == nil && u.Host != "" && toldBy.MatchString(e.Key) {
			v = u.Scheme + "://" + u.Host + "/" + Mask
			return v, tomlfile.Quote(v)
		}
		if open := maskURL(v); open != v {
			return open, tomlfile.Quote(open)
		}
	}
	return e.Value.Interface(), e.Text
}

// maskURL takes a password, and what parameters give as a secret, out of a URL.
func maskURL(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return Mask // there may be anything in it
	}
	changed := false
	if _, has := u.User.Password(); has {
		u.User, changed = url.UserPassword(u.User.Username(), "x"), true
	}
	q := u.Query()
	for name := range q {
		if secretName.MatchString(name) || strings.EqualFold(name, "key") || strings.EqualFold(name, "sig") {
			q[name], changed = []string{Mask}, true
		}
	}
	if !changed {
		return s
	}
	u.RawQuery = q.Encode()
	return strings.Replace(u.String(), ":x@", ":"+Mask+"@", 1)
}

// WriteSettings writes them as a configuration that can be read, and means the same:
// what has no value stands in comments, and where each comes from behind it.
func WriteSettings(w io.Writer, all []Setting) error {
	var b strings.Builder
	for _, s := range all {
		switch {
		case s.header != "" && s.none:
			fmt.Fprintf(&b, "\n# %s  # none\n", s.header)
		case s.header != "":
			fmt.Fprintf(&b, "\n%s\n", s.header)
		default:
			name := s.Key[strings.LastIndexByte(s.Key, '.')+1:]
			line, comment := name+" = "+s.text, s.Source
			if s.none {
				line = strings.TrimSuffix(tomlfile.Comment(name+" = "+s.text), " ")
			}
			if s.Reads != "" {
				comment += "; reads " + s.Reads
			}
			fmt.Fprintf(&b, "%s  # %s\n", line, strings.Map(printing, comment))
		}
	}
	_, err := io.WriteString(w, strings.TrimLeft(b.String(), "\n"))
	return err
}

// printing keeps a comment on its line.
func printing(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
