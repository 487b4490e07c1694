package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"sigpost"
)

// Week is how long a week is. Weeks are counted from the beginning of a window.
const Week = 7 * 24 * time.Hour

// WeekCount is what came in a week of a window, without sigpost's own letters.
type WeekCount struct {
	Week              int // 0 is the first
	Messages, Threads int // threads that had a message
}

// Weeks counts what came in each week of a window; weeks in which nothing came
// are missing.
func (db *DB) Weeks(ctx context.Context, w sigpost.Window) ([]WeekCount, error) {
	all, err := collect(ctx, db, func(row scanner) (c WeekCount, err error) {
		return c, row.Scan(&c.Week, &c.Messages, &c.Threads)
	}, `SELECT (received - $1) / $3 AS week, count(*), count(DISTINCT thread_id) FROM messages
WHERE received >= $1 AND received < $2 AND own = 0 GROUP BY week ORDER BY week`, micros(w.From), micros(w.To), Week.Microseconds())
	return all, db.fail("counting weeks", err)
}

// News says in how many threads something came, week by week.
type News struct {
	Tags  map[sigpost.Tag][]int // natures too
	Lists map[string][]int
}

// News counts the threads that had a message in each week of a window, by what
// they are about and by the lists that they are on.
func (db *DB) News(ctx context.Context, w sigpost.Window) (News, error) {
	n := News{Tags: map[sigpost.Tag][]int{}, Lists: map[string][]int{}}
	weeks := int((w.To.Sub(w.From) + Week - 1) / Week)
	err := db.each(ctx, func(row scanner) error {
		var l listingKey
		var week, threads int
		if err := row.Scan(&week, &l.kind, &l.name, &threads); err != nil {
			return err
		}
		tag := sigpost.Tag{Kind: sigpost.TagKind(l.kind), Name: l.name}
		switch {
		case l.kind == listOf:
			n.Lists[l.name] = counted(n.Lists[l.name], weeks, week, threads)
		case !strings.HasPrefix(l.kind, ":"):
			n.Tags[tag] = counted(n.Tags[tag], weeks, week, threads)
		}
		return nil
	}, `SELECT n.week, l.kind, l.name, count(*) FROM (
SELECT DISTINCT (received - $1) / $3 AS week, thread_id FROM messages WHERE received >= $1 AND received < $2 AND own = 0) n
CROSS JOIN listing l WHERE l.thread_id = n.thread_id GROUP BY n.week, l.kind, l.name`, micros(w.From), micros(w.To), Week.Microseconds())
	return n, db.fail("counting threads by week", err)
}

func counted(all []int, weeks, week, n int) []int {
	if all == nil {
		all = make([]int, weeks)
	}
	all[week] = n
	return all
}

// ListCount says how many threads and messages a list has.
type ListCount struct {
	List              string
	Threads, Messages int
}

// ListCounts gives all lists of the archive by name, with what they have.
func (db *DB) ListCounts(ctx context.Context) ([]ListCount, error) {
	threads, err := db.countBy(ctx, `SELECT name, count(*) FROM listing WHERE kind = $1 GROUP BY name`, listOf)
	if err != nil {
		return nil, db.fail("counting threads of lists", err)
	}
	messages, err := db.countBy(ctx, `SELECT list, count(*) FROM message_lists GROUP BY list`)
	var all []ListCount
	for name, n := range threads {
		all = append(all, ListCount{name, n, messages[name]})
	}
	slices.SortFunc(all, func(a, b ListCount) int { return cmp.Compare(a.List, b.List) })
	return all, db.fail("counting messages of lists", err)
}

func (db *DB) countBy(ctx context.Context, query string, args ...any) (map[string]int, error) {
	counts := map[string]int{}
	return counts, db.each(ctx, func(row scanner) error {
		var name string
		var n int
		err := row.Scan(&name, &n)
		counts[name] = n
		return err
	}, query, args...)
}

// HasList says whether a thread of the archive is on a list.
func (db *DB) HasList(ctx context.Context, name string) (bool, error) {
	var n int
	err := db.scan(ctx, `SELECT count(*) FROM (SELECT 1 FROM listing WHERE kind = $1 AND name = $2 LIMIT 1) found`, []any{listOf, clean(name)}, &n)
	return n > 0, db.fail("looking for the list "+name, err)
}

// maxAnswers is how many threads Answers looks at.
const maxAnswers = 5000

// Answers says how people answer one another.
type Answers struct {
	// Begun counts the threads that a person began and that want an answer:
	// questions, answered or not, proposals and discussions. Answered are those in
	// which another person has written.
	Begun, Answered int
	// Median is how long half of the answered ones waited at most for that.
	Median time.Duration
	// Bounded says that there are more, and these are the ones with the newest
	// messages.
	Bounded bool
}

// Answers looks at the threads that began since a time.
func (db *DB) Answers(ctx context.Context, since time.Time) (a Answers, err error) {
	const first = `(SELECT lower(f.author_addr) FROM messages f WHERE f.thread_id = t.id ORDER BY f.received, f.id LIMIT 1)`
	var waited []time.Duration
	err = db.each(ctx, func(row scanner) error {
		var began, answered int64
		if err := row.Scan(&began, &answered); err != nil {
			return err
		}
		a.Begun++
		if answered > 0 {
			waited = append(waited, moment(answered).Sub(moment(began)))
		}
		return nil
	}, `SELECT t.first_at, COALESCE((SELECT m.received FROM messages m WHERE m.thread_id = t.id AND m.robot = 0 AND m.own = 0
AND lower(m.author_addr) <> `+first+` ORDER BY m.received LIMIT 1), 0)
FROM threads t WHERE t.last_at >= $1 AND t.first_at >= $1
AND EXISTS (SELECT 1 FROM listing l WHERE l.thread_id = t.id AND l.kind = 'nature' AND l.name IN ('question', 'answered', 'proposal', 'discussion'))
AND (SELECT f.robot + f.own FROM messages f WHERE f.thread_id = t.id ORDER BY f.received, f.id LIMIT 1) = 0
ORDER BY t.last_at DESC, t.id DESC LIMIT $2`, micros(since), maxAnswers)
	if a.Answered, a.Bounded = len(waited), a.Begun == maxAnswers; a.Answered > 0 {
		slices.Sort(waited)
		a.Median = waited[(len(waited)-1)/2]
	}
	return a, db.fail("looking at answers", err)
}
