// Package message turns the raw bytes of a mail into a sigpost.Message: header
// fields read however they are written, MIME unpacked, the text decoded and cut
// into what is new, quoted, signature and list footer.
//
// It is pure: bytes in, a value out. A mail of real life is rarely right in
// every field, so what is wrong is read as well as can be and said among the
// message's Defects; only bytes that are no mail at all are refused.
package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"sigpost"
)

// ErrUnreadable says that bytes cannot be called a mail at all. What wraps it
// names the reason, for people.
var ErrUnreadable = errors.New("this is not a mail")

// maxDefects bounds what is said about one mail.
const maxDefects = 20

// What is read of a mail, in bytes. The raw mail has the rest: these bound what
// every later stage must carry.
const (
	maxSubject = 1000
	maxText    = 1 << 20
)

// short cuts what is too long, at the end of a character.
func short(s string, limit int, what string, wrong *defects) string {
	if len(s) <= limit {
		return s
	}
	wrong.add("its %s is %d bytes long: only the first %d were read", what, len(s), limit)
	return strings.ToValidUTF8(s[:limit], "")
}

// defects collects what was wrong with a mail, each thing once.
type defects []string

func (d *defects) add(format string, args ...any) {
	text := strings.ToValidUTF8(fmt.Sprintf(format, args...), "?")
	if len(*d) >= maxDefects {
		return
	}
	for _, have := range *d {
		if have == text {
			return
		}
	}
	*d = append(*d, text)
}

// Parse understands raw, one mail as RFC 5322 and MIME have it. It fills every
// field of the message except ID, ThreadID, BaseSubject, Received, Lists and
// Own, which only the archive can know.
//
// The error wraps ErrUnreadable and gives the reason: the bytes are empty, or
// hold no header field, or are not text. Anything else is read somehow, with
// the message's Defects to say how.
func Parse(raw []byte) (*sigpost.Message, error) {
	var wrong defects
	src := skipPreamble(toLF(raw), &wrong)
	if len(src) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrUnreadable)
	}
	h, body := splitHeader(src, &wrong)
	if err := h.check(); err != nil {
		return nil, err
	}
	h.decode8bit(&wrong)

	m := &sigpost.Message{Size: len(raw)}
	readIdentity(m, h, src, &wrong)
	readPeople(m, h, &wrong)
	readTimes(m, h, &wrong)
	m.Subject = short(oneLine(decodeWords(h.get("subject"))), maxSubject, "subject", &wrong)
	m.ListIDs = listIDs(h)
	m.ArchivedAt = archivedAt(h)
	m.Robot = robotRuleFor(h, m.Author) != ""

	var w walker
	w.defects = &wrong
	m.Text = short(w.text(h, body), maxText, "text", &wrong)
	m.Attachments = w.attachments
	m.Ranges = Cut(m.Text)
	m.Defects = wrong
	return m, nil
}

// readIdentity fills the Message-ID and what the message answers.
func readIdentity(m *sigpost.Message, h header, src []byte, wrong *defects) {
	m.MessageID = ownID(h.all("message-id"))
	if m.MessageID == "" {
		m.MessageID, m.Derived = derivedID(src), true
		wrong.add("it has no usable Message-ID: one was derived from its bytes")
	}
	m.References = references(h.all("references"), h.get("in-reply-to"), m.MessageID)
}

// derivedID names a mail after its bytes, so that two copies of it get the
// same name whatever their line ends are. ".invalid" is reserved for names
// that no host has (RFC 2606, section 2).
func derivedID(src []byte) sigpost.MessageID {
	sum := sha256.Sum256(bytes.TrimRight(src, "\n"))
	return sigpost.MessageID("sha256." + hex.EncodeToString(sum[:])[:32] + "@derived.invalid")
}

// toLF gives b with every line end as "\n". CRLF, CR alone and the "\r\r\n" of
// twice converted files all count as one line end.
func toLF(b []byte) []byte {
	i := bytes.IndexByte(b, '\r')
	if i < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i >= 0 {
		out = append(out, b[:i]...)
		end := i
		for end < len(b) && b[end] == '\r' {
			end++
		}
		if end < len(b) && b[end] == '\n' {
			end++
			out = append(out, '\n')
		} else {
			for range end - i {
				out = append(out, '\n')
			}
		}
		b = b[end:]
		i = bytes.IndexByte(b, '\r')
	}
	return append(out, b...)
}

// oneLine makes s fit for a line of a page: white space of any kind becomes
// one space, control characters go.
func oneLine(s string) string {
	s = cleanText(s)
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c > ' ' && c < utf8.RuneSelf || c == ' ' && i > 0 && i < len(s)-1 && s[i+1] != ' '
	}
	if plain {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}
