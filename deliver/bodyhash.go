package deliver

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// BodyHash takes a letter's body piece by piece and hashes it in the form that
// signatures are about (DKIM, RFC 6376, section 3.4.4: "relaxed"): white space
// at the end of lines and empty lines at the end do not count, and other white
// space counts as one space. How the body is cut into pieces does not matter.
//
// Lines end in CRLF. An LF alone ends one too, as servers make of it.
type BodyHash struct {
	hash  hash.Hash
	ends  int  // of lines, since what was hashed last
	space bool // since then or since the last end
	cr    bool // the last byte was a CR
	some  bool // anything has been hashed
}

// Body begins the hash of a letter's body.
func (s *Signer) Body() *BodyHash { return &BodyHash{hash: sha256.New()} }

// Write takes the next piece. It has no errors.
func (b *BodyHash) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		plain := 0
		if !b.space || p[0] > ' ' { // else it goes on with white space that is kept back
			plain = plainBytes(p)
		}
		if plain == 0 {
			b.blank(p[0])
			p = p[1:]
			continue
		}
		b.flush()
		b.hash.Write(p[:plain])
		p = p[plain:]
	}
	return n, nil
}

// Sum ends the body and gives its hash; b is used up.
func (b *BodyHash) Sum() (sum [32]byte) {
	if b.cr {
		b.flush()
	}
	if b.some { // nothing at all stays nothing
		b.hash.Write(lineEnd)
	}
	b.hash.Sum(sum[:0])
	return sum
}

var (
	lineEnd = []byte("\r\n")
	blank   = []byte(" ")
)

// blank takes white space or a line's end, which counts only once something
// else follows.
func (b *BodyHash) blank(c byte) {
	switch {
	case c == '\n':
		b.ends++
		b.space, b.cr = false, false
		return
	case b.cr: // that CR ended no line
		b.flush()
	}
	b.cr = c == '\r'
	b.space = b.space || !b.cr
}

// flush hashes what has come since the last byte that was hashed.
func (b *BodyHash) flush() {
	for ; b.ends > 0; b.ends-- {
		b.hash.Write(lineEnd)
	}
	if b.space {
		b.hash.Write(blank)
	}
	if b.cr {
		b.hash.Write(lineEnd[:1])
	}
	b.space, b.cr, b.some = false, false, true
}

// plainBytes says how many bytes p begins with that are hashed as they are: up
// to white space that is not, and not ending in any.
func plainBytes(p []byte) int {
	plain := 0
	for at := 0; ; {
		line := p[at:]
		end := bytes.IndexByte(line, '\n')
		whole := end > 0 && line[end-1] == '\r'
		if whole {
			line = line[:end-1]
		} else if end >= 0 {
			line = line[:end]
		}
		odd := oddSpace(line)
		if odd > 0 {
			plain = at + odd
		}
		if odd < len(line) || !whole {
			return plain
		}
		at += end + 1
	}
}

// oddSpace is where a line has its first white space that is not hashed as it
// is, or a CR: less the white space in front of that.
func oddSpace(line []byte) int {
	odd := len(line)
	for _, pattern := range [][]byte{tab, twoBlanks, lineEnd[:1]} {
		if i := bytes.Index(line[:odd], pattern); i >= 0 {
			odd = i
		}
	}
	if odd > 0 && line[odd-1] == ' ' {
		odd--
	}
	return odd
}

var (
	tab       = []byte("\t")
	twoBlanks = []byte("  ")
)
