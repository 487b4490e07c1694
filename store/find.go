package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/search"
)

// Find is a search.
type Find struct {
	// Query is what to look for; it has to be without a fatal problem.
	Query search.Query
	// ByRelevance asks for the best first, else it is the newest.
	ByRelevance bool
	// After goes on behind the Found.Next of the page before.
	After string
	// Limit is how many to give at most; 0 means 25.
	Limit int
}

// Found is a page of what a search found.
type Found struct {
	Hits []Hit
	// Next is where the next page goes on; empty where there is none.
	Next string
	// Count is how many messages there are in all, or, with Uncounted, at least. It
	// is said on the first page only, and 0 on others.
	Count     int
	Uncounted bool
	// Ranked says of a search by relevance that only so many were ranked, the newest
	// and those with the words in their subject; 0 means all.
	Ranked int
}

// Hit is a message that was found.
type Hit struct {
	ID, ThreadID int64
	MessageID    sigpost.MessageID
	Author       sigpost.Address
	Subject      string
	Received     time.Time
	Robot        bool
	Attachments  []sigpost.Attachment
	Lists        []string
	// Words is the beginning of what the author wrote.
	Words string
	// Of its thread: the subject without "Re:", how many messages, what it is about.
	// Its tags are accepted, in the order of their kinds and names, without Evidence.
	ThreadSubject  string
	ThreadMessages int
	Tags           []sigpost.Tagging
	place          int64
}

// Of a search that finds much, countedUpTo are counted. A filter is tried
// on firstLooked of the newest messages, then on looked, before it is asked for
// what it lets through; one that lets fewThreads through is asked so at once. Of what is ranked, rankNewest are the newest, rankSubject those
// with the words in their subject.
const (
	usualHits   = 25
	countedUpTo = 250
	looked      = 1000
	firstLooked = 200
	fewThreads  = 300
	rankNewest  = 250
	rankSubject = 150
)

// Find finds messages. It ends with context.DeadlineExceeded where ctx does: a
// query that is too wide is to be narrowed down.
func (db *DB) Find(ctx context.Context, q Find) (Found, error) {
	found, err := db.find(ctx, q)
	if q.After != "" { // what is behind a place is no count of all
		found.Count, found.Uncounted = 0, false
	}
	return found, db.fail("searching for "+q.Query.Text, db.ended(ctx, err))
}

func (db *DB) find(ctx context.Context, q Find) (found Found, err error) {
	if q.Query.Root == nil {
		return found, nil
	}
	after, err := parsePlace(q.After)
	if err != nil {
		return found, err
	}
	q.Limit = cmp.Or(q.Limit, usualHits)
	f := db.finder(q.Query.Root)
	if q.ByRelevance {
		return db.findRanked(ctx, q, f, after)
	}
	if after.place > 0 {
		f.to = min(f.to, after.place)
	}
	places, err := f.newest(ctx, q.Limit+1)
	if err != nil {
		return found, err
	}
	found.Count, found.Uncounted = len(places), len(places) > q.Limit
	if found.Uncounted {
		places = places[:q.Limit]
		found.Next = (&pagePlace{place: places[len(places)-1]}).String()
		if q.After == "" && len(f.filters) == 0 {
			if found.Count, err = f.candidates(ctx, countedUpTo+1); err != nil {
				return found, err
			}
			found.Uncounted = found.Count > countedUpTo
			found.Count = min(found.Count, countedUpTo)
		}
	}
	found.Hits, err = db.hits(ctx, places)
	found.Count -= len(places) - len(found.Hits) // what is not to be seen is not there
	return found, err
}

// findRanked gives the best of the newest.
func (db *DB) findRanked(ctx context.Context, q Find, f *finder, after pagePlace) (found Found, err error) {
	if after.top > 0 { // what came since the first page would move all others
		f.to = min(f.to, after.top+1)
	}
	places, err := f.newest(ctx, rankNewest+1)
	if err != nil {
		return found, err
	}
	if len(places) > rankNewest {
		inSubject := db.finder(search.InSubject(q.Query.Root))
		inSubject.to = f.to
		more, err := inSubject.newest(ctx, rankSubject)
		if err != nil {
			return found, err
		}
		found.Uncounted = true
		top := places[0]
		places = append(places[:rankNewest], more...)
		slices.Sort(places)
		places = slices.Compact(places)
		after.top = cmp.Or(after.top, top)
	} else if len(places) > 0 {
		after.top = cmp.Or(after.top, places[0])
	}
	hits, err := db.ranked(ctx, q.Query, places)
	if err != nil {
		return found, err
	}
	found.Count = len(hits)
	if found.Uncounted {
		found.Ranked = len(hits)
	}
	if q.After != "" {
		i := slices.IndexFunc(hits, func(h scored) bool { return h.score < after.score || h.score == after.score && h.place < after.place })
		if i < 0 {
			i = len(hits)
		}
		hits = hits[i:]
	}
	if len(hits) > q.Limit {
		hits = hits[:q.Limit]
		last := hits[len(hits)-1]
		found.Next = (&pagePlace{place: last.place, score: last.score, top: after.top}).String()
	}
	places = places[:0]
	for _, h := range hits {
		places = append(places, h.place)
	}
	found.Hits, err = db.hits(ctx, places)
	return found, err
}

// scored is a place with its rank.
type scored struct {
	place int64
	score float64
}

// ranked puts places in the order of their relevance.
func (db *DB) ranked(ctx context.Context, q search.Query, places []int64) ([]scored, error) {
	var all []scored
	var docs []search.Document
	err := inList(places, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var s scored
			var d search.Document
			var name, addr, refs string
			var packed []byte
			if err := row.Scan(&s.place, &d.Subject, &name, &addr, &refs, &packed); err != nil {
				return err
			}
			words, err := db.expand.DecodeAll(packed, nil)
			if err != nil {
				return err
			}
			d.Author, d.Text, d.Opens = name+" "+addr, string(words), refs == ""
			all, docs = append(all, s), append(docs, d)
			return nil
		}, `SELECT w.place, m.subject, m.author_name, m.author_addr, m.refs, w.words
FROM message_words w JOIN messages m ON m.id = `+fmt.Sprintf(idSQL, "w.place")+` WHERE `+visible+` AND w.place IN `+list, args...)
	})
	if err != nil {
		return nil, err
	}
	for i, score := range q.Matcher().Rank(docs) {
		all[i].score = score
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.place, a.place)) })
	return all, nil
}

// hits reads what pages show of messages, in the order of their places.
func (db *DB) hits(ctx context.Context, places []int64) ([]Hit, error) {
	if len(places) == 0 {
		return nil, nil
	}
	hits := make([]Hit, len(places))
	index := make(map[int64]int, len(places))
	for i, p := range places {
		index[p] = i
	}
	read := func(row scanner) error {
		var h Hit
		var received int64
		var attachments, lists string
		var packed []byte
		if err := row.Scan(&h.place, &h.ID, &h.ThreadID, &h.MessageID, &h.Author.Name, &h.Author.Addr, &h.Subject, &received, &h.Robot,
			&attachments, &lists, &packed, &h.ThreadSubject, &h.ThreadMessages); err != nil {
			return err
		}
		h.Received, h.Lists = moment(received), sorted(lists)
		words, err := db.expand.DecodeAll(packed, nil)
		if err != nil {
			return err
		}
		h.Words = string(words)
		if attachments != "" {
			if err := json.Unmarshal([]byte(attachments), &h.Attachments); err != nil {
				return err
			}
		}
		hits[index[h.place]] = h
		return nil
	}
	err := inList(places, 1, func(list string, args []any) error {
		return db.each(ctx, read, `SELECT w.place, m.id, m.thread_id, m.message_id, m.author_name, m.author_addr, m.subject, m.received, m.robot, m.attachments,
(SELECT COALESCE(string_agg(l.list, '
'), '') FROM message_lists l WHERE l.message_id = m.id), w.words, t.base_subject, t.messages
FROM message_words w JOIN messages m ON m.id = `+fmt.Sprintf(idSQL, "w.place")+` JOIN threads t ON t.id = m.thread_id WHERE `+visible+` AND w.place IN `+list, args...)
	})
	if err != nil {
		return nil, err
	}
	hits = slices.DeleteFunc(hits, func(h Hit) bool { return h.ID == 0 }) // what is not to be seen
	return hits, db.tagHits(ctx, hits)
}

// tagHits gives messages the tags of their threads.
func (db *DB) tagHits(ctx context.Context, hits []Hit) error {
	var threads []int64
	for _, h := range hits {
		if !slices.Contains(threads, h.ThreadID) {
			threads = append(threads, h.ThreadID)
		}
	}
	tags := map[int64][]sigpost.Tagging{}
	err := inList(threads, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var thread int64
			t := sigpost.Tagging{State: sigpost.TagAccepted}
			err := row.Scan(&thread, &t.Tag.Kind, &t.Tag.Name, &t.Title)
			tags[thread] = append(tags[thread], t)
			return err
		}, `SELECT thread_id, kind, name, title FROM accepted_tags WHERE thread_id IN `+list, args...)
	})
	for _, all := range tags {
		slices.SortFunc(all, func(a, b sigpost.Tagging) int {
			return cmp.Or(cmp.Compare(a.Tag.Kind, b.Tag.Kind), cmp.Compare(a.Tag.Name, b.Tag.Name))
		})
	}
	for i := range hits {
		hits[i].Tags = tags[hits[i].ThreadID]
	}
	return err
}

// pagePlace is where a page ends: the last message's place, and of a search by
// relevance also its score and the newest place of the first page.
type pagePlace struct {
	place, top int64
	score      float64
}

// String writes it for a URL.
func (p *pagePlace) String() string {
	s := strconv.FormatInt(p.place, 36)
	if p.top > 0 {
		s += "." + strconv.FormatInt(p.top, 36) + "." + strconv.FormatUint(math.Float64bits(p.score), 36)
	}
	return s
}

var errPlace = sigpost.Usage(errors.New("this is no place in a search; begin it anew"))

func parsePlace(s string) (p pagePlace, err error) {
	if s == "" {
		return p, nil
	}
	parts := strings.Split(s, ".")
	if len(parts) != 1 && len(parts) != 3 {
		return p, errPlace
	}
	if p.place, err = strconv.ParseInt(parts[0], 36, 64); err != nil || p.place < 0 {
		return p, errPlace
	}
	if len(parts) == 3 {
		bits, err := strconv.ParseUint(parts[2], 36, 64)
		if p.top, _ = strconv.ParseInt(parts[1], 36, 64); err != nil || p.top <= 0 || p.top == math.MaxInt64 {
			return p, errPlace
		}
		p.score = math.Float64frombits(bits)
	}
	return p, nil
}
