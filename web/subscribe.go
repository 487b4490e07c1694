package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/subscribe"
)

// Desk is where readers come and change what they get: a *subscribe.Desk.
type Desk interface {
	Ask(ctx context.Context, ask subscribe.Ask) error
	Look(ctx context.Context, token string) (sigpost.Request, error)
	Confirm(ctx context.Context, token string) (s sigpost.Subscription, preferences string, err error)
	Preferences(ctx context.Context, token string) (sigpost.Subscription, error)
	Change(ctx context.Context, token string, wish sigpost.Subscription, shown string) (s sigpost.Subscription, next string, err error)
	Leave(ctx context.Context, token string) (sigpost.Subscription, error)
	Renew(ctx context.Context, token string) error
	SendStored(ctx context.Context, token string) error
}

// publicationLink is a publication that one can subscribe to.
type publicationLink struct{ Title, URL string }

type subscribePage struct {
	page
	Publication string
	Others      []publicationLink // to choose from, where there are several and none is chosen
	Wish        wishForm
	Address     string
	Terms       string
	// Problem is what has to be put right, Doubts what should be looked at once
	// more; Sure goes back with the form when it was.
	Problem string
	Doubts  []string
	Sure    string
	Preview bool
}

func (s *site) publicationLinks() []publicationLink {
	var all []publicationLink
	for _, name := range s.Publications {
		all = append(all, publicationLink{s.Digests[name], SubscribePath + "/" + name})
	}
	return all
}

// SubscribePath is where one subscribes.
const SubscribePath = "/subscribe"

// subscribeHome is the form of the only publication, or a list of them.
func (s *site) subscribeHome(w http.ResponseWriter, r *http.Request) {
	if len(s.Publications) == 1 {
		s.subscribeForm(w, r, s.Publications[0])
		return
	}
	s.show(w, r, http.StatusOK, "subscribe", subscribePage{page: s.page(r, "Subscribe"), Others: s.publicationLinks()})
}

func (s *site) subscribePage(w http.ResponseWriter, r *http.Request) {
	s.subscribeForm(w, r, r.PathValue("digest"))
}

func (s *site) subscribeForm(w http.ResponseWriter, r *http.Request, digest string) {
	p, ok := s.publication(digest)
	if !ok {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	s.showSubscribe(w, r, http.StatusOK, p, sigpost.Subscription{Digest: digest}, subscribePage{})
}

func (s *site) publication(digest string) (p subscribe.Publication, ok bool) {
	if !slices.Contains(s.Publications, digest) {
		return p, false
	}
	return s.Publication(digest)
}

func (s *site) showSubscribe(w http.ResponseWriter, r *http.Request, status int, p subscribe.Publication, wish sigpost.Subscription, page subscribePage) {
	var err error
	if page.Wish, err = s.wishForm(r, p, wish); err != nil {
		s.fail(w, r, err)
		return
	}
	page.page, page.Publication, page.Terms = s.page(r, "Subscribe to "+p.Title), p.Title, subscribe.Terms(p.Title)
	s.show(w, r, status, "subscribe", page)
}

// subscribe shows what to expect, or takes a request. What it answers says nothing
// of the address.
func (s *site) subscribe(w http.ResponseWriter, r *http.Request) {
	digest := r.PathValue("digest")
	p, ok := s.publication(digest)
	if !ok {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, formError(err))
		return
	}
	wish, problem, err := s.readWish(p, digest, r.PostForm)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := subscribePage{Address: r.PostFormValue("address"), Problem: problem}
	if r.PostFormValue("do") == "preview" {
		page.Preview = true
		s.showSubscribe(w, r, http.StatusOK, p, wish, page)
		return
	}
	if page.Problem == "" {
		page.Problem, page.Doubts = s.addressProblem(page.Address, p)
		page.Sure = page.Address
	}
	if page.Problem != "" || len(page.Doubts) > 0 && r.PostFormValue("sure") != page.Address {
		s.showSubscribe(w, r, http.StatusUnprocessableEntity, p, wish, page)
		return
	}
	ask := subscribe.Ask{Address: page.Address, Wish: wish, Way: sigpost.ByForm, Network: s.network(r), Shown: subscribe.Terms(p.Title)}
	err = s.ask(r.Context(), func() error { return s.Desk.Ask(r.Context(), ask) })
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "message", messagePage{s.page(r, "Look into your mailbox"), lookIntoMailbox})
}

// lookIntoMailbox is the answer to every request.
const lookIntoMailbox = "A mail is on its way to the address that you gave. Open the link in it, and you are subscribed; until then nothing else is sent to you. " +
	"If no mail comes within some minutes, look into the folder for spam, and check that the address is right."

func (s *site) addressProblem(typed string, p subscribe.Publication) (problem string, doubts []string) {
	_, addr, err := subscribe.ParseAddress(typed)
	if err == nil {
		err = subscribe.CheckReader(addr, p.Own)
	}
	if err != nil {
		return sentence(err.Error()), nil
	}
	return "", subscribe.Doubts(addr)
}

// sentence makes one of an error's words.
func sentence(words string) string {
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

type confirmPage struct {
	page
	Publication, Address string // the address is masked
	Wishes               string
	PreferencesURL       string
	Done                 bool
	Ended                bool // they have unsubscribed since
}

// confirmPage asks; it changes nothing, since link scanners come here too.
func (s *site) confirmPage(w http.ResponseWriter, r *http.Request) {
	request, err := s.Desk.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		s.failConfirm(w, r, err)
		return
	}
	wish := request.Wish
	p, _ := s.Publication(wish.Digest)
	s.show(w, r, http.StatusOK, "confirm", confirmPage{page: s.page(r, "Confirm your subscription"), Publication: p.Title,
		Address: subscribe.MaskAddress(wish.Subscriber.Addr), Wishes: s.Wishes(wish)})
}

// confirm is the button of that page.
func (s *site) confirm(w http.ResponseWriter, r *http.Request) {
	subscription, token, err := s.Desk.Confirm(r.Context(), r.PathValue("token"))
	if err != nil {
		s.failConfirm(w, r, err)
		return
	}
	s.Log.InfoContext(r.Context(), "subscribed", "subscription", subscription.ID, "digest", subscription.Digest)
	p, _ := s.Publication(subscription.Digest)
	page := confirmPage{page: s.page(r, "You are subscribed"), Publication: p.Title, Address: subscribe.MaskAddress(subscription.Subscriber.Addr),
		Wishes: s.Wishes(subscription), PreferencesURL: "/preferences/" + token, Done: true}
	if !subscription.State.Subscribed() {
		page.page, page.Ended = s.page(r, "You have unsubscribed since"), true
	}
	s.show(w, r, http.StatusOK, "confirm", page)
}

// failConfirm says of a request that is gone what to do.
func (s *site) failConfirm(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, subscribe.ErrExpired) {
		s.show(w, r, http.StatusGone, "message", messagePage{s.page(r, "This link is too old"),
			"A request is kept for a week only, and this one is gone. Nothing was sent to you and nothing will be. To subscribe, please ask once more."})
		return
	}
	s.fail(w, r, err)
}

func retryAfter(w http.ResponseWriter, l subscribe.ErrLimited) {
	w.Header().Set("Retry-After", strconv.Itoa(int(max(l.Retry, time.Minute)/time.Second)))
}

// privacy says what is stored.
func (s *site) privacy(w http.ResponseWriter, r *http.Request) {
	page := privacyPage{page: s.page(r, "What is stored about readers")}
	for _, name := range s.Publications {
		page.Publishers = append(page.Publishers, publisher{s.Digests[name], s.Contact(name), s.Author(name)})
	}
	s.show(w, r, http.StatusOK, "privacy", page)
}

type privacyPage struct {
	page
	Publishers []publisher
}

type publisher struct{ Title, Contact, Name string }
