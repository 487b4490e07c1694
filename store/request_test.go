package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

func request(addr string) sigpost.Request {
	w := wish(addr)
	w.Subscriber.Consent, w.Subscriber.Created, w.Since = "", time.Time{}, time.Time{}
	w.Topics, w.Text, w.NewsOnly = []sigpost.Tag{{Kind: "project", Name: "magnum"}}, true, true
	return sigpost.Request{Wish: w, Way: sigpost.ByForm, Shown: "I want it.", Network: "192.0.2.0/24", Made: start, Expires: hours(24)}
}

func TestConfirm(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		must(db.Subscribe(ctx, func() sigpost.Subscription { s := wish("grace@example.org"); s.Digest = "weekly-daily"; return s }()))(t)
		first := request("Grace@example.org")
		id := must(db.SaveRequest(ctx, first))(t)
		second := request("grace@example.org")
		second.Made, second.Wish.Muted = hours(1), []sigpost.Tag{{Kind: "nature", Name: "release"}}
		if again := must(db.SaveRequest(ctx, second))(t); again != id {
			t.Errorf("asked again, it is request %d, want %d", again, id)
		}
		kept := must(db.Request(ctx, id))(t)
		second.ID = id
		equal(t, "kept", kept, second)

		check(t, db.Suppress(ctx, "hash", "key", "erased", start))
		if reason := must(db.Suppressed(ctx, []string{"other", "hash"}))(t); reason != "erased" {
			t.Errorf("suppressed since %q", reason)
		}
		var s sigpost.Subscription
		for i := range 2 {
			got, again, err := db.Confirm(ctx, id, []string{"weekly-daily"}, []string{"hash", "other"}, hours(2))
			check(t, err)
			if again != (i == 1) || i == 1 && got.ID != s.ID {
				t.Errorf("time %d: %+v, again %t", i+1, got, again)
			}
			s = got
		}
		if s.State != sigpost.SubscriptionActive || !s.Text || !s.NewsOnly || len(s.Topics) != 1 || len(s.Muted) != 1 || !strings.Contains(s.Subscriber.Consent, "web form, asked on 4 April 2016") {
			t.Errorf("it became %+v", s)
		}
		if reason := must(db.Suppressed(ctx, []string{"hash"}))(t); reason != "" {
			t.Errorf("still suppressed: %s", reason)
		}
		daily := must(db.SubscriptionFor(ctx, "weekly-daily", "grace@example.org"))(t)
		if daily.State != sigpost.SubscriptionEnded {
			t.Error("the other edition goes on")
		}
		all := must(db.Consents(ctx, "GRACE@example.org"))(t)
		equal(t, "consents", all[len(all)-1], sigpost.Consent{Digest: "weekly", What: sigpost.ConsentGiven, Way: sigpost.ByForm, Asked: hours(1), At: hours(2), Shown: "I want it.", Network: "192.0.2.0/24"})

		// Whoever left is not brought back by the link of before.
		must(db.EndSubscription(ctx, daily.ID, hours(3)))(t) // by a letter of the other edition
		after, _, err := db.Confirm(ctx, id, nil, nil, hours(4))
		check(t, err)
		if after.ID != s.ID || after.State != sigpost.SubscriptionEnded {
			t.Errorf("confirmed after leaving: %+v", after)
		}
	})
}

// Who left, and subscribed anew to another edition, is let out by any letter that they
// have.
func TestLettersOfAnEndedEditionLetOut(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		daily := must(db.Subscribe(ctx, func() sigpost.Subscription { s := wish("grace@example.org"); s.Digest = "weekly-daily"; return s }()))(t)
		must(db.EndSubscription(ctx, daily.ID, hours(1)))(t)
		id := must(db.SaveRequest(ctx, request("grace@example.org")))(t)
		weekly, _, err := db.Confirm(ctx, id, []string{"weekly-daily"}, nil, hours(2))
		check(t, err)
		if changed := must(db.EndSubscription(ctx, daily.ID, hours(3)))(t); !changed || must(db.Subscription(ctx, weekly.ID))(t).State != sigpost.SubscriptionEnded {
			t.Error("the letter of the edition of before does not let out")
		}
		// And back again, which goes round in no circle.
		again := must(db.Subscribe(ctx, func() sigpost.Subscription { s := wish("grace@example.org"); s.Digest = "weekly-daily"; return s }()))(t)
		check(t, db.TakePlace(ctx, again, []string{"weekly"}, hours(4)))
		if changed := must(db.EndSubscription(ctx, weekly.ID, hours(5)))(t); !changed || must(db.Subscription(ctx, daily.ID))(t).State != sigpost.SubscriptionEnded {
			t.Error("back again, the letter of the edition of before does not let out")
		}
	})
}

func TestRequestsExpire(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		id := must(db.SaveRequest(ctx, request("grace@example.org")))(t)
		if _, _, err := db.Confirm(ctx, id, nil, nil, hours(24)); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("confirmed too late: %v", err)
		}
		check(t, db.Forget(ctx, hours(23), start))
		equal(t, "waiting", must(db.WaitingRequests(ctx, hours(23)))(t), 1)
		check(t, db.Forget(ctx, hours(24), start))
		if _, err := db.Request(ctx, id); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("it is kept: %v", err)
		}
		if len(must(db.SubscriptionsOf(ctx, "grace@example.org"))(t)) != 0 {
			t.Error("somebody was subscribed")
		}
	})
}

func TestPreferencesAndMoves(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		s := must(db.Subscribe(ctx, wish("grace@example.org")))(t)
		s.Text, s.PausedUntil, s.Subscriber.Zone = true, hours(99), "Asia/Tokyo"
		changed := must(db.SetPreferences(ctx, s))(t)
		s.Serial++
		equal(t, "changed", changed, s)
		equal(t, "stored", must(db.Subscription(ctx, s.ID))(t), s)
		s.Serial--
		if _, err := db.SetPreferences(ctx, s); !errors.Is(err, store.ErrStale) {
			t.Errorf("an old state was taken: %v", err)
		}
		daily := must(db.Move(ctx, changed, "weekly-daily", sigpost.Consent{Way: sigpost.ByLink, At: hours(1)}))(t)
		if !daily.Text || !daily.PausedUntil.Equal(hours(99)) || !daily.Since.Equal(s.Since) || daily.Digest != "weekly-daily" || daily.State != sigpost.SubscriptionActive {
			t.Errorf("moved: %+v", daily)
		}
		if old := must(db.Subscription(ctx, s.ID))(t); old.State != sigpost.SubscriptionEnded {
			t.Error("both go on")
		}
		equal(t, "successor", must(db.Successor(ctx, s.ID))(t).ID, daily.ID)
		back := must(db.Move(ctx, daily, "weekly", sigpost.Consent{Way: sigpost.ByLink, At: hours(2)}))(t)
		if back.ID != s.ID || back.Serial <= changed.Serial {
			t.Errorf("back again: %+v", back)
		}
		for _, id := range []int64{daily.ID, s.ID} {
			equal(t, "successor", must(db.Successor(ctx, id))(t).ID, s.ID)
		}
		if changed := must(db.EndSubscription(ctx, daily.ID, hours(3)))(t); !changed || must(db.Subscription(ctx, s.ID))(t).State != sigpost.SubscriptionEnded {
			t.Error("a letter of the other edition does not let them go")
		}
		if _, err := db.Move(ctx, back, "weekly-daily", sigpost.Consent{Way: sigpost.ByLink, At: hours(4)}); !errors.Is(err, store.ErrStale) {
			t.Errorf("what has ended was moved: %v", err)
		}
		var what []string
		for _, c := range must(db.Consents(ctx, "grace@example.org"))(t) {
			what = append(what, c.Digest+" "+string(c.What))
		}
		equal(t, "consents", strings.Join(what, ", "), "weekly given, weekly-daily changed, weekly changed, weekly withdrawn")
	})
}

// Nothing of a person stays but the rows that keep letters from going out twice.
func TestErase(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, readers := ledger(t, db, 1)
		grace := must(db.Subscribe(ctx, wish("grace@example.org")))(t)
		must(db.Queue(ctx, issue.ID, []sigpost.Delivery{{SubscriptionID: grace.ID, MessageID: "b@x", Due: start}}))(t)
		check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueSending, start))
		must(db.Turn(ctx, issue.ID, nil, start, start.Add(time.Hour), 2))(t)
		must(db.Turn(ctx, issue.ID, result(2, sigpost.DeliveryFailed, "550 <grace@example.org> is unknown", start), start, start, 0))(t)
		must(db.SaveRequest(ctx, request("grace@example.org")))(t)
		check(t, db.QueueNotice(ctx, notice("grace@example.org")))
		if n := len(must(db.DeliveriesTo(ctx, "Grace@example.org"))(t)); n != 1 {
			t.Errorf("%d letters", n)
		}
		for i, want := range []bool{true, false} {
			if got := must(db.Erase(ctx, "GRACE@example.org", hours(1)))(t); got != want {
				t.Errorf("time %d: found is %t", i+1, got)
			}
		}
		if left := dump(t, db); strings.Contains(strings.ToLower(left), "grace@") {
			t.Errorf("left is %s", left)
		}
		if s := must(db.Subscription(ctx, grace.ID))(t); s.State != sigpost.SubscriptionEnded || s.Subscriber.Addr != "" {
			t.Errorf("the subscription is %+v", s)
		}
		all := must(db.Subscriptions(ctx, "weekly", "", 0, 0))(t)
		if len(all) != 1 || all[0].ID != readers[0].ID {
			t.Errorf("there are %+v", all)
		}
		equal(t, "letters of the issue", len(must(db.Deliveries(ctx, issue.ID, ""))(t)), 2)
		// They can come back by themselves, as somebody new.
		if again := must(db.Subscribe(ctx, wish("grace@example.org")))(t); again.ID == grace.ID {
			t.Error("the erased row is used again")
		}
	})
}

// A record of consent cannot be changed.
func TestConsentsAreFrozen(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		must(db.Subscribe(t.Context(), wish("grace@example.org")))(t)
		if err := db.SQL(t.Context(), `UPDATE consents SET shown = 'another'`); err == nil {
			t.Error("it was changed")
		}
	})
}

func TestAllow(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		db := open(t, dsn)
		address := sigpost.Limit{Bucket: "address:x", N: 3, Per: 24 * time.Hour}
		all := sigpost.Limit{Bucket: "all", N: 5, Per: time.Hour}
		at := func(hour int, want string, limits ...sigpost.Limit) {
			t.Helper()
			if got := must(db.Allow(ctx, hours(hour), limits...))(t).Bucket; got != want {
				t.Errorf("hour %d: refused by %q, want %q", hour, got, want)
			}
		}
		for range 3 {
			at(0, "", address, all)
		}
		for range 5 {
			at(0, "address:x", all, address) // and takes no place in the other
		}
		at(0, "", all)
		at(0, "", all)
		at(0, "all", all)
		at(7, "address:x", address)
		at(8, "", address, all)
		at(8, "address:x", address)
		at(80, "", address)
		check(t, db.Forget(ctx, hours(200), start))

		// Several processes share a limit.
		var taken, errs sync.Map
		var group sync.WaitGroup
		for n := range 4 {
			other := open(t, dsn)
			group.Go(func() {
				for i := range 10 {
					refused, err := other.Allow(ctx, hours(300), sigpost.Limit{Bucket: "shared", N: 7, Per: time.Hour})
					if err != nil {
						errs.Store(err, true)
					} else if refused.Bucket == "" {
						taken.Store(fmt.Sprint(n, i), true)
					}
				}
			})
		}
		group.Wait()
		count := 0
		taken.Range(func(any, any) bool { count++; return true })
		errs.Range(func(err, _ any) bool { t.Error(err); return true })
		if count != 7 {
			t.Errorf("%d were let through, want 7", count)
		}
	})
}

// dump is every text that may say something of a person.
func dump(t *testing.T, db *store.DB) string {
	t.Helper()
	var b strings.Builder
	for table, columns := range map[string][]string{
		"subscribers": {"name", "addr", "addr_key", "zone", "consent"}, "subscriptions": {"topics", "muted"}, "consents": {"shown", "network"},
		"requests": {"name", "addr", "addr_key", "shown"}, "notices": {"addr", "addr_key", "subject", "body", "html", "reply"}, "deliveries": {"message_id", "reply"},
	} {
		fmt.Fprintln(&b, table, must(db.Rows(t.Context(), len(columns), "SELECT "+strings.Join(columns, ", ")+" FROM "+table))(t))
	}
	return b.String()
}

func notice(addr string) sigpost.Notice {
	return sigpost.Notice{Kind: sigpost.NoticeConfirm, Digest: "weekly", Addr: addr, ReplyTo: "request@example.org", Answers: "q@example.org",
		Letter:   sigpost.Letter{Subject: "Please confirm", Text: "A secret link", HTML: "<p>A secret link"},
		Delivery: sigpost.Delivery{MessageID: "n@example.org", Due: start}}
}

func TestNotices(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx, l := t.Context(), db.Notices()
		check(t, db.QueueNotice(ctx, notice("grace@example.org")))
		if got := must(l.Claim(ctx, hours(-1), hours(1), 9))(t); len(got) != 0 {
			t.Errorf("claimed before it is due: %+v", got)
		}
		got := must(l.Claim(ctx, start, hours(1), 9))(t)
		want := notice("grace@example.org")
		want.ID, want.State, want.Lease, want.Updated = 1, sigpost.DeliveryQueued, hours(1), start
		equal(t, "claimed", got, []sigpost.Notice{want})
		if got := must(l.Claim(ctx, start, hours(1), 9))(t); len(got) != 0 {
			t.Errorf("claimed twice: %+v", got)
		}
		for i, ok := range []bool{true, false} {
			if must(l.Begin(ctx, 1, start))(t) != ok {
				t.Errorf("begun, time %d", i+1)
			}
		}
		// The sender ends in the middle: it is sent again, when its lease is over.
		if got := must(l.Claim(ctx, hours(2), hours(3), 9))(t); len(got) != 1 || !must(l.Begin(ctx, 1, hours(2)))(t) {
			t.Fatalf("after a crash: %+v", got)
		}
		check(t, l.Record(ctx, 1, sigpost.DeliveryQueued, "later", hours(4), hours(2)))
		if got := must(l.Claim(ctx, hours(4), hours(5), 9))(t); len(got) != 1 || got[0].Letter.Text == "" || got[0].Attempts != 2 || !must(l.Begin(ctx, 1, hours(4)))(t) {
			t.Fatalf("tried again: %+v", got)
		}
		check(t, l.Record(ctx, 1, sigpost.DeliverySent, "250 taken", time.Time{}, hours(4)))
		if err := l.Record(ctx, 1, sigpost.DeliverySent, "", time.Time{}, hours(4)); err == nil {
			t.Error("recorded twice")
		}
		if left := dump(t, db); strings.Contains(left, "secret") {
			t.Errorf("what it said is still there: %s", left)
		}
		equal(t, "counts", must(l.Counts(ctx))(t), sigpost.DeliveryCounts{sigpost.DeliverySent: 1})
		equal(t, "to her", len(must(l.To(ctx, "GRACE@example.org"))(t)), 1)
		check(t, db.Forget(ctx, hours(4), hours(4)))
		equal(t, "forgotten", len(must(l.To(ctx, "grace@example.org"))(t)), 0)
	})
}

func TestVolume(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 10), mail("c", 20))
		magnum := sigpost.Tag{Kind: "project", Name: "magnum"}
		for id := range int64(3) {
			check(t, db.SaveTaggings(ctx, id+1, 1, "v", []sigpost.Tagging{{Tag: magnum, Score: 1, State: sigpost.TagAccepted}, {Tag: sigpost.Tag{Kind: "project", Name: "nova"}, State: sigpost.TagProposed}}))
		}
		got, from, err := db.Volume(ctx, []string{"sig", "other"}, hours(10))
		check(t, err)
		equal(t, "since hour 10", got, [][]sigpost.Tag{{magnum}, {magnum}})
		equal(t, "from", from, hours(10))
		_, from, err = db.Volume(ctx, []string{"sig"}, hours(-99))
		check(t, err)
		equal(t, "the oldest", from, start)
		got, _, err = db.Volume(ctx, []string{"other"}, hours(0))
		check(t, err)
		equal(t, "another list", len(got), 0)
	})
}
