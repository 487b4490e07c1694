package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
)

// entriesRun reads the files of a part one by one.
type entriesRun struct {
	*fileRun
	out *batcher
	// begun is the mark at the beginning, mark the one behind what was read.
	begun, mark entriesMark
	// old says that what is read stands in front of the mark, which stays
	// until all of that is stored.
	old      bool
	position int64
	moved    map[string]string // names by keys, after a file was not found
	mails    map[string]bool   // endings → most files that have it are mails
	failed   int
	first    error // of those that failed
}

// readEntries emits what a maildir or folder holds behind the mark, and what
// has changed in front of it.
func (r *fileRun) readEntries(ctx context.Context, emit emitter) error {
	var mark entriesMark
	if json.Unmarshal([]byte(r.mark), &mark) != nil || mark.Format != r.part.format {
		mark = entriesMark{}
	}
	var before sums
	for _, e := range r.part.entries {
		if e.key() <= mark.Last {
			before.add(e)
		}
	}
	run := &entriesRun{fileRun: r, out: r.batcher(emit), mark: entriesMark{Format: r.part.format}, begun: mark}
	for _, e := range r.part.entries {
		old := e.key() <= mark.Last
		if old && before.same(mark.Sums, e) {
			run.mark.Last = e.key()
			run.mark.Sums.add(e)
			run.position += e.size
			continue
		}
		if run.old && !old {
			run.old = false
			if err := run.flush(ctx); err != nil {
				return err
			}
		}
		run.old = old
		if err := run.entry(ctx, e); err != nil {
			return err
		}
	}
	run.old = false
	if err := run.flush(ctx); err != nil {
		return err
	}
	return run.failure()
}

func (r *entriesRun) flush(ctx context.Context) error {
	if !r.old {
		r.fileRun.mark = toMark(r.mark)
	}
	return r.out.flush(ctx, r.fileRun.mark, r.position)
}

// failure names the files that could not be read.
func (r *entriesRun) failure() error {
	if r.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d files of %s could not be read and are tried again next time; the first: %w", r.failed, r.part.path, r.first)
}

// entry reads one file. One that fails is left out of the sums, so that it is
// tried again.
func (r *entriesRun) entry(ctx context.Context, e entry) error {
	problem, err := r.file(ctx, e)
	r.mark.Next, r.mark.Done = 0, 0
	r.position += e.size
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(problem, fs.ErrNotExist):
		r.out.b.expunged++
		return nil
	case problem != nil:
		if r.failed++; r.first == nil {
			r.first = problem
		}
	default:
		r.mark.Sums.add(e)
	}
	r.mark.Last = e.key()
	if r.out.full() {
		return r.flush(ctx)
	}
	return nil
}

// dir is the folder that the entries' names are within.
func (r *entriesRun) dir() string {
	if r.part.format == FormatMail {
		return filepath.Dir(r.part.path)
	}
	return r.part.path
}

// file takes up what one file holds. A problem is one of the file, err ends
// the run.
func (r *entriesRun) file(ctx context.Context, e entry) (problem, err error) {
	s, err := openStream(ctx, filepath.Join(r.dir(), e.name))
	if errors.Is(err, fs.ErrNotExist) && r.part.format == FormatMaildir {
		s, e, err = r.openMoved(ctx, e)
	}
	if err != nil {
		return err, nil
	}
	defer s.close()
	if r.part.format == FormatMaildir {
		if info, err := s.file.Stat(); err == nil {
			e.size = info.Size()
		}
		m, problem := r.mail(s.r, e)
		m.date = maildirDate(s.file, e)
		return r.took(m, problem), nil
	}
	ahead := bufio.NewReaderSize(s.r, sniffBytes)
	head, _ := ahead.Peek(sniffBytes)
	seen := sniff(head, e.name)
	switch seen.format {
	case FormatMail:
		m, problem := r.mail(emlxBody(ahead, seen), e)
		m.date = fileDate(s.file)
		return r.took(m, problem), nil
	case FormatMbox, FormatPipermail:
		return r.smallMbox(ctx, ahead, e)
	}
	switch is := claimOf(e.name, seen); {
	case is == claimed, is == doubtful && (r.part.format == FormatMail || r.isAmongMails(ctx, e.name)):
		m, problem := r.mail(ahead, e)
		m.date = fileDate(s.file)
		switch {
		case seen.foreign:
			m.broken = "it is named as a mail is, but is " + seen.what
		case is == doubtful && r.part.format == FormatMail:
			// Whoever names a wrong file must not find it in an issue.
			m.broken = "it is " + seen.what + ", by its name and its beginning; \"sigpost quarantine retry\" takes it for one"
		}
		return r.took(m, problem), nil
	case r.part.format == FormatMail:
		return noMail(r.part.path, seen.what), nil // it was mail a moment ago
	}
	r.report.Skipped.add(filepath.Join(r.dir(), e.name), seen.what)
	return nil, nil
}

func (r *entriesRun) took(m mail, problem error) error {
	if problem == nil {
		r.out.add(m)
	}
	return problem
}

// emlxBody gives the mail within a file of Apple Mail, or all of another one.
func emlxBody(r *bufio.Reader, seen sniffed) io.Reader {
	if seen.emlx == 0 {
		return r
	}
	_, _ = r.Discard(seen.emlx) // it was looked at already
	return io.LimitReader(r, seen.length)
}

// smallMbox takes up the mails of an mbox, which may also be compressed and
// far from small.
func (r *entriesRun) smallMbox(ctx context.Context, from io.Reader, e entry) (problem, err error) {
	mbox := newMboxReader(newWindow(from, 0, nil, nil), filepath.Join(r.dir(), e.name), r.in.maxBytes())
	skip := 0
	if !r.old && r.begun.Next == e.print {
		skip = r.begun.Done
	}
	for n := 1; ; n++ {
		m, problem := mbox.next()
		if problem == io.EOF {
			return nil, nil
		}
		if problem != nil {
			return problem, nil
		}
		if n <= skip {
			continue
		}
		m.where = r.where(e)
		r.out.add(m)
		if r.out.full() {
			r.mark.Next, r.mark.Done = e.print, n
			if err := r.flush(ctx); err != nil {
				return nil, err
			}
		}
	}
}

// mail reads one that is all of from.
func (r *entriesRun) mail(from io.Reader, e entry) (mail, error) {
	limit := r.in.maxBytes()
	var b bytes.Buffer
	b.Grow(int(min(e.size, limit)) + bytes.MinRead + 1)
	n, err := b.ReadFrom(io.LimitReader(from, limit+1))
	if err != nil {
		return mail{}, fmt.Errorf("cannot read %s: %w", filepath.Join(r.dir(), e.name), err)
	}
	m := mail{raw: b.Bytes(), where: r.where(e)}
	if n > limit {
		m.raw = beginning(m.raw, limit)
		m.defect = tooLarge(limit, len(m.raw), strconv.FormatInt(max(e.size, n), 10))
	}
	return m, nil
}

func (r *entriesRun) where(e entry) string {
	if r.part.format == FormatMail {
		return ""
	}
	return "/" + filepath.ToSlash(e.name)
}
