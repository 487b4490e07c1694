package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sigpost"
	"sigpost/store"
	"sigpost/subscribe"
)

// Where programs come. As on the pages, a token proves what may be done, and there is
// no login; but no token is in a path, so none gets into the log of a proxy.
const (
	subscriptionsPath   = "/api/v1/subscriptions"
	confirmationsPath   = "/api/v1/confirmations"
	unsubscriptionsPath = "/api/v1/unsubscriptions"
	preferencesPath     = "/api/v1/preferences"
)

// apiError is the answer of the API where something is wrong, in words for people.
type apiError struct{ Error string }

// problemDetails is how it is written (RFC 9457). Type is left out: it is
// "about:blank", and the status says it all.
type problemDetails struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// apiWish is what somebody wants to get, as programs say it.
type apiWish struct {
	Digest   string   `json:"digest"` // its edition, too; may be left out where there is one
	Topics   []string `json:"topics"` // of everything where there are none
	Muted    []string `json:"muted"`
	Zone     string   `json:"zone"` // the digest's where it is empty
	Text     bool     `json:"text_only"`
	NewsOnly bool     `json:"news_only"`
}

// form is the wish as readWish takes it.
func (wish apiWish) form() url.Values {
	form := url.Values{"frequency": {wish.Digest}, fieldTopic: wish.Topics, fieldMute: wish.Muted, "zone": {wish.Zone}}
	if wish.Text {
		form.Set("format", "text")
	}
	if wish.NewsOnly {
		form.Set("news", "only")
	}
	return form
}

// apiAsk is a request for a subscription.
type apiAsk struct {
	Address string `json:"address"`
	apiWish
	// Shown is the text that the person has agreed to, word for word.
	Shown string `json:"shown"`
}

// apiAsked is the answer to it, which says nothing of what is stored.
type apiAsked struct {
	Message string `json:"message"`
	// Warnings are what the person should look at once more about the address that
	// they gave, by its letters alone.
	Warnings []string `json:"warnings,omitempty"`
}

// apiSubscribe takes a request of a program: the same as the form, with the same
// answer.
func (s *site) apiSubscribe(w http.ResponseWriter, r *http.Request) {
	var ask apiAsk
	if !apiRead(w, r, &ask) {
		return
	}
	if ask.Digest == "" && len(s.Publications) == 1 {
		ask.Digest = s.Publications[0]
	}
	p, ok := s.Publication(ask.Digest)
	if !ok {
		apiAnswer(w, http.StatusNotFound, apiError{"there is no digest of that name: " + strings.Join(slices.Sorted(maps.Keys(s.Digests)), ", ")})
		return
	}
	wish, problem, err := s.readWish(p, ask.Digest, ask.form())
	if err == nil && problem == "" && strings.TrimSpace(ask.Shown) == "" {
		problem = "shown is missing: the text that the person has agreed to, word for word"
	}
	if !apiWishRead(w, problem, err) {
		return
	}
	asked := subscribe.Ask{Address: ask.Address, Wish: wish, Way: sigpost.ByAPI, Network: s.network(r), Shown: ask.Shown}
	if err := s.ask(r.Context(), func() error { return s.Desk.Ask(r.Context(), asked) }); err != nil {
		s.apiFail(w, r, err)
		return
	}
	_, doubts := s.addressProblem(ask.Address, p)
	apiAnswer(w, http.StatusAccepted, apiAsked{"a mail is on its way to the address; whoever reads it confirms the subscription with the link in it", doubts})
}

// apiToken is one out of a letter.
type apiToken struct {
	Token string `json:"token"`
}

// apiPreferences are what can be changed of a subscription.
type apiPreferences struct {
	apiWish
	PausedUntil string `json:"paused_until"` // the day on which letters come again, 2016-05-31; "" for no pause
}

// apiSubscription is what a token shows of a subscription, or what became of it.
type apiSubscription struct {
	Address     string         `json:"address"` // masked: the letter may have been forwarded
	Active      bool           `json:"active"`  // false for who has unsubscribed
	Preferences apiPreferences `json:"preferences"`
	// Token shows and changes the preferences from now on. It takes the place of
	// the one that was sent, if one was.
	Token string `json:"token,omitempty"`
}

// apiLeft is what is said to who unsubscribes.
type apiLeft struct {
	Address string `json:"address"` // masked
	Digest  string `json:"digest"`
	Active  bool   `json:"active"` // false
}

// apiSubscription shows a subscription.
func (s *site) apiSubscription(subscription sigpost.Subscription, token string) apiSubscription {
	tags := func(all []sigpost.Tag) []string {
		words := make([]string, len(all))
		for i, t := range all {
			words[i] = t.String()
		}
		return words
	}
	return apiSubscription{Address: subscribe.MaskAddress(subscription.Subscriber.Addr), Active: subscription.State.Subscribed(), Token: token,
		Preferences: apiPreferences{
			apiWish: apiWish{Digest: subscription.Digest, Topics: tags(subscription.Topics), Muted: tags(subscription.Muted), Zone: subscription.Subscriber.Zone,
				Text: subscription.Text, NewsOnly: subscription.NewsOnly},
			PausedUntil: s.pauseDay(subscription, s.zoneOf(subscription)),
		}}
}

// apiConfirm does what the button of the page does to which the mailed link leads.
func (s *site) apiConfirm(w http.ResponseWriter, r *http.Request) {
	var sent apiToken
	if !apiRead(w, r, &sent) {
		return
	}
	subscription, token, err := s.Desk.Confirm(r.Context(), sent.Token)
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	if !subscription.State.Subscribed() { // it was confirmed before, and has ended since
		token = ""
	}
	s.Log.InfoContext(r.Context(), "subscribed", "subscription", subscription.ID, "digest", subscription.Digest)
	apiAnswer(w, http.StatusOK, s.apiSubscription(subscription, token))
}

// apiUnsubscribe takes the token of a link to unsubscribe, or of one to the
// preferences, whose page has a button for it.
func (s *site) apiUnsubscribe(w http.ResponseWriter, r *http.Request) {
	var sent apiToken
	if !apiRead(w, r, &sent) {
		return
	}
	subscription, err := s.Door.Unsubscribe(r.Context(), sent.Token)
	if errors.Is(err, subscribe.ErrToken) && len(s.Publications) > 0 {
		subscription, err = s.Desk.Leave(r.Context(), sent.Token)
	}
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	s.Log.InfoContext(r.Context(), "unsubscribed", "subscription", subscription.ID, "digest", subscription.Digest)
	apiAnswer(w, http.StatusOK, apiLeft{Address: subscribe.MaskAddress(subscription.Subscriber.Addr), Digest: subscription.Digest})
}

// apiPreferences shows what somebody gets, and changes nothing.
func (s *site) apiPreferences(w http.ResponseWriter, r *http.Request) {
	subscription, err := s.Desk.Preferences(r.Context(), bearer(r))
	if err != nil {
		s.apiRefuse(w, r, err)
		return
	}
	apiAnswer(w, http.StatusOK, s.apiSubscription(subscription, ""))
}

// apiChange changes it: what is sent takes the place of all preferences.
func (s *site) apiChange(w http.ResponseWriter, r *http.Request) {
	token := bearer(r)
	had, err := s.Desk.Preferences(r.Context(), token)
	if err != nil {
		s.apiRefuse(w, r, err)
		return
	}
	var sent apiPreferences
	if !apiRead(w, r, &sent) {
		return
	}
	p, ok := s.Publication(had.Digest)
	if _, is := p.Edition(cmp.Or(sent.Digest, had.Digest)); !ok || !is {
		apiAnswer(w, http.StatusNotFound, apiError{"there is no edition of that name: " + strings.Join(append([]string{had.Digest}, p.Siblings(had.Digest)...), ", ")})
		return
	}
	wish, problem, err := s.readWish(p, had.Digest, sent.form())
	if wrong := s.readPause(&wish, sent.PausedUntil); wrong != "" {
		problem = wrong
	}
	if !apiWishRead(w, problem, err) {
		return
	}
	subscription, next, err := s.Desk.Change(r.Context(), token, wish, changedByProgram)
	if err != nil {
		s.apiRefuse(w, r, err)
		return
	}
	s.Log.InfoContext(r.Context(), "preferences changed", "subscription", subscription.ID, "digest", subscription.Digest)
	apiAnswer(w, http.StatusOK, s.apiSubscription(subscription, next))
}

// changedByProgram stands where a page would have shown a text.
const changedByProgram = "a program changed it, with the token of the link to the preferences"

// bearer is the token that a request is authorised with (RFC 6750, section 2.1); ""
// where it has none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// apiRefuse answers what went wrong with a bearer token, or with what it was for (RFC
// 6750, section 3).
func (s *site) apiRefuse(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case bearer(r) == "":
		w.Header().Set("WWW-Authenticate", "Bearer")
		apiAnswer(w, http.StatusUnauthorized, apiError{"send the token of the link to the preferences, with Authorization: Bearer"})
	case errors.Is(err, subscribe.ErrToken), errors.Is(err, subscribe.ErrExpired):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		apiAnswer(w, http.StatusUnauthorized, apiError{err.Error()})
	default:
		s.apiFail(w, r, err)
	}
}

// apiWishRead answers where what readWish gave is no wish.
func apiWishRead(w http.ResponseWriter, problem string, err error) (ok bool) {
	switch {
	case err != nil:
		apiAnswer(w, http.StatusBadRequest, apiError{err.Error()})
	case problem != "":
		apiAnswer(w, http.StatusUnprocessableEntity, apiError{problem})
	default:
		return true
	}
	return false
}

// apiRead reads what a program sent, and answers where it cannot.
func apiRead(w http.ResponseWriter, r *http.Request, into any) (ok bool) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		apiAnswer(w, http.StatusUnsupportedMediaType, apiError{"send JSON, with Content-Type: application/json"})
		return false
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		apiAnswer(w, http.StatusBadRequest, apiError{fmt.Sprintf("the JSON cannot be read: %v", err)})
		return false
	}
	return true
}

func apiAnswer(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	if e, ok := answer.(apiError); ok {
		w.Header().Set("Content-Type", "application/problem+json")
		answer = problemDetails{http.StatusText(status), status, e.Error}
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

// apiFail answers what went wrong.
func (s *site) apiFail(w http.ResponseWriter, r *http.Request, err error) {
	var limited subscribe.ErrLimited
	switch {
	case errors.As(err, &limited):
		retryAfter(w, limited)
		apiAnswer(w, http.StatusTooManyRequests, apiError{err.Error()})
	case errors.Is(err, subscribe.ErrAddress):
		apiAnswer(w, http.StatusUnprocessableEntity, apiError{err.Error()})
	case errors.Is(err, subscribe.ErrExpired):
		apiAnswer(w, http.StatusGone, apiError{err.Error()})
	case errors.Is(err, subscribe.ErrToken):
		apiAnswer(w, http.StatusNotFound, apiError{err.Error()})
	case errors.Is(err, sigpost.ErrNotFound):
		apiAnswer(w, http.StatusNotFound, apiError{"this subscription is not kept any more, and nothing is sent for it"})
	case errors.Is(err, store.ErrAway):
		s.fail(w, r, err)
	default:
		s.Log.ErrorContext(r.Context(), "a request failed", "path", shownPath(r), "error", err)
		apiAnswer(w, http.StatusInternalServerError, apiError{"this cannot be done just now; please try again later"})
	}
}
