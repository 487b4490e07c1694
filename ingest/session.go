package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// session is a connection to an IMAP server, logged in. It carries out one
// command at a time: with several body FETCHes under way go-imap's only
// reading goroutine can wait for one that nobody reads.
type session struct {
	addr   string
	conn   *watchedConn
	client *imapclient.Client
	caps   imap.CapSet
	strays *strays
	news   *news
	unhook func() bool // see bind
}

// bind lets the connection end with ctx. Closing it under go-imap ends all of
// its calls; its own Close would wait for them.
func (s *session) bind(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	// Right after ctx has ended, stop may still be in time: too late for us.
	s.unhook = func() bool { return stop() && ctx.Err() == nil }
}

// do carries out a command under the watchdog. expected is about how many
// bytes it will bring. Any error but a status response means that the
// connection is dead.
func (s *session) do(ctx context.Context, expected int64, command func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.conn.watch(expected)
	err := command()
	stalled := s.conn.unwatch()
	var status *imap.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case s.conn.isFlooded():
		return fmt.Errorf("%w to %s: it was cut off, because the server sent far more than it was asked for", ErrConnection, s.addr)
	case stalled:
		return stalledError(s.addr, s.conn.silence)
	case isOurs(err):
		return err
	case errors.As(err, &status):
		return fmt.Errorf("%w to %s: a command failed: %s", ErrConnection, s.addr, said(err))
	}
	return fmt.Errorf("%w to %s: %s", ErrConnection, s.addr, printable(err.Error()))
}

// isOurs says that an error has been explained already.
func isOurs(err error) bool {
	for _, ours := range []error{ErrPlain, ErrTLS, ErrCertificate, ErrAuthentication, errTokenRefused, ErrNoMailbox, ErrConnection} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return false
}

// close says good-bye where that does not take long.
func (s *session) close() {
	if s.unhook() && s.client != nil && s.client.State() != imap.ConnStateLogout {
		s.conn.patience(min(s.conn.silence, 2*time.Second))
		s.conn.watch(0)
		_ = s.client.Logout().Wait()
		s.conn.unwatch()
	}
	s.conn.Close()
	if s.client != nil {
		_ = s.client.Close()
	}
}

// examine opens a mailbox for reading only (EXAMINE, RFC 9051, section
// 6.3.3).
func (s *session) examine(ctx context.Context, mailbox string) (*imap.SelectData, error) {
	var data *imap.SelectData
	err := s.do(ctx, 0, func() (err error) {
		data, err = s.client.Select(mailbox, &imap.SelectOptions{
			ReadOnly:  true,
			CondStore: s.caps.Has(imap.CapCondStore), // RFC 7162, section 3.1.8
		}).Wait()
		if status := (*imap.Error)(nil); errors.As(err, &status) {
			return s.mailboxError(mailbox, status)
		}
		return err
	})
	return data, err
}

// mailboxError explains why a mailbox cannot be opened, and names those that
// are there when it is missing.
func (s *session) mailboxError(mailbox string, status *imap.Error) error {
	reason := fmt.Errorf("%w %q at %s: %s", ErrNoMailbox, mailbox, s.addr, said(status))
	if status.Code != "" && status.Code != imap.ResponseCodeNonExistent {
		return reason
	}
	all, err := s.client.List("", "*", nil).Collect()
	if err != nil {
		return reason
	}
	var there []string
	for _, m := range all {
		if m.Mailbox == mailbox {
			return reason
		}
		if !slices.Contains(m.Attrs, imap.MailboxAttrNoSelect) && !slices.Contains(m.Attrs, imap.MailboxAttrNonExistent) {
			there = append(there, m.Mailbox)
		}
	}
	return fmt.Errorf("%w %q at %s: there is none of that name; there are %s", ErrNoMailbox, mailbox, s.addr, nearest(mailbox, there))
}

// nearest names up to five mailboxes, those like name first.
func nearest(name string, there []string) string {
	last := func(s string) string {
		return strings.ToLower(s[strings.LastIndexAny(s, "/.")+1:])
	}
	rank := func(s string) int {
		switch a, b := last(name), last(s); {
		case a == b:
			return 0
		case strings.Contains(a, b) || strings.Contains(b, a):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(there, func(a, b string) int { return rank(a) - rank(b) })
	const most = 5
	rest := ""
	if len(there) > most {
		rest = fmt.Sprintf(" and %d more", len(there)-most)
		there = there[:most]
	}
	quoted := make([]string, len(there))
	for i, m := range there {
		quoted[i] = fmt.Sprintf("%q", m)
	}
	if len(quoted) == 0 {
		return "none at all"
	}
	return strings.Join(quoted, ", ") + rest
}

// search gives the UIDs in [first, last] that match, as ascending ranges
// (UID SEARCH, RFC 9051, section 6.4.4). They are never enumerated: a server
// may claim four thousand million of them.
func (s *session) search(ctx context.Context, first, last uint32, since time.Time) ([]imap.UIDRange, error) {
	criteria := &imap.SearchCriteria{Since: since}
	if since.IsZero() {
		criteria.UID = []imap.UIDSet{uidRange(first, last)}
	}
	var found []imap.UIDRange
	err := s.do(ctx, 0, func() error {
		data, err := s.client.UIDSearch(criteria, nil).Wait()
		if err != nil {
			return err
		}
		set, _ := data.All.(imap.UIDSet)
		for _, r := range set {
			if r.Stop == 0 || r.Stop > imap.UID(last) {
				r.Stop = imap.UID(last)
			}
			r.Start = max(r.Start, imap.UID(first))
			if r.Start <= r.Stop {
				found = append(found, r)
			}
		}
		return nil
	})
	return found, err
}

// listed is a message as a mailbox lists it.
type listed struct {
	uid  uint32
	seq  uint32    // message sequence number
	size int64     // RFC822.SIZE; -1 where the server did not say
	date time.Time // INTERNALDATE; zero where the server did not say
}

// list gives the messages with UIDs in [first, last], ascending. It never
// gives a part of the answer.
//
// Only what every server can say in one way is asked for: whatever go-imap
// cannot parse ends the connection, and ENVELOPE and BODYSTRUCTURE are what
// servers get wrong.
func (s *session) list(ctx context.Context, first, last uint32) ([]listed, error) {
	var all []listed
	// A server may have to read a whole mail to find its size: a second each.
	err := s.do(ctx, int64(min(last-first+1, maxSpan))*minRate, func() error {
		cmd := s.client.Fetch(uidRange(first, last), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true})
		return s.receive(cmd, 0, func(r received) {
			if first <= r.uid && r.uid <= last {
				all = append(all, r.listed)
			}
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b listed) int { return int(int64(a.uid) - int64(b.uid)) })
	return slices.CompactFunc(all, func(a, b listed) bool { return a.uid == b.uid }), nil
}

// lastUID is the UID of the last of n messages, for servers that do not say
// UIDNEXT.
func (s *session) lastUID(ctx context.Context, n uint32) (uint32, error) {
	var last uint32
	err := s.do(ctx, 0, func() error {
		return s.receive(s.client.Fetch(imap.SeqSetNum(n), &imap.FetchOptions{UID: true}), 0, func(r received) {
			last = max(last, r.uid)
		})
	})
	return last, err
}

// bodies fetches messages (BODY.PEEK[], which leaves \Seen alone: RFC 9051,
// section 6.4.5), at most limit bytes of each, and hands over what comes, in
// the server's order. Where part is set the server is asked for no more than
// that. The error is about what has not come.
func (s *session) bodies(ctx context.Context, set imap.NumSet, expected, limit int64, part bool, got func(received)) error {
	section := &imap.FetchItemBodySection{Peek: true}
	if part {
		section.Partial = &imap.SectionPartial{Offset: 0, Size: limit}
	}
	return s.do(ctx, expected, func() error {
		s.strays.collect(limit)
		err := s.receive(s.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}), limit, got)
		for _, r := range s.strays.take() {
			got(r)
		}
		return err
	})
}

// piece fetches size bytes of a message from offset on. There may be some of
// them beside an error.
func (s *session) piece(ctx context.Context, uid uint32, offset, size int64) (piece received, err error) {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: offset, Size: size}}
	piece.offset = offset
	err = s.do(ctx, size, func() error {
		cmd := s.client.Fetch(uidRange(uid, uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		return s.receive(cmd, size, func(b received) {
			if b.uid == uid && b.hasBody {
				piece = b
			}
		})
	})
	return piece, err
}

// probe fetches all that is ever asked for of one message, but little of its
// body.
func (s *session) probe(ctx context.Context, seq uint32, got func(received)) error {
	const little = 1 << 10
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: little}}
	return s.do(ctx, 0, func() error {
		return s.receive(s.client.Fetch(imap.SeqSetNum(seq), &imap.FetchOptions{
			UID: true, RFC822Size: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section},
		}), little, got)
	})
}

// received is a FETCH response.
type received struct {
	listed
	hasBody bool
	raw     []byte
	literal int64 // the size that the server announced for raw
	offset  int64 // of raw in the message
	partial bool  // the connection ended within raw
}

// receive reads a FETCH command's responses to their end. It keeps up to
// limit bytes of each body.
//
// When the connection ends within a body, go-imap's own goroutine goes on at
// once, and going to the next data item would read the body again: from the
// same buffer, at the same time. So that goroutine has to end first.
func (s *session) receive(cmd *imapclient.FetchCommand, limit int64, got func(received)) error {
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		r := received{listed: listed{seq: msg.SeqNum, size: -1}}
		for data := msg.Next(); data != nil; data = msg.Next() {
			if r.read(data, limit); r.partial {
				s.conn.Close()
				<-s.client.Closed()
			}
		}
		got(r)
	}
	return cmd.Close()
}

// read takes in one data item.
func (r *received) read(data imapclient.FetchItemData, limit int64) {
	switch data := data.(type) {
	case imapclient.FetchItemDataUID:
		r.uid = uint32(data.UID)
	case imapclient.FetchItemDataRFC822Size:
		r.size = data.Size
	case imapclient.FetchItemDataInternalDate:
		r.date = data.Time
	case imapclient.FetchItemDataBodySection:
		if data.Literal == nil { // NIL
			return
		}
		r.hasBody, r.literal = true, data.Literal.Size()
		if data.Section != nil && data.Section.Partial != nil {
			r.offset = data.Section.Partial.Offset
		}
		r.raw = make([]byte, min(r.literal, limit))
		n, err := io.ReadFull(data.Literal, r.raw)
		rest := int64(0)
		if err == nil {
			rest, _ = io.Copy(io.Discard, data.Literal)
		}
		r.raw, r.partial = r.raw[:n], int64(n)+rest < r.literal
	}
}

// strays are the bodies that go-imap does not count among a FETCH command's
// responses, without saying so: when a message's flags change in the middle
// of the FETCH, the response that says so is taken for the one that was asked
// for, and the body that follows is unilateral data; and so is a body that
// comes before its UID.
type strays struct {
	conn io.Closer

	mu      sync.Mutex
	idle    sync.Cond // of mu: reading is 0
	reading int       // bodies that are being read
	limit   int64     // 0 while no bodies are wanted
	kept    int64
	all     []received
}

func newStrays(conn io.Closer) *strays {
	s := &strays{conn: conn}
	s.idle.L = &s.mu
	return s
}

// collect keeps up to limit bytes of each body from now on.
func (s *strays) collect(limit int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit, s.kept, s.all = limit, 0, nil
}

// take ends that and gives what came. go-imap reads nothing more of a
// connection before a body has been read; so when the command is over, the
// body of each stray is being read at least.
func (s *strays) take() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.reading > 0 {
		s.idle.Wait()
	}
	s.limit = 0
	return s.all
}

// handle reads unilateral FETCH data, in a goroutine of its own.
func (s *strays) handle(msg *imapclient.FetchMessageData) {
	r := received{listed: listed{seq: msg.SeqNum, size: -1}}
	limit, begun := int64(0), false
	for data := msg.Next(); data != nil; data = msg.Next() {
		if _, isBody := data.(imapclient.FetchItemDataBodySection); isBody && !begun {
			s.mu.Lock()
			s.reading++
			begun = true
			if s.kept < 2*maxBatchBytes { // what is too much is fetched alone
				limit = s.limit
			}
			s.mu.Unlock()
		}
		if r.read(data, limit); r.partial {
			s.conn.Close() // and read no more: see receive
			break
		}
	}
	if !begun {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if limit > 0 {
		s.all = append(s.all, r)
		s.kept += int64(len(r.raw))
	}
	if s.reading--; s.reading == 0 {
		s.idle.Broadcast()
	}
}

func uidRange(first, last uint32) imap.UIDSet {
	return imap.UIDSet{{Start: imap.UID(first), Stop: imap.UID(last)}}
}
