package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/signin"
	"sigpost/subscribe"
)

var httptestNetwork = netip.MustParsePrefix("192.0.2.0/24")

// shelled is a site whose only routes are these.
func shelled(t *testing.T, o Options, routes ...route) (http.Handler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	o.Title, o.Log = "Test", slog.New(slog.NewTextHandler(&log, nil))
	s, err := newSite(o)
	must(t, err)
	handler, err := s.handler(routes)
	must(t, err)
	return handler, &log
}

func from(addr, method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = addr + ":1234"
	return r
}

func answer(handler http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// A fault of the program is told as one, without its details.
func TestAPanicIsAPage(t *testing.T) {
	handler, log := shelled(t, Options{URL: "https://digest.example.org"}, route{pattern: "GET /", handle: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		panic("secret details")
	}}, route{pattern: "GET /begun", handle: func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("half"))
		panic("later")
	}})
	w := answer(handler, from("192.0.2.1", "GET", "/", ""))
	if w.Code != 500 || !strings.Contains(w.Body.String(), "cannot be shown") || strings.Contains(w.Body.String(), "secret") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("headers: %v", w.Header())
	}
	if !strings.Contains(log.String(), "secret details") || !strings.Contains(log.String(), "shell_test.go") {
		t.Errorf("the log does not say where it was: %s", log)
	}
	defer func() {
		if fault := recover(); fault != http.ErrAbortHandler {
			t.Errorf("a page that breaks off does not end the connection: %v", fault)
		}
	}()
	answer(handler, from("192.0.2.1", "GET", "/begun", ""))
}

// Every answer, also one of a fault or a refusal, says what a browser may do with it.
func TestEveryAnswerIsGuarded(t *testing.T) {
	handler, _ := shelled(t, Options{URL: "https://digest.example.org"}, route{pattern: "GET /page", handle: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }},
		route{pattern: "GET /fault", handle: func(w http.ResponseWriter, r *http.Request) { panic("a fault") }},
		route{pattern: "GET /away", handle: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/page", http.StatusSeeOther) }})
	foreign := from("192.0.2.1", "POST", "/page", "")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	for _, r := range []*http.Request{from("192.0.2.1", "GET", "/page", ""), from("192.0.2.1", "GET", "/fault", ""), from("192.0.2.1", "GET", "/away", ""), from("192.0.2.1", "POST", "/page", ""),
		from("192.0.2.1", "GET", "/"+strings.Repeat("x", urlLength), ""), foreign} {
		w := answer(handler, r)
		policy := w.Header().Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, directive) {
				t.Errorf("%s %.20s: %d without %s: %s", r.Method, r.URL.Path, w.Code, directive, policy)
			}
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000", "Access-Control-Allow-Origin": ""} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %.20s: %d with %s: %q", r.Method, r.URL.Path, w.Code, name, got)
			}
		}
	}
}

// No token gets into a log, whatever goes wrong.
func TestLogsHoldNoTokens(t *testing.T) {
	const token = "AQAAAAAAAAABtoken"
	for _, path := range []string{"/unsubscribe/", "/confirm/", "/preferences/", "/sign-in/"} {
		var s *site
		routes := []route{
			{pattern: "GET " + path + "{token}", handle: func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errors.New("the database is away")) }},
			{pattern: "POST " + path + "{token}", handle: func(w http.ResponseWriter, r *http.Request) { panic("a fault") }},
		}
		var log bytes.Buffer
		s, err := newSite(Options{Title: "Test", Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		must(t, err)
		handler, err := s.handler(routes)
		must(t, err)
		for _, method := range []string{"GET", "POST"} {
			log.Reset()
			if w := answer(handler, from("192.0.2.1", method, path+token, "")); w.Code != 500 || !strings.Contains(log.String(), path) {
				t.Errorf("%s %s: %d, and the log says %q", method, path, w.Code, log.String())
			}
			if strings.Contains(log.String(), token) {
				t.Errorf("%s %s: %s", method, path, log.String())
			}
		}
	}
}

func TestHTTPSAloneIsStrict(t *testing.T) {
	handler, _ := shelled(t, Options{URL: "http://127.0.0.1:1"})
	if w := answer(handler, from("192.0.2.1", "GET", "/", "")); w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("Strict-Transport-Security over http")
	}
}

// What is larger, longer or slower than anything here is refused in words.
func TestBounds(t *testing.T) {
	form := func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(map[bool]int{true: 413, false: 400}[errors.Is(beyond(r, formError(err)), errTooLarge)])
			return
		}
		w.WriteHeader(204)
	}
	slow := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	handler, _ := shelled(t, Options{}, route{pattern: "POST /form", handle: form}, route{pattern: "POST /api/v1/form", handle: form}, route{pattern: "POST /small", handle: form, body: 100},
		route{pattern: "GET /", handle: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }},
		route{pattern: "GET /slow", time: 20 * time.Millisecond, handle: func(w http.ResponseWriter, r *http.Request) { slow(w, r); w.WriteHeader(299) }})
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		says   string
	}{
		"a form":            {from("192.0.2.1", "POST", "/form", "a="+strings.Repeat("x", usualBody-2)), 204, ""},
		"a large form":      {from("192.0.2.1", "POST", "/form", "a="+strings.Repeat("x", usualBody)), 413, "larger than anything"},
		"a large document":  {from("192.0.2.1", "POST", "/api/v1/form", strings.Repeat("x", usualBody+1)), 413, `"detail":"This is larger`},
		"a small form":      {from("192.0.2.1", "POST", "/small", "a="+strings.Repeat("x", 100)), 413, "larger than anything"},
		"a URL":             {from("192.0.2.1", "GET", "/?q="+strings.Repeat("x", urlLength-4), ""), 204, ""},
		"a long URL":        {from("192.0.2.1", "GET", "/?q="+strings.Repeat("x", urlLength-3), ""), 414, "longer than any"},
		"what takes a time": {from("192.0.2.1", "GET", "/slow", ""), 299, ""},
	} {
		if w := answer(handler, c.r); w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	unknown := from("192.0.2.1", "POST", "/form", "a="+strings.Repeat("x", usualBody))
	unknown.ContentLength = -1
	if w := answer(handler, unknown); w.Code != 413 {
		t.Errorf("a large form of unknown length: %d", w.Code)
	}
}

// An answer that takes too long says so; one that nobody waits for is no error.
func TestTimeIsLimited(t *testing.T) {
	s, err := newSite(Options{Title: "Test", Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	handler, err := s.handler([]route{{pattern: "GET /", time: time.Millisecond, handle: func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		s.fail(w, r, fmt.Errorf("reading threads: stopped")) // as a driver may say it
	}}})
	must(t, err)
	w := answer(handler, from("192.0.2.1", "GET", "/", ""))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "takes too long") || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// A network that asks too much has to wait; others, and this machine, have not.
func TestRequestsAreLimited(t *testing.T) {
	ok := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }
	handler, _ := shelled(t, Options{RequestsPerMinute: 20, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		route{pattern: "GET /", handle: ok}, route{pattern: "GET /search", handle: ok, costly: true}, route{pattern: "GET /static/{file}", handle: ok})
	count := func(addr, path, forwarded string, n int) (refused int) {
		for range n {
			r := from(addr, "GET", path, "")
			if forwarded != "" {
				r.Header.Set("X-Forwarded-For", forwarded)
			}
			w := answer(handler, r)
			if w.Code == http.StatusTooManyRequests {
				refused++
				if w.Header().Get("Retry-After") != "60" || !strings.Contains(w.Body.String(), "too many requests") {
					t.Errorf("%v %s", w.Header(), w.Body)
				}
			}
		}
		return refused
	}
	for _, c := range []struct {
		name, addr, path, forwarded string
		n, refused                  int
	}{
		{"a few searches", "192.0.2.1", "/search", "", 3, 1},
		{"pages beside them", "192.0.2.2", "/", "", 20, 3},
		{"what pages load", "192.0.2.3", "/static/a.css", "", 50, 0},
		{"another network", "198.51.100.1", "/", "", 20, 0},
		{"this machine", "127.0.0.1", "/search", "", 50, 0},
		{"this machine claims to be another", "127.0.0.1", "/search", "203.0.113.1", 50, 0},
		{"a client of a proxy", "10.0.0.1", "/", "203.0.113.1", 22, 2},
		{"another one of it", "10.0.0.1", "/", "203.0.114.1", 20, 0},
		{"who claims to be another", "192.0.2.1", "/", "203.0.115.1", 1, 1},
	} {
		if got := count(c.addr, c.path, c.forwarded, c.n); got != c.refused {
			t.Errorf("%s: %d of %d refused, want %d", c.name, got, c.n, c.refused)
		}
	}
}

func TestRates(t *testing.T) {
	now := day
	l := newRates(10, func() time.Time { return now })
	take := func(n int) (ok int) {
		for range n {
			if _, err := l.allow(httptestNetwork); err == nil {
				ok++
			} else if limited := (subscribe.ErrLimited{}); !errors.As(err, &limited) {
				t.Fatal(err)
			}
		}
		return ok
	}
	if n := take(15); n != 10 {
		t.Errorf("%d at once, want 10", n)
	}
	now = now.Add(12 * time.Second)
	if n := take(5); n != 2 {
		t.Errorf("%d after 12 s, want 2", n)
	}
	now = now.Add(time.Hour)
	if n := take(15); n != 10 {
		t.Errorf("%d after an hour, want 10", n)
	}
	// Many networks do not fill the memory.
	for i := range 2 * bucketsKept {
		_, err := l.allow(netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}), 32))
		must(t, err)
	}
	if len(l.until) > bucketsKept {
		t.Errorf("%d networks are remembered", len(l.until))
	}
}

// What somebody sees who has signed in is kept by no cache, and is none that was
// kept before they did; what is the same for all is.
func TestCaches(t *testing.T) {
	s, _ := everything(t)
	kept := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("ETag", `"a"`)
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader(personOf(r).Addr))
	}
	handler, err := s.handler([]route{{pattern: "GET /page", handle: kept}, {pattern: "GET /shared", handle: kept, shared: true}})
	must(t, err)
	reader := session(t, s.People.(signin.Desk), sigpost.RoleReader)
	for _, c := range []struct {
		path, secret, cache, vary, body string
		status                          int
	}{
		{"/page", "", "public, max-age=60", "Cookie, Accept-Encoding", "", 304},
		{"/page", reader, "no-store", "Cookie", "reader@example.org", 200},
		{"/shared", "", "public, max-age=60", "Accept-Encoding", "", 304},
		{"/shared", reader, "public, max-age=60", "Accept-Encoding", "", 304},
	} {
		w := ask(handler, "GET", c.path, c.secret, map[string]string{"If-None-Match": `"a"`})
		if w.Code != c.status || w.Header().Get("Cache-Control") != c.cache || strings.Join(w.Header().Values("Vary"), ", ") != c.vary || w.Body.String() != c.body {
			t.Errorf("%s with %q: %d %v %s", c.path, c.secret, w.Code, w.Header(), w.Body)
		}
	}
}

// Signing in and out as a browser does it.
func TestSigningIn(t *testing.T) {
	s, db := everything(t)
	handler, err := s.handler(s.routes())
	must(t, err)
	ctx := context.Background()
	post := func(path, body, secret string) *httptest.ResponseRecorder {
		r := from("192.0.2.1", "POST", path, body)
		if secret != "" {
			r.AddCookie(&http.Cookie{Name: "__Host-sigpost", Value: secret})
		}
		return answer(handler, r)
	}
	if w := ask(handler, "GET", "/audit?who=jo", "", nil); w.Code != 401 || !strings.Contains(w.Body.String(), `name="back" value="/audit?who=jo"`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	known, unknown := post("/sign-in", "address=Reviewer@example.org&back=/audit%3Fwho%3Djo", ""), post("/sign-in", "address=nobody@example.org", "")
	if known.Code != 200 || known.Body.String() != unknown.Body.String() {
		t.Errorf("the answer says who can sign in: %s %s", known.Body, unknown.Body)
	}
	letters, err := db.Notices().Claim(ctx, time.Now().Add(time.Minute), time.Now().Add(time.Hour), 9)
	must(t, err)
	if len(letters) != 1 || letters[0].Addr != "reviewer@example.org" {
		t.Fatalf("letters: %+v", letters)
	}
	link := "/sign-in/" + letters[0].Letter.Text
	for range 3 { // as scanners do
		if w := ask(handler, "GET", link, "", nil); w.Code != 200 || len(w.Result().Cookies()) != 0 || !strings.Contains(w.Body.String(), "reviewer@example.org") {
			t.Fatalf("%d %v %s", w.Code, w.Result().Cookies(), w.Body)
		}
	}
	w := post(link, "", "")
	cookies := w.Result().Cookies()
	if w.Code != 303 || w.Header().Get("Location") != "/audit?who=jo" || len(cookies) != 1 {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	c := cookies[0]
	if c.Name != "__Host-sigpost" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge > 24*60*60 || c.MaxAge < 23*60*60 || len(c.Value) != 43 {
		t.Errorf("the cookie is %+v", c)
	}
	for _, method := range []string{"GET", "POST"} { // it is used up
		if w := ask(handler, method, link, "", nil); w.Code != 410 || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s %d", method, w.Code)
		}
	}
	if w := ask(handler, "GET", "/audit", c.Value, nil); w.Code != 200 || !strings.Contains(w.Body.String(), "signed in as reviewer by a link that was mailed") {
		t.Errorf("the audit log: %d %s", w.Code, w.Body)
	}
	for _, wrong := range []string{c.Value[1:], c.Value + "x", strings.ToUpper(c.Value), "'", strings.Repeat("x", 5000)} {
		if w := ask(handler, "GET", "/audit", wrong, nil); w.Code != 401 {
			t.Errorf("with another cookie: %d", w.Code)
		}
	}
	// A reader cannot end a reviewer's session, an admin can, and everybody their own.
	people := s.People.(signin.Desk)
	reader, admin := session(t, people, sigpost.RoleReader), session(t, people, sigpost.RoleAdmin)
	for _, one := range []struct {
		who, secret, body string
		status            int
		in                bool
	}{
		{"a reader", reader, "session=1", 404, true}, {"an admin", admin, "session=x", 400, true}, {"an admin", admin, "session=99", 404, true},
		{"an admin", admin, "session=1", 303, false}, {"an admin again", admin, "session=1", 303, false},
	} {
		if w := post("/sessions", one.body, one.secret); w.Code != one.status {
			t.Errorf("%s, %s: %d %s", one.who, one.body, w.Code, w.Body)
		}
		if w := ask(handler, "GET", "/sessions", c.Value, nil); (w.Code == 200) != one.in {
			t.Errorf("after %s, %s: %d", one.who, one.body, w.Code)
		}
	}
	if w := ask(handler, "GET", "/sessions", reader, nil); strings.Contains(w.Body.String(), "admin@example.org") || !strings.Contains(w.Body.String(), "reader@example.org") {
		t.Errorf("a reader sees %s", w.Body)
	}
	if w := post("/sign-out", "", reader); w.Code != 303 || len(w.Result().Cookies()) != 1 || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out: %d %v", w.Code, w.Header())
	}
	if w := ask(handler, "GET", "/sessions", reader, nil); w.Code != 401 {
		t.Errorf("signed out: %d", w.Code)
	}
}

// Nobody can ask for links without end, nor try them.
func TestSigningInIsLimited(t *testing.T) {
	s, db := everything(t)
	s.all = newRates(0, nil)
	handler, err := s.handler(s.routes())
	must(t, err)
	refused := map[string]int{}
	for i := range 60 {
		r := from(fmt.Sprintf("198.51.%d.1", i), "POST", "/sign-in", "address=admin@example.org") // many networks, one address
		if answer(handler, r).Code == 429 {
			refused["one address"]++
		}
		if answer(handler, from("192.0.2.1", "POST", "/sign-in", fmt.Sprintf("address=a%d@example.org", i))).Code == 429 {
			refused["one network"]++
		}
		if answer(handler, from("203.0.113.1", "POST", fmt.Sprintf("/sign-in/%043d", i), "")).Code == 429 {
			refused["wrong links"]++
		}
	}
	if refused["one address"] != 0 || refused["one network"] != 40 || refused["wrong links"] != 30 {
		t.Errorf("refused: %v", refused)
	}
	letters, err := db.Notices().Claim(t.Context(), time.Now().Add(time.Minute), time.Now().Add(time.Hour), 99)
	must(t, err)
	if len(letters) != 5 {
		t.Errorf("%d letters to one address, want 5", len(letters))
	}
}

func TestUndoOfAnEntry(t *testing.T) {
	s, db := everything(t)
	var undone []string
	asked := 0
	s.Undo = func(_ context.Context, e sigpost.AuditEntry, by sigpost.Person) error {
		undone = append(undone, fmt.Sprint(e.ID, " by ", by.Addr))
		return map[bool]error{true: errors.New("somebody has decided otherwise")}[e.ID == 2]
	}
	s.CanUndo = func(_ context.Context, all []sigpost.AuditEntry) (map[int64]bool, error) {
		asked++
		can := map[int64]bool{}
		for _, e := range all {
			can[e.ID] = e.ID != 20
		}
		return can, nil
	}
	handler, err := s.handler(s.routes())
	must(t, err)
	for i := range auditLength + 10 {
		must(t, db.Audit(t.Context(), sigpost.AuditEntry{At: day, Who: "<b>jo", Action: sigpost.AuditTagAccept, Kind: sigpost.AuditThread, Object: fmt.Sprint(i), Says: "did <i>it", Undo: "{}"}))
	}
	reviewer := session(t, s.People.(signin.Desk), sigpost.RoleReviewer)
	w := ask(handler, "GET", "/audit?kind=thread&who=%3Cb%3Ejo", reviewer, nil)
	if n := strings.Count(w.Body.String(), "Undo entry"); n != auditLength-1 || asked != 1 || strings.Contains(w.Body.String(), "Undo entry 20<") || strings.Contains(w.Body.String(), "<i>") || !strings.Contains(w.Body.String(), "from=11&amp;kind=thread&amp;who=%3Cb%3Ejo") {
		t.Errorf("%d entries: %s", n, w.Body)
	}
	if w := ask(handler, "GET", "/audit?kind=thread&from=11", reviewer, nil); strings.Count(w.Body.String(), "Undo entry") != 10 || strings.Contains(w.Body.String(), "Older") {
		t.Errorf("the next page: %s", w.Body)
	}
	for query, status := range map[string]int{"since=2016-04-20": 200, "since=x": 400, "from=x": 400, "from=-1": 400, "object=3": 200, "action=%00": 200} {
		if w := ask(handler, "GET", "/audit?"+query, reviewer, nil); w.Code != status {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
	for _, c := range []struct {
		body   string
		status int
	}{{"entry=1", 303}, {"entry=2", 409}, {"entry=999", 404}, {"entry=x", 400}} {
		r := from("192.0.2.1", "POST", "/audit/undo", c.body)
		r.AddCookie(&http.Cookie{Name: "__Host-sigpost", Value: reviewer})
		if w := answer(handler, r); w.Code != c.status || c.status == 409 && !strings.Contains(w.Body.String(), "Somebody has decided otherwise.") {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
	}
	if got := fmt.Sprint(undone); got != "[1 by reviewer@example.org 2 by reviewer@example.org]" {
		t.Error(got)
	}
}
