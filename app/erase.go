package app

import (
	"cmp"
	"context"

	"sigpost"
	"sigpost/store"
	"sigpost/subscribe"
)

// Erase forgets a person. What stays is a keyed hash of the address on the
// suppression list, so that no import brings them back; they themselves can come
// back by confirming a request. found says whether anything was stored.
func (a *App) Erase(ctx context.Context, address, reason string) (found bool, err error) {
	_, addr, err := subscribe.ParseAddress(address)
	if err != nil {
		return false, sigpost.Usage(err)
	}
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		inside := *a
		inside.Store = tx
		if found, err = tx.Erase(ctx, addr, a.now()); err != nil {
			return err
		}
		return inside.suppress(ctx, addr, cmp.Or(reason, "erased"))
	})
	if err == nil {
		a.noteLeft(erasedEntry, "*", addr)
	}
	return found, err
}
