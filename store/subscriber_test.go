package store_test

import (
	"errors"
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"
)

// wish is a wish to read the weekly digest.
func wish(addr string) sigpost.Subscription {
	return sigpost.Subscription{
		Digest: "weekly", Since: start,
		Subscriber: sigpost.Subscriber{Name: "Grace", Addr: addr, Zone: "Europe/Berlin", Consent: "web form, 4 April 2016", Created: start},
	}
}

func TestSubscribe(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		want := wish("Grace.Ö@example.org")
		want.Topics = []sigpost.Tag{{Kind: "project", Name: "magnum"}, {Kind: "scenario", Name: "on-top"}}
		first := must(db.Subscribe(ctx, want))(t)
		want.Muted = []sigpost.Tag{{Kind: "nature", Name: "release"}}
		first = must(db.Subscribe(ctx, want))(t)
		want.ID, want.Subscriber.ID, want.State = first.ID, first.Subscriber.ID, sigpost.SubscriptionActive
		equal(t, "made", first, want)

		again := wish("grace.ö@example.org")
		again.Since, again.Subscriber.Name, again.Subscriber.Consent = hours(1), "Grace H.", "by mail"
		changed := must(db.Subscribe(ctx, again))(t)
		want.Selection, want.Subscriber.Name, want.Subscriber.Consent = sigpost.Selection{}, "Grace H.", "by mail"
		equal(t, "made again", changed, want)

		other := wish("GRACE.Ö@example.org")
		other.Digest = "monthly"
		monthly := must(db.Subscribe(ctx, other))(t)
		if monthly.Subscriber.ID != first.Subscriber.ID || monthly.ID == first.ID {
			t.Errorf("another digest gives %+v, want another subscription of the same subscriber", monthly)
		}
		equal(t, "found", must(db.SubscriptionFor(ctx, "weekly", "grace.Ö@EXAMPLE.org"))(t).ID, first.ID)
		_, err := db.SubscriptionFor(ctx, "weekly", "nobody@example.org")
		if !errors.Is(err, sigpost.ErrNotFound) || !strings.Contains(err.Error(), "nobody@example.org has no subscription") {
			t.Errorf("for nobody: %v", err)
		}
	})
}

func TestEndSubscription(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		s := must(db.Subscribe(ctx, wish("grace@example.org")))(t)
		for i, want := range []bool{true, false} {
			if got := must(db.EndSubscription(ctx, s.ID, hours(1)))(t); got != want {
				t.Errorf("time %d: changed is %t", i+1, got)
			}
		}
		if state := must(db.Subscription(ctx, s.ID))(t).State; state != sigpost.SubscriptionEnded {
			t.Errorf("the state is %s", state)
		}
		if _, err := db.EndSubscription(ctx, 999, start); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("ending what is not there: %v", err)
		}
		back := wish("grace@example.org")
		back.Since = hours(2)
		again := must(db.Subscribe(ctx, back))(t)
		if again.ID != s.ID || again.State != sigpost.SubscriptionActive || !again.Since.Equal(hours(2)) {
			t.Errorf("subscribed again: %+v", again)
		}
	})
}

func TestNobodyIsSubscribedWithoutConsent(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		tests := []struct {
			name   string
			change func(s *sigpost.Subscription)
		}{
			{"no consent", func(s *sigpost.Subscription) { s.Subscriber.Consent = " " }},
			{"no digest", func(s *sigpost.Subscription) { s.Digest = "" }},
			{"no address", func(s *sigpost.Subscription) { s.Subscriber.Addr = "" }},
			{"no domain", func(s *sigpost.Subscription) { s.Subscriber.Addr = "grace@" }},
			{"no local part", func(s *sigpost.Subscription) { s.Subscriber.Addr = "@example.org" }},
			{"a header in the address", func(s *sigpost.Subscription) { s.Subscriber.Addr = "a@b\r\nBcc: c@d" }},
			{"a NUL in the address", func(s *sigpost.Subscription) { s.Subscriber.Addr = "a\x00@b" }},
			{"bad bytes in the address", func(s *sigpost.Subscription) { s.Subscriber.Addr = "a\xff@b" }},
			{"a header in the name", func(s *sigpost.Subscription) { s.Subscriber.Name = "Grace\nBcc: c@d" }},
		}
		for _, test := range tests {
			s := wish("grace@example.org")
			test.change(&s)
			if got, err := db.Subscribe(t.Context(), s); err == nil {
				t.Errorf("%s: subscribed %+v", test.name, got)
			}
		}
		if all := must(db.Subscriptions(t.Context(), "weekly", "", 0, 0))(t); len(all) != 0 {
			t.Errorf("subscriptions are %+v, want none", all)
		}
	})
}

func TestSubscriptionsByPage(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		var ids []int64
		for _, name := range []string{"a", "b", "c", "d"} {
			ids = append(ids, must(db.Subscribe(ctx, wish(name+"@example.org")))(t).ID)
		}
		must(db.EndSubscription(ctx, ids[1], start))(t)
		tests := []struct {
			name  string
			state sigpost.SubscriptionState
			after int64
			limit int
			want  []int64
		}{
			{"all", "", 0, 0, ids},
			{"active", sigpost.SubscriptionActive, 0, 2, []int64{ids[0], ids[2]}},
			{"active, next page", sigpost.SubscriptionActive, ids[2], 2, []int64{ids[3]}},
			{"ended", sigpost.SubscriptionEnded, 0, 9, []int64{ids[1]}},
		}
		for _, test := range tests {
			var got []int64
			for _, s := range must(db.Subscriptions(ctx, "weekly", test.state, test.after, test.limit))(t) {
				got = append(got, s.ID)
			}
			equal(t, test.name, got, test.want)
		}
	})
}
