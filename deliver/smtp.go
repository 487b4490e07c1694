package deliver

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Courier takes letters to a mail server. Its errors are a *SendError where
// one letter was not sent and a *ServerError where none can be; any other
// error leaves open what became of the letter.
type Courier interface {
	// Send hands over one letter for one recipient. from and to are the
	// addr-specs of the transaction (RFC 5321, section 3.3); from may be
	// empty. reply is what the server said when it took the letter.
	Send(ctx context.Context, from, to string, data []byte) (reply string, err error)
	// Close ends the connection. The courier may be used again.
	Close() error
}

// TLSMode says how a connection is kept from other eyes.
type TLSMode string

// The TLS modes. The empty one is STARTTLS.
const (
	TLSImplicit TLSMode = "tls"      // from the first byte (RFC 8314), usually port 465
	TLSStart    TLSMode = "starttls" // demanded after the greeting (RFC 3207), usually port 587
	TLSPlain    TLSMode = "plain"    // clear text: to loopback only, or with AllowPlain
)

// Server is a mail server that takes mail for everybody (a submission server
// or smart host, RFC 6409).
type Server struct {
	Addr string // host:port
	TLS  TLSMode
	// AllowPlain lets TLSPlain go beyond loopback addresses. Everybody on the
	// way can then read the letters and the password.
	AllowPlain bool
	// Username logs in where it is not empty, with what Password gives.
	Username string
	Password func() (string, error)
	// Token gives an access token in place of a password, by XOAUTH2; nil where
	// there is none. refused is one that the server did not take, or "", and
	// renewed says that the token is new.
	Token func(ctx context.Context, refused string) (token string, renewed bool, err error)
	// RootCAs are the authorities that the server's certificate is checked
	// against; nil for those of the system.
	RootCAs *x509.CertPool
	// Hello is the name given in EHLO; empty for the name of this machine.
	Hello string
	// Timeout bounds connecting, and then every step of a transaction; 2
	// minutes where it is zero. The reply to the final dot may take five
	// times as long, for whoever gives up there does not know what became of
	// the letter (RFC 5321, section 4.5.3.2).
	Timeout time.Duration
	// Connections is how many may be open at the same time; 1 where it is zero.
	Connections int
	// MaxPerConn is how many letters go over one connection; 0 for any number.
	MaxPerConn int
	// Rate is how many letters go to it in a second, over all connections; 0 for
	// any number.
	Rate float64
	// Seen is told that a connection to it has come to a state, or has left it (by is -1);
	// nil where nobody wants to know. Several goroutines call it.
	Seen func(state ConnState, by int)
}

// ConnState is how a connection to a mail server stands.
type ConnState string

// The states.
const (
	ConnConnecting ConnState = "connecting" // TLS and login included
	ConnBusy       ConnState = "busy"       // with a letter
	ConnIdle       ConnState = "idle"       // waits for one
	connNone       ConnState = ""
)

// moves tells that a connection goes from one state to another, which it gives.
func (s Server) moves(from, to ConnState) ConnState {
	if s.Seen != nil && from != to {
		if from != connNone {
			s.Seen(from, -1)
		}
		if to != connNone {
			s.Seen(to, 1)
		}
	}
	return to
}

func (s Server) withDefaults() Server {
	if s.TLS == "" {
		s.TLS = TLSStart
	}
	if s.Timeout <= 0 {
		s.Timeout = defaultTimeout
	}
	s.Connections = max(s.Connections, 1)
	return s
}

const (
	defaultTimeout = 2 * time.Minute
	// dotPatience is how many timeouts the reply to the final dot may take.
	dotPatience = 5
	// quitTimeout bounds the goodbye, which nothing depends on.
	quitTimeout = 2 * time.Second
)

// SMTP is a Courier that keeps one connection for many letters and opens it
// anew when it is broken. It may be used by several goroutines, which then
// wait for one another.
type SMTP struct {
	server Server

	mu    sync.Mutex
	conn  *connection // nil while there is none
	state ConnState   // of it
}

// connection is one session with a server.
type connection struct {
	net    net.Conn // the TCP connection, below any TLS
	client *smtp.Client
	used   bool // a transaction was begun on it
}

// NewSMTP makes a courier. It connects when the first letter is sent.
func NewSMTP(server Server) *SMTP {
	return &SMTP{server: server.withDefaults()}
}

// Connect opens the connection, TLS and login included, unless it is open. Its
// error is a *ServerError. Sending connects by itself: call it to learn
// beforehand whether the server can be used.
func (s *SMTP) Connect(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connect(ctx)
}

func (s *SMTP) connect(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	s.to(ConnConnecting)
	conn, err := dial(ctx, s.server)
	if err != nil {
		s.to(connNone)
		return err
	}
	s.conn = conn
	s.to(ConnIdle)
	return nil
}

func (s *SMTP) to(state ConnState) { s.state = s.server.moves(s.state, state) }

// Send hands over one letter. When ctx ends, the connection is cut: what that
// means for the letter depends on the step and is in the *SendError.
func (s *SMTP) Send(ctx context.Context, from, to string, data []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := checkPath(from, to); err != nil {
		return "", err
	}
	for {
		if err := s.connect(ctx); err != nil {
			return "", err
		}
		again := s.conn.used
		s.conn.used = true
		s.to(ConnBusy)
		reply, err := s.transact(ctx, from, to, data)
		var failed *SendError
		if !errors.As(err, &failed) {
			s.to(ConnIdle)
			return reply, err
		}
		if keep := s.settle(ctx, failed); !keep {
			s.drop()
		} else {
			s.to(ConnIdle)
		}
		// A server may end a kept connection between two letters, silently or
		// with a 421. Nothing of this letter was said yet: a new connection
		// gets one more try.
		stale := failed.Step == StepMail && (failed.Code == 0 || failed.Code == 421)
		if !again || !stale || ctx.Err() != nil {
			return "", s.blame(failed)
		}
	}
}

// checkPath keeps an address from saying more than an address: commands are
// lines and their parameters are behind a space.
func checkPath(from, to string) error {
	if err := checkAddrSpec(to); err != nil {
		return &SendError{Kind: Permanent, Step: StepRcpt, Err: err}
	}
	if from == "" { // the null reverse-path of RFC 5321, section 4.5.5
		return nil
	}
	if err := checkAddrSpec(from); err != nil {
		return &SendError{Kind: Permanent, Step: StepMail, Err: err}
	}
	return nil
}

// transact runs one mail transaction (RFC 5321, section 3.3) on the open
// connection. Its error is a *SendError.
func (s *SMTP) transact(ctx context.Context, from, to string, data []byte) (string, error) {
	c := s.conn.client
	raw := s.conn.net
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()

	// SMTPUTF8 is asked for only where an address needs it (RFC 6531,
	// section 3.4): not every server behind this one has it.
	international := !isASCII(from) || !isASCII(to)
	if offered, _ := c.Extension("SMTPUTF8"); international && !offered {
		return "", &SendError{Kind: Permanent, Step: StepRcpt,
			Err: errors.New("the address is internationalised and the mail server has no SMTPUTF8 (RFC 6531)")}
	}
	c.SkipSMTPUTF8(!international)

	// go-mail's Mail and Rcpt write what they are given: the angle brackets
	// of RFC 5321, section 4.1.2, are ours.
	if err := s.step(1, func() error { return positive(c.Mail("<" + from + ">")) }); err != nil {
		return "", refusal(StepMail, err)
	}
	if err := s.step(1, func() error { return positive(c.Rcpt("<" + to + ">")) }); err != nil {
		return "", refusal(StepRcpt, err)
	}
	var text io.WriteCloser
	err := s.step(1, func() (err error) { text, err = c.Data(); return err })
	if err != nil {
		return "", refusal(StepData, err)
	}
	if err := s.step(1, func() error { _, err := text.Write(data); return err }); err != nil {
		return "", refusal(StepData, err)
	}
	if err := s.step(dotPatience, func() error { return positive(text.Close()) }); err != nil {
		return "", refusal(StepDot, err)
	}
	reply := "250"
	if said, ok := text.(interface{ ServerResponse() string }); ok {
		reply = "250 " + said.ServerResponse()
	}
	return clip(oneLine(reply), maxReply), nil
}

// step runs one exchange within patience timeouts.
func (s *SMTP) step(patience int, exchange func() error) error {
	if err := s.conn.client.UpdateDeadline(time.Duration(patience) * s.server.Timeout); err != nil {
		return err
	}
	return exchange()
}

// positive forgives a 2xx reply that is not the one go-mail waits for: a
// client decides by the first digit (RFC 5321, section 4.2.1).
func positive(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code/100 == 2 {
		return nil
	}
	return err
}

// settle makes the connection ready for the next letter after a failed one. It
// says false where the connection must not be used again: after anything that
// is not a clean refusal, client and server may be out of step.
func (s *SMTP) settle(ctx context.Context, failed *SendError) bool {
	raw := s.conn.net
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	if failed.Code == 0 && failed.Kind != Permanent {
		return false
	}
	if failed.Code == 421 { // it closes the channel (RFC 5321, section 3.8)
		return false
	}
	return s.step(1, func() error { return positive(s.conn.client.Reset()) }) == nil
}

// blame turns a refusal of the sender into an error of the server: the
// recipient was not named yet, so every letter would be refused alike.
func (s *SMTP) blame(failed *SendError) error {
	if failed.Step != StepMail || failed.Kind != Permanent {
		return failed
	}
	return &ServerError{Addr: s.server.Addr, Err: failed,
		Problem: "it does not let us send from this address",
		Do:      "check the sender address, and whether the server wants a login"}
}

// drop cuts the connection without another word, so that a text that was sent
// in part cannot be taken for a whole one.
func (s *SMTP) drop() {
	if s.conn != nil {
		s.conn.net.Close()
		s.conn = nil
		s.to(connNone)
	}
}

// Close says goodbye (RFC 5321, section 4.1.1.10) and closes the connection,
// if there is one. A failing goodbye is no error: nothing depends on it.
func (s *SMTP) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return nil
	}
	if err := s.conn.client.UpdateDeadline(quitTimeout); err == nil {
		_ = s.conn.client.Quit()
	}
	s.drop()
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// String names the server and how it is spoken to; it never shows a secret.
func (s *SMTP) String() string { return fmt.Sprintf("%s (%s)", s.server.Addr, s.server.TLS) }

// InOrder is a Courier that takes letters to the first of some servers that can be
// used.
type InOrder []*SMTP

// Send hands over one letter.
func (all InOrder) Send(ctx context.Context, from, to string, data []byte) (reply string, err error) {
	for _, s := range all {
		var server *ServerError
		if reply, err = s.Send(ctx, from, to, data); !errors.As(err, &server) {
			return reply, err
		}
	}
	return reply, err
}

// Connect sees that there is a server that can be used.
func (all InOrder) Connect(ctx context.Context) (err error) {
	for _, s := range all {
		if err = s.Connect(ctx); err == nil {
			return nil
		}
	}
	return err
}

// Close ends all connections.
func (all InOrder) Close() error {
	var failures []error
	for _, s := range all {
		failures = append(failures, s.Close())
	}
	return errors.Join(failures...)
}
