package thread

import "sigpost"

// Group is the messages of one thread.
type Group struct {
	// Root is the id of what the thread begins with; where that has not been
	// seen, it is the oldest id that is known of it.
	Root sigpost.MessageID
	// From is the message in another thread that this one's root answers,
	// where it was cut off there (CutsOff, or a Split); "" for most.
	From sigpost.MessageID
	// Messages are in the order of Compare, and never none.
	Messages []*sigpost.Message
	// Ghosts are the ids of messages of the thread that have not been seen.
	Ghosts []sigpost.MessageID
}

// Groups sorts messages into threads: each is in exactly one of them. Threads
// are what hangs together by references, with messages that have not been
// seen as links; but a message that CutsOff begins another one, an answer
// without references joins by its subject (JoinsBySubject), and people's
// decisions, in the order in which they were made, win over all of it.
//
// The answer depends on the set of messages, never on their order. Groups are
// in the order of their first messages.
func Groups(msgs []*sigpost.Message, decisions ...Decision) []Group {
	f := grow(msgs, decisions)
	number := make(map[int]int)
	var groups []Group
	for _, m := range f.msgs {
		p := f.byID[m.MessageID]
		set := f.threads.find(p.number)
		i, ok := number[set]
		if !ok {
			i = len(groups)
			number[set] = i
			root := f.root(p)
			groups = append(groups, Group{Root: root.id, From: root.from()})
		}
		groups[i].Messages = append(groups[i].Messages, m)
	}
	for _, p := range f.all {
		if i, ok := number[f.threads.find(p.number)]; ok && p.message == nil {
			groups[i].Ghosts = append(groups[i].Ghosts, p.id)
		}
	}
	return groups
}

// root is the place where the thread begins that holds p.
func (f *forest) root(p *place) *place {
	for !f.isRoot(p) {
		p = p.parent
	}
	return p
}

// isRoot says whether nothing in its own thread is above p.
func (f *forest) isRoot(p *place) bool {
	return p.parent == nil || f.threads.find(p.number) != f.threads.find(p.parent.number)
}

// from is the id of what a root answers in another thread.
func (p *place) from() sigpost.MessageID {
	if p.parent == nil {
		return ""
	}
	return p.parent.id
}

// divide cuts the forest and sorts its places into threads.
func (f *forest) divide(decisions []Decision) {
	for _, p := range f.all {
		if p.message != nil && p.parent != nil && p.message.Parent() == p.parent.id {
			p.cut = CutsOff(p.message, p.parent.message)
		}
	}
	merges := f.apply(decisions)
	// Whatever a message names hangs together, but for what lies on the other
	// side of a cut.
	tops := f.nearest(func(p *place) bool { return p.cut })
	last := make(map[*place]int) // below each cut, the message's last id so far
	tie := func(id sigpost.MessageID) {
		n := f.byID[id].number
		if before, ok := last[tops[n]]; ok {
			f.threads.hang(before, n)
		}
		last[tops[n]] = n
	}
	for i, m := range f.msgs {
		clear(last)
		for _, id := range f.refs[i] {
			tie(id)
		}
		tie(m.MessageID)
	}
	for _, d := range merges {
		f.threads.hang(f.byID[d.Other].number, f.byID[d.Message].number)
	}
}
