package store

import (
	"context"
	"database/sql"
	"time"

	"sigpost"
)

// CountedTo is how far Backlogs count: what is more is not worth a scrape's time.
const CountedTo = 5_000

// Backlog is the work that waits for a stage, as a number of rows.
type Backlog struct {
	Stage, Digest string // Digest is "" where the stage is not of digests
	// Waiting counts the rows, up to CountedTo.
	Waiting int
	// Oldest is since when the oldest of them could have been worked on; zero where
	// that is not past.
	Oldest time.Time
}

// The stages, with what their rows are.
const (
	StageRead     = "read"     // mails on servers
	StageTag      = "tag"      // threads that have grown
	StageCompose  = "compose"  // issues that are due
	StageReview   = "review"   // drafts that wait for editors
	StageSend     = "send"     // letters of issues
	StageAnnounce = "announce" // notes in channels
	StageNotices  = "notices"  // letters to single people about their subscriptions
	StageNudges   = "nudges"   // letters to editors
)

// Stages are all stages, in the order of the way of mail: each is told of in the same way.
func Stages() []string {
	return []string{StageRead, StageTag, StageCompose, StageReview, StageSend, StageAnnounce, StageNotices, StageNudges}
}

// OfDigests says of a stage that what waits for it is counted for each digest.
func OfDigests(stage string) bool {
	return stage == StageCompose || stage == StageReview || stage == StageSend
}

// Backlogs says what waits, as far as rows tell, by few statements that are bounded however
// large the archive is: the ORDER BY of each keeps PostgreSQL from gathering all before it
// counts. A digest has one for each of the stages review and send in which
// something of it waits; tag, announce, notices and nudges have one each. What waits for
// read and compose is not said by rows alone.
func (db *DB) Backlogs(ctx context.Context, now time.Time) ([]Backlog, error) {
	all, err := db.issueBacklogs(ctx)
	if err != nil {
		return nil, db.fail("counting what waits of issues", err)
	}
	for _, of := range []struct{ stage, query string }{
		// A hundred threads say since when tagging is behind.
		{StageTag, `SELECT (SELECT count(*) FROM (SELECT 1 FROM threads WHERE revision <> classified_revision ORDER BY id LIMIT $1) waiting),
COALESCE((SELECT min(since) FROM (SELECT (SELECT max(m.stored_at) FROM messages m WHERE m.thread_id = t.id) AS since
FROM (SELECT id FROM threads WHERE revision <> classified_revision ORDER BY id LIMIT 100) t) oldest), 0)`},
		{StageAnnounce, `SELECT count(*), COALESCE(min(due), 0) FROM (SELECT due FROM announcements WHERE state IN ('queued', 'sending') LIMIT $1) waiting`},
		{StageNotices, `SELECT count(*), COALESCE(min(due), 0) FROM (SELECT due FROM notices WHERE state IN ('queued', 'sending') ORDER BY due LIMIT $1) waiting`},
		{StageNudges, `SELECT count(*), COALESCE(min(due), 0) FROM (SELECT due FROM nudges WHERE state IN ('queued', 'sending') LIMIT $1) waiting`},
	} {
		b := Backlog{Stage: of.stage}
		var oldest int64
		if err := db.scan(ctx, of.query, []any{CountedTo}, &b.Waiting, &oldest); err != nil {
			return nil, db.fail("counting what waits for "+of.stage, err)
		}
		b.Oldest = moment(oldest)
		all = append(all, b)
	}
	for i := range all {
		if all[i].Oldest.After(now) {
			all[i].Oldest = time.Time{}
		}
	}
	return all, nil
}

// issueBacklogs are those of issues that have not been sent yet.
func (db *DB) issueBacklogs(ctx context.Context) ([]Backlog, error) {
	type open struct {
		id, at, begun, queued, end int64
		digest                     string
		state                      sigpost.IssueState
	}
	issues, err := collect(ctx, db, func(row scanner) (o open, err error) {
		return o, row.Scan(&o.id, &o.digest, &o.state, &o.at, &o.begun, &o.queued, &o.end)
	}, `SELECT i.id, i.digest, i.state, i.state_at, COALESCE(s.begun, 0), COALESCE(s.queued, 0), COALESCE(s.queue_end, $1)
FROM issues i LEFT JOIN sendings s ON s.issue_id = i.id WHERE i.state IN ('draft', 'ready', 'approved', 'sending') ORDER BY i.id DESC LIMIT 100`, int64(1)<<62)
	if err != nil {
		return nil, err
	}
	var all []Backlog
	index := map[[2]string]int{}
	for _, o := range issues {
		b := Backlog{Stage: StageReview, Digest: o.digest, Waiting: 1, Oldest: moment(o.at)}
		if o.state == sigpost.IssueApproved || o.state == sigpost.IssueSending {
			b.Stage = StageSend
			if o.begun != 0 {
				b.Oldest = moment(o.begun)
			}
			if err := db.scan(ctx, `SELECT (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE issue_id = $1 AND state = 'queued' ORDER BY due LIMIT $5) queued) +
(SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE issue_id = $1 AND state = 'sending' ORDER BY id LIMIT $5) sending) +
(SELECT count(*) FROM (SELECT 1 FROM subscriptions WHERE digest = $2 AND id > $3 AND id <= $4 AND state = 'active' AND suspended_at = 0 ORDER BY id LIMIT $5) later)`,
				[]any{o.id, o.digest, o.queued, o.end, CountedTo}, &b.Waiting); err != nil {
				return nil, err
			}
		}
		at, known := index[[2]string{b.Stage, b.Digest}]
		if !known {
			index[[2]string{b.Stage, b.Digest}] = len(all)
			all = append(all, b)
			continue
		}
		all[at].Waiting += b.Waiting
		if b.Oldest.Before(all[at].Oldest) {
			all[at].Oldest = b.Oldest
		}
	}
	for i := range all {
		all[i].Waiting = min(all[i].Waiting, CountedTo)
		if all[i].Waiting == 0 {
			all[i].Oldest = time.Time{}
		}
	}
	return all, nil
}

// Count is how many rows there are of a kind; what Of and State are is up to who
// counts.
type Count struct {
	Of, State string
	Count     int
}

// Census is what takes too long to count when somebody waits.
type Census struct {
	Messages      int
	Lists         []Count // messages of lists, by name
	Quarantined   []Count // mails by "account/mailbox"
	Subscriptions []Count // by digest and state; "paused" is one of them
	Requests      int     // that wait for a confirmation
	Bounces       []Count // by class, in State
	Letters       []Count // of the latest issue of a digest that has begun to be sent, by digest and state
	Notices       []Count // letters to single people, by state
	Latest        map[string]time.Time
}

// Census counts the archive. It reads whole tables: it is for the background. The
// latest messages are those of some lists.
func (db *DB) Census(ctx context.Context, lists []string, now time.Time) (c Census, err error) {
	c.Latest = map[string]time.Time{}
	for _, l := range lists {
		if c.Latest[l], err = db.LatestOf(ctx, l); err != nil {
			return c, err
		}
	}
	for _, of := range []struct {
		into  *[]Count
		query string
		args  []any
	}{
		{&c.Lists, `SELECT list, '', count(*) FROM message_lists GROUP BY list`, nil},
		{&c.Quarantined, `SELECT source, '', count(*) FROM quarantine GROUP BY source`, nil},
		{&c.Subscriptions, `SELECT digest, state, count(*) FROM (SELECT digest, CASE WHEN state <> 'active' THEN state WHEN suspended_at > 0 THEN 'suspended'
WHEN paused_until > $1 THEN 'paused' ELSE state END AS state FROM subscriptions) s GROUP BY digest, state`, []any{micros(now)}},
		{&c.Bounces, `SELECT '', class, count(*) FROM bounces GROUP BY class`, nil},
		{&c.Notices, `SELECT '', state, count(*) FROM notices GROUP BY state`, nil},
		{&c.Letters, `SELECT i.digest, d.state, count(*) FROM (SELECT i.digest, max(i.id) AS id FROM issues i JOIN sendings s ON s.issue_id = i.id GROUP BY i.digest) i
JOIN deliveries d ON d.issue_id = i.id GROUP BY i.digest, d.state`, nil},
	} {
		*of.into, err = collect(ctx, db, func(row scanner) (n Count, err error) { return n, row.Scan(&n.Of, &n.State, &n.Count) }, of.query, of.args...)
		if err != nil {
			return c, db.fail("counting the archive", err)
		}
	}
	err = db.scan(ctx, `SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM requests WHERE subscription_id = 0 AND expires > $1)`,
		[]any{micros(now)}, &c.Messages, &c.Requests)
	return c, db.fail("counting the archive", err)
}

// Sizes are what the database takes, in bytes, and how its connections are used.
type Sizes struct {
	Database int64
	// Log is SQLite's write-ahead log; -1 for PostgreSQL, where it is all databases'.
	Log  int64
	Pool sql.DBStats
}

// Sizes measures the database.
func (db *DB) Sizes(ctx context.Context) (s Sizes, err error) {
	room, err := db.Room(ctx)
	s.Pool, s.Database, s.Log = db.pool.Stats(), room.Bytes, room.Log
	if db.Shared() {
		s.Log = -1
	}
	return s, err
}

// Ready says what keeps the archive from being used: it does not answer, or its tables
// are of another version. The latter error wraps ErrVersion.
func (db *DB) Ready(ctx context.Context) error {
	return db.checkVersion(ctx)
}
