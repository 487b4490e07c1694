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

// join makes a sender of an issue.
func join(t testing.TB, db *store.DB, issue sigpost.Issue, lease time.Duration) int64 {
	t.Helper()
	id, clock, err := db.JoinSenders(t.Context(), issue.ID, lease, 0)
	check(t, err)
	if off := time.Since(clock); off > time.Minute || off < -time.Minute || id <= 0 {
		t.Errorf("sender %d joined at %s", id, clock)
	}
	return id
}

// A lease ends by the database's clock, whatever the ledger's times are. Who has lost
// it cannot renew it, and what it had in hand becomes unknown, or is queued again.
func TestLeases(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := ledger(t, db, 6)
		gone, alive := join(t, db, issue, 300*time.Millisecond), join(t, db, issue, time.Hour)
		if ok := must(db.RenewSender(ctx, gone, 300*time.Millisecond, ""))(t); !ok {
			t.Error("a lease that holds was not renewed")
		}
		a := must(db.TurnAs(ctx, gone, issue.ID, nil, start, hours(1), 3))(t)
		b := must(db.TurnAs(ctx, alive, issue.ID, nil, start, hours(1), 2))(t)
		equal(t, "holder", a[0].Holder, gone)
		if released, unknown, err := db.FenceSenders(ctx, issue.ID, false, start); released+unknown != 0 || err != nil {
			t.Errorf("%d and %d were settled, %v", released, unknown, err)
		}
		n, lasts, err := db.LettersOfOthers(ctx, issue.ID, alive)
		if n != 3 || lasts <= 0 || lasts > 300*time.Millisecond || err != nil {
			t.Errorf("others have %d for %s, %v", n, lasts, err)
		}
		time.Sleep(400 * time.Millisecond)
		if ok := must(db.RenewSender(ctx, gone, time.Hour, ""))(t); ok {
			t.Error("a lease that was over was renewed")
		}
		// At once by several: each is settled once.
		if _, unknown, err := db.FenceSenders(ctx, issue.ID, false, hours(1)); unknown != 3 || err != nil {
			t.Errorf("%d are unknown, %v", unknown, err)
		}
		if _, unknown, err := db.FenceSenders(ctx, issue.ID, false, hours(1)); unknown != 0 || err != nil {
			t.Errorf("%d are unknown once more, %v", unknown, err)
		}
		if ok := must(db.RenewSender(ctx, gone, time.Hour, ""))(t); ok {
			t.Error("a fenced sender goes on")
		}
		late(t, db, issue, gone, alive, a, b)
	})
}

// No more become senders than may, also where they come at the same time. Whose lease was
// not renewed of late keeps nobody's place.
func TestEnoughSenders(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := unsent(t, db, 1)
		must(db.BeginSending(ctx, issue, hours(10), hours(1)))(t)
		join(t, db, issue, 30*time.Minute) // as if its lease of an hour had been renewed half an hour ago
		equal(t, "living", must(db.LivingSenders(ctx, issue.ID, time.Hour))(t), 0)
		var all sync.WaitGroup
		var mu sync.Mutex
		var ids []int64
		for range 6 {
			all.Go(func() {
				id, _, err := db.JoinSenders(ctx, issue.ID, time.Hour, 2)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					ids = append(ids, id)
				} else if !errors.Is(err, sigpost.ErrLocked) || !strings.Contains(err.Error(), "enough others send issue") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(ids) != 2 {
			t.Fatalf("%d have joined", len(ids))
		}
		equal(t, "living", must(db.LivingSenders(ctx, issue.ID, time.Hour))(t), 2)
		join(t, db, issue, time.Hour) // a person's command always may
		equal(t, "living", must(db.LivingSenders(ctx, issue.ID, time.Hour))(t), 3)
		check(t, db.LeaveSenders(ctx, issue.ID, ids[0], false, start))
		check(t, db.LeaveSenders(ctx, issue.ID, ids[1], false, start))
		if _, _, err := db.JoinSenders(ctx, issue.ID, time.Hour, 2); err != nil {
			t.Error(err)
		}
	})
}

// late has a sender come back that was fenced: what it says of its letters counts
// where nobody has decided on them since.
func late(t *testing.T, db *store.DB, issue sigpost.Issue, gone, alive int64, a, b []sigpost.Claim) {
	ctx := t.Context()
	equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t),
		sigpost.DeliveryCounts{sigpost.DeliveryUnknown: 3, sigpost.DeliverySending: 2, sigpost.DeliveryQueued: 1})
	results := append(result(a[0].ID, sigpost.DeliverySent, "250 late", start), result(b[0].ID, sigpost.DeliverySent, "250 not mine", start)...)
	untried := result(a[1].ID, sigpost.DeliveryQueued, "", start)
	untried[0].Untried = true
	must(db.TurnAs(ctx, gone, issue.ID, append(results, untried...), hours(2), hours(3), 0))(t)
	equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t),
		sigpost.DeliveryCounts{sigpost.DeliverySent: 1, sigpost.DeliveryUnknown: 1, sigpost.DeliverySending: 2, sigpost.DeliveryQueued: 2})
	equal(t, "attempts", must(db.Delivery(ctx, a[1].ID))(t).Attempts, 0)
	// The operator has the last one sent again: it is nobody's from then on.
	equal(t, "requeued", must(db.Requeue(ctx, issue.ID, sigpost.DeliveryUnknown, hours(2)))(t), 1)
	must(db.TurnAs(ctx, gone, issue.ID, result(a[2].ID, sigpost.DeliverySent, "250 too late", start), hours(2), hours(3), 0))(t)
	if d := must(db.Delivery(ctx, a[2].ID))(t); d.State != sigpost.DeliveryQueued || d.Holder != 0 {
		t.Errorf("it is %+v", d)
	}
	if lost := must(db.LateLetters(ctx, gone, []int64{a[2].ID, b[0].ID}))(t); len(lost) != 2 {
		t.Errorf("others have %+v", lost)
	}
	// Who leaves in doubt gives back what it took without hearing of it.
	check(t, db.LeaveSenders(ctx, issue.ID, alive, true, hours(3)))
	equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t), sigpost.DeliveryCounts{sigpost.DeliverySent: 1, sigpost.DeliveryQueued: 5})
	if _, view, err := db.SendingAs(ctx, issue.ID, alive); err == nil {
		t.Errorf("of a sending that was never begun: %+v", view)
	}
}

// The policy "resend" queues what a sender left, and then it is nobody's.
func TestFencedLettersAreResent(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := ledger(t, db, 2)
		id := join(t, db, issue, time.Millisecond)
		taken := must(db.TurnAs(ctx, id, issue.ID, nil, start, hours(1), 2))(t)
		time.Sleep(5 * time.Millisecond)
		if released, unknown, err := db.FenceSenders(ctx, issue.ID, true, hours(1)); released != 2 || unknown != 0 || err != nil {
			t.Errorf("%d, %d, %v", released, unknown, err)
		}
		must(db.TurnAs(ctx, id, issue.ID, result(taken[0].ID, sigpost.DeliverySent, "250", start), hours(1), hours(2), 0))(t)
		equal(t, "counts", must(db.DeliveryCounts(ctx, issue.ID))(t), sigpost.DeliveryCounts{sigpost.DeliveryQueued: 2})
	})
}

// What a turn sees of the others.
func TestSendingAs(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := unsent(t, db, 1)
		must(db.BeginSending(ctx, issue, hours(10), hours(1)))(t)
		a, b := join(t, db, issue, time.Hour), join(t, db, issue, time.Hour)
		check(t, db.HoldPace(ctx, store.HeldPace{Name: "domain slow.example", For: time.Minute, Times: 2}))
		check(t, db.HoldPace(ctx, store.HeldPace{Name: "domain slow.example", For: time.Second, Times: 1}))
		check(t, db.HoldPace(ctx, store.HeldPace{Name: "domain free.example", For: -time.Second, Times: 1}))
		if ok := must(db.RenewSender(ctx, b, time.Hour, `{"refused":3}`))(t); !ok {
			t.Error("not renewed")
		}
		s, view, err := db.SendingAs(ctx, issue.ID, a)
		check(t, err)
		equal(t, "sending", s, must(db.Sending(ctx, issue.ID))(t))
		if view.Fenced || view.Senders != 2 || len(view.Held) != 1 || view.Held[0].Times != 2 || view.Held[0].For < 50*time.Second || time.Since(view.Clock).Abs() > time.Minute {
			t.Errorf("it sees %+v", view)
		}
		equal(t, "troubles", must(db.TroublesOfOthers(ctx, issue.ID, a))(t), []string{`{"refused":3}`})
		equal(t, "own troubles", len(must(db.TroublesOfOthers(ctx, issue.ID, b))(t)), 0)
		if _, view, err := db.SendingAs(ctx, issue.ID, 99); err != nil || !view.Fenced {
			t.Errorf("who never joined sees %+v, %v", view, err)
		}
		check(t, db.LockSending(ctx, &s))
	})
}

// Places of a pace are given once, over all who ask, and none far ahead.
func TestPlaces(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		wait, ok, err := db.TakePlaces(ctx, "server", 4, 250*time.Millisecond, time.Second)
		if !ok || wait > 0 || err != nil {
			t.Errorf("the first wait %s, %v, %v", wait, ok, err)
		}
		wait, ok, err = db.TakePlaces(ctx, "server", 4, 250*time.Millisecond, time.Second)
		if !ok || wait < 500*time.Millisecond || wait > time.Second || err != nil {
			t.Errorf("the next wait %s, %v, %v", wait, ok, err)
		}
		if _, ok, err = db.TakePlaces(ctx, "server", 1, 250*time.Millisecond, time.Second); ok || err != nil {
			t.Errorf("there was one more: %v", err)
		}
		if wait, ok, err = db.TakePlaces(ctx, "other", 1, time.Second, 0); !ok || wait > 0 || err != nil {
			t.Errorf("another waits %s, %v, %v", wait, ok, err)
		}
	})
}

// Of the slots that there are each is one sender's, until its lease is over.
func TestSlots(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := ledger(t, db, 1)
		const total = 7
		senders := make([]int64, 4)
		for i := range senders {
			senders[i] = join(t, db, issue, time.Hour)
		}
		got := make([]int, len(senders))
		var all sync.WaitGroup
		for i, id := range senders {
			all.Go(func() {
				for range 3 {
					n, err := db.TakeSlots(ctx, id, "server", total, 1)
					if err != nil {
						t.Error(err)
					}
					got[i] += n
				}
			})
		}
		all.Wait()
		for n := 0; n < total; { // one that two asked for at the same time may be left
			n = 0
			for _, g := range got {
				n += g
			}
			if n > total {
				t.Fatalf("%v of %d slots were given", got, total)
			}
			if n < total {
				got[0] += must(db.TakeSlots(ctx, senders[0], "server", total, 1))(t)
			}
		}
		equal(t, "one more", must(db.TakeSlots(ctx, senders[3], "server", total, 5))(t), 0)
		equal(t, "of another", must(db.TakeSlots(ctx, senders[3], "other", 2, 5))(t), 2)
		check(t, db.FreeSlots(ctx, senders[3], "other", 1))
		equal(t, "freed", must(db.TakeSlots(ctx, senders[2], "other", 2, 5))(t), 1)
		check(t, db.LeaveSenders(ctx, issue.ID, senders[2], false, start))
		equal(t, "left", must(db.TakeSlots(ctx, senders[1], "other", 2, 5))(t), 1)
		gone := join(t, db, issue, time.Millisecond)
		equal(t, "of the gone", must(db.TakeSlots(ctx, gone, "third", 2, 2))(t), 2)
		time.Sleep(5 * time.Millisecond)
		must2(db.FenceSenders(ctx, issue.ID, false, start))(t)
		equal(t, "of the fenced", must(db.TakeSlots(ctx, senders[1], "third", 2, 2))(t), 2)
	})
}

func must2(_, _ int, err error) func(testing.TB) {
	return func(t testing.TB) { t.Helper(); check(t, err) }
}

// Many fill the ledger at the same time: everybody has one row, with a number of its
// own.
func TestManyFillTheLedger(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, _ := unsent(t, db, 200)
		must(db.BeginSending(ctx, issue, hours(10), hours(1)))(t)
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				s, err := db.Sending(ctx, issue.ID)
				for err == nil && !s.Filled() {
					err = db.Tx(ctx, func(tx *store.DB) error {
						if err := tx.LockSending(ctx, &s); err != nil || s.Filled() {
							return err
						}
						readers, err := tx.Addressees(ctx, s, "weekly", 10)
						if err != nil {
							return err
						}
						rows, upTo := entered(readers), s.QueueEnd
						if len(rows) == 10 {
							upTo = rows[9].SubscriptionID
						}
						if ok, err := tx.Enter(ctx, &s, upTo, rows, hours(1)); err != nil || !ok {
							return fmt.Errorf("worker %d: %v, %w", worker, ok, err)
						}
						return nil
					})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		counts := must(db.DeliveryCounts(ctx, issue.ID))(t)
		equal(t, "rows", counts[sigpost.DeliverySending]+counts[sigpost.DeliverySuppressed], 200)
	})
}

// One process at a time announces.
func TestAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		done, ok, err := db.OneAtATime(t.Context(), store.Announcing)
		if !ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
		if _, again, err := db.OneAtATime(t.Context(), store.Announcing); again == db.Shared() || err != nil {
			t.Errorf("a second one is alone: %v, %v", again, err)
		}
		done()
		done, ok, err = db.OneAtATime(t.Context(), store.Announcing)
		if !ok || err != nil {
			t.Fatalf("afterwards: %v, %v", ok, err)
		}
		done()
	})
}
