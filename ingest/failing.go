package ingest

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"
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

// pieces fetches a message piece by piece (BODY[]<n.m>, RFC 9051, section
// 6.4.5). Servers that break at the whole often hand out that. What came
// before the connection ended is rest, and shows that the server's storage is
// there: the message is at fault.
func (r *fetchRun) pieces(ctx context.Context, s *session, e listed) (got map[uint32]received, rest []byte, err error) {
	size := int64(pieceBytes)
	if r.strikes >= maxStrikes-1 {
		size = max(smallPieceBytes, e.size>>11) // in some 2,000 commands at most
	}
	var raw bytes.Buffer
	for int64(raw.Len()) < r.source.maxBytes() {
		var piece received
		set := imap.UIDSet{}
		set.AddNum(imap.UID(e.uid))
		err = s.piece(ctx, set, int64(raw.Len()), size, func(b received) {
			if b.uid == e.uid && (b.hasBody || b.partial) {
				piece = b
			}
		})
		raw.Write(piece.raw)
		if err != nil {
			r.witnessed = r.witnessed || raw.Len() > len(piece.raw) // one piece came whole at least
			return nil, raw.Bytes(), err
		}
		if len(piece.raw) == 0 { // a short one is not the end at every server
			break
		}
	}
	if raw.Len() == 0 {
		return nil, nil, nil // it is gone, or comes in no such way: see alone
	}
	return map[uint32]received{e.uid: {listed: e, hasBody: true, raw: raw.Bytes(), literal: int64(raw.Len())}}, nil, nil
}
