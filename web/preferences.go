package web

import (
	"errors"
	"net/http"
	"time"

	"sigpost"
	"sigpost/subscribe"
)

type preferencesPage struct {
	page
	Publication, Address string // the address is masked
	Wish                 wishForm
	Wishes               string
	Paused               string // the last day of the pause, as a form has it
	PausedWords          string
	Tomorrow             string // the first day that a pause can end on
	Problem, Done        string
	Active, Preview      bool
}

// preferencesPage shows what somebody gets, to whom has the link.
func (s *site) preferencesPage(w http.ResponseWriter, r *http.Request) {
	subscription, err := s.Desk.Preferences(r.Context(), r.PathValue("token"))
	if err != nil {
		s.failPreferences(w, r, err)
		return
	}
	done := map[string]string{"saved": "Your changes are saved. This page has a new address, and the link that you came by works no more.",
		"stored": "A mail with all that is stored about you is on its way to you."}[r.URL.Query().Get("done")]
	s.showPreferences(w, r, http.StatusOK, subscription, subscription, preferencesPage{Done: done})
}

// showPreferences shows a subscription, and a form with what is wished of it.
func (s *site) showPreferences(w http.ResponseWriter, r *http.Request, status int, subscription, wish sigpost.Subscription, page preferencesPage) {
	p, ok := s.Publication(subscription.Digest)
	if !ok {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	var err error
	if page.Wish, err = s.wishForm(r, p, wish); err != nil {
		s.fail(w, r, err)
		return
	}
	zone := s.zoneOf(subscription)
	page.page, page.Publication = s.page(r, "Your preferences for "+p.Title), p.Title
	page.Address, page.Wishes = subscribe.MaskAddress(subscription.Subscriber.Addr), s.Wishes(subscription)
	page.Active = subscription.State.Subscribed()
	page.Tomorrow = s.Now().In(zone).AddDate(0, 0, 1).Format(time.DateOnly)
	if subscription.PausedUntil.After(s.Now()) {
		page.PausedWords = subscription.PausedUntil.In(zone).Format("2 January 2006")
	}
	page.Paused = s.pauseDay(wish, zone)
	s.show(w, r, status, "preferences", page)
}

func (s *site) zoneOf(subscription sigpost.Subscription) *time.Location {
	for _, name := range []string{subscription.Subscriber.Zone, s.Zone(subscription.Digest)} {
		if zone, err := time.LoadLocation(name); err == nil && name != "" {
			return zone
		}
	}
	return time.UTC
}

// preferences changes what somebody gets, or does another of the page's buttons.
func (s *site) preferences(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, formError(err))
		return
	}
	switch r.PostFormValue("do") {
	case "link":
		if err := s.ask(r.Context(), func() error { return s.Desk.Renew(r.Context(), token) }); err != nil {
			s.failPreferences(w, r, err)
			return
		}
		s.show(w, r, http.StatusOK, "message", messagePage{s.page(r, "Look into your mailbox"),
			"If the address that this link was made for is still subscribed, a mail with a new link is on its way to it."})
	case "unsubscribe":
		subscription, err := s.Desk.Leave(r.Context(), token)
		if err != nil {
			s.failPreferences(w, r, err)
			return
		}
		s.Log.InfoContext(r.Context(), "unsubscribed", "subscription", subscription.ID, "digest", subscription.Digest)
		s.show(w, r, http.StatusOK, "message", messagePage{s.page(r, "Unsubscribed"), unsubscribedWords})
	case "stored":
		if err := s.Desk.SendStored(r.Context(), token); err != nil {
			s.failPreferences(w, r, err)
			return
		}
		http.Redirect(w, r, "/preferences/"+token+"?done=stored", http.StatusSeeOther)
	default:
		s.changePreferences(w, r, token)
	}
}

func (s *site) changePreferences(w http.ResponseWriter, r *http.Request, token string) {
	had, err := s.Desk.Preferences(r.Context(), token)
	if err != nil {
		s.failPreferences(w, r, err)
		return
	}
	p, ok := s.Publication(had.Digest)
	if !ok {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	wish, problem, err := s.readWish(p, had.Digest, r.PostForm)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if wrong := s.readPause(&wish, r.PostFormValue("paused")); wrong != "" {
		problem = wrong
	}
	preview := r.PostFormValue("do") == "preview"
	if problem != "" || preview {
		status := http.StatusOK
		if problem != "" {
			status = http.StatusUnprocessableEntity
		}
		s.showPreferences(w, r, status, had, wish, preferencesPage{Problem: problem, Preview: preview})
		return
	}
	subscription, next, err := s.Desk.Change(r.Context(), token, wish, subscribe.Terms(p.Title))
	if err != nil {
		s.failPreferences(w, r, err)
		return
	}
	s.Log.InfoContext(r.Context(), "preferences changed", "subscription", subscription.ID, "digest", subscription.Digest)
	http.Redirect(w, r, "/preferences/"+next+"?done=saved", http.StatusSeeOther)
}

// readPause reads the day before which nothing is to be sent; "" and what has been
// are none. problem is what the person has to put right.
func (s *site) readPause(wish *sigpost.Subscription, until string) (problem string) {
	if until == "" {
		return ""
	}
	at, err := time.ParseInLocation(time.DateOnly, until, s.zoneOf(*wish))
	switch {
	case err != nil:
		return "The day until which you pause cannot be read: write it as 2016-05-31."
	case at.After(s.Now().AddDate(1, 0, 1)):
		return "A pause lasts a year at most: unsubscribe, and come back when you like."
	case at.After(s.Now()):
		wish.PausedUntil = at
	}
	return ""
}

// pauseDay is the day that readPause reads, of a subscription in a time zone; "" for
// none.
func (s *site) pauseDay(wish sigpost.Subscription, zone *time.Location) string {
	if !wish.PausedUntil.After(s.Now()) {
		return ""
	}
	return wish.PausedUntil.In(zone).Format(time.DateOnly)
}

// failPreferences offers a new link in the place of one that is used up.
func (s *site) failPreferences(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, subscribe.ErrExpired) {
		s.show(w, r, http.StatusGone, "renew", s.page(r, "This link is used up"))
		return
	}
	s.fail(w, r, err)
}
