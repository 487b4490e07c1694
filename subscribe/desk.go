package subscribe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sigpost"
)

// Publication is what one can subscribe to: a digest, in one edition or several
// that differ in how often they come.
type Publication struct {
	Title    string
	Editions []Edition // the usual one first
	// Own are addresses of its lists and its own, which cannot be readers'.
	Own []string
}

// Edition is a digest that comes at certain times.
type Edition struct {
	Digest string
	Every  string // "day", "week" or "month"
	// SendsAll says that issues go to everybody, also without news on their
	// topics, so that it can be wished otherwise.
	SendsAll bool
}

// Siblings are the digests of the publication's other editions.
func (p Publication) Siblings(digest string) []string {
	var all []string
	for _, e := range p.Editions {
		if e.Digest != digest {
			all = append(all, e.Digest)
		}
	}
	return all
}

// Edition is that of a digest; ok is false where it is none of the publication's.
func (p Publication) Edition(digest string) (e Edition, ok bool) {
	i := slices.IndexFunc(p.Editions, func(e Edition) bool { return e.Digest == digest })
	if i < 0 {
		return e, false
	}
	return p.Editions[i], true
}

// Rows are what the desk keeps. Tx runs do in one transaction.
type Rows interface {
	Subscriptions
	Tx(ctx context.Context, do func(tx Rows) error) error
	SubscriptionFor(ctx context.Context, digest, addr string) (sigpost.Subscription, error)
	Withdraw(ctx context.Context, id int64, way sigpost.ConsentWay, at time.Time) (bool, error)
	SetPreferences(ctx context.Context, s sigpost.Subscription) (sigpost.Subscription, error)
	Move(ctx context.Context, s sigpost.Subscription, digest string, given sigpost.Consent) (sigpost.Subscription, error)
	SaveRequest(ctx context.Context, r sigpost.Request) (int64, error)
	Request(ctx context.Context, id int64) (sigpost.Request, error)
	DropRequest(ctx context.Context, id int64) error
	Confirm(ctx context.Context, id int64, siblings, hashes []string, at time.Time) (s sigpost.Subscription, again bool, err error)
	Allow(ctx context.Context, now time.Time, limits ...sigpost.Limit) (sigpost.Limit, error)
	QueueNotice(ctx context.Context, n sigpost.Notice) error
}

// Letters write notices. What they give has a Kind, an Addr and a Letter.
type Letters interface {
	Confirm(r sigpost.Request, token string) (sigpost.Notice, error)
	Already(s sigpost.Subscription, token string) (sigpost.Notice, error)
	Link(s sigpost.Subscription, token string) (sigpost.Notice, error)
	Stored(s sigpost.Subscription, data []byte) (sigpost.Notice, error)
}

// How long things hold.
const (
	// RequestTime is how long a request waits to be confirmed.
	RequestTime = 7 * 24 * time.Hour
	// PreferencesTime is how long a link to preferences is valid: somebody who
	// comes back to a letter of last month has one that works.
	PreferencesTime = 60 * 24 * time.Hour
)

// Limits of requests, which anybody can make for anybody. What is counted by
// address is so for each of the mails that it makes us send.
const (
	perAddress = 3   // a day
	perDomain  = 300 // an hour: many people are at large providers
	perNetwork = 30  // an hour
	perAll     = 1000
	// perLink is how many new links, and copies of what is stored, a subscription
	// gets in a day.
	perLink = 3
)

// ErrLimited says that there were too many requests. It says nothing of any
// address.
type ErrLimited struct{ Retry time.Duration }

// Error says when to try again.
func (e ErrLimited) Error() string {
	return fmt.Sprintf("there are too many requests just now, and this one was not taken; please try again in %s", e.wait())
}

func (e ErrLimited) wait() string {
	if e.Retry < 2*time.Minute {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", int(e.Retry.Minutes()))
}

// ErrAddress wraps what is wrong with an address that somebody gave.
var ErrAddress = errors.New("the address cannot be used")

// Desk takes in readers and lets them change what they get. It proves addresses
// by mail (double opt-in), needs no login, and tells nobody who is subscribed.
type Desk struct {
	Tokens  Tokens
	Rows    Rows
	Letters Letters
	Clock   func() time.Time
	// Publication is the one that a digest is of; ok is false where there is
	// none of that name.
	Publication func(digest string) (p Publication, ok bool)
	// Stored is all that is stored about an address, as JSON.
	Stored func(ctx context.Context, addr string) ([]byte, error)
	// Wake is told that there are letters to send. It must not block.
	Wake func()
}

// Ask is what somebody asks for who wants to subscribe.
type Ask struct {
	Address string // as they typed it
	// Wish has Digest, Selection, Text, NewsOnly and Subscriber.Zone.
	Wish    sigpost.Subscription
	Way     sigpost.ConsentWay
	Network netip.Prefix // where it came from; zero where it is not known
	Shown   string       // the text that they agree to, word for word
}

// Network is the network of an address that limits count together and records
// name: an IPv4 /24 or an IPv6 /56, what one customer usually has.
func Network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 56
	if addr.Is4() {
		bits = 24
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// Ask takes a request. Whoever owns the address gets a letter; whoever asks learns
// nothing, neither by the answer nor by how long it takes: it is the same for an
// address that is subscribed, was asked for before, is suppressed, or is unknown.
//
// An error wraps ErrAddress or sigpost.ErrNotFound (no such digest), is an
// ErrLimited, or the store's.
func (d Desk) Ask(ctx context.Context, ask Ask) error {
	p, ok := d.Publication(ask.Wish.Digest)
	if !ok {
		return sigpost.NotFound(fmt.Errorf("there is no digest %q", ask.Wish.Digest))
	}
	name, addr, err := ParseAddress(ask.Address)
	if err == nil {
		err = CheckReader(addr, p.Own)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	now := d.Clock()
	wish := ask.Wish
	wish.Subscriber.Name, wish.Subscriber.Addr = name, addr
	r := sigpost.Request{Wish: wish, Way: ask.Way, Shown: ask.Shown, Made: now, Expires: now.Add(RequestTime)}
	_, domain, _ := strings.Cut(addr, "@")
	limits := []sigpost.Limit{
		{Bucket: "requests", N: perAll, Per: time.Hour},
		{Bucket: d.Tokens.Bucket("domain", domain), N: perDomain, Per: time.Hour},
	}
	if ask.Network.IsValid() {
		r.Network = ask.Network.String()
		limits = append(limits, sigpost.Limit{Bucket: d.Tokens.Bucket("network", r.Network), N: perNetwork, Per: time.Hour})
	}
	if err := d.allow(ctx, limits...); err != nil {
		return err
	}
	err = d.Rows.Tx(ctx, func(tx Rows) error { return d.take(ctx, tx, p, r) })
	if err == nil {
		d.Wake()
	}
	return err
}

func (d Desk) allow(ctx context.Context, limits ...sigpost.Limit) error {
	refused, err := d.Rows.Allow(ctx, d.Clock(), limits...)
	if err == nil && refused.Bucket != "" {
		err = ErrLimited{refused.Per / time.Duration(refused.N)}
	}
	return err
}

// take queues the letter that a request leads to, unless its address has had
// enough of them.
func (d Desk) take(ctx context.Context, tx Rows, p Publication, r sigpost.Request) error {
	had, subscribed, err := d.active(ctx, tx, p, r.Wish.Subscriber.Addr)
	if err != nil {
		return err
	}
	limit := sigpost.Limit{Bucket: d.Tokens.Bucket("address", r.Wish.Subscriber.Addr), N: perAddress, Per: 24 * time.Hour}
	if subscribed { // in a bucket of its own: it is none of anybody's business when
		limit = sigpost.Limit{Bucket: d.Tokens.Bucket("subscribed", r.Wish.Subscriber.Addr), N: 1, Per: 24 * time.Hour}
	}
	refused, err := tx.Allow(ctx, d.Clock(), limit)
	if err != nil || refused.Bucket != "" {
		return err
	}
	if subscribed {
		n, err := d.Letters.Already(had, d.preferences(had))
		return d.queue(ctx, tx, n, err)
	}
	if r.ID, err = tx.SaveRequest(ctx, r); err != nil {
		return err
	}
	n, err := d.Letters.Confirm(r, d.Tokens.Confirm(r.ID, r.Expires))
	return d.queue(ctx, tx, n, err)
}

// active is the address's active subscription to any edition.
func (d Desk) active(ctx context.Context, tx Rows, p Publication, addr string) (found sigpost.Subscription, ok bool, err error) {
	for _, e := range p.Editions {
		s, err := tx.SubscriptionFor(ctx, e.Digest, addr)
		switch {
		case errors.Is(err, sigpost.ErrNotFound):
		case err != nil:
			return s, false, err
		case s.State.Subscribed():
			found, ok = s, true
		}
	}
	return found, ok, nil
}

func (d Desk) queue(ctx context.Context, tx Rows, n sigpost.Notice, err error) error {
	if err != nil {
		return err
	}
	n.Due = d.Clock()
	return tx.QueueNotice(ctx, n)
}

func (d Desk) preferences(s sigpost.Subscription) string {
	return d.Tokens.Preferences(s.ID, s.Serial, d.Clock().Add(PreferencesTime))
}

// Look gives the request that a token confirms, and changes nothing. Errors wrap
// ErrToken, ErrExpired, or are the store's.
func (d Desk) Look(ctx context.Context, token string) (sigpost.Request, error) {
	id, err := d.Tokens.ParseConfirm(token, d.Clock())
	if err != nil {
		return sigpost.Request{}, err
	}
	r, err := d.Rows.Request(ctx, id)
	if errors.Is(err, sigpost.ErrNotFound) || err == nil && r.SubscriptionID == 0 && !r.Expires.After(d.Clock()) {
		return r, fmt.Errorf("the request is not kept any more: %w", ErrExpired)
	}
	return r, err
}

// Confirm makes the request of a token a subscription, lifts what kept the address
// from being imported, and gives the link to its preferences. Doing it again
// changes nothing and is no error. Errors are as for Look.
func (d Desk) Confirm(ctx context.Context, token string) (s sigpost.Subscription, preferences string, err error) {
	r, err := d.Look(ctx, token)
	if err != nil {
		return s, "", err
	}
	p, ok := d.Publication(r.Wish.Digest)
	if !ok {
		return s, "", fmt.Errorf("the digest does not exist any more: %w", ErrExpired)
	}
	s, _, err = d.Rows.Confirm(ctx, r.ID, p.Siblings(r.Wish.Digest), d.Tokens.SuppressionHashes(r.Wish.Subscriber.Addr), d.Clock())
	if errors.Is(err, sigpost.ErrNotFound) {
		err = fmt.Errorf("the request is not kept any more: %w", ErrExpired)
	}
	if err != nil {
		return s, "", err
	}
	return s, d.preferences(s), nil
}

// Deny forgets the request of a token: somebody else made it. Errors are as for
// Look.
func (d Desk) Deny(ctx context.Context, token string) error {
	r, err := d.Look(ctx, token)
	if err != nil {
		return err
	}
	return d.Rows.DropRequest(ctx, r.ID)
}

// Preferences gives the subscription whose preferences a token shows, active or
// ended, and changes nothing. Errors wrap ErrToken, ErrExpired (also where the
// subscription is not kept any more), or are the store's.
func (d Desk) Preferences(ctx context.Context, token string) (sigpost.Subscription, error) {
	id, serial, err := d.Tokens.ParsePreferences(token, d.Clock())
	if err != nil {
		return sigpost.Subscription{}, err
	}
	s, err := d.Rows.Subscription(ctx, id)
	if errors.Is(err, sigpost.ErrNotFound) || err == nil && s.Serial&0xffffffff != serial {
		return sigpost.Subscription{}, ErrExpired
	}
	return s, err
}

// Change stores what is wished of a subscription: its Selection, Text, NewsOnly,
// PausedUntil, zone, and by its Digest the edition. The token is used up by it;
// next takes its place. Errors are as for Preferences, or wrap sigpost.ErrNotFound
// where the digest is no edition of the publication.
func (d Desk) Change(ctx context.Context, token string, wish sigpost.Subscription, shown string) (s sigpost.Subscription, next string, err error) {
	if s, err = d.Preferences(ctx, token); err != nil {
		return s, "", err
	}
	if !s.State.Subscribed() {
		return s, "", ErrExpired
	}
	if s, err = d.Apply(ctx, s, wish, sigpost.ByLink, shown); err != nil {
		return s, "", err
	}
	return s, d.preferences(s), nil
}

// Apply stores wishes as Change does, for who has proved that they may.
func (d Desk) Apply(ctx context.Context, s, wish sigpost.Subscription, way sigpost.ConsentWay, shown string) (sigpost.Subscription, error) {
	p, ok := d.Publication(s.Digest)
	if _, known := p.Edition(wish.Digest); !ok || wish.Digest != s.Digest && !known {
		return s, sigpost.NotFound(fmt.Errorf("%q is no edition of this digest", wish.Digest))
	}
	to := wish.Digest
	wish.ID, wish.Digest, wish.Serial, wish.Since = s.ID, s.Digest, s.Serial, s.Since
	who := s.Subscriber
	who.Zone = wish.Subscriber.Zone
	wish.Subscriber = who
	if to == s.Digest {
		return d.Rows.SetPreferences(ctx, wish)
	}
	return d.Rows.Move(ctx, wish, to, sigpost.Consent{Way: way, At: d.Clock(), Shown: shown})
}

// Leave ends the subscription of a token for preferences. Doing it again changes
// nothing. Errors are as for Preferences.
func (d Desk) Leave(ctx context.Context, token string) (sigpost.Subscription, error) {
	s, err := d.Preferences(ctx, token)
	if err != nil {
		return s, err
	}
	_, err = d.Rows.Withdraw(ctx, s.ID, sigpost.ByLink, d.Clock())
	return s, err
}

// Renew sends a new link to the owner of a token that was valid once, if they are
// still subscribed and have not had too many. Its answer reveals neither. The
// error wraps ErrToken where the token was never one.
func (d Desk) Renew(ctx context.Context, token string) error {
	id, _, err := d.Tokens.ParsePreferences(token, d.Clock())
	if err != nil && !errors.Is(err, ErrExpired) {
		return err
	}
	s, err := d.Rows.Successor(ctx, id)
	if errors.Is(err, sigpost.ErrNotFound) || err == nil && !s.State.Subscribed() {
		return nil
	}
	if err != nil {
		return err
	}
	return d.Send(ctx, s, func(token string) (sigpost.Notice, error) { return d.Letters.Link(s, token) })
}

// SendStored mails all that is stored about the owner of a token to them, if they
// have not had it too often. Errors are as for Preferences.
func (d Desk) SendStored(ctx context.Context, token string) error {
	s, err := d.Preferences(ctx, token)
	if err != nil {
		return err
	}
	data, err := d.Stored(ctx, s.Subscriber.Addr)
	if err != nil {
		return err
	}
	return d.Send(ctx, s, func(string) (sigpost.Notice, error) { return d.Letters.Stored(s, data) })
}

// Send queues a letter to a subscriber, unless they have had too many of them.
func (d Desk) Send(ctx context.Context, s sigpost.Subscription, write func(token string) (sigpost.Notice, error)) error {
	err := d.Rows.Tx(ctx, func(tx Rows) error {
		refused, err := tx.Allow(ctx, d.Clock(), sigpost.Limit{Bucket: d.Tokens.Bucket("link", s.Subscriber.Addr), N: perLink, Per: 24 * time.Hour})
		if err != nil || refused.Bucket != "" {
			return err
		}
		n, err := write(d.preferences(s))
		return d.queue(ctx, tx, n, err)
	})
	if err == nil {
		d.Wake()
	}
	return err
}
