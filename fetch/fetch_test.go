package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigpost"
)

var now = time.Date(2016, 4, 4, 9, 0, 0, 0, time.UTC)

func any([]byte) error { return nil }

// server answers as its test says; the last request is kept.
type server struct {
	*httptest.Server
	answer func(w http.ResponseWriter, r *http.Request)
	last   http.Header
}

func newServer(t *testing.T, answer http.HandlerFunc) *server {
	s := &server{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.last = r.Header
		s.answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestUpdate(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Mon, 04 Apr 2016 08:00:00 GMT")
		_, _ = w.Write([]byte("first"))
	})
	clock := now
	f := New(func() time.Time { return clock })
	c, err := f.Update(t.Context(), sigpost.Copy{Name: "calendar a"}, s.URL, any)
	if err != nil || string(c.Body) != "first" || c.ETag != `"1"` || c.LastModified == "" || !c.Confirmed.Equal(now) || c.Name != "calendar a" {
		t.Fatalf("%+v, %v", c, err)
	}

	s.answer = func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotModified) }
	clock = now.Add(time.Hour)
	if c, err = f.Update(t.Context(), c, s.URL, any); err != nil || string(c.Body) != "first" || !c.Confirmed.Equal(clock) {
		t.Errorf("not modified: %+v, %v", c, err)
	}
	if s.last.Get("If-None-Match") != `"1"` || s.last.Get("If-Modified-Since") != "Mon, 04 Apr 2016 08:00:00 GMT" {
		t.Errorf("asked with %v", s.last)
	}

	// Whatever happens, the good copy stays, and it is known since when.
	confirmed := c.Confirmed
	for i, bad := range []struct {
		name, want string
		answer     http.HandlerFunc
	}{
		{"an error", "the server answers 500 Internal Server Error", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }},
		{"gone", "the server answers 404 Not Found", http.NotFound},
		{"too large", "larger than 10 MiB", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat("x", MaxBytes+1)))
		}},
		{"too large when unpacked", "larger than 10 MiB", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write([]byte(strings.Repeat("x", 2*MaxBytes)))
			_ = z.Close()
		}},
		{"broken off", "broke off after", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half"))
		}},
		{"something else", "no calendar", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("<html>Log in")) }},
		{"round and round", "leads on more than 5 times", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }},
		{"elsewhere", `leads to an address with "file"`, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}},
	} {
		s.answer = bad.answer
		clock = now.Add(time.Duration(i+2) * time.Hour)
		c, err = f.Update(t.Context(), c, s.URL, func(b []byte) error {
			if strings.HasPrefix(string(b), "<html>") {
				return errors.New("this is no calendar")
			}
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), bad.want) || strings.Contains(err.Error(), s.URL) {
			t.Errorf("%s: %v", bad.name, err)
		}
		if string(c.Body) != "first" || !c.Confirmed.Equal(confirmed) || !c.Failing.Equal(now.Add(2*time.Hour)) || c.Failure != err.Error() {
			t.Errorf("%s: %+v", bad.name, c)
		}
	}

	s.answer = func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("second")) }
	if c, err = f.Update(t.Context(), c, s.URL, any); err != nil || string(c.Body) != "second" || c.ETag != "" || !c.Failing.IsZero() || c.Failure != "" {
		t.Errorf("again: %+v, %v", c, err)
	}
	// Another address has nothing of the first one's.
	s.answer = func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }
	if c, err = f.Update(t.Context(), c, s.URL+"/other", any); err == nil || c.Body != nil || !c.Confirmed.IsZero() {
		t.Errorf("another address: %+v, %v", c, err)
	}
}

func TestStoppedIsNoFailure(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c, err := New(time.Now).Update(ctx, sigpost.Copy{}, s.URL, any)
	if err == nil || !c.Failing.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestTooSlow(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	f := New(time.Now)
	f.client.Timeout = 50 * time.Millisecond
	if _, err := f.Update(t.Context(), sigpost.Copy{}, s.URL, any); err == nil || !strings.Contains(err.Error(), "no whole answer within 30s") {
		t.Error(err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.ics")
	f := New(time.Now)
	c, err := f.Update(t.Context(), sigpost.Copy{}, file, any)
	if err == nil || c.Failing.IsZero() {
		t.Errorf("no file: %+v, %v", c, err)
	}
	for name, text := range map[string]string{"a.ics": "a", "x.yaml": "x: 1", "y.yml": "y: 2"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c, err = f.Update(t.Context(), c, file, any); err != nil || string(c.Body) != "a" || !c.Failing.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = f.Update(t.Context(), c, dir, any); err != nil || string(c.Body) != "x: 1\n---\ny: 2" {
		t.Errorf("a folder: %q, %v", c.Body, err)
	}
	if _, err = f.Update(t.Context(), c, t.TempDir(), any); err == nil {
		t.Error("an empty folder")
	}
}
