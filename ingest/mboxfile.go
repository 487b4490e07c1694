package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// mboxMark is the cursor in an mbox file.
type mboxMark struct {
	Format Format `json:"format"`
	// Offset is where to read on: all bytes of the text, unpacked, in front
	// of it are stored. Last is where the last mail begins that was read.
	Offset int64 `json:"offset"`
	Last   int64 `json:"last"`
	// Head and Tail are the fingerprints of the first and the last bytes
	// (printBytes) in front of Offset.
	Head string `json:"head"`
	Tail string `json:"tail"`
	// Packed is the fingerprint of a gzipped file that was read to its end,
	// and empty before.
	Packed string `json:"packed,omitempty"`
}

// fits says whether a file that is opened at the mark is still the one that
// the mark was made in.
func (m mboxMark) fits(w *window) bool {
	return m.Offset == 0 || m.Head == fingerprint(w.head) && m.Tail == fingerprint(w.before())
}

// toMark writes a cursor down.
func toMark(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // marks are made of strings and numbers
	}
	return string(b)
}

// readMbox emits what an mbox file holds behind the mark.
func (r *fileRun) readMbox(ctx context.Context, emit emitter) error {
	var mark mboxMark
	if json.Unmarshal([]byte(r.mark), &mark) != nil || mark.Format != FormatMbox || mark.Offset < 0 {
		mark = mboxMark{}
	}
	s, w, err := r.openMbox(ctx, mark)
	if err != nil || s == nil {
		return err
	}
	defer s.close()
	mbox := newMboxReader(w, r.part.path, r.in.maxBytes())
	if mbox.resumed {
		mbox.last = mark.Last
	}
	out := r.batcher(emit)
	for {
		m, err := mbox.next()
		if err != nil && err != io.EOF {
			// What has come is stored, but the mark stays where it is: it has
			// to stand in front of a mail, and that place is behind us.
			return out.end(ctx, r.mark, err)
		}
		if err == nil {
			out.add(m)
		}
		if err == io.EOF || out.full() {
			r.mark = mbox.mark(s)
			if err := out.flush(ctx, r.mark, s.read.n); err != nil || mbox.err == io.EOF {
				return err
			}
		}
	}
}

// mark is where the reader stands.
func (m *mboxReader) mark(s *stream) string {
	at := m.w.offset()
	mark := mboxMark{
		Format: FormatMbox, Offset: at, Last: m.last,
		Head: fingerprint(m.w.head[:min(int64(len(m.w.head)), at)]), Tail: fingerprint(m.w.before()),
	}
	if s.packed && m.err == io.EOF {
		mark.Packed = packedPrint(s.file)
	}
	return toMark(mark)
}

// openMbox opens the file at the mark, or at its beginning when it is not the
// file any more that the mark was made in. There is no stream when nothing is
// new.
func (r *fileRun) openMbox(ctx context.Context, mark mboxMark) (*stream, *window, error) {
	if mark.Packed != "" && r.unchanged(mark.Packed) {
		return nil, nil, nil
	}
	s, w, err := openAt(ctx, r.part.path, mark.Offset)
	if err != nil || mark.Offset == 0 && w != nil {
		return s, w, err
	}
	if w == nil || !mark.fits(w) {
		s.close()
		r.report.Resynced = true
		return openAt(ctx, r.part.path, 0)
	}
	if len(w.need(1)) == 0 && w.err == io.EOF {
		s.close()
		return nil, nil, nil
	}
	if nextIsFromLine(w) {
		return s, w, nil
	}
	s.close()
	return r.openLast(ctx, max(0, min(mark.Last, mark.Offset)))
}

// openLast opens the file where the last mail begins, which was not whole yet
// when it was read. Neither was its From_ line, where that is none any more:
// then the file is read from its beginning.
func (r *fileRun) openLast(ctx context.Context, last int64) (*stream, *window, error) {
	s, w, err := openAt(ctx, r.part.path, last)
	if err != nil || w == nil || last == 0 {
		return s, w, err
	}
	if _, ok := fromLineAt(w.need(fromLineBytes+aheadBytes), true); ok || w.err != nil && w.err != io.EOF {
		return s, w, nil
	}
	s.close()
	r.report.Resynced = true
	return openAt(ctx, r.part.path, 0)
}

// nextIsFromLine says that the mail in front of the mark was whole: nothing
// stands behind it but the blank line that ends it, and another From_ line.
func nextIsFromLine(w *window) bool {
	data, tail := w.need(2*fromLineBytes), w.before()
	n := blankLine(data)
	if !bytes.HasSuffix(tail, []byte("\n")) || n > 0 && endsBlank(tail) {
		return false
	}
	_, ok := fromLineAt(data[n:], n > 0 || endsBlank(tail))
	return ok || n == len(data)
}

// unchanged says that the gzipped file is the one of this fingerprint.
func (r *fileRun) unchanged(print string) bool {
	f, err := os.Open(r.part.path)
	if err != nil {
		return false
	}
	defer f.Close()
	return packedPrint(f) == print
}

// packedPrint is the fingerprint of a gzipped file: of its size, beginning and
// end, where gzip keeps a checksum. It is empty where it cannot be read.
func packedPrint(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	b := fmt.Append(nil, info.Size(), " ")
	for _, at := range []int64{0, info.Size() - printBytes} {
		part := make([]byte, printBytes)
		n, err := f.ReadAt(part, max(0, at))
		if err != nil && err != io.EOF {
			return ""
		}
		b = append(b, part[:n]...)
	}
	return fingerprint(b)
}

// openAt opens a file whose text is to be read from offset on. The window is
// nil when the text ends before that.
func openAt(ctx context.Context, path string, offset int64) (*stream, *window, error) {
	s, err := openStream(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	head, tail, err := s.skipTo(offset)
	switch {
	case err == io.EOF:
		return s, nil, nil
	case err != nil:
		s.close()
		return nil, nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return s, newWindow(s.r, offset, head, tail), nil
}

// skipTo goes to a place in the text, and gives the first and the last bytes
// in front of it. The error is io.EOF when the text ends before that.
func (s *stream) skipTo(offset int64) (head, tail []byte, err error) {
	size := min(offset, printBytes)
	head, tail = make([]byte, size, printBytes), make([]byte, size)
	if !s.packed {
		if _, err := s.file.ReadAt(head, 0); err != nil {
			return nil, nil, err
		}
		if _, err := s.file.ReadAt(tail, offset-size); err != nil {
			return nil, nil, err
		}
		return head, tail, s.seek(offset)
	}
	w := newWindow(s.r, 0, nil, nil)
	for w.offset() < offset {
		data := w.need(1)
		if len(data) == 0 {
			return nil, nil, w.err
		}
		w.skip(int(min(int64(len(data)), offset-w.offset())))
	}
	copy(head, w.head)
	copy(tail, w.before())
	s.r = io.MultiReader(bytes.NewReader(w.unread()), s.r)
	return head, tail, nil
}
