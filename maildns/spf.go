package maildns

import (
	"net"
	"net/netip"
	"strings"

	"blitiri.com.ar/go/spf"
)

// nobody is an address that no mail comes from (RFC 1112, section 4): what lets
// it send lets everybody.
var nobody = netip.MustParseAddr("240.0.0.1")

// spf asks whether the envelope sender's domain lets SendFrom send.
func (c *check) spf() {
	const about = "SPF"
	_, domain, ok := cutAddress(c.Envelope)
	if !ok {
		c.add(about, Severe, "look at from of the [[digest]]", "%q is no address that bounces can go to", c.Envelope)
		return
	}
	texts, err := c.dns.LookupTXT(c.ctx, domain)
	if err != nil && !absent(err) {
		c.noAnswer(about, "who may send for "+domain, err)
		return
	}
	var records []string
	for _, t := range texts {
		if version, _, _ := strings.Cut(t, " "); strings.EqualFold(version, "v=spf1") {
			records = append(records, t)
		}
	}
	switch len(records) {
	case 0:
		c.allowed = no
		c.add(about, Severe, "publish a TXT record such as \""+c.exampleSPF()+"\" there", "%s does not say who may send for it", domain)
		return
	case 1:
	default:
		c.allowed = no
		c.add(about, Severe, "make one of them: receivers take none of several (RFC 7208, section 4.5)", "%s has %d SPF records", domain, len(records))
		return
	}
	stranger, why := c.ask(nobody)
	if stranger == spf.Pass {
		c.add(about, Warning, "end it with -all or ~all", "%s lets everybody send for it: %s", domain, records[0])
	}
	if len(c.SendFrom) == 0 {
		c.spfWithoutAddress(domain, records[0], stranger, why)
		return
	}
	c.allowed = yes
	for _, addr := range c.SendFrom {
		c.spfOf(domain, records[0], addr)
	}
}

// exampleSPF is a record for this sender.
func (c *check) exampleSPF() string {
	record := "v=spf1 "
	for _, addr := range c.SendFrom {
		kind := "ip4:"
		if addr.Unmap().Is6() {
			kind = "ip6:"
		}
		record += kind + addr.Unmap().String() + " "
	}
	if len(c.SendFrom) == 0 {
		record += "include:<what your provider says> "
	}
	return record + "-all"
}

func (c *check) ask(addr netip.Addr) (spf.Result, error) {
	local, domain, _ := cutAddress(c.Envelope)
	return spf.CheckHostWithSender(net.IP(addr.AsSlice()), c.Hello, local+"@"+domain, spf.WithContext(c.ctx), spf.WithResolver(c.dns))
}

// spfOf says what the record means for one address.
func (c *check) spfOf(domain, record string, addr netip.Addr) {
	const about = "SPF"
	result, why := c.ask(addr)
	switch result {
	case spf.Pass:
		c.add(about, OK, "", "%s lets %s send for it", domain, addr)
		return
	case spf.TempError:
		c.allowed = min(c.allowed, notKnown)
		c.noAnswer(about, "whether "+domain+" lets "+addr.String()+" send", why)
		return
	case spf.PermError:
		c.add(about, Severe, "put the record right", "the SPF record of %s is broken (%v): %s", domain, why, record)
	default:
		c.add(about, Severe, "put the address into the record, such as \""+c.exampleSPF()+"\"", "%s does not let %s send for it (%s): %s", domain, addr, result, record)
	}
	c.allowed = no
}

// spfWithoutAddress says what can be said where nobody knows who delivers.
func (c *check) spfWithoutAddress(domain, record string, stranger spf.Result, why error) {
	switch stranger {
	case spf.PermError:
		c.allowed = no
		c.add("SPF", Severe, "put the record right", "the SPF record of %s is broken (%v): %s", domain, why, record)
	case spf.TempError:
		c.noAnswer("SPF", "who may send for "+domain, why)
	default:
		c.add("SPF", Unknown, "set [check] send_from, or see that the record has what your mail provider says", "the record of %s is well-formed, and whether it has the server that delivers is not known: %s", domain, record)
	}
}

// cutAddress takes an address apart.
func cutAddress(addr string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 || at == len(addr)-1 {
		return addr, "", false
	}
	return addr[:at], ASCII(addr[at+1:]), true
}

func trimDot(name string) string { return strings.TrimSuffix(name, ".") }
