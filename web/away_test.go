package web

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"sigpost/internal/peertest"
	"sigpost/store"
)

// While the database is away, every page says that it is for a moment, and to whom to
// come back when; afterwards they are there again by themselves.
func TestPagesWhileTheDatabaseIsAway(t *testing.T) {
	if testing.Short() {
		t.Skip("it stops a server")
	}
	t.Parallel()
	server := peertest.PostgresOwn(t)
	db, err := store.Open(t.Context(), server.DSN)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	handler, err := New(Options{Title: "Test", Store: db, URL: "https://digest.example.org", Digests: map[string]string{"weekly": "The Weekly"}, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	paths := []string{"/", "/threads", "/threads/1", "/topics", "/issues", "/issues/weekly/1", "/search?q=heat", "/feed", "/statistics", "/api/v1/threads", "/api/v1/threads/1"}
	before := map[string]int{}
	for _, path := range paths {
		before[path] = answer(handler, from("192.0.2.1", "GET", path, "")).Code
	}
	if before["/threads"] != http.StatusOK || before["/threads/1"] != http.StatusNotFound {
		t.Fatalf("%v", before)
	}
	server.Away(func() {
		for _, path := range paths {
			w := answer(handler, from("192.0.2.1", "GET", path, ""))
			if w.Code == before[path] && w.Code == http.StatusOK { // it is kept for a while
				continue
			}
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "cannot be reached just now") {
				t.Errorf("%s: %d, %v: %s", path, w.Code, w.Header(), w.Body)
			}
		}
	})
	for _, path := range paths {
		if w := answer(handler, from("192.0.2.1", "GET", path, "")); w.Code != before[path] {
			t.Errorf("%s: %d, and it was %d", path, w.Code, before[path])
		}
	}
}
