package store

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A backup is a tar file, compressed with zstd, of three members, in this order:
// what it is, the SQLite file, and the SHA-256 sums of the two, which can only
// follow since all of it is written in one go. So tar, zstd and sha256sum can read
// one without sigpost: see docs/format.md.
const (
	backupAbout  = "backup.json"
	backupFile   = "sigpost.db"
	backupSums   = "SHA256SUMS"
	backupFormat = 1
)

// maxAbout bounds what is read of the members beside the database.
const maxAbout = 64 << 10

// ErrNoBackup says that a file is no backup, or is not whole.
var ErrNoBackup = errors.New("no whole backup of sigpost")

// Backup says what is in a backup.
type Backup struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // the version of sigpost that made it
	Schema  int64     `json:"schema"`  // the version of the tables
	Engine  string    `json:"engine"`
	Made    time.Time `json:"made"`
	// Generation is how many times sending had been counted on: see
	// DB.CountGeneration.
	Generation int64 `json:"generation"`
	// Bytes is the size of the database file.
	Bytes  int64            `json:"bytes"`
	Counts map[string]int64 `json:"counts"` // rows of some tables
	// SHA256 is that of the database file, in hexadecimal digits.
	SHA256 string `json:"sha256,omitempty"`
}

// backupCounts are the tables whose rows are counted.
var backupCounts = []string{"messages", "threads", "quarantine", "subscribers", "subscriptions", "issues", "deliveries"}

// Backup writes a backup of an SQLite archive as it is at one moment, while others
// go on writing. about has Program and Made; progress is told of bytes.
//
// The pages are read through a transaction (the virtual table "sqlite_dbpage"), so
// that no second copy lies anywhere. VACUUM INTO and SQLite's backup API need one as
// large as the archive, and more CPU time in all: see docs/operations.md.
func (db *DB) Backup(ctx context.Context, w io.Writer, about Backup, progress func(done, total int64)) (Backup, error) {
	if db.file == "" {
		return about, errors.New("a backup is one of an SQLite file")
	}
	err := db.Snapshot(ctx, func(db *DB) error {
		if err := db.describeBackup(ctx, &about); err != nil {
			return err
		}
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		t := tar.NewWriter(z)
		if err := db.writeBackup(ctx, t, &about, progress); err != nil {
			z.Close() // what is written is half of one
			return err
		}
		return errors.Join(t.Close(), z.Close())
	})
	return about, db.fail("making a backup", err)
}

// describeBackup fills in what a snapshot knows of itself.
func (db *DB) describeBackup(ctx context.Context, about *Backup) (err error) {
	about.Format, about.Engine, about.Counts = backupFormat, db.name, map[string]int64{}
	if about.Schema, err = db.version(ctx); err != nil {
		return err
	}
	if about.Generation, _, err = db.Generation(ctx); err != nil {
		return err
	}
	if err := db.scan(ctx, `SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)`, nil, &about.Bytes); err != nil {
		return err
	}
	for _, table := range backupCounts {
		var n int64
		if err := db.scan(ctx, `SELECT count(*) FROM `+table, nil, &n); err != nil {
			return err
		}
		about.Counts[table] = n
	}
	return nil
}

func (db *DB) writeBackup(ctx context.Context, t *tar.Writer, about *Backup, progress func(done, total int64)) error {
	told, err := json.MarshalIndent(about, "", "  ")
	if err != nil {
		return err
	}
	told = append(told, '\n')
	if err := writeMember(t, backupAbout, told, about.Made); err != nil {
		return err
	}
	if err := t.WriteHeader(member(backupFile, about.Bytes, about.Made)); err != nil {
		return err
	}
	sum, done := sha256.New(), int64(0)
	var page sql.RawBytes
	err = db.each(ctx, func(row scanner) error {
		if err := row.Scan(&page); err != nil {
			return err
		}
		sum.Write(page)
		if _, err := t.Write(page); err != nil {
			return err
		}
		if done += int64(len(page)); done%(1<<20) == 0 {
			progress(done, about.Bytes)
		}
		return ctx.Err()
	}, `SELECT data FROM sqlite_dbpage('main') ORDER BY pgno`)
	if err != nil {
		return err
	}
	about.SHA256 = hex.EncodeToString(sum.Sum(nil))
	first := sha256.Sum256(told)
	return writeMember(t, backupSums, fmt.Appendf(nil, "%x  %s\n%s  %s\n", first, backupAbout, about.SHA256, backupFile), about.Made)
}

func member(name string, size int64, made time.Time) *tar.Header {
	return &tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: made.Truncate(time.Second), Format: tar.FormatPAX}
}

func writeMember(t *tar.Writer, name string, data []byte, made time.Time) error {
	if err := t.WriteHeader(member(name, int64(len(data)), made)); err != nil {
		return err
	}
	_, err := t.Write(data)
	return err
}

// ReadBackup reads a backup to its end, writes its database file to w, and says
// what it is once every sum is right: until then nothing that was written is to be
// believed. The error wraps ErrNoBackup where something is wrong with the backup.
// progress is told of bytes.
func ReadBackup(r io.Reader, w io.Writer, progress func(done, total int64)) (about Backup, err error) {
	source := &noting{Reader: r}
	z, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return about, err
	}
	defer z.Close()
	b := &backupReader{tar: tar.NewReader(z), progress: progress}
	about, err = b.read(w)
	if err == nil {
		_, err = io.Copy(io.Discard, z) // zstd's own sum stands at the end
	}
	var written *writeError
	switch {
	case errors.As(err, &written):
		return about, written.err
	case err != nil && source.err != nil:
		return about, source.err
	case err != nil:
		return about, fmt.Errorf("%w: %w", ErrNoBackup, err)
	}
	return about, nil
}

// noting remembers why reading failed, which is no fault of what is read.
type noting struct {
	io.Reader
	err error
}

// Read reads on.
func (n *noting) Read(p []byte) (int, error) {
	k, err := n.Reader.Read(p)
	if err != nil && err != io.EOF {
		n.err = err
	}
	return k, err
}

// writeError is of what is read into.
type writeError struct{ err error }

// Error is that of the writer.
func (e *writeError) Error() string { return e.err.Error() }

type backupReader struct {
	tar      *tar.Reader
	progress func(done, total int64)
}

func (b *backupReader) read(w io.Writer) (about Backup, err error) {
	told, err := b.small(backupAbout)
	if err != nil {
		return about, err
	}
	if err := json.Unmarshal(told, &about); err != nil {
		return about, fmt.Errorf("%s cannot be understood: %w", backupAbout, err)
	}
	if about.Format != backupFormat {
		return about, fmt.Errorf("it has format %d, and this sigpost reads %d: use the one that made it (%s)", about.Format, backupFormat, about.Program)
	}
	size, err := b.next(backupFile)
	if err != nil {
		return about, err
	}
	if size != about.Bytes {
		return about, fmt.Errorf("%s has %d bytes and should have %d", backupFile, size, about.Bytes)
	}
	sum := sha256.New()
	if err := b.copy(w, sum, size); err != nil {
		return about, err
	}
	sums, err := b.small(backupSums)
	if err != nil {
		return about, err
	}
	first := sha256.Sum256(told)
	about.SHA256 = hex.EncodeToString(sum.Sum(nil))
	for _, line := range []string{fmt.Sprintf("%x  %s", first, backupAbout), about.SHA256 + "  " + backupFile} {
		if !bytes.Contains(sums, []byte(line+"\n")) {
			_, name, _ := strings.Cut(line, "  ")
			return about, fmt.Errorf("%s is not what was written: its SHA-256 is another", name)
		}
	}
	return about, nil
}

// next goes on to a member, which has to be the next one.
func (b *backupReader) next(name string) (size int64, err error) {
	h, err := b.tar.Next()
	switch {
	case err == io.EOF:
		return 0, fmt.Errorf("it ends before %s", name)
	case err != nil:
		return 0, err
	case h.Name != name || h.Typeflag != tar.TypeReg:
		return 0, fmt.Errorf("%q stands where %s should", h.Name, name)
	}
	return h.Size, nil
}

func (b *backupReader) small(name string) ([]byte, error) {
	size, err := b.next(name)
	if err != nil {
		return nil, err
	}
	if size > maxAbout {
		return nil, fmt.Errorf("%s has %d bytes, which is too much", name, size)
	}
	return io.ReadAll(b.tar)
}

func (b *backupReader) copy(w io.Writer, sum hash.Hash, total int64) error {
	buffer := make([]byte, 1<<20)
	for done := int64(0); ; {
		n, err := io.ReadFull(b.tar, buffer)
		sum.Write(buffer[:n])
		if _, werr := w.Write(buffer[:n]); werr != nil {
			return &writeError{werr}
		}
		done += int64(n)
		b.progress(done, total)
		if err == io.EOF || err == io.ErrUnexpectedEOF && done == total {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
