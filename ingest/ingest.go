package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sigpost"
)

// DefaultMaxMessageBytes is the size up to which mails are read whole where
// nothing else is said: 25 MiB.
const DefaultMaxMessageBytes = 25 << 20

// Parse understands a mail. internalDate is when the source received it, zero
// where that is unknown. Parse is called from several goroutines at a time.
type Parse func(raw []byte, internalDate time.Time) (*sigpost.Message, error)

// Archive is where mail goes.
type Archive interface {
	// Mailbox gives the mailbox of this account and name with its cursor,
	// and makes it where there is none yet.
	Mailbox(ctx context.Context, account, name, list string) (sigpost.Mailbox, error)
	// Add stores arrivals and moves the mailbox's cursor to what mailbox
	// says (UIDValidity, UIDNext, HighestModSeq, Mark), all of it or nothing.
	// A message whose Message-ID is there already counts as a duplicate.
	// There may be no arrivals. The error wraps sigpost.ErrCursorMoved where the
	// cursor is not of the version that mailbox has; else that is counted on.
	Add(ctx context.Context, mailbox *sigpost.Mailbox, arrivals []sigpost.Arrival, at time.Time) (sigpost.AddCounts, error)
	// ResetMailbox puts the cursor back to the mailbox's beginning, under a
	// new UIDVALIDITY, in the archive and in m. Errors are as those of Add.
	ResetMailbox(ctx context.Context, m *sigpost.Mailbox, uidValidity uint32) error
	// Fetched records that a fetch has reached the mailbox's end, and left the
	// cursor as it is in m. Errors are as those of Add.
	Fetched(ctx context.Context, m *sigpost.Mailbox, at time.Time) error
	// FetchFailed records that a fetch has not, and why.
	FetchFailed(ctx context.Context, mailboxID int64, at time.Time, reason string) error
}

// Source is an IMAP mailbox to be read.
type Source struct {
	Account Account
	// Mailbox is its name on the server, List the name of the list whose
	// mail it holds.
	Mailbox string
	List    string
	// Since leaves out, when the mailbox is read for the first time, what
	// stands before the first message received on this day or later. Zero
	// means everything. Later runs go on from where the last one stopped.
	Since time.Time
	// MaxMessageBytes is the size up to which mails are read whole; of a
	// larger one only its beginning is. 0 means DefaultMaxMessageBytes.
	MaxMessageBytes int64
}

// name says which mailbox it is, for people.
func (s Source) name() string { return s.Account.Name + "/" + s.Mailbox }

func (s Source) maxBytes() int64 {
	if s.MaxMessageBytes <= 0 {
		return DefaultMaxMessageBytes
	}
	return s.MaxMessageBytes
}

// Report says what became of a source's mail. Found is the sum of Expunged
// and the three AddCounts.
type Report struct {
	// Mailbox is the mailbox or file, for people.
	Mailbox string `json:"mailbox"`
	// Found counts the mails that were new in the source.
	Found int `json:"found"`
	sigpost.AddCounts
	// Expunged counts those that vanished from the mailbox before they
	// could be read.
	Expunged int `json:"expunged"`
	// Bytes counts the raw bytes of what was read.
	Bytes int64 `json:"bytes"`
	// Took is in nanoseconds.
	Took time.Duration `json:"took_ns"`
	// Resynced says that the mailbox was read again from its beginning,
	// because its UIDs were no longer valid, or a file another one.
	Resynced bool `json:"resynced"`
	// Format is what a file turned out to be; empty for a mailbox.
	Format Format `json:"format,omitempty"`
	// Parts are the reports of what has a cursor of its own, where a folder
	// holds several.
	Parts []Report `json:"parts,omitempty"`
	// Skipped is what was new in a folder and is no mail.
	Skipped Skipped `json:"skipped,omitzero"`
}

// Ingester brings mail into one archive. It keeps a connection for each
// account from one Fetch to the next, until Close.
type Ingester struct {
	// MaxMessageBytes is Source.MaxMessageBytes for files.
	MaxMessageBytes int64
	// Watching is told how the connection stands with which Watch watches a mailbox
	// ("account/mailbox"); it may be nil.
	Watching func(mailbox string, state WatchState)
	// Seen is told how far a mailbox ("account/mailbox") goes on its server, whenever that
	// is seen; it may be nil.
	Seen func(mailbox string, end End)

	archive Archive
	parse   Parse
	clock   func() time.Time
	log     *slog.Logger
	backoff func(failures int) time.Duration
	batch   int // mails of a file that are stored at a time; 0 means maxBatch
	watch   watchTimes

	sessions sessions
}

// End is how far a mailbox goes: the next mail has at least UIDNext (RFC 9051, section
// 2.3.1.1), and there are so many messages.
type End struct{ UIDValidity, UIDNext, Messages uint32 }

func (in *Ingester) tellSeen(source Source, end End) {
	if in.Seen != nil && end.UIDNext > 0 {
		in.Seen(source.name(), end)
	}
}

// New makes an Ingester. The clock tells when things are recorded.
func New(archive Archive, parse Parse, clock func() time.Time, log *slog.Logger) *Ingester {
	return &Ingester{archive: archive, parse: parse, clock: clock, log: log, backoff: backoff, watch: newWatchTimes()}
}

// Close ends the connections that are kept. What is under way is not ended by
// it, but by its context.
func (in *Ingester) Close() { in.sessions.close() }

// Fetch reads what is new in an IMAP mailbox, to its end. It changes nothing
// on the server. After an error everything up to some point is stored, the
// report says what, and the next call goes on from there. progress may be
// nil; it is called with the number of mails done and an estimate of all,
// never at the same time as itself.
//
// The errors to be told apart are this package's sentinels. That a fetch
// fails is recorded in the archive, unless ctx was cancelled.
func (in *Ingester) Fetch(ctx context.Context, source Source, progress func(done, total int)) (Report, error) {
	report := Report{Mailbox: source.name()}
	began := in.clock()
	mailbox, err := in.archive.Mailbox(ctx, source.Account.Name, source.Mailbox, source.List)
	if err != nil {
		return report, fmt.Errorf("cannot find the cursor of %s: %w", source.name(), err)
	}
	run := &fetchRun{in: in, source: source, mailbox: mailbox, report: &report, progress: progress}
	for again := 0; ; again++ {
		if err = run.toEnd(ctx); err == nil {
			err = in.archive.Fetched(ctx, &run.mailbox, run.opened)
		}
		if !errors.Is(err, sigpost.ErrCursorMoved) || again == maxOvertaken || ctx.Err() != nil {
			break
		}
		in.log.Warn("another process has read on in the mailbox: going on from there", "mailbox", source.name())
		if run.mailbox, err = in.archive.Mailbox(ctx, source.Account.Name, source.Mailbox, source.List); err != nil {
			break
		}
	}
	report.Took = in.clock().Sub(began)
	if ctx.Err() != nil {
		return report, context.Cause(ctx)
	}
	if err == nil || errors.Is(err, sigpost.ErrCursorMoved) { // it is the other one's mailbox
		return report, err
	}
	if failed := in.archive.FetchFailed(ctx, mailbox.ID, in.clock(), err.Error()); failed != nil {
		in.log.Error("cannot record that a fetch failed", "mailbox", source.name(), "error", failed)
	}
	return report, err
}

// maxOvertaken is how often a fetch goes on where another process has got to. No lock
// lets two read a mailbox at once, unless one has lost it.
const maxOvertaken = 3
