package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"sigpost"
)

// arrived is a message of a batch that is not stored yet.
type arrived struct {
	*sigpost.Message
	raw   []byte
	key   key
	refs  []key
	lists []string
	place *place
	// subjectKey is what the column says: see migrations/00005_reading.sql.
	subjectKey int64
	// delicate says that its thread is not simply that of what it refers to.
	delicate bool
}

// batch is what Add does with its arrivals: everything is looked up first,
// then worked out in memory, then written.
type batch struct {
	db       *DB
	at       time.Time
	counts   sigpost.AddCounts
	messages []*arrived
	seen     []duplicate
	aside    []sigpost.Quarantined
	joiner   *joiner
	born     map[int64]bool     // threads made for this batch
	again    []*sigpost.Message // that came by another list
}

// duplicate is a stored message that came again, by way of some lists.
type duplicate struct {
	id    *known
	lists []string
}

// Add stores arrivals in one transaction: all of them, or none. Messages join
// their threads; one whose Message-ID is stored already only adds the names
// of the lists that it came through; what was not understood goes to
// quarantine. at is now.
//
// Where mailbox is not nil, its cursor (UIDValidity, UIDNext, HighestModSeq, Mark)
// is written with them and nothing else of it, so that the cursor stands
// behind what is stored and never before.
func (db *DB) Add(ctx context.Context, mailbox *sigpost.Mailbox, arrivals []sigpost.Arrival, at time.Time) (sigpost.AddCounts, error) {
	var counts sigpost.AddCounts
	err := db.Tx(ctx, func(tx *DB) error {
		b := &batch{db: tx, at: at, born: map[int64]bool{}}
		if err := b.add(ctx, arrivals); err != nil {
			return err
		}
		if mailbox != nil {
			if err := tx.moveCursor(ctx, mailbox); err != nil {
				return err
			}
		}
		counts = b.counts
		return nil
	})
	if err != nil {
		return sigpost.AddCounts{}, db.fail("storing mail", err)
	}
	return counts, nil
}

func (b *batch) add(ctx context.Context, arrivals []sigpost.Arrival) error {
	if err := b.db.alone(ctx); err != nil {
		return err
	}
	if err := b.sort(ctx, arrivals); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		b.writeThreads, b.writeMessages, b.writeGhosts, b.writeDuplicates, b.writeQuarantine, b.relist, b.regroup,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	b.counts.Stored = len(b.messages)
	return nil
}

// sort tells new messages from those seen before and from what cannot be
// understood, and joins the new ones to their threads.
func (b *batch) sort(ctx context.Context, arrivals []sigpost.Arrival) error {
	var messages []*arrived
	var keys []key
	for _, a := range arrivals {
		if a.Message == nil || a.Message.MessageID == "" {
			reason := a.Reason
			if a.Message != nil {
				reason = "it was given no Message-ID"
			}
			b.aside = append(b.aside, sigpost.Quarantined{
				Source: a.Source, UID: a.UID, List: a.List, Raw: a.Raw, Partial: a.Partial, Reason: reason, At: b.at})
			continue
		}
		copied := *a.Message
		m := &arrived{Message: &copied, raw: a.Raw, key: keyOf(copied.MessageID), lists: names(a)}
		m.Lists, m.subjectKey = m.lists, subjectKeyOf(&copied)
		keys = append(keys, m.key)
		for _, ref := range a.Message.References {
			if k := keyOf(ref); k != m.key && !slices.Contains(m.refs, k) {
				m.refs = append(m.refs, k)
			}
		}
		keys = append(keys, m.refs...)
		messages = append(messages, m)
	}
	b.counts.Quarantined = len(b.aside)
	var err error
	if b.joiner, err = b.db.newJoiner(ctx, keys); err != nil {
		return err
	}
	b.dropDuplicates(messages)
	delicate, err := b.findDelicate(ctx)
	if err != nil {
		return err
	}
	for _, m := range b.messages {
		b.joiner.add(m, delicate[m])
	}
	return nil
}

// dropDuplicates keeps what is new, and of what is known its lists.
func (b *batch) dropDuplicates(messages []*arrived) {
	first := make(map[key]*arrived, len(messages))
	for _, m := range messages {
		known, before := b.joiner.ids[m.key], first[m.key]
		switch {
		case known != nil && known.message != 0:
			b.seen = append(b.seen, duplicate{known, m.lists})
			b.counts.Duplicates++
		case before != nil:
			for _, l := range m.lists {
				if !slices.Contains(before.lists, l) {
					before.lists = append(before.lists, l)
				}
			}
			before.Lists = before.lists
			b.counts.Duplicates++
		default:
			first[m.key] = m
			b.messages = append(b.messages, m)
		}
	}
}

// names are the lists that an arrival came through.
func names(a sigpost.Arrival) []string {
	var lists []string
	for _, l := range append([]string{a.List}, a.Message.Lists...) {
		if l = clean(l); l != "" && !slices.Contains(lists, l) {
			lists = append(lists, l)
		}
	}
	return lists
}

// growth is what a batch adds to one thread.
type growth struct {
	messages, robots int
	oldest           *arrived
	title            *arrived // the oldest that is shown; nil for none
	last             time.Time
	lists            []string
}

// writeThreads makes the new threads, joins those that turned out to be one,
// and lets all grow by what came.
func (b *batch) writeThreads(ctx context.Context) error {
	for _, old := range b.joiner.merged() {
		if err := b.db.absorb(ctx, b.joiner.find(old), old); err != nil {
			return fmt.Errorf("joining threads: %w", err)
		}
	}
	grown := map[int64]*growth{}
	var order []int64
	for _, m := range b.messages {
		t := b.joiner.find(b.joiner.ids[m.key].thread)
		g := grown[t]
		if g == nil {
			g = newGrowth(m)
			grown[t] = g
			order = append(order, t)
		}
		g.add(m)
	}
	if err := b.makeThreads(ctx, order, grown); err != nil {
		return err
	}
	var lists [][]any
	for _, t := range order {
		if t > 0 {
			if err := b.db.growThread(ctx, t, grown[t]); err != nil {
				return err
			}
		}
		for _, l := range grown[t].lists {
			lists = append(lists, []any{b.joiner.find(t), l})
		}
	}
	_, err := b.db.insert(ctx, "thread_lists (thread_id, list)", lists)
	return err
}

// makeThreads makes those threads of the batch that are new: their numbers are
// below 0 so far.
func (b *batch) makeThreads(ctx context.Context, order []int64, grown map[int64]*growth) error {
	fresh := slices.DeleteFunc(slices.Clone(order), func(t int64) bool { return t > 0 })
	if len(fresh) == 0 {
		return nil
	}
	id, err := b.db.reserve(ctx, "threads", len(fresh))
	if err != nil {
		return err
	}
	rows := make([][]any, len(fresh))
	for i, t := range fresh {
		g := grown[t]
		rows[i] = []any{id, g.messages, g.robots, micros(g.oldest.Received), micros(g.last),
			clean(g.named().Subject), clean(g.named().BaseSubject), g.messages}
		b.joiner.above[t] = id
		b.born[id] = true
		id++
	}
	return b.db.insertAll(ctx, "threads (id, messages, robots, first_at, last_at, subject, base_subject, revision)", rows)
}

// newGrowth begins with a message, which is still to be added.
func newGrowth(m *arrived) *growth { return &growth{oldest: m, last: m.Received} }

// named is the message whose subject is the thread's: the oldest that is shown. A
// thread without one is not shown either.
func (g *growth) named() *arrived {
	if g.title != nil {
		return g.title
	}
	return g.oldest
}

func (g *growth) add(m *arrived) {
	g.messages++
	if m.Robot {
		g.robots++
	}
	if m.Received.Before(g.oldest.Received) {
		g.oldest = m
	}
	if m.Shown() && (g.title == nil || m.Received.Before(g.title.Received)) {
		g.title = m
	}
	if m.Received.After(g.last) {
		g.last = m.Received
	}
	for _, l := range m.lists {
		if !slices.Contains(g.lists, l) {
			g.lists = append(g.lists, l)
		}
	}
}

// growThread lets a stored thread grow. What is hidden of it is looked at later, by
// retitle.
func (db *DB) growThread(ctx context.Context, t int64, g *growth) error {
	_, err := db.exec(ctx, `UPDATE threads SET messages = messages + $1, robots = robots + $2, revision = revision + $1,
subject = CASE WHEN $8 < first_at THEN $5 ELSE subject END,
base_subject = CASE WHEN $8 < first_at THEN $6 ELSE base_subject END,
first_at = CASE WHEN $3 < first_at THEN $3 ELSE first_at END,
last_at = CASE WHEN $4 > last_at THEN $4 ELSE last_at END
WHERE id = $7`, g.messages, g.robots, micros(g.oldest.Received), micros(g.last), clean(g.named().Subject), clean(g.named().BaseSubject), t, micros(g.named().Received))
	return err
}

// writeMessages stores the raw bytes first, since rows say where they are.
func (b *batch) writeMessages(ctx context.Context) (err error) {
	p := &packer{db: b.db}
	for _, m := range b.messages {
		if m.place, err = p.put(ctx, m.raw); err != nil {
			return err
		}
	}
	if err := p.flush(ctx); err != nil || len(b.messages) == 0 {
		return err
	}
	id, err := b.db.reserve(ctx, "messages", len(b.messages))
	if err != nil {
		return err
	}
	if id+int64(len(b.messages))-1 > placeMask { // searches would give other messages
		return &failure{message: fmt.Sprintf("the database %s has had %d messages, as many as one archive can number; nothing is lost: keep what is old in an archive of its own (docs/scale.md)", b.db.where, placeMask)}
	}
	var rows, lists [][]any
	var stored []*sigpost.Message
	for _, m := range b.messages {
		row, err := messageRow(id, m, b.joiner.find(b.joiner.ids[m.key].thread), b.at)
		if err != nil {
			return fmt.Errorf("message %s: %w", m.MessageID, err)
		}
		rows = append(rows, row)
		for _, l := range m.lists {
			lists = append(lists, []any{id, l})
		}
		m.ID = id
		stored = append(stored, m.Message)
		id++
	}
	if err := b.db.insertAll(ctx, "messages ("+writtenColumns+")", rows); err != nil {
		return err
	}
	if _, err = b.db.insert(ctx, "message_lists (message_id, list)", lists); err != nil {
		return err
	}
	if err := b.db.meet(ctx, stored); err != nil {
		return err
	}
	return b.db.index(ctx, stored)
}

func (b *batch) writeGhosts(ctx context.Context) error {
	appeared, came := b.joiner.ghosts()
	rows := make([][]any, 0, len(appeared))
	for _, k := range appeared {
		rows = append(rows, []any{k[:], b.joiner.find(b.joiner.ids[k].thread)})
	}
	if _, err := b.db.insert(ctx, "ghosts (message_key, thread_id)", rows); err != nil {
		return err
	}
	gone := make([][]byte, 0, len(came))
	for _, k := range came {
		gone = append(gone, k[:])
	}
	return inList(gone, 1, func(list string, args []any) error {
		_, err := b.db.exec(ctx, `DELETE FROM ghosts WHERE message_key IN `+list, args...)
		return err
	})
}

// writeDuplicates notes the lists by which stored messages came again. A list
// more may be one by which an answer finds what it answers.
func (b *batch) writeDuplicates(ctx context.Context) error {
	var messages, threads [][]any
	var stored, of []int64
	for _, d := range b.seen {
		stored, of = append(stored, d.id.message), append(of, b.joiner.find(d.id.thread))
		for _, l := range d.lists {
			messages = append(messages, []any{d.id.message, l})
			threads = append(threads, []any{b.joiner.find(d.id.thread), l})
		}
	}
	added, err := b.db.insert(ctx, "message_lists (message_id, list)", messages)
	if err != nil {
		return err
	}
	if _, err := b.db.insert(ctx, "thread_lists (thread_id, list)", threads); err != nil || added == 0 {
		return err
	}
	b.joiner.touched = append(b.joiner.touched, of...)
	b.again, err = b.db.messagesByID(ctx, stored)
	return err
}

// relist notes the subjects and lists of threads that have grown, or came by another
// list.
func (b *batch) relist(ctx context.Context) error {
	threads := map[int64]bool{}
	for _, m := range b.messages {
		threads[b.joiner.find(b.joiner.ids[m.key].thread)] = true
	}
	if err := b.db.retitle(ctx, slices.Sorted(maps.Keys(threads)), true); err != nil {
		return err
	}
	if len(b.again) > 0 {
		for _, d := range b.seen {
			threads[b.joiner.find(d.id.thread)] = true
		}
	}
	return b.db.relist(ctx, slices.Sorted(maps.Keys(threads)))
}

// regroup sorts what references alone do not tell.
func (b *batch) regroup(ctx context.Context) error {
	touched := make([]int64, len(b.joiner.touched))
	for i, t := range b.joiner.touched {
		touched[i] = b.joiner.find(t)
	}
	fresh := b.again
	for _, m := range b.messages {
		if m.delicate {
			fresh = append(fresh, m.Message)
		}
	}
	return b.db.regroup(ctx, touched, fresh, b.born)
}
