package web

import (
	"cmp"

	"sigpost"
)

// natureFirst puts what a thread is before what it is about.
func natureFirst(a, b sigpost.Tagging) int {
	return cmp.Compare(topic(a), topic(b))
}

// topic is 0 for a nature, 1 for a topic.
func topic(t sigpost.Tagging) int {
	if t.Tag.Kind == sigpost.KindNature {
		return 0
	}
	return 1
}
