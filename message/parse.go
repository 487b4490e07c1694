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
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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
	if len(*d) >= maxDefects || len(args) == 0 && slices.Contains(*d, format) {
		return
	}
	text := strings.ToValidUTF8(fmt.Sprintf(format, args...), "?")
	for _, have := range *d {
		if have == text {
			return
		}
	}
	*d = append(*d, text)
}

// Version is the version of this reader, which Parse notes on every message.
// Raise it whenever a mail may be read differently than before.
const Version = 6

// Parse understands raw, one mail as RFC 5322 and MIME have it. It fills every
// field of the message except ID, ThreadID, BaseSubject, Received, Lists,
// Claimed and Own, which only the archive can know.
//
// The error wraps ErrUnreadable and gives the reason: the bytes are empty, or
// are not text. Anything else is read somehow, with the message's Defects to say
// how: text without a header is a text, of nobody.
func Parse(raw []byte) (*sigpost.Message, error) {
	memory := scratches.Get().(*scratch)
	defer memory.release()
	o, err := open(raw, memory, nil)
	if err != nil {
		return nil, err
	}
	return o.message(), nil
}

// scratch is the memory of reading one mail, used again for the next: nothing
// in a message may point into it.
type scratch struct {
	lines []byte // the mail with "\n" at its line ends
	words []byte // the words of its new text
}

// maxScratch bounds what is kept for the next mail, in bytes.
const maxScratch = 1 << 20

var scratches = sync.Pool{New: func() any { return &scratch{} }}

func (s *scratch) release() {
	if cap(s.lines)+cap(s.words) <= maxScratch {
		scratches.Put(s)
	}
}

// opened is a mail whose header has been read.
type opened struct {
	*scratch
	size  int    // of the raw bytes
	src   []byte // without preamble, its line ends "\n"
	h     header
	body  []byte
	wrong defects
	notes *charsetNotes // nil where nobody asks
}

// open finds the header of a mail. The error wraps ErrUnreadable.
func open(raw []byte, memory *scratch, notes *charsetNotes) (*opened, error) {
	o := &opened{scratch: memory, size: len(raw), notes: notes}
	raw = wholeUTF16(raw, &o.wrong)
	o.src = skipPreamble(o.toLF(raw), &o.wrong)
	if len(o.src) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrUnreadable)
	}
	o.h, o.body = splitHeader(o.src[junkAbove(o.src):], &o.wrong)
	if err := o.h.check(o.body); err != nil {
		return nil, err
	}
	if o.h.seen == 0 {
		o.wrong.add("it has no header: all of it was taken for its text")
	} else if junkAbove(o.src) > 0 {
		o.wrong.add("what stands above the header is no field: it was skipped")
	}
	o.h.decode8bit(o.body, &o.wrong, notes)
	return o, nil
}

// message reads all that Parse promises.
func (o *opened) message() *sigpost.Message {
	m := &sigpost.Message{Size: o.size, Reader: Version}
	readIdentity(m, o)
	readPeople(m, o.h, &o.wrong)
	readTimes(m, o.h, &o.wrong)
	m.Subject = short(oneLine(decodeWords(o.h.get("subject"))), maxSubject, "subject", &o.wrong)
	m.Answering = sigpost.IsAnswer(m.Subject)
	m.ListIDs = listIDs(o.h)
	m.ArchivedAt = archivedAt(o.h)

	w := walker{defects: &o.wrong, notes: o.notes}
	text := short(w.text(o.h, o.body), maxText, "text", &o.wrong)
	m.Attachments = w.attachments
	m.Text, m.Ranges = unstuff(text, Cut(text))
	nameQuoted(m)
	m.HTML = w.html != nil
	m.NoArchive = noArchive(o.h)
	m.Robot = robotRuleFor(o.h, m) != ""
	m.Quoting = slices.ContainsFunc(m.Ranges, func(r sigpost.Range) bool { return r.Kind == sigpost.RangeQuoted })
	m.Fingerprint = o.fingerprint(m)
	m.Defects = o.wrong
	return m
}

// readIdentity fills the Message-ID and what the message answers.
func readIdentity(m *sigpost.Message, o *opened) {
	m.MessageID = ownID(o.h.all("message-id"))
	if m.MessageID == "" {
		m.MessageID, m.Derived = derivedID(o.src), true
		o.wrong.add("it has no usable Message-ID: one was derived from its bytes")
	}
	m.References = references(o.h.all("references"), o.h.inReplyTo(), m.MessageID)
}

// noArchive says whether the author wishes that the mail is not archived:
// "X-No-Archive: yes", and what netnews has for the same (RFC 5536, section
// 3.2.2), "Archive: no".
func noArchive(h header) bool {
	first := func(name string) string {
		value, _, _ := strings.Cut(h.get(name), ";")
		return strings.ToLower(strings.TrimSpace(value))
	}
	return first("x-no-archive") == "yes" || first("archive") == "no"
}

// toLF gives b with every line end as "\n". CRLF, CR alone and the "\r\r\n" of
// twice converted files all count as one line end.
func toLF(b []byte) []byte { return new(scratch).toLF(b) }

// toLF is that in memory that is used again.
func (s *scratch) toLF(b []byte) []byte {
	i := bytes.IndexByte(b, '\r')
	if i < 0 {
		return b
	}
	out := slices.Grow(s.lines[:0], len(b))
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
	s.lines = append(out, b...)
	return s.lines
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
