package ingest

import (
	"net"
	"sync"
	"time"
)

// minRate is how fast a server must deliver, in bytes a second, on top of the
// time that a command may take anyway. It ends a server that sends a byte now
// and then for ever.
const minRate = 4 << 10

// maxUnasked is how many bytes a server may send beyond what it was asked for
// (and beyond as much again) before it is cut off: go-imap keeps strings of any
// length in memory.
const maxUnasked = 32 << 20

// watchedConn is a connection with a watchdog: while a command is under way,
// it closes itself when the server is silent for too long or takes too long
// altogether. go-imap has no such limit (a command waits for ever), and its
// limit of five minutes a literal would make large mails impossible on slow
// lines: so its own read deadlines are ignored.
type watchedConn struct {
	net.Conn
	silence time.Duration

	mu      sync.Mutex
	timer   *time.Timer // nil while no command is under way
	end     time.Time   // when the command must be over
	stalled bool
	left    int64 // bytes that may still come
	flooded bool
	heard   bool // something came
	first   byte // the first that came
}

// watch starts a command for which the server is to send about expected
// bytes.
func (c *watchedConn) watch(expected int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = 2*expected + maxUnasked
	c.end = time.Now().Add(c.silence + time.Duration(expected)*time.Second/minRate)
	c.timer = time.AfterFunc(c.silence, c.giveUp)
}

// unwatch ends it, and says whether the watchdog has struck.
func (c *watchedConn) unwatch() (stalled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	return c.stalled
}

func (c *watchedConn) giveUp() {
	c.mu.Lock()
	struck := c.timer != nil
	c.stalled = c.stalled || struck
	c.mu.Unlock()
	if struck {
		c.Conn.Close()
	}
}

// Read tells the watchdog that the server is alive.
func (c *watchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.mu.Lock()
		if !c.heard {
			c.heard, c.first = true, b[0]
		}
		if c.left -= int64(n); c.left < 0 {
			c.flooded = true
			c.Conn.Close()
		}
		if c.timer != nil {
			c.timer.Reset(max(0, min(c.silence, time.Until(c.end))))
		}
		c.mu.Unlock()
	}
	return n, err
}

// SetReadDeadline does nothing: see watchedConn.
func (c *watchedConn) SetReadDeadline(time.Time) error { return nil }

// patience sets how long the server may be silent.
func (c *watchedConn) patience(silence time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silence = silence
}

// isFlooded says whether the server was cut off because it sent too much.
func (c *watchedConn) isFlooded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flooded
}

// beginning says what came first, if anything did.
func (c *watchedConn) beginning() (first byte, heard bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first, c.heard
}
