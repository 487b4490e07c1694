// Package mailtest is the mail world in one process, for tests and for the
// demo: an IMAP server that can be cut off in the middle of a fetch, an SMTP
// server that keeps what it is sent and fails as it is told, a certificate
// authority for both, and a sample mailing list.
//
// The servers listen on the loopback interface only. Nothing here passes mail
// on to anybody.
package mailtest

import (
	"crypto/tls"
	"fmt"
	"net"
	"time"
)

// FixedClock is a clock that always shows t.
func FixedClock(t time.Time) func() time.Time {
	return func() time.Time { return t }
}

// Security says how a server's connections are protected.
type Security int

// The kinds of Security.
const (
	Plain       Security = iota // not at all
	StartTLS                    // TLS on the client's demand (RFC 9051, section 6.2.1; RFC 3207)
	ImplicitTLS                 // TLS from the first byte (RFC 8314, section 3)
)

// String gives the word that a config would use for it.
func (s Security) String() string {
	switch s {
	case Plain:
		return "plain"
	case StartTLS:
		return "starttls"
	case ImplicitTLS:
		return "tls"
	}
	return fmt.Sprintf("Security(%d)", int(s))
}

// listen opens a loopback port and, unless security is Plain, makes the TLS
// configuration for it, with a certificate of ca or of a new authority.
func listen(security Security, ca *CA) (net.Listener, *tls.Config, *CA, error) {
	var config *tls.Config
	if security == Plain {
		ca = nil
	} else {
		var err error
		if ca == nil {
			if ca, err = NewCA(); err != nil {
				return nil, nil, nil, err
			}
		}
		if config, err = ca.ServerConfig(); err != nil {
			return nil, nil, nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, nil, fmt.Errorf("no loopback port to listen on: %w", err)
	}
	return l, config, ca, nil
}
