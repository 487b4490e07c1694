package app

import (
	"context"
	"fmt"
	"slices"

	"sigpost"
	"sigpost/store"
)

// Retried says what became of a mail that was tried again.
type Retried struct {
	ID int64 `json:"id"`
	// MessageID is set where it is stored now, or was already.
	MessageID sigpost.MessageID `json:"message_id,omitempty"`
	Duplicate bool              `json:"duplicate,omitempty"`
	// Reason is why it stays in quarantine.
	Reason string `json:"reason,omitempty"`
}

// RetryQuarantined reads mail of the quarantine again, with the parser of
// today: the numbers given, or all. What the source kept back is asked for
// again. What can be read is stored, and taken out of quarantine in the same
// transaction. The error names what went wrong beyond the mail itself.
func (a *App) RetryQuarantined(ctx context.Context, ids []int64) (all []Retried, err error) {
	err = a.within(ctx, []Scope{{Kind: ScopeQuarantine}}, func(a *App) error {
		if len(ids) == 0 {
			if ids, err = a.everyQuarantined(ctx); err != nil {
				return err
			}
		}
		for i, id := range ids {
			one, err := a.retry(ctx, id)
			if err != nil {
				return err
			}
			all = append(all, one)
			a.progress("trying again", Messages, i+1, len(ids))
		}
		return nil
	})
	return all, err
}

// everyQuarantined gives the numbers of all, oldest first.
func (a *App) everyQuarantined(ctx context.Context) (ids []int64, err error) {
	before := int64(0)
	for {
		page, err := a.Store.Quarantine(ctx, before, 0)
		if err != nil || len(page) == 0 {
			slices.Reverse(ids)
			return ids, err
		}
		for _, q := range page {
			ids = append(ids, q.ID)
		}
		before = ids[len(ids)-1]
	}
}

func (a *App) retry(ctx context.Context, id int64) (Retried, error) {
	result := Retried{ID: id}
	q, err := a.Store.Quarantined(ctx, id)
	if err != nil {
		return result, err
	}
	arrival := sigpost.Arrival{Raw: q.Raw, List: q.List, Source: q.Source, UID: q.UID}
	if q.Partial {
		if arrival, err = a.refetch(ctx, q); err != nil {
			result.Reason = err.Error()
			return result, ctx.Err()
		}
	} else if arrival.Message, err = a.parse(q.Raw, q.At); err != nil {
		result.Reason = err.Error()
		return result, nil
	}
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		counts, err := a.knowing(tx).Add(ctx, nil, []sigpost.Arrival{arrival}, a.now())
		if err != nil {
			return err
		}
		result.MessageID, result.Duplicate = arrival.Message.MessageID, counts.Duplicates > 0
		if err := tx.Release(ctx, id); err != nil {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: a.now(), Action: sigpost.AuditQuarantineRetry, Kind: sigpost.AuditQuarantine, Object: fmt.Sprint(id),
			Says: fmt.Sprintf("took a mail out of quarantine: <%s>", result.MessageID)})
	})
	return result, err
}

// refetch asks the mailbox for a mail that it once kept back.
func (a *App) refetch(ctx context.Context, q sigpost.Quarantined) (sigpost.Arrival, error) {
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			if account.Name+"/"+mailbox.Name != q.Source {
				continue
			}
			source, err := a.source(account, mailbox)
			if err != nil {
				return sigpost.Arrival{}, err
			}
			in := a.ingester()
			defer in.Close()
			return in.FetchOne(ctx, source, q.UID, q.Raw)
		}
	}
	return sigpost.Arrival{}, fmt.Errorf("it is from %s, which is not in the configuration any more, and was never read whole", q.Source)
}
