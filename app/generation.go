package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// ErrRestored says that the archive seems to have been put back to an earlier
// state, in which it does not know of all that was sent.
var ErrRestored = errors.New("the archive does not know of all that was sent")

// restoredWhy is why an issue stands still that may have been sent by an archive
// that is gone.
const restoredWhy = "the archive was put back to an earlier state, and this issue may have been sent since: see whether readers have it"

// checkGeneration compares the archive's generation with the one in a file beside
// it, which no backup of the archive puts back. restored is when an operator last
// said that it had been put back.
func (a *App) checkGeneration(ctx context.Context) (restored time.Time, err error) {
	// The file comes first: another process may count on meanwhile, which it notes there
	// after it has in the archive.
	noted, reading := a.notedGeneration()
	known, restored, err := a.Store.Generation(ctx)
	if err != nil {
		return restored, err
	}
	put, was, err := a.Store.PutBack(ctx)
	if err != nil {
		return restored, err
	}
	switch {
	case reading != nil:
		return restored, reading
	case was:
		return restored, fmt.Errorf("%w: it was put back%s; %s", ErrRestored, asOf(put), goesOn)
	case noted > known:
		return restored, fmt.Errorf("%w: it is at generation %d of sending, and %s says %d, so it was put back or another one took its place; %s",
			ErrRestored, known, a.generationFile(), noted, goesOn)
	}
	return restored, nil
}

// goesOn is what to do with an archive that was put back.
const goesOn = "\"sigpost digest send --i-have-restored\" goes on, and holds each issue that may have been sent until you decide on it"

// asOf says when an archive was put back, and as of when, in the minutes where they differ.
func asOf(p store.PutBack) string {
	at, made := moment(p.At), moment(p.Made)
	if at == made {
		return " on " + at
	}
	return " on " + at + ", as of " + made
}

// moment is a time as people say it.
func moment(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04 UTC") }

// generationFile is where the number of sendings is noted.
func (a *App) generationFile() string { return a.Config.GenerationFile() }

// notedGeneration reads that file; 0 where there is none.
func (a *App) notedGeneration() (int64, error) {
	data, err := os.ReadFile(a.generationFile())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("it cannot be seen whether the archive is the newest: %w", err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s should hold a number, the archive's generation: %w; delete it if the archive was not put back to an earlier state", a.generationFile(), err)
	}
	return n, nil
}

// countGeneration counts the archive's generation on, and notes it in the file:
// before the first letter of a run, from time to time, and behind the last one. Of
// several processes with one file the last to write it looks behind that whether
// another has counted on meanwhile, so that it never ends behind what was counted.
func (a *App) countGeneration(ctx context.Context) error {
	if a.dry {
		return nil
	}
	known, err := a.Store.CountGeneration(ctx)
	for noted := int64(0); err == nil && noted < known; {
		if err = a.noteGeneration(known); err != nil {
			return err
		}
		noted = known
		if a.Store.Shared() {
			known, _, err = a.Store.Generation(ctx)
		}
	}
	return err
}

// noteGeneration writes the file.
func (a *App) noteGeneration(n int64) error {
	err := writeWhole(a.generationFile(), func(w io.Writer) error {
		_, err := fmt.Fprintln(w, n)
		return err
	})
	if err != nil {
		return fmt.Errorf("it cannot be noted how far sending has come, without which a restored archive would send again; archive.generation_file names another place: %w", err)
	}
	return nil
}

// Restoration is what shows how old a restored archive is.
type Restoration struct {
	// Known is how many times the archive has counted its sending on, and Noted
	// how many times that was so; At is when it was noted last.
	Known, Noted int64
	At           time.Time
	// Left are the subscriptions that had ended since the archive was saved.
	Left int
}

// Restored takes an operator's word that the archive was put back to an earlier
// state: issues that may have been sent since stand still until somebody resumes
// or cancels them, and who has left since leaves again.
func (a *App) Restored(ctx context.Context) (r Restoration, err error) {
	err = a.locked(ctx, false, func(a *App) error {
		if r.Noted, err = a.notedGeneration(); err != nil {
			return err
		}
		if r.Known, _, err = a.Store.Generation(ctx); err != nil {
			return err
		}
		if info, err := os.Stat(a.generationFile()); err == nil {
			r.At = info.ModTime()
		}
		if err := a.Store.Restored(ctx, r.Noted, restoredWhy, a.now()); err != nil {
			return err
		}
		r.Left, err = a.endLeft(ctx)
		return err
	})
	return r, err
}

// Doubted is an issue of which a restored archive does not know who has it.
type Doubted struct {
	SendingState
	LastSent time.Time // zero where the ledger knows of no letter
	Unsent   int       // who would get it if it went on
}

// Doubted are the issues that stand still since the archive was put back.
func (a *App) Doubted(ctx context.Context) (all []Doubted, err error) {
	err = a.eachSending(ctx, func(issue sigpost.Issue) error {
		sending, err := a.Store.Sending(ctx, issue.ID)
		if err != nil || !strings.HasPrefix(sending.PausedWhy, restoredWhy) {
			return err
		}
		var d Doubted
		if d.SendingState, err = a.sendingState(ctx, issue, nil); err == nil {
			d.LastSent, err = a.Store.LastSent(ctx, issue.ID)
		}
		if err == nil {
			d.Unsent, err = a.Store.SendingTotal(ctx, sending, issue.Digest)
		}
		all = append(all, d)
		return err
	})
	return all, err
}
