package message

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// parseMediaType reads a Content-Type or Content-Disposition field (RFC 2045,
// section 5.1; RFC 2183) with its parameters, continued and encoded ones
// (RFC 2231) included. It is lenient where the standard library refuses the
// whole value: doubled semicolons, doubled parameters (the first counts),
// unquoted spaces, a missing closing quote.
//
// The value and the parameter names are in lower case; parameter values are
// decoded.
func parseMediaType(s string) (value string, params map[string]string) {
	value, rest, _ := strings.Cut(s, ";")
	value = strings.ToLower(strings.TrimSpace(value))
	if kind, sub, ok := strings.Cut(value, "/"); ok { // RFC 2045 allows white space here
		value = strings.TrimRight(kind, " \t") + "/" + strings.TrimLeft(sub, " \t")
	}
	if i := strings.IndexAny(value, " \t,("); i >= 0 {
		value = value[:i]
	}
	value = strings.Trim(value, `"'`)
	if rest == "" {
		return value, nil
	}
	params = map[string]string{}
	var parts []continued
	for n := 0; rest != "" && n < 100; n++ {
		var key, val string
		key, val, rest = cutParam(rest)
		if key == "" {
			continue
		}
		if name, section, ok := strings.Cut(key, "*"); ok {
			if c, ok := readSection(section); ok {
				c.name, c.text = name, val
				parts = append(parts, c)
			}
			continue
		}
		if _, twice := params[key]; !twice {
			params[key] = decodeWords(val)
		}
	}
	joinContinued(parts, params)
	return value, params
}

// cutParam takes one parameter off the front of s. Its key is empty where
// there was nothing but separators.
func cutParam(s string) (key, val, rest string) {
	s = strings.TrimLeft(s, "; \t")
	end := strings.IndexAny(s, "=;")
	if end < 0 || s[end] == ';' {
		_, rest, _ = strings.Cut(s, ";")
		return "", "", rest
	}
	key = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		val, rest, _ = strings.Cut(s, ";")
		return key, strings.TrimSpace(val), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case c == '"':
			_, rest, _ = strings.Cut(s[i+1:], ";")
			return key, b.String(), rest
		default:
			b.WriteByte(c)
		}
	}
	// The quote is never closed: it ends at the next semicolon.
	val, rest, _ = strings.Cut(s[1:], ";")
	return key, strings.TrimSpace(val), rest
}

// continued is a section of an RFC 2231 parameter: "name*" (section 4), or
// "name*0" and "name*1*" (section 3).
type continued struct {
	name, text string
	n          int
	encoded    bool
}

// readSection reads what stands behind the first "*" of a parameter's name.
func readSection(s string) (c continued, ok bool) {
	number, encoded := strings.CutSuffix(s, "*")
	c.encoded = encoded || s == ""
	if number == "" {
		return c, true
	}
	n, err := strconv.ParseUint(number, 10, 16)
	c.n = int(n)
	return c, err == nil
}

// joinContinued puts the sections of parameters together into params. Of two
// with the same number the first counts.
func joinContinued(parts []continued, params map[string]string) {
	slices.SortStableFunc(parts, func(a, b continued) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.n, b.n))
	})
	for len(parts) > 0 {
		end := 1
		for end < len(parts) && parts[end].name == parts[0].name {
			end++
		}
		params[parts[0].name] = joinSections(parts[:end])
		parts = parts[end:]
	}
}

// joinSections gives the value of a parameter, whose sections are in order.
func joinSections(parts []continued) string {
	charset := ""
	var data []byte
	for i, p := range parts {
		if i > 0 && p.n == parts[i-1].n {
			continue
		}
		if !p.encoded {
			data = append(data, p.text...)
			continue
		}
		if first, more, ok := strings.Cut(p.text, "'"); ok && i == 0 {
			if _, value, ok := strings.Cut(more, "'"); ok {
				charset, p.text = first, value
			}
		}
		data = append(data, decodePercent(p.text)...)
	}
	value, _ := toUTF8(data, charset)
	return value
}

// decodePercent undoes the %XX of RFC 2231, section 4.
func decodePercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

// fileName is the name that a part gives itself, without any path: a name is
// for people and never says where to write.
func fileName(disposition, contentType map[string]string) string {
	name := disposition["filename"]
	if name == "" {
		name = contentType["name"]
	}
	return baseName(oneLine(name))
}

// baseName is a file name without any path, "" where nothing is left.
func baseName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if name == "." || name == ".." {
		return ""
	}
	return name
}
