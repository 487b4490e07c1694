package ingest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

// session is just enough IMAP to look after the mailbox between the runs, on a
// connection of its own and independent of what is measured.
type session struct {
	conn net.Conn
	in   *bufio.Reader
	tags int
}

// dial logs in and selects the mailbox.
func dial(t *testing.T, s *peertest.DovecotServer, mailbox string) *session {
	t.Helper()
	conn, err := net.Dial("tcp", s.PlainAddr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &session{conn: conn, in: bufio.NewReaderSize(conn, 1<<20)}
	if _, err := c.in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	c.do(t, fmt.Sprintf("LOGIN %s %q", s.User, s.Password), nil)
	c.do(t, "SELECT "+mailbox, nil)
	return c
}

// do sends a command, with a literal at its end unless that is nil (RFC 7888),
// and gives the untagged answers without their literals.
func (c *session) do(t *testing.T, command string, literal []byte) []string {
	t.Helper()
	c.tags++
	tag := fmt.Sprintf("bench%d ", c.tags)
	_ = c.conn.SetDeadline(time.Now().Add(10 * time.Minute))
	out := []byte(tag + command)
	if literal != nil {
		out = append(fmt.Appendf(out, " {%d+}\r\n", len(literal)), literal...)
	}
	if _, err := c.conn.Write(append(out, "\r\n"...)); err != nil {
		t.Fatal(err)
	}
	var answers []string
	for {
		_ = c.conn.SetDeadline(time.Now().Add(10 * time.Minute)) // for this answer: a million take longer
		line, err := c.in.ReadString('\n')
		if err == nil {
			err = c.skipLiteral(line)
		}
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if rest, done := strings.CutPrefix(line, tag); done {
			if !strings.HasPrefix(rest, "OK") {
				t.Fatalf("%s: %s", command, rest)
			}
			return answers
		}
		answers = append(answers, strings.TrimSpace(line))
	}
}

func (c *session) skipLiteral(line string) error {
	line = strings.TrimSuffix(line, "\r\n")
	from := strings.LastIndexByte(line, '{')
	if from < 0 || !strings.HasSuffix(line, "}") {
		return nil
	}
	n, err := strconv.ParseInt(line[from+1:len(line)-1], 10, 64)
	if err == nil {
		_, err = io.CopyN(io.Discard, c.in, n)
	}
	return err
}

// fetchAll reads the whole mailbox and gives how many mails it holds: from then
// on Dovecot has its index, and the machine the files in memory, for whoever
// comes first as for the others.
func (c *session) fetchAll(t *testing.T) (mails int) {
	t.Helper()
	for _, line := range c.do(t, "UID FETCH 1:* (UID INTERNALDATE RFC822.SIZE BODY.PEEK[])", nil) {
		if strings.HasPrefix(line, "* ") && strings.Contains(line, " FETCH (") { // Dovecot also says that it is still there
			mails++
		}
	}
	return mails
}

// add appends mails to the selected mailbox, and gives how to take them away
// again. Dovecot has taken them into its index then: whoever comes first would
// wait for that.
func (c *session) add(t *testing.T, mailbox string, mails []peertest.Mail) (remove func()) {
	t.Helper()
	next := c.uidNext(t, mailbox)
	for _, m := range mails {
		raw := bytes.ReplaceAll(bytes.ReplaceAll(m.Raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		c.do(t, fmt.Sprintf("APPEND %s %q", mailbox, m.Received.UTC().Format("02-Jan-2006 15:04:05 -0700")), raw)
	}
	c.do(t, "NOOP", nil)
	c.do(t, fmt.Sprintf("UID FETCH %d:* (UID INTERNALDATE RFC822.SIZE BODY.PEEK[])", next), nil)
	return func() {
		c.do(t, fmt.Sprintf(`UID STORE %d:* +FLAGS.SILENT (\Deleted)`, next), nil)
		c.do(t, "EXPUNGE", nil)
	}
}

func (c *session) uidNext(t *testing.T, mailbox string) int {
	t.Helper()
	for _, line := range c.do(t, "STATUS "+mailbox+" (UIDNEXT)", nil) {
		if _, rest, ok := strings.Cut(line, "UIDNEXT "); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(rest, ")"))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("Dovecot does not say what UID comes next in %s", mailbox)
	return 0
}
