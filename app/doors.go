package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/store"
	"sigpost/subscribe"
)

// rows is the store as the desk and the door see it. left is told of subscriptions
// that ended.
type rows struct {
	*store.DB
	left func(sigpost.Subscription)
}

func (a *App) rows() rows { return rows{a.Store, a.leftPublication} }

// Tx runs do in one transaction.
func (r rows) Tx(ctx context.Context, do func(tx subscribe.Rows) error) error {
	return r.DB.Tx(ctx, func(tx *store.DB) error { return do(rows{tx, r.left}) })
}

// EndSubscription is the store's, as Withdraw.
func (r rows) EndSubscription(ctx context.Context, id int64, at time.Time) (bool, error) {
	return r.Withdraw(ctx, id, sigpost.ByLink, at)
}

// Withdraw is the store's, and what ended is noted where no backup undoes it.
func (r rows) Withdraw(ctx context.Context, id int64, way sigpost.ConsentWay, at time.Time) (changed bool, err error) {
	if changed, err = r.DB.Withdraw(ctx, id, way, at); err != nil || !changed {
		return changed, err
	}
	s, err := r.DB.Successor(ctx, id)
	if err == nil {
		r.left(s)
	}
	return changed, err
}

// SetPreferences is the store's; a link that was used up in the meantime is one
// that has expired.
func (r rows) SetPreferences(ctx context.Context, s sigpost.Subscription) (sigpost.Subscription, error) {
	s, err := r.DB.SetPreferences(ctx, s)
	return s, usedUp(err)
}

// Move is the store's, as SetPreferences.
func (r rows) Move(ctx context.Context, s sigpost.Subscription, digest string, given sigpost.Consent) (sigpost.Subscription, error) {
	s, err := r.DB.Move(ctx, s, digest, given)
	return s, usedUp(err)
}

func usedUp(err error) error {
	if errors.Is(err, store.ErrStale) {
		return fmt.Errorf("%w: %w", subscribe.ErrExpired, err)
	}
	return err
}

// desk is where readers come and change what they get.
func (a *App) desk() subscribe.Desk {
	return subscribe.Desk{
		Tokens: a.tokens, Rows: a.rows(), Letters: notices{a}, Clock: a.now, Publication: a.publicationOf,
		Stored: a.stored, Wake: a.wakeNotices,
	}
}

// publicationOf is what a digest is an edition of.
func (a *App) publicationOf(digest string) (p subscribe.Publication, ok bool) {
	d, err := a.Config.Digest(digest)
	if err != nil || digest == "" {
		return p, false
	}
	for _, e := range a.Config.Editions(d.Publication()) {
		p.Editions = append(p.Editions, subscribe.Edition{Digest: e.Name, Every: e.Every, SendsAll: e.Empty == "always"})
	}
	base := a.base(d)
	p.Title = base.Title
	for _, own := range []string{base.From, base.UnsubscribeMailto, base.ServiceAddress} {
		if own != "" {
			p.Own = append(p.Own, address(own).Address)
		}
	}
	for _, l := range a.Config.Lists {
		if l.Post != "" {
			p.Own = append(p.Own, address(l.Post).Address)
		}
	}
	return p, true
}

// base is the digest in the file that a digest is an edition of.
func (a *App) base(d config.Digest) config.Digest {
	if base, err := a.Config.Digest(d.Publication()); err == nil {
		return base
	}
	return d
}

// preferencesURL is where a token lets a reader change what they get, or "" where
// there is none or no pages are served.
func (a *App) preferencesURL(token string) string {
	if a.Config.Web.URL == "" || token == "" {
		return ""
	}
	return a.Config.Web.URL + "/preferences/" + token
}

// preferencesToken is that of a letter which is sent now.
func (a *App) preferencesToken(s sigpost.Subscription) string {
	return a.tokens.Preferences(s.ID, s.Serial, a.now().Add(subscribe.PreferencesTime))
}

// noticeID is a Message-ID that nobody can guess: who knows it got the letter.
func noticeID(d config.Digest) sigpost.MessageID {
	random := make([]byte, 16)
	rand.Read(random) // never fails
	return sigpost.MessageID("notice." + hex.EncodeToString(random) + "@" + domain(d.From))
}

// suppress puts an address on the suppression list: no import brings it back.
func (a *App) suppress(ctx context.Context, addr, reason string) error {
	hash, secret := a.tokens.SuppressionHash(addr)
	return a.Store.Suppress(ctx, hash, secret, reason, a.now())
}

// suppressed says why an address is on the suppression list; "" where it is not.
func (a *App) suppressed(ctx context.Context, addr string) (string, error) {
	return a.Store.Suppressed(ctx, a.tokens.SuppressionHashes(addr))
}

// checkSecrets says whether every secret that addresses were suppressed with is
// known; nothing where none is suppressed.
func (a *App) checkSecrets(ctx context.Context) []Finding {
	made, err := a.Store.SuppressionKeys(ctx)
	known := map[string]bool{}
	for _, name := range a.tokens.Secrets() {
		known[name] = true
	}
	lost, all := 0, 0
	for name, n := range made {
		all += n
		if !known[name] {
			lost += n
		}
	}
	if err == nil && lost > 0 {
		err = fmt.Errorf("%d of %d addresses were suppressed with a secret that is not known any more, so an import could bring them back: add it to archive.old_secret_files", lost, all)
	}
	if err == nil && all == 0 {
		return nil
	}
	return []Finding{finding("secrets", err, "%d known; %d addresses are suppressed", len(known), all)}
}

// noticesKept is how long it is remembered that a notice was sent.
const noticesKept = 30 * 24 * time.Hour

// forget drops requests, limits and notices that are of no use any more.
func (a *App) forget(ctx context.Context) error {
	return a.Store.Forget(ctx, a.now(), a.now().Add(-noticesKept))
}
