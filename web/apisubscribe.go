package web

import (
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
	"sigpost/subscribe"
)

// APIPath is where programs ask for a subscription.
const APIPath = "/api/v1/subscriptions"

// apiError is the answer of the API where something is wrong.
type apiError struct {
	Error string `json:"error"` // for people
}

// apiWish is what somebody wants to get, as programs say it.
type apiWish struct {
	Digest   string   `json:"digest"` // its edition, too
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

// apiAsk is a request for a subscription. Its digest may be left out where there is
// one publication.
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
	default:
		s.Log.Error("a request failed", "path", r.URL.Path, "error", err)
		apiAnswer(w, http.StatusInternalServerError, apiError{"this cannot be done just now; please try again later"})
	}
}
