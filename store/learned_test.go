package store_test

import (
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"
)

func TestLearnedComesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		equal(t, "at first", must(db.Learned(ctx))(t), "")
		for _, weights := range []string{"a = 1\n# ü\n", strings.Repeat("word = 0.5\n", 50000), ""} {
			check(t, db.SaveLearned(ctx, weights))
			equal(t, "learned", must(db.Learned(ctx))(t), weights)
		}
		check(t, db.Classified(ctx, "v1"))
		check(t, db.SaveLearned(ctx, "b"))
		check(t, db.Classified(ctx, "v2"))
		equal(t, "beside the taxonomy's version", must(db.Learned(ctx))(t), "b")
	})
}

func TestVerdicts(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		equal(t, "at first", len(must(db.Verdicts(ctx))(t)), 0)
		add(t, db, mail("a", 0), mail("b", 1))
		a, b := stored(t, db, "a").ThreadID, stored(t, db, "b").ThreadID
		check(t, db.Decide(ctx, b, nova, "Nova", true, "ada", "", hours(1)))
		check(t, db.Decide(ctx, a, nova, "Nova", false, "ada", "", hours(2)))
		check(t, db.Decide(ctx, a, heat, "Heat", false, "bob", "", hours(3)))
		check(t, db.Decide(ctx, a, heat, "Heat", true, "ada", "", hours(4)))
		check(t, db.Decide(ctx, a, sigpost.NatureQuestion.Tag(), "Question", true, "ada", "", hours(4)))
		equal(t, "verdicts", must(db.Verdicts(ctx))(t), []store.Verdict{
			{a, sigpost.NatureQuestion.Tag(), true}, {a, heat, true}, {a, nova, false}, {b, nova, true},
		})
	})
}
