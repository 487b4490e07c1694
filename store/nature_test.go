package store_test

import (
	"errors"
	"testing"

	"sigpost"
	"sigpost/store"
)

// foundNature is what the classifier says.
func foundNature(n sigpost.Nature) []sigpost.Tagging {
	return []sigpost.Tagging{
		{Tag: nova, Title: "Nova", Score: 0.7, State: sigpost.TagAccepted},
		{Tag: n.Tag(), Title: n.Title(), Score: 0.8, State: sigpost.TagAccepted, Evidence: []sigpost.Evidence{{Rule: "question mark", Field: "text"}}},
	}
}

// natureOf is the nature of a thread as each way of asking tells it.
func natureOf(t *testing.T, db *store.DB, thread int64) string {
	t.Helper()
	var natures []sigpost.Nature
	for _, g := range must(db.Taggings(t.Context(), []int64{thread}))(t)[thread] {
		if g.Tag.Kind == sigpost.KindNature {
			natures = append(natures, sigpost.Nature(g.Tag.Name))
		}
	}
	if len(natures) != 1 {
		t.Fatalf("natures %v", natures)
	}
	for _, n := range sigpost.Natures() {
		listed := len(must(db.Threads(t.Context(), store.ThreadQuery{Tag: n.Tag()}))(t))
		if want := n == natures[0]; want != (listed == 1) {
			t.Errorf("it is of nature %s, and %d threads are listed for %s", natures[0], listed, n)
		}
	}
	if got := sigpost.NatureOf(must(db.Thread(t.Context(), thread))(t).Tags); got != natures[0] {
		t.Errorf("the thread says %q, its tags %s", got, natures[0])
	}
	return string(natures[0])
}

func TestADecidedNatureIsTheOnlyOne(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0))
		a := stored(t, db, "a").ThreadID
		decide := func(n sigpost.Nature, hour int) {
			t.Helper()
			check(t, db.Decide(ctx, a, n.Tag(), n.Title(), true, "ada", "I read it", hours(hour)))
		}
		check(t, db.SaveTaggings(ctx, a, 1, "v1", foundNature(sigpost.NatureQuestion)))
		equal(t, "as found", natureOf(t, db, a), "question")
		decide(sigpost.NatureProposal, 1)
		equal(t, "as decided", natureOf(t, db, a), "proposal")
		for _, again := range []sigpost.Nature{sigpost.NatureAnswered, sigpost.NatureProposal, sigpost.NatureQuestion} {
			check(t, db.SaveTaggings(ctx, a, 1, "v2", foundNature(again)))
			equal(t, "found again", natureOf(t, db, a), "proposal")
		}
		decide(sigpost.NatureDecision, 2)
		equal(t, "as decided since", natureOf(t, db, a), "decision")
		decide(sigpost.NatureProposal, 3)
		equal(t, "minds change back", natureOf(t, db, a), "proposal")
		decide(sigpost.NatureCall, 3)
		equal(t, "two at the same moment", natureOf(t, db, a), "proposal")
		check(t, db.SaveTaggings(ctx, a, 1, "v3", nil))
		equal(t, "the classifier says nothing", natureOf(t, db, a), "proposal")

		equal(t, "topics", len(must(db.TagCounts(ctx))(t)), 0)
		check(t, db.SaveTaggings(ctx, a, 1, "v4", foundNature(sigpost.NatureQuestion)))
		equal(t, "topics with natures beside them", must(db.TagCounts(ctx))(t), []store.TagCount{{nova, "Nova", 1}})
	})
}

func TestNoThreadIsLeftWithoutANature(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0))
		a := stored(t, db, "a").ThreadID
		check(t, db.SaveTaggings(ctx, a, 1, "v1", foundNature(sigpost.NatureQuestion)))
		for _, c := range []struct {
			nature sigpost.Nature
			accept bool
		}{{sigpost.NatureQuestion, false}, {sigpost.NatureRelease, false}, {"gossip", true}} {
			err := db.Decide(ctx, a, c.nature.Tag(), "x", c.accept, "ada", "", hours(1))
			if !errors.Is(err, sigpost.ErrUsage) {
				t.Errorf("%s, %v: %v", c.nature, c.accept, err)
			}
		}
		equal(t, "nature", natureOf(t, db, a), "question")
		two := append(foundNature(sigpost.NatureQuestion), foundNature(sigpost.NatureCall)[1])
		if err := db.SaveTaggings(ctx, a, 1, "v2", two); err == nil {
			t.Error("a thread was given two natures")
		}
		equal(t, "as it was", natureOf(t, db, a), "question")
	})
}

func TestThreadsThatJoinHaveOneNature(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		a, b := stored(t, db, "a").ThreadID, stored(t, db, "b").ThreadID
		check(t, db.SaveTaggings(ctx, a, 1, "v1", foundNature(sigpost.NatureQuestion)))
		check(t, db.SaveTaggings(ctx, b, 1, "v1", foundNature(sigpost.NatureRelease)))
		add(t, db, mail("c", 2, "a", "b"))
		a = stored(t, db, "a").ThreadID
		equal(t, "joined", natureOf(t, db, a), "question")

		add(t, db, mail("d", 3))
		d := stored(t, db, "d").ThreadID
		check(t, db.Decide(ctx, a, sigpost.NatureCall.Tag(), "Call", true, "ada", "", hours(5)))
		check(t, db.Decide(ctx, d, sigpost.NatureMeeting.Tag(), "Meeting", true, "bob", "", hours(6)))
		add(t, db, mail("e", 4, "a", "d"))
		equal(t, "both decided, joined", natureOf(t, db, stored(t, db, "a").ThreadID), "meeting")
	})
}
