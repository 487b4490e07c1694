package mailtest

import (
	"cmp"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// SMTPOptions say what kind of SMTP server to start.
type SMTPOptions struct {
	// Username and Password are the one login (AUTH PLAIN). With an empty
	// Username nobody has to log in, and nobody can.
	Username string
	Password string
	Security Security
	// CA signs the server's certificate; nil makes a new one.
	CA *CA
	// Now is the clock for Letter.At; nil is time.Now.
	Now func() time.Time
	// UTF8 lets it take addresses of all scripts (SMTPUTF8, RFC 6531).
	UTF8 bool
}

// Letter is a mail that the server has taken.
type Letter struct {
	From string   // of MAIL, without brackets
	To   []string // of the RCPTs that were accepted
	Data []byte   // without dot-stuffing, CRLF line ends as they came
	At   time.Time
	TLS  bool   // it came through TLS
	User string // who was logged in, or empty
}

// Moment is a point of an SMTP transaction.
type Moment int

// The moments at which a fault can strike.
const (
	AtMail   Moment = iota + 1 // in place of the reply to MAIL
	AtRcpt                     // in place of the reply to RCPT
	MidData                    // after the first byte of the mail
	AfterDot                   // in place of the reply to the final dot
)

// Action is what a fault does.
type Action int

// The actions of a fault.
const (
	// Refuse replies with the fault's Code and Text. The mail is not kept.
	Refuse Action = iota
	// Hangup closes the connection without a reply.
	Hangup
	// Stall says nothing any more until the client goes or the server is
	// closed.
	Stall
)

// SMTPFault is one line of the script by which an SMTP server fails.
//
// With Hangup and Stall AfterDot, the mail is kept: it has arrived, and the
// client cannot know (RFC 1047). MidData it is not kept. A short mail may lie
// in the sockets' buffers as a whole by then, so that a client notices a
// MidData Hangup only when it waits for the reply to the final dot.
type SMTPFault struct {
	At Moment
	Do Action
	// Code and Text are the reply of Refuse: 4yz for now, 5yz for good. Code
	// 0 is 451.
	Code int
	Text string
	// To limits the fault to mail for this recipient, in any case of
	// letters; empty is all. At MAIL no recipient is known.
	To string
	// Nth limits it to the Nth transaction (MAIL command) since the start or
	// Reset, counted from 1; 0 is all.
	Nth int
	// Times is how often it strikes; 0 is always.
	Times int
}

// SMTP is an SMTP server on a loopback port that keeps what it is sent. All
// methods may be called at any time by anybody.
type SMTP struct {
	Addr     string // host:port
	Username string
	Password string
	// CA signed its certificate; nil if Security is Plain.
	CA *CA

	now      func() time.Time
	server   *smtp.Server
	listener net.Listener
	done     chan struct{} // closed when nobody accepts any more

	mu           sync.Mutex
	letters      []Letter
	script       []*SMTPFault
	transactions int
	connections  int
	closed       bool
}

// StartSMTP starts a server that accepts all mail until Fail says otherwise.
// Close ends it.
func StartSMTP(opts SMTPOptions) (*SMTP, error) {
	l, tlsConfig, ca, err := listen(opts.Security, opts.CA)
	if err != nil {
		return nil, fmt.Errorf("start the SMTP server: %w", err)
	}
	s := &SMTP{
		Addr:     l.Addr().String(),
		Username: opts.Username,
		Password: opts.Password,
		CA:       ca,
		now:      opts.Now,
		listener: l,
		done:     make(chan struct{}),
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &smtpSession{peer: s, conn: c}, nil
	}))
	s.server.Domain = "localhost"
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	s.server.EnableSMTPUTF8 = opts.UTF8
	s.server.AllowInsecureAuth = opts.Security == Plain
	var counted net.Listener = &countingListener{Listener: l, peer: s}
	switch opts.Security {
	case StartTLS:
		s.server.TLSConfig = tlsConfig
	case ImplicitTLS:
		counted = tls.NewListener(counted, tlsConfig)
	}
	go func() {
		defer close(s.done)
		s.server.Serve(counted) // its error is that of Close
	}()
	return s, nil
}

// Fail adds faults to the script. At every moment the first one that fits
// strikes, and no other.
func (s *SMTP) Fail(faults ...SMTPFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.script = append(s.script, &f)
	}
}

// Letters are the mails that were kept, in the order of their arrival.
func (s *SMTP) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters)
}

// Take gives the mails that were kept since the last call, and keeps them no more.
func (s *SMTP) Take() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.letters
	s.letters = nil
	return taken
}

// Connections counts the connections that were made.
func (s *SMTP) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Reset forgets the letters, the script and the counts.
func (s *SMTP) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters, s.script, s.transactions, s.connections = nil, nil, 0, 0
}

// Close ends the server and its connections; the letters stay. A second call
// does nothing.
func (s *SMTP) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	// As with IMAP: Serve has ended before the server is closed.
	s.listener.Close()
	<-s.done
	if err := s.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the SMTP server at %s: %w", s.Addr, err)
	}
	return nil
}

// strike finds the fault for this moment of the nth transaction, or nil.
func (s *SMTP) strike(at Moment, nth int, to ...string) *SMTPFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.script {
		if f.At != at || f.Nth != 0 && f.Nth != nth {
			continue
		}
		fits := func(addr string) bool { return strings.EqualFold(addr, f.To) }
		if f.To != "" && !slices.ContainsFunc(to, fits) {
			continue
		}
		if f.Times == 1 {
			s.script = slices.Delete(s.script, i, i+1)
		} else if f.Times > 1 {
			f.Times--
		}
		return f
	}
	return nil
}

func (s *SMTP) keep(l Letter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.At = s.now()
	s.letters = append(s.letters, l)
}

type countingListener struct {
	net.Listener
	peer *SMTP
}

// Accept counts the connections.
func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.peer.mu.Lock()
		l.peer.connections++
		l.peer.mu.Unlock()
	}
	return c, err
}

// smtpSession is one connection, from its EHLO on.
type smtpSession struct {
	peer *SMTP
	conn *smtp.Conn
	user string
	nth  int // of the transaction
	from string
	to   []string
	// gone says that the connection was closed: what the client had said by then, and the
	// server has read, is of no effect.
	gone bool
}

var _ smtp.AuthSession = (*smtpSession)(nil)

// AuthMechanisms is what the greeting offers.
func (s *smtpSession) AuthMechanisms() []string {
	if s.peer.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth checks a login (RFC 4954; RFC 4616).
func (s *smtpSession) Auth(mechanism string) (sasl.Server, error) {
	if s.peer.Username == "" || mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != s.peer.Username ||
			subtle.ConstantTimeCompare([]byte(password), []byte(s.peer.Password)) != 1 {
			return smtp.ErrAuthFailed
		}
		s.user = username
		return nil
	}), nil
}

// Mail begins a transaction.
func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.peer.Username != "" && s.user == "" {
		// RFC 4954, section 6.
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	if s.gone {
		return errGone
	}
	s.peer.mu.Lock()
	s.peer.transactions++
	s.nth = s.peer.transactions
	s.peer.mu.Unlock()
	s.from, s.to = from, nil
	return s.suffer(s.peer.strike(AtMail, s.nth))
}

// Rcpt adds a recipient.
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.gone {
		return errGone
	}
	if err := s.suffer(s.peer.strike(AtRcpt, s.nth, to)); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the mail itself.
func (s *smtpSession) Data(r io.Reader) error {
	if f := s.peer.strike(MidData, s.nth, s.to...); f != nil {
		if _, err := io.CopyN(io.Discard, r, 1); err != nil {
			return err
		}
		return s.suffer(f)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	f := s.peer.strike(AfterDot, s.nth, s.to...)
	if f == nil || f.Do != Refuse {
		_, secure := s.conn.TLSConnectionState()
		s.peer.keep(Letter{From: s.from, To: s.to, Data: data, TLS: secure, User: s.user})
	}
	return s.suffer(f)
}

// errGone ends a handler whose client will not read the reply.
var errGone = errors.New("the connection is gone")

// suffer carries a fault out; nil is none.
func (s *smtpSession) suffer(f *SMTPFault) error {
	if f == nil {
		return nil
	}
	switch f.Do {
	case Refuse:
		return &smtp.SMTPError{Code: cmp.Or(f.Code, 451), Message: cmp.Or(f.Text, "Refused by the script")}
	case Stall:
		// Reading on shows when the client goes.
		io.Copy(io.Discard, s.conn.Conn())
	}
	s.gone = true
	s.conn.Conn().Close()
	return errGone
}

// Reset ends the transaction.
func (s *smtpSession) Reset() { s.from, s.to = "", nil }

// Logout ends the session.
func (s *smtpSession) Logout() error { return nil }
