package subscribe_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/subscribe"
)

var noon = time.Date(2016, 4, 24, 12, 0, 0, 0, time.UTC)

// rows are subscriptions in memory.
type rows struct {
	byID  map[int64]sigpost.Subscription
	ended map[int64]time.Time
	fail  error
}

func (r *rows) Subscription(_ context.Context, id int64) (sigpost.Subscription, error) {
	if r.fail != nil {
		return sigpost.Subscription{}, r.fail
	}
	s, ok := r.byID[id]
	if !ok {
		return s, fmt.Errorf("subscription %d: %w", id, sigpost.ErrNotFound)
	}
	return s, nil
}

func (r *rows) Successor(ctx context.Context, id int64) (sigpost.Subscription, error) {
	return r.Subscription(ctx, id)
}

func (r *rows) EndSubscription(_ context.Context, id int64, at time.Time) (bool, error) {
	if r.fail != nil {
		return false, r.fail
	}
	s, ok := r.byID[id]
	if !ok || s.State == sigpost.SubscriptionEnded {
		return false, nil
	}
	s.State = sigpost.SubscriptionEnded
	r.byID[id], r.ended[id] = s, at
	return true, nil
}

func newDoor() (subscribe.Door, subscribe.Tokens, *rows) {
	ada := sigpost.Subscription{ID: 4, Digest: "weekly", State: sigpost.SubscriptionActive,
		Subscriber: sigpost.Subscriber{Name: "Ada", Addr: "ada@example.org"}}
	r := &rows{byID: map[int64]sigpost.Subscription{4: ada}, ended: map[int64]time.Time{}}
	tokens := subscribe.NewTokens(secret)
	return subscribe.NewDoor(tokens, r, func() time.Time { return noon }), tokens, r
}

func TestLookingChangesNothing(t *testing.T) {
	door, tokens, r := newDoor()
	for range 3 {
		address, digest, state, err := door.Look(t.Context(), tokens.Unsubscribe(4))
		if err != nil || address != "a…@example.org" || digest != "weekly" || state != sigpost.SubscriptionActive {
			t.Errorf("got %q, %q, %q, %v", address, digest, state, err)
		}
	}
	if len(r.ended) != 0 {
		t.Error("looking ended the subscription")
	}
}

func TestUnsubscribeAtOnceAndAgain(t *testing.T) {
	door, tokens, r := newDoor()
	for range 2 {
		s, err := door.Unsubscribe(t.Context(), tokens.Unsubscribe(4))
		if err != nil || s.ID != 4 || s.State != sigpost.SubscriptionEnded {
			t.Errorf("got %+v, %v", s, err)
		}
	}
	if r.ended[4] != noon {
		t.Errorf("it ended at %v", r.ended[4])
	}
	if _, _, state, err := door.Look(t.Context(), tokens.Unsubscribe(4)); err != nil || state != sigpost.SubscriptionEnded {
		t.Errorf("afterwards it is %q, %v", state, err)
	}
}

func TestDoorErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	door, tokens, r := newDoor()
	for name, c := range map[string]struct {
		token string
		fail  error
		want  error
	}{
		"forged":      {subscribe.NewTokens([]byte("somebody else's secret")).Unsubscribe(4), nil, subscribe.ErrToken},
		"erased":      {tokens.Unsubscribe(5), nil, sigpost.ErrNotFound},
		"store fails": {tokens.Unsubscribe(4), broken, broken},
	} {
		t.Run(name, func(t *testing.T) {
			r.fail = c.fail
			_, _, _, err := door.Look(t.Context(), c.token)
			if !errors.Is(err, c.want) {
				t.Errorf("Look gave %v", err)
			}
			if _, err = door.Unsubscribe(t.Context(), c.token); !errors.Is(err, c.want) || strings.Contains(err.Error(), "ada@") {
				t.Errorf("Unsubscribe gave %v", err)
			}
			if r.fail = nil; r.byID[4].State != sigpost.SubscriptionActive {
				t.Error("the subscription has ended")
			}
		})
	}
}
