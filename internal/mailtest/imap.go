package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// IMAPOptions say what kind of IMAP server to start.
type IMAPOptions struct {
	// Username and Password are the one login; "reader" and "secret" where
	// they are empty.
	Username string
	Password string
	Security Security
	// Anonymous lets anybody in without a name, as the one user. NoPlain
	// leaves AUTH=PLAIN away, so that LOGIN is what there is.
	Anonymous bool
	NoPlain   bool
	// Token says which access tokens are good for the one user; nil for
	// none. They are taken by Bearer: OAUTHBEARER, XOAUTH2 or both; nil
	// means both.
	Token  func(token string) bool
	Bearer []string
	// CA signs the server's certificate; nil makes a new one.
	CA *CA
}

// IMAP is an IMAP server in memory, on a loopback port. It lacks CONDSTORE and
// keeps flags in lower case; everything is gone with Close. All methods may be
// called at any time by anybody.
type IMAP struct {
	Addr     string // host:port
	Username string
	Password string
	// CA signed its certificate; nil if Security is Plain.
	CA *CA

	user     *imapmemserver.User
	server   *imapserver.Server
	listener net.Listener
	wire     *wire
	done     chan struct{} // closed when nobody accepts any more
}

// StartIMAP starts a server with an empty INBOX. Close ends it.
func StartIMAP(opts IMAPOptions) (*IMAP, error) {
	l, tlsConfig, ca, err := listen(opts.Security, opts.CA)
	if err != nil {
		return nil, fmt.Errorf("start the IMAP server: %w", err)
	}
	s := &IMAP{
		Addr:     l.Addr().String(),
		Username: opts.Username,
		Password: opts.Password,
		CA:       ca,
		listener: l,
		wire:     &wire{open: map[*wireConn]struct{}{}},
		done:     make(chan struct{}),
	}
	if s.Username == "" {
		s.Username, s.Password = "reader", "secret"
	}
	s.user = imapmemserver.NewUser(s.Username, s.Password)
	memory := imapmemserver.New()
	memory.AddUser(s.user)
	options := &imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &saslSession{memory.NewSession().(memorySession), s, opts}, nil, nil
		},
		Caps:   imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		Logger: log.New(io.Discard, "", 0),
		// The library sees our connection and not that TLS is in it.
		InsecureAuth: opts.Security != StartTLS,
	}
	faulty := &wireListener{Listener: l, wire: s.wire}
	switch opts.Security {
	case StartTLS:
		options.TLSConfig = tlsConfig
	case ImplicitTLS:
		faulty.tls = tlsConfig
	}
	s.server = imapserver.New(options)
	if err := s.user.Create("INBOX", nil); err != nil {
		l.Close()
		return nil, fmt.Errorf("make the INBOX: %w", err)
	}
	go func() {
		defer close(s.done)
		s.server.Serve(faulty) // its error is that of Close
	}()
	return s, nil
}

// Append puts mails at the end of a mailbox, which is made if it is not there.
func (s *IMAP) Append(mailbox string, mails []Mail) error {
	if _, err := s.user.Status(mailbox, &imap.StatusOptions{}); err != nil {
		if err := s.user.Create(mailbox, nil); err != nil {
			return fmt.Errorf("make the mailbox %s: %w", mailbox, err)
		}
	}
	for _, m := range mails {
		_, err := s.user.Append(mailbox, bytes.NewReader(m.Raw), &imap.AppendOptions{Time: m.Received})
		if err != nil {
			return fmt.Errorf("append %s to %s: %w", m.Name, mailbox, err)
		}
	}
	return nil
}

// Reset replaces a mailbox by an empty one with another UIDVALIDITY (RFC 9051,
// section 2.3.1.1). Clients that have it open keep the old one until they
// select it again.
func (s *IMAP) Reset(mailbox string) error {
	if err := s.user.Delete(mailbox); err != nil {
		return fmt.Errorf("reset %s: %w", mailbox, err)
	}
	if err := s.user.Create(mailbox, nil); err != nil {
		return fmt.Errorf("reset %s: %w", mailbox, err)
	}
	return nil
}

// FailNext sets what goes wrong on the next connections: the first fault on
// the first, and so on. After that all is well again.
func (s *IMAP) FailNext(faults ...Fault) { s.wire.failNext(faults) }

// Connections counts the connections that were made.
func (s *IMAP) Connections() int {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	return s.wire.connections
}

// Commands are the names of the commands that came, such as "UID FETCH", over
// all connections in the order of their arrival. Those behind STARTTLS are not
// seen.
func (s *IMAP) Commands() []string {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	return slices.Clone(s.wire.commands)
}

// BytesSent counts the bytes that the server sent over all connections, as
// CutAfterBytes and StallAfterBytes count them.
func (s *IMAP) BytesSent() int64 {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	return s.wire.sent
}

// Close ends the server and its connections. A second call does nothing.
func (s *IMAP) Close() error {
	s.wire.mu.Lock()
	closed := s.wire.closed
	s.wire.mu.Unlock()
	if closed {
		return nil
	}
	s.wire.close()
	// Serve must have ended before the server is closed: its waiting for
	// connections races with the first one to be counted.
	s.listener.Close()
	<-s.done
	if err := s.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the IMAP server at %s: %w", s.Addr, err)
	}
	return nil
}
