package soak_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// A letter in whose middle the server ends the connection is noted as lost, whoever
// notices that first: who still writes, or who waits for a reply.
func TestGateKnowsWhatIsLost(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			io.CopyN(io.Discard, conn, 100<<10)
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}()
	for range 30 {
		g := newGate(t, server.Addr().String(), "client")
		client, err := net.Dial("tcp", g.Addr)
		if err != nil {
			t.Fatal(err)
		}
		client.Write([]byte("MAIL FROM:<news+b1-x@example.org>\r\nRCPT TO:<ana@example.net>\r\nDATA\r\n"))
		text := bytes.Repeat([]byte("A line of a letter.\r\n"), 500)
		for err == nil {
			_, err = client.Write(text)
		}
		io.Copy(io.Discard, client) // until the gate has ended it
		client.Close()
		lost := func() bool {
			g.mu.Lock()
			defer g.mu.Unlock()
			return g.lost[transaction{"news+b1-x@example.org", "ana@example.net"}]
		}
		for deadline := time.Now().Add(5 * time.Second); !lost(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("a letter whose connection the server ended is not noted")
			}
		}
	}
}
