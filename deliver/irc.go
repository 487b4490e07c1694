package deliver

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// IRCServer is how to reach a channel of IRC (RFC 2812).
type IRCServer struct {
	Addr string // host:port
	// TLS is TLSImplicit or TLSPlain.
	TLS TLSMode
	// AllowPlain lets a password go in clear text to another machine.
	AllowPlain    bool
	RootCAs       *x509.CertPool // nil for those of the system
	Nick, Channel string
	Password      func() (string, error) // nil for none
	Timeout       time.Duration          // for the whole of it
}

// IRC is a courier that comes, says the lines of a note, and goes.
type IRC struct{ server IRCServer }

// NewIRC makes the courier of a channel.
func NewIRC(server IRCServer) *IRC { return &IRC{server} }

const (
	// ircLine is how many bytes of a note go into one message: a message has 512
	// (section 2.3), of which the server needs some to say from whom it is.
	ircLine = 380
	// nickTries is how many other nicks are tried where one is taken.
	nickTries = 3
	// ircToken is what the server has to say back behind the note.
	ircToken = "sigpost-has-said-it"
)

// Send says a note in the channel. IRC does not answer to what is said, but the
// server answers in order: when it says back what was asked behind the note, it
// has dealt with the note, and refused it or not.
func (c *IRC) Send(ctx context.Context, _, _ string, data []byte) (string, error) {
	s, err := c.open(ctx)
	if err != nil {
		return "", err
	}
	defer s.close()
	if err := s.join(c.server.Channel); err != nil {
		return "", err
	}
	var note strings.Builder
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(printable(line)); line != "" {
			fmt.Fprintf(&note, "PRIVMSG %s :%s\r\n", c.server.Channel, clip(line, ircLine))
		}
	}
	fmt.Fprintf(&note, "PING :%s\r\n", ircToken)
	// As soon as a byte is out it may be said.
	if n, err := io.WriteString(s.conn, note.String()); err != nil {
		kind := Unknown
		if n == 0 {
			kind = Temporary
		}
		return "", &SendError{Kind: kind, Step: StepPrivmsg, Err: err}
	}
	return s.said(c.server.Channel)
}

// Close has nothing to close.
func (c *IRC) Close() error { return nil }

// Check registers with the server and leaves.
func (c *IRC) Check(ctx context.Context) error {
	s, err := c.open(ctx)
	if err == nil {
		s.close()
	}
	return err
}

// ircSession is a connection to a server.
type ircSession struct {
	conn net.Conn
	in   *bufio.Scanner
	stop func() bool
	end  context.CancelFunc
	nick string
}

// open connects and registers (section 3.1).
func (c *IRC) open(ctx context.Context) (*ircSession, error) {
	password := ""
	if c.server.Password != nil {
		var err error
		if password, err = c.server.Password(); err != nil {
			return nil, &SendError{Kind: Temporary, Step: StepConnect, Err: err}
		}
	}
	ctx, end := context.WithTimeout(ctx, c.server.Timeout)
	conn, err := c.dial(ctx, password != "")
	if err != nil {
		end()
		return nil, &SendError{Kind: Temporary, Step: StepConnect, Err: err}
	}
	s := &ircSession{conn: conn, in: bufio.NewScanner(conn), end: end, nick: c.server.Nick}
	s.in.Buffer(nil, 16<<10)
	s.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if err := s.register(password); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (c *IRC) dial(ctx context.Context, secret bool) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.server.Addr)
	if err != nil {
		return nil, err
	}
	if c.server.TLS == TLSPlain {
		if secret && !c.server.AllowPlain && !isLoopback(conn.RemoteAddr()) {
			conn.Close()
			return nil, errClearText
		}
		return conn, nil
	}
	host, _, _ := net.SplitHostPort(c.server.Addr)
	secure := tls.Client(conn, &tls.Config{ServerName: host, RootCAs: c.server.RootCAs, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

func (s *ircSession) close() {
	_, _ = io.WriteString(s.conn, "QUIT :\r\n") // whoever is gone needs no goodbye
	s.stop()
	s.end()
	s.conn.Close()
}

// ircMessage is a message of the server (section 2.3.1).
type ircMessage struct {
	command string
	params  []string
}

// last is the text of a message.
func (m ircMessage) last() string {
	if len(m.params) == 0 {
		return ""
	}
	return m.params[len(m.params)-1]
}

// code is a numeric reply's (section 5), 0 for any other command.
func (m ircMessage) code() int {
	if len(m.command) != 3 {
		return 0
	}
	n, err := strconv.Atoi(m.command)
	if err != nil {
		return 0
	}
	return n
}

// refuses says whether it is an error reply (section 5.2).
func (m ircMessage) refuses() bool { return m.code() >= 400 && m.code() < 600 }

func parseIRC(line string) ircMessage {
	line = strings.TrimRight(line, "\r\n")
	for strings.HasPrefix(line, "@") || strings.HasPrefix(line, ":") { // tags and prefix
		_, line, _ = strings.Cut(line, " ")
		line = strings.TrimLeft(line, " ")
	}
	head, text, hasText := strings.Cut(line, " :")
	fields := strings.Fields(head)
	if hasText {
		fields = append(fields, text)
	}
	if len(fields) == 0 {
		return ircMessage{}
	}
	return ircMessage{strings.ToUpper(fields[0]), fields[1:]}
}

var errIRCClosed = errors.New("the server closed the connection")

// next reads a message, and answers the server's own pings.
func (s *ircSession) next() (ircMessage, error) {
	for s.in.Scan() {
		m := parseIRC(s.in.Text())
		switch m.command {
		case "PING":
			if err := s.write("PONG :%s", m.last()); err != nil {
				return m, err
			}
			continue
		case "ERROR": // section 3.7.4: the end
			return m, fmt.Errorf("%w: %s", errIRCClosed, oneLine(m.last()))
		}
		return m, nil
	}
	if err := s.in.Err(); err != nil {
		return ircMessage{}, err
	}
	return ircMessage{}, errIRCClosed
}

func (s *ircSession) write(format string, args ...any) error {
	_, err := io.WriteString(s.conn, printable(fmt.Sprintf(format, args...))+"\r\n")
	return err
}

// Replies of section 5, by their numbers.
const (
	rplWelcome       = 1
	rplEndOfNames    = 366
	errNicknameInUse = 433
	errNickCollision = 436
	errUnavailable   = 437
	errChannelIsFull = 471
)

func (s *ircSession) register(password string) error {
	fail := func(err error) error { return &SendError{Kind: Temporary, Step: StepConnect, Err: err} }
	if password != "" {
		if err := s.write("PASS :%s", password); err != nil {
			return fail(err)
		}
	}
	if err := s.write("NICK %s", s.nick); err != nil {
		return fail(err)
	}
	if err := s.write("USER sigpost 0 * :sigpost"); err != nil {
		return fail(err)
	}
	for tries := 0; ; {
		m, err := s.next()
		switch {
		case err != nil:
			return fail(err)
		case m.code() == rplWelcome:
			return nil
		case (m.code() == errNicknameInUse || m.code() == errNickCollision) && tries < nickTries:
			tries++
			s.nick += "_"
			if err := s.write("NICK %s", s.nick); err != nil {
				return fail(err)
			}
		case m.refuses():
			return s.refused(StepConnect, m)
		}
	}
}

// join enters the channel.
func (s *ircSession) join(channel string) error {
	if err := s.write("JOIN %s", channel); err != nil {
		return &SendError{Kind: Temporary, Step: StepJoin, Err: err}
	}
	for {
		m, err := s.next()
		switch {
		case err != nil:
			return &SendError{Kind: Temporary, Step: StepJoin, Err: err}
		case m.code() == rplEndOfNames && about(m, channel):
			return nil
		case m.refuses() && about(m, channel):
			return s.refused(StepJoin, m)
		}
	}
}

// said waits for what the server makes of the note.
func (s *ircSession) said(channel string) (string, error) {
	var refused *ircMessage
	for {
		m, err := s.next()
		switch {
		case err != nil && refused == nil:
			return "", &SendError{Kind: Unknown, Step: StepPrivmsg, Err: err}
		case err != nil, m.command == "PONG" && m.last() == ircToken:
			if refused != nil {
				return "", s.refused(StepPrivmsg, *refused)
			}
			return "said as " + s.nick + " in " + channel, nil
		case m.refuses() && about(m, channel):
			refused = &m
		}
	}
}

// about says whether a reply is about a channel.
func about(m ircMessage, channel string) bool {
	for _, p := range m.params {
		if strings.EqualFold(p, channel) {
			return true
		}
	}
	return false
}

// refused makes an error of a server's refusal. Most need somebody to do
// something; a full channel may empty by itself, and a taken nick is let go.
func (s *ircSession) refused(step Step, m ircMessage) *SendError {
	kind := Permanent
	switch m.code() {
	case errChannelIsFull, errUnavailable, errNicknameInUse, errNickCollision:
		kind = Temporary
	}
	return &SendError{Kind: kind, Step: step, Code: m.code(), Reply: clip(oneLine(m.command+" "+m.last()), maxReply)}
}
