package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/internal/osa"
	"sigpost/subscribe"
)

// NewReader is what an operator says of a reader to be subscribed.
type NewReader struct {
	Address string // "ada@example.org" or "Ada <ada@example.org>"
	Topics  []string
	Zone    string
	Consent string // how and when they agreed
}

// Subscribe adds a reader to a digest, or changes their topics.
func (a *App) Subscribe(ctx context.Context, d config.Digest, r NewReader) (sigpost.Subscription, error) {
	name, addr, err := subscribe.ParseAddress(r.Address)
	if err != nil {
		return sigpost.Subscription{}, sigpost.Usage(err)
	}
	if strings.TrimSpace(r.Consent) == "" {
		return sigpost.Subscription{}, sigpost.Usage(fmt.Errorf("%s is not subscribed: say with --consent how and when they agreed, such as --consent \"asked by mail on 3 May\"", addr))
	}
	if _, err := time.LoadLocation(r.Zone); err != nil {
		return sigpost.Subscription{}, sigpost.Usage(fmt.Errorf("%q is no time zone: use an IANA name, such as \"Europe/Berlin\"", r.Zone))
	}
	topics, err := a.topics(r.Topics)
	if err != nil {
		return sigpost.Subscription{}, sigpost.Usage(err)
	}
	return a.Store.Subscribe(ctx, sigpost.Subscription{
		Digest: d.Name, State: sigpost.SubscriptionActive, Topics: topics, Since: a.now(),
		Subscriber: sigpost.Subscriber{Name: name, Addr: addr, Zone: r.Zone, Consent: r.Consent, Created: a.now()},
	})
}

// topics finds tags by what people write: "kuryr" or "project:kuryr".
func (a *App) topics(words []string) ([]sigpost.Tag, error) {
	var topics []sigpost.Tag
	for _, w := range words {
		tag, err := a.topic(strings.ToLower(strings.TrimSpace(w)))
		if err != nil {
			return nil, err
		}
		topics = append(topics, tag)
	}
	return topics, nil
}

func (a *App) topic(word string) (sigpost.Tag, error) {
	var names []string
	for _, spec := range a.taxonomy.Tags {
		tag := sigpost.Tag{Kind: sigpost.TagKind(spec.Kind), Name: spec.Name}
		if word == tag.Name || word == tag.String() {
			return tag, nil
		}
		names = append(names, tag.Name)
	}
	if near := osa.Nearest(word, names); near != "" {
		return sigpost.Tag{}, fmt.Errorf("there is no topic %q; did you mean %q?", word, near)
	}
	return sigpost.Tag{}, fmt.Errorf("there is no topic %q; \"sigpost topics\" lists them", word)
}

// Unsubscribe ends a reader's subscription to a digest.
func (a *App) Unsubscribe(ctx context.Context, d config.Digest, address string) error {
	_, addr, err := subscribe.ParseAddress(address)
	if err != nil {
		return sigpost.Usage(err)
	}
	s, err := a.Store.SubscriptionFor(ctx, d.Name, addr)
	if err == nil && s.State == sigpost.SubscriptionActive {
		_, err = a.Store.EndSubscription(ctx, s.ID, a.now())
		return err
	}
	if err == nil {
		err = sigpost.ErrNotFound
	}
	return fmt.Errorf("%s does not get %s: %w", addr, d.Name, err)
}

// Subscriptions calls each for every subscription to a digest, ended ones
// too, by id.
func (a *App) Subscriptions(ctx context.Context, d config.Digest, each func(sigpost.Subscription) error) error {
	after := int64(0)
	for {
		batch, err := a.Store.Subscriptions(ctx, d.Name, "", after, 500)
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, s := range batch {
			if err := each(s); err != nil {
				return err
			}
			after = s.ID
		}
	}
}

// Topics are the tags of the taxonomy with their names for people.
func (a *App) Topics() map[string]string { return a.taxonomy.Titles() }
