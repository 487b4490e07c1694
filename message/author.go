package message

import (
	"slices"
	"strings"
	"unicode"

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
		} else if from.Name = nameAlone(h.get("from")); from.Name != "" {
			wrong.add("its From field has no address")
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

// nameAlone is the name in a field that has no address: "Mail Daemon <>". An
// empty group is nobody's name.
func nameAlone(field string) string {
	if strings.HasSuffix(strings.TrimSpace(field), ";") {
		return ""
	}
	return displayName(strings.Trim(field, "<> \t"))
}

// firstAddress is the first address in the fields.
func firstAddress(values []string) (sigpost.Address, bool) {
	for _, v := range values {
		if all := parseAddresses(v); len(all) > 0 {
			return all[0], true
		}
	}
	// Some encode the address together with the name.
	for _, v := range values {
		if plain := decodeWords(v); plain != v {
			if all := parseAddresses(oneLine(plain)); len(all) > 0 {
				return all[0], true
			}
		}
	}
	return sigpost.Address{}, false
}

// restoreAuthor undoes what list software does to the From of domains with a
// strict DMARC policy (RFC 7960, section 4.1.3.1): it puts the list's own
// address there and keeps the author in another field, or inside the new
// address. from is given back as it is where nothing was rewritten.
func restoreAuthor(from sigpost.Address, h header) sigpost.Address {
	hidden := hiddenAddress(from.Addr)
	certain := hidden != "" || isListAddress(from.Addr, h)
	if !certain && !h.has("x-original-from") && !h.has("x-original-sender") && !h.has("author") && !(h.has("sender") && strings.EqualFold(from.Addr, cleanSpec(h.get("sender")))) && !repliesElsewhere(from, h) {
		return from
	}
	name, hasVia := cutVia(from.Name, from.Addr)
	if !certain && !hasVia {
		return from
	}
	for _, field := range []string{"author", "x-original-from", "x-original-sender", "reply-to"} {
		for _, v := range h.all(field) {
			for _, a := range parseAddresses(v) {
				if !strings.Contains(a.Addr, "@") || strings.EqualFold(a.Addr, from.Addr) || isListAddress(a.Addr, h) {
					continue
				}
				if a.Name == "" {
					a.Name = name
				}
				a.Name, _ = cutVia(a.Name, from.Addr)
				return withoutEcho(a)
			}
		}
		if field == "x-original-sender" && hidden != "" {
			return withoutEcho(sigpost.Address{Name: name, Addr: hidden})
		}
	}
	// Mailman puts the author into Cc where answers go to the list.
	for _, a := range parseAddresses(h.get("cc")) {
		if hasVia && name != "" && strings.EqualFold(a.Name, name) {
			return withoutEcho(a)
		}
	}
	from.Name = name
	return withoutEcho(from)
}

// repliesElsewhere says whether answers to from, who writes to their own
// address, go to one of the same name: a list without the fields of RFC 2369.
func repliesElsewhere(from sigpost.Address, h header) bool {
	name, hasVia := cutVia(from.Name, from.Addr)
	if !hasVia || !containsAddress(strings.ToLower(h.get("to")+", "+h.get("cc")), strings.ToLower(from.Addr)) {
		return false
	}
	for _, a := range parseAddresses(h.get("reply-to")) {
		if strings.EqualFold(a.Name, name) && !strings.EqualFold(a.Addr, from.Addr) {
			return true
		}
	}
	return false
}

// hiddenAddress is the address that is written inside another one, where that is
// how a list makes room for its own domain: "joe=40example.org@dmarc.list.example"
// and "joe=example.org@groups.example". It is "" where there is none.
func hiddenAddress(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return ""
	}
	local, domain := addr[:at], strings.ToLower(addr[at+1:])
	if user, host, ok := cutLast(local, "=40"); ok && user != "" && strings.Contains(host, ".") {
		return user + "@" + host
	}
	if user, host, ok := cutLast(local, "="); ok && user != "" && strings.Contains(host, ".") &&
		!strings.ContainsAny(user, "+=") && (domain == "groups.io" || strings.HasSuffix(domain, ".groups.io") || strings.HasPrefix(domain, "dmarc.")) {
		return user + "@" + host
	}
	return ""
}

func endsWithAny(s string, ends ...string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(s, end) })
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// cutVia takes " via List" off a name, also where the list's software has
// translated the word. The list posts as addr.
func cutVia(name, addr string) (string, bool) {
	cut := -1
	for _, via := range []string{
		" via ", " Via ", " über ", " par ", " por medio de ", " por ", " a través de ", " através de ", " tramite ", " przez ", " przez: ",
		" через ", " door ", " prin ", " prostřednictvím ", " genom ", " kautta ", " aracılığıyla ", " 経由 ", " 通过 ", " 透過 ", " 을 통해 ", " באמצעות ", " μέσω ", " gennem ", " gjennom ", " přes ", " preko ", " pomocou ", " namens ", " em nome de ", " عبر ",
	} {
		if i := strings.LastIndex(name, via); i > cut {
			cut = i
		}
	}
	// In brackets, as some lists have it, and behind the list's name, as some
	// languages do.
	for _, open := range [...]string{" (", " [", "（"} {
		i := strings.LastIndex(name, open)
		if i <= 0 {
			continue
		}
		inner := " " + strings.TrimRight(name[i+len(open):], ")]） ")
		if startsWithAny(inner, " via ", " über ", " через ", " μέσω ") || endsWithAny(inner, "経由", " aracılığıyla", " keresztül") {
			cut = i
		}
	}
	if cut <= 0 {
		cut = viaBehind(name, addr)
	}
	if cut <= 0 {
		return name, false
	}
	name = strings.Trim(name[:cut], " \",")
	if n := len(name); n >= 2 && name[0] == '\'' && name[n-1] == '\'' {
		name = name[1 : n-1]
	}
	return name, true
}

// viaBehind is where the list begins in a name whose language puts "via" behind
// it, as in "Ana Lee, Sig aracılığıyla" and "Ana Lee a(z) Sig listán keresztül";
// -1 where there is none. Without a comma, quotes or an article between them, the
// list is what its address spells, or one word.
func viaBehind(name, addr string) int {
	with := strings.TrimRight(name, " \"")
	rest, ok := cutAnySuffix(with, " aracılığıyla", " aracılığı ile", " üzerinden", " vasıtasıyla", " listán keresztül", " levelezőlistán keresztül", " csoporton keresztül", " keresztül")
	if !ok {
		return -1
	}
	for _, sep := range []string{", ", "' ", "\" ", " a(z) ", " az ", " a "} {
		if i := strings.LastIndex(rest, sep); i > 0 {
			return i + strings.Index(sep, " ")
		}
	}
	local, _, _ := strings.Cut(addr, "@")
	for i := strings.LastIndexByte(rest, ' '); i > 0; i = strings.LastIndexByte(rest[:i], ' ') {
		if lettersOnly(rest[i:]) == lettersOnly(local) {
			return i
		}
	}
	return strings.LastIndexByte(rest, ' ')
}

func cutAnySuffix(s string, suffixes ...string) (rest string, ok bool) {
	for _, end := range suffixes {
		if rest, ok = strings.CutSuffix(s, end); ok {
			return rest, true
		}
	}
	return s, false
}

// lettersOnly is s in lower case without anything but letters and digits.
func lettersOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// isListAddress says whether addr is one that the list itself posts with: named
// by the fields that list software adds, or made of the List-Id
// ("foo@example.org" for "foo.example.org").
func isListAddress(addr string, h header) bool {
	if addr == "" {
		return false
	}
	lower := strings.ToLower(addr)
	for _, f := range h.fields {
		switch f.name {
		case "list-post", "x-beenthere", "mailing-list":
			if containsAddress(strings.ToLower(f.value), lower) {
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
