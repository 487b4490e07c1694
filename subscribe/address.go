package subscribe

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Sizes in bytes, of RFC 5321, sections 4.5.3.1.1 to 4.5.3.1.3, the last less
// its angle brackets, and of RFC 1035, section 2.3.4.
const (
	maxLocal  = 64
	maxDomain = 253
	maxAddr   = 254
	maxLabel  = 63
	maxName   = 200
)

// ParseAddress takes "ada@example.org" or "Ada Lovelace <ada@example.org>" and
// gives the name, which may be empty, and the address as mail servers have it. The
// domain is in lower case (RFC 5321, section 2.4), an internationalised one in the
// form that the DNS has (A-labels of RFC 5890, section 2.3.2.1), so that both of
// its forms are one address. The local part is left as it is, "+" and all, but for
// NFC (RFC 6532, section 3.1); it may have letters of all scripts (RFC 6531). Local parts in quotes and addresses of hosts without
// a name are refused: hardly anybody has one, and much software breaks on them.
//
// The error says what is wrong, for the person who typed it.
func ParseAddress(s string) (name, addr string, err error) {
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) {
		return "", "", errors.New("the address is not in UTF-8")
	}
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		if !strings.HasSuffix(s, ">") {
			return "", "", fmt.Errorf("%q has a < without a > at the end", s)
		}
		if name, err = parseName(s[:open]); err != nil {
			return "", "", err
		}
		s = strings.TrimSpace(s[open+1 : len(s)-1])
	}
	if addr, err = parseAddrSpec(s); err != nil {
		return "", "", err
	}
	return name, addr, nil
}

// parseName takes a display name, plain or as a quoted-string (RFC 5322,
// section 3.2.4).
func parseName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s[1 : len(s)-1])
	}
	if len(s) > maxName {
		return "", fmt.Errorf("the name has more than %d bytes", maxName)
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return "", fmt.Errorf("the name %q has a control character", s)
		}
	}
	return strings.Join(strings.Fields(s), " "), nil
}

func parseAddrSpec(s string) (string, error) {
	if s == "" {
		return "", errors.New("there is no address")
	}
	if strings.ContainsAny(s, ",;") {
		return "", fmt.Errorf("%q looks like several addresses: give one at a time", s)
	}
	local, domain, found := strings.Cut(s, "@")
	switch {
	case !found:
		return "", fmt.Errorf("%q has no @ in it: an address looks like ada@example.org", s)
	case strings.Contains(domain, "@"):
		return "", fmt.Errorf("%q has more than one @: give one address", s)
	case local == "":
		return "", fmt.Errorf("%q has nothing before the @: who at %s is it?", s, domain)
	case domain == "":
		return "", fmt.Errorf("%q has nothing after the @: add the domain, as in %sexample.org", s, s)
	}
	if err := checkLocal(local); err != nil {
		return "", fmt.Errorf("%q: %w", s, err)
	}
	local = norm.NFC.String(local)
	domain, err := foldDomain(domain)
	if err != nil {
		return "", fmt.Errorf("%q: %w", s, err)
	}
	if len(local)+1+len(domain) > maxAddr {
		return "", fmt.Errorf("the address has more than %d bytes", maxAddr)
	}
	return local + "@" + domain, nil
}

// checkLocal wants a dot-atom (RFC 5322, section 3.2.3), extended by RFC 6532.
func checkLocal(local string) error {
	switch {
	case len(local) > maxLocal:
		return fmt.Errorf("there are more than %d bytes before the @", maxLocal)
	case strings.HasPrefix(local, `"`):
		return errors.New("quotes before the @ are not supported")
	case strings.HasPrefix(local, "."), strings.HasSuffix(local, "."), strings.Contains(local, ".."):
		return errors.New("dots before the @ have to be single ones, between other characters")
	}
	for _, r := range local {
		if !isWord(r) && !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r) {
			return fmt.Errorf("%s cannot stand before the @", describe(r))
		}
	}
	return nil
}

// lookup folds a domain as RFC 5891, section 5, and UTS 46 say, and refuses what
// cannot be looked up.
var lookup = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.Transitional(false))

// otherDots are what keyboards of some scripts write for a dot (UTS 46, section
// 4.5).
var otherDots = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".")

// foldDomain checks a domain and gives it in lower case and A-labels.
func foldDomain(domain string) (string, error) {
	domain = strings.ToLower(norm.NFC.String(otherDots.Replace(domain)))
	if err := checkDomain(domain); err != nil {
		return "", err
	}
	ascii, err := lookup.ToASCII(domain)
	if err != nil {
		return "", errors.New("there is no such domain: its letters do not go together (RFC 5892)")
	}
	if ascii != domain { // what was mapped may be what is refused
		if err := checkDomain(ascii); err != nil {
			return "", err
		}
	}
	return ascii, nil
}

// Key is what is the same for all ways to write an address: mailboxes that differ
// by case alone are one, though RFC 5321, section 2.4, lets them be two.
func Key(addr string) string { return strings.ToLower(addr) }

// Readable is an address with its domain as people write it.
func Readable(addr string) string {
	local, domain, found := strings.Cut(addr, "@")
	if unicode, err := lookup.ToUnicode(domain); found && err == nil {
		return local + "@" + unicode
	}
	return addr
}

// checkDomain wants the name of a host (RFC 5321, section 4.1.2; RFC 5890 for
// letters beyond ASCII).
func checkDomain(domain string) error {
	if domain[0] == '[' || net.ParseIP(domain) != nil {
		return errors.New("there has to be a domain's name after the @, not a number")
	}
	if len(domain) > maxDomain {
		return fmt.Errorf("the domain has more than %d bytes", maxDomain)
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		switch {
		case label == "":
			return errors.New("dots in the domain have to be single ones, between other characters")
		case len(label) > maxLabel:
			return fmt.Errorf("a part of the domain has more than %d bytes", maxLabel)
		case label[0] == '-' || label[len(label)-1] == '-':
			return errors.New("no part of the domain may begin or end with a dash")
		}
		for _, r := range label {
			if !isWord(r) && r != '-' {
				return fmt.Errorf("%s cannot stand in a domain", describe(r))
			}
		}
	}
	if len(labels) == 1 && domain != "localhost" {
		return fmt.Errorf("the domain needs a dot, as in %s.org", domain)
	}
	return nil
}

// isWord says whether r is a letter, a digit, or what some scripts need beside
// them.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

func describe(r rune) string {
	if unicode.IsSpace(r) {
		return "white space"
	}
	if !unicode.IsPrint(r) {
		return fmt.Sprintf("an invisible character (%U)", r)
	}
	return fmt.Sprintf("%q", r)
}

// MaskAddress shows enough of an address for its owner to know it, and too
// little for anybody else to use it: "a…@example.org".
func MaskAddress(addr string) string {
	addr = Readable(addr)
	at := strings.LastIndexByte(addr, '@')
	if at < 1 {
		return "…"
	}
	first, _ := utf8.DecodeRuneInString(addr)
	return string(first) + "…" + addr[at:]
}
