package peertest

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// imapTalk is a conversation with an IMAP server, one command at a time.
type imapTalk struct {
	net.Conn
	t    testing.TB
	r    *bufio.Reader
	tags int
}

// newIMAPTalk reads the server's greeting.
func newIMAPTalk(t testing.TB, conn net.Conn) *imapTalk {
	t.Helper()
	c := &imapTalk{Conn: conn, t: t, r: bufio.NewReader(conn)}
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c
}

// try sends a command and gives all lines up to its tagged answer, and whether
// that is OK.
func (c *imapTalk) try(format string, args ...any) (string, bool) {
	c.t.Helper()
	c.tags++
	tag := fmt.Sprintf("a%d ", c.tags)
	if _, err := fmt.Fprintf(c.Conn, tag+format+"\r\n", args...); err != nil {
		c.t.Fatal(err)
	}
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			c.t.Fatalf("%s: %v\n%s", format, err, all.String())
		}
		if rest, tagged := strings.CutPrefix(line, tag); tagged {
			return all.String(), strings.HasPrefix(rest, "OK")
		}
	}
}

// must sends a command that has to succeed.
func (c *imapTalk) must(format string, args ...any) string {
	c.t.Helper()
	all, ok := c.try(format, args...)
	if !ok {
		c.t.Fatalf("%s: %s", format, all)
	}
	return all
}

func (c *imapTalk) expunge(mailbox, uids string) {
	c.t.Helper()
	c.must("SELECT %q", mailbox)
	c.must(`UID STORE %s +FLAGS.SILENT (\Deleted)`, uids)
	c.must("UID EXPUNGE %s", uids)
}
