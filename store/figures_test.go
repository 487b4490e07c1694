package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"sigpost/store"
)

// What waits is counted by stage and digest, since when it waits, and no further than
// that takes no time.
func TestBacklogs(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		now := hours(100)
		backlogs := func() map[string]store.Backlog {
			all := map[string]store.Backlog{}
			for _, b := range must(db.Backlogs(ctx, now))(t) {
				all[b.Stage+" "+b.Digest] = b
			}
			return all
		}
		for stage, b := range backlogs() {
			if b.Waiting != 0 || !b.Oldest.IsZero() {
				t.Errorf("an empty archive has %s: %+v", stage, b)
			}
		}
		add(t, db, mail("a", 0), mail("b", 1), mail("c", 2, "a"))
		for _, query := range []string{
			`UPDATE messages SET stored_at = ` + fmt.Sprint(hours(3).UnixMicro()),
			`INSERT INTO subscribers (id, name, addr, addr_key, zone, consent, created) VALUES (1, '', 'a', 'a', '', 'x', 0), (2, '', 'b', 'b', '', 'x', 0), (3, '', 'c', 'c', '', 'x', 0), (4, '', 'd', 'd', '', 'x', 0)`,
			`INSERT INTO subscriptions (id, subscriber_id, digest, state, topics, since, suspended_at) VALUES (1, 1, 'weekly', 'active', '[]', 0, 0), (2, 2, 'weekly', 'active', '[]', 0, 0), (3, 3, 'weekly', 'active', '[]', 0, 5), (4, 4, 'weekly', 'ended', '[]', 0, 0)`,
			fmt.Sprintf(`INSERT INTO issues (id, digest, number, window_from, window_to, state, state_at, content) VALUES (1, 'weekly', 1, 1, 2, 'draft', %d, ''), (2, 'monthly', 1, 1, 2, 'approved', %d, ''), (3, 'weekly', 2, 2, 3, 'approved', %d, '')`,
				hours(4).UnixMicro(), hours(5).UnixMicro(), hours(6).UnixMicro()),
			fmt.Sprintf(`INSERT INTO notices (kind, digest, addr, addr_key, reply_to, answers, subject, body, html, message_id, state, due, updated) VALUES
('confirm', '', '', '', '', '', '', '', '', 'x', 'queued', %d, 0), ('confirm', '', '', '', '', '', '', '', '', 'y', 'sending', %d, 0), ('confirm', '', '', '', '', '', '', '', '', 'z', 'failed', 1, 0)`,
				hours(7).UnixMicro(), hours(8).UnixMicro()),
			`INSERT INTO bounces (fingerprint, subscription_id, delivery_id, at, source, class, reason, status, reply, evidence, domain, feedback, counts) SELECT 'f', 1, 0, 1, 'smtp', 'hard', '', '', '', '', '', '', 1 WHERE false`,
		} {
			check(t, db.SQL(ctx, query))
		}
		all := backlogs()
		equal(t, "tag", all["tag "], store.Backlog{Stage: "tag", Waiting: 2, Oldest: hours(3)})
		equal(t, "review", all["review weekly"], store.Backlog{Stage: "review", Digest: "weekly", Waiting: 1, Oldest: hours(4)})
		equal(t, "send", all["send weekly"], store.Backlog{Stage: "send", Digest: "weekly", Waiting: 2, Oldest: hours(6)})
		equal(t, "send monthly", all["send monthly"], store.Backlog{Stage: "send", Digest: "monthly"})
		equal(t, "notices", all["notices "], store.Backlog{Stage: "notices", Waiting: 2, Oldest: hours(7)})

		check(t, db.SQL(ctx, fmt.Sprintf(`INSERT INTO sendings (issue_id, begun, queued, queue_end, expires) VALUES (3, %d, 1, 4, 0)`, hours(9).UnixMicro())))
		check(t, db.SQL(ctx, `INSERT INTO deliveries (issue_id, subscription_id, state, message_id, due, updated) VALUES (3, 1, 'queued', 'm', 0, 0)`))
		equal(t, "sending", backlogs()["send weekly"], store.Backlog{Stage: "send", Digest: "weekly", Waiting: 2, Oldest: hours(9)})

		c := must(db.Census(ctx, []string{"sig", "none"}, now))(t)
		slices.SortFunc(c.Subscriptions, func(a, b store.Count) int { return len(a.State) - len(b.State) })
		slices.SortFunc(c.Notices, func(a, b store.Count) int {
			return len(a.State)*10 + int(a.State[0]) - len(b.State)*10 - int(b.State[0])
		})
		equal(t, "census", c, store.Census{Messages: 3, Lists: []store.Count{{Of: "sig", Count: 3}},
			Subscriptions: []store.Count{{"weekly", "ended", 1}, {"weekly", "active", 2}, {"weekly", "suspended", 1}},
			Notices:       []store.Count{{"", "failed", 1}, {"", "queued", 1}, {"", "sending", 1}},
			Letters:       []store.Count{{"weekly", "queued", 1}},
			Latest:        map[string]time.Time{"sig": hours(2), "none": {}}})
		s := must(db.Sizes(ctx))(t)
		if s.Database <= 0 || s.Pool.MaxOpenConnections == 0 {
			t.Errorf("sizes %+v", s)
		}
	})
}

// An archive is ready while it answers and its tables are those of the program.
func TestReady(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		check(t, db.Ready(ctx))
		check(t, db.SQL(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)`, true))
		if err := db.Ready(ctx); !errors.Is(err, store.ErrVersion) {
			t.Errorf("newer tables: %v", err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := db.Ready(ended); err == nil || errors.Is(err, store.ErrVersion) {
			t.Errorf("no answer: %v", err)
		}
	})
}

// BenchmarkFigures asks an archive of a million messages, subscribers and letters, with
// as much waiting as can be.
func BenchmarkFigures(b *testing.B) {
	const n = 1_000_000
	db := open(b, engines[0].made(b))
	ctx := b.Context()
	series := fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, n)
	dsn := engines[0].name
	if os.Getenv("FIGURES_ENGINE") == "PostgreSQL" {
		dsn = engines[1].name
		db = open(b, engines[1].made(b))
		series = fmt.Sprintf(`WITH n(i) AS (SELECT generate_series(1, %d)) `, n)
	}
	key := map[string]string{"SQLite": `CAST(i AS BLOB)`, "PostgreSQL": `int8send(i)`}[dsn]
	for _, query := range []string{
		`INSERT INTO raw_blocks (id, data) VALUES (1, '')`,
		`INSERT INTO threads (id, subject, base_subject, messages, robots, first_at, last_at, revision) ` + series + `SELECT i, '', '', 5, 0, i, i, 1 FROM n WHERE i <= 200000`,
		`INSERT INTO messages (id, thread_id, message_key, message_id, derived, refs, author_name, author_addr, sender_name, sender_addr, subject, base_subject, sent, received, trace, list_ids, archived_at, robot, own, attachments, size, defects, raw_block, raw_offset, raw_size, stored_at) ` +
			series + `SELECT i, 1 + i % 200000, ` + key + `, '<0123456789012345678901234567890@example.org>', 0, '<0123456789012345678901234567890@example.org>', 'Somebody', 'somebody@example.org', '', '', 'A subject of a message', 'a subject of a message', i, i, i, '', '', 0, 0, '', 1000, '', 1, 0, 1, i FROM n`,
		`INSERT INTO message_lists (message_id, list) ` + series + `SELECT i, 'sig' FROM n`,
		`INSERT INTO thread_lists (thread_id, list) ` + series + `SELECT i, 'sig' FROM n WHERE i <= 200000`,
		`INSERT INTO subscribers (id, name, addr, addr_key, zone, consent, created) ` + series + `SELECT i, '', i, i, '', 'x', 0 FROM n`,
		`INSERT INTO subscriptions (id, subscriber_id, digest, state, topics, since) ` + series + `SELECT i, i, 'weekly', 'active', '[]', 0 FROM n`,
		`INSERT INTO issues (id, digest, number, window_from, window_to, state, state_at, content) ` + series + `SELECT i, 'weekly', i, i, i + 1, 'sent', i, '` + string(slices.Repeat([]byte("x"), 30000)) + `' FROM n WHERE i <= 500`,
		`UPDATE issues SET state = 'sending' WHERE id = 500`,
		`INSERT INTO sendings (issue_id, begun, queued, queue_end, expires) VALUES (500, 1, 500000, 1000000, 0)`,
		`INSERT INTO deliveries (id, issue_id, subscription_id, state, message_id, due, updated) ` + series + `SELECT i, 500, i, CASE WHEN i % 10 = 0 THEN 'queued' ELSE 'sent' END, '<0123456789012345678901234567890@example.org>', i, i FROM n WHERE i <= 500000`,
	} {
		if err := db.SQL(ctx, query); err != nil {
			b.Fatal(err)
		}
	}
	if dsn == "PostgreSQL" {
		check(b, db.SQL(ctx, `ANALYZE`))
	}
	b.Run(dsn+"/backlogs", func(b *testing.B) {
		for b.Loop() {
			must(db.Backlogs(ctx, start))(b)
		}
	})
	b.Run(dsn+"/sizes", func(b *testing.B) {
		for b.Loop() {
			must(db.Sizes(ctx))(b)
		}
	})
	b.Run(dsn+"/census", func(b *testing.B) {
		for b.Loop() {
			must(db.Census(ctx, []string{"sig"}, start))(b)
		}
	})
}
