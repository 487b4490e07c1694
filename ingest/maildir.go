package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// guessBytes is what a mail of a maildir counts in the progress where its name
// does not tell its size: to ask for that costs more than to see that nothing
// is new.
const guessBytes = 8 << 10

// maildirPart lists a maildir: what is in new and cur. What is in tmp is not
// delivered yet.
func maildirPart(ctx context.Context, dir string) (part, error) {
	p := part{path: dir, format: FormatMaildir}
	for _, sub := range []string{"new", "cur"} {
		err := eachName(ctx, filepath.Join(dir, sub), func(name string) {
			e := entry{name: filepath.Join(sub, name), size: maildirSize(name)}
			e.print = namePrint(e.key())
			p.entries = append(p.entries, e)
			p.size += e.size
		})
		if err != nil {
			return p, fmt.Errorf("cannot read the maildir: %w", err)
		}
	}
	slices.SortFunc(p.entries, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.key(), b.key()), strings.Compare(a.name, b.name))
	})
	return p, nil
}

// eachName gives the names of the files in a folder, bit by bit. Hidden ones
// are none.
func eachName(ctx context.Context, dir string, do func(name string)) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(1024)
		for _, e := range entries {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
				do(e.Name())
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// maildirSize is the size that Maildir++ writes into a file's name (",S="), or
// a guess.
func maildirSize(name string) int64 {
	unique, _, _ := strings.Cut(name, ":")
	for part := range strings.SplitSeq(unique, ",") {
		if digits, ok := strings.CutPrefix(part, "S="); ok {
			if n, err := strconv.ParseInt(digits, 10, 40); err == nil && n >= 0 {
				return n
			}
		}
	}
	return guessBytes
}

// openMoved opens a file that was listed under another name: mail moves from
// new to cur, and its flags change.
func (r *entriesRun) openMoved(ctx context.Context, e entry) (*stream, entry, error) {
	for relisted := false; ; relisted = true {
		if name, ok := r.moved[e.key()]; ok {
			s, err := openStream(ctx, filepath.Join(r.part.path, name))
			if err == nil || relisted {
				e.name = name
				return s, e, err
			}
		} else if relisted {
			return nil, e, fmt.Errorf("%s: %w", e.name, os.ErrNotExist)
		}
		r.moved = map[string]string{}
		for _, sub := range []string{"new", "cur"} {
			err := eachName(ctx, filepath.Join(r.part.path, sub), func(name string) {
				now := entry{name: filepath.Join(sub, name)}
				r.moved[now.key()] = now.name
			})
			if err != nil {
				return nil, e, fmt.Errorf("cannot read the maildir: %w", err)
			}
		}
	}
}

// maildirDate is when a mail came into a maildir: the time at the beginning of
// its name or that of the file, whichever is earlier. Copying and synchronising
// make either of them later, and none of them earlier.
func maildirDate(f *os.File, e entry) time.Time {
	date := fileDate(f)
	digits, _, _ := strings.Cut(e.key(), ".")
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		named := time.Unix(n, 0)
		if named.After(firstMail) && (date.IsZero() || named.Before(date)) {
			date = named
		}
	}
	return date.UTC()
}

// fileDate is when a file was written, or zero where no mail was yet.
func fileDate(f *os.File) time.Time {
	if info, err := f.Stat(); err == nil && info.ModTime().After(firstMail) {
		return info.ModTime().UTC()
	}
	return time.Time{}
}
