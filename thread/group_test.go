package thread

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
)

// about gives a message a subject, as the parser would.
func about(subject string, m *sigpost.Message) *sigpost.Message {
	m.Subject, m.Answering = subject, sigpost.IsAnswer(subject)
	return m
}

// write gives groups as "root: a b, root<from: c".
func write(groups []Group) string {
	var parts []string
	for _, g := range groups {
		s := string(g.Root)
		if g.From != "" {
			s += "<" + string(g.From)
		}
		s += ":"
		for _, m := range g.Messages {
			s += " " + string(m.MessageID)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

func split(id string) Decision {
	return Decision{Kind: Split, Message: sigpost.MessageID(id)}
}

func merge(a, b string) Decision {
	return Decision{Kind: Merge, Message: sigpost.MessageID(a), Other: sigpost.MessageID(b)}
}

func TestGroupsByReferences(t *testing.T) {
	for _, c := range []struct {
		name       string
		in         []*sigpost.Message
		want, tree string
	}{
		{"none", nil, "", ""},
		{"replies", []*sigpost.Message{msg(1, "a"), msg(2, "b", "a"), msg(3, "c", "a", "b"), msg(4, "d")}, "a: a b c, d: d", "a(b(c)) d"},
		{"a ghost holds together", []*sigpost.Message{msg(1, "b", "x"), msg(2, "c", "x")}, "x: b c", "?x(b c)"},
		{"the oldest ghost is the root", []*sigpost.Message{msg(1, "b", "x", "y")}, "x: b", "b"},
		{"two ways to a ghost", []*sigpost.Message{msg(1, "a"), msg(2, "b"), msg(3, "c", "a", "x"), msg(4, "d", "b", "x")}, "a: a b c d", "a(c d) b"},
		{"a loop of two", []*sigpost.Message{msg(1, "a", "b"), msg(2, "b", "a")}, "b: a b", "b(a)"},
		{"a loop below a root", []*sigpost.Message{msg(1, "r"), msg(2, "a", "r", "b"), msg(3, "b", "r", "a")}, "r: r a b", "r(b(a))"},
		{"a loop that denies its parent", []*sigpost.Message{msg(3, "a"), msg(1, "b", "a", "c"), msg(2, "c", "b")}, "c: b c, a: a", "c(b) a"},
		{"the same id twice", []*sigpost.Message{msg(1, "a"), msg(2, "b", "a"), msg(3, "b", "c"), msg(4, "c")}, "a: a b b c", "a(b) c"},
		{"long ids", []*sigpost.Message{msg(1, strings.Repeat("a", 5000)), msg(2, "b", strings.Repeat("a", 5000))},
			strings.Repeat("a", 5000) + ": " + strings.Repeat("a", 5000) + " b", strings.Repeat("a", 5000) + "(b)"},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, c.in, nil, c.want, c.tree) })
	}
}

func check(t *testing.T, msgs []*sigpost.Message, decisions []Decision, want, tree string) {
	t.Helper()
	if got := write(Groups(msgs, decisions...)); got != want {
		t.Errorf("groups\ngot  %s\nwant %s", got, want)
	}
	if got := draw(Tree(msgs, decisions...)); got != tree {
		t.Errorf("tree\ngot  %s\nwant %s", got, tree)
	}
}

func TestGroupsBySubject(t *testing.T) {
	quoting := func(m *sigpost.Message) *sigpost.Message { m.Quoting = true; return m }
	for _, c := range []struct {
		name       string
		in         []*sigpost.Message
		want, tree string
	}{
		{"a new subject", []*sigpost.Message{about("Bays", msg(1, "a")), about("Release party", msg(2, "b", "a")), about("Re: Release party", msg(3, "c", "a", "b"))},
			"a: a, b<a: b c", "a b(c)"},
		{"a new subject, its answer cut short", []*sigpost.Message{about("Bays", msg(1, "a")), about("Release party", msg(2, "b", "a")), about("Re: Release party", msg(3, "c", "a", "b")), about("Re: Release party", msg(4, "d", "a", "c"))},
			"a: a, b<a: b c d", "a b(c(d))"},
		{"a new subject that quotes", []*sigpost.Message{about("Bays", msg(1, "a")), quoting(about("Release party", msg(2, "b", "a")))},
			"a: a b", "a(b)"},
		{"two new subjects", []*sigpost.Message{about("Bays", msg(1, "a")), about("Release party", msg(2, "b", "a")), about("Core election", msg(3, "c", "a", "b"))},
			"a: a, b<a: b, c<b: c", "a b c"},
		{"was, of what is unseen", []*sigpost.Message{quoting(about("Re: Bays", msg(1, "a", "x"))), quoting(about("Party (was: Bays)", msg(2, "b", "x")))},
			"x: a, b<x: b", "a b"},
		{"an answer that names nothing", []*sigpost.Message{about("Bays", msg(1, "a")), about("Re: Bays", msg(2, "b")), about("Re: Bays", msg(3, "c", "b"))},
			"a: a b c", "a(b(c))"},
		{"it joins the latest", []*sigpost.Message{about("Bays", msg(1, "a")), about("Bays", msg(2, "b")), about("Re: Bays", msg(3, "c"))},
			"a: a, b: b c", "a b(c)"},
		{"openers stay apart", []*sigpost.Message{about("Bays", msg(1, "a")), about("Bays", msg(2, "b"))},
			"a: a, b: b", "a b"},
		{"it joins what was cut off", []*sigpost.Message{about("Bays", msg(1, "a")), about("Release party", msg(2, "b", "a")), about("Re: release party", msg(3, "c"))},
			"a: a, b<a: b c", "a b(c)"},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, c.in, nil, c.want, c.tree) })
	}
}

func TestGroupsByDecision(t *testing.T) {
	// a(b(c) d), e(f), and g, which answers d under another subject.
	msgs := []*sigpost.Message{
		about("Bays", msg(1, "a")), msg(2, "b", "a"), msg(3, "c", "a", "b"), msg(4, "d", "a"),
		msg(5, "e"), msg(6, "f", "e"), about("Release party", msg(7, "g", "d")),
	}
	for _, m := range msgs {
		if m.Subject == "" {
			about("Re: Bays", m).Quoting = true
		}
	}
	about("Clusters", msgs[4])
	about("Re: Clusters", msgs[5])
	for _, c := range []struct {
		name       string
		decisions  []Decision
		want, tree string
	}{
		{"none", nil, "a: a b c d, e: e f, g<d: g", "a(b(c) d) e(f) g"},
		{"split", []Decision{split("b")}, "a: a d, b<a: b c, e: e f, g<d: g", "a(d) b(c) e(f) g"},
		{"split a root", []Decision{split("a")}, "a: a b c d, e: e f, g<d: g", "a(b(c) d) e(f) g"},
		{"split what is unseen", []Decision{split("z")}, "a: a b c d, e: e f, g<d: g", "a(b(c) d) e(f) g"},
		{"merge", []Decision{merge("c", "f")}, "a: a b c d e f, g<d: g", "a(b(c) d) e(f) g"},
		{"merge three", []Decision{merge("a", "e"), merge("f", "g")}, "a: a b c d e f g", "a(b(c) d(g)) e(f)"},
		{"merge what was cut off", []Decision{merge("g", "b")}, "a: a b c d g, e: e f", "a(b(c) d(g)) e(f)"},
		{"merge what was cut off, named first", []Decision{merge("b", "g"), split("d")}, "a: a b c, d<a: d g, e: e f", "a(b(c)) d(g) e(f)"},
		{"split and merge", []Decision{split("b"), merge("a", "b")}, "a: a b c d, e: e f, g<d: g", "a(b(c) d) e(f) g"},
		{"merge and split", []Decision{merge("a", "e"), split("e")}, "a: a b c d, e: e f, g<d: g", "a(b(c) d) e(f) g"},
		{"merge and split above", []Decision{merge("a", "f"), split("e")}, "a: a b c d, e: e f, g<d: g", "a(b(c) d) e(f) g"},
		{"split and merge elsewhere", []Decision{split("b"), merge("b", "e")}, "a: a d, b<a: b c e f, g<d: g", "a(d) b(c) e(f) g"},
		{"split, merge, split", []Decision{split("b"), merge("b", "a"), split("b")}, "a: a d, b<a: b c, e: e f, g<d: g", "a(d) b(c) e(f) g"},
		{"a merge inside survives a split", []Decision{merge("g", "c"), split("b")}, "a: a d g, b<a: b c, e: e f", "a(d(g)) b(c) e(f)"},
		{"merge with itself", []Decision{merge("e", "e")}, "a: a b c d, e: e f, g<d: g", "a(b(c) d) e(f) g"},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, msgs, c.decisions, c.want, c.tree) })
	}
}

// drawMessages makes messages that refer to one another in every way, right
// and wrong, and so do decisions.
func drawMessages(t *rapid.T) ([]*sigpost.Message, *rapid.Generator[[]Decision]) {
	n := rapid.IntRange(1, 12).Draw(t, "n")
	name := rapid.Map(rapid.IntRange(0, n+2), func(i int) string { return fmt.Sprint("m", i) })
	var msgs []*sigpost.Message
	for i := range n {
		m := msg(rapid.IntRange(0, 5).Draw(t, "minute"), fmt.Sprint("m", i), rapid.SliceOfN(name, 0, 4).Draw(t, "refs")...)
		about(rapid.SampledFrom([]string{"Bays", "Re: Bays", "Party", "Re: Party", "Party (was: Bays)", "Re: "}).Draw(t, "subject"), m)
		m.Quoting = rapid.Bool().Draw(t, "quoting")
		msgs = append(msgs, m)
	}
	decision := rapid.Custom(func(t *rapid.T) Decision {
		if rapid.Bool().Draw(t, "split") {
			return split(name.Draw(t, "message"))
		}
		return merge(name.Draw(t, "message"), name.Draw(t, "other"))
	})
	return msgs, rapid.SliceOfN(decision, 0, 4)
}

func TestGroupsHoldEveryMessageOnceInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msgs, someDecisions := drawMessages(t)
		decisions := someDecisions.Draw(t, "decisions")
		groups := Groups(msgs, decisions...)
		if problem := unsound(msgs, decisions, groups); problem != "" {
			t.Fatal(problem)
		}
		other := rapid.Permutation(msgs).Draw(t, "order")
		if a, b := write(groups), write(Groups(other, decisions...)); a != b {
			t.Fatalf("another order: %s\ninstead of %s", b, a)
		}
		if a, b := draw(Tree(msgs, decisions...)), draw(Tree(other, decisions...)); a != b {
			t.Fatalf("another order: %s\ninstead of %s", b, a)
		}
	})
}

// unsound says what is wrong with groups, in themselves or beside the tree
// and the explanation of the same messages.
func unsound(msgs []*sigpost.Message, decisions []Decision, groups []Group) string {
	group := make(map[sigpost.MessageID]int)
	count := 0
	for i, g := range groups {
		for _, m := range g.Messages {
			if before, ok := group[m.MessageID]; ok && before != i {
				return fmt.Sprintf("%s is in two groups", m.MessageID)
			}
			group[m.MessageID] = i
			count++
		}
		if !slices.IsSortedFunc(g.Messages, Compare) || len(g.Messages) == 0 {
			return fmt.Sprintf("group %s: %d messages, or in disorder", g.Root, len(g.Messages))
		}
	}
	if count != len(msgs) {
		return fmt.Sprintf("%d messages of %d", count, len(msgs))
	}
	for i, f := range Explain(msgs, decisions...) {
		g := groups[group[msgs[i].MessageID]]
		if f.MessageID != msgs[i].MessageID || f.Root != g.Root || f.From != g.From {
			return fmt.Sprintf("explained as %+v, in the group %s", f, g.Root)
		}
		if above, ok := group[f.Parent]; ok && f.Cut == (above == group[f.MessageID]) {
			return fmt.Sprintf("explained as %+v, with its parent in the group %s", f, groups[above].Root)
		}
	}
	return beside(msgs, Tree(msgs, decisions...), group)
}

// beside compares a tree with the groups of its messages.
func beside(msgs []*sigpost.Message, tree []*Node, group map[sigpost.MessageID]int) (problem string) {
	current := -1
	seen := make(map[sigpost.MessageID]int)
	Walk(tree, func(n *Node, depth int) {
		if depth == 0 {
			current = group[n.first().MessageID]
		}
		switch {
		case n.Message != nil && group[n.MessageID] != current:
			problem = fmt.Sprintf("%s is in one tree with messages of another group", n.MessageID)
		case n.Message == nil && (depth > 0 || len(n.Children) < 2):
			problem = fmt.Sprintf("ghost %s holds nothing together", n.MessageID)
		}
		seen[n.MessageID]++
	})
	for _, m := range msgs {
		if seen[m.MessageID] != 1 {
			return fmt.Sprintf("%s is in the tree %d times", m.MessageID, seen[m.MessageID])
		}
	}
	return problem
}

// A split undoes earlier merges for good, so there are none here.
func TestSplittingThenMergingIsTheIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msgs, someDecisions := drawMessages(t)
		decisions := slices.DeleteFunc(someDecisions.Draw(t, "decisions"), func(d Decision) bool { return d.Kind == Merge })
		for _, g := range Groups(msgs, decisions...) {
			for _, f := range Explain(g.Messages, decisions...) {
				if f.Parent == "" || f.Cut {
					continue
				}
				want := write(Groups(g.Messages, decisions...))
				for _, heal := range []Decision{merge(string(f.MessageID), string(f.Parent)), merge(string(f.Parent), string(f.MessageID))} {
					all := append(slices.Clip(decisions), split(string(f.MessageID)), heal)
					if got := write(Groups(g.Messages, all...)); got != want {
						t.Fatalf("%s was split off and merged again: %s\ninstead of %s", f.MessageID, got, want)
					}
				}
			}
		}
	})
}

func TestASplitHoldsWhatIsBelowAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msgs, _ := drawMessages(t)
		id := rapid.SampledFrom(msgs).Draw(t, "message").MessageID
		below := map[sigpost.MessageID]bool{}
		Walk(Tree(msgs), func(n *Node, _ int) {
			if n.MessageID == id || below[n.MessageID] {
				for _, c := range n.Children {
					below[c.MessageID] = true
				}
			}
		})
		for _, g := range Groups(msgs, Decision{Kind: Split, Message: id}) {
			for _, m := range g.Messages {
				if in := m.MessageID == id || below[m.MessageID]; in != (g.Root == id) {
					t.Fatalf("%s is with %s", m.MessageID, g.Root)
				}
			}
		}
	})
}

// chain gives n messages, each of which answers the one before, and names up
// to known of those before it.
func chain(n, known int) []*sigpost.Message {
	msgs := make([]*sigpost.Message, n)
	for i := range msgs {
		msgs[i] = msg(i, fmt.Sprint("m", i))
		for j := max(0, i-known); j < i; j++ {
			msgs[i].References = append(msgs[i].References, msgs[j].MessageID)
		}
	}
	return msgs
}

// TestHostileThreadsTakeNoLongerThanOthers would run for minutes or overflow
// the stack where the work grew with the square of the messages.
func TestHostileThreadsTakeNoLongerThanOthers(t *testing.T) {
	const n = 100_000
	circle := chain(n, 1)
	circle[0].References = []sigpost.MessageID{circle[n-1].MessageID}
	backwards := chain(n, 1)
	for i, m := range backwards {
		m.Received = time.Unix(int64(n-i), 0)
	}
	ghosts := make([]*sigpost.Message, 0, n/10)
	for i := range n / 10 {
		ghosts = append(ghosts, msg(i, fmt.Sprint("m", i), fmt.Sprint("g", i), fmt.Sprint("g", i+1)))
	}
	alike := make([]*sigpost.Message, n)
	for i := range alike {
		alike[i] = about("Re: Bays", msg(i/10, fmt.Sprint("m", i)))
	}
	changing := chain(n, 1)
	for i, m := range changing {
		m.Subject = strings.Repeat(string(rune('a'+i%26)), 20)
	}
	for _, c := range []struct {
		name   string
		msgs   []*sigpost.Message
		groups int
	}{
		{"chain", chain(n, 10), 1}, {"circle", circle, 1}, {"backwards", backwards, 1}, {"ghosts", ghosts, 1},
		{"one subject", alike, 1}, {"a subject each", changing, n},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := len(Groups(c.msgs)); got != c.groups {
				t.Errorf("%d groups, want %d", got, c.groups)
			}
			count := 0
			Walk(Tree(c.msgs), func(n *Node, _ int) {
				if n.Message != nil {
					count++
				}
			})
			if count != len(c.msgs) {
				t.Errorf("%d messages in the tree of %d", count, len(c.msgs))
			}
		})
	}
}

// FuzzGroups reads messages and decisions from bytes: references, subjects
// and times of any kind.
func FuzzGroups(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add([]byte("\x01\x12\x23\x31\x45\x54\x00\xff\xf0\x0f"))
	f.Add([]byte("22C770722C770020000$0")) // two messages that differ in nothing but what they quote
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return int(b) % n
		}
		subjects := []string{"Bays", "Re: Bays", "Party", "RE: Party (was: Bays)", "Party (was: Bays)", "[PATCH 1/2] x", "", "Re: hi"}
		var msgs []*sigpost.Message
		var decisions []Decision
		name := func() string { return fmt.Sprint(next(30)) }
		for len(data) > 0 && len(msgs) < 300 {
			switch next(8) {
			case 0:
				decisions = append(decisions, split(name()))
			case 1:
				decisions = append(decisions, merge(name(), name()))
			default:
				var refs []string
				for range next(5) {
					refs = append(refs, name())
				}
				m := about(subjects[next(len(subjects))], msg(next(4), name(), refs...))
				m.Quoting, m.Robot = next(2) == 1, next(9) == 1
				msgs = append(msgs, m)
			}
		}
		groups := Groups(msgs, decisions...)
		if problem := unsound(msgs, decisions, groups); problem != "" {
			t.Fatal(problem)
		}
		slices.Reverse(msgs)
		if a, b := write(groups), write(Groups(msgs, decisions...)); a != b {
			t.Fatalf("another order: %s\ninstead of %s", b, a)
		}
	})
}

// BenchmarkGroups sorts 10,000 messages into threads of ten.
func BenchmarkGroups(b *testing.B) {
	var msgs []*sigpost.Message
	for i := range 10_000 {
		m := about("Re: Bays and clusters", msg(i, fmt.Sprint("m", i)))
		for j := i - i%10; j < i; j++ {
			m.References = append(m.References, sigpost.MessageID(fmt.Sprint("m", j)))
		}
		if i%10 == 0 {
			about(fmt.Sprint("Bays and clusters ", i), m)
		}
		msgs = append(msgs, m)
	}
	b.ReportAllocs()
	for b.Loop() {
		Groups(msgs)
	}
}
