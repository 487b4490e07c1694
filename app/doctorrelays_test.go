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
		level    Level
		says, do string
		relay    config.Relay
	}{
		{LevelOK, "encrypted (starttls), and it takes the login of digest", "", relay(user, "starttls", "RIGHT")},
		{LevelWarning, "(starttls): ", "put smtp.fallback[0] right", relay(user, "starttls", "WRONG")},
		{LevelOK, "encrypted (tls), without a login", "", relay(mailtest.SMTPOptions{Security: mailtest.ImplicitTLS}, "tls", "")},
		{LevelWarning, "certificate", "put smtp.fallback[2] right", strange},
		{LevelWarning, "no letters can go to", "put smtp.fallback[3] right", relay(mailtest.SMTPOptions{Security: mailtest.Plain}, "starttls", "")},
		{LevelNote, "on this machine", "passes letters on", relay(mailtest.SMTPOptions{Security: mailtest.Plain}, "plain", "")},
	}
	relays := make([]config.Relay, len(want))
	for i, w := range want {
		relays[i] = w.relay
	}
	look := func(smtp config.SMTP) []Finding {
		return looked(t, &config.Config{SMTP: smtp}, (*Doctor).lookAtRelays)
	}
	found := look(config.SMTP{Relay: relays[0], Fallbacks: relays[1:]})
	if len(found) != len(want) {
		t.Fatalf("%d findings of %d servers", len(found), len(want))
	}
	for i, w := range want {
		f := found[i]
		if f.Level != w.level || f.Item != relayKey(i) || !strings.Contains(f.What, w.says) || !strings.Contains(f.What, w.relay.Host) || !strings.Contains(f.Do, w.do) {
			t.Errorf("server %d: %+v, want %v, %q, %q", i, f, w.level, w.says, w.do)
		}
	}
	if f := look(config.SMTP{Relay: relays[1]}); len(f) != 1 || f[0].Level != LevelError {
		t.Errorf("the only server refuses the login: %+v", f)
	}
	if f := look(config.SMTP{Relay: config.Relay{Server: config.Server{Host: "mail.example.org:25", TLS: "plain", Username: "digest"}}}); len(f) != 1 || f[0].Level != LevelError || !strings.Contains(f[0].What, "in clear text, and so does the password") {
		t.Errorf("clear text: %+v", f)
	}
	if f := look(config.SMTP{}); len(f) != 1 || f[0].Level != LevelNote {
		t.Errorf("no server: %+v", f)
	}
}
