package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"
	"sigpost/thread"

	"pgregory.net/rapid"
)

// sound finds whatever in the archive does not fit together.
func sound(t testing.TB, db *store.DB) (faults []string) {
	t.Helper()
	for what, query := range db.Unsound() {
		for _, row := range must(db.Rows(t.Context(), 2, query))(t) {
			faults = append(faults, fmt.Sprintf("%s: %v", what, row))
		}
	}
	// Every id that a message names is known, so that it is found when it comes.
	known := map[string]bool{}
	for _, row := range must(db.Rows(t.Context(), 1, `SELECT message_key FROM messages UNION SELECT message_key FROM ghosts UNION SELECT message_key FROM outward`))(t) {
		known[row[0]] = true
	}
	for _, thread := range must(db.Threads(t.Context(), store.ThreadQuery{Limit: 1000}))(t) {
		for _, m := range must(db.ThreadMessages(t.Context(), thread.ID))(t) {
			for _, ref := range m.References {
				if !known[string(store.KeyOf(ref))] {
					faults = append(faults, fmt.Sprintf("%s names %s, of which nothing is known", m.MessageID, ref))
				}
			}
			keys := must(db.Texts(t.Context(), 1, `SELECT subject_key FROM messages WHERE id = $1`, m.ID))(t)
			if want := fmt.Sprint(store.SubjectKeyOf(&m)); keys[0] != want {
				faults = append(faults, fmt.Sprintf("%s has subject key %s, want %s", m.MessageID, keys[0], want))
			}
		}
	}
	return faults
}

// archive is what the store must hold, kept the simple way.
type archive struct {
	t             *testing.T
	r             *rapid.T
	db            *store.DB
	messages      []*sigpost.Message // in the order in which they were stored
	raw           map[sigpost.MessageID]string
	decisions     []thread.Decision
	decisionsMade int              // on tags
	revisions     map[int64]int64  // of threads
	held          map[int64]string // the messages of threads
	told          []string         // what was done, for people
}

func (a *archive) find(id sigpost.MessageID) *sigpost.Message {
	for _, m := range a.messages {
		if m.MessageID == id {
			return m
		}
	}
	return nil
}

func (a *archive) add(arrivals []sigpost.Arrival) {
	a.told = append(a.told, "these came:\n"+tell(arrivals))
	counts := add(a.t, a.db, arrivals...)
	stored := 0
	for _, arrival := range arrivals {
		if m := a.find(arrival.Message.MessageID); m != nil {
			if !slices.Contains(m.Lists, arrival.List) {
				m.Lists = append(m.Lists, arrival.List)
				slices.Sort(m.Lists)
			}
			continue
		}
		m := *arrival.Message
		m.Lists = []string{arrival.List}
		a.messages = append(a.messages, &m)
		a.raw[m.MessageID] = string(arrival.Raw)
		stored++
	}
	if want := (sigpost.AddCounts{Stored: stored, Duplicates: len(arrivals) - stored}); counts != want {
		a.r.Fatalf("counts are %+v, want %+v", counts, want)
	}
}

func (a *archive) decide(d thread.Decision) {
	a.told = append(a.told, fmt.Sprint("this was decided: ", d))
	a.decisions = append(a.decisions, d)
	check(a.t, a.db.DecideThread(a.t.Context(), store.ThreadDecision{Decision: d, Who: "ana", Why: "I know", At: start}))
}

// reread reads some messages as others, each by its number here.
func (a *archive) reread(as map[int]*sigpost.Message) {
	var msgs []*sigpost.Message
	for _, i := range slices.Sorted(mapKeys(as)) {
		old, m := a.messages[i], as[i]
		stored := stored(a.t, a.db, string(old.MessageID))
		m.ID, m.ThreadID, m.Received, m.Lists, m.Reader = stored.ID, stored.ThreadID, old.Received, stored.Lists, 7
		given := *m
		msgs = append(msgs, &given)
		a.told = append(a.told, fmt.Sprintf("%s was read as:\n%s", old.MessageID, tell([]sigpost.Arrival{{Message: m}})))
		if m.MessageID != old.MessageID && a.find(m.MessageID) != nil {
			m.Claimed, m.MessageID = m.MessageID, old.MessageID
		}
		raw := a.raw[old.MessageID]
		delete(a.raw, old.MessageID)
		a.messages[i], a.raw[m.MessageID] = m, raw
	}
	must(a.db.Reread(a.t.Context(), msgs))(a.t)
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// check compares the store with what it must hold.
func (a *archive) check() {
	a.t.Helper()
	after := func() string { return "\nafter\n" + strings.Join(a.told, "\n") }
	if faults := sound(a.t, a.db); len(faults) > 0 {
		a.r.Fatalf("%s%s", strings.Join(faults, "\n"), after())
	}
	if got, want := partition(a.t, a.db), groups(a.messages, a.decisions); got != want {
		a.r.Fatalf("threads are\n%s\nwant\n%s%s", got, want, after())
	}
	for _, m := range a.messages {
		got := stored(a.t, a.db, string(m.MessageID))
		if raw := must(a.db.Raw(a.t.Context(), got.ID))(a.t); string(raw) != a.raw[m.MessageID] {
			a.r.Fatalf("the raw bytes of %s are %q%s", m.MessageID, raw, after())
		}
		if got.Claimed != m.Claimed || !slices.Equal(got.Lists, m.Lists) || !slices.Equal(got.References, m.References) || got.Subject != m.Subject {
			a.r.Fatalf("stored is %+v, want %+v%s", got, m, after())
		}
	}
	if got, want := written(a.t, a.db), listings(a.t, a.db); got != want {
		a.r.Fatalf("threads are listed as\n%s\nwant\n%s%s", got, want, after())
	}
	held := map[int64]string{}
	for id, before := range a.revisions {
		now, err := a.db.Thread(a.t.Context(), id)
		if err != nil || now.Revision < before {
			a.r.Fatalf("thread %d of revision %d is now %d of %d (%v)%s", id, before, now.ID, now.Revision, err, after())
		}
	}
	for _, row := range must(a.db.Rows(a.t.Context(), 3, `SELECT thread_id, string_agg(CAST(id AS TEXT), ' '), (SELECT revision FROM threads t WHERE t.id = thread_id)
FROM (SELECT thread_id, id FROM messages ORDER BY id) m GROUP BY thread_id`))(a.t) {
		var id, revision int64
		fmt.Sscan(row[0], &id)
		fmt.Sscan(row[2], &revision)
		messages := strings.Fields(row[1])
		slices.Sort(messages) // in whatever order the engine gives them
		held[id] = strings.Join(messages, " ")
		if before, ok := a.revisions[id]; ok && a.held[id] != held[id] && revision <= before {
			a.r.Fatalf("thread %d held messages %s and holds %s, and its revision is %d, as before%s", id, a.held[id], held[id], revision, after())
		}
		a.revisions[id] = revision
	}
	a.held = held
}

// Mail that comes bit by bit, in any order, twice or by two lists, while people
// split and merge, and that is read anew, is in the threads in which all of it
// together would be; and all that is written down fits together.
func TestThreadsAreThoseOfGroups(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			db := open(t, e.made(t))
			rapid.Check(t, func(r *rapid.T) {
				wipe(t, db)
				a := &archive{t: t, r: r, db: db, raw: map[sigpost.MessageID]string{}, revisions: map[int64]int64{}}
				n := rapid.IntRange(1, 9).Draw(r, "messages")
				var left []sigpost.Arrival
				for i := range n {
					left = append(left, drawMail(r, i, n))
				}
				left = rapid.Permutation(left).Draw(r, "order")
				for _, again := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 2).Draw(r, "again") {
					twice := left[again]
					twice.List = rapid.SampledFrom([]string{"sig", "dev"}).Draw(r, "by")
					left = append(left, twice)
				}
				for len(left) > 0 {
					size := rapid.IntRange(1, len(left)).Draw(r, "batch")
					a.add(left[:size])
					left = left[size:]
					a.check()
					for range rapid.IntRange(0, 2).Draw(r, "then") {
						a.act(n)
						a.check()
					}
				}
			})
		})
	}
}

// act lets people decide, or reads messages anew.
func (a *archive) act(n int) {
	r := a.r
	if rapid.IntRange(0, 2).Draw(r, "tag") == 0 {
		a.tag()
		return
	}
	name := rapid.Map(rapid.IntRange(0, n+2), func(i int) sigpost.MessageID { return sigpost.MessageID(fmt.Sprint("m", i)) })
	if rapid.Bool().Draw(r, "decide") {
		d := thread.Decision{Kind: thread.Split, Message: name.Draw(r, "of")}
		if rapid.Bool().Draw(r, "merge") {
			d.Kind, d.Other = thread.Merge, name.Draw(r, "with")
		}
		a.decide(d)
		return
	}
	as := map[int]*sigpost.Message{}
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(a.messages)-1), 1, 3, rapid.ID).Draw(r, "reread") {
		was := a.messages[i]
		m := drawMail(r, -1, n).Message
		m.MessageID = was.MessageID
		if rapid.Bool().Draw(r, "same references") {
			m.References = was.References
		}
		if rapid.IntRange(0, 3).Draw(r, "rename") == 0 {
			m.MessageID = name.Draw(r, "as")
		}
		m.References = slices.DeleteFunc(slices.Clone(m.References), func(id sigpost.MessageID) bool { return id == m.MessageID || id == was.MessageID })
		as[i] = m
	}
	a.reread(as)
}
