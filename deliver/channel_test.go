package deliver_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sigpost"
	"sigpost/deliver"
	"sigpost/internal/peertest"
)

const note = "SIG-OpenStack Weekly No. 12\nhttps://digest.example.org/issues/weekly/12\n"

func fixed(s string) func() (string, error) { return func() (string, error) { return s, nil } }

// failed takes a SendError apart.
func failed(t *testing.T, err error) *deliver.SendError {
	t.Helper()
	var failure *deliver.SendError
	if err != nil && !errors.As(err, &failure) {
		t.Fatalf("%T: %v", err, err)
	}
	return failure
}

// What becomes of a note is read from how far it came, with each fault at the
// other end; nothing is posted twice, and the URL, a secret, is in no error.
func TestSlack(t *testing.T) {
	var posts atomic.Int64
	var body struct{ Text string }
	answer := func(status int, says string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			posts.Add(1)
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != "POST" || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%s %s: %v", r.Method, r.Header, err)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			fmt.Fprint(w, says)
		}
	}
	hangUp := func(read bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			posts.Add(1)
			if read {
				_, _ = io.ReadAll(r.Body)
			}
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
		}
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		kind    deliver.Kind // "" for a note that was taken
		says    string
	}{
		{"taken", answer(200, "ok"), "", ""},
		{"refused", answer(403, "invalid_token"), deliver.Permanent, "403 invalid_token"},
		{"gone", answer(404, "no_service"), deliver.Permanent, "404 no_service"},
		{"sent elsewhere", answer(302, ""), deliver.Permanent, "302"},
		{"too much", answer(429, "rate_limited"), deliver.Temporary, "429 rate_limited"},
		{"trouble", answer(500, "rollup_error"), deliver.Temporary, "500 rollup_error"},
		{"trouble between", answer(502, "bad gateway"), deliver.Unknown, "may have arrived"},
		{"no answer", hangUp(true), deliver.Unknown, "may have arrived"},
		{"a late answer", func(w http.ResponseWriter, r *http.Request) {
			posts.Add(1)
			_, _ = io.ReadAll(r.Body)
			<-r.Context().Done()
		}, deliver.Unknown, "may have arrived"},
	} {
		t.Run(c.name, func(t *testing.T) {
			posts.Store(0)
			body.Text = ""
			server := httptest.NewServer(c.handler)
			defer server.Close()
			secret := server.URL + "/services/T0/B0/secret"
			reply, err := deliver.NewSlack(fixed(secret), 500*time.Millisecond).Send(t.Context(), "", "slack", []byte(note))
			f := failed(t, err)
			server.Close() // which waits for the handler
			if n := posts.Load(); n != 1 {
				t.Errorf("%d posts", n)
			}
			switch {
			case c.kind == "" && (f != nil || reply != "200 ok" || body.Text != note):
				t.Errorf("%q, %v; posted %q", reply, err, body.Text)
			case c.kind != "" && (f == nil || f.Kind != c.kind || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %v, want %s and %q", err, c.kind, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the URL is in the error: %v", err)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		_, err := deliver.NewSlack(fixed("http://"+peertest.FreeAddr(t)+"/services/secret"), time.Second).Send(t.Context(), "", "slack", []byte(note))
		if f := failed(t, err); f == nil || f.Kind != deliver.Temporary || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v", err)
		}
	})
	t.Run("no URL", func(t *testing.T) {
		_, err := deliver.NewSlack(func() (string, error) { return "", errors.New("no file") }, time.Second).Send(t.Context(), "", "slack", []byte(note))
		if f := failed(t, err); f == nil || f.Kind != deliver.Temporary {
			t.Errorf("%v", err)
		}
	})
	t.Run("a URL that is none", func(t *testing.T) {
		_, err := deliver.NewSlack(fixed("http://[secret"), time.Second).Send(t.Context(), "", "slack", []byte(note))
		if f := failed(t, err); f == nil || f.Kind != deliver.Permanent || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v", err)
		}
	})
}

// A server that is not ours to script: the note is said, in clear text and over
// TLS, and a refusal is known.
func TestIRCOnNgIRCd(t *testing.T) {
	server := peertest.NgIRCd(t)
	ear := server.Listen("ear", "#sig")
	base := deliver.IRCServer{Addr: server.Addr, TLS: deliver.TLSPlain, Nick: "sigpost", Channel: "#sig", Password: fixed(server.Password), Timeout: 10 * time.Second}
	say := func(change func(*deliver.IRCServer), text string) (string, error) {
		s := base
		change(&s)
		return deliver.NewIRC(s).Send(t.Context(), "", "irc", []byte(text))
	}
	for name, change := range map[string]func(*deliver.IRCServer){
		"clear text": func(*deliver.IRCServer) {},
		"TLS": func(s *deliver.IRCServer) {
			s.Addr, s.TLS, s.RootCAs = server.TLSAddr, deliver.TLSImplicit, server.Roots
		},
	} {
		if reply, err := say(change, note); err != nil || reply != "said as sigpost in #sig" {
			t.Fatalf("%s: %q, %v", name, reply, err)
		}
		for _, want := range []string{"sigpost: SIG-OpenStack Weekly No. 12", "sigpost: https://digest.example.org/issues/weekly/12"} {
			if got := ear.Heard(5 * time.Second); got != want {
				t.Errorf("%s: heard %q, want %q", name, got, want)
			}
		}
	}
	if reply, err := say(func(s *deliver.IRCServer) { s.Nick = "ear" }, "hello"); err != nil || reply != "said as ear_ in #sig" {
		t.Errorf("a taken nick: %q, %v", reply, err)
	}
	if got := ear.Heard(5 * time.Second); got != "ear_: hello" {
		t.Errorf("heard %q", got)
	}
	// One line is one message, whatever is in it.
	if _, err := say(func(*deliver.IRCServer) {}, "a\rQUIT\x00\n"+strings.Repeat("é", 400)); err != nil {
		t.Error(err)
	}
	if got := ear.Heard(5 * time.Second); got != "sigpost: aQUIT" {
		t.Errorf("heard %q", got)
	}
	if got := ear.Heard(5 * time.Second); got != "sigpost: "+strings.Repeat("é", 190) {
		t.Errorf("heard %q", got)
	}
	for name, c := range map[string]struct {
		change func(*deliver.IRCServer)
		kind   deliver.Kind
		step   deliver.Step
	}{
		"by invitation only": {func(s *deliver.IRCServer) { s.Channel = "#invited" }, deliver.Permanent, deliver.StepJoin},
		"no channel":         {func(s *deliver.IRCServer) { s.Channel = "sig" }, deliver.Permanent, deliver.StepJoin},
		"wrong password":     {func(s *deliver.IRCServer) { s.Password = fixed("wrong") }, deliver.Temporary, deliver.StepConnect},
		"no password":        {func(s *deliver.IRCServer) { s.Password = nil }, deliver.Temporary, deliver.StepConnect},
		"another authority": {func(s *deliver.IRCServer) {
			s.Addr, s.TLS, s.RootCAs = server.TLSAddr, deliver.TLSImplicit, x509.NewCertPool()
		}, deliver.Temporary, deliver.StepConnect},
	} {
		_, err := say(c.change, note)
		if f := failed(t, err); f == nil || f.Step != c.step {
			t.Errorf("%s: %v", name, err)
		} else if f.Kind != c.kind {
			t.Errorf("%s is %s: %v", name, f.Kind, err)
		}
	}
	if got := ear.Heard(300 * time.Millisecond); got != "" {
		t.Errorf("heard %q", got)
	}
	if err := deliver.NewIRC(base).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// scripted is an IRC server that hangs up, or answers, where the script says.
func scripted(t *testing.T, handle func(command string, conn net.Conn) (goOn bool)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for in := bufio.NewScanner(conn); in.Scan(); {
					command, _, _ := strings.Cut(in.Text(), " ")
					if !handle(command, conn) {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// polite is what a server does that has no fault.
func polite(command string, conn net.Conn) bool {
	switch command {
	case "USER":
		fmt.Fprint(conn, "PING :x\r\n:s NOTICE * :hello\r\n:s 001 sigpost :Welcome\r\n")
	case "JOIN":
		fmt.Fprint(conn, ":sigpost!u@h JOIN #sig\r\n:s 366 sigpost #sig :End of /NAMES list\r\n")
	case "PING":
		fmt.Fprint(conn, "@time=1 :s PONG s :sigpost-has-said-it\r\n")
	}
	return command != "QUIT"
}

func TestIRCFaults(t *testing.T) {
	hangUpAt := func(at string) func(string, net.Conn) bool {
		return func(command string, conn net.Conn) bool { return command != at && polite(command, conn) }
	}
	answerAt := func(at, answer string, goOn bool) func(string, net.Conn) bool {
		return func(command string, conn net.Conn) bool {
			if command == at {
				fmt.Fprint(conn, answer)
				return goOn
			}
			return polite(command, conn)
		}
	}
	for _, c := range []struct {
		name   string
		handle func(string, net.Conn) bool
		kind   deliver.Kind
		step   deliver.Step
	}{
		{"no fault", polite, "", ""},
		{"gone while registering", hangUpAt("USER"), deliver.Temporary, deliver.StepConnect},
		{"banned", answerAt("USER", ":s 465 * :You are banned\r\n", true), deliver.Permanent, deliver.StepConnect},
		{"thrown out", answerAt("USER", "ERROR :Closing link: throttled\r\n", false), deliver.Temporary, deliver.StepConnect},
		{"every nick taken", func(command string, conn net.Conn) bool {
			if command == "NICK" {
				fmt.Fprint(conn, ":s 433 * sigpost :Nickname is already in use\r\n")
			}
			return command == "NICK" || command == "USER"
		}, deliver.Temporary, deliver.StepConnect},
		{"gone while joining", hangUpAt("JOIN"), deliver.Temporary, deliver.StepJoin},
		{"a full channel", answerAt("JOIN", ":s 471 sigpost #sig :Cannot join channel (+l)\r\n", true), deliver.Temporary, deliver.StepJoin},
		{"gone behind the note", hangUpAt("PRIVMSG"), deliver.Unknown, deliver.StepPrivmsg},
		{"gone before it is known", hangUpAt("PING"), deliver.Unknown, deliver.StepPrivmsg},
		{"silent", answerAt("PING", "", true), deliver.Unknown, deliver.StepPrivmsg},
		{"not to be said", answerAt("PRIVMSG", ":s 404 sigpost #sig :Cannot send to channel\r\n", true), deliver.Permanent, deliver.StepPrivmsg},
		{"refused, then gone", answerAt("PRIVMSG", ":s 404 sigpost #sig :Cannot send to channel\r\n", false), deliver.Permanent, deliver.StepPrivmsg},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := scripted(t, c.handle)
			_, err := deliver.NewIRC(deliver.IRCServer{Addr: addr, TLS: deliver.TLSPlain, Nick: "sigpost", Channel: "#sig", Timeout: time.Second}).
				Send(t.Context(), "", "irc", []byte("hello"))
			f := failed(t, err)
			if c.kind == "" && f != nil || c.kind != "" && (f == nil || f.Kind != c.kind || f.Step != c.step) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Channels that fail, each by itself, keep no other from its note, and no run
// from going on; what may have arrived is held.
func TestChannelsAreApart(t *testing.T) {
	m := newMemory(t, 9)
	taken := 0
	channels := deliver.Channels{}
	for i := range 9 {
		kind := []deliver.Kind{deliver.Temporary, deliver.Unknown, deliver.Permanent}[i%3]
		if i == 8 {
			kind = ""
		}
		channels[fmt.Sprintf("c%d", i+1)] = channel(func() error {
			if kind == "" {
				taken++
				return nil
			}
			return &deliver.SendError{Kind: kind, Step: deliver.StepConnect, Err: errors.New("down")}
		})
	}
	delete(channels, "c3") // it is in the ledger, and the configuration has it no more
	outcome, err := sender(m, channels, newClock(), deliver.Options{Apart: true}).Send(t.Context(), issue, func(_ context.Context, d sigpost.Delivery) (string, string, []byte, error) {
		return "", fmt.Sprintf("c%d", d.SubscriptionID), []byte(note), nil
	}, nil)
	if err != nil || taken != 1 || outcome.Sent != 1 || outcome.Waiting != 3 || outcome.Unknown != 3 || outcome.Failed != 2 {
		t.Errorf("%+v, %v, %d taken", outcome, err, taken)
	}
}

type channel func() error

func (c channel) Send(context.Context, string, string, []byte) (string, error) { return "ok", c() }
func (c channel) Close() error                                                 { return nil }
