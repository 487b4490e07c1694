package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"sigpost"
)

// How many bytes of an author's name are looked at, and how long an address may
// be (RFC 5321, section 4.5.3.1, has 64 + 1 + 255): an index takes no more than
// some 2,700 bytes.
const (
	maxAuthorName = 200
	maxAuthorAddr = 320
)

// MaxAuthors is how many addresses the words for an author may stand for.
const MaxAuthors = 16

// ErrManyAuthors says that words for an author stand for more than MaxAuthors
// addresses.
var ErrManyAuthors = sigpost.Usage(fmt.Errorf("more than %d addresses match; add another word of the name or the address", MaxAuthors))

// meet remembers who has written, for those who look for them.
func (db *DB) meet(ctx context.Context, msgs []*sigpost.Message) error {
	seen := map[sigpost.Address]bool{}
	var rows [][]any
	for _, m := range msgs {
		author := sigpost.Address{Name: validPrefix(clean(m.Author.Name), maxAuthorName), Addr: clean(m.Author.Addr)}
		if author.Addr == "" || len(author.Addr) > maxAuthorAddr || seen[author] {
			continue
		}
		seen[author] = true
		rows = append(rows, []any{author.Addr, author.Name})
	}
	_, err := db.insert(ctx, "authors (addr, name)", rows)
	return err
}

// author is somebody who has written, in lower case.
type author struct {
	addr  string
	words []string // of the name and of the address
	named int      // how many of them are of the name
}

// crowd are all authors up to the one of number seen. There are some ten
// thousand where there are a million messages.
type crowd struct {
	mu   sync.Mutex
	seen int64
	all  []author
}

// meetAll brings the crowd up to date.
func (c *crowd) meetAll(ctx context.Context, db *DB) error {
	return db.each(ctx, func(row scanner) error {
		var addr, name string
		if err := row.Scan(&c.seen, &addr, &name); err != nil {
			return err
		}
		addr, of := strings.ToLower(addr), words(name)
		c.all = append(c.all, author{addr, append(of, words(addr)...), len(of)})
		return nil
	}, `SELECT id, addr, name FROM authors WHERE id > $1 ORDER BY id`, c.seen)
}

// words are those of a text, in lower case.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
}

// addresses gives, in lower case, those of the authors whose name or address has
// all words of a text. A whole address stands for itself alone.
func (db *DB) addresses(ctx context.Context, text string) ([]string, error) {
	c := &db.crowd
	if db.tx != nil { // what a transaction sees may never come to be
		c = &crowd{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.meetAll(ctx, db); err != nil {
		return nil, err
	}
	wanted, whole := words(text), strings.ToLower(strings.TrimSpace(text))
	if len(wanted) == 0 {
		return nil, nil
	}
	var found []string
	for _, a := range c.all {
		if strings.Contains(whole, "@") && a.addr != whole || slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(a.words, w) }) {
			continue
		}
		if !slices.Contains(found, a.addr) {
			found = append(found, a.addr)
		}
		if len(found) > MaxAuthors {
			return nil, ErrManyAuthors
		}
	}
	return found, nil
}

// NameWords gives the words of the names of all who have written, in lower case and
// in no order, each once. Of some of them nothing may be shown.
func (db *DB) NameWords(ctx context.Context) ([]string, error) {
	db.crowd.mu.Lock()
	defer db.crowd.mu.Unlock()
	if err := db.crowd.meetAll(ctx, db); err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, a := range db.crowd.all {
		for _, w := range a.words[:a.named] {
			all[w] = true
		}
	}
	return slices.Collect(maps.Keys(all)), nil
}

// written takes threads in which a query's authors have written, by their newest
// messages before its place. stop is the place behind which their older ones are;
// found says whether there are such authors.
func (db *DB) written(ctx context.Context, s *threadSQL, q ThreadQuery, bounded bool) (stop ThreadPosition, found bool, err error) {
	addrs, err := db.addresses(ctx, q.Author)
	if err != nil || len(addrs) == 0 {
		return stop, false, err
	}
	for len(addrs) < filled(len(addrs)) { // few lengths make few statements
		addrs = append(addrs, addrs[len(addrs)-1])
	}
	at := &threadSQL{}
	limit, last := "", ""
	if bounded {
		limit = fmt.Sprintf(" ORDER BY m.received DESC LIMIT %d", maxWritten)
		last = fmt.Sprintf(" ORDER BY m.received DESC LIMIT 1 OFFSET %d", maxWritten-1)
	}
	var threads, places []string
	for i, addr := range addrs {
		threads = append(threads, fmt.Sprintf("SELECT DISTINCT thread_id FROM (SELECT m.thread_id FROM messages m WHERE %s%s) w%d", s.by(addr, q), limit, i))
		places = append(places, fmt.Sprintf("SELECT received, thread_id FROM (SELECT m.received, 0 AS thread_id FROM messages m WHERE %s%s) w%d", at.by(addr, q), last, i))
	}
	s.from = "(" + strings.Join(threads, " UNION ") + ") d CROSS JOIN threads t"
	s.and("t.id = d.thread_id")
	if bounded {
		stop, err = db.position(ctx, strings.Join(places, " UNION ALL ")+" ORDER BY received DESC LIMIT 1", at.args)
		if stop.Last.Equal(q.Before.Last) { // none, or so many at one moment that there is no way on
			return ThreadPosition{}, true, err
		}
		s.and(s.at + " >= " + s.param(micros(stop.Last)))
	}
	return stop, true, err
}

// by asks for an author's messages that are shown, up to a query's place.
func (s *threadSQL) by(addr string, q ThreadQuery) string {
	condition := visible + " AND lower(m.author_addr) = lower(" + s.param(addr) + ")"
	if q.Before != (ThreadPosition{}) {
		condition += " AND m.received <= " + s.param(micros(q.Before.Last))
	}
	return condition
}
