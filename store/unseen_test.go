package store_test

import (
	"testing"

	"sigpost"
	"sigpost/store"
	threads "sigpost/thread"
)

func TestUnseen(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1, "a"), mail("single", 3))
		thread, single := stored(t, db, "a").ThreadID, stored(t, db, "single").ThreadID
		ask := func() store.Unseen {
			return must(db.Unseen(ctx, []int64{thread, single, 999}, []sigpost.MessageID{"a", "b", "single", "unknown"}))(t)
		}
		u := ask()
		if len(u.Messages)+len(u.Threads)+len(u.Authors) != 0 {
			t.Errorf("nothing is hidden: %+v", u)
		}
		check(t, db.Hide(ctx, stored(t, db, "b").ID, "rev", "x", start))
		check(t, db.Hide(ctx, stored(t, db, "single").ID, "rev", "x", start))
		u = ask()
		if len(u.Messages) != 2 || !u.Messages["b"] || !u.Messages["single"] {
			t.Errorf("messages: %+v", u.Messages)
		}
		if u.Threads[thread] || !u.Threads[single] || u.Threads[999] {
			t.Errorf("threads: %+v", u.Threads)
		}
		if a := u.Authors[single]; len(a) != 1 || a[0].Addr != stored(t, db, "single").Author.Addr {
			t.Errorf("authors: %+v", u.Authors)
		}
		wrote := 0
		if stored(t, db, "a").Author.Addr != stored(t, db, "b").Author.Addr {
			wrote = 1
		}
		equal(t, "authors of the thread that shows something", len(u.Authors[thread]), wrote)
		if u = must(db.Unseen(ctx, []int64{thread}, nil))(t); len(u.Messages) != 1 || !u.Messages["b"] {
			t.Errorf("messages of a thread: %+v", u.Messages)
		}
		if u = must(db.Unseen(ctx, nil, []sigpost.MessageID{"single"}))(t); len(u.Messages) != 1 || len(u.Threads) != 0 {
			t.Errorf("a message: %+v", u)
		}
		check(t, db.DecideThread(ctx, store.ThreadDecision{Decision: threads.Decision{Kind: threads.Merge, Message: "single", Other: "a"}, Who: "rev", At: start}))
		u = must(db.Unseen(ctx, []int64{thread, single}, nil))(t)
		if u.Threads[thread] || u.Threads[single] || !u.Messages["single"] {
			t.Errorf("joined to a thread that shows something: %+v", u)
		}
	})
}
