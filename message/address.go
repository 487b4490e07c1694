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
	for len(out) < maxAddresses {
		end := scan.next()
		// A piece without address is the front of a name with a comma in it.
		if end == len(value) || strings.ContainsAny(value[tried:end], "@<") || strings.Contains(value[tried:end], " at ") {
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
	s = strings.TrimSpace(s)
	if s == "" {
		return sigpost.Address{}, false
	}
	open := strings.LastIndexByte(s, '<')
	if open >= 0 && closingQuoteAround(s, open) {
		open = -1
	}
	if open < 0 {
		return bareAddress(s)
	}
	spec, after, _ := strings.Cut(s[open+1:], ">")
	a := sigpost.Address{Name: displayName(s[:open]), Addr: cleanSpec(spec)}
	if a.Addr == "" {
		return sigpost.Address{}, false
	}
	if a.Name == "" {
		a.Name = displayName(comment(after))
	}
	return withoutEcho(a), true
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
	name := displayName(comment(s))
	if i := strings.IndexByte(s, '('); i >= 0 {
		if _, after, ok := strings.Cut(s[i:], ")"); ok {
			s = s[:i] + " " + after
		} else {
			s = s[:i]
		}
	}
	s = strings.TrimSpace(s)
	if strings.HasSuffix(s, ":") { // an empty group (RFC 5322, section 3.4)
		return sigpost.Address{}, false
	}
	if !strings.Contains(s, "@") {
		s = strings.Replace(s, " at ", "@", 1)
	}
	words := strings.Fields(s)
	for i, w := range words {
		if strings.Contains(w, "@") {
			if name == "" {
				name = displayName(strings.Join(words[:i], " "))
			}
			return withoutEcho(sigpost.Address{Name: name, Addr: cleanSpec(w)}), cleanSpec(w) != ""
		}
	}
	if len(words) == 1 && !strings.ContainsAny(s, `":`) {
		return withoutEcho(sigpost.Address{Name: name, Addr: cleanSpec(s)}), true
	}
	return sigpost.Address{}, false
}

// comment is the text of the first comment in s, or "".
func comment(s string) string {
	_, inside, ok := strings.Cut(s, "(")
	if !ok {
		return ""
	}
	if end := strings.LastIndexByte(inside, ')'); end >= 0 {
		inside = inside[:end]
	}
	return inside
}

// cleanSpec gives an addr-spec without the white space, brackets, route (RFC
// 5322, section 4.4) and scheme that may be around it.
func cleanSpec(s string) string {
	s = strings.Join(strings.Fields(cleanText(s)), " ")
	if !strings.Contains(s, "@") {
		s = strings.Replace(s, " at ", "@", 1)
	}
	s = strings.ReplaceAll(s, " ", "")
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") {
		s = s[strings.LastIndexByte(s, ':')+1:]
	}
	return strings.Trim(s, "<>,;[]'\"")
}

// displayName makes a name for people of a phrase (RFC 5322, section 3.2.5):
// quotes and backslashes go, encoded words are decoded wherever they stand.
func displayName(s string) string {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, `"\`) {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			switch {
			case s[i] == '"':
			case s[i] == '\\' && i+1 < len(s):
				i++
				b.WriteByte(s[i])
			default:
				b.WriteByte(s[i])
			}
		}
		s = b.String()
	}
	s = oneLine(decodeWords(s))
	s = strings.Trim(s, " \",")
	if n := len(s); n >= 2 && s[0] == '\'' && s[n-1] == '\'' {
		s = s[1 : n-1]
	}
	return s
}

// withoutEcho drops a name that is only an address: what readers are shown of
// an author is never an addr-spec.
func withoutEcho(a sigpost.Address) sigpost.Address {
	if strings.Contains(a.Name, "@") && !strings.Contains(a.Name, " ") || strings.EqualFold(a.Name, a.Addr) {
		a.Name = ""
	}
	return a
}
