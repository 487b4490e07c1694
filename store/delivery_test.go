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

// result is one of a letter.
func result(id int64, state sigpost.DeliveryState, reply string, due time.Time) []sigpost.DeliveryResult {
	return []sigpost.DeliveryResult{{DeliveryID: id, State: state, Reply: reply, Due: due}}
}

func TestTurn(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, subscriptions := ledger(t, db, 3)
		lease := start.Add(5 * time.Minute)
		taken := must(db.Turn(ctx, issue.ID, nil, start, lease, 2))(t)
		if len(taken) != 2 {
			t.Fatalf("%d were taken, want 2", len(taken))
		}
		first := taken[0]
		equal(t, "taken", first.Delivery, sigpost.Delivery{
			ID: first.ID, IssueID: issue.ID, SubscriptionID: subscriptions[0].ID, State: sigpost.DeliverySending,
			MessageID: letterOf(subscriptions[0]), Attempts: 1, Due: start, Lease: lease, Updated: start,
		})
		equal(t, "subscription", first.Subscription, subscriptions[0])
		if rest := must(db.Turn(ctx, issue.ID, nil, start, lease, 9))(t); len(rest) != 1 || rest[0].SubscriptionID != subscriptions[2].ID {
			t.Errorf("taken were %+v, want the one that was free", rest)
		}

		none := must(db.Turn(ctx, issue.ID, result(first.ID, sigpost.DeliveryQueued, "451 later", hours(3)), hours(2), hours(3), 5))(t)
		if len(none) != 0 {
			t.Errorf("%+v was taken before it was due", none)
		}
		equal(t, "put off", must(db.Deliveries(ctx, issue.ID, sigpost.DeliveryQueued))(t), []sigpost.Delivery{{
			ID: first.ID, IssueID: issue.ID, SubscriptionID: subscriptions[0].ID, State: sigpost.DeliveryQueued, MessageID: letterOf(subscriptions[0]),
			Attempts: 1, Due: hours(3), Reply: "451 later", Updated: hours(2),
		}})
		n, due, err := db.Waiting(ctx, issue.ID)
		check(t, err)
		if n != 1 || !due.Equal(hours(3)) {
			t.Errorf("%d wait until %s", n, due)
		}
		must(db.Turn(ctx, issue.ID, result(first.ID, sigpost.DeliveryFailed, "550", time.Time{}), hours(2), hours(3), 0))(t)
		if again := must(db.Delivery(ctx, first.ID))(t); again.State != sigpost.DeliveryQueued || again.Reply != "451 later" {
			t.Errorf("a late result made it %+v", again)
		}
		again := must(db.Turn(ctx, issue.ID, nil, hours(3), hours(4), 9))(t)
		if len(again) != 1 || again[0].Attempts != 2 {
			t.Fatalf("taken again are %+v", again)
		}
		if _, err := db.Turn(ctx, issue.ID, result(first.ID, sigpost.DeliverySending, "", time.Time{}), hours(3), hours(4), 0); err == nil {
			t.Error("sending was taken for a result")
		}
		untried := result(first.ID, sigpost.DeliveryQueued, "", hours(3))
		untried[0].Untried = true
		if again = must(db.Turn(ctx, issue.ID, untried, hours(3), hours(4), 1))(t); len(again) != 1 || again[0].Attempts != 2 {
			t.Errorf("what was put back and taken at once is %+v", again)
		}
		must(db.Turn(ctx, issue.ID, result(first.ID, sigpost.DeliverySent, "250 taken", time.Time{}), hours(3), hours(4), 0))(t)
		equal(t, "last sent", must(db.LastSent(ctx, issue.ID))(t), hours(3))
		sent := must(db.Deliveries(ctx, issue.ID, sigpost.DeliverySent))(t)
		if len(sent) != 1 || sent[0].Attempts != 2 || sent[0].Reply != "250 taken" || !sent[0].Due.Equal(hours(3)) {
			t.Errorf("sent are %+v", sent)
		}

		// Whoever was taken for gone, and comes with what was sent, is heard.
		if _, unknown, err := db.Recover(ctx, issue.ID, false, hours(4)); unknown != 2 || err != nil {
			t.Errorf("%d are unknown, %v", unknown, err)
		}
		must(db.Turn(ctx, issue.ID, result(taken[1].ID, sigpost.DeliverySent, "250 late", time.Time{}), hours(4), hours(5), 0))(t)
		if late := must(db.Delivery(ctx, taken[1].ID))(t); late.State != sigpost.DeliverySent || late.Reply != "250 late" {
			t.Errorf("what was sent is %+v", late)
		}
	})
}

// Results of any number go into the right rows, in statements of several sizes.
func TestTurnStoresManyResults(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := ledger(t, db, 150)
		taken := must(db.Turn(ctx, issue.ID, nil, start, hours(1), 150))(t)
		var results []sigpost.DeliveryResult
		states := []sigpost.DeliveryState{sigpost.DeliverySent, sigpost.DeliveryFailed, sigpost.DeliveryUnknown, sigpost.DeliveryQueued, sigpost.DeliverySuppressed}
		for i, c := range taken[:147] {
			results = append(results, sigpost.DeliveryResult{DeliveryID: c.ID, State: states[i%len(states)], Reply: fmt.Sprint("reply ", c.ID), Due: hours(i)})
		}
		must(db.Turn(ctx, issue.ID, results, start, hours(1), 0))(t)
		rows := must(db.Deliveries(ctx, issue.ID, ""))(t)
		for i, row := range rows {
			switch {
			case i >= 147:
				equal(t, "state", row.State, sigpost.DeliverySending)
			case row.State != results[i].State || row.Reply != results[i].Reply || !row.Lease.IsZero(),
				row.State == sigpost.DeliveryQueued && !row.Due.Equal(hours(i)), row.State != sigpost.DeliveryQueued && !row.Due.Equal(start):
				t.Errorf("row %d is %+v, of the result %+v", i, row, results[i])
			}
		}
	})
}

func TestUnsubscribingStopsALetterUntilItIsTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, subscriptions := ledger(t, db, 4)
		end := func(n int) { must(db.EndSubscription(ctx, subscriptions[n].ID, hours(1)))(t) }

		end(0)
		taken := must(db.Turn(ctx, issue.ID, nil, hours(1), hours(2), 2))(t)
		if len(taken) != 2 || taken[0].SubscriptionID != subscriptions[1].ID {
			t.Fatalf("taken are %+v, want those of the second and third reader", taken)
		}
		end(2) // it is on its way
		end(3)
		results := append(result(taken[0].ID, sigpost.DeliverySent, "250", time.Time{}), result(taken[1].ID, sigpost.DeliverySent, "250", time.Time{})...)
		if last := must(db.Turn(ctx, issue.ID, results, hours(1), hours(2), 9))(t); len(last) != 0 {
			t.Errorf("taken are %+v, want none", last)
		}
		equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t),
			sigpost.DeliveryCounts{sigpost.DeliverySent: 2, sigpost.DeliverySuppressed: 2})
		for _, d := range must(db.Deliveries(ctx, issue.ID, sigpost.DeliverySuppressed))(t) {
			if d.Attempts != 0 || d.Reply == "" {
				t.Errorf("suppressed is %+v", d)
			}
		}
	})
}

func TestTurnGoesPastManyWhoLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, subscriptions := ledger(t, db, 30)
		for _, s := range subscriptions[:29] {
			must(db.EndSubscription(ctx, s.ID, start))(t)
		}
		if taken := must(db.Turn(ctx, issue.ID, nil, start, hours(1), 5))(t); len(taken) != 1 {
			t.Errorf("%d were taken, want the 1 who stayed", len(taken))
		}
	})
}

func TestRecover(t *testing.T) {
	for _, resend := range []bool{false, true} {
		t.Run(fmt.Sprintf("resend %t", resend), func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *store.DB) {
				ctx := t.Context()
				issue, _ := ledger(t, db, 5)
				taken := must(db.Turn(ctx, issue.ID, nil, start, hours(9), 3))(t)
				must(db.Turn(ctx, issue.ID, result(taken[0].ID, sigpost.DeliverySent, "250", time.Time{}), start, hours(9), 0))(t)

				// The sender is gone: one sent, two taken, two queued.
				released, unknown, err := db.Recover(ctx, issue.ID, resend, hours(1))
				check(t, err)
				equal(t, "released and unknown", [2]int{released, unknown}, map[bool][2]int{false: {0, 2}, true: {2, 0}}[resend])
				if free := must(db.Turn(ctx, issue.ID, nil, hours(1), hours(2), 9))(t); len(free) != 2+released {
					t.Errorf("%d can be taken", len(free))
				}
				counts := must(db.DeliveryCounts(ctx, issue.ID))(t)
				if counts[sigpost.DeliverySent] != 1 || counts[sigpost.DeliveryUnknown] != unknown {
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
				for { // all with the same lease
					claims, err := db.Turn(ctx, issue.ID, nil, start, hours(1), 7)
					if err != nil || len(claims) == 0 {
						errs <- err
						return
					}
					for _, c := range claims {
						taken <- c.ID
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
				t.Errorf("delivery %d was taken twice", id)
			}
			seen[id] = true
		}
		if len(seen) != 60 {
			t.Errorf("%d were taken, want 60", len(seen))
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

func TestTurnUsesItsIndexes(t *testing.T) {
	db := open(t, engines[0].made(t))
	for query, index := range map[string]string{
		`SELECT d.id FROM deliveries d WHERE d.issue_id = 1 AND d.state = 'queued' AND d.due <= 5 ORDER BY d.due, d.id LIMIT 9`: "deliveries_queued",
		`SELECT d.id FROM deliveries d WHERE d.issue_id = 1 AND d.state = 'sending' AND d.lease = 5 ORDER BY d.id`:              "deliveries_sending",
	} {
		plan := must(db.Texts(t.Context(), 4, `EXPLAIN QUERY PLAN `+query))(t)
		if !strings.Contains(plan[3], index) {
			t.Errorf("the plan is %q", plan)
		}
	}
}

// What is lost can be queued again by who decides so; what is sent cannot.
func TestRequeue(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := ledger(t, db, 4)
		for i, state := range []sigpost.DeliveryState{sigpost.DeliverySent, sigpost.DeliveryFailed, sigpost.DeliveryUnknown, sigpost.DeliveryUnknown} {
			d := must(db.Turn(ctx, issue.ID, nil, hours(1), hours(2), 1))(t)[0]
			must(db.Turn(ctx, issue.ID, result(d.ID, state, "said", time.Time{}), hours(i), hours(2), 0))(t)
		}
		if n := must(db.Requeue(ctx, issue.ID, sigpost.DeliveryUnknown, hours(3)))(t); n != 2 {
			t.Errorf("%d were queued again, want 2", n)
		}
		equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t),
			sigpost.DeliveryCounts{sigpost.DeliverySent: 1, sigpost.DeliveryFailed: 1, sigpost.DeliveryQueued: 2})
		if _, err := db.Requeue(ctx, issue.ID, sigpost.DeliverySent, hours(3)); err == nil {
			t.Error("a letter that was sent was queued again")
		}
		if claimed := must(db.Turn(ctx, issue.ID, nil, hours(3), hours(4), 9))(t); len(claimed) != 2 || claimed[0].Attempts != 1 {
			t.Errorf("claimed %+v", claimed)
		}
	})
}

// What somebody says arrived is sent; what is not held is left as it is.
func TestArrived(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := ledger(t, db, 4)
		var ids []int64
		for _, state := range []sigpost.DeliveryState{sigpost.DeliveryUnknown, sigpost.DeliveryFailed, sigpost.DeliveryUnknown} {
			d := must(db.Turn(ctx, issue.ID, nil, hours(1), hours(2), 1))(t)[0]
			must(db.Turn(ctx, issue.ID, result(d.ID, state, "said", time.Time{}), hours(1), hours(2), 0))(t)
			ids = append(ids, d.ID)
		}
		equal(t, "of another issue", must(db.Arrived(ctx, issue.ID+1, ids, "in the log", hours(3)))(t), 0)
		equal(t, "of none", must(db.Arrived(ctx, issue.ID, nil, "in the log", hours(3)))(t), 0)
		equal(t, "arrived", must(db.Arrived(ctx, issue.ID, ids[:2], "in the log", hours(3)))(t), 1)
		equal(t, "once more", must(db.Arrived(ctx, issue.ID, ids[:2], "in the log", hours(4)))(t), 0)
		equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t),
			sigpost.DeliveryCounts{sigpost.DeliverySent: 1, sigpost.DeliveryFailed: 1, sigpost.DeliveryUnknown: 1, sigpost.DeliveryQueued: 1})
		sent := must(db.Delivery(ctx, ids[0]))(t)
		if sent.Reply != "in the log" || !sent.Updated.Equal(hours(3)) {
			t.Errorf("%+v", sent)
		}
	})
}

// The ledger's checks hold, and in SQLite they are those that cost less.
func TestLedgerChecks(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		ledger(t, db, 1)
		for _, set := range []string{`state = 'lost'`, `state = ''`, `state = 'Sent'`, `lease = 5, state = 'sent'`, `lease = 5, state = 'unknown'`, `message_id = ''`} {
			if db.SQL(ctx, `UPDATE deliveries SET `+set) == nil {
				t.Errorf("%s was taken", set)
			}
		}
		for _, state := range []string{"queued", "sending"} {
			check(t, db.SQL(ctx, `UPDATE deliveries SET lease = 5, state = $1`, state))
		}
		for _, state := range []string{"queued", "sending", "sent", "failed", "unknown", "suppressed"} {
			check(t, db.SQL(ctx, `UPDATE deliveries SET lease = 0, state = $1`, state))
		}
	})
	db := open(t, engines[0].dsn(t))
	if ddl := must(db.Texts(t.Context(), 1, `SELECT sql FROM sqlite_master WHERE name = 'deliveries'`))(t); strings.Contains(ddl[0], " IN (") {
		t.Errorf("the table is\n%s", ddl[0])
	}
	if got := must(db.Texts(t.Context(), 1, `PRAGMA integrity_check`))(t); got[0] != "ok" {
		t.Errorf("the file is %q", got)
	}
	if got := must(db.Texts(t.Context(), 1, `PRAGMA writable_schema`))(t); got[0] != "0" {
		t.Errorf("writable_schema is %q", got)
	}
}
