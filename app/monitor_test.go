package app

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"pgregory.net/rapid"

	"sigpost/config"
	"sigpost/ingest"
	"sigpost/internal/logs"
	"sigpost/internal/mailtest"
	"sigpost/internal/metrics"
	"sigpost/store"
)

func must2[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// logged is a log that a test reads while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// watchedWorld is a world that is served, with a monitor.
type watchedWorld struct {
	*world
	app           *App
	log           *logged
	pages, beside string // URLs
	reload        chan struct{}
}

// serveWatched serves a world until the test ends.
func serveWatched(w *world, readers ...string) *watchedWorld {
	w.t.Helper()
	w.web = "https://digest.example.org"
	w.more += "[metrics]\nlisten = \"127.0.0.1:0\"\npprof = true\n"
	v := &watchedWorld{world: w, log: &logged{}, reload: make(chan struct{}, 1)}
	var err error
	if v.app, err = Open(context.Background(), w.config(), Options{Now: w.clock, Log: logs.New(v.log, logs.Text, slog.LevelInfo), Build: Build{Version: "v9.8.7"}}); err != nil {
		w.t.Fatal(err)
	}
	for _, r := range readers {
		w.subscribe(v.app, r)
	}
	stop, err := v.app.StartMonitor("")
	if err != nil {
		w.t.Fatal(err)
	}
	listener, err := Listen("127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	v.pages, v.beside = "http://"+listener.Addr().String(), "http://"+v.app.options.Monitor.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	s := &Serving{Listener: listener, Reload: v.reload, Load: func() (*config.Config, error) { return w.config(), nil }}
	go func() { done <- s.Run(ctx, v.app) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
		stop()
		if err := v.app.Close(); err != nil {
			w.t.Error(err)
		}
		if w.t.Failed() {
			w.t.Log(v.log.String())
		}
	})
	return v
}

func (v *watchedWorld) get(base, path string, headers ...string) (int, http.Header, string) {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// scrape waits until the metrics have all of some lines, and gives them.
func (v *watchedWorld) scrape(lines ...string) string {
	v.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		status, _, text := v.get(v.beside, "/metrics")
		missing := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.Contains(text, "\n"+l+"\n") })
		if status == http.StatusOK && len(missing) == 0 {
			return text
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("status %d; these are not there:\n%s\nin\n%s", status, strings.Join(missing, "\n"), regexp.MustCompile(`(?m)^(go_|process_|#|.*_bucket).*\n`).ReplaceAllString(text, ""))
		}
	}
}

// What a process does and how the archive stands is told, on both engines, by names
// that are in the manual and in a form that Prometheus likes.
func TestMetrics(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		v := serveWatched(w, "Ana Moreau <ana@readers.example.org>", "ben@readers.example.org")
		v.get(v.pages, "/threads")
		v.get(v.pages, "/unsubscribe/no-such-token")
		v.get(v.pages, "/no/such/page")
		v.scrape(
			`sigpost_deliveries_total{digest="weekly",result="sent"} 2`, `sigpost_mailbox_connection{mailbox="test/INBOX",state="idle"} 1`,
			`sigpost_mailbox_connection{mailbox="test/INBOX",state="broken"} 0`, `sigpost_smtp_connections{state="busy"} 0`, `sigpost_smtp_connections{state="idle"} 0`,
			`sigpost_stage_rows_total{result="done",stage="send"} 2`,
			`sigpost_stage_waiting_rows{digest="",stage="tag"} 0`, `sigpost_ready 1`, `sigpost_figures_up{part="rows"} 1`, `sigpost_figures_up{part="census"} 1`,
			`sigpost_http_requests_total{class="2xx",route="GET /threads"} 1`, `sigpost_http_requests_total{class="4xx",route="GET /unsubscribe/{token}"} 1`,
			`sigpost_http_requests_total{class="4xx",route="GET /"} 1`, `sigpost_http_requests_in_flight 0`,
			`sigpost_mailbox_failing_since_timestamp_seconds{mailbox="test/INBOX"} 0`, `sigpost_job_failing_since_timestamp_seconds{job="send weekly"} 0`,
			`sigpost_mailbox_messages_total{mailbox="test/INBOX",result="quarantined"} 0`)
		// The first census was taken before anything came.
		v.app.options.Monitor.metrics.Watch(metrics.Source{Rows: v.app.rowsSeen, Census: v.app.censusSeen, Now: w.clock})
		text := v.scrape(`sigpost_quarantined_messages{mailbox="test/INBOX"} 0`, `sigpost_quarantined_messages{mailbox="other"} 0`, `sigpost_bounces{class="complaint"} 0`,
			`sigpost_deliveries_total{digest="weekly",result="failed"} 0`,
			`sigpost_subscriptions{digest="weekly",state="active"} 2`, `sigpost_issue_letters{digest="weekly",state="sent"} 2`, `sigpost_messages 57`, `sigpost_list_messages{list="sig-openstack"} 57`)

		for _, re := range []string{`sigpost_mailbox_messages_total{mailbox="test/INBOX",result="stored"} [1-9]`, `sigpost_job_duration_seconds_count{job="send",result="done"} [1-9]`,
			`sigpost_job_last_success_timestamp_seconds{job="read test/INBOX"} 1\.4`, `sigpost_mailbox_last_complete_timestamp_seconds{mailbox="test/INBOX"} 1\.4`,
			`sigpost_database_size_bytes [1-9]`, `sigpost_build_info{goversion="go[^"]*",revision="unknown",version="v9\.8\.7"} 1`} {
			if !regexp.MustCompile(`(?m)^` + re).MatchString(text) {
				t.Errorf("there is no %s", re)
			}
		}
		problems, err := promlint.New(strings.NewReader(text)).Lint()
		if err != nil {
			t.Error(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		there := map[string]bool{}
		for _, f := range regexp.MustCompile(`(?m)^# TYPE (sigpost_\S+)`).FindAllStringSubmatch(text, -1) {
			there[f[1]] = true
			if !slices.Contains(metrics.Names(), f[1]) {
				t.Errorf("%s is not in the table", f[1])
			}
		}
		nothing := []string{"sigpost_notices"} // of the like there are none here
		if w.imap == nil {
			nothing = append(nothing, "sigpost_database_wal_bytes")
		}
		for _, name := range metrics.Names() {
			if there[name] == slices.Contains(nothing, name) {
				t.Errorf("%s: there is %t", name, there[name])
			}
		}
		v.looksInside()
		v.reloads()
	})
}

// looksInside tries what is beside the metrics.
func (v *watchedWorld) looksInside() {
	for _, base := range []string{v.pages, v.beside} {
		for path, says := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
			if status, h, body := v.get(base, path); status != http.StatusOK || body != says || h.Get("Cache-Control") != "no-store" {
				v.t.Errorf("%s: %d %s", path, status, body)
			}
		}
	}
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/cmdline"} {
		if status, _, _ := v.get(v.pages, path); status != http.StatusNotFound {
			v.t.Errorf("%s is on the site of everybody: %d", path, status)
		}
		if status, _, _ := v.get(v.beside, path); status != http.StatusOK {
			v.t.Errorf("%s: %d", path, status)
		}
		if status, _, _ := v.get(v.beside, path, "Host", "rebound.evil.example:80"); status != http.StatusForbidden {
			v.t.Errorf("%s is for another site's page: %d", path, status)
		}
	}
	if status, _, _ := v.get(v.beside, "/debug/pprof/goroutine?debug=1", "Host", "localhost"); status != http.StatusOK {
		v.t.Errorf("goroutines: %d", status)
	}
}

// reloads reads the configuration anew: counters go on, and the new app is asked.
func (v *watchedWorld) reloads() {
	v.web = "https://other.example.org"
	v.reload <- struct{}{}
	v.scrape(`sigpost_deliveries_total{digest="weekly",result="sent"} 2`, `sigpost_ready 1`)
	for deadline := time.Now().Add(20 * time.Second); v.app.options.Monitor.app.Load() == v.app; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.t.Fatal("the old app is still asked")
		}
	}
	v.scrape(`sigpost_figures_up{part="rows"} 1`, `sigpost_figures_up{part="census"} 1`)
}

// Without metrics.listen, and without pprof, there is nothing of them.
func TestNoMonitor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	stop, err := a.StartMonitor("")
	if err != nil || a.options.Monitor != nil || a.seen() != nil {
		t.Errorf("a monitor nobody wants: %v", err)
	}
	stop()
	a.Config.Metrics.Listen = "127.0.0.1:0"
	if stop, err = a.StartMonitor(""); err != nil {
		t.Fatal(err)
	}
	defer stop()
	v := &watchedWorld{world: w}
	if status, _, _ := v.get("http://"+a.options.Monitor.Addr().String(), "/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("pprof without being asked for: %d", status)
	}
	if _, err := a.StartMonitor(""); err != nil {
		t.Errorf("another port: %v", err)
	}
}

// The process is not ready when it cannot work; strangers are told no more than that.
func TestReadiness(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.open()
		site := httptest.NewServer(must2(a.Handler())(t))
		defer site.Close()
		m := newMonitor(Build{})
		m.app.Store(a)
		beside := httptest.NewServer(m.handler(a, a.Config.Metrics.Listen, false))
		defer beside.Close()
		v := &watchedWorld{world: w}
		expect := func(says string, secrets ...string) {
			t.Helper()
			a.readiness.at = time.Time{}
			status, _, body := v.get(site.URL, "/readyz")
			if wantStatus := map[bool]int{true: 200, false: 503}[says == "ready"]; status != wantStatus || !strings.Contains(body, says) {
				t.Errorf("%d %s, want %s", status, body, says)
			}
			_, _, more := v.get(beside.URL, "/readyz")
			for _, secret := range secrets {
				if strings.Contains(body, secret) || !strings.Contains(more, secret) {
					t.Errorf("%q: to everybody %q, to operators %q", secret, body, more)
				}
			}
			if status, _, _ := v.get(site.URL, "/healthz"); status != http.StatusOK {
				t.Errorf("the process lives, but %d", status)
			}
		}
		expect("ready")
		loop := a.beats.of(stages)
		loop.until = time.Now().Add(-time.Second)
		expect("the scheduler stands still")
		loop.end()
		expect("ready")
		exec := func(query string, args ...any) error {
			engine := "sqlite"
			if strings.HasPrefix(w.dsn, "postgres") {
				engine = "pgx"
			}
			db := must2(sql.Open(engine, w.dsn))(t)
			defer db.Close()
			_, err := db.ExecContext(t.Context(), query, args...)
			return err
		}
		if err := exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)`, true); err != nil {
			t.Fatal(err)
		}
		expect("another version", "99999", a.Store.Where())
		if err := exec(`ALTER TABLE goose_db_version RENAME TO gone`); err != nil {
			t.Fatal(err)
		}
		expect("another version")
		if err := exec(`ALTER TABLE gone RENAME TO goose_db_version`); err != nil {
			t.Fatal(err)
		}
		if err := exec(`DELETE FROM goose_db_version WHERE version_id = 99999`); err != nil {
			t.Fatal(err)
		}
		expect("ready")
		asked := 0
		for range 50 { // a crowd makes no more questions
			before := a.readiness.at
			v.get(site.URL, "/readyz")
			if a.readiness.at != before {
				asked++
			}
		}
		if asked > 3 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// Strangers cannot make series: whatever they ask, labels are of the table of routes.
func TestStrangersMakeNoSeries(t *testing.T) {
	w := newWorld(t)
	w.web = "https://digest.example.org"
	a := w.open()
	m := newMonitor(Build{})
	a.options.Monitor = m
	handler := must2(a.Handler())(t)
	scrape := httptest.NewServer(m.metrics.Handler(slog.New(slog.DiscardHandler)))
	defer scrape.Close()
	v := &watchedWorld{world: w}
	series := func() (n int, text string) {
		_, _, text = v.get(scrape.URL, "/metrics")
		for line := range strings.SplitSeq(text, "\n") {
			if strings.HasPrefix(line, "sigpost_http_") {
				n++
			}
		}
		return n, text
	}
	routes := []string{"/", "/threads", "/threads/1", "/m/1", "/search?q=a", "/confirm/x", "/feed", "/api/v1/threads", "/lists/x", "/readyz", "/static/x", "/nothing", "/issues/weekly/1"}
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SampledFrom(routes).Draw(t, "route") + rapid.StringMatching(`(/[a-z0-9%.{}]{0,12}){0,3}(\?[a-z]=[a-z0-9]{0,5})?`).Draw(t, "rest")
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Skip()
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL, r.RequestURI, r.RemoteAddr = u, path, "127.0.0.1:1"
		r.Method = rapid.OneOf(rapid.SampledFrom([]string{"GET", "POST", "HEAD", "OPTIONS", "DELETE", "CANARY"}), rapid.StringMatching(`CANARY[A-Z]{1,8}`)).Draw(t, "method")
		for _, h := range []string{"X-Request-Id", "Host", "User-Agent", "X-Forwarded-For", "Origin"} {
			r.Header.Set(h, "canary"+rapid.StringMatching(`[a-z]{0,8}`).Draw(t, h))
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
	})
	n, text := series()
	if strings.Contains(strings.ToLower(text), "canary") {
		t.Error("what a stranger sent is a label")
	}
	// 100 routes, 6 classes and 12 lines of a histogram each.
	if limit := 100 * (6 + 12); n > limit || n < 20 {
		t.Errorf("%d series, at most %d", n, limit)
	}
	patterns := regexp.MustCompile(`route="([^"]*)"`).FindAllStringSubmatch(text, -1)
	for _, p := range patterns {
		if p[1] != "none" && !regexp.MustCompile(`^(GET|POST|PUT) /[a-z0-9_./{}$-]*$`).MatchString(p[1]) {
			t.Errorf("a route %q", p[1])
		}
	}
}

// A reader comes, is mailed, changes their mind in every way and leaves, by the pages
// and by mail, and letters to them come back: neither their address nor a token is in
// the log. Each request has its id, each run its own.
func TestTheLogSaysNothingOfReaders(t *testing.T) {
	w := newWorld(t)
	w.mailboxes = serviceMailbox
	d := doorsOf(w, "")
	log := &logged{}
	d.app.log = logs.New(log, logs.Text, slog.LevelDebug)
	d.app.Config.Log.Requests = true
	const canary = "canary.reader@personal.example"
	var tokens []string
	link := func(l letter, page string) string {
		path := d.path(l, page)
		tokens = append(tokens, path[strings.LastIndex(path, "/")+1:])
		return path
	}
	d.post("/subscribe/weekly", url.Values{"address": {canary}})
	confirm := link(d.one(), "confirm")
	d.get(confirm)
	d.get(confirm + "/")
	d.get(strings.ToUpper(confirm))
	status, body := d.post(confirm, url.Values{})
	preferences := regexp.MustCompile(`/preferences/[A-Za-z0-9_-]+`).FindString(body)
	if status != http.StatusOK || preferences == "" {
		t.Fatalf("confirming: %d %s", status, body)
	}
	s := d.stored("weekly", canary)
	unsubscribe := "/unsubscribe/" + d.app.tokens.Unsubscribe(s.ID)
	tokens = append(tokens, preferences[len("/preferences/"):], unsubscribe[len("/unsubscribe/"):])
	for _, path := range []string{preferences, preferences + "x", preferences + "/more", unsubscribe, "/elsewhere" + unsubscribe} {
		d.get(path)
	}
	d.post(preferences, url.Values{"do": {"change"}, "format": {"text"}, "zone": {"Asia/Tokyo"}})
	d.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Code: 550, Text: "5.1.1 <" + canary + ">: no such mailbox", To: canary})
	if _, err := d.app.Run(t.Context(), false); err == nil {
		t.Error("the letter was taken")
	}
	d.service(notDelivered(1, "weekly-request@digest.example.org", canary, "5.1.1", "550 <"+canary+"> unknown", "From: a@example.org\nMessage-ID: <other@example.org>"),
		"From: "+canary+"\nTo: weekly-request@digest.example.org\nAuto-Submitted: auto-replied\nSubject: Away\nMessage-ID: <away@example.org>\n\nI am away.\n",
		"From: "+canary+"\nTo: weekly-request@digest.example.org\nSubject: fnord\nMessage-ID: <fnord@example.org>\n\nfnord\n",
		"From: Canary <"+canary+">\nTo: weekly-request@digest.example.org\nSubject: unsubscribe\nMessage-ID: <leave@example.org>\n\nunsubscribe\n")
	d.setNow(monday.Add(time.Hour))
	d.app.Run(t.Context(), false)
	d.post(unsubscribe, url.Values{})
	text := log.String()
	for _, line := range []string{"msg=request", "msg=subscribed", "a letter was not sent", "a report is of no letter", "an automatic answer"} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in the log: the test does not see what it should", line)
		}
	}
	for _, secret := range append(tokens, "canary", "CANARY") {
		for line := range strings.SplitSeq(text, "\n") {
			if strings.Contains(line, secret) {
				t.Errorf("%q is in the log: %s", secret, line)
			}
		}
	}
	if len(tokens) < 3 {
		t.Errorf("only %d tokens were used", len(tokens))
	}
	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(`msg=request .*request=([0-9a-f]{16})`).FindAllStringSubmatch(text, -1) {
		ids[id[1]] = true
	}
	if n := strings.Count(text, "msg=request "); len(ids) != n || n < 5 {
		t.Errorf("%d ids for %d requests", len(ids), n)
	}
	if runs := regexp.MustCompile(`run=([0-9a-f]{12})`).FindAllStringSubmatch(text, -1); len(runs) < 3 {
		t.Errorf("runs %v", runs)
	}
}

// A request keeps the id that a trusted proxy gave it; what others say is not believed.
// A page that says what went wrong names it.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.web = "https://digest.example.org"
	a := w.open()
	log := &logged{}
	a.log = logs.New(log, logs.JSON, slog.LevelInfo)
	for _, c := range []struct {
		trusted, given string
		kept           bool
	}{
		{"127.0.0.1", "abc-DEF_1.2", true}, {"10.0.0.1", "abc", false}, {"127.0.0.1", "a b", false}, {"127.0.0.1", "x\"><script>", false},
		{"127.0.0.1", strings.Repeat("a", 65), false}, {"127.0.0.1", "canary@example.org", false}, {"127.0.0.1", "", false},
	} {
		a.Config.Web.TrustedProxies = []string{c.trusted}
		site := httptest.NewServer(must2(a.Handler())(t))
		v := &watchedWorld{world: w}
		status, h, body := v.get(site.URL, "/no/such/page", "X-Request-Id", c.given)
		id := h.Get("X-Request-Id")
		if status != http.StatusNotFound || (id == c.given) != c.kept || !c.kept && !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(id) {
			t.Errorf("%q from %s became %q (%d)", c.given, c.trusted, id, status)
		}
		if !strings.Contains(body, "<code>"+id+"</code>") {
			t.Errorf("the page does not name %q", id)
		}
		site.Close()
	}
	a.Store.Close()
	site := httptest.NewServer(must2(a.Handler())(t))
	defer site.Close()
	_, h, _ := (&watchedWorld{world: w}).get(site.URL, "/threads")
	if id := h.Get("X-Request-Id"); !strings.Contains(log.String(), `"request":"`+id+`"`) {
		t.Errorf("the line of what went wrong does not have %q: %s", id, log)
	}
	a.Store, _ = store.Open(context.Background(), w.dsn) // for the test to close
}

// The report of a run, its lines and the table of jobs name the same run.
func TestRunIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	log := &logged{}
	a.log = logs.New(log, logs.Text, slog.LevelInfo)
	w.subscribe(a, "ana@readers.example.org")
	r := w.run(a)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) < 3 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		if !strings.Contains(line, "run="+r.Run) {
			t.Errorf("a line of another run than %s: %s", r.Run, line)
		}
	}
	states, err := a.Store.Jobs(t.Context())
	if err != nil || states["read test/INBOX"].Run != r.Run {
		t.Errorf("the table of jobs has %q: %v", states["read test/INBOX"].Run, err)
	}
}

// Rows that the configuration does not name are counted together.
func TestOther(t *testing.T) {
	got := fmt.Sprint(byName([]store.Count{{Of: "a", Count: 1}, {Of: "file/x", Count: 2}, {Of: "file/y", Count: 3}, {Of: "b", State: "s", Count: 4}}, []string{"a"}))
	if want := fmt.Sprint([]store.Count{{Of: "a", Count: 1}, {Of: "other", Count: 5}, {Of: "other", State: "s", Count: 4}}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A connection that watches a mailbox is connecting, idle, reading or broken.
func TestConnectionStates(t *testing.T) {
	w := newWorld(t)
	a := w.open()
	m := newMonitor(Build{})
	a.options.Monitor = m
	server := httptest.NewServer(m.metrics.Handler(slog.New(slog.DiscardHandler)))
	defer server.Close()
	v := &watchedWorld{world: w, beside: server.URL}
	state := func() string {
		_, _, text := v.get(server.URL, "/metrics")
		found := regexp.MustCompile(`sigpost_mailbox_connection{mailbox="test/INBOX",state="(.*?)"} 1`).FindStringSubmatch(text)
		if found == nil {
			return ""
		}
		return found[1]
	}
	is := func(want string) {
		t.Helper()
		if got := state(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	done := a.reading("test/INBOX")
	is("") // a run reads it, and nobody watches it
	a.sawWatch("test/INBOX", ingest.WatchConnecting)
	is("connecting")
	a.sawWatch("test/INBOX", ingest.WatchStands)
	is("reading")
	done()
	is("idle")
	a.sawWatch("test/INBOX", ingest.WatchBroken)
	is("broken")
	done = a.reading("test/INBOX")
	is("broken")
	a.sawWatch("test/INBOX", ingest.WatchStands)
	is("reading")
	done()
}

// The manual has the table of all metrics as they are.
func TestMonitoringManual(t *testing.T) {
	manual, err := os.ReadFile("../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(manual), metrics.Table()) {
		t.Errorf("docs/monitoring.md does not have the table of the metrics as they are:\n%s", metrics.Table())
	}
}
