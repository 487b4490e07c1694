package peertest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// talk sends each command and gives all lines up to its tagged answer.
func talk(t *testing.T, conn net.Conn, commands ...string) string {
	t.Helper()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	var all strings.Builder
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for i, command := range commands {
		tag := fmt.Sprintf("a%d ", i)
		fmt.Fprintf(conn, "%s%s\r\n", tag, command)
		for {
			line, err := r.ReadString('\n')
			all.WriteString(line)
			if err != nil {
				t.Fatalf("%s: %v\n%s", command, err, all.String())
			}
			if strings.HasPrefix(line, tag) {
				break
			}
		}
	}
	return all.String()
}

func TestDovecotServesWhatIsLoaded(t *testing.T) {
	s := Dovecot(t)
	at := time.Date(2016, 4, 12, 9, 30, 0, 0, time.UTC)
	s.Load(t, "INBOX", []Mail{{Raw: []byte("Subject: one\n\nfirst\n"), Received: at}})
	s.Load(t, "lists/sig", []Mail{
		{Raw: []byte("Subject: two\n\nsecond\n"), Received: at},
		{Raw: []byte("Subject: three\n\nthird\n"), Received: at.Add(-time.Hour)},
	})
	conn, err := tls.Dial("tcp", s.Addr, &tls.Config{RootCAs: s.Roots, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	got := talk(t, conn,
		fmt.Sprintf("LOGIN %s %q", s.User, s.Password),
		"EXAMINE INBOX", "FETCH 1 (INTERNALDATE BODY.PEEK[TEXT])",
		"EXAMINE lists/sig", "UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
	for _, want := range []string{
		"* 1 EXISTS", "first\r\n", at.Local().Format("02-Jan-2006 15:04:05 -0700"), "* 2 EXISTS",
		"UID 1 BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: two", "Subject: three",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}

	plain, err := net.Dial("tcp", s.PlainAddr)
	if err != nil {
		t.Fatal(err)
	}
	if got := talk(t, plain, "CAPABILITY"); !strings.Contains(got, "STARTTLS") {
		t.Errorf("no STARTTLS in %s", got)
	}
}
