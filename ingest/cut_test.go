package ingest

import (
	"bytes"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// Wherever the connection ends, and however often, the archive is in the end
// what it would have been: after each line that the server sends, answers and
// lines of literals alike, and in the middle of each. SIGPOST_SWEEP=full in the
// environment cuts after each single byte, and each server at all points.
func TestCutAnywhere(t *testing.T) {
	plain := func(a Account, addr string) Account {
		a.TLS, a.Addr = TLSPlain, addr
		return a
	}
	t.Run("in-process", func(t *testing.T) {
		s := startInProcess(t, mailtest.Plain)
		cutAnywhere(t, s, s.account(), 300)
	})
	t.Run("in-process, within TLS", func(t *testing.T) {
		s := startInProcess(t, mailtest.ImplicitTLS)
		cutAnywhere(t, s, s.account(), 40)
	})
	t.Run("dovecot", func(t *testing.T) {
		s := dovecot{peertest.Dovecot(t)}
		cutAnywhere(t, s, plain(s.account(), s.PlainAddr), 60)
	})
	t.Run("cyrus", func(t *testing.T) {
		s := cyrus{peertest.Cyrus(t)}
		cutAnywhere(t, s, plain(s.account(), s.PlainAddr), 20)
	})
}

func cutAnywhere(t *testing.T, s server, account Account, most int) {
	mails := sample(14)
	mails[3].Raw = []byte("X-Unreadable: yes\r\n\r\nbytes")
	mails[9].Raw = []byte("Message-ID: <big@example.org>\r\n\r\n" + strings.Repeat(strings.Repeat("long ", 30)+"\r\n", 60))
	s.load(t, "lists", mails)
	source := Source{Account: account, Mailbox: "lists", MaxMessageBytes: 8000}
	cut := startCutter(t, account.Addr)
	source.Account.Addr = cut.addr
	undisturbed := newMemory(t)
	fetch(t, undisturbed, source)
	if len(undisturbed.messages) != 13 || len(undisturbed.quarantined) != 1 {
		t.Fatalf("%d messages, %d in quarantine", len(undisturbed.messages), len(undisturbed.quarantined))
	}
	points := cutPoints(cut.transcript())
	if os.Getenv("SIGPOST_SWEEP") == "full" {
		points = make([]int, len(cut.transcript()))
		for i := range points {
			points[i] = i
		}
	} else {
		if testing.Short() {
			most /= 4
		}
		points = spread(points, most)
	}
	for i, n := range points {
		archive := newMemory(t)
		times := 1 // goes on by itself
		if i%2 == 1 {
			times = maxStrikes // it may have to be called again
		}
		cut.next(n, times)
		wantLikeUndisturbed(t, archive, undisturbed, source)
		if cut.next(0, 0) == times {
			t.Errorf("no connection was cut")
		}
		if t.Failed() {
			t.Fatalf("cut after %d bytes, %d times", n, times)
		}
	}
	t.Logf("cut at %d points of %d bytes", len(points), len(cut.transcript()))
}

// cutPoints are the ends of the lines, and their middles.
func cutPoints(transcript []byte) (points []int) {
	begin := 0
	for line := range bytes.Lines(transcript) {
		points = append(points, begin, begin+(len(line)+1)/2)
		begin += len(line)
	}
	return points
}

// spread takes most of the points, over the whole length.
func spread(points []int, most int) []int {
	if len(points) <= most {
		return points
	}
	some := make([]int, most)
	for i := range some {
		some[i] = points[i*len(points)/most]
	}
	return slices.Compact(some)
}

// cutter is a line to a server that is cut after some bytes.
type cutter struct {
	addr string

	mu    sync.Mutex
	after int
	times int
	first bytes.Buffer  // what the server sent over the first connection
	over  chan struct{} // closed when that one is over
}

func startCutter(t testing.TB, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{addr: l.Addr().String(), over: make(chan struct{})}
	var conns sync.WaitGroup
	t.Cleanup(func() { l.Close(); conns.Wait() })
	conns.Go(func() {
		for first := true; ; first = false {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			conns.Go(func() { io.Copy(server, client); server.Close() })
			conns.Go(func() { c.carry(client, server, first) })
		}
	})
	return c
}

// carry passes on what the server sends.
func (c *cutter) carry(client, server net.Conn, first bool) {
	if first {
		io.Copy(io.MultiWriter(client, &c.first), server)
		close(c.over)
	} else if limit, isLimited := c.limit(); isLimited {
		io.CopyN(client, server, int64(limit))
	} else {
		io.Copy(client, server)
	}
	client.Close()
	server.Close()
}

// next says after how many bytes the next connections are cut, and how many of
// those asked for before were not.
func (c *cutter) next(after, times int) (left int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left, c.after, c.times = c.times, after, times
	return left
}

func (c *cutter) limit() (after int, isLimited bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.times == 0 {
		return 0, false
	}
	c.times--
	return c.after, true
}

// transcript is what the server sent over the first connection.
func (c *cutter) transcript() []byte {
	<-c.over
	return c.first.Bytes()
}
