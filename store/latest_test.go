package store_test

import (
	"testing"

	"sigpost/store"
)

func TestLatestMessages(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		findable(t, db)
		thread := stored(t, db, "a").ThreadID
		other := stored(t, db, "e").ThreadID
		latest := must(db.Latest(t.Context(), []int64{thread, other, 4711}))(t)
		if len(latest) != 2 || latest[thread].MessageID != "c" || latest[thread].Words != "green blue" || latest[other].MessageID != "e" {
			t.Errorf("the latest are %+v", latest)
		}
		if got := must(db.NewestOf(t.Context(), thread, 2))(t); len(got) != 2 || got[0].MessageID != "c" || got[1].MessageID != "b" || len(got[0].Tags) != 2 {
			t.Errorf("the newest are %+v", got)
		}
		check(t, db.Hide(t.Context(), stored(t, db, "c").ID, "jo", "x", hours(100)))
		if got := must(db.Latest(t.Context(), []int64{thread}))(t); got[thread].MessageID != "b" {
			t.Errorf("with the latest out of sight, it is %s", got[thread].MessageID)
		}
		if got := must(db.NewestOf(t.Context(), thread, 2))(t); len(got) != 2 || got[0].MessageID != "b" || got[1].MessageID != "a" {
			t.Errorf("with the newest out of sight, they are %+v", got)
		}
	})
}
