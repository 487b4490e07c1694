package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sigpost/internal/mailtest"
	"sigpost/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sigpost": main})
}

// world is the mail world that a script's commands meet.
type world struct {
	imap *mailtest.IMAP
	smtp *mailtest.SMTP
}

type worldKey struct{}

// The scripts read like a shell session. Each has an IMAP server with the
// sample list up to Monday 25 April 2016 14:00 UTC, an SMTP server, and
// config.toml for both.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"letters": letters,
			"arrive":  arrive,
			"sameid":  sameid,
			"lock":    lock,
			"subst":   subst,
		},
	})
}

func setup(env *testscript.Env) error {
	imap, err := mailtest.StartIMAP(mailtest.IMAPOptions{Username: "archive@example.com", Password: "demo", Security: mailtest.ImplicitTLS})
	if err != nil {
		return err
	}
	env.Defer(func() { imap.Close() })
	smtp, err := mailtest.StartSMTP(mailtest.SMTPOptions{})
	if err != nil {
		return err
	}
	env.Defer(func() { smtp.Close() })
	if err := imap.Append("INBOX", sample(func(at time.Time) bool { return !at.After(demoNow) })); err != nil {
		return err
	}
	env.Values[worldKey{}] = &world{imap, smtp}
	for name, data := range map[string]string{
		"config.toml":    scriptConfig(imap.Addr, smtp.Addr),
		"ca.pem":         string(imap.CA.PEM),
		"imap.password":  "demo\n",
		"sigpost.secret": strings.Repeat("s", 40),
	} {
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte(data), 0o600); err != nil {
			return err
		}
	}
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("IMAP", imap.Addr)
	env.Setenv("SMTP", smtp.Addr)
	return nil
}

func sample(keep func(time.Time) bool) []mailtest.Mail {
	var mails []mailtest.Mail
	for _, m := range mailtest.SampleList() {
		if keep(m.Received) {
			mails = append(mails, m)
		}
	}
	return mails
}

func scriptConfig(imap, smtp string) string {
	return fmt.Sprintf(`[archive]
database = "sigpost.db"
secret_file = "sigpost.secret"

[[list]]
name = "sig-openstack"
title = "SIG-OpenStack"
list_id = "sig-openstack.lists.example.org"

[[account]]
name = "test"
host = "%s"
ca_file = "ca.pem"
username = "archive@example.com"
password_file = "imap.password"
timeout = "5s"

[[account.mailbox]]
name = "INBOX"
list = "sig-openstack"

[[digest]]
name = "weekly"
title = "SIG-OpenStack Weekly"
zone = "America/Los_Angeles"
from = "SIG-OpenStack Weekly <weekly@digest.example.org>"
unsubscribe_mailto = "leave@digest.example.org"

[smtp]
host = "%s"
tls = "plain"
timeout = "5s"
`, imap, smtp)
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// exits CODE COMMAND ARG... runs a command that must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want, _ := strconv.Atoi(args[0]); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// letters N [TEXT] checks how many letters the SMTP server has got, and that
// each has the text.
func letters(ts *testscript.TestScript, neg bool, args []string) {
	got := worldOf(ts).smtp.Letters()
	if want := args[0]; strconv.Itoa(len(got)) != want {
		ts.Fatalf("the SMTP server has %d letters, want %s", len(got), want)
	}
	for _, l := range got {
		if len(args) > 1 && strings.Contains(string(l.Data), args[1]) == neg {
			head, _, _ := strings.Cut(string(l.Data), "\r\n\r\n")
			ts.Fatalf("the letter to %v: %q is there: %v\n%s", l.To, args[1], neg, head)
		}
	}
}

// arrive puts the rest of the sample list into the mailbox; arrive letter puts
// in the first letter that was sent, as a list does that hands it back.
func arrive(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	mails := sample(func(at time.Time) bool { return at.After(demoNow) })
	if len(args) == 1 && args[0] == "letter" {
		mails = []mailtest.Mail{{Name: "letter", Raw: w.smtp.Letters()[0].Data, Received: demoNow.Add(24 * time.Hour)}}
	}
	ts.Check(w.imap.Append("INBOX", mails))
}

// sameid FILE checks that the letters that were sent have the Message-IDs that
// a dry run's report said.
func sameid(ts *testscript.TestScript, neg bool, args []string) {
	said := ts.ReadFile(args[0])
	for _, l := range worldOf(ts).smtp.Letters() {
		m, err := mail.ReadMessage(bytes.NewReader(l.Data))
		ts.Check(err)
		if id := strings.Trim(m.Header.Get("Message-Id"), "<>"); !strings.Contains(said, id) {
			ts.Fatalf("%s was sent, and the dry run did not say so", id)
		}
	}
}

// lock holds the archive's lock until the script ends.
func lock(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	db, err := store.Open(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	unlock, err := db.Lock(ctx)
	ts.Check(err)
	ts.Defer(func() {
		unlock()
		db.Close()
	})
}

// subst FILE OLD NEW changes a file; what is changed must be there.
func subst(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: subst FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}
