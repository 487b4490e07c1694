package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"sigpost"
	"sigpost/deliver"
	"sigpost/store"
)

// nothingForThem is why a reader gets no letter of an issue.
const nothingForThem = "nothing on this reader's topics"

// leastEntered is how many subscriptions get their rows at once, where as many are
// left: those without a letter go by quickly.
const leastEntered = 100

// books is the ledger of an issue, which is filled as letters go out: with many
// readers nobody has to wait until all have their rows.
type books struct {
	*store.DB
	a       *App
	packer  *packer
	sending store.Sending
	report  *SendReport
	counted time.Time // when the generation was counted on last
}

// Turn is the store's; where fewer are due than are wanted, those come up who
// have no row yet.
func (b *books) Turn(ctx context.Context, issueID int64, results []sigpost.DeliveryResult, now, lease time.Time, limit int) (claims []sigpost.Claim, err error) {
	closed := !b.packer.d.Hours().Open(now)
	if closed { // what is done is recorded, and no more is begun
		limit = 0
	}
	if limit > 0 {
		if err := b.count(ctx, now); err != nil {
			return nil, err
		}
	}
	var s store.Sending
	var paused bool
	before, report := b.sending, *b.report
	err = b.Tx(ctx, func(tx *store.DB) error {
		var err error
		if s, err = tx.Sending(ctx, issueID); err != nil {
			return err
		}
		if s.EndedWhy != "" { // what would be tried again is not
			for i := range results {
				if results[i].State == sigpost.DeliveryQueued {
					results[i].State, results[i].Reply = sigpost.DeliverySuppressed, s.EndedWhy
				}
			}
		}
		if paused = !s.Paused.IsZero() || s.EndedWhy != ""; paused {
			limit = 0
		}
		if claims, err = tx.Turn(ctx, issueID, results, now, lease, limit); err != nil {
			return err
		}
		for len(claims) < limit && !b.sending.Filled() {
			if claims, err = b.enter(ctx, tx, claims, now, lease, limit); err != nil {
				return err
			}
		}
		return b.refused(ctx, tx, results)
	})
	if err != nil {
		b.sending, b.report.Queued, b.report.Nothing = before, report.Queued, report.Nothing
		return nil, err
	}
	b.a.sawLetters(b.packer.d.Name, results)
	if paused {
		return nil, fmt.Errorf("%w: %s", deliver.ErrPaused, cmp.Or(s.EndedWhy, s.PausedWhy))
	}
	if closed {
		return nil, fmt.Errorf("%w: %w", deliver.ErrPaused, errClosed)
	}
	return claims, nil
}

// countEvery is how often the archive's generation goes up while letters go out:
// a copy of the archive that is older than that is found out.
const countEvery = time.Minute

// count counts the archive's generation on, from time to time.
func (b *books) count(ctx context.Context, now time.Time) error {
	if now.Sub(b.counted) < countEvery && !now.Before(b.counted) {
		return nil
	}
	b.counted = now
	return b.a.countGeneration(ctx)
}

// refused counts what servers refused for good against the addresses, where they
// spoke of those.
func (b *books) refused(ctx context.Context, tx *store.DB, results []sigpost.DeliveryResult) error {
	for _, r := range results {
		if r.Refusal == "" {
			continue
		}
		letter, err := tx.Delivery(ctx, r.DeliveryID)
		if err != nil {
			return err
		}
		s, err := tx.Subscription(ctx, letter.SubscriptionID)
		if err != nil {
			return err
		}
		effect, err := b.a.Refused(ctx, tx, letter, s, r.Refusal, r.Command, "")
		if err != nil {
			return err
		}
		b.a.log.Log(ctx, levelOf(effect), "a letter was refused for good", "subscription", s.ID, "effect", effect, "reply", r.Refusal)
	}
	return nil
}

// enter gives the next subscriptions their rows, and makes claims up to limit of
// letters, which are being sent now. Readers who get no letter get a row that says
// why.
func (b *books) enter(ctx context.Context, tx *store.DB, claims []sigpost.Claim, now, lease time.Time, limit int) ([]sigpost.Claim, error) {
	limit -= len(claims)
	wanted := max(limit, leastEntered)
	readers, err := tx.Addressees(ctx, b.sending, b.packer.d.Name, wanted)
	if err != nil {
		return nil, err
	}
	rows := make([]sigpost.Delivery, 0, len(readers))
	letters := 0
	for _, s := range readers {
		if letters == limit {
			break
		}
		row := b.row(s, now)
		if row.State == sigpost.DeliverySending {
			row.Lease = lease
			letters++
		}
		rows = append(rows, row)
	}
	upTo := b.sending.QueueEnd
	if len(rows) == wanted || letters == limit {
		upTo = rows[len(rows)-1].SubscriptionID
	}
	ok, err := tx.Enter(ctx, &b.sending, upTo, rows, now)
	if err != nil || !ok {
		return claims, err
	}
	b.report.Queued += len(rows)
	b.report.Nothing += len(rows) - letters
	claims = slices.Grow(claims, letters)
	for i, row := range rows {
		if row.State == sigpost.DeliverySending {
			claims = append(claims, sigpost.Claim{Delivery: row, Subscription: readers[i]})
		}
	}
	return claims, nil
}

func (b *books) row(s sigpost.Subscription, now time.Time) sigpost.Delivery {
	row := sigpost.Delivery{IssueID: b.sending.IssueID, SubscriptionID: s.ID, State: sigpost.DeliverySending, Due: b.sending.Begun,
		MessageID: b.packer.ids.For(s.ID)}
	switch {
	case s.PausedUntil.After(now):
		row.State, row.Reply = sigpost.DeliverySuppressed, fmt.Sprintf("paused until %s", s.PausedUntil.Format(time.DateOnly))
	case !b.packer.kindOf(s).worth:
		row.State, row.Reply = sigpost.DeliverySuppressed, nothingForThem
	}
	return row
}

// openBulk is what sends letters: by the configured servers, or in a dry run by
// one that only notes them.
func (a *App) openBulk(r *SendReport, b *books) (*deliver.Bulk, func() error, error) {
	options := deliver.Options{Unknown: deliver.Hold, Patience: time.Minute}
	if a.Config.SMTP.Unknown == "resend" {
		options.Unknown = deliver.Resend
	}
	if a.dry {
		courier := &noting{report: r}
		return deliver.NewBulkBy(b, courier, a.now, a.log, options), courier.Close, nil
	}
	servers, limits, err := a.smtpServers()
	if err != nil {
		return nil, nil, err
	}
	return deliver.NewBulk(b, servers, limits, a.now, a.log, options), func() error { return nil }, nil
}
