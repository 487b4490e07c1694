package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigpost"
)

// ThreadQuery says which threads to list: those for which all of it holds. Its
// zero value means all.
type ThreadQuery struct {
	// Tags ask for threads for which all of them are accepted, natures too; Tag
	// is one more.
	Tags []sigpost.Tag
	Tag  sigpost.Tag
	// List asks for threads on the list of that name.
	List string
	// Unanswered asks for threads that wait for an answer: a person began them,
	// they are a question, a proposal or a discussion, and no other person has
	// written in them.
	Unanswered bool
	// Author asks for threads in which somebody wrote whose name or address has
	// all of these words.
	Author string
	// From and Until ask for threads with their last message in [From, Until).
	From, Until time.Time
	// Before asks for what comes after a place in the order, such as
	// ThreadList.Next.
	Before ThreadPosition
	// Limit is how many to give at most; 0 means 50.
	Limit int
}

// ThreadPosition is a thread's place in the order of Threads. No thread needs to
// be there.
type ThreadPosition struct {
	Last time.Time // of the thread
	ID   int64
}

// PositionOf is the place of a thread.
func PositionOf(t sigpost.Thread) ThreadPosition { return ThreadPosition{t.Last, t.ID} }

// ThreadList is one page of threads.
type ThreadList struct {
	Threads []sigpost.Thread
	// Next is behind what was looked at; zero where nothing is behind it. New mail
	// does not move it.
	Next ThreadPosition
	// Unanswered are the threads of the page that wait for an answer.
	Unanswered map[int64]bool
}

// Bounds of what is looked at for a page.
const (
	// maxRarity is how far listings are counted to find the shortest.
	maxRarity = 500
	// maxProbed is how many threads of the shortest listing are looked for in the
	// others.
	maxProbed = 5000
	// maxWritten is how many messages are looked at of each of an author's
	// addresses.
	maxWritten = 400
)

// listingKey names a listing.
type listingKey struct{ kind, name string }

// listings are those in all of which a thread has to be.
func (q ThreadQuery) listings() []listingKey {
	var all []listingKey
	tags := q.Tags
	if q.Tag != (sigpost.Tag{}) {
		tags = append([]sigpost.Tag{q.Tag}, tags...)
	}
	for _, t := range tags {
		all = append(all, listingKey{string(t.Kind), clean(t.Name)})
	}
	if q.List != "" {
		all = append(all, listingKey{listOf, clean(q.List)})
	}
	if q.Unanswered {
		all = append(all, listingKey{unanswered, ""})
	}
	return all
}

// threadSQL is a question for threads in the making. at and id are the columns by
// which they are in order.
type threadSQL struct {
	at, id string
	from   string
	where  []string
	args   []any
}

func (s *threadSQL) param(value any) string {
	s.args = append(s.args, value)
	return params(len(s.args), 1)
}

func (s *threadSQL) and(condition string) { s.where = append(s.where, condition) }

// in asks for threads of a listing that is called alias.
func (s *threadSQL) in(alias string, l listingKey) {
	s.and(alias + ".kind = " + s.param(l.kind) + " AND " + alias + ".name = " + s.param(l.name))
}

// within asks for the times of a query, and for what is behind its place.
func (s *threadSQL) within(q ThreadQuery) {
	if !q.From.IsZero() {
		s.and(s.at + " >= " + s.param(micros(q.From)))
	}
	if !q.Until.IsZero() {
		s.and(s.at + " < " + s.param(micros(q.Until)))
	}
	if q.Before != (ThreadPosition{}) {
		s.and("(" + s.at + ", " + s.id + ") < (" + s.param(micros(q.Before.Last)) + ", " + s.param(q.Before.ID) + ")")
	}
}

func (s *threadSQL) conditions() string {
	if len(s.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(s.where, " AND ")
}

func (s *threadSQL) order() string { return " ORDER BY " + s.at + " DESC, " + s.id + " DESC LIMIT " }

// Threads lists threads with their accepted tags and why they have them, those
// with the newest messages first, however many have to be looked at.
func (db *DB) Threads(ctx context.Context, q ThreadQuery) ([]sigpost.Thread, error) {
	list, err := db.list(ctx, q, false)
	if err == nil {
		err = db.tag(ctx, list.Threads, true)
	}
	return list.Threads, db.fail("listing threads", err)
}

// ListThreads gives a page of threads with their accepted tags, whose Evidence is
// left out, those with the newest messages first. It looks at a bounded number of
// threads: a page may have less than its limit and a Next all the same. The error
// may be ErrManyAuthors.
func (db *DB) ListThreads(ctx context.Context, q ThreadQuery) (ThreadList, error) {
	list, err := db.list(ctx, q, true)
	if err == nil {
		err = db.tag(ctx, list.Threads, false)
	}
	if err == nil {
		list.Unanswered, err = db.waiting(ctx, list.Threads)
	}
	if errors.Is(err, ErrManyAuthors) {
		return list, err
	}
	return list, db.fail("listing threads", err)
}

// waiting says which threads wait for an answer.
func (db *DB) waiting(ctx context.Context, threads []sigpost.Thread) (map[int64]bool, error) {
	ids := make([]int64, len(threads))
	for i, t := range threads {
		ids[i] = t.ID
	}
	waiting := map[int64]bool{}
	err := inList(ids, 2, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var id int64
			err := row.Scan(&id)
			waiting[id] = true
			return err
		}, `SELECT thread_id FROM listing WHERE kind = $1 AND thread_id IN `+list, append([]any{unanswered}, args...)...)
	})
	return waiting, err
}

// list drives from the authors' messages, from the shortest listing or from all
// threads, in the order of time, and looks for each thread in the other listings.
func (db *DB) list(ctx context.Context, q ThreadQuery, bounded bool) (list ThreadList, err error) {
	if q.Limit == 0 {
		q.Limit = 50
	}
	listings := q.listings()
	s := &threadSQL{at: "t.last_at", id: "t.id", from: "threads t"}
	var stop ThreadPosition
	switch {
	case strings.TrimSpace(q.Author) != "":
		var found bool
		if stop, found, err = db.written(ctx, s, q, bounded); err != nil || !found {
			return list, err
		}
	case len(listings) > 0:
		if stop, err = db.drive(ctx, s, q, listings, bounded); err != nil {
			return list, err
		}
		listings = listings[1:]
	}
	s.within(q)
	s.and(hasShown)
	for _, l := range listings {
		s.and("EXISTS (SELECT 1 FROM listing p WHERE p.kind = " + s.param(l.kind) + " AND p.name = " + s.param(l.name) +
			" AND p.last_at = " + s.at + " AND p.thread_id = " + s.id + ")")
	}
	list.Threads, err = collect(ctx, db, readThread, `SELECT `+threadColumns+` FROM `+s.from+s.conditions()+s.order()+s.param(q.Limit+1), s.args...)
	if len(list.Threads) > q.Limit {
		list.Threads = list.Threads[:q.Limit]
		list.Next = PositionOf(list.Threads[q.Limit-1])
	} else {
		list.Next = stop
	}
	return list, err
}

// drive takes threads from the shortest of some listings, which becomes the first
// of them. stop is the place at which looking for them in the others ends; zero
// where that is the end of the listing.
func (db *DB) drive(ctx context.Context, s *threadSQL, q ThreadQuery, listings []listingKey, bounded bool) (stop ThreadPosition, err error) {
	shortest, fewest := 0, 0
	for i, l := range listings {
		if len(listings) == 1 {
			break
		}
		n, err := db.rarity(ctx, q, l)
		if err != nil {
			return stop, err
		}
		if i == 0 || n < fewest {
			shortest, fewest = i, n
		}
	}
	listings[0], listings[shortest] = listings[shortest], listings[0]
	s.at, s.id, s.from = "d.last_at", "d.thread_id", "listing d CROSS JOIN threads t"
	s.and("t.id = d.thread_id")
	s.in("d", listings[0])
	if !bounded || fewest < maxRarity {
		return stop, nil
	}
	at := &threadSQL{at: "d.last_at", id: "d.thread_id"}
	at.in("d", listings[0])
	at.within(q)
	stop, err = db.position(ctx, `SELECT d.last_at, d.thread_id FROM listing d`+at.conditions()+at.order()+fmt.Sprintf("1 OFFSET %d", maxProbed-1), at.args)
	if err == nil && stop != (ThreadPosition{}) {
		s.and("(" + s.at + ", " + s.id + ") >= (" + s.param(micros(stop.Last)) + ", " + s.param(stop.ID) + ")")
	}
	return stop, err
}

// rarity counts what a listing has within a query's times, up to maxRarity.
func (db *DB) rarity(ctx context.Context, q ThreadQuery, l listingKey) (n int, err error) {
	s := &threadSQL{at: "d.last_at", id: "d.thread_id"}
	s.in("d", l)
	s.within(q)
	err = db.scan(ctx, `SELECT count(*) FROM (SELECT 1 FROM listing d`+s.conditions()+fmt.Sprintf(` LIMIT %d) found`, maxRarity), s.args, &n)
	return n, err
}

// position reads a place in the order of threads; it is zero where there is none.
func (db *DB) position(ctx context.Context, query string, args []any) (p ThreadPosition, err error) {
	all, err := collect(ctx, db, func(row scanner) (p ThreadPosition, err error) {
		var at int64
		err = row.Scan(&at, &p.ID)
		p.Last = moment(at)
		return p, err
	}, query, args...)
	if len(all) > 0 {
		p = all[0]
	}
	return p, err
}
