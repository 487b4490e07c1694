package app

import (
	"cmp"
	"context"
	"errors"
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
	Tagged  int           `json:"tagged"`  // of them, on a topic that holds
	Took    time.Duration `json:"took_ns"`
}

// add adds what another part of a run did.
func (r *ClassifyReport) add(part ClassifyReport) {
	r.Threads += part.Threads
	r.Tagged += part.Tagged
	r.Took += part.Took
}

// Where several share the work, each claims so many threads at a time, for so long.
const (
	claimBatch = 100
	claimLease = 2 * time.Minute
)

// claimLook is how often it is looked whether others have tagged what they claimed.
const claimLook = 100 * time.Millisecond

// classifyBatch is how many threads are asked for at a time, and readTogether
// how many messages are read together: raw mail is kept in blocks, which threads
// that lie side by side share.
const (
	classifyBatch = 500
	readTogether  = 1000
)

// Classify tags every thread that has grown since it was tagged, or that
// another taxonomy tagged.
func (a *App) Classify(ctx context.Context) (report ClassifyReport, err error) {
	err = a.within(ctx, nil, func(a *App) error {
		report, err = a.classify(ctx)
		return err
	})
	return report, err
}

func (a *App) classify(ctx context.Context) (report ClassifyReport, err error) {
	report, err = a.classifyBy(ctx, a.tagger.version)
	if err != nil {
		return report, err
	}
	if report.Threads > 0 {
		a.log.Info("threads tagged", "threads", report.Threads, "tagged", report.Tagged, "took", report.Took)
	}
	return report, a.Store.Classified(ctx, a.tagger.version)
}

// classifyBy is classify for threads that have grown, and where taxonomy is not
// empty for those that were classified by another one.
func (a *App) classifyBy(ctx context.Context, taxonomy string) (report ClassifyReport, err error) {
	begin := time.Now()
	defer func() { report.Took = time.Since(begin) }()
	batch, lease := classifyBatch, time.Duration(0)
	if a.shared {
		batch, lease = claimBatch, cmp.Or(a.options.Claim, claimLease)
	}
	after := int64(0)
	for {
		claim, err := a.Store.ClaimThreads(ctx, taxonomy, after, batch, lease)
		if err != nil || len(claim.Threads) == 0 {
			return report, err
		}
		tagged, err := a.tagAll(ctx, claim.Threads)
		if err = errors.Join(err, a.Store.ReleaseThreads(context.WithoutCancel(ctx), claim)); err != nil {
			return report, err
		}
		a.seen().Rows(store.StageTag, len(claim.Threads), 0) // that it fails is said of who wanted it
		report.Threads += len(claim.Threads)
		report.Tagged += tagged
		after = claim.Threads[len(claim.Threads)-1].ID
		a.progress("classifying", Threads, report.Threads, 0)
	}
}

// tagEverything tags what has grown, and waits for those threads that others are
// tagging at this moment: until they are done, or their time is over.
func (a *App) tagEverything(ctx context.Context) error {
	var theirs []int64
	for begun := false; ; begun = true {
		_, err := a.classify(ctx)
		if err != nil || !a.shared {
			return err
		}
		claimed, err := a.Store.ClaimedThreads(ctx, a.tagger.version)
		if err != nil {
			return err
		}
		if !begun {
			theirs = claimed
		}
		// Those that are claimed later are of mail that came later.
		theirs = slices.DeleteFunc(theirs, func(id int64) bool { return !slices.Contains(claimed, id) })
		if len(theirs) == 0 {
			return nil
		}
		select {
		case <-time.After(claimLook):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tagAll tags threads and keeps their tags, those together that are read
// together: a transaction for each would wait for the disk each time. It gives
// the number on a topic that holds; a nature they all have.
func (a *App) tagAll(ctx context.Context, untagged []store.Untagged) (tagged int, err error) {
	threads := make([]sigpost.Thread, len(untagged))
	for i, u := range untagged {
		threads[i] = u.Thread
	}
	messages, err := a.Store.MessagesOf(ctx, threadIDs(threads))
	if err != nil {
		return 0, err
	}
	for len(threads) > 0 {
		n := together(threads)
		more, err := a.tagTogether(ctx, threads[:n], untagged, messages)
		if err != nil {
			return tagged, err
		}
		tagged += more
		threads, untagged = threads[n:], untagged[n:]
	}
	return tagged, nil
}

// together is how many of the threads to read at once: one at least. Of a
// thread's bytes nothing is known but how many messages they are.
func together(threads []sigpost.Thread) int {
	count := 0
	for i, t := range threads {
		count += t.Messages
		if i > 0 && count > readTogether {
			return i
		}
	}
	return len(threads)
}

// tagTogether tags threads, of which untagged says how they were tagged before.
func (a *App) tagTogether(ctx context.Context, threads []sigpost.Thread, untagged []store.Untagged, messages map[int64][]sigpost.Message) (tagged int, err error) {
	docs, err := a.documents(ctx, threads, messages)
	if err != nil {
		return 0, err
	}
	all := make([]store.Tagged, len(threads))
	for i, t := range threads {
		taggings := a.tagger.classifier().Classify(docs[i])
		if len(accepted(taggings)) > 0 {
			tagged++
		}
		all[i] = store.Tagged{Thread: t.ID, Revision: t.Revision, Taggings: append(taggings, a.natures.Of(docs[i])), Before: untagged[i].Before}
	}
	return tagged, a.Store.SaveTagged(ctx, a.tagger.version, all)
}

// How much of a thread is looked at, in bytes: what it is about is said in
// less, and nobody's megabytes hold up the rest.
const (
	maxNewText    = 64 << 10 // of one message
	maxQuotedText = 16 << 10
	maxThreadText = 4 << 20
)

// documents are what the classifier sees of threads: what their messages say,
// but for our own letters.
func (a *App) documents(ctx context.Context, threads []sigpost.Thread, messages map[int64][]sigpost.Message) ([][]classify.Document, error) {
	type place struct{ thread, doc int }
	var (
		docs   = make([][]classify.Document, len(threads))
		rooms  = make([]int, len(threads))
		read   []sigpost.Message
		places []place
	)
	for i, t := range threads {
		rooms[i] = maxThreadText
		for _, m := range messages[t.ID] {
			if !m.Shown() { // it counts, and is no reason for anything that is shown
				m.Subject = ""
			}
			if !m.Own {
				places = append(places, place{i, len(docs[i])})
				read = append(read, m)
				docs[i] = append(docs[i], classify.Document{
					MessageID: m.MessageID, Subject: m.Subject, Lists: listsOf(&m), Opener: len(docs[i]) == 0, StandsAlone: true,
					Author: m.Author.Addr, Robot: m.Robot, Answering: m.Answering,
				})
			}
		}
	}
	give := func(i int, t threadText) {
		at := places[i]
		if d, room := &docs[at.thread][at.doc], &rooms[at.thread]; *room > 0 {
			d.Text, d.Quoted, d.Verbatim = t.own, t.quoted, t.verbatim
			*room -= len(d.Text) + len(d.Quoted)
		}
	}
	var stored []sigpost.Message // whose text has to be read again
	var index []int
	for i, m := range read {
		if t, ok := a.fresh.take(m.MessageID); ok {
			give(i, t)
		} else {
			stored, index = append(stored, m), append(index, i)
		}
	}
	err := a.eachText(ctx, stored, func(i int, m *sigpost.Message) { give(index[i], textOf(m)) })
	return docs, err
}

// listsOf are the names and the List-Ids of a message's lists: a taxonomy may
// know a list by either.
func listsOf(m *sigpost.Message) []string {
	lists := slices.Clone(m.Lists)
	for _, id := range m.ListIDs {
		if !slices.Contains(lists, id) {
			lists = append(lists, id)
		}
	}
	return lists
}

// head is the first n bytes of a text, or a little less.
func head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(strings.Clone(text[:n]), "") // nobody keeps the rest
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
