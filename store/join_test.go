package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"

	"pgregory.net/rapid"
)

// partition is the stored messages by thread, as one comparable text. It also
// checks what threads say of their messages.
func partition(t testing.TB, db *store.DB) string {
	t.Helper()
	var parts []string
	for _, thread := range must(db.Threads(t.Context(), store.ThreadQuery{Limit: 1000}))(t) {
		messages := must(db.ThreadMessages(t.Context(), thread.ID))(t)
		var ids []string
		for _, m := range messages {
			ids = append(ids, string(m.MessageID))
		}
		if len(messages) == 0 {
			t.Fatalf("thread %d is empty", thread.ID)
		}
		oldest, newest := messages[0], messages[len(messages)-1]
		named := slices.ContainsFunc(messages, func(m sigpost.Message) bool {
			return m.Received.Equal(oldest.Received) && m.Subject == thread.Subject
		})
		if thread.Messages != len(messages) || !thread.First.Equal(oldest.Received) || !thread.Last.Equal(newest.Received) || !named {
			t.Errorf("thread %+v does not fit its messages %v", thread, ids)
		}
		slices.Sort(ids)
		parts = append(parts, strings.Join(ids, " "))
	}
	slices.Sort(parts)
	return strings.Join(parts, "\n")
}

func TestThreadsDoNotDependOnOrder(t *testing.T) {
	// One of them more often: the joining is the same code on both.
	dsn := filepath.Join(t.TempDir(), "sigpost.db")
	db := open(t, dsn)
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 14).Draw(r, "messages")
		arrivals := make([]sigpost.Arrival, n)
		for i := range arrivals {
			var refs []sigpost.MessageID
			// Ids from n on are never seen.
			for _, ref := range rapid.SliceOfN(rapid.IntRange(0, n+3), 0, 3).Draw(r, "refs") {
				refs = append(refs, sigpost.MessageID(fmt.Sprint("m", ref)))
			}
			arrivals[i] = mail(fmt.Sprint("m", i), i, refs...)
		}
		wipe(t, db)
		add(t, db, arrivals...)
		want := partition(t, db)

		wipe(t, db)
		mixed := rapid.Permutation(arrivals).Draw(r, "order")
		for len(mixed) > 0 {
			batch := rapid.IntRange(1, len(mixed)).Draw(r, "batch")
			add(t, db, mixed[:batch]...)
			mixed = mixed[batch:]
		}
		if got := partition(t, db); got != want {
			r.Fatalf("threads are\n%s\nwant\n%s", got, want)
		}
	})
}

// wipe empties the archive of mail.
func wipe(t testing.TB, db *store.DB) {
	t.Helper()
	check(t, db.Tx(t.Context(), func(tx *store.DB) error {
		for _, table := range []string{"message_text", "message_words", "removals", "review_queue", "review_tags", "review_seen", "review_changes", "reports", "judgements", "samples", "taggings", "decisions", "listing", "message_lists", "thread_lists", "messages", "raw_blocks", "ghosts", "outward", "redirects", "thread_decisions", "threads"} {
			if err := tx.SQL(t.Context(), `DELETE FROM `+table); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestGhostsJoinThreads(t *testing.T) {
	tests := []struct {
		name    string
		batches [][]sigpost.Arrival
		want    string
	}{
		{"an answer before its question", [][]sigpost.Arrival{{mail("b", 1, "a")}, {mail("a", 0)}}, "a b"},
		{"two answers to what is never seen", [][]sigpost.Arrival{{mail("b", 1, "x")}, {mail("c", 2, "x")}}, "b c"},
		{"a message that joins two threads", [][]sigpost.Arrival{{mail("a", 0)}, {mail("b", 1)}, {mail("c", 2, "a", "b")}}, "a b c"},
		{"a chain from its end", [][]sigpost.Arrival{{mail("d", 3, "c")}, {mail("c", 2, "b")}, {mail("b", 1, "a")}, {mail("a", 0)}}, "a b c d"},
		{"a loop", [][]sigpost.Arrival{{mail("a", 0, "b"), mail("b", 1, "a")}}, "a b"},
		{"itself", [][]sigpost.Arrival{{mail("a", 0, "a")}}, "a"},
		{"strangers", [][]sigpost.Arrival{{mail("a", 0, "x"), mail("b", 1, "y")}}, "a\nb"},
		{"three threads through two ghosts", [][]sigpost.Arrival{
			{mail("a", 0, "x"), mail("b", 1, "y")}, {mail("c", 2, "z")}, {mail("d", 3, "y", "z"), mail("e", 4, "x", "y")}}, "a b c d e"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			db := open(t, engines[0].made(t))
			for _, b := range test.batches {
				add(t, db, b...)
			}
			if got := partition(t, db); got != test.want {
				t.Errorf("threads are %q, want %q", got, test.want)
			}
		})
	}
}

func TestRevisionGrowsWithEveryMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		revision := int64(0)
		grow := func(what string, a sigpost.Arrival, want bool) {
			add(t, db, a)
			thread := must(db.Thread(t.Context(), stored(t, db, "a").ThreadID))(t)
			if grew := thread.Revision > revision; grew != want {
				t.Errorf("%s: the revision went from %d to %d", what, revision, thread.Revision)
			}
			revision = thread.Revision
		}
		grow("a message", mail("a", 0), true)
		grow("an answer", mail("b", 1, "a"), true)
		grow("a duplicate", mail("b", 1, "a"), false)
		grow("another thread", mail("c", 2), false)
		grow("a message that joins both", mail("d", 3, "a", "c"), true)
	})
}

func TestJoinedThreadsKeepEverything(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		other := mail("b", -1)
		other.List = "other"
		add(t, db, mail("a", 0), other, mail("c", 1))
		a, b, c := stored(t, db, "a").ThreadID, stored(t, db, "b").ThreadID, stored(t, db, "c").ThreadID
		tag := func(name string) sigpost.Tag { return sigpost.Tag{Kind: "project", Name: name} }
		save := func(thread int64, name string) {
			check(t, db.SaveTaggings(ctx, thread, 1, "v1", []sigpost.Tagging{{Tag: tag(name), Title: name, Score: 0.7, State: sigpost.TagAccepted}}))
		}
		save(a, "heat")
		save(b, "nova")
		check(t, db.Decide(ctx, b, tag("heat"), "Heat", false, "ada", "it is not", hours(2)))
		check(t, db.Decide(ctx, a, tag("kolla"), "Kolla", false, "ada", "at first", hours(2)))
		check(t, db.Decide(ctx, b, tag("kolla"), "Kolla", true, "bob", "on second thoughts", hours(3)))
		check(t, db.Decide(ctx, a, tag("magnum"), "Magnum", true, "bob", "later", hours(5)))
		check(t, db.Decide(ctx, b, tag("magnum"), "Magnum", false, "ada", "earlier", hours(4)))
		issue := sigpost.Issue{Digest: "weekly", State: sigpost.IssueApproved, Window: sigpost.Window{From: start, To: hours(1)}, Entries: []sigpost.Entry{{ThreadID: b}}}
		check(t, db.CreateIssue(ctx, &issue, []int64{stored(t, db, "b").ID}))

		// First b is joined to a, then c too, so that b was sent on twice.
		add(t, db, mail("d", 5, "b", "c"))
		add(t, db, mail("e", 6, "c", "a"))
		into := min(a, b, c)
		for _, old := range []int64{a, b, c} {
			thread := must(db.Thread(ctx, old))(t)
			if thread.ID != into || thread.Messages != 5 || thread.Subject != "About b" || !thread.First.Equal(hours(-1)) || !thread.Last.Equal(hours(6)) {
				t.Errorf("thread %d is %+v, want thread %d", old, thread, into)
			}
			equal(t, "lists", thread.Lists, []string{"other", "sig"})
			var names []string
			for _, tagging := range thread.Tags {
				names = append(names, tagging.Tag.Name)
			}
			equal(t, "tags", names, []string{"kolla", "magnum", "nova"})
			if n := len(must(db.ThreadMessages(ctx, old))(t)); n != 5 {
				t.Errorf("thread %d has %d messages", old, n)
			}
		}
		equal(t, "told", must(db.CarriedThreads(ctx, "weekly", []int64{into}, 0))(t), map[int64]int{into: 1})
		todo := must(db.ThreadsToClassify(ctx, "v1", 0, 10))(t)
		if len(todo) != 1 || todo[0].ID != into {
			t.Errorf("to classify are %+v, want thread %d", todo, into)
		}
		// What was read before and is written now goes nowhere.
		if gone := max(a, b, c); gone != into {
			check(t, db.SaveTaggings(ctx, gone, 1, "v1", nil))
		}
		check(t, db.Decide(ctx, max(a, b, c), tag("murano"), "Murano", true, "ada", "by the old number", hours(7)))
		if n := len(must(db.Decisions(ctx, into))(t)); n != 4 {
			t.Errorf("there are %d decisions, want 4", n)
		}
	})
}

func TestThreadsByPage(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for i, id := range []string{"a", "b", "c", "d"} {
			m := mail(id, i/2) // two at a time at the same hour
			if id == "b" || id == "c" {
				m.List = "other"
			}
			add(t, db, m)
		}
		heat := sigpost.Tag{Kind: "project", Name: "heat"}
		id := func(name string) int64 { return stored(t, db, name).ThreadID }
		for _, name := range []string{"a", "c", "d"} {
			check(t, db.SaveTaggings(ctx, id(name), 1, "v1", []sigpost.Tagging{{Tag: heat, Title: "Heat", Score: 0.9, State: sigpost.TagAccepted}}))
		}
		check(t, db.Decide(ctx, id("d"), heat, "Heat", false, "ada", "no", start))
		check(t, db.Decide(ctx, id("b"), heat, "Heat", true, "ada", "yes", start))
		tests := []struct {
			name string
			q    store.ThreadQuery
			want string
		}{
			{"all", store.ThreadQuery{}, "d c b a"},
			{"a page", store.ThreadQuery{Limit: 2}, "d c"},
			{"by tag", store.ThreadQuery{Tag: heat}, "c b a"},
			{"by another tag", store.ThreadQuery{Tag: sigpost.Tag{Kind: "project", Name: "nova"}}, ""},
			{"by list", store.ThreadQuery{List: "other"}, "c b"},
			{"by both", store.ThreadQuery{Tag: heat, List: "sig"}, "a"},
		}
		for _, test := range tests {
			if got := subjects(must(db.Threads(ctx, test.q))(t)); got != test.want {
				t.Errorf("%s: %q, want %q", test.name, got, test.want)
			}
		}
		var pages []sigpost.Thread
		var q store.ThreadQuery
		for q.Limit = 1; len(pages) < 9; q.Before = store.PositionOf(pages[len(pages)-1]) {
			page := must(db.Threads(ctx, q))(t)
			if len(page) == 0 {
				break
			}
			pages = append(pages, page...)
		}
		equal(t, "page by page", subjects(pages), "d c b a")
	})
}

func subjects(threads []sigpost.Thread) string {
	var all []string
	for _, t := range threads {
		all = append(all, strings.TrimPrefix(t.Subject, "About "))
	}
	return strings.Join(all, " ")
}
