package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"slices"

	"sigpost"
)

// key stands for a Message-ID in indexes: see migrations/00001_archive.sql.
type key [16]byte

func keyOf(id sigpost.MessageID) key {
	sum := sha256.Sum256([]byte(id))
	return key(sum[:16])
}

// known is what is known of a Message-ID: in which thread it is, and whether
// it is more than a ghost that others refer to.
type known struct {
	thread  int64    // new threads of a batch have numbers below 0
	message int64    // the stored message, or 0
	arrived *arrived // the message of this batch, or nil
	ghost   bool     // it has a row in ghosts
}

// joiner finds the threads of a batch of messages: the connected components
// of "refers to". Which messages share a thread does not depend on the order
// in which they come, since every id that is referred to is remembered, seen
// or not, and two threads that turn out to be one are joined.
type joiner struct {
	ids map[key]*known
	// above leads from a thread to one that it is part of (union-find).
	above map[int64]int64
	fresh int64 // new threads so far
	// special are threads that more than references made what they are. What
	// has to do with them is sorted by a regrouping, as are touched threads.
	special map[int64]bool
	touched []int64
}

// newJoiner looks up all ids that the batch speaks of.
func (db *DB) newJoiner(ctx context.Context, keys []key) (*joiner, error) {
	j := &joiner{ids: make(map[key]*known, len(keys)), above: map[int64]int64{}, special: map[int64]bool{}}
	for _, k := range keys {
		j.ids[k] = nil
	}
	wanted := make([][]byte, 0, len(j.ids))
	for k := range j.ids {
		wanted = append(wanted, k[:])
	}
	clear(j.ids)
	slices.SortFunc(wanted, bytes.Compare)
	err := inList(wanted, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var k []byte
			n := &known{}
			if err := row.Scan(&k, &n.thread, &n.message); err != nil {
				return err
			}
			n.ghost = n.message == 0
			j.ids[key(k)] = n
			return nil
		}, `SELECT message_key, thread_id, id FROM messages WHERE message_key IN `+list+
			` UNION ALL SELECT message_key, thread_id, 0 FROM ghosts WHERE message_key IN `+list, args...)
	})
	if err != nil {
		return nil, err
	}
	return j, db.findSpecial(ctx, j)
}

func (db *DB) findSpecial(ctx context.Context, j *joiner) error {
	threads := map[int64]bool{}
	for _, n := range j.ids {
		threads[n.thread] = true
	}
	return inList(slices.Collect(maps.Keys(threads)), 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var t int64
			err := row.Scan(&t)
			j.special[t] = true
			return err
		}, `SELECT id FROM threads WHERE special = 1 AND id IN `+list, args...)
	})
}

// find is the thread that t is part of by now.
func (j *joiner) find(t int64) int64 {
	for {
		up, ok := j.above[t]
		if !ok {
			return t
		}
		if upper, ok := j.above[up]; ok {
			j.above[t] = upper
		}
		t = up
	}
}

// join makes one thread of two. The older number stays: a stored one before a
// new one, the smaller of two stored ones.
func (j *joiner) join(a, b int64) int64 {
	a, b = j.find(a), j.find(b)
	if a == b {
		return a
	}
	if older(b, a) {
		a, b = b, a
	}
	j.above[b] = a
	return a
}

func older(a, b int64) bool {
	if (a > 0) != (b > 0) {
		return a > 0
	}
	return max(a, -a) < max(b, -b)
}

// add puts a message that is not stored yet into its thread. A delicate one is
// left without what it refers to, for a regrouping.
func (j *joiner) add(m *arrived, delicate bool) {
	self := j.ids[m.key]
	if self == nil {
		j.fresh++
		self = &known{thread: -j.fresh}
		j.ids[m.key] = self
	}
	self.arrived = m
	if delicate || j.nearSpecial(m) {
		j.special[j.find(self.thread)] = true
		j.touched = append(j.touched, self.thread)
		m.delicate = true
		return
	}
	for _, k := range m.refs {
		if ref := j.ids[k]; ref != nil {
			j.join(self.thread, ref.thread)
		} else {
			j.ids[k] = &known{thread: self.thread}
		}
	}
}

// nearSpecial says whether a message belongs to a special thread or refers to
// what is in one.
func (j *joiner) nearSpecial(m *arrived) bool {
	if len(j.special) == 0 {
		return false
	}
	for _, k := range append(slices.Clip(m.refs), m.key) {
		if n := j.ids[k]; n != nil && j.special[j.find(n.thread)] {
			return true
		}
	}
	return false
}

// merged are the stored threads that turned out to be part of another, in
// the order of their numbers.
func (j *joiner) merged() []int64 {
	var old []int64
	for _, t := range slices.Sorted(maps.Keys(j.above)) {
		if t > 0 {
			old = append(old, t)
		}
	}
	return old
}

// ghosts are the ids to remember from now on and those to forget, which have
// come.
func (j *joiner) ghosts() (appeared []key, arrived []key) {
	for k, n := range j.ids {
		switch {
		case n.ghost && n.arrived != nil:
			arrived = append(arrived, k)
		case !n.ghost && n.message == 0 && n.arrived == nil:
			appeared = append(appeared, k)
		}
	}
	// In the order of their index, rows are written side by side.
	slices.SortFunc(appeared, func(a, b key) int { return bytes.Compare(a[:], b[:]) })
	return appeared, arrived
}

// absorb makes thread old part of thread into: its messages, ghosts, tags,
// decisions and places in issues go over, and who asks for old is sent there.
// Where people decided on the same tag in both, the later decision holds.
func (db *DB) absorb(ctx context.Context, into, old int64) error {
	for _, query := range []string{
		`UPDATE messages SET thread_id = $1 WHERE thread_id = $2`,
		`UPDATE ghosts SET thread_id = $1 WHERE thread_id = $2`,
		`UPDATE redirects SET thread_id = $1 WHERE thread_id = $2`,
		`INSERT INTO redirects (old_thread_id, thread_id) VALUES ($2, $1)`,
		`INSERT INTO outward (message_key, thread_id)
SELECT message_key, CAST($1 AS BIGINT) FROM outward WHERE thread_id = $2 ON CONFLICT DO NOTHING`,
		`INSERT INTO thread_lists (thread_id, list)
SELECT CAST($1 AS BIGINT), list FROM thread_lists WHERE thread_id = $2 ON CONFLICT DO NOTHING`,
		`INSERT INTO issue_threads (thread_id, issue_id)
SELECT CAST($1 AS BIGINT), issue_id FROM issue_threads WHERE thread_id = $2 ON CONFLICT DO NOTHING`,
		`INSERT INTO taggings (thread_id, kind, name, title, score, state, evidence)
SELECT CAST($1 AS BIGINT), kind, name, title, score, state, evidence FROM taggings WHERE thread_id = $2 ON CONFLICT DO NOTHING`,
		`INSERT INTO decisions (thread_id, kind, name, title, verdict, who, why, at)
SELECT CAST($1 AS BIGINT), kind, name, title, verdict, who, why, at FROM decisions WHERE thread_id = $2
ON CONFLICT (thread_id, kind, name) DO UPDATE
SET title = excluded.title, verdict = excluded.verdict, who = excluded.who, why = excluded.why, at = excluded.at
WHERE excluded.at > decisions.at`,
		`INSERT INTO review_changes (thread_id, kind, name, title, gone)
SELECT CAST($1 AS BIGINT), kind, name, title, gone FROM review_changes WHERE thread_id = $2 ON CONFLICT DO NOTHING`,
		`INSERT INTO reports (thread_id, kind, name, title, missing, words, source, at, closed)
SELECT CAST($1 AS BIGINT), kind, name, title, missing, words, source, at, closed FROM reports WHERE thread_id = $2 ON CONFLICT DO NOTHING`,
		`INSERT INTO judgements (thread_id, kind, name, at, verdict, state, score, rule, taxonomy)
SELECT CAST($1 AS BIGINT), kind, name, at, verdict, state, score, rule, taxonomy FROM judgements WHERE thread_id = $2 ON CONFLICT DO NOTHING`,
		`INSERT INTO samples (week, thread_id, kind, name, title, score, rule, taxonomy, population)
SELECT week, CAST($1 AS BIGINT), kind, name, title, score, rule, taxonomy, population FROM samples WHERE thread_id = $2 ON CONFLICT DO NOTHING`,
		// The revision passes both, so that whoever has seen either looks again.
		`UPDATE threads SET
messages = threads.messages + o.messages, robots = threads.robots + o.robots, revision = threads.revision + o.revision,
subject = CASE WHEN o.first_at < threads.first_at THEN o.subject ELSE threads.subject END,
base_subject = CASE WHEN o.first_at < threads.first_at THEN o.base_subject ELSE threads.base_subject END,
first_at = CASE WHEN o.first_at < threads.first_at THEN o.first_at ELSE threads.first_at END,
last_at = CASE WHEN o.last_at > threads.last_at THEN o.last_at ELSE threads.last_at END
FROM threads o WHERE threads.id = $1 AND o.id = $2`,
	} {
		if _, err := db.exec(ctx, query, into, old); err != nil {
			return err
		}
	}
	for _, table := range []string{"outward", "thread_lists", "issue_threads", "taggings", "decisions", "listing",
		"review_queue", "review_tags", "review_seen", "review_changes", "reports", "judgements", "samples", "tagging_claims"} {
		if _, err := db.exec(ctx, `DELETE FROM `+table+` WHERE thread_id = $1`, old); err != nil {
			return err
		}
	}
	_, err := db.exec(ctx, `DELETE FROM threads WHERE id = $1`, old)
	return err
}
