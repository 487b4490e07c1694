package web

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// kept is what takes a while to work out, and need not be of this very moment.
// One that is old is given out while a new one is made; nobody waits but for the
// first one, and for one that is ten times as old as it may be.
type kept[T any] struct {
	life time.Duration
	make func(context.Context) (T, error)
	log  *slog.Logger

	mu    sync.Mutex
	value T
	at    time.Time // zero for never
	busy  bool
}

// limit is how long making one may take where nobody waits for it.
const limit = time.Minute

func (k *kept[T]) get(ctx context.Context) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := time.Since(k.at)
	switch {
	case age < k.life:
	case age > 10*k.life:
		value, err := k.make(ctx)
		if err != nil {
			return value, err
		}
		k.value, k.at = value, time.Now()
	case !k.busy:
		k.busy = true
		go k.renew(context.WithoutCancel(ctx))
	}
	return k.value, nil
}

func (k *kept[T]) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	value, err := k.make(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy = false
	if err != nil {
		k.log.Warn("what pages show is not brought up to date", "error", err)
		return
	}
	k.value, k.at = value, time.Now()
}
