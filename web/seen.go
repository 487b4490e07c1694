package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"sigpost/internal/logs"
)

// Watcher is told of each request: its beginning, and how it was answered. The route
// is a pattern of the site's table, and "" where none was found.
type Watcher interface {
	RequestBegun()
	Request(route string, status int, took time.Duration)
}

// visit is what is known of a request around all routes.
type visit struct{ route string }

type visitKey struct{}

func visitOf(r *http.Request) *visit {
	v, _ := r.Context().Value(visitKey{}).(*visit)
	return v
}

// watched is around all: each request has an id, is counted, and is logged.
func (s *site) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun, v, out := time.Now(), &visit{}, &answered{ResponseWriter: w}
		if s.Watch != nil {
			s.Watch.RequestBegun()
		}
		r = r.WithContext(context.WithValue(logs.WithRequest(r.Context(), s.requestID(r)), visitKey{}, v))
		whole := false
		defer func() {
			if !whole && out.status == 0 { // it was broken off
				out.status = http.StatusInternalServerError
			}
			if s.Watch != nil {
				s.Watch.Request(v.route, out.status, time.Since(begun))
			}
			s.logRequest(r, v, out, time.Since(begun))
		}()
		next.ServeHTTP(out, r)
		if out.status == 0 {
			out.status = http.StatusOK
		}
		whole = true
	})
}

// logRequest is the access log. It does not say who asks, nor the query, which may have
// what somebody looks for.
func (s *site) logRequest(r *http.Request, v *visit, out *answered, took time.Duration) {
	log := s.Log.DebugContext
	if s.LogRequests && v.route != healthRoute && v.route != readyRoute {
		log = s.Log.InfoContext
	}
	log(r.Context(), "request", "method", method(r), "route", v.route, "path", shownPath(r), "status", out.status, "bytes", out.bytes, "took", took)
}

// method is that of a request, where it is one of those that there are.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// requestIDHeader has the id of a request, there and back.
const requestIDHeader = "X-Request-Id"

// requestID is the id that a trusted proxy gave a request, or a new one.
func (s *site) requestID(r *http.Request) string {
	if given := r.Header.Get(requestIDHeader); given != "" && fitsID(given) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && s.trusted(peer.Addr().Unmap()) {
			return given
		}
	}
	var id [8]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// fitsID says whether a text can be the id of a request.
func fitsID(text string) bool {
	return len(text) <= 64 && strings.IndexFunc(text, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.')
	}) < 0
}

// longestShown is the longest part of a path that stands in the log where no route says
// what it is: a link that was mistyped may have a token, which is longer.
const longestShown = 24

// shownPath is the path of a request without what is one reader's.
func shownPath(r *http.Request) string {
	route := ""
	if v := visitOf(r); v != nil {
		_, route, _ = strings.Cut(v.route, " ")
	}
	parts, pattern := strings.Split(r.URL.Path, "/"), strings.Split(route, "/")
	known := len(parts) == len(pattern) && route != "/"
	for i, part := range parts {
		switch {
		case known && pattern[i] == "{token}":
			parts[i] = pattern[i]
		case !known && len(part) > longestShown:
			parts[i] = "…"
		}
	}
	return logs.Discreet(strings.Join(parts, "/"))
}

// answered is an answer of which status and length are known.
type answered struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status.
func (w *answered) WriteHeader(status int) {
	if w.status == 0 && status >= 200 { // not what comes in front of an answer
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts bytes.
func (w *answered) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *answered) Unwrap() http.ResponseWriter { return w.ResponseWriter }
