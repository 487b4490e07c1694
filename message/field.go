package message

import (
	"bytes"
	"fmt"
)

// field is one header field (RFC 5322, section 2.2): its name in lower case and
// its value, unfolded. The value is as it came until decode8bit has run.
type field struct {
	name, value string
}

// header is the header block of a mail or of a part. It holds only the fields
// that are needed: the others are nearly half the bytes of list mail.
type header struct {
	fields []field
	// seen counts all fields, also those that are not kept, and known those
	// whose name mail is known to use.
	seen, known int
	// binary says that the block holds bytes that no text has.
	binary bool
	// every says that all fields are kept, and not the needed ones only.
	every bool
	// open is the name of the field that is being read and value what it has
	// so far; "" where the field is not needed.
	open  string
	value []byte
}

// get is the first field of that name, or "".
func (h *header) get(name string) string {
	for i := range h.fields {
		if h.fields[i].name == name {
			return h.fields[i].value
		}
	}
	return ""
}

// has says whether there is a field of that name, even an empty one.
func (h *header) has(name string) bool {
	for i := range h.fields {
		if h.fields[i].name == name {
			return true
		}
	}
	return false
}

// all gives the values of every field of that name, in order.
func (h *header) all(name string) []string {
	var values []string
	for i := range h.fields {
		if h.fields[i].name == name {
			values = append(values, h.fields[i].value)
		}
	}
	return values
}

// check says why what begins with h cannot be a mail, or nil.
func (h *header) check(body []byte) error {
	switch {
	case h.seen == 0 && h.binary:
		return fmt.Errorf("%w: it begins with binary data", ErrUnreadable)
	case h.seen == 0 && !looksLikeText(body):
		return fmt.Errorf("%w: it has no header field, and is no text", ErrUnreadable)
	case h.known == 0 && h.binary:
		return fmt.Errorf("%w: its header is binary data", ErrUnreadable)
	}
	return nil
}

// needed says whether a field is read at all, and known whether mail is known
// to have it. RFC 5322, 2045, 2183, 2369, 2919, 3834, 5064, 5536, 9057 and what list
// software and robots add.
func needed(name []byte) (keep, known bool) {
	switch string(name) {
	case "from", "sender", "author", "reply-to", "to", "cc", "subject", "date", "message-id",
		"in-reply-to", "references", "received", "return-path", "content-type",
		"content-transfer-encoding", "content-disposition", "list-id",
		"list-post", "archived-at", "auto-submitted", "precedence":
		return true, true
	case "x-no-archive", "archive":
		return true, false
	case "x-original-from", "x-original-sender", "x-beenthere", "mailing-list",
		"x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply",
		"x-failed-recipients", "x-github-sender", "x-github-reason":
		return true, true
	case "bcc", "mime-version", "delivered-to",
		"content-description", "content-id", "x-mailer", "user-agent",
		"status", "dkim-signature", "comments", "keywords":
		return false, true
	}
	return bytes.HasPrefix(name, []byte("x-")) && isRobotField(string(name)), false
}

// fieldName gives the name of the field that line begins, or "" where it
// begins none. RFC 5322, section 2.2: printable ASCII without colon; white
// space before the colon is its section 4.5's.
func fieldName(line []byte) []byte {
	end := -1 // of the name, where white space follows it
	for i, c := range line {
		switch {
		case c == ':':
			if end < 0 {
				end = i
			}
			if end == 0 {
				return nil
			}
			return line[:end]
		case c < ' ' || c > '~' || i > maxFieldName || end >= 0 && c != ' ':
			return nil
		case c == ' ' && end < 0:
			end = i
		}
	}
	return nil
}
