package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/review"
	"sigpost/store"
)

// inQuestion are the questions about a thread, as reason and tag, in the order of their
// weight.
func inQuestion(t testing.TB, db *store.DB, id int64) (all []string) {
	t.Helper()
	for _, q := range must(db.Judge(t.Context(), []int64{id}))(t)[id].Questions {
		all = append(all, string(q.Reason)+" "+q.Tag.Name)
	}
	return all
}

// queue is the queue for a reason, as subjects.
func queue(t testing.TB, db *store.DB, q store.QueueQuery) (all []string) {
	t.Helper()
	for _, j := range must(db.ReviewQueue(t.Context(), q))(t) {
		all = append(all, j.Subject)
	}
	return all
}

func tagging(tag sigpost.Tag, score float64, state sigpost.TaggingState, rules ...string) sigpost.Tagging {
	g := sigpost.Tagging{Tag: tag, Title: tag.Name, Score: score, State: state}
	for i, rule := range rules {
		g.Evidence = append(g.Evidence, sigpost.Evidence{Rule: rule, Field: "text", Weight: float64(len(rules) - i)})
	}
	return g
}

func TestWhatIsInQuestionIsInTheQueue(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("sure", 0), mail("doubt", 1), mail("nothing", 2), mail("both", 3))
		id := func(name string) int64 { return stored(t, db, name).ThreadID }
		also := sigpost.Tag{Kind: "scenario", Name: "under"}
		save := func(name, taxonomy string, tags ...sigpost.Tagging) {
			check(t, db.SaveTaggings(ctx, id(name), 1, taxonomy, tags))
		}
		save("sure", "v1", tagging(heat, 0.99, sigpost.TagAccepted))
		save("doubt", "v1", tagging(heat, 0.99, sigpost.TagAccepted), tagging(nova, 0.5, sigpost.TagProposed))
		save("nothing", "v1")
		save("both", "v1", tagging(onTop, 0.93, sigpost.TagAccepted), tagging(also, 0.92, sigpost.TagAccepted))
		equal(t, "the queue", queue(t, db, store.QueueQuery{}), []string{"About both", "About nothing", "About doubt"})
		equal(t, "for a reason", queue(t, db, store.QueueQuery{Reason: review.Untagged}), []string{"About nothing"})
		equal(t, "about a tag", queue(t, db, store.QueueQuery{Tag: nova}), []string{"About doubt"})
		equal(t, "on a list", queue(t, db, store.QueueQuery{List: "sig", Reason: review.Conflicting}), []string{"About both"})
		equal(t, "on another list", len(queue(t, db, store.QueueQuery{List: "other"})), 0)
		equal(t, "counted", must(db.ReviewCount(ctx, store.QueueQuery{Tag: nova, List: "sig"}, 9))(t), 1)
		equal(t, "counted up to a limit", must(db.ReviewCount(ctx, store.QueueQuery{}, 2))(t), 2)
		first := must(db.ReviewQueue(ctx, store.QueueQuery{Limit: 1}))(t)[0]
		place := store.QueuePlace{Worth: first.Worth, Thread: first.ID}
		equal(t, "behind the first", queue(t, db, store.QueueQuery{From: place, Limit: 1}), []string{"About nothing"})
		second := must(db.ReviewQueue(ctx, store.QueueQuery{From: place, Limit: 1}))(t)[0]
		equal(t, "before the second", queue(t, db, store.QueueQuery{From: store.QueuePlace{Worth: second.Worth, Thread: second.ID}, Back: true}), []string{"About both"})

		// Another taxonomy takes a tag away, and gives it back.
		save("sure", "v2", tagging(nova, 0.99, sigpost.TagAccepted))
		equal(t, "changed", inQuestion(t, db, id("sure")), []string{"changed heat", "changed nova"})
		save("sure", "v3", tagging(heat, 0.99, sigpost.TagAccepted))
		equal(t, "changed back", inQuestion(t, db, id("sure")), []string(nil))
		save("sure", "v3", tagging(nova, 0.99, sigpost.TagAccepted)) // by the same one: mail has come
		equal(t, "by new mail", inQuestion(t, db, id("sure")), []string(nil))

		// A decision answers, and taking it back asks again.
		check(t, db.Decide(ctx, id("doubt"), nova, "Nova", false, "ada", "", hours(5)))
		equal(t, "decided", len(queue(t, db, store.QueueQuery{Tag: nova})), 0)
		check(t, db.Undecide(ctx, id("doubt"), nova, hours(6)))
		equal(t, "undecided", queue(t, db, store.QueueQuery{Tag: nova}), []string{"About doubt"})

		// Who has looked is not asked the same again.
		was := must(db.Reviewed(ctx, id("doubt"), "ada", hours(7)))(t)
		save("doubt", "v1", tagging(heat, 0.99, sigpost.TagAccepted), tagging(nova, 0.61, sigpost.TagProposed))
		equal(t, "looked at", inQuestion(t, db, id("doubt")), []string(nil))
		save("doubt", "v1", tagging(heat, 0.99, sigpost.TagAccepted), tagging(nova, 0.61, sigpost.TagProposed), tagging(kolla, 0.6, sigpost.TagProposed))
		equal(t, "something else is in question", inQuestion(t, db, id("doubt")), []string{"doubtful nova", "doubtful kolla"})
		check(t, db.Unreviewed(ctx, id("doubt"), hours(7), was))
		if err := db.Unreviewed(ctx, id("doubt"), hours(7), was); err == nil {
			t.Error("it was taken back twice")
		}
	})
}

func TestReports(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		a := stored(t, db, "a").ThreadID
		check(t, db.SaveTaggings(ctx, a, 1, "v1", []sigpost.Tagging{tagging(heat, 0.99, sigpost.TagAccepted)}))
		wrong := review.Report{Tag: heat, Title: "Heat", Words: "it is \x00 weather", At: hours(1)}
		equal(t, "taken", must(db.Report(ctx, a, wrong, "one"))(t), true)
		equal(t, "the same again", must(db.Report(ctx, a, wrong, "one"))(t), false)
		equal(t, "by another", must(db.Report(ctx, a, wrong, "two"))(t), true)
		equal(t, "a tag without a name", must(db.Report(ctx, a, review.Report{Missing: true, At: hours(1)}, "one"))(t), true)
		equal(t, "asked", inQuestion(t, db, a), []string{"reported heat", "reported heat", "reported "})
		for i := range 30 {
			must(db.Report(ctx, a, wrong, fmt.Sprint("many ", i)))(t)
		}
		equal(t, "as many as there is room for", len(inQuestion(t, db, a)), 20)
		check(t, db.Decide(ctx, a, heat, "Heat", false, "ada", "", hours(2)))
		equal(t, "answered", inQuestion(t, db, a), []string{"reported ", "untagged "})
		was := must(db.Reviewed(ctx, a, "ada", hours(3)))(t)
		equal(t, "closed", inQuestion(t, db, a), []string(nil))
		check(t, db.Unreviewed(ctx, a, hours(3), was))
		equal(t, "open again", inQuestion(t, db, a), []string{"reported ", "untagged "})
		// It goes with the thread where that goes.
		add(t, db, mail("c", 2, "b", "a"))
		merged := stored(t, db, "b").ThreadID
		equal(t, "one thread", stored(t, db, "a").ThreadID, merged)
		if got := inQuestion(t, db, merged); !slices.Contains(got, "reported ") {
			t.Errorf("the report is lost: %v", got)
		}
	})
}

// A drawn sample is the same for the same start, and each tag has its share.
func TestSamples(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		var mails []sigpost.Arrival
		for i := range 30 {
			mails = append(mails, mail(fmt.Sprintf("m%02d", i), i))
		}
		add(t, db, mails...)
		for i := range 30 {
			tag := heat
			if i%3 == 0 {
				tag = nova
			}
			check(t, db.SaveTaggings(ctx, stored(t, db, fmt.Sprintf("m%02d", i)).ThreadID, 1, "v1",
				[]sigpost.Tagging{tagging(tag, 0.97, sigpost.TagAccepted, "alias x", "other"), tagging(kolla, 0.6, sigpost.TagProposed)}))
		}
		check(t, db.Draw(ctx, start, 6, 0.5))
		check(t, db.Draw(ctx, start, 6, 0.1)) // it stays
		all := must(db.Samples(ctx, start))(t)
		shares := map[string]int{}
		for _, s := range all {
			shares[s.Tag.Name]++
			if s.Judged || s.Population != 30 || s.Rule != "alias x" || s.Taxonomy != "v1" {
				t.Errorf("%+v", s)
			}
		}
		equal(t, "shares", shares, map[string]int{"heat": 4, "nova": 2})
		check(t, db.Decide(ctx, all[0].Thread, all[0].Tag, "", false, "ada", "", hours(1)))
		check(t, db.Decide(ctx, all[1].Thread, all[1].Tag, "", true, "ada", "", hours(1)))
		again := must(db.Samples(ctx, start))(t)
		equal(t, "judged", []bool{again[0].Judged, again[0].Right, again[1].Judged, again[1].Right, again[2].Judged}, []bool{true, false, true, true, false})
		check(t, db.Draw(ctx, start.AddDate(0, 0, 7), 100, 0))
		equal(t, "more than there are", len(must(db.Samples(ctx, start.AddDate(0, 0, 7)))(t)), 30)
		judged := must(db.Judgements(ctx, start))(t)
		equal(t, "judgements", len(judged), 2)
		if j := judged[0]; j.State != sigpost.TagAccepted || j.Score != 0.97 || j.Rule != "alias x" || j.Taxonomy != "v1" {
			t.Errorf("%+v", j)
		}
	})
}

// Whatever is said of threads by classifiers, and however often, what a person said
// last of a tag holds, in both directions.
func TestDecisionsSurviveAnything(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		tags := []sigpost.Tag{heat, nova, kolla, onTop}
		at := start
		rapid.Check(t, func(r *rapid.T) {
			id := stored(t, db, rapid.SampledFrom([]string{"a", "b"}).Draw(r, "thread")).ThreadID
			said := map[sigpost.Tag]bool{}
			for _, tag := range tags {
				check(t, db.Undecide(ctx, id, tag, at))
			}
			for range rapid.IntRange(1, 8).Draw(r, "steps") {
				at = at.Add(time.Minute)
				tag := rapid.SampledFrom(tags).Draw(r, "tag")
				switch rapid.SampledFrom([]string{"classify", "decide", "undecide", "look"}).Draw(r, "step") {
				case "classify":
					var given []sigpost.Tagging
					for _, tag := range tags {
						if score := rapid.SampledFrom([]float64{0, 0.6, 0.97}).Draw(r, "score"); score > 0 {
							given = append(given, tagging(tag, score, map[bool]sigpost.TaggingState{true: sigpost.TagAccepted, false: sigpost.TagProposed}[score > 0.9]))
						}
					}
					check(t, db.SaveTaggings(ctx, id, 1, rapid.SampledFrom([]string{"v1", "v2"}).Draw(r, "taxonomy"), given))
				case "decide":
					said[tag] = rapid.Bool().Draw(r, "accept")
					check(t, db.Decide(ctx, id, tag, tag.Name, said[tag], "ada", "", at))
				case "undecide":
					delete(said, tag)
					check(t, db.Undecide(ctx, id, tag, at))
				case "look":
					must(db.Reviewed(ctx, id, "ada", at))(t)
				}
				holds := map[sigpost.Tag]bool{}
				for _, g := range must(db.Thread(ctx, id))(t).Tags {
					holds[g.Tag] = true
				}
				for tag, accepted := range said {
					if holds[tag] != accepted {
						r.Fatalf("%s holds: %t, and a person said %t", tag, holds[tag], accepted)
					}
				}
				questions := must(db.Judge(ctx, []int64{id}))(t)[id]
				for _, q := range questions.Questions {
					if _, ok := said[q.Tag]; ok {
						r.Fatalf("it is asked about %s, on which a person has decided", q.Tag)
					}
				}
				if (questions.Worth != 0) != (len(questions.Questions) > 0) {
					r.Fatalf("there are %d questions, and the queue has it with %v", len(questions.Questions), questions.Worth)
				}
			}
		})
	})
}
