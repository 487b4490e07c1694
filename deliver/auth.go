package deliver

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

var errNoMechanism = errors.New("no common way to log in")

// login picks the way to log in (RFC 4954) when the server has said what it
// offers, and remembers how far it came: go-mail's errors do not tell.
type login struct {
	host, username, password string
	token                    string // in place of the password
	secret                   bool   // the connection may be read by nobody else

	chosen  smtp.Auth
	reached bool
}

// mechanisms are tried in this order. Those that show the password come after
// those that do not; on a clear-text connection, which is loopback or asked
// for, they are all that many test servers have.
var mechanisms = []struct {
	name  string
	start func(l *login) smtp.Auth
}{
	{"SCRAM-SHA-256", func(l *login) smtp.Auth { return smtp.ScramSHA256Auth(l.username, l.password) }},
	{"SCRAM-SHA-1", func(l *login) smtp.Auth { return smtp.ScramSHA1Auth(l.username, l.password) }},
	{"CRAM-MD5", func(l *login) smtp.Auth { return smtp.CRAMMD5Auth(l.username, l.password) }},
	{"PLAIN", func(l *login) smtp.Auth { return smtp.PlainAuth("", l.username, l.password, l.host, !l.secret) }},
	{"LOGIN", func(l *login) smtp.Auth { return smtp.LoginAuth(l.username, l.password, l.host, !l.secret) }},
}

// Start begins with the first mechanism that both sides know.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	l.reached = true
	if l.token != "" {
		if !slices.Contains(server.Auth, "XOAUTH2") {
			return "", nil, errNoMechanism
		}
		l.chosen = smtp.XOAuth2Auth(l.username, l.token)
		return l.chosen.Start(server)
	}
	for _, m := range mechanisms {
		if slices.Contains(server.Auth, m.name) {
			l.chosen = m.start(l)
			return l.chosen.Start(server)
		}
	}
	return "", nil, errNoMechanism
}

// Next answers a challenge.
func (l *login) Next(fromServer []byte, more bool) ([]byte, error) {
	return l.chosen.Next(fromServer, more)
}
