package app

import (
	"context"
	"time"

	"sigpost"
	"sigpost/classify"
	"sigpost/store"
)

// ClassifyReport says what a run of classify did.
type ClassifyReport struct {
	Threads int           `json:"threads"` // looked at
	Tagged  int           `json:"tagged"`  // of them, with a tag that holds
	Took    time.Duration `json:"took_ns"`
}

// classifyBatch is how many threads are asked for at a time.
const classifyBatch = 100

// Classify tags every thread that has grown since it was tagged, or that
// another taxonomy tagged.
func (a *App) Classify(ctx context.Context) (report ClassifyReport, err error) {
	err = a.locked(ctx, false, func(a *App) error {
		report, err = a.classify(ctx)
		return err
	})
	return report, err
}

func (a *App) classify(ctx context.Context) (ClassifyReport, error) {
	begin := time.Now()
	var report ClassifyReport
	after := int64(0)
	for {
		threads, err := a.Store.ThreadsToClassify(ctx, a.taxonomy.Version(), after, classifyBatch)
		if err != nil || len(threads) == 0 {
			report.Took = time.Since(begin)
			a.log.Info("threads tagged", "threads", report.Threads, "tagged", report.Tagged, "took", report.Took)
			return report, err
		}
		tagged, err := a.tagAll(ctx, threads)
		if err != nil {
			return report, err
		}
		report.Threads += len(threads)
		report.Tagged += tagged
		after = threads[len(threads)-1].ID
		a.progress("classifying", report.Threads, 0)
	}
}

// tagAll tags threads and keeps their tags together: a transaction for each
// would wait for the disk each time. It gives the number with a tag that holds.
func (a *App) tagAll(ctx context.Context, threads []sigpost.Thread) (tagged int, err error) {
	taggings := make([][]sigpost.Tagging, len(threads))
	for i, t := range threads {
		if taggings[i], err = a.tag(ctx, t); err != nil {
			return 0, err
		}
		if len(accepted(taggings[i])) > 0 {
			tagged++
		}
	}
	return tagged, a.Store.Tx(ctx, func(tx *store.DB) error {
		for i, t := range threads {
			if err := tx.SaveTaggings(ctx, t.ID, t.Revision, a.taxonomy.Version(), taggings[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *App) tag(ctx context.Context, t sigpost.Thread) ([]sigpost.Tagging, error) {
	msgs, err := a.Thread(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	var docs []classify.Document
	for i, m := range msgs {
		if m.Own {
			continue
		}
		docs = append(docs, classify.Document{
			MessageID: m.MessageID, Subject: m.Subject, Text: m.NewText(), Quoted: m.QuotedText(), Opener: i == 0,
		})
	}
	return a.classifier.Classify(docs), nil
}

func accepted(taggings []sigpost.Tagging) []sigpost.Tagging {
	var holds []sigpost.Tagging
	for _, t := range taggings {
		if t.State == sigpost.TagAccepted {
			holds = append(holds, t)
		}
	}
	return holds
}
