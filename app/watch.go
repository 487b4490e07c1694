package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"sigpost/config"
	"sigpost/ingest"
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
// again for ever; it does not hold up what can be read. Other runs may do the
// same meanwhile.
func (a *App) Watch(ctx context.Context) error {
	sources, err := a.sources()
	if err != nil {
		return err
	}
	w := &watching{pending: map[string]bool{}, wake: make(chan struct{}, 1)}
	in := a.ingester()
	in.Watching, in.Seen = a.sawWatch, a.sawEnd
	defer in.Close()
	var watches sync.WaitGroup
	defer watches.Wait()
	for name, s := range sources {
		watches.Go(func() {
			defer a.forgetWatch(name)
			in.Watch(ctx, s.Source, s.poll, s.memory, func() { w.changed(name) })
		})
	}
	left := map[string]bool{} // to be tried again
	var again <-chan time.Time
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.wake:
		case <-again:
			again = nil
			w.wait(left)
			clear(left)
		}
		failed, err := a.catchUp(ctx, w.take())
		if ctx.Err() != nil {
			continue
		}
		maps.Copy(left, failed)
		switch {
		case err != nil && again == nil:
			wait := min(a.watchWait<<min(failures, 10), maxWatchWait)
			failures++
			a.log.Warn("what is new could not all be read", "again_in", wait, "error", err)
			again = time.After(wait)
		case err == nil && again == nil:
			failures = 0
		}
	}
}

// watched is a mailbox to be watched, and how often it is asked where the server
// does not tell by itself.
type watched struct {
	ingest.Source
	poll   time.Duration
	memory *ingest.WatchMemory
}

// watchMemories are those of all mailboxes. They stay while configurations are exchanged,
// each as long as its account is the same.
type watchMemories struct {
	mu  sync.Mutex
	all map[string]watchOfAccount
}

type watchOfAccount struct {
	account string // all that the configuration says of it
	memory  *ingest.WatchMemory
}

// of is the memory of the watch on a mailbox of an account.
func (w *watchMemories) of(account config.Account, mailbox string) *ingest.WatchMemory {
	name := account.Name + "/" + mailbox
	account.Mailboxes = nil
	says := fmt.Sprintf("%+v", account)
	w.mu.Lock()
	defer w.mu.Unlock()
	if one, known := w.all[name]; known && one.account == says {
		return one.memory
	}
	m := &ingest.WatchMemory{ID: runID()}
	w.all[name] = watchOfAccount{says, m}
	return m
}

// sources are the mailboxes of the configuration by their names.
func (a *App) sources() (map[string]watched, error) {
	all := map[string]watched{}
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			source, err := a.source(account, mailbox)
			if err != nil {
				return nil, err
			}
			all[account.Name+"/"+mailbox.Name] = watched{source, time.Duration(account.Poll), a.options.watches.of(account, mailbox.Name)}
		}
	}
	return all, nil
}

// catchUp reads the mailboxes of these names, and tags what has grown. It gives
// those that could not be read.
func (a *App) catchUp(ctx context.Context, names map[string]bool) (failed map[string]bool, err error) {
	failed = names // until there is a report
	defer a.kick()
	err = a.inTurn(ctx, func(a *App) error {
		a.fresh.begin()
		defer a.fresh.end()
		failed = map[string]bool{}
		var failures []error
		for _, j := range a.Jobs() {
			if j.Kind != JobTag && (j.Kind != JobRead || !names[j.Of]) || ctx.Err() != nil {
				continue
			}
			if _, err := a.perform(ctx, j); err != nil {
				failures = append(failures, err)
				if j.Kind == JobRead {
					failed[j.Of] = true
				}
			}
		}
		return errors.Join(failures...)
	})
	return failed, err
}

// watching are the mailboxes that wait to be read.
type watching struct {
	mu      sync.Mutex
	pending map[string]bool
	wake    chan struct{} // with room for one
}

// changed has a mailbox read.
func (w *watching) changed(name string) {
	w.wait(map[string]bool{name: true})
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// wait notes that mailboxes are to be read, at the next occasion.
func (w *watching) wait(names map[string]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.pending, names)
}

func (w *watching) take() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := maps.Clone(w.pending)
	clear(w.pending)
	return names
}
