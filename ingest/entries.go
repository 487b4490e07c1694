package ingest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// entry is a file of a maildir or folder.
type entry struct {
	name string // within the folder
	size int64
	// print is what tells it from another one; a maildir's files are told by
	// their names alone, since nobody changes them.
	print uint64
}

// key is what entries are ordered by, and what of a maildir's file stays the
// same when its flags change: the name without folder and flags.
func (e entry) key() string {
	name := e.name
	if i := strings.IndexByte(name, filepath.Separator); i >= 0 {
		name = name[i+1:]
		name, _, _ = strings.Cut(name, ":")
	}
	return name
}

// looseEntry is a file of an ordinary folder. There is an error for what is
// not to be read.
func looseEntry(dir, name string) (entry, error) {
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		return entry{}, err
	}
	if !info.Mode().IsRegular() {
		return entry{}, errors.New("no ordinary file")
	}
	return entry{name: name, size: info.Size(), print: namePrint(fmt.Sprint(name, "\x00", info.Size(), " ", info.ModTime().UnixNano()))}, nil
}

func namePrint(s string) uint64 {
	sum := sha256.Sum256([]byte(s))
	return binary.BigEndian.Uint64(sum[:])
}

// buckets is in how many parts entries are summed up: when one is gone, or
// comes in among those that were read, only its part is read again.
const buckets = 128

// sums are over the prints of the entries that were read, in any order.
type sums [buckets]uint64

func (s *sums) add(e entry) { s[e.print%buckets] += e.print }

// MarshalText and UnmarshalText write the sums into a mark.
func (s sums) MarshalText() ([]byte, error) {
	b := make([]byte, 0, 8*buckets)
	for _, n := range s {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return []byte(base64.RawStdEncoding.EncodeToString(b)), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *sums) UnmarshalText(text []byte) error {
	b, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil || len(b) != 8*buckets {
		return errors.New("no sums")
	}
	for i := range s {
		s[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return nil
}

// entriesMark is the cursor in a maildir or folder.
type entriesMark struct {
	Format Format `json:"format"`
	// Last is the greatest key that was read.
	Last string `json:"last"`
	// Sums are over all entries up to there that are stored.
	Sums sums `json:"sums"`
	// Done counts the mails that are stored of the next entry, an mbox, whose
	// print is Next.
	Next uint64 `json:"next,omitempty"`
	Done int    `json:"done,omitempty"`
}

// same says whether the entries that are summed up with e are the same.
func (s *sums) same(other sums, e entry) bool { return s[e.print%buckets] == other[e.print%buckets] }
