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

// drawMail draws a mail of a list on which people change subjects, forget
// references, and post to two lists.
func drawMail(r *rapid.T, i, n int) sigpost.Arrival {
	var refs []sigpost.MessageID
	for _, ref := range rapid.SliceOfN(rapid.IntRange(0, n+2), 0, 3).Draw(r, "refs") {
		if ref != i {
			refs = append(refs, sigpost.MessageID(fmt.Sprint("m", ref))) // those from n on are never seen
		}
	}
	a := mail(fmt.Sprint("m", i), rapid.IntRange(0, 5).Draw(r, "day")*24*20, refs...)
	m := a.Message
	m.Subject = rapid.SampledFrom([]string{
		"Kuryr and its ports", "Re: Kuryr and its ports", "Magnum bays", "Re: Magnum bays",
		"Heat on Kubernetes", "Re: Heat on Kubernetes (was: Magnum bays)", "Heat on Kubernetes (was: Magnum bays)", "[PATCH 1/2] bays",
	}).Draw(r, "subject")
	m.BaseSubject, m.Answering = thread.BaseSubject(m.Subject), sigpost.IsAnswer(m.Subject)
	m.Quoting = rapid.Bool().Draw(r, "quoting")
	m.Robot = rapid.IntRange(0, 9).Draw(r, "robot") == 0
	m.Author.Addr = rapid.SampledFrom([]string{"ada@example.org", "ada@example.org", "Ada@example.org", "bob@example.org"}).Draw(r, "author")
	a.List = rapid.SampledFrom([]string{"sig", "sig", "dev"}).Draw(r, "list")
	return a
}

// groups is what thread.Groups makes of messages, written as partition writes it.
func groups(msgs []*sigpost.Message, decisions []thread.Decision) string {
	var parts []string
	for _, g := range thread.Groups(msgs, decisions...) {
		var ids []string
		for _, m := range g.Messages {
			ids = append(ids, string(m.MessageID))
		}
		slices.Sort(ids)
		parts = append(parts, strings.Join(ids, " "))
	}
	slices.Sort(parts)
	return strings.Join(parts, "\n")
}

// tell writes arrivals so that a person can see what is wrong.
func tell(arrivals []sigpost.Arrival) string {
	var b strings.Builder
	for _, a := range arrivals {
		m := a.Message
		fmt.Fprintf(&b, "%s %s day %s refs %v %q quoting %t robot %t\n", m.MessageID, a.List, m.Received.Format("01-02"), m.References, m.Subject, m.Quoting, m.Robot)
	}
	return b.String()
}

// Whatever comes, and whatever is decided, one after the other, is grouped by all
// on which its thread depends, as if everything were there at once.
func TestRegroupLooksAtAllThatCounts(t *testing.T) {
	re := func(id string, hour int, refs ...sigpost.MessageID) sigpost.Arrival {
		a := mail(id, hour, refs...)
		a.Message.Subject, a.Message.BaseSubject, a.Message.Answering = "Re: About a", "About a", true
		return a
	}
	split := func(id sigpost.MessageID) thread.Decision { return thread.Decision{Kind: thread.Split, Message: id} }
	merge := func(a, b sigpost.MessageID) thread.Decision {
		return thread.Decision{Kind: thread.Merge, Message: a, Other: b}
	}
	question, answer := mail("a", 0), re("b", 1) // which answers by its subject alone
	tests := []struct {
		name  string
		steps []any
		want  string
	}{
		{"an answer to a lost answer that was split off", []any{question, answer, split("b"), re("c", 2, "b")}, "a\nb c"},
		{"an answer to it and to its question", []any{question, answer, split("b"), re("c", 2, "a", "b")}, "a\nb c"},
		// That b answers a is what keeps b from standing below d, and so d below b.
		{"answers that tell another place of it", []any{question, answer, split("b"), re("c", 2, "d", "b"), re("d", 3, "b", "e")}, "a\nb c d"},
		{"the same where it was not split off", []any{question, answer, split("c"), re("c", 2, "d", "b"), re("d", 3, "b", "e")}, "a b d\nc"},
		{"a merge of a merge", []any{mail("a", 0, "x"), merge("y", "a"), mail("b", 1, "z"), merge("y", "z")}, "a b"},
		// The split undoes the first merge, which is seen at a alone.
		{"a merge with what was merged once", []any{mail("a", 0, "x"), merge("y", "a"), mail("b", 1, "z"), split("x"), merge("y", "z")}, "a\nb"},
	}
	onBoth(t, func(t *testing.T, db *store.DB) {
		for _, test := range tests {
			wipe(t, db)
			var msgs []*sigpost.Message
			var decisions []thread.Decision
			for _, step := range test.steps {
				switch step := step.(type) {
				case sigpost.Arrival:
					add(t, db, step)
					msgs = append(msgs, step.Message)
				case thread.Decision:
					check(t, db.DecideThread(t.Context(), store.ThreadDecision{Decision: step, Who: "ana", Why: "I know", At: start}))
					decisions = append(decisions, step)
				}
			}
			if got := partition(t, db); got != test.want {
				t.Errorf("%s: threads are %q, want %q", test.name, got, test.want)
			}
			if got := groups(msgs, decisions); got != test.want {
				t.Errorf("%s: at once they are %q, want %q", test.name, got, test.want)
			}
			if faults := sound(t, db); len(faults) > 0 {
				t.Errorf("%s: %s", test.name, strings.Join(faults, "\n"))
			}
		}
	})
}
