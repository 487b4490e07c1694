package bounce

import (
	"strings"
)

// question is what the rules are asked: what is known of one failure.
type question struct {
	status  string // RFC 3463
	code    string // of SMTP
	command string // CONN, HELO, MAIL, RCPT, DATA or ""
	action  string // RFC 3464
	kind    string // of the diagnosis
	hosts   string // where it was to go, in lower case
	// said is what was said, in lower case on one line. shown is that as it was,
	// with bytes at the same places.
	said, shown string
	// reply is where in said a server's reply begins, or its end.
	reply int
	// wider is the rest of the report, asked where said has no answer.
	wider string
	// diagnosed says that said is a diagnosis, and no text for people.
	diagnosed bool
}

// maxSaid is how much is looked at of what is said of one recipient, in bytes.
const maxSaid = 8 << 10

func (f finding) question() question {
	q := question{action: f.action, kind: f.kind, hosts: strings.ToLower(f.mta + " " + f.address)}
	q.shown = flat(f.diagnosis)
	if q.diagnosed = !isEmptyDiagnosis(q.shown); !q.diagnosed {
		text := f.context
		if found := sendmailReason().FindStringSubmatch(text); found != nil && !isEmptyDiagnosis(found[1]) {
			text, q.wider = found[1], text
		}
		q.shown = flat(f.diagnosis + " " + text + " " + f.statusComment)
	} else {
		q.wider += f.statusComment + " " + f.context
	}
	q.wider = withoutAddresses(lower(flat(q.wider + " " + f.whole)))
	q.said = withoutAddresses(lower(q.shown))
	if !q.diagnosed {
		q.reply = len(q.said)
		if at := replyLine().FindStringIndex(q.said); at != nil {
			q.reply = at[0]
		}
	}
	q.command = firstOf(f.command, commandIn(f.diagnosis), commandIn(f.context))
	if q.status = statusCode(f.diagnosis); q.status == "" || strings.HasSuffix(q.status, ".0.0") && f.status != "" {
		q.status = firstOf(notBlank(f.status), statusCode(f.context), statusCode(f.whole), f.status, q.status)
	}
	if q.code = replyCode(f.diagnosis); q.code == "" && f.diagnosis == "" {
		q.code = firstOf(replyCode(f.context), replyCode(f.whole))
	}
	return q
}

// sendmailReason is what Sendmail says of a recipient.
var sendmailReason = whenUsed(`(?s)\(reason: (.*?)\)\n`)

// notBlank is a status that says something, or "".
func notBlank(status string) string {
	if strings.HasSuffix(status, ".0.0") {
		return ""
	}
	return status
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// isEmptyDiagnosis says whether a diagnosis has no words.
func isEmptyDiagnosis(s string) bool {
	letters := 0
	for _, c := range s {
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c > 0x7f {
			letters++
		}
	}
	return letters < 5
}

var continued = whenUsed(`(?:^|\s)([245]\d\d)-(?:[245]\.\d{1,3}\.\d{1,3}\s+)?`)

// flat puts a text on one line and takes out what stands at the begin of each
// line of a reply (RFC 5321, section 4.2.1).
func flat(s string) string {
	s = strings.Join(strings.Fields(s[:min(len(s), maxSaid)]), " ")
	if first := continued().FindStringIndex(s); first != nil {
		head, tail := s[:first[1]], s[first[1]:]
		s = head + continued().ReplaceAllString(tail, " ")
		if status := statusCode(head); status != "" { // of the last line
			tail = s[len(head):]
			code := replyCode(head)
			if code == "" {
				code = strings.TrimSpace(head)[:3]
			}
			s = head + strings.Replace(tail, " "+code+" "+status, "", 1)
		}
		s = strings.Join(strings.Fields(s), " ")
	}
	return strings.ToValidUTF8(s, "")
}

// lower is s in lower case where that is as long, so that places are the same.
func lower(s string) string {
	if l := strings.ToLower(s); len(l) == len(s) {
		return l
	}
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// withoutAddresses blanks what people chose, in which no rule may find words.
func withoutAddresses(s string) string {
	return anyAddress().ReplaceAllStringFunc(s, func(a string) string { return strings.Repeat("@", len(a)) })
}

// temporary says whether the failure is one that may pass.
func (q question) temporary() bool {
	switch {
	case q.status != "" && notBlank(q.status) != "":
		return q.status[0] == '4'
	case q.code != "":
		return q.code[0] == '4'
	}
	return strings.HasPrefix(q.status, "4")
}

// answer gives the reason, and what decided it. Before the server has been told
// who a letter is for, it cannot mean the recipient.
func (q question) answer() (reason Reason, evidence string) {
	reason, evidence = q.ask()
	switch reason {
	case "userunknown", "hostunknown", "hasmoved", "notaccept", "suspend", "filtered":
		switch q.command {
		case "MAIL":
			return "rejected", evidence
		case "HELO", "CONN":
			return "blocked", evidence
		}
	}
	return reason, evidence
}

// ask asks the rules in their order.
func (q question) ask() (reason Reason, evidence string) {
	switch {
	case strings.HasPrefix(q.status, "2."), q.action == "delivered", q.action == "relayed", q.action == "expanded":
		return delivered, firstOf(excerpt(q.shown, 0), "Action: "+q.action)
	}
	for _, r := range rules {
		if at, ok := r.match(q, q.said); ok {
			if r.words == nil {
				return r.reason, q.byCode()
			}
			if at >= len(q.shown) {
				return r.reason, excerpt(q.wider, at-len(q.said)-1)
			}
			return r.reason, excerpt(q.shown, at)
		}
	}
	if reason := byStatus(q); reason != "" {
		return reason, q.byCode()
	}
	if q.wider != "" {
		for _, r := range rules {
			if r.near {
				continue
			}
			if at, ok := r.match(q, q.wider); ok {
				return r.reason, excerpt(q.wider, at)
			}
		}
	}
	return q.last()
}

// byCode is the evidence where a status code decided, with what was said beside it.
func (q question) byCode() string {
	evidence := "Status: " + q.status
	if q.status == "" {
		evidence = ""
	}
	if q.diagnosed || evidence == "" {
		evidence += " " + excerpt(q.shown, 0)
	}
	return strings.TrimSpace(evidence)
}

// last is what is left to say where no rule knows the words.
func (q question) last() (Reason, string) {
	shown := excerpt(q.shown, 0)
	switch {
	case q.action == "delayed":
		return "expired", "Action: delayed"
	case q.command == "HELO", q.command == "CONN":
		return "blocked", shown
	case q.command == "MAIL":
		return "rejected", shown
	}
	for _, r := range vague {
		if at, ok := r.match(q, q.said); ok {
			return r.reason, excerpt(q.shown, at)
		}
	}
	switch {
	case strings.HasPrefix(q.code, "50") && q.code < "505":
		return "syntaxerror", shown // RFC 5321, section 4.2.2
	case q.code == "521": // RFC 7504
		return "notaccept", shown
	case q.kind == "x-unix":
		return "mailererror", shown
	}
	if q.status != "" || q.code != "" {
		return "onhold", shown // it failed, and nobody says why
	}
	return undefined, shown
}
