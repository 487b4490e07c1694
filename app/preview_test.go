package app

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigpost/config"
)

// The preview shows what is there, tells of each change, shows what is wrong,
// and is for this machine alone.
func TestPreviewReloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theme := filepath.Join(w.dir, "theme", "mail")
	if err := os.MkdirAll(theme, 0o755); err != nil {
		t.Fatal(err)
	}
	w.digestKeys = `templates = "theme"`
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a := w.open()
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	listener, err := ListenLocal("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := func(ctx context.Context) (*App, config.Digest, error) {
		cfg, err := config.Load(filepath.Join(w.dir, "config.toml"))
		if err != nil {
			return nil, config.Digest{}, err
		}
		a, err := Open(ctx, cfg, Options{Now: w.clock, ReadOnly: true})
		if err != nil {
			return nil, config.Digest{}, err
		}
		d, err := a.Config.Digest("")
		return a, d, err
	}
	done := make(chan error, 1)
	go func() {
		done <- ServePreview(ctx, listener, filepath.Join(w.dir, "config.toml"), open, FormatHTML, "")
	}()
	url := "http://" + listener.Addr().String()
	get := func(path, host string) (int, string) {
		t.Helper()
		req, err := http.NewRequest("GET", url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	status, page := get("/", "")
	if status != 200 || !strings.Contains(page, "SIG-OpenStack Weekly") || !strings.Contains(page, `<script src="/reload.js?since=`) || strings.Contains(page, "cid:") {
		t.Fatalf("status %d:\n%s", status, page)
	}
	if status, _ := get("/", "evil.example.org"); status != http.StatusForbidden {
		t.Errorf("another site's name gets status %d", status)
	}
	if status, css := get("/static/style.css", ""); status != 200 || !strings.Contains(css, "body") {
		t.Errorf("style: status %d", status)
	}

	_, page = get("/", "")
	_, since, _ := strings.Cut(page, "?since=")
	since, _, _ = strings.Cut(since, `"`)
	changed, still := watchChanges(t, ctx, url+"/changes?since="+since)
	still("looking at it")
	if err := os.WriteFile(filepath.Join(theme, "issue.html.tmpl"), []byte("<html><head></head><body>Ours: {{.Title}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed("a template")
	if status, page = get("/", ""); status != 200 || !strings.Contains(page, "Ours: SIG-OpenStack Weekly") {
		t.Errorf("status %d:\n%s", status, page)
	}
	if err := os.WriteFile(filepath.Join(theme, "issue.html.tmpl"), []byte("<html><head></head><body>Ours, again: {{.Titel}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed("a template that is wrong")
	if status, page = get("/", ""); status != 500 || !strings.Contains(page, "issue.html.tmpl:1: there is no field Titel") || !strings.Contains(page, "/reload.js") {
		t.Errorf("status %d:\n%s", status, page)
	}
	if _, err := a.Classify(ctx); err != nil { // writes
		t.Fatal(err)
	}
	changed("the archive")
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it does not stop")
	}
	if _, err := ListenLocal("0.0.0.0:0"); err == nil {
		t.Error("a preview for everybody")
	}
}

// watchChanges follows a stream of events: changed waits for the next, still
// makes sure that none comes.
func watchChanges(t *testing.T, ctx context.Context, url string) (changed, still func(what string)) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer resp.Body.Close()
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			if strings.HasPrefix(s.Text(), "event:") {
				lines <- s.Text()
			}
		}
	}()
	changed = func(what string) {
		t.Helper()
		select {
		case <-lines:
		case <-time.After(10 * time.Second):
			t.Fatalf("nobody was told that %s changed", what)
		}
	}
	still = func(what string) {
		t.Helper()
		select {
		case <-lines:
			t.Fatalf("%s is told as a change", what)
		case <-time.After(3 * previewEvery):
		}
	}
	return changed, still
}
