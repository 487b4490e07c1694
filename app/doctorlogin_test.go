package app

import (
	"path/filepath"
	"strings"
	"testing"

	"sigpost/config"
	"sigpost/ingest"
)

// A job that never went well has no day on which it did.
func TestDoctorOfAJobThatNeverWentWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.imap.Close()
	if _, err := a.Run(t.Context(), false); err == nil {
		t.Error("a run without its mailbox goes well")
	}
	w.doctor(nil, "jobs").want(t, LevelError, "read test/INBOX", "it has failed once since", "and has never been done to its end: ")
	if _, err := a.Run(t.Context(), false); err == nil {
		t.Error("a run without its mailbox goes well")
	}
	w.doctor(nil, "jobs").want(t, LevelError, "read test/INBOX", "it has failed 2 times since")
}

// A login that is refused is put right where the password stands.
func TestDoctorOfARefusedLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	account := a.Config.Accounts[0]
	for place, account := range map[string]config.Account{
		filepath.Join(w.dir, "password") + " (password_file)":           account,
		"the environment variable SIGPOST_IMAP_PASSWORD (password_env)": {Server: config.Server{PasswordEnv: "SIGPOST_IMAP_PASSWORD"}, Auth: "password"},
		"\"sigpost login work\" ask for leave anew":                     {Name: "work", Auth: "oauth"},
		"set auth = \"password\" with username and password_file":       {Auth: "anonymous"},
	} {
		x := &examination{Doctor: &Doctor{}}
		x.config = a.Config
		if advice := x.loginAdvice(account, ingest.ErrAuthentication); !strings.Contains(advice, place) {
			t.Errorf("%q, want %q", advice, place)
		}
		if advice := x.loginAdvice(account, ingest.ErrUnreachable); !strings.Contains(advice, "see to the server") {
			t.Errorf("a server that cannot be reached: %q", advice)
		}
	}
	r := w.doctor(func(*Doctor) { w.write("password", "wrong") }, "imap")
	r.want(t, LevelError, "account test", "refused the login", "check username, and the password in "+filepath.Join(w.dir, "password")+" (password_file)")
}
