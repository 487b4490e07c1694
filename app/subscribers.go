package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/internal/osa"
	"sigpost/store"
	"sigpost/subscribe"
)

// NewReader is what an operator says of a reader.
type NewReader struct {
	Address string // "ada@example.org" or "Ada <ada@example.org>"
	// Topics are tags as people write them; "all" alone stands for everything.
	// None leaves those of an active reader as they are.
	Topics []string
	// Muted are tags to hear nothing of, in the same way; "none" alone stands for
	// none.
	Muted []string
	// Zone is an IANA name; "" leaves an active reader's as it is.
	Zone string
	// Consent says how and when they agreed. Who is active already need not
	// agree again.
	Consent string
	// Text and NewsOnly change what an active reader has where they are given.
	Text, NewsOnly *bool
}

// Subscribe adds a reader to a digest, or changes what is given of one.
func (a *App) Subscribe(ctx context.Context, d config.Digest, r NewReader) (sigpost.Subscription, error) {
	name, addr, err := subscribe.ParseAddress(r.Address)
	if err != nil {
		return sigpost.Subscription{}, sigpost.Usage(err)
	}
	if _, err := time.LoadLocation(r.Zone); err != nil {
		return sigpost.Subscription{}, sigpost.Usage(fmt.Errorf("%q is no time zone: use an IANA name, such as \"Europe/Berlin\"", r.Zone))
	}
	topics, err := a.topics(r.Topics)
	if err != nil {
		return sigpost.Subscription{}, sigpost.Usage(err)
	}
	muted, err := a.muted(r.Muted)
	if err != nil {
		return sigpost.Subscription{}, sigpost.Usage(err)
	}
	wish := sigpost.Subscription{
		Digest: d.Name, State: sigpost.SubscriptionActive, Selection: sigpost.Selection{Topics: topics, Muted: muted}, Since: a.now(),
		Subscriber: sigpost.Subscriber{Name: name, Addr: addr, Zone: r.Zone, Consent: strings.TrimSpace(r.Consent), Created: a.now()},
	}
	if err := a.mayAdd(ctx, d, addr); err != nil {
		return sigpost.Subscription{}, err
	}
	p, _ := a.publicationOf(d.Name)
	had, active, err := a.activeIn(ctx, p, addr)
	if err != nil {
		return sigpost.Subscription{}, err
	}
	if active {
		keep(&wish, had, r)
	}
	if r.Text != nil {
		wish.Text = *r.Text
	}
	if r.NewsOnly != nil {
		wish.NewsOnly = *r.NewsOnly
	}
	if wish.Subscriber.Consent == "" {
		return sigpost.Subscription{}, sigpost.Usage(fmt.Errorf("%s is not subscribed: say with --consent how and when they agreed, such as --consent \"asked by mail on 3 May\"", addr))
	}
	var made sigpost.Subscription
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		if made, err = tx.Subscribe(ctx, wish); err != nil {
			return err
		}
		return tx.TakePlace(ctx, made, p.Siblings(d.Name), a.now())
	})
	return made, err
}

// activeIn is an address's active subscription to any edition.
func (a *App) activeIn(ctx context.Context, p subscribe.Publication, addr string) (s sigpost.Subscription, ok bool, err error) {
	for _, e := range p.Editions {
		s, err := a.Store.SubscriptionFor(ctx, e.Digest, addr)
		if err == nil && s.State.Subscribed() {
			return s, true, nil
		}
		if missing(err) != nil {
			return s, false, err
		}
	}
	return s, false, nil
}

// mayAdd says whether an operator may subscribe an address: not the list itself,
// and not somebody who was erased.
func (a *App) mayAdd(ctx context.Context, d config.Digest, addr string) error {
	p, _ := a.publicationOf(d.Name)
	if err := subscribe.CheckReader(addr, p.Own); err != nil {
		return sigpost.Usage(err)
	}
	why, err := a.suppressed(ctx, addr)
	if err == nil && why != "" {
		err = fmt.Errorf("%s is on the suppression list (%s) and is not subscribed: they can come back themselves, by asking on the page or by mail and confirming it", addr, why)
	}
	return err
}

// keep leaves what is not given as it was.
func keep(wish *sigpost.Subscription, had sigpost.Subscription, given NewReader) {
	if len(given.Topics) == 0 {
		wish.Topics = had.Topics
	}
	if len(given.Muted) == 0 {
		wish.Muted = had.Muted
	}
	wish.Since, wish.Text, wish.NewsOnly, wish.PausedUntil = had.Since, had.Text, had.NewsOnly, had.PausedUntil
	wish.Subscriber.Name = cmp.Or(wish.Subscriber.Name, had.Subscriber.Name)
	wish.Subscriber.Zone = cmp.Or(wish.Subscriber.Zone, had.Subscriber.Zone)
	wish.Subscriber.Consent = cmp.Or(wish.Subscriber.Consent, had.Subscriber.Consent)
}

// muted is topics for what a reader wants to hear nothing of.
func (a *App) muted(words []string) ([]sigpost.Tag, error) {
	if len(words) == 1 && strings.EqualFold(strings.TrimSpace(words[0]), "none") {
		return nil, nil
	}
	for _, w := range words {
		if strings.EqualFold(strings.TrimSpace(w), "all") {
			return nil, errors.New("whoever mutes all hears nothing: \"sigpost subscriber remove\" ends a subscription")
		}
	}
	return a.topics(words)
}

// topics finds tags by what people write: "kuryr" or "project:kuryr".
func (a *App) topics(words []string) ([]sigpost.Tag, error) {
	if len(words) == 1 && words[0] == "all" {
		return nil, nil
	}
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
	if tag, ok := sigpost.ParseTag(word); ok && tag.Kind == sigpost.KindNature {
		return natureTopic(tag)
	}
	var names []string
	for _, spec := range a.taxonomy.Tags {
		tag := sigpost.Tag{Kind: sigpost.TagKind(spec.Kind), Name: spec.Name}
		if word == tag.Name || word == tag.String() {
			return tag, nil
		}
		if names = append(names, tag.Name); strings.Contains(word, ":") {
			names = append(names, tag.String())
		}
	}
	if near := osa.Nearest(word, names); near != "" {
		return sigpost.Tag{}, fmt.Errorf("there is no topic %q; did you mean %q?", word, near)
	}
	return sigpost.Tag{}, fmt.Errorf("there is no topic %q; \"sigpost topics\" lists them", word)
}

// natureTopic is a nature that a reader follows.
func natureTopic(tag sigpost.Tag) (sigpost.Tag, error) {
	if sigpost.Nature(tag.Name).Title() != "" {
		return tag, nil
	}
	var names []string
	for _, n := range sigpost.Natures() {
		names = append(names, string(n))
	}
	if near := osa.Nearest(tag.Name, names); near != "" {
		return sigpost.Tag{}, fmt.Errorf("there is no nature %q; did you mean \"nature:%s\"?", tag.Name, near)
	}
	return sigpost.Tag{}, fmt.Errorf("there is no nature %q; there are %s", tag.Name, strings.Join(names, ", "))
}

// Unsubscribe ends a reader's subscription to a digest, in whatever edition.
func (a *App) Unsubscribe(ctx context.Context, d config.Digest, address string) error {
	s, err := a.reader(ctx, d, address, "end")
	if err == nil {
		_, err = a.rows().Withdraw(ctx, s.ID, sigpost.ByOperator, a.now())
	}
	return err
}

// reader is the active subscription of an address to a digest, in whatever
// edition; todo says what for.
func (a *App) reader(ctx context.Context, d config.Digest, address, todo string) (sigpost.Subscription, error) {
	_, addr, err := subscribe.ParseAddress(address)
	if err != nil {
		return sigpost.Subscription{}, sigpost.Usage(err)
	}
	p, _ := a.publicationOf(d.Name)
	s, active, err := a.activeIn(ctx, p, addr)
	if err != nil || active {
		return s, err
	}
	if _, err := a.Store.SubscriptionFor(ctx, d.Name, addr); missing(err) != nil {
		return s, err
	} else if err != nil {
		return s, fmt.Errorf("%s has never been subscribed to %s; \"sigpost subscriber list\" lists the readers", addr, d.Name)
	}
	return s, fmt.Errorf("%s does not get %s any more: there is nothing to %s", addr, d.Name, todo)
}

// Pause lets nothing be sent to a reader before a time; zero ends a pause, and a
// suspension since letters came back.
func (a *App) Pause(ctx context.Context, d config.Digest, address string, until time.Time) (sigpost.Subscription, error) {
	if !until.IsZero() && !until.After(a.now()) {
		return sigpost.Subscription{}, sigpost.Usage(fmt.Errorf("%s is over: a pause ends in the future", until.Format(time.DateOnly)))
	}
	s, err := a.reader(ctx, d, address, "pause")
	if err != nil {
		return s, err
	}
	if until.IsZero() && s.State == sigpost.SubscriptionActive && s.PausedUntil.IsZero() {
		return s, fmt.Errorf("%s is neither paused nor suspended from %s: there is nothing to resume", s.Subscriber.Addr, d.Name)
	}
	s.PausedUntil = until
	return a.Store.SetPreferences(ctx, s)
}

// Subscriptions calls each for every subscription to a digest, ended ones
// too, by id. Those to its other editions follow where it is the one in the file.
func (a *App) Subscriptions(ctx context.Context, d config.Digest, each func(sigpost.Subscription) error) error {
	editions := a.Config.Editions(d.Name)
	if len(editions) == 0 {
		editions = []config.Digest{d}
	}
	for _, e := range editions {
		if err := a.subscriptions(ctx, e, each); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) subscriptions(ctx context.Context, d config.Digest, each func(sigpost.Subscription) error) error {
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

// titles are the names for people of all tags: topics and natures.
func (a *App) titles() map[string]string {
	titles := a.taxonomy.Titles()
	for _, n := range sigpost.Natures() {
		titles[n.Tag().String()] = n.Title()
	}
	return titles
}
