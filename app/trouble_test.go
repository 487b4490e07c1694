package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost/config"
	"sigpost/internal/logs"
	"sigpost/internal/mailtest"
	"sigpost/store/storetest"
)

// called is a web server that notes how it was asked.
type called struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string // "POST /hook"
	bodies []string
	signed []string
	answer int // status
	late   time.Duration
}

func listening(t *testing.T) *called {
	c := &called{answer: 200}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked = append(c.asked, r.Method+" "+r.URL.RequestURI())
		c.bodies = append(c.bodies, string(body))
		c.signed = append(c.signed, r.Header.Get("X-Hub-Signature-256"))
		time.Sleep(c.late)
		w.WriteHeader(c.answer)
	}))
	t.Cleanup(c.Close)
	return c
}

// take gives how it was asked since this was called last, and with what.
func (c *called) take() (asked, bodies []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked, bodies = c.asked, c.bodies
	c.asked, c.bodies = nil, nil
	return asked, bodies
}

// operator counts the letters to the operator with a subject.
func (w *world) operator(subject string) (n int) {
	for _, l := range w.letters() {
		if l.To == "ops@example.org" && strings.Contains(w.header(l).Get("Subject"), subject) {
			n++
		}
	}
	return n
}

// told checks how many letters the operator has got with these words in their subjects.
func (w *world) told(want map[string]int) {
	w.t.Helper()
	for subject, n := range want {
		if got := w.operator(subject); got != n {
			w.t.Errorf("%d letters %q, want %d", got, subject, n)
		}
	}
}

// What begins to fail is told once, by mail and to the webhook; again after a day; and
// once when it works again. Neither a second run nor a second process tells it twice.
func TestTroubleIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if engine == "PostgreSQL" {
				w.dsn = storetest.Postgres(t)
			}
			hook := listening(t)
			w.more = "[alerts]\nmail = [\"Ops <ops@example.org>\"]\nwebhook = \"" + hook.URL + "/hook?x=1\"\nwebhook_secret_file = \"hook.secret\"\n"
			w.write("hook.secret", "let me in\n")
			a := w.open()
			w.run(a)
			if asked, _ := hook.take(); len(asked)+w.operator("") > 0 {
				t.Fatalf("told of nothing: %v", asked)
			}
			w.write("password", "wrong")
			alerts := func(want AlertKind) {
				t.Helper()
				asked, bodies := hook.take()
				if want == "" {
					if len(asked) > 0 {
						t.Errorf("the webhook is told %v", bodies)
					}
					return
				}
				var got Alert
				if len(asked) != 1 || asked[0] != "POST /hook?x=1" || json.Unmarshal([]byte(bodies[0]), &got) != nil {
					t.Fatalf("asked %v with %v", asked, bodies)
				}
				if got.Kind != want || got.Name != "read test/INBOX" || got.ID == "" || !strings.Contains(got.Words, "password") && !strings.Contains(got.Words, "logging in") && !strings.Contains(got.Words, "log") {
					t.Errorf("alert: %+v", got)
				}
				if s := hook.signed[len(hook.signed)-1]; s != "sha256="+signature("let me in", []byte(bodies[0])) {
					t.Errorf("signed %q", s)
				}
			}
			fails := func(subject string, letters int) {
				t.Helper()
				if r, err := a.Run(t.Context(), false); err == nil || len(r.Ingest.Failed) != 1 {
					t.Fatalf("%+v, %v", r.Ingest, err)
				}
				if n := w.operator(subject); n != letters {
					t.Errorf("%d letters %q, want %d", n, subject, letters)
				}
			}
			fails("Wrong: read test/INBOX", 1)
			alerts(AlertBegins)
			var both sync.WaitGroup
			for range 4 { // also several at once
				both.Go(func() {
					if err := a.wrong(t.Context(), "read test/INBOX", "the password is wrong", 0); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			w.setNow(monday.Add(time.Hour))
			fails("Wrong", 1)
			alerts("")
			w.setNow(monday.Add(25 * time.Hour))
			fails("Still wrong: read test/INBOX", 1)
			alerts(AlertGoesOn)
			w.write("password", w.imap.Password)
			w.run(a)
			alerts(AlertOver)
			w.run(a)
			alerts("")
			if n := w.operator("Well again: read test/INBOX"); n != 1 {
				t.Errorf("%d letters that it is well", n)
			}
			if troubles, err := a.Store.Troubles(t.Context()); err != nil || len(troubles) != 0 {
				t.Errorf("left over: %v, %v", troubles, err)
			}
		})
	}
}

// Where nobody is named who is told, nothing counts as told: who is named later is told
// of what still goes wrong.
func TestTroubleThatNobodyIsToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	lines := &logged{}
	a.log = logs.New(lines, logs.Text, slog.LevelInfo)
	fail := func() {
		t.Helper()
		if _, err := a.Run(t.Context(), false); err == nil {
			t.Fatal("nothing fails")
		}
	}
	w.write("password", "wrong")
	for i := range 3 {
		w.setNow(monday.Add(time.Duration(i) * 25 * time.Hour))
		fail()
	}
	troubles, err := a.Store.Troubles(t.Context())
	if err != nil || len(troubles) != 1 || troubles[0].Name != "read test/INBOX" || !troubles[0].Told.IsZero() || !troubles[0].Since.Equal(monday) {
		t.Errorf("%+v, %v", troubles, err)
	}
	if text := lines.String(); strings.Contains(text, "msg=alert") || strings.Count(text, "of which nobody is told: [alerts] has no mail and no webhook") != 1 {
		t.Errorf("the log says\n%s", text)
	}
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\n"
	a.Config = w.config()
	w.write("password", "wrong")
	fail()
	if n := w.operator("Wrong: read test/INBOX"); n != 1 {
		t.Errorf("%d letters to who is named later", n)
	}
	a.Config.Alerts.Mail = nil
	w.write("password", w.imap.Password)
	w.run(a)
	if text := lines.String(); strings.Contains(text, "kind=over") {
		t.Errorf("nobody is told that it is over:\n%s", text)
	}
}

// An issue that waits for a mailbox which cannot be read is no trouble of its own: the
// mailbox is told.
func TestWhatFollowsIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\n"
	a := w.open()
	w.write("password", "wrong")
	if _, err := a.Run(t.Context(), false); !errors.Is(err, ErrNotRead) {
		t.Fatalf("the issue is composed: %v", err)
	}
	if read, all := w.operator("Wrong: read test/INBOX"), w.operator(""); read != 1 || all != 1 {
		t.Errorf("%d letters of the mailbox, %d in all", read, all)
	}
	// Where the mailbox is in no trouble, it is.
	if _, _, err := a.Store.TroubleOver(t.Context(), "read test/INBOX"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.DoJob(t.Context(), "compose weekly"); !errors.Is(err, ErrNotRead) {
		t.Fatalf("the issue is composed: %v", err)
	}
	troubles, err := a.Store.Troubles(t.Context())
	if err != nil || len(troubles) != 1 || troubles[0].Name != "compose weekly" {
		t.Errorf("%+v, %v", troubles, err)
	}
}

// Where mail is what fails, the webhook and the ping tell it; where the webhook is what
// fails, mail does, and what it missed is posted later.
func TestAlertsHaveTwoWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook := listening(t)
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\nwebhook = \"" + hook.URL + "/hook\"\nping_url = \"" + hook.URL + "/ping/1?rid=2\"\n"
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtMail, Do: mailtest.Refuse, Code: 530, Text: "5.7.0 not you"})
	if _, err := a.Run(t.Context(), false); err == nil {
		t.Fatal("nothing fails")
	}
	asked, bodies := hook.take()
	all := strings.Join(asked, "\n")
	if !strings.HasPrefix(all, "GET /ping/1/start?rid=2\n") || !strings.HasSuffix(all, "\nPOST /ping/1/fail?rid=2") || strings.Count(all, "POST /hook") < 1 {
		t.Errorf("asked %v", asked)
	}
	if last := bodies[len(bodies)-1]; !strings.Contains(last, "not you") || !strings.Contains(last, "letters to single people: sending stopped") || strings.Contains(last, "issue 0") {
		t.Errorf("the ping says %q", last)
	}

	w.smtp.Reset()
	hook.answer = 500
	w.setNow(monday.Add(time.Hour))
	if _, err := a.Run(t.Context(), false); err == nil || !strings.Contains(err.Error(), "answers 500") {
		t.Errorf("the webhook does not work: %v", err)
	}
	w.setNow(monday.Add(2 * time.Hour))
	a.Run(t.Context(), false)
	if w.operator("Wrong: alerts") != 1 {
		t.Error("nobody says that the webhook does not work")
	}
	hook.take()
	hook.answer = 204
	for i := range 4 {
		w.setNow(monday.Add(time.Duration(3+i) * time.Hour))
		a.Run(t.Context(), false)
	}
	_, bodies = hook.take()
	if said := strings.Join(bodies, "\n"); strings.Count(said, `"kind":"over"`) < 2 || !strings.Contains(said, `"name":"alerts"`) {
		t.Errorf("what it missed: %s", said)
	}
	// A switch that does not answer fails nothing.
	hook.Close()
	w.more = "[alerts]\nping_url = \"" + hook.URL + "/ping\"\ntimeout = \"1s\"\n"
	a.Config = w.config()
	if _, err := a.Run(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// An alert tells a list that is quiet from a mailbox that is not read.
func TestSilentList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.imap.Reset("INBOX")
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\n"
	last := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 120 { // every other day, and once a pause of five days
		at := last.AddDate(0, 0, -2*i)
		if i >= 60 {
			at = at.AddDate(0, 0, -3)
		}
		id := "n" + itoa(i) + "@example.net"
		m := news(id)
		m.Received = at
		m.Raw = []byte(strings.ReplaceAll(string(m.Raw), "Mon, 25 Apr 2016 14:00:30 +0000", at.Format(time.RFC1123Z)))
		w.deliver(m)
	}
	w.setNow(last.Add(time.Hour))
	a := w.open()
	if r := w.run(a); len(r.Silent) != 0 {
		t.Errorf("silent at once: %+v", r.Silent)
	}
	w.setNow(last.AddDate(0, 0, 5)) // its usual longest silence is two days
	if r := w.run(a); len(r.Silent) != 0 {
		t.Errorf("silent after five days: %+v", r.Silent)
	}
	w.setNow(last.AddDate(0, 0, 6).Add(time.Hour))
	r := w.run(a)
	if len(r.Silent) != 1 || !r.Silent[0].Quiet || r.Silent[0].Usual != 48*time.Hour || !strings.Contains(r.Silent[0].Words, "The list is quiet") ||
		!strings.Contains(r.Silent[0].Words, "test/INBOX was read to the end at Sat 7 Mar 2026 13:00 UTC") {
		t.Errorf("after six days: %+v", r.Silent)
	}
	if n := w.operator("Wrong: list sig-openstack is silent"); n != 1 {
		t.Errorf("%d letters", n)
	}
	w.setNow(last.AddDate(0, 0, 6).Add(3 * time.Hour))
	w.run(a)
	if n := w.operator("is silent"); n != 1 {
		t.Errorf("%d letters after another run", n)
	}
	// With a mailbox that cannot be read, nobody knows.
	w.write("password", "wrong")
	w.setNow(last.AddDate(0, 0, 8))
	broken, err := a.Run(t.Context(), false)
	if err == nil || len(broken.Silent) != 1 || broken.Silent[0].Quiet || !strings.Contains(broken.Silent[0].Words, "Nobody knows whether the list is quiet") ||
		!strings.Contains(broken.Silent[0].Words, "has not been read since Sat 7 Mar 2026 15:00 UTC because ") {
		t.Errorf("%+v, %v", broken.Silent, err)
	}
	w.write("password", w.imap.Password)
	m := news("again@example.net")
	m.Received = last.AddDate(0, 0, 8)
	m.Raw = []byte(strings.ReplaceAll(string(m.Raw), "Mon, 25 Apr 2016 14:00:30 +0000", m.Received.Format(time.RFC1123Z)))
	w.deliver(m)
	if r := w.run(a); len(r.Silent) != 0 {
		t.Errorf("it speaks again: %+v", r.Silent)
	}
	if n := w.operator("Well again: list sig-openstack is silent"); n != 1 {
		t.Errorf("%d letters that it speaks", n)
	}
}

func itoa(n int) string { return string(rune('a'+n/26)) + string(rune('a'+n%26)) }

// The configuration is exchanged while the pages are served; one that is wrong is
// refused, and what needs a restart is said.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	lines := a.logged()
	a.options.Log = a.log
	listener, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hup := make(chan struct{})
	s := &Serving{Listener: listener, Reload: hup, Load: func() (*config.Config, error) { return config.Load(filepath.Join(w.dir, "config.toml")) }}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx, a) }()
	has := func(text string) {
		t.Helper()
		for late := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			if r, err := http.Get("http://" + listener.Addr().String() + "/"); err == nil {
				body, _ := io.ReadAll(r.Body)
				r.Body.Close()
				if strings.Contains(string(body), text) {
					return
				}
			}
			if time.Now().After(late) {
				t.Fatalf("no %q on the page", text)
			}
		}
	}
	has("SIG-OpenStack Weekly")
	change := func(old, new string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(w.dir, "config.toml"))
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatalf("no %q: %v", old, err)
		}
		w.write("config.toml", strings.Replace(string(text), old, new, 1))
		hup <- struct{}{}
	}
	change(`title = "SIG-OpenStack Weekly"`, `title = "The Kuryr Times"`)
	await(t, lines, "the configuration was read anew")
	has("The Kuryr Times")
	change(`title = "The Kuryr Times"`, `titel = "Nonsense"`)
	await(t, lines, "titel")
	has("The Kuryr Times")
	change(`titel = "Nonsense"`, "title = \"After all\"")
	await(t, lines, "the configuration was read anew")
	change("[web]", "[web]\nlisten = \"127.0.0.1:1\"")
	await(t, lines, "key=web.listen")
	change("ca.pem", "nowhere.pem")
	await(t, lines, "nowhere.pem")
	has("After all")
	w.arrives(a, "after-reload@example.net") // mailboxes are still watched
	stop()
	select {
	case err := <-served:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not stop within ten seconds")
	}
}

// What the new configuration says of a process that it cannot change is named, and
// stays: who turns pprof off must not believe that it is.
func TestWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = "[metrics]\nlisten = \"127.0.0.1:0\"\npprof = true\n"
	a := w.open()
	w.more = "[log]\nformat = \"json\"\nlevel = \"error\"\nrequests = true\n[metrics]\nlisten = \"127.0.0.1:0\"\n"
	next, restart, err := a.Reload(t.Context(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(restart, " "), "metrics.pprof log.format log.level"; got != want {
		t.Errorf("%q needs a restart, want %q", got, want)
	}
	if c := next.Config; !c.Metrics.Pprof || c.Log.Level != "" || c.Log.Format != a.Config.Log.Format || !c.Log.Requests {
		t.Errorf("%+v, %+v", c.Metrics, c.Log)
	}
}

// What goes wrong, and the URL by which it is told, are told to nobody else, whatever
// the server says.
func TestAlertsLeadNowhereElse(t *testing.T) {
	t.Parallel()
	elsewhere := listening(t)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) }))
		a := &App{Config: &config.Config{Alerts: config.Alerts{Timeout: config.Duration(5 * time.Second)}}}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			err := a.call(t.Context(), method, hook.URL+"/secret", nil, []byte("what is wrong"))
			if err == nil || !strings.Contains(err.Error(), fmt.Sprint("answers ", status)) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s %d: %v", method, status, err)
			}
		}
		hook.Close()
	}
	if asked, bodies := elsewhere.take(); len(asked) > 0 {
		t.Errorf("told elsewhere: %v %v", asked, bodies)
	}
}

// The log does not have the URL of the dead-man's-switch, whatever is wrong with it.
func TestThePingsURLIsNotLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = "[alerts]\nping_url_file = \"ping.url\"\ntimeout = \"1s\"\n"
	log := &logged{}
	for _, url := range []string{"https://ping.example.org/canary\x01", "canary", "https://127.0.0.1:1/canary"} {
		w.write("ping.url", url)
		PingFailure(t.Context(), w.config(), Options{Log: logs.New(log, logs.Text, slog.LevelInfo), Now: w.clock}, errors.New("broken"))
	}
	if text := log.String(); strings.Contains(text, "canary") || strings.Count(text, "could not be told") != 3 {
		t.Error(text)
	}
}
