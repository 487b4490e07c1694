package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

func TestHide(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		wish := mail("wish", 2, "a")
		wish.Message.NoArchive = true
		add(t, db, mail("a", 0), mail("b", 1, "a"), wish, mail("other", 3))
		b := stored(t, db, "b")
		before := must(db.ThreadState(ctx, b.ThreadID))(t)
		check(t, db.Hide(ctx, b.ID, "rev@example.org", "it is libel", start))
		after := must(db.ThreadState(ctx, b.ThreadID))(t)
		if after.Revision != before.Revision+1 {
			t.Errorf("the revision was %d and is %d", before.Revision, after.Revision)
		}
		if m := stored(t, db, "b"); !m.Removed || m.Shown() {
			t.Errorf("%+v", m)
		}
		if m := stored(t, db, "wish"); !m.NoArchive || m.Shown() {
			t.Errorf("%+v", m)
		}
		shown := func() string {
			var all []string
			for _, m := range must(db.Outline(ctx, b.ThreadID))(t) {
				all = append(all, fmt.Sprintf("%s %t", string(m.MessageID), m.Shown()))
			}
			return strings.Join(all, " ")
		}
		equal(t, "shown", shown(), "a true b false wish false")
		equal(t, "mail", len(must(db.ThreadMail(ctx, b.ThreadID))(t)), 1)
		equal(t, "mail of the list", len(must(db.ListMail(ctx, "sig", sigpost.Window{From: start, To: start.AddDate(0, 0, 9)}))(t)), 2)
		equal(t, "mail of the list by its order", len(must(db.ListMailAfter(ctx, "sig", 0, 9))(t)), 2)
		equal(t, "mail of the list behind the first", len(must(db.ListMailAfter(ctx, "sig", must(db.ListMailAfter(ctx, "sig", 0, 1))(t)[0].ID, 9))(t)), 1)
		removals := must(db.Removals(ctx, b.ThreadID))(t)
		if r := removals[b.ID]; len(removals) != 1 || r.Who != "rev@example.org" || r.Why != "it is libel" || !r.At.Equal(start) {
			t.Errorf("%+v", removals)
		}

		// Reading it anew shows neither what a reviewer removed nor what an author wished.
		reread(t, db, func(m *sigpost.Message) { m.NoArchive = m.MessageID == "wish" }, "a", "b", "wish")
		equal(t, "shown after reading anew", shown(), "a true b false wish false")
		reread(t, db, func(m *sigpost.Message) { m.NoArchive = false }, "wish")
		equal(t, "shown when the wish was read wrongly", shown(), "a true b false wish true")

		check(t, db.Unhide(ctx, b.ID))
		check(t, db.Unhide(ctx, b.ID))
		equal(t, "shown again", shown(), "a true b true wish true")
		equal(t, "removals", len(must(db.Removals(ctx, b.ThreadID))(t)), 0)
		for _, id := range []string{"a", "b", "wish"} {
			check(t, db.Hide(ctx, stored(t, db, id).ID, "rev", "x", start))
		}
		threads := must(db.Threads(ctx, store.ThreadQuery{}))(t)
		if len(threads) != 1 || threads[0].ID != stored(t, db, "other").ThreadID {
			t.Errorf("threads that are shown: %+v", threads)
		}
		if err := db.Hide(ctx, 99, "rev", "x", start); !errors.Is(err, sigpost.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestMessageNamed(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		claimed := func(id, of string, at int) sigpost.Arrival {
			m := mail(id, at)
			m.Message.Claimed = sigpost.MessageID(of)
			return m
		}
		add(t, db, mail("a", 0), claimed("a2", "a", 1), claimed("b2", "b", 2), claimed("c2", "c", 3), claimed("c3", "c", 4))
		for name, want := range map[string]string{"a": "a", "b": "b2", "c": "", "none": "", "\x00\xff": ""} {
			m, err := db.MessageNamed(ctx, sigpost.MessageID(name))
			if string(m.MessageID) != want || (want == "") != errors.Is(err, sigpost.ErrNotFound) {
				t.Errorf("%q is %q: %v", name, m.MessageID, err)
			}
		}
	})
}

// A thread's page is kept by this state: it changes with all that the page says.
func TestThreadState(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0))
		last := must(db.ThreadState(ctx, 1))(t)
		differs := func(what string) {
			t.Helper()
			now := must(db.ThreadState(ctx, 1))(t)
			if now == last {
				t.Errorf("%s: the state is the same", what)
			}
			last = now
		}
		add(t, db, mail("b", 1, "a"))
		differs("an answer")
		check(t, db.SaveTaggings(ctx, 1, last.Revision, "v1", nil))
		differs("tags")
		tag := sigpost.Tag{Kind: sigpost.KindProject, Name: "kuryr"}
		check(t, db.Decide(ctx, 1, tag, "Kuryr", true, "rev", "", start))
		differs("a decision")
		check(t, db.Decide(ctx, 1, tag, "Kuryr", false, "rev", "", start.Add(time.Minute)))
		differs("another decision")
		issue := sigpost.Issue{Digest: "weekly", State: sigpost.IssueDraft, Composed: start, Window: sigpost.Window{From: start, To: start.AddDate(0, 0, 7)},
			Entries: []sigpost.Entry{{ThreadID: 1}}}
		check(t, db.CreateIssue(ctx, &issue, nil))
		differs("a draft")
		check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueApproved, start.Add(time.Hour)))
		differs("an issue")
		issues := must(db.IssuesOf(ctx, 1))(t)
		if len(issues) != 1 || issues[0].Number != 1 || issues[0].State != sigpost.IssueApproved || !issues[0].Until.Equal(issue.Window.To) {
			t.Errorf("%+v", issues)
		}
		if _, err := db.ThreadState(ctx, 9); !errors.Is(err, sigpost.ErrNotFound) {
			t.Error(err)
		}
	})
}

// What a page of a thread asks for is found by indexes, however large the archive.
func TestPagesOfThreadsUseIndexes(t *testing.T) {
	db := open(t, engines[0].dsn(t))
	ctx := t.Context()
	add(t, db, mail("a", 0), mail("b", 1, "a"))
	var statements []string
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		must(tx.ThreadState(ctx, 1))(t)
		must(tx.Outline(ctx, 1))(t)
		must(tx.MessagesNumbered(ctx, []int64{1, 2}))(t)
		must(tx.Removals(ctx, 1))(t)
		must(tx.IssuesOf(ctx, 1))(t)
		must(tx.ThreadMail(ctx, 1))(t)
		must(tx.ListMail(ctx, "sig", sigpost.Window{From: start, To: start}))(t)
		must(tx.Threads(ctx, store.ThreadQuery{}))(t)
		must(tx.MessageNamed(ctx, "a"))(t)
		tx.MessageNamed(ctx, "none")
		check(t, tx.Hide(ctx, 1, "rev", "x", start))
		statements = tx.Compiled()
		return nil
	}))
	for _, query := range statements {
		how := plan(t, db, query)
		if found := whole.FindString(how); found != "" && !strings.Contains(found, "messages_claimed") && !strings.Contains(found, "threads_last") {
			t.Errorf("%s\nreads a whole table:\n%s", query, how)
		}
	}
}
