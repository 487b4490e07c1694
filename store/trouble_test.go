package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// Of those who note the same trouble at once, one has to tell it; so when it goes on, and
// when it is over.
func TestTroubles(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		const day = 24 * time.Hour
		told := func(at time.Time) (begins, again int32) {
			t.Helper()
			var all sync.WaitGroup
			for range 6 {
				all.Go(func() {
					_, first, more, err := db.TroubleGoesOn(ctx, "read a/INBOX", "no \x00server", at, 0, day)
					if err != nil {
						t.Error(err)
					}
					if first {
						atomic.AddInt32(&begins, 1)
					}
					if more {
						atomic.AddInt32(&again, 1)
					}
				})
			}
			all.Wait()
			return begins, again
		}
		for _, c := range []struct {
			at            time.Time
			begins, again int32
		}{{at, 1, 0}, {at.Add(day - 1), 0, 0}, {at.Add(day), 0, 1}, {at.Add(day + time.Hour), 0, 0}, {at.Add(2 * day), 0, 1}} {
			if begins, again := told(c.at); begins != c.begins || again != c.again {
				t.Errorf("%s: begins told %d times, again %d", c.at, begins, again)
			}
		}
		equal(t, "troubles", must(db.Troubles(ctx))(t), []store.Trouble{{Name: "read a/INBOX", Since: at, Told: at.Add(2 * day), Words: "no \uFFFDserver"}})
		var over atomic.Int32
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				was, ok, err := db.TroubleOver(ctx, "read a/INBOX")
				if err != nil {
					t.Error(err)
				}
				if ok && was.Since.Equal(at) {
					over.Add(1)
				}
			})
		}
		all.Wait()
		equal(t, "over", over.Load(), int32(1))
	})
}

// What nobody is told of is known, from when it began, with what it says at last; it is
// told to whom there is later.
func TestTroubleNoted(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		for i, want := range []bool{true, false, false} {
			isNew, err := db.TroubleNoted(ctx, "a", "words "+string(rune('0'+i)), at.Add(time.Duration(i)*time.Hour))
			if err != nil || isNew != want {
				t.Errorf("%d: %t, %v", i, isNew, err)
			}
		}
		equal(t, "troubles", must(db.Troubles(ctx))(t), []store.Trouble{{Name: "a", Since: at, Words: "words 2"}})
		if _, begins, _, err := db.TroubleGoesOn(ctx, "a", "words", at.Add(time.Hour), time.Hour, time.Hour); !begins || err != nil {
			t.Errorf("it is not told later: %v", err)
		}
	})
}

// What has not gone wrong for long enough is not told; when it has, one is told, whether
// it goes wrong once more or is only looked at.
func TestTroubleIsToldWhenItLasts(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		const day, enough = 24 * time.Hour, 15 * time.Minute
		goesOn := func(name string, after time.Duration, words string) (begins, again bool) {
			t.Helper()
			_, begins, again, err := db.TroubleGoesOn(ctx, name, words, at.Add(after), enough, day)
			check(t, err)
			return begins, again
		}
		for _, name := range []string{"a", "b", "c"} {
			for _, after := range []time.Duration{0, time.Minute, enough - time.Second} {
				if begins, again := goesOn(name, after, "after "+after.String()); begins || again {
					t.Errorf("%s is told after %s", name, after)
				}
			}
		}
		if begins, again := goesOn("a", enough, "a"); !begins || again {
			t.Errorf("a goes on: %t %t", begins, again)
		}
		var told atomic.Int32
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				lasts, ok, err := db.TroubleLasts(ctx, "b", at.Add(enough), enough)
				if err != nil {
					t.Error(err)
				}
				if ok && lasts.Since.Equal(at) && lasts.Words == "after 14m59s" {
					told.Add(1)
				}
			})
		}
		all.Wait()
		equal(t, "told of b", told.Load(), int32(1))
		if _, ok, err := db.TroubleLasts(ctx, "never", at.Add(enough), enough); ok || err != nil {
			t.Errorf("what does not go wrong lasts: %v", err)
		}
		if begins, again := goesOn("b", enough+day, "b"); begins || !again {
			t.Errorf("b goes on for a day: %t %t", begins, again)
		}
		c, ok, err := db.TroubleOver(ctx, "c")
		if !ok || err != nil || !c.Told.IsZero() {
			t.Errorf("c is over: %+v %t %v", c, ok, err)
		}
	})
}

// What a webhook is told is claimed by one at a time, in order, and again after a crash.
func TestAlerts(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx, alerts := t.Context(), db.Alerts()
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		lease := at.Add(time.Minute)
		equal(t, "due", must(alerts.NextDue(ctx))(t), time.Time{})
		check(t, alerts.Queue(ctx, "one", at))
		check(t, alerts.Queue(ctx, "two", at))
		equal(t, "due", must(alerts.NextDue(ctx))(t), at)
		one := must(alerts.Claim(ctx, at, lease))(t)
		two := must(alerts.Claim(ctx, at, lease))(t)
		if one.Body != "one" || two.Body != "two" || one.Attempts != 1 {
			t.Errorf("claimed %+v and %+v", one, two)
		}
		if _, err := alerts.Claim(ctx, at, lease); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("a third is claimed: %v", err)
		}
		check(t, alerts.Record(ctx, two.ID, sigpost.DeliverySent, "", at, at))
		equal(t, "due when the lease is over", must(alerts.NextDue(ctx))(t), lease)
		again := must(alerts.Claim(ctx, lease, lease.Add(time.Minute)))(t)
		equal(t, "claimed again", again, store.Alert{ID: one.ID, Body: "one", Attempts: 2})
		check(t, alerts.Record(ctx, one.ID, sigpost.DeliveryQueued, "503", lease.Add(time.Hour), lease))
		equal(t, "due later", must(alerts.NextDue(ctx))(t), lease.Add(time.Hour))
		equal(t, "waits", must(alerts.Waiting(ctx))(t), []store.Alert{{ID: one.ID, Body: "one", Attempts: 2, Reply: "503"}})
		check(t, alerts.Record(ctx, one.ID, sigpost.DeliveryFailed, "503", lease, lease))
		equal(t, "due", must(alerts.NextDue(ctx))(t), time.Time{})
		equal(t, "wait", len(must(alerts.Waiting(ctx))(t)), 0)

		check(t, alerts.Queue(ctx, "three", at))
		three := must(alerts.Claim(ctx, at, lease))(t)
		for _, want := range []bool{true, false} {
			equal(t, "taken back", must(alerts.TakeBack(ctx, three.ID))(t), want)
		}
		check(t, alerts.Record(ctx, three.ID, sigpost.DeliveryQueued, "503", at, at)) // who had it in hand
		equal(t, "one that was sent", must(alerts.TakeBack(ctx, two.ID))(t), false)
		equal(t, "due", must(alerts.NextDue(ctx))(t), time.Time{})
	})
}

// A letter about trouble is taken back unless it was begun; who had claimed it does not
// begin it any more. That trouble stands is so from when it was told until it is over.
func TestTakeBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx, l := t.Context(), db.Notices()
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		for _, addr := range []string{"ops@example.org", "oncall@example.org"} {
			n := notice(addr)
			n.Kind, n.Due = sigpost.NoticeTrouble, at
			check(t, db.QueueNotice(ctx, n))
			n.Kind = sigpost.NoticeLink
			check(t, db.QueueNotice(ctx, n))
		}
		waiting := func(want int) int64 {
			t.Helper()
			all := must(l.Waiting(ctx, sigpost.NoticeTrouble, "Ops@example.org"))(t)
			if len(all) != want {
				t.Fatalf("%+v wait, want %d", all, want)
			}
			if want == 0 {
				return 0
			}
			return all[0].ID
		}
		id := waiting(1)
		must(l.Claim(ctx, at, at.Add(time.Minute), 9))(t)
		equal(t, "begun", must(l.Begin(ctx, id, at))(t), true)
		equal(t, "one in hand", must(l.TakeBack(ctx, id, "over", at))(t), false)
		check(t, l.Record(ctx, id, sigpost.DeliveryQueued, "450 later", at, at))
		must(l.Claim(ctx, at, at.Add(time.Minute), 9))(t)
		equal(t, "taken back", must(l.TakeBack(ctx, id, "over", at))(t), true)
		equal(t, "begun", must(l.Begin(ctx, id, at))(t), false)
		waiting(0)

		stands := func(want bool) {
			t.Helper()
			equal(t, "stands", must(db.TroubleStands(ctx, "x"))(t), want)
		}
		stands(false)
		must(db.TroubleNoted(ctx, "x", "it is wrong", at))(t)
		stands(false)
		_, _, err := db.TroubleLasts(ctx, "x", at, 0)
		check(t, err)
		stands(true)
		_, _, err = db.TroubleOver(ctx, "x")
		check(t, err)
		stands(false)
	})
}
