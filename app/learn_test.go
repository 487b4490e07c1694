package app

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/store/storetest"
)

// Whatever people decide, learning changes none of it: the tags of every thread
// are as they said, after it as before. And it is always the same that is learned.
func TestLearningChangesNoDecision(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { learningChangesNoDecision(t, newWorld(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		w := newWorld(t)
		w.dsn = storetest.Postgres(t)
		learningChangesNoDecision(t, w)
	})
}

func learningChangesNoDecision(t *testing.T, w *world) {
	a, ctx := w.open(), context.Background()
	w.run(a)
	threads, err := a.Store.Threads(ctx, store.ThreadQuery{Limit: 1000})
	if err != nil || len(threads) < 10 {
		t.Fatalf("%d threads: %v", len(threads), err)
	}
	tags := []sigpost.Tag{{Kind: "project", Name: "heat"}, {Kind: "project", Name: "magnum"}, {Kind: "scenario", Name: "kubernetes-on-openstack"}}
	said := map[store.Verdict]bool{}
	chance := rand.New(rand.NewPCG(1, 2))
	changed := 0
	for round := range 6 {
		for range 8 {
			thread, tag, accept := threads[chance.IntN(len(threads))].ID, tags[chance.IntN(len(tags))], chance.IntN(2) == 0
			delete(said, store.Verdict{Thread: thread, Tag: tag, Accept: !accept})
			said[store.Verdict{Thread: thread, Tag: tag, Accept: accept}] = true
			if err := a.Store.Decide(ctx, thread, tag, tag.Name, accept, "ada", "", w.clock()); err != nil {
				t.Fatal(err)
			}
		}
		nature := threads[chance.IntN(len(threads))].ID
		if err := a.Store.Decide(ctx, nature, sigpost.NatureMeeting.Tag(), "Meeting", true, "ada", "", w.clock()); err != nil {
			t.Fatal(err)
		}
		before, err := a.Store.Verdicts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		report, err := a.Learn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if report.Changed {
			changed++
		}
		if again, err := a.Learn(ctx); err != nil || again.Changed {
			t.Errorf("round %d: learning again gives something else: %v", round, err)
		}
		if _, err := a.Classify(ctx); err != nil {
			t.Fatal(err)
		}
		if after, err := a.Store.Verdicts(ctx); err != nil || !slices.Equal(before, after) {
			t.Errorf("round %d: the decisions were %v and are %v: %v", round, before, after, err)
		}
		agrees(t, a, said)
		of, err := a.Store.Thread(ctx, nature)
		if err != nil || sigpost.NatureOf(of.Tags) != sigpost.NatureMeeting {
			t.Errorf("round %d: the nature is %v: %v", round, sigpost.NatureOf(of.Tags), err)
		}
	}
	if changed == 0 {
		t.Error("nothing was ever learned")
	}
}

// agrees checks the tags of threads against what was decided.
func agrees(t *testing.T, a *App, said map[store.Verdict]bool) {
	t.Helper()
	var ids []int64
	for v := range maps.Keys(said) {
		ids = append(ids, v.Thread)
	}
	all, err := a.Store.Taggings(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for v := range said {
		i := slices.IndexFunc(all[v.Thread], func(g sigpost.Tagging) bool { return g.Tag == v.Tag })
		holds := i >= 0 && all[v.Thread][i].State == sigpost.TagAccepted && all[v.Thread][i].Score == 1
		if holds != v.Accept || !v.Accept && i >= 0 {
			t.Errorf("thread %d: %s was decided %v, and holds %v", v.Thread, v.Tag, v.Accept, holds)
		}
	}
}

// A process that runs on tags by what another one learned, and nothing of it by
// what was only rehearsed.
func TestAnotherProcessLearns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, other, ctx := w.open(), w.open(), context.Background()
	w.run(a)
	counts, err := a.Store.TagCounts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	most := slices.MaxFunc(counts, func(a, b store.TagCount) int { return a.Threads - b.Threads })
	threads, err := a.Store.Threads(ctx, store.ThreadQuery{Tag: most.Tag, Limit: 100})
	if err != nil || len(threads) < 3 {
		t.Fatalf("%d threads: %v", len(threads), err)
	}
	for _, thread := range threads {
		if err := other.Store.Decide(ctx, thread.ID, most.Tag, most.Title, false, "ada", "", w.clock()); err != nil {
			t.Fatal(err)
		}
	}
	a.Config.Classify.Learn = true
	if _, err := a.Run(ctx, true); err != nil {
		t.Fatal(err)
	}
	if learned, err := a.Store.Learned(ctx); err != nil || learned != "" {
		t.Errorf("a dry run has learned %q: %v", learned, err)
	}
	a.Config.Classify.Learn = false
	if r, err := a.Classify(ctx); err != nil || r.Threads != 0 {
		t.Errorf("after a dry run %d threads are tagged anew: %v", r.Threads, err)
	}
	if r, err := other.Learn(ctx); err != nil || !r.Changed || r.Lessons[0].RightAfter <= r.Lessons[0].RightBefore {
		t.Fatalf("%+v: %v", r, err)
	}
	first, err := a.Classify(ctx)
	if err != nil || first.Threads == 0 {
		t.Errorf("by what another process learned, %d threads are tagged anew: %v", first.Threads, err)
	}
	for _, again := range []*App{a, other, a} {
		if r, err := again.Classify(ctx); err != nil || r.Threads != 0 {
			t.Errorf("%d threads are tagged once more: %v", r.Threads, err)
		}
	}
}

// A diff says what classify then does, and changes nothing by itself.
func TestDiffIsWhatClassifyDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setNow(monday.Add(time.Hour))
	a, ctx := w.open(), context.Background()
	w.run(a)
	before := w.taggings(a)
	w.write("own.toml", ownTaxonomy)
	report, err := a.Diff(ctx, DiffOptions{Taxonomy: w.dir + "/own.toml"}, func(d ThreadDiff) error {
		for _, c := range d.Changes {
			if c.Before != "" && c.Tag.Kind == "topic" || c.After != "" && c.Tag.Kind != "topic" || c.Reason == "" {
				t.Errorf("thread %d: %+v", d.Thread, c)
			}
		}
		return nil
	})
	if err != nil || report.Differ == 0 || report.Lost == 0 || report.Gained == 0 {
		t.Fatalf("%+v: %v", report, err)
	}
	if now := w.taggings(a); now != before {
		t.Error("the diff changed tags")
	}
	taxonomy, err := OpenTaxonomy(a.Config, w.dir+"/own.toml")
	if err != nil {
		t.Fatal(err)
	}
	a.taxonomy, a.taggers = taxonomy.t, &taggers{taxonomy: taxonomy, log: a.log}
	if r, err := a.Classify(ctx); err != nil || r.Threads != report.Threads {
		t.Errorf("classify looked at %d threads, the diff at %d: %v", r.Threads, report.Threads, err)
	}
	counts, err := a.Store.TagCounts(ctx)
	if err != nil || len(counts) != 1 || counts[0].Threads > report.Gained {
		t.Errorf("the tags are %+v, and %d were to be gained: %v", counts, report.Gained, err)
	}
}
