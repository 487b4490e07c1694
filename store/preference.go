package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// ErrStale says that a subscription is not any more what it was when somebody
// began to change it: another link has been used since, or it has ended.
var ErrStale = errors.New("the subscription was changed since, or has ended")

// SetPreferences stores the wishes of an active subscription, its subscriber's
// zone, and raises its Serial, so that links that were used are used up. Whoever
// does that is reached, so that a suspension ends. s.Serial
// is what it is expected to be: the error wraps ErrStale where it is another, or
// the subscription has ended.
func (db *DB) SetPreferences(ctx context.Context, s sigpost.Subscription) (sigpost.Subscription, error) {
	err := db.Tx(ctx, func(tx *DB) error {
		n, err := tx.exec(ctx, `UPDATE subscriptions SET topics = $3, muted = $4, as_text = $5, news_only = $6, paused_until = $7, serial = serial + 1,
resumed_at = CASE WHEN suspended_at > 0 THEN suspended_at + 1 ELSE resumed_at END, suspended_at = 0, suspended_for = '', trials = 0 WHERE id = $1 AND serial = $2 AND state = 'active'`, s.ID, s.Serial, packTopics(s.Topics), packTopics(s.Muted), number(s.Text), number(s.NewsOnly), micros(s.PausedUntil))
		if err == nil && n == 0 {
			err = &failure{ErrStale.Error(), ErrStale}
		}
		if err != nil {
			return err
		}
		zone := s.Subscriber.Zone
		if s, err = tx.Subscription(ctx, s.ID); err == nil && s.Subscriber.Zone != zone {
			_, err = tx.exec(ctx, `UPDATE subscribers SET zone = $2 WHERE id = $1`, s.Subscriber.ID, clean(zone))
			s.Subscriber.Zone = zone
		}
		return err
	})
	return s, db.fail(fmt.Sprintf("changing subscription %d", s.ID), err)
}

// Move ends an active subscription and begins one to another digest in its
// place, with everything that s says, in one transaction. Links to the old one
// lead to the new one from then on. Errors are those of SetPreferences.
func (db *DB) Move(ctx context.Context, s sigpost.Subscription, digest string, given sigpost.Consent) (moved sigpost.Subscription, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if s, err = tx.SetPreferences(ctx, s); err != nil {
			return err
		}
		from := s.ID
		s.Digest, given.What = digest, sigpost.ConsentChanged
		if moved, err = tx.Subscribe(ctx, s, given); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE subscriptions SET state = 'ended', ended_at = $2, paused_until = 0, moved_to = $3 WHERE id = $1`, from, micros(given.At), moved.ID)
		if err == nil { // its links are new ones
			_, err = tx.exec(ctx, `UPDATE subscriptions SET serial = serial + 1 WHERE id = $1`, moved.ID)
			moved.Serial++
		}
		return err
	})
	return moved, db.fail(fmt.Sprintf("moving subscription %d to %s", s.ID, digest), err)
}

func (db *DB) addConsents(ctx context.Context, subscriber int64, digest string, given []sigpost.Consent) error {
	for _, c := range given {
		_, err := db.exec(ctx, `INSERT INTO consents (subscriber_id, digest, what, way, asked, at, shown, network) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			subscriber, digest, string(c.What), string(c.Way), micros(c.Asked), micros(c.At), clean(c.Shown), clean(c.Network))
		if err != nil {
			return err
		}
	}
	return nil
}

// Consents gives the records of an address, whatever its case, oldest first.
func (db *DB) Consents(ctx context.Context, addr string) ([]sigpost.Consent, error) {
	all, err := collect(ctx, db, func(row scanner) (c sigpost.Consent, err error) {
		var asked, at int64
		err = row.Scan(&c.Digest, &c.What, &c.Way, &asked, &at, &c.Shown, &c.Network)
		c.Asked, c.At = moment(asked), moment(at)
		return c, err
	}, `SELECT c.digest, c.what, c.way, c.asked, c.at, c.shown, c.network FROM consents c JOIN subscribers b ON b.id = c.subscriber_id
WHERE b.addr_key = $1 ORDER BY c.id`, addrKey(addr))
	return all, db.fail("reading the consents of "+addr, err)
}

// SubscriptionsOf gives all subscriptions of an address, whatever its case, in
// the order of their IDs.
func (db *DB) SubscriptionsOf(ctx context.Context, addr string) ([]sigpost.Subscription, error) {
	all, err := collect(ctx, db, readSubscription, `SELECT `+subscriptionColumns+fromSubscriptions+`WHERE b.addr_key = $1 ORDER BY s.id`, addrKey(addr))
	return all, db.fail("reading the subscriptions of "+addr, err)
}

// PastDelivery is a letter that somebody got, or should have got.
type PastDelivery struct {
	Digest string
	Number int
	sigpost.Delivery
}

// DeliveriesTo gives the letters of issues to an address, oldest first.
func (db *DB) DeliveriesTo(ctx context.Context, addr string) ([]PastDelivery, error) {
	all, err := collect(ctx, db, func(row scanner) (p PastDelivery, err error) {
		_, err = scanDelivery(row, &p.Delivery, &p.Digest, &p.Number)
		return p, err
	}, `SELECT `+deliveryColumns+`, i.digest, COALESCE(i.number, 0) FROM subscribers b JOIN subscriptions s ON s.subscriber_id = b.id
JOIN issues i ON i.digest = s.digest JOIN deliveries d ON d.issue_id = i.id AND d.subscription_id = s.id WHERE b.addr_key = $1 ORDER BY d.id`, addrKey(addr))
	return all, db.fail("reading the letters to "+addr, err)
}

// Erase forgets a person: name, address, wishes, consents, requests, notices and
// what servers said of them. Rows of the ledger stay, since they stand between
// everybody else and the same letter twice, and say nothing of whose they were.
// found is false where nothing was stored. at is now.
func (db *DB) Erase(ctx context.Context, addr string, at time.Time) (found bool, err error) {
	key := addrKey(addr)
	err = db.Tx(ctx, func(tx *DB) error {
		for _, table := range []string{"requests", "notices"} {
			n, err := tx.exec(ctx, `DELETE FROM `+table+` WHERE addr_key = $1`, key)
			if found = found || n > 0; err != nil {
				return err
			}
		}
		ids, err := collect(ctx, tx, func(row scanner) (id int64, err error) { return id, row.Scan(&id) }, `SELECT id FROM subscribers WHERE addr_key = $1`, key)
		if err != nil || len(ids) == 0 {
			return err
		}
		found = true
		for _, query := range []string{
			`DELETE FROM consents WHERE subscriber_id = $1`,
			`DELETE FROM bounces WHERE subscription_id IN (SELECT id FROM subscriptions WHERE subscriber_id = $1)`,
			`UPDATE deliveries SET reply = '' WHERE reply <> '' AND (issue_id, subscription_id) IN
(SELECT i.id, s.id FROM subscriptions s JOIN issues i ON i.digest = s.digest WHERE s.subscriber_id = $1)`,
		} {
			if _, err := tx.exec(ctx, query, ids[0]); err != nil {
				return err
			}
		}
		_, err = tx.exec(ctx, `UPDATE subscriptions SET ended_at = CASE WHEN state = 'active' THEN $2 ELSE ended_at END,
state = 'ended', topics = '', muted = '', as_text = 0, news_only = 0, paused_until = 0, serial = serial + 1 WHERE subscriber_id = $1`, ids[0], micros(at))
		if err == nil {
			_, err = tx.exec(ctx, `UPDATE subscribers SET name = '', addr = '', addr_key = $2, zone = '', consent = 'erased' WHERE id = $1`, ids[0], fmt.Sprintf("erased %d", ids[0]))
		}
		return err
	})
	return found, db.fail("erasing "+addr, err)
}
