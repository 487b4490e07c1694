package thread

import (
	"slices"

	"sigpost"
)

// Node is a place in a thread's tree.
type Node struct {
	MessageID sigpost.MessageID
	// Message is nil for a ghost: a message that others answer and that has
	// not been seen.
	Message  *sigpost.Message
	Children []*Node // by when they were received
	// From is the message in another thread that a root was cut off from; see
	// Group.From.
	From sigpost.MessageID
	// BySubject says that the message names none that it answers, and stands
	// below the latest one of the same subject.
	BySubject bool
}

// Tree orders messages as RFC 5256, section 3, "REFERENCES", steps 1 to 4
// does: by their references, with ghosts for what has not been seen. Ghosts
// that hold nothing together are left out. Threads are those of Groups, so a
// thread has more than one root where it was merged, or where its references
// contradict one another. The answer does not depend on the order of msgs. Of
// messages with the same id it holds the first. Roots are in the order of
// their first message.
//
// Joining by subject alone (steps 5 and 6) is left out on purpose: on real
// lists recurring subjects merge what has nothing in common.
func Tree(msgs []*sigpost.Message, decisions ...Decision) []*Node {
	f := grow(msgs, decisions)
	// A child goes to the nearest message above it, and to a ghost only where
	// that is the root.
	nearest := f.nearest(func(p *place) bool { return p.message != nil || f.isRoot(p) })
	nodes := make([]*Node, len(f.all))
	var roots []*Node
	for _, p := range f.all {
		root := f.isRoot(p)
		if p.message == nil && !root {
			continue
		}
		n := &Node{MessageID: p.id, Message: p.message, BySubject: p.bySubject && !root}
		if root {
			n.From = p.from()
			roots = append(roots, n)
		}
		nodes[p.number] = n
	}
	for _, m := range f.msgs { // so that children are in this order
		p := f.byID[m.MessageID]
		if p.message == m && !f.isRoot(p) {
			above := nodes[nearest[p.parent.number].number]
			above.Children = append(above.Children, nodes[p.number])
		}
	}
	return pruneRoots(roots)
}

// pruneRoots drops ghosts without children, puts a lone child in its ghost's
// place (step 3), and sorts.
func pruneRoots(roots []*Node) []*Node {
	var kept []*Node
	for _, n := range roots {
		switch {
		case n.Message != nil || len(n.Children) > 1:
			kept = append(kept, n)
		case len(n.Children) == 1:
			n.Children[0].From = n.From
			kept = append(kept, n.Children[0])
		}
	}
	slices.SortFunc(kept, func(a, b *Node) int { return Compare(a.first(), b.first()) })
	return kept
}

// first is the message that stands for a root in an order.
func (n *Node) first() *sigpost.Message {
	if n.Message == nil {
		return n.Children[0].Message
	}
	return n.Message
}

// Walk calls visit for every node, parents before children, with its depth.
func Walk(roots []*Node, visit func(n *Node, depth int)) {
	type step struct {
		node  *Node
		depth int
	}
	var todo []step
	push := func(nodes []*Node, depth int) {
		for _, n := range slices.Backward(nodes) {
			todo = append(todo, step{n, depth})
		}
	}
	push(roots, 0)
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		visit(s.node, s.depth)
		push(s.node.Children, s.depth+1)
	}
}
