package message

import (
	"slices"
	"strings"

	"sigpost"
)

// readPeople fills Author and Sender.
func readPeople(m *sigpost.Message, h header, wrong *defects) {
	from, hasFrom := firstAddress(h.all("from"))
	sender, hasSender := firstAddress(h.all("sender"))
	if !hasFrom {
		if hasSender {
			from = sender
			wrong.add("it has no From field that can be read: the Sender was taken for the author")
		} else {
			wrong.add("it has no From field that can be read: its author is not known")
		}
	}
	m.Author = restoreAuthor(from, h)
	m.Sender = sender
	if !hasSender {
		// RFC 5322, section 3.6.2: without a Sender field it is the author.
		m.Sender = m.Author
	}
}

// firstAddress is the first address in the fields.
func firstAddress(values []string) (sigpost.Address, bool) {
	for _, v := range values {
		if all := parseAddresses(v); len(all) > 0 {
			return all[0], true
		}
	}
	return sigpost.Address{}, false
}

// restoreAuthor undoes what list software does to the From of domains with a
// strict DMARC policy (RFC 7960, section 4.1.3.1): it puts the list's own
// address there and keeps the author in another field. from is given back as
// it is where nothing was rewritten.
func restoreAuthor(from sigpost.Address, h header) sigpost.Address {
	name, hasVia := cutVia(from.Name)
	rewritten := isListAddress(from.Addr, h) ||
		hasVia && (h.has("x-original-from") || strings.EqualFold(from.Addr, cleanSpec(h.get("sender"))))
	if !rewritten {
		return from
	}
	for _, field := range []string{"x-original-from", "x-original-sender", "reply-to"} {
		for _, v := range h.all(field) {
			for _, a := range parseAddresses(v) {
				if !strings.Contains(a.Addr, "@") || strings.EqualFold(a.Addr, from.Addr) || isListAddress(a.Addr, h) {
					continue
				}
				if a.Name == "" {
					a.Name = name
				}
				a.Name, _ = cutVia(a.Name)
				return withoutEcho(a)
			}
		}
	}
	from.Name = name
	return withoutEcho(from)
}

// cutVia takes " via List" off a name.
func cutVia(name string) (string, bool) {
	i := strings.LastIndex(name, " via ")
	if i <= 0 {
		return name, false
	}
	name = strings.Trim(name[:i], " \"")
	if n := len(name); n >= 2 && name[0] == '\'' && name[n-1] == '\'' {
		name = name[1 : n-1]
	}
	return name, true
}

// isListAddress says whether addr is one that the list itself posts with: named
// by the fields that list software adds, or made of the List-Id
// ("foo@example.org" for "foo.example.org").
func isListAddress(addr string, h header) bool {
	if addr == "" {
		return false
	}
	lower := strings.ToLower(addr)
	for _, field := range []string{"list-post", "x-beenthere", "mailing-list"} {
		for _, v := range h.all(field) {
			if containsAddress(strings.ToLower(v), lower) {
				return true
			}
		}
	}
	return slices.Contains(listIDs(h), strings.Replace(lower, "@", ".", 1))
}

// containsAddress finds addr in s as a whole address, not as the end or the
// start of another one.
func containsAddress(s, addr string) bool {
	for {
		i := strings.Index(s, addr)
		if i < 0 {
			return false
		}
		end := i + len(addr)
		if (i == 0 || strings.IndexByte(" \t<:;,", s[i-1]) >= 0) &&
			(end == len(s) || strings.IndexByte(" \t>;,?", s[end]) >= 0) {
			return true
		}
		s = s[i+1:]
	}
}
