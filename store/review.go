package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/review"
)

// Judged is a thread with what has to be asked of it.
type Judged struct {
	sigpost.Thread
	Questions []review.Question
	// Worth orders the queue; it is 0 where the thread is not in it.
	Worth float64
}

// QueueQuery says which threads of the queue to list. Its zero value means all.
type QueueQuery struct {
	Reason review.Reason
	// Tag asks for threads that have a question about it.
	Tag  sigpost.Tag
	List string
	// From is a place in the queue: what is behind it is listed, or with Back what
	// stands before it, the nearest first.
	From QueuePlace
	Back bool
	// Limit is how many to give at most; 0 means 50.
	Limit int
}

// QueuePlace is the place of a thread in the queue, now or formerly.
type QueuePlace struct {
	Worth  float64
	Thread int64
}

// where makes the conditions of a query for q, the queue, under one reason.
func (q QueueQuery) where() (string, []any) {
	args := []any{string(q.Reason)}
	where := `FROM review_queue q WHERE q.reason = $1`
	place := func() string { return fmt.Sprintf("$%d", len(args)) }
	if q.Tag != (sigpost.Tag{}) { // it is the narrower one: its index leads
		args = append(args, string(q.Tag.Kind), q.Tag.Name)
		where = `FROM review_tags g JOIN review_queue q ON q.thread_id = g.thread_id AND q.reason = $1 WHERE g.kind = $2 AND g.name = $3`
	}
	if q.List != "" {
		args = append(args, q.List)
		where += ` AND EXISTS (SELECT 1 FROM thread_lists l WHERE l.thread_id = q.thread_id AND l.list = ` + place() + `)`
	}
	return where, args
}

// ReviewQueue lists threads that need a look, the most useful first.
func (db *DB) ReviewQueue(ctx context.Context, q QueueQuery) ([]Judged, error) {
	where, args := q.where()
	table, compare, order := "q", "<", "DESC"
	if q.Tag != (sigpost.Tag{}) {
		table = "g"
	}
	if q.Back {
		compare, order = ">", "ASC"
	}
	if q.From != (QueuePlace{}) {
		args = append(args, q.From.Worth, q.From.Thread)
		where += fmt.Sprintf(` AND (%[1]s.worth, %[1]s.thread_id) %[2]s ($%[3]d, $%[4]d)`, table, compare, len(args)-1, len(args))
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	args = append(args, q.Limit)
	places, err := collect(ctx, db, func(row scanner) (p QueuePlace, err error) { return p, row.Scan(&p.Thread, &p.Worth) },
		fmt.Sprintf(`SELECT q.thread_id, q.worth %[1]s ORDER BY %[2]s.worth %[3]s, %[2]s.thread_id %[3]s LIMIT $%[4]d`, where, table, order, len(args)), args...)
	if err != nil {
		return nil, db.fail("reading the queue", err)
	}
	ids := make([]int64, len(places))
	for i, p := range places {
		ids[i] = p.Thread
	}
	judged, err := db.Judge(ctx, ids)
	all := make([]Judged, 0, len(places))
	for _, p := range places {
		if j, ok := judged[p.Thread]; ok {
			j.Worth = p.Worth
			all = append(all, j)
		}
	}
	return all, err
}

// ReviewCount counts the threads of the queue, up to a limit.
func (db *DB) ReviewCount(ctx context.Context, q QueueQuery, limit int) (n int, err error) {
	where, args := q.where()
	args = append(args, limit)
	err = db.scan(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 %s LIMIT $%d) counted`, where, len(args)), args, &n)
	return n, db.fail("counting the queue", err)
}

// Judge gives threads, by their numbers of today, with what has to be asked of
// each.
func (db *DB) Judge(ctx context.Context, ids []int64) (map[int64]Judged, error) {
	threads, err := db.ThreadsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	looks, err := db.looks(ctx, ids)
	if err != nil {
		return nil, db.fail("reading what is to be reviewed", err)
	}
	all := map[int64]Judged{}
	for id, t := range threads {
		all[id] = Judged{Thread: t, Questions: review.Questions(*looks[id])}
	}
	if len(ids) == 1 {
		err = db.each(ctx, func(row scanner) error {
			j := all[ids[0]]
			err := row.Scan(&j.Worth)
			all[ids[0]] = j
			return err
		}, `SELECT worth FROM review_queue WHERE thread_id = $1 AND reason = ''`, ids[0])
	}
	return all, db.fail("reading what is to be reviewed", err)
}

// looks reads what review wants to know of threads. Those that are not there are
// missing.
func (db *DB) looks(ctx context.Context, ids []int64) (map[int64]*review.Thread, error) {
	all := make(map[int64]*review.Thread, len(ids))
	err := inList(ids, 1, func(list string, args []any) error {
		for _, read := range []func(context.Context, map[int64]*review.Thread, string, []any) error{db.lookAtThreads, db.lookAtDecisions, db.lookAtReports, db.lookAtChanges, db.lookAtSeen} {
			if err := read(ctx, all, list, args); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	tags, err := db.Taggings(ctx, ids)
	for id, look := range all {
		look.Tags = tags[id]
	}
	return all, err
}

func (db *DB) lookAtThreads(ctx context.Context, all map[int64]*review.Thread, list string, args []any) error {
	return db.each(ctx, func(row scanner) error {
		var id, last int64
		look := &review.Thread{Decided: map[sigpost.Tag]time.Time{}}
		err := row.Scan(&id, &last, &look.People)
		look.Last, all[id] = moment(last), look
		return err
	}, `SELECT t.id, t.last_at, (SELECT count(*) FROM messages m WHERE m.thread_id = t.id AND m.own = 0 AND m.robot = 0)
FROM threads t WHERE t.id IN `+list, args...)
}

func (db *DB) lookAtDecisions(ctx context.Context, all map[int64]*review.Thread, list string, args []any) error {
	return db.each(ctx, func(row scanner) error {
		var id, at int64
		var tag sigpost.Tag
		err := row.Scan(&id, &tag.Kind, &tag.Name, &at)
		if look := all[id]; err == nil && look != nil {
			look.Decided[tag] = moment(at)
		}
		return err
	}, `SELECT thread_id, kind, name, at FROM decisions WHERE thread_id IN `+list, args...)
}

func (db *DB) lookAtReports(ctx context.Context, all map[int64]*review.Thread, list string, args []any) error {
	return db.each(ctx, func(row scanner) error {
		var id, at int64
		var missing int
		var r review.Report
		err := row.Scan(&id, &r.ID, &r.Tag.Kind, &r.Tag.Name, &r.Title, &missing, &r.Words, &at)
		r.Missing, r.At = missing == 1, moment(at)
		if look := all[id]; err == nil && look != nil {
			look.Reports = append(look.Reports, r)
		}
		return err
	}, `SELECT thread_id, id, kind, name, title, missing, words, at FROM reports WHERE closed = 0 AND thread_id IN `+list+` ORDER BY id`, args...)
}

func (db *DB) lookAtChanges(ctx context.Context, all map[int64]*review.Thread, list string, args []any) error {
	return db.each(ctx, func(row scanner) error {
		var id int64
		var gone int
		var c review.Change
		err := row.Scan(&id, &c.Tag.Kind, &c.Tag.Name, &c.Title, &gone)
		c.Gone = gone == 1
		if look := all[id]; err == nil && look != nil {
			look.Changes = append(look.Changes, c)
		}
		return err
	}, `SELECT thread_id, kind, name, title, gone FROM review_changes WHERE thread_id IN `+list+` ORDER BY kind, name`, args...)
}

func (db *DB) lookAtSeen(ctx context.Context, all map[int64]*review.Thread, list string, args []any) error {
	return db.each(ctx, func(row scanner) error {
		var id int64
		var questions string
		err := row.Scan(&id, &questions)
		if look := all[id]; err == nil && look != nil {
			look.Seen = unpack[string](questions)
		}
		return err
	}, `SELECT thread_id, questions FROM review_seen WHERE thread_id IN `+list, args...)
}

// ask puts threads into the queue by how they are now, or takes them out.
func (db *DB) ask(ctx context.Context, ids []int64) error {
	looks, err := db.looks(ctx, ids)
	if err != nil {
		return err
	}
	err = inList(ids, 1, func(list string, args []any) error {
		for _, table := range []string{"review_queue", "review_tags"} {
			if _, err := db.exec(ctx, `DELETE FROM `+table+` WHERE thread_id IN `+list, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var queue, tags [][]any
	for _, id := range ids {
		look := looks[id]
		if look == nil {
			continue
		}
		questions := review.Questions(*look)
		if len(questions) == 0 {
			continue
		}
		worth := review.Worth(*look, questions)
		for _, reason := range append(review.ReasonsOf(questions), "") {
			queue = append(queue, []any{id, string(reason), worth})
		}
		for _, tag := range review.TagsOf(questions) {
			tags = append(tags, []any{id, string(tag.Kind), tag.Name, worth})
		}
	}
	if _, err := db.insert(ctx, "review_queue (thread_id, reason, worth)", queue); err != nil {
		return err
	}
	_, err = db.insert(ctx, "review_tags (thread_id, kind, name, worth)", tags)
	return err
}

// LookedAt is what is needed to take a Reviewed back, and can be JSON.
type LookedAt struct {
	// Before are the questions that had been looked at, Who and At by whom and
	// when; At is 0 where nobody had.
	Before, Who string
	At          int64
	// Reports were closed, Changes are forgotten.
	Reports []int64
	Changes []review.Change
}

// Reviewed notes that somebody looked at a thread and left what is in question as
// it is: it leaves the queue until something else is in question.
func (db *DB) Reviewed(ctx context.Context, threadID int64, who string, at time.Time) (was LookedAt, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		thread, err := tx.follow(ctx, threadID)
		if err != nil {
			return err
		}
		looks, err := tx.looks(ctx, []int64{thread})
		if err != nil {
			return err
		}
		look := looks[thread]
		keys := slices.Clone(look.Seen)
		for _, q := range review.Questions(*look) {
			if !slices.Contains(keys, q.Key()) && q.Reason != review.Reported && q.Reason != review.Changed {
				keys = append(keys, q.Key())
			}
		}
		was.Changes = look.Changes
		for _, r := range look.Reports {
			was.Reports = append(was.Reports, r.ID)
		}
		err = tx.each(ctx, func(row scanner) error { return row.Scan(&was.Before, &was.Who, &was.At) },
			`SELECT questions, who, at FROM review_seen WHERE thread_id = $1`, thread)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE reports SET closed = $2 WHERE thread_id = $1 AND closed = 0`, thread, micros(at)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM review_changes WHERE thread_id = $1`, thread); err != nil {
			return err
		}
		if err := tx.setSeen(ctx, thread, pack(keys), who, micros(at)); err != nil {
			return err
		}
		return tx.ask(ctx, []int64{thread})
	})
	return was, db.fail(fmt.Sprintf("noting that thread %d was looked at", threadID), err)
}

func (db *DB) setSeen(ctx context.Context, thread int64, questions, who string, at int64) error {
	_, err := db.exec(ctx, `INSERT INTO review_seen (thread_id, questions, who, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (thread_id) DO UPDATE SET questions = excluded.questions, who = excluded.who, at = excluded.at`, thread, questions, clean(who), at)
	return err
}

// Unreviewed takes a Reviewed back. at is when that was: the error wraps
// sigpost.ErrNotFound where somebody has looked since then.
func (db *DB) Unreviewed(ctx context.Context, threadID int64, at time.Time, was LookedAt) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		thread, err := tx.follow(ctx, threadID)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, `DELETE FROM review_seen WHERE thread_id = $1 AND at = $2`, thread, micros(at))
		if err == nil && n == 0 {
			err = &failure{fmt.Sprintf("thread %d has been looked at again since then", thread), sigpost.ErrNotFound}
		}
		if err == nil && was.At != 0 {
			err = tx.setSeen(ctx, thread, was.Before, was.Who, was.At)
		}
		if err != nil {
			return err
		}
		for _, id := range was.Reports {
			if _, err := tx.exec(ctx, `UPDATE reports SET closed = 0 WHERE id = $1`, id); err != nil {
				return err
			}
		}
		if err := tx.keepChanges(ctx, thread, was.Changes); err != nil {
			return err
		}
		return tx.ask(ctx, []int64{thread})
	})
	return db.fail(fmt.Sprintf("taking back that thread %d was looked at", threadID), err)
}

func (db *DB) keepChanges(ctx context.Context, thread int64, changes []review.Change) error {
	rows := make([][]any, len(changes))
	for i, c := range changes {
		rows[i] = []any{thread, string(c.Tag.Kind), c.Tag.Name, clean(c.Title), number(c.Gone)}
	}
	_, err := db.insert(ctx, "review_changes (thread_id, kind, name, title, gone)", rows)
	return err
}

// noteChanges compares the topics that a thread has with those that another
// taxonomy gives it. What comes back to what it was is no change any more.
func (db *DB) noteChanges(ctx context.Context, thread int64, now []sigpost.Tagging) error {
	titles, had := map[sigpost.Tag]string{}, map[sigpost.Tag]bool{}
	err := db.each(ctx, func(row scanner) error {
		var tag sigpost.Tag
		var title string
		err := row.Scan(&tag.Kind, &tag.Name, &title)
		titles[tag], had[tag] = title, true
		return err
	}, `SELECT kind, name, title FROM taggings WHERE thread_id = $1 AND state = 'accepted' AND kind <> $2`, thread, string(sigpost.KindNature))
	if err != nil {
		return err
	}
	has := map[sigpost.Tag]bool{}
	for _, g := range now {
		if g.State == sigpost.TagAccepted && g.Tag.Kind != sigpost.KindNature {
			titles[g.Tag], has[g.Tag] = g.Title, true
		}
	}
	for tag, title := range titles {
		if had[tag] == has[tag] {
			continue
		}
		// The opposite change is taken back by this one.
		n, err := db.exec(ctx, `DELETE FROM review_changes WHERE thread_id = $1 AND kind = $2 AND name = $3 AND gone = $4`,
			thread, string(tag.Kind), tag.Name, number(has[tag]))
		if err == nil && n == 0 {
			err = db.keepChanges(ctx, thread, []review.Change{{Tag: tag, Title: title, Gone: had[tag]}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// noteJudgement notes what the classifier had said of a tag on which somebody decides.
// What was noted at a later time was undone.
func (db *DB) noteJudgement(ctx context.Context, thread int64, tag sigpost.Tag, verdict string, at time.Time) error {
	if _, err := db.exec(ctx, `DELETE FROM judgements WHERE thread_id = $1 AND kind = $2 AND name = $3 AND at > $4`,
		thread, string(tag.Kind), tag.Name, micros(at)); err != nil {
		return err
	}
	var state, rule, taxonomy, evidence string
	var score float64
	if err := db.each(ctx, func(row scanner) error { return row.Scan(&state, &score, &evidence) },
		`SELECT state, score, evidence FROM taggings WHERE thread_id = $1 AND kind = $2 AND name = $3`, thread, string(tag.Kind), tag.Name); err != nil {
		return err
	}
	if evidence != "" {
		var why []sigpost.Evidence
		if err := json.Unmarshal([]byte(evidence), &why); err != nil {
			return err
		}
		rule = leading(why)
	}
	if err := db.each(ctx, func(row scanner) error { return row.Scan(&taxonomy) }, `SELECT classified_taxonomy FROM threads WHERE id = $1`, thread); err != nil {
		return err
	}
	_, err := db.exec(ctx, `INSERT INTO judgements (thread_id, kind, name, at, verdict, state, score, rule, taxonomy)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		thread, string(tag.Kind), tag.Name, micros(at), verdict, state, score, clean(rule), taxonomy)
	return err
}

// leading is the rule that says most for a tag.
func leading(why []sigpost.Evidence) string {
	best := sigpost.Evidence{}
	for _, e := range why {
		if e.Weight > best.Weight {
			best = e
		}
	}
	return strings.TrimSpace(best.Rule)
}

// decided does what follows from a decision on a tag of threads: they are in other
// lists, are asked about something else, or not any more, and open issues that tell of it
// are to be composed anew.
func (db *DB) decided(ctx context.Context, threads []int64, at time.Time) error {
	if err := db.relist(ctx, threads); err != nil {
		return err
	}
	if err := db.ask(ctx, threads); err != nil {
		return err
	}
	return db.outdate(ctx, threads, at)
}

// outdate has open issues that tell of threads composed anew. What was outdated at
// that very time, or later, is so once more: somebody may just be composing it.
func (db *DB) outdate(ctx context.Context, threads []int64, at time.Time) error {
	return inList(threads, 2, func(list string, args []any) error {
		_, err := db.exec(ctx, `INSERT INTO stale_drafts (issue_id, since)
SELECT DISTINCT i.id, CAST($1 AS BIGINT) FROM issues i JOIN messages m ON m.thread_id IN `+list+`
JOIN carried c ON c.digest = i.digest AND c.message_id = m.id AND c.issue_id = i.id
WHERE i.state IN ('draft', 'ready')
ON CONFLICT (issue_id) DO UPDATE
SET since = CASE WHEN excluded.since > stale_drafts.since THEN excluded.since ELSE stale_drafts.since + 1 END`, append([]any{micros(at)}, args...)...)
		return err
	})
}

// StaleDraft is an open issue of which a thread has been decided on, or a message
// hidden or shown, since it was composed.
type StaleDraft struct {
	Digest string
	Number int
	ID     int64
	since  int64
}

// StaleDrafts are the open issues that are to be composed anew, the oldest first.
func (db *DB) StaleDrafts(ctx context.Context) ([]StaleDraft, error) {
	all, err := collect(ctx, db, func(row scanner) (s StaleDraft, err error) {
		return s, row.Scan(&s.ID, &s.Digest, &s.Number, &s.since)
	}, `SELECT s.issue_id, i.digest, i.number, s.since FROM stale_drafts s JOIN issues i ON i.id = s.issue_id
WHERE i.state IN ('draft', 'ready') ORDER BY s.issue_id`)
	return all, db.fail("looking for drafts to compose anew", err)
}

// Freshened notes that an issue was composed anew. What was decided meanwhile makes
// it stale again.
func (db *DB) Freshened(ctx context.Context, s StaleDraft) error {
	_, err := db.exec(ctx, `DELETE FROM stale_drafts WHERE issue_id = $1 AND since = $2`, s.ID, s.since)
	return db.fail("noting that an issue was composed anew", err)
}
