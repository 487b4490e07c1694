package thread

import (
	"slices"
	"strings"

	"sigpost"
)

// Node is a place in a thread's tree.
type Node struct {
	MessageID sigpost.MessageID
	// Message is nil for a ghost: a message that others answer and that has
	// not been seen.
	Message  *sigpost.Message
	Children []*Node // by when they were received

	parent *Node
}

// Tree orders messages as RFC 5256, section 3, "REFERENCES", steps 1 to 4
// does: by their references, with ghosts for what has not been seen. Ghosts
// that hold nothing together are left out. The answer does not depend on the
// order of msgs. Roots are in the order of their first message.
//
// Joining by subject (steps 5 and 6) is left out on purpose: on real lists
// recurring subjects merge what has nothing in common.
func Tree(msgs []*sigpost.Message) []*Node {
	msgs = slices.Clone(msgs)
	slices.SortStableFunc(msgs, earlier)
	nodes := make(map[sigpost.MessageID]*Node, len(msgs))
	node := func(id sigpost.MessageID) *Node {
		n := nodes[id]
		if n == nil {
			n = &Node{MessageID: id}
			nodes[id] = n
		}
		return n
	}
	for _, m := range msgs {
		if n := node(m.MessageID); n.Message == nil {
			n.Message = m
		}
	}
	// Step 1.B: a message's own word on its parent weighs most, so all of
	// these come before what its references say of one another.
	for _, m := range msgs {
		n := nodes[m.MessageID]
		if parent := m.Parent(); parent != "" && n.Message == m {
			link(node(parent), n)
		}
	}
	// Step 1.A: the chain of references, where nothing better is known.
	for _, m := range msgs {
		for i := 1; i < len(m.References); i++ {
			link(node(m.References[i-1]), node(m.References[i]))
		}
	}
	var roots []*Node
	for _, n := range nodes {
		if n.parent == nil {
			roots = append(roots, n)
		} else {
			n.parent.Children = append(n.parent.Children, n)
		}
	}
	return prune(roots)
}

// link makes child a child of parent, unless it has one already or the two
// would form a loop.
func link(parent, child *Node) {
	if child.parent != nil {
		return
	}
	for n := parent; n != nil; n = n.parent {
		if n == child {
			return
		}
	}
	child.parent = parent
}

// prune drops ghosts without children, puts a lone child in its ghost's place
// (step 3; a ghost at the root keeps several children together), and sorts.
func prune(nodes []*Node) []*Node {
	var kept []*Node
	for _, n := range nodes {
		n.Children = prune(n.Children)
		switch {
		case n.Message != nil:
			kept = append(kept, n)
		case len(n.Children) == 1 || len(n.Children) > 1 && n.parent != nil:
			for _, c := range n.Children {
				c.parent = n.parent
			}
			kept = append(kept, n.Children...)
		case len(n.Children) > 1:
			kept = append(kept, n)
		}
	}
	slices.SortFunc(kept, func(a, b *Node) int { return earlier(a.first(), b.first()) })
	return kept
}

// first is the message that stands for the node in an order.
func (n *Node) first() *sigpost.Message {
	for n.Message == nil {
		n = n.Children[0]
	}
	return n.Message
}

func earlier(a, b *sigpost.Message) int {
	if c := a.Received.Compare(b.Received); c != 0 {
		return c
	}
	return strings.Compare(string(a.MessageID), string(b.MessageID))
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
