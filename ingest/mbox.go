package ingest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// mboxReader reads the mails of an mbox one by one, with bounded memory.
//
// A mail begins behind a From_ line, which stands behind a blank line or in
// front of what looks like a header; the blank line belongs to the file. All
// lines of a mail are as in the file, but for the quoting of those that look
// like From_ lines:
//
//   - mboxrd (RFC 4155): one ">" is taken from ">From ", ">>From " and so on.
//     This also reads mboxo, where nobody can tell ">From " from a quoted
//     "From ".
//   - mboxo, where the file's first From_ line shows that Mailman wrote it:
//     one ">" is taken from ">From " only.
//   - mboxcl2: a mail whose Content-Length ends where the next one begins is
//     taken at its word: From_ lines in it are text, and nothing is quoted.
//     Content-Length that ends anywhere else is not believed.
type mboxReader struct {
	name string
	w    *window
	max  int64 // of a larger mail only the beginning is kept
	// strict takes ">" from ">From " only.
	strict bool
	from   fromLine // that of the next mail
	last   int64    // where the From_ line of the last mail stands
	begun  bool
	// resumed says that mails were read of the file before.
	resumed bool
	err     error
}

func newMboxReader(w *window, name string, maxBytes int64) *mboxReader {
	return &mboxReader{name: name, w: w, max: maxBytes, resumed: w.offset() > 0}
}

// aheadBytes is how far beyond a From_ line is looked to tell whether a header
// follows.
const aheadBytes = 256

// next gives the next mail, and io.EOF after the last. An error that wraps
// ErrNoMail says that this is no mbox at all; after any other one all mails
// that came before it are whole, and what stands behind them is not given.
func (m *mboxReader) next() (mail, error) {
	if !m.begun && m.err == nil {
		m.begun, m.err = true, m.begin()
	}
	if m.err != nil {
		return mail{}, m.err
	}
	m.last = m.w.offset()
	m.w.skip(lineEnd(m.w.need(fromLineBytes)))
	date := m.from.date
	raw, size, err := m.body()
	if err != nil {
		m.err = err
		return mail{}, err
	}
	if m.atEnd() {
		m.err = m.ended()
	}
	out := mail{raw: raw, date: date}
	if size > m.max {
		out.raw = beginning(raw, m.max)
		out.defect = tooLarge(m.max, len(out.raw), strconv.FormatInt(size, 10))
	}
	return out, nil
}

// begin goes to the first From_ line.
func (m *mboxReader) begin() error {
	m.w.skip(len(byteOrderMark(m.w.need(3))))
	for {
		data := m.w.need(fromLineBytes + aheadBytes)
		if n := blankLine(data); n > 0 {
			m.w.skip(n)
			continue
		}
		if len(data) == 0 {
			if err := m.ended(); err != io.EOF || m.resumed {
				return err
			}
			return fmt.Errorf("%w: %s is empty", ErrNoMail, m.name)
		}
		if from, ok := fromLineAt(data, true); ok {
			m.from = from
			return m.findStyle()
		}
		if err := m.ended(); err != nil && err != io.EOF {
			return err
		}
		return fmt.Errorf("%w: %s does not begin with a line such as %q", ErrNoMail, m.name, "From someone@example.org Wed May  1 16:13:53 2019")
	}
}

// findStyle tells by the file's first From_ line how the file is quoted.
func (m *mboxReader) findStyle() error {
	head := m.w.head
	head = head[len(byteOrderMark(head)):]
	for n := blankLine(head); n > 0; n = blankLine(head) {
		head = head[n:]
	}
	first, _ := parseFromLine(head[:lineEnd(head)])
	m.strict = first.python
	return nil
}

// atEnd says that there is no other mail.
func (m *mboxReader) atEnd() bool { return len(m.w.need(1)) == 0 }

// ended is what ended the stream: io.EOF, or an error for people.
func (m *mboxReader) ended() error {
	switch err := m.w.err; {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("%s is damaged or ends too early (%w), behind byte %d of its text: fetch the file again", m.name, err, m.last)
	default:
		return fmt.Errorf("cannot read %s behind byte %d: %w", m.name, m.last, err)
	}
}

// body reads a mail up to the From_ line of the next one, or to the end. size
// is the mail's; of a large mail, raw is only a part.
func (m *mboxReader) body() (raw []byte, size int64, err error) {
	var kept []byte // of a mail that is too large
	var gone int64  // bytes of it that are not in the window any more
	scan := 0
	for {
		data := m.w.unread()
		i := findFromLine(m.w.buf, m.w.pos, scan)
		if i >= 0 {
			data = m.w.need(i + fromLineBytes + aheadBytes)
			from, ok := fromLineAt(data[i:], endsBlank(m.w.buf[:m.w.pos+i]))
			if !ok {
				scan = i + 1
				continue
			}
			if gone == 0 {
				if raw, ok := m.byLength(data, i); ok {
					return raw, int64(len(raw)), nil
				}
				data = m.w.unread()
			}
			m.from = from
			return m.cut(kept, gone, data, i)
		}
		if m.w.err != nil {
			if m.w.err != io.EOF {
				return nil, 0, m.ended()
			}
			if gone == 0 {
				if raw, ok := m.byLength(data, len(data)); ok {
					return raw, int64(len(raw)), nil
				}
			}
			return m.cut(kept, gone, m.w.unread(), len(m.w.unread()))
		}
		if int64(len(data)) > m.max+windowBytes {
			if gone == 0 {
				kept = bytes.Clone(data[:m.max+1])
			}
			n := len(data) - aheadBytes
			m.w.skip(n)
			gone += int64(n)
		}
		scan = max(0, len(m.w.unread())-len(fromPrefix))
		m.w.more()
	}
}

// cut takes a mail that ends at data[i].
func (m *mboxReader) cut(kept []byte, gone int64, data []byte, i int) (raw []byte, size int64, err error) {
	end := i
	if gone == 0 || i > 2 {
		end -= lastBlankLine(data[:i])
	}
	size = gone + int64(end)
	if gone == 0 {
		kept = data[:end]
	}
	raw = unquote(kept, m.strict)
	m.w.skip(i)
	return raw, size - int64(len(kept)-len(raw)), nil
}

// byLength takes a mail by its Content-Length, where that is right. i is
// where the next From_ line stands that could end it.
func (m *mboxReader) byLength(data []byte, i int) (raw []byte, ok bool) {
	body, length, ok := contentLength(data[:i])
	if !ok || int64(body)+length > m.max {
		return nil, false
	}
	end := body + int(length)
	data = m.w.need(end + fromLineBytes + aheadBytes)
	if end > len(data) {
		return nil, false
	}
	// A mail that does not end with a line end is to be told from a lie that
	// is one byte off. Who writes From_ lines into mails means it.
	if !bytes.HasSuffix(data[:end], []byte("\n")) && end <= i {
		return nil, false
	}
	next := end + blankLine(data[end:])
	if !bytes.HasSuffix(data[:end], []byte("\n")) {
		next += blankLine(data[next:])
	}
	// A length that counts the blank line behind the mail is an accident.
	if next == end && endsBlank(data[:end]) && end >= i && body < end {
		return nil, false
	}
	from, ok := fromLineAt(data[next:], next > end)
	if next < len(data) && !ok {
		return nil, false
	}
	m.from = from
	raw = bytes.Clone(data[:end])
	m.w.skip(next)
	return raw, true
}

// contentLength reads a mail's Content-Length; body is where its body begins.
func contentLength(data []byte) (body int, length int64, ok bool) {
	for at := 0; at < len(data); {
		if n := blankLine(data[at:]); n > 0 {
			return at + n, length, ok
		}
		line := data[at : at+lineEnd(data[at:])]
		if name, value, found := bytes.Cut(line, []byte(":")); found && len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")) {
			n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
			length, ok = n, err == nil && n >= 0 && n < 1<<40
		}
		at += len(line)
	}
	return 0, 0, false
}

// unquote copies a mail without the quoting of From_ lines.
func unquote(raw []byte, strict bool) []byte {
	out := make([]byte, 0, len(raw))
	quoted := []byte(">From ")
	for {
		i := bytes.Index(raw, quoted)
		if i < 0 {
			return append(out, raw...)
		}
		start := i
		for start > 0 && raw[start-1] == '>' {
			start--
		}
		lineStart := start == 0 && (len(out) == 0 || out[len(out)-1] == '\n') || start > 0 && raw[start-1] == '\n'
		if lineStart && (!strict || start == i) {
			out = append(out, raw[:start]...)
			out = append(out, raw[start+1:i+len(quoted)]...)
		} else {
			out = append(out, raw[:i+len(quoted)]...)
		}
		raw = raw[i+len(quoted):]
	}
}
