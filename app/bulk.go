package app

import (
	"context"

	"sigpost"
	"sigpost/store"
)

func undoReattach(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error      { return nil }
func (a *App) undoBulk(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error { return nil }
