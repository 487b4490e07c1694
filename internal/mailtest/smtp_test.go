package mailtest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func startSMTP(t *testing.T, opts SMTPOptions) *SMTP {
	t.Helper()
	s, err := StartSMTP(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// dialSMTP connects and logs in, as far as the server asks for it.
func dialSMTP(s *SMTP, security Security, password string) (*smtp.Client, error) {
	conn, err := net.DialTimeout("tcp", s.Addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if security == ImplicitTLS {
		conn = tls.Client(conn, s.CA.ClientConfig())
	}
	c, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		return nil, err
	}
	if security == StartTLS {
		if err := c.StartTLS(s.CA.ClientConfig()); err != nil {
			c.Close()
			return nil, err
		}
	}
	if password != "" {
		if err := c.Auth(smtp.PlainAuth("", s.Username, password, "127.0.0.1")); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// send makes one transaction and says at which command it failed.
func send(c *smtp.Client, from string, to []string, data []byte) (string, error) {
	if err := c.Mail(from); err != nil {
		return "MAIL", err
	}
	for _, addr := range to {
		if err := c.Rcpt(addr); err != nil {
			return "RCPT", err
		}
	}
	w, err := c.Data()
	if err != nil {
		return "DATA", err
	}
	if _, err := w.Write(data); err != nil {
		return "body", err
	}
	return "dot", w.Close()
}

func TestSMTPKeepsLetters(t *testing.T) {
	now := time.Date(2016, 4, 25, 9, 0, 0, 0, time.UTC)
	for _, security := range []Security{Plain, StartTLS, ImplicitTLS} {
		t.Run(security.String(), func(t *testing.T) {
			s := startSMTP(t, SMTPOptions{Username: "sigpost", Password: "p w", Security: security, Now: FixedClock(now)})
			c, err := dialSMTP(s, security, s.Password)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			first := []byte("Subject: one\r\n\r\n.a line with a dot\r\n..two\r\n")
			if at, err := send(c, "digest@example.org", []string{"a@example.net", "b@example.net"}, first); err != nil {
				t.Fatal(at, err)
			}
			for _, m := range SampleList() {
				if at, err := send(c, "digest@example.org", []string{"c@example.net"}, m.Raw); err != nil {
					t.Fatal(at, err)
				}
			}
			letters := s.Letters()
			if len(letters) != 64 || s.Connections() != 1 {
				t.Fatalf("%d letters over %d connections", len(letters), s.Connections())
			}
			l := letters[0]
			if l.From != "digest@example.org" || !slices.Equal(l.To, []string{"a@example.net", "b@example.net"}) ||
				!bytes.Equal(l.Data, first) || !l.At.Equal(now) || l.TLS != (security != Plain) || l.User != "sigpost" {
				t.Errorf("got %+v with %q", l, l.Data)
			}
			for i, m := range SampleList() {
				if !bytes.Equal(letters[i+1].Data, m.Raw) {
					t.Errorf("%s came differently", m.Name)
				}
			}
			s.Reset()
			if len(s.Letters()) != 0 || s.Connections() != 0 {
				t.Error("Reset forgot to forget")
			}
		})
	}
}

func code(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

func TestSMTPLogin(t *testing.T) {
	s := startSMTP(t, SMTPOptions{Username: "sigpost", Password: "right", Security: ImplicitTLS})
	if _, err := dialSMTP(s, ImplicitTLS, "wrong"); code(err) != 535 {
		t.Errorf("wrong password: %v", err)
	}
	c, err := dialSMTP(s, ImplicitTLS, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if at, err := send(c, "a@example.org", []string{"b@example.net"}, nil); at != "MAIL" || code(err) != 530 {
		t.Errorf("without a login: %s %v", at, err)
	}
	open := startSMTP(t, SMTPOptions{})
	if c, err = dialSMTP(open, Plain, ""); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if ok, _ := c.Extension("AUTH"); ok {
		t.Error("a server without a login offers AUTH")
	}
	if ok, _ := c.Extension("STARTTLS"); ok {
		t.Error("a server without a certificate offers STARTTLS")
	}
}

func TestSMTPFaults(t *testing.T) {
	// Each try is a transaction on a connection of its own, to this address.
	const ana, ben = "ana@example.net", "ben@example.net"
	type try struct {
		to   string
		at   string // where it ended
		code int    // 0 with an error: no reply came
		kept bool
	}
	ok := func(to string) try { return try{to, "", 250, true} }
	tests := []struct {
		name   string
		faults []SMTPFault
		tries  []try
	}{
		{"none", nil, []try{ok(ana)}},
		{"later at MAIL, once", []SMTPFault{{At: AtMail, Code: 450, Times: 1}},
			[]try{{ana, "MAIL", 450, false}, ok(ana)}},
		{"one recipient, for good", []SMTPFault{{At: AtRcpt, Code: 550, Text: "no such user", To: "Ana@Example.net"}},
			[]try{{ana, "RCPT", 550, false}, ok(ben), {ana, "RCPT", 550, false}}},
		{"one recipient, twice", []SMTPFault{{At: AtRcpt, Code: 450, To: ana, Times: 2}},
			[]try{{ana, "RCPT", 450, false}, {ana, "RCPT", 450, false}, ok(ana)}},
		{"after the dot, the second", []SMTPFault{{At: AfterDot, Code: 554, Nth: 2}},
			[]try{ok(ana), {ana, "dot", 554, false}, ok(ana)}},
		{"after the dot, for now", []SMTPFault{{At: AfterDot, To: ana, Times: 1}},
			[]try{{ana, "dot", 451, false}, ok(ana)}},
		{"kept, and no reply", []SMTPFault{{At: AfterDot, Do: Hangup, Nth: 2}},
			[]try{ok(ana), {ben, "dot", 0, true}, ok(ana)}},
		{"kept, and silence", []SMTPFault{{At: AfterDot, Do: Stall, Nth: 1}},
			[]try{{ben, "dot", 0, true}, ok(ana)}},
		{"in the middle", []SMTPFault{{At: MidData, Do: Hangup, Times: 1}},
			[]try{{ana, "dot", 0, false}, ok(ana)}},
		{"in the middle, silence", []SMTPFault{{At: MidData, Do: Stall, Times: 1}},
			[]try{{ana, "dot", 0, false}, ok(ana)}},
		{"in the middle, a reply", []SMTPFault{{At: MidData, Code: 552, Times: 1}},
			[]try{{ana, "dot", 552, false}, ok(ana)}},
		{"hangup at MAIL", []SMTPFault{{At: AtMail, Do: Hangup, Nth: 1}},
			[]try{{ana, "MAIL", 0, false}, ok(ana)}},
		{"silence at RCPT", []SMTPFault{{At: AtRcpt, Do: Stall, To: ana}},
			[]try{{ana, "RCPT", 0, false}, ok(ben)}},
		{"the first that fits", []SMTPFault{{At: AtRcpt, Code: 451, To: ana, Times: 1}, {At: AtRcpt, Code: 551, To: ana}},
			[]try{{ana, "RCPT", 451, false}, {ana, "RCPT", 551, false}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // some wait for nothing
			s := startSMTP(t, SMTPOptions{})
			s.Fail(tt.faults...)
			kept := 0
			for i, try := range tt.tries {
				conn, err := net.Dial("tcp", s.Addr)
				if err != nil {
					t.Fatal(err)
				}
				conn.SetDeadline(time.Now().Add(2 * time.Second)) // a stall is a timeout
				c, err := smtp.NewClient(conn, "127.0.0.1")
				if err != nil {
					t.Fatal(err)
				}
				at, err := send(c, "digest@example.org", []string{try.to}, []byte("Subject: x\r\n\r\nx\r\n"))
				c.Close()
				switch {
				case try.code == 250 && err != nil, try.code != 250 && (err == nil || code(err) != try.code || at != try.at):
					t.Errorf("try %d: %s %v, want %+v", i+1, at, err, try)
				}
				if try.kept {
					kept++
				}
				if got := len(s.Letters()); got != kept {
					t.Errorf("try %d: %d letters, want %d", i+1, got, kept)
				}
			}
		})
	}
}

// TestSMTPHangupInALargeMail: more than the sockets' buffers hold, so that the
// client notices while it writes.
func TestSMTPHangupInALargeMail(t *testing.T) {
	s := startSMTP(t, SMTPOptions{})
	s.Fail(SMTPFault{At: MidData, Do: Hangup})
	c, err := dialSMTP(s, Plain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	big := bytes.Repeat([]byte(strings.Repeat("x", 70)+"\r\n"), 1<<19)
	if at, err := send(c, "a@example.org", []string{"b@example.net"}, big); at != "body" || err == nil {
		t.Errorf("%s %v", at, err)
	}
	if len(s.Letters()) != 0 {
		t.Error("half a letter was kept")
	}
}

// What a client says ahead, in the same packet as the final dot, is of no effect once the
// server has hung up.
func TestSMTPHangupBeforeWhatIsPipelined(t *testing.T) {
	s := startSMTP(t, SMTPOptions{})
	s.Fail(SMTPFault{At: AfterDot, Do: Hangup, Times: 1}, SMTPFault{At: AtRcpt, Code: 550, To: "b@example.net", Times: 1})
	letter := func(to string) string {
		return "MAIL FROM:<a@example.org>\r\nRCPT TO:<" + to + ">\r\nDATA\r\n"
	}
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "EHLO x\r\n"+letter("a@example.net")+"Subject: x\r\n\r\nx\r\n.\r\n"+letter("b@example.net")); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, conn)
	c, err := dialSMTP(s, Plain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if at, err := send(c, "a@example.org", []string{"b@example.net"}, []byte("Subject: x\r\n\r\nx\r\n")); at != "RCPT" || err == nil {
		t.Errorf("%s %v", at, err)
	}
	if n := len(s.Letters()); n != 1 {
		t.Errorf("%d letters", n)
	}
}

func TestSMTPGoesOnAfterARefusal(t *testing.T) {
	s := startSMTP(t, SMTPOptions{})
	s.Fail(SMTPFault{At: AtRcpt, Code: 550, To: "gone@example.net"})
	c, err := dialSMTP(s, Plain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if at, err := send(c, "a@example.org", []string{"gone@example.net"}, nil); at != "RCPT" || code(err) != 550 {
		t.Fatal(at, err)
	}
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	if at, err := send(c, "a@example.org", []string{"here@example.net"}, []byte("x\r\n")); err != nil {
		t.Fatal(at, err)
	}
	if l := s.Letters(); len(l) != 1 || !slices.Equal(l[0].To, []string{"here@example.net"}) {
		t.Errorf("kept %+v", l)
	}
}

func TestSMTPCloseEndsAStall(t *testing.T) {
	s := startSMTP(t, SMTPOptions{})
	s.Fail(SMTPFault{At: AtMail, Do: Stall})
	c, err := dialSMTP(s, Plain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Hello("client.example"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Mail("a@example.org") }()
	select {
	case err := <-done:
		t.Fatalf("it did not stall: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if err := <-done; err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("after Close: %v", err)
	}
	if _, err := net.Dial("tcp", s.Addr); err == nil {
		t.Error("it still listens")
	}
}

func TestSMTPManyAtOnce(t *testing.T) {
	s := startSMTP(t, SMTPOptions{})
	s.Fail(SMTPFault{At: AfterDot, Code: 451, Times: 10})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c, err := dialSMTP(s, Plain, "")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for j := range 10 {
				if _, err := send(c, "a@example.org", []string{fmt.Sprintf("r%d-%d@example.net", i, j)}, []byte("x\r\n")); err != nil && code(err) != 451 {
					t.Error(err)
				}
				s.Letters()
			}
		})
	}
	wg.Wait()
	if got := len(s.Letters()); got != 70 {
		t.Errorf("%d letters, want 70", got)
	}
}
