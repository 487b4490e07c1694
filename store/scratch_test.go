package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// Whatever is done on the scratch copy, the archive stays as it is, also when
// it ends with an error.
func TestScratchLeavesNoTrace(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add := func(db *store.DB, id string) {
			must(db.Add(ctx, nil, []sigpost.Arrival{mail(id, 1)}, start))(t)
		}
		add(db, "kept@example.org")
		broken := errors.New("broken")
		for _, end := range []error{nil, broken} {
			err := db.Scratch(ctx, func(scratch *store.DB) error {
				if _, err := scratch.MessageByID(ctx, "kept@example.org"); err != nil {
					t.Errorf("what was there is not on the copy: %v", err)
				}
				add(scratch, "gone@example.org")
				if n, _, _, err := scratch.CountMessages(ctx); err != nil || n != 2 {
					t.Errorf("the copy has %d messages, %v", n, err)
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Errorf("%v, want %v", err, end)
			}
			if n, _, _, err := db.CountMessages(ctx); err != nil || n != 1 {
				t.Errorf("the archive has %d messages, %v", n, err)
			}
		}
	})
}

// With SQLite, whoever writes meanwhile does not wait.
func TestScratchKeepsNobodyFromWriting(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "sigpost.db"))
	ctx := t.Context()
	check(t, db.Scratch(ctx, func(scratch *store.DB) error {
		must(scratch.Add(ctx, nil, []sigpost.Arrival{mail("a@example.org", 1)}, start))(t)
		soon, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_, err := db.Subscribe(soon, wish("ana@example.org"))
		return err
	}))
}

func TestOpenIssuesAreTheOldestFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for i, state := range []sigpost.IssueState{sigpost.IssueApproved, sigpost.IssueQuiet, sigpost.IssueApproved, sigpost.IssueApproved} {
			issue := sigpost.Issue{Digest: "weekly", State: state, Window: sigpost.Window{From: hours(i), To: hours(i + 1)}}
			check(t, db.CreateIssue(ctx, &issue, nil))
			if i == 0 {
				check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueSending, hours(9)))
			}
			if i == 2 {
				check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueSent, hours(9)))
			}
		}
		var numbers []int
		for _, i := range must(db.OpenIssues(ctx, "weekly"))(t) {
			numbers = append(numbers, i.Number)
		}
		equal(t, "open issues", numbers, []int{1, 3})
	})
}

// A symbolic link to the file is the same archive.
func TestLockHoldsByWhateverName(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "sigpost.db"))
	check(t, os.Symlink("sigpost.db", filepath.Join(dir, "link.db")))
	other := open(t, filepath.Join(dir, "link.db"))
	unlock := must(db.Lock(t.Context()))(t)
	defer unlock()
	if _, err := other.Lock(t.Context()); !errors.Is(err, sigpost.ErrLocked) {
		t.Errorf("%v", err)
	}
}

// What was meant as an address never becomes a file, and is not repeated.
func TestMistypedAddressesAreNoFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, dsn := range []string{"postgre://u:geheim@h/d", "mysql://u:geheim@h/d", "host=h password=geheim dbname=d"} {
		_, err := store.Open(t.Context(), dsn)
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v", err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("%v was made", entries)
	}
}
