package message

import (
	"sort"
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
	var parts map[string]string // "name*0" and the like, to be joined
	for n := 0; rest != "" && n < 100; n++ {
		var key, val string
		key, val, rest = cutParam(rest)
		if key == "" {
			continue
		}
		if strings.Contains(key, "*") {
			if parts == nil {
				parts = map[string]string{}
			}
			parts[key] = val
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

// joinContinued puts RFC 2231 parameters into params: "name*" (section 4) and
// "name*0", "name*1*" and so on (section 3).
func joinContinued(parts, params map[string]string) {
	type piece struct {
		n       int
		encoded bool
		text    string
	}
	byName := map[string][]piece{}
	for key, text := range parts {
		name, number, _ := strings.Cut(key, "*")
		encoded := strings.HasSuffix(key, "*")
		n, err := strconv.Atoi(strings.TrimSuffix(number, "*"))
		if err != nil {
			n = 0
		}
		byName[name] = append(byName[name], piece{n, encoded, text})
	}
	for name, pieces := range byName {
		sort.Slice(pieces, func(i, j int) bool { return pieces[i].n < pieces[j].n })
		charset := ""
		var data []byte
		for i, p := range pieces {
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
		params[name], _ = toUTF8(data, charset)
	}
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
