package maildns

import (
	"context"
	"crypto"
	"fmt"
	"net/netip"
)

// Severity says how much a finding matters.
type Severity string

// The severities. Severe is what makes large providers refuse letters or put
// them aside; Unknown is what cannot be found out from here.
const (
	OK      Severity = "ok"
	Unknown Severity = "unknown"
	Warning Severity = "warning"
	Severe  Severity = "severe"
)

// Finding is what was found out about one thing.
type Finding struct {
	Check    string   `json:"check"` // such as "SPF"
	Severity Severity `json:"severity"`
	What     string   `json:"what"`
	Do       string   `json:"do,omitempty"` // what to do about it
}

// Sender is who sends letters. Its domains may be written in any script.
type Sender struct {
	From     string // the domain of the author's address (RFC5322.From)
	Envelope string // the address that bounces go to (RFC5321.MailFrom)
	Hello    string // the name that the sending server greets with; may be ""
	// SendFrom are the addresses that others get the letters from; none where
	// they are not known.
	SendFrom []netip.Addr
	Keys     []Key
	// Mailboxes are other domains that readers write to.
	Mailboxes []string
}

// Key is a key that signs the sender's letters.
type Key struct {
	Domain, Selector string
	Public           crypto.PublicKey
	Record           string // that should be published
	Probe            []byte // a letter that this key alone has signed
}

// Name is where the key is published.
func (k Key) Name() string { return k.Selector + "._domainkey." + k.Domain }

// check is one under way.
type check struct {
	ctx context.Context
	dns *Resolver
	Sender
	findings []Finding

	proven  map[string]bool // the domains by which a signature was verified
	allowed verdict         // what SPF says of all of SendFrom
}

// verdict is what is known of something.
type verdict int

const (
	notKnown verdict = iota
	no
	yes
)

// Check finds out about a sender all that the DNS tells.
func Check(ctx context.Context, dns *Resolver, s Sender) []Finding {
	c := &check{ctx: ctx, dns: dns, Sender: s, proven: map[string]bool{}}
	c.From = ASCII(s.From)
	c.mailboxes()
	c.spf()
	c.dkim()
	c.dmarc()
	c.reverse()
	return c.findings
}

func (c *check) add(about string, s Severity, do, format string, args ...any) {
	c.findings = append(c.findings, Finding{about, s, fmt.Sprintf(format, args...), do})
}

// noAnswer is for errors that say nothing about the sender.
func (c *check) noAnswer(about, what string, err error) {
	c.add(about, Unknown, "try again; if it stays so, look at [dns] resolver", "the DNS does not say %s: %v", what, err)
}

// mailboxes looks whether answers and bounces can be delivered.
func (c *check) mailboxes() {
	c.takesMail(c.From, Severe)
	_, envelope, _ := cutAddress(c.Envelope)
	seen := map[string]bool{c.From: true, "": true}
	for _, domain := range append([]string{envelope}, c.Mailboxes...) {
		domain = ASCII(domain)
		if !seen[domain] {
			c.takesMail(domain, Warning)
		}
		seen[domain] = true
	}
}

// takesMail looks for where mail to a domain goes (RFC 5321, section 5.1).
func (c *check) takesMail(domain string, s Severity) {
	const about, do = "mailboxes", "receivers refuse letters that cannot be answered: publish an MX record"
	mx, err := c.dns.LookupMX(c.ctx, domain)
	switch {
	case err == nil && len(mx) == 1 && mx[0].Host == ".":
		c.add(about, s, "take another domain, or remove that record", "%s says that it takes no mail (a null MX, RFC 7505)", domain)
		return
	case err == nil && len(mx) > 0:
		c.add(about, OK, "", "%s takes mail at %s", domain, trimDot(mx[0].Host))
		return
	case err != nil && !absent(err):
		c.noAnswer(about, "where mail to "+domain+" goes", err)
		return
	}
	switch _, err := c.dns.LookupIPAddr(c.ctx, domain); {
	case err == nil:
		c.add(about, OK, "", "%s takes mail itself: it has an address, and no MX", domain)
	case absent(err):
		c.add(about, s, do, "mail to %s goes nowhere: the domain has neither MX nor address", domain)
	default:
		c.noAnswer(about, "where mail to "+domain+" goes", err)
	}
}

// reverse looks for the names of the addresses, and whether those lead back.
func (c *check) reverse() {
	const about, do = "reverse DNS", "ask whoever gave you the address to set its PTR record to a name of yours, and give that name this address"
	for _, addr := range c.SendFrom {
		names, err := c.dns.LookupAddr(c.ctx, addr.String())
		if err != nil && !absent(err) {
			c.noAnswer(about, "the name of "+addr.String(), err)
			continue
		}
		if len(names) == 0 {
			c.add(about, Severe, do, "%s has no name (PTR)", addr)
			continue
		}
		if name := c.leadsBack(names, addr); name != "" {
			c.add(about, OK, "", "%s is %s, and that is %s", addr, name, addr)
		} else {
			c.add(about, Severe, do, "%s is called %s, which has not that address", addr, trimDot(names[0]))
		}
	}
	if len(c.SendFrom) == 0 {
		c.add(about, Unknown, "set [check] send_from, if that server is yours; a provider sees to it for theirs", "it is not known from which address letters are sent")
	}
}

func (c *check) leadsBack(names []string, addr netip.Addr) string {
	for _, name := range names {
		addrs, _ := c.dns.LookupIPAddr(c.ctx, name) // a name without any does not lead back
		for _, a := range addrs {
			if ip, ok := netip.AddrFromSlice(a.IP); ok && ip.Unmap() == addr.Unmap() {
				return trimDot(name)
			}
		}
	}
	return ""
}
