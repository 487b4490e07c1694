package message

import (
	"strings"

	"sigpost"
)

const (
	// maxAddresses bounds how many addresses of one field are read.
	maxAddresses = 200
	// maxAddressField is how much of an address field is read, in bytes.
	maxAddressField = 16 << 10
)

// parseAddresses reads the mailboxes of an address field (RFC 5322, section
// 3.4) as tolerantly as a person would: unquoted commas in names, semicolons
// between addresses, brackets that are never closed, "user at example.org
// (Name)", "mailto:", encoded words in quoted strings. What has no address in
// it is passed over.
func parseAddresses(value string) []sigpost.Address {
	if len(value) > maxAddressField {
		value = strings.ToValidUTF8(value[:maxAddressField], "")
	}
	var out []sigpost.Address
	start, tried := 0, 0
	scan := addressScanner{s: value}
	for tries := 0; len(out) < maxAddresses && tries < 2*maxAddresses; tries++ {
		end := scan.next()
		// A piece without address is the front of a name with a comma in it.
		if end == len(value) || strings.ContainsAny(value[tried:end], "@<") || plainAt(value[tried:end]) != value[tried:end] {
			if a, ok := parseAddress(strings.Trim(value[start:end], " \t,;")); ok {
				out = append(out, a)
				start = end
			}
		}
		tried = end
		if end == len(value) {
			break
		}
	}
	return out
}

// addressScanner finds the commas and semicolons that stand between addresses.
type addressScanner struct {
	s string
	i int
}

// next moves behind the next separator and gives its place, or the length of
// the field at its end.
func (sc *addressScanner) next() int {
	depth := 0
	for ; sc.i < len(sc.s); sc.i++ {
		switch sc.s[sc.i] {
		case '\\':
			sc.i++
		case '"':
			if end := closingQuote(sc.s, sc.i); end > 0 && depth == 0 {
				sc.i = end
			}
		case '(':
			depth++
		case ')':
			depth = max(depth-1, 0)
		case '<':
			// A bracket that is never closed holds up to the next comma.
			if end := strings.IndexAny(sc.s[sc.i+1:], "<>"); end >= 0 && sc.s[sc.i+1+end] == '>' {
				sc.i += end + 1
			}
		case ',', ';':
			if depth == 0 {
				sc.i++
				return sc.i - 1
			}
		}
	}
	return len(sc.s)
}

// closingQuote is where the quoted string that opens at i ends; 0 where it
// does not.
func closingQuote(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return 0
}

// parseAddress reads one mailbox. It is false where there is no address.
func parseAddress(s string) (sigpost.Address, bool) {
	if name, spec, ok := strings.Cut(s, "[mailto:"); ok && strings.HasSuffix(spec, "]") { // as Outlook shows it
		s = name + "<" + strings.TrimSuffix(spec, "]") + ">"
	}
	s = strings.TrimSpace(withoutGroup(s))
	if strings.HasPrefix(s, "=?") && strings.HasSuffix(s, "?=") && !strings.ContainsAny(s, " \t") {
		// Some programs encode the address together with the name.
		if whole := strings.TrimSpace(decodeWords(s)); strings.Contains(whole, "@") {
			s = whole
		}
	}
	if s == "" {
		return sigpost.Address{}, false
	}
	open := openBracket(s)
	if open < 0 {
		return bareAddress(s)
	}
	spec, after, _ := strings.Cut(s[open+1:], ">")
	a := sigpost.Address{Name: displayName(strings.TrimRight(s[:open], " <")), Addr: cleanSpec(spec)}
	if a.Addr == "" {
		return sigpost.Address{}, false
	}
	if a.Name == "" {
		behind, note := splitComments(after)
		if a.Name = displayName(note); a.Name == "" && !strings.ContainsAny(behind, "<>@") {
			a.Name = displayName(behind)
		}
	}
	return withoutEcho(a), true
}

// openBracket is where the "<" of the address stands: of several the first that
// holds an address, as commas are forgotten between two; -1 where there is
// none.
func openBracket(s string) int {
	last := strings.LastIndexByte(s, '<')
	if last < 0 || closingQuoteAround(s, last) {
		return -1
	}
	for at := strings.IndexByte(s, '<'); at < last; {
		end := strings.IndexAny(s[at+1:], "<>")
		if s[at+1+end] == '>' && strings.Contains(s[at:at+1+end], "@") && !closingQuoteAround(s, at) {
			return at
		}
		at += 1 + strings.IndexByte(s[at+1:], '<')
	}
	return last
}

// withoutGroup takes the name of a group off its first address ("Team: a@b;",
// RFC 5322, section 3.4).
func withoutGroup(s string) string {
	colon := strings.IndexByte(s, ':')
	if colon < 0 {
		return s
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			if end := closingQuote(s, i); end > 0 {
				i = end
			}
		case '(':
			i = closingParen(s, i)
		case '@', '<':
			return s
		case ':':
			if strings.EqualFold(strings.TrimSpace(s[:i]), "mailto") {
				return s
			}
			return s[i+1:]
		}
	}
	return s
}

// closingQuoteAround says whether place i lies within a quoted string.
func closingQuoteAround(s string, i int) bool {
	quote := strings.IndexByte(s, '"')
	for quote >= 0 && quote < i {
		end := closingQuote(s, quote)
		if end == 0 {
			return false
		}
		if end > i {
			return true
		}
		next := strings.IndexByte(s[end+1:], '"')
		if next < 0 {
			return false
		}
		quote = end + 1 + next
	}
	return false
}

// bareAddress reads an address without brackets: "a@b", "a@b (Name)", "a at b
// (Name)" as web archives write it, "Name a@b", and a local part alone.
func bareAddress(s string) (sigpost.Address, bool) {
	s, note := splitComments(plainAt(s))
	name := displayName(note)
	s = strings.TrimSpace(s)
	if strings.HasSuffix(s, ":") { // an empty group (RFC 5322, section 3.4)
		return sigpost.Address{}, false
	}
	if quote := strings.Index(s, `"@`); quote > 0 { // a quoted local part
		if open := strings.LastIndexByte(s[:quote], '"'); open >= 0 {
			domain, _, _ := strings.Cut(s[quote+1:], " ")
			if name == "" {
				name = displayName(s[:open])
			}
			return withoutEcho(sigpost.Address{Name: name, Addr: cleanSpec(s[open:quote+1] + domain)}), true
		}
	}
	words := strings.Fields(s)
	for i, w := range words {
		if strings.Contains(w, "@") && !strings.HasPrefix(w, "=?") {
			// "joe @ example.org" is one address: RFC 5322, section 4.4.
			next := i + 1
			if strings.HasSuffix(w, "@") && next < len(words) {
				w += words[next]
				next++
			}
			w += strings.Join(dotted(words[next:]), "")
			if strings.HasPrefix(w, "@") && i > 0 {
				i--
				w = words[i] + w
			}
			if name == "" {
				name = displayName(strings.Join(words[:i], " "))
			}
			return withoutEcho(sigpost.Address{Name: name, Addr: cleanSpec(w)}), cleanSpec(w) != ""
		}
	}
	if len(words) == 1 && !strings.ContainsAny(s, `":`) && !strings.HasPrefix(s, "=?") {
		return withoutEcho(sigpost.Address{Name: name, Addr: cleanSpec(s)}), true
	}
	return sigpost.Address{}, false
}
