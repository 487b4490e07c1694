package message

import (
	"strings"

	"sigpost"
)

// source is whom a quote quotes, and from which message.
type source struct {
	whom sigpost.Address
	id   sigpost.MessageID
}

// maxSource is how much of an attribution is read, in bytes.
const maxSource = 2 << 10

// sourceOf reads an attribution, or the header of a pasted mail.
func sourceOf(text string, lines []textLine) source {
	var s source
	for i, l := range lines {
		switch name, value := cutField(l.content); pastedFieldName(name) {
		case "from":
			if s.whom == (sigpost.Address{}) {
				if value == "" || !strings.Contains(value, "@") && i+1 < len(lines) && strings.HasPrefix(lines[i+1].content, "<") {
					if i+1 < len(lines) {
						value += " " + lines[i+1].content
					}
				}
				s.whom = readWhom(value)
			}
		case "id":
			if s.id == "" {
				s.id = readID(value)
			}
		}
	}
	if s != (source{}) || len(lines) == 0 {
		return s
	}
	joined := text[lines[0].start:lines[len(lines)-1].end]
	return readAttribution(joined[:min(len(joined), maxSource)])
}

// ownSource reads the attribution at the begin of a quote, as Apple Mail
// quotes it together with what follows.
func ownSource(text string, lines []textLine) source {
	for n := 0; n < len(lines) && n < maxAttributionLines; n++ {
		if lines[n].content == "" {
			break
		}
		if pastedField(lines[n].content) != "" {
			if known, end := pastedQuote(lines); known {
				return sourceOf(text, lines[:end])
			}
			break
		}
		if lines[n].clue&clueColon == 0 {
			continue
		}
		var joined strings.Builder
		for _, l := range lines[:n+1] {
			joined.WriteString(l.content)
			joined.WriteByte(' ')
		}
		if s := joined.String(); len(s) <= maxAttribution {
			if rating := rateAttribution(strings.TrimSpace(s), lines[0].content, true, true); rating != noAttribution {
				return readAttribution(s)
			}
		}
		break
	}
	return source{}
}

// pastedQuote says whether a quote begins with the header of a pasted mail, and
// gives the line behind it.
func pastedQuote(lines []textLine) (known bool, end int) {
	fields := 0
	for end < len(lines) && end < maxHeaderBlock && pastedField(lines[end].content) != "" {
		fields++
		end++
	}
	return fields >= 3, end
}

// readAttribution takes name, address and Message-ID out of an attribution in
// any language: the name stands before the address, or beside the verb.
func readAttribution(s string) source {
	s = clearAttribution(s)
	if isExcerpts(s) {
		s, _, _ = strings.Cut(s, " message of ")
		s = strings.TrimPrefix(s, "Excerpts from ")
		return source{whom: readWhom(strings.TrimSuffix(strings.TrimSuffix(s, "'s"), "’s"))}
	}
	var from source
	from.id, s = takeID(s)
	verb, verbEnd := findVerb(s)
	at, end, addr := findAddress(s)
	if strings.Contains(addr, "...@") { // Google Groups hides addresses so
		from.whom.Name = strings.TrimRight(addr[:strings.IndexByte(addr, '@')], ".")
		return from
	}
	if addr != "" {
		from.whom.Addr = addr
		from.whom.Name = nameBefore(s[:at])
		if from.whom.Name == "" && verb >= 0 && end <= verb {
			from.whom.Name = nameAfter(s[end:verb])
		}
		return from
	}
	if verb < 0 {
		if name, _, ok := strings.Cut(s, " ["); ok { // "+++ Ana Lee [2016-04-04 21:03]:"
			from.whom.Name = nameBefore(strings.TrimLeft(name, "+ "))
		}
		return from
	}
	if from.whom.Name = nameBefore(s[:verb]); from.whom.Name == "" {
		from.whom.Name = nameAfter(s[verbEnd:])
	}
	return from
}

// clearAttribution puts an attribution on one line without what stands around.
func clearAttribution(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u00a0':
			return ' '
		case r == '«' || r == '»':
			return -1
		case r >= 0x200b && strings.ContainsRune(bidiMarks, r):
			return -1
		}
		return r
	}, s)
	return strings.TrimRight(strings.TrimLeft(s, " >*_-:："), " *_-:：")
}

// readWhom reads the value of a From field that a person may have seen:
// "Ana Lee <ana@example.org>", "Ana Lee [mailto:ana@example.org]", a name.
func readWhom(s string) sigpost.Address {
	s = clearAttribution(s)
	for _, behalf := range [...]string{" On Behalf Of ", " on behalf of ", " Im Auftrag von ", " De la part de ", " En nombre de ", " Em nome de ", " Per conto di ", " Namens ", " W imieniu ", " От имени ", " För ", " På vegne af ", " På vegne av "} {
		if _, name, ok := strings.Cut(s, behalf); ok {
			s = name
		}
	}
	at, _, addr := findAddress(s)
	if addr == "" {
		return sigpost.Address{Name: tidyName(s)}
	}
	return sigpost.Address{Name: tidyName(s[:at]), Addr: addr}
}

// takeID gives the Message-ID that an attribution names ("In message <id>, Ana
// wrote:") and the attribution without it.
func takeID(s string) (sigpost.MessageID, string) {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '<')
		if i < 0 {
			return "", s
		}
		i += at
		end := strings.IndexByte(s[i:], '>')
		if end < 0 {
			return "", s
		}
		end += i + 1
		alone := i == 0 && end > len(s)-2 && end > 32 && hasDigit(s[:end])
		if id := readID(strings.ReplaceAll(s[i:end], " ", "")); id != "" && (alone || namesMessage(s[:i])) {
			return id, strings.TrimRight(s[:i], " (") + ", " + strings.TrimLeft(s[end:], " ,)")
		}
		at = end
	}
}

// namesMessage says whether a Message-ID is to come behind s.
func namesMessage(s string) bool {
	fields := strings.Fields(s[max(0, len(s)-40):])
	if len(fields) == 0 {
		return false
	}
	switch strings.ToLower(strings.Trim(fields[len(fields)-1], "(:,")) {
	case "message", "article", "news", "msgid", "message-id", "msg-id", "in", "nachricht", "artikel", "dans", "bericht", "meddelande", "mensaje", "messaggio", "сообщении", "id":
		return true
	}
	return false
}

// readID gives the first Message-ID in s (RFC 5322, section 3.6.4).
func readID(s string) sigpost.MessageID {
	_, s, ok := strings.Cut(s, "<")
	id, _, closed := strings.Cut(s, ">")
	if !ok || !closed || !strings.Contains(id, "@") || strings.ContainsAny(id, " <") {
		return ""
	}
	return sigpost.MessageID(strings.TrimPrefix(id, "news:"))
}

// findAddress finds the first addr-spec in s and the bytes [at, end) that it
// takes with the brackets around it.
func findAddress(s string) (at, end int, addr string) {
	sign := strings.IndexByte(s, '@')
	if sign < 0 {
		return 0, 0, ""
	}
	at, end = sign, sign+1
	for at > 0 && isAddressByte(s[at-1]) {
		at--
	}
	for end < len(s) && isAddressByte(s[end]) {
		end++
	}
	from := at
	if m := strings.TrimSuffix(s[:at], "mailto:"); len(m) < at {
		from = len(m)
	}
	addr = strings.TrimRight(s[at:end], ".")
	if len(addr) < 3 || addr[0] == '@' || addr[len(addr)-1] == '@' {
		return 0, 0, ""
	}
	return len(strings.TrimRight(s[:from], " <[(")), end + len(s[end:]) - len(strings.TrimLeft(s[end:], ">)]\"")), addr
}

// isAddressByte says whether c may stand in an addr-spec without quotes (RFC
// 5322, section 3.2.3; RFC 6531 for other than ASCII).
func isAddressByte(c byte) bool {
	return c > ' ' && strings.IndexByte("()<>[]:;@\\,\"", c) < 0
}

// maxName is the longest name taken from an attribution, in words.
const maxName = 8

// nameBefore gives the name that s ends with.
func nameBefore(s string) string {
	s = strings.TrimRight(s, " ,;<([")
	if strings.HasSuffix(s, `"`) && strings.Count(s, `"`) >= 2 {
		s = strings.TrimSuffix(s, `"`)
		return tidyName(s[strings.LastIndexByte(s, '"')+1:])
	}
	fields := strings.FieldsFunc(s, isGap)
	for len(fields) > 1 && isAuxiliary(fields[len(fields)-1]) {
		fields = fields[:len(fields)-1]
	}
	n := len(fields)
	if n > 0 && !isNameWord(fields[n-1]) && isLastName(fields) {
		n--
	}
	for n > 0 && len(fields)-n < maxName && (isNameWord(fields[n-1]) || n < len(fields) && n > 1 && isParticle(fields[n-1]) && isNameWord(fields[n-2])) {
		before := ""
		if n > 1 {
			before = fields[n-2]
		}
		n--
		if strings.HasSuffix(before, ",") && !isTitle(fields[n]) {
			break
		}
	}
	if n > 0 && n < len(fields) && fields[n-1] == "The" {
		n--
	}
	return tidyName(strings.Join(fields[n:], " "))
}

// nameAfter gives the name that s begins with.
func nameAfter(s string) string {
	fields := strings.FieldsFunc(s, isGap)
	n := 0
	for n < len(fields) && n < maxName && isNameWord(fields[n]) {
		n++
		if strings.HasSuffix(fields[n-1], ",") || strings.HasSuffix(fields[n-1], ":") {
			break
		}
	}
	return tidyName(strings.Join(fields[:n], " "))
}

func isGap(r rune) bool {
	return r == ' ' || r == '\u00a0' || r == '，' || r == '、' || r == '：'
}

// tidyName takes away what stands around a name, and refuses what cannot be one.
func tidyName(s string) string {
	s = strings.Trim(s, " \"'<>()[],;:*=_|")
	if s == "" || len(s) > 100 || strings.Contains(s, "@") {
		return ""
	}
	return s
}
