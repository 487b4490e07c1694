package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// oauth is a client of the server, with the refresh token that is good.
func (s *tokenServer) oauth(t testing.TB) *OAuth {
	t.Helper()
	o := &OAuth{
		Account: "lists", TokenURL: s.url + "/token", DeviceURL: s.url + "/device",
		ClientID: "sigpost-test", ClientSecret: func() (string, error) { return "hush", nil },
		Scopes: []string{"mail", "offline_access"}, TokenFile: filepath.Join(t.TempDir(), "imap.token"),
	}
	writeTokens(t, o, tokens{Refresh: *s.refresh.Load()})
	return o
}

func writeTokens(t testing.TB, o *OAuth, kept tokens) {
	t.Helper()
	data, err := json.Marshal(kept)
	if err == nil {
		err = os.WriteFile(o.TokenFile, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readTokens(t testing.TB, o *OAuth) (kept tokens) {
	t.Helper()
	data, err := os.ReadFile(o.TokenFile)
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(o.TokenFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token file's mode is %v (%v)", info.Mode(), err)
	}
	if all, _ := os.ReadDir(filepath.Dir(o.TokenFile)); len(all) != 1 {
		t.Errorf("beside the token file there is %v", all)
	}
	return kept
}

func TestTokensAreKeptAndRenewed(t *testing.T) {
	s := startTokenServer(t)
	s.rotate = true
	o := s.oauth(t)
	get := func(refused, want string, wantRenewed bool) {
		t.Helper()
		token, renewed, err := o.AccessToken(t.Context(), refused)
		if err != nil || token != want || renewed != wantRenewed {
			t.Fatalf("%q, %t, %v; want %q, %t", token, renewed, err, want, wantRenewed)
		}
	}
	get("", "access-1", true)
	if kept := readTokens(t, o); kept.Refresh != "refresh-1" || kept.Access != "access-1" || time.Until(kept.Expiry) < 50*time.Minute {
		t.Errorf("kept %+v", kept)
	}
	get("", "access-1", false)
	again := &OAuth{Account: o.Account, TokenURL: o.TokenURL, ClientID: o.ClientID, ClientSecret: o.ClientSecret, TokenFile: o.TokenFile}
	if token, renewed, err := again.AccessToken(t.Context(), ""); token != "access-1" || renewed || err != nil {
		t.Errorf("another process: %q, %t, %v", token, renewed, err)
	}
	get("access-1", "access-2", true)

	kept := readTokens(t, o)
	kept.Expiry = time.Now().Add(tokenMargin - time.Second)
	writeTokens(t, o, kept)
	get("", "access-3", true)
}

// A server that hands out no refresh token again means that the old one stays.
func TestRefreshTokenStays(t *testing.T) {
	s := startTokenServer(t)
	o := s.oauth(t)
	if _, _, err := o.AccessToken(t.Context(), ""); err != nil || readTokens(t, o).Refresh != "refresh-0" {
		t.Errorf("%v, %+v", err, readTokens(t, o))
	}
}

// Two processes renew at the same time: the one that comes second finds what
// the first one has stored.
func TestTokenRenewedBySomebodyElse(t *testing.T) {
	s := startTokenServer(t)
	s.rotate = true
	o := s.oauth(t)
	s.answer = func(http.ResponseWriter, *http.Request) bool {
		s.answer = nil
		other := "refresh-other"
		s.refresh.Store(&other)
		writeTokens(t, o, tokens{Refresh: other, Access: "access-other", Expiry: time.Now().Add(time.Hour)})
		return false
	}
	if token, _, err := o.AccessToken(t.Context(), ""); token != "access-other" || err != nil {
		t.Errorf("%q, %v", token, err)
	}
}

func TestTokenErrorsSayWhatToDo(t *testing.T) {
	refuse := func(status int, body string) func(*tokenServer, *OAuth) {
		return func(s *tokenServer, _ *OAuth) {
			s.answer = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
				return true
			}
		}
	}
	for _, test := range []struct {
		name      string
		change    func(s *tokenServer, o *OAuth)
		want      error
		text      string
		temporary bool
	}{
		{"revoked", func(_ *tokenServer, o *OAuth) { writeTokens(t, o, tokens{Refresh: "old"}) }, ErrToken, `"sigpost login lists"`, false},
		{"wrong client", func(_ *tokenServer, o *OAuth) { o.ClientID = "x" }, ErrToken, "check client_id and client_secret_file", false},
		{"no client secret", func(_ *tokenServer, o *OAuth) {
			o.ClientSecret = func() (string, error) { return "", errors.New("no file") }
		}, ErrToken, "no file", false},
		{"wrong clock", func(s *tokenServer, o *OAuth) {
			writeTokens(t, o, tokens{Refresh: "old"})
			s.answer = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Date", time.Now().Add(3*time.Hour).UTC().Format(http.TimeFormat))
				return false
			}
		}, ErrToken, "this machine's clock: it is 3h0m0s off", false},
		{"scopes", refuse(400, `{"error":"invalid_scope"}`), ErrToken, "check scopes", false},
		{"another refusal", refuse(400, `{"error":"consent_required","error_description":"ask\r\nagain"}`), ErrToken, "consent_required ask  again", false},
		{"not a token server", refuse(404, `<html>secret-page</html>`), ErrToken, "check token_url", false},
		{"out of order", refuse(503, `{}`), ErrUnreachable, "503", true},
		{"no token in the answer", refuse(200, `{"token_type":"Bearer"}`), ErrToken, "access_token", false},
		{"elsewhere", func(s *tokenServer, _ *OAuth) {
			s.answer = func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
				return true
			}
		}, ErrToken, "check token_url", false},
		{"nobody there", func(_ *tokenServer, o *OAuth) { o.TokenURL = "http://127.0.0.1:1/token" }, ErrUnreachable, "connection refused", true},
		{"not https", func(_ *tokenServer, o *OAuth) { o.TokenURL = "http://login.example.org/token" }, ErrToken, "is not https", false},
		{"no file", func(_ *tokenServer, o *OAuth) { os.Remove(o.TokenFile) }, ErrToken, `"sigpost login lists" makes one`, false},
		{"a file of something else", func(_ *tokenServer, o *OAuth) { os.WriteFile(o.TokenFile, []byte("refresh-secret"), 0o600) }, ErrToken, "holds no JSON", false},
		{"no folder", func(_ *tokenServer, o *OAuth) { o.TokenFile = filepath.Join(o.TokenFile, "x") }, ErrToken, "token_file", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startTokenServer(t)
			o := s.oauth(t)
			test.change(s, o)
			_, _, err := o.AccessToken(t.Context(), "")
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || temporary(err) != test.temporary {
				t.Errorf("%v", err)
			}
			for _, secret := range []string{"refresh-", "hush", "secret-page", "\n", "\r"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %v", secret, err)
				}
			}
		})
	}
}

func TestCancelledWhileATokenIsAwaited(t *testing.T) {
	s := startTokenServer(t)
	o := s.oauth(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.answer = func(_ http.ResponseWriter, r *http.Request) bool {
		_ = r.ParseForm() // the server sees the end of a connection once the body is read
		cancel()
		<-r.Context().Done()
		return true
	}
	if _, _, err := o.AccessToken(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestDeviceLogin(t *testing.T) {
	s := startTokenServer(t)
	o := s.oauth(t)
	os.Remove(o.TokenFile)
	s.device = func(poll int32) string {
		if poll == 1 {
			return "authorization_pending"
		}
		return ""
	}
	var words bytes.Buffer
	if err := o.Login(t.Context(), &words); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"account lists", "https://login.example.org/device", "ABCD-EFGH", o.TokenFile} {
		if !strings.Contains(words.String(), want) {
			t.Errorf("%q is not in %s", want, words.String())
		}
	}
	if kept := readTokens(t, o); kept.Refresh == "" || strings.Contains(words.String(), kept.Refresh) {
		t.Errorf("kept %+v, said %s", kept, words.String())
	}
	if token, renewed, err := o.AccessToken(t.Context(), ""); token != "access-1" || renewed || err != nil {
		t.Errorf("%q, %t, %v", token, renewed, err)
	}
}

func TestDeviceLoginThatFails(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(s *tokenServer, o *OAuth)
		text   string
	}{
		{"refused", func(s *tokenServer, _ *OAuth) { s.device = func(int32) string { return "access_denied" } }, "leave was refused"},
		{"too late", func(s *tokenServer, _ *OAuth) { s.device = func(int32) string { return "expired_token" } }, "in time"},
		{"revoked meanwhile", func(s *tokenServer, _ *OAuth) { s.device = func(int32) string { return "invalid_client" } }, "client_id"},
		{"no device_url", func(_ *tokenServer, o *OAuth) { o.DeviceURL = "" }, "device_url"},
		{"scopes", func(_ *tokenServer, o *OAuth) { o.Scopes = nil }, "check scopes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			s := startTokenServer(t)
			o := s.oauth(t)
			before := readTokens(t, o)
			test.change(s, o)
			var words bytes.Buffer
			if err := o.Login(t.Context(), &words); !errors.Is(err, ErrToken) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v", err)
			}
			if readTokens(t, o) != before {
				t.Error("the token file has changed")
			}
		})
	}
}
