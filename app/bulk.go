package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
	"sigpost/web"
)

// BulkFind finds the threads that a filter means, the newest first, at most web.BulkMost,
// of which nobody has decided on the tag that is to be decided on.
func (a *App) BulkFind(ctx context.Context, f web.BulkFilter) ([]store.BulkThread, error) {
	q := store.BulkQuery{Target: f.Target, Tag: f.Tag, State: f.State, Least: f.Least, Most: f.Most, Rule: f.Rule, List: f.List,
		After: f.After, Before: f.Before, Limit: web.BulkMost}
	if f.Target == (sigpost.Tag{}) {
		q.Target = f.Tag
	}
	if q.Target == (sigpost.Tag{}) {
		return nil, sigpost.Usage(errors.New("choose the tag that is to be decided on"))
	}
	if f.Tag == (sigpost.Tag{}) && f.Words == "" && f.List == "" && f.After.IsZero() && f.Before.IsZero() {
		return nil, sigpost.Usage(errors.New("that would be every thread of the archive: narrow it by a tag, a list, days or words"))
	}
	if f.Rule != "" && f.Tag == (sigpost.Tag{}) {
		return nil, sigpost.Usage(errors.New("a rule is of a tag: choose that as well"))
	}
	if f.Words != "" {
		q.Words = search.Parse(f.Words, a.SearchNames(ctx))
		for _, p := range q.Words.Problems {
			if p.Fatal {
				return nil, sigpost.Usage(errors.New(p.Says))
			}
		}
	}
	return a.Store.BulkFind(ctx, q)
}

// BulkDecide accepts or rejects a tag of several threads, in one transaction and as
// one act that can be taken back as a whole. The threads are those that BulkFind gave:
// where it would give others by now, nothing is done, and the error wraps
// web.ErrOtherThreads.
func (a *App) BulkDecide(ctx context.Context, f web.BulkFilter, threads string, accept bool, who, why string) (n int, err error) {
	target := f.Target
	if target == (sigpost.Tag{}) {
		target = f.Tag
	}
	tag, title, err := a.tagNamed(target.String())
	if err != nil {
		return 0, err
	}
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		in := *a
		in.Store = tx
		found, err := in.BulkFind(ctx, f)
		if err != nil {
			return err
		}
		if web.BulkThreads(found) != threads {
			return web.ErrOtherThreads
		}
		undo := bulkUndo{Tag: tag, Accept: accept, At: a.now().UTC().Truncate(time.Microsecond)}
		for _, t := range found {
			undo.Threads = append(undo.Threads, t.ID)
		}
		if n = len(found); n == 0 {
			return sigpost.Usage(errors.New("there is no such thread"))
		}
		if err := tx.DecideAll(ctx, undo.Threads, tag, title, accept, who, why, undo.At); err != nil {
			return err
		}
		verb := "rejected"
		if accept {
			verb = "accepted"
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: undo.At, Who: who, Action: sigpost.AuditTagBulk, Kind: sigpost.AuditTag, Object: tag.String(),
			Says: because(fmt.Sprintf("%s the tag %s of %d threads at once", verb, title, n), why), Detail: encode(f), Undo: encode(undo)})
	})
	if err == nil {
		a.wakeDrafts()
	}
	return n, err
}

// bulkUndo is what takes BulkDecide back: nobody had decided on the tag before.
type bulkUndo struct {
	Tag     sigpost.Tag
	Accept  bool
	At      time.Time
	Threads []int64
}

// undoBulk takes the decisions back that still hold; what somebody decided otherwise
// since then stays.
func (a *App) undoBulk(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	var u bulkUndo
	if err := json.Unmarshal([]byte(e.Undo), &u); err != nil {
		return err
	}
	decided, err := tx.DecisionsOf(ctx, u.Threads)
	if err != nil {
		return err
	}
	for _, id := range u.Threads {
		if !holds(decided[id], u.Tag, u.Accept, u.At) {
			continue
		}
		if err := tx.Undecide(ctx, id, u.Tag, a.now()); err != nil {
			return err
		}
	}
	return nil
}
