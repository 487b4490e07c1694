package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// maxTrials is how often a suspended subscription is tried again by itself.
const maxTrials = 3

// The least time between the first and the last letter of a row that suspends:
// a server that is out of order for a day must not.
const (
	hardSpan = 24 * time.Hour
	softSpan = 7 * 24 * time.Hour
	// silence is how long nothing has to come back for a letter that is taken to
	// have arrived. Reports of servers that keep trying take five days.
	silence = 6 * 24 * time.Hour
)

// maxBounces is how many are kept for one letter: whoever has it can write as many
// reports of it as they like.
const maxBounces = 50

// maxStreak is how many letters are looked at to judge a subscription.
const maxStreak = 40

// RecordBounce keeps what came back for a letter, and suspends or ends its
// subscription where the rules say so, in one transaction. One whose Fingerprint
// is there already changes nothing, nor does one of a letter of which there are too
// many. It is for reports and for refusals alike.
// The error wraps sigpost.ErrNotFound where there is no such delivery; its
// subscription is filled in from it.
func (db *DB) RecordBounce(ctx context.Context, b sigpost.Bounce, rules sigpost.BounceRules) (effect sigpost.BounceEffect, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		d, err := tx.Delivery(ctx, b.DeliveryID)
		if err != nil {
			return err
		}
		b.SubscriptionID = d.SubscriptionID
		var kept int
		if err := tx.scan(ctx, `SELECT count(*) FROM bounces WHERE delivery_id = $1`, []any{d.ID}, &kept); err != nil {
			return err
		}
		if kept >= maxBounces {
			effect = sigpost.BounceKnown
			return nil
		}
		n, err := tx.exec(ctx, `INSERT INTO bounces (fingerprint, subscription_id, delivery_id, at, source, class, reason, status, reply, evidence, domain, feedback, counts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
			clean(b.Fingerprint), b.SubscriptionID, b.DeliveryID, micros(b.At), string(b.Source), string(b.Class), clean(b.Reason), clean(b.Status), clean(b.Reply),
			clean(b.Evidence), clean(b.Domain), clean(b.Feedback), number(b.Counts))
		if err != nil {
			return err
		}
		if n == 0 {
			effect = sigpost.BounceKnown
			return nil
		}
		effect, err = tx.judge(ctx, b, d, rules)
		return err
	})
	return effect, db.fail(fmt.Sprintf("recording what came back for delivery %d", b.DeliveryID), err)
}

// judge does to the subscription what the rules say.
func (db *DB) judge(ctx context.Context, b sigpost.Bounce, d sigpost.Delivery, rules sigpost.BounceRules) (sigpost.BounceEffect, error) {
	if !b.Counts {
		return sigpost.BounceNoted, nil
	}
	s, err := db.Subscription(ctx, b.SubscriptionID)
	if err != nil {
		return "", err
	}
	if b.Class == sigpost.BounceComplaint {
		if changed, err := db.EndSubscription(ctx, s.ID, b.At); err != nil || changed {
			return sigpost.BounceEnded, err
		}
		return sigpost.BounceNoted, nil
	}
	if s.State != sigpost.SubscriptionActive {
		return sigpost.BounceNoted, nil
	}
	var resumedAt, trials int64
	if err := db.scan(ctx, `SELECT resumed_at, trials FROM subscriptions WHERE id = $1`, []any{s.ID}, &resumedAt, &trials); err != nil {
		return "", err
	}
	resumed := moment(resumedAt)
	suspend := trials > 0 && !d.Updated.Before(resumed) // the one letter that was tried
	if !suspend {
		if suspend, err = db.cameBack(ctx, s, resumed, b.At, rules); err != nil {
			return "", err
		}
	}
	if !suspend {
		return sigpost.BounceNoted, nil
	}
	_, err = db.exec(ctx, `UPDATE subscriptions SET suspended_at = $2, suspended_for = $3 WHERE id = $1`, s.ID, micros(b.At), clean(b.Reason))
	return sigpost.BounceSuspended, err
}

// sentLetter is one that was sent to a reader, and what came back for it.
type sentLetter struct {
	at         time.Time
	hard, soft int // bounces that count
}

// cameBack says whether as many of the latest letters of a subscription came back
// as the rules allow. One for which nothing came back for some time ends the row.
func (db *DB) cameBack(ctx context.Context, s sigpost.Subscription, since, now time.Time, rules sigpost.BounceRules) (bool, error) {
	if from := now.Add(-rules.Window); since.Before(from) {
		since = from
	}
	letters, err := collect(ctx, db, func(row scanner) (l sentLetter, err error) {
		var at int64
		err = row.Scan(&at, &l.hard, &l.soft)
		l.at = moment(at)
		return l, err
	}, `SELECT d.updated,
(SELECT count(*) FROM bounces b WHERE b.delivery_id = d.id AND b.counts = 1 AND b.class = 'hard'),
(SELECT count(*) FROM bounces b WHERE b.delivery_id = d.id AND b.counts = 1 AND b.class = 'soft')
FROM issues i JOIN deliveries d ON d.issue_id = i.id AND d.subscription_id = $1
WHERE i.digest = $2 AND d.state NOT IN ('queued', 'suppressed') AND d.updated >= $3
ORDER BY i.id DESC LIMIT $4`, s.ID, s.Digest, micros(since), maxStreak)
	if err != nil {
		return false, err
	}
	return tooMany(letters, now, rules), nil
}

// tooMany judges letters, the latest first. A refusal comes within hours, so that
// a letter of two days ago that was not refused breaks a row of refusals.
func tooMany(letters []sentLetter, now time.Time, rules sigpost.BounceRules) bool {
	hard := func(l sentLetter) bool { return l.hard > 0 }
	any := func(l sentLetter) bool { return l.hard+l.soft > 0 }
	return inARow(letters, now, rules.Hard, hardSpan, 2*24*time.Hour, hard) || inARow(letters, now, rules.Soft, softSpan, silence, any)
}

// inARow says whether the latest letters hold enough that came back, over at
// least span, before one for which nothing came back for as long as quiet.
func inARow(letters []sentLetter, now time.Time, enough int, span, quiet time.Duration, counts func(sentLetter) bool) bool {
	n := 0
	var last time.Time // the latest of them
	for _, l := range letters {
		switch {
		case counts(l):
			if n++; n == 1 {
				last = l.at
			}
			if n >= enough && (enough == 1 || last.Sub(l.at) >= span) {
				return true
			}
		case l.hard+l.soft == 0 && now.Sub(l.at) >= quiet:
			return false
		}
	}
	return false
}

// Delivery gives a delivery. The error wraps sigpost.ErrNotFound where there is
// none.
func (db *DB) Delivery(ctx context.Context, id int64) (sigpost.Delivery, error) {
	d, err := first(ctx, db, readDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.id = $1`, id)
	return d, db.fail(fmt.Sprintf("reading delivery %d", id), err)
}

// DeliveryOf gives the delivery of the letter with a Message-ID. The error wraps
// sigpost.ErrNotFound where there is none.
func (db *DB) DeliveryOf(ctx context.Context, id sigpost.MessageID) (sigpost.Delivery, error) {
	d, err := first(ctx, db, readDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.message_id = $1`, clean(string(id)))
	return d, db.fail("looking for the letter "+id.String(), err)
}

// TrySuspended has subscriptions mailed again whose rest is over, and forgets
// about trials whose letter arrived. Whoever's letter comes back then is
// suspended at once, for longer. at is now.
func (db *DB) TrySuspended(ctx context.Context, rules sigpost.BounceRules, at time.Time) (tried, recovered int, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		tried, recovered = 0, 0
		for trials := range maxTrials {
			n, err := tx.exec(ctx, `UPDATE subscriptions SET suspended_at = 0, suspended_for = '', trials = trials + 1, resumed_at = $1
WHERE suspended_at > 0 AND suspended_at <= $2 AND trials = $3 AND state = 'active'`,
				micros(at), micros(at.Add(-rules.Rest<<trials)), trials)
			if err != nil {
				return err
			}
			tried += int(n)
		}
		n, err := tx.exec(ctx, `UPDATE subscriptions SET trials = 0
WHERE trials > 0 AND suspended_at = 0 AND EXISTS (
  SELECT 1 FROM issues i JOIN deliveries d ON d.issue_id = i.id AND d.subscription_id = subscriptions.id
  WHERE i.digest = subscriptions.digest AND d.state = 'sent' AND d.updated >= subscriptions.resumed_at AND d.updated <= $1
  AND NOT EXISTS (SELECT 1 FROM bounces b WHERE b.delivery_id = d.id AND b.counts = 1))`, micros(at.Add(-silence)))
		recovered = int(n)
		return err
	})
	if err != nil {
		return 0, 0, db.fail("trying suspended subscriptions", err)
	}
	return tried, recovered, nil
}

// Suspension is a subscription that is suspended, since when and why. Tried is how
// often it was tried again; Last is what came back last.
type Suspension struct {
	sigpost.Subscription
	At     time.Time
	Reason string
	Tried  int
	Last   sigpost.Bounce
}

// Suspensions gives the subscriptions that are suspended, the latest first, at
// most limit.
func (db *DB) Suspensions(ctx context.Context, limit int) ([]Suspension, error) {
	all, err := collect(ctx, db, func(row scanner) (x Suspension, err error) {
		into, done := intoSubscription(&x.Subscription)
		var at int64
		err = row.Scan(append(into, &at, &x.Reason, &x.Tried)...)
		done()
		x.At = moment(at)
		return x, err
	}, `SELECT `+subscriptionColumns+`, s.suspended_at, s.suspended_for, s.trials`+fromSubscriptions+
		`WHERE s.suspended_at > 0 AND s.state = 'active' ORDER BY s.suspended_at DESC, s.id DESC LIMIT $1`, limit)
	for i := range all {
		if err != nil {
			break
		}
		all[i].Last, err = first(ctx, db, readBounce, `SELECT `+bounceColumns+` FROM bounces WHERE subscription_id = $1 ORDER BY id DESC LIMIT 1`, all[i].ID)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
	}
	return all, db.fail("reading who is suspended", err)
}

const bounceColumns = `id, fingerprint, subscription_id, delivery_id, at, source, class, reason, status, reply, evidence, domain, feedback, counts`

func readBounce(row scanner) (b sigpost.Bounce, err error) {
	var at, counts int64
	err = row.Scan(&b.ID, &b.Fingerprint, &b.SubscriptionID, &b.DeliveryID, &at, &b.Source, &b.Class, &b.Reason, &b.Status, &b.Reply, &b.Evidence, &b.Domain, &b.Feedback, &counts)
	b.At, b.Counts = moment(at), counts != 0
	return b, err
}

// Bounces gives what came back for a subscription, the latest first, at most
// limit.
func (db *DB) Bounces(ctx context.Context, subscriptionID int64, limit int) ([]sigpost.Bounce, error) {
	all, err := collect(ctx, db, readBounce, `SELECT `+bounceColumns+` FROM bounces WHERE subscription_id = $1 ORDER BY id DESC LIMIT $2`, subscriptionID, limit)
	return all, db.fail(fmt.Sprintf("reading what came back for subscription %d", subscriptionID), err)
}

// BounceCount is how often letters to one domain came back for one reason. Latest
// is the last thing that a server there said of it.
type BounceCount struct {
	Domain string
	Class  sigpost.BounceClass
	Reason string
	Counts bool
	Count  int
	Latest string
}

// BounceCounts counts what came back since a moment, the most first, at most
// limit.
func (db *DB) BounceCounts(ctx context.Context, since time.Time, limit int) ([]BounceCount, error) {
	all, err := collect(ctx, db, func(row scanner) (c BounceCount, err error) {
		var counts int64
		err = row.Scan(&c.Domain, &c.Class, &c.Reason, &counts, &c.Count, &c.Latest)
		c.Counts = counts != 0
		return c, err
	}, `SELECT g.domain, g.class, g.reason, g.counts, g.n, b.evidence FROM
(SELECT domain, class, reason, counts, count(*) AS n, max(id) AS latest FROM bounces WHERE at >= $1 GROUP BY domain, class, reason, counts) g
JOIN bounces b ON b.id = g.latest ORDER BY g.n DESC, g.domain, g.class, g.reason LIMIT $2`, micros(since), limit)
	return all, db.fail("counting what came back", err)
}
