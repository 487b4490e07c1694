package bounce

import (
	"slices"
	"strings"

	"sigpost/message"
)

// complaints reads the feedback of a provider (RFC 5965).
func complaints(m *mail) (found []finding) {
	if m.feedback == "" {
		return unformedComplaint(m)
	}
	fields, _ := message.ReadFields(strings.TrimLeft(m.feedback, "\n"))
	kind := strings.ToLower(fields.Get("feedback-type"))
	if kind == "" {
		return nil
	}
	f := finding{class: Complaint, reason: feedback, feedback: firstWord(kind), evidence: "Feedback-Type: " + kind}
	for _, field := range fields {
		switch field.Name {
		case "original-rcpt-to", "removal-recipient":
			g := f
			g.address = cleanAddress(field.Value)
			if !slices.ContainsFunc(found, func(have finding) bool { return strings.EqualFold(have.address, g.address) }) {
				found = append(found, g)
			}
		}
	}
	if found == nil {
		for _, a := range m.returned.Addresses("to") {
			if strings.Contains(a.Addr, "@") {
				f.address = a.Addr
				break
			}
		}
		found = []finding{f}
	}
	return found
}

// unformedComplaint knows complaints that have no fields: those of Outlook.com's
// junk mail reporting.
func unformedComplaint(m *mail) []finding {
	subject := m.header.Words("subject")
	if m.below == "" || !hasPrefixFold(subject, "complaint about message from") {
		return nil
	}
	f := finding{class: Complaint, reason: feedback, feedback: "abuse", evidence: "Subject: " + subject}
	for _, name := range []string{"x-hmxmroriginalrecipient", "to"} {
		if to := m.returned.Addresses(name); len(to) > 0 {
			f.address = to[0].Addr
			break
		}
	}
	return []finding{f}
}
