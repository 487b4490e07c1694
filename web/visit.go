package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Whoever asks for it is shown what has come since their last visit. A cookie of
// two times does that, and nothing is kept here: when the visit before this one
// ended, and when a page was last looked at. A visit ends when nothing was looked
// at for visitGap.
const (
	visitGap  = 30 * time.Minute
	visitKept = 180 * 24 * time.Hour
)

func (s *site) visitCookie() string { return s.sessionCookie() + "-visit" }

// lastVisit is when the visit before this one ended; ok is false where the reader
// did not ask for it. It notes in the cookie that a page is looked at.
func (s *site) lastVisit(w http.ResponseWriter, r *http.Request) (last time.Time, ok bool) {
	cookie, err := r.Cookie(s.visitCookie())
	if err != nil {
		return last, false
	}
	before, now, _ := strings.Cut(cookie.Value, ".")
	ended, err1 := strconv.ParseInt(before, 10, 64)
	looked, err2 := strconv.ParseInt(now, 10, 64)
	if err1 != nil || err2 != nil {
		return last, false
	}
	at := s.now().Unix()
	if at-looked > int64(visitGap/time.Second) {
		ended = looked
	}
	if at-looked > 60 {
		s.setVisit(w, ended, at)
	}
	return time.Unix(ended, 0), true
}

func (s *site) setVisit(w http.ResponseWriter, ended, looked int64) {
	s.setVisitCookie(w, fmt.Sprintf("%d.%d", ended, looked), int(visitKept/time.Second))
}

func (s *site) setVisitCookie(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: s.visitCookie(), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.URL, "https:")})
}

// visits begins or ends the noting of visits, and goes back to the page.
func (s *site) visits(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("do") == "on" {
		now := s.now().Unix()
		s.setVisit(w, now, now)
	} else {
		s.setVisitCookie(w, "", -1)
	}
	back := "/"
	if id, err := strconv.ParseInt(r.FormValue("thread"), 10, 64); err == nil {
		back = threadPath(id)
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
