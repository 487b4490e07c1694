package store

import (
	"context"
	"time"

	"sigpost"
)

// Classification says which revision of a thread was tagged last, and by which
// taxonomy.
type Classification struct {
	Revision int64
	Taxonomy string
}

// Untagged is a thread to be tagged, and how it was tagged before.
type Untagged struct {
	sigpost.Thread
	Before Classification
}

// Claim is what ClaimThreads has given to somebody, until a time by the database's
// clock.
type Claim struct {
	Threads []Untagged
	until   int64 // microseconds; 0 where nothing keeps others from the same threads
}

// ClaimThreads is ThreadsToClassify for several who tag at once: threads that one has
// are not given to another until they are released or the lease, by the database's
// clock, is over. Whoever tags them for longer finds that SaveTagged leaves those
// alone that another has tagged meanwhile. With a lease of 0 nothing is claimed, and
// nobody's claims count: that is for who works alone.
func (db *DB) ClaimThreads(ctx context.Context, taxonomy string, after int64, limit int, lease time.Duration) (c Claim, err error) {
	if lease == 0 {
		c.Threads, err = db.untagged(ctx, taxonomy, after, limit, "")
		return c, db.fail("looking for threads to classify", err)
	}
	err = db.Tx(ctx, func(tx *DB) error {
		if tx.claiming != "" {
			if _, err := tx.exec(ctx, tx.claiming+tx.orEnd(", ")); err != nil {
				return err
			}
		}
		if c.Threads, err = tx.untagged(ctx, taxonomy, after, limit,
			` AND NOT EXISTS (SELECT 1 FROM tagging_claims c WHERE c.thread_id = t.id AND c.until > `+tx.clock+`)`); err != nil {
			return err
		}
		if err := tx.scan(ctx, `SELECT `+tx.clock+` + $1`, []any{lease.Microseconds()}, &c.until); err != nil {
			return err
		}
		rows := make([][]any, len(c.Threads))
		for i, id := range c.ids() {
			rows[i] = []any{id, c.until}
		}
		if err := inList(c.ids(), 1, func(list string, args []any) error {
			_, err := tx.exec(ctx, `DELETE FROM tagging_claims WHERE thread_id IN `+list, args...)
			return err
		}); err != nil {
			return err
		}
		return tx.insertAll(ctx, "tagging_claims (thread_id, until)", rows)
	})
	return c, db.fail("claiming threads to classify", err)
}

// untagged are the threads that ThreadsToClassify gives, of those of which more holds.
func (db *DB) untagged(ctx context.Context, taxonomy string, after int64, limit int, more string) ([]Untagged, error) {
	which, args, err := db.unclassified(ctx, taxonomy, 3)
	if err != nil {
		return nil, err
	}
	return collect(ctx, db, func(row scanner) (u Untagged, err error) {
		u.Thread, err = readThread(columnsMore{row, []any{&u.Before.Revision, &u.Before.Taxonomy}})
		return u, err
	}, `SELECT `+threadColumns+`, t.classified_revision, t.classified_taxonomy FROM threads t
WHERE `+which+more+` AND t.id > $1 ORDER BY t.id LIMIT $2`, append([]any{after, limit}, args...)...)
}

// columnsMore reads a row that has more columns behind those that are asked for.
type columnsMore struct {
	scanner
	more []any
}

// Scan reads all columns.
func (c columnsMore) Scan(into ...any) error {
	return c.scanner.Scan(append(into[:len(into):len(into)], c.more...)...)
}

// CountToClassify counts the threads that ThreadsToClassify would give and nobody has
// claimed, up to most.
func (db *DB) CountToClassify(ctx context.Context, taxonomy string, most int) (n int, err error) {
	which, args, err := db.unclassified(ctx, taxonomy, 2)
	if err == nil {
		err = db.scan(ctx, `SELECT count(*) FROM (SELECT 1 FROM threads t WHERE `+which+`
AND NOT EXISTS (SELECT 1 FROM tagging_claims c WHERE c.thread_id = t.id AND c.until > `+db.clock+`) LIMIT $1) due`, append([]any{most}, args...), &n)
	}
	return n, db.fail("counting threads to classify", err)
}

// ReleaseThreads ends a claim: what is left of it may be claimed by others.
func (db *DB) ReleaseThreads(ctx context.Context, c Claim) error {
	if c.until == 0 {
		return nil
	}
	err := inList(c.ids(), 2, func(list string, args []any) error {
		_, err := db.exec(ctx, `DELETE FROM tagging_claims WHERE until = $1 AND thread_id IN `+list, append([]any{c.until}, args...)...)
		return err
	})
	return db.fail("releasing threads", err)
}

// ClaimedThreads gives the threads that ThreadsToClassify would give and somebody has
// claimed.
func (db *DB) ClaimedThreads(ctx context.Context, taxonomy string) (ids []int64, err error) {
	which, args, err := db.unclassified(ctx, taxonomy, 1)
	if err == nil {
		ids, err = collect(ctx, db, func(row scanner) (id int64, err error) { return id, row.Scan(&id) },
			`SELECT t.id FROM tagging_claims c JOIN threads t ON t.id = c.thread_id WHERE `+which+` AND c.until > `+db.clock+` ORDER BY t.id`, args...)
	}
	return ids, db.fail("looking for threads that others classify", err)
}

func (c Claim) ids() []int64 {
	ids := make([]int64, len(c.Threads))
	for i, t := range c.Threads {
		ids[i] = t.ID
	}
	return ids
}
