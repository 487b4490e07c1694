package deliver_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"sigpost/deliver"
	"sigpost/internal/peertest"
)

const mailText = "Subject: hello\r\n\r\nA line.\r\n.dotted\r\n..twice\r\n"

func plain(p *peer) deliver.Server {
	return deliver.Server{Addr: p.addr, TLS: deliver.TLSPlain, Hello: "test.example.org", Timeout: 2 * time.Second}
}

func courier(t testing.TB, server deliver.Server) *deliver.SMTP {
	t.Helper()
	c := deliver.NewSMTP(server)
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t testing.TB, c deliver.Courier, to string) (string, error) {
	t.Helper()
	return c.Send(t.Context(), "news@example.org", to, []byte(mailText))
}

func TestOneConnectionServesManyLetters(t *testing.T) {
	p := startPeer(t, nil)
	c := courier(t, plain(p))
	for range 30 {
		reply, err := send(t, c, "ada@example.org")
		if err != nil || reply != "250 2.0.0 queued as A1" {
			t.Fatalf("reply %q, error %v", reply, err)
		}
	}
	c.Close()
	if got := p.took(); len(got) != 30 || got[0] != (letter{"<news@example.org> BODY=8BITMIME", "<ada@example.org>", mailText}) {
		t.Errorf("%d letters, the first %+v", len(got), got[0])
	}
	if p.conns() != 1 {
		t.Errorf("%d connections, want 1", p.conns())
	}
	// Four exchanges a letter and nothing else: no NOOP, no RSET.
	commands := p.said()
	if want := 1 + 30*3 + 1; len(commands) != want || commands[len(commands)-1] != "QUIT" {
		t.Errorf("%d commands, want %d, the last %q", len(commands), want, commands[len(commands)-1])
	}
}

// The table of faults: what goes wrong at which step, what that means for the
// letter, and whether the connection may serve the next one.
func TestFaults(t *testing.T) {
	const temporary, permanent, unknown = deliver.Temporary, deliver.Permanent, deliver.Unknown
	cases := []struct {
		name   string
		fault  script
		kind   deliver.Kind // empty: a ServerError
		step   deliver.Step
		code   int
		status string
		conns  int // after one more letter
	}{
		{"4xx at MAIL", at("MAIL", 1, "451 4.3.0 later"), temporary, "MAIL", 451, "4.3.0", 1},
		{"5xx at MAIL blames the sender", at("MAIL", 1, "550 5.7.1 not you"), "", "", 0, "", 1},
		{"421 at MAIL of a new connection", at("MAIL", 1, "421 4.3.2 closing"), temporary, "MAIL", 421, "4.3.2", 2},
		{"closed at MAIL of a new connection", at("MAIL", 1, hangUp), temporary, "MAIL", 0, "", 2},
		{"silence at MAIL", at("MAIL", 1, stall), temporary, "MAIL", 0, "", 2},
		{"babble at MAIL", at("MAIL", 1, "what?"), temporary, "MAIL", 0, "", 2},
		{"354 at MAIL", at("MAIL", 1, "354 go on"), temporary, "MAIL", 0, "", 2},
		{"4xx at RCPT", at("RCPT", 1, "450 4.2.0 greylisted"), temporary, "RCPT", 450, "4.2.0", 1},
		{"5xx at RCPT", at("RCPT", 1, "550 5.1.1 no such user"), permanent, "RCPT", 550, "5.1.1", 1},
		{"501 at RCPT", at("RCPT", 1, "501 5.1.3 bad syntax"), permanent, "RCPT", 501, "5.1.3", 1},
		{"5xx on many lines", at("RCPT", 1, "550-5.1.1 no\n550 5.1.1 such user"), permanent, "RCPT", 550, "5.1.1", 1},
		{"status of another class", at("RCPT", 1, "550 4.1.1 muddled"), permanent, "RCPT", 550, "", 1},
		{"no status", at("RCPT", 1, "550 1.2 no such user"), permanent, "RCPT", 550, "", 1},
		{"closed at RCPT", at("RCPT", 1, hangUp), temporary, "RCPT", 0, "", 2},
		{"silence at RCPT", at("RCPT", 1, stall), temporary, "RCPT", 0, "", 2},
		{"4xx at DATA", at("DATA", 1, "452 4.3.1 disk full"), temporary, "DATA", 452, "4.3.1", 1},
		{"5xx at DATA", at("DATA", 1, "554 5.5.1 no valid recipients"), permanent, "DATA", 554, "5.5.1", 1},
		{"250 at DATA", at("DATA", 1, "250 ok"), temporary, "DATA", 0, "", 2},
		{"closed at DATA", at("DATA", 1, hangUp), temporary, "DATA", 0, "", 2},
		{"silence at DATA", at("DATA", 1, stall), temporary, "DATA", 0, "", 2},
		{"4xx after the dot", at(".", 1, "451 4.7.1 try later"), temporary, ".", 451, "4.7.1", 1},
		{"5xx after the dot", at(".", 1, "554 5.7.1 looks like spam"), permanent, ".", 554, "5.7.1", 1},
		{"closed after the dot", at(".", 1, takeIt), unknown, ".", 0, "", 2},
		{"silence after the dot", at(".", 1, stall), unknown, ".", 0, "", 2},
		{"babble after the dot", at(".", 1, "hm"), unknown, ".", 0, "", 2},
		{"354 after the dot", at(".", 1, "354 more"), unknown, ".", 0, "", 2},
		{"RSET fails after a refusal", both(at("RCPT", 1, "550 5.1.1 no"), at("RSET", 1, hangUp)), permanent, "RCPT", 550, "5.1.1", 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, c.fault)
			server := plain(p)
			server.Timeout = time.Second
			smtp := courier(t, server)
			_, err := send(t, smtp, "ada@example.org")
			var failed *deliver.SendError
			var serverErr *deliver.ServerError
			if c.kind == "" {
				if !errors.As(err, &serverErr) {
					t.Errorf("got %v, want a ServerError", err)
				}
			} else if !errors.As(err, &failed) || failed.Kind != c.kind || failed.Step != c.step || failed.Code != c.code || failed.Status != c.status {
				t.Errorf("got %#v (%v)", failed, err)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("the error is more than a line: %q", err)
			}
			before := len(p.took())
			if _, err := send(t, smtp, "bob@example.org"); err != nil {
				t.Errorf("the next letter failed: %v", err)
			}
			if got := p.took(); len(got) != before+1 || got[before].to != "<bob@example.org>" {
				t.Errorf("the server has %+v", got)
			}
			if p.conns() != c.conns {
				t.Errorf("%d connections, want %d", p.conns(), c.conns)
			}
		})
	}
}

func both(scripts ...script) script {
	return func(step string, n int) string {
		for _, s := range scripts {
			if answer := s(step, n); answer != "" {
				return answer
			}
		}
		return ""
	}
}

// A text of which only a part went out must not arrive as if it were whole.
func TestClosedInTheMiddleOfTheText(t *testing.T) {
	p := startPeer(t, at("text", 0, hangUp))
	c := courier(t, plain(p))
	big := []byte("Subject: big\r\n\r\n" + strings.Repeat("a line of text that fills the buffers\r\n", 500_000))
	_, err := c.Send(t.Context(), "news@example.org", "ada@example.org", big)
	var failed *deliver.SendError
	if !errors.As(err, &failed) || failed.Kind != deliver.Temporary || failed.Step != deliver.StepData {
		t.Errorf("got %v", err)
	}
	if got := p.took(); len(got) != 0 {
		t.Errorf("%d letters arrived", len(got))
	}
}

// A kept connection that the server has ended is no letter's fault.
func TestStaleConnectionIsRenewed(t *testing.T) {
	for name, answer := range map[string]string{"silently": hangUp, "with a 421": "421 4.4.2 idle too long"} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, at("MAIL", 2, answer))
			c := courier(t, plain(p))
			for range 3 {
				if _, err := send(t, c, "ada@example.org"); err != nil {
					t.Fatal(err)
				}
			}
			if len(p.took()) != 3 || p.conns() != 2 {
				t.Errorf("%d letters over %d connections, want 3 over 2", len(p.took()), p.conns())
			}
		})
	}
}

// Ending the context cuts a letter short; the step says what that means.
func TestContextCutsALetterShort(t *testing.T) {
	for step, want := range map[string]deliver.Kind{"RCPT": deliver.Temporary, ".": deliver.Unknown} {
		t.Run(step, func(t *testing.T) {
			p := startPeer(t, at(step, 1, stall))
			server := plain(p)
			server.Timeout = time.Minute // which is what it would take without the context
			c := courier(t, server)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			_, err := c.Send(ctx, "news@example.org", "ada@example.org", []byte(mailText))
			var failed *deliver.SendError
			if !errors.As(err, &failed) || failed.Kind != want {
				t.Errorf("got %v, want the kind %s", err, want)
			}
			if took := time.Since(began); took > server.Timeout/2 {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestAddressesSayNothingElse(t *testing.T) {
	p := startPeer(t, nil)
	c := courier(t, plain(p))
	for _, to := range []string{"", "ada", "ada@", "@example.org", "a@b> NOTIFY=NEVER", "a@b\r\nRCPT TO:<c@d", "<a@b>", "a b@example.org"} {
		_, err := send(t, c, to)
		var failed *deliver.SendError
		if !errors.As(err, &failed) || failed.Kind != deliver.Permanent {
			t.Errorf("%q: got %v", to, err)
		}
	}
	if _, err := c.Send(t.Context(), "", "ada@example.org", []byte(mailText)); err != nil {
		t.Errorf("the null reverse-path was refused: %v", err)
	}
	if got := p.took(); len(got) != 1 || !strings.HasPrefix(got[0].from, "<>") {
		t.Errorf("the server has %+v", got)
	}
}

func TestSMTPUTF8OnlyWhereNeeded(t *testing.T) {
	with := startPeer(t, nil, func(p *peer) { p.features = []string{"8BITMIME", "SMTPUTF8"} })
	c := courier(t, plain(with))
	for _, to := range []string{"ada@example.org", "zoë@example.org"} {
		if _, err := send(t, c, to); err != nil {
			t.Fatal(err)
		}
	}
	got := with.took()
	if strings.Contains(got[0].from, "SMTPUTF8") || !strings.HasSuffix(got[1].from, " SMTPUTF8") {
		t.Errorf("MAIL had %q and %q", got[0].from, got[1].from)
	}
	without := courier(t, plain(startPeer(t, nil)))
	_, err := send(t, without, "zoë@example.org")
	var failed *deliver.SendError
	if !errors.As(err, &failed) || failed.Kind != deliver.Permanent {
		t.Errorf("without SMTPUTF8: %v", err)
	}
}

func TestTLSAndLogin(t *testing.T) {
	cert, pool := certificate(t, time.Now().Add(time.Hour))
	secured := func(implicit bool) func(*peer) {
		return func(p *peer) {
			p.cert, p.implicit, p.password = cert, implicit, "hush"
			p.features = []string{"AUTH PLAIN LOGIN"}
			if !implicit {
				p.features = append(p.features, "STARTTLS")
			}
		}
	}
	for _, mode := range []deliver.TLSMode{deliver.TLSImplicit, deliver.TLSStart, ""} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			p := startPeer(t, nil, secured(mode == deliver.TLSImplicit))
			c := courier(t, deliver.Server{Addr: p.addr, TLS: mode, RootCAs: pool, Timeout: 5 * time.Second,
				Username: "mailer", Password: func() (string, error) { return "hush", nil }})
			for range 2 {
				if _, err := send(t, c, "ada@example.org"); err != nil {
					t.Fatal(err)
				}
			}
			if len(p.took()) != 2 || p.conns() != 1 {
				t.Errorf("%d letters over %d connections", len(p.took()), p.conns())
			}
		})
	}
}

// A token that the server does not take is renewed, once.
func TestLoginByToken(t *testing.T) {
	for name, c := range map[string]struct {
		tokens []string
		ok     bool
	}{
		"good": {[]string{"good"}, true}, "expired": {[]string{"old", "good"}, true}, "refused": {[]string{"old", "older"}, false}, "no other": {[]string{"old", "old"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, nil, func(p *peer) { p.token, p.features = "good", []string{"AUTH PLAIN XOAUTH2"} })
			server := plain(p)
			server.Username = "mailer"
			server.Token = func(_ context.Context, refused string) (string, bool, error) {
				if refused == "" {
					return c.tokens[0], false, nil
				}
				return c.tokens[1], true, nil
			}
			_, err := send(t, courier(t, server), "ada@example.org")
			var trouble *deliver.ServerError
			if c.ok != (err == nil) || err != nil && (!errors.As(err, &trouble) || !strings.Contains(err.Error(), "login was refused")) {
				t.Errorf("got %v", err)
			}
			for _, token := range c.tokens {
				if err != nil && strings.Contains(err.Error(), token+" ") {
					t.Errorf("the token is shown: %v", err)
				}
			}
		})
	}
}

// Whatever is wrong with the server gives one line that says what to do.
func TestServerErrors(t *testing.T) {
	cert, pool := certificate(t, time.Now().Add(time.Hour))
	expired, expiredPool := certificate(t, time.Now().Add(-time.Hour))
	password := func() (string, error) { return "hush", nil }
	start := func(do script, change ...func(*peer)) string { return startPeer(t, do, change...).addr }
	tls := func(p *peer) { p.cert, p.implicit = cert, true }
	startTLS := func(p *peer) { p.cert, p.features, p.password = cert, []string{"STARTTLS", "AUTH PLAIN"}, "other" }
	cases := []struct {
		name   string
		server deliver.Server
		want   string // in the error
	}{
		{"unknown host", deliver.Server{Addr: "no-such-host.invalid:25"}, "check"},
		{"refused connection", deliver.Server{Addr: peertest.FreeAddr(t)}, "nobody listens there"},
		{"no port", deliver.Server{Addr: "mail.example.org"}, "not host:port"},
		{"odd port", deliver.Server{Addr: "mail.example.org:smtp"}, "not a number"},
		{"unknown authority", deliver.Server{Addr: start(nil, tls), TLS: deliver.TLSImplicit}, "certificate is not valid"},
		{"unknown authority by STARTTLS", deliver.Server{Addr: start(nil, startTLS)}, "certificate is not valid"},
		{"expired certificate", deliver.Server{Addr: start(nil, tls, func(p *peer) { p.cert = expired }), TLS: deliver.TLSImplicit, RootCAs: expiredPool}, "expired"},
		{"no STARTTLS", deliver.Server{Addr: start(nil)}, "offers no STARTTLS"},
		{"no TLS at this port", deliver.Server{Addr: start(nil), TLS: deliver.TLSImplicit}, "does not speak TLS"},
		{"TLS at this port", deliver.Server{Addr: start(nil, tls), TLS: deliver.TLSPlain}, "mail server"},
		{"wrong password", deliver.Server{Addr: start(nil, startTLS), RootCAs: pool, Username: "mailer", Password: password}, "check user name and password"},
		{"no login offered", deliver.Server{Addr: start(nil), TLS: deliver.TLSPlain, Username: "mailer", Password: password}, "no way to log in"},
		{"unreadable password", deliver.Server{Addr: start(nil), Username: "mailer", Password: func() (string, error) { return "", errors.New("no such file") }}, "no such file"},
		{"greeting refused", deliver.Server{Addr: start(at("greeting", 1, "554 5.7.1 go away")), TLS: deliver.TLSPlain}, "refuses the session"},
		{"closed at once", deliver.Server{Addr: start(at("greeting", 1, hangUp)), TLS: deliver.TLSPlain}, "closed the connection"},
		{"silent", deliver.Server{Addr: start(at("greeting", 1, stall)), TLS: deliver.TLSPlain}, "does not answer in time"},
		{"another protocol", deliver.Server{Addr: start(at("greeting", 1, "+OK POP3 ready")), TLS: deliver.TLSPlain}, "no mail server"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.server.Timeout = 2 * time.Second
			_, err := send(t, courier(t, c.server), "ada@example.org")
			var server *deliver.ServerError
			if !errors.As(err, &server) || server.Do == "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "hush") {
				t.Errorf("not one line without secrets: %q", err)
			}
			t.Log(err)
		})
	}
}

// Clear text stays on this machine unless it is spelled out.
func TestPlainIsForLoopback(t *testing.T) {
	var own string
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			own = n.IP.String()
		}
	}
	if own == "" {
		t.Skip("this machine has no address but loopback")
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(own, "0"))
	if err != nil {
		t.Skip(err)
	}
	defer listener.Close()
	err = deliver.NewSMTP(deliver.Server{Addr: listener.Addr().String(), TLS: deliver.TLSPlain, Timeout: time.Second}).Connect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "clear text") {
		t.Errorf("got %v", err)
	}
}

// A single letter goes by the first server that can be used.
func TestInOrder(t *testing.T) {
	second := startPeer(t, nil)
	away := deliver.Server{Addr: "127.0.0.1:1", TLS: deliver.TLSPlain, Timeout: time.Second}
	c := deliver.InOrder{deliver.NewSMTP(away), deliver.NewSMTP(plain(second))}
	defer c.Close()
	if err := c.Connect(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := send(t, c, "ada@example.org"); err != nil || len(second.took()) != 1 {
		t.Errorf("got %v", err)
	}
	var trouble *deliver.ServerError
	if _, err := send(t, deliver.InOrder{deliver.NewSMTP(away)}, "ada@example.org"); !errors.As(err, &trouble) {
		t.Errorf("with none it gives %v", err)
	}
}
