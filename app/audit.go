package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/thread"
)

// because puts the reason behind an act, where one was given.
func because(says, why string) string {
	if why == "" {
		return says
	}
	return says + ": " + why
}

// messageWords name a message for people: by who wrote it and when.
func messageWords(m sigpost.Message) string {
	who := m.Author.Label()
	if who == "" {
		return "the message " + string(m.MessageID)
	}
	return fmt.Sprintf("the message of %s from %s", who, m.Received.UTC().Format("2 January 2006"))
}

// encode is the JSON of what can always be JSON.
func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // a fault of the program
	}
	return string(data)
}

// auditIssue notes in a transaction what is done there to an issue.
func (a *App) auditIssue(ctx context.Context, tx *store.DB, issue sigpost.Issue, action sigpost.AuditAction, who, says string) error {
	return tx.Audit(ctx, sigpost.AuditEntry{At: a.now(), Who: who, Action: action, Kind: sigpost.AuditIssue, Object: objectOf(issue), Says: says})
}

// objectOf is an issue in the audit log.
func objectOf(issue sigpost.Issue) string { return fmt.Sprintf("%s/%d", issue.Digest, issue.Number) }

// tagUndo is what takes a decision on a tag back.
type tagUndo struct {
	Tag    sigpost.Tag
	At     time.Time   // of the decision
	Before *pastTagged `json:",omitempty"` // the decision that it took the place of
}

// pastTagged is a decision of before.
type pastTagged struct {
	Title, Who, Why string
	Accept          bool
	At              time.Time
}

// decideTag decides on a tag of a thread, and notes that.
func (a *App) decideTag(ctx context.Context, tx *store.DB, threadID int64, tag sigpost.Tag, title string, accept bool, who, why string) error {
	undo := tagUndo{Tag: tag, At: a.now().UTC().Truncate(time.Microsecond)}
	before, err := decidedOn(ctx, tx, threadID, tag)
	switch {
	case err == nil:
		undo.Before = &pastTagged{Title: before.Title, Who: before.Who, Why: before.Why, Accept: before.Accept, At: before.At}
	case !errors.Is(err, sigpost.ErrNotFound):
		return err
	}
	if err := tx.Decide(ctx, threadID, tag, title, accept, who, why, undo.At); err != nil {
		return err
	}
	action, says := sigpost.AuditTagReject, "rejected the tag "
	if accept {
		action, says = sigpost.AuditTagAccept, "accepted the tag "
	}
	return tx.Audit(ctx, sigpost.AuditEntry{At: undo.At, Who: who, Action: action, Kind: sigpost.AuditThread, Object: fmt.Sprint(threadID),
		Says: because(says+title, why), Detail: encode(map[string]string{"tag": tag.String()}), Undo: encode(undo)})
}

// decidedOn is what holds of what people decided on a tag of a thread. The error
// wraps sigpost.ErrNotFound where nobody decided.
func decidedOn(ctx context.Context, tx *store.DB, threadID int64, tag sigpost.Tag) (store.Decision, error) {
	all, err := tx.Decisions(ctx, threadID)
	if err != nil {
		return store.Decision{}, err
	}
	for _, d := range all {
		if d.Tag == tag {
			return d, nil
		}
	}
	return store.Decision{}, fmt.Errorf("nobody has decided on %s: %w", tag, sigpost.ErrNotFound)
}

// decideThreadIn splits or merges threads, and notes that.
func (a *App) decideThreadIn(ctx context.Context, tx *store.DB, d store.ThreadDecision) error {
	d.At = d.At.UTC().Truncate(time.Microsecond)
	before, err := tx.MessageByID(ctx, d.Message)
	if err != nil {
		return err
	}
	if err := tx.DecideThread(ctx, d); err != nil {
		return err
	}
	e := sigpost.AuditEntry{At: d.At, Who: d.Who, Action: sigpost.AuditThreadSplit, Kind: sigpost.AuditThread, Object: fmt.Sprint(before.ThreadID),
		Says: because("split "+messageWords(before)+" off, with what answers it", d.Why), Undo: encode(threadUndo{d.Decision, d.At})}
	if d.Kind == thread.Merge {
		other, err := tx.MessageByID(ctx, d.Other)
		if err != nil {
			return err
		}
		e.Action, e.Says = sigpost.AuditThreadMerge, because("merged the threads of "+messageWords(before)+" and "+messageWords(other), d.Why)
	}
	return tx.Audit(ctx, e)
}

// threadUndo is what takes a decision on threads back.
type threadUndo struct {
	thread.Decision
	At time.Time
}

// undoing takes acts of one kind back: by what their entries keep for it, in the
// transaction in which that is noted.
type undoing struct {
	undo func(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error
	// still is nil, or says why an act cannot be taken back, while nothing is changed by
	// asking.
	still func(ctx context.Context, db *store.DB, e sigpost.AuditEntry) error
	// regroups says that threads change, so that they must be tagged again.
	regroups bool
	// locks says that no run may go on meanwhile, though threads do not change.
	locks bool
}

// undoings are the acts that can be taken back.
func (a *App) undoings() map[sigpost.AuditAction]undoing {
	tag, thread := undoing{undo: a.undoTag, still: tagStill}, undoing{undo: undoThread, regroups: true}
	sight := undoing{undo: a.undoSight}
	return map[sigpost.AuditAction]undoing{
		sigpost.AuditTagAccept: tag, sigpost.AuditTagReject: tag,
		sigpost.AuditThreadSplit: thread, sigpost.AuditThreadMerge: thread, sigpost.AuditThreadReattach: {undo: undoReattach, regroups: true},
		sigpost.AuditThreadReviewed: {undo: undoReviewed}, sigpost.AuditTagBulk: {undo: a.undoBulk},
		sigpost.AuditMessageHide: sight, sigpost.AuditMessageShow: sight,
		sigpost.AuditIssueEdit: {undo: a.undoEdit, still: editStill}, sigpost.AuditIssueApprove: {undo: a.undoApproval, still: approvalStill, locks: true},
	}
}

// ErrSince says that an act cannot be taken back, since something was done after it.
var ErrSince = errors.New("somebody has decided otherwise since then")

// CanUndo says whether an entry of the audit log can be taken back as things are.
func (a *App) CanUndo(ctx context.Context, e sigpost.AuditEntry) (bool, error) {
	how, ok := a.undoings()[e.Action]
	if !ok || e.Undo == "" || e.UndoneBy != 0 {
		return false, nil
	}
	if how.still == nil {
		return true, nil
	}
	err := how.still(ctx, a.Store, e)
	if errors.Is(err, ErrSince) || errors.Is(err, store.ErrFrozen) || errors.Is(err, sigpost.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
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
		if err := how.undo(ctx, tx, e); err != nil {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: a.now(), Who: who, Action: sigpost.AuditUndo, Kind: e.Kind, Object: e.Object,
			Says: fmt.Sprintf("undid what %s did: %s", e.Who, e.Says), Undoes: e.ID})
	})
}

// decidedTag is what an entry keeps of a decision on a tag that holds still.
func decidedTag(ctx context.Context, db *store.DB, e sigpost.AuditEntry) (u tagUndo, threadID int64, err error) {
	if err := json.Unmarshal([]byte(e.Undo), &u); err != nil {
		return u, 0, err
	}
	if _, err := fmt.Sscan(e.Object, &threadID); err != nil {
		return u, 0, err
	}
	d, err := decidedOn(ctx, db, threadID, u.Tag)
	if errors.Is(err, sigpost.ErrNotFound) || err == nil && (!d.At.Equal(u.At) || d.Accept != (e.Action == sigpost.AuditTagAccept)) {
		err = fmt.Errorf("entry %d cannot be undone: %w", e.ID, ErrSince)
	}
	return u, threadID, err
}

func tagStill(ctx context.Context, db *store.DB, e sigpost.AuditEntry) error {
	_, _, err := decidedTag(ctx, db, e)
	return err
}

// undoTag brings the decision of before back, or that nobody decided.
func (a *App) undoTag(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	u, threadID, err := decidedTag(ctx, tx, e)
	if err != nil {
		return err
	}
	if b := u.Before; b != nil {
		return tx.Decide(ctx, threadID, u.Tag, b.Title, b.Accept, b.Who, b.Why, b.At)
	}
	return tx.Undecide(ctx, threadID, u.Tag, a.now())
}

// undoThread takes a split or a merge back, as if it had never been.
func undoThread(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	var u threadUndo
	if err := json.Unmarshal([]byte(e.Undo), &u); err != nil {
		return err
	}
	err := tx.UndecideThread(ctx, store.ThreadDecision{Decision: u.Decision, At: u.At})
	if errors.Is(err, sigpost.ErrNotFound) {
		err = fmt.Errorf("entry %d cannot be undone: %w", e.ID, ErrSince)
	}
	return err
}
