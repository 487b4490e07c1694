package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sigpost"
)

// Format is a way to keep mail in files. It is told by what is in them.
type Format string

// The formats.
const (
	// FormatMail is one message of RFC 5322 in a file, also Apple's .emlx.
	FormatMail Format = "mail"
	// FormatMbox is any mbox (RFC 4155 and its relatives), such as what
	// Thunderbird, mutt, Google Takeout and HyperKitty write.
	FormatMbox Format = "mbox"
	// FormatPipermail is what Mailman 2 publishes month by month: an mbox of
	// few header fields and bare text, with "user at domain" for addresses.
	FormatPipermail Format = "pipermail"
	// FormatMaildir is a folder with cur and new.
	FormatMaildir Format = "maildir"
	// FormatPublicInbox is the git repository of a public-inbox, or the
	// folder with its epochs.
	FormatPublicInbox Format = "public-inbox"
	// FormatFolder is a folder with several of these.
	FormatFolder Format = "folder"
)

// File is mail in files, that was looked at but not read.
type File struct {
	// Path is absolute.
	Path   string
	Format Format
	// Size is the bytes that all of its files have on disk, as far as that is
	// easy to tell.
	Size int64
	// Skipped is what was seen that is no mail.
	Skipped Skipped

	errs []error // folders in it that cannot be read

	parts []part
}

// part is what has a cursor of its own: an mbox, a maildir, a public-inbox, or
// the smaller files of a folder together.
type part struct {
	path   string
	format Format
	size   int64
	first  time.Time // of its first mail, where that was easy to see
	// entries are the files of a maildir or folder in the order in which they
	// are read.
	entries []entry
	// epochs are the repositories of a public-inbox, oldest first.
	epochs []string
}

// account is the name under which the archive keeps the cursors of files.
const fileAccount = "file:" // and the list: the same file may be of two

// Import stores what is new in a file or folder of mail, as mail of a list.
// Raw bytes are kept as the format has them: only what the format itself did
// to a mail is undone, such as the quoting of an mbox. "user at domain" stays
// as it is, since parsers understand it and nobody knows for certain where it
// was an address.
//
// progress may be nil; it is called with bytes on disk, behind what is stored
// and of all, and the number of mails found so far, never at the same time as
// itself.
//
// The cursor in each part of the file is a mailbox of the account "file:LIST",
// whose name is the part's absolute path and whose Mark says what was read: of
// an mbox the number of bytes with a fingerprint of what is in front of them,
// of folders the last name in order with a sum over all, of a public-inbox the
// last commit of each epoch. What is unchanged costs nothing, what has grown
// is read on, and what is another file by now is read from its beginning:
// mails that are there already count as duplicates. After an error, or when
// ctx ended, everything up to some point is stored, the report says what, and
// the next call goes on from there. One part that cannot be read does not keep
// the others from being read.
//
// The error wraps ErrNoMail where there is no mail, fs.ErrNotExist where there
// is nothing, and ErrNoGit where git is needed and missing.
func (in *Ingester) Import(ctx context.Context, path, list string, progress func(done, total int64, mails int)) (Report, error) {
	began := in.clock()
	report := Report{Mailbox: path}
	file, err := Detect(ctx, path)
	if err != nil {
		return report, err
	}
	report.Format, report.Skipped = file.Format, file.Skipped
	errs := slices.Clone(file.errs)
	var before int64
	for _, p := range file.parts {
		one, err := in.importPart(ctx, p, list, func(position int64, mails int) {
			if progress != nil {
				progress(before+min(position, p.size), file.Size, report.Found+mails)
			}
		})
		if ctx.Err() != nil {
			report.add(one)
			report.Took = in.clock().Sub(began)
			return report, context.Cause(ctx)
		}
		report.add(one)
		if len(file.parts) > 1 {
			report.Parts = append(report.Parts, one)
		}
		if err != nil {
			errs = append(errs, err)
		}
		if stop := (storeError{}); errors.As(err, &stop) {
			break
		}
		before += p.size
		if progress != nil && err == nil {
			progress(before, file.Size, report.Found)
		}
	}
	report.Took = in.clock().Sub(began)
	return report, errors.Join(errs...)
}

// add counts what became of one part.
func (r *Report) add(one Report) {
	r.Found += one.Found
	r.AddCounts.Add(one.AddCounts)
	r.Expunged += one.Expunged
	r.Bytes += one.Bytes
	r.Resynced = r.Resynced || one.Resynced
	r.Skipped.join(one.Skipped)
}

// fileRun reads one part to its end.
type fileRun struct {
	in     *Ingester
	part   part
	report *Report
	mark   string // as it was handed on last
}

func (in *Ingester) importPart(ctx context.Context, p part, list string, done func(position int64, mails int)) (Report, error) {
	report := Report{Mailbox: p.path, Format: p.format}
	began := in.clock()
	mailbox, err := in.archive.Mailbox(ctx, fileAccount+list, p.path, list)
	if err != nil {
		return report, storeError{fmt.Errorf("cannot find the cursor of %s: %w", p.path, err)}
	}
	run := &fileRun{in: in, part: p, report: &report, mark: mailbox.Mark}
	pipe := &pipeline{
		in: in, list: list, source: p.path, report: &report, mailbox: &mailbox,
		stored: func(b batch) { done(b.position, report.Found) },
	}
	err = pipe.run(ctx, run.reader())
	report.Took = in.clock().Sub(began)
	if ctx.Err() != nil {
		return report, context.Cause(ctx)
	}
	if err != nil {
		in.failed(ctx, mailbox, err)
		return report, err
	}
	if err := in.archive.Fetched(ctx, &mailbox, began); err != nil {
		return report, storeError{fmt.Errorf("cannot record that %s was read: %w", p.path, err)}
	}
	return report, nil
}

func (r *fileRun) reader() func(context.Context, emitter) error {
	switch r.part.format {
	case FormatMbox, FormatPipermail:
		return r.readMbox
	case FormatPublicInbox:
		return r.readPublicInbox
	}
	return r.readEntries
}

// failed records why a file could not be read.
func (in *Ingester) failed(ctx context.Context, mailbox sigpost.Mailbox, err error) {
	if failed := in.archive.FetchFailed(ctx, mailbox.ID, in.clock(), err.Error()); failed != nil {
		in.log.Error("cannot record that a file could not be read", "file", mailbox.Name, "error", failed)
	}
}

func (in *Ingester) maxBytes() int64 {
	if in.MaxMessageBytes <= 0 {
		return DefaultMaxMessageBytes
	}
	return in.MaxMessageBytes
}

func (in *Ingester) batchMails() int {
	if in.batch <= 0 {
		return maxBatch
	}
	return in.batch
}
