package soak_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// gate stands in front of a server: it can be down, and it can strike when so many
// bytes have gone through it, while the last of them are on their way.
type gate struct {
	Addr   string
	target string

	mu    sync.Mutex
	down  bool
	count string // whose bytes: "client" or "server"
	left  int
	hit   func()
	hang  string // how the next letter ends: "stray" in the middle, "drop" with its reply
	hung  map[string]int
	open  map[net.Conn]*talk
	begun map[transaction]time.Time // when each letter was
	lost  map[transaction]bool      // whose connection the server ended, or the gate
	// during is what happens while nothing is answered, behind so many letters.
	letters int
	during  func()
	hushed  bool
	quiet   chan struct{} // closed when during is over; nil before
}

// transaction is an envelope: those of issues are never the same twice.
type transaction struct{ from, to string }

// talk is a connection: what its client said last, the letters that it began last, of
// which one may wait for a reply, and whether the client has ended it.
type talk struct {
	said []byte
	last [2]transaction
	over bool
}

func newGate(t *testing.T, target, count string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Addr: l.Addr().String(), target: target, count: count, open: map[net.Conn]*talk{}, begun: map[transaction]time.Time{}, lost: map[transaction]bool{}, hung: map[string]int{}}
	t.Cleanup(func() { l.Close(); g.setDown(true) })
	go func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go g.serve(conn)
			}
		}
	}()
	return g
}

// setDown has it let nobody through, and ends who is in it.
func (g *gate) setDown(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = down
	if down {
		for conn, c := range g.open {
			g.loses(c)
			conn.Close()
		}
	}
}

// strike calls hit, once, when n bytes have gone through.
func (g *gate) strike(n int, hit func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.hit = n, hit
}

// hangUp has the connection end in the middle of the next letter ("stray"), or when the
// server has it and says so ("drop").
func (g *gate) hangUp(how string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hang = how
}

// hangs says whether a connection ends at what goes through it, and gives what of that
// still does.
func (g *gate) hangs(c *talk, said []byte, fromClient bool) (rest []byte, end bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.hang == "stray" && fromClient && len(said) > 1024: // the text of a letter
		rest = said[:len(said)/2]
	case g.hang == "drop" && !fromClient && bytes.Contains(said, []byte("queued as")):
	default:
		return said, false
	}
	g.hung[g.hang]++
	g.loses(c)
	g.hang = ""
	return rest, true
}

// loses notes the letters of which nobody may get to know whether they arrived.
func (g *gate) loses(c *talk) {
	for _, t := range c.last {
		if t.from != "" && !c.over {
			g.lost[t] = true
		}
	}
}

// turn has who connects from now on come to another server.
func (g *gate) turn(target string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.target = target
}

// hush has nobody get an answer, on any connection, for as long as during takes, once n
// letters of an issue were begun; what clients have to say goes on.
func (g *gate) hush(n int, during func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.letters, g.during, g.hushed = n, during, false
}

// calm has nothing happen any more, and says whether what hush was told has begun.
func (g *gate) calm() (begun bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.during = nil
	return g.hushed
}

// since are the letters that were begun after a moment: when their MAIL and RCPT were
// last said.
func (g *gate) since(at time.Time) map[transaction]time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[transaction]time.Time{}
	for t, begun := range g.begun {
		if begun.After(at) {
			all[t] = begun
		}
	}
	return all
}

// forget forgets when letters were begun.
func (g *gate) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.begun)
}

func (g *gate) serve(client net.Conn) {
	defer client.Close()
	g.mu.Lock()
	down, target := g.down, g.target
	g.mu.Unlock()
	if down {
		return
	}
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	g.mu.Lock()
	c := &talk{}
	g.open[client], g.open[server] = c, c
	g.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() {
		if g.pass(c, server, client, g.count == "client") {
			g.mu.Lock()
			c.over = true
			g.mu.Unlock()
		}
		// A client that is gone leaves a connection that is reset: a server which only
		// saw an end might take the beginning of a mail for the whole of it.
		server.(*net.TCPConn).SetLinger(0)
		server.Close()
	})
	both.Go(func() {
		g.pass(c, client, server, g.count == "server")
		g.mu.Lock()
		g.loses(c)
		g.mu.Unlock()
		client.(*net.TCPConn).CloseWrite()
	})
	both.Wait()
	g.mu.Lock()
	delete(g.open, client)
	delete(g.open, server)
	g.mu.Unlock()
}

// pass passes on what one says to the other, and says whether it is the one who ended it:
// else the other takes no more.
func (g *gate) pass(c *talk, to io.Writer, from io.Reader, counted bool) (ended bool) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if counted {
			g.note(c, buffer[:n])
			if hit, at := g.passing(n); hit != nil {
				to.Write(buffer[:at])
				hit()
				return true
			}
		} else {
			g.wait()
		}
		if n > 0 {
			said, end := g.hangs(c, buffer[:n], counted)
			if _, err := to.Write(said); err != nil || end {
				return false
			}
		}
		if err != nil {
			return true
		}
	}
}

var envelope = regexp.MustCompile(`(?:^|\n)MAIL FROM:<([^>\r\n]*)>[^\r\n]*\r\nRCPT TO:<([^>\r\n]*)>`)

// note notes letters that are begun by what a client says.
func (g *gate) note(c *talk, said []byte) {
	if g.count != "client" {
		return
	}
	text := append(c.said, said...)
	end := 0
	for _, found := range envelope.FindAllSubmatchIndex(text, -1) {
		t := transaction{string(text[found[2]:found[3]]), string(text[found[4]:found[5]])}
		g.mu.Lock()
		c.last = [2]transaction{c.last[1], t}
		g.mu.Unlock()
		g.begins(t)
		end = found[1]
	}
	if bytes.HasSuffix(text, []byte("\nQUIT\r\n")) || string(text) == "QUIT\r\n" {
		g.mu.Lock()
		c.over = true
		g.mu.Unlock()
	}
	c.said = bytes.Clone(text[max(end, len(text)-1024):])
}

// begins notes that a letter is begun. Those of issues have an address of their own to
// which they come back.
func (g *gate) begins(t transaction) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begun[t] = time.Now()
	if g.during == nil || !strings.Contains(t.from, "+") {
		return
	}
	if g.letters--; g.letters > 0 {
		return
	}
	during := g.during
	over := make(chan struct{})
	g.during, g.hushed, g.quiet = nil, true, over
	go func() {
		defer close(over)
		during()
	}()
}

// wait waits while nothing is to be answered.
func (g *gate) wait() {
	g.mu.Lock()
	quiet := g.quiet
	g.mu.Unlock()
	if quiet != nil {
		<-quiet
	}
}

// passing counts, and gives what to call where the count is reached in these n bytes,
// at the byte at.
func (g *gate) passing(n int) (hit func(), at int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hit == nil {
		return nil, 0
	}
	if g.left > n {
		g.left -= n
		return nil, 0
	}
	hit, g.hit = g.hit, nil
	return hit, g.left
}
