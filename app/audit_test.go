package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// acts are what the audit log tells, newest first.
func (w *world) acts(a *App) (all []sigpost.AuditEntry) {
	w.t.Helper()
	all, err := a.Store.AuditLog(context.Background(), store.AuditQuery{})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// What is decided on a tag is noted, and can be taken back: what held before holds
// again.
func TestUndoingTags(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		a, ctx := w.open(), context.Background()
		w.run(a)
		state := func() string {
			tags, err := a.ThreadTags(ctx, "1")
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(tags)
		}
		decide := func(accept bool, who string) {
			w.later(time.Minute)
			if _, err := a.DecideTag(ctx, "1", "project:zaqar", accept, who, "because"); err != nil {
				t.Fatal(err)
			}
		}
		var states []string
		states = append(states, state())
		decide(true, "jo")
		states = append(states, state())
		decide(false, "ben")
		log := w.acts(a)
		if len(log) != 2 || log[1].Who != "jo" || log[1].Action != sigpost.AuditTagAccept || log[1].Object != "1" || log[1].Says != "accepted the tag Zaqar: because" || log[0].Action != sigpost.AuditTagReject {
			t.Fatalf("the log: %+v", log)
		}
		for i, want := range []bool{true, false} {
			if can, err := a.CanUndo(ctx, log[i]); err != nil || can != want {
				t.Errorf("entry %d can be undone: %t, %v", log[i].ID, can, err)
			}
		}
		if err := a.Undo(ctx, log[1].ID, "ada"); !errors.Is(err, ErrSince) {
			t.Errorf("what was decided otherwise since then: %v", err)
		}
		for i, e := range log {
			w.later(time.Minute)
			if err := a.Undo(ctx, e.ID, "ada"); err != nil {
				t.Fatal(err)
			}
			if got, want := state(), states[1-i]; got != want {
				t.Errorf("after undoing entry %d:\n%s\nwant\n%s", e.ID, got, want)
			}
			if err := a.Undo(ctx, e.ID, "ada"); !errors.Is(err, store.ErrUndone) {
				t.Errorf("undone twice: %v", err)
			}
		}
		undone := w.acts(a)
		if len(undone) != 4 || undone[0].Who != "ada" || undone[0].Undoes != log[1].ID || undone[3].UndoneBy != undone[0].ID || !strings.Contains(undone[0].Says, "jo did: accepted the tag Zaqar") {
			t.Errorf("the log afterwards: %+v", undone)
		}
		if err := a.Undo(ctx, undone[0].ID, "ada"); !errors.Is(err, sigpost.ErrUsage) {
			t.Errorf("undoing an undoing: %v", err)
		}
		if err := a.Undo(ctx, 99, "ada"); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("no such entry: %v", err)
		}
	})
}

// Splits and merges are taken back as if they had never been.
func TestUndoingThreads(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		a, ctx := w.open(), context.Background()
		w.run(a)
		shape := func() string {
			threads, err := a.Store.Threads(ctx, store.ThreadQuery{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			sets := map[string]bool{}
			for _, th := range threads {
				msgs, err := a.Store.ThreadMessages(ctx, th.ID)
				if err != nil {
					t.Fatal(err)
				}
				var ids []string
				for _, m := range msgs {
					ids = append(ids, string(m.MessageID))
				}
				sets[strings.Join(ids, " ")] = true
			}
			return fmt.Sprint(sets)
		}
		before := shape()
		msgs, err := a.Store.ThreadMessages(ctx, 1)
		if err != nil || len(msgs) < 2 {
			t.Fatalf("%d messages, %v", len(msgs), err)
		}
		if _, err := a.SplitThread(ctx, string(msgs[len(msgs)-1].MessageID), "jo", ""); err != nil {
			t.Fatal(err)
		}
		w.later(time.Minute)
		split := shape()
		if _, err := a.MergeThreads(ctx, "1", "2", "jo", "the same"); err != nil {
			t.Fatal(err)
		}
		if merged := shape(); merged == split || split == before {
			t.Fatal("nothing was split or merged")
		}
		for i, want := range []string{split, before} {
			for _, e := range w.acts(a) {
				if e.Undoes == 0 && e.UndoneBy == 0 {
					if err := a.Undo(ctx, e.ID, "ada"); err != nil {
						t.Fatal(err)
					}
					break
				}
			}
			if got := shape(); got != want {
				t.Errorf("after undoing %d:\n%s\nwant\n%s", i+1, got, want)
			}
		}
	})
}
