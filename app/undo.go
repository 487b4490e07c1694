package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sigpost"
	"sigpost/store"
)

// undoing takes acts of one kind back: by what their entries keep for it, in the
// transaction in which that is noted.
type undoing struct {
	// refused says of which acts, by the numbers of their entries, it is refused as
	// things are, and why. It changes nothing, and asks the store as often for many as
	// for one. It is asked before undo, in its transaction.
	refused func(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error)
	undo    func(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error
	// regroups says that threads change, so that they must be tagged again.
	regroups bool
	// locks says that no run may go on meanwhile, though threads do not change.
	locks bool
}

// undoings are the acts that can be taken back.
func (a *App) undoings() map[sigpost.AuditAction]undoing {
	tag, thread := undoing{refused: tagsSince, undo: a.undoTag}, undoing{refused: threadsSince, undo: undoThread, regroups: true}
	sight := undoing{refused: sightSince, undo: a.undoSight}
	return map[sigpost.AuditAction]undoing{
		sigpost.AuditTagAccept: tag, sigpost.AuditTagReject: tag, sigpost.AuditTagBulk: {refused: bulkSince, undo: a.undoBulk},
		sigpost.AuditThreadSplit: thread, sigpost.AuditThreadMerge: thread, sigpost.AuditThreadReattach: {refused: reattachedSince, undo: undoReattach, regroups: true},
		sigpost.AuditThreadReviewed: {refused: reviewedSince, undo: undoReviewed},
		sigpost.AuditMessageHide:    sight, sigpost.AuditMessageShow: sight,
		sigpost.AuditIssueEdit: {refused: editedSince, undo: a.undoEdit}, sigpost.AuditIssueApprove: {refused: approvedSince, undo: a.undoApproval, locks: true},
	}
}

// ErrSince says that an act cannot be taken back, since something was done after it.
var ErrSince = errors.New("somebody has decided otherwise since then")

// CanUndo says which entries of the audit log can be taken back as things are, by their
// numbers. How often it asks the store does not depend on how many they are.
func (a *App) CanUndo(ctx context.Context, all []sigpost.AuditEntry) (map[int64]bool, error) {
	can := map[int64]bool{}
	of := map[sigpost.AuditAction][]sigpost.AuditEntry{}
	undoings := a.undoings()
	for _, e := range all {
		if _, ok := undoings[e.Action]; ok && e.Undo != "" && e.UndoneBy == 0 {
			of[e.Action] = append(of[e.Action], e)
		}
	}
	for action, entries := range of {
		refused, err := undoings[action].refused(ctx, a.Store, entries)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			can[e.ID] = refused[e.ID] == nil
		}
	}
	return can, nil
}

// Undo takes back what an entry of the audit log tells of, for somebody of the role
// that this needs. Errors wrap sigpost.ErrNotFound where there is no such entry,
// sigpost.ErrForbidden where the role is not enough, sigpost.ErrUsage where it cannot
// be taken back, store.ErrUndone where it was, and ErrSince.
func (a *App) Undo(ctx context.Context, id int64, by sigpost.Person) error {
	e, err := a.Store.AuditEntry(ctx, id)
	if err != nil {
		return err
	}
	how, ok := a.undoings()[e.Action]
	switch {
	case !ok || e.Undo == "":
		return sigpost.Usage(fmt.Errorf("entry %d (%s) cannot be undone", id, e.Action))
	case !by.Role.May(e.Action.UndoNeeds()):
		return fmt.Errorf("entry %d (%s) needs the role %s to be undone: %w", id, e.Action, e.Action.UndoNeeds(), sigpost.ErrForbidden)
	case e.UndoneBy != 0:
		return fmt.Errorf("entry %d: %w", id, store.ErrUndone)
	case how.regroups, how.locks: // no run may read threads, or send, meanwhile
		err = a.within(ctx, a.scopeOfDigests(), func(a *App) error {
			if err := a.undo(ctx, e, how, by.Addr); err != nil || !how.regroups {
				return err
			}
			_, err := a.classify(ctx)
			return err
		})
	default:
		err = a.undo(ctx, e, how, by.Addr)
	}
	if err == nil {
		a.wakeDrafts()
	}
	return err
}

func (a *App) undo(ctx context.Context, e sigpost.AuditEntry, how undoing, who string) error {
	return a.Store.Tx(ctx, func(tx *store.DB) error {
		if err := tx.Alone(ctx); err != nil {
			return err
		}
		refused, err := how.refused(ctx, tx, []sigpost.AuditEntry{e})
		if err == nil {
			err = refused[e.ID]
		}
		if err != nil {
			return err
		}
		if err := how.undo(ctx, tx, e); err != nil {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: a.now(), Who: who, Action: sigpost.AuditUndo, Kind: e.Kind, Object: e.Object,
			Says: fmt.Sprintf("undid what %s did: %s", e.Who, e.Says), Undoes: e.ID})
	})
}

// refusals say why acts cannot be taken back, by the numbers of their entries.
type refusals map[int64]error

// since refuses what something was done after.
func (r refusals) since(e sigpost.AuditEntry) {
	r[e.ID] = fmt.Errorf("entry %d cannot be undone: %w", e.ID, ErrSince)
}

// kept is an entry with what it keeps for taking it back.
type kept[U any] struct {
	sigpost.AuditEntry
	with U
}

// keptBy reads that, and refuses what cannot be read.
func keptBy[U any](all []sigpost.AuditEntry, refused refusals) (acts []kept[U]) {
	for _, e := range all {
		act := kept[U]{AuditEntry: e}
		if err := json.Unmarshal([]byte(e.Undo), &act.with); err != nil {
			refused[e.ID] = fmt.Errorf("what entry %d keeps to be undone cannot be read: %w", e.ID, err)
			continue
		}
		acts = append(acts, act)
	}
	return acts
}

// threadOf is the thread that an entry of the audit log tells of.
func threadOf(e sigpost.AuditEntry) (int64, error) {
	id, err := strconv.ParseInt(e.Object, 10, 64)
	if err != nil || e.Kind != sigpost.AuditThread {
		return 0, fmt.Errorf("entry %d names no thread but %q", e.ID, e.Object)
	}
	return id, nil
}

// threadsOf are those that acts are about; acts on none are refused.
func threadsOf[U any](acts []kept[U], refused refusals) (ids []int64) {
	for _, act := range acts {
		id, err := threadOf(act.AuditEntry)
		if err != nil {
			refused[act.ID] = err
		}
		ids = append(ids, id)
	}
	return ids
}

// holds says whether a decision on a tag is still the one of a moment.
func holds(all []store.Decision, tag sigpost.Tag, accept bool, at time.Time) bool {
	return slices.ContainsFunc(all, func(d store.Decision) bool { return d.Tag == tag && d.Accept == accept && d.At.Equal(at) })
}

func tagsSince(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error) {
	refused := refusals{}
	acts := keptBy[tagUndo](all, refused)
	threads := threadsOf(acts, refused)
	decided, err := db.DecisionsOf(ctx, threads)
	for i, act := range acts {
		if !holds(decided[threads[i]], act.with.Tag, act.Action == sigpost.AuditTagAccept, act.with.At) {
			refused.since(act.AuditEntry)
		}
	}
	return refused, err
}

// bulkSince refuses where none of the decisions holds any more.
func bulkSince(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error) {
	refused := refusals{}
	acts := keptBy[bulkUndo](all, refused)
	var threads []int64
	for _, act := range acts {
		threads = append(threads, act.with.Threads...)
	}
	decided, err := db.DecisionsOf(ctx, threads)
	for _, act := range acts {
		u := act.with
		if !slices.ContainsFunc(u.Threads, func(id int64) bool { return holds(decided[id], u.Tag, u.Accept, u.At) }) {
			refused.since(act.AuditEntry)
		}
	}
	return refused, err
}

func threadsSince(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error) {
	refused := refusals{}
	var acts []kept[[]threadUndo]
	for _, act := range keptBy[threadUndo](all, refused) {
		acts = append(acts, kept[[]threadUndo]{act.AuditEntry, []threadUndo{act.with}})
	}
	return refused, refuseThreads(ctx, db, acts, refused)
}

func reattachedSince(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error) {
	refused := refusals{}
	return refused, refuseThreads(ctx, db, keptBy[[]threadUndo](all, refused), refused)
}

// refuseThreads refuses acts of whose decisions on threads one is not kept any more.
func refuseThreads(ctx context.Context, db *store.DB, acts []kept[[]threadUndo], refused refusals) error {
	decided, err := db.ThreadDecisions(ctx)
	keeps := map[threadUndo]bool{}
	for _, d := range decided {
		keeps[threadUndo{d.Decision, d.At.UTC()}] = true
	}
	for _, act := range acts {
		if slices.ContainsFunc(act.with, func(u threadUndo) bool { return !keeps[threadUndo{u.Decision, u.At.UTC()}] }) {
			refused.since(act.AuditEntry)
		}
	}
	return err
}

func reviewedSince(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error) {
	refused := refusals{}
	acts := keptBy[reviewedUndo](all, refused)
	threads := threadsOf(acts, refused)
	looked, err := db.LookedAtOf(ctx, threads)
	for i, act := range acts {
		if at, ok := looked[threads[i]]; !ok || !at.Equal(act.with.At) {
			refused.since(act.AuditEntry)
		}
	}
	return refused, err
}

// sightSince refuses to bring back what is shown, or was removed anew, and to remove
// what is removed.
func sightSince(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error) {
	refused := refusals{}
	acts := keptBy[sightUndo](all, refused)
	var ids []sigpost.MessageID
	for _, act := range acts {
		ids = append(ids, sigpost.MessageID(act.Object))
	}
	sight, err := db.SightOf(ctx, ids)
	for i, act := range acts {
		is, known := sight[ids[i]]
		asItWas := !is.Removed
		if act.Action == sigpost.AuditMessageHide {
			asItWas = is.Removed && is.At.Equal(act.with.At)
		}
		if !known || !asItWas {
			refused.since(act.AuditEntry)
		}
	}
	return refused, err
}

// unsent are the issues of which nothing was sent, as the audit log names them: of all
// others nothing can be taken back.
func unsent(ctx context.Context, db *store.DB) (map[string]sigpost.Issue, error) {
	all, err := db.UnsentIssues(ctx)
	named := map[string]sigpost.Issue{}
	for _, issue := range all {
		named[objectOf(issue)] = issue
	}
	return named, err
}

func editedSince(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error) {
	refused := refusals{}
	issues, err := unsent(ctx, db)
	edits := map[int64][]sigpost.Edit{} // of the drafts among them, which are few
	for _, act := range keptBy[editUndo](all, refused) {
		issue, known := issues[act.Object]
		if !known || !issue.State.Open() {
			refused[act.ID] = fmt.Errorf("entry %d cannot be undone: %w", act.ID, store.ErrFrozen)
			continue
		}
		if _, read := edits[issue.ID]; !read && err == nil {
			var draft sigpost.Draft
			draft, err = db.Draft(ctx, issue.ID)
			edits[issue.ID] = draft.Edits
		}
		if !act.with.holds(edits[issue.ID]) {
			refused.since(act.AuditEntry)
		}
	}
	return refused, err
}

func approvedSince(ctx context.Context, db *store.DB, all []sigpost.AuditEntry) (refusals, error) {
	refused := refusals{}
	issues, err := unsent(ctx, db)
	for _, act := range keptBy[approvalUndo](all, refused) {
		issue := issues[act.Object]
		if issue.State != sigpost.IssueApproved || !issue.Approved.Truncate(time.Microsecond).Equal(act.with.At.Truncate(time.Microsecond)) {
			refused[act.ID] = fmt.Errorf("entry %d cannot be undone: issue %s was sent, or approved anew: %w", act.ID, act.Object, ErrSince)
		}
	}
	return refused, err
}
