package app

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"sigpost"
	"sigpost/classify"
	"sigpost/config"
)

// TagChange is what becomes of a tag of a thread: its state before and after, of
// which one is empty where it is gained or lost, and the best reason.
type TagChange struct {
	Tag    sigpost.Tag          `json:"tag"`
	Title  string               `json:"title"`
	Before sigpost.TaggingState `json:"before,omitempty"`
	After  sigpost.TaggingState `json:"after,omitempty"`
	// Reason is what speaks most for the tag where it is gained, and most against
	// it where it is lost; or what spoke for it, where nothing speaks against it.
	Reason  string `json:"reason"`
	Field   string `json:"field,omitempty"`
	Excerpt string `json:"excerpt,omitempty"`
}

// ThreadDiff is a thread of which the tags would change.
type ThreadDiff struct {
	Thread  int64       `json:"thread"`
	Subject string      `json:"subject"`
	Changes []TagChange `json:"changes"`
}

// DiffReport counts what would change.
type DiffReport struct {
	Threads int `json:"threads"` // that would be looked at
	Differ  int `json:"differ"`
	Gained  int `json:"gained"` // tags
	Lost    int `json:"lost"`
	Changed int `json:"changed"` // tags of which the state changes
}

// DiffOptions say by what threads would be tagged: the configuration's, unless
// files are named.
type DiffOptions struct {
	Taxonomy string
	Weights  string
}

// Diff tells, thread by thread, which topics Classify would change if it ran now
// with this taxonomy and these weights. Nothing is changed. What people decided is
// left out: it stays.
func (a *App) Diff(ctx context.Context, o DiffOptions, tell func(ThreadDiff) error) (DiffReport, error) {
	if o == (DiffOptions{}) {
		return a.diff(ctx, a.tagger, tell)
	}
	t, err := openTaxonomyWith(a.Config, o)
	if err != nil {
		return DiffReport{}, err
	}
	learned, err := a.Store.Learned(ctx)
	if err != nil {
		return DiffReport{}, err
	}
	return a.diff(ctx, (&taggers{taxonomy: t, log: a.log}).taught(learned), tell)
}

// DiffLearn is Diff for what Learn would learn now.
func (a *App) DiffLearn(ctx context.Context, tell func(ThreadDiff) error) (LearnReport, DiffReport, error) {
	learned, learning, err := a.learned(ctx)
	if err != nil {
		return learning, DiffReport{}, err
	}
	diff, err := a.diff(ctx, a.taggers.make(learned), tell)
	return learning, diff, err
}

// openTaxonomyWith is OpenTaxonomy with other weights, where they are named.
func openTaxonomyWith(cfg *config.Config, o DiffOptions) (*Taxonomy, error) {
	if o.Weights == "" {
		return OpenTaxonomy(cfg, o.Taxonomy)
	}
	t, err := openTaxonomy(cfg, o.Taxonomy)
	if err != nil {
		return nil, err
	}
	return t, t.openWeights(o.Weights, "--weights")
}

func (a *App) diff(ctx context.Context, by *tagger, tell func(ThreadDiff) error) (report DiffReport, err error) {
	d := &differ{App: a, by: by, report: &report, tell: tell, decided: map[int64][]sigpost.Tag{}}
	verdicts, err := a.Store.Verdicts(ctx)
	if err != nil {
		return report, err
	}
	for _, v := range verdicts {
		d.decided[v.Thread] = append(d.decided[v.Thread], v.Tag)
	}
	for after := int64(0); ; {
		threads, err := a.Store.ThreadsToClassify(ctx, by.version, after, classifyBatch)
		if err != nil || len(threads) == 0 {
			return report, err
		}
		if err := d.batch(ctx, threads); err != nil {
			return report, err
		}
		after = threads[len(threads)-1].ID
		a.progress("comparing", Threads, report.Threads, 0)
	}
}

// differ compares the tags of threads with those that another tagger gives them.
type differ struct {
	*App
	by      *tagger
	report  *DiffReport
	tell    func(ThreadDiff) error
	decided map[int64][]sigpost.Tag // by people, by thread
}

func (d *differ) batch(ctx context.Context, threads []sigpost.Thread) error {
	old, err := d.Store.Taggings(ctx, threadIDs(threads))
	if err != nil {
		return err
	}
	return d.eachThread(ctx, threads, func(i int, docs []classify.Document) error {
		t := threads[i]
		changes := changesOf(d.topics(t.ID, old[t.ID]), d.topics(t.ID, d.by.classifier().Classify(docs)),
			sync.OnceValue(func() []sigpost.Tagging { return d.by.classifier().Explain(docs) }))
		d.report.Threads++
		if len(changes) == 0 {
			return nil
		}
		d.report.Differ++
		for _, c := range changes {
			switch {
			case c.Before == "":
				d.report.Gained++
			case c.After == "":
				d.report.Lost++
			default:
				d.report.Changed++
			}
		}
		return d.tell(ThreadDiff{Thread: t.ID, Subject: t.Subject, Changes: changes})
	})
}

// topics leaves out what people decided on, and the natures, which come from
// neither taxonomy nor weights.
func (d *differ) topics(thread int64, all []sigpost.Tagging) map[sigpost.Tag]sigpost.Tagging {
	topics := map[sigpost.Tag]sigpost.Tagging{}
	for _, t := range all {
		if t.Tag.Kind != sigpost.KindNature && !slices.Contains(d.decided[thread], t.Tag) {
			topics[t.Tag] = t
		}
	}
	return topics
}

// changesOf gives what becomes of tags, the gained first. explain gives every tag
// for which anything is found now.
func changesOf(before, after map[sigpost.Tag]sigpost.Tagging, explain func() []sigpost.Tagging) []TagChange {
	var changes []TagChange
	for tag, now := range after {
		if was := before[tag]; was.State != now.State {
			c := TagChange{Tag: tag, Title: now.Title, Before: was.State, After: now.State}
			if was.State == sigpost.TagAccepted {
				c.against(was, now)
			} else {
				c.because(strongest(now.Evidence))
			}
			changes = append(changes, c)
		}
	}
	for tag, was := range before {
		if _, stays := after[tag]; !stays {
			c := TagChange{Tag: tag, Title: was.Title, Before: was.State}
			var now sigpost.Tagging
			if i := slices.IndexFunc(explain(), func(t sigpost.Tagging) bool { return t.Tag == tag }); i >= 0 {
				now = explain()[i]
			}
			c.against(was, now)
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(x, y TagChange) int {
		return cmp.Or(cmp.Compare(y.weight(), x.weight()), cmp.Compare(x.Tag.Kind, y.Tag.Kind), cmp.Compare(x.Tag.Name, y.Tag.Name))
	})
	return changes
}

// weight orders changes: what is gained, what changes, what is lost.
func (c *TagChange) weight() int {
	switch {
	case c.Before == "":
		return 2
	case c.After == "":
		return 0
	}
	return 1
}

// against gives as the reason what speaks most against a tag by now; where nothing
// does, what spoke for it and does not suffice.
func (c *TagChange) against(was, now sigpost.Tagging) {
	if len(now.Evidence) > 0 {
		if worst := slices.MinFunc(now.Evidence, byWeight); worst.Weight < 0 {
			c.because(worst)
			return
		}
	}
	c.because(strongest(was.Evidence))
	if c.Reason != "" {
		c.Reason = "it was: " + c.Reason
	}
}

func (c *TagChange) because(e sigpost.Evidence) {
	c.Reason, c.Field, c.Excerpt = e.Rule, e.Field, e.Excerpt
}

func byWeight(a, b sigpost.Evidence) int { return cmp.Compare(a.Weight, b.Weight) }

// strongest gives the evidence that weighs most, the first of equals.
func strongest(all []sigpost.Evidence) (best sigpost.Evidence) {
	for i, e := range all {
		if i == 0 || e.Weight > best.Weight {
			best = e
		}
	}
	return best
}
