package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// MboxMessage is a mail as an mbox file holds it.
type MboxMessage struct {
	// Raw are its bytes, unquoted, with the line ends of the file.
	Raw []byte
	// Date is that of its From_ line, taken for UTC where the line names no
	// zone.
	Date time.Time
	// Defect says that Raw is only the beginning of the mail, and why;
	// otherwise it is empty.
	Defect string
}

// MboxReader reads the mails of an mbox file one by one, with bounded memory.
//
// It reads what RFC 4155 calls the default format and its usual relatives:
// quoting as in mboxrd, which also reads mboxo as far as that can be undone at
// all; line ends of LF or CRLF; gzip, told by its first bytes.
type MboxReader struct {
	name string
	src  io.Reader
	r    *bufio.Reader // nil before the first read
	max  int64
	line int64     // number of the line that was read last, for errors
	date time.Time // of the From_ line that was read last
	buf  []byte    // for the next mail
	err  error     // what ended the reading
}

// NewMboxReader reads an mbox; name is for errors. Of a mail larger than
// maxBytes only the beginning is kept.
func NewMboxReader(r io.Reader, name string, maxBytes int64) *MboxReader {
	return &MboxReader{name: name, src: r, max: maxBytes}
}

// fromLineBytes is how long a From_ line may be.
const fromLineBytes = 1 << 10

var fromPrefix, quote = []byte("From "), []byte(">")

// Next gives the next mail, and io.EOF after the last. An error that wraps
// ErrNotMbox says that this is no mbox at all; after any other one all mails
// that came before it are whole.
func (m *MboxReader) Next() (MboxMessage, error) {
	if m.err != nil {
		return MboxMessage{}, m.err
	}
	if m.r == nil {
		if m.err = m.begin(); m.err != nil {
			return MboxMessage{}, m.err
		}
	}
	message, err := m.message()
	if err != nil {
		m.err = err
		if err != io.EOF {
			return MboxMessage{}, err
		}
	}
	return message, nil
}

// begin finds the first From_ line.
func (m *MboxReader) begin() error {
	m.r = bufio.NewReaderSize(m.src, 64<<10)
	if magic, _ := m.r.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) { // RFC 1952, section 2.3.1
		z, err := gzip.NewReader(m.r)
		if err != nil {
			return m.damaged(err)
		}
		m.r = bufio.NewReaderSize(z, 64<<10)
	}
	for {
		line, whole, err := m.readLine()
		if err != nil && err != io.EOF {
			return err
		}
		if date, ok := fromLine(line); ok && whole {
			m.date = date
			return nil
		}
		if err == io.EOF && len(line) == 0 {
			return fmt.Errorf("%w: %s is empty", ErrNotMbox, m.name)
		}
		if err == io.EOF || !blank(line) {
			return fmt.Errorf("%w: %s does not begin with a line such as %q",
				ErrNotMbox, m.name, "From someone@example.org Wed May  1 16:13:53 2019")
		}
	}
}

// message reads up to the next From_ line, or to the end of the file: then
// the error is io.EOF and the message counts.
func (m *MboxReader) message() (MboxMessage, error) {
	var (
		message    = MboxMessage{Date: m.date}
		raw        = m.buf[:0]
		size       int64 // of the mail, as far as it was read
		lineStart  = true
		afterBlank = false
		separator  = 0 // length of the blank line at the end of raw
	)
	for {
		line, whole, err := m.readLine()
		if err != nil && err != io.EOF {
			return MboxMessage{}, err
		}
		if date, ok := fromLine(line); ok && lineStart && whole {
			line = bytes.Clone(line) // looking ahead moves it
			if afterBlank || m.headerFollows() {
				m.date = date
				break
			}
		}
		if lineStart && bytes.HasPrefix(line, quote) && bytes.HasPrefix(bytes.TrimLeft(line, ">"), fromPrefix) {
			line = line[1:]
		}
		if len(line) > 0 {
			separator = 0
		}
		if afterBlank = lineStart && whole && blank(line); afterBlank {
			separator = len(line)
		}
		size += int64(len(line))
		if room := m.max + 2 - int64(len(raw)); room > 0 { // 2 for the separator
			raw = append(raw, line[:min(int64(len(line)), room)]...)
		}
		lineStart = whole
		if err == io.EOF {
			m.err = io.EOF
			break
		}
	}
	// The blank line in front of a From_ line, and at the end of the file,
	// belongs to the file.
	size -= int64(separator)
	raw = raw[:min(int64(len(raw)), size)]
	if size > m.max {
		raw = beginning(raw, m.max)
		message.Defect = tooLarge(m.max, len(raw), fmt.Sprint(size))
	}
	message.Raw = bytes.Clone(raw)
	if cap(raw) <= 1<<20 {
		m.buf = raw
	}
	return message, m.err
}

// headerFollows says that what comes next looks like a mail's header. Only
// then is a From_ line believed that no blank line precedes: some programs
// forget it, and two mails must not become one.
func (m *MboxReader) headerFollows() bool {
	ahead, _ := m.r.Peek(80)
	for i, c := range ahead {
		if c == ':' {
			return i > 0
		}
		if c <= ' ' || c >= 0x7f { // RFC 5322, section 2.2: ftext
			return false
		}
	}
	return false
}

// readLine gives the next line with its end, or a part of a line that is very
// long: then whole is false. What is given is valid until the next call.
func (m *MboxReader) readLine() (line []byte, whole bool, err error) {
	line, err = m.r.ReadSlice('\n')
	switch {
	case err == nil:
		m.line++
		return line, true, nil
	case errors.Is(err, bufio.ErrBufferFull):
		return line, false, nil
	case err == io.EOF:
		return line, true, io.EOF
	}
	return nil, false, m.damaged(err)
}

func (m *MboxReader) damaged(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s ends too early, behind line %d: fetch the file again", m.name, m.line)
	}
	return fmt.Errorf("cannot read %s behind line %d: %w", m.name, m.line, err)
}

func blank(line []byte) bool {
	return len(line) == 1 && line[0] == '\n' || len(line) == 2 && line[0] == '\r' && line[1] == '\n'
}

// fromLine says whether a line is a From_ line (RFC 4155, appendix A), and
// its date. A sender may hold blanks, and there are zones before or behind
// the year, so that it is the date that tells: "Wed May  1 16:13:53 2019".
func fromLine(line []byte) (time.Time, bool) {
	if !bytes.HasPrefix(line, fromPrefix) || len(line) > fromLineBytes {
		return time.Time{}, false
	}
	fields := strings.Fields(string(line[len(fromPrefix):]))
	for i := len(fields) - 5; i >= 0; i-- {
		if date, ok := asctime(fields[i:]); ok {
			return date, true
		}
	}
	return time.Time{}, false
}

// asctime reads "Wed May 1 16:13:53 2019" with a zone before or behind the
// year, and does not mind what follows.
func asctime(f []string) (time.Time, bool) {
	weekdays := "SunMonTueWedThuFriSat"
	if len(f[0]) != 3 || strings.Index(weekdays, f[0])%3 != 0 {
		return time.Time{}, false
	}
	clock := "15:04:05"
	if strings.Count(f[3], ":") == 1 {
		clock = "15:04"
	}
	year, zone := f[4], ""
	if len(f) > 5 {
		zone = f[5]
		if _, err := strconv.Atoi(year); err != nil || len(year) != 4 {
			year, zone = f[5], f[4]
		}
	}
	date, err := time.Parse("Jan 2 "+clock+" 2006", f[1]+" "+f[2]+" "+f[3]+" "+year)
	if err != nil {
		return time.Time{}, false
	}
	if offset, err := time.Parse("-0700", zone); err == nil {
		_, seconds := offset.Zone()
		date = date.Add(-time.Duration(seconds) * time.Second)
	}
	return date, true
}

// countingReader counts what was read.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}
