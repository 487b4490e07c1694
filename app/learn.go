package app

import (
	"context"
	"slices"
	"time"

	"sigpost"
	"sigpost/classify"
)

// LearnReport says what decisions of reviewers taught.
type LearnReport struct {
	// Decisions are those on tags of the taxonomy, Threads the threads that they
	// are about.
	Decisions int `json:"decisions"`
	Threads   int `json:"threads"`
	// Lessons are of the tags with enough decisions, Few the number of tags that
	// have too few.
	Lessons []classify.Lesson `json:"lessons"`
	Few     int               `json:"few"`
	// Least is how many decisions are enough.
	Least int `json:"least"`
	// Changed says that something else was learned than before.
	Changed bool          `json:"changed"`
	Took    time.Duration `json:"took_ns"`
}

// Learn learns from all decisions that people made on tags, anew, and keeps it:
// from then on threads are tagged by it. The decisions stay as they are, and hold
// whatever was learned.
func (a *App) Learn(ctx context.Context) (report LearnReport, err error) {
	err = a.within(ctx, []Scope{{Kind: ScopeThreads}}, func(a *App) error {
		report, err = a.learn(ctx)
		return err
	})
	return report, err
}

func (a *App) learn(ctx context.Context) (LearnReport, error) {
	learned, report, err := a.learned(ctx)
	if err != nil || !report.Changed {
		return report, err
	}
	if err := a.Store.SaveLearned(ctx, learned); err != nil {
		return report, err
	}
	a.tagger = a.taggers.taught(learned)
	a.log.Info("learned from decisions", "decisions", report.Decisions, "threads", report.Threads, "tags", len(report.Lessons), "took", report.Took)
	return report, nil
}

// learned gives what decisions teach as Store.Learned would, without keeping it.
func (a *App) learned(ctx context.Context) (learned string, report LearnReport, err error) {
	begin := time.Now()
	defer func() { report.Took = time.Since(begin) }()
	verdicts, err := a.Store.Verdicts(ctx)
	if err != nil {
		return "", report, err
	}
	learner := a.taggers.taxonomy.learner()
	byThread := map[int64][]classify.Verdict{}
	var threads []sigpost.Thread // in the order of their numbers
	count := map[sigpost.Tag]int{}
	for _, v := range verdicts {
		if !learner.Knows(v.Tag) {
			continue
		}
		if byThread[v.Thread] == nil {
			threads = append(threads, sigpost.Thread{ID: v.Thread})
		}
		byThread[v.Thread] = append(byThread[v.Thread], classify.Verdict{Tag: v.Tag, Accept: v.Accept})
		count[v.Tag]++
	}
	for batch := range slices.Chunk(threads, classifyBatch) {
		err := a.eachThread(ctx, batch, func(i int, docs []classify.Document) error {
			learner.Add(batch[i].ID, docs, byThread[batch[i].ID])
			report.Threads++
			report.Decisions += len(byThread[batch[i].ID])
			return nil
		})
		if err != nil {
			return "", report, err
		}
		a.progress("learning", Threads, report.Threads, len(threads))
	}
	weights, lessons := learner.Learn()
	report.Lessons, report.Few, report.Least = append([]classify.Lesson{}, lessons...), len(count)-len(lessons), classify.MinDecisions
	if len(weights.Kinds) > 0 {
		learned = string(weights.Format("Learned from what reviewers decided on tags."))
	}
	before, err := a.Store.Learned(ctx)
	report.Changed = learned != before
	return learned, report, err
}

// eachThread reads threads, as many together as it may, and calls do with the
// index of each and its documents.
func (a *App) eachThread(ctx context.Context, threads []sigpost.Thread, do func(i int, docs []classify.Document) error) error {
	messages, err := a.Store.MessagesOf(ctx, threadIDs(threads))
	if err != nil {
		return err
	}
	for i := range threads {
		threads[i].Messages = len(messages[threads[i].ID])
	}
	for at := 0; at < len(threads); {
		n := together(threads[at:])
		docs, err := a.documents(ctx, threads[at:at+n], messages)
		if err != nil {
			return err
		}
		for i := range docs {
			if err := do(at+i, docs[i]); err != nil {
				return err
			}
		}
		at += n
	}
	return nil
}

// learner makes a learner for the taxonomy.
func (t *Taxonomy) learner() *classify.Learner { return classify.NewLearner(t.t, t.learned()) }
