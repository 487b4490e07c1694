package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"

	"sigpost"
)

const (
	// maxSpan is how many UIDs are listed by one command.
	maxSpan = 1000
	// maxFailures is how often in a row a connection may fail without any
	// headway, and maxFirstFailures before there ever was one.
	maxFailures      = 5
	maxFirstFailures = 2
	// maxStrikes is how often a message may end the connection all by
	// itself before it is put into quarantine, provided that another one can
	// be had over such a connection: when a server's storage is away, every
	// message fails.
	maxStrikes = 3
	// beginningBytes is how much is read of a mail that is too large: its
	// header and, as mail is written, its first text.
	beginningBytes = 256 << 10
)

// errUIDValidity says that the UIDs that the cursor speaks of are no longer
// valid (RFC 9051, section 2.3.1.1).
var errUIDValidity = errors.New("UIDVALIDITY changed")

// fetchRun reads one mailbox to its end.
type fetchRun struct {
	in       *Ingester
	source   Source
	mailbox  sigpost.Mailbox // the cursor as it is stored
	report   *Report
	progress func(done, total int)
	done     int // mails stored

	// What follows belongs to the goroutine that fetches.

	// validity and next are the cursor as it is handed on: every UID below
	// next has been emitted.
	validity uint32
	next     uint32
	handed   uint32 // UIDNEXT of the last batch, or as it is stored
	count    int    // mails emitted
	// uidNext, modSeq and total are the mailbox's end as it was last seen.
	uidNext uint32
	modSeq  uint64
	total   int
	// ranges are where there may be UIDs from next on.
	ranges []imap.UIDRange

	messages uint32 // in the mailbox

	connected bool // there was a connection
	kept      bool // the connection is one that was kept from before
	moved     bool // this connection made headway
	// span and chunk are how many messages to list and to fetch at a time;
	// they shrink when a connection dies.
	span, chunk uint32
	// suspect has ended the connection by itself for strikes times.
	suspect uint32
	strikes int
	// witnessed says that this connection has brought another message than
	// the suspect; witness is which one is to be tried, from the end.
	witnessed bool
	witness   uint32
	// opened is when the last connection was made.
	opened time.Time
	// failing is the only message of its mailbox, which cannot be had.
	failing failing
	begun   begun
	// unlistable and poison are the messages that cannot be listed and
	// fetched without ending the connection.
	unlistable map[uint32]bool
	poison     map[uint32]mail
}

// toEnd reads the mailbox, from its beginning again if its UIDs have changed.
func (r *fetchRun) toEnd(ctx context.Context) error {
	for resyncs := 0; ; resyncs++ {
		r.begin()
		p := &pipeline{
			in: r.in, list: r.source.List, source: r.source.name(), report: r.report,
			mailbox: &r.mailbox, stored: r.stored,
		}
		err := p.run(ctx, r.produce)
		if !errors.Is(err, errUIDValidity) || resyncs == 3 {
			return err
		}
		r.in.log.Warn("the mailbox has new UIDs: reading it again from its beginning",
			"mailbox", r.source.name(), "uidvalidity", r.validity)
		if err := r.in.archive.ResetMailbox(ctx, &r.mailbox, r.validity); err != nil {
			return fmt.Errorf("cannot reset the cursor of %s: %w", r.source.name(), err)
		}
		r.report.Resynced = true
	}
}

// begin makes ready to read on from the cursor as it is stored.
func (r *fetchRun) begin() {
	r.validity, r.next, r.handed = r.mailbox.UIDValidity, max(r.mailbox.UIDNext, 1), r.mailbox.UIDNext
	r.span, r.chunk, r.count, r.done = maxSpan, maxBatch, 0, 0
	r.suspect, r.strikes, r.unlistable, r.poison = 0, 0, map[uint32]bool{}, map[uint32]mail{}
	r.failing, r.begun = parseFailing(r.mailbox.Mark), begun{}
}

// stored shows the progress.
func (r *fetchRun) stored(b batch) {
	r.done += len(b.mails) + b.expunged
	if r.progress != nil {
		r.progress(r.done, max(b.total, r.done))
	}
}

// produce emits the mailbox's mails, over as many connections as it takes.
func (r *fetchRun) produce(ctx context.Context, emit emitter) error {
	for failures := 0; ; {
		r.moved = false
		// What comes after the mailbox is opened may be missed: its end is
		// where it was at this moment, at the earliest.
		r.opened = r.in.clock()
		err := r.connection(ctx, emit)
		if err == nil || ctx.Err() != nil || !temporary(err) {
			return err
		}
		if r.kept && !r.moved {
			continue // it had been lost since it was last used
		}
		if r.moved {
			failures = 0
		}
		failures++
		if failures > maxFailures || !r.connected && failures > maxFirstFailures {
			return err
		}
		wait := r.in.backoff(failures)
		r.in.log.Warn("trying again", "mailbox", r.source.name(), "in", wait.Round(time.Millisecond), "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// backoff is how long to wait before the next connection: 0.25 to 15 s,
// doubled each time, with up to a half of it taken off at random.
func backoff(failures int) time.Duration {
	wait := min(250*time.Millisecond<<min(failures-1, 10), 15*time.Second)
	return wait - rand.N(wait/2)
}

// connection reads on over a connection.
func (r *fetchRun) connection(ctx context.Context, emit emitter) (err error) {
	var s *session
	if s, r.kept, err = r.in.sessions.take(ctx, &r.source.Account); err != nil {
		return err
	}
	defer func() { r.in.sessions.giveBack(&r.source.Account, s, err) }()
	r.connected = true
	if err := r.open(ctx, s); err != nil {
		return err
	}
	for r.next < r.uidNext {
		if err := r.window(ctx, s, emit); err != nil {
			return errors.Join(err, r.noteFailing(ctx, emit))
		}
	}
	if r.handed != r.uidNext { // what is left was gone, or never was
		return r.emit(ctx, emit, nil, 0, r.uidNext)
	}
	return nil
}

// open opens the mailbox and finds out what is new in it.
func (r *fetchRun) open(ctx context.Context, s *session) error {
	data, err := s.examine(ctx, r.source.Mailbox)
	if err != nil {
		return err
	}
	if data.UIDValidity == 0 {
		return fmt.Errorf("%w %q at %s: the server has no lasting UIDs (UIDVALIDITY) for it", ErrNoMailbox, r.source.Mailbox, s.addr)
	}
	uidNext := uint32(data.UIDNext)
	r.messages = data.NumMessages
	if uidNext == 0 && r.unchanged(data) {
		uidNext = r.next
	}
	if uidNext == 0 && data.NumMessages > 0 { // optional in RFC 3501, section 7.1
		last, err := s.lastUID(ctx, data.NumMessages)
		if err != nil {
			return err
		}
		uidNext = last + 1
	}
	if data.UIDNext == 0 {
		uidNext = max(uidNext, r.next)
	}
	r.in.tellSeen(r.source, End{data.UIDValidity, uidNext, data.NumMessages})
	// UIDNEXT never falls (RFC 9051, section 2.3.1.1): a server that hands
	// out old UIDs for new mail should have changed UIDVALIDITY.
	if r.validity != 0 && (data.UIDValidity != r.validity || uidNext < r.next) {
		r.validity = data.UIDValidity
		return errUIDValidity
	}
	r.validity, r.uidNext, r.modSeq = data.UIDValidity, uidNext, data.HighestModSeq
	if err := r.testify(ctx, s, data.NumMessages); err != nil {
		return err
	}
	return r.plan(ctx, s, data.NumMessages)
}

// unchanged says that nothing at all has happened in the mailbox since it was
// last read to its end (RFC 7162, section 3.1.2.1).
func (r *fetchRun) unchanged(data *imap.SelectData) bool {
	return r.mailbox.UIDNext != 0 && r.next == r.mailbox.UIDNext && r.validity == data.UIDValidity &&
		data.HighestModSeq != 0 && data.HighestModSeq == r.mailbox.HighestModSeq
}

// testify fetches another message than the suspect, if there are both: only
// when that can be had is it the suspect's fault that it cannot.
func (r *fetchRun) testify(ctx context.Context, s *session, messages uint32) error {
	r.witnessed = false
	for tries := 0; tries < 2 && r.suspect != 0 && messages > 1 && !r.witnessed; tries++ {
		seq := messages - r.witness%messages
		r.witness++ // for the next connection, should this one fail as well
		err := s.probe(ctx, seq, func(b received) {
			r.witnessed = r.witnessed || b.hasBody && b.uid != r.suspect
		})
		if err != nil {
			return err
		}
	}
	if r.witnessed {
		r.witness--
	}
	return nil
}

// plan finds where in the mailbox there is something to read. For a mailbox
// in use that costs no command.
func (r *fetchRun) plan(ctx context.Context, s *session, messages uint32) error {
	if r.next <= 1 && r.uidNext > 1 && !r.source.Since.IsZero() {
		found, err := s.search(ctx, 1, r.uidNext-1, r.source.Since)
		if err != nil {
			return err
		}
		r.next = r.uidNext
		if len(found) > 0 {
			r.next = uint32(found[0].Start)
		}
	}
	if r.next >= r.uidNext {
		return nil
	}
	r.ranges = []imap.UIDRange{{Start: imap.UID(r.next), Stop: imap.UID(r.uidNext - 1)}}
	if left := r.uidNext - r.next; left > maxSpan && left/4 > messages {
		found, err := s.search(ctx, r.next, r.uidNext-1, time.Time{})
		if err != nil {
			return err
		}
		r.ranges = found
		if len(found) == 0 {
			r.next = r.uidNext
		}
	}
	r.total = r.count + min(int(messages), countUIDs(r.ranges))
	return nil
}

func countUIDs(ranges []imap.UIDRange) int {
	n := 0
	for _, r := range ranges {
		n += int(r.Stop-r.Start) + 1
	}
	return n
}

// window lists the next stretch of UIDs and fetches what is in it.
func (r *fetchRun) window(ctx context.Context, s *session, emit emitter) error {
	first, last := nextWindow(r.ranges, r.next, r.uidNext-1, r.span)
	for uid, ends := range r.unlistable {
		if ends && first < uid && uid <= last {
			last = uid - 1
		}
	}
	entries := []listed{{uid: first, size: -1}}
	if r.unlistable[first] {
		last = first
	} else {
		var err error
		if entries, err = r.list(ctx, s, first, last); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		r.next, r.moved = last+1, true
	}
	for len(entries) > 0 {
		n := r.chunkLen(entries)
		mails, gone, err := r.fetch(ctx, s, entries[:n])
		if done := len(mails) + gone; done > 0 {
			next := entries[done-1].uid + 1
			if done == len(entries) {
				next = last + 1
			}
			if emitErr := r.emit(ctx, emit, mails, gone, next); emitErr != nil {
				return emitErr
			}
		}
		if err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// nextWindow is the stretch from next on that holds up to span of the UIDs in
// ranges; the last one goes on to end.
func nextWindow(ranges []imap.UIDRange, next, end, span uint32) (first, last uint32) {
	first = next
	for i, r := range ranges {
		start, stop := max(uint32(r.Start), next), uint32(r.Stop)
		if stop < start {
			continue
		}
		if n := stop - start; n >= span-1 && (n > span-1 || i < len(ranges)-1) {
			return first, start + span - 1
		}
		span -= stop - start + 1
		if span == 0 {
			break
		}
	}
	return first, end
}

// emit hands a batch on and moves the cursor behind it.
func (r *fetchRun) emit(ctx context.Context, emit emitter, mails []mail, gone int, next uint32) error {
	r.count += len(mails) + gone
	b := batch{mails: mails, expunged: gone, uidValidity: r.validity, uidNext: next, total: r.total}
	if r.failing.uid >= next {
		b.mark = r.failing.String()
	}
	for _, m := range mails {
		b.bytes += int64(len(m.raw))
	}
	if next >= r.uidNext {
		b.modSeq, b.total = r.modSeq, r.count
	}
	if err := emit(ctx, b); err != nil {
		return err
	}
	r.next, r.handed, r.moved = next, next, true
	if r.begun.uid < next {
		r.begun = begun{}
	}
	return nil
}

// list lists a window. When that ends the connection, the next one lists
// less, down to the message that cannot be listed.
func (r *fetchRun) list(ctx context.Context, s *session, first, last uint32) ([]listed, error) {
	entries, err := s.list(ctx, first, last)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil && first < last:
		r.span = max(1, min(r.span, last-first+1)/32)
		return nil, err
	case err != nil:
		r.unlistable[first] = r.strike(first)
		return nil, err
	}
	r.span = min(maxSpan, 2*r.span)
	for i, e := range entries {
		// A change of flags takes the place of the answer that is expected
		// (see strays).
		for tries := 0; tries < 2 && (e.size < 0 || e.date.IsZero()); tries++ {
			again, err := s.list(ctx, e.uid, e.uid)
			if err != nil {
				r.unlistable[e.uid] = ctx.Err() == nil && r.strike(e.uid)
				return nil, err
			}
			if len(again) == 1 {
				e = again[0]
			}
		}
		entries[i] = e
	}
	return entries, nil
}

// strike counts that a message has ended the connection by itself, and says
// whether it is sure that the message is the cause.
func (r *fetchRun) strike(uid uint32) bool {
	if r.suspect != uid {
		r.suspect, r.strikes = uid, 0
	}
	r.strikes++
	if r.strikes < maxStrikes || !r.witnessed && !r.hopeless(uid) {
		return false
	}
	r.suspect, r.moved = 0, true
	return true
}

// chunkLen is how many of the entries to fetch by one command.
func (r *fetchRun) chunkLen(entries []listed) int {
	var size int64
	for i, e := range entries {
		_, poison := r.poison[e.uid]
		lone := poison || e.size < 0 || e.size > r.source.maxBytes()
		size += e.size
		if i > 0 && (lone || size > maxBatchBytes || i >= int(r.chunk)) {
			return i
		}
		if lone {
			return 1
		}
	}
	return len(entries)
}

// fetch fetches a chunk. It gives what has come of it from its beginning on,
// without a gap, and how many of that stretch were gone.
func (r *fetchRun) fetch(ctx context.Context, s *session, chunk []listed) (mails []mail, gone int, err error) {
	if m, ok := r.poison[chunk[0].uid]; ok {
		return []mail{m}, 0, nil
	}
	var (
		set  imap.UIDSet
		size int64
	)
	for _, e := range chunk {
		set.AddNum(imap.UID(e.uid))
		size += max(e.size, 0)
	}
	got, rest, err := r.chunkBodies(ctx, s, set, chunk, size)
	for i, e := range chunk {
		body, ok := got[e.uid]
		if ok {
			mails = append(mails, r.finish(e, body))
			continue
		}
		lone := len(chunk) == 1
		if err == nil {
			var m mail
			var expunged bool
			if m, expunged, rest, err = r.alone(ctx, s, e); err == nil {
				if expunged {
					gone++
				} else {
					mails = append(mails, m)
				}
				continue
			}
			lone = true
		}
		r.died(ctx, e, lone, i, rest, err)
		return mails, gone, err
	}
	r.chunk = min(maxBatch, 2*r.chunk)
	return mails, gone, nil
}

// chunkBodies fetches a chunk's bodies; that of a message that has ended a
// connection by itself in pieces.
func (r *fetchRun) chunkBodies(ctx context.Context, s *session, set imap.NumSet, chunk []listed, size int64) (map[uint32]received, []byte, error) {
	if e := chunk[0]; len(chunk) == 1 && (e.uid == r.suspect || e.uid == r.begun.uid) {
		return r.pieces(ctx, s, e)
	}
	return r.bodies(ctx, s, set, chunk[0], size)
}

// died draws conclusions from a connection that died over a message: alone,
// or as one of several of which received came first.
func (r *fetchRun) died(ctx context.Context, e listed, lone bool, receivedFirst int, rest []byte, err error) {
	switch {
	case ctx.Err() != nil:
	case !lone && receivedFirst > 0:
		r.chunk = max(1, r.chunk/2)
	case !lone:
		r.chunk = 1
	case r.begins(e, rest):
		r.moved = true
	case r.strike(e.uid):
		if r.begun.uid == e.uid {
			rest = r.begun.raw
		}
		r.in.log.Error("a message ends every connection: it goes to quarantine",
			"mailbox", r.source.name(), "uid", e.uid, "error", err)
		what := "unlike others"
		if !r.witnessed {
			what = "at any time since " + r.failing.since.UTC().Format(time.RFC3339)
		}
		r.poison[e.uid] = mail{
			uid: e.uid, raw: rest, date: e.date,
			broken: fmt.Sprintf("it could not be fetched, %s: %v", what, err),
		}
	}
}

// bodies fetches a set of messages that have size bytes together and gives
// those that came whole by their UIDs, and the bytes of one that did not. A
// message that is too large, or of unknown size, is fetched in part.
func (r *fetchRun) bodies(ctx context.Context, s *session, set imap.NumSet, first listed, size int64) (got map[uint32]received, rest []byte, err error) {
	limit, part := r.source.maxBytes(), false
	switch {
	case first.size < 0:
		size, limit, part = limit+1, limit+1, true
	case first.size > limit:
		limit, part = min(limit, beginningBytes), true
		size = limit
	}
	got = make(map[uint32]received)
	var kept int64
	err = s.bodies(ctx, set, size, limit, part, func(b received) {
		switch {
		case b.partial:
			rest = b.raw
		case b.hasBody && (len(got) == 0 || kept+int64(len(b.raw)) <= 2*maxBatchBytes):
			// A server that understates sizes cannot fill the memory: what
			// is not kept is fetched alone.
			got[b.uid] = b
			kept += int64(len(b.raw))
		}
	})
	return got, rest, err
}

// alone fetches a message that was listed but has not come with the others,
// for whatever reason. It asks by the sequence number, which is read afresh
// each time, so that go-imap need not have the UID before the body.
func (r *fetchRun) alone(ctx context.Context, s *session, e listed) (m mail, gone bool, rest []byte, err error) {
	for range 3 {
		if r.unlistable[e.uid] {
			found, err := s.search(ctx, e.uid, e.uid, time.Time{})
			if err != nil || len(found) == 0 {
				return mail{}, err == nil, nil, err
			}
			break
		}
		entries, err := s.list(ctx, e.uid, e.uid)
		if err != nil || len(entries) == 0 {
			return mail{}, err == nil, nil, err
		}
		now := entries[0]
		got, rest, err := r.bodies(ctx, s, imap.SeqSetNum(now.seq), now, now.size)
		if err != nil {
			return mail{}, false, rest, err
		}
		if body, ok := got[e.uid]; ok {
			return r.finish(now, body), false, nil, nil
		}
	}
	return mail{uid: e.uid, date: e.date, broken: "the server lists it but does not hand it over"}, false, nil, nil
}

// finish makes a mail of what was listed and fetched of it.
func (r *fetchRun) finish(e listed, b received) mail {
	m := mail{uid: e.uid, raw: b.raw, date: e.date}
	size, limit := max(e.size, b.literal), r.source.maxBytes()
	if size > limit {
		m.raw = beginning(b.raw, limit)
		of := fmt.Sprint(size)
		if e.size < 0 {
			of = "an unknown number of"
		}
		m.defect = tooLarge(limit, len(m.raw), of)
	}
	return m
}

// beginning is what is kept of a mail that is larger than limit: whole lines.
func beginning(raw []byte, limit int64) []byte {
	raw = raw[:min(int64(len(raw)), limit, beginningBytes)]
	if end := bytes.LastIndexByte(raw, '\n'); end >= 0 {
		raw = raw[:end+1]
	}
	return bytes.Clone(raw)
}

// tooLarge is the defect of a mail of which only the beginning was kept.
func tooLarge(limit int64, kept int, of string) string {
	return fmt.Sprintf("it is larger than max_message_bytes (%d): only the first %d of %s bytes were read", limit, kept, of)
}
