package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"sigpost"
)

// route is a way in. The table of all of them is site.routes: nothing is
// answered that is not in it.
type route struct {
	// pattern is http.ServeMux's, with the method.
	pattern string
	// needs is who may call it at least.
	needs  sigpost.Role
	handle http.HandlerFunc
	// personal keeps the answer out of caches and search engines: it is one
	// reader's. What needs a role is so anyway.
	personal bool
	// shared answers are the same for everybody, whoever has signed in.
	shared bool
	// foreign lets other sites' pages and programs send it: only for what a token
	// in the request allows, and no cookie.
	foreign bool
	// costly has fewer of them answered in a minute: what works the database hard.
	costly bool
	// time is how long an answer may take; 0 means some seconds, more at the desk.
	time time.Duration
	// body is how many bytes a request may have; 0 means 64 KiB.
	body int64
}

// usualBody is more than any form of a reader's has, in bytes.
const usualBody = 64 << 10

// routes are all ways in.
func (s *site) routes() []route {
	var all []route
	for _, of := range []func() []route{
		s.readingRoutes,
		s.browseRoutes,
		s.feedRoutes,
		s.apiRoutes,
		s.threadRoutes,
		s.doorRoutes,
		s.signInRoutes,
		s.auditRoutes,
		s.monthRoutes,
		s.reviewRoutes,
		s.editRoutes,
		s.searchRoutes,
		s.healthRoutes,
	} {
		all = append(all, of()...)
	}
	return append(all, route{pattern: "GET /", handle: func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, sigpost.ErrNotFound) }})
}

// Way is a way in to a site.
type Way struct {
	Method, Path string // as in http.ServeMux's patterns
	Needs        sigpost.Role
}

// Ways are all ways in to a site.
func Ways(o Options) (all []Way, err error) {
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	for _, to := range s.routes() {
		method, path, _ := strings.Cut(to.pattern, " ")
		all = append(all, Way{method, path, to.needs})
	}
	return all, nil
}

// guard answers a route to whom it is for.
func (s *site) guard(to route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if v := visitOf(r); v != nil {
			v.route = to.pattern
		}
		ctx, cancel := to.within(r.Context())
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, to.limit())
		var person sigpost.Person
		var err error
		if !to.shared {
			if person, err = s.person(r); err != nil {
				s.fail(w, r, err)
				return
			}
			w.Header().Add("Vary", "Cookie")
		}
		if person.Addr != "" {
			ctx = sigpost.ActingAs(context.WithValue(ctx, personKey{}, person), person.Addr)
			r = r.WithContext(ctx)
			r.Header.Del("If-None-Match") // what was kept is as nobody saw it
			r.Header.Del("If-Modified-Since")
		}
		if to.personal || to.needs != sigpost.RoleNobody {
			w.Header().Set("X-Robots-Tag", "noindex")
		}
		if to.personal || to.needs != sigpost.RoleNobody || person.Addr != "" { // it may say who reads it
			w = &started{ResponseWriter: w, first: unkept}
		}
		if !to.packs(r, person) {
			s.answer(to, w, r, person)
			return
		}
		w.Header().Add("Vary", "Accept-Encoding")
		if !takesGzip(r) || r.Header.Get("Range") != "" {
			s.answer(to, w, r, person)
			return
		}
		packed := &packing{ResponseWriter: w}
		s.answer(to, packed, r, person)
		if err := packed.end(r); err != nil {
			s.Log.DebugContext(r.Context(), "an answer was not taken", "path", shownPath(r), "error", err)
		}
	}
}

// answer answers a route to somebody, if it is for them.
func (s *site) answer(to route, w http.ResponseWriter, r *http.Request, person sigpost.Person) {
	var err error
	switch {
	case !person.Role.May(to.needs):
		s.refuse(w, r, person, to.needs)
		return
	case r.ContentLength > to.limit():
		err = errTooLarge
	case to.costly:
		var room room
		room, err = s.costly.allow(s.network(r))
		room.tell(w, r, "searches")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	to.handle(w, r)
}

// limit is how many bytes a request may have.
func (to route) limit() int64 {
	if to.body == 0 {
		return usualBody
	}
	return to.body
}

type personKey struct{}

// personOf is who sends a request; its role is RoleNobody where nobody signed in.
func personOf(r *http.Request) sigpost.Person {
	p, _ := r.Context().Value(personKey{}).(sigpost.Person)
	return p
}

// sessionCookie is the one cookie of the site. On https its name makes browsers
// bind it to this host and path (RFC 6265bis, section 4.1.3.2).
func (s *site) sessionCookie() string {
	if strings.HasPrefix(s.URL, "https:") {
		return "__Host-sigpost"
	}
	return "sigpost"
}

// setSession hands a session to a browser, for a time from now: its clock may be
// another one. A time below 0 takes it away.
func (s *site) setSession(w http.ResponseWriter, secret string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: s.sessionCookie(), Value: secret, Path: "/", MaxAge: int(lasts / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.URL, "https:")})
}

// person asks who sends a request. Whose session is over is nobody.
func (s *site) person(r *http.Request) (sigpost.Person, error) {
	cookie, err := r.Cookie(s.sessionCookie())
	if err != nil || s.People == nil {
		return sigpost.Person{}, nil
	}
	p, err := s.People.Person(r.Context(), cookie.Value)
	if errors.Is(err, sigpost.ErrNotFound) {
		return sigpost.Person{}, nil
	}
	return p, err
}

// refuse tells somebody that a page is not for them: who has not signed in can do
// so, and comes back here.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, p sigpost.Person, needed sigpost.Role) {
	if p.Role == sigpost.RoleNobody {
		if s.People == nil {
			s.fail(w, r, sigpost.ErrNotFound)
			return
		}
		back := ""
		if r.Method == http.MethodGet {
			back = r.URL.RequestURI()
		}
		s.showSignIn(w, r, http.StatusUnauthorized, back, "This page is for those who look after the archive: please sign in.")
		return
	}
	s.show(w, r, http.StatusForbidden, "message", messagePage{s.page(r, "Not for you"),
		"This page is for " + string(needed) + "s, and you are signed in as " + string(p.Role) + "."})
}
