package store

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"sigpost"
	"sigpost/thread"
)

// regrouping sorts the messages of some threads into threads anew, by
// thread.Groups, which alone knows all the rules. It is the slow way, for what
// is more than a message that joins the thread that it refers to.
type regrouping struct {
	db        *DB
	decisions []thread.Decision
	// threads are those at hand; now is where each message is.
	threads map[int64]bool
	msgs    []*sigpost.Message
	now     map[int64]int64 // message → thread
	// born are the threads that nobody has seen yet: they leave no trace.
	born map[int64]bool
	// fresh are the messages that may join, by their subject, what is in any
	// thread: all others are in the same one, unless somebody split them off.
	// nil means all.
	fresh map[int64]bool
	// split are the messages that somebody split off.
	split map[sigpost.MessageID]bool
	// changed are the threads that gained or lost a message.
	changed map[int64]bool
}

// regroup sorts the messages of the touched threads into threads anew. fresh
// are those of their messages that are new or read in another way, born the
// threads that were made for them in this transaction, nil where messages have
// changed or people decided.
func (db *DB) regroup(ctx context.Context, touched []int64, fresh []*sigpost.Message, born map[int64]bool) error {
	if len(touched) == 0 {
		return nil
	}
	decisions, err := db.ThreadDecisions(ctx)
	if err != nil {
		return err
	}
	r := &regrouping{db: db, threads: map[int64]bool{}, now: map[int64]int64{}, born: born, changed: map[int64]bool{}, split: map[sigpost.MessageID]bool{}}
	for _, d := range decisions {
		r.decisions = append(r.decisions, d.Decision)
		r.split[d.Message] = r.split[d.Message] || d.Kind == thread.Split
	}
	if born != nil {
		r.fresh = map[int64]bool{}
		for _, m := range fresh {
			r.fresh[m.ID] = true
		}
	}
	answers, _, err := db.answersBySubject(ctx, withSubjects(fresh))
	if err != nil {
		return err
	}
	if err := r.gather(ctx, append(answers, touched...)); err != nil {
		return err
	}
	return r.write(ctx, thread.Groups(r.msgs, r.decisions...))
}

// gather reads the threads and all on which their shape depends: those that
// hold what they refer to, that were cut off from them, that hold what their
// answers without references join, and that were decided on with them.
func (r *regrouping) gather(ctx context.Context, threads []int64) error {
	known := map[sigpost.MessageID]bool{}
	for len(threads) > 0 {
		threads = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(threads))), func(t int64) bool { return r.threads[t] })
		found, err := r.db.MessagesOf(ctx, threads)
		if err != nil {
			return err
		}
		var named []sigpost.MessageID // for the first time
		name := func(id sigpost.MessageID) {
			if !known[id] {
				known[id] = true
				named = append(named, id)
			}
		}
		var astray []*sigpost.Message
		for _, t := range threads {
			r.threads[t] = true
			for i := range found[t] {
				m := &found[t][i]
				r.msgs = append(r.msgs, m)
				r.now[m.ID] = t
				name(m.MessageID)
				for _, id := range m.References {
					name(id)
				}
				if lost(m) && (r.fresh == nil || r.fresh[m.ID] || r.split[m.MessageID]) {
					astray = append(astray, m)
				}
			}
		}
		r.followMerges(known, name)
		if threads, err = r.db.threadsOf(ctx, named); err != nil {
			return err
		}
		further, err := r.db.joined(ctx, astray)
		if err != nil {
			return err
		}
		threads = append(threads, further...)
	}
	return nil
}

// followMerges names what was merged with what is known, and with that again:
// whether a merge still holds depends on all that hangs on both its ends.
func (r *regrouping) followMerges(known map[sigpost.MessageID]bool, name func(sigpost.MessageID)) {
	for more := true; more; {
		more = false
		for _, d := range r.decisions {
			if d.Kind == thread.Merge && known[d.Message] != known[d.Other] {
				name(d.Message)
				name(d.Other)
				more = true
			}
		}
	}
}

// home is a thread that is to hold a group.
type home struct {
	thread   int64   // 0 for one that is still to be made
	absorbed []int64 // threads that become part of it
}

// homes gives each group a thread: a thread stays where its first message is;
// of several the oldest takes the others in.
func (r *regrouping) homes(groups []thread.Group) []home {
	first := map[int64]int{} // thread → group of its first message
	for i, g := range groups {
		for _, m := range g.Messages {
			t := r.now[m.ID]
			if before, ok := first[t]; !ok || thread.Compare(m, r.earliest(groups[before], t)) < 0 {
				first[t] = i
			}
		}
	}
	homes := make([]home, len(groups))
	for _, t := range slices.SortedFunc(maps.Keys(first), r.older) {
		h := &homes[first[t]]
		if h.thread == 0 {
			h.thread = t
		} else {
			h.absorbed = append(h.absorbed, t)
		}
	}
	return homes
}

// older orders threads: those that were there before come first.
func (r *regrouping) older(a, b int64) int {
	if r.born[a] != r.born[b] {
		if r.born[b] {
			return -1
		}
		return 1
	}
	return cmp.Compare(a, b)
}

// earliest is the first message of a group that is in thread t.
func (r *regrouping) earliest(g thread.Group, t int64) *sigpost.Message {
	for _, m := range g.Messages {
		if r.now[m.ID] == t {
			return m
		}
	}
	return nil
}

// write brings the groups to their threads. Threads that stay as they are are
// not written.
func (r *regrouping) write(ctx context.Context, groups []thread.Group) error {
	if err := r.clear(ctx, "ghosts", "outward"); err != nil {
		return err
	}
	homes := r.homes(groups)
	for i := range homes {
		for _, old := range homes[i].absorbed {
			if err := r.absorb(ctx, homes[i].thread, old); err != nil {
				return err
			}
		}
	}
	// What moves goes to where it belongs before threads are counted anew.
	for i, g := range groups {
		if err := r.move(ctx, &homes[i], g); err != nil {
			return err
		}
	}
	if err := r.remember(ctx, groups, homes); err != nil {
		return err
	}
	threads := maps.Clone(r.threads)
	for i, g := range groups {
		if err := r.db.describe(ctx, homes[i].thread, g, r.special(g), r.changed[homes[i].thread]); err != nil {
			return err
		}
		threads[homes[i].thread] = true
	}
	return r.db.relist(ctx, slices.Sorted(maps.Keys(threads)))
}

// clear forgets what tables say of the threads.
func (r *regrouping) clear(ctx context.Context, tables ...string) error {
	return inList(slices.Collect(maps.Keys(r.threads)), 1, func(list string, args []any) error {
		for _, table := range tables {
			if _, err := r.db.exec(ctx, `DELETE FROM `+table+` WHERE thread_id IN `+list, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// absorb makes one thread part of another; one that nobody has seen is gone
// without a redirect.
func (r *regrouping) absorb(ctx context.Context, into, old int64) error {
	for id, t := range r.now {
		if t == old {
			r.now[id] = into
		}
	}
	r.changed[into] = true
	if err := r.db.absorb(ctx, into, old); err != nil {
		return err
	}
	if !r.born[old] {
		return nil
	}
	_, err := r.db.exec(ctx, `DELETE FROM redirects WHERE old_thread_id = $1`, old)
	return err
}

// move brings a group's messages to its thread, and makes that where there is
// none. A new thread was in the issues that carried its messages.
func (r *regrouping) move(ctx context.Context, h *home, g thread.Group) error {
	made := h.thread == 0
	if made {
		m := g.Messages[0]
		err := r.db.scan(ctx, `INSERT INTO threads (messages, robots, first_at, last_at, subject, base_subject, revision)
VALUES (0, 0, $1, $1, $2, $3, 0) RETURNING id`, []any{micros(m.Received), clean(m.Subject), clean(m.BaseSubject)}, &h.thread)
		if err != nil {
			return err
		}
	}
	var ids []int64
	for _, m := range g.Messages {
		if was := r.now[m.ID]; was != h.thread {
			ids = append(ids, m.ID)
			r.changed[was], r.changed[h.thread] = true, true
		}
	}
	return inList(ids, 2, func(list string, args []any) error {
		args = append([]any{h.thread}, args...)
		if _, err := r.db.exec(ctx, `UPDATE messages SET thread_id = $1 WHERE id IN `+list, args...); err != nil || !made {
			return err
		}
		_, err := r.db.exec(ctx, `INSERT INTO issue_threads (thread_id, issue_id)
SELECT DISTINCT CAST($1 AS BIGINT), issue_id FROM carried
WHERE digest IN (SELECT digest FROM issues) AND message_id IN `+list+` ON CONFLICT DO NOTHING`, args...)
		return err
	})
}

// remember writes down which messages that nobody has seen each thread holds,
// and what its messages refer to beyond it.
func (r *regrouping) remember(ctx context.Context, groups []thread.Group, homes []home) error {
	var ghosts, outward [][]any
	for i, g := range groups {
		inside := map[sigpost.MessageID]bool{}
		for _, m := range g.Messages {
			inside[m.MessageID] = true
		}
		for _, id := range g.Ghosts {
			inside[id] = true
			k := keyOf(id)
			ghosts = append(ghosts, []any{k[:], homes[i].thread})
		}
		for _, m := range g.Messages {
			for _, id := range m.References {
				if !inside[id] {
					inside[id] = true // once
					k := keyOf(id)
					outward = append(outward, []any{k[:], homes[i].thread})
				}
			}
		}
	}
	if _, err := r.db.insert(ctx, "ghosts (message_key, thread_id)", ghosts); err != nil {
		return err
	}
	_, err := r.db.insert(ctx, "outward (message_key, thread_id)", outward)
	return err
}

// special says whether it takes more than references to find a group.
func (r *regrouping) special(g thread.Group) bool {
	if g.From != "" {
		return true
	}
	ghosts := make(map[sigpost.MessageID]bool, len(g.Ghosts))
	for _, id := range g.Ghosts {
		ghosts[id] = true
	}
	for _, m := range g.Messages {
		if m.MessageID != g.Root && lost(m) { // joined by its subject
			return true
		}
		if ghosts[m.Parent()] && thread.MayCutOff(m) { // when that comes
			return true
		}
		if m.MessageID == g.Root && (len(m.References) > 0 || slices.ContainsFunc(g.Messages, func(older *sigpost.Message) bool {
			return thread.JoinsBySubject(m, older)
		})) { // a loop
			return true
		}
	}
	for _, d := range r.decisions {
		for _, id := range []sigpost.MessageID{d.Message, d.Other} {
			if id != "" && (ghosts[id] || slices.ContainsFunc(g.Messages, func(m *sigpost.Message) bool { return m.MessageID == id })) {
				return true
			}
		}
	}
	return false
}

// describe writes what a thread's row says of its messages, where they or it
// are others than before. Its revision grows then.
func (db *DB) describe(ctx context.Context, id int64, g thread.Group, special, changed bool) error {
	w := newGrowth(&arrived{Message: g.Messages[0]})
	for _, m := range g.Messages {
		w.add(&arrived{Message: m, lists: m.Lists})
	}
	_, err := db.exec(ctx, `UPDATE threads SET messages = $1, robots = $2, first_at = $3, last_at = $4, subject = $5, base_subject = $6,
special = $7, from_id = $8, revision = revision + 1
WHERE id = $9 AND ($10 = 1 OR (messages, robots, first_at, last_at, subject, base_subject, special, from_id) <> ($1, $2, $3, $4, $5, $6, $7, $8))`,
		w.messages, w.robots, micros(w.oldest.Received), micros(w.last), clean(w.named().Subject), clean(w.named().BaseSubject),
		number(special), clean(string(g.From)), id, number(changed))
	if err != nil {
		return err
	}
	if _, err := db.exec(ctx, `DELETE FROM thread_lists WHERE thread_id = $1`, id); err != nil {
		return err
	}
	rows := make([][]any, len(w.lists))
	for i, l := range w.lists {
		rows[i] = []any{id, l}
	}
	_, err = db.insert(ctx, "thread_lists (thread_id, list)", rows)
	return err
}
