package app

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"html"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/templates"
)

// ListenLocal takes an address of this machine, and no other.
func ListenLocal(addr string) (net.Listener, error) {
	if !config.Loopback(addr) {
		return nil, sigpost.Usage(fmt.Errorf("a preview is for whoever sits here: %s is no address of this machine such as 127.0.0.1:8421", addr))
	}
	return listen("the preview", "--listen", addr)
}

// previewEvery is how often the preview looks for changes.
const previewEvery = 500 * time.Millisecond

// preview shows the next issue as it is just now.
type preview struct {
	config         string // the file
	open           func(context.Context) (*App, config.Digest, error)
	format, reader string
}

// ServePreview shows the next issue in a format until ctx is done. Each look
// opens everything anew by open, and the page is loaded anew when the
// configuration, a template or the archive has changed. What is wrong is shown
// instead, until it is put right.
func ServePreview(ctx context.Context, listener net.Listener, configFile string, open func(context.Context) (*App, config.Digest, error), format, reader string) error {
	p := &preview{config: configFile, open: open, format: format, reader: reader}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.page)
	mux.HandleFunc("GET /changes", p.changes)
	mux.HandleFunc("GET /reload.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(reloadScript))
	})
	mux.HandleFunc("GET /static/style.css", p.style)
	server := &http.Server{Handler: localOnly(mux), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// reloadScript loads the page anew when it is told to, and when the server has
// been away: it may be another by then.
const reloadScript = `"use strict";
let lost = false;
const changes = new EventSource("/changes" + new URL(document.currentScript.src).search);
changes.addEventListener("change", () => location.reload());
changes.onopen = () => { if (lost) location.reload(); };
changes.onerror = () => { lost = true; };
`

// localOnly answers who names this machine: another site's page, whose name was
// made to lead here, does not.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !config.Loopback(r.Host) {
			http.Error(w, "this preview is for this machine alone", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (p *preview) page(w http.ResponseWriter, r *http.Request) {
	status, since := http.StatusOK, p.stamp(r.Context()) // what changes from here on is news
	page, err := p.render(r.Context())
	if err != nil {
		status, page = http.StatusInternalServerError, plainPage("The issue cannot be shown", err.Error())
	}
	script := `<script src="/reload.js?since=` + since + `" defer></script>`
	if before, after, ok := strings.Cut(page, "</head>"); ok {
		page = before + script + "</head>" + after
	} else {
		page = script + page
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page)) // whoever is gone needs no answer
}

func (p *preview) render(ctx context.Context) (string, error) {
	a, d, err := p.open(ctx)
	if err != nil {
		return "", err
	}
	defer a.Close()
	issue, err := a.DraftOrPreview(ctx, d)
	if err != nil {
		return "", err
	}
	data, err := a.Copy(ctx, d, issue, p.format, p.reader)
	if err != nil {
		return "", err
	}
	switch p.format {
	case FormatHTML:
		return a.pictured(d, issue, string(data))
	case FormatWeb:
		return string(data), nil
	}
	return plainPage(p.format, string(data)), nil
}

// plainPage shows what is no page.
func plainPage(title, text string) string {
	return fmt.Sprintf(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>%s</title></head>
<body><pre style="white-space:pre-wrap">%s</pre></body></html>
`, html.EscapeString(title), html.EscapeString(text))
}

func (p *preview) style(w http.ResponseWriter, r *http.Request) {
	files := fs.FS(templates.Files)
	if a, _, err := p.open(r.Context()); err == nil {
		defer a.Close()
		if overlaid, err := templates.Overlay(a.theme(a.themeOfSite())); err == nil {
			files = overlaid
		}
	}
	http.ServeFileFS(w, r, files, "web/static/style.css")
}

// changes is a stream of server-sent events: one for each change since the page
// was made.
func (p *preview) changes(w http.ResponseWriter, r *http.Request) {
	last := r.FormValue("since")
	if last == "" {
		last = p.stamp(r.Context())
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	if _, err := fmt.Fprint(w, ": watching\n\n"); err != nil || out.Flush() != nil {
		return
	}
	ticker := time.NewTicker(previewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
		}
		now := p.stamp(r.Context())
		if now == last {
			continue
		}
		last = now
		if _, err := fmt.Fprint(w, "event: change\ndata: now\n\n"); err != nil || out.Flush() != nil {
			return
		}
	}
}

// stamp differs where something has changed on which the issue depends.
func (p *preview) stamp(ctx context.Context) string {
	h := fnv.New64a()
	add := func(path string) {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
		}
	}
	add(p.config)
	cfg, err := config.Load(p.config)
	if err != nil {
		fmt.Fprintln(h, err)
		return strconv.FormatUint(h.Sum64(), 36)
	}
	for _, d := range cfg.Digests {
		if d.Templates == "" {
			continue
		}
		_ = filepath.WalkDir(cfg.Path(d.Templates), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				add(path)
			}
			return nil
		})
	}
	if dsn, err := cfg.DSN(); err == nil && !strings.Contains(dsn, "://") {
		add(dsn)
		add(dsn + "-wal")
		return strconv.FormatUint(h.Sum64(), 36)
	}
	// No file to look at: ask the database how much was written.
	if a, _, err := p.open(ctx); err == nil {
		defer a.Close()
		if changes, err := a.Store.Changes(ctx); err == nil {
			fmt.Fprintln(h, changes)
		}
	}
	return strconv.FormatUint(h.Sum64(), 36)
}
