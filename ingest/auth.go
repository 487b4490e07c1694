package ingest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
)

// AuthMethod says how an account shows whose it is.
type AuthMethod string

// The methods. An empty AuthMethod means AuthPassword.
const (
	AuthPassword  AuthMethod = "password"  // SASL PLAIN (RFC 4616), or LOGIN where the server has nothing else
	AuthAnonymous AuthMethod = "anonymous" // SASL ANONYMOUS (RFC 4505), or LOGIN anonymous: see login
	AuthOAuth     AuthMethod = "oauth"     // SASL OAUTHBEARER (RFC 7628), or XOAUTH2 where only that is offered
)

// anonymousTrace is what anonymous logins leave in a server's log where
// Account.Username says nothing else (RFC 4505, section 2).
const anonymousTrace = "sigpost"

// errTokenRefused says that a server did not take an access token.
var errTokenRefused = errors.New("access token refused")

// credentials are what is shown to the server, once.
type credentials struct {
	password string
	token    string // of AuthOAuth
	renewed  bool   // the token is new
}

// credentials gets what the account needs to log in. refused is the access
// token that the server did not take, if there was one.
func (a *Account) credentials(ctx context.Context, refused string) (c credentials, err error) {
	switch a.Auth {
	case AuthAnonymous:
	case AuthOAuth:
		if a.OAuth == nil {
			return c, fmt.Errorf("%w of account %s: nothing says where from", ErrToken, a.Name)
		}
		c.token, c.renewed, err = a.OAuth.AccessToken(ctx, refused)
	case AuthPassword, "":
		if a.Password == nil {
			return c, nil
		}
		if c.password, err = a.Password(); err != nil {
			err = fmt.Errorf("%w of account %s: %w", ErrPassword, a.Name, err)
		}
	default:
		err = fmt.Errorf("%w: unknown method auth = %q of account %s", ErrAuthentication, a.Auth, a.Name)
	}
	return c, err
}

func (s *session) login(a *Account, c credentials) error {
	caps := s.client.Caps()
	switch a.Auth {
	case AuthAnonymous:
		trace := a.Username
		if trace == "" {
			trace = anonymousTrace
		}
		if caps.Has(imap.AuthCap(sasl.Anonymous)) {
			return s.client.Authenticate(sasl.NewAnonymousClient(trace))
		}
		return s.loginCommand("anonymous", trace)
	case AuthOAuth:
		return s.authenticateBearer(a, c.token)
	}
	if caps.Has(imap.AuthCap(sasl.Plain)) { // it carries any password
		return s.client.Authenticate(sasl.NewPlainClient("", a.Username, c.password))
	}
	return s.loginCommand(a.Username, c.password)
}

// loginCommand is LOGIN, which is for servers that have nothing else (RFC
// 9051, section 6.2.3).
func (s *session) loginCommand(username, password string) error {
	if s.client.Caps().Has(imap.CapLoginDisabled) {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodePrivacyRequired, Text: "LOGINDISABLED"}
	}
	return s.client.Login(username, password).Wait()
}

func (s *session) authenticateBearer(a *Account, token string) error {
	caps := s.client.Caps()
	client := &bearer{username: a.Username, token: token, host: a.host()}
	_, client.port, _ = net.SplitHostPort(a.Addr)
	switch {
	case caps.Has(imap.AuthCap(sasl.OAuthBearer)):
	case caps.Has(imap.AuthCap(mechXOAuth2)):
		client.google = true
	default:
		var offered []string
		for _, mech := range caps.AuthMechanisms() {
			offered = append(offered, printable(mech))
		}
		return fmt.Errorf("%w: %s takes no access tokens here (it offers %s): set auth = \"password\"",
			ErrAuthentication, a.host(), strings.Join(offered, ", "))
	}
	err := s.client.Authenticate(client)
	if status := (*imap.Error)(nil); errors.As(err, &status) && client.reason != "" {
		status.Text = strings.TrimSpace(status.Text + " " + client.reason)
	}
	return err
}

// mechXOAuth2 is the mechanism that Google and Microsoft had before
// OAUTHBEARER. It is in no RFC.
const mechXOAuth2 = "XOAUTH2"

// bearer shows an access token: OAUTHBEARER, or XOAUTH2 if google is set.
type bearer struct {
	username, token, host, port string
	google                      bool
	reason                      string // why the server refuses, in its words
}

// Start gives the first message (RFC 7628, section 3.1). In the name "," and
// "=" are quoted (RFC 5801, section 4).
func (b *bearer) Start() (mech string, initial []byte, err error) {
	if b.google {
		return mechXOAuth2, []byte("user=" + b.username + "\x01auth=Bearer " + b.token + "\x01\x01"), nil
	}
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(b.username)
	return sasl.OAuthBearer, []byte("n,a=" + name + ",\x01host=" + b.host + "\x01port=" + b.port + "\x01auth=Bearer " + b.token + "\x01\x01"), nil
}

// Next answers a challenge, which is always a refusal, so that the server can
// end the exchange with NO (RFC 7628, section 3.2.3).
func (b *bearer) Next(challenge []byte) ([]byte, error) {
	if b.reason != "" {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	b.reason = printable(string(challenge))
	if b.google {
		return []byte{}, nil
	}
	return []byte{1}, nil
}
