package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"sigpost"
)

// Subscribe makes a subscription active and gives it as it is stored. The
// subscriber is found by the address, whatever its case, or made; name, zone
// and consent become those given. Where the digest is subscribed to already,
// the selection becomes that given, and Since is kept unless it had ended.
// Nobody is subscribed without Consent.
func (db *DB) Subscribe(ctx context.Context, s sigpost.Subscription) (sigpost.Subscription, error) {
	if err := checkSubscription(s); err != nil {
		return s, fmt.Errorf("%q cannot be subscribed: %w", s.Subscriber.Addr, err)
	}
	who := s.Subscriber
	if who.Created.IsZero() {
		who.Created = s.Since
	}
	err := db.Tx(ctx, func(tx *DB) error {
		var subscriber int64
		err := tx.scan(ctx, `INSERT INTO subscribers (name, addr, addr_key, zone, consent, created) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (addr_key) DO UPDATE SET name = excluded.name, zone = excluded.zone, consent = excluded.consent RETURNING id`,
			[]any{clean(who.Name), who.Addr, strings.ToLower(who.Addr), who.Zone, clean(who.Consent), micros(who.Created)}, &subscriber)
		if err != nil {
			return err
		}
		var id int64
		err = tx.scan(ctx, `INSERT INTO subscriptions (subscriber_id, digest, state, topics, muted, since) VALUES ($1, $2, 'active', $3, $4, $5)
ON CONFLICT (subscriber_id, digest) DO UPDATE SET topics = excluded.topics, muted = excluded.muted, state = excluded.state, ended_at = 0, suspended_at = 0, suspended_for = '', trials = 0,
since = CASE WHEN subscriptions.state = 'active' THEN subscriptions.since ELSE excluded.since END RETURNING id`,
			[]any{subscriber, s.Digest, packTopics(s.Topics), packTopics(s.Muted), micros(s.Since)}, &id)
		if err != nil {
			return err
		}
		s, err = tx.Subscription(ctx, id)
		return err
	})
	return s, db.fail("subscribing "+who.Addr, err)
}

// checkSubscription refuses what could not be mailed or is nobody's wish. An
// address has been read by then; this only holds off what would break a
// header.
func checkSubscription(s sigpost.Subscription) error {
	at := strings.LastIndexByte(s.Subscriber.Addr, '@')
	switch {
	case strings.TrimSpace(s.Subscriber.Consent) == "":
		return errors.New("it is not said how and when they agreed")
	case s.Digest == "":
		return errors.New("no digest is named")
	case at < 1 || at == len(s.Subscriber.Addr)-1 || strings.IndexFunc(s.Subscriber.Addr, unprintable) >= 0 || clean(s.Subscriber.Addr) != s.Subscriber.Addr:
		return errors.New("that is no address")
	case strings.IndexFunc(s.Subscriber.Name, unicode.IsControl) >= 0:
		return errors.New("the name has control characters in it")
	}
	return nil
}

func unprintable(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }

func packTopics(topics []sigpost.Tag) string {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.String()
	}
	return pack(names)
}

func unpackTopics(packed string) []sigpost.Tag {
	var topics []sigpost.Tag
	for _, t := range unpack[string](packed) {
		if tag, ok := sigpost.ParseTag(t); ok {
			topics = append(topics, tag)
		}
	}
	return topics
}

// subscriptionColumns are those of subscriptions s and subscribers b.
const subscriptionColumns = `s.id, s.digest, ` + subscriptionState + `, s.topics, s.muted, s.since, b.id, b.name, b.addr, b.zone, b.consent, b.created`

// subscriptionState is the state of subscriptions s: see
// migrations/00013_bounces.sql.
const subscriptionState = `CASE WHEN s.state = 'active' AND s.suspended_at > 0 THEN 'suspended' ELSE s.state END`

const fromSubscriptions = ` FROM subscriptions s JOIN subscribers b ON b.id = s.subscriber_id `

func readSubscription(row scanner) (s sigpost.Subscription, err error) {
	into, done := intoSubscription(&s)
	err = row.Scan(into...)
	done()
	return s, err
}

// intoSubscription is where Scan is to put subscriptionColumns, and what is to
// be done afterwards.
func intoSubscription(s *sigpost.Subscription) (into []any, done func()) {
	var topics, muted string
	var since, created int64
	b := &s.Subscriber
	return []any{&s.ID, &s.Digest, &s.State, &topics, &muted, &since, &b.ID, &b.Name, &b.Addr, &b.Zone, &b.Consent, &created}, func() {
		s.Topics, s.Muted, s.Since, b.Created = unpackTopics(topics), unpackTopics(muted), moment(since), moment(created)
	}
}

// EndSubscription unsubscribes, at once, also whom letters do not reach: letters of an issue that is being
// sent and that were not begun are not sent any more. changed is false where
// the subscription had ended already. The error wraps sigpost.ErrNotFound
// where there is none. at is now.
func (db *DB) EndSubscription(ctx context.Context, id int64, at time.Time) (changed bool, err error) {
	n, err := db.exec(ctx, `UPDATE subscriptions SET state = 'ended', ended_at = $2 WHERE id = $1 AND state = 'active'`, id, micros(at))
	if err == nil && n == 0 {
		_, err = db.Subscription(ctx, id)
	}
	return n > 0, db.fail(fmt.Sprintf("ending subscription %d", id), err)
}

// Subscription gives a subscription. The error wraps sigpost.ErrNotFound where
// there is none.
func (db *DB) Subscription(ctx context.Context, id int64) (sigpost.Subscription, error) {
	s, err := first(ctx, db, readSubscription, `SELECT `+subscriptionColumns+fromSubscriptions+`WHERE s.id = $1`, id)
	return s, db.fail(fmt.Sprintf("reading subscription %d", id), err)
}

// SubscriptionFor gives the subscription of an address, whatever its case, to
// a digest, active or ended. The error wraps sigpost.ErrNotFound where there
// is none.
func (db *DB) SubscriptionFor(ctx context.Context, digest, addr string) (sigpost.Subscription, error) {
	s, err := first(ctx, db, readSubscription,
		`SELECT `+subscriptionColumns+fromSubscriptions+`WHERE b.addr_key = $1 AND s.digest = $2`, strings.ToLower(clean(addr)), digest)
	if errors.Is(err, sql.ErrNoRows) {
		err = &failure{fmt.Sprintf("%s has no subscription to the digest %s", addr, digest), sigpost.ErrNotFound}
	}
	return s, db.fail("reading the subscription of "+addr, err)
}

// Subscriptions gives the subscriptions to a digest in a state, or in any if
// state is "", in the order of their IDs from the one behind afterID, at most
// limit (0 means 1000).
func (db *DB) Subscriptions(ctx context.Context, digest string, state sigpost.SubscriptionState, afterID int64, limit int) ([]sigpost.Subscription, error) {
	if limit == 0 {
		limit = 1000
	}
	all, err := collect(ctx, db, readSubscription, `SELECT `+subscriptionColumns+fromSubscriptions+
		`WHERE s.digest = $1 AND s.id > $2 AND ($3 = '' OR `+subscriptionState+` = $3) ORDER BY s.id LIMIT $4`, digest, afterID, string(state), limit)
	return all, db.fail("reading the subscriptions to the digest "+digest, err)
}
