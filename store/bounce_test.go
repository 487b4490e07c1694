package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

var bounceRules = sigpost.BounceRules{Hard: 2, Soft: 3, Window: 60 * 24 * time.Hour, Rest: 14 * 24 * time.Hour}

const day = 24

// reader has issues sent to one reader, as days go by.
type reader struct {
	*testing.T
	db     *store.DB
	sub    sigpost.Subscription
	issues int
}

func newReader(t *testing.T, db *store.DB) *reader {
	return &reader{T: t, db: db, sub: must(db.Subscribe(t.Context(), wish("ada@example.org")))(t)}
}

// send sends a letter after some days, and gives its delivery; it fails where
// the reader is not mailed.
func (r *reader) send(days int) int64 {
	r.Helper()
	ctx, at := r.Context(), hours(days*day)
	r.issues++
	issue := sigpost.Issue{Digest: "weekly", State: sigpost.IssueApproved, Window: sigpost.Window{From: hours(1000 * r.issues), To: hours(1000*r.issues + 1000)}}
	check(r.T, r.db.CreateIssue(ctx, &issue, nil))
	id := sigpost.MessageID(fmt.Sprintf("%d.letter@example.org", r.issues))
	must(r.db.Queue(ctx, issue.ID, []sigpost.Delivery{{SubscriptionID: r.sub.ID, MessageID: id, Due: at, Updated: at}}))(r.T)
	taken := must(r.db.Turn(ctx, issue.ID, nil, at, at.Add(time.Hour), 10))(r.T)
	if len(taken) == 0 {
		return 0
	}
	must(r.db.Turn(ctx, issue.ID, result(taken[0].ID, sigpost.DeliverySent, "250 ok", at), at, at, 0))(r.T)
	return taken[0].ID
}

func (r *reader) comesBack(delivery int64, class sigpost.BounceClass, days int, change ...func(*sigpost.Bounce)) sigpost.BounceEffect {
	r.Helper()
	b := sigpost.Bounce{DeliveryID: delivery, At: hours(days * day), Source: sigpost.BounceReport, Class: class, Reason: "userunknown", Domain: "example.org",
		Evidence: "550 5.1.1 no such user", Counts: true, Fingerprint: fmt.Sprintf("%d %s %d", delivery, class, days)}
	for _, c := range change {
		c(&b)
	}
	return must(r.db.RecordBounce(r.Context(), b, bounceRules))(r.T)
}

func (r *reader) want(state sigpost.SubscriptionState) {
	r.Helper()
	if got := must(r.db.Subscription(r.Context(), r.sub.ID))(r.T).State; got != state {
		r.Errorf("the subscription is %s, want %s", got, state)
	}
	if got := must(r.db.Subscriptions(r.Context(), "weekly", state, 0, 0))(r.T); len(got) != 1 {
		r.Errorf("%d subscriptions are %s, want 1", len(got), state)
	}
}

// effects checks what each in a list of pairs came to.
func effects(t *testing.T, pairs ...sigpost.BounceEffect) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != pairs[i+1] {
			t.Errorf("effect %d is %q, want %q", i/2+1, pairs[i], pairs[i+1])
		}
	}
}

const (
	noted     = sigpost.BounceNoted
	suspended = sigpost.BounceSuspended
)

func TestHardBounces(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		r := newReader(t, db)
		one := r.send(0)
		effects(t, r.comesBack(one, "hard", 0), noted, r.comesBack(one, "hard", 0), sigpost.BounceKnown,
			r.comesBack(one, "hard", 1), noted, // two reports of one letter are one letter that came back
		)
		r.want("active")
		effects(t, r.comesBack(r.send(7), "hard", 7), suspended)
		r.want("suspended")
		if r.send(14) != 0 {
			t.Error("a suspended reader is mailed")
		}
		all := must(db.Suspensions(t.Context(), 10))(t)
		if len(all) != 1 || all[0].Reason != "userunknown" || !all[0].At.Equal(hours(7*day)) || all[0].Last.Evidence != "550 5.1.1 no such user" {
			t.Errorf("suspensions: %+v", all)
		}
		if !must(db.EndSubscription(t.Context(), r.sub.ID, hours(8*day)))(t) {
			t.Error("a suspended reader cannot leave")
		}
		r.want("ended")
	})
}

func TestBouncesThatDoNotSuspend(t *testing.T) {
	for name, run := range map[string]func(r *reader){
		"two on one day": func(r *reader) {
			one, two := r.send(0), r.send(0)
			effects(r.T, r.comesBack(one, "hard", 0), noted, r.comesBack(two, "hard", 0), noted)
		},
		"one arrived in between": func(r *reader) {
			effects(r.T, r.comesBack(r.send(0), "hard", 0), noted)
			r.send(7)
			effects(r.T, r.comesBack(r.send(14), "hard", 14), noted)
		},
		"long ago": func(r *reader) {
			effects(r.T, r.comesBack(r.send(0), "hard", 0), noted, r.comesBack(r.send(70), "hard", 70), noted)
		},
		"of the letter": func(r *reader) {
			for days := 0; days < 70; days += 7 {
				effects(r.T, r.comesBack(r.send(days), "soft", days, func(b *sigpost.Bounce) { b.Counts, b.Reason = false, "blocked" }), noted)
			}
		},
		"soft within a week": func(r *reader) {
			for days := range 5 {
				effects(r.T, r.comesBack(r.send(days), "soft", days), noted)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *store.DB) {
				r := newReader(t, db)
				run(r)
				r.want("active")
			})
		})
	}
}

func TestSoftBounces(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		r := newReader(t, db)
		full := func(b *sigpost.Bounce) { b.Reason = "mailboxfull" }
		effects(t, r.comesBack(r.send(0), "soft", 1, full), noted, r.comesBack(r.send(7), "hard", 7), noted, r.comesBack(r.send(14), "soft", 16, full), suspended)
		r.want("suspended")
		counts := must(db.BounceCounts(t.Context(), hours(0), 10))(t)
		if len(counts) != 2 || counts[0].Reason != "mailboxfull" || counts[0].Count != 2 || !counts[0].Counts || counts[0].Domain != "example.org" {
			t.Errorf("counts: %+v", counts)
		}
		if got := must(db.BounceCounts(t.Context(), hours(10*day), 10))(t); len(got) != 1 || got[0].Count != 1 {
			t.Errorf("counts of late: %+v", got)
		}
	})
}

func TestComplaints(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		r := newReader(t, db)
		one := r.send(0)
		effects(t, r.comesBack(one, "complaint", 0, func(b *sigpost.Bounce) { b.Counts, b.Feedback = false, "auth-failure" }), noted)
		r.want("active")
		effects(t, r.comesBack(one, "complaint", 1), sigpost.BounceEnded, r.comesBack(one, "complaint", 2), noted)
		r.want("ended")
		all := must(db.Bounces(t.Context(), r.sub.ID, 10))(t)
		if len(all) != 3 || all[2].Feedback != "auth-failure" {
			t.Errorf("%+v", all)
		}
		must(db.Erase(t.Context(), "ada@example.org", hours(3*day)))(t)
		if all := must(db.Bounces(t.Context(), r.sub.ID, 10))(t); len(all) != 0 {
			t.Errorf("not forgotten: %+v", all)
		}
	})
}

// A suspended reader is tried, and stays where the letter arrives.
func TestTrials(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		try := func(days, wantTried, wantRecovered int) {
			t.Helper()
			tried, recovered, err := db.TrySuspended(t.Context(), bounceRules, hours(days*day))
			if err != nil || tried != wantTried || recovered != wantRecovered {
				t.Errorf("on day %d: %d tried, %d recovered, %v; want %d, %d", days, tried, recovered, err, wantTried, wantRecovered)
			}
		}
		r := newReader(t, db)
		effects(t, r.comesBack(r.send(0), "hard", 0), noted, r.comesBack(r.send(7), "hard", 7), suspended)
		try(20, 0, 0)
		try(21, 1, 0)
		r.want("active")
		// A late report of a letter from before the trial says nothing new of it;
		// the letter that was tried does.
		effects(t, r.comesBack(r.send(22), "soft", 22), suspended)
		try(49, 0, 0)
		try(50, 1, 0)
		arrived := r.send(51)
		try(52, 0, 0)
		try(58, 0, 1)
		try(59, 0, 0)
		effects(t, r.comesBack(r.send(60), "hard", 60), noted)
		r.want("active")
		if arrived == 0 {
			t.Error("the reader was not tried")
		}
		// The tries come to an end.
		effects(t, r.comesBack(r.send(67), "hard", 67), suspended)
		for i, days := range []int{81, 81 + 28, 81 + 28 + 56} {
			try(days, 1, 0)
			effects(t, r.comesBack(r.send(days), "hard", days), suspended)
			if i == 2 {
				try(2000, 0, 0)
			}
		}
		must(db.SetPreferences(t.Context(), must(db.Subscription(t.Context(), r.sub.ID))(t)))(t)
		r.want("active")
		effects(t, r.comesBack(r.send(201), "hard", 201), noted)
		again := wish("ada@example.org")
		effects(t, r.comesBack(r.send(203), "hard", 203), suspended)
		must(db.Subscribe(t.Context(), again))(t)
		r.want("active")
	})
}

func TestManyReportsOfOneLetter(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		r := newReader(t, db)
		one := r.send(0)
		for i := range 60 {
			r.comesBack(one, "hard", i)
		}
		r.want("active")
		if all := must(db.Bounces(t.Context(), r.sub.ID, 100))(t); len(all) != 50 {
			t.Errorf("%d are kept", len(all))
		}
	})
}

func TestRecordBounceOfNoLetter(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		_, err := db.RecordBounce(t.Context(), sigpost.Bounce{DeliveryID: 7, Class: "hard", Source: "smtp", Fingerprint: "x"}, bounceRules)
		if !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("%v", err)
		}
		if _, err := db.DeliveryOf(t.Context(), "nobody@example.org"); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
}

// What is served is served once, with the cursor, or not at all.
func TestServe(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		box := must(db.Mailbox(ctx, "post", "INBOX", ""))(t)
		arrivals := []sigpost.Arrival{mail("one@example.org", 0), mail("two@example.org", 0), {Raw: []byte("\x00"), Reason: "no mail", Source: "post/INBOX", UID: 3}}
		var seen []sigpost.MessageID
		act := func(tx *store.DB, a sigpost.Arrival) error {
			seen = append(seen, a.Message.MessageID)
			_, err := tx.Mailbox(ctx, "effect", string(a.Message.MessageID), "")
			return err
		}
		box.UIDValidity, box.UIDNext = 1, 4
		broken := errors.New("broken")
		if _, err := db.Serve(ctx, &box, arrivals, start, func(tx *store.DB, a sigpost.Arrival) error {
			return errors.Join(act(tx, a), broken)
		}); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if all := must(db.Mailboxes(ctx))(t); len(all) != 1 || all[0].UIDNext != 0 {
			t.Fatalf("after a failure: %+v", all)
		}
		seen = nil
		if counts := must(db.Serve(ctx, &box, arrivals, start, act))(t); counts != (store.ServeCounts{Acted: 2, Quarantined: 1}) || len(seen) != 2 {
			t.Errorf("%+v, %v", counts, seen)
		}
		check(t, db.ResetMailbox(ctx, &box, 2))
		box.UIDValidity, box.UIDNext = 2, 4
		if counts := must(db.Serve(ctx, &box, arrivals[:2], start, act))(t); counts != (store.ServeCounts{Again: 2}) || len(seen) != 2 {
			t.Errorf("again: %+v, %v", counts, seen)
		}
		all := must(db.Mailboxes(ctx))(t)
		if len(all) != 3 || all[0].UIDNext != 4 || all[0].UIDValidity != 2 {
			t.Errorf("%+v", all)
		}
	})
}
