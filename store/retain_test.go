package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// Whatever refers to threads and messages goes with them.
func TestRetainKnowsWhatBelongsToMail(t *testing.T) {
	db := open(t, engines[0].made(t))
	for _, r := range references(t, db) {
		if r.to == "threads" && r.table != "messages" && !slices.Contains(store.OfThreads, r.table) {
			t.Errorf("%s refers to threads and is not in ofThreads (store/retain.go)", r.table)
		}
		if r.to == "messages" && !slices.Contains(store.OfMessages, r.table) {
			t.Errorf("%s refers to messages and is not in ofMessages (store/retain.go)", r.table)
		}
	}
	// What is of a thread without referring to it.
	for name, shape := range must(db.Shapes(t.Context()))(t) {
		for _, c := range shape.Columns() {
			if c.Name == "thread_id" && name != "messages" && name != "issue_edits" && !slices.Contains(store.OfThreads, name) {
				t.Errorf("%s has a thread_id and is not in ofThreads (store/retain.go)", name)
			}
		}
	}
}

// Old threads go with their bytes, wherever these lay; what is left is as it was.
func TestRetainMail(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		// Old and new mail lies side by side in the same blocks.
		var arrivals []sigpost.Arrival
		for i := range 40 {
			hour := i
			if i%3 == 0 {
				hour += 24 * 400
			}
			a := letter(fmt.Sprint("m", i), hour, "Subject of "+fmt.Sprint(i), fmt.Sprintf("secretword%d is what it says", i))
			if i >= 5 {
				a.Message.References = []sigpost.MessageID{sigpost.MessageID(fmt.Sprint("m", i-3))}
			}
			a.Message.Author.Addr = fmt.Sprintf("author%d@example.org", i%3)
			arrivals = append(arrivals, a)
		}
		add(t, db, arrivals...)
		fillRest(t, db, rand.New(rand.NewPCG(1, 2)))
		check(t, db.SQL(ctx, `UPDATE issues SET state = 'sent'`))
		relistAll(t, db)
		cut := start.Add(24 * 300 * time.Hour)
		young := map[string]bool{}
		for _, row := range must(db.Rows(ctx, 1, `SELECT m.message_id FROM messages m JOIN threads t ON t.id = m.thread_id WHERE t.last_at >= $1`, cut.UnixMicro()))(t) {
			young[row[0]] = true
		}
		if len(young) == 0 || len(young) == 40 {
			t.Fatalf("%d of 40 are young", len(young))
		}
		n := must(db.Retain(ctx, store.RetainMail, cut, func(int) {}))(t)
		if n == 0 {
			t.Fatal("nothing went")
		}
		for _, a := range arrivals {
			id := string(a.Message.MessageID)
			if !young[id] {
				if _, err := db.MessageByID(ctx, a.Message.MessageID); err == nil {
					t.Errorf("%s is there", id)
				}
				continue
			}
			equal(t, id, string(must(db.Raw(ctx, stored(t, db, id).ID))(t)), string(a.Raw))
			word := strings.Fields(a.Message.Text)[0]
			equal(t, "found by "+word, found(t, db, word, 0), id)
		}
		if faults := sound(t, db); len(faults) > 0 {
			t.Error(strings.Join(faults, "\n"))
		}
		for _, block := range must(db.Blocks(ctx))(t) {
			for _, a := range arrivals {
				if !young[string(a.Message.MessageID)] && strings.Contains(block, string(a.Raw)) {
					t.Errorf("the bytes of %s are there", a.Message.MessageID)
				}
			}
		}
		equal(t, "the next time", must(db.Retain(ctx, store.RetainMail, cut, func(int) {}))(t), 0)
		equal(t, "authors of no mail", must(db.Texts(ctx, 1, `SELECT count(*) FROM authors a WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE lower(m.author_addr) = lower(a.addr))`))(t)[0], "0")
	})
}

// What an issue tells of that is not sent yet stays.
func TestRetainKeepsWhatIsToBeSent(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		check(t, db.SQL(ctx, `INSERT INTO issues (digest, number, window_from, window_to, state, state_at, content) VALUES ('weekly', 1, 1, 2, 'draft', 1, '{}')`))
		check(t, db.SQL(ctx, `INSERT INTO issue_threads (thread_id, issue_id) SELECT thread_id, 1 FROM messages WHERE message_id = 'a'`))
		equal(t, "removed", must(db.Retain(ctx, store.RetainMail, hours(9999), func(int) {}))(t), 1)
		stored(t, db, "a")
		check(t, db.SQL(ctx, `UPDATE issues SET state = 'sent'`))
		equal(t, "removed once it is sent", must(db.Retain(ctx, store.RetainMail, hours(9999), func(int) {}))(t), 1)
	})
}

// Everything else goes by its age, and only that.
func TestRetainRows(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		at := func(h int) int64 { return hours(h).UnixMicro() }
		for _, s := range []struct {
			query string
			args  []any
		}{
			{`INSERT INTO issues (digest, number, window_from, window_to, state, state_at, content) VALUES ('weekly', 1, 1, 2, 'sent', $1, '{}'), ('weekly', 2, 2, 3, 'sent', $2, '{}'), ('weekly', 3, 3, 4, 'approved', $1, '{}')`, []any{at(0), at(100)}},
			{`INSERT INTO subscribers (name, addr, addr_key, zone, consent, created) VALUES ('', 'a@x', 'a@x', '', 'c', $1), ('', 'b@x', 'b@x', '', 'c', $1), ('', 'c@x', 'c@x', '', 'c', $1), ('', 'd@x', 'd@x', '', 'c', $1)`, []any{at(0)}},
			{`INSERT INTO subscriptions (subscriber_id, digest, state, topics, since, ended_at) VALUES (1, 'weekly', 'active', '', 1, 0), (2, 'weekly', 'ended', '', 1, $1), (3, 'weekly', 'ended', '', 1, $2), (4, 'weekly', 'ended', '', 1, $1)`, []any{at(1), at(100)}},
			{`INSERT INTO requests (addr, addr_key, digest, name, zone, topics, muted, as_text, news_only, way, shown, network, made, expires) VALUES ('d@x', 'd@x', 'weekly', '', '', '', '', 0, 0, 'web', '', '', 1, $1)`, []any{at(200)}},
			{`INSERT INTO deliveries (issue_id, subscription_id, state, message_id, due, reply, updated) VALUES (1, 1, 'sent', 'x1', 1, 'ok a@x', $1), (1, 2, 'sent', 'x2', 1, 'ok b@x', $2), (2, 1, 'sent', 'x3', 1, 'ok a@x', $2), (3, 1, 'queued', 'x4', 1, 'later', $1)`, []any{at(0), at(100)}},
			{`INSERT INTO bounces (fingerprint, subscription_id, delivery_id, at, source, class, reason, status, reply, evidence, domain, feedback, counts) VALUES ('f', 1, 1, $1, 'smtp', 'hard', 'r', '5.1.1', 'no a@x', 'no a@x', 'x', '', 1)`, []any{at(0)}},
			{`INSERT INTO audit (at, who, action, object_kind, object, says, detail, undo, undoes) VALUES ($1, 'w', 'a', 'k', 'o', 's', '', '', 0), ($2, 'w', 'a', 'k', 'o', 's', '', '', 0)`, []any{at(0), at(100)}},
			{`INSERT INTO quarantine (quarantine_key, source, uid, raw, raw_size, reason, at) VALUES ($1, 's', 1, $2, 1, 'r', $3), ($4, 's', 2, $2, 1, 'r', $5)`, []any{[]byte("1"), []byte("x"), at(0), []byte("2"), at(100)}},
		} {
			check(t, db.SQL(ctx, s.query, s.args...))
		}
		former := must(db.FormerReaders(ctx, hours(50), "", 10))(t)
		equal(t, "former readers", former, []string{"b@x"})
		for _, step := range []struct {
			what store.Retained
			n    int
			left string
		}{
			{store.RetainReplies, 2, `SELECT string_agg(reply, ',') FROM (SELECT reply FROM deliveries ORDER BY id) d`},
			{store.RetainAudit, 1, `SELECT count(*) FROM audit`},
			{store.RetainQuarantine, 1, `SELECT count(*) FROM quarantine`},
			{store.RetainLedger, 1, `SELECT string_agg(message_id, ',') FROM (SELECT message_id FROM deliveries ORDER BY id) d`},
		} {
			equal(t, string(step.what), must(db.Retain(ctx, step.what, hours(50), func(int) {}))(t), step.n)
			want := map[store.Retained]string{store.RetainReplies: ",ok b@x,ok a@x,later", store.RetainAudit: "1", store.RetainQuarantine: "1", store.RetainLedger: "x2,x3,x4"}
			equal(t, "left of "+string(step.what), must(db.Texts(ctx, 1, step.left))(t)[0], want[step.what])
			equal(t, string(step.what)+" again", must(db.Retain(ctx, step.what, hours(50), func(int) {}))(t), 0)
		}
	})
}
