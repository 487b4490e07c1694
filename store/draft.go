package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// ErrFrozen says that an issue may not be changed any more.
var ErrFrozen = errors.New("the issue is frozen")

// keepDraft notes what an issue was composed of, so that it can be edited.
func (db *DB) keepDraft(ctx context.Context, issue *sigpost.Issue) error {
	if issue.State == sigpost.IssueQuiet {
		return nil
	}
	_, err := db.exec(ctx, `INSERT INTO issue_drafts (issue_id, content, made_at, built_at)
SELECT id, content, state_at, state_at FROM issues WHERE id = $1`, issue.ID)
	return err
}

// Draft gives what an issue is made of. The error wraps sigpost.ErrNotFound
// where there is none: of quiet issues, and of those that were sent before
// issues could be edited.
func (db *DB) Draft(ctx context.Context, issueID int64) (sigpost.Draft, error) {
	doing := fmt.Sprintf("reading the draft of issue %d", issueID)
	d, err := first(ctx, db, func(row scanner) (d sigpost.Draft, err error) {
		var content, previous string
		var made, built int64
		if err = row.Scan(&content, &previous, &made, &built); err != nil {
			return d, err
		}
		d.Made, d.Built = moment(made), moment(built)
		if err = json.Unmarshal([]byte(content), &d.Composed); err != nil {
			return d, err
		}
		d.Composed.ID = issueID
		if previous != "" {
			d.Before = &sigpost.Issue{}
			err = json.Unmarshal([]byte(previous), d.Before)
			d.Before.ID = issueID
		}
		return d, err
	}, `SELECT content, previous, made_at, built_at FROM issue_drafts WHERE issue_id = $1`, issueID)
	if err != nil {
		return d, db.fail(doing, err)
	}
	stored, err := db.edits(ctx, issueID, d.Composed)
	for _, e := range stored {
		d.Edits = append(d.Edits, e.Edit)
	}
	return d, db.fail(doing, err)
}

// storedEdit is an edit, and the thread that its row names.
type storedEdit struct {
	sigpost.Edit
	thread int64
}

// edits gives the edits of an issue. Those of a thread that was merged into
// another are that one's, unless the draft still tells of it by itself.
func (db *DB) edits(ctx context.Context, issueID int64, composed sigpost.Issue) ([]storedEdit, error) {
	told := map[int64]bool{0: true}
	for _, e := range composed.Entries {
		told[e.ThreadID] = true
	}
	edits, err := collect(ctx, db, func(row scanner) (e storedEdit, err error) {
		var at int64
		err = row.Scan(&e.Kind, &e.ThreadID, &e.Section, &e.Text, &e.Who, &at)
		e.At, e.thread = moment(at), e.ThreadID
		return e, err
	}, `SELECT kind, thread_id, section, text, who, at FROM issue_edits WHERE issue_id = $1 ORDER BY at, kind, thread_id, section`, issueID)
	if err != nil {
		return nil, err
	}
	for i, e := range edits {
		if told[e.ThreadID] {
			continue
		}
		thread, err := db.follow(ctx, e.ThreadID)
		if err == nil {
			edits[i].ThreadID = thread
		} else if !errors.Is(err, sigpost.ErrNotFound) {
			return nil, err
		}
	}
	return edits, nil
}

// Revise stores what an open issue holds and how far it has come: it may become
// approved with that. The error wraps ErrFrozen where it is not open.
func (db *DB) Revise(ctx context.Context, issue sigpost.Issue, at time.Time) error {
	doing := fmt.Sprintf("storing issue %d of %s", issue.Number, issue.Digest)
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil { // threads move between issues with those who merge them
			return err
		}
		stored := issue
		stored.ID = 0 // as in freeze
		content, err := toJSON(stored)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, `UPDATE issues SET content = $2, state = $3, state_at = $4 WHERE id = $1 AND state IN ('draft', 'ready')`,
			issue.ID, content, string(issue.State), micros(at))
		if err != nil {
			return err
		}
		if n == 0 {
			return tx.frozen(ctx, issue.ID)
		}
		if _, err := tx.exec(ctx, `DELETE FROM issue_threads WHERE issue_id = $1`, issue.ID); err != nil {
			return err
		}
		return tx.tell(ctx, &stored, issue.ID)
	})
	return db.fail(doing, err)
}

// KeepApproved notes what an approved issue holds, before its approval is taken
// back.
func (db *DB) KeepApproved(ctx context.Context, issueID int64) error {
	_, err := db.exec(ctx, `UPDATE issue_drafts SET approved = (SELECT content FROM issues WHERE id = $1) WHERE issue_id = $1`, issueID)
	return db.fail(fmt.Sprintf("keeping what was approved of issue %d", issueID), err)
}

// ApprovedBefore is what a draft held when it was approved and that was taken back.
// The error wraps sigpost.ErrNotFound where it never was.
func (db *DB) ApprovedBefore(ctx context.Context, issueID int64) (issue sigpost.Issue, err error) {
	var content string
	err = db.scan(ctx, `SELECT approved FROM issue_drafts WHERE issue_id = $1`, []any{issueID}, &content)
	switch {
	case err == nil && content == "":
		err = &failure{"it was not approved before", sigpost.ErrNotFound}
	case err == nil:
		err = json.Unmarshal([]byte(content), &issue)
		issue.ID = issueID
	}
	return issue, db.fail(fmt.Sprintf("reading what was approved of issue %d", issueID), err)
}

// frozen says why an issue cannot be changed.
func (db *DB) frozen(ctx context.Context, issueID int64) error {
	issue, err := db.Issue(ctx, issueID)
	if err != nil {
		return err
	}
	return &failure{fmt.Sprintf("issue %d of %s is %s, and what it holds stays as it is", issue.Number, issue.Digest, issue.State), ErrFrozen}
}

// Rebuilt stores what an open issue was composed of anew at a time, and keeps
// what it was before. Revise must follow, in the same transaction.
func (db *DB) Rebuilt(ctx context.Context, composed sigpost.Issue, at time.Time) error {
	doing := fmt.Sprintf("storing the draft of issue %d of %s", composed.Number, composed.Digest)
	id := composed.ID
	composed.ID = 0
	content, err := toJSON(composed)
	if err != nil {
		return db.fail(doing, err)
	}
	if err := db.alone(ctx); err != nil {
		return db.fail(doing, err)
	}
	n, err := db.exec(ctx, `UPDATE issue_drafts SET previous = content, content = $2, built_at = $3 WHERE issue_id = $1
AND EXISTS (SELECT 1 FROM issues i WHERE i.id = $1 AND i.state IN ('draft', 'ready'))`, id, content, micros(at))
	if err == nil && n == 0 {
		err = db.frozen(ctx, id)
	}
	return db.fail(doing, err)
}

// SaveEdits stores edits of an open issue in the place of those with the same
// keys, and takes back the others that are named. Revise must follow, in the
// same transaction.
func (db *DB) SaveEdits(ctx context.Context, issueID int64, save []sigpost.Edit, undo []sigpost.EditKey) error {
	doing := fmt.Sprintf("storing edits of issue %d", issueID)
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		issue, err := tx.Issue(ctx, issueID)
		if err != nil {
			return err
		}
		if !issue.State.Open() {
			return tx.frozen(ctx, issueID)
		}
		draft, err := tx.Draft(ctx, issueID)
		if err != nil {
			return err
		}
		stored, err := tx.edits(ctx, issueID, draft.Composed)
		if err != nil {
			return err
		}
		gone := map[sigpost.EditKey]bool{}
		for _, key := range undo {
			gone[key] = true
		}
		for _, e := range save {
			gone[e.Key()] = true
		}
		for _, e := range stored {
			if !gone[e.Key()] {
				continue
			}
			if _, err := tx.exec(ctx, `DELETE FROM issue_edits WHERE issue_id = $1 AND kind = $2 AND section = $3 AND thread_id = $4`,
				issueID, string(e.Kind), e.Section, e.thread); err != nil {
				return err
			}
		}
		rows := make([][]any, len(save))
		for i, e := range save {
			rows[i] = []any{issueID, string(e.Kind), e.ThreadID, clean(e.Section), clean(e.Text), clean(e.Who), micros(e.At)}
		}
		return tx.insertAll(ctx, "issue_edits (issue_id, kind, thread_id, section, text, who, at)", rows)
	})
	return db.fail(doing, err)
}

// CarriedBy gives the messages that an issue carries, in the order in which
// they were received, without Text and Ranges.
func (db *DB) CarriedBy(ctx context.Context, issueID int64) ([]sigpost.Message, error) {
	carried, err := collect(ctx, db, readMessage, `SELECT `+messageColumns+` FROM messages m
WHERE m.id IN (SELECT c.message_id FROM carried c WHERE c.issue_id = $1) ORDER BY m.received, m.id`, issueID)
	return carried, db.fail(fmt.Sprintf("reading what issue %d carries", issueID), err)
}

// OpenDrafts gives the issues of a digest that are not approved yet, the
// oldest first.
func (db *DB) OpenDrafts(ctx context.Context, digest string) ([]sigpost.Issue, error) {
	all, err := collect(ctx, db, readIssue, `SELECT `+issueColumns+` FROM issues i
WHERE i.digest = $1 AND i.state IN ('draft', 'ready') ORDER BY i.window_to`, digest)
	return all, db.fail("looking for drafts of the digest "+digest, err)
}
