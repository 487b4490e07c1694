package app

import (
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// gate stands before a server, can be shut, and can cut
// what is handed out through it.
type gate struct {
	addr, server string
	// limit is after how many bytes from the server new connections end; 0 for
	// never.
	limit atomic.Int64

	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

// newGate puts a gate before the world's IMAP server.
func (w *world) newGate() *gate {
	w.t.Helper()
	g := &gate{addr: "127.0.0.1:0"}
	if w.dovecot != nil {
		g.server = w.dovecot.Addr
	} else {
		g.server = w.imap.Addr
	}
	g.open(w.t)
	w.t.Cleanup(g.shut)
	if w.dovecot != nil {
		w.dovecot.Addr = g.addr
	} else {
		w.imap.Addr = g.addr
	}
	return g
}

func (g *gate) open(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", g.addr)
	if err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listener, g.addr = l, l.Addr().String()
	go g.serve(l)
}

func (g *gate) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", g.server)
		if err != nil {
			client.Close()
			continue
		}
		g.mu.Lock()
		g.conns = append(g.conns, client, server)
		g.mu.Unlock()
		limit := int64(math.MaxInt64)
		if l := g.limit.Load(); l > 0 {
			limit = l
		}
		go func() {
			io.CopyN(client, server, limit)
			client.Close()
		}()
		go func() {
			io.Copy(server, client)
			server.Close()
		}()
	}
}

// shut cuts off all who are there, and lets nobody in.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listener.Close()
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
}
