package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/store"
	"sigpost/web"
)

// Whatever was done, in whatever order: an act is offered to be undone exactly where
// that succeeds.
func TestUndoIsOfferedWhereItSucceeds(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("the seed is %d", seed)
		w.digestKeys = "review = \"by hand\"\n"
		a := w.open()
		w.run(a)
		r := randomActs{t: t, w: w, a: a, d: w.digest(a), rand: rand.New(rand.NewPCG(seed, 7)), ctx: sigpost.ActingAs(t.Context(), "rev@example.org"),
			did: map[sigpost.AuditAction]int{}, undone: map[sigpost.AuditAction]int{}, refused: map[sigpost.AuditAction]int{}}
		all, err := a.Store.Threads(r.ctx, store.ThreadQuery{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, th := range all[:min(len(all), 5)] { // few, so that acts meet
			msgs, err := a.Store.ThreadMessages(r.ctx, th.ID)
			if err != nil {
				t.Fatal(err)
			}
			r.threads = append(r.threads, th.ID)
			r.messages = append(r.messages, msgs[:min(len(msgs), 4)]...)
		}
		for range 160 {
			if r.rand.IntN(3) > 0 { // else at the same moment
				w.later(time.Second)
			}
			if r.rand.IntN(4) == 0 {
				log := w.acts(a)
				if len(log) > 0 {
					r.undo(log, log[r.rand.IntN(min(len(log), 20))])
				}
				continue
			}
			r.act()
		}
		log := w.acts(a)
		r.rand.Shuffle(len(log), func(i, j int) { log[i], log[j] = log[j], log[i] })
		for _, e := range slices.Clone(log) {
			r.undo(w.acts(a), e)
		}
		t.Logf("done %v, undone %v, refused %v", r.did, r.undone, r.refused)
		for action := range a.undoings() {
			if r.did[action] == 0 {
				t.Logf("nothing of %s was done", action)
			}
		}
		if len(r.undone) < 6 || len(r.refused) < 3 {
			t.Errorf("too little was tried: undone %v, refused %v", r.undone, r.refused)
		}
	})
}

type randomActs struct {
	t        *testing.T
	w        *world
	a        *App
	d        config.Digest
	rand     *rand.Rand
	ctx      context.Context
	threads  []int64
	messages []sigpost.Message

	did, undone, refused map[sigpost.AuditAction]int
}

// undo tries to take an entry back, and holds that against what is offered.
func (r *randomActs) undo(log []sigpost.AuditEntry, e sigpost.AuditEntry) {
	r.t.Helper()
	offered, err := r.a.CanUndo(r.ctx, log)
	if err != nil {
		r.t.Fatal(err)
	}
	i := slices.IndexFunc(log, func(other sigpost.AuditEntry) bool { return other.ID == e.ID })
	if i < 0 {
		return
	}
	e = log[i]
	err = r.a.Undo(r.ctx, e.ID, sigpost.Person{Addr: "ada@example.org", Role: sigpost.RoleAdmin})
	if (err == nil) != offered[e.ID] {
		r.t.Errorf("undoing entry %d (%s: %s, undone by %d) was offered: %t; it ends in: %v", e.ID, e.Action, e.Says, e.UndoneBy, offered[e.ID], err)
	}
	if err == nil {
		r.undone[e.Action]++
	} else if e.Undo != "" && e.UndoneBy == 0 {
		r.refused[e.Action]++
	}
}

// act does something; what is refused is no matter here.
func (r *randomActs) act() {
	r.t.Helper()
	before := len(r.w.acts(r.a))
	m := r.messages[r.rand.IntN(len(r.messages))]
	thread, other := r.threads[r.rand.IntN(len(r.threads))], r.threads[r.rand.IntN(len(r.threads))]
	desk := reviewDesk{r.a}
	tag := []string{"project:zaqar", "project:nova"}[r.rand.IntN(2)]
	yes := r.rand.IntN(2) == 0
	var err error
	switch r.rand.IntN(11) {
	case 0, 1:
		_, err = r.a.DecideTag(r.ctx, fmt.Sprint(thread), tag, yes, "rev@example.org", "")
	case 2:
		f := web.BulkFilter{Target: sigpost.Tag{Kind: "project", Name: "zaqar"}, List: "sig-openstack"}
		var found []store.BulkThread
		if found, err = r.a.BulkFind(r.ctx, f); err == nil && len(found) > 0 {
			_, err = r.a.BulkDecide(r.ctx, f, web.BulkThreads(found), yes, "rev@example.org", "")
		}
	case 3:
		_, err = r.a.SplitThread(r.ctx, string(m.MessageID), "rev@example.org", "")
	case 4:
		_, err = r.a.MergeThreads(r.ctx, fmt.Sprint(thread), fmt.Sprint(other), "rev@example.org", "")
	case 5:
		c := web.ThreadChange{Kind: web.ThreadMove, Message: string(m.MessageID), Other: fmt.Sprint(other)}
		if _, c.Seen, err = desk.Rethread(r.ctx, c, false, "rev@example.org", ""); err == nil {
			_, _, err = desk.Rethread(r.ctx, c, true, "rev@example.org", "")
		}
	case 6:
		err = r.a.LookedAt(r.ctx, thread, "rev@example.org")
	case 7:
		err = r.a.hideMessage(r.ctx, m.ID, "why")
	case 8:
		err = r.a.showMessage(r.ctx, m.ID)
	case 9:
		err = r.edit()
	case 10:
		if yes {
			_, err = r.a.Approve(r.ctx, r.d, 0, Approval{Who: "ed@example.org", Despite: true})
		} else {
			_, err = r.a.Unapprove(r.ctx, r.d, 0)
		}
	}
	if err != nil && (errors.Is(err, sigpost.ErrLocked) || r.ctx.Err() != nil) {
		r.t.Fatal(err)
	}
	if log := r.w.acts(r.a); len(log) > before {
		r.did[log[0].Action]++
	}
}

func (r *randomActs) edit() error {
	issue, err := r.a.Store.LastIssue(r.ctx, "weekly")
	if err != nil {
		return err
	}
	draft, err := r.a.Store.Draft(r.ctx, issue.ID)
	if err != nil || len(draft.Composed.Entries) == 0 {
		return err
	}
	act := digest.Act{Kind: []digest.ActKind{digest.ActDrop, digest.ActRestore, digest.ActPin, digest.ActUnpin}[r.rand.IntN(4)],
		ThreadID: draft.Composed.Entries[r.rand.IntN(min(3, len(draft.Composed.Entries)))].ThreadID}
	if r.rand.IntN(4) == 0 {
		act = digest.Act{Kind: digest.ActLead, Text: []string{"One.", "Two.", ""}[r.rand.IntN(3)]}
	}
	_, err = r.a.Act(r.ctx, r.d, issue.Number, digest.Version(draft.Composed, draft.Edits), act, "ed@example.org")
	return err
}
