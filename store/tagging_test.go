package store_test

import (
	"testing"

	"sigpost"
	"sigpost/store"
)

var (
	heat  = sigpost.Tag{Kind: "project", Name: "heat"}
	nova  = sigpost.Tag{Kind: "project", Name: "nova"}
	kolla = sigpost.Tag{Kind: "project", Name: "kolla"}
	onTop = sigpost.Tag{Kind: "scenario", Name: "on-top"}
)

func TestTaggingsComeBackAsTheyWere(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		a, b := stored(t, db, "a").ThreadID, stored(t, db, "b").ThreadID
		want := []sigpost.Tagging{
			{Tag: heat, Title: "Heat", Score: 0.1 + 0.2, State: sigpost.TagAccepted, Evidence: []sigpost.Evidence{{
				Rule: "alias heat", Field: "subject", MessageID: "a", Excerpt: "About \u00fc\x00", Spans: []sigpost.Span{{Start: 1, End: 2}}, Weight: 1.5}}},
			{Tag: nova, Title: "Nova", Score: 0.25, State: sigpost.TagProposed},
		}
		check(t, db.SaveTaggings(ctx, a, 1, "v1", []sigpost.Tagging{want[1], want[0]}))
		equal(t, "taggings", must(db.Taggings(ctx, []int64{a, b, 99}))(t), map[int64][]sigpost.Tagging{a: want})
		equal(t, "of the thread", must(db.Thread(ctx, a))(t).Tags, want[:1])
		check(t, db.SaveTaggings(ctx, a, 1, "v1", nil))
		equal(t, "replaced", must(db.Taggings(ctx, []int64{a}))(t), map[int64][]sigpost.Tagging{})
	})
}

func TestThreadsToClassify(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1), mail("c", 2))
		todo := func(taxonomy string, after int64, limit int) string {
			return subjects(must(db.ThreadsToClassify(ctx, taxonomy, after, limit))(t))
		}
		equal(t, "all", todo("v1", 0, 9), "a b c")
		equal(t, "a page", todo("v1", stored(t, db, "a").ThreadID, 1), "b")
		for _, thread := range must(db.ThreadsToClassify(ctx, "v1", 0, 9))(t) {
			if thread.Subject == "About b" {
				// A message comes between reading and writing.
				add(t, db, mail("d", 3, "b"))
			}
			check(t, db.SaveTaggings(ctx, thread.ID, thread.Revision, "v1", nil))
		}
		equal(t, "the one that grew", todo("v1", 0, 9), "b")
		equal(t, "by another taxonomy", todo("v2", 0, 9), "a b c")
	})
}

// Whoever goes back to an earlier taxonomy half way finds what the other one
// has tagged.
func TestClassifiedHoldsUntilAnotherTaxonomyBegins(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		classify := func(taxonomy, only string) {
			for _, thread := range must(db.ThreadsToClassify(ctx, taxonomy, 0, 9))(t) {
				if only == "" || thread.Subject == "About "+only {
					check(t, db.SaveTaggings(ctx, thread.ID, thread.Revision, taxonomy, nil))
				}
			}
		}
		todo := func(what, taxonomy, want string) {
			t.Helper()
			equal(t, what, subjects(must(db.ThreadsToClassify(ctx, taxonomy, 0, 9))(t)), want)
		}
		todo("at first, all", "v1", "a b")
		todo("and all have grown", "", "a b")
		classify("v1", "")
		check(t, db.Classified(ctx, "v1"))
		check(t, db.Classified(ctx, "v1"))
		todo("none left", "v1", "")
		add(t, db, mail("c", 2))
		todo("a new one", "v1", "c")
		todo("by another, all", "v2", "a b c")
		classify("v1", "")
		classify("v2", "b")
		todo("back again half way", "v1", "b")
		todo("on with the other", "v2", "a c")
		todo("none has grown", "", "")
		classify("v2", "")
		check(t, db.Classified(ctx, "v2"))
		todo("all by the other", "v2", "")
		todo("back again", "v1", "a b c")
	})
}

func TestDecisionsOutliveTheClassifier(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0))
		a := stored(t, db, "a").ThreadID
		machine := []sigpost.Tagging{
			{Tag: heat, Title: "Heat", Score: 0.9, State: sigpost.TagAccepted, Evidence: []sigpost.Evidence{{Rule: "alias heat", Field: "text"}}},
			{Tag: nova, Title: "Nova", Score: 0.4, State: sigpost.TagProposed, Evidence: []sigpost.Evidence{{Rule: "fuzzy nova", Field: "text"}}},
		}
		check(t, db.SaveTaggings(ctx, a, 1, "v1", machine))
		check(t, db.Decide(ctx, a, heat, "Heat", false, "ada", "the weather", hours(1)))
		check(t, db.Decide(ctx, a, nova, "Nova", true, "ada", "plainly", hours(1)))
		check(t, db.Decide(ctx, a, kolla, "Kolla", true, "bob", "I was there", hours(2)))
		want := map[string]string{"kolla": sigpost.DecisionRule, "nova": sigpost.DecisionRule}
		for _, again := range [][]sigpost.Tagging{machine, nil, machine} {
			check(t, db.SaveTaggings(ctx, a, 1, "v2", again))
			got := map[string]string{}
			for _, tagging := range must(db.Thread(ctx, a))(t).Tags {
				got[tagging.Tag.Name] = tagging.Evidence[0].Rule
				if e := tagging.Evidence[0]; tagging.Score != 1 || e.Field != sigpost.DecisionField || e.Excerpt != "" {
					t.Errorf("the decided tag is %+v", tagging)
				}
			}
			equal(t, "tags", got, want)
		}
		equal(t, "counts", must(db.TagCounts(ctx))(t), []store.TagCount{{kolla, "Kolla", 1}, {nova, "Nova", 1}})

		// Minds change.
		check(t, db.Decide(ctx, a, kolla, "Kolla", false, "ada", "no", hours(3)))
		check(t, db.Decide(ctx, a, heat, "Heat", true, "ada", "yes", hours(3)))
		equal(t, "decisions", must(db.Decisions(ctx, a))(t), []store.Decision{
			{nova, "Nova", true, "ada", "plainly", hours(1)},
			{heat, "Heat", true, "ada", "yes", hours(3)},
			{kolla, "Kolla", false, "ada", "no", hours(3)},
		})
	})
}

func TestTagCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		both := []sigpost.Tagging{{Tag: onTop, Title: "On top", Score: 1, State: sigpost.TagAccepted}, {Tag: nova, Title: "Nova", Score: 1, State: sigpost.TagAccepted}}
		check(t, db.SaveTaggings(ctx, stored(t, db, "a").ThreadID, 1, "v1", both))
		check(t, db.SaveTaggings(ctx, stored(t, db, "b").ThreadID, 1, "v1", append(both, sigpost.Tagging{Tag: heat, Title: "Heat", Score: 0.9, State: sigpost.TagAccepted},
			sigpost.Tagging{Tag: kolla, Title: "Kolla", Score: 0.1, State: sigpost.TagProposed})))
		equal(t, "counts", must(db.TagCounts(ctx))(t), []store.TagCount{{nova, "Nova", 2}, {heat, "Heat", 1}, {onTop, "On top", 2}})
	})
}
