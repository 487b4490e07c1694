package mailtest

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"
)

// memorySession is what a session of imapmemserver can do.
type memorySession interface {
	imapserver.SessionIMAP4rev2
}

// saslSession logs in by the mechanisms that the options name.
type saslSession struct {
	memorySession
	server *IMAP
	opts   IMAPOptions
}

// AuthenticateMechanisms are the mechanisms on offer.
func (s *saslSession) AuthenticateMechanisms() []string {
	var mechs []string
	if !s.opts.NoPlain {
		mechs = append(mechs, sasl.Plain)
	}
	if s.opts.Anonymous {
		mechs = append(mechs, sasl.Anonymous)
	}
	if s.opts.Token == nil {
		return mechs
	}
	if s.opts.Bearer == nil {
		return append(mechs, sasl.OAuthBearer, "XOAUTH2")
	}
	return append(mechs, s.opts.Bearer...)
}

// Authenticate begins an exchange.
func (s *saslSession) Authenticate(mech string) (sasl.Server, error) {
	if !slices.Contains(s.AuthenticateMechanisms(), mech) {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "unsupported mechanism"}
	}
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error { return s.memorySession.Login(username, password) }), nil
	case sasl.Anonymous:
		return sasl.NewAnonymousServer(func(string) error { return s.letIn() }), nil
	}
	return &bearerServer{session: s, mech: mech}, nil
}

// Login is LOGIN; with the name "anonymous" it is for everybody, if that is
// allowed at all.
func (s *saslSession) Login(username, password string) error {
	if s.opts.Anonymous && username == "anonymous" {
		return s.letIn()
	}
	return s.memorySession.Login(username, password)
}

func (s *saslSession) letIn() error {
	return s.memorySession.Login(s.server.Username, s.server.Password)
}

// bearerServer takes access tokens (RFC 7628, section 3.2).
type bearerServer struct {
	session *saslSession
	mech    string
	refused bool
}

// Next takes the client's messages: the token, and after a refusal what ends
// the exchange.
func (b *bearerServer) Next(response []byte) (challenge []byte, done bool, err error) {
	failed := &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAuthenticationFailed, Text: "token refused"}
	switch {
	case b.refused && b.mech == sasl.OAuthBearer && string(response) != "\x01", b.refused && b.mech != sasl.OAuthBearer && len(response) > 0:
		return nil, false, &imap.Error{Type: imap.StatusResponseTypeBad, Text: "the exchange should have been ended"}
	case b.refused:
		return nil, false, failed
	case response == nil:
		return []byte{}, false, nil
	}
	name := "n,a=" + b.session.server.Username + ","
	if b.mech != sasl.OAuthBearer {
		name = "user=" + b.session.server.Username
	}
	fields := strings.Split(string(response), "\x01")
	if fields[0] == name && len(fields) >= 4 {
		if token, ok := strings.CutPrefix(fields[len(fields)-3], "auth=Bearer "); ok && b.session.opts.Token(token) {
			return nil, true, b.session.letIn()
		}
	}
	b.refused = true
	return []byte(`{"status":"invalid_token"}`), false, nil
}
