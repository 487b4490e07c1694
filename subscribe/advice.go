package subscribe

import (
	"fmt"
	"slices"
	"strings"

	"sigpost/internal/osa"
)

// machines are mailboxes behind which nobody reads, or that must not be written
// to by a list (RFC 2142, section 3 and 5; RFC 5321, section 4.5.1): a letter to
// one of them is noise for those who run a domain, or comes back.
var machines = []string{"postmaster", "abuse", "mailer-daemon", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce", "bounces", "nobody", "devnull", "null", "majordomo", "listserv", "mailman"}

// listEnds are how lists name the mailboxes of their programs (RFC 2142, section
// 6, and Mailman's).
var listEnds = []string{"-request", "-owner", "-bounces", "-admin", "-subscribe", "-unsubscribe", "-join", "-leave", "-confirm"}

// roles are mailboxes that often several people read (RFC 2142, sections 2 and
// 4), of whom one cannot agree for all.
var roles = []string{"info", "admin", "administrator", "hostmaster", "webmaster", "root", "support", "sales", "marketing", "office", "contact", "help", "security", "noc", "team", "all", "everyone", "staff", "billing"}

// providers are domains at which very many people have their mail, and those that
// look like them and are real.
var providers = []string{"gmail.com", "googlemail.com", "mail.com", "ymail.com", "email.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "outlook.com", "outlook.de", "live.com",
	"msn.com", "yahoo.com", "yahoo.co.uk", "yahoo.co.jp", "yahoo.fr", "yahoo.de", "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net", "gmx.com", "gmx.at",
	"gmx.ch", "web.de", "t-online.de", "mail.ru", "yandex.ru", "yandex.com", "fastmail.com", "zoho.com", "qq.com", "163.com", "126.com", "redhat.com", "ibm.com", "intel.com"}

// CheckReader says why an address cannot be a reader's, for the person who gave
// it. own are addresses of the lists and of the publication itself: a letter to
// a list would go to everybody on it.
func CheckReader(addr string, own []string) error {
	local, domain, _ := strings.Cut(Key(addr), "@")
	base, _, _ := strings.Cut(local, "+")
	for _, o := range own {
		ownLocal, ownDomain, _ := strings.Cut(Key(o), "@")
		if domain == ownDomain && (base == ownLocal || isListProgram(base, ownLocal)) {
			return fmt.Errorf("%s is an address of the list or of this digest itself, so everything would go round in circles; give the address at which you read your own mail", Readable(addr))
		}
	}
	if slices.Contains(machines, base) {
		return fmt.Errorf("nobody reads %s as a person; give the address at which you read your own mail", Readable(addr))
	}
	for _, end := range listEnds {
		if strings.HasSuffix(base, end) && base != end {
			return fmt.Errorf("%s looks like the address of a list's program; give the address at which you read your own mail", Readable(addr))
		}
	}
	return nil
}

func isListProgram(local, list string) bool {
	return slices.ContainsFunc(listEnds, func(end string) bool { return local == list+end })
}

// Doubts are what the person who gave an address should look at once more: a
// mailbox that may not be theirs alone, a domain that is a letter away from one
// that very many people have. Nothing is put right behind their back.
func Doubts(addr string) []string {
	var doubts []string
	if role := RoleDoubt(addr); role != "" {
		doubts = append(doubts, role)
	}
	local, domain, _ := strings.Cut(Key(addr), "@")
	if near := nearProvider(domain); near != "" {
		doubts = append(doubts, fmt.Sprintf("Did you mean %s@%s?", addr[:len(local)], near))
	}
	return doubts
}

// RoleDoubt is that of Doubts about who reads a mailbox, which holds also for a
// letter that has arrived there; "" where it is a person's as far as its name says.
func RoleDoubt(addr string) string {
	local, _, _ := strings.Cut(Key(addr), "@")
	if base, _, _ := strings.Cut(local, "+"); !slices.Contains(roles, base) {
		return ""
	}
	return fmt.Sprintf("%s may be read by several people, and one of them cannot agree for the others.", Readable(addr))
}

// nearProvider is the provider that a domain is one slip away from.
func nearProvider(domain string) string {
	if slices.Contains(providers, domain) {
		return ""
	}
	for _, p := range providers {
		// A slip in a short name makes too many others, which are real.
		if len(p) >= 7 && osa.Distance(domain, p, 1) == 1 {
			return p
		}
	}
	return ""
}
