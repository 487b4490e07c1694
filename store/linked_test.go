package store_test

import (
	"testing"

	"sigpost"
	"sigpost/store"
)

func TestLinkedThreads(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		begun := mail("begun", 0)
		begun.Message.Subject = "Magnum bays"
		drift := mail("drift", 2, "begun", "answer")
		drift.Message.Subject = "Heat templates (was: Magnum bays)"
		answer, more := mail("answer", 1, "begun"), mail("more", 3, "begun", "answer", "drift")
		answer.Message.Quoting, more.Message.Quoting = true, true
		add(t, db, begun, answer, drift, more)
		thread := func(id string) sigpost.Thread {
			return must(db.Thread(t.Context(), stored(t, db, id).ThreadID))(t)
		}
		if a, b := thread("answer"), thread("more"); a.ID == b.ID || a.Messages != 2 || b.Messages != 2 || b.From != "answer" {
			t.Fatalf("threads %+v and %+v", a, b)
		}
		from, ledTo, err := db.Linked(t.Context(), thread("drift"))
		check(t, err)
		if from == nil || from.ID != thread("begun").ID || len(ledTo) != 0 {
			t.Errorf("of the later thread: %v, %v", from, ledTo)
		}
		from, ledTo, err = db.Linked(t.Context(), thread("begun"))
		check(t, err)
		if from != nil || len(ledTo) != 1 || ledTo[0].ID != thread("drift").ID {
			t.Errorf("of the earlier thread: %v, %v", from, ledTo)
		}
	})
}
