package thread

import (
	"slices"

	"sigpost"
)

// place is where a message, seen or not, stands among those that it answers
// and that answer it.
type place struct {
	id     sigpost.MessageID
	number int // its own in forest.all
	// message is nil for a ghost: one that others refer to and that has not
	// been seen.
	message *sigpost.Message
	// parent is nil where nothing is known. cut says that a thread of its own
	// begins here all the same, bySubject that only the subject tells it.
	parent    *place
	cut       bool
	bySubject bool
}

// forest holds every id that messages and decisions name, each below the one
// that it answers. It does not depend on the order in which messages are
// given.
type forest struct {
	msgs []*sigpost.Message // in the order of Compare
	// refs are what each of msgs answers: its references, or the message that
	// it joins by subject.
	refs    [][]sigpost.MessageID
	all     []*place
	byID    map[sigpost.MessageID]*place
	threads union // of the places' numbers
}

// grow orders messages as RFC 5256, section 3, "REFERENCES", step 1 does, and
// divides them into threads.
func grow(msgs []*sigpost.Message, decisions []Decision) *forest {
	f := &forest{msgs: slices.Clone(msgs), byID: make(map[sigpost.MessageID]*place, len(msgs))}
	slices.SortStableFunc(f.msgs, Compare)
	for _, m := range f.msgs {
		if p := f.at(m.MessageID); p.message == nil {
			p.message = m
		}
	}
	joined := joins(f.msgs)
	for _, m := range f.msgs {
		refs := m.References
		if older := joined[m]; older != nil {
			refs = []sigpost.MessageID{older.MessageID}
		}
		f.refs = append(f.refs, refs)
		for _, id := range refs {
			f.at(id)
		}
	}
	for _, d := range decisions {
		f.at(d.Message)
		if d.Kind == Merge {
			f.at(d.Other)
		}
	}
	f.link(joined)
	f.threads = newUnion(len(f.all))
	f.divide(decisions)
	return f
}

// link gives every place its parent.
func (f *forest) link(joined map[*sigpost.Message]*sigpost.Message) {
	roots := newUnion(len(f.all))
	link := func(parent, child *place) bool {
		if child.parent != nil || child.cut || roots.find(parent.number) == child.number {
			return false // it has one, or the two would form a loop
		}
		child.parent = parent
		roots.hang(child.number, parent.number)
		return true
	}
	// Step 1.B: a message's own word on its parent weighs most, so all of
	// these come before what its references say of one another. Where the
	// parent would form a loop, the next one does; where all would, what
	// others say is no better, and the message is a root.
	for i, m := range f.msgs {
		p, refs := f.byID[m.MessageID], f.refs[i]
		if len(refs) == 0 || p.message != m {
			continue
		}
		for _, id := range slices.Backward(refs) {
			if link(f.byID[id], p) {
				break
			}
		}
		p.cut = p.parent == nil
		p.bySubject = p.parent != nil && joined[m] != nil
	}
	// Step 1.A: the chain of references, where nothing better is known.
	for _, refs := range f.refs {
		for i := 1; i < len(refs); i++ {
			link(f.byID[refs[i-1]], f.byID[refs[i]])
		}
	}
}

// at gives the place of an id, and makes it where there is none.
func (f *forest) at(id sigpost.MessageID) *place {
	p := f.byID[id]
	if p == nil {
		p = &place{id: id, number: len(f.all)}
		f.byID[id] = p
		f.all = append(f.all, p)
	}
	return p
}

// nearest gives for every place, by its number, the first one of those that
// stop wants, on the way from itself to the root; nil where there is none.
func (f *forest) nearest(stop func(*place) bool) []*place {
	found := make([]*place, len(f.all))
	known := make([]bool, len(f.all))
	var path []*place
	for _, p := range f.all {
		path = path[:0]
		for p != nil && !known[p.number] && !stop(p) {
			path = append(path, p)
			p = p.parent
		}
		if p != nil && !known[p.number] {
			found[p.number], known[p.number] = p, true
		}
		for _, below := range path {
			known[below.number] = true
			if p != nil {
				found[below.number] = found[p.number]
			}
		}
	}
	return found
}

// union is a set of disjoint sets of numbers.
type union []int

func newUnion(n int) union {
	u := make(union, n)
	for i := range u {
		u[i] = i
	}
	return u
}

// find gives the number that stands for the set that holds i.
func (u union) find(i int) int {
	for u[i] != i {
		u[i] = u[u[i]]
		i = u[i]
	}
	return i
}

// hang joins the sets of two numbers; what stood for that of j stands for
// both.
func (u union) hang(i, j int) { u[u.find(i)] = u.find(j) }
