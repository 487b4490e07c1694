package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What the monitor tells is for operators: no page of another site's reads it by a name
// that leads here, no address is in it, and profiles are there only where they are wanted.
func TestMonitorIsForOperators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "canary@readers.example.org")
	m := newMonitor(Build{})
	m.app.Store(a)
	ask := func(handler http.Handler, host, path string) (int, string) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	plain, profiles := m.handler(a, "127.0.0.1:9000", false), m.handler(a, "127.0.0.1:9000", true)
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/"} {
		for _, host := range []string{"evil.example:9000", "127.0.0.1.evil.example", "localhost.evil.example:9000"} {
			if status, _ := ask(profiles, host, path); status != http.StatusForbidden {
				t.Errorf("%s as %s: %d", path, host, status)
			}
		}
	}
	if status, body := ask(plain, "localhost:9000", "/metrics"); status != http.StatusOK || strings.Contains(body, "canary") || strings.Contains(body, "@") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := ask(plain, "127.0.0.1:9000", "/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("profiles: %d", status)
	}
	if status, _ := ask(profiles, "127.0.0.1:9000", "/debug/pprof/"); status != http.StatusOK {
		t.Errorf("profiles that are wanted: %d", status)
	}
}
