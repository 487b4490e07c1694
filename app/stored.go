package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sigpost"
	"sigpost/subscribe"
)

// Stored is all that is stored about a person.
type Stored struct {
	Address       string               `json:"address"`
	Subscriptions []storedSubscription `json:"subscriptions"`
	Consents      []storedConsent      `json:"consents"`
	Requests      []storedRequest      `json:"requests,omitempty"`
	Letters       []storedLetter       `json:"letters,omitempty"`
	Notices       []storedLetter       `json:"notices,omitempty"`
	// Bounces are what came back for letters.
	Bounces []storedBounce `json:"bounces,omitempty"`
	// Suppressed says why the address, by its keyed hash, must not be imported.
	Suppressed string `json:"suppressed,omitempty"`
	// Elsewhere says where else the address may stand.
	Elsewhere string `json:"elsewhere"`
}

type storedSubscription struct {
	Digest string                    `json:"digest"`
	State  sigpost.SubscriptionState `json:"state"`
	Name   string                    `json:"name,omitempty"`
	Zone   string                    `json:"zone,omitempty"`
	sigpost.Selection
	Text     bool      `json:"text_only"`
	NewsOnly bool      `json:"news_only"`
	Since    time.Time `json:"since"`
	Paused   time.Time `json:"paused_until,omitzero"`
	Consent  string    `json:"consent"`
}

type storedBounce struct {
	Digest   string              `json:"digest"`
	At       time.Time           `json:"at"`
	Class    sigpost.BounceClass `json:"class"`
	Reason   string              `json:"reason"`
	Evidence string              `json:"evidence"`
}

type storedConsent struct {
	Digest  string                `json:"digest"`
	What    sigpost.ConsentChange `json:"what"`
	Way     sigpost.ConsentWay    `json:"way"`
	Asked   time.Time             `json:"asked,omitzero"`
	At      time.Time             `json:"at"`
	Shown   string                `json:"shown,omitempty"`
	Network string                `json:"network,omitempty"`
}

type storedRequest struct {
	Digest string `json:"digest"`
	Name   string `json:"name,omitempty"`
	Zone   string `json:"zone,omitempty"`
	sigpost.Selection
	Way     sigpost.ConsentWay `json:"way"`
	Network string             `json:"network,omitempty"`
	Made    time.Time          `json:"made"`
	Expires time.Time          `json:"expires"`
}

type storedLetter struct {
	Digest    string                `json:"digest"`
	Number    int                   `json:"number,omitempty"`
	Kind      sigpost.NoticeKind    `json:"kind,omitempty"`
	State     sigpost.DeliveryState `json:"state"`
	At        time.Time             `json:"at"`
	MessageID sigpost.MessageID     `json:"message_id"`
	Reply     string                `json:"reply,omitempty"`
}

// StoredAbout is Stored for an address as somebody types it. What has nothing
// stored is told by an error that wraps sigpost.ErrNotFound.
func (a *App) StoredAbout(ctx context.Context, address string) (Stored, error) {
	_, addr, err := subscribe.ParseAddress(address)
	if err != nil {
		return Stored{}, sigpost.Usage(err)
	}
	p, err := a.Stored(ctx, addr)
	if err == nil && len(p.Subscriptions)+len(p.Requests)+len(p.Notices) == 0 && p.Suppressed == "" {
		err = sigpost.NotFound(fmt.Errorf("nothing is stored about %s", subscribe.Readable(addr)))
	}
	return p, err
}

// Doubts are what an operator should look at once more about a reader's address.
func Doubts(addr string) []string { return subscribe.Doubts(addr) }

// maxStoredBounces is more than the archive keeps of a subscription.
const maxStoredBounces = 10000

// Stored gives all that is stored about an address.
func (a *App) Stored(ctx context.Context, addr string) (Stored, error) {
	p := Stored{Address: addr, Subscriptions: []storedSubscription{}, Consents: []storedConsent{},
		Elsewhere: "What you wrote to the mailing lists is in their archive, whose copy this is."}
	subscriptions, err := a.Store.SubscriptionsOf(ctx, addr)
	if err != nil {
		return p, err
	}
	for _, s := range subscriptions {
		p.Subscriptions = append(p.Subscriptions, storedSubscription{Digest: s.Digest, State: s.State, Name: s.Subscriber.Name, Zone: s.Subscriber.Zone,
			Selection: s.Selection, Text: s.Text, NewsOnly: s.NewsOnly, Since: s.Since, Paused: s.PausedUntil, Consent: s.Subscriber.Consent})
		bounces, err := a.Store.Bounces(ctx, s.ID, maxStoredBounces)
		if err != nil {
			return p, err
		}
		for _, b := range bounces {
			p.Bounces = append(p.Bounces, storedBounce{s.Digest, b.At, b.Class, b.Reason, b.Evidence})
		}
	}
	consents, err := a.Store.Consents(ctx, addr)
	if err != nil {
		return p, err
	}
	for _, c := range consents {
		p.Consents = append(p.Consents, storedConsent(c))
	}
	requests, err := a.Store.RequestsOf(ctx, addr)
	if err != nil {
		return p, err
	}
	for _, r := range requests {
		p.Requests = append(p.Requests, storedRequest{r.Wish.Digest, r.Wish.Subscriber.Name, r.Wish.Subscriber.Zone, r.Wish.Selection, r.Way, r.Network, r.Made, r.Expires})
	}
	if err := a.storedLetters(ctx, addr, &p); err != nil {
		return p, err
	}
	p.Suppressed, err = a.suppressed(ctx, addr)
	return p, err
}

func (a *App) storedLetters(ctx context.Context, addr string, p *Stored) error {
	letters, err := a.Store.DeliveriesTo(ctx, addr)
	if err != nil {
		return err
	}
	for _, l := range letters {
		p.Letters = append(p.Letters, storedLetter{Digest: l.Digest, Number: l.Number, State: l.State, At: l.Updated, MessageID: l.MessageID, Reply: l.Reply})
	}
	notices, err := a.Store.Notices().To(ctx, addr)
	for _, n := range notices {
		p.Notices = append(p.Notices, storedLetter{Digest: n.Digest, Kind: n.Kind, State: n.State, At: n.Updated, MessageID: n.MessageID, Reply: n.Reply})
	}
	return err
}

func (a *App) stored(ctx context.Context, addr string) ([]byte, error) {
	p, err := a.Stored(ctx, addr)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(p, "", "  ")
}
