package message

import (
	"strings"

	"sigpost"
)

// dotted gives the words at the front that go on with a domain that has white
// space around its dots.
func dotted(words []string) []string {
	n := 0
	for n < len(words) && (strings.HasPrefix(words[n], ".") || n > 0 && strings.HasSuffix(words[n-1], ".")) {
		n++
	}
	return words[:n]
}

// closingParen is where the comment that opens at i ends, or the end of s.
func closingParen(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s)
}

// splitComments takes the comments (RFC 5322, section 3.2.2) out of s, nested
// ones with the one that they are in, and gives their texts.
func splitComments(s string) (plain, note string) {
	if strings.IndexByte(s, '(') < 0 {
		return s, ""
	}
	var out, notes strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		into := &out
		switch {
		case c == '\\' && i+1 < len(s):
			if depth > 0 {
				into = &notes
			} else {
				into.WriteByte(c)
			}
			i++
			c = s[i]
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			if depth++; depth == 1 {
				if notes.Len() > 0 {
					notes.WriteByte(' ')
				}
				continue
			}
			into = &notes
		case c == ')' && depth > 0:
			if depth--; depth == 0 {
				out.WriteByte(' ')
				continue
			}
			into = &notes
		case depth > 0:
			into = &notes
		}
		into.WriteByte(c)
	}
	return out.String(), notes.String()
}

// withoutComments is s without its comments.
func withoutComments(s string) string {
	plain, _ := splitComments(s)
	return plain
}

// plainAt undoes the common ways to hide an address from harvesters: "joe at
// example.org", "joe (a) example.org", "joe[at]example[dot]org".
func plainAt(s string) string {
	if strings.IndexByte(s, '@') >= 0 {
		return s
	}
	for _, at := range []string{" at ", " AT ", "(at)", "[at]", "{at}", "(a)", "[a]", "(AT)", "[AT]", "{AT}", "( at )", "[ at ]", " -at- ", "_at_", "＠", "&#64;"} {
		before, after, ok := strings.Cut(s, at)
		if !ok || strings.TrimSpace(before) == "" {
			continue
		}
		host := plainDots(strings.TrimLeft(after, " "))
		if first, _, _ := strings.Cut(host, " "); strings.Contains(first, ".") {
			return strings.TrimRight(before, " ") + "@" + host
		}
	}
	return s
}

// plainDots undoes the hiding of dots in the host of an address.
func plainDots(host string) string {
	for _, dot := range []string{" dot ", " DOT ", "(dot)", "[dot]", "{dot}", "(DOT)", "[DOT]", "{DOT}", "( dot )", "[ dot ]", " -dot- ", "_dot_", "[.]", "(.)"} {
		for {
			before, after, ok := strings.Cut(host, dot)
			if !ok {
				break
			}
			host = strings.TrimRight(before, " ") + "." + strings.TrimLeft(after, " ")
		}
	}
	return host
}

// cleanSpec gives an addr-spec without the white space, brackets, comments,
// route (RFC 5322, section 4.4) and scheme that may be around it.
func cleanSpec(s string) string {
	s = strings.Join(strings.Fields(cleanText(s)), " ")
	s = withoutComments(plainAt(s))
	if !strings.Contains(s, `"@`) {
		s = strings.ReplaceAll(s, " ", "")
		s = strings.Trim(s, `"`)
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s, _, _ = strings.Cut(s[7:], "?")
	}
	if strings.HasPrefix(s, "@") {
		s = s[strings.LastIndexByte(s, ':')+1:]
	}
	s = strings.Trim(s, "<>,;' ")
	if !strings.Contains(s, "@[") { // else a domain literal
		s = strings.Trim(s, "[]")
	}
	return s
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
	_, domain, at := strings.Cut(a.Name, "@")
	if at && strings.Contains(domain, ".") && !strings.Contains(a.Name, " ") || strings.EqualFold(a.Name, a.Addr) {
		a.Name = ""
	}
	return a
}
