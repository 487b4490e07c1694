// Package bounce reads what comes back for a letter: reports of failed, late and
// done deliveries (RFC 3464 and the forms that mail systems had and have beside
// it), complaints (RFC 5965) and automatic answers (RFC 3834).
//
// It is pure: bytes in, a value out. Nothing in a report is proof of anything:
// whoever acts on one must first find the letter that it is about.
package bounce

import (
	"sigpost"
	"sigpost/message"
)

// Class says what a report means for the address.
type Class = sigpost.BounceClass

// The classes.
const (
	Hard      = sigpost.BounceHard
	Soft      = sigpost.BounceSoft
	Complaint = sigpost.BounceComplaint
	AutoReply = sigpost.BounceAutoReply
	Delivered = sigpost.BounceDelivered
)

// Reason says why, in one of the words of rules.go and of the reasons below,
// which are those of the Sisimai library.
type Reason string

// Report is what a mail reports. Without recipients it is no report.
type Report struct {
	Recipients []Recipient
	// Sent are the Message-IDs that the letter may have had to which this is
	// the answer, the surest one first: those of the returned header, or else
	// those that the report refers to.
	Sent []sigpost.MessageID
	// To are the addresses to which the report itself was sent, and those that the
	// letter says it was sent from. One of them tells the letter, where the
	// envelope sender of each was its own (VERP).
	To []string
}

// IsAutoReply says whether the mail was an automatic answer, and no report.
func (r Report) IsAutoReply() bool {
	return len(r.Recipients) > 0 && r.Recipients[0].Class == AutoReply
}

// Recipient is what is reported of one recipient. The JSON names are part of the
// command line's promise.
type Recipient struct {
	// Address is the recipient's as the report names it; it may be empty. It is
	// the final one (RFC 3464, section 2.3.2), Original the one that was
	// written to, where the report says that they differ.
	Address  string `json:"address"`
	Original string `json:"original,omitempty"`
	// Status is the enhanced status code (RFC 3463) and ReplyCode that of SMTP
	// (RFC 5321, section 4.2); each is empty where the report has none.
	Status    string `json:"status"`
	ReplyCode string `json:"reply_code"`
	Class     Class  `json:"class"`
	Reason    Reason `json:"reason"`
	// Evidence is the line of the report by which that was decided.
	Evidence string `json:"evidence"`
	// Action is what was done with the letter, in the words of RFC 3464, section
	// 2.3.3, such as "delayed"; it is empty where the report does not say.
	Action string `json:"action,omitempty"`
	// Feedback is the type of a complaint (RFC 5965, section 7.3; RFC 6430; RFC
	// 6591), such as "abuse"; else it is empty.
	Feedback string `json:"feedback,omitempty"`
}

// ByReader says whether a complaint is that of a reader, and not of a program that
// checks signatures, or the contrary of a complaint.
func (r Recipient) ByReader() bool {
	switch r.Feedback {
	case "auth-failure", "not-spam", "dmarc":
		return false
	}
	return r.Class == Complaint
}

// OfAddress says whether a failure speaks of the address, and neither of the
// letter, its sender or the road, nor of a letter that may still arrive.
func (r Recipient) OfAddress() bool {
	if r.Action == "delayed" {
		return false
	}
	switch r.Reason {
	case "mailboxfull", "suspend", "filtered", "expired", "systemfull", "suppressed":
		return r.Class == Soft
	}
	return r.Class == Hard
}

// Refusal judges what a server said when it refused a letter: reply is its whole
// reply, command the one that it answered ("RCPT", "DATA", "MAIL", "HELO", or
// "CONN" for its greeting), host its name, and address the recipient's.
func Refusal(address, reply, command, host string) Recipient {
	return finding{address: address, mta: host, kind: "smtp", diagnosis: reply, command: command}.recipient()
}

// Reasons beside those that the rules give.
const (
	feedback  Reason = "feedback"
	vacation  Reason = "vacation"
	delivered Reason = "delivered"
	undefined Reason = "undefined" // nothing says why
)

// maxRecipients is how many recipients of one report are read.
const maxRecipients = 200

// maxInside is how deep a report may lie in a report that says nothing itself.
const maxInside = 3

// Read says what a mail reports. The error wraps message.ErrUnreadable: the
// bytes are no mail.
func Read(raw []byte) (Report, error) {
	header, parts, err := message.Parts(raw)
	if err != nil {
		return Report{}, err
	}
	m := open(header, parts)
	r := Report{To: m.sentTo()}
	for range maxInside {
		if found := m.findings(); len(found) > 0 {
			for _, f := range found[:min(len(found), maxRecipients)] {
				r.Recipients = append(r.Recipients, f.recipient())
			}
			r.Sent = m.sent()
			r.To = append(r.To, m.sentFrom()...)
			break
		}
		inside := m.inside()
		if inside == nil {
			break
		}
		m = inside
		r.To = append(r.To, m.sentTo()...)
	}
	return r, nil
}

func (m *mail) findings() []finding {
	for _, read := range []func(*mail) []finding{complaints, notifications, statuses, notices, replies} {
		if found := read(m); len(found) > 0 {
			return found
		}
	}
	return nil
}

// inside gives the report that somebody has sent on, or nil.
func (m *mail) inside() *mail {
	if m.below == "" || !systemName().MatchString(m.returned.Get("from")) {
		return nil
	}
	header, parts, err := message.Parts([]byte(m.below))
	if err != nil {
		return nil
	}
	return open(header, parts)
}
