package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	// sender is who takes letters, of several senders; 0 where a lock keeps all
	// others away.
	sender int64
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
	before, report := b.sending, *b.report
	err = b.Tx(ctx, func(tx *store.DB) error {
		var err error
		if s, err = tx.Sending(ctx, issueID); err != nil {
			return err
		}
		results := asEnded(s, results)
		if standsStill(s) != nil {
			limit = 0
		}
		if claims, err = tx.Turn(ctx, issueID, results, now, lease, limit); err != nil {
			return err
		}
		for len(claims) < limit && !b.sending.Filled() {
			if claims, _, err = b.enter(ctx, tx, claims, now, lease, limit); err != nil {
				return err
			}
		}
		return b.refused(ctx, tx, results)
	})
	if err != nil {
		b.sending, b.report.Queued, b.report.Nothing = before, report.Queued, report.Nothing
		return nil, err
	}
	b.report.told += b.a.sawLetters(b.packer.d.Name, results)
	if err := standsStill(s); err != nil {
		return nil, err
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
// why. ok is false where another sender was quicker.
func (b *books) enter(ctx context.Context, tx *store.DB, claims []sigpost.Claim, now, lease time.Time, limit int) (_ []sigpost.Claim, ok bool, err error) {
	limit -= len(claims)
	wanted := max(limit, leastEntered)
	readers, err := tx.Addressees(ctx, b.sending, b.packer.d.Name, wanted)
	if err != nil {
		return nil, true, err
	}
	rows := make([]sigpost.Delivery, 0, len(readers))
	letters := 0
	for _, s := range readers {
		if letters == limit {
			break
		}
		row := b.row(s, now)
		if row.State == sigpost.DeliverySending {
			row.Lease, row.Holder = lease, b.sender
			letters++
		}
		rows = append(rows, row)
	}
	upTo := b.sending.QueueEnd
	if len(rows) == wanted || letters == limit {
		upTo = rows[len(rows)-1].SubscriptionID
	}
	ok, err = tx.Enter(ctx, &b.sending, upTo, rows, now)
	if err != nil || !ok {
		return claims, ok, err
	}
	b.report.Queued += len(rows)
	b.report.Nothing += len(rows) - letters
	claims = slices.Grow(claims, letters)
	for i, row := range rows {
		if row.State == sigpost.DeliverySending {
			claims = append(claims, sigpost.Claim{Delivery: row, Subscription: readers[i]})
		}
	}
	return claims, true, nil
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

// wanted says whether a reader still gets the letter that was taken for them.
func (b *books) wanted(ctx context.Context, c sigpost.Claim) error {
	s, err := b.Subscription(ctx, c.SubscriptionID)
	if errors.Is(err, sigpost.ErrNotFound) || err == nil && (s.State != sigpost.SubscriptionActive || s.PausedUntil.After(b.a.now())) {
		return fmt.Errorf("%s: %w", store.Gone, deliver.ErrNoLetter)
	}
	return err
}

// openBulk is what sends letters, for a while where lasting is not 0: by the
// configured servers, or in a dry run by one that only notes them.
//
// letters is how many are left, which says how many processes of those that work send them
// at the same time.
func (a *App) openBulk(r *SendReport, b *books, letters int, lasting time.Duration) (*deliver.Bulk, func() error, error) {
	options := deliver.Options{Unknown: deliver.Hold, Patience: time.Minute, For: lasting, Wanted: b.wanted}
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
	nothing := func() error { return nil }
	if !a.Store.Shared() {
		return deliver.NewBulk(b, servers, limits, a.now, a.log, options), nothing, nil
	}
	c := &crew{books: b, clock: &ledgerClock{a: a}, most: a.sharing.most(letters), limits: map[string]deliver.DomainLimit{}}
	for _, l := range limits {
		for _, name := range l.Domains {
			c.limits[strings.ToLower(name)] = l
		}
	}
	// What another sender has in hand that is gone can be settled in this run.
	options.Crew, options.Lease = c, a.leaseOfSenders()
	options.Patience = leasePatience + a.lease
	return deliver.NewBulk(c, servers, limits, c.clock.Now, a.log, options), nothing, nil
}

// leasePatience is how long a lease of the usual length may last, and a little more.
const leasePatience = 75 * time.Second
