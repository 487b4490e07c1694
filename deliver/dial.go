package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"syscall"
	"time"

	mail "github.com/wneessen/go-mail"
)

// maxDial bounds connecting: a server that takes longer to greet has a problem
// that waiting does not solve.
const maxDial = 30 * time.Second

// dialing is one attempt to open a connection. What it has come to tells what
// an error means.
type dialing struct {
	server Server
	host   string
	auth   *login
	raw    net.Conn    // nil before TCP stands
	free   func() bool // takes the connection out of the context's reach
}

var (
	errClearText   = errors.New("clear text to an address that is not loopback")
	errInterrupted = errors.New("interrupted")
)

// tlsError marks what broke in the handshake of TLSImplicit.
type tlsError struct{ error }

// Unwrap is what went wrong.
func (e tlsError) Unwrap() error { return e.error }

// dial opens a session: TCP, TLS, EHLO and login, by go-mail. A token that is
// refused is renewed once. Its error is a *ServerError, and then nothing stays
// open.
func dial(ctx context.Context, server Server) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, min(server.Timeout, maxDial))
	defer cancel()
	d := &dialing{server: server}
	c, err := d.dial(ctx, "")
	if err != nil && d.auth != nil && d.auth.token != "" && d.loggingIn() {
		refused := d.auth.token
		if again := (&dialing{server: server}); again.renews(ctx, refused) {
			return again.dial(ctx, refused)
		}
	}
	return c, err
}

// renews says whether there is another token than one that was refused.
func (d *dialing) renews(ctx context.Context, refused string) bool {
	token, _, err := d.server.Token(ctx, refused)
	return err == nil && token != refused
}

// dial is one attempt, with another token than refused where one is used.
func (d *dialing) dial(ctx context.Context, refused string) (*connection, error) {
	client, err := d.client(ctx, refused)
	if err != nil {
		return nil, err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if d.free != nil && !d.free() && err == nil {
		err = errInterrupted
	}
	if err != nil {
		// go-mail leaves the connection open when what follows TCP fails.
		if d.raw != nil {
			d.raw.Close()
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, d.explain(err)
	}
	return &connection{net: d.raw, client: session}, nil
}

// client configures go-mail for this server.
func (d *dialing) client(ctx context.Context, refused string) (*mail.Client, error) {
	host, portText, err := net.SplitHostPort(d.server.Addr)
	if err != nil {
		return nil, d.problem("the address is not host:port", "put it right in the config", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, d.problem("the port is not a number", "put it right in the config", err)
	}
	d.host = host
	options := []mail.Option{
		mail.WithPort(port),
		mail.WithTimeout(min(d.server.Timeout, maxDial)),
		mail.WithTLSConfig(d.tlsConfig()),
		mail.WithDialContextFunc(func(_ context.Context, network, addr string) (net.Conn, error) {
			return d.open(ctx, network, addr)
		}),
		mail.WithTLSPolicy(mail.NoTLS),
	}
	switch d.server.TLS {
	case TLSImplicit:
		options = append(options, mail.WithSSL())
	case TLSStart:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if d.server.Hello != "" {
		options = append(options, mail.WithHELO(d.server.Hello))
	}
	if d.server.Username != "" && d.server.Token != nil {
		token, _, err := d.server.Token(ctx, refused)
		if err != nil {
			return nil, d.problem("there is no token to log in with", "see to the account's leave (\"sigpost login\")", err)
		}
		d.auth = &login{host: host, username: d.server.Username, token: token, secret: d.server.TLS != TLSPlain}
		options = append(options, mail.WithSMTPAuthCustom(d.auth))
	} else if d.server.Username != "" {
		password, err := d.password()
		if err != nil {
			return nil, d.problem("its password cannot be read", "see to the file or variable that holds it", err)
		}
		d.auth = &login{host: host, username: d.server.Username, password: password, secret: d.server.TLS != TLSPlain}
		options = append(options, mail.WithSMTPAuthCustom(d.auth))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, d.problem("its settings cannot be used", "put them right in the config", err)
	}
	return client, nil
}

func (d *dialing) password() (string, error) {
	if d.server.Password == nil {
		return "", errors.New("there is a user name and no password")
	}
	return d.server.Password()
}

func (d *dialing) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: d.host, RootCAs: d.server.RootCAs, MinVersion: tls.VersionTLS12}
}

// open makes the TCP connection, with TLS where that comes first, and keeps
// hold of it: cutting the connection later must not wait for anybody. go-mail
// heeds a context for dialling alone; here it also ends greeting and login.
func (d *dialing) open(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.raw = raw
	d.free = context.AfterFunc(ctx, func() { raw.Close() })
	if d.server.TLS == TLSPlain && !d.server.AllowPlain && !isLoopback(raw.RemoteAddr()) {
		return nil, errClearText
	}
	if d.server.TLS != TLSImplicit {
		return raw, nil
	}
	secure := tls.Client(raw, d.tlsConfig())
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, tlsError{err}
	}
	return secure, nil
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func (d *dialing) problem(problem, do string, err error) *ServerError {
	return &ServerError{Addr: d.server.Addr, Problem: problem, Do: do, Err: err}
}

// explain finds the words for an error by its type and by how far the attempt
// had come.
func (d *dialing) explain(err error) *ServerError {
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var reply *textproto.Error
	var babble textproto.ProtocolError
	var network net.Error
	var alert tls.AlertError
	switch {
	case errors.Is(err, context.Canceled):
		return d.problem("connecting was interrupted", "run it again to go on", err)
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return d.problem("there is no host of this name", "check the server's name", err)
	case errors.As(err, &unknown):
		return d.problem("its name cannot be looked up", "check this machine's network and DNS", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return d.problem("nobody listens there", "check the port, and whether the server runs", err)
	case errors.Is(err, errClearText):
		return d.problem("it would be spoken to in clear text over a network", `use "starttls" or "tls"`, nil)
	case errors.As(err, &certificate):
		return d.problem("its certificate is not valid for it", "check the server's name, or name the authority that signed it", certificate.Err)
	case errors.As(err, &notTLS):
		return d.problem("it does not speak TLS at this port", `"tls" usually goes with port 465, "starttls" with 587`, nil)
	case errors.Is(err, errNoMechanism):
		return d.problem("it offers no way to log in that we know", "check the port, or leave the user name away", nil)
	case errors.As(err, &reply) && d.loggingIn():
		return d.problem("the login was refused", "check user name and password", err)
	case errors.As(err, &reply):
		return d.problem("it refuses the session", "ask whoever runs it, or try later", err)
	case isTimeout(err):
		return d.problem("it does not answer in time", "check name, port and TLS mode, and whether a firewall is between", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return d.problem("it closed the connection", "check the port and the TLS mode", err)
	case errors.As(err, &babble):
		return d.problem("what answers is no mail server", "check the port and the TLS mode", err)
	case errors.As(err, &alert), errors.As(err, new(tlsError)):
		return d.problem("TLS cannot be agreed on", "check the port and the TLS mode", err)
	case errors.As(err, &network):
		return d.problem("it cannot be reached", "check this machine's network", err)
	case d.raw != nil && d.server.TLS == TLSStart && !d.loggingIn():
		return d.problem("it offers no STARTTLS", `use "tls" with the port for it, usually 465`, err)
	}
	return d.problem("no session can be opened with it", "check its settings", err)
}

func (d *dialing) loggingIn() bool { return d.auth != nil && d.auth.reached }

func isTimeout(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}
