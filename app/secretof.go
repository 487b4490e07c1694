package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sigpost"
	"sigpost/deliver"
)

// madeHere says whether the letters of an issue were made with a secret that this process
// has: their Message-IDs are made with it, as their links are. Where there are none, it is
// true.
func (a *App) madeHere(ctx context.Context, issue sigpost.Issue) (bool, error) {
	id, subscription, err := a.Store.SomeLetter(ctx, issue.ID)
	if errors.Is(err, sigpost.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	secrets, err := a.Config.OldSecrets()
	if err != nil {
		return false, err
	}
	_, domain, _ := strings.Cut(string(id), "@")
	for _, secret := range append(secrets, a.secret) {
		if deliver.NewMessageIDs(secret, issue.Digest, issue.Window.To, issue.Number, domain).For(subscription) == id {
			return true, nil
		}
	}
	return false, nil
}

// checkSecret refuses to work beside processes that have another secret: the pages of
// those would not know the links in the letters of this one, nor the other way round.
func (a *App) checkSecret(ctx context.Context) error {
	for _, d := range a.Config.Digests {
		last, err := a.lastPublic(ctx, d)
		if errors.Is(err, sigpost.ErrNotFound) {
			continue
		}
		if err == nil {
			err = a.checkSecretOf(ctx, last)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *App) checkSecretOf(ctx context.Context, issue sigpost.Issue) error {
	ours, err := a.madeHere(ctx, issue)
	if err != nil || ours {
		return err
	}
	return fmt.Errorf("the letters of issue %d of %s were made with another secret than that of this process, whose links would be dead: give all processes the same secret_file and old_secret_files; "+
		"where that secret is lost, \"sigpost run\" sends the next issue with the new one, which is the archive's then", issue.Number, issue.Digest)
}
