package ingest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// TLSMode says how a connection is encrypted.
type TLSMode string

// The modes. An empty TLSMode means TLSImplicit.
const (
	TLSImplicit TLSMode = "tls"      // from the first byte (RFC 8314, section 3.2)
	TLSStart    TLSMode = "starttls" // STARTTLS, without which there is no login
	TLSPlain    TLSMode = "plain"    // no encryption: see Account.AllowPlain
)

// DefaultTimeout is Account.Timeout where nothing else is said.
const DefaultTimeout = time.Minute

// dialTimeout bounds how long a connection may take to come about.
const dialTimeout = 20 * time.Second

// Account is a server and a login.
type Account struct {
	// Name is the config's name for it.
	Name string
	// Addr is "host:port".
	Addr     string
	Auth     AuthMethod
	Username string
	// Password is asked for at each login with AuthPassword, and OAuth at
	// each with AuthOAuth.
	Password func() (string, error)
	// PasswordPlace says where the password comes from, for who has to put it right.
	PasswordPlace string
	OAuth         *OAuth
	TLS           TLSMode
	// AllowPlain lets TLSPlain be used with a server that is not on a
	// loopback address: the password goes over the line for all to read.
	AllowPlain bool
	// RootCAs are the authorities to trust instead of the system's, and
	// ServerName the name to find in the certificate instead of Addr's host.
	RootCAs    *x509.CertPool
	ServerName string
	// Timeout is how long the server may be silent while it carries out a
	// command. 0 means DefaultTimeout.
	Timeout time.Duration
}

func (a *Account) host() string {
	if host, _, err := net.SplitHostPort(a.Addr); err == nil {
		return host
	}
	return a.Addr
}

func (a *Account) timeout() time.Duration {
	if a.Timeout <= 0 {
		return DefaultTimeout
	}
	return a.Timeout
}

func (a *Account) tlsConfig() *tls.Config {
	name := a.ServerName
	if name == "" {
		name = a.host()
	}
	return &tls.Config{RootCAs: a.RootCAs, ServerName: name, NextProtos: []string{"imap"}}
}

// checkPlain refuses a connection over which others could read the password.
// A name is not a loopback address, whatever it stands for today, with the
// exception of localhost (RFC 6761, section 6.3).
func (a *Account) checkPlain() error {
	host := a.host()
	ip := net.ParseIP(host)
	if a.TLS != TLSPlain || a.AllowPlain || a.Auth == AuthAnonymous || strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("%w at %s: set tls = \"tls\" or \"starttls\" (or allow_plain = true if everybody may read the password)", ErrPlain, a.Addr)
}

// connect dials, agrees on encryption and logs in. The session ends with
// close, and by itself when ctx ends. An access token that the server does not
// take is renewed, once.
func (a *Account) connect(ctx context.Context) (*session, error) {
	if err := a.checkPlain(); err != nil {
		return nil, err
	}
	for refused := ""; ; {
		c, err := a.credentials(ctx, refused)
		if err != nil {
			return nil, err
		}
		s, err := a.connectWith(ctx, c)
		if !errors.Is(err, errTokenRefused) || c.renewed {
			return s, err
		}
		refused = c.token
	}
}

func (a *Account) connectWith(ctx context.Context, c credentials) (*session, error) {
	dialer := net.Dialer{
		Timeout:         min(dialTimeout, a.timeout()),
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4},
	}
	tcp, err := dialer.DialContext(ctx, "tcp", a.Addr)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, dialError(a.Addr, a.host(), err)
	}
	conn := &watchedConn{Conn: tcp, silence: min(dialTimeout, a.timeout())}
	s := &session{addr: a.Addr, conn: conn, strays: newStrays(conn), news: newNews()}
	s.bind(ctx)
	err = s.do(ctx, 0, func() error { return s.greet(ctx, a) })
	if err != nil {
		err = portError(a, conn, err)
	} else {
		conn.patience(a.timeout())
		err = s.do(ctx, 0, func() error { return s.begin(a, c) })
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// greet agrees on encryption and hears the server's greeting.
func (s *session) greet(ctx context.Context, a *Account) error {
	if err := s.encrypt(ctx, a); err != nil {
		return tlsError(a.Addr, a.tlsConfig().ServerName, err)
	}
	return heardGreeting(s.client)
}

// heardGreeting waits for the greeting. A server that begins with BYE ends the
// connection as well, and go-imap tells by chance either of the one or of the
// other, each time that it is asked: the server's own word says more.
func heardGreeting(client *imapclient.Client) error {
	err := client.WaitGreeting()
	for range 30 {
		if status := (*imap.Error)(nil); err == nil || errors.As(err, &status) {
			break
		}
		err = client.WaitGreeting()
	}
	return err
}

// begin takes a fresh connection to where mailboxes can be opened.
func (s *session) begin(a *Account, c credentials) error {
	if s.client.State() == imap.ConnStateNotAuthenticated { // not so after PREAUTH
		if err := s.login(a, c); err != nil {
			return loginError(a, err)
		}
	}
	s.caps = s.client.Caps()
	return nil
}

func (s *session) encrypt(ctx context.Context, a *Account) error {
	options := &imapclient.Options{
		TLSConfig: a.tlsConfig(),
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Fetch: s.strays.handle, Mailbox: s.news.exists, Expunge: s.news.expunged,
		},
	}
	switch a.TLS {
	case TLSImplicit, "":
		conn := tls.Client(s.conn, options.TLSConfig)
		if err := conn.HandshakeContext(ctx); err != nil {
			return err
		}
		s.client = imapclient.New(conn, options)
	case TLSStart:
		client, err := imapclient.NewStartTLS(s.conn, options)
		if status := (*imap.Error)(nil); errors.As(err, &status) {
			return fmt.Errorf("%w at %s: the server refuses STARTTLS (%s): set tls = \"tls\" and its TLS port (993)", ErrTLS, a.Addr, said(err))
		}
		if err != nil {
			return err
		}
		s.client = client
	case TLSPlain:
		s.client = imapclient.New(s.conn, options)
	default:
		return fmt.Errorf("%w: unknown mode tls = %q of account %s", ErrTLS, a.TLS, a.Name)
	}
	return nil
}
