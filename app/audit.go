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
	return store.Decision{}, sigpost.NotFound(fmt.Errorf("nobody has decided on %s", tag))
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

// undoTag brings the decision of before back, or that nobody decided.
func (a *App) undoTag(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	var u tagUndo
	threadID, err := threadOf(e)
	if err = errors.Join(err, json.Unmarshal([]byte(e.Undo), &u)); err != nil {
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
	return tx.UndecideThread(ctx, store.ThreadDecision{Decision: u.Decision, At: u.At})
}
