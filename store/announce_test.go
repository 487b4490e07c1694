package store_test

import (
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

func TestAnnouncements(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx, l := t.Context(), db.Announcements()
		issue, _ := ledger(t, db, 1)
		equal(t, "queued", must(l.Queue(ctx, issue.ID, []string{"slack", "irc"}, start))(t), 2)
		equal(t, "queued again", must(l.Queue(ctx, issue.ID, []string{"irc", "slack", "more"}, start))(t), 1)
		if _, err := l.Queue(ctx, 999, []string{"slack"}, start); err == nil {
			t.Error("an announcement of no issue was queued")
		}
		equal(t, "issues", len(must(l.OpenIssues(ctx, "weekly"))(t)), 1)
		equal(t, "issues of another digest", len(must(l.OpenIssues(ctx, "monthly"))(t)), 0)

		claimed := must(l.Claim(ctx, issue.ID, start, hours(1), 2))(t)
		if len(claimed) != 2 || claimed[0].Channel != "slack" || claimed[1].Channel != "irc" || !claimed[0].Lease.Equal(hours(1)) {
			t.Fatalf("claimed %+v", claimed)
		}
		equal(t, "claimed while they are held", len(must(l.Claim(ctx, issue.ID, start, hours(1), 5))(t)), 1)
		if err := l.Record(ctx, claimed[0].ID, sigpost.DeliverySent, "ok", start, start); err == nil {
			t.Error("one was recorded that was not begun")
		}
		for _, c := range claimed {
			if !must(l.Begin(ctx, c.ID, start))(t) {
				t.Errorf("%s could not be begun", c.Channel)
			}
			if must(l.Begin(ctx, c.ID, start))(t) {
				t.Errorf("%s was begun twice", c.Channel)
			}
		}
		check(t, l.Record(ctx, claimed[0].ID, sigpost.DeliverySent, "ok", start, start))

		// The program ends here; the next one finds what was begun.
		released, unknown, err := l.Recover(ctx, issue.ID, false, hours(2))
		check(t, err)
		if released != 1 || unknown != 1 {
			t.Errorf("%d were released and %d are unknown", released, unknown)
		}
		var states []sigpost.DeliveryState
		for _, a := range must(l.Of(ctx, issue.ID))(t) {
			states = append(states, a.State)
		}
		equal(t, "states", states, []sigpost.DeliveryState{sigpost.DeliverySent, sigpost.DeliveryUnknown, sigpost.DeliveryQueued})
		equal(t, "sent ones that arrived", must(l.Arrived(ctx, issue.ID, []int64{claimed[0].ID}, "seen there", hours(3)))(t), 0)
		equal(t, "held ones sent again", must(l.Requeue(ctx, issue.ID, sigpost.DeliveryUnknown, hours(3)))(t), 1)
		equal(t, "due", len(must(l.Claim(ctx, issue.ID, hours(3), hours(4), 5))(t)), 2)
		// Letters are not concerned.
		equal(t, "letters", must(db.DeliveryCounts(ctx, issue.ID))(t), sigpost.DeliveryCounts{sigpost.DeliveryQueued: 1})
		if n := must(db.Changes(ctx))(t); n < 0 {
			t.Errorf("%d changes", n)
		}
	})
}

// A note is due while it can still be said: one that was left in the middle when
// nobody holds it any more, and none while its issue stands still.
func TestAnnouncementsAreDue(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx, l := t.Context(), db.Announcements()
		issue, _ := ledger(t, db, 1)
		due := func(what string, want time.Time) {
			t.Helper()
			equal(t, what, must(l.NextDue(ctx, "weekly"))(t), want)
		}
		due("where there is none", time.Time{})
		must(l.Queue(ctx, issue.ID, []string{"slack"}, start))(t)
		due("queued", start)
		equal(t, "of another digest", must(l.NextDue(ctx, "monthly"))(t), time.Time{})

		must(db.BeginSending(ctx, issue, hours(48), start))(t)
		must(db.PauseSending(ctx, issue.ID, "too much is refused", start))(t)
		due("while the issue stands still", time.Time{})
		must(db.ResumeSending(ctx, issue.ID, hours(48)))(t)
		due("when it goes on", start)

		claimed := must(l.Claim(ctx, issue.ID, start, hours(1), 1))(t)
		if !must(l.Begin(ctx, claimed[0].ID, start))(t) {
			t.Fatal("it could not be begun")
		}
		due("left in the middle", hours(1))
	})
}
