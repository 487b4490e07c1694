package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/internal/ownfile"
)

// What no backup may undo is noted in a file beside that of the generation: who has
// left, and who was erased, by the keyed hashes of the suppression list. A restored
// archive is told of it before it sends anything.
const (
	leftEntry   = "left"
	erasedEntry = "erased"
)

func leftFile(cfg *config.Config) string { return cfg.GenerationFile() + ".left" }

func (a *App) leftFile() string { return leftFile(a.Config) }

// noteLeft notes that somebody has left a publication, or all where digest is "*". What
// cannot be noted is logged: it is no reason to refuse anybody who wants to leave.
func (a *App) noteLeft(what, digest, addr string) {
	if a.dry {
		return
	}
	hash, _ := a.tokens.SuppressionHash(addr)
	f, err := ownfile.Open(a.leftFile(), os.O_APPEND|os.O_WRONLY)
	if err == nil {
		// In one piece, so that two who write do not get between each other; and on a line
		// of its own, where a power cut left one half written.
		_, err = fmt.Fprintf(f, "\n%s %d %s %s\n", what, a.now().UnixMicro(), digest, hash)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		a.log.Error("somebody has left, and an archive that is put back from a backup will not know of it", "digest", digest, "error", err)
	}
}

// leftPublication notes that a subscription was ended by who had it, or for them.
func (a *App) leftPublication(s sigpost.Subscription) {
	digest := s.Digest
	if d, err := a.Config.Digest(digest); err == nil {
		digest = d.Publication()
	}
	a.noteLeft(leftEntry, digest, s.Subscriber.Addr)
}

// leftKey is of whom something was noted; the digest is "*" for who was erased.
type leftKey struct{ digest, hash string }

// leftSince reads the file: when each left last. A line that was cut short says
// nothing.
func (a *App) leftSince() (map[leftKey]time.Time, error) {
	data, err := os.ReadFile(a.leftFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("it cannot be seen who has left since the archive was saved: %w", err)
	}
	all := map[leftKey]time.Time{}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) != 4 || !strings.HasSuffix(line, "\n") || fields[0] != leftEntry && fields[0] != erasedEntry {
			continue
		}
		at, err := strconv.ParseInt(fields[1], 10, 64)
		key := leftKey{fields[2], fields[3]}
		if t := time.UnixMicro(at).UTC(); err == nil && t.After(all[key]) {
			all[key] = t
		}
	}
	return all, nil
}

// endLeft ends, in an archive that was put back, the subscriptions of those who had
// left, and forgets who was erased. It counts them.
func (a *App) endLeft(ctx context.Context) (n int, err error) {
	all, err := a.leftSince()
	if err != nil || len(all) == 0 {
		return 0, err
	}
	for _, d := range a.Config.Digests {
		err := a.subscriptions(ctx, d, func(s sigpost.Subscription) error {
			changed, err := a.endIfLeft(ctx, d, s, all)
			if changed {
				n++
			}
			return err
		})
		if err != nil {
			return n, err
		}
	}
	if n > 0 {
		a.log.Warn("readers had left since the archive was saved, and have left again", "subscriptions", n)
	}
	return n, nil
}

func (a *App) endIfLeft(ctx context.Context, d config.Digest, s sigpost.Subscription, all map[leftKey]time.Time) (changed bool, err error) {
	for _, hash := range a.tokens.SuppressionHashes(s.Subscriber.Addr) {
		if all[leftKey{"*", hash}].After(s.Since) {
			return a.Erase(ctx, s.Subscriber.Addr, "erased before the archive was put back")
		}
		if s.State.Subscribed() && all[leftKey{d.Publication(), hash}].After(s.Since) {
			return a.Store.EndSubscription(ctx, s.ID, a.now())
		}
	}
	return false, nil
}
