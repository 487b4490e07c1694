package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigpost/config"
	"sigpost/internal/mailtest"
	"sigpost/maildns"
)

// Each server is connected to, the fallbacks too: what it says of TLS and of the
// login is a finding of its own.
func TestEveryServerIsTried(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	t.Setenv("RIGHT", "right")
	t.Setenv("WRONG", "wrong")
	relay := func(o mailtest.SMTPOptions, tls, password string) config.Relay {
		s, err := mailtest.StartSMTP(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		r := config.Relay{Server: config.Server{Host: s.Addr, TLS: tls, Username: o.Username, PasswordEnv: password, Timeout: config.Duration(5 * time.Second)}}
		if s.CA != nil {
			r.CAFile = fmt.Sprintf("%s.%s", ca, strings.ReplaceAll(s.Addr, ":", "."))
			if err := os.WriteFile(r.CAFile, s.CA.PEM, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return r
	}
	user := mailtest.SMTPOptions{Security: mailtest.StartTLS, Username: "digest", Password: "right"}
	strange := relay(user, "starttls", "RIGHT")
	strange.CAFile = ""
	want := []struct {
		severity maildns.Severity
		says, do string
		check    bool
		relay    config.Relay
	}{
		{maildns.OK, "encrypted (starttls), and it takes the login of digest", "", true, relay(user, "starttls", "RIGHT")},
		{maildns.Warning, "(starttls): ", "put smtp.fallback[0] right", false, relay(user, "starttls", "WRONG")},
		{maildns.OK, "encrypted (tls), without a login", "", true, relay(mailtest.SMTPOptions{Security: mailtest.ImplicitTLS}, "tls", "")},
		{maildns.Warning, "certificate", "put smtp.fallback[2] right", false, strange},
		{maildns.Warning, "no letters can go to", "put smtp.fallback[3] right", false, relay(mailtest.SMTPOptions{Security: mailtest.Plain}, "starttls", "")},
		{maildns.Unknown, "on this machine", "passes letters on", true, relay(mailtest.SMTPOptions{Security: mailtest.Plain}, "plain", "")},
	}
	a := &App{Config: &config.Config{}}
	for i, w := range want {
		if i == 0 {
			a.Config.SMTP.Relay = w.relay
		} else {
			a.Config.SMTP.Fallbacks = append(a.Config.SMTP.Fallbacks, w.relay)
		}
	}
	findings, checks := a.checkTransport(t.Context()), a.checkRelays(t.Context())
	if len(findings) != len(want) || len(checks) != len(want) {
		t.Fatalf("%d and %d findings of %d servers", len(findings), len(checks), len(want))
	}
	for i, w := range want {
		f := findings[i]
		if f.Severity != w.severity || !strings.Contains(f.What, w.says) || !strings.Contains(f.What, w.relay.Host) || !strings.Contains(f.Do, w.do) {
			t.Errorf("server %d: %+v, want %v, %q, %q", i, f, w.severity, w.says, w.do)
		}
		if checks[i].OK != w.check {
			t.Errorf("server %d: %+v", i, checks[i])
		}
	}

	a.Config.SMTP = config.SMTP{Relay: config.Relay{Server: config.Server{Host: "mail.example.org:25", TLS: "plain", Username: "digest"}}}
	if f := a.checkTransport(t.Context()); len(f) != 1 || f[0].Severity != maildns.Severe || !strings.Contains(f[0].What, "in clear text, and so does the password") {
		t.Errorf("clear text: %+v", f)
	}
}
