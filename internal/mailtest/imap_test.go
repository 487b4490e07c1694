package mailtest

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func startIMAP(t *testing.T, opts IMAPOptions) *IMAP {
	t.Helper()
	s, err := StartIMAP(opts)
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

// dialIMAP connects as the server's Security asks for.
func dialIMAP(s *IMAP, security Security) (*imapclient.Client, error) {
	switch security {
	case StartTLS:
		return imapclient.DialStartTLS(s.Addr, &imapclient.Options{TLSConfig: s.CA.ClientConfig()})
	case ImplicitTLS:
		return imapclient.DialTLS(s.Addr, &imapclient.Options{TLSConfig: s.CA.ClientConfig()})
	}
	return imapclient.DialInsecure(s.Addr, nil)
}

// fetched is a message as a client got it.
type fetched struct {
	uid      imap.UID
	received time.Time
	raw      []byte
}

// fetchAll logs in and fetches the INBOX. With an error it returns what came
// before it.
func fetchAll(s *IMAP, security Security) (*imap.SelectData, []fetched, error) {
	c, err := dialIMAP(s, security)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	if err := c.Login(s.Username, s.Password).Wait(); err != nil {
		return nil, nil, err
	}
	selected, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || selected.NumMessages == 0 {
		return selected, nil, err
	}
	got, err := fetchBodies(c, imap.UIDSet{imap.UIDRange{Start: 1, Stop: selected.UIDNext - 1}})
	return selected, got, err
}

// fetchBodies fetches whole messages, and returns those before an error.
// A connection that ends in a literal gives a short literal and no error. Then
// it lets go of the command at once: Collect, Next and Close would read the
// literal on, which races with the client's own reader.
func fetchBodies(c *imapclient.Client, set imap.UIDSet) ([]fetched, error) {
	cmd := c.Fetch(set, &imap.FetchOptions{
		UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	})
	var out []fetched
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		var f fetched
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				f.uid = item.UID
			case imapclient.FetchItemDataInternalDate:
				f.received = item.Time
			case imapclient.FetchItemDataBodySection:
				raw, err := io.ReadAll(item.Literal)
				if int64(len(raw)) < item.Literal.Size() {
					return out, cmp.Or(err, io.ErrUnexpectedEOF)
				}
				f.raw = raw
			}
		}
		if f.raw != nil {
			out = append(out, f)
		}
	}
	return out, cmd.Close()
}

func TestIMAPServesTheSample(t *testing.T) {
	for _, security := range []Security{Plain, StartTLS, ImplicitTLS} {
		t.Run(security.String(), func(t *testing.T) {
			s := startIMAP(t, IMAPOptions{Username: "archive", Password: "p w", Security: security})
			mails := SampleList()
			if err := s.Append("INBOX", mails); err != nil {
				t.Fatal(err)
			}
			_, got, err := fetchAll(s, security)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(mails) {
				t.Fatalf("%d messages, want %d", len(got), len(mails))
			}
			for i, m := range mails {
				if int(got[i].uid) != i+1 || !got[i].received.Equal(m.Received) || !bytes.Equal(got[i].raw, m.Raw) {
					t.Errorf("%s came as UID %d of %v with %d bytes", m.Name, got[i].uid, got[i].received, len(got[i].raw))
				}
			}
			if s.Connections() != 1 || s.BytesSent() == 0 {
				t.Errorf("%d connections, %d bytes", s.Connections(), s.BytesSent())
			}
			wantSeen := security != StartTLS
			if slices.Contains(s.Commands(), "UID FETCH") != wantSeen || !slices.Contains(s.Commands(), "STARTTLS") == (security == StartTLS) {
				t.Errorf("commands: %v", s.Commands())
			}
		})
	}
}

func TestIMAPRefuses(t *testing.T) {
	s := startIMAP(t, IMAPOptions{Security: ImplicitTLS})
	t.Run("wrong password", func(t *testing.T) {
		c, err := dialIMAP(s, ImplicitTLS)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var no *imap.Error
		if err := c.Login(s.Username, "wrong").Wait(); !errors.As(err, &no) || no.Code != imap.ResponseCodeAuthenticationFailed {
			t.Errorf("got %v", err)
		}
	})
	t.Run("unknown authority", func(t *testing.T) {
		other, err := NewCA()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", s.Addr, other.ClientConfig())
		if err == nil {
			conn.Close()
			t.Error("a client trusted a certificate of somebody else")
		}
	})
	t.Run("login before STARTTLS", func(t *testing.T) {
		s := startIMAP(t, IMAPOptions{Security: StartTLS})
		c, err := dialIMAP(s, Plain)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Login(s.Username, s.Password).Wait(); err == nil {
			t.Error("it took a password in the clear")
		}
	})
}

func TestIMAPMailboxes(t *testing.T) {
	s := startIMAP(t, IMAPOptions{})
	mails := SampleList()
	if err := s.Append("Lists/other", mails[:2]); err != nil { // it is made
		t.Fatal(err)
	}
	if err := s.Append("INBOX", mails[:3]); err != nil {
		t.Fatal(err)
	}
	before, got, err := fetchAll(s, Plain)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	if err := s.Reset("INBOX"); err != nil {
		t.Fatal(err)
	}
	after, got, err := fetchAll(s, Plain)
	if err != nil || len(got) != 0 || after.UIDValidity == before.UIDValidity || after.UIDNext != 1 {
		t.Errorf("after Reset: %+v, %d messages, %v", after, len(got), err)
	}
	if err := s.Append("INBOX", mails[2:3]); err != nil {
		t.Fatal(err)
	}
	if _, got, err = fetchAll(s, Plain); err != nil || len(got) != 1 || got[0].uid != 1 || !bytes.Equal(got[0].raw, mails[2].Raw) {
		t.Errorf("after a new Append: %v, %v", got, err)
	}
	if err := s.Reset("nowhere"); err == nil {
		t.Error("Reset of a mailbox that is not there succeeded")
	}
}

// TestIMAPCutAnywhere cuts a fetch at many places. What came before is always
// a prefix of the mailbox, and the next connection gets everything.
func TestIMAPCutAnywhere(t *testing.T) {
	for _, security := range []Security{Plain, ImplicitTLS} {
		t.Run(security.String(), func(t *testing.T) {
			s := startIMAP(t, IMAPOptions{Security: security})
			mails := SampleList()
			if err := s.Append("INBOX", mails); err != nil {
				t.Fatal(err)
			}
			if _, _, err := fetchAll(s, security); err != nil {
				t.Fatal(err)
			}
			whole := s.BytesSent()
			partly := 0
			for i := range int64(20) {
				n := whole * i / 20
				s.FailNext(CutAfterBytes(n))
				before := s.BytesSent()
				_, got, err := fetchAll(s, security)
				if err == nil {
					t.Errorf("cut after %d bytes: no error", n)
				}
				if sent := s.BytesSent() - before; sent != n {
					t.Errorf("cut after %d bytes: %d were sent", n, sent)
				}
				for j, m := range got {
					if !bytes.Equal(m.raw, mails[j].Raw) {
						t.Fatalf("cut after %d bytes: message %d is not what it was", n, j)
					}
				}
				if len(got) > 0 {
					partly++
				}
			}
			if partly < 10 {
				t.Errorf("only %d of 20 cuts let some messages through", partly)
			}
			if _, got, err := fetchAll(s, security); err != nil || len(got) != len(mails) {
				t.Errorf("afterwards: %d messages, %v", len(got), err)
			}
		})
	}
}

func TestIMAPCutBytesArrive(t *testing.T) {
	s := startIMAP(t, IMAPOptions{})
	for _, n := range []int64{0, 1, 7} {
		s.FailNext(CutAfterBytes(n))
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		// Unread input at the server must not turn the end into a reset.
		conn.Write([]byte("a NOOP\r\nb NOOP\r\n"))
		got, err := io.ReadAll(conn)
		if int64(len(got)) != n || err != nil {
			t.Errorf("cut after %d bytes: %q arrived, %v", n, got, err)
		}
		conn.Close()
	}
}

func TestIMAPCutAfterCommands(t *testing.T) {
	tests := []struct {
		name     string
		k        int
		send     string
		answered []string
		heard    []string
	}{
		{"the first", 1, "a NOOP\r\nb NOOP\r\n", nil, []string{"NOOP"}},
		{"the second of two at once", 2, "a NOOP\r\nb CAPABILITY\r\n", []string{"a OK"}, []string{"NOOP", "CAPABILITY"}},
		{"one with a literal", 2, "a NOOP\r\nb LOGIN {6+}\r\nreader {6+}\r\nsecret\r\nc NOOP\r\n", []string{"a OK"}, []string{"NOOP", "LOGIN"}},
		{"after one with a literal", 2, "b LOGIN {6+}\r\nreader {6+}\r\nsecret\r\nc NOOP\r\n", []string{"b OK"}, []string{"LOGIN", "NOOP"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startIMAP(t, IMAPOptions{})
			s.FailNext(CutAfterCommands(tt.k))
			conn, err := net.Dial("tcp", s.Addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, tt.send); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(conn)
			if err != nil {
				t.Fatal(err)
			}
			var answered []string
			for line := range strings.Lines(string(got)) {
				if !strings.HasPrefix(line, "*") {
					answered = append(answered, line[:4])
				}
			}
			if !slices.Equal(answered, tt.answered) {
				t.Errorf("answered %q, want %q", answered, tt.answered)
			}
			if !slices.Equal(s.Commands(), tt.heard) {
				t.Errorf("heard %q, want %q", s.Commands(), tt.heard)
			}
		})
	}
}

func TestIMAPStall(t *testing.T) {
	s := startIMAP(t, IMAPOptions{})
	if err := s.Append("INBOX", SampleList()); err != nil {
		t.Fatal(err)
	}
	s.FailNext(StallAfterBytes(20_000), Fault{}, StallAfterBytes(0))
	c, err := dialIMAP(s, Plain)
	if err != nil {
		t.Fatal(err)
	}
	stalled := make(chan error, 1)
	go func() {
		err := c.Login(s.Username, s.Password).Wait()
		if err == nil {
			_, err = c.Select("INBOX", nil).Wait()
		}
		if err == nil {
			_, err = fetchBodies(c, imap.UIDSet{imap.UIDRange{Start: 1, Stop: 63}})
		}
		stalled <- err
	}()
	for s.BytesSent() < 20_000 { // until it has stalled
		select {
		case err := <-stalled:
			t.Fatalf("it did not stall: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	// The stalled connection is in nobody's way.
	if _, got, err := fetchAll(s, Plain); err != nil || len(got) != 63 {
		t.Errorf("beside the stalled connection: %d messages, %v", len(got), err)
	}
	select {
	case err := <-stalled:
		t.Errorf("it did not stall: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	c.Close()
	if err := <-stalled; err == nil {
		t.Error("a stalled fetch succeeded")
	}

	// And Close ends one that waits for ever.
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("read of a stalled greeting: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("after Close the connection still hangs: %v", err)
	}
}

func TestIMAPManyAtOnce(t *testing.T) {
	s := startIMAP(t, IMAPOptions{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Append("INBOX", SampleList()[:5]); err != nil {
				t.Error(err)
			}
			if _, _, err := fetchAll(s, Plain); err != nil {
				t.Error(err)
			}
			s.Commands()
			s.BytesSent()
		})
	}
	wg.Wait()
	if _, got, err := fetchAll(s, Plain); err != nil || len(got) != 40 {
		t.Errorf("%d messages, %v", len(got), err)
	}
	if s.Connections() != 9 {
		t.Errorf("%d connections", s.Connections())
	}
}

func TestCommandScanner(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"plain", "a1 login x y\r\na2 Uid Fetch 1:2 FLAGS\r\n", []string{"LOGIN", "UID FETCH"}},
		{"idle", "a IDLE\r\nDONE\r\nb NOOP\r\n", []string{"IDLE", "NOOP"}},
		{"sasl", "a AUTHENTICATE PLAIN\r\nAGEAYg==\r\n\r\n*\r\nb NOOP\r\n", []string{"AUTHENTICATE", "NOOP"}},
		{"literal with lines in it", "a APPEND x {14}\r\nb c\r\nd e f\r\n\r\n\r\ng NOOP\r\n", []string{"APPEND", "NOOP"}},
		{"after STARTTLS", "a STARTTLS\r\nx y\r\nz NOOP\r\n", []string{"STARTTLS"}},
		{"not a literal", "a NOOP {x}\r\nb NOOP {\r\nc NOOP }\r\nd NOOP {-1}\r\n", []string{"NOOP", "NOOP", "NOOP", "NOOP"}},
		{"unfinished", "a NOOP", nil},
	}
	for _, tt := range tests {
		for _, step := range []int{1, 3, len(tt.in)} {
			var s commandScanner
			var got []string
			for chunk := range slices.Chunk([]byte(tt.in), step) {
				if n := s.scan(chunk, func(name string) bool { got = append(got, name); return true }); n != len(chunk) {
					t.Errorf("%s: stopped at %d", tt.name, n)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s, in steps of %d: %q, want %q", tt.name, step, got, tt.want)
			}
		}
	}
}
