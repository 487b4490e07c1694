package store_test

import (
	"errors"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// drafted is a stored draft that tells of the thread of the message "a", and
// carries that and "b".
func drafted(t *testing.T, db *store.DB) sigpost.Issue {
	t.Helper()
	add(t, db, mail("a", 0), mail("b", 1))
	a := stored(t, db, "a")
	issue := sigpost.Issue{
		Digest: "weekly", Window: week(0), State: sigpost.IssueDraft, Composed: hours(170), Zone: "UTC", Titles: map[string]string{},
		Entries: []sigpost.Entry{{ThreadID: a.ThreadID, Headline: "About a"}}, Events: []sigpost.Occurrence{},
	}
	check(t, db.CreateIssue(t.Context(), &issue, []int64{a.ID, stored(t, db, "b").ID}))
	return issue
}

func TestADraftChangesUntilItIsApproved(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue := drafted(t, db)
		a, b := stored(t, db, "a").ThreadID, stored(t, db, "b").ThreadID
		d := must(db.Draft(ctx, issue.ID))(t)
		equal(t, "the draft", d.Composed, issue)
		if !d.Made.Equal(hours(170)) || !d.Built.Equal(hours(170)) || d.Before != nil || len(d.Edits) != 0 {
			t.Errorf("the draft is %+v", d)
		}
		equal(t, "open drafts", len(must(db.OpenDrafts(ctx, "weekly"))(t)), 1)
		equal(t, "issues to send", len(must(db.OpenIssues(ctx, "weekly"))(t)), 0)
		equal(t, "carried", ids(must(db.CarriedBy(ctx, issue.ID))(t)), "a b")

		anew := issue
		anew.Entries = []sigpost.Entry{{ThreadID: b, Headline: "About b"}}
		check(t, db.Tx(ctx, func(tx *store.DB) error {
			return errors.Join(tx.Rebuilt(ctx, anew, hours(171)), tx.Revise(ctx, anew, hours(171)))
		}))
		d = must(db.Draft(ctx, issue.ID))(t)
		if d.Before == nil || !d.Built.Equal(hours(171)) || !d.Made.Equal(hours(170)) {
			t.Fatalf("the draft is %+v", d)
		}
		equal(t, "what it was before", *d.Before, issue)
		equal(t, "what it is now", d.Composed, anew)
		equal(t, "told", must(db.CarriedThreads(ctx, "weekly", []int64{a, b}, 0))(t), map[int64]int{b: 1})
		equal(t, "told before it", must(db.CarriedThreads(ctx, "weekly", []int64{a, b}, issue.ID))(t), map[int64]int{})

		anew.State, anew.Approved, anew.ApprovedBy = sigpost.IssueApproved, hours(172), "ada"
		check(t, db.Revise(ctx, anew, hours(172)))
		equal(t, "issues to send", must(db.OpenIssues(ctx, "weekly"))(t), []sigpost.Issue{anew})
		edit := []sigpost.Edit{{Kind: sigpost.EditPin, ThreadID: b, Who: "ada", At: hours(173)}}
		for name, err := range map[string]error{
			"Revise": db.Revise(ctx, issue, hours(173)), "Rebuilt": db.Rebuilt(ctx, issue, hours(173)), "SaveEdits": db.SaveEdits(ctx, issue.ID, edit, nil),
			"nothing": db.SaveEdits(ctx, issue.ID, nil, nil),
		} {
			if !errors.Is(err, store.ErrFrozen) {
				t.Errorf("%s of an approved issue: %v", name, err)
			}
		}
		if err := db.SQL(ctx, `UPDATE issues SET content = '{}'`); err == nil {
			t.Error("the database let the content of an approved issue change")
		}
		check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueReady, hours(174)))
		check(t, db.Revise(ctx, issue, hours(174)))
		for _, change := range []string{`window_to = window_to + 1`, `window_from = 0`, `number = 7`, `digest = 'x'`, `state = 'quiet'`, `state = 'composed'`} {
			if err := db.SQL(ctx, `UPDATE issues SET `+change); err == nil {
				t.Errorf("the database let %s of a draft pass", change)
			}
		}
		check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueApproved, hours(175)))
		check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueSending, hours(175)))
		for _, state := range []sigpost.IssueState{sigpost.IssueDraft, sigpost.IssueReady, sigpost.IssueApproved} {
			if err := db.SetIssueState(ctx, issue.ID, state, hours(176)); err == nil {
				t.Errorf("an issue that is being sent became %s", state)
			}
		}
	})
}

func TestEditsAreKeptApart(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue := drafted(t, db)
		a := stored(t, db, "a").ThreadID
		edit := func(kind sigpost.EditKind, thread int64, section, text string, hour int) sigpost.Edit {
			return sigpost.Edit{Kind: kind, ThreadID: thread, Section: section, Text: text, Who: "ada", At: hours(hour)}
		}
		note, section, other := edit(sigpost.EditNote, 0, "", "Hello", 180), edit(sigpost.EditSection, 0, "News", "x\x00y", 181), edit(sigpost.EditSection, 0, "Jobs", "z", 182)
		check(t, db.SaveEdits(ctx, issue.ID, []sigpost.Edit{note, section, other, edit(sigpost.EditHeadline, a, "", "A", 183)}, nil))
		later := edit(sigpost.EditHeadline, a, "", "Better", 184)
		check(t, db.SaveEdits(ctx, issue.ID, []sigpost.Edit{later}, []sigpost.EditKey{other.Key(), {Kind: sigpost.EditPin, ThreadID: 7}}))
		section.Text = "x\uFFFDy"
		equal(t, "edits", must(db.Draft(ctx, issue.ID))(t).Edits, []sigpost.Edit{note, section, later})
		if err := db.SaveEdits(ctx, issue.ID, []sigpost.Edit{edit("wish", a, "", "", 1)}, nil); err == nil {
			t.Error("the database takes an edit of no kind")
		}
		if err := db.SaveEdits(ctx, 99, nil, nil); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("edits of no issue: %v", err)
		}
	})
}

// An edit of a thread that was merged into another is that one's, and is taken
// back as such.
func TestEditsFollowTheirThread(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue := drafted(t, db)
		a, b := stored(t, db, "a").ThreadID, stored(t, db, "b").ThreadID
		pin := sigpost.Edit{Kind: sigpost.EditPin, ThreadID: b, Who: "ada", At: hours(180)}
		check(t, db.SaveEdits(ctx, issue.ID, []sigpost.Edit{pin}, nil))
		add(t, db, mail("c", 3, "a", "b"))
		if now := stored(t, db, "b").ThreadID; now != a {
			t.Fatalf("b is of thread %d, want %d", now, a)
		}
		pin.ThreadID = a
		equal(t, "edits", must(db.Draft(ctx, issue.ID))(t).Edits, []sigpost.Edit{pin})
		check(t, db.SaveEdits(ctx, issue.ID, nil, []sigpost.EditKey{pin.Key()}))
		equal(t, "edits", len(must(db.Draft(ctx, issue.ID))(t).Edits), 0)
	})
}

func TestNudgesAreSentOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		issue := drafted(t, db)
		n := db.Nudges()
		queue := func(kind, addr string) {
			check(t, n.Queue(ctx, store.Nudge{Kind: kind, Addr: addr, Delivery: sigpost.Delivery{IssueID: issue.ID, MessageID: sigpost.MessageID(kind + addr), Due: hours(180)}}))
		}
		queue("ready", "ada@x")
		queue("ready", "ada@x")
		queue("ready", "bob@x")
		queue("late", "ada@x")
		claim := func(at time.Time, limit int) (got []int64) {
			for _, c := range must(n.Claim(ctx, issue.ID, at, at.Add(time.Hour), limit))(t) {
				got = append(got, c.ID)
			}
			return got
		}
		equal(t, "too early", len(claim(hours(179), 9)), 0)
		first := claim(hours(180), 2)
		equal(t, "claimed", len(first), 2)
		rest := claim(hours(180), 9)
		equal(t, "claimed next", len(rest), 1)
		if !must(n.Begin(ctx, first[0], hours(180)))(t) || must(n.Begin(ctx, first[0], hours(180)))(t) {
			t.Error("a letter is not begun once")
		}
		check(t, n.Record(ctx, first[0], sigpost.DeliverySent, "250 ok", time.Time{}, hours(180)))
		if err := n.Record(ctx, first[0], sigpost.DeliverySent, "250 ok", time.Time{}, hours(180)); err == nil {
			t.Error("a result was recorded twice")
		}
		must(n.Begin(ctx, first[1], hours(180)))(t)
		released, unknown, err := n.Recover(ctx, issue.ID, false, hours(181))
		check(t, err)
		equal(t, "recovered", []int{released, unknown}, []int{1, 1})
		equal(t, "claimed after it", claim(hours(181), 9), rest)
		var states []string
		for _, one := range must(n.All(ctx, issue.ID))(t) {
			states = append(states, one.Kind+" "+one.Addr+" "+string(one.State))
		}
		equal(t, "states", states, []string{"ready ada@x sent", "ready bob@x unknown", "late ada@x queued"})
		equal(t, "known letters", must(db.KnownLetters(ctx, []sigpost.MessageID{"lateada@x", "ready"}))(t), map[sigpost.MessageID]bool{"lateada@x": true})
	})
}

// What was composed before issues could be edited is approved, and all that
// refers to it stays.
func TestUpgradeOfIssues(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		check(t, store.MigrateTo(ctx, dsn, 4))
		check(t, store.FillOld(ctx, dsn, []sigpost.Arrival{mail("a", 0), mail("b", 1)}))
		check(t, store.MigrateTo(ctx, dsn, 6))
		check(t, store.FillIssues(ctx, dsn))
		db := open(t, dsn)
		states := ""
		for _, i := range must(db.Issues(ctx, "weekly", 0))(t) {
			states += string(i.State) + " "
		}
		equal(t, "states", states, "quiet approved sent ")
		ready := must(db.OpenIssues(ctx, "weekly"))(t)
		if len(ready) != 1 || ready[0].ID != 2 || ready[0].Number != 2 {
			t.Fatalf("to be sent is %+v", ready)
		}
		equal(t, "carried", ids(must(db.CarriedBy(ctx, 1))(t)), "a")
		equal(t, "draft", must(db.Draft(ctx, 2))(t).Composed.Number, 2)
		if _, err := db.Draft(ctx, 1); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("the draft of a sent issue: %v", err)
		}
		for _, change := range []string{`content = '{}'`, `number = number + 9`} {
			if err := db.SQL(ctx, `UPDATE issues SET `+change); err == nil {
				t.Errorf("the database let %s pass", change)
			}
		}
		if err := db.SQL(ctx, `INSERT INTO carried (digest, message_id, issue_id) VALUES ('weekly', 2, 99)`); err == nil {
			t.Error("references to issues are not checked any more")
		}
		next := sigpost.Issue{Digest: "weekly", State: sigpost.IssueDraft, Window: week(3)}
		check(t, db.CreateIssue(ctx, &next, nil))
		if next.ID != 4 || next.Number != 3 {
			t.Errorf("the next issue has ID %d and number %d", next.ID, next.Number)
		}
	})
}
