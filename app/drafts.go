package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// What reviewers decide reaches the archive and its feeds at once, since they are
// made of rows. An open draft is a text that was composed before: it is composed
// anew, which takes the run's lock, so that it is done behind the reviewer's back.

// wakeDrafts says that there may be drafts to compose anew. It does not wait.
func (a *App) wakeDrafts() { poke(a.stale) }

// How long serve waits until a run lets it compose a draft anew, how often it looks
// for what another process decided, and how long it waits for more decisions.
const (
	draftRetry  = 5 * time.Second
	draftLook   = time.Minute
	draftGather = time.Second
)

// watchDrafts composes drafts anew when reviewers have decided, until ctx is done.
func (a *App) watchDrafts(ctx context.Context) {
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-a.stale:
			wait = draftGather
		case <-time.After(wait):
			wait = draftLook
			switch err := a.FreshenDrafts(ctx); {
			case errors.Is(err, sigpost.ErrLocked):
				wait = draftRetry
			case err != nil && ctx.Err() == nil:
				a.log.Error("a draft does not follow what reviewers decided yet", "error", err)
			}
		}
	}
}

// FreshenDrafts composes those drafts anew of whose threads somebody has decided
// something since they were composed: on tags, on what is one thread, or on what is
// shown of it. The error wraps sigpost.ErrLocked while a run goes
// on; that does it too.
func (a *App) FreshenDrafts(ctx context.Context) error {
	all, err := a.Store.StaleDrafts(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	return a.locked(ctx, false, func(a *App) error { return a.freshenDrafts(ctx, "") })
}

// freshenDrafts is FreshenDrafts in a run, for one digest, or for all where its name
// is empty.
func (a *App) freshenDrafts(ctx context.Context, digest string) error {
	all, err := a.Store.StaleDrafts(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, s := range all {
		if digest != "" && s.Digest != digest {
			continue
		}
		d, err := a.Config.Digest(s.Digest)
		if err != nil { // the configuration has it no more: nobody can send it
			continue
		}
		if _, err = a.rebuild(ctx, d, s.Number, "composed the draft anew, since its threads were decided on"); err == nil {
			err = a.Store.Freshened(ctx, s)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("issue %d of %s: %w", s.Number, s.Digest, err))
		}
	}
	return errors.Join(failures...)
}
