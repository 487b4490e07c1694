package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

func week(n int) sigpost.Window {
	return sigpost.Window{From: start.AddDate(0, 0, 7*n), To: start.AddDate(0, 0, 7*(n+1))}
}

func ids(messages []sigpost.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, string(m.MessageID))
	}
	return strings.Join(all, " ")
}

func TestIssueIsFrozen(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0))
		a := stored(t, db, "a")
		issue := sigpost.Issue{
			Digest: "weekly", Title: "SIG\x00 weekly", Window: week(0), State: sigpost.IssueApproved, Zone: "America/Los_Angeles", Composed: hours(170),
			Stats: sigpost.Stats{Threads: 1, Messages: 1, People: 1}, Titles: map[string]string{"project:heat": "Heat"},
			Entries: []sigpost.Entry{{ThreadID: a.ThreadID, Headline: "About a", Quotes: []sigpost.Quote{{Author: "Ada", MessageID: "a", Text: "<&>\n"}}}},
			Events:  []sigpost.Occurrence{{UID: "1", Title: "Meeting", Start: hours(5), End: hours(6)}},
		}
		check(t, db.CreateIssue(ctx, &issue, []int64{a.ID, a.ID}))
		if issue.ID == 0 || issue.Number != 1 {
			t.Fatalf("the issue has ID %d and number %d", issue.ID, issue.Number)
		}
		equal(t, "issue", must(db.Issue(ctx, issue.ID))(t), issue)
		content := func() string {
			return must(db.Texts(ctx, 1, `SELECT content FROM issues WHERE id = $1`, issue.ID))(t)[0]
		}
		before := content()
		check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueSending, hours(171)))
		check(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueSent, hours(172)))
		issue.State = sigpost.IssueSent
		equal(t, "by number", must(db.IssueByNumber(ctx, "weekly", 1))(t), issue)
		equal(t, "sent", must(db.LastIssue(ctx, "weekly"))(t), issue)
		for _, change := range []string{`content = '{}'`, `window_to = window_to + 1`, `window_from = 0`, `number = 7`, `digest = 'x'`, `state = 'quiet'`} {
			if err := db.SQL(ctx, `UPDATE issues SET `+change); err == nil {
				t.Errorf("the database let %s pass", change)
			}
		}
		if content() != before {
			t.Error("the content has changed")
		}
	})
}

func TestWindowsAreTakenOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		tests := []struct {
			name   string
			digest string
			window sigpost.Window
			state  sigpost.IssueState
			number int // 0 where none is wanted
			taken  bool
		}{
			{"the first", "weekly", week(0), sigpost.IssueApproved, 1, false},
			{"the same", "weekly", week(0), sigpost.IssueApproved, 0, true},
			{"one that overlaps", "weekly", sigpost.Window{From: hours(167), To: hours(300)}, sigpost.IssueApproved, 0, true},
			{"one before", "weekly", week(-1), sigpost.IssueApproved, 0, true},
			{"a quiet one", "weekly", week(1), sigpost.IssueQuiet, 0, false},
			{"the one after", "weekly", week(2), sigpost.IssueApproved, 2, false},
			{"another digest", "monthly", week(0), sigpost.IssueApproved, 1, false},
		}
		for _, test := range tests {
			issue := sigpost.Issue{Digest: test.digest, Window: test.window, State: test.state}
			err := db.CreateIssue(ctx, &issue, nil)
			if errors.Is(err, store.ErrWindowTaken) != test.taken || (err != nil) != test.taken {
				t.Errorf("%s: %v", test.name, err)
			}
			if issue.Number != test.number || (issue.ID == 0) != test.taken {
				t.Errorf("%s: number %d, ID %d", test.name, issue.Number, issue.ID)
			}
		}
		if last := must(db.LastIssue(ctx, "weekly"))(t); last.Number != 2 {
			t.Errorf("the last issue is %+v", last)
		}
		all := must(db.Issues(ctx, "weekly", 2))(t)
		if len(all) != 2 || all[1].State != sigpost.IssueQuiet || all[1].Number != 0 {
			t.Errorf("issues are %+v", all)
		}
		if err := db.SetIssueState(ctx, all[1].ID, sigpost.IssueApproved, start); err == nil {
			t.Error("a quiet issue was woken")
		}
		backwards := sigpost.Issue{Digest: "new", Window: sigpost.Window{From: hours(1), To: hours(1)}, State: sigpost.IssueApproved}
		if err := db.CreateIssue(ctx, &backwards, nil); err == nil {
			t.Error("an empty window was taken")
		}
	})
}

func TestWindowIsTakenByOneOfTwo(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		errs := make(chan error, 4)
		for range cap(errs) {
			db := open(t, dsn)
			go func() {
				errs <- db.CreateIssue(t.Context(), &sigpost.Issue{Digest: "weekly", Window: week(0), State: sigpost.IssueApproved}, nil)
			}()
		}
		taken := 0
		for range cap(errs) {
			if err := <-errs; errors.Is(err, store.ErrWindowTaken) {
				taken++
			} else if err != nil {
				t.Error(err)
			}
		}
		if taken != cap(errs)-1 {
			t.Errorf("%d of %d were refused", taken, cap(errs))
		}
	})
}

func TestNewsIsToldOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		own := mail("own", 2)
		own.Message.Own = true
		robot := mail("robot", 3)
		robot.Message.Robot = true
		other := mail("other", 4)
		other.List = "other"
		add(t, db, mail("second", 1), mail("first", 0), own, robot, other, mail("after", 168), mail("before", -1))
		news := func(lists []string, w sigpost.Window, late time.Time) string {
			return ids(must(db.NewsFor(ctx, "weekly", lists, w, late))(t))
		}
		equal(t, "of all lists", news(nil, week(0), time.Time{}), "first second robot other")
		equal(t, "of one list", news([]string{"sig"}, week(0), time.Time{}), "first second robot")
		equal(t, "of two lists", news([]string{"sig", "other"}, week(0), time.Time{}), "first second robot other")
		equal(t, "of no list there is", news([]string{"none"}, week(0), time.Time{}), "")
		equal(t, "with late ones", news([]string{"sig"}, week(0), hours(-9)), "before first second robot")

		issue := sigpost.Issue{Digest: "weekly", Window: week(0), State: sigpost.IssueApproved}
		check(t, db.CreateIssue(ctx, &issue, []int64{stored(t, db, "first").ID, stored(t, db, "robot").ID}))
		add(t, db, mail("late", 5))
		equal(t, "the week after", news([]string{"sig"}, week(1), hours(0)), "second late after")
		equal(t, "for another digest", ids(must(db.NewsFor(ctx, "monthly", []string{"sig"}, week(0), time.Time{}))(t)), "first second robot late")

		again := sigpost.Issue{Digest: "weekly", Window: week(1), State: sigpost.IssueApproved}
		err := db.CreateIssue(ctx, &again, []int64{stored(t, db, "second").ID, stored(t, db, "first").ID})
		if err == nil || !strings.Contains(err.Error(), "1 of its messages were carried by an earlier issue") {
			t.Errorf("carrying a message twice gives %v", err)
		}
		if last := must(db.LastIssue(ctx, "weekly"))(t); last.ID != issue.ID || again.ID != 0 {
			t.Errorf("the last issue is %+v", last)
		}
	})
}

func TestCarriedThreads(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		a, b := stored(t, db, "a").ThreadID, stored(t, db, "b").ThreadID
		issue := sigpost.Issue{Digest: "weekly", Window: week(0), State: sigpost.IssueApproved, Entries: []sigpost.Entry{{ThreadID: a}}}
		check(t, db.CreateIssue(ctx, &issue, nil))
		equal(t, "weekly", must(db.CarriedThreads(ctx, "weekly", []int64{a, b}, 0))(t), map[int64]int{a: 1})
		equal(t, "monthly", must(db.CarriedThreads(ctx, "monthly", []int64{a, b}, 0))(t), map[int64]int{})
		lost := sigpost.Issue{Digest: "weekly", Window: week(1), State: sigpost.IssueApproved, Entries: []sigpost.Entry{{ThreadID: 99, Headline: "Nothing"}}}
		if err := db.CreateIssue(ctx, &lost, nil); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("an entry of no thread: %v", err)
		}
	})
}
