package deliver

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Text is a letter that can be written.
type Text interface {
	// Append writes it behind b, whole and with CRLF line ends: as it is, or
	// stuffed, as DATA wants it (RFC 5321, section 4.5.2), without the final dot.
	Append(b []byte, stuffed bool) ([]byte, error)
}

// Raw is a Text of bytes.
type Raw []byte

// Append writes it.
func (r Raw) Append(b []byte, stuffed bool) ([]byte, error) {
	if !stuffed {
		return append(b, r...), nil
	}
	p := piece{text: r}
	if len(r) > 0 {
		p.stuff(true)
	}
	return append(b, p.wire...), nil
}

// Parcel is a letter with the addr-specs of its transaction.
type Parcel struct {
	From, To string
	Text     Text
}

// job is one parcel on its way through a lane.
type job[T any] struct {
	of     T
	parcel Parcel
	again  bool // it was on a connection that turned out to be dead before
}

// lane does transactions on one connection, one behind the other. It has no
// goroutine of its own.
type lane[T any] struct {
	server  Server
	conn    *connection
	state   ConnState // of conn
	r       *bufio.Reader
	w       *bufio.Writer
	out     []byte
	chunked bool      // texts go as chunks (RFC 3030)
	used    int       // transactions of this connection
	held    []*job[T] // they had a connection that was lost before they were said

	// take gives the next parcel, when it may be sent; nil where there is none,
	// for good if it was asked to wait.
	take func(wait bool) *job[T]
	// done is told of each parcel once. An error is a *SendError, or a
	// *ServerError where nothing was said of the parcel.
	done func(j *job[T], reply string, err error)
	// may says whether anything may be said yet; nil where that is always so.
	may func() bool
	// wanted says, right before its envelope is said, whether a parcel is still to be
	// sent; one that is not has been reported then. nil where all are.
	wanted func(j *job[T]) bool
}

// unwanted says that a parcel is not to be sent any more, and has been reported.
func (l *lane[T]) unwanted(j *job[T]) bool { return l.wanted != nil && !l.wanted(j) }

// over ends a connection where nothing may be said any more, and reports the parcels
// of which no text was said.
func (l *lane[T]) over(all ...*job[T]) bool {
	if l.may == nil || l.may() {
		return false
	}
	for _, j := range all {
		if j != nil {
			l.done(j, "", lapsedAt(l.server))
		}
	}
	l.drop()
	return true
}

// run works until take gives no more. Its error is a *ServerError: the server
// cannot be used. What it held has been reported by then.
func (l *lane[T]) run(ctx context.Context) error {
	defer l.close()
	for {
		j := l.pull(true)
		if j == nil {
			return nil
		}
		err := l.open(ctx)
		if err == nil {
			err = l.session(ctx, j)
		} else {
			l.held = append(l.held, j)
		}
		if err != nil {
			for _, j := range l.held {
				l.done(j, "", err)
			}
			return err
		}
	}
}

// pull gives the next parcel: first those that are held, to be sent over another
// connection than before.
func (l *lane[T]) pull(wait bool) *job[T] {
	if len(l.held) == 0 && wait && l.conn != nil {
		l.to(ConnIdle)
		defer l.to(ConnBusy)
	}
	if len(l.held) == 0 {
		return l.take(wait)
	}
	j := l.held[0]
	l.held = l.held[1:]
	return j
}

// open connects unless a connection is open.
func (l *lane[T]) open(ctx context.Context) error {
	if l.conn != nil {
		return nil
	}
	l.to(ConnConnecting)
	conn, err := dial(ctx, l.server)
	if err != nil {
		l.to(connNone)
		return err
	}
	l.to(ConnBusy)
	l.conn, l.used, l.out = conn, 0, l.out[:0]
	l.r, l.w = conn.client.Text.R, conn.client.Text.W
	return nil
}

func (l *lane[T]) to(state ConnState) { l.state = l.server.moves(l.state, state) }

func (l *lane[T]) close() {
	if l.conn == nil {
		return
	}
	if err := l.conn.client.UpdateDeadline(quitTimeout); err == nil {
		_ = l.conn.client.Quit()
	}
	l.drop()
}

func (l *lane[T]) drop() {
	if l.conn != nil {
		l.conn.net.Close()
		l.conn = nil
		l.to(connNone)
	}
}

func (l *lane[T]) offers(extension string) bool {
	ok, _ := l.conn.client.Extension(extension)
	return ok
}

// session sends j and what follows over the open connection, until there is
// nothing more or the connection cannot be used any more. What has to be sent over
// another one is held then. The error is a *ServerError.
func (l *lane[T]) session(ctx context.Context, j *job[T]) error {
	raw := l.conn.net
	stop := context.AfterFunc(ctx, func() {
		if tcp, ok := raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // what the system has not sent yet it does not send later
		}
		raw.Close()
	})
	defer stop()
	if !l.offers("PIPELINING") {
		return l.oneByOne(j)
	}
	l.chunked = l.offers("CHUNKING")
	return l.pipeline(j)
}

// full says that the connection has done as much as it should.
func (l *lane[T]) full() bool { return l.server.MaxPerConn > 0 && l.used >= l.server.MaxPerConn }

// next is the parcel to be sent on this connection after another one, if there is
// one already.
func (l *lane[T]) next() *job[T] {
	if l.full() {
		return nil
	}
	return l.pull(false)
}

// envelope writes MAIL and RCPT. What cannot be said to this
// server is an error.
func (l *lane[T]) envelope(j *job[T], b []byte) ([]byte, error) {
	if err := checkPath(j.parcel.From, j.parcel.To); err != nil {
		return b, err
	}
	l.used++
	b = append(append(append(b, "MAIL FROM:<"...), j.parcel.From...), '>')
	if !isASCII(j.parcel.From) || !isASCII(j.parcel.To) {
		// RFC 6531, section 3.4: the header has such an address, too.
		if !l.offers("SMTPUTF8") {
			return b, &SendError{Kind: Permanent, Step: StepRcpt, Err: errNoUTF8}
		}
		b = append(b, " BODY=8BITMIME SMTPUTF8"...)
	}
	b = append(append(append(b, "\r\nRCPT TO:<"...), j.parcel.To...), ">\r\n"...)
	return b, nil
}

var errNoUTF8 = errors.New("the address is internationalised and the mail server has no SMTPUTF8 (RFC 6531)")

// enter makes a parcel the next one: its envelope goes behind l.out. One that
// cannot be sent is reported, and the next is tried.
func (l *lane[T]) enter(j *job[T]) *job[T] {
	for j != nil {
		if l.unwanted(j) {
			j = l.next()
			continue
		}
		before := len(l.out)
		out, err := l.envelope(j, l.out)
		if err == nil {
			if l.out = out; !l.chunked {
				l.out = append(l.out, "DATA\r\n"...)
			}
			return j
		}
		l.out = l.out[:before]
		l.done(j, "", err)
		j = l.next()
	}
	return nil
}

// say writes what is in l.out and gives how much of it went to the connection.
func (l *lane[T]) say() (said int, err error) {
	if len(l.out) == 0 {
		return 0, nil
	}
	if err := l.conn.client.UpdateDeadline(l.server.Timeout); err != nil {
		return 0, err
	}
	if said, err = l.w.Write(l.out); err == nil {
		err = l.w.Flush()
		said -= l.w.Buffered()
	}
	l.out = l.out[:0]
	return said, err
}

// hear reads a reply within so many timeouts.
func (l *lane[T]) hear(patience int) (reply, error) {
	if l.r.Buffered() == 0 || patience > 1 {
		if err := l.conn.client.UpdateDeadline(time.Duration(patience) * l.server.Timeout); err != nil {
			return reply{}, err
		}
	}
	return readReply(l.r, patience == dotPatience)
}

// pipeline sends each envelope behind the text before it (RFC 2920): one round
// trip a letter for the text, of which the reply comes with those to the next
// envelope. At most one letter is in doubt when the connection breaks.
func (l *lane[T]) pipeline(j *job[T]) (err error) {
	if j, err = l.begin(j); err != nil {
		return l.lost(j, StepMail, err)
	}
	for j != nil {
		failure := l.hearEnvelope()
		reset := failure != nil
		switch {
		case failure != nil && failure.Code == 0:
			return l.lost(j, failure.Step, failure.Err)
		case failure != nil && (failure.Code == 421 || l.blamed(failure) != nil):
			return l.refused(j, failure)
		case failure != nil:
			l.done(j, "", failure)
		case l.r.Buffered() > 0: // nothing was asked
			return l.lost(j, StepData, errBabble)
		default:
			if err := l.text(j); err != nil { // nothing of it was said, and the server waits for it
				l.done(j, "", err)
				return l.dropped()
			}
		}
		dot := len(l.out)
		next := l.next()
		// After a refused chunk the state is not defined (RFC 3030, section 2).
		if reset = reset || l.chunked && next != nil; reset {
			l.out = append(l.out, "RSET\r\n"...)
		}
		next = l.enter(next)
		if failure == nil && l.over(j, next) || failure != nil && l.over(next) {
			return nil
		}
		said, err := l.say()
		if failure == nil {
			var got reply
			if err == nil {
				got, err = l.hear(dotPatience)
			}
			switch {
			case err != nil && said < dot: // the end of the text was not sent
				l.done(j, "", &SendError{Kind: Temporary, Step: StepData, Err: err})
			case err != nil:
				l.done(j, "", &SendError{Kind: Unknown, Step: StepDot, Err: err})
			default:
				if l.done(j, got.words(), got.refusal(StepDot)); got.code == 421 {
					err = errClosing
				}
			}
		}
		if err == nil && reset {
			var got reply
			if got, err = l.hear(1); err == nil && got.code == 421 {
				err = errClosing
			}
		}
		if err != nil {
			return l.lost(next, StepMail, err)
		}
		if j = next; j == nil {
			if j, err = l.begin(l.wait()); err != nil {
				return l.lost(j, StepMail, err)
			}
		}
	}
	return nil
}

// errClosing is a server that ends the connection (RFC 5321, section 3.8).
var errClosing = errors.New("the server closes the connection (421)")

// begin says the envelope of a parcel, or of the next one that can be sent.
func (l *lane[T]) begin(j *job[T]) (*job[T], error) {
	if j = l.enter(j); j == nil || l.over(j) {
		return nil, nil
	}
	_, err := l.say()
	return j, err
}

// text puts the text of a parcel behind l.out: as DATA wants it, or as the one
// chunk that it is, behind its size.
func (l *lane[T]) text(j *job[T]) error {
	const command = "BDAT %010d LAST\r\n"
	const room = len("BDAT 0000000000 LAST\r\n")
	start := len(l.out)
	out := l.out
	if l.chunked {
		out = append(out, make([]byte, room)...)
	}
	out, err := j.parcel.Text.Append(out, !l.chunked)
	if err != nil {
		l.out = out[:start]
		return &SendError{Kind: Temporary, Step: StepData, Err: err}
	}
	if l.chunked {
		copy(out[start:], fmt.Sprintf(command, len(out)-start-room))
	} else {
		out = append(out, ".\r\n"...)
	}
	l.out = out
	return nil
}

// wait waits for the next parcel, on a connection that may take one.
func (l *lane[T]) wait() *job[T] {
	if l.full() {
		l.close()
		return nil
	}
	j := l.pull(true)
	if j == nil {
		l.close()
	}
	return j
}

// dropped cuts the connection, as nothing that was begun on it may go on.
func (l *lane[T]) dropped() error {
	l.drop()
	return nil
}

// hearEnvelope reads the replies to MAIL, RCPT and, where there is one, DATA, and
// gives the first that refuses. The connection is ready for RSET then, unless there is no code or it
// is 421.
func (l *lane[T]) hearEnvelope() (first *SendError) {
	broken := func(step Step, err error) *SendError { return &SendError{Kind: Temporary, Step: step, Err: err} }
	steps := []Step{StepMail, StepRcpt, StepData}
	if l.chunked {
		steps = steps[:2]
	}
	for _, step := range steps {
		got, err := l.hear(1)
		if err != nil {
			return broken(step, err)
		}
		if failed := got.failed(step); first == nil {
			first = failed
		}
		if got.code == 421 || first != nil && first.Code == 0 { // who babbles may have taken it
			return cmp.Or(got.failed(step), first)
		}
		if step != StepData || first == nil || got.code != 354 {
			continue
		}
		// It takes a text for nobody: an empty one ends that (RFC 2920, section 3.1).
		l.out = append(l.out, ".\r\n"...)
		if _, err := l.exchange(1); err != nil {
			return broken(step, err)
		}
	}
	return first
}

// lost is about a parcel of which no text was sent when the connection broke. One
// that was begun on a connection that had served before gets another try: servers
// end connections between two letters.
func (l *lane[T]) lost(j *job[T], step Step, err error) error {
	switch {
	case j == nil:
	case l.stale(j, step):
		l.held = append(l.held, j)
	default:
		l.done(j, "", &SendError{Kind: Temporary, Step: step, Err: err})
	}
	return l.dropped()
}

// stale says that what befell a parcel may be due to the age of its connection,
// which it may say once.
func (l *lane[T]) stale(j *job[T], step Step) bool {
	if l.used < 2 || j.again || step != StepMail {
		return false
	}
	j.again = true
	return true
}

// refused ends a connection over a refusal that concerns more than one parcel.
func (l *lane[T]) refused(j *job[T], failure *SendError) error {
	if blamed := l.blamed(failure); blamed != nil {
		l.done(j, "", blamed)
		l.drop()
		return blamed
	}
	if l.stale(j, failure.Step) { // a 421 between two letters
		l.held = append(l.held, j)
	} else {
		l.done(j, "", failure)
	}
	return l.dropped()
}

// blamed turns a refusal of the sender into an error of the server: the
// recipient was not named yet, so every letter would be refused alike.
func (l *lane[T]) blamed(failed *SendError) error {
	if failed.Step != StepMail || failed.Kind != Permanent || failed.Code == 0 || strings.HasPrefix(failed.Status, "5.6.") {
		return nil // 5.6 is about what this letter needs, such as SMTPUTF8
	}
	return &ServerError{Addr: l.server.Addr, Err: failed,
		Problem: "it does not let us send from this address",
		Do:      "check the sender address, and whether the server wants a login"}
}

// oneByOne waits for each reply, as a server without PIPELINING wants it.
func (l *lane[T]) oneByOne(j *job[T]) (err error) {
	for ; j != nil; j = l.wait() {
		if l.over(j) {
			return nil
		}
		if l.unwanted(j) {
			continue
		}
		words, failure := l.transact(j)
		switch {
		case failure != nil && errors.Is(failure.Err, ErrFenced):
			l.done(j, "", lapsedAt(l.server))
			return l.dropped()
		case failure == nil:
			l.done(j, words, nil)
		case failure.Kind == Unknown || failure.Code == 421 && failure.Step == StepDot:
			l.done(j, "", failure)
			return l.dropped()
		case failure.Kind == Temporary && failure.Code == 0:
			return l.lost(j, failure.Step, failure.Err)
		case failure.Code == 421 || l.blamed(failure) != nil:
			return l.refused(j, failure)
		default:
			l.done(j, "", failure)
			l.out = append(l.out[:0], "RSET\r\n"...)
			if _, err := l.exchange(1); err != nil {
				return l.dropped()
			}
		}
	}
	return nil
}

// exchange says what is in l.out and reads one reply.
func (l *lane[T]) exchange(patience int) (reply, error) {
	if _, err := l.say(); err != nil {
		return reply{}, err
	}
	return l.hear(patience)
}

// transact sends one parcel, command by command.
func (l *lane[T]) transact(j *job[T]) (words string, failure *SendError) {
	envelope, err := l.envelope(j, nil)
	if err != nil {
		return "", asSendError(StepRcpt, err)
	}
	split := len(envelope) - len("RCPT TO:<>\r\n") - len(j.parcel.To)
	for _, command := range []struct {
		step Step
		says []byte
	}{{StepMail, envelope[:split]}, {StepRcpt, envelope[split:]}, {StepData, []byte("DATA\r\n")}} {
		l.out = append(l.out[:0], command.says...)
		got, err := l.exchange(1)
		if err != nil {
			return "", asSendError(command.step, err)
		}
		if failed := got.failed(command.step); failed != nil {
			return "", failed
		}
	}
	l.out = l.out[:0]
	if err := l.text(j); err != nil {
		return "", asSendError(StepData, err)
	}
	if l.may != nil && !l.may() {
		return "", &SendError{Kind: Temporary, Step: StepData, Err: ErrFenced}
	}
	dot := len(l.out)
	if said, err := l.say(); err != nil && said < dot {
		return "", asSendError(StepData, err)
	} else if err != nil {
		return "", &SendError{Kind: Unknown, Step: StepDot, Err: err}
	}
	got, err := l.hear(dotPatience)
	if err != nil {
		return "", &SendError{Kind: Unknown, Step: StepDot, Err: err}
	}
	return got.words(), got.failed(StepDot)
}

// asSendError is what broke at a step before the final dot.
func asSendError(step Step, err error) *SendError {
	var failed *SendError
	if errors.As(err, &failed) {
		return failed
	}
	return &SendError{Kind: Temporary, Step: step, Err: err}
}
