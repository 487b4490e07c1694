package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
	"sigpost/thread"
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

		check(t, db.Unhide(ctx, &b, hours(200)))
		check(t, db.Unhide(ctx, &b, hours(200)))
		equal(t, "shown again", shown(), "a true b true wish true")
		equal(t, "removals", len(must(db.Removals(ctx, b.ThreadID))(t)), 0)
		for _, id := range []string{"a", "b", "wish"} {
			check(t, db.Hide(ctx, stored(t, db, id).ID, "rev", "x", start))
		}
		threads := must(db.Threads(ctx, store.ThreadQuery{}))(t)
		if len(threads) != 1 || threads[0].ID != stored(t, db, "other").ThreadID {
			t.Errorf("threads that are shown: %+v", threads)
		}
		if err := db.Hide(ctx, b.ID, "other", "y", start.Add(time.Hour)); !errors.Is(err, store.ErrRemoved) {
			t.Error(err)
		}
		equal(t, "who removed it", must(db.Removals(ctx, b.ThreadID))(t)[b.ID].Who, "rev")
		if err := db.Hide(ctx, 99, "rev", "x", start); !errors.Is(err, sigpost.ErrNotFound) {
			t.Error(err)
		}
	})
}

// A search tells nothing of words that only hidden mail has: it finds nothing, counts
// nothing and has no next page, whatever else is asked for.
func TestHiddenMailIsNotFound(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		wish := letter("wish", 2, "Plans", "The password is xyzzy")
		wish.Message.NoArchive = true
		add(t, db, letter("a", 0, "Plans", "The password is xyzzy"), letter("b", 1, "Plans", "The password is xyzzy"), wish, letter("c", 3, "Plans", "Nothing of it"))
		queries := []string{"xyzzy", "list:sig xyzzy", "xyzzy -nothing", "subject:plans xyzzy", "password list:sig -nothing", "from:ada xyzzy"}
		tells := func(when string, want int) {
			t.Helper()
			for _, query := range queries {
				for _, byRelevance := range []bool{false, true} {
					q := store.Find{Query: search.Parse(query, search.Names{Now: start}), Limit: 1, ByRelevance: byRelevance}
					got := find(t, db, q)
					if len(got.Hits) != min(want, 1) || (got.Next != "") != (want > 1) || want < 2 && (got.Count != want || got.Uncounted) {
						t.Errorf("%s: %s (by relevance %t) found %+v", when, query, byRelevance, got)
					}
				}
			}
			if faults := sound(t, db); len(faults) > 0 {
				t.Errorf("%s: %s", when, faults)
			}
			equal(t, "left to index "+when, must(db.NotIndexed(ctx))(t), 0)
		}
		tells("at first", 2)
		a, b := stored(t, db, "a"), stored(t, db, "b")
		check(t, db.Hide(ctx, b.ID, "rev", "secret", start))
		tells("one hidden", 1)
		check(t, db.Hide(ctx, a.ID, "rev", "secret", start))
		tells("both hidden", 0)
		reread(t, db, func(m *sigpost.Message) {
			m.NoArchive = m.MessageID == "wish"
			m.Text = "The password is xyzzy"
			m.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, End: len(m.Text)}}
		}, "a", "b", "wish")
		tells("read anew", 0)
		b.Text, b.Ranges = "The password is xyzzy", []sigpost.Range{{Kind: sigpost.RangeNew, End: 21}}
		check(t, db.Unhide(ctx, &b, hours(200)))
		check(t, db.Unhide(ctx, &b, hours(200)))
		tells("one shown again", 1)

		// The author's wish, when it is read as none, and as one.
		wished := func(yes bool) {
			reread(t, db, func(m *sigpost.Message) {
				m.NoArchive = yes
				m.Text = "The password is xyzzy"
				m.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, End: len(m.Text)}}
			}, "wish")
		}
		wished(false)
		tells("no wish", 2)
		wished(true)
		tells("a wish", 1)
		c := stored(t, db, "wish")
		check(t, db.Hide(ctx, c.ID, "rev", "x", start))
		check(t, db.Unhide(ctx, &c, hours(200)))
		tells("a wish stays one", 1)
	})
}

// What was hidden when it was still indexed stays out, also when all is taken up anew.
func TestUpgradeOfHiddenMail(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		check(t, store.MigrateTo(ctx, dsn, 20))
		answer := letter("b", 1, "Re: Plans", "The password is xyzzy")
		answer.Message.References = []sigpost.MessageID{"a"}
		check(t, store.FillHidden(ctx, dsn, []sigpost.Arrival{letter("a", 0, "Plans", "The password is xyzzy"), answer}))
		db := open(t, dsn)
		reread(t, db, func(m *sigpost.Message) {
			m.Text = "The password is xyzzy"
			m.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, End: len(m.Text)}}
		}, "a", "b")
		got := find(t, db, store.Find{Query: search.Parse("xyzzy", search.Names{Now: start}), Limit: 1})
		if got.Count != 1 || got.Next != "" || hitIDs(got) != "b" {
			t.Errorf("found %+v", got)
		}
		equal(t, "the subject of its thread", must(db.Thread(ctx, 1))(t).Subject, "Re: Plans")
		if faults := sound(t, db); len(faults) > 0 {
			t.Error(faults)
		}
	})
}

// A thread's name is the subject of the oldest of its messages that is shown.
func TestHiddenMailNamesNoThread(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		as := func(id string, at int, refs ...sigpost.MessageID) sigpost.Arrival {
			m := mail(id, at, refs...)
			m.Message.Subject, m.Message.BaseSubject = "Re: subject of "+id, "subject of "+id
			return m
		}
		wish := func(a sigpost.Arrival) sigpost.Arrival {
			a.Message.NoArchive = true
			return a
		}
		named := func(when, of, want string) {
			t.Helper()
			got := must(db.Thread(ctx, stored(t, db, of).ThreadID))(t)
			if got.Subject != "Re: subject of "+want || got.BaseSubject != "subject of "+want {
				t.Errorf("%s: the thread is named %q and %q, want %s", when, got.Subject, got.BaseSubject, want)
			}
		}
		add(t, db, as("a", 5), as("b", 6, "a"), as("c", 7, "b"))
		named("at first", "a", "a")
		a, b := stored(t, db, "a"), stored(t, db, "b")
		check(t, db.Hide(ctx, a.ID, "rev", "libel", start))
		named("the opener is hidden", "a", "b")
		check(t, db.Hide(ctx, b.ID, "rev", "libel", start))
		named("two are", "a", "c")
		add(t, db, as("d", 8, "c"))
		named("it grows", "a", "c")
		add(t, db, wish(as("before", 1, "a")))
		named("an older one comes that is hidden", "a", "c")
		add(t, db, as("between", 6, "a"))
		named("an older one comes that is shown", "a", "between")
		check(t, db.Unhide(ctx, &a, hours(200)))
		named("the opener is shown again", "a", "a")

		add(t, db, wish(as("x", 1)), as("y", 2, "x"))
		named("a new one opens hidden", "x", "y")
		add(t, db, wish(as("p", 1)))
		add(t, db, as("q", 3, "p"))
		named("an answer to what is hidden", "p", "q")
		reread(t, db, func(m *sigpost.Message) { m.NoArchive = false }, "p")
		named("read as no wish", "p", "p")
		reread(t, db, func(m *sigpost.Message) { m.NoArchive = true }, "p")
		named("read as a wish", "p", "q")

		// What people decide on threads describes them anew.
		check(t, db.DecideThread(ctx, store.ThreadDecision{Decision: thread.Decision{Kind: thread.Merge, Message: "x", Other: "q"}, Who: "rev", At: start}))
		named("two in one", "x", "y")
		check(t, db.DecideThread(ctx, store.ThreadDecision{Decision: thread.Decision{Kind: thread.Split, Message: "b"}, Who: "rev", At: start}))
		named("what was split off", "b", "c")
		if faults := sound(t, db); len(faults) > 0 {
			t.Error(faults)
		}
	})
}

// Whoever asks for an author's threads does not learn who wrote what is hidden.
func TestHiddenMailHasNoAuthor(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		by := func(id, name string, at int, refs ...sigpost.MessageID) sigpost.Arrival {
			m := mail(id, at, refs...)
			m.Message.Author = sigpost.Address{Name: name, Addr: strings.ToLower(name) + "@example.net"}
			return m
		}
		add(t, db, by("a", "Grace", 0), by("b", "Linus", 1, "a"), by("c", "Grace", 2))
		b := stored(t, db, "b")
		listed := func(author string) int {
			t.Helper()
			list := must(db.ListThreads(ctx, store.ThreadQuery{Author: author}))(t)
			equal(t, "threads of "+author, len(must(db.Threads(ctx, store.ThreadQuery{Author: author}))(t)), len(list.Threads))
			if list.Next != (store.ThreadPosition{}) {
				t.Errorf("there is more of %s: %+v", author, list.Next)
			}
			return len(list.Threads)
		}
		equal(t, "Linus", listed("linus"), 1)
		check(t, db.Hide(ctx, b.ID, "rev", "x", start))
		equal(t, "Linus, hidden", listed("linus"), 0)
		equal(t, "Linus by the address", listed("linus@example.net"), 0)
		equal(t, "Grace", listed("grace"), 2)
		check(t, db.Unhide(ctx, &b, hours(200)))
		equal(t, "Linus, shown again", listed("linus"), 1)
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
