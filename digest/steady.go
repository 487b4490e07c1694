package digest

import (
	"maps"
	"slices"
	"strings"

	"sigpost"
)

// Sections are named and ordered by what is in them: one thread less may turn "More
// projects" into "By project" and put another section first. An editor who leaves a
// thread out, or puts it back, does that and nothing else: the other threads are held
// where they were by edits.

// steady adds to the edits of an act on a thread those by which all other threads stay
// under their headings and in their order. A thread that is left out keeps its place
// among them, for when it is put back.
func steady(composed sigpost.Issue, edits, save []sigpost.Edit, undo []sigpost.EditKey, thread int64) []sigpost.Edit {
	want := counting(edits)
	for _, key := range undo {
		delete(want, key)
	}
	for _, e := range save {
		want[e.Key()] = e
	}
	as := func(without ...sigpost.EditKey) func() []sequence {
		return func() []sequence {
			of := maps.Clone(want)
			for _, key := range without {
				delete(of, key)
			}
			return sequences(Apply(composed, editsOf(of)))
		}
	}
	before, now := sequences(Apply(composed, edits)), as()
	if sameRest(before, now(), thread) {
		return save
	}
	h := holding{want: want, goal: settle(before, now(), thread)}
	h.hold(now)
	h.hold(as(sigpost.EditKey{Kind: sigpost.EditDrop, ThreadID: thread}))
	return append(save, h.save...)
}

// holding finds the edits by which a draft becomes what it is to be.
type holding struct {
	want map[sigpost.EditKey]sigpost.Edit // so far
	goal []sequence
	save []sigpost.Edit // those that were added
}

func (h *holding) set(kind sigpost.EditKind, thread int64, section, text string) {
	e := sigpost.Edit{Kind: kind, ThreadID: thread, Section: section, Text: text}
	h.want[e.Key()] = e
	h.save = append(slices.DeleteFunc(h.save, func(was sigpost.Edit) bool { return was.Key() == e.Key() }), e)
}

// hold has the threads of now, which follows what is wanted, stand as they are to.
func (h *holding) hold(now func() []sequence) {
	under := map[int64]string{}
	for _, s := range now() {
		for _, id := range s.threads {
			under[id] = s.title
		}
	}
	told := func(threads []int64) []int64 {
		return slices.DeleteFunc(slices.Clone(threads), func(id int64) bool { return under[id] == "" })
	}
	for _, s := range h.goal {
		for _, id := range told(s.threads) {
			if under[id] != s.title && s.title != LeftOut {
				h.set(sigpost.EditMove, id, "", s.title)
			}
		}
	}
	for _, is := range now() {
		i := slices.Index(titlesOf(h.goal), is.title)
		if i >= 0 && !slices.Equal(told(h.goal[i].threads), is.threads) {
			h.set(sigpost.EditOrder, 0, is.title, spell(h.goal[i].threads))
		}
	}
	titles := titlesOf(now())
	there := slices.DeleteFunc(titlesOf(h.goal), func(title string) bool { return !slices.Contains(titles, title) })
	if !slices.Equal(there, titles) {
		h.set(sigpost.EditOrder, 0, "", strings.Join(titlesOf(h.goal), "\n"))
	}
}

// settle is how a draft is to be: as before, with a thread that was not in it where
// it stands now.
func settle(before, now []sequence, thread int64) []sequence {
	holds := func(s sequence) bool { return slices.Contains(s.threads, thread) }
	if slices.ContainsFunc(before, holds) {
		return before
	}
	goal := slices.Clone(before)
	in := slices.IndexFunc(now, holds)
	if in < 0 {
		return goal
	}
	at := slices.Index(titlesOf(goal), now[in].title)
	if at < 0 {
		if in > 0 {
			at = slices.Index(titlesOf(goal), now[in-1].title)
		}
		return slices.Insert(goal, at+1, sequence{now[in].title, []int64{thread}})
	}
	place := -1
	if i := slices.Index(now[in].threads, thread); i > 0 {
		place = slices.Index(goal[at].threads, now[in].threads[i-1])
	}
	goal[at].threads = slices.Insert(slices.Clone(goal[at].threads), place+1, thread)
	return goal
}

// sameRest says whether all threads but one are under the same headings, in the same
// order. A section without another one does not count.
func sameRest(a, b []sequence, thread int64) bool {
	rest := func(all []sequence) (left []sequence) {
		for _, s := range all {
			if ids := others(s.threads, thread); len(ids) > 0 {
				left = append(left, sequence{s.title, ids})
			}
		}
		return left
	}
	return slices.EqualFunc(rest(a), rest(b), func(x, y sequence) bool { return x.title == y.title && slices.Equal(x.threads, y.threads) })
}

// others are all of some threads but one.
func others(threads []int64, but int64) []int64 {
	return slices.DeleteFunc(slices.Clone(threads), func(id int64) bool { return id == but })
}
