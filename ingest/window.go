package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
)

const (
	// printBytes is how much of a file's beginning, and of what stands in
	// front of a mark, is fingerprinted.
	printBytes = 4 << 10
	// windowBytes is how much is read at a time.
	windowBytes = 256 << 10
)

// window is a stretch of a stream that can be looked at before it is read.
// It remembers the last bytes that were read, and the stream's first ones.
type window struct {
	src  io.Reader
	buf  []byte
	pos  int    // buf[pos:] is unread
	off  int64  // of buf[0] in the stream
	head []byte // the stream's first bytes, at most printBytes
	err  error  // what ended src
}

// newWindow goes on with a stream behind its first offset bytes, of which the
// first and the last ones are given.
func newWindow(src io.Reader, offset int64, head, tail []byte) *window {
	w := &window{src: src, buf: make([]byte, 0, windowBytes+printBytes), head: head}
	w.buf = append(w.buf, tail...)
	w.pos, w.off = len(tail), offset-int64(len(tail))
	return w
}

// unread are the bytes at hand. They are valid until more is called.
func (w *window) unread() []byte { return w.buf[w.pos:] }

// offset is where the unread bytes stand in the stream.
func (w *window) offset() int64 { return w.off + int64(w.pos) }

// skip counts n unread bytes as read.
func (w *window) skip(n int) { w.pos += n }

// need gives the unread bytes, n of them at least unless the stream ends
// before.
func (w *window) need(n int) []byte {
	for len(w.buf)-w.pos < n && w.err == nil {
		w.more()
	}
	return w.unread()
}

// more reads on.
func (w *window) more() {
	if w.err != nil {
		return
	}
	w.makeRoom()
	had := len(w.buf)
	n, err := w.src.Read(w.buf[had:cap(w.buf)])
	w.buf, w.err = w.buf[:had+n], err
	if room := printBytes - len(w.head); room > 0 && n > 0 {
		w.head = append(w.head, w.buf[had:had+min(n, room)]...)
	}
}

// makeRoom lets go of what was read, but for the last printBytes of it, and
// grows when all the rest is unread. A buffer that one large mail needed does
// not stay.
func (w *window) makeRoom() {
	unread := len(w.buf) - w.pos
	switch keep := min(w.pos, printBytes); {
	case cap(w.buf)-len(w.buf) >= windowBytes/4:
		return
	case cap(w.buf) > 8*windowBytes && unread < windowBytes/2:
		w.move(make([]byte, 0, windowBytes+printBytes), keep)
	case unread+keep <= cap(w.buf)/2:
		w.move(w.buf[:0], keep)
	default:
		w.move(make([]byte, 0, 2*cap(w.buf)), keep)
	}
}

func (w *window) move(to []byte, keep int) {
	from := w.pos - keep
	w.buf = append(to, w.buf[from:]...)
	w.off += int64(from)
	w.pos = keep
}

// before are the last bytes that were read, at most printBytes.
func (w *window) before() []byte { return w.buf[max(0, w.pos-printBytes):w.pos] }

// fingerprint tells bytes from others: half a SHA-256 sum.
func fingerprint(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
