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
	a.List = rapid.SampledFrom([]string{"sig", "sig", "dev"}).Draw(r, "list")
	return a
}

// groups is what thread.Groups makes of arrivals, written as partition writes it.
func groups(arrivals []sigpost.Arrival, decisions []thread.Decision) string {
	var msgs []*sigpost.Message
	seen := map[sigpost.MessageID]*sigpost.Message{}
	for _, a := range arrivals {
		if m := seen[a.Message.MessageID]; m != nil {
			if !slices.Contains(m.Lists, a.List) {
				m.Lists = append(m.Lists, a.List)
			}
			continue
		}
		m := *a.Message
		m.Lists = []string{a.List}
		msgs = append(msgs, &m)
		seen[m.MessageID] = &m
	}
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

// Mail that comes bit by bit, in any order, while people split and merge, is
// in the threads in which all of it together would be.
func TestThreadsAreThoseOfGroups(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			db := open(t, e.dsn(t))
			rapid.Check(t, func(r *rapid.T) {
				n := rapid.IntRange(1, 9).Draw(r, "messages")
				arrivals := make([]sigpost.Arrival, n)
				for i := range arrivals {
					arrivals[i] = drawMail(r, i, n)
				}
				if rapid.Bool().Draw(r, "cross-posted") {
					again := arrivals[0]
					again.List = "dev"
					arrivals = append(arrivals, again)
				}
				name := rapid.Map(rapid.IntRange(0, n+2), func(i int) sigpost.MessageID { return sigpost.MessageID(fmt.Sprint("m", i)) })
				wipe(t, db)
				var come []sigpost.Arrival
				var batches []string
				var decisions []thread.Decision
				order := make([]int, len(arrivals))
				for i := range order {
					order[i] = i
				}
				var left []sigpost.Arrival
				for _, i := range rapid.Permutation(order).Draw(r, "order") {
					left = append(left, arrivals[i])
				}
				for len(left) > 0 {
					size := rapid.IntRange(1, len(left)).Draw(r, "batch")
					add(t, db, left[:size]...)
					batches = append(batches, tell(left[:size]))
					come, left = append(come, left[:size]...), left[size:]
					if rapid.IntRange(0, 3).Draw(r, "decide") == 0 {
						d := thread.Decision{Kind: thread.Split, Message: name.Draw(r, "of")}
						if rapid.Bool().Draw(r, "merge") {
							d.Kind, d.Other = thread.Merge, name.Draw(r, "with")
						}
						decisions = append(decisions, d)
						batches = append(batches, fmt.Sprintln(d))
						check(t, db.DecideThread(t.Context(), store.ThreadDecision{Decision: d, Who: "ana", Why: "I know", At: start}))
					}
					if got, want := partition(t, db), groups(come, decisions); got != want {
						r.Fatalf("threads are\n%s\nwant\n%s\nafter\n%s", got, want, strings.Join(batches, "\n"))
					}
				}
			})
		})
	}
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
