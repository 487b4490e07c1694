package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"

	"pgregory.net/rapid"
)

// written is what is written down of where threads are listed.
func written(t testing.TB, db *store.DB) string {
	t.Helper()
	var lines []string
	for _, row := range must(db.Rows(t.Context(), 4, `SELECT thread_id, last_at, kind, name FROM listing`))(t) {
		lines = append(lines, strings.Join(row, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// listings is where threads are to be listed, worked out from their tags and
// messages.
func listings(t testing.TB, db *store.DB) string {
	t.Helper()
	var lines []string
	for _, thread := range must(db.Threads(t.Context(), store.ThreadQuery{Limit: 1000}))(t) {
		add := func(kind, name string) {
			lines = append(lines, fmt.Sprintln(thread.ID, thread.Last.UnixMicro(), kind, name))
		}
		for _, tag := range thread.Tags {
			add(string(tag.Tag.Kind), tag.Tag.Name)
		}
		msgs := must(db.ThreadMessages(t.Context(), thread.ID))(t)
		var lists []string
		alone := !msgs[0].Robot && !msgs[0].Own
		for _, m := range msgs {
			lists = append(lists, m.Lists...)
			if !m.Robot && !m.Own && !strings.EqualFold(m.Author.Addr, msgs[0].Author.Addr) {
				alone = false
			}
		}
		slices.Sort(lists)
		for _, l := range slices.Compact(lists) {
			add(":list", l)
		}
		waits := []sigpost.Nature{sigpost.NatureQuestion, sigpost.NatureProposal, sigpost.NatureDiscussion}
		if alone && slices.Contains(waits, sigpost.NatureOf(thread.Tags)) {
			add(":unanswered", "")
		}
	}
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// tag lets the classifier look at a thread, or a person decide on a tag of it.
func (a *archive) tag() {
	r, ctx := a.r, a.t.Context()
	threads := must(a.db.Threads(ctx, store.ThreadQuery{Limit: 1000}))(a.t)
	slices.SortFunc(threads, func(x, y sigpost.Thread) int { return int(x.ID - y.ID) })
	thread := threads[rapid.IntRange(0, len(threads)-1).Draw(r, "thread")]
	topic := rapid.SampledFrom([]sigpost.Tag{{Kind: "project", Name: "kuryr"}, {Kind: "project", Name: "magnum"}, {Kind: "own", Name: "kuryr"}})
	nature := rapid.Map(rapid.SampledFrom([]sigpost.Nature{"question", "proposal", "discussion", "announcement", "answered"}), sigpost.Nature.Tag)
	if rapid.Bool().Draw(r, "person") {
		tag, accept := nature.Draw(r, "nature"), true
		if rapid.Bool().Draw(r, "topic") {
			tag, accept = topic.Draw(r, "of"), rapid.Bool().Draw(r, "accept")
		}
		a.decisionsMade++
		a.told = append(a.told, fmt.Sprintf("ana says %t to %s of thread %d", accept, tag, thread.ID))
		check(a.t, a.db.Decide(ctx, thread.ID, tag, tag.Name, accept, "ana", "", hours(a.decisionsMade)))
		return
	}
	taggings := []sigpost.Tagging{{Tag: nature.Draw(r, "nature"), State: sigpost.TagAccepted}}
	for _, t := range rapid.SliceOfNDistinct(topic, 0, 2, rapid.ID).Draw(r, "topics") {
		taggings = append(taggings, sigpost.Tagging{Tag: t, State: rapid.SampledFrom([]sigpost.TaggingState{sigpost.TagAccepted, sigpost.TagProposed}).Draw(r, "state")})
	}
	a.told = append(a.told, fmt.Sprintf("thread %d is tagged %+v", thread.ID, taggings))
	check(a.t, a.db.SaveTaggings(ctx, thread.ID, thread.Revision, "v", taggings))
}

// asked draws a question for threads.
func asked(r *rapid.T) (q store.ThreadQuery) {
	tags := []sigpost.Tag{{Kind: "project", Name: "a"}, {Kind: "project", Name: "b"}, {Kind: "own", Name: "a"}, sigpost.NatureQuestion.Tag(), sigpost.NatureAnnouncement.Tag()}
	q.Tags = rapid.SliceOfNDistinct(rapid.SampledFrom(tags), 0, 2, rapid.ID).Draw(r, "tags")
	q.List = rapid.SampledFrom([]string{"", "", "sig", "dev"}).Draw(r, "list")
	q.Unanswered = rapid.IntRange(0, 3).Draw(r, "unanswered") == 0
	q.Author = rapid.SampledFrom([]string{"", "", "", "ada", "Bob Builder", "bob@example.org", "example", "nobody"}).Draw(r, "author")
	if rapid.Bool().Draw(r, "from") {
		q.From = hours(rapid.IntRange(0, 60).Draw(r, "hour"))
	}
	if rapid.Bool().Draw(r, "until") {
		q.Until = hours(rapid.IntRange(0, 60).Draw(r, "hour"))
	}
	q.Limit = rapid.IntRange(1, 9).Draw(r, "limit")
	return q
}

// matches is what the question asks, the slow way.
func matches(t testing.TB, db *store.DB, q store.ThreadQuery, thread sigpost.Thread, listed string) bool {
	has := func(kind, name string) bool {
		return slices.Contains(strings.Split(listed, "\n"), fmt.Sprint(thread.ID, " ", thread.Last.UnixMicro(), " ", kind, " ", name))
	}
	for _, tag := range q.Tags {
		if !has(string(tag.Kind), tag.Name) {
			return false
		}
	}
	if q.List != "" && !has(":list", q.List) || q.Unanswered && !has(":unanswered", "") {
		return false
	}
	if q.Author != "" && !slices.ContainsFunc(must(db.ThreadMessages(t.Context(), thread.ID))(t), func(m sigpost.Message) bool {
		words := strings.FieldsFunc(strings.ToLower(m.Author.Name+" "+m.Author.Addr), func(r rune) bool { return strings.ContainsRune(" @.", r) })
		for _, w := range strings.FieldsFunc(strings.ToLower(q.Author), func(r rune) bool { return strings.ContainsRune(" @.", r) }) {
			if !slices.Contains(words, w) {
				return false
			}
		}
		return true
	}) {
		return false
	}
	return (q.From.IsZero() || !thread.Last.Before(q.From)) && (q.Until.IsZero() || thread.Last.Before(q.Until))
}

// filled is an archive of some sixty threads.
func filled(t testing.TB, db *store.DB) []sigpost.Thread {
	t.Helper()
	var all []sigpost.Arrival
	for i := range 60 {
		a := mail(fmt.Sprint("t", i), i/2)
		if a.List = "sig"; i%3 == 0 {
			a.List = "dev"
		}
		if i%5 == 0 {
			a.Message.Author = sigpost.Address{Name: "Bob the Builder", Addr: "Bob@example.org"}
		}
		all = append(all, a)
		if i%6 == 0 { // somebody writes twice
			again := mail(fmt.Sprint("v", i), i/2, sigpost.MessageID(fmt.Sprint("t", i)))
			again.Message.Author, again.List = a.Message.Author, a.List
			all = append(all, again)
		}
		if i%4 == 0 {
			answer := mail(fmt.Sprint("u", i), i/2+i%7, sigpost.MessageID(fmt.Sprint("t", i)))
			answer.Message.Author = sigpost.Address{Name: "Cy", Addr: "cy@example.net"}
			all = append(all, answer)
		}
	}
	add(t, db, all...)
	threads := must(db.Threads(t.Context(), store.ThreadQuery{Limit: 100}))(t)
	for _, thread := range threads {
		taggings := []sigpost.Tagging{{Tag: sigpost.NatureQuestion.Tag(), State: sigpost.TagAccepted}}
		if thread.ID%7 == 0 {
			taggings[0].Tag = sigpost.NatureAnnouncement.Tag()
		}
		for n, tag := range map[int64]sigpost.Tag{2: {Kind: "project", Name: "a"}, 3: {Kind: "project", Name: "b"}, 5: {Kind: "own", Name: "a"}} {
			if thread.ID%n == 0 {
				taggings = append(taggings, sigpost.Tagging{Tag: tag, Title: "Title", State: sigpost.TagAccepted})
			}
		}
		check(t, db.SaveTaggings(t.Context(), thread.ID, thread.Revision, "v", taggings))
	}
	return must(db.Threads(t.Context(), store.ThreadQuery{Limit: 100}))(t)
}

// Page by page, all threads of which all of a question holds are listed once, in
// their order.
func TestThreadsAreListedByWhatHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		threads := filled(t, db)
		listed := listings(t, db)
		rapid.Check(t, func(r *rapid.T) {
			q := asked(r)
			var want, got []string
			for _, thread := range threads {
				if matches(t, db, q, thread, listed) {
					want = append(want, fmt.Sprint(thread.ID))
				}
			}
			for pages := 0; ; pages++ {
				page := must(db.ListThreads(t.Context(), q))(t)
				for _, thread := range page.Threads {
					if page.Unanswered[thread.ID] != strings.Contains(listed, fmt.Sprint(thread.ID, " ", thread.Last.UnixMicro(), " :unanswered")) {
						r.Fatalf("thread %d waits: %t", thread.ID, page.Unanswered[thread.ID])
					}
					got = append(got, fmt.Sprint(thread.ID))
				}
				if q.Before = page.Next; page.Next == (store.ThreadPosition{}) {
					break
				}
				if pages > 60 {
					r.Fatalf("there is no end to %+v", q)
				}
			}
			if !slices.Equal(got, want) {
				r.Fatalf("%+v gives\n%v, want\n%v", q, got, want)
			}
			if all := must(db.Threads(t.Context(), q))(t); len(all) > q.Limit {
				r.Fatalf("%d threads of at most %d", len(all), q.Limit)
			}
		})
		counts := must(db.TagCounts(t.Context()))(t)
		equal(t, "topics", counts, []store.TagCount{{Tag: sigpost.Tag{Kind: "own", Name: "a"}, Title: "Title", Threads: 12},
			{Tag: sigpost.Tag{Kind: "project", Name: "a"}, Title: "Title", Threads: 30}, {Tag: sigpost.Tag{Kind: "project", Name: "b"}, Title: "Title", Threads: 20}})
	})
}

// Mail that comes while somebody turns the pages moves no thread to another one.
func TestPagesStandStillWhileMailComes(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		threads := filled(t, db)
		page := must(db.ListThreads(t.Context(), store.ThreadQuery{Limit: 20}))(t)
		add(t, db, mail("new", 999), mail("v", 999, sigpost.MessageID("t59")))
		next := must(db.ListThreads(t.Context(), store.ThreadQuery{Limit: 20, Before: page.Next}))(t)
		for i, thread := range next.Threads {
			if thread.ID != threads[20+i].ID {
				t.Fatalf("thread %d is %d, want %d", i, thread.ID, threads[20+i].ID)
			}
		}
		equal(t, "threads", len(next.Threads), 20)
	})
}

// A page looks at no more than it may: where nothing is found there, the next
// one goes on behind it.
func TestPagesAreBounded(t *testing.T) {
	db := open(t, engines[0].dsn(t))
	ctx := t.Context()
	const n = 25_000
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		for _, query := range []string{
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO threads (id, subject, base_subject, messages, robots, first_at, last_at, revision) SELECT i, '', '', 1, 0, i, i, 1 FROM n`,
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO listing (kind, name, last_at, thread_id) SELECT 'project', 'a', i, i FROM n UNION ALL SELECT ':list', 'l', i, i FROM n WHERE i < 2000
UNION ALL SELECT ':list', 'l', 99999999, 100000 + i FROM n`,
			`INSERT INTO raw_blocks (id, data) SELECT 1, '' WHERE $1 > 0`,
			// Threads are shown by a message that is.
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO messages (thread_id, message_key, message_id, derived, refs, author_name, author_addr, sender_name, sender_addr, subject, base_subject, sent, received,
trace, list_ids, archived_at, robot, own, attachments, size, defects, raw_block, raw_offset, raw_size, stored_at)
SELECT i, CAST(i AS TEXT), '', 0, '', '', '', '', '', '', '', 0, i, 0, '', '', 0, 0, '', 0, '', 1, 0, 0, 0 FROM n`,
		} {
			if err := tx.SQL(ctx, query, n); err != nil {
				return err
			}
		}
		return nil
	}))
	q := store.ThreadQuery{Tags: []sigpost.Tag{{Kind: "project", Name: "a"}}, List: "l", Limit: 10}
	var sizes []int
	for len(sizes) < 9 {
		page := must(db.ListThreads(ctx, q))(t)
		sizes = append(sizes, len(page.Threads))
		if len(page.Threads) > 0 {
			equal(t, "the newest in both", page.Threads[0].ID, int64(1999))
			break
		}
		q.Before = page.Next
	}
	equal(t, "threads on pages", sizes, []int{0, 0, 0, 0, 10})
	q.Before = store.ThreadPosition{}
	equal(t, "threads whatever it takes", len(must(db.Threads(ctx, q))(t)), 10)
}

// An author is found by whole words, and by an address alone.
func TestAuthors(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		var all []sigpost.Arrival
		for i := range 20 {
			a := mail(fmt.Sprint("a", i), i)
			a.Message.Author = sigpost.Address{Name: "Jo Many", Addr: fmt.Sprintf("jo%d@example.org", i)}
			all = append(all, a)
		}
		long := mail("long", 30)
		long.Message.Author = sigpost.Address{Name: strings.Repeat("é ", 5000), Addr: strings.Repeat("x", 5000)}
		add(t, db, append(all, long)...)
		for words, want := range map[string]int{"jo1@example.org": 1, "JO1": 1, "jo": -1, "jo15 many": 1, "x": 0, "@": 0, "org example jo3": 1} {
			list, err := db.ListThreads(t.Context(), store.ThreadQuery{Author: words})
			if want < 0 && err != store.ErrManyAuthors || want >= 0 && (err != nil || len(list.Threads) != want) {
				t.Errorf("%s: %d threads, %v", words, len(list.Threads), err)
			}
		}
	})
}

// The words of names are those of names alone: no part of an address is among them.
func TestNameWords(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		a, b := mail("a", 0), mail("b", 1)
		a.Message.Author = sigpost.Address{Name: "Zoë O'Hara", Addr: "zo1980@secret.example"}
		b.Message.Author = sigpost.Address{Name: "zoë", Addr: "other@secret.example"}
		add(t, db, a, b)
		all := must(db.NameWords(t.Context()))(t)
		slices.Sort(all)
		equal(t, "words", all, []string{"hara", "o", "zoë"})
	})
}

// No list of threads reads all of the archive.
func TestThreadListsUseTheirIndexes(t *testing.T) {
	db, other := open(t, engines[0].dsn(t)), open(t, engines[1].dsn(t))
	filled(t, db)
	filled(t, other)
	ctx := t.Context()
	var statements []string
	tags := []sigpost.Tag{{Kind: "project", Name: "a"}, {Kind: "project", Name: "b"}}
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		before := store.ThreadPosition{Last: hours(20), ID: 3}
		for _, q := range []store.ThreadQuery{{}, {Tags: tags[:1]}, {Tags: tags}, {List: "sig", Unanswered: true}, {Author: "bob"}, {Author: "bob", Tags: tags}} {
			for _, q.Before = range []store.ThreadPosition{{}, before} {
				must(tx.ListThreads(ctx, q))(t)
				q.From, q.Until = hours(2), hours(30)
				must(tx.ListThreads(ctx, q))(t)
			}
		}
		must(tx.TagTitle(ctx, tags[0]))(t)
		statements = tx.Compiled()
		return nil
	}))
	for _, query := range statements {
		how := plan(t, db, query)
		for _, line := range strings.Split(how, "\n") {
			if strings.HasPrefix(line, "SCAN ") && !strings.HasPrefix(line, "SCAN t USING INDEX threads_last") && line != "SCAN d" && line != "SCAN found" && !strings.HasPrefix(line, "SCAN w") && line != "SCAN CONSTANT ROW" {
				t.Errorf("%s\n%s:\n%s", query, line, how)
			}
		}
		if strings.Contains(how, "TEMP B-TREE FOR ORDER BY") && strings.Contains(query, "FROM listing d") {
			t.Errorf("%s\nsorts:\n%s", query, how)
		}
		if !strings.Contains(query, "FROM listing d") {
			continue
		}
		how = genericPlan(t, other, query)
		if strings.Contains(how, "Seq Scan") || strings.Contains(how, "Sort") || !strings.Contains(how, "listing_pkey") {
			t.Errorf("PostgreSQL cannot go along the listing for %s:\n%s", query, how)
		}
	}
}

// genericPlan is how PostgreSQL would run a statement on a table that is large
// enough for indexes.
func genericPlan(t testing.TB, db *store.DB, query string) (how string) {
	t.Helper()
	ctx := t.Context()
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		for _, s := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", "SET LOCAL enable_seqscan = off", "SET LOCAL enable_bitmapscan = off", "PREPARE asked AS " + query} {
			if err := tx.SQL(ctx, s); err != nil {
				return err
			}
		}
		n := 0
		for _, p := range parameter.FindAllStringSubmatch(query, -1) {
			var i int
			fmt.Sscan(p[1], &i)
			n = max(n, i)
		}
		for _, row := range must(tx.Rows(ctx, 1, "EXPLAIN EXECUTE asked (NULL"+strings.Repeat(", NULL", n-1)+")"))(t) {
			how += row[0] + "\n"
		}
		return tx.SQL(ctx, "DEALLOCATE asked")
	}))
	return how
}

// Who has written more than a page looks at is found on all pages, once each.
func TestBusyAuthors(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		var all []sigpost.Arrival
		for i := range 900 {
			all = append(all, mail(fmt.Sprint("busy", i), i))
			if i%30 == 0 {
				all[i].List = "rare"
			}
		}
		add(t, db, all...)
		for list, want := range map[string]int{"": 900, "rare": 30} {
			seen := map[int64]bool{}
			q := store.ThreadQuery{Author: "ada", List: list, Limit: 100}
			for pages := 0; pages == 0 || q.Before != (store.ThreadPosition{}) && pages < 30; pages++ {
				page := must(db.ListThreads(t.Context(), q))(t)
				for _, thread := range page.Threads {
					if seen[thread.ID] {
						t.Errorf("thread %d is there twice", thread.ID)
					}
					seen[thread.ID] = true
				}
				q.Before = page.Next
			}
			equal(t, "threads on list "+list, len(seen), want)
		}
	})
}

// Whether a thread waits for an answer is known anew when an author is read in
// another way.
func TestRereadAuthorsAnswerOrNot(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		answer := mail("b", 1, "a")
		answer.Message.Author.Addr = "bob@example.org"
		add(t, db, mail("a", 0), answer)
		check(t, db.SaveTaggings(t.Context(), 1, 2, "v", []sigpost.Tagging{{Tag: sigpost.NatureQuestion.Tag(), State: sigpost.TagAccepted}}))
		waits := func(want int) {
			t.Helper()
			equal(t, "threads that wait", len(must(db.ListThreads(t.Context(), store.ThreadQuery{Unanswered: true}))(t).Threads), want)
		}
		reread(t, db, func(*sigpost.Message) {}, "a", "b")
		waits(0)
		reread(t, db, func(m *sigpost.Message) { m.Author.Addr = "ADA@example.org" }, "b")
		waits(1)
		reread(t, db, func(m *sigpost.Message) { m.Author.Addr = "cy@example.org" }, "b")
		waits(0)
		equal(t, "threads of a new author", len(must(db.ListThreads(t.Context(), store.ThreadQuery{Author: "cy"}))(t).Threads), 1)
	})
}
