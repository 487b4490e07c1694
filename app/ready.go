package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"sigpost/store"
)

// How long the archive may take to answer before the app is not ready, and for how long
// what it said holds: strangers may ask as often as they like.
const (
	readyTime = 2 * time.Second
	readyLife = time.Second
)

// notReady says why requests had better go elsewhere: in words that everybody may read,
// with the cause for operators.
type notReady struct {
	says  string
	cause error
}

// Error is what everybody may read.
func (n *notReady) Error() string { return n.says }

// Unwrap is the cause.
func (n *notReady) Unwrap() error { return n.cause }

// readiness is what was last found of whether an app is ready.
type readiness struct {
	mu    sync.Mutex
	at    time.Time
	found error
}

// Ready says what keeps the app from its work: that the archive does not answer, that
// its tables are of another version, or that the scheduler stands still where there is
// one. The error's words may be shown to everybody; what it wraps may not.
func (a *App) Ready(ctx context.Context) error {
	r := a.readiness
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < readyLife {
		return r.found
	}
	before := r.found
	r.found = a.ready(ctx)
	if ctx.Err() == nil { // else it was who asks that gave up
		r.at = time.Now()
	}
	switch {
	case r.found != nil && (before == nil || before.Error() != r.found.Error()):
		a.log.Warn("not ready", "reason", r.found, "error", errors.Unwrap(r.found))
	case r.found == nil && before != nil:
		a.log.Info("ready again")
	}
	return r.found
}

func (a *App) ready(ctx context.Context) error {
	if !a.beats.turn() {
		return &notReady{"the scheduler stands still: see what the log says last, and start sigpost anew", nil}
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	err := a.Store.Ready(ctx)
	switch {
	case errors.Is(err, store.ErrVersion):
		return &notReady{"the tables of the archive are of another version than this sigpost: run the same version everywhere", err}
	case err != nil:
		return &notReady{"the database does not answer: \"sigpost doctor\" says why", err}
	}
	return nil
}
