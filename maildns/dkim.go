package maildns

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// dkim has the signature of each key verified as a receiver does, and looks at
// what is published of it.
func (c *check) dkim() {
	const about = "DKIM"
	if len(c.Keys) == 0 {
		c.add(about, Unknown, "make a key with \"sigpost dkim new\"; or, if the server in [smtp] signs, mail yourself a letter and look for dkim=pass with header.d="+c.From,
			"sigpost has no key that signs for %s", c.From)
		return
	}
	onlyNew := true
	for _, k := range c.Keys {
		c.dkimKey(k)
		if _, ok := k.Public.(ed25519.PublicKey); !ok {
			onlyNew = false
		}
	}
	if onlyNew {
		c.add(about, Warning, "add a key of the other kind: \"sigpost dkim new --type rsa\"", "letters are signed with Ed25519 alone, which many receivers do not verify")
	}
}

func (c *check) dkimKey(k Key) {
	const about, record = "DKIM", "\"sigpost dkim record\" prints what to publish"
	texts, err := c.dns.LookupTXT(c.ctx, k.Name())
	switch {
	case err != nil && !absent(err):
		c.noAnswer(about, "the key "+k.Name(), err)
		return
	case len(texts) == 0:
		c.add(about, Severe, record, "there is no key at %s", k.Name())
		return
	case len(texts) > 1:
		c.add(about, Severe, "leave one of them; "+record, "there are %d records at %s, of which receivers take none", len(texts), k.Name())
		return
	}
	tags := parseTags(texts[0])
	if p, there := tags["p"]; there && p == "" {
		c.add(about, Severe, "make a key with another selector: \"sigpost dkim new\"", "the key %s is revoked: its record has an empty p=", k.Name())
		return
	}
	if why := c.verify(k); why != nil {
		if tags["p"] != parseTags(k.Record)["p"] {
			c.add(about, Severe, record, "the key at %s is another one than letters are signed with", k.Name())
		} else {
			c.add(about, Severe, record, "receivers do not take signatures of %s: %v", k.Name(), why)
		}
		return
	}
	c.proven[k.Domain] = true
	c.add(about, OK, "", "a letter signed with %s is verified (%s)", k.Name(), kindOf(k))
	if key, ok := k.Public.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
		c.add(about, Warning, "make one with \"sigpost dkim new\"", "the key %s has %d bits; large providers want 2048", k.Name(), key.N.BitLen())
	}
	if flags := strings.Split(tags["t"], ":"); slices.Contains(flags, "y") {
		c.add(about, Warning, "remove t=y from the record: receivers may treat letters as if they were not signed", "the key %s is being tested", k.Name())
	}
}

// verify has a probe verified.
func (c *check) verify(k Key) error {
	found, err := dkim.VerifyWithOptions(bytes.NewReader(k.Probe), &dkim.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) { return c.dns.LookupTXT(c.ctx, name) },
	})
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("the probe has %d signatures", len(found))
	}
	if err := found[0].Err; err != nil {
		return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "dkim: "))
	}
	return nil
}

func kindOf(k Key) string {
	switch key := k.Public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", key.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "a key of another kind"
}

// parseTags reads a tag-list (RFC 6376, section 3.2), without white space.
func parseTags(text string) map[string]string {
	tags := map[string]string{}
	for field := range strings.SplitSeq(text, ";") {
		name, value, ok := strings.Cut(field, "=")
		if ok {
			tags[strings.TrimSpace(name)] = strings.Join(strings.Fields(value), "")
		}
	}
	return tags
}
