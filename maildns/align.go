package maildns

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// ASCII is a domain as the DNS has it (RFC 5891, section 4.4), in lower case;
// what is no domain stays as it is.
func ASCII(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}

// Organisation is the domain that somebody registered, of which domain is one or
// a part (RFC 7489, section 3.2).
func Organisation(domain string) string {
	domain = ASCII(domain)
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}

// Aligned says whether one domain speaks for the other (RFC 7489, section 3.1):
// strictly if they are the same, else if one organisation has both.
func Aligned(a, b string, strict bool) bool {
	if a == "" || b == "" {
		return false
	}
	if strict {
		return ASCII(a) == ASCII(b)
	}
	return Organisation(a) == Organisation(b)
}
