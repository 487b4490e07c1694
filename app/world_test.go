package app

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
	"sigpost/store/storetest"
)

// monday is when the sample list's issue is due, with an hour to spare.
var monday = time.Date(2016, 4, 25, 14, 0, 0, 0, time.UTC)

// world is a configuration with mail servers around it, and a clock that the
// test sets.
type world struct {
	t       *testing.T
	dir     string
	dsn     string
	imap    *mailtest.IMAP // nil where Dovecot takes its place
	smtp    *mailtest.SMTP // nil where smtp-sink takes its place
	dovecot *peertest.DovecotServer
	sink    *peertest.Sink
	web     string
	// mailboxes are more of them on the account, and more is more of the
	// configuration; digestKeys are more of the digest's.
	mailboxes, more, digestKeys, smtpKeys string

	mu  sync.Mutex
	now time.Time
}

// newWorld has in-process servers, with the sample list up to monday in INBOX,
// and SQLite.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: monday, dsn: storetest.SQLite(t)}
	var err error
	if w.imap, err = mailtest.StartIMAP(mailtest.IMAPOptions{Security: mailtest.ImplicitTLS}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.imap.Close() })
	if w.smtp, err = mailtest.StartSMTP(mailtest.SMTPOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.smtp.Close() })
	if err := w.imap.Append("INBOX", sampleBefore(monday)); err != nil {
		t.Fatal(err)
	}
	return w
}

// newRealWorld is the same on Dovecot, Postfix's smtp-sink and PostgreSQL.
func newRealWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: monday, dovecot: peertest.Dovecot(t), sink: peertest.SMTPSink(t), dsn: storetest.Postgres(t)}
	w.dovecot.Load(t, "INBOX", forDovecot(sampleBefore(monday)))
	return w
}

func sampleBefore(t time.Time) []mailtest.Mail {
	return slices.DeleteFunc(mailtest.SampleList(), func(m mailtest.Mail) bool { return m.Received.After(t) })
}

func sampleAfter(t time.Time) []mailtest.Mail {
	return slices.DeleteFunc(mailtest.SampleList(), func(m mailtest.Mail) bool { return !m.Received.After(t) })
}

func forDovecot(mails []mailtest.Mail) []peertest.Mail {
	var all []peertest.Mail
	for _, m := range mails {
		all = append(all, peertest.Mail{Raw: m.Raw, Received: m.Received})
	}
	return all
}

// deliver puts mail into INBOX.
func (w *world) deliver(mails ...mailtest.Mail) {
	w.t.Helper()
	if w.dovecot != nil {
		w.dovecot.Load(w.t, "INBOX", forDovecot(mails))
	} else if err := w.imap.Append("INBOX", mails); err != nil {
		w.t.Fatal(err)
	}
}

// letter is a mail as a reader gets it.
type letter struct {
	To   string
	Data string // "\n" line ends
}

func (w *world) letters() []letter {
	var all []letter
	if w.sink != nil {
		for _, l := range w.sink.Letters() {
			all = append(all, letter{l.To[0], string(l.Data)})
		}
		return all
	}
	for _, l := range w.smtp.Letters() {
		all = append(all, letter{l.To[0], strings.ReplaceAll(string(l.Data), "\r\n", "\n")})
	}
	return all
}

func (w *world) header(l letter) mail.Header {
	w.t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(l.Data))
	if err != nil {
		w.t.Fatal(err)
	}
	return m.Header
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) setNow(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

func (w *world) config() *config.Config {
	w.t.Helper()
	imapAddr, caFile, user, password, smtpAddr := "", filepath.Join(w.dir, "ca.pem"), "", "", ""
	if w.dovecot != nil {
		imapAddr, caFile, user, password, smtpAddr = w.dovecot.Addr, w.dovecot.CAFile, w.dovecot.User, w.dovecot.Password, w.sink.Addr
	} else {
		imapAddr, user, password, smtpAddr = w.imap.Addr, w.imap.Username, w.imap.Password, w.smtp.Addr
		w.write("ca.pem", string(w.imap.CA.PEM))
	}
	w.write("password", password)
	w.write("secret", strings.Repeat("s", 40))
	w.write("dsn", w.dsn)
	text := fmt.Sprintf(`
[archive]
database_file = "dsn"
secret_file = "secret"
[[list]]
name = "sig-openstack"
title = "SIG-OpenStack"
list_id = "sig-openstack.lists.example.org"
[[account]]
name = "test"
host = %q
ca_file = %q
username = %q
password_file = "password"
timeout = "5s"
[[account.mailbox]]
name = "INBOX"
list = "sig-openstack"
%s[[digest]]
name = "weekly"
title = "SIG-OpenStack Weekly"
zone = "America/Los_Angeles"
from = "SIG-OpenStack Weekly <weekly@digest.example.org>"
unsubscribe_mailto = "leave@digest.example.org"
%s
[smtp]
host = %q
tls = "plain"
timeout = "5s"
%s[web]
url = %q
%s`, imapAddr, caFile, user, w.mailboxes, w.digestKeys, smtpAddr, w.smtpKeys, w.web, w.more)
	w.write("config.toml", text)
	cfg, err := config.Load(filepath.Join(w.dir, "config.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	return cfg
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// open opens the archive; what is logged is shown when the test fails.
func (w *world) open() *App {
	w.t.Helper()
	var logged bytes.Buffer
	a, err := Open(context.Background(), w.config(), Options{Now: w.clock, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := a.Close(); err != nil {
			w.t.Error(err)
		}
		if w.t.Failed() {
			w.t.Log(logged.String())
		}
	})
	return a
}

func (w *world) subscribe(a *App, address string, topics ...string) sigpost.Subscription {
	w.t.Helper()
	s, err := a.Subscribe(context.Background(), w.digest(a), NewReader{Address: address, Topics: topics, Consent: "in a test"})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) digest(a *App) config.Digest {
	w.t.Helper()
	d, err := a.Config.Digest("")
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) run(a *App) RunReport {
	w.t.Helper()
	r, err := a.Run(context.Background(), false)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// wantOnce checks that each address has got exactly one letter.
func (w *world) wantOnce(addresses ...string) {
	w.t.Helper()
	got := map[string]int{}
	for _, l := range w.letters() {
		got[l.To]++
	}
	for _, a := range addresses {
		if got[a] != 1 {
			w.t.Errorf("%s has got %d letters, want 1", a, got[a])
		}
		delete(got, a)
	}
	if len(got) > 0 {
		w.t.Errorf("letters to nobody we know: %v", got)
	}
}
