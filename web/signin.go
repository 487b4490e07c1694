package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"sigpost"
)

// People sign in and out: a signin.Desk. What wraps sigpost.ErrNotFound is over,
// was used or revoked, or never was.
type People interface {
	Person(ctx context.Context, secret string) (sigpost.Person, error)
	Ask(ctx context.Context, address, back string, from netip.Prefix) error
	Look(ctx context.Context, token string, from netip.Prefix) (sigpost.Person, error)
	SignIn(ctx context.Context, token, agent string, from netip.Prefix) (p sigpost.Person, secret, back string, err error)
	Sessions(ctx context.Context, p sigpost.Person) ([]sigpost.WebSession, error)
	Revoke(ctx context.Context, p sigpost.Person, id int64) error
}

// SignInPath is where one signs in.
const SignInPath = "/sign-in"

// signInRoutes are where people sign in and out.
func (s *site) signInRoutes() []route {
	if s.People == nil {
		return nil
	}
	return []route{
		{pattern: "GET " + SignInPath, handle: s.signInPage, personal: true},
		{pattern: "POST " + SignInPath, handle: s.askLink, personal: true},
		{pattern: "GET " + SignInPath + "/{token}", handle: s.linkPage, personal: true},
		{pattern: "POST " + SignInPath + "/{token}", handle: s.signIn, personal: true},
		{pattern: "POST /sign-out", handle: s.signOut, needs: sigpost.RoleReader},
		{pattern: "GET /sessions", handle: s.sessionsPage, needs: sigpost.RoleReader},
		{pattern: "POST /sessions", handle: s.revoke, needs: sigpost.RoleReader},
	}
}

type signInPage struct {
	page
	// Back is where signing in leads, Needs what kept somebody from going there.
	Back   string
	Needs  string
	ByMail bool
}

func (s *site) signInPage(w http.ResponseWriter, r *http.Request) {
	s.showSignIn(w, r, http.StatusOK, r.FormValue("back"), "")
}

func (s *site) showSignIn(w http.ResponseWriter, r *http.Request, status int, back, needs string) {
	s.show(w, r, status, "signin", signInPage{page: s.page(r, "Sign in"), Back: back, Needs: needs, ByMail: s.LinksByMail})
}

// askLink has a link mailed. What it answers, and when, says nothing of the address.
func (s *site) askLink(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, formError(err))
		return
	}
	if !s.LinksByMail {
		s.showSignIn(w, r, http.StatusConflict, r.PostFormValue("back"), "")
		return
	}
	address, back := r.PostFormValue("address"), r.PostFormValue("back")
	if err := s.ask(r.Context(), func() error { return s.People.Ask(r.Context(), address, back, s.network(r)) }); err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "message", messagePage{s.page(r, "Look into your mailbox"), linkMailed})
}

// linkMailed is the answer to everybody who wants to sign in.
const linkMailed = "If this address can sign in, a mail with a link is on its way to it. The link can be used once, and not for long. " +
	"If none comes within some minutes, look into the folder for spam; whoever runs this site can make a link for you as well."

type linkPage struct {
	page
	Address string
	Role    sigpost.Role
}

// linkPage asks; it changes nothing, since link scanners come here too.
func (s *site) linkPage(w http.ResponseWriter, r *http.Request) {
	p, err := s.People.Look(r.Context(), r.PathValue("token"), s.network(r))
	if err != nil {
		s.failLink(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "signinlink", linkPage{s.page(r, "Sign in"), p.Addr, p.Role})
}

// signIn is the button of that page.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	p, secret, back, err := s.People.SignIn(r.Context(), r.PathValue("token"), r.UserAgent(), s.network(r))
	if err != nil {
		s.failLink(w, r, err)
		return
	}
	s.Log.InfoContext(r.Context(), "signed in", "who", p.Addr, "session", p.Session)
	if was := personOf(r); was.Session != 0 { // one browser, one session
		if err := s.People.Revoke(r.Context(), was, was.Session); err != nil {
			s.Log.ErrorContext(r.Context(), "the session of before could not be ended", "session", was.Session, "error", err)
		}
	}
	s.setSession(w, secret, p.Expires.Sub(s.Now()))
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// failLink says of a link that is gone what to do.
func (s *site) failLink(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, sigpost.ErrNotFound) {
		s.show(w, r, http.StatusGone, "message", messagePage{s.page(r, "This link signs nobody in"),
			"It was used already, or is too old, or was cut off: please ask for another one."})
		return
	}
	s.fail(w, r, err)
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	p := personOf(r)
	if err := s.People.Revoke(r.Context(), p, p.Session); err != nil {
		s.fail(w, r, err)
		return
	}
	s.setSession(w, "", -time.Second)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

type sessionsPage struct {
	page
	Sessions []sessionView
	All      bool // everybody's
}

// sessionView is a session as a list shows it.
type sessionView struct {
	sigpost.WebSession
	Current bool
}

func (s *site) sessionsPage(w http.ResponseWriter, r *http.Request) {
	p := personOf(r)
	all, err := s.People.Sessions(r.Context(), p)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	view := sessionsPage{page: s.page(r, "Sessions"), All: p.Role.May(sigpost.RoleAdmin)}
	for _, one := range all {
		view.Sessions = append(view.Sessions, sessionView{one, one.ID == p.Session})
	}
	s.show(w, r, http.StatusOK, "sessions", view)
}

// revoke ends a session.
func (s *site) revoke(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PostFormValue("session"), 10, 64)
	if err != nil {
		s.fail(w, r, sigpost.ErrUsage)
		return
	}
	p := personOf(r)
	if id == p.Session {
		s.signOut(w, r)
		return
	}
	if err := s.People.Revoke(r.Context(), p, id); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/sessions", http.StatusSeeOther)
}

// trySignIn are the pages of signing in, in all their states.
func (s *site) trySignIn() []tried {
	p, now := s.page(nil, "One"), time.Unix(0, 0)
	p.SigningIn = true
	session := sigpost.WebSession{ID: 1, Addr: "jo@example.org", Way: sigpost.SignInByMail, Network: "192.0.2.0/24", Agent: "B", Created: now, Seen: now, Expires: now}
	return []tried{
		{"signin", signInPage{page: p, Back: "/", Needs: "N", ByMail: true}},
		{"signin", signInPage{page: p}},
		{"signinlink", linkPage{p, "jo@example.org", sigpost.RoleAdmin}},
		{"sessions", sessionsPage{page: p, All: true, Sessions: []sessionView{{session, true}, {sigpost.WebSession{}, false}}}},
		{"sessions", sessionsPage{page: p, Sessions: []sessionView{{session, false}}}},
	}
}
