package mailtest

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// Fault is what goes wrong on one connection. The zero Fault is none: the
// connection is let through.
type Fault struct {
	kind  faultKind
	after int64
}

type faultKind int

const (
	faultNone faultKind = iota
	faultCutAfterBytes
	faultStallAfterBytes
	faultCutAfterCommands
)

// CutAfterBytes ends the connection when the server has sent n bytes, which
// arrive. With 0 not even the greeting does.
func CutAfterBytes(n int64) Fault { return Fault{faultCutAfterBytes, n} }

// StallAfterBytes silences the server after n bytes: the connection stays
// open, and nothing more ever arrives.
func StallAfterBytes(n int64) Fault { return Fault{faultStallAfterBytes, n} }

// CutAfterCommands ends the connection when the client has sent its k-th
// command (k counts from 1). All commands before that one are answered, it is
// not, and it is not carried out.
func CutAfterCommands(k int) Fault { return Fault{faultCutAfterCommands, int64(k)} }

// wire is what a server's connections have in common: the faults to come and
// the counts. It sees what is inside of implicit TLS, but not inside of TLS
// that STARTTLS began: there, bytes are those of TLS, and commands are not
// seen.
type wire struct {
	mu          sync.Mutex
	faults      []Fault
	connections int
	sent        int64
	commands    []string
	open        map[*wireConn]struct{}
	closed      bool
}

// failNext adds faults for the next connections, one each.
func (w *wire) failNext(faults []Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, faults...)
}

// wireListener hands out connections with the faults of its wire.
type wireListener struct {
	net.Listener
	wire *wire
	tls  *tls.Config // nil without implicit TLS
}

// Accept wraps each connection, so that what it carries is seen.
func (l *wireListener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &wireConn{Conn: raw, raw: raw, wire: l.wire}
	if l.tls != nil {
		c.Conn = tls.Server(raw, l.tls)
	}
	w := l.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		raw.Close()
		return nil, net.ErrClosed
	}
	w.connections++
	if len(w.faults) > 0 {
		c.fault = w.faults[0]
		w.faults = w.faults[1:]
	}
	w.open[c] = struct{}{}
	return c, nil
}

// close ends every connection, also those that a fault keeps open.
func (w *wire) close() {
	w.mu.Lock()
	w.closed = true
	open := w.open
	w.open = map[*wireConn]struct{}{}
	w.mu.Unlock()
	for c := range open {
		c.raw.Close()
	}
}

// wireConn is the server's end of a connection.
type wireConn struct {
	net.Conn // plain text: TLS over raw, or raw itself
	raw      net.Conn
	wire     *wire
	fault    Fault

	scanner commandScanner // used by Read alone

	mu   sync.Mutex
	sent int64
	seen int64 // commands
	last bool  // cut at the next Read
	cut  bool
}

// Read gives the server what the client sends, up to the command at which the
// connection is to be cut.
func (c *wireConn) Read(p []byte) (int, error) {
	if c.endIfLast() {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	pass := c.scanner.scan(p[:n], c.hear)
	switch {
	case c.isCut(): // while it waited
		return 0, io.EOF
	case pass == n:
		return n, err
	}
	// What came before the last command is still to be answered: cut when the
	// server has done that and reads again.
	c.mu.Lock()
	c.last = true
	c.mu.Unlock()
	if pass == 0 && c.endIfLast() {
		return 0, io.EOF
	}
	return pass, nil
}

// hear counts a command and says whether the server may hear of it.
func (c *wireConn) hear(name string) bool {
	c.wire.mu.Lock()
	c.wire.commands = append(c.wire.commands, name)
	c.wire.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen++
	return c.fault.kind != faultCutAfterCommands || c.seen < c.fault.after
}

// Write sends what the fault lets through and swallows the rest. It never
// fails: the server's writer would hold the connection's lock for ever if a
// FETCH could not be written, so that a lost connection is shown to its reader
// alone. Nor does a stall block it, since it holds the mailbox's lock, and
// other connections need that.
func (c *wireConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		return len(p), nil
	}
	send := p
	if c.fault.kind == faultCutAfterBytes || c.fault.kind == faultStallAfterBytes {
		send = p[:min(int64(len(p)), c.fault.after-c.sent)]
	}
	if len(send) > 0 {
		// Counted first: who has read the bytes finds them in the count.
		c.sent += int64(len(send))
		c.wire.mu.Lock()
		c.wire.sent += int64(len(send))
		c.wire.mu.Unlock()
		if _, err := c.Conn.Write(send); err != nil { // the client has gone
			c.cut = true
			c.forget()
			return len(p), nil
		}
	}
	if c.fault.kind == faultCutAfterBytes && c.sent == c.fault.after {
		c.endLocked()
	}
	return len(p), nil
}

func (c *wireConn) isCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

// endIfLast cuts the connection if that is due, and says whether it is cut.
func (c *wireConn) endIfLast() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last {
		c.endLocked()
	}
	return c.cut
}

// endLocked cuts the connection so that the bytes sent before surely arrive:
// closing a socket with unread input sends a reset, and a reset makes the
// client's kernel throw away what it holds. So only the sending half is
// closed, without TLS's farewell, and the rest is read until the client goes.
func (c *wireConn) endLocked() {
	if c.cut {
		return
	}
	c.cut = true
	if half, ok := c.raw.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	go func() {
		io.Copy(io.Discard, c.raw)
		c.forget()
	}()
}

// Close is the server's. A connection that was cut stays half open until the
// client has gone.
func (c *wireConn) Close() error {
	if c.isCut() {
		return nil
	}
	err := c.Conn.Close()
	c.forget()
	return err
}

func (c *wireConn) forget() {
	c.raw.Close()
	c.wire.mu.Lock()
	delete(c.wire.open, c)
	c.wire.mu.Unlock()
}

// commandScanner finds the commands in what an IMAP client sends (RFC 9051,
// section 2.2.1).
type commandScanner struct {
	line    []byte // the line so far
	name    string // of the command that has begun
	literal int64  // bytes of a literal that are still to come
	blind   bool   // STARTTLS came: what follows cannot be read
}

// scan calls hear with the name of each command that ends in b. It returns
// how much of b the server may see: all of it, or what comes before the first
// command that hear refuses.
func (s *commandScanner) scan(b []byte, hear func(name string) bool) int {
	end := 0 // of the command before
	for i := 0; i < len(b) && !s.blind; i++ {
		if s.literal > 0 {
			s.literal--
			continue
		}
		s.line = append(s.line, b[i])
		if b[i] != '\n' {
			continue
		}
		line := bytes.TrimRight(s.line, "\r\n")
		s.line = s.line[:0]
		if s.name == "" {
			s.name = commandName(string(line))
		}
		if s.literal = literalSize(line); s.literal > 0 || s.name == "" {
			continue
		}
		name := s.name
		s.name = ""
		if !hear(name) {
			return end
		}
		end = i + 1
		s.blind = name == "STARTTLS"
	}
	return len(b)
}

// commandName is the command's name in upper case, such as "UID FETCH". It is
// empty for lines that continue one: DONE, and the answers of AUTHENTICATE.
func commandName(line string) string {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return ""
	}
	name := strings.ToUpper(fields[1])
	if name == "UID" && len(fields) > 2 {
		name += " " + strings.ToUpper(fields[2])
	}
	return name
}

// literalSize is the size of the literal that the line announces at its end,
// {n} or {n+} (RFC 9051, section 4.3; RFC 7888), or 0.
func literalSize(line []byte) int64 {
	open := bytes.LastIndexByte(line, '{')
	if open < 0 || line[len(line)-1] != '}' {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(string(line[open+1:len(line)-1]), "+"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
