package config

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"regexp"
	"strings"

	"sigpost"
)

// DKIM is a key that signs letters (RFC 6376).
type DKIM struct {
	Domain   string `toml:"domain"`
	Selector string `toml:"selector"`
	KeyFile  string `toml:"key_file"`
	KeyEnv   string `toml:"key_env"`
}

// Name is where the key's public half is published.
func (k DKIM) Name() string { return k.Selector + "._domainkey." + k.Domain }

// DNS says who is asked for names.
type DNS struct {
	// Resolver is host:port; the system's where it is "".
	Resolver string   `toml:"resolver"`
	Timeout  Duration `toml:"timeout"`
}

// Check is what "sigpost doctor" cannot find out by itself.
type Check struct {
	// SendFrom are the addresses from which other servers get the letters.
	SendFrom []string `toml:"send_from"`
}

// hostName is a domain as the DNS has it, in lower case.
var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// CheckDKIMName says what is wrong with a domain and a selector.
func CheckDKIMName(domain, selector string) error {
	for _, v := range []struct{ what, name, such string }{{"domain", domain, "example.org"}, {"selector", selector, "s2026"}} {
		switch {
		case v.name == "":
			return fmt.Errorf("the DKIM key has no %s, such as %q", v.what, v.such)
		case strings.IndexFunc(v.name, func(r rune) bool { return r > '~' }) >= 0:
			return fmt.Errorf("the %s %q of a DKIM key has to be written as the DNS has it, such as \"xn--mnchen-3ya.example\"", v.what, v.name)
		case len(v.name) > 200 || !hostName.MatchString(v.name):
			return fmt.Errorf("%q cannot be the %s of a DKIM key: write it in lower-case letters, digits and dashes, such as %q", v.name, v.what, v.such)
		case v.what == "domain" && !strings.Contains(v.name, "."):
			return fmt.Errorf("%q cannot be the domain of a DKIM key: it has no dot, as %q has", v.name, v.such)
		}
	}
	return nil
}

func (c *Config) checkDKIM(ch *checker) {
	seen := map[string]bool{}
	for i, k := range c.DKIM {
		at := fmt.Sprintf("dkim[%d].", i)
		if err := CheckDKIMName(k.Domain, k.Selector); err != nil {
			key := "domain"
			if CheckDKIMName(k.Domain, "s") == nil {
				key = "selector"
			}
			ch.add(at+key, "%v", err)
		}
		if n := count(k.KeyFile, k.KeyEnv); n != 1 {
			ch.add(ch.first(at, "key_file", "key_env"), "the DKIM key %s must have one of key_file and key_env; it has %d (\"sigpost dkim new\" makes a key)", k.Name(), n)
		}
		if seen[k.Name()] {
			ch.add(at+"selector", "there are two DKIM keys %s: each needs a selector of its own", k.Name())
		}
		seen[k.Name()] = true
	}
}

func (c *Config) checkDNS(ch *checker) {
	if c.DNS.Resolver != "" {
		if _, err := netip.ParseAddrPort(c.DNS.Resolver); err != nil {
			ch.add("dns.resolver", "%q is no address and port, such as \"192.0.2.53:53\"", c.DNS.Resolver)
		}
	}
	checkDuration(ch, "dns.timeout", c.DNS.Timeout)
	for _, s := range c.Check.SendFrom {
		if _, err := netip.ParseAddr(s); err != nil {
			ch.add("check.send_from", "%q is no IP address, such as \"192.0.2.1\"", s)
		}
	}
}

// DKIMKey reads the private key, an *rsa.PrivateKey or ed25519.PrivateKey. It is
// read when it is needed, so that a changed one is seen.
func (c *Config) DKIMKey(k DKIM) (crypto.Signer, error) {
	what := "the DKIM key " + k.Name()
	text, err := c.secret(what, k.KeyFile, "key_file", k.KeyEnv, "key_env")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sigpost.Usage(fmt.Errorf("%w; \"sigpost dkim new --domain %s --selector %s\" makes one", err, k.Domain, k.Selector))
	}
	if err != nil {
		return nil, err
	}
	where := c.Path(k.KeyFile) + " (key_file)"
	if k.KeyEnv != "" {
		where = k.KeyEnv + " (key_env)"
	}
	key, err := parsePrivateKey([]byte(text))
	if err != nil {
		return nil, sigpost.Usage(fmt.Errorf("%s in %s: %w", what, where, err))
	}
	return key, nil
}

// parsePrivateKey reads a key in PEM form: PKCS #8, or PKCS #1 for RSA.
func parsePrivateKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is not in PEM form, which begins with -----BEGIN PRIVATE KEY-----")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("it is locked by a passphrase: write it without one")
		}
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return nil, errors.New("it is the public half; the private one signs")
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("it is locked by a passphrase: write it without one")
	default:
		return nil, fmt.Errorf("it is a %q, not a private key of RSA or Ed25519", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if bits := k.N.BitLen(); bits < 1024 {
			return nil, fmt.Errorf("it has %d bits; receivers take none below 1024, and want 2048", bits)
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, fmt.Errorf("it is a key of another kind (%T): DKIM knows RSA and Ed25519", key)
}
