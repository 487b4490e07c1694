package message

import (
	"slices"
	"strings"

	"sigpost"
)

// maxReferences bounds how many ancestors are kept; the first and the last
// ones are what threading needs.
const maxReferences = 1000

// msgIDs gives the ids in angle brackets (RFC 5322, section 3.6.4) in order.
// White space inside, as broken folding leaves it, is removed where an "@"
// shows that it is an id all the same; brackets around nothing or around text
// are passed over. Encoded words are decoded first: some programs encode
// whole References fields.
func msgIDs(value string) []sigpost.MessageID {
	value = decodeWords(value)
	var ids []sigpost.MessageID
	for {
		start := strings.IndexByte(value, '<')
		if start < 0 {
			return ids
		}
		value = value[start+1:]
		end := strings.IndexAny(value, "<>")
		if end < 0 {
			return ids
		}
		if value[end] == '<' {
			value = value[end:]
			continue
		}
		if id := cleanID(value[:end]); id != "" {
			ids = append(ids, id)
		}
		value = value[end+1:]
	}
}

// cleanID gives the id that stands between two brackets, or "".
func cleanID(s string) sigpost.MessageID {
	s = strings.TrimSpace(cleanText(s))
	if strings.ContainsAny(s, " \t\n") {
		if !strings.Contains(s, "@") {
			return ""
		}
		s = strings.Join(strings.Fields(withoutComments(s)), "")
	}
	return sigpost.MessageID(s)
}

// ownID reads the Message-ID fields: the first id in brackets, or a value of
// one word without them. It is "" where nothing can be used.
func ownID(values []string) sigpost.MessageID {
	for _, v := range values {
		if ids := msgIDs(v); len(ids) > 0 {
			return ids[0]
		}
	}
	for _, v := range values {
		v = cleanText(strings.Trim(v, "<> \t"))
		if len(v) >= 3 && !strings.ContainsAny(v, " \t\n<>") {
			return sigpost.MessageID(v)
		}
	}
	return ""
}

// references merges References and In-Reply-To as RFC 5256, section 3,
// "REFERENCES", step 1 says: the References where there are any, else the one
// id of In-Reply-To. The last is the parent. An id that occurs twice counts
// where it stands first, but the parent stays last; own is left out.
func references(refs []string, inReplyTo, own sigpost.MessageID) []sigpost.MessageID {
	if ids := ancestors(referenceIDs(refs), own); len(ids) > 0 || inReplyTo == "" {
		return ids
	}
	return ancestors([]sigpost.MessageID{inReplyTo}, own)
}

// referenceIDs gives the ids of References fields as they stand there.
func referenceIDs(refs []string) []sigpost.MessageID {
	var ids []sigpost.MessageID
	for _, v := range refs {
		found := msgIDs(v)
		if found == nil {
			found = bareIDs(v)
		}
		ids = append(ids, found...)
	}
	return ids
}

// bareIDs reads ids that were written without brackets: nothing but words that
// a program made, with an "@" in each.
func bareIDs(value string) []sigpost.MessageID {
	words := strings.FieldsFunc(decodeWords(value), func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
	var ids []sigpost.MessageID
	for _, w := range words {
		if w = cleanText(w); strings.Count(w, "@") != 1 || strings.ContainsAny(w, "\n<>()\"") || !looksMade(w) {
			return nil
		}
		ids = append(ids, sigpost.MessageID(w))
	}
	return ids
}

// ancestors removes own and what is there twice.
func ancestors(ids []sigpost.MessageID, own sigpost.MessageID) []sigpost.MessageID {
	for len(ids) > 0 && ids[len(ids)-1] == own {
		ids = ids[:len(ids)-1]
	}
	if len(ids) == 0 {
		return nil
	}
	parent := ids[len(ids)-1]
	seen := map[sigpost.MessageID]bool{own: true, parent: true}
	var out []sigpost.MessageID
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	if n := len(out) - (maxReferences - 1); n > 0 {
		out = append(out[:1:1], out[n+1:]...)
	}
	return append(out, parent)
}

// inReplyTo gives the id that the In-Reply-To field was taken to name, or "".
// What is only the address of somebody who the mail goes to or comes from is
// no id.
func (h *header) inReplyTo() sigpost.MessageID {
	for _, v := range h.all("in-reply-to") {
		if id := inReplyToID(v); id != "" && (looksMade(string(id)) || !h.names(string(id))) {
			return id
		}
	}
	return ""
}

// names says whether addr stands in a field of addresses.
func (h *header) names(addr string) bool {
	addr = strings.ToLower(addr)
	for _, f := range h.fields {
		switch f.name {
		case "from", "sender", "reply-to", "to", "cc", "list-post", "x-original-sender":
			if containsAddress(strings.ToLower(f.value), addr) {
				return true
			}
		}
	}
	return false
}

// inReplyToID gives the id in an In-Reply-To. Old programs wrote words around
// it ("Your message of Monday <id>") and often somebody's address in the same
// brackets; among words only what looks made by a program is taken for an id.
func inReplyToID(value string) sigpost.MessageID {
	ids := msgIDs(value)
	if len(ids) == 0 {
		if ids = bareIDs(value); len(ids) == 1 {
			return ids[0]
		}
		return ""
	}
	first := strings.TrimSpace(value)
	if strings.HasPrefix(first, "<") {
		// What follows a semicolon is a comment: "<id>; from joe@example.org".
		if _, rest, _ := strings.Cut(first, ">"); strings.HasPrefix(rest, ";") || !hasWords(rest) {
			return ids[0]
		}
	}
	// Where an address stands there too, it comes before the id.
	for _, id := range slices.Backward(ids) {
		if looksMade(string(id)) {
			return id
		}
	}
	return ""
}

// madeLength is from how many bytes on the part before an @ is no person's.
const madeLength = 25

// hasWords says whether there is text outside brackets and comments.
func hasWords(s string) bool {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '<' || c == '(':
			depth++
		case c == '>' || c == ')':
			depth--
		case depth <= 0 && c > ' ':
			return true
		}
	}
	return false
}

// looksMade tells an id from an address: the part before the @ has many digits,
// many capital letters in a row, or characters that people's addresses do not
// have, or is long.
func looksMade(id string) bool {
	local, _, ok := strings.Cut(id, "@")
	if !ok {
		return true
	}
	if len(local) >= madeLength {
		return true
	}
	digits, capitals, most := 0, 0, 0
	for i := 0; i < len(local); i++ {
		switch c := local[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'A' && c <= 'Z':
			capitals++
			most = max(most, capitals)
			continue
		}
		capitals = 0
	}
	return digits >= 5 || most >= 12 || strings.ContainsAny(local, "$%/!#")
}

// listIDs gives the identifiers of the List-Id fields (RFC 2919, section 3):
// what stands in the last brackets, in lower case, each once.
func listIDs(h header) []string {
	var ids []string
	for _, v := range h.all("list-id") {
		id := v
		if i := strings.LastIndexByte(v, '<'); i >= 0 {
			id = v[i+1:]
		}
		id, _, _ = strings.Cut(id, ">")
		id = strings.ToLower(oneLine(id))
		if id != "" && !strings.ContainsAny(id, " <\"") && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// archivedAt is the URL of the Archived-At field (RFC 5064, section 2), where
// it is one of the web.
func archivedAt(h header) string {
	v := strings.TrimSpace(h.get("archived-at"))
	if i := strings.IndexByte(v, '<'); i >= 0 {
		v = v[i+1:]
	}
	v, _, _ = strings.Cut(v, ">")
	v = cleanText(strings.Join(strings.Fields(v), ""))
	lower := strings.ToLower(v[:min(len(v), 8)])
	if strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") {
		return v
	}
	return ""
}
