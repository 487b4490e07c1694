package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/search"
)

// BulkQuery says which threads to find of which nobody has decided on Target. What
// is empty does not narrow it.
type BulkQuery struct {
	Target sigpost.Tag
	// Tag is one that the classifier gave, in a State, with a score from Least to
	// Most (0 for no bound) and evidence of Rule.
	Tag         sigpost.Tag
	State       sigpost.TaggingState
	Least, Most float64
	Rule        string
	List        string
	// After and Before bound the thread's last message.
	After, Before time.Time
	// Words is a search that finds any of its messages.
	Words search.Query
	Limit int
}

// BulkThread is a thread that was found, with what is said of the tag.
type BulkThread struct {
	ID      int64
	Subject string
	Last    time.Time
	State   sigpost.TaggingState // empty where the classifier did not give it
	Score   float64
	Why     []sigpost.Evidence
}

// rulesRead is in how many taggings of a tag a rule is looked for, the newest first.
const rulesRead = 20000

// BulkFind finds threads, the newest first. Evidence is a text that SQL does not look
// into: a rule belongs to a tag, and is looked for in the evidence of that tag's
// threads, up to rulesRead of them.
func (db *DB) BulkFind(ctx context.Context, q BulkQuery) (found []BulkThread, err error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	from, columns := `threads t`, `'', 0, '[]'`
	var where []string
	if q.Tag != (sigpost.Tag{}) {
		from, columns = `taggings g JOIN threads t ON t.id = g.thread_id`, `g.state, g.score, g.evidence`
		where = append(where, `g.kind = `+arg(string(q.Tag.Kind))+` AND g.name = `+arg(q.Tag.Name))
		if q.State != "" {
			where = append(where, `g.state = `+arg(string(q.State)))
		}
		if q.Least > 0 {
			where = append(where, `g.score >= `+arg(q.Least))
		}
		if q.Most > 0 {
			where = append(where, `g.score <= `+arg(q.Most))
		}
	}
	if q.List != "" {
		where = append(where, `EXISTS (SELECT 1 FROM thread_lists l WHERE l.thread_id = t.id AND l.list = `+arg(q.List)+`)`)
	}
	if !q.After.IsZero() {
		where = append(where, `t.last_at >= `+arg(micros(q.After)))
	}
	if !q.Before.IsZero() {
		where = append(where, `t.last_at < `+arg(micros(q.Before)))
	}
	if q.Words.Text != "" {
		ids, err := db.threadsWith(ctx, q.Words)
		if err != nil || len(ids) == 0 {
			return nil, db.fail("looking for threads", err)
		}
		places := make([]string, len(ids))
		for i, id := range ids {
			places[i] = arg(id)
		}
		where = append(where, `t.id IN (`+strings.Join(places, ", ")+`)`)
	}
	where = append(where, `NOT EXISTS (SELECT 1 FROM decisions d WHERE d.thread_id = t.id AND d.kind = `+arg(string(q.Target.Kind))+` AND d.name = `+arg(q.Target.Name)+`)`)
	limit := q.Limit
	if q.Rule != "" {
		limit = rulesRead
	}
	err = db.each(ctx, func(row scanner) error {
		var t BulkThread
		var last int64
		var evidence string
		if err := row.Scan(&t.ID, &t.Subject, &last, &t.State, &t.Score, &evidence); err != nil {
			return err
		}
		t.Last = moment(last)
		if len(found) >= q.Limit || q.Rule != "" && !strings.Contains(evidence, jsonText(q.Rule)) {
			return nil
		}
		if err := json.Unmarshal([]byte(evidence), &t.Why); err != nil {
			return err
		}
		if q.Rule == "" || slices.ContainsFunc(t.Why, func(e sigpost.Evidence) bool { return e.Rule == q.Rule }) {
			found = append(found, t)
		}
		return nil
	}, `SELECT t.id, t.subject, t.last_at, `+columns+` FROM `+from+` WHERE `+strings.Join(where, " AND ")+` ORDER BY t.last_at DESC, t.id DESC LIMIT `+arg(limit), args...)
	return found, db.fail("looking for threads", err)
}

// jsonText is a text as it stands in JSON.
func jsonText(s string) string {
	b, _ := json.Marshal(s) // a string always can be
	return string(b)
}

// foundRead is how many messages a search gives at most, the newest.
const foundRead = 2000

// threadsWith gives the threads of messages that a search finds.
func (db *DB) threadsWith(ctx context.Context, q search.Query) (ids []int64, err error) {
	if q.Root == nil {
		return nil, nil
	}
	places, err := db.finder(q.Root).newest(ctx, foundRead)
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	for i := range places {
		places[i] &= placeMask
	}
	err = inList(places, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var id int64
			err := row.Scan(&id)
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
			return err
		}, `SELECT m.thread_id FROM messages m WHERE m.id IN `+list, args...)
	})
	return ids, err
}

// DecideAll is Decide for several threads at once.
func (db *DB) DecideAll(ctx context.Context, threads []int64, tag sigpost.Tag, title string, accept bool, who, why string, at time.Time) error {
	return db.Tx(ctx, func(tx *DB) error {
		for _, id := range threads {
			if err := tx.Decide(ctx, id, tag, title, accept, who, why, at); err != nil {
				return err
			}
		}
		return nil
	})
}
