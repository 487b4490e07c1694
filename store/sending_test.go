package store_test

import (
	"errors"
	"fmt"
	"testing"

	"sigpost"
	"sigpost/store"
)

// unsent makes an approved issue with n subscriptions to its digest.
func unsent(t testing.TB, db *store.DB, n int) (sigpost.Issue, []sigpost.Subscription) {
	t.Helper()
	issue := sigpost.Issue{Digest: "weekly", State: sigpost.IssueApproved, Window: sigpost.Window{From: start, To: hours(168)}}
	check(t, db.CreateIssue(t.Context(), &issue, nil))
	var all []sigpost.Subscription
	for i := range n {
		all = append(all, must(db.Subscribe(t.Context(), wish(fmt.Sprintf("reader%d@example.org", i))))(t))
	}
	return issue, all
}

// entered are rows for subscriptions, those with an even ID being sent.
func entered(readers []sigpost.Subscription) (rows []sigpost.Delivery) {
	for _, s := range readers {
		row := sigpost.Delivery{SubscriptionID: s.ID, MessageID: letterOf(s), State: sigpost.DeliverySending, Due: hours(1), Lease: hours(2)}
		if s.ID%2 == 1 {
			row.State, row.Reply, row.Lease = sigpost.DeliverySuppressed, "no news", hours(0).AddDate(-3000, 0, 0)
		}
		rows = append(rows, row)
	}
	return rows
}

// The ledger is filled bit by bit, with those who were there at the beginning.
func TestSendingIsEnteredBitByBit(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, all := unsent(t, db, 150)
		s := must(db.BeginSending(ctx, issue, hours(400), hours(1)))(t)
		if state := must(db.Issue(ctx, issue.ID))(t).State; state != sigpost.IssueSending || s.Filled() {
			t.Errorf("the issue is %s, %+v", state, s)
		}
		if _, err := db.BeginSending(ctx, issue, hours(400), hours(1)); err == nil {
			t.Error("it was begun twice")
		}
		must(db.Subscribe(ctx, wish("late@example.org")))(t)
		must(db.EndSubscription(ctx, all[3].ID, hours(1)))(t)
		equal(t, "total", must(db.SendingTotal(ctx, s, "weekly"))(t), 149)
		seen := 0
		for !s.Filled() {
			readers := must(db.Addressees(ctx, s, "weekly", 70))(t)
			rows := entered(readers)
			upTo := s.QueueEnd
			if len(rows) == 70 {
				upTo = rows[69].SubscriptionID
			}
			stale := s
			if ok := must(db.Enter(ctx, &s, upTo, rows, hours(1)))(t); !ok {
				t.Fatal("nobody else was there")
			}
			if ok := must(db.Enter(ctx, &stale, upTo, rows, hours(1)))(t); ok || stale.Queued != s.Queued {
				t.Errorf("a slower worker entered them too: %+v", stale)
			}
			for _, row := range rows {
				seen++
				got := must(db.Deliveries(ctx, issue.ID, row.State))(t)
				found := false
				for _, d := range got {
					if d.ID == row.ID {
						found = true
						want := row
						want.IssueID, want.Due, want.Updated = issue.ID, hours(1), hours(1)
						if row.State == sigpost.DeliverySuppressed {
							want.Lease = d.Lease
							if !d.Lease.IsZero() {
								t.Errorf("a suppressed one is held until %s", d.Lease)
							}
						}
						if d != want {
							t.Fatalf("entered is %+v, want %+v", d, want)
						}
					}
				}
				if !found {
					t.Fatalf("row %d is not there", row.ID)
				}
				if seen > 3 {
					break // of each bit
				}
			}
			seen = 0
		}
		counts := must(db.DeliveryCounts(ctx, issue.ID))(t)
		equal(t, "rows", counts[sigpost.DeliverySending]+counts[sigpost.DeliverySuppressed], 149)
		taken := must(db.Deliveries(ctx, issue.ID, sigpost.DeliverySending))(t)
		must(db.Turn(ctx, issue.ID, result(taken[0].ID, sigpost.DeliverySent, "250", start), hours(1), hours(2), 5))(t)
	})
}

func TestPauseResumeEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := unsent(t, db, 2)
		if changed := must(db.PauseSending(ctx, issue.ID, "why", hours(1)))(t); changed {
			t.Error("what has not begun stands still")
		}
		must(db.BeginSending(ctx, issue, hours(10), hours(1)))(t)
		for _, want := range []bool{true, false} {
			equal(t, "paused", must(db.PauseSending(ctx, issue.ID, "a\x00 reason", hours(1)))(t), want)
		}
		if s := must(db.Sending(ctx, issue.ID))(t); !s.Paused.Equal(hours(1)) || s.PausedWhy != "a\uFFFD reason" {
			t.Errorf("paused is %+v", s)
		}
		for _, want := range []bool{true, false} {
			equal(t, "resumed", must(db.ResumeSending(ctx, issue.ID, hours(50)))(t), want)
		}
		check(t, db.SendUntil(ctx, issue.ID, hours(20)))
		if s := must(db.Sending(ctx, issue.ID))(t); !s.Paused.IsZero() || !s.Expires.Equal(hours(50)) {
			t.Errorf("resumed is %+v", s)
		}
		s := must(db.Sending(ctx, issue.ID))(t)
		var rows []sigpost.Delivery
		for _, r := range must(db.Addressees(ctx, s, "weekly", 9))(t) {
			rows = append(rows, sigpost.Delivery{SubscriptionID: r.ID, MessageID: letterOf(r), State: sigpost.DeliverySending, Due: hours(1), Lease: hours(2)})
		}
		must(db.Enter(ctx, &s, rows[0].SubscriptionID, rows[:1], hours(1)))(t)
		must(db.Turn(ctx, issue.ID, result(rows[0].ID, sigpost.DeliveryQueued, "later", hours(9)), hours(1), hours(2), 0))(t)
		if at := must(db.LastSent(ctx, issue.ID))(t); !at.IsZero() {
			t.Errorf("none is sent, the last at %s", at)
		}
		equal(t, "suppressed", must(db.EndSending(ctx, issue.ID, "enough", hours(3)))(t), 1)
		s = must(db.Sending(ctx, issue.ID))(t)
		if !s.Filled() || s.EndedWhy != "enough" || must(db.Issue(ctx, issue.ID))(t).State != sigpost.IssueSent {
			t.Errorf("ended is %+v", s)
		}
	})
}

// What was lost with an archive is in links and addresses of letters by its number:
// nobody else may get that.
func TestRestoredGivesNoNumberTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		_, before := unsent(t, db, 1)
		check(t, db.Restored(ctx, 1, "put back", hours(2)))
		after := must(db.Subscribe(ctx, wish("later@example.org")))(t)
		if last := before[len(before)-1].ID; after.ID < last+1<<20 || after.Subscriber.ID < 1<<20 {
			t.Errorf("behind subscription %d comes %d, of subscriber %d", last, after.ID, after.Subscriber.ID)
		}
	})
}

func TestGeneration(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := unsent(t, db, 1)
		if n, at, err := db.Generation(ctx); n != 0 || !at.IsZero() || err != nil {
			t.Errorf("a new archive has %d, %s, %v", n, at, err)
		}
		must(db.BeginSending(ctx, issue, hours(10), hours(1)))(t)
		equal(t, "generation", must(db.CountGeneration(ctx))(t), int64(1))
		check(t, db.Restored(ctx, 7, "put back", hours(2)))
		if n, at, err := db.Generation(ctx); n != 7 || !at.Equal(hours(2)) || err != nil {
			t.Errorf("it has %d, %s, %v", n, at, err)
		}
		if s := must(db.Sending(ctx, issue.ID))(t); s.PausedWhy != "put back" || !s.Paused.Equal(hours(2)) {
			t.Errorf("what was being sent is %+v", s)
		}
		check(t, db.Restored(ctx, 3, "put back", hours(3)))
		if n, _, _ := db.Generation(ctx); n != 7 {
			t.Errorf("it counts back to %d", n)
		}
		if _, err := db.Sending(ctx, 99); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("of no issue: %v", err)
		}
	})
}
