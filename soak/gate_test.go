package soak_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
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
	open  map[net.Conn]bool
}

func newGate(t *testing.T, target, count string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Addr: l.Addr().String(), target: target, count: count, open: map[net.Conn]bool{}}
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
		for c := range g.open {
			c.Close()
		}
	}
}

// strike calls hit, once, when n bytes have gone through.
func (g *gate) strike(n int, hit func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.hit = n, hit
}

func (g *gate) serve(client net.Conn) {
	defer client.Close()
	g.mu.Lock()
	down := g.down
	g.mu.Unlock()
	if down {
		return
	}
	server, err := net.Dial("tcp", g.target)
	if err != nil {
		return
	}
	defer server.Close()
	g.mu.Lock()
	g.open[client], g.open[server] = true, true
	g.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() {
		g.pass(server, client, g.count == "client")
		// A client that is gone leaves a connection that is reset: a server which only
		// saw an end might take the beginning of a mail for the whole of it.
		server.(*net.TCPConn).SetLinger(0)
		server.Close()
	})
	both.Go(func() { g.pass(client, server, g.count == "server"); client.(*net.TCPConn).CloseWrite() })
	both.Wait()
	g.mu.Lock()
	delete(g.open, client)
	delete(g.open, server)
	g.mu.Unlock()
}

func (g *gate) pass(to io.Writer, from io.Reader, counted bool) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if counted {
			if hit, at := g.passing(n); hit != nil {
				to.Write(buffer[:at])
				hit()
				return
			}
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
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
