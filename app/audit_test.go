package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
		if can, err := a.CanUndo(ctx, log); err != nil || !can[log[0].ID] || can[log[1].ID] {
			t.Errorf("what can be undone: %v, %v", can, err)
		}
		if err := a.Undo(ctx, log[1].ID, sigpost.Person{Addr: "ada", Role: sigpost.RoleReviewer}); !errors.Is(err, ErrSince) {
			t.Errorf("what was decided otherwise since then: %v", err)
		}
		for i, e := range log {
			w.later(time.Minute)
			if err := a.Undo(ctx, e.ID, sigpost.Person{Addr: "ada", Role: sigpost.RoleReviewer}); err != nil {
				t.Fatal(err)
			}
			if got, want := state(), states[1-i]; got != want {
				t.Errorf("after undoing entry %d:\n%s\nwant\n%s", e.ID, got, want)
			}
			if err := a.Undo(ctx, e.ID, sigpost.Person{Addr: "ada", Role: sigpost.RoleReviewer}); !errors.Is(err, store.ErrUndone) {
				t.Errorf("undone twice: %v", err)
			}
		}
		undone := w.acts(a)
		if len(undone) != 4 || undone[0].Who != "ada" || undone[0].Undoes != log[1].ID || undone[3].UndoneBy != undone[0].ID || !strings.Contains(undone[0].Says, "jo did: accepted the tag Zaqar") {
			t.Errorf("the log afterwards: %+v", undone)
		}
		if err := a.Undo(ctx, undone[0].ID, sigpost.Person{Addr: "ada", Role: sigpost.RoleReviewer}); !errors.Is(err, sigpost.ErrUsage) {
			t.Errorf("undoing an undoing: %v", err)
		}
		if err := a.Undo(ctx, 99, sigpost.Person{Addr: "ada", Role: sigpost.RoleReviewer}); !errors.Is(err, sigpost.ErrNotFound) {
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
					if err := a.Undo(ctx, e.ID, sigpost.Person{Addr: "ada", Role: sigpost.RoleReviewer}); err != nil {
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

// Each act is taken back by those alone who may do such things, whoever asks for it.
func TestUndoingNeedsARole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, ctx := w.open(), context.Background()
	editors := map[sigpost.AuditAction]bool{sigpost.AuditIssueEdit: true, sigpost.AuditIssueApprove: true}
	for action := range a.undoings() {
		needs := sigpost.RoleReviewer
		if editors[action] {
			needs = sigpost.RoleEditor
		}
		if err := a.Store.Audit(ctx, sigpost.AuditEntry{At: a.now(), Who: "jo", Action: action, Kind: sigpost.AuditIssue, Object: "weekly/1", Says: "did it", Undo: "[broken"}); err != nil {
			t.Fatal(err)
		}
		id := w.acts(a)[0].ID
		for _, role := range append(sigpost.Roles(), sigpost.RoleNobody) {
			err := a.Undo(ctx, id, sigpost.Person{Addr: "ada", Role: role})
			if forbidden := errors.Is(err, sigpost.ErrForbidden); err == nil || forbidden != !role.May(needs) {
				t.Errorf("%s by the role %q: %v", action, role, err)
			}
		}
	}
	for _, action := range sigpost.AuditActions() {
		if _, ok := a.undoings()[action]; !ok && action.UndoNeeds() != sigpost.RoleAdmin {
			t.Errorf("%s cannot be undone, and needs %s for that", action, action.UndoNeeds())
		}
	}
}

// A reviewer takes no approval and no edit back, by whichever form.
func TestReviewersUndoNoEditing(t *testing.T) {
	t.Parallel()
	d := openDesk(newWorld(t))
	ada, rev := d.signIn("ada@desk.example.org"), d.signIn("rev@desk.example.org")
	ada.act("do", "lead", "text", "Good morning.")
	edited := lastEntry(t, d.app)
	ada.do("/edit/weekly/1/approve", "version", ada.version(), "when", "later", "at", "2016-05-01T10:00")
	approved := lastEntry(t, d.app)
	if d.draft().State != sigpost.IssueApproved || edited == approved {
		t.Fatalf("the draft is %s", d.draft().State)
	}
	for _, entry := range []string{edited, approved} {
		for _, path := range []string{"/review/undo", "/audit/undo", "/edit/weekly/1/undo"} {
			rev.refused(http.StatusForbidden, path, "", "entry", entry)
		}
		ada.refused(http.StatusForbidden, "/review/undo", "not for you", "entry", entry)
	}
	if issue := d.draft(); issue.State != sigpost.IssueApproved || issue.Note != "Good morning." {
		t.Errorf("after the reviewer it is %s with the note %q", issue.State, issue.Note)
	}
	ada.do("/audit/undo", "entry", approved)
	ada.do("/audit/undo", "entry", edited)
	if issue := d.draft(); issue.State == sigpost.IssueApproved || issue.Note != "" {
		t.Errorf("after the editor it is %s with the note %q", issue.State, issue.Note)
	}
}
