package store

import (
	"context"
	"time"

	"sigpost"
)

// DecisionsOf gives what people decided on the tags of threads, by the numbers by which
// the threads are asked for: those that were joined to another one have that one's.
func (db *DB) DecisionsOf(ctx context.Context, threadIDs []int64) (map[int64][]Decision, error) {
	all := map[int64][]Decision{}
	err := db.ofToday(ctx, threadIDs, func(list string, args []any, asked map[int64][]int64) error {
		return db.each(ctx, func(row scanner) error {
			var thread, at int64
			var verdict string
			var d Decision
			err := row.Scan(&thread, &d.Tag.Kind, &d.Tag.Name, &d.Title, &verdict, &d.Who, &d.Why, &at)
			d.Accept, d.At = verdict == accepted, moment(at)
			for _, id := range asked[thread] {
				all[id] = append(all[id], d)
			}
			return err
		}, `SELECT thread_id, kind, name, title, verdict, who, why, at FROM decisions WHERE thread_id IN `+list+` ORDER BY at, kind, name`, args...)
	})
	return all, db.fail("reading the decisions on threads", err)
}

// LookedAtOf says when threads were looked at last and left as they are; those that
// were not are missing. The numbers are as for DecisionsOf.
func (db *DB) LookedAtOf(ctx context.Context, threadIDs []int64) (map[int64]time.Time, error) {
	all := map[int64]time.Time{}
	err := db.ofToday(ctx, threadIDs, func(list string, args []any, asked map[int64][]int64) error {
		return db.each(ctx, func(row scanner) error {
			var thread, at int64
			err := row.Scan(&thread, &at)
			for _, id := range asked[thread] {
				all[id] = moment(at)
			}
			return err
		}, `SELECT thread_id, at FROM review_seen WHERE thread_id IN `+list, args...)
	})
	return all, db.fail("reading when threads were looked at", err)
}

// ofToday asks of the threads that hold by now what threads of these numbers held;
// asked are their numbers by those of today.
func (db *DB) ofToday(ctx context.Context, threadIDs []int64, do func(list string, args []any, asked map[int64][]int64) error) error {
	today, err := db.today(ctx, threadIDs)
	if err != nil {
		return err
	}
	asked := map[int64][]int64{}
	var ids []int64
	for id, now := range today {
		if asked[now] == nil {
			ids = append(ids, now)
		}
		asked[now] = append(asked[now], id)
	}
	return inList(ids, 1, func(list string, args []any) error { return do(list, args, asked) })
}

// Sight says whether a message is out of sight by a reviewer, and since when.
type Sight struct {
	Removed bool
	At      time.Time // of the removal
}

// SightOf gives that of messages; those that the archive does not have are missing.
func (db *DB) SightOf(ctx context.Context, ids []sigpost.MessageID) (map[sigpost.MessageID]Sight, error) {
	byKey, keys := keysOf(ids)
	all := map[sigpost.MessageID]Sight{}
	err := inList(keys, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var k []byte
			var hidden int
			var at int64
			err := row.Scan(&k, &hidden, &at)
			all[byKey[key(k)]] = Sight{hidden&removed != 0, moment(at)}
			return err
		}, `SELECT m.message_key, m.hidden, COALESCE(r.at, 0) FROM messages m LEFT JOIN removals r ON r.message_id = m.id WHERE m.message_key IN `+list, args...)
	})
	return all, db.fail("reading what reviewers removed", err)
}

// UnsentIssues gives the issues of all digests of which nothing was sent yet, with what
// they hold.
func (db *DB) UnsentIssues(ctx context.Context) ([]sigpost.Issue, error) {
	all, err := collect(ctx, db, readIssue, `SELECT `+issueColumns+` FROM issues i WHERE i.state IN ('draft', 'ready', 'approved') ORDER BY i.id`)
	return all, db.fail("looking for issues of which nothing was sent", err)
}
