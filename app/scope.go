package app

import (
	"context"
	"strings"

	"sigpost/config"
)

// name is what the store knows a scope by; "" of NoScope.
func (s Scope) name() string { return strings.TrimSpace(string(s.Kind) + " " + s.Of) }

// scopeOfDigest is what composing, approving and filling the ledger of a digest take.
func scopeOfDigest(d config.Digest) Scope { return Scope{ScopeDigest, d.Name} }

// scopeOfDigests are those of all digests: whoever changes which messages are a thread
// takes them, so that no issue is being composed meanwhile.
func (a *App) scopeOfDigests() (all []Scope) {
	for _, d := range a.Config.Digests {
		all = append(all, scopeOfDigest(d))
	}
	return all
}

// scopeOfMailboxes are those of all mailboxes.
func (a *App) scopeOfMailboxes() (all []Scope) {
	for _, account := range a.Config.Accounts {
		for _, m := range account.Mailboxes {
			all = append(all, Scope{ScopeMailbox, account.Name + "/" + m.Name})
		}
	}
	return all
}

// within runs a stage while nobody else works on the same scopes, or on the whole
// archive; with SQLite, while nobody else works at all. Without scopes others may do
// the same at the same time.
func (a *App) within(ctx context.Context, scopes []Scope, stage func(*App) error) error {
	var names []string
	for _, s := range scopes {
		switch s.Kind {
		case NoScope, ScopeShared:
		case ScopeArchive:
			return a.locked(ctx, false, stage)
		default:
			names = append(names, s.name())
		}
	}
	unlock, err := a.Store.LockScopes(ctx, names...)
	if err != nil {
		return err
	}
	defer unlock()
	return a.inRound(ctx, func(run *App) error {
		run.shared = a.Store.Shared()
		return stage(run)
	})
}

// digestWithin is within for a digest; a dry run has all of the archive.
func (a *App) digestWithin(ctx context.Context, dry bool, d config.Digest, stage func(*App) error) error {
	if dry {
		return a.locked(ctx, dry, stage)
	}
	return a.within(ctx, []Scope{scopeOfDigest(d)}, stage)
}

// inRound gives a stage an app with a round of its own, which knows what was learned
// until now.
func (a *App) inRound(ctx context.Context, stage func(*App) error) (err error) {
	run := *a
	defer run.begin()()
	if run.tagger, err = a.taggerOf(ctx); err != nil { // another process may have learned
		return err
	}
	return stage(&run)
}
