package store_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"sigpost"
	"sigpost/review"
	"sigpost/store"
)

// The queue of many threads is read at once. SIGPOST_QUEUE says how many threads
// there are, for measuring; without it they are few.
func TestQueueOfMany(t *testing.T) {
	n := 2000
	if text := os.Getenv("SIGPOST_QUEUE"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
	}
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		var ids []int64
		for at := 0; at < n; at += 1000 {
			var mails []sigpost.Arrival
			for i := at; i < min(n, at+1000); i++ {
				m := mail(fmt.Sprintf("m%d", i), i%5000)
				m.UID = uint32(i + 1)
				mails = append(mails, m)
			}
			add(t, db, mails...)
		}
		begin := time.Now()
		for after := int64(0); ; {
			threads := must(db.ThreadsToClassify(ctx, "v1", after, 500))(t)
			if len(threads) == 0 {
				break
			}
			var all []store.Tagged
			for i, thread := range threads {
				ids = append(ids, thread.ID)
				tags := []sigpost.Tagging{tagging(heat, 0.9+float64(i%10)/100, sigpost.TagAccepted, "alias heat")}
				if i%3 == 0 {
					tags = append(tags, tagging(nova, 0.5+float64(i%40)/100, sigpost.TagProposed, "alias nova"))
				}
				if i%5 == 0 {
					tags = nil
				}
				all = append(all, store.Tagged{Thread: thread.ID, Revision: thread.Revision, Taggings: tags})
			}
			check(t, db.SaveTagged(ctx, "v1", all))
			after = threads[len(threads)-1].ID
		}
		t.Logf("tagging %d threads: %.0f µs each", n, float64(time.Since(begin).Microseconds())/float64(n))
		middle := must(db.Judge(ctx, ids[len(ids)/2:len(ids)/2+1]))(t)[ids[len(ids)/2]]
		for name, ask := range map[string]func(){
			"the queue":    func() { must(db.ReviewQueue(ctx, store.QueueQuery{Limit: 31}))(t) },
			"for a reason": func() { must(db.ReviewQueue(ctx, store.QueueQuery{Reason: review.Doubtful, Limit: 31}))(t) },
			"about a tag":  func() { must(db.ReviewQueue(ctx, store.QueueQuery{Tag: nova, List: "sig", Limit: 31}))(t) },
			"no such list": func() { must(db.ReviewQueue(ctx, store.QueueQuery{List: "other", Limit: 31}))(t) },
			"the next one": func() {
				must(db.ReviewQueue(ctx, store.QueueQuery{From: store.QueuePlace{Worth: middle.Worth, Thread: middle.ID}, Limit: 1}))(t)
			},
			"counting":      func() { must(db.ReviewCount(ctx, store.QueueQuery{}, 1001))(t) },
			"counting tags": func() { must(db.ReviewCount(ctx, store.QueueQuery{Tag: nova}, 1001))(t) },
			"a rule": func() {
				must(db.BulkFind(ctx, store.BulkQuery{Target: nova, Tag: nova, Rule: "alias nova", Limit: 500}))(t)
			},
			"a decision": func() {
				check(t, db.Decide(ctx, middle.ID, nova, "Nova", true, "ada", "", hours(1)))
				check(t, db.Undecide(ctx, middle.ID, nova, hours(1)))
			},
		} {
			var took []time.Duration
			for range 15 {
				from := time.Now()
				ask()
				took = append(took, time.Since(from))
			}
			slices.Sort(took)
			t.Logf("%-14s median %v, most %v", name, took[7].Round(10*time.Microsecond), took[14].Round(10*time.Microsecond))
			if took[7] > 2*time.Second {
				t.Errorf("%s takes %v", name, took[7])
			}
		}
	})
}
