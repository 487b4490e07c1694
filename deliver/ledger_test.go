package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"sigpost"
)

// memory is a ledger that holds everybody to its rules: one row for an issue
// and a subscription, and only the steps that a delivery can take.
type memory struct {
	t     testing.TB
	mu    sync.Mutex
	rows  []*sigpost.Delivery
	byID  map[int64]*sigpost.Delivery
	ended map[int64]bool // subscriptions that are over
	fail  error          // what Record gives
	leaky bool           // leases keep nobody off
}

const issue = int64(7)

func newMemory(t testing.TB, subscriptions int) *memory {
	m := &memory{t: t, byID: map[int64]*sigpost.Delivery{}, ended: map[int64]bool{}}
	for i := range subscriptions {
		m.queue(int64(i + 1))
	}
	return m
}

// queue adds a delivery, whose number is 100 + that of the subscription, unless
// there is one: UNIQUE(issue, subscription).
func (m *memory) queue(subscription int64) {
	id := 100 + subscription
	if m.byID[id] != nil {
		return
	}
	m.byID[id] = &sigpost.Delivery{ID: id, IssueID: issue, SubscriptionID: subscription, State: sigpost.DeliveryQueued,
		MessageID: sigpost.MessageID(fmt.Sprintf("id%d@example.org", subscription))}
	m.rows = append(m.rows, m.byID[id])
}

func (m *memory) Claim(ctx context.Context, issueID int64, now, lease time.Time, limit int) ([]sigpost.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var batch []sigpost.Delivery
	for _, d := range m.rows {
		free := d.State == sigpost.DeliveryQueued && !d.Due.After(now) && (m.leaky || !d.Lease.After(now))
		if d.IssueID == issueID && free && len(batch) < limit {
			d.Lease = lease
			batch = append(batch, *d)
		}
	}
	return batch, nil
}

func (m *memory) row(id int64) *sigpost.Delivery {
	if m.byID[id] == nil {
		m.t.Fatalf("there is no delivery %d", id)
	}
	return m.byID[id]
}

func (m *memory) Begin(ctx context.Context, id int64, now time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.row(id)
	if d.State != sigpost.DeliveryQueued {
		return false, nil
	}
	if m.ended[d.SubscriptionID] {
		d.State, d.Lease = sigpost.DeliverySuppressed, time.Time{}
		return false, nil
	}
	d.State = sigpost.DeliverySending
	d.Attempts++
	return true, nil
}

func (m *memory) Record(ctx context.Context, id int64, state sigpost.DeliveryState, reply string, due, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d := m.row(id)
	if d.State != sigpost.DeliverySending {
		return fmt.Errorf("delivery %d is %s and cannot become %s", id, d.State, state)
	}
	d.State, d.Reply, d.Due, d.Updated, d.Lease = state, reply, due, at, time.Time{}
	return nil
}

func (m *memory) Recover(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows {
		switch {
		case d.State == sigpost.DeliveryQueued && !d.Lease.IsZero():
			released++
		case d.State == sigpost.DeliverySending && resend:
			d.State, d.Due = sigpost.DeliveryQueued, at
			released++
		case d.State == sigpost.DeliverySending:
			d.State = sigpost.DeliveryUnknown
			unknown++
		}
		d.Lease = time.Time{}
	}
	return released, unknown, nil
}

// Turn is that of Books.
func (m *memory) Turn(ctx context.Context, issueID int64, results []sigpost.DeliveryResult, now, lease time.Time, limit int) ([]sigpost.Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil && len(results) > 0 {
		return nil, m.fail
	}
	for _, r := range results {
		d := m.row(r.DeliveryID)
		if d.State != sigpost.DeliverySending {
			m.t.Errorf("delivery %d is %s and cannot become %s", d.ID, d.State, r.State)
		}
		if d.State, d.Reply, d.Updated, d.Lease = r.State, r.Reply, now, (time.Time{}); d.State == sigpost.DeliveryQueued {
			d.Due = r.Due
		}
		if r.Untried {
			d.Attempts--
		}
	}
	var taken []sigpost.Claim
	for _, d := range m.rows {
		if len(taken) == limit {
			break
		}
		if d.IssueID != issueID || d.State != sigpost.DeliveryQueued || d.Due.After(now) {
			continue
		}
		if m.ended[d.SubscriptionID] {
			d.State = sigpost.DeliverySuppressed
			continue
		}
		d.State, d.Lease = sigpost.DeliverySending, lease
		d.Attempts++
		taken = append(taken, sigpost.Claim{Delivery: *d, Subscription: sigpost.Subscription{ID: d.SubscriptionID,
			Subscriber: sigpost.Subscriber{Addr: reader(d.SubscriptionID)}}})
	}
	return taken, nil
}

// Waiting is that of Books.
func (m *memory) Waiting(_ context.Context, issueID int64) (n int, due time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows {
		if d.IssueID == issueID && d.State == sigpost.DeliveryQueued {
			if n++; due.IsZero() || d.Due.Before(due) {
				due = d.Due
			}
		}
	}
	return n, due, nil
}

// states counts the rows.
func (m *memory) states() sigpost.DeliveryCounts {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts := sigpost.DeliveryCounts{}
	for _, d := range m.rows {
		counts[d.State]++
		if d.State == sigpost.DeliveryQueued && !d.Lease.IsZero() {
			m.t.Errorf("delivery %d is still claimed", d.ID)
		}
	}
	return counts
}

var errDiskFull = errors.New("disk full")
