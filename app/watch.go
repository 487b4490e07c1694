package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// What could not be read is tried again after watchWait, doubled each time up
// to maxWatchWait; so is what another run holds the lock for.
const (
	watchWait    = 15 * time.Second
	maxWatchWait = 10 * time.Minute
)

// Watch keeps the archive fresh until ctx ends, whose error it gives: it waits
// for mail in every mailbox of the configuration, reads what is new as soon as
// there is some, and tags what has grown. What goes wrong is logged, and tried
// again for ever. Other runs may do the same meanwhile.
func (a *App) Watch(ctx context.Context) error {
	w := &watching{pending: map[string]bool{}, wake: make(chan struct{}, 1)}
	in := a.ingester()
	defer in.Close()
	var watches sync.WaitGroup
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			name := account.Name + "/" + mailbox.Name
			source, err := a.source(account, mailbox)
			if err != nil {
				return err
			}
			watches.Go(func() {
				in.Watch(ctx, source, time.Duration(account.Poll), func() { w.changed(name) })
			})
		}
	}
	defer watches.Wait()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.wake:
		}
		err := a.catchUp(ctx, w)
		if err == nil || ctx.Err() != nil {
			failures = 0
			continue
		}
		wait := min(watchWait<<min(failures, 10), maxWatchWait)
		failures++
		a.log.Warn("what is new could not all be read", "again_in", wait, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
			w.again()
		}
	}
}

// catchUp reads the mailboxes in which something has changed, and tags what has
// grown. Those that could not be read are left to be tried again.
func (a *App) catchUp(ctx context.Context, w *watching) error {
	names := w.take()
	if len(names) == 0 {
		return nil
	}
	failed := slices.Collect(maps.Keys(names)) // until there is a report
	err := a.locked(ctx, false, func(a *App) error {
		report, _, err := a.readAndTag(ctx, func(name string) bool { return names[name] })
		failed = report.Failed
		return err
	})
	for _, name := range failed {
		if err != nil {
			w.wait(name)
		}
	}
	return err
}

// watching are the mailboxes that wait to be read.
type watching struct {
	mu      sync.Mutex
	pending map[string]bool
	wake    chan struct{} // with room for one
}

func (w *watching) changed(name string) {
	w.wait(name)
	w.again()
}

// wait notes that a mailbox is to be read, at the next occasion.
func (w *watching) wait(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending[name] = true
}

func (w *watching) again() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *watching) take() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := maps.Clone(w.pending)
	clear(w.pending)
	return names
}
