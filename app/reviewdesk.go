package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/review"
	"sigpost/store"
	"sigpost/subscribe"
	"sigpost/web"
)

// reviewDesk is the App as reviewers see it on the pages.
type reviewDesk struct{ *App }

// Tags are all topics of the taxonomy and all natures, in its order.
func (d reviewDesk) Tags() []web.NamedTag {
	var all []web.NamedTag
	for _, l := range d.taggers.taxonomy.List() {
		all = append(all, web.NamedTag{Tag: l.Tag, Title: l.Title})
	}
	for _, n := range sigpost.Natures() {
		all = append(all, web.NamedTag{Tag: n.Tag(), Title: n.Title()})
	}
	return all
}

// FindTags finds tags by what somebody types: those of that very name, those that
// begin so, those that have its letters in their order,
// and where there is none those with a name that is nearly it.
func (d reviewDesk) FindTags(query string, limit int) []web.NamedTag {
	found := d.taxonomy.Search(query)
	for _, n := range sigpost.Natures() {
		if strings.Contains(strings.ToLower(n.Tag().String()+" "+n.Title()), strings.ToLower(query)) {
			found = append(found, n.Tag())
		}
	}
	if len(found) == 0 {
		for _, name := range d.taxonomy.Like(query) {
			found = append(found, d.taxonomy.Named(name)...)
		}
	}
	titles := d.titles()
	var all []web.NamedTag
	for _, tag := range found[:min(len(found), limit)] {
		all = append(all, web.NamedTag{Tag: tag, Title: cmp.Or(titles[tag.String()], sigpost.Nature(tag.Name).Title(), tag.Name)})
	}
	return all
}

// Decide accepts or rejects a tag of a thread.
func (d reviewDesk) Decide(ctx context.Context, thread int64, tag string, accept bool, who, why string) error {
	_, err := d.DecideTag(ctx, fmt.Sprint(thread), tag, accept, who, why)
	return onPage(err)
}

// LookedAt notes that somebody looked at a thread and left it as it is.
func (a *App) LookedAt(ctx context.Context, thread int64, who string) error {
	return a.Store.Tx(ctx, func(tx *store.DB) error {
		at := a.now().UTC().Truncate(time.Microsecond)
		was, err := tx.Reviewed(ctx, thread, who, at)
		if err != nil {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: at, Who: who, Action: sigpost.AuditThreadReviewed, Kind: sigpost.AuditThread, Object: fmt.Sprint(thread),
			Says: "looked at the thread and left its tags as they are", Undo: encode(reviewedUndo{at, was})})
	})
}

// reviewedUndo is what takes LookedAt back.
type reviewedUndo struct {
	At  time.Time
	Was store.LookedAt
}

func undoReviewed(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	var u reviewedUndo
	thread, err := threadOf(e)
	if err = errors.Join(err, json.Unmarshal([]byte(e.Undo), &u)); err != nil {
		return err
	}
	return tx.Unreviewed(ctx, thread, u.At, u.Was)
}

// Texts gives messages of a thread with their text, in the order in which they were
// received: the first one, those that are named, and then as many of the rest from
// the front as there is room for. left is how many it leaves out. What is kept out of
// sight is not among them.
func (d reviewDesk) Texts(ctx context.Context, thread int64, named []sigpost.MessageID, room int) (msgs []*sigpost.Message, left int, err error) {
	all, err := d.Store.ThreadMessages(ctx, thread)
	if err != nil {
		return nil, 0, err
	}
	all = slices.DeleteFunc(all, func(m sigpost.Message) bool { return m.NoArchive || m.Removed })
	if len(all) == 0 {
		return nil, 0, nil
	}
	chosen := map[int]bool{0: true}
	for i, m := range all {
		if len(chosen) < room && slices.Contains(named, m.MessageID) {
			chosen[i] = true
		}
	}
	for i := 0; i < len(all) && len(chosen) < room; i++ {
		chosen[i] = true
	}
	var some []sigpost.Message
	for i, m := range all {
		if chosen[i] {
			some = append(some, m)
		}
	}
	msgs = make([]*sigpost.Message, len(some))
	err = d.eachText(ctx, some, func(i int, m *sigpost.Message) { msgs[i] = m })
	return msgs, len(all) - len(some), err
}

// Limits of reports, which anybody can make.
const (
	reportsPerNetwork = 20 // an hour
	reportsInAll      = 300
	maxReportWords    = 300 // bytes
)

// Report takes what a reader says of a thread's tags. The error is a
// subscribe.ErrLimited where there are too many.
func (a *App) Report(ctx context.Context, thread int64, r review.Report, from netip.Prefix) error {
	limits := []sigpost.Limit{{Bucket: "reports", N: reportsInAll, Per: time.Hour}}
	source := a.tokens.Bucket("report", fmt.Sprintf("%s %d", from, thread))
	if from.IsValid() {
		limits = append(limits, sigpost.Limit{Bucket: a.tokens.Bucket("report network", from.String()), N: reportsPerNetwork, Per: time.Hour})
	}
	refused, err := a.Store.Allow(ctx, a.now(), limits...)
	switch {
	case err != nil:
		return err
	case refused.Bucket != "":
		return subscribe.ErrLimited{Retry: refused.Per / time.Duration(refused.N)}
	}
	r.At, r.Words = a.now(), head(strings.Join(strings.Fields(r.Words), " "), maxReportWords)
	_, err = a.Store.Report(ctx, thread, r, source)
	return err
}
