package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"sigpost/internal/logs"
)

// Bounds of a request, whoever sends it.
const (
	// urlLength is the longest path with its query, in bytes: what RFC 9110, section
	// 4.1, wants to be supported.
	urlLength = 8000
	// usualTime is how long an answer may take; deskTime is for what changes much.
	usualTime = 20 * time.Second
	deskTime  = 50 * time.Second
)

// errTooLarge and errTooLong are of requests that are beyond any that a page makes.
var (
	errTooLarge = errors.New("the body is too large")
	errTooLong  = errors.New("the URL is too long")
)

// beyond says of an error whether it is one of these bounds, whatever words others
// have for it.
func beyond(r *http.Request, err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errTooLarge
	}
	if errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		return errors.Join(err, context.DeadlineExceeded)
	}
	return err
}

// handler is the whole site: what is around every route, and the routes.
func (s *site) handler(routes []route) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, to := range routes {
		mux.HandleFunc(to.pattern, s.guard(to))
	}
	inner, err := s.sameOrigin(s.answered(mux), routes)
	if err != nil {
		return nil, err
	}
	return s.watched(s.secure(s.calm(s.bounded(inner)))), nil
}

// errMethod is of a request that does with a page what cannot be done with it.
var errMethod = errors.New("the method is none of this page's")

// answered makes a page of what mux says to a method that a path does not have. Every
// path has GET, so that only others are looked up twice.
func (s *site) answered(mux *http.ServeMux) http.Handler {
	refused := s.guard(route{personal: true, handle: func(w http.ResponseWriter, r *http.Request) {
		said := &given{header: http.Header{}}
		mux.ServeHTTP(said, r)
		w.Header().Set("Allow", said.header.Get("Allow")) // RFC 9110, section 15.5.6
		s.fail(w, r, errMethod)
	}})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if _, pattern := mux.Handler(r); pattern == "" {
				refused(w, r)
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
}

// securityHeaders keep a stranger's bytes mere data: no script runs but the site's
// own, nothing is loaded from elsewhere, no other site can frame a page or look at
// it, and links do not tell where they were followed from (tokens are in paths).
var securityHeaders = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; frame-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Permissions-Policy":           "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
}

// secure puts them on every answer.
func (s *site) secure(next http.Handler) http.Handler {
	https := strings.HasPrefix(s.URL, "https:")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range securityHeaders {
			w.Header().Set(name, value)
		}
		w.Header().Set(requestIDHeader, logs.RequestOf(r.Context()))
		if https { // RFC 6797, section 7.2: never over http
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// calm makes a page of a fault of the program; what it was is in the log alone.
func (s *site) calm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &started{ResponseWriter: w}
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler {
				panic(fault)
			}
			s.Log.ErrorContext(r.Context(), "a page has a fault", "method", r.Method, "path", shownPath(r), "fault", fault, "stack", string(debug.Stack()))
			if out.begun { // what was sent is not whole: the connection says so
				panic(http.ErrAbortHandler)
			}
			clear(w.Header())
			s.secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errors.New("a fault of the program")) })).ServeHTTP(w, r)
		}()
		next.ServeHTTP(out, r)
	})
}

// bounded refuses URLs that are too long, and networks that ask too much.
func (s *site) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > urlLength {
			s.fail(w, r, errTooLong)
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/static/") && r.URL.Path != "/healthz" && r.URL.Path != "/readyz" {
			room, err := s.all.allow(s.network(r))
			room.tell(w, r, "requests")
			if err != nil {
				s.fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what another site's page makes a browser send. Mail providers
// send the one click of RFC 8058 from wherever they are.
func (s *site) sameOrigin(next http.Handler, routes []route) (http.Handler, error) {
	guard := http.NewCrossOriginProtection()
	for _, to := range routes {
		if to.foreign {
			guard.AddInsecureBypassPattern(to.pattern)
		}
	}
	if u, err := url.Parse(s.URL); err == nil && u.Host != "" { // a proxy may have changed Host
		if err := guard.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, err
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errForeign) }))
	return guard.Handler(next), nil
}

// errForeign is of what another site's page makes a browser send.
var errForeign = errors.New("it comes from another site")

// within is ctx for as long as a route may take.
func (to route) within(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := to.time
	switch {
	case limit != 0:
	case to.needs != "":
		limit = deskTime
	default:
		limit = usualTime
	}
	return context.WithTimeout(ctx, limit)
}
