package store_test

import (
	"testing"

	"sigpost"
	"sigpost/store"
	"sigpost/thread"
)

// posted is a mail of a day that counts in steps of twenty.
func posted(id string, day int, subject string, quoting bool, refs ...sigpost.MessageID) sigpost.Arrival {
	a := mail(id, day*24*20, refs...)
	m := a.Message
	m.Subject, m.BaseSubject, m.Answering, m.Quoting = subject, thread.BaseSubject(subject), sigpost.IsAnswer(subject), quoting
	return a
}

// A message that has not been seen can be what closes a loop: whose answer it is,
// the references of others say.
func TestAGhostIsPartOfALoop(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		all := []sigpost.Arrival{
			posted("m4", 1, "Heat on Kubernetes", true, "m2", "m5", "m1"),
			posted("m2", 5, "Heat on Kubernetes (was: Magnum bays)", false, "m5"),
			posted("m6", 4, "Re: Magnum bays", false, "m0", "m7", "m3"),
			posted("m5", 2, "[PATCH 1/2] bays", true, "m7", "m2"),
			posted("m3", 0, "Heat on Kubernetes", true, "m0", "m1"),
			posted("m0", 0, "Kuryr and its ports", true, "m1"),
		}
		var seen []*sigpost.Message
		for _, a := range all {
			m := *a.Message
			seen = append(seen, &m)
			add(t, db, a)
			if got, want := partition(t, db), groups(seen, nil); got != want {
				t.Fatalf("with %s threads are\n%s\nwant\n%s", m.MessageID, got, want)
			}
		}
	})
}
