package deliver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// script is a connection on which the other end says something and hangs up.
type script struct {
	net.Conn
	io.Reader
	said strings.Builder
}

func (s *script) Read(p []byte) (int, error)  { return s.Reader.Read(p) }
func (s *script) Write(p []byte) (int, error) { return s.said.Write(p) }
func (s *script) Close() error                { return nil }

// Whatever a server says, it ends a session with an error that says what is to
// be done, and makes us say nothing but our own lines.
func FuzzIRCServer(f *testing.F) {
	f.Add(":s 001 sigpost :Welcome\r\n:s 366 sigpost #sig :End\r\n:s PONG s :sigpost-has-said-it\r\n")
	f.Add("@a;b :s 433 * x\r\nPING :a\rQUIT\r\nERROR\r\n: :\r\n001\r\n")
	f.Add(":s 001 x\n:s 471 x #sig :full\n")
	f.Fuzz(func(t *testing.T, says string) {
		conn := &script{Reader: strings.NewReader(says)}
		s := &ircSession{conn: conn, in: bufio.NewScanner(conn), nick: "sigpost", stop: func() bool { return true }, end: context.CancelFunc(func() {})}
		err := s.register("")
		if err == nil {
			err = s.join("#sig")
		}
		if err == nil {
			_, err = s.said("#sig")
		}
		s.close()
		if failed := (*SendError)(nil); err != nil && !errors.As(err, &failed) {
			t.Errorf("%T: %v", err, err)
		}
		for line := range strings.Lines(conn.said.String()) {
			command, _, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), " ")
			if !strings.HasSuffix(line, "\r\n") || !strings.Contains("NICK USER JOIN PONG QUIT", command) {
				t.Errorf("said %q", line)
			}
		}
	})
}
