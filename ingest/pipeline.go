package ingest

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"sigpost"
)

const (
	// maxBatch and maxBatchBytes bound what is fetched, parsed and stored
	// at a time. A single mail may be larger than maxBatchBytes.
	maxBatch      = 500
	maxBatchBytes = 8 << 20
	// parsers is how many goroutines parse.
	parsers = 2
)

// mail is one message as a source hands it over.
type mail struct {
	uid uint32 // 0 where the source has none
	// where names it within the source, for people; it may be empty.
	where string
	raw   []byte
	date  time.Time
	// defect is why raw is not all of the mail, which is parsed and stored
	// all the same.
	defect string
	// broken is why the mail is not to be parsed at all but to be put into
	// quarantine.
	broken string
}

// batch is a stretch of a source in its order, and where the source is to be
// read on once it is stored.
type batch struct {
	mails []mail
	bytes int64 // of the mails' raw

	// For a mailbox: the cursor behind the batch (modSeq is 0 but behind the
	// last one), how many of the stretch were gone, and an estimate of all.
	uidValidity uint32
	uidNext     uint32
	modSeq      uint64
	expunged    int
	total       int

	mark     string // Mailbox.Mark behind the batch
	position int64  // for a file: the bytes read so far

	arrivals []sigpost.Arrival
}

// emitter hands a batch on. It blocks while those before are being worked
// on, and fails when the run has ended.
type emitter func(ctx context.Context, b batch) error

// pipeline takes a source's batches through parsing into the archive. At most
// three batches are in memory: one being fetched, one parsed, one stored.
type pipeline struct {
	in     *Ingester
	list   string
	source string
	report *Report
	// mailbox is the cursor as it is stored.
	mailbox *sigpost.Mailbox
	// stored is called after each batch.
	stored func(batch)
}

// run calls produce and stores what it emits. What was emitted before produce
// failed is stored; nothing is after ctx has ended.
func (p *pipeline) run(ctx context.Context, produce func(context.Context, emitter) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var (
		workers    sync.WaitGroup
		produceErr error
		fetched    = make(chan batch)
		parsed     = make(chan batch)
	)
	workers.Go(func() {
		defer close(fetched)
		produceErr = produce(ctx, func(ctx context.Context, b batch) error { return send(ctx, fetched, b) })
	})
	workers.Go(func() {
		defer close(parsed)
		for b := range fetched {
			p.parse(&b)
			if send(ctx, parsed, b) != nil {
				return
			}
		}
	})
	var storeErr error
	for b := range parsed {
		if storeErr = p.store(ctx, b); storeErr != nil {
			break
		}
	}
	if storeErr != nil {
		cancel()
	}
	workers.Wait()
	cancel()
	if storeErr != nil {
		return storeErr
	}
	return produceErr
}

func send(ctx context.Context, to chan<- batch, b batch) error {
	select {
	case to <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// parse understands the mails of a batch.
func (p *pipeline) parse(b *batch) {
	b.arrivals = make([]sigpost.Arrival, len(b.mails))
	var (
		workers sync.WaitGroup
		next    atomic.Int64
	)
	for range min(parsers, len(b.mails)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(b.mails)); i = next.Add(1) - 1 {
				b.arrivals[i] = p.arrival(b.mails[i])
			}
		})
	}
	workers.Wait()
}

// arrival is what becomes of one mail.
func (p *pipeline) arrival(m mail) sigpost.Arrival {
	a := sigpost.Arrival{Raw: m.raw, List: p.list, Source: p.source + m.where, UID: m.uid}
	if m.broken != "" {
		// A file has it all; a server may think better of it.
		a.Reason, a.Partial = m.broken, m.uid != 0
		return a
	}
	message, err := p.understand(m)
	switch {
	case err != nil:
		a.Reason = err.Error()
	case message == nil:
		a.Reason = "nothing in it could be understood"
	default:
		if m.defect != "" {
			message.Defects = append(message.Defects, sigpost.SourceDefect+m.defect)
		}
		a.Message = message
	}
	return a
}

// understand calls the parser. The parser promises not to panic; if it breaks
// its promise, one mail must still not stop a mailbox.
func (p *pipeline) understand(m mail) (message *sigpost.Message, err error) {
	defer func() {
		if v := recover(); v != nil {
			p.in.log.Error("the parser panicked", "source", p.source, "uid", m.uid, "panic", v, "stack", string(debug.Stack()))
			message, err = nil, fmt.Errorf("the parser panicked: %v", v)
		}
	}()
	return p.in.parse(m.raw, m.date)
}

// storeError says that it is the archive that failed, and not the source.
type storeError struct{ error }

// Unwrap is what the store said.
func (e storeError) Unwrap() error { return e.error }

// store adds a batch to the archive and moves the cursor behind it, in one
// transaction.
func (p *pipeline) store(ctx context.Context, b batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cursor := *p.mailbox
	cursor.UIDValidity, cursor.UIDNext, cursor.Mark = b.uidValidity, b.uidNext, b.mark
	if b.modSeq != 0 {
		cursor.HighestModSeq = b.modSeq
	}
	counts, err := p.in.archive.Add(ctx, &cursor, b.arrivals, p.in.clock())
	if err != nil {
		return storeError{fmt.Errorf("cannot store mail of %s: %w", p.source, err)}
	}
	p.report.AddCounts.Add(counts)
	*p.mailbox = cursor
	p.report.Found += len(b.mails) + b.expunged
	p.report.Expunged += b.expunged
	p.report.Bytes += b.bytes
	p.stored(b)
	return nil
}
