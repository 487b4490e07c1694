package store_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
	"sigpost/thread"
)

var parameter = regexp.MustCompile(`\$(\d+)`)

// plan is how SQLite would run a statement.
func plan(t testing.TB, db *store.DB, query string) string {
	t.Helper()
	n := strings.Count(query, "?")
	for _, p := range parameter.FindAllStringSubmatch(query, -1) {
		var i int
		fmt.Sscan(p[1], &i)
		n = max(n, i)
	}
	var steps []string
	for _, row := range must(db.Rows(t.Context(), 4, "EXPLAIN QUERY PLAN "+query, make([]any, n)...))(t) {
		steps = append(steps, row[3])
	}
	return strings.Join(steps, "\n")
}

// whole says that a plan reads a table or an index from end to end.
var whole = regexp.MustCompile(`(?m)^SCAN (t|m|messages|threads|ghosts|outward|quarantine|redirects|message_lists|thread_lists|taggings|decisions|carried|issue_threads|raw_blocks)\b.*$`)

// Nothing that is asked for every batch of mail reads a whole table.
func TestQueriesUseTheirIndexes(t *testing.T) {
	db := open(t, engines[0].made(t))
	ctx := t.Context()
	var statements []string
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		lost := mail("lost", 4)
		lost.Message.Subject, lost.Message.Answering = "Re: About a", true
		again := mail("a", 0)
		again.List = "other"
		broken := sigpost.Arrival{Raw: []byte("x"), Source: "a/INBOX", UID: 3, Partial: true, Reason: "cut off"}
		cut := mail("cut", 5, "b")
		cut.Message.Subject = "Something else (was: About b)"
		add(t, tx, mail("b", 1, "a"), mail("c", 2, "x"), broken)
		add(t, tx, mail("a", 0), lost, cut, mail("d", 3, "x", "b"))
		add(t, tx, again, mail("x", 3), broken)
		check(t, tx.DecideThread(ctx, store.ThreadDecision{Decision: thread.Decision{Kind: thread.Split, Message: "d"}, At: start}))
		add(t, tx, mail("e", 6, "d"), mail("f", 6, "b", "cut"))
		reread(t, tx, func(m *sigpost.Message) { m.Subject, m.References = "Another", nil }, "c")
		must(tx.Known(ctx, []sigpost.MessageID{"a"}))(t)
		must(tx.KnownLetters(ctx, []sigpost.MessageID{"a"}))(t)
		must(tx.Gaps(ctx, "a/INBOX"))(t)
		for _, query := range []string{"about", "-about", "about tag:project:x", "tag:project:x", "list:sig -about", "nature:call OR about", "is:unanswered after:2016", "has:attachment"} {
			for _, ranked := range []bool{false, true} {
				find(t, tx, store.Find{Query: search.Parse(query, search.Names{}), ByRelevance: ranked, Limit: 3})
			}
		}
		must(tx.Latest(ctx, []int64{1}))(t)
		must(tx.NewestOf(ctx, 1, 3))(t)
		must(tx.Quarantined(ctx, 1))(t)
		must(tx.ThreadsToClassify(ctx, "v1", 0, 9))(t)
		check(t, tx.Classified(ctx, "v1"))
		for _, thread := range must(tx.ThreadsToClassify(ctx, "v1", 0, 9))(t) {
			check(t, tx.SaveTaggings(ctx, thread.ID, thread.Revision, "v1", nil))
		}
		check(t, tx.Tidy(ctx, 1))
		statements = tx.Compiled()
		return nil
	}))
	indexes := []string{"threads_grown", "messages_subject", "messages_answers", "quarantine_uid", "outward_thread", "ghosts_thread", "redirects_thread"}
	used := map[string]string{}
	for _, query := range statements {
		how := plan(t, db, query)
		if found := whole.FindString(how); found != "" && !strings.HasPrefix(query, "INSERT INTO raw_blocks") {
			// That one looks at messages only where a foreign key is broken, and
			// threads_grown holds nothing but what is asked for.
			if !strings.Contains(found, "USING INDEX threads_grown") {
				t.Errorf("%s\nreads a whole table:\n%s", query, how)
			}
		}
		for _, index := range indexes {
			if strings.Contains(how, index) {
				used[index] = query
			}
		}
	}
	for _, index := range indexes {
		if used[index] == "" {
			t.Errorf("nothing uses %s", index)
		}
	}
}

// What is asked for one person does not read everybody's letters.
func TestOnePersonIsFoundByIndexes(t *testing.T) {
	db := open(t, engines[0].made(t))
	ctx := t.Context()
	must(db.Subscribe(ctx, wish("grace@example.org")))(t)
	var statements []string
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		must(tx.DeliveriesTo(ctx, "grace@example.org"))(t)
		must(tx.Consents(ctx, "grace@example.org"))(t)
		must(tx.SubscriptionsOf(ctx, "grace@example.org"))(t)
		must(tx.RequestsOf(ctx, "grace@example.org"))(t)
		must(tx.Notices().To(ctx, "grace@example.org"))(t)
		must(tx.Notices().Claim(ctx, start, start, 9))(t)
		must(tx.Erase(ctx, "grace@example.org", start))(t)
		statements = tx.Compiled()
		return nil
	}))
	for _, query := range statements {
		if steps := plan(t, db, query); regexp.MustCompile(`(?m)^SCAN (d|b|s|deliveries|subscribers|subscriptions|consents|requests|notices)\b`).MatchString(steps) {
			t.Errorf("%s\nreads a whole table:\n%s", query, steps)
		}
	}
}
