package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sigpost"
)

// The verdicts of decisions.
const (
	accepted = "accept"
	rejected = "reject"
)

// ThreadsToClassify gives threads that have grown since they were classified,
// or were classified by another taxonomy (any text that identifies one), in
// the order of their IDs from the one behind after; their Tags are left out. An
// empty taxonomy asks only for those that have grown.
func (db *DB) ThreadsToClassify(ctx context.Context, taxonomy string, after int64, limit int) ([]sigpost.Thread, error) {
	doing := "looking for threads to classify"
	which, args, err := db.unclassified(ctx, taxonomy, 3)
	if err != nil {
		return nil, db.fail(doing, err)
	}
	threads, err := collect(ctx, db, readThread, `SELECT `+threadColumns+` FROM threads t
WHERE `+which+` AND t.id > $1 ORDER BY t.id LIMIT $2`, append([]any{after, limit}, args...)...)
	return threads, db.fail(doing, err)
}

// unclassified is what holds for threads t that ThreadsToClassify gives, with its
// arguments, which are those from number from on.
func (db *DB) unclassified(ctx context.Context, taxonomy string, from int) (which string, args []any, err error) {
	classified := 1 // all by this taxonomy, but for those that have grown
	if taxonomy != "" {
		if err := db.scan(ctx, `SELECT count(*) FROM notes WHERE name = 'classified' AND value = $1`, []any{taxonomy}, &classified); err != nil {
			return "", nil, err
		}
	}
	if classified == 0 {
		return `(t.revision <> t.classified_revision OR t.classified_taxonomy <> ` + params(from, 1) + `)`, []any{taxonomy}, nil
	}
	return `t.revision <> t.classified_revision`, nil, nil
}

// Classified notes that there are no threads left that another taxonomy has
// classified, so that nobody has to look for them. It notes nothing where there are:
// another process, which knows another taxonomy, may have tagged some meanwhile.
func (db *DB) Classified(ctx context.Context, taxonomy string) error {
	var noted int
	err := db.scan(ctx, `SELECT count(*) FROM notes WHERE name = 'classified' AND value = $1`, []any{taxonomy}, &noted)
	if err == nil && noted == 0 {
		err = db.Tx(ctx, func(tx *DB) error {
			if err := tx.alone(ctx); err != nil {
				return err
			}
			// All threads, in the order of their numbers: once for a taxonomy.
			_, err := tx.exec(ctx, `INSERT INTO notes (name, value) SELECT 'classified', $1
WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id > 0 AND t.classified_taxonomy <> $1 AND t.revision = t.classified_revision)
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE notes.value <> excluded.value`, taxonomy)
			return err
		})
	}
	return db.fail("noting the taxonomy", err)
}

// Tagged is what a classifier says of a thread that it looked at in a revision.
type Tagged struct {
	Thread, Revision int64
	Taggings         []sigpost.Tagging
	// Before is how the thread was tagged when the classifier looked at it.
	Before Classification
}

// SaveTaggings is SaveTagged for one thread, however it was tagged before.
func (db *DB) SaveTaggings(ctx context.Context, threadID, revision int64, taxonomy string, taggings []sigpost.Tagging) error {
	return db.Tx(ctx, func(tx *DB) error {
		tagged := Tagged{Thread: threadID, Revision: revision, Taggings: taggings}
		err := tx.each(ctx, func(row scanner) error { return row.Scan(&tagged.Before.Revision, &tagged.Before.Taxonomy) },
			`SELECT classified_revision, classified_taxonomy FROM threads WHERE id = $1`, threadID)
		if err != nil {
			return db.fail("reading how a thread was tagged", err)
		}
		return tx.SaveTagged(ctx, taxonomy, []Tagged{tagged})
	})
}

// SaveTagged replaces what the classifier said of threads and notes which revision
// and taxonomy it looked at: if a message has joined meanwhile, the thread is still
// to be classified. Decisions of people stay. A thread that was joined to another
// meanwhile is left to be classified there, and one that another process has tagged
// meanwhile stays as that has it. Threads that a person should look at
// come into the queue, and others leave it.
func (db *DB) SaveTagged(ctx context.Context, taxonomy string, all []Tagged) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		// Another taxonomy has begun: what Classified noted does not hold any more.
		if _, err := tx.exec(ctx, `DELETE FROM notes WHERE name = 'classified' AND value <> $1`, taxonomy); err != nil {
			return err
		}
		ids := make([]int64, len(all))
		for i, t := range all {
			ids[i] = t.Thread
			if err := tx.saveTagged(ctx, taxonomy, t); err != nil {
				return fmt.Errorf("thread %d: %w", t.Thread, err)
			}
		}
		if err := tx.relist(ctx, ids); err != nil {
			return err
		}
		return tx.ask(ctx, ids)
	})
	return db.fail("storing the tags of threads", err)
}

func (db *DB) saveTagged(ctx context.Context, taxonomy string, t Tagged) error {
	n, err := db.exec(ctx, `UPDATE threads SET classified_revision = $1, classified_taxonomy = $2
WHERE id = $3 AND classified_revision = $4 AND classified_taxonomy = $5`, t.Revision, taxonomy, t.Thread, t.Before.Revision, t.Before.Taxonomy)
	if err != nil || n == 0 {
		return err
	}
	if before := t.Before.Taxonomy; before != "" && before != taxonomy {
		if err := db.noteChanges(ctx, t.Thread, t.Taggings); err != nil {
			return err
		}
	}
	if _, err := db.exec(ctx, `DELETE FROM taggings WHERE thread_id = $1`, t.Thread); err != nil {
		return err
	}
	for _, g := range t.Taggings {
		evidence, err := toJSON(g.Evidence)
		if err != nil {
			return err
		}
		if _, err := db.exec(ctx, `INSERT INTO taggings (thread_id, kind, name, title, score, state, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7)`, t.Thread, string(g.Tag.Kind), g.Tag.Name, g.Title, g.Score, string(g.State), evidence); err != nil {
			return fmt.Errorf("tag %s: %w", g.Tag, err)
		}
	}
	return nil
}

// Decide notes what a person decided on a tag of a thread, for good: whatever
// the classifier says from then on, the tag holds (accept) or does not. A
// later decision on the same tag takes the place of an earlier one. Of a thread's
// nature, of which there is exactly one, the latest decision holds; to reject
// one would leave none, and is refused. title is the tag's name for people; at
// is now.
func (db *DB) Decide(ctx context.Context, threadID int64, tag sigpost.Tag, title string, accept bool, who, why string, at time.Time) error {
	if err := natureCanBe(tag, accept); err != nil {
		return err
	}
	verdict := rejected
	if accept {
		verdict = accepted
	}
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		thread, err := tx.follow(ctx, threadID)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `INSERT INTO decisions (thread_id, kind, name, title, verdict, who, why, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (thread_id, kind, name) DO UPDATE
SET title = excluded.title, verdict = excluded.verdict, who = excluded.who, why = excluded.why, at = excluded.at`,
			thread, string(tag.Kind), tag.Name, clean(title), verdict, clean(who), clean(why), micros(at))
		if err == nil {
			err = tx.noteJudgement(ctx, thread, tag, verdict, at)
		}
		if err != nil {
			return err
		}
		return tx.decided(ctx, []int64{thread}, at)
	})
	return db.fail(fmt.Sprintf("storing the decision on tag %s of thread %d", tag, threadID), err)
}

// Undecide takes what somebody decided on a tag of a thread back: the tag holds as
// the classifier finds it. at is now.
func (db *DB) Undecide(ctx context.Context, threadID int64, tag sigpost.Tag, at time.Time) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		thread, err := tx.follow(ctx, threadID)
		if err != nil {
			return err
		}
		for _, table := range []string{"decisions", "judgements"} {
			if _, err := tx.exec(ctx, `DELETE FROM `+table+` WHERE thread_id = $1 AND kind = $2 AND name = $3`, thread, string(tag.Kind), tag.Name); err != nil {
				return err
			}
		}
		return tx.decided(ctx, []int64{thread}, at)
	})
	return db.fail(fmt.Sprintf("taking the decision on tag %s of thread %d back", tag, threadID), err)
}

// natureCanBe refuses decisions that would leave a thread without a nature.
func natureCanBe(tag sigpost.Tag, accept bool) error {
	switch {
	case tag.Kind != sigpost.KindNature:
		return nil
	case sigpost.Nature(tag.Name).Title() == "":
		return sigpost.Usage(fmt.Errorf("there is no nature %q; there are %v", tag.Name, sigpost.Natures()))
	case !accept:
		return sigpost.Usage(fmt.Errorf("a thread has exactly one nature: decide which it is, and %s is gone", tag.Name))
	}
	return nil
}

// Taggings gives the tags of threads with their evidence, best first, as they
// hold: what the classifier found, with people's decisions over it. A tag that
// somebody accepted has score 1 and evidence of sigpost.DecisionField; one that
// somebody rejected is left out, and so is the classifier's nature where
// somebody accepted one.
func (db *DB) Taggings(ctx context.Context, threadIDs []int64) (map[int64][]sigpost.Tagging, error) {
	all, err := db.taggings(ctx, threadIDs, true)
	return all, db.fail("reading tags", err)
}

// taggings is Taggings, with the classifier's evidence, which is long, or those
// that hold without it.
func (db *DB) taggings(ctx context.Context, threadIDs []int64, evidence bool) (map[int64][]sigpost.Tagging, error) {
	all := map[int64][]sigpost.Tagging{}
	err := inList(threadIDs, 1, func(list string, args []any) error {
		if err := db.readTaggings(ctx, all, list, args, evidence); err != nil {
			return err
		}
		return db.readDecisions(ctx, all, list, args)
	})
	if err != nil {
		return nil, err
	}
	for _, taggings := range all {
		slices.SortFunc(taggings, func(a, b sigpost.Tagging) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Tag.Kind, b.Tag.Kind), cmp.Compare(a.Tag.Name, b.Tag.Name))
		})
	}
	return all, nil
}

func (db *DB) readTaggings(ctx context.Context, all map[int64][]sigpost.Tagging, list string, args []any, why bool) error {
	if !why {
		return db.each(ctx, func(row scanner) error {
			var id int64
			t := sigpost.Tagging{State: sigpost.TagAccepted}
			err := row.Scan(&id, &t.Tag.Kind, &t.Tag.Name, &t.Title, &t.Score)
			all[id] = append(all[id], t)
			return err
		}, `SELECT thread_id, kind, name, title, score FROM taggings WHERE state = 'accepted' AND thread_id IN `+list, args...)
	}
	return db.each(ctx, func(row scanner) error {
		var id int64
		var evidence string
		var t sigpost.Tagging
		if err := row.Scan(&id, &t.Tag.Kind, &t.Tag.Name, &t.Title, &t.Score, &t.State, &evidence); err != nil {
			return err
		}
		all[id] = append(all[id], t)
		return json.Unmarshal([]byte(evidence), &all[id][len(all[id])-1].Evidence)
	}, `SELECT thread_id, kind, name, title, score, state, evidence FROM taggings WHERE thread_id IN `+list, args...)
}

// readDecisions lays decisions over what the classifier found.
func (db *DB) readDecisions(ctx context.Context, all map[int64][]sigpost.Tagging, list string, args []any) error {
	return db.each(ctx, func(row scanner) error {
		var id int64
		var verdict string
		var t sigpost.Tagging
		if err := row.Scan(&id, &t.Tag.Kind, &t.Tag.Name, &t.Title, &verdict); err != nil {
			return err
		}
		found := slices.IndexFunc(all[id], func(m sigpost.Tagging) bool { return m.Tag == t.Tag })
		if found >= 0 {
			t.Evidence = all[id][found].Evidence
			all[id] = slices.Delete(all[id], found, found+1)
		}
		if verdict == accepted && t.Tag.Kind == sigpost.KindNature { // there is one, and the latest decision comes last
			all[id] = slices.DeleteFunc(all[id], func(m sigpost.Tagging) bool { return m.Tag.Kind == sigpost.KindNature })
		}
		if verdict == accepted {
			t.Score, t.State = 1, sigpost.TagAccepted
			t.Evidence = append([]sigpost.Evidence{{Rule: sigpost.DecisionRule, Field: sigpost.DecisionField}}, t.Evidence...)
			all[id] = append(all[id], t)
		}
		return nil
	}, `SELECT thread_id, kind, name, title, verdict FROM decisions WHERE thread_id IN `+list+` ORDER BY at, name`, args...)
}

// TagCount says how many threads a tag is accepted for.
type TagCount struct {
	Tag     sigpost.Tag
	Title   string
	Threads int
}

// TagCounts gives every topic that is accepted for a thread, kind by kind, the
// most used first. Natures are no topics.
func (db *DB) TagCounts(ctx context.Context) ([]TagCount, error) {
	counts, err := collect(ctx, db, func(row scanner) (c TagCount, err error) {
		return c, row.Scan(&c.Tag.Kind, &c.Tag.Name, &c.Threads)
	}, `SELECT kind, name, count(*) FROM listing WHERE kind NOT IN ($1, $2, $3) GROUP BY kind, name`, string(sigpost.KindNature), listOf, unanswered)
	for i := range counts {
		if err == nil {
			counts[i].Title, err = db.TagTitle(ctx, counts[i].Tag)
		}
	}
	if err != nil {
		return nil, db.fail("counting tags", err)
	}
	slices.SortFunc(counts, func(a, b TagCount) int {
		return cmp.Or(cmp.Compare(a.Tag.Kind, b.Tag.Kind), cmp.Compare(b.Threads, a.Threads), cmp.Compare(a.Tag.Name, b.Tag.Name))
	})
	return counts, nil
}

// TagTitle is the name for people of a tag that some thread has. The error wraps
// sigpost.ErrNotFound where none has it.
func (db *DB) TagTitle(ctx context.Context, tag sigpost.Tag) (title string, err error) {
	err = db.scan(ctx, `SELECT COALESCE((SELECT title FROM taggings WHERE kind = $1 AND name = $2 AND title <> '' ORDER BY thread_id DESC LIMIT 1),
(SELECT title FROM decisions WHERE kind = $1 AND name = $2 AND title <> '' ORDER BY thread_id DESC LIMIT 1), l.name)
FROM listing l WHERE l.kind = $1 AND l.name = $2 LIMIT 1`, []any{string(tag.Kind), tag.Name}, &title)
	return title, db.fail("looking for the tag "+tag.String(), err)
}

// Decision is what a person said of a tag of a thread.
type Decision struct {
	Tag    sigpost.Tag
	Title  string
	Accept bool
	Who    string
	Why    string
	At     time.Time
}

// Decisions gives what people decided on the tags of a thread, oldest first.
func (db *DB) Decisions(ctx context.Context, threadID int64) ([]Decision, error) {
	doing := fmt.Sprintf("reading the decisions on thread %d", threadID)
	thread, err := db.follow(ctx, threadID)
	if err != nil {
		return nil, db.fail(doing, err)
	}
	all, err := collect(ctx, db, func(row scanner) (d Decision, err error) {
		var at int64
		var verdict string
		err = row.Scan(&d.Tag.Kind, &d.Tag.Name, &d.Title, &verdict, &d.Who, &d.Why, &at)
		d.Accept, d.At = verdict == accepted, moment(at)
		return d, err
	}, `SELECT kind, name, title, verdict, who, why, at FROM decisions WHERE thread_id = $1 ORDER BY at, kind, name`, thread)
	return all, db.fail(doing, err)
}
