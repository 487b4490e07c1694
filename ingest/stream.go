package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// stream reads a file, unpacked where it is gzipped.
type stream struct {
	file   *os.File
	packed bool
	// read counts the bytes that were read of the file.
	read *meter
	// r gives the text.
	r io.Reader
}

// openStream opens a file for reading from the beginning. Reading it fails
// as soon as ctx ends. There is an error for what is no file; a device or a
// pipe is not waited for.
func openStream(ctx context.Context, path string) (*stream, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no ordinary file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &stream{file: file, read: &meter{ctx: ctx, r: file}}
	if err := s.unpack(); err != nil {
		file.Close()
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return s, nil
}

func (s *stream) unpack() error {
	s.r = s.read
	var magic [2]byte
	if n, _ := s.file.ReadAt(magic[:], 0); n < 2 || !bytes.Equal(magic[:], []byte{0x1f, 0x8b}) { // RFC 1952, section 2.3.1
		return nil
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(s.read, windowBytes))
	if err != nil {
		return err
	}
	// A little of the file can be very much text: reading that stops as well.
	s.packed, s.r = true, &meter{ctx: s.read.ctx, r: &members{z: z}}
	return nil
}

// seek goes to where the text of a file that is not packed is to be read on.
func (s *stream) seek(offset int64) error {
	_, err := s.file.Seek(offset, io.SeekStart)
	s.read.n = offset
	return err
}

func (s *stream) close() { s.file.Close() }

// meter counts what was read, and stops when ctx has ended.
type meter struct {
	ctx context.Context
	r   io.Reader
	n   int64
}

// Read counts what was read, and ends with its context.
func (m *meter) Read(b []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(b)
	m.n += int64(n)
	return n, err
}

// members reads the members of a gzip file (RFC 1952, section 2.2), and
// ignores what stands behind the last one and is none, as gzip(1) does:
// archives are padded.
type members struct {
	z    *gzip.Reader
	some bool
}

// Read goes on from one member of a gzip file to the next.
func (m *members) Read(b []byte) (int, error) {
	n, err := m.z.Read(b)
	if n > 0 {
		m.some = true
	}
	if m.some && errors.Is(err, gzip.ErrHeader) {
		err = io.EOF
	}
	return n, err
}
