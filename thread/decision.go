package thread

import (
	"slices"

	"sigpost"
)

// Decision is what somebody has decided about threads. Decisions are kept in
// the order in which they were made, and win over all rules.
type Decision struct {
	Kind DecisionKind
	// Message is what is split off, or one of two messages whose threads are
	// merged; Other is the second one, and empty for a split. It does not
	// matter whether they have been seen.
	Message sigpost.MessageID
	Other   sigpost.MessageID
}

// DecisionKind says what was decided.
type DecisionKind string

// The kinds of Decision. A later one undoes what it contradicts in an earlier
// one.
const (
	// Split makes a message and its descendants a thread of their own; merges
	// that tied them to anything else are undone.
	Split DecisionKind = "split"
	// Merge makes the threads of two messages one. Where one was cut off from
	// the other, by a Split or by CutsOff, it grows back to its place.
	Merge DecisionKind = "merge"
)

// apply cuts the forest where a split says so, heals it where a merge does,
// and gives the merges of threads that have grown apart.
func (f *forest) apply(decisions []Decision) []Decision {
	var merges []Decision
	for _, d := range decisions {
		p := f.byID[d.Message]
		switch d.Kind {
		case Split:
			p.cut = true
			merges = slices.DeleteFunc(merges, func(m Decision) bool {
				return (f.byID[m.Message].top() == p) != (f.byID[m.Other].top() == p)
			})
		case Merge:
			if other := f.byID[d.Other]; !heal(p, other) && !heal(other, p) {
				merges = append(merges, d)
			}
		}
	}
	return merges
}

// top is the place where what holds p was cut off, or the root.
func (p *place) top() *place {
	for p.parent != nil && !p.cut {
		p = p.parent
	}
	return p
}

// heal undoes the cut above lower where it divides it from upper.
func heal(lower, upper *place) bool {
	top := lower.top()
	if top.parent == nil || top.parent.top() != upper.top() {
		return false
	}
	top.cut = false
	return true
}
