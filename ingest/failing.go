package ingest

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// hopelessAfter is how long the only message of a mailbox must have been
// impossible to fetch before it goes to quarantine without its bytes. There is
// no other one to tell by whether the message is at fault or the server's
// storage is away, which takes hours, and days at worst; but a mailbox that
// is never read to its end holds up every issue.
const hopelessAfter = 72 * time.Hour

// failing is a message that was the only one of its mailbox and could not be
// fetched. It is kept in the cursor's Mark from one run to the next.
type failing struct {
	validity, uid uint32 // uid is 0 for none
	since         time.Time
	unnoted       bool // it is not in the archive yet
}

// String is how it stands in Mark.
func (f failing) String() string {
	return fmt.Sprintf("failing %d %d %d", f.validity, f.uid, f.since.Unix())
}

// parseFailing reads a Mark. One that says something else is as good as none.
func parseFailing(mark string) (f failing) {
	var since int64
	if n, err := fmt.Sscanf(mark, "failing %d %d %d", &f.validity, &f.uid, &since); n != 3 || err != nil {
		return failing{}
	}
	f.since = time.Unix(since, 0)
	return f
}

// hopeless says whether to give up on a message that ends the connection and
// has no other one beside it to compare.
func (r *fetchRun) hopeless(uid uint32) bool {
	if r.messages != 1 {
		return false
	}
	if r.failing.uid != uid || r.failing.validity != r.validity {
		r.failing = failing{validity: r.validity, uid: uid, since: r.in.clock(), unnoted: true}
	}
	return r.in.clock().Sub(r.failing.since) >= hopelessAfter
}

// noteFailing has it written down since when the message fails.
func (r *fetchRun) noteFailing(ctx context.Context, emit emitter) error {
	if !r.failing.unnoted || ctx.Err() != nil {
		return nil
	}
	r.failing.unnoted = false
	moved := r.moved
	err := r.emit(ctx, emit, nil, 0, r.next)
	r.moved = moved
	return err
}

const (
	// pieceBytes is how much of a message that has ended a connection is
	// asked for at a time; smallPieceBytes at the last attempt, which goes
	// through where large packets are lost on the way.
	pieceBytes      = 64 << 10
	smallPieceBytes = 512
)

// begun is a message of which the beginning came before the connection ended.
type begun struct {
	uid uint32
	raw []byte
}

// begins keeps what came of a message, and says whether that is headway enough
// not to hold the lost connection against it. There is an end to that: each
// time it must be a sixteenth of the message.
func (r *fetchRun) begins(e listed, raw []byte) (headway bool) {
	before := 0
	if r.begun.uid == e.uid {
		before = len(r.begun.raw)
	}
	if len(raw) <= before {
		return false
	}
	r.begun = begun{uid: e.uid, raw: raw}
	enough := max(1, e.size/16)
	if e.size < 0 {
		enough = pieceBytes
	}
	return int64(len(raw)-before) >= enough
}

// wanted is how much of a message is read.
func (r *fetchRun) wanted(e listed) int64 {
	switch limit := r.source.maxBytes(); {
	case e.size < 0:
		return limit + 1
	case e.size > limit:
		return min(limit, beginningBytes)
	default:
		return limit + 1 // its size may be a lie
	}
}

// pieces goes on with a message where the last connection ended, piece by
// piece (BODY[]<n.m>, RFC 9051, section 6.4.5). Servers that break at the whole
// often hand out that. rest is what there is of it if the connection ends
// again.
func (r *fetchRun) pieces(ctx context.Context, s *session, e listed) (got map[uint32]received, rest []byte, err error) {
	size := int64(pieceBytes)
	if r.suspect == e.uid && r.strikes >= maxStrikes-1 {
		size = max(smallPieceBytes, e.size>>11) // in some 2,000 commands at most
	}
	var raw []byte
	if r.begun.uid == e.uid {
		raw = bytes.Clone(r.begun.raw)
	}
	if len(raw) > 0 && r.messages == 1 && r.suspect == e.uid {
		// What came once comes again, unless the server's storage is away.
		b, err := s.piece(ctx, e.uid, 0, 1)
		if err != nil {
			return nil, raw, err
		}
		r.witnessed = len(b.raw) > 0
	}
	for want := r.wanted(e); int64(len(raw)) < want; {
		b, err := s.piece(ctx, e.uid, int64(len(raw)), min(size, want-int64(len(raw))))
		if b.offset != int64(len(raw)) { // a server that knows no pieces
			raw = raw[:0]
		}
		raw = append(raw, b.raw...)
		if err != nil {
			return nil, raw, err
		}
		if len(b.raw) == 0 { // a short one is not the end at every server
			break
		}
	}
	if len(raw) == 0 {
		return nil, nil, nil // it is gone, or comes in no such way: see alone
	}
	return map[uint32]received{e.uid: {listed: e, hasBody: true, raw: raw, literal: int64(len(raw))}}, nil, nil
}
