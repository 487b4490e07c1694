package ingest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-imap/v2"

	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// startIMAP starts an in-process server with more ways to log in.
func startIMAP(t testing.TB, opts mailtest.IMAPOptions) inProcess {
	t.Helper()
	s, err := mailtest.StartIMAP(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return inProcess{s}
}

func TestAnonymousLogin(t *testing.T) {
	test := func(name, mailbox string, start func(t *testing.T) server) {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.load(t, "lists", sample(3))
			account := s.account()
			account.Auth, account.Username, account.Password = AuthAnonymous, "", nil
			archive := newMemory(t)
			if report := fetch(t, archive, Source{Account: account, Mailbox: mailbox}); report.Stored != 3 {
				t.Errorf("%+v", report)
			}
		})
	}
	test("in-process", "lists", func(t *testing.T) server { return startIMAP(t, mailtest.IMAPOptions{Anonymous: true}) })
	test("dovecot", "lists", func(t *testing.T) server { return dovecot{peertest.Dovecot(t)} })
	test("cyrus", peertest.OthersPrefix+"lists", func(t *testing.T) server { return cyrus{peertest.Cyrus(t)} })

	t.Run("by LOGIN where there is no AUTH=ANONYMOUS", func(t *testing.T) {
		s := startScripted(t, 2, func(*scripted) {})
		source := s.source()
		source.Account.Auth = AuthAnonymous
		source.Account.Username = ""
		fetch(t, newMemory(t), source)
		if !s.heard(`LOGIN "anonymous" "sigpost"`) {
			t.Errorf("commands %q", s.commands)
		}
	})
	t.Run("not by LOGIN where that is disabled", func(t *testing.T) {
		s := startScripted(t, 2, func(s *scripted) { s.caps = "IMAP4rev1 LOGINDISABLED" })
		account := s.source().Account
		account.Auth = AuthAnonymous
		if err := Check(t.Context(), account, nil); !errors.Is(err, ErrPlain) || s.heard("LOGIN") {
			t.Errorf("%v", err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		account := startIMAP(t, mailtest.IMAPOptions{}).account()
		account.Auth = AuthAnonymous
		if err := Check(t.Context(), account, nil); !errors.Is(err, ErrAuthentication) || !strings.Contains(err.Error(), `auth = "password"`) {
			t.Errorf("%v", err)
		}
	})
}

// heard says whether a command that begins like this came.
func (s *scripted) heard(prefix string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.commands {
		if strings.HasPrefix(c, prefix) {
			return true
		}
	}
	return false
}

func TestPasswordByLOGIN(t *testing.T) {
	s := startIMAP(t, mailtest.IMAPOptions{NoPlain: true, Password: `a "strange" \ word`, Username: "reader"})
	if err := Check(t.Context(), s.account(), []string{"INBOX"}); err != nil {
		t.Error(err)
	}
}

func TestUnknownAuthMethod(t *testing.T) {
	account := startInProcess(t, mailtest.Plain).account()
	account.Auth = "kerberos"
	if err := Check(t.Context(), account, nil); !errors.Is(err, ErrAuthentication) || !strings.Contains(err.Error(), `auth = "kerberos"`) {
		t.Errorf("%v", err)
	}
}

// Both mechanisms, on both kinds of server; a token that is refused is renewed
// once.
func TestAccessTokens(t *testing.T) {
	for _, mech := range []string{"OAUTHBEARER", "XOAUTH2"} {
		t.Run("in-process "+mech, func(t *testing.T) {
			tokens := startTokenServer(t)
			s := startIMAP(t, mailtest.IMAPOptions{Token: tokens.good, Bearer: []string{mech}})
			testAccessTokens(t, s, tokens)
		})
	}
	t.Run("dovecot", func(t *testing.T) {
		tokens := startTokenServer(t)
		s := dovecot{peertest.DovecotWithTokens(t, tokens.url+"/info?token=")}
		testAccessTokens(t, s, tokens)
	})
}

func testAccessTokens(t *testing.T, s server, tokens *tokenServer) {
	s.load(t, "lists", sample(3))
	account := s.account()
	account.Auth, account.Password, account.OAuth = AuthOAuth, nil, tokens.oauth(t)
	source := Source{Account: account, Mailbox: "lists"}
	if report := fetch(t, newMemory(t), source); report.Stored != 3 || tokens.renewals.Load() != 1 {
		t.Fatalf("%+v with %d renewals", report, tokens.renewals.Load())
	}
	fetch(t, newMemory(t), source)
	if n := tokens.renewals.Load(); n != 1 {
		t.Errorf("%d renewals: the token was not used again", n)
	}
	tokens.revokeAccess()
	fetch(t, newMemory(t), source)
	if n := tokens.renewals.Load(); n != 2 {
		t.Errorf("%d renewals after the token was refused", n)
	}
	tokens.useless.Store(true)
	tokens.revokeAccess()
	archive := newMemory(t)
	_, err := ingester(t, archive).Fetch(t.Context(), source, nil)
	if !errors.Is(err, ErrAuthentication) || !strings.Contains(err.Error(), "scopes") || strings.Contains(err.Error(), "access-") {
		t.Errorf("a new token that is refused: %v", err)
	}
	if n := tokens.renewals.Load(); n != 3 {
		t.Errorf("%d renewals: more than one for a refusal", n)
	}
}

func TestNoTokensOnOffer(t *testing.T) {
	tokens := startTokenServer(t)
	account := startInProcess(t, mailtest.Plain).account()
	account.Auth, account.OAuth = AuthOAuth, tokens.oauth(t)
	err := Check(t.Context(), account, nil)
	if !errors.Is(err, ErrAuthentication) || !strings.Contains(err.Error(), "it offers PLAIN") || errors.Is(err, errTokenRefused) {
		t.Errorf("%v", err)
	}
}

func TestBearerMessages(t *testing.T) {
	b := &bearer{username: "a,b=c@example.org", token: "T", host: "imap.example.org", port: "993"}
	if mech, initial, _ := b.Start(); mech != "OAUTHBEARER" || string(initial) != "n,a=a=2Cb=3Dc@example.org,\x01host=imap.example.org\x01port=993\x01auth=Bearer T\x01\x01" {
		t.Errorf("%s %q", mech, initial)
	}
	b.google = true
	if mech, initial, _ := b.Start(); mech != "XOAUTH2" || string(initial) != "user=a,b=c@example.org\x01auth=Bearer T\x01\x01" {
		t.Errorf("%s %q", mech, initial)
	}
	if answer, err := b.Next([]byte(`{"status":"401"}`)); err != nil || answer == nil || len(answer) != 0 || b.reason == "" {
		t.Errorf("%q %v", answer, err)
	}
	if _, err := b.Next([]byte("more")); err == nil {
		t.Error("a server that goes on asking is answered for ever")
	}
}

// Whatever keeps a login from working, no secret is in the error.
func TestLoginErrorsHoldNoSecrets(t *testing.T) {
	a := &Account{Name: "lists", Username: "u", Addr: "h:993"}
	refusal := &imap.Error{Type: imap.StatusResponseTypeNo, Text: "no\r\nsuch user"}
	for _, method := range []AuthMethod{AuthPassword, AuthAnonymous, AuthOAuth} {
		a.Auth = method
		if err := loginError(a, refusal); !errors.Is(err, ErrAuthentication) || temporary(err) || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// tokenServer is a token endpoint (RFC 6749, section 3.2) with a device
// endpoint (RFC 8628) and one that says which tokens are good.
type tokenServer struct {
	url      string
	renewals atomic.Int32
	access   atomic.Pointer[string] // the one that is good
	refresh  atomic.Pointer[string]
	useless  atomic.Bool // new tokens are not good
	rotate   bool        // a refresh token is good for one time
	polls    atomic.Int32
	device   func(poll int32) string // an error, or "" for yes
	answer   func(w http.ResponseWriter, r *http.Request) bool
}

func startTokenServer(t testing.TB) *tokenServer {
	t.Helper()
	s := &tokenServer{}
	first := "refresh-0"
	s.refresh.Store(&first)
	s.revokeAccess()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *tokenServer) revokeAccess() { s.access.Store(new(string)) }

func (s *tokenServer) good(token string) bool { return token != "" && token == *s.access.Load() }

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.answer != nil && s.answer(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/info":
		if !s.good(r.URL.Query().Get("token")) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		reply(w, http.StatusOK, map[string]any{"username": "reader", "active": true})
	case "/device":
		if r.FormValue("scope") != "mail offline_access" {
			reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_scope"})
			return
		}
		reply(w, http.StatusOK, map[string]any{"device_code": "D", "user_code": "ABCD-EFGH",
			"verification_uri": "https://login.example.org/device", "expires_in": 600, "interval": 1})
	default:
		s.token(w, r)
	}
}

func (s *tokenServer) token(w http.ResponseWriter, r *http.Request) {
	fail := ""
	switch {
	case r.FormValue("client_id") != "sigpost-test" || r.FormValue("client_secret") != "hush":
		fail = "invalid_client"
	case r.FormValue("grant_type") == "urn:ietf:params:oauth:grant-type:device_code":
		fail = s.device(s.polls.Add(1))
	case r.FormValue("grant_type") != "refresh_token" || r.FormValue("refresh_token") != *s.refresh.Load():
		fail = "invalid_grant"
	}
	if fail != "" {
		reply(w, http.StatusBadRequest, map[string]any{"error": fail, "error_description": "because"})
		return
	}
	n := string('0' + rune(s.renewals.Add(1)))
	access := "access-" + n
	if !s.useless.Load() {
		s.access.Store(&access)
	}
	answer := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 3600}
	if s.rotate || r.FormValue("grant_type") != "refresh_token" {
		next := "refresh-" + n
		s.refresh.Store(&next)
		answer["refresh_token"] = next
	}
	reply(w, http.StatusOK, answer)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
