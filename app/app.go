// Package app wires the stages together: it opens what the configuration
// names and runs ingest, classify, compose and send over the rows of one
// store. It holds no rules of its own beyond the order of things, so that
// tests can embed the whole program.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/classify"
	"sigpost/config"
	"sigpost/message"
	"sigpost/store"
	"sigpost/subscribe"
	"sigpost/thread"
)

// Progress is told how far a stage has come: done of total, both in the
// stage's unit; total is 0 where it is not known. It may be called often.
type Progress func(stage string, unit Unit, done, total int)

// Unit is what a stage counts.
type Unit string

// The units.
const (
	Messages Unit = "messages"
	Threads  Unit = "threads"
	Letters  Unit = "letters"
	Checks   Unit = "checks"
	Megas    Unit = "MB"
	Rows     Unit = "rows"
)

// Build says which build of the program it is; what is not given is "unknown".
type Build struct{ Version, Commit string }

// Options are what surrounds an App.
type Options struct {
	Log   *slog.Logger
	Now   func() time.Time // the clock; time.Now if nil
	Build Build
	// Machine is this machine's clock, which may be wrong, and is put right by the
	// database's where several machines send; time.Now if nil.
	Machine  func() time.Time
	Progress Progress // may be nil
	// Lease is how long one of several senders may go on without the database; one
	// minute where it is zero.
	Lease time.Duration
	// Claim is how long threads that one of several tags are left to it; two minutes
	// where it is zero.
	Claim time.Duration
	// Correspondence is handed the mail of service mailboxes that is no report; if
	// nil, that is only logged.
	Correspondence Correspondence
	// ReadOnly opens the archive for looking only: nothing is created or
	// migrated.
	ReadOnly bool
	// DryRun is for dry runs: an archive that is not there yet is made in a
	// temporary folder and is gone with Close, and one of another version is
	// refused instead of being migrated. With ReadOnly it is for looking where
	// there may be nothing yet.
	DryRun bool
	// Store is an archive that is open already, and that Close leaves open; nil where
	// that of the configuration is to be opened.
	Store *store.DB
	// Monitor is told how it goes; nil where nobody wants to know: see App.StartMonitor.
	Monitor *Monitor

	watches *watchMemories // of this process, whatever its configuration
}

// App is sigpost with everything it needs.
type App struct {
	Config *config.Config
	Store  *store.DB

	options   Options
	log       *slog.Logger
	now       func() time.Time
	machine   func() time.Time
	lease     time.Duration
	progress  Progress
	natures   *classify.Natures
	taxonomy  *classify.Taxonomy
	taggers   *taggers
	tagger    *tagger
	fresh     *freshTexts
	watchWait time.Duration
	secret    []byte
	tokens    subscribe.Tokens
	themes    *themes
	wake      chan struct{} // there are letters to single people to send
	stale     chan struct{} // there are drafts to compose anew
	kicked    chan struct{} // something may be due
	troubled  chan struct{} // there is trouble to tell
	turn      chan struct{} // has one in it while this process does something by itself
	beats     *beats
	readiness *readiness
	answer    Correspondence
	people    *people
	round     *round // of the jobs under one lock; nil outside
	dry       bool
	inRun     bool              // of a run that ends, after which nobody knows when the next comes
	wakeJob   func(name string) // has a job done by whoever may; nil where all is done here
	sharing   *sharing          // of this process with others that work; nil where all is done here
	shared    bool              // others may work on the same archive meanwhile: see within
	temporary string            // folder that is gone with Close, or ""
}

// Open opens the archive and reads the taxonomy and the secret.
func Open(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	o.Build.Version, o.Build.Commit = cmp.Or(o.Build.Version, "unknown"), cmp.Or(o.Build.Commit, "unknown")
	a := &App{Config: cfg, options: o, log: o.Log, now: o.Now, machine: o.Machine, lease: o.Lease, beats: &beats{}, readiness: &readiness{}, turn: make(chan struct{}, 1), kicked: make(chan struct{}, 1), troubled: make(chan struct{}, 1)}
	if a.options.watches == nil {
		a.options.watches = &watchMemories{all: map[string]watchOfAccount{}}
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.machine == nil {
		a.machine = time.Now
	}
	a.progress = func(stage string, unit Unit, done, total int) {
		a.beats.progress()
		if o.Progress != nil {
			o.Progress(stage, unit, done, total)
		}
	}
	a.people = newPeople(cfg, a.log)
	taxonomy, err := OpenTaxonomy(cfg, "")
	if err != nil {
		return nil, err
	}
	a.taxonomy, a.taggers, a.fresh = taxonomy.t, &taggers{taxonomy: taxonomy, log: a.log}, newFreshTexts()
	a.natures, a.themes = classify.NewNatures(), newThemes()
	a.watchWait = watchWait
	if a.secret, err = cfg.Secret(); err != nil {
		return nil, err
	}
	old, err := cfg.OldSecrets()
	if err != nil {
		return nil, err
	}
	a.tokens, a.wake = subscribe.NewTokens(a.secret, old...), make(chan struct{}, 1)
	a.stale = make(chan struct{}, 1)
	if a.answer = o.Correspondence; a.answer == nil {
		a.answer = a.answerIn
	}
	if a.Store = o.Store; a.Store == nil {
		dsn, err := cfg.DSN()
		if err != nil {
			return nil, err
		}
		if store.Unprotected(dsn) {
			a.log.Warn("the archive's database may be spoken to in clear text, or by whoever says to be it: add ?sslmode=verify-full to its URL, or sslmode=disable where nobody else is on the way")
		}
		if err := a.openStore(ctx, dsn, o); err != nil {
			return nil, err
		}
	}
	if a.tagger, err = a.taggerOf(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) openStore(ctx context.Context, dsn string, o Options) (err error) {
	if o.DryRun {
		probe, err := store.OpenReadOnly(ctx, dsn)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if a.temporary, err = os.MkdirTemp("", "sigpost-dry-"); err != nil {
				return err
			}
			dsn = filepath.Join(a.temporary, "sigpost.db")
		case err != nil:
			return err
		default:
			probe.Close()
		}
	}
	if o.ReadOnly && a.temporary == "" {
		if a.Store, err = store.OpenReadOnly(ctx, dsn); errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; \"sigpost ingest\" and \"sigpost import\" make one", err)
		}
	} else {
		a.Store, err = store.Open(ctx, dsn)
	}
	return err
}

// Close closes the archive.
func (a *App) Close() error {
	if a.options.Store != nil {
		return nil
	}
	err := a.Store.Close()
	if a.temporary != "" {
		err = errors.Join(err, os.RemoveAll(a.temporary))
	}
	return err
}

// locked runs a stage while no other run can. With dry set it works on a
// scratch copy of the archive: everything happens as it would, and then it has
// not happened.
func (a *App) locked(ctx context.Context, dry bool, stage func(*App) error) error {
	unlock, err := a.Store.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return a.inRound(ctx, func(run *App) error {
		if !dry {
			return stage(run)
		}
		return a.Store.Scratch(ctx, func(scratch *store.DB) error {
			run.Store, run.dry = scratch, true
			return stage(run)
		})
	})
}

// parse understands a mail as the archive keeps it.
func (a *App) parse(raw []byte, internalDate time.Time) (*sigpost.Message, error) {
	m, err := message.Parse(raw)
	if err != nil {
		return nil, err
	}
	m.BaseSubject = thread.BaseSubject(m.Subject)
	m.Received = received(m, internalDate, a.now())
	m.Own = a.fromOwnList(m)
	return m, nil
}

// copied is how much later than its own witness a mail may have come into a
// mailbox before the mailbox is taken for a copy, whose dates are those of
// the copying.
const copied = 48 * time.Hour

// received is when a mail was received: its INTERNALDATE, unless that is so
// much later than what the mail itself bears witness to that the mailbox must
// have been copied. The witness is the topmost Received field, or the Date
// field where no server left a trace.
func received(m *sigpost.Message, internalDate, now time.Time) time.Time {
	witness := m.Trace
	if witness.IsZero() {
		witness = m.Sent
	}
	at := internalDate
	if at.IsZero() || !witness.IsZero() && at.Sub(witness) > copied {
		at = witness
	}
	if at.IsZero() {
		return now
	}
	return at
}

// fromOwnList says whether a mail carries the List-Id of one of our digests.
func (a *App) fromOwnList(m *sigpost.Message) bool {
	for _, d := range a.Config.Digests {
		if slices.Contains(m.ListIDs, strings.ToLower(d.ListID)) {
			return true
		}
	}
	return false
}

// eachText calls do for each of some stored messages, in no order, with its
// index and its text, which is read again from the raw bytes: the archive
// keeps no second copy of it.
func (a *App) eachText(ctx context.Context, msgs []sigpost.Message, do func(i int, m *sigpost.Message)) error {
	index, ids := indexOf(msgs)
	return a.Store.Raws(ctx, ids, func(id int64, raw []byte) error {
		m, err := message.Parse(raw)
		if err != nil {
			return fmt.Errorf("message %d, which could be read once, cannot be read any more: %w", id, err)
		}
		with := msgs[index[id]]
		if with.Shown() { // else nothing of it is quoted, summed up or given as a reason
			with.Text, with.Ranges, with.HTML = m.Text, m.Ranges, m.HTML
		}
		do(index[id], &with)
		return ctx.Err()
	})
}

// Thread gives a thread's messages with their text, in the order in which
// they were received.
func (a *App) Thread(ctx context.Context, id int64) ([]*sigpost.Message, error) {
	msgs, err := a.Store.ThreadMessages(ctx, id)
	if err != nil {
		return nil, err
	}
	all := make([]*sigpost.Message, len(msgs))
	err = a.eachText(ctx, msgs, func(i int, m *sigpost.Message) { all[i] = m })
	return all, err
}
