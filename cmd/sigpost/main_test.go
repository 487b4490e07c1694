package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
	"sigpost/store"
)

func TestMain(m *testing.M) {
	version = "v9.8.7" // as a release has one
	testscript.Main(m, map[string]func(){"sigpost": main, briefly: workBriefly})
}

// world is the mail world that a script's commands meet.
type world struct {
	imap *mailtest.IMAP
	smtp *mailtest.SMTP
	dns  *mailtest.DNS // nil before a zone is set
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
			"exits":    exits,
			"letters":  letters,
			"arrive":   arrive,
			"sameid":   sameid,
			"lock":     lock,
			"subst":    subst,
			"aside":    aside,
			"older":    older,
			"within":   within,
			"renumber": renumber,
			"same":     same,
			"device":   device,
			"page":     page,
			"zone":     zone,
			"comeback": comeback,
			"unsure":   unsure,
		},
	})
}

// mailServers are those that scriptConfig names.
func mailServers(t testing.TB) (*mailtest.IMAP, *mailtest.SMTP) {
	t.Helper()
	imap, err := mailtest.StartIMAP(mailtest.IMAPOptions{Username: "archive@example.com", Password: "demo", Security: mailtest.ImplicitTLS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { imap.Close() })
	smtp, err := mailtest.StartSMTP(mailtest.SMTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { smtp.Close() })
	return imap, smtp
}

func setup(env *testscript.Env) error {
	imap, smtp := mailServers(env.T().(testing.TB))
	if err := imap.Append("INBOX", sample(func(at time.Time) bool { return !at.After(demoNow) })); err != nil {
		return err
	}
	env.Values[worldKey{}] = &world{imap: imap, smtp: smtp}
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
	watchForRaces(env)
	env.Setenv("IMAP", imap.Addr)
	env.Setenv("SMTP", smtp.Addr)
	web := peertest.FreeAddr(env.T().(testing.TB))
	env.Setenv("WEB", web)
	env.Setenv("WEBPORT", web[strings.LastIndex(web, ":")+1:])
	return nil
}

// watchForRaces has the race detector, where it is built in, write what it finds
// in a script's commands to files, and fails a script that has any: a command that
// has to fail would hide it. A command waits a second before it ends for what may
// still race then; a twentieth has to do for each of seven hundred.
func watchForRaces(env *testscript.Env) {
	t := env.T().(testing.TB)
	reports := filepath.Join(t.TempDir(), "race")
	env.Setenv("GORACE", "atexit_sleep_ms=50 log_path="+reports)
	env.Defer(func() {
		found, _ := filepath.Glob(reports + ".*")
		for _, name := range found {
			report, err := os.ReadFile(name)
			t.Errorf("%s %v", report, err)
		}
	})
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

// unsure ADDRESS... has the SMTP server take the next letter to each, and go away without
// an answer.
func unsure(ts *testscript.TestScript, neg bool, args []string) {
	for _, to := range args {
		worldOf(ts).smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: to, Times: 1})
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

// comeback has the last letter that was sent come back, into the mailbox Service:
// each ARG is a line of the server's that refused it. Without, it only makes the
// mailbox.
func comeback(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if len(args) == 0 {
		ts.Check(w.imap.Append("Service", nil))
		return
	}
	all := w.smtp.Letters()
	report := "From: MAILER-DAEMON@mx.example.net\r\nTo: weekly@digest.example.org\r\nSubject: failure notice\r\nMessage-ID: <" + strconv.Itoa(len(all)) + ".report@mx.example.net>\r\n\r\n" +
		"Hi. This is the qmail-send program at mx.example.net.\r\n\r\n<" + all[len(all)-1].To[0] + ">:\r\n" + strings.Join(args, "\r\n") + "\r\n\r\n" +
		"--- Below this line is a copy of the message.\r\n\r\n" + string(all[len(all)-1].Data)
	ts.Check(w.imap.Append("Service", []mailtest.Mail{{Name: "report", Raw: []byte(report), Received: demoNow.Add(time.Duration(len(all)) * time.Hour)}}))
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

// aside FILE ARCHIVE puts a mail into quarantine, as a parser does that cannot
// read it; aside UID ARCHIVE does so with a mail of INBOX that the server would
// not hand over.
func aside(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	a := sigpost.Arrival{Reason: "the parser \x1b[31mpanicked", List: "sig-openstack", Source: "old.mbox"}
	if uid, err := strconv.ParseUint(args[0], 10, 32); err == nil {
		a.Source, a.UID, a.Partial, a.Reason = "test/INBOX", uint32(uid), true, "it could not be fetched"
	} else {
		a.Raw = []byte(ts.ReadFile(args[0]))
	}
	db, err := store.Open(ctx, ts.MkAbs(args[1]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Add(ctx, nil, []sigpost.Arrival{a}, demoNow)
	ts.Check(err)
}

// renumber makes INBOX anew, with the whole sample list and other UIDs.
func renumber(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	ts.Check(w.imap.Reset("INBOX"))
	ts.Check(w.imap.Append("INBOX", sample(func(time.Time) bool { return true })))
}

// older ARCHIVE MESSAGE-ID leaves a message as an older parser might have read it:
// as one that answers nothing and says "gibberish".
func older(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	db, err := store.Open(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	m, err := db.MessageByID(ctx, sigpost.MessageID(args[1]))
	ts.Check(err)
	m.Reader, m.References, m.Answering, m.Text, m.Fingerprint = 1, nil, false, "gibberish", sigpost.Fingerprint{}
	m.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, Start: 0, End: len(m.Text)}}
	_, err = db.Reread(ctx, []*sigpost.Message{&m})
	ts.Check(err)
}

// within TIME PATTERN COMMAND ARG... runs a command again and again until what it prints
// matches the regular expression. What is there for a moment alone may be missed.
func within(ts *testscript.TestScript, neg bool, args []string) {
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	late := time.After(limit)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if err := ts.Exec(args[2], args[3:]...); err == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		select {
		case <-again.C:
		case <-late:
			ts.Fatalf("no %q within %s", args[1], args[0])
		}
	}
}

// page TEXT waits until the page at $WEB has the text.
func page(ts *testscript.TestScript, neg bool, args []string) {
	late := time.After(30 * time.Second)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if resp, err := http.Get("http://" + ts.Getenv("WEB") + "/"); err == nil {
			html, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err == nil && strings.Contains(string(html), args[0]) {
				return
			}
		}
		select {
		case <-again.C:
		case <-late:
			ts.Fatalf("%q is not on the page", args[0])
		}
	}
}

// zone FILE [RECORDS] has a name server tell what is in a file, and what
// "sigpost --json dkim record" said. Its address is $DNS.
func zone(ts *testscript.TestScript, neg bool, args []string) {
	w, text := worldOf(ts), ts.ReadFile(args[0])
	if len(args) > 1 {
		var records []struct{ Name, Value string }
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &records))
		for _, r := range records {
			text += r.Name + " TXT " + r.Value + "\n"
		}
	}
	if w.dns != nil {
		ts.Check(w.dns.Set(text))
		return
	}
	var err error
	w.dns, err = mailtest.StartDNS(text)
	ts.Check(err)
	ts.Defer(func() { w.dns.Close() })
	ts.Setenv("DNS", w.dns.Addr)
}

// same FILE FILE compares bytes, which cmp does not where a line ends in CR.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if ts.ReadFile(args[0]) != ts.ReadFile(args[1]) {
		ts.Fatalf("%s and %s differ", args[0], args[1])
	}
}

// device starts a server that gives leave at once (RFC 8628), and sets
// $OAUTHKEYS to an account's keys for it.
func device(ts *testscript.TestScript, neg bool, args []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/device":
			fmt.Fprint(w, `{"device_code":"d","user_code":"WDJB-MJHT","verification_uri":"https://login.example.org/device","expires_in":600,"interval":1}`)
		case "/token":
			fmt.Fprint(w, `{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":3600}`)
		}
	}))
	ts.Defer(server.Close)
	ts.Setenv("OAUTHKEYS", fmt.Sprintf("auth = \"oauth\"\ntoken_file = \"imap.token\"\nclient_id = \"sigpost\"\ntoken_url = %q\ndevice_url = %q",
		server.URL+"/token", server.URL+"/device"))
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
