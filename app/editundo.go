package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/store"
)

// editUndo is what takes edits back: those that were before in the place of those
// that are now.
type editUndo struct {
	Before []sigpost.Edit `json:",omitempty"`
	After  []sigpost.Edit `json:",omitempty"`
}

// undoOf keeps what edits took the place of.
func undoOf(before, saved, gone []sigpost.Edit) editUndo {
	is := map[sigpost.EditKey]bool{}
	for _, e := range saved {
		is[e.Key()] = true
	}
	u := editUndo{Before: gone, After: saved}
	for _, e := range before {
		if is[e.Key()] {
			u.Before = append(u.Before, e)
		}
	}
	return u
}

// undoEdit brings the edits of before back, if none of them was changed since.
func (a *App) undoEdit(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	var u editUndo
	if err := json.Unmarshal([]byte(e.Undo), &u); err != nil {
		return err
	}
	issue, err := issueOf(ctx, tx, e)
	if err != nil {
		return err
	}
	_, _, _, err = a.reviseIn(ctx, tx, issue, func(tx *store.DB) error {
		var undo []sigpost.EditKey
		for _, e := range u.After {
			undo = append(undo, e.Key())
		}
		return tx.SaveEdits(ctx, issue.ID, u.Before, undo)
	})
	return err
}

// holds says whether edits are still as they were made.
func (u editUndo) holds(edits []sigpost.Edit) bool {
	want := map[sigpost.EditKey]*sigpost.Edit{}
	for _, e := range u.Before {
		want[e.Key()] = nil
	}
	for _, e := range u.After {
		want[e.Key()] = &e
	}
	there := map[sigpost.EditKey]sigpost.Edit{}
	for _, e := range edits {
		there[e.Key()] = e
	}
	for key, e := range want {
		is, ok := there[key]
		if ok != (e != nil) || ok && is.Text != e.Text {
			return false
		}
	}
	return true
}

// issueOf is the issue that an entry of the audit log tells of.
func issueOf(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) (sigpost.Issue, error) {
	at := strings.LastIndexByte(e.Object, '/')
	number, err := strconv.Atoi(e.Object[at+1:])
	if err != nil || at < 0 || e.Kind != sigpost.AuditIssue {
		return sigpost.Issue{}, fmt.Errorf("entry %d names no issue but %q", e.ID, e.Object)
	}
	return tx.IssueByNumber(ctx, e.Object[:at], number)
}

// approvalUndo takes an approval back, while it is the same one.
type approvalUndo struct{ At time.Time }

func (a *App) undoApproval(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	issue, err := issueOf(ctx, tx, e)
	if err != nil {
		return err
	}
	_, err = a.reopen(ctx, tx, issue)
	return err
}

// saidEdits is how many edits are named one by one.
const saidEdits = 3

// editWords say what edits do, for people; nothing where there are none.
func editWords(composed sigpost.Issue, saved, gone []sigpost.Edit) string {
	told := map[int64]string{}
	for _, e := range composed.Entries {
		told[e.ThreadID] = digest.Told(composed, e)
	}
	var words []string
	for _, e := range saved {
		words = append(words, editWord(e, told[e.ThreadID], false))
	}
	for _, e := range gone {
		words = append(words, editWord(e, told[e.ThreadID], true))
	}
	if n := len(words); n > saidEdits {
		words = append(words[:saidEdits-1], fmt.Sprintf("%d more changes", n-saidEdits+1))
	}
	return strings.Join(words, "; ")
}

// editWord says what one edit does, or what taking it back does.
func editWord(e sigpost.Edit, told string, back bool) string {
	thread := fmt.Sprintf("“%s”", told)
	if told == "" {
		thread = fmt.Sprintf("thread %d", e.ThreadID)
	}
	choose := func(done, undone string) string {
		if back {
			return undone
		}
		return done
	}
	switch e.Kind {
	case sigpost.EditPin:
		return choose("pinned ", "unpinned ") + thread
	case sigpost.EditDrop:
		return choose("left out ", "put back ") + thread
	case sigpost.EditMove:
		return choose(fmt.Sprintf("moved %s to %q", thread, e.Text), fmt.Sprintf("moved %s back to where it belongs", thread))
	case sigpost.EditHeadline:
		return choose(fmt.Sprintf("reworded the headline of %s: %q", thread, e.Text), "took the headline of "+thread+" as composed")
	case sigpost.EditSummary:
		return choose("wrote a summary of ", "took the summary away of ") + thread
	case sigpost.EditNote:
		if e.ThreadID == 0 {
			return choose("wrote the opening text", "took the opening text away")
		}
		return choose("wrote a note on ", "took the note away on ") + thread
	case sigpost.EditSection:
		return choose(fmt.Sprintf("wrote the text of %q", e.Section), fmt.Sprintf("took the text of %q away", e.Section))
	}
	if e.Section != "" {
		return choose(fmt.Sprintf("changed the order under %q", e.Section), fmt.Sprintf("left the order under %q as composed", e.Section))
	}
	return choose("changed the order of sections", "left the order of sections as composed")
}
