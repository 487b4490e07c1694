package store_test

import (
	"errors"
	"testing"

	"sigpost"
	"sigpost/store"
)

// What was approved is kept when that is taken back.
func TestWhatWasApprovedIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue := drafted(t, db)
		if _, err := db.ApprovedBefore(ctx, issue.ID); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("a fresh draft: %v", err)
		}
		issue.State, issue.ApprovedBy, issue.Note, issue.SendAfter = sigpost.IssueApproved, "ada", "As approved.", hours(200)
		check(t, db.Revise(ctx, issue, hours(172)))
		if is := must(db.Issue(ctx, issue.ID))(t); !is.SendAfter.Equal(hours(200)) || is.Published(hours(199)) || !is.Published(hours(200)) {
			t.Errorf("it is to be sent after %s", is.SendAfter)
		}
		check(t, db.KeepApproved(ctx, issue.ID))
		check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueReady, hours(173)))
		issue.State, issue.Note = sigpost.IssueReady, "Otherwise."
		check(t, db.Revise(ctx, issue, hours(173)))
		if was := must(db.ApprovedBefore(ctx, issue.ID))(t); was.Note != "As approved." || was.ID != issue.ID {
			t.Errorf("what was approved is %+v", was)
		}
	})
}

// Letters that were lost have a name, the latest first, and those that were sent are
// counted by when.
func TestLostAndSentLetters(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue, readers := unsent(t, db, 4)
		var queue []sigpost.Delivery
		for _, s := range readers {
			queue = append(queue, sigpost.Delivery{SubscriptionID: s.ID, MessageID: letterOf(s), Due: hours(1)})
		}
		must(db.Queue(ctx, issue.ID, queue))(t)
		taken := must(db.Turn(ctx, issue.ID, nil, hours(1), hours(2), 10))(t)
		result := func(i int, state sigpost.DeliveryState) []sigpost.DeliveryResult {
			return []sigpost.DeliveryResult{{DeliveryID: taken[i].ID, State: state, Reply: "said"}}
		}
		must(db.Turn(ctx, issue.ID, result(0, sigpost.DeliveryFailed), hours(1), hours(2), 0))(t)
		must(db.Turn(ctx, issue.ID, result(1, sigpost.DeliverySent), hours(2), hours(3), 0))(t)
		must(db.Turn(ctx, issue.ID, result(2, sigpost.DeliverySent), hours(4), hours(5), 0))(t)
		must(db.Turn(ctx, issue.ID, result(3, sigpost.DeliveryUnknown), hours(4), hours(5), 0))(t)
		lost := must(db.LostDeliveries(ctx, issue.ID, 10))(t)
		if len(lost) != 2 || lost[0].State != sigpost.DeliveryUnknown || lost[0].Subscription.Subscriber.Addr != "reader3@example.org" || lost[1].Reply != "said" {
			t.Errorf("lost are %+v", lost)
		}
		equal(t, "at most", len(must(db.LostDeliveries(ctx, issue.ID, 1))(t)), 1)
		equal(t, "sent since", must(db.SentSince(ctx, issue.ID, hours(3)))(t), 1)
		equal(t, "sent", must(db.SentSince(ctx, issue.ID, hours(0)))(t), 2)
	})
}
