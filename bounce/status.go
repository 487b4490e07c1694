package bounce

import (
	"slices"
	"strings"

	"sigpost/message"
)

// statuses reads a report as RFC 3464 has it.
func statuses(m *mail) (found []finding) {
	said := newNotice(m)
	groups := statusGroups(m.status)
	for _, g := range groups {
		f := finding{
			address:  cleanAddress(g.Get("final-recipient")),
			original: cleanAddress(g.Get("original-recipient")),
			action:   firstWord(g.Get("action")),
			status:   statusCode(g.Get("status")),
			mta:      g.Get("remote-mta"),
		}
		if f.address == "" || !strings.Contains(f.address, "@") && strings.Contains(f.original, "@") {
			f.address = f.original
		}
		if x := cleanAddress(g.Get("x-actual-recipient")); f.address == "" {
			f.address = x
		}
		f.kind, f.diagnosis = diagnosticCode(g.Get("diagnostic-code"))
		f.statusComment = g.Get("status")
		if category := g.Get("x-powermta-bouncecategory"); category != "" {
			f.statusComment += " powermta: " + category
		}
		f.context = said.about(f.address, f.original, len(groups) == 1)
		if len(groups) == 1 {
			f.whole = strings.Join(m.notice, "\n")
		}
		found = append(found, f)
	}
	return found
}

// What is read of a report for programs: bytes, and groups of fields.
const (
	maxStatus = 256 << 10
	maxBlocks = 1000
)

// statusGroups cuts the fields of a report into those for each recipient (RFC
// 3464, section 2.3).
func statusGroups(text string) (groups []message.Fields) {
	for _, block := range strings.SplitN(text[:min(len(text), maxStatus)], "\n\n", maxBlocks) {
		block = strings.TrimLeft(block, "\n \t")
		fields, _ := message.ReadFields(block)
		if len(groups) >= maxRecipients {
			break
		}
		for _, g := range perRecipient(fields) {
			if isRecipientGroup(g) {
				groups = append(groups, g)
			} else if n := len(groups); n > 0 && groups[n-1].Get("diagnostic-code") == "" {
				groups[n-1] = append(groups[n-1], g...) // a blank line too many
			}
		}
	}
	return groups
}

func isRecipientGroup(g message.Fields) bool {
	return g.Get("final-recipient") != "" || g.Get("original-recipient") != "" || g.Get("action") != "" && g.Get("status") != ""
}

// perRecipient cuts fields where a recipient begins without a blank line.
func perRecipient(fields message.Fields) (groups []message.Fields) {
	start := 0
	for i, f := range fields {
		switch f.Name {
		case "final-recipient", "action", "status", "original-recipient":
			if g := fields[start:i]; g.Get("final-recipient") != "" && g.Get(f.Name) != "" {
				groups = append(groups, g)
				start = i
			}
		}
	}
	return append(groups, fields[start:])
}

// statusIn gives the fields of a report that stand in the text for people.
func statusIn(lines []string) string {
	for i, line := range lines {
		if name := fieldAt(strings.TrimLeft(line, " \t")); name != "final-recipient" && name != "reporting-mta" && name != "original-recipient" && name != "action" {
			continue
		}
		rest := lines[i:]
		if !slices.ContainsFunc(rest, func(l string) bool { return hasPrefixFold(strings.TrimSpace(l), "final-recipient:") }) {
			return ""
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		var b strings.Builder
		for _, l := range rest {
			b.WriteString(strings.TrimPrefix(l, indent) + "\n")
		}
		return b.String()
	}
	return ""
}

// diagnosticCode parts the type of a Diagnostic-Code from its text (RFC 3464,
// section 2.3.6).
func diagnosticCode(value string) (kind, text string) {
	kind, text, ok := strings.Cut(value, ";")
	if !ok || len(kind) > 40 || strings.ContainsAny(strings.TrimSpace(kind), " \t<") {
		return "", strings.TrimSpace(value)
	}
	return strings.ToLower(strings.TrimSpace(kind)), strings.TrimSpace(text)
}

func firstWord(s string) string {
	for w := range strings.FieldsSeq(s) {
		return strings.ToLower(strings.Trim(w, ";,()"))
	}
	return ""
}
