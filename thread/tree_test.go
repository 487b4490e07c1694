package thread

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
)

// msg makes a message that was received at minute n, named a, b, c...
func msg(n int, id string, refs ...string) *sigpost.Message {
	m := &sigpost.Message{MessageID: sigpost.MessageID(id), Received: time.Unix(int64(n)*60, 0)}
	for _, r := range refs {
		m.References = append(m.References, sigpost.MessageID(r))
	}
	return m
}

// draw writes a forest as "a(b(c) d) ?x(e f)", ghosts with "?".
func draw(nodes []*Node) string {
	var parts []string
	for _, n := range nodes {
		s := string(n.MessageID)
		if n.Message == nil {
			s = "?" + s
		}
		if len(n.Children) > 0 {
			s += "(" + draw(n.Children) + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestTree(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []*sigpost.Message
		want string
	}{
		{"one", []*sigpost.Message{msg(1, "a")}, "a"},
		{"replies", []*sigpost.Message{msg(1, "a"), msg(2, "b", "a"), msg(3, "c", "a", "b"), msg(4, "d", "a")}, "a(b(c) d)"},
		{"reply received first", []*sigpost.Message{msg(1, "b", "a"), msg(2, "a")}, "a(b)"},
		{"ghost of one is left out", []*sigpost.Message{msg(1, "b", "x")}, "b"},
		{"ghost of two keeps them together", []*sigpost.Message{msg(1, "b", "x"), msg(2, "c", "x")}, "?x(b c)"},
		{"ghost in the middle", []*sigpost.Message{msg(1, "a"), msg(2, "c", "a", "x"), msg(3, "d", "a", "x")}, "a(c d)"},
		{"loop", []*sigpost.Message{msg(1, "a", "b"), msg(2, "b", "a")}, "b(a)"},
		{"itself", []*sigpost.Message{msg(1, "a", "a")}, "a"},
		{"two threads", []*sigpost.Message{msg(2, "b"), msg(1, "a")}, "a b"},
		{"own word beats a chain", []*sigpost.Message{msg(1, "a"), msg(2, "b", "a"), msg(3, "c", "b"), msg(4, "d", "a", "c")}, "a(b(c(d)))"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := draw(Tree(c.in)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestTreeHoldsEveryMessageOnceInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		name := rapid.Map(rapid.IntRange(0, n+2), func(i int) string { return fmt.Sprint("m", i) })
		var msgs []*sigpost.Message
		for i := range n {
			msgs = append(msgs, msg(rapid.IntRange(0, 5).Draw(t, "minute"), fmt.Sprint("m", i),
				rapid.SliceOfN(name, 0, 4).Draw(t, "refs")...))
		}
		tree := Tree(msgs)
		seen := map[sigpost.MessageID]int{}
		Walk(tree, func(n *Node, depth int) {
			if n.Message != nil {
				seen[n.MessageID]++
			} else if depth > 0 || len(n.Children) < 2 {
				t.Fatalf("ghost %s holds nothing together", n.MessageID)
			}
		})
		for _, m := range msgs {
			if seen[m.MessageID] != 1 {
				t.Fatalf("%s is in the tree %d times", m.MessageID, seen[m.MessageID])
			}
		}
		if again := draw(Tree(rapid.Permutation(msgs).Draw(t, "order"))); again != draw(tree) {
			t.Fatalf("another order: %s\ninstead of %s", again, draw(tree))
		}
	})
}

func TestTreeSaysWhereARootIsFrom(t *testing.T) {
	msgs := []*sigpost.Message{msg(1, "a"), msg(2, "b", "a"), msg(3, "c", "a", "x")}
	for _, id := range []sigpost.MessageID{"b", "x"} { // seen, and a ghost that is left out
		tree := Tree(msgs, Decision{Kind: Split, Message: id})
		if len(tree) != 2 || tree[0].From != "" || tree[1].From != "a" {
			t.Errorf("split off %s: %s", id, draw(tree))
		}
	}
}
