package web

import (
	"context"
	"io"
	"net/http"
)

// The routes for those who watch over the process. They have no limits: what they cost
// is bounded in itself.
const (
	healthRoute = "GET /healthz"
	readyRoute  = "GET /readyz"
)

func (s *site) healthRoutes() []route {
	return []route{
		{pattern: healthRoute, handle: Healthy, shared: true},
		{pattern: readyRoute, handle: Ready(s.Options.Ready), shared: true},
	}
}

// Healthy says that the process lives and answers; it asks nobody.
func Healthy(w http.ResponseWriter, _ *http.Request) { tellHealth(w, http.StatusOK, "ok") }

// Ready says whether requests had better come here. What an error of ready says is shown
// to everybody; where there is no ready, it always is.
func Ready(ready func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ready != nil {
			if err := ready(r.Context()); err != nil {
				tellHealth(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
				return
			}
		}
		tellHealth(w, http.StatusOK, "ready")
	}
}

func tellHealth(w http.ResponseWriter, status int, says string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	io.WriteString(w, says+"\n")
}
