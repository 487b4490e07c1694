package peertest

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// LogSink is an SMTP server that keeps of each letter only who it was for, which it
// was, and when its final dot came: for counting very many of them.
type LogSink struct {
	Addr string

	// Hold, where it is set, is asked before each reply to RCPT, with the client's
	// address; it may wait.
	Hold func(client net.Addr)

	mu   sync.Mutex
	got  []Logged
	now  int
	most int
}

// Logged is a letter that a LogSink has.
type Logged struct {
	To, MessageID string
	At            time.Time
	Client        string // address and port
}

// SMTPLog starts such a sink, which ends with the test. hold is LogSink.Hold.
func SMTPLog(t testing.TB, hold func(client net.Addr)) *LogSink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &LogSink{Addr: l.Addr().String(), Hold: hold}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

// Letters are those that have come.
func (s *LogSink) Letters() []Logged {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Logged(nil), s.got...)
}

// Count counts them.
func (s *LogSink) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

// MostConnections is how many were open at the same time, at most.
func (s *LogSink) MostConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

func (s *LogSink) serve(conn net.Conn) {
	defer conn.Close()
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	r, w := bufio.NewReaderSize(conn, 32<<10), bufio.NewWriter(conn)
	say := func(line string) {
		w.WriteString(line + "\r\n")
		if r.Buffered() == 0 {
			w.Flush()
		}
	}
	say("220 sink.example ESMTP")
	var to string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); verb {
		case "EHLO":
			say("250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME")
		case "RCPT":
			to, _, _ = strings.Cut(line[strings.IndexByte(line, '<')+1:], ">")
			if s.Hold != nil {
				s.Hold(conn.RemoteAddr())
			}
			say("250 2.1.5 ok")
		case "DATA":
			say("354 go on")
			w.Flush()
			id, ok := readText(r)
			if !ok {
				return
			}
			s.mu.Lock()
			s.got = append(s.got, Logged{to, id, time.Now(), conn.RemoteAddr().String()})
			s.mu.Unlock()
			say("250 2.0.0 taken")
		case "QUIT":
			say("221 bye")
			w.Flush()
			return
		default:
			say("250 ok")
		}
	}
}

// readText reads a text up to the final dot; ok is false where it did not come.
func readText(r *bufio.Reader) (id string, ok bool) {
	const field = "message-id:"
	for inField := false; ; {
		line, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return id, false
		}
		if string(line) == ".\r\n" {
			return id, true
		}
		if id != "" {
			continue
		}
		if len(line) > len(field) && strings.EqualFold(string(line[:len(field)]), field) {
			inField, line = true, line[len(field):]
		}
		if inField { // its value may be on the next line
			id = strings.Trim(strings.TrimSpace(string(line)), "<>")
		}
	}
}
