package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/message"
	"sigpost/store"
)

// DumpReport says what was written to a dump, or read from one.
type DumpReport struct {
	store.DumpHeader
	File string           `json:"file"`
	Size int64            `json:"size"` // in bytes; 0 for the standard input and output
	Rows map[string]int64 `json:"rows"`
	// Database is the one that was filled.
	Database string `json:"database,omitempty"`
	// Older says that the dump was of an earlier version: "sigpost reparse" makes its
	// mail found.
	Older bool          `json:"older,omitempty"`
	Took  time.Duration `json:"took_ns"`
}

// Dump writes the whole archive as JSON lines to a file, which is there whole or not
// at all, or to out where file is "-". Where the name ends in .zst it is compressed.
// Everything else may run meanwhile.
func (a *App) Dump(ctx context.Context, file string, out io.Writer) (report DumpReport, err error) {
	begin := time.Now()
	report.File = file
	header := store.DumpHeader{Program: a.options.Build.Version, Made: a.now().UTC().Truncate(time.Second)}
	report.Size, err = a.writeCopy(file, out, isDump, func(w io.Writer) error {
		var end store.DumpEnd
		report.DumpHeader, end, err = a.Store.Dump(ctx, w, header, strings.HasSuffix(file, ".zst"), func(done, total int) {
			a.progress("dumping", Messages, done, total)
		})
		report.Rows = end.Rows
		return err
	})
	report.Took = time.Since(begin)
	return report, err
}

func isDump(head []byte) bool {
	return isBackup(head) || strings.HasPrefix(string(head), `{"sigpost":{"format":`)
}

// refuseDump says of a file that it is a dump, where something else is wanted; it is nil
// of any other.
func refuseDump(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	dump, err := store.OpenDump(f)
	if err != nil {
		return nil
	}
	dump.Close()
	return sigpost.Usage(fmt.Errorf("%s is a dump, which \"sigpost load\" makes an archive of", file))
}

// Load makes the configured archive, which must be empty, of a dump, or of in where
// file is "-": of all of it, or of nothing. Nothing is sent from it until an operator
// says what is to become of what it does not know of.
func Load(ctx context.Context, cfg *config.Config, file string, in io.Reader, now time.Time, progress Progress) (report DumpReport, err error) {
	begin := time.Now()
	report.File = file
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return report, err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			report.Size = info.Size()
		}
		in = f
	}
	dump, err := store.OpenDump(&interrupted{ctx, bufio.NewReaderSize(in, 1<<16)})
	if err != nil {
		return report, fmt.Errorf("%s: %w", file, err)
	}
	defer dump.Close()
	report.DumpHeader = dump.Header
	dsn, err := cfg.DSN()
	if err != nil {
		return report, err
	}
	l := loading{dump: dump, now: now, progress: func(done int) { progress("loading", Messages, done, 0) }}
	if store.IsFile(dsn) {
		err = l.intoFile(ctx, dsn, &report)
	} else {
		err = l.into(ctx, dsn, &report)
	}
	report.Took = time.Since(begin)
	return report, err
}

type loading struct {
	dump     *store.Dump
	now      time.Time
	progress func(done int)
}

// intoFile makes a file beside the archive's, and then it is that.
func (l *loading) intoFile(ctx context.Context, dsn string, report *DumpReport) error {
	place, err := store.Replace(ctx, dsn)
	if err != nil {
		return err
	}
	defer place.Close()
	report.Database = place.File()
	if place.Exists() {
		if err := empty(ctx, dsn); err != nil {
			return err
		}
		if err := place.Free(ctx); err != nil {
			return err
		}
	}
	if err := l.into(ctx, place.Temp(), report); err != nil {
		return err
	}
	return place.Finish(ctx, "")
}

// empty says of an archive in which something is that it is not empty.
func empty(ctx context.Context, dsn string) error {
	db, err := store.OpenReadOnly(ctx, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	is, err := db.Empty(ctx)
	if err == nil && !is {
		err = sigpost.Usage(fmt.Errorf("%w: %s is not empty, and a dump is only read into a new one; name another", store.ErrNotEmpty, db.Where()))
	}
	return err
}

// into fills a database, in one transaction.
func (l *loading) into(ctx context.Context, dsn string, report *DumpReport) error {
	end, older, err := store.LoadDump(ctx, dsn, l.dump, readText, func(tx *store.DB) error {
		return tx.NotePutBack(ctx, store.PutBack{At: l.now, Made: l.dump.Header.Made})
	}, l.progress)
	report.Rows, report.Older = end.Rows, older
	if errors.Is(err, store.ErrNotEmpty) {
		err = sigpost.Usage(err)
	}
	return err
}

// readText reads a mail's text again. What today's parser refuses is found by its
// subject and author alone.
func readText(m *sigpost.Message, raw []byte) {
	if again, err := message.Parse(raw); err == nil {
		m.Text, m.Ranges, m.HTML = again.Text, again.Ranges, again.HTML
	}
}
