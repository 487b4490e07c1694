package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// ledger makes an issue with n queued deliveries, due when the tests start.
func ledger(t testing.TB, db *store.DB, n int) (sigpost.Issue, []sigpost.Subscription) {
	t.Helper()
	ctx := t.Context()
	issue := sigpost.Issue{Digest: "weekly", State: sigpost.IssueApproved, Window: sigpost.Window{From: start, To: hours(168)}}
	check(t, db.CreateIssue(ctx, &issue, nil))
	var subscriptions []sigpost.Subscription
	var deliveries []sigpost.Delivery
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		for i := range n {
			s := must(tx.Subscribe(ctx, wish(fmt.Sprintf("reader%d@example.org", i))))(t)
			subscriptions = append(subscriptions, s)
			deliveries = append(deliveries, sigpost.Delivery{SubscriptionID: s.ID, MessageID: letterOf(s), Due: start, Updated: start})
		}
		return nil
	}))
	if added := must(db.Queue(ctx, issue.ID, deliveries))(t); added != n {
		t.Fatalf("%d deliveries were queued, want %d", added, n)
	}
	return issue, subscriptions
}

func letterOf(s sigpost.Subscription) sigpost.MessageID {
	return sigpost.MessageID(fmt.Sprintf("1.%d@sigpost.example.org", s.ID))
}

func TestQueueNeverDoubles(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, subscriptions := ledger(t, db, 40)
		late := must(db.Subscribe(ctx, wish("late@example.org")))(t)
		var again []sigpost.Delivery
		for _, s := range append(subscriptions, late) {
			again = append(again, sigpost.Delivery{SubscriptionID: s.ID, MessageID: letterOf(s), Due: start, Updated: start})
		}
		if added := must(db.Queue(ctx, issue.ID, again))(t); added != 1 {
			t.Errorf("%d were added, want the one that is new", added)
		}
		nothing := must(db.Subscribe(ctx, wish("nothing@example.org")))(t)
		must(db.Queue(ctx, issue.ID, []sigpost.Delivery{{SubscriptionID: nothing.ID, MessageID: letterOf(nothing), Due: start,
			State: sigpost.DeliverySuppressed, Reply: "no news"}}))(t)
		equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t), sigpost.DeliveryCounts{sigpost.DeliveryQueued: 41, sigpost.DeliverySuppressed: 1})
		if row := must(db.Deliveries(ctx, issue.ID, sigpost.DeliverySuppressed))(t)[0]; row.Reply != "no news" || !row.Updated.Equal(start) {
			t.Errorf("the suppressed one is %+v", row)
		}
		if _, err := db.Queue(ctx, issue.ID, []sigpost.Delivery{{SubscriptionID: nothing.ID, MessageID: "x", State: sigpost.DeliverySent}}); err == nil {
			t.Error("one was queued that is sent already")
		}
		if _, err := db.Queue(ctx, issue.ID, []sigpost.Delivery{{SubscriptionID: 999, MessageID: "x"}}); err == nil {
			t.Error("a delivery to nobody was queued")
		}
	})
}

func TestClaimBeginRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, subscriptions := ledger(t, db, 3)
		lease := start.Add(5 * time.Minute)
		claimed := must(db.Claim(ctx, issue.ID, start, lease, 2))(t)
		if len(claimed) != 2 {
			t.Fatalf("%d were claimed, want 2", len(claimed))
		}
		first := claimed[0]
		equal(t, "claimed", first.Delivery, sigpost.Delivery{
			ID: first.ID, IssueID: issue.ID, SubscriptionID: subscriptions[0].ID, State: sigpost.DeliveryQueued,
			MessageID: letterOf(subscriptions[0]), Due: start, Lease: lease, Updated: start,
		})
		equal(t, "subscription", first.Subscription, subscriptions[0])
		if rest := must(db.Claim(ctx, issue.ID, start, lease, 9))(t); len(rest) != 1 {
			t.Errorf("%d more were claimed, want the 1 that was free", len(rest))
		}
		if freed := must(db.Claim(ctx, issue.ID, lease, lease.Add(time.Minute), 9))(t); len(freed) != 3 {
			t.Errorf("%d were claimed after the lease, want 3", len(freed))
		}

		if !must(db.Begin(ctx, first.ID, hours(1)))(t) {
			t.Fatal("it could not be begun")
		}
		if must(db.Begin(ctx, first.ID, hours(1)))(t) {
			t.Error("it was begun twice")
		}
		check(t, db.Record(ctx, first.ID, sigpost.DeliveryQueued, "451 later", hours(3), hours(2)))
		queued := must(db.Deliveries(ctx, issue.ID, sigpost.DeliveryQueued))(t)
		equal(t, "put off", queued[0], sigpost.Delivery{
			ID: first.ID, IssueID: issue.ID, SubscriptionID: subscriptions[0].ID, State: sigpost.DeliveryQueued, MessageID: letterOf(subscriptions[0]),
			Attempts: 1, Due: hours(3), Reply: "451 later", Updated: hours(2),
		})
		for _, c := range must(db.Claim(ctx, issue.ID, hours(2), hours(4), 9))(t) {
			if c.ID == first.ID {
				t.Error("it was claimed before it was due")
			}
		}
		if err := db.Record(ctx, first.ID, sigpost.DeliverySent, "250", time.Time{}, hours(3)); err == nil || !strings.Contains(err.Error(), "not begun") {
			t.Errorf("recording what was not begun gives %v", err)
		}
		must(db.Begin(ctx, first.ID, hours(3)))(t)
		if err := db.Record(ctx, first.ID, sigpost.DeliverySending, "", time.Time{}, hours(3)); err == nil {
			t.Error("sending was taken for a result")
		}
		check(t, db.Record(ctx, first.ID, sigpost.DeliverySent, "250 taken", time.Time{}, hours(3)))
		sent := must(db.Deliveries(ctx, issue.ID, sigpost.DeliverySent))(t)
		if len(sent) != 1 || sent[0].Attempts != 2 || sent[0].Reply != "250 taken" || !sent[0].Due.Equal(hours(3)) {
			t.Errorf("sent are %+v", sent)
		}
		if all := must(db.Deliveries(ctx, issue.ID, ""))(t); len(all) != 3 {
			t.Errorf("there are %d deliveries, want 3", len(all))
		}
	})
}

func TestUnsubscribingStopsALetterUntilItIsBegun(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, subscriptions := ledger(t, db, 4)
		end := func(n int) { must(db.EndSubscription(ctx, subscriptions[n].ID, hours(1)))(t) }

		end(0) // between queue and claim
		claimed := must(db.Claim(ctx, issue.ID, hours(1), hours(2), 2))(t)
		if len(claimed) != 2 || claimed[0].SubscriptionID != subscriptions[1].ID {
			t.Fatalf("claimed are %+v, want those of the second and third reader", claimed)
		}
		end(1) // between claim and begin
		if must(db.Begin(ctx, claimed[0].ID, hours(1)))(t) {
			t.Error("a letter was begun to somebody who has unsubscribed")
		}
		if !must(db.Begin(ctx, claimed[1].ID, hours(1)))(t) {
			t.Error("a letter could not be begun")
		}
		end(2) // after begin: it is on its way
		check(t, db.Record(ctx, claimed[1].ID, sigpost.DeliverySent, "250", time.Time{}, hours(1)))
		end(3)
		if last := must(db.Claim(ctx, issue.ID, hours(1), hours(2), 9))(t); len(last) != 0 {
			t.Errorf("claimed are %+v, want none", last)
		}
		equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t),
			sigpost.DeliveryCounts{sigpost.DeliverySent: 1, sigpost.DeliverySuppressed: 3})
	})
}

func TestClaimGoesPastManyWhoLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, subscriptions := ledger(t, db, 30)
		for _, s := range subscriptions[:29] {
			must(db.EndSubscription(ctx, s.ID, start))(t)
		}
		if claimed := must(db.Claim(ctx, issue.ID, start, hours(1), 5))(t); len(claimed) != 1 {
			t.Errorf("%d were claimed, want the 1 who stayed", len(claimed))
		}
	})
}

func TestRecover(t *testing.T) {
	for _, resend := range []bool{false, true} {
		t.Run(fmt.Sprintf("resend %t", resend), func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *store.DB) {
				ctx := t.Context()
				issue, _ := ledger(t, db, 5)
				claimed := must(db.Claim(ctx, issue.ID, start, hours(9), 4))(t)
				for _, c := range claimed[:2] {
					must(db.Begin(ctx, c.ID, start))(t)
				}
				check(t, db.Record(ctx, claimed[0].ID, sigpost.DeliverySent, "250", time.Time{}, start))

				// The sender is gone: one sent, one begun, two claimed, one queued.
				released, unknown, err := db.Recover(ctx, issue.ID, resend, hours(1))
				check(t, err)
				want := map[bool][2]int{false: {2, 1}, true: {3, 0}}[resend]
				equal(t, "released and unknown", [2]int{released, unknown}, want)
				free := must(db.Claim(ctx, issue.ID, hours(1), hours(2), 9))(t)
				if len(free) != want[0]+1 {
					t.Errorf("%d can be claimed, want %d", len(free), want[0]+1)
				}
				counts := must(db.DeliveryCounts(ctx, issue.ID))(t)
				if counts[sigpost.DeliverySent] != 1 || counts[sigpost.DeliveryUnknown] != unknown || counts[sigpost.DeliverySending] != 0 {
					t.Errorf("counts are %v", counts)
				}
			})
		})
	}
}

func TestWorkersShareTheLedger(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		db := open(t, dsn)
		issue, _ := ledger(t, db, 60)
		const workers = 3
		taken := make(chan int64, 200)
		errs := make(chan error, workers)
		for range workers {
			db := open(t, dsn)
			go func() {
				for {
					claimed, err := db.Claim(ctx, issue.ID, start, hours(1), 7)
					if err != nil || len(claimed) == 0 {
						errs <- err
						return
					}
					for _, c := range claimed {
						if ok, err := db.Begin(ctx, c.ID, start); ok && err == nil {
							taken <- c.ID
						}
					}
				}
			}()
		}
		for range workers {
			check(t, <-errs)
		}
		close(taken)
		seen := map[int64]bool{}
		for id := range taken {
			if seen[id] {
				t.Errorf("delivery %d was begun twice", id)
			}
			seen[id] = true
		}
		if len(seen) != 60 {
			t.Errorf("%d were begun, want 60", len(seen))
		}
	})
}

func TestKnownLetters(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		_, subscriptions := ledger(t, db, 1)
		letter := letterOf(subscriptions[0])
		got := must(db.KnownLetters(t.Context(), []sigpost.MessageID{letter, "else@example.org", "", "\x00\xff"}))(t)
		equal(t, "letters", got, map[sigpost.MessageID]bool{letter: true})
		equal(t, "of none", must(db.KnownLetters(t.Context(), nil))(t), map[sigpost.MessageID]bool{})
	})
}

func TestClaimUsesItsIndex(t *testing.T) {
	db := open(t, engines[0].dsn(t))
	plan := must(db.Texts(t.Context(), 4, `EXPLAIN QUERY PLAN SELECT d.id FROM deliveries d
WHERE d.issue_id = 1 AND d.state = 'queued' AND d.due <= 5 AND d.lease <= 5 ORDER BY d.due, d.id LIMIT 9`))(t)
	if !strings.Contains(plan[3], "deliveries_queued") {
		t.Errorf("the plan is %q", plan[3])
	}
}

// What is lost can be queued again by who decides so; what is sent cannot.
func TestRequeue(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := ledger(t, db, 4)
		for i, state := range []sigpost.DeliveryState{sigpost.DeliverySent, sigpost.DeliveryFailed, sigpost.DeliveryUnknown, sigpost.DeliveryUnknown} {
			d := must(db.Claim(ctx, issue.ID, hours(1), hours(2), 1))(t)[0]
			must(db.Begin(ctx, d.ID, hours(1)))(t)
			check(t, db.Record(ctx, d.ID, state, "said", time.Time{}, hours(i)))
		}
		if n := must(db.Requeue(ctx, issue.ID, sigpost.DeliveryUnknown, hours(3)))(t); n != 2 {
			t.Errorf("%d were queued again, want 2", n)
		}
		equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t),
			sigpost.DeliveryCounts{sigpost.DeliverySent: 1, sigpost.DeliveryFailed: 1, sigpost.DeliveryQueued: 2})
		if _, err := db.Requeue(ctx, issue.ID, sigpost.DeliverySent, hours(3)); err == nil {
			t.Error("a letter that was sent was queued again")
		}
		if claimed := must(db.Claim(ctx, issue.ID, hours(3), hours(4), 9))(t); len(claimed) != 2 || claimed[0].Attempts != 0 {
			t.Errorf("claimed %+v", claimed)
		}
	})
}
