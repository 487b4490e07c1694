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
// the wishes become those given, and Since is kept unless it had ended.
// Nobody is subscribed without Consent: given is the record of it, and without
// one the subscriber's own words are recorded, as those of an operator.
func (db *DB) Subscribe(ctx context.Context, s sigpost.Subscription, given ...sigpost.Consent) (sigpost.Subscription, error) {
	if err := checkSubscription(s); err != nil {
		return s, fmt.Errorf("%q cannot be subscribed: %w", s.Subscriber.Addr, err)
	}
	who := s.Subscriber
	if who.Created.IsZero() {
		who.Created = s.Since
	}
	err := db.Tx(ctx, func(tx *DB) error {
		had, err := tx.SubscriptionFor(ctx, s.Digest, who.Addr)
		if err != nil && !errors.Is(err, sigpost.ErrNotFound) {
			return err
		}
		var subscriber int64
		err = tx.scan(ctx, `INSERT INTO subscribers (name, addr, addr_key, zone, consent, created) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (addr_key) DO UPDATE SET name = excluded.name, zone = excluded.zone, consent = excluded.consent RETURNING id`,
			[]any{clean(who.Name), who.Addr, addrKey(who.Addr), who.Zone, clean(who.Consent), micros(who.Created)}, &subscriber)
		if err != nil {
			return err
		}
		var id int64
		err = tx.scan(ctx, `INSERT INTO subscriptions (subscriber_id, digest, state, topics, muted, since, as_text, news_only, paused_until)
VALUES ($1, $2, 'active', $3, $4, $5, $6, $7, $8)
ON CONFLICT (subscriber_id, digest) DO UPDATE SET topics = excluded.topics, muted = excluded.muted, state = excluded.state, ended_at = 0, moved_to = 0, suspended_at = 0, suspended_for = '', trials = 0,
as_text = excluded.as_text, news_only = excluded.news_only, paused_until = excluded.paused_until,
since = CASE WHEN subscriptions.state = 'active' THEN subscriptions.since ELSE excluded.since END RETURNING id`,
			[]any{subscriber, s.Digest, packTopics(s.Topics), packTopics(s.Muted), micros(s.Since), number(s.Text), number(s.NewsOnly), micros(s.PausedUntil)}, &id)
		if err != nil {
			return err
		}
		if len(given) == 0 && (!had.State.Subscribed() || had.Subscriber.Consent != clean(who.Consent)) {
			given = []sigpost.Consent{{What: sigpost.ConsentGiven, Way: sigpost.ByOperator, At: s.Since, Shown: who.Consent}}
		}
		if err := tx.addConsents(ctx, subscriber, s.Digest, given); err != nil {
			return err
		}
		s, err = tx.Subscription(ctx, id)
		return err
	})
	return s, db.fail("subscribing "+who.Addr, err)
}

// addrKey is what no two subscribers share.
func addrKey(addr string) string { return strings.ToLower(clean(addr)) }

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

// sharedTopics is unpackTopics, once for all readers with the same. They share
// them: nobody may change one.
func sharedTopics(known map[string][]sigpost.Tag, packed string) []sigpost.Tag {
	if packed == "" {
		return nil
	}
	topics, ok := known[packed]
	if !ok {
		topics = unpackTopics(packed)
		known[packed] = topics
	}
	return topics
}

// subscriptionColumns are those of subscriptions s and subscribers b.
const subscriptionColumns = `s.id, s.digest, ` + subscriptionState + `, s.topics, s.muted, s.since, s.as_text, s.news_only, s.paused_until, s.serial, b.id, b.name, b.addr, b.zone, b.consent, b.created`

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
	var since, created, paused, text, news int64
	b := &s.Subscriber
	return []any{&s.ID, &s.Digest, &s.State, &topics, &muted, &since, &text, &news, &paused, &s.Serial, &b.ID, &b.Name, &b.Addr, &b.Zone, &b.Consent, &created}, func() {
		s.Topics, s.Muted, s.Since, b.Created = unpackTopics(topics), unpackTopics(muted), moment(since), moment(created)
		s.Text, s.NewsOnly, s.PausedUntil = text != 0, news != 0, moment(paused)
	}
}

// EndSubscription is Withdraw by the link in a letter.
func (db *DB) EndSubscription(ctx context.Context, id int64, at time.Time) (changed bool, err error) {
	return db.Withdraw(ctx, id, sigpost.ByLink, at)
}

// Withdraw unsubscribes, at once: letters of an issue that is being sent and that
// were not begun are not sent any more. Where another edition took the
// subscription's place it is that one that ends. changed is false where all of it
// had ended already. The error wraps sigpost.ErrNotFound where there is none.
// at is now.
func (db *DB) Withdraw(ctx context.Context, id int64, way sigpost.ConsentWay, at time.Time) (changed bool, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		current, err := tx.Successor(ctx, id)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, `UPDATE subscriptions SET state = 'ended', ended_at = $2, paused_until = 0 WHERE id = $1 AND state = 'active'`, current.ID, micros(at))
		if changed = n > 0; err != nil || !changed {
			return err
		}
		return tx.addConsents(ctx, current.Subscriber.ID, current.Digest, []sigpost.Consent{{What: sigpost.ConsentWithdrawn, Way: way, At: at}})
	})
	return changed, db.fail(fmt.Sprintf("ending subscription %d", id), err)
}

// Successor gives a subscription or, where it went over to another edition, the
// one that it is now. The error wraps sigpost.ErrNotFound where there is none.
func (db *DB) Successor(ctx context.Context, id int64) (sigpost.Subscription, error) {
	seen := map[int64]bool{}
	for next := id; next != 0 && !seen[next]; {
		seen[next], id = true, next
		err := db.scan(ctx, `SELECT moved_to FROM subscriptions WHERE id = $1`, []any{id}, &next)
		if err != nil {
			return sigpost.Subscription{}, db.fail(fmt.Sprintf("reading subscription %d", id), err)
		}
	}
	return db.Subscription(ctx, id)
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
		`SELECT `+subscriptionColumns+fromSubscriptions+`WHERE b.addr_key = $1 AND s.digest = $2`, addrKey(addr), digest)
	if errors.Is(err, sql.ErrNoRows) {
		err = &failure{fmt.Sprintf("%s has no subscription to the digest %s", addr, digest), sigpost.ErrNotFound}
	}
	return s, db.fail("reading the subscription of "+addr, err)
}

// Subscriptions gives the subscriptions to a digest in a state, or in any if
// state is "", in the order of their IDs from the one behind afterID, at most
// limit (0 means 1000). Those of people who were erased are not among them.
func (db *DB) Subscriptions(ctx context.Context, digest string, state sigpost.SubscriptionState, afterID int64, limit int) ([]sigpost.Subscription, error) {
	if limit == 0 {
		limit = 1000
	}
	all, err := collect(ctx, db, readSubscription, `SELECT `+subscriptionColumns+fromSubscriptions+
		`WHERE s.digest = $1 AND s.id > $2 AND ($3 = '' OR `+subscriptionState+` = $3) AND b.addr <> '' ORDER BY s.id LIMIT $4`, digest, afterID, string(state), limit)
	return all, db.fail("reading the subscriptions to the digest "+digest, err)
}
