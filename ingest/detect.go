package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// smallBytes is up to which size an mbox in a folder shares a cursor with
	// the other small files there.
	smallBytes = 1 << 20
	// skippedNames is how many files that are no mail are named.
	skippedNames = 20
)

// Detect looks what mail a file or folder holds, by what is in the files. The
// error wraps ErrNoMail and says what was found instead where it holds none.
func Detect(ctx context.Context, path string) (File, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return File{}, fmt.Errorf("cannot find %s: %w", path, err)
	}
	f := File{Path: absolute}
	info, err := os.Stat(absolute)
	if err != nil {
		return f, fmt.Errorf("the mail cannot be read: %w", err)
	}
	if info.IsDir() {
		err = f.folder(ctx, absolute)
	} else {
		err = f.single(ctx, absolute, info.Size())
	}
	if err != nil {
		return f, err
	}
	if len(f.parts) == 0 {
		if len(f.errs) > 0 {
			return f, errors.Join(f.errs...)
		}
		return f, f.nothing()
	}
	slices.SortStableFunc(f.parts, func(a, b part) int { return cmp.Or(a.first.Compare(b.first), strings.Compare(a.path, b.path)) })
	for _, p := range f.parts {
		f.Size += p.size
	}
	f.Format = f.parts[0].format
	if len(f.parts) > 1 {
		f.Format = FormatFolder
	}
	return f, nil
}

// nothing says what was found in a folder without mail.
func (f *File) nothing() error {
	if f.Skipped.Count == 0 {
		return fmt.Errorf("%w: the folder %s is empty", ErrNoMail, f.Path)
	}
	return fmt.Errorf("%w in the folder %s: it holds %d other files, such as %s", ErrNoMail, f.Path, f.Skipped.Count, f.Skipped.Files[0])
}

// Skipped is what of a folder is no mail.
type Skipped struct {
	Count int `json:"count"`
	// Files are the first of them, with what they are.
	Files []string `json:"files"`
}

func (s *Skipped) add(path, what string) {
	s.Count++
	if len(s.Files) < skippedNames {
		s.Files = append(s.Files, path+" ("+what+")")
	}
}

func (s *Skipped) join(other Skipped) {
	s.Count += other.Count
	s.Files = append(s.Files, other.Files[:min(len(other.Files), skippedNames-len(s.Files))]...)
}

// single takes up one file. What the user names is kept unless it is surely
// something else: nothing that was given as mail is lost.
func (f *File) single(ctx context.Context, path string, size int64) error {
	seen, err := sniffFile(ctx, path)
	switch {
	case err != nil:
		return err
	case claimOf(filepath.Base(path), seen) == noClaim || seen.format == "" && containerName(path):
		return noMail(path, seen.what)
	case seen.format == "" || seen.format == FormatMail:
		e, err := looseEntry(filepath.Dir(path), filepath.Base(path))
		if err != nil {
			return err
		}
		f.parts = append(f.parts, part{path: path, format: FormatMail, size: size, entries: []entry{e}})
	default:
		f.parts = append(f.parts, part{path: path, format: seen.format, size: size, first: seen.first})
	}
	return nil
}

// folder takes up what is in a folder and those within it.
func (f *File) folder(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot read the folder: %w", err)
	}
	kind := folderKind(dir, all)
	switch kind {
	case FormatMaildir:
		p, err := maildirPart(ctx, dir)
		if err != nil {
			return err
		}
		f.parts = append(f.parts, p)
	case FormatPublicInbox:
		return f.publicInbox(ctx, dir, all)
	default:
		if err := f.files(ctx, dir, all); err != nil {
			return err
		}
	}
	return f.folders(ctx, dir, all, kind == FormatMaildir)
}

// folders goes on to the folders within one. Hidden ones are only looked at
// for the folders of Maildir++, which are.
func (f *File) folders(ctx context.Context, dir string, all []fs.DirEntry, maildir bool) error {
	for _, d := range all {
		path := filepath.Join(dir, d.Name())
		if !d.IsDir() || maildir && (d.Name() == "cur" || d.Name() == "new" || d.Name() == "tmp") {
			continue
		}
		if strings.HasPrefix(d.Name(), ".") {
			within, err := os.ReadDir(path)
			if err != nil || folderKind(path, within) != FormatMaildir {
				continue
			}
		}
		err := f.folder(ctx, path)
		if errors.Is(err, fs.ErrPermission) {
			f.errs = append(f.errs, err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// files takes up the files of an ordinary folder. Large mboxes are parts of
// their own, the rest is one part together. Not all of that is looked at, but
// as much as it takes to find a mail: a large folder that was read costs little
// then, and reading will tell what is no mail.
func (f *File) files(ctx context.Context, dir string, all []fs.DirEntry) error {
	loose, found := part{path: dir, format: FormatFolder}, false
	var odd Skipped // what is no mail unless there is mail beside it
	for _, d := range all {
		path := filepath.Join(dir, d.Name())
		if d.IsDir() {
			continue
		}
		if strings.HasPrefix(d.Name(), ".") {
			f.Skipped.add(path, "hidden")
			continue
		}
		e, err := looseEntry(dir, d.Name())
		if err != nil {
			f.Skipped.add(path, err.Error())
			continue
		}
		var seen sniffed
		if !found || e.size > smallBytes {
			seen, err = sniffFile(ctx, path)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && seen.what != "" && claimOf(d.Name(), seen) == noClaim:
			f.Skipped.add(path, seen.what)
			continue
		case err == nil && seen.what != "" && claimOf(d.Name(), seen) == doubtful:
			odd.add(path, seen.what)
		case e.size > smallBytes && (seen.format == FormatMbox || seen.format == FormatPipermail):
			f.parts = append(f.parts, part{path: path, format: seen.format, size: e.size, first: seen.first})
			continue
		}
		// Reading will say what is wrong with what cannot be read.
		found = found || err == nil && claimOf(d.Name(), seen) == claimed
		loose.entries = append(loose.entries, e)
		loose.size += e.size
	}
	switch {
	case found || odd.Count < len(loose.entries):
		f.parts = append(f.parts, loose)
	default:
		f.Skipped.join(odd)
	}
	return nil
}

// sniffFile looks at a file's beginning, unpacked.
func sniffFile(ctx context.Context, path string) (sniffed, error) {
	s, err := openStream(ctx, path)
	if err != nil {
		return sniffed{}, fmt.Errorf("the mail cannot be read: %w", err)
	}
	defer s.close()
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(s.r, head)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		return sniffed{}, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return sniff(head[:n], path), nil
}

// folderKind tells a maildir and a public-inbox from other folders by the
// names in it; the format is empty for those.
func folderKind(dir string, all []fs.DirEntry) Format {
	kinds := map[string]fs.DirEntry{}
	for _, d := range all {
		switch d.Name() {
		case "cur", "new", "git", "HEAD", "objects":
			kinds[d.Name()] = d
		}
	}
	is := func(name string, folder bool) bool { d, ok := kinds[name]; return ok && d.IsDir() == folder }
	switch {
	case is("cur", true) && is("new", true):
		return FormatMaildir
	case is("HEAD", false) && is("objects", true):
		return FormatPublicInbox
	case is("git", true) && len(epochs(filepath.Join(dir, "git"))) > 0:
		return FormatPublicInbox
	}
	return ""
}
