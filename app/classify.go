package app

import (
	"context"
	"slices"
	"strings"
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

func (a *App) classify(ctx context.Context) (report ClassifyReport, err error) {
	begin := time.Now()
	defer func() { report.Took = time.Since(begin) }()
	after := int64(0)
	for {
		threads, err := a.Store.ThreadsToClassify(ctx, a.taxonomy.Version(), after, classifyBatch)
		if err != nil || len(threads) == 0 {
			if report.Threads > 0 {
				a.log.Info("threads tagged", "threads", report.Threads, "tagged", report.Tagged, "took", time.Since(begin))
			}
			return report, err
		}
		tagged, err := a.tagAll(ctx, threads)
		if err != nil {
			return report, err
		}
		report.Threads += len(threads)
		report.Tagged += tagged
		after = threads[len(threads)-1].ID
		a.progress("classifying", Threads, report.Threads, 0)
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

// How much of a thread is looked at, in bytes: what it is about is said in
// less, and nobody's megabytes hold up the rest.
const (
	maxNewText    = 64 << 10 // of one message
	maxQuotedText = 16 << 10
	maxThreadText = 4 << 20
)

func (a *App) tag(ctx context.Context, t sigpost.Thread) ([]sigpost.Tagging, error) {
	msgs, err := a.Store.ThreadMessages(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	msgs = slices.DeleteFunc(msgs, func(m sigpost.Message) bool { return m.Own })
	docs := make([]classify.Document, len(msgs))
	room := maxThreadText
	err = a.eachText(ctx, msgs, func(i int, m *sigpost.Message) {
		docs[i] = classify.Document{MessageID: m.MessageID, Subject: m.Subject, Opener: i == 0}
		if room > 0 {
			docs[i].Text, docs[i].Quoted = head(m.NewText(), maxNewText), head(m.QuotedText(), maxQuotedText)
			room -= len(docs[i].Text) + len(docs[i].Quoted)
		}
	})
	if err != nil {
		return nil, err
	}
	return a.classifier.Classify(docs), nil
}

// head is the first n bytes of a text, or a little less.
func head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
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
