package web

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/signin"
)

// What is for nobody in particular is compressed for who takes that, once it is long
// enough; what has a secret in it never is.
func TestPacking(t *testing.T) {
	s, _ := everything(t)
	long := strings.Repeat("The same words again. ", 200)
	says := func(media, etag, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", media)
			if etag != "" {
				w.Header().Set("ETag", etag)
			}
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
		}
	}
	handler, err := s.handler([]route{
		{pattern: "GET /page", handle: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, long)
		}},
		{pattern: "GET /feed", handle: says("application/atom+xml; charset=utf-8", `W/"a"`, long), shared: true},
		{pattern: "GET /json", handle: says("application/json", `W/"a"`, long), shared: true},
		{pattern: "GET /short", handle: says("text/plain", `W/"a"`, "short"), shared: true},
		{pattern: "GET /strong", handle: says("text/plain", `"a"`, long), shared: true},
		{pattern: "GET /picture", handle: says("image/png", "", long)},
		{pattern: "GET /token", handle: says("text/html", "", long), personal: true},
		{pattern: "GET /desk", handle: says("text/html", "", long), needs: sigpost.RoleReader},
		{pattern: "POST /act", handle: says("text/html", "", long)},
		{pattern: "GET /gone", handle: func(http.ResponseWriter, *http.Request) { panic("gone") }},
		{pattern: "GET /away", handle: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }},
	})
	must(t, err)
	reader := session(t, s.People.(signin.Desk), sigpost.RoleReader)
	for _, c := range []struct {
		method, path, secret string
		packed, varies       bool
	}{
		{"GET", "/page", "", true, true}, {"GET", "/feed", "", true, true}, {"GET", "/json", "", true, true}, {"HEAD", "/json", "", true, true},
		{"GET", "/feed", reader, true, true}, // it is the same for everybody
		{"GET", "/page", reader, false, false},
		{"GET", "/short", "", false, true}, {"GET", "/strong", "", false, true}, {"GET", "/picture", "", false, true}, {"GET", "/away", "", false, true},
		{"GET", "/token", "", false, false}, {"GET", "/desk", reader, false, false}, {"GET", "/desk", "", false, false}, {"POST", "/act", "", false, false},
	} {
		t.Run(c.method+" "+c.path+" "+c.secret, func(t *testing.T) {
			plain := ask(handler, c.method, c.path, c.secret, map[string]string{"Sec-Fetch-Site": "same-origin"})
			w := ask(handler, c.method, c.path, c.secret, map[string]string{"Accept-Encoding": "br, gzip", "Sec-Fetch-Site": "same-origin"})
			packed := w.Header().Get("Content-Encoding") == "gzip"
			if packed != c.packed || plain.Header().Get("Content-Encoding") != "" {
				t.Errorf("compressed: %t, want %t; not asked for: %v", packed, c.packed, plain.Header())
			}
			for what, answer := range map[string]*httptest.ResponseRecorder{"plain": plain, "packed": w} {
				if varies := strings.Contains(strings.Join(answer.Header().Values("Vary"), ", "), "Accept-Encoding"); varies != c.varies {
					t.Errorf("%s: Vary is %q", what, answer.Header().Values("Vary"))
				}
			}
			if w.Code != plain.Code || w.Header().Get("ETag") != plain.Header().Get("ETag") {
				t.Errorf("compressed it is %d %v, and else %d %v", w.Code, w.Header(), plain.Code, plain.Header())
			}
			if !packed || c.method == "HEAD" {
				return
			}
			if w.Header().Get("Content-Length") != "" || w.Header().Get("Accept-Ranges") != "" || w.Body.Len() > len(long)/4 {
				t.Errorf("%d bytes, %v", w.Body.Len(), w.Header())
			}
			z, err := gzip.NewReader(w.Body)
			must(t, err)
			text, err := io.ReadAll(z)
			must(t, err)
			if string(text) != plain.Body.String() {
				t.Errorf("it is another text: %d bytes, want %d", len(text), plain.Body.Len())
			}
		})
	}
	same := ask(handler, "GET", "/json", "", map[string]string{"Accept-Encoding": "gzip", "If-None-Match": `W/"a"`})
	if same.Code != http.StatusNotModified || same.Header().Get("Content-Encoding") != "" || same.Body.Len() > 0 || !strings.Contains(strings.Join(same.Header().Values("Vary"), ","), "Accept-Encoding") {
		t.Errorf("what the client has: %d %v", same.Code, same.Header())
	}
	piece := ask(handler, "GET", "/json", "", map[string]string{"Accept-Encoding": "gzip", "Range": "bytes=4-7"})
	if piece.Code != http.StatusPartialContent || piece.Body.String() != "same" {
		t.Errorf("a piece: %d %q", piece.Code, piece.Body)
	}
	if fault := ask(handler, "GET", "/gone", "", map[string]string{"Accept-Encoding": "gzip"}); fault.Code != http.StatusInternalServerError || fault.Header().Get("Content-Encoding") != "" || !strings.Contains(fault.Body.String(), "cannot be shown") {
		t.Errorf("a fault: %d %v %s", fault.Code, fault.Header(), fault.Body)
	}
}

// The API says what is left of the rates, and of the one for searches beside.
func TestRatesAreTold(t *testing.T) {
	now := day
	ok := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }
	s, err := newSite(Options{Title: "Test", Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	s.all, s.costly = newRates(20, func() time.Time { return now }), newRates(2, func() time.Time { return now })
	handler, err := s.handler([]route{{pattern: "GET /api/v1/threads", handle: ok, shared: true}, {pattern: "GET /api/v1/search", handle: ok, shared: true, costly: true}, {pattern: "GET /page", handle: ok}})
	must(t, err)
	for _, c := range []struct {
		path, addr, policy, limit, after string
		status                           int
	}{
		{"/api/v1/threads", "192.0.2.1", `"requests";q=20;w=60`, `"requests";r=19;t=3`, "", 204},
		{"/api/v1/search", "192.0.2.1", `"requests";q=20;w=60, "searches";q=2;w=60`, `"requests";r=18;t=6, "searches";r=1;t=30`, "", 204},
		{"/api/v1/search", "192.0.2.1", `"requests";q=20;w=60, "searches";q=2;w=60`, `"requests";r=17;t=9, "searches";r=0;t=60`, "", 204},
		{"/api/v1/search", "192.0.2.1", `"requests";q=20;w=60, "searches";q=2;w=60`, `"requests";r=16;t=12, "searches";r=0;t=60`, "60", 429},
		{"/page", "192.0.2.1", "", "", "", 204},
		{"/api/v1/threads", "127.0.0.1", "", "", "", 204},
		{"/api/v1/threads", "198.51.100.1", `"requests";q=20;w=60`, `"requests";r=19;t=3`, "", 204},
	} {
		w := answer(handler, from(c.addr, "GET", c.path, ""))
		policy, limit := strings.Join(w.Header().Values("RateLimit-Policy"), ", "), strings.Join(w.Header().Values("RateLimit"), ", ")
		if w.Code != c.status || policy != c.policy || limit != c.limit || w.Header().Get("Retry-After") != c.after {
			t.Errorf("%s of %s: %d, policy %s, limit %s, retry after %q", c.path, c.addr, w.Code, policy, limit, w.Header().Get("Retry-After"))
		}
	}
	for range 20 {
		answer(handler, from("192.0.2.1", "GET", "/page", ""))
	}
	if w := answer(handler, from("192.0.2.1", "GET", "/api/v1/threads", "")); w.Code != http.StatusTooManyRequests || !strings.HasPrefix(w.Header().Get("RateLimit"), `"requests";r=0;t=`) || w.Header().Get("Retry-After") != "60" {
		t.Errorf("too many: %d %v", w.Code, w.Header())
	}
	now = now.Add(30 * time.Second)
	if w := answer(handler, from("192.0.2.1", "GET", "/api/v1/threads", "")); w.Header().Get("RateLimit") != `"requests";r=9;t=33` {
		t.Errorf("after half a minute: %v", w.Header())
	}
}
