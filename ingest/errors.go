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
)

// What keeps a source from being read. Each error that wraps one of these is
// one line for people that says what to do.
var (
	// ErrPlain refuses to send a password over a connection that others can
	// read.
	ErrPlain = errors.New("refused to log in without encryption")
	// ErrUnknownHost says that there is no such host.
	ErrUnknownHost = errors.New("unknown host")
	// ErrUnreachable says that nothing answers at an address.
	ErrUnreachable = errors.New("cannot connect")
	// ErrTLS says that no encrypted connection could be agreed on, for
	// another reason than the certificate.
	ErrTLS = errors.New("no encrypted connection")
	// ErrCertificate says that the server is not who it should be.
	ErrCertificate = errors.New("wrong certificate")
	// ErrPassword says that the password could not be read.
	ErrPassword = errors.New("cannot read the password")
	// ErrToken says that there is no access token to log in with.
	ErrToken = errors.New("no access token")
	// ErrAuthentication says that the server refused the login.
	ErrAuthentication = errors.New("the server refused the login")
	// ErrNoMailbox says that a mailbox is missing or cannot be opened.
	ErrNoMailbox = errors.New("cannot open the mailbox")
	// ErrStalled says that a server stopped answering.
	ErrStalled = errors.New("the server stopped answering")
	// ErrConnection says that a connection ended, or that what came over it
	// was not understood.
	ErrConnection = errors.New("the connection was lost")
	// ErrNoMail says that a file or folder holds no mail that could be read.
	ErrNoMail = errors.New("no mail")
	// ErrNoGit says that git is needed to read something and is not installed.
	ErrNoGit = errors.New("git is missing")
)

// temporary says whether trying again soon may help.
func temporary(err error) bool {
	switch kindOf(err) {
	case ErrUnreachable, ErrStalled, ErrConnection:
		return true
	}
	return false
}

// kindOf is what an error of a server is an instance of; nil where it is none.
func kindOf(err error) error {
	for _, kind := range []error{
		ErrPlain, ErrUnknownHost, ErrTLS, ErrCertificate, ErrPassword, ErrToken, ErrAuthentication, ErrNoMailbox,
		errUIDValidity, context.Canceled, context.DeadlineExceeded, ErrUnreachable, ErrStalled, ErrConnection,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return nil
}

// dialError explains why no connection came about.
func dialError(addr, host string, err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		if dns.IsNotFound {
			return fmt.Errorf("%w %q: check the account's host", ErrUnknownHost, host)
		}
		return fmt.Errorf("%w to %s: its address could not be looked up (%w)", ErrUnreachable, host, err)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err // without the addresses, which the line has already
	}
	return fmt.Errorf("%w to %s: %w: check host and port, and that the server is up", ErrUnreachable, addr, err)
}

// tlsError explains why a handshake failed, as far as it is about TLS. Other
// errors come back as they are.
func tlsError(addr, name string, err error) error {
	var (
		hostname  x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &hostname):
		return fmt.Errorf("%w at %s: it is valid for %s, not for %s: set host to a name that it is valid for",
			ErrCertificate, addr, names(hostname.Certificate), name)
	case errors.As(err, &authority):
		return fmt.Errorf("%w at %s: %s signed it, which this machine does not trust: set ca_file to the certificate of that authority",
			ErrCertificate, addr, issuer(authority.Cert))
	case errors.As(err, &invalid), errors.As(err, &verify):
		return fmt.Errorf("%w at %s: %w", ErrCertificate, addr, err)
	case errors.As(err, &record):
		return fmt.Errorf("%w at %s: the server does not speak TLS there: set tls = \"starttls\", or use its TLS port (993)", ErrTLS, addr)
	case errors.As(err, &alert):
		return fmt.Errorf("%w at %s: %w", ErrTLS, addr, err)
	}
	return err
}

// portError says so where the port seems to be one for another kind of
// connection: a server that waits for TLS says nothing, or sends a TLS alert
// (RFC 8446, section 5.1), to a client that waits for a greeting.
func portError(a *Account, conn *watchedConn, err error) error {
	const alert, handshake = 21, 22
	first, heard := conn.beginning()
	switch implicit := a.TLS == TLSImplicit || a.TLS == ""; {
	case !implicit && heard && (first == alert || first == handshake):
		return fmt.Errorf("%w at %s: the server speaks TLS from the first byte there: set tls = \"tls\", or use its other port (143)", ErrTLS, a.Addr)
	case heard || !temporary(err):
		return err
	case implicit && !errors.Is(err, ErrStalled):
		return err
	case implicit:
		return fmt.Errorf("%w; it began no TLS: if this is a port for STARTTLS (143), set tls = \"starttls\"", err)
	}
	return fmt.Errorf("%w; it sent no greeting: if this is a port for TLS (993), set tls = \"tls\"", err)
}

func names(c *x509.Certificate) string {
	all := c.DNSNames
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "no name"
	}
	if len(all) > 5 {
		all = append(all[:5:5], "…")
	}
	return printable(strings.Join(all, ", "))
}

func issuer(c *x509.Certificate) string {
	if c == nil {
		return "an unknown authority"
	}
	return fmt.Sprintf("%q", c.Issuer.String())
}

// loginError tells a refused login from a server that is out of order.
func loginError(a *Account, err error) error {
	var status *imap.Error
	if !errors.As(err, &status) {
		return err
	}
	switch status.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug: // RFC 5530, section 3
		return fmt.Errorf("%w to %s: it takes no logins at present: %s", ErrConnection, a.Addr, said(err))
	case imap.ResponseCodePrivacyRequired:
		return fmt.Errorf("%w to %s: the server wants encryption: set tls = \"starttls\" or \"tls\"", ErrPlain, a.Addr)
	}
	switch a.Auth {
	case AuthAnonymous:
		return fmt.Errorf("%w without a name at %s: set auth = \"password\" (%s)", ErrAuthentication, a.host(), said(err))
	case AuthOAuth:
		return fmt.Errorf("%w (%w) of %s at %s: check that username is who gave leave, that scopes has the one for IMAP, and this machine's clock (%s)",
			ErrAuthentication, errTokenRefused, a.Username, a.host(), said(err))
	}
	return fmt.Errorf("%w of %s at %s: check username, and the password in %s (%s)", ErrAuthentication, a.Username, a.host(), a.PasswordPlace, said(err))
}

// said quotes what a server answered, so that it cannot play tricks with a
// terminal.
func said(err error) string {
	var status *imap.Error
	if !errors.As(err, &status) {
		return err.Error()
	}
	text := short(status.Text)
	if status.Code != "" {
		text = "[" + printable(string(status.Code)) + "] " + text
	}
	return fmt.Sprintf("it says %q", text)
}

// short is as much of a server's text as fits into an error.
func short(s string) string {
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return printable(s)
}

// printable keeps a server's text on one line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

func stalledError(addr string, limit time.Duration) error {
	return fmt.Errorf("%w: nothing useful came from %s within %s", ErrStalled, addr, limit)
}
