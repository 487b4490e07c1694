package maildns

import (
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dmarc"
)

// dmarc looks for the author's policy, and whether a letter will satisfy it.
func (c *check) dmarc() {
	const about = "DMARC"
	at, record, err := c.policy()
	switch {
	case errors.Is(err, errNoPolicy):
		c.add(about, Severe, "publish a TXT record at _dmarc."+Organisation(c.From)+", to begin with \"v=DMARC1; p=none; rua=mailto:<who reads the reports>\"",
			"%s has no policy", c.From)
		record = &dmarc.Record{}
	case err != nil && at == "":
		c.noAnswer(about, "the policy of "+c.From, err)
		return
	case err != nil:
		c.add(about, Severe, "put it right", "the policy at %s is of no use: %v", at, err)
		record = &dmarc.Record{}
	default:
		policy := record.Policy
		if record.SubdomainPolicy != "" && at != "_dmarc."+c.From {
			policy = record.SubdomainPolicy
		}
		c.add(about, OK, "", "%s: what fails is to be treated as %q%s", at, policy, reportsOf(record))
	}
	c.alignment(record)
}

func reportsOf(r *dmarc.Record) string {
	if len(r.ReportURIAggregate) == 0 {
		return ", and nobody gets reports (rua)"
	}
	return ", and reports go to " + strings.Join(r.ReportURIAggregate, ", ")
}

var errNoPolicy = errors.New("no policy")

// policy finds the record that counts for the author's domain (RFC 7489, section
// 6.6.3). at is "" where the DNS did not answer.
func (c *check) policy() (at string, record *dmarc.Record, err error) {
	domains := []string{c.From}
	if org := Organisation(c.From); org != c.From {
		domains = append(domains, org)
	}
	for _, domain := range domains {
		texts, err := c.dns.LookupTXT(c.ctx, "_dmarc."+domain)
		if err != nil && !absent(err) {
			return "", nil, err
		}
		var records []string
		for _, t := range texts {
			if version, _, _ := strings.Cut(t, ";"); strings.TrimSpace(version) == "v=DMARC1" {
				records = append(records, t)
			}
		}
		at = "_dmarc." + domain
		switch len(records) {
		case 0:
			continue
		case 1:
			_, rest, _ := strings.Cut(records[0], ";")
			record, err = dmarc.Parse("v=DMARC1;" + strings.ToLower(rest))
			if err != nil {
				err = fmt.Errorf("%s: %s", strings.TrimPrefix(err.Error(), "dmarc: "), records[0])
			}
			return at, record, err
		}
		return at, nil, fmt.Errorf("there are %d of them, of which receivers take none", len(records))
	}
	return "", nil, errNoPolicy
}

// alignment says whether SPF or DKIM speaks for the author's domain.
func (c *check) alignment(r *dmarc.Record) {
	const about = "alignment"
	for domain := range c.proven {
		if Aligned(c.From, domain, r.DKIMAlignment == dmarc.AlignmentStrict) {
			c.add(about, OK, "", "the signature of %s speaks for %s", domain, c.From)
			return
		}
	}
	_, envelope, _ := cutAddress(c.Envelope)
	bySPF := Aligned(c.From, envelope, r.SPFAlignment == dmarc.AlignmentStrict)
	switch {
	case bySPF && c.allowed == yes:
		c.add(about, Warning, "sign with a key of "+c.From+": \"sigpost dkim new\"",
			"only SPF speaks for %s, which ends where a reader forwards a letter", c.From)
	case len(c.proven) > 0:
		c.add(about, Severe, "sign with a key of "+c.From+": \"sigpost dkim new\"", "letters are signed, but not in the name of %s itself, as its policy wants (adkim=s)", c.From)
	case len(c.Keys) == 0:
		c.add(about, Unknown, "mail yourself a letter and look for dmarc=pass", "whether anything speaks for %s depends on the server that delivers", c.From)
	default:
		c.add(about, Severe, "put right what is severe above", "nothing speaks for %s: neither SPF nor a signature", c.From)
	}
}
