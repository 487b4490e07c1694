package subscribe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// Subscriptions are the stored ones.
type Subscriptions interface {
	// Subscription gives one, or an error that wraps sigpost.ErrNotFound.
	Subscription(ctx context.Context, id int64) (sigpost.Subscription, error)
	// Successor gives one or, where another edition took its place, that one.
	Successor(ctx context.Context, id int64) (sigpost.Subscription, error)
	// EndSubscription ends one at a time, or what took its place, and says whether
	// it was active.
	EndSubscription(ctx context.Context, id int64, at time.Time) (bool, error)
}

// Door lets readers out: whoever holds the token from a letter may look at the
// subscription and end it. That is all a token can do, so neither needs a login.
type Door struct {
	tokens        Tokens
	subscriptions Subscriptions
	clock         func() time.Time
}

// NewDoor makes a Door.
func NewDoor(tokens Tokens, subscriptions Subscriptions, clock func() time.Time) Door {
	return Door{tokens: tokens, subscriptions: subscriptions, clock: clock}
}

// Look says what a token would end: the masked address, for a letter may have
// been forwarded, the digest's name, and whether it is still active. It changes
// nothing: link scanners follow every link (RFC 8058, section 3.2).
//
// The error wraps ErrToken or sigpost.ErrNotFound, or is the store's.
func (d Door) Look(ctx context.Context, token string) (address, digest string, state sigpost.SubscriptionState, err error) {
	id, err := d.tokens.ParseUnsubscribe(token)
	if err != nil {
		return "", "", "", err
	}
	s, err := d.subscription(ctx, id)
	if err != nil {
		return "", "", "", err
	}
	return MaskAddress(s.Subscriber.Addr), s.Digest, s.State, nil
}

// Unsubscribe ends the subscription at once, also for an issue that is being
// sent. Doing it again changes nothing and is no error. Errors are as for Look.
func (d Door) Unsubscribe(ctx context.Context, token string) (sigpost.Subscription, error) {
	id, err := d.tokens.ParseUnsubscribe(token)
	if err != nil {
		return sigpost.Subscription{}, err
	}
	_, err = d.subscriptions.EndSubscription(ctx, id, d.clock())
	if err != nil && !errors.Is(err, sigpost.ErrNotFound) {
		return sigpost.Subscription{}, fmt.Errorf("end subscription %d: %w", id, err)
	}
	return d.subscription(ctx, id)
}

func (d Door) subscription(ctx context.Context, id int64) (sigpost.Subscription, error) {
	s, err := d.subscriptions.Successor(ctx, id)
	switch {
	case errors.Is(err, sigpost.ErrNotFound):
		return s, fmt.Errorf("this subscription is not kept any more, and nothing is sent for it: %w", err)
	case err != nil:
		return s, fmt.Errorf("read subscription %d: %w", id, err)
	}
	return s, nil
}
