package bounce

import (
	"slices"
	"strings"

	"sigpost"
	"sigpost/message"
)

// maxNotice is how much of the text for people is read, in bytes. What reports
// say stands in front.
const maxNotice = 64 << 10

// mail is a mail taken apart, as reports are made (RFC 6522).
type mail struct {
	header message.Fields
	// notice is the text for people, without what was returned.
	notice []string
	// status and feedback are the parts for programs (RFC 3464, RFC 5965).
	status, feedback string
	// receipt says that it tells of a mail that was read (RFC 8098).
	receipt bool
	// object is JSON, as services send it.
	object string
	// returned is the header of the letter that the report is about, as far as
	// there is one.
	returned message.Fields
	// below is all of what there is of that letter.
	below string
}

func open(header message.Fields, parts []message.Part) *mail {
	m := &mail{header: header}
	var notice strings.Builder
	for _, p := range parts {
		switch p.Type {
		case "message/delivery-status", "message/global-delivery-status":
			m.status += p.Text + "\n"
		case "message/feedback-report":
			m.feedback += p.Text + "\n"
		case "message/rfc822", "message/global", "text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers",
			"message/global-headers", "message/partial":
			m.takeReturned(p.Text)
		case "message/disposition-notification", "message/global-disposition-notification":
			m.receipt = true
		case "application/json":
			m.object = p.Text
		default:
			if m.returned == nil && notice.Len() < maxNotice && (p.Type != "text/html" || strings.TrimSpace(notice.String()) == "") {
				notice.WriteString(p.Text + "\n")
			}
		}
	}
	m.split(notice.String())
	return m
}

// takeReturned reads the header of the letter that was returned. Where a report
// is returned in a report, the first one counts.
func (m *mail) takeReturned(text string) {
	if m.returned == nil {
		m.below = text
		m.returned, _ = message.ReadFields(strings.TrimLeft(text, "\n"))
	}
}

// split parts the text for people from the letter that is returned below it, and
// finds fields for programs that stand in it.
func (m *mail) split(text string) {
	text = text[:min(len(text), maxNotice)]
	lines := strings.Split(text, "\n")
	end, start := returnedAt(lines)
	m.notice = lines[:end]
	if start < len(lines) {
		m.takeReturned(strings.Join(lines[start:], "\n"))
	}
	if m.feedback == "" && slices.ContainsFunc(m.notice, func(l string) bool { return hasPrefixFold(l, "feedback-type:") }) {
		m.feedback = strings.Join(m.notice, "\n")
	}
	if m.status == "" {
		m.status = statusIn(m.notice)
	}
	if trimmed := strings.TrimSpace(text); m.object == "" && strings.HasPrefix(trimmed, "{") {
		m.object = trimmed
	}
}

// separator matches the lines that stand above the letter that is returned.
var separator = whenUsed(`(?i)^[\s*=_>|-]*(?:` + strings.Join([]string{
	`(?:this is|below this line is|below is|enclosed is|included is|following is|here is|attached is) (?:a|the) (?:copy|header|first|original|text|part|message)`,
	`(?:the |your )?(?:original |unsent |returned |undelivered |rejected )?(?:message|mail)(?:'s)?(?: text| headers?| content| body)? (?:follows?|is attached|is following|begins?)`,
	`(?:the )?headers? of (?:the|your)? ?(?:original |returned )?(?:message|mail)`,
	`(?:the )?(?:first|text) .{0,30}of (?:the|your) (?:original )?(?:message|mail)`,
	`(?:original|received|returned|undelivered) (?:message|mail)(?: headers?| header information| text| body)?\s*:?[\s*=_-]*$`,
	`message headers? follow`,
	`unsent message`,
	`(?:message|mail) header\s*:`,
	`returned message is`,
	`your (?:original )?message (?:reads|was|is)[^.]{0,20}:`,
	`original-message`,
	`content-type: message/(?:rfc822|global\b|partial)`,
}, "|") + `)`)

// returnedAt gives the line at which the text of a report ends and that at which
// the returned header begins; both are the number of lines where nothing is
// returned.
func returnedAt(lines []string) (end, start int) {
	for i, line := range lines {
		if isHeaderAt(lines, i) {
			return i, i
		}
		if len(line) < 200 && separator().MatchString(line) {
			for j := i + 1; j < min(i+8, len(lines)); j++ {
				if strings.TrimSpace(lines[j]) != "" && fieldAt(lines[j]) != "" {
					return i, j
				}
			}
		}
	}
	return len(lines), len(lines)
}

// isHeaderAt says whether the header of a mail begins at line i: some fields of
// mail in a row, one of which no text for people has.
func isHeaderAt(lines []string, i int) bool {
	switch fieldAt(lines[i]) {
	case "":
		return false
	case "final-recipient", "original-recipient", "action", "status", "diagnostic-code", "reporting-mta", "arrival-date", "remote-mta":
		return false
	}
	usual, sure := 0, false
	for _, line := range lines[i:min(i+16, len(lines))] {
		if line != "" && (line[0] == ' ' || line[0] == '\t') {
			continue
		}
		switch fieldAt(line) {
		case "":
			return usual > 2 && sure
		case "received", "return-path", "message-id", "mime-version", "delivered-to":
			sure = true
			usual++
		case "from", "to", "subject", "date", "content-type", "sender", "reply-to":
			usual++
		case "final-recipient", "reporting-mta":
			return false
		}
	}
	return usual > 2 && sure
}

// fieldAt gives the name of the header field that a line begins, in lower case.
func fieldAt(line string) string {
	name, _, ok := strings.Cut(line, ":")
	if !ok || name == "" || len(name) > 40 {
		return ""
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return strings.ToLower(name)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// sentTo gives the addresses to which the report was sent.
func (m *mail) sentTo() (to []string) {
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "to", "cc"} {
		for _, a := range m.header.Addresses(name) {
			if !slices.Contains(to, a.Addr) && len(to) < maxRecipients {
				to = append(to, a.Addr)
			}
		}
	}
	return to
}

// sent gives the ids that the letter may have had.
func (m *mail) sent() []sigpost.MessageID {
	if ids := m.returned.IDs("message-id"); len(ids) > 0 {
		return ids[:1]
	}
	ids := append(m.header.IDs("in-reply-to"), m.header.IDs("references")...)
	return ids[:min(len(ids), 20)]
}

// sentFrom gives the addresses that the letter was sent from, as far as what was
// returned says so.
func (m *mail) sentFrom() (from []string) {
	feedback, _ := message.ReadFields(strings.TrimLeft(m.feedback, "\n"))
	for _, a := range append(m.returned.Addresses("return-path"), feedback.Addresses("original-mail-from")...) {
		if len(from) < maxRecipients {
			from = append(from, a.Addr)
		}
	}
	return from
}
