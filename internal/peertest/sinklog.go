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

	mu      sync.Mutex
	got     []Logged
	open    count // connections
	letters count // connections that are in the middle of a letter
}

// count is how many there are, and were at most.
type count struct{ now, most int }

func (c *count) add(n int) {
	c.now += n
	c.most = max(c.most, c.now)
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
	return s.open.most
}

// MostLetters is how many were on their way at the same time, at most: each from its
// recipient to the reply to its final dot.
func (s *LogSink) MostLetters() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.letters.most
}

func (s *LogSink) add(to *count, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to.add(n)
}

func (s *LogSink) serve(conn net.Conn) {
	defer conn.Close()
	s.add(&s.open, 1)
	defer s.add(&s.open, -1)
	letter := 0 // 1 in the middle of one
	defer func() { s.add(&s.letters, -letter) }()
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
			s.add(&s.letters, 1-letter)
			letter = 1
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
			s.letters.add(-letter)
			s.mu.Unlock()
			letter = 0
			say("250 2.0.0 taken")
		case "QUIT":
			say("221 bye")
			w.Flush()
			return
		case "RSET":
			s.add(&s.letters, -letter)
			letter = 0
			say("250 ok")
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
