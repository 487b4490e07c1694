package web

import (
	"cmp"
	"net/http"
)

type unsubscribePage struct {
	page
	Address string // masked: the letter may have been forwarded
	Digest  string
	Active  bool
}

// unsubscribePage asks; it changes nothing, since link scanners come here too.
func (s *site) unsubscribePage(w http.ResponseWriter, r *http.Request) {
	address, digest, state, err := s.Door.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "unsubscribe", unsubscribePage{
		s.page(r, "Unsubscribe"), address, cmp.Or(s.Digests[digest], digest), state.Subscribed(),
	})
}

// unsubscribe is the one click of RFC 8058, section 3.2, and the button of the
// page: no login, no cookie, no second page, at once.
func (s *site) unsubscribe(w http.ResponseWriter, r *http.Request) {
	// Without these words (section 3.1) it is some other POST; the page asks.
	if r.FormValue("List-Unsubscribe") != "One-Click" {
		s.unsubscribePage(w, r)
		return
	}
	subscription, err := s.Door.Unsubscribe(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.Log.InfoContext(r.Context(), "unsubscribed", "subscription", subscription.ID, "digest", subscription.Digest)
	s.show(w, r, http.StatusOK, "message", messagePage{s.page(r, "Unsubscribed"), unsubscribedWords})
}

// unsubscribedWords are what somebody sees who left.
const unsubscribedWords = "You are unsubscribed and get no further issue. If that was a mistake, subscribe once more."
