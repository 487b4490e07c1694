package deliver

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"unicode"
)

// Kind says what may be done about a letter that was not sent.
type Kind string

// The kinds of SendError.
const (
	// Temporary: it was not taken, and may be tried again later.
	Temporary Kind = "temporary"
	// Permanent: it was refused for good.
	Permanent Kind = "permanent"
	// Unknown: the final dot was sent and no reply came (RFC 1047). It may
	// have arrived.
	Unknown Kind = "unknown"
)

// Step is the part of a mail transaction (RFC 5321, section 3.3) at which
// something went wrong.
type Step string

// The steps of a transaction.
const (
	StepMail Step = "MAIL"
	StepRcpt Step = "RCPT"
	StepData Step = "DATA" // the command and the text up to the final dot
	StepDot  Step = "."    // the reply to the final dot
)

// SendError says why one letter was not sent.
type SendError struct {
	Kind Kind
	Step Step
	// Code is the reply code (RFC 5321, section 4.2), 0 where no reply came.
	Code int
	// Status is the enhanced status code (RFC 3463), such as "5.1.1"; empty
	// where the reply has none.
	Status string
	// Reply is what the server said, code included, on one line; empty where
	// it said nothing.
	Reply string
	// Err is what broke where no reply came.
	Err error
}

// Error says at which step, what the server said, and what follows.
func (e *SendError) Error() string {
	if e.Reply != "" {
		return fmt.Sprintf("refused (%s) at %s: %s", e.Kind, e.Step, e.Reply)
	}
	switch e.Kind {
	case Permanent:
		return fmt.Sprintf("cannot be sent: %v", e.Err)
	case Unknown:
		if e.Step != StepDot {
			return fmt.Sprintf("it was handed over and no answer came, so it may have arrived: %v", e.Err)
		}
		return fmt.Sprintf("the connection was lost after the final dot and before the reply, so the letter may have arrived: %v", e.Err)
	}
	return fmt.Sprintf("no usable reply at %s: %v", e.Step, e.Err)
}

// MayHaveArrived says, by what was recorded of a letter that is to be tried again, whether
// it may have arrived.
func MayHaveArrived(recorded string) bool { return strings.Contains(recorded, "may have arrived") }

// Unwrap gives what broke.
func (e *SendError) Unwrap() error { return e.Err }

// policy says that the server refuses us and not the recipient: relaying,
// missing login, reputation (X.7.X of RFC 3463, section 3.8). It may change
// without the recipient's doing, so the letter has not failed.
func (e *SendError) policy() bool {
	if e.Kind != Permanent || e.Step != StepRcpt && e.Step != StepMail {
		return false
	}
	if e.Status != "" && e.Status != "5.0.0" { // which says nothing (RFC 3463, section 3.1)
		return strings.HasPrefix(e.Status, "5.7.")
	}
	// 554 is a refusal without a reason (RFC 5321, section 4.2.2); those of
	// mailboxes are 550 to 553.
	return e.Code == 530 || e.Code == 538 || e.Code == 554
}

// content says that what was refused is what the letter says (X.6 and X.7 of RFC
// 3463): the recipient has no part in it.
func (e *SendError) content() bool {
	return e.Kind == Permanent && e.Step == StepDot && (strings.HasPrefix(e.Status, "5.7.") || strings.HasPrefix(e.Status, "5.6.") || (e.Status == "" || e.Status == "5.0.0") && e.Code == 554)
}

// system says that the server itself is out of order (X.3.X of RFC 3463, section
// 3.4), but for a letter that it finds too big.
func (e *SendError) system() bool {
	return e.Kind == Temporary && strings.HasPrefix(e.Status, "4.3.") && e.Status != "4.3.4"
}

// ServerError is trouble with the mail server or the way to it: no letter can
// be sent before somebody does something, and no recipient is to blame.
type ServerError struct {
	Addr string // the server's host:port
	// Problem is what is wrong and Do what to do about it, both for people.
	Problem string
	Do      string
	Err     error // may be nil
}

// Error is one line: which server, what is wrong, what to do.
func (e *ServerError) Error() string {
	detail := ""
	if e.Err != nil {
		detail = " (" + oneLine(e.Err.Error()) + ")"
	}
	return fmt.Sprintf("mail server %s: %s%s; %s", e.Addr, e.Problem, detail, e.Do)
}

// Unwrap gives the cause.
func (e *ServerError) Unwrap() error { return e.Err }

// maxReply bounds how much of a server's words is kept, in bytes.
const maxReply = 500

// refusal makes a SendError of what a step gave: by its code where the server
// replied, otherwise by whether the final dot was out.
func refusal(step Step, err error) *SendError {
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code >= 400 && reply.Code <= 599 {
		kind := Temporary
		if reply.Code >= 500 {
			kind = Permanent
		}
		text := oneLine(reply.Msg)
		return &SendError{Kind: kind, Step: step, Code: reply.Code, Status: enhancedStatus(reply.Code, text),
			Reply: clip(fmt.Sprintf("%d %s", reply.Code, text), maxReply)}
	}
	if step == StepDot {
		return &SendError{Kind: Unknown, Step: step, Err: err}
	}
	return &SendError{Kind: Temporary, Step: step, Err: err}
}

// enhancedStatus reads the status code that opens a reply's text. Its class
// has to be that of the reply code (RFC 2034, section 4), or it is not one.
func enhancedStatus(code int, text string) string {
	status, _, _ := strings.Cut(text, " ")
	parts := strings.Split(status, ".")
	if len(parts) != 3 || parts[0] != string(rune('0'+code/100)) {
		return ""
	}
	for _, part := range parts {
		if len(part) < 1 || len(part) > 3 || strings.Trim(part, "0123456789") != "" {
			return ""
		}
	}
	return status
}

// oneLine makes text that cannot leave its line: controls and runs of white
// space become one space, bytes that are no UTF-8 a replacement character.
func oneLine(s string) string {
	if isOneLine(s) {
		return s
	}
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(clean), " ")
}

// isOneLine says that a text is in ASCII and has nothing to be put in order.
func isOneLine(s string) bool {
	space := true
	for i := range len(s) {
		if s[i] == ' ' && space || s[i] < ' ' || s[i] > '~' {
			return false
		}
		space = s[i] == ' '
	}
	return !space || s == ""
}

// clip cuts s to at most n bytes, on a rune's edge.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
