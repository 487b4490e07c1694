package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

const requestColumns = `id, addr, digest, name, zone, topics, muted, as_text, news_only, way, shown, network, made, expires, subscription_id`

func readRequest(row scanner) (r sigpost.Request, err error) {
	var topics, muted string
	var text, news, made, expires int64
	w := &r.Wish
	err = row.Scan(&r.ID, &w.Subscriber.Addr, &w.Digest, &w.Subscriber.Name, &w.Subscriber.Zone, &topics, &muted, &text, &news, &r.Way, &r.Shown, &r.Network, &made, &expires, &r.SubscriptionID)
	w.Topics, w.Muted, w.Text, w.NewsOnly = unpackTopics(topics), unpackTopics(muted), text != 0, news != 0
	r.Made, r.Expires = moment(made), moment(expires)
	return r, err
}

// SaveRequest stores a request in the place of one of the same address for the
// same digest, whose number it takes over, and gives that number.
func (db *DB) SaveRequest(ctx context.Context, r sigpost.Request) (id int64, err error) {
	w := r.Wish
	probe := w
	probe.Subscriber.Consent = r.Shown
	if err := checkSubscription(probe); err != nil {
		return 0, fmt.Errorf("%q cannot ask for a subscription: %w", w.Subscriber.Addr, err)
	}
	err = db.scan(ctx, `INSERT INTO requests (addr, addr_key, digest, name, zone, topics, muted, as_text, news_only, way, shown, network, made, expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (addr_key, digest) DO UPDATE SET addr = excluded.addr, name = excluded.name, zone = excluded.zone, topics = excluded.topics, muted = excluded.muted,
as_text = excluded.as_text, news_only = excluded.news_only, way = excluded.way, shown = excluded.shown, network = excluded.network,
made = excluded.made, expires = excluded.expires, subscription_id = 0 RETURNING id`,
		[]any{w.Subscriber.Addr, addrKey(w.Subscriber.Addr), w.Digest, clean(w.Subscriber.Name), clean(w.Subscriber.Zone), packTopics(w.Topics), packTopics(w.Muted),
			number(w.Text), number(w.NewsOnly), string(r.Way), clean(r.Shown), clean(r.Network), micros(r.Made), micros(r.Expires)}, &id)
	return id, db.fail("keeping the request of "+w.Subscriber.Addr, err)
}

// Request gives a request. The error wraps sigpost.ErrNotFound where there is
// none any more.
func (db *DB) Request(ctx context.Context, id int64) (sigpost.Request, error) {
	r, err := first(ctx, db, readRequest, `SELECT `+requestColumns+` FROM requests WHERE id = $1`, id)
	return r, db.fail(fmt.Sprintf("reading request %d", id), err)
}

// RequestsOf gives the requests of an address, whatever its case.
func (db *DB) RequestsOf(ctx context.Context, addr string) ([]sigpost.Request, error) {
	all, err := collect(ctx, db, readRequest, `SELECT `+requestColumns+` FROM requests WHERE addr_key = $1 ORDER BY id`, addrKey(addr))
	return all, db.fail("reading the requests of "+addr, err)
}

// WaitingRequests counts the requests that wait and have not expired.
func (db *DB) WaitingRequests(ctx context.Context, now time.Time) (n int, err error) {
	err = db.scan(ctx, `SELECT count(*) FROM requests WHERE subscription_id = 0 AND expires > $1`, []any{micros(now)}, &n)
	return n, db.fail("counting requests", err)
}

// Confirm makes a request the subscription that it asks for, lifts the
// suppressions of those hashes, and ends the person's subscriptions to the
// siblings of the digest, other editions of it. Done again, it gives what the
// request became the first time and changes nothing. The error wraps
// sigpost.ErrNotFound where there is no such request, or it has expired at at.
func (db *DB) Confirm(ctx context.Context, id int64, siblings, hashes []string, at time.Time) (s sigpost.Subscription, again bool, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		// Of two clicks at once the second waits here for the first.
		taken, err := tx.exec(ctx, `UPDATE requests SET subscription_id = -1 WHERE id = $1 AND subscription_id = 0 AND expires > $2`, id, micros(at))
		if err != nil {
			return err
		}
		r, err := tx.Request(ctx, id)
		switch {
		case err != nil:
			return err
		case taken == 0 && r.SubscriptionID == 0:
			return &failure{fmt.Sprintf("request %d has expired", id), sigpost.ErrNotFound}
		case taken == 0:
			again = true
			s, err = tx.Successor(ctx, r.SubscriptionID)
			return err
		}
		wish := r.Wish
		wish.Since = at
		wish.Subscriber.Consent = fmt.Sprintf("%s, asked on %s, confirmed on %s", r.Way, r.Made.UTC().Format("2 January 2006"), at.UTC().Format("2 January 2006"))
		if s, err = tx.Subscribe(ctx, wish, sigpost.Consent{What: sigpost.ConsentGiven, Way: r.Way, Asked: r.Made, At: at, Shown: r.Shown, Network: r.Network}); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE requests SET subscription_id = $2 WHERE id = $1`, id, s.ID); err != nil {
			return err
		}
		if err := tx.TakePlace(ctx, s, siblings, at); err != nil {
			return err
		}
		for _, hash := range hashes {
			if _, err := tx.exec(ctx, `DELETE FROM suppressions WHERE hash = $1`, hash); err != nil {
				return err
			}
		}
		return nil
	})
	return s, again, db.fail(fmt.Sprintf("confirming request %d", id), err)
}

// TakePlace ends a subscriber's active subscriptions to other editions. s takes the
// place of these and of those that had ended: their letters let out of it, too.
func (db *DB) TakePlace(ctx context.Context, s sigpost.Subscription, siblings []string, at time.Time) error {
	for _, digest := range siblings {
		_, err := db.exec(ctx, `UPDATE subscriptions SET state = 'ended', ended_at = CASE WHEN state = 'active' THEN $3 ELSE ended_at END,
paused_until = 0, moved_to = $4 WHERE subscriber_id = $1 AND digest = $2 AND id <> $4`, s.Subscriber.ID, digest, micros(at), s.ID)
		if err != nil {
			return db.fail("ending other editions", err)
		}
	}
	return nil
}

// DropRequest forgets a request that somebody says they never made.
func (db *DB) DropRequest(ctx context.Context, id int64) error {
	_, err := db.exec(ctx, `DELETE FROM requests WHERE id = $1`, id)
	return db.fail(fmt.Sprintf("dropping request %d", id), err)
}

// Suppress puts the hash of an address on the suppression list. secret names the
// key that it was made with.
func (db *DB) Suppress(ctx context.Context, hash, secret, reason string, at time.Time) error {
	_, err := db.insert(ctx, "suppressions (hash, secret, reason, at)", [][]any{{hash, secret, clean(reason), micros(at)}})
	return db.fail("suppressing an address", err)
}

// Suppressed gives why one of those hashes is on the suppression list, or "".
func (db *DB) Suppressed(ctx context.Context, hashes []string) (reason string, err error) {
	err = inList(hashes, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error { return row.Scan(&reason) }, `SELECT reason FROM suppressions WHERE hash IN `+list+` ORDER BY at`, args...)
	})
	return reason, db.fail("looking into the suppression list", err)
}

// SuppressionKeys counts the suppressions by the names of the keys that they
// were made with.
func (db *DB) SuppressionKeys(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	err := db.each(ctx, func(row scanner) error {
		var name string
		var n int
		err := row.Scan(&name, &n)
		counts[name] = n
		return err
	}, `SELECT secret, count(*) FROM suppressions GROUP BY secret`)
	return counts, db.fail("counting the suppression list", err)
}

// errLimited undoes what a limit did not let through.
var errLimited = errors.New("a limit was reached")

// Allow takes a place in each of some limits, or in none: refused is the first
// that has no place left, and its Bucket is "" where all had. It holds for all
// processes and outlives them. Limits are leaky buckets: N at once, and one more
// each Per/N (the virtual scheduling of the GCRA, ITU-T I.371, annex A).
func (db *DB) Allow(ctx context.Context, now time.Time, limits ...sigpost.Limit) (refused sigpost.Limit, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		for _, l := range limits {
			step := l.Per / time.Duration(l.N)
			n, err := tx.exec(ctx, `INSERT INTO limits (bucket, until) VALUES ($1, $2)
ON CONFLICT (bucket) DO UPDATE SET until = CASE WHEN limits.until > $3 THEN limits.until + $4 ELSE $2 END WHERE limits.until <= $5`,
				l.Bucket, micros(now.Add(step)), micros(now), step.Microseconds(), micros(now.Add(l.Per-step)))
			if err != nil {
				return err
			}
			if n == 0 {
				refused = l
				return errLimited
			}
		}
		return nil
	})
	if errors.Is(err, errLimited) {
		err = nil
	}
	return refused, db.fail("counting requests", err)
}

// Forget drops what is of no use at now: requests that have expired, limits that
// hold nothing, links to sign in that are too old; and notices that were done with,
// and sessions that were over, before keep.
func (db *DB) Forget(ctx context.Context, now, keep time.Time) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `DELETE FROM requests WHERE expires <= $1`, micros(now)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM limits WHERE until <= $1`, micros(now)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM sign_in_links WHERE expires <= $1`, micros(now)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM sessions WHERE expires <= $1 OR revoked BETWEEN 1 AND $1`, micros(keep)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM notices WHERE state NOT IN ('queued', 'sending') AND updated <= $1`, micros(keep))
		return err
	})
	return db.fail("dropping what has expired", err)
}
