package bounce

import (
	"regexp"
	"strings"
)

// finding is what a report says of one recipient, not judged yet.
type finding struct {
	address, original string
	action            string // of RFC 3464, section 2.3.3
	status            string
	statusComment     string
	mta               string // the remote one
	kind              string // of the diagnosis: "smtp", "x-unix"
	diagnosis         string // what the system said
	context           string // what the text for people says of it
	whole             string // all of that text
	command           string // of SMTP, where it is known for sure
	// verdict is what is known without rules.
	class    Class
	reason   Reason
	feedback string
	evidence string
}

// recipient judges it.
func (f finding) recipient() Recipient {
	r := Recipient{Address: f.address, Action: f.action, Feedback: f.feedback}
	if f.original != "" && !strings.EqualFold(f.original, f.address) {
		r.Original = f.original
	}
	if f.class != "" {
		r.Class, r.Reason, r.Evidence = f.class, f.reason, excerpt(f.evidence, 0)
		r.Status, r.ReplyCode = f.status, replyCode(f.diagnosis)
		return r
	}
	q := f.question()
	r.Status, r.ReplyCode = q.status, q.code
	r.Reason, r.Evidence = q.answer()
	r.Class = classOf(r.Reason, q)
	return r
}

// classOf says what a reason means for the address.
func classOf(reason Reason, q question) Class {
	switch reason {
	case "userunknown", "hostunknown", "hasmoved":
		return Hard
	case "notaccept":
		// RFC 7505: no mail is taken there, now or later.
		if !q.temporary() {
			return Hard
		}
	case delivered:
		return Delivered
	}
	return Soft
}

var (
	enhanced  = whenUsed(`(?:^|[^\d.\w])([245]\.\d{1,3}\.\d{1,3})(?:$|[^\d.]|\.(?:$|\D))`)
	replyLine = whenUsed(`(?:^|[\s:<>(\["'#=;]|said)([245][0-5]\d)(?:[\s:,.)>\]-]|$)`)
)

// statusCode finds an enhanced status code (RFC 3463) in a text; one that says
// nothing, such as 5.0.0, counts only where there is no other.
func statusCode(text string) string {
	first := ""
	for _, found := range enhanced().FindAllStringSubmatch(text, 20) {
		if code := found[1]; !strings.HasSuffix(code, ".0.0") {
			return code
		} else if first == "" {
			first = code
		}
	}
	return first
}

// replyCode finds a reply code of SMTP that says that something went wrong, or
// well.
func replyCode(text string) string {
	for _, found := range replyLine().FindAllStringSubmatch(text, 20) {
		if c := found[1]; c[0] != '2' || c == "250" || c == "251" {
			return c
		}
	}
	return ""
}

// commands tell, by the words of mail systems, at which command of SMTP it
// happened: CONN, HELO, MAIL, RCPT or DATA.
var commands = []struct {
	words   func() *regexp.Regexp
	command string
}{
	{whenUsed(`(?i)in reply to (?:the )?end of data|after end of data|after end-of-data|(?:after|following) (?:\.|the message|i sent the message)|did not like our final data|\(?end of data\)?|\[EOD\]|after I sent the message|failed on DATA|in reply to DATA|after DATA|did not like our DATA|following DATA|reply to \(?DATA|>>> ?\(?DATA|>>> ?\.\s|\[DATA\]|\[BODY\]|after (?:pipelined )?DATA|response to (?:end of )?data|\(state 1[5-8]\)|\bDATA command|sending message body|for TEXT command|smtp command\s+DATA`), "DATA"},
	{whenUsed(`(?i)in reply to (?:the )?RCPT|after (?:pipelined )?RCPT|did not like our RCPT|does not like recipient|RCPT TO response|following RCPT|>>> ?RCPT|\[RCPT_TO\]|\(state (?:8|9|12|14)\)|response to RCPT|RCPT command|>>> To|RCPT TO not accepted|rejected recipient|during RCPT|RCPT TO generated|SMTP:RCPT|for RCPT command|smtp command\s+RCPT|(?m:^\s*(?:<<< )?5\d\d[ -](?:5\.\d\.\d )?<?[^\s<>]+@[^\s<>]+>?\.\.\. )|rcpt to:`), "RCPT"},
	{whenUsed(`(?i)in reply to (?:the )?MAIL FROM|after (?:pipelined )?MAIL FROM|did not like our MAIL FROM|sender was rejected|(?:following|response to|during|for) MAIL(?: FROM| command)|>>> ?MAIL FROM|\[MAIL_FROM\]|\(state 13\)|after MAIL command`), "MAIL"},
	{whenUsed(`(?i)in reply to (?:the )?(?:HELO|EHLO)|after (?:HELO|EHLO)|did not like our (?:HELO|EHLO)|my name was rejected|following (?:HELO|EHLO)|>>> ?(?:HELO|EHLO)|performing the (?:HELO|EHLO)|response to (?:HELO|EHLO)`), "HELO"},
	{whenUsed(`(?i)after initial connection|refused to talk to me|greeting failed|initial server greeting|after connect`), "CONN"},
}

// commandIn finds the command at which it happened; "" where nothing tells.
func commandIn(text string) string {
	// Of a transcript, the last command before the first refusal counts.
	if i := refusal().FindStringIndex(text); i != nil {
		if sent := sentCommand().FindAllStringSubmatch(text[:i[0]], 50); sent != nil {
			switch c := strings.ToUpper(sent[len(sent)-1][1]); c {
			case "EHLO":
				return "HELO"
			case ".":
				return "DATA"
			default:
				return c
			}
		}
	}
	for _, c := range commands {
		if c.words().MatchString(text) {
			return c.command
		}
	}
	return ""
}

var (
	refusal     = whenUsed(`(?m)^\s*<<<\s*[45]\d\d`)
	sentCommand = whenUsed(`(?im)^\s*>>>\s*\(?(RCPT|MAIL|DATA|HELO|EHLO|\.)`)
)

// excerpt is what is shown of a text: the part around byte at, on one line.
func excerpt(text string, at int) string {
	const before, most = 80, 300
	start := max(0, min(at, len(text))-before)
	if len(text) <= most {
		start = 0
	}
	if start > 0 { // with a whole word
		if i := strings.IndexByte(text[start:], ' '); i >= 0 && i < before {
			start += i
		}
	}
	end := min(len(text), start+most)
	return strings.Join(strings.Fields(strings.ToValidUTF8(text[start:end], "")), " ")
}
