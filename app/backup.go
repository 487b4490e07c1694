package app

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/store"
)

// BackupReport says what was backed up, or found in a backup.
type BackupReport struct {
	store.Backup
	File string        `json:"file"`
	Size int64         `json:"size"` // of the backup, in bytes; 0 for the standard output
	Took time.Duration `json:"took_ns"`
}

// Backup writes a backup to a file, which is there whole or not at all, or to out
// where file is "-". Everything else may run meanwhile. It is for SQLite: PostgreSQL
// has its own.
func (a *App) Backup(ctx context.Context, file string, out io.Writer) (report BackupReport, err error) {
	begin := time.Now()
	report.File = file
	if dsn, err := a.Config.DSN(); err != nil {
		return report, err
	} else if !store.IsFile(dsn) {
		return report, sigpost.Usage(errors.New("the archive is in PostgreSQL, which makes its own backups: \"pg_dump --format=custom\" while everything runs; " +
			"\"sigpost dump\" writes it as JSON lines, for another engine or another program"))
	}
	about := store.Backup{Program: a.options.Build.Version, Made: a.now().UTC()}
	write := func(w io.Writer) (err error) {
		report.Backup, err = a.Store.Backup(ctx, w, about, a.megabytes("backing up"))
		return err
	}
	begun := a.now()
	report.Size, err = a.writeCopy(file, out, isBackup, write)
	report.Took = time.Since(begin)
	if err == nil {
		a.noteBackup(ctx, begun, report.Took)
	}
	return report, err
}

// jobBackup is the name under which the archive remembers its last backup: among the
// jobs, though somebody else's clock calls it.
const jobBackup = "backup"

// noteBackup notes that a backup was made. Where that cannot be written, as by a user who
// may only read the archive, the backup is no worse for it.
func (a *App) noteBackup(ctx context.Context, begun time.Time, took time.Duration) {
	note := func() error {
		dsn, err := a.Config.DSN()
		if err != nil {
			return err
		}
		db, err := store.Open(ctx, dsn) // that of the backup may be for reading alone
		if err != nil {
			return err
		}
		return errors.Join(db.RecordJob(ctx, sigpost.JobReport{Name: jobBackup, Run: runID(), Begun: begun, Ended: a.now(), Took: took}), db.Close())
	}
	if err := note(); err != nil {
		a.log.Warn("that a backup was made is not noted, and \"sigpost doctor\" does not know of it: run it as the user that sigpost runs as", "error", err)
	}
}

// knowsBackups says whether backups are made by this program, so that it knows when.
func (a *App) knowsBackups() bool { return !a.Store.Shared() && a.Config.Archive.BackupDays > 0 }

// writeCopy writes a backup or a dump to a file, or to out where file is "-". What is
// there and is neither is not written over.
func (a *App) writeCopy(file string, out io.Writer, ours func(head []byte) bool, write func(w io.Writer) error) (size int64, err error) {
	if file == "-" {
		buffered := bufio.NewWriterSize(out, 1<<16)
		return 0, errors.Join(write(buffered), buffered.Flush())
	}
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() {
		return 0, sigpost.Usage(fmt.Errorf("%s is not a file; \"-\" writes to the standard output", file))
	}
	if err == nil && info.Size() > 0 {
		head, err := headOf(file)
		if err != nil {
			return 0, err
		}
		if !ours(head) {
			return 0, sigpost.Usage(fmt.Errorf("%s is there, and is none that sigpost wrote: it is not written over; name another file", file))
		}
	}
	if err := writeWhole(file, write); err != nil {
		return 0, fmt.Errorf("%s is not written: %w", file, err)
	}
	if info, err = os.Stat(file); err == nil {
		size = info.Size()
	}
	return size, err
}

func headOf(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], err
}

const zstdMagic = "\x28\xb5\x2f\xfd"

func isBackup(head []byte) bool { return len(head) > 4 && string(head[:4]) == zstdMagic }

// megabytes is progress in bytes.
func (a *App) megabytes(stage string) func(done, total int64) { return megabytes(a.progress, stage) }

func megabytes(p Progress, stage string) func(done, total int64) {
	return func(done, total int64) { p(stage, Megas, int(done/1e6), int(total/1e6)) }
}

// VerifyBackup reads a backup to its end, or in where file is "-": every byte is what was
// written, or the error says what is not.
func VerifyBackup(ctx context.Context, file string, in io.Reader, progress Progress) (report BackupReport, err error) {
	begin := time.Now()
	report.File = file
	said := megabytes(progress, "reading the backup")
	if file == "-" {
		report.Backup, err = store.ReadBackup(&interrupted{ctx, bufio.NewReaderSize(in, 1<<16)}, io.Discard, said)
		if err != nil {
			err = fmt.Errorf("the standard input: %w", err)
		}
	} else {
		report.Backup, report.Size, err = readBackup(ctx, file, io.Discard, said)
	}
	report.Took = time.Since(begin)
	return report, err
}

func readBackup(ctx context.Context, file string, into io.Writer, progress func(done, total int64)) (b store.Backup, size int64, err error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return b, 0, noBackup(file)
	}
	if err != nil {
		return b, 0, fmt.Errorf("the backup cannot be read: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	b, err = store.ReadBackup(&interrupted{ctx, bufio.NewReaderSize(f, 1<<16)}, into, progress)
	if errors.Is(err, store.ErrNoBackup) {
		err = cmp.Or(refuseDump(file), fmt.Errorf("%s: %w", file, err))
	}
	return b, size, err
}

func noBackup(file string) error {
	return sigpost.Usage(fmt.Errorf("there is no file %s: name a backup that \"sigpost backup FILE\" has written", file))
}

// interrupted ends reading with a context.
type interrupted struct {
	ctx context.Context
	io.Reader
}

// Read reads on.
func (r *interrupted) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// RestoreOptions are what surrounds a restore.
type RestoreOptions struct {
	// Force lets the backup take the place of an archive, which is kept beside it.
	Force    bool
	Now      time.Time
	Progress Progress
}

// RestoreReport says what a restore did, and what is lost by it.
type RestoreReport struct {
	BackupReport
	Database string `json:"database"`
	// Kept is the archive that was there; "" for none.
	Kept string `json:"kept,omitempty"`
	// Unreadable says why nothing could be learned of that.
	Unreadable string `json:"unreadable,omitempty"`
	// Lost is what that knows of since the backup was made, and Taken what of it was
	// taken over; nil where it is not known.
	Lost  *store.Lost `json:"lost,omitempty"`
	Taken *store.Kept `json:"taken,omitempty"`
	// Left is the file that says who left since, and is used when it is said that sending
	// may go on; "" where there is none.
	Left string `json:"left,omitempty"`
	// Held are letters to single people that the backup had in hand.
	Held int64 `json:"held"`
}

// Restore puts a backup in the place of the configured archive: whole, or not at
// all. Nothing is sent from it until an operator says what is to become of what it
// does not know of.
func Restore(ctx context.Context, cfg *config.Config, file string, o RestoreOptions) (report RestoreReport, err error) {
	begin := time.Now()
	dsn, err := cfg.DSN()
	if err != nil {
		return report, err
	}
	if !store.IsFile(dsn) {
		return report, sigpost.Usage(errors.New("the configured archive is in PostgreSQL, and a backup of sigpost is an SQLite file: restore it with a configuration that names a file; " +
			"\"sigpost dump\" and \"sigpost load\" bring that to PostgreSQL. What pg_dump wrote, pg_restore puts back"))
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return report, noBackup(file)
	}
	place, err := store.Replace(ctx, dsn)
	if err != nil {
		return report, err
	}
	defer place.Close()
	report.Database = place.File()
	if place.Exists() {
		if !o.Force {
			return report, sigpost.Usage(fmt.Errorf("there is an archive already, %s; --force puts the backup in its place, and keeps it beside", place.File()))
		}
		report.Kept = fmt.Sprintf("%s.before-%s", place.File(), o.Now.UTC().Format("20060102T150405Z"))
		if err := place.Free(ctx); err != nil {
			return report, err
		}
	}
	if err := unpackBackup(ctx, place.Temp(), file, &report, o.Progress); err != nil {
		return report, err
	}
	if err := readyRestored(ctx, place, &report, o.Now); err != nil {
		return report, err
	}
	if err := place.Finish(ctx, report.Kept); err != nil {
		return report, fmt.Errorf("the backup is not put in its place, and %s is as it was: %w", place.File(), err)
	}
	if _, err := os.Stat(leftFile(cfg)); err == nil {
		report.Left = leftFile(cfg)
	}
	report.Took = time.Since(begin)
	return report, nil
}

// unpackBackup writes the backup's database file beside the archive's.
func unpackBackup(ctx context.Context, temp, file string, report *RestoreReport, progress Progress) error {
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	report.File = file
	report.Backup, report.Size, err = readBackup(ctx, file, f, megabytes(progress, "restoring"))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("nothing is changed: %w", err)
	}
	return nil
}

// readyRestored makes sure that what was unpacked is an archive, takes over from the
// one that is there who has left it, and notes that it was put back.
func readyRestored(ctx context.Context, place *store.Replacement, report *RestoreReport, now time.Time) error {
	db, err := store.Open(ctx, place.Temp())
	if err != nil {
		return err
	}
	err = db.Check(ctx)
	if err == nil && report.Kept != "" {
		err = takeOver(ctx, place, db, report, now)
	}
	if err == nil {
		err = db.Tx(ctx, func(tx *store.DB) error {
			if report.Held, err = tx.HoldNotices(ctx, now); err != nil {
				return err
			}
			if err := tx.SkipNumbers(ctx); err != nil {
				return err
			}
			return tx.NotePutBack(ctx, store.PutBack{At: now, Made: report.Made})
		})
	}
	return errors.Join(err, db.Close())
}

// takeOver looks at the archive that gives way. One that cannot be read is no reason
// not to restore.
func takeOver(ctx context.Context, place *store.Replacement, db *store.DB, report *RestoreReport, now time.Time) error {
	old, err := store.OpenReadOnly(ctx, place.File())
	if err == nil {
		defer old.Close()
		var lost store.Lost
		if lost, err = old.Since(ctx, report.Made); err == nil {
			report.Lost = &lost
			var taken store.Kept
			if taken, err = db.TakeOver(ctx, old, report.Made, now); err == nil {
				report.Taken = &taken
				return nil
			}
		}
	}
	report.Lost, report.Unreadable = nil, err.Error()
	return ctx.Err()
}
