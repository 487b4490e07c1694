package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/search"
	"sigpost/store"

	"pgregory.net/rapid"
)

// Every table is in a dump, or it is said why not; and what a table refers to comes
// before it.
func TestDumpKnowsEveryTable(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		shapes, described := must(db.Shapes(t.Context()))(t), must(os.ReadFile("../docs/format.md"))(t)
		if len(shapes) < 40 {
			t.Fatalf("there are %d tables", len(shapes))
		}
		for name, shape := range shapes {
			switch is := slices.Contains(store.Dumped, name); {
			case is == (store.LeftOut(name) != ""):
				t.Errorf("the table %s has to be either in dumped or in notDumped (store/tables.go)", name)
			case is:
				if _, err := store.DumpedColumns(name, shape); err != nil {
					t.Error(err)
				}
			}
		}
		for _, name := range store.Dumped {
			if !bytes.Contains(described, []byte("`"+name+"`")) {
				t.Errorf("docs/format.md says nothing of the table %s", name)
			}
			if _, ok := shapes[name]; !ok {
				t.Errorf("dumped has a table %s, which is not there", name)
			}
		}
		for _, r := range references(t, db) {
			from, to := slices.Index(store.Dumped, r.table), slices.Index(store.Dumped, r.to)
			if to >= 0 && from >= 0 && to > from {
				t.Errorf("%s refers to %s, which comes behind it", r.table, r.to)
			}
		}
	})
}

type reference struct{ table, column, to string }

// references are the foreign keys, as SQLite's tables have them.
func references(t testing.TB, db *store.DB) (all []reference) {
	t.Helper()
	lite := db
	if db.TextPlace() != "rowid" {
		lite = open(t, filepath.Join(t.TempDir(), "like.db"))
	}
	for _, row := range must(lite.Rows(t.Context(), 3, `SELECT m.name, f."from", f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`))(t) {
		all = append(all, reference{row[0], row[1], row[2]})
	}
	if len(all) < 20 {
		t.Fatalf("found %d foreign keys", len(all))
	}
	return all
}

// allowed are what columns may hold that a check bounds.
var allowed = map[string][]any{
	"taggings.state": {"accepted", "proposed"}, "taggings.evidence": {"[]"}, "decisions.verdict": {"accept", "reject"}, "judgements.verdict": {"accept", "reject"}, "judgements.state": {"accepted", "proposed", ""},
	"thread_decisions.verdict": {"split", "merge"}, "issue_edits.kind": {"pin", "drop", "move", "headline", "summary", "note", "section", "order"},
	"subscriptions.state": {"active", "ended"}, "consents.what": {"given", "changed", "withdrawn"},
	"deliveries.state": {"queued", "sending", "sent", "failed", "unknown", "suppressed"}, "nudges.state": {"queued", "sent"}, "announcements.state": {"queued", "sent"}, "notices.state": {"queued", "sent", "unknown"},
	"bounces.source": {"report", "smtp"}, "bounces.class": {"hard", "soft", "complaint", "auto-reply", "delivered"},
	"sessions.way": {"mail", "terminal"}, "sign_in_links.way": {"mail", "terminal"},
	"alerts.state": {"queued", "sent", "failed"}, "deliveries.lease": {0}, "announcements.lease": {0}, "nudges.lease": {0}, "generations.one": {1}, "issues.state": {"draft", "sent"},
	"sendings.queued": {0}, "sendings.queue_end": {5},
}

// fillRest puts random rows into every table in which nothing is.
func fillRest(t testing.TB, db *store.DB, r *rand.Rand) {
	t.Helper()
	shapes, refs := must(db.Shapes(t.Context()))(t), map[string]string{}
	for _, f := range references(t, db) {
		refs[f.table+"."+f.column] = f.to
	}
	check(t, db.SQL(t.Context(), `DELETE FROM generations`))
	for _, name := range store.Dumped {
		have := must(db.Texts(t.Context(), 1, `SELECT count(*) FROM `+name))(t)[0]
		if have != "0" || name == "messages" {
			continue
		}
		n := 1 + r.IntN(4)
		if name == "generations" {
			n = 1
		}
		for i := range n {
			var names, places []string
			var values []any
			for _, c := range shapes[name].Columns() {
				if c.Name == "id" && c.Key {
					continue // it numbers itself
				}
				full := name + "." + c.Name
				var v any
				switch options := allowed[full]; {
				case options != nil:
					v = options[r.IntN(len(options))]
				case refs[full] != "":
					parent := shapes[refs[full]].KeyColumn()
					ids := must(db.Rows(t.Context(), 1, `SELECT `+parent+` FROM `+refs[full]+` ORDER BY 1`))(t)
					if len(ids) == 0 {
						t.Fatalf("%s refers to %s, where nothing is", full, refs[full])
					}
					fmt.Sscan(ids[i%len(ids)][0], &v)
					var id int64
					fmt.Sscan(ids[i%len(ids)][0], &id)
					v = id
				case c.Packed:
					v = db.Squeeze([]byte([]string{"some text\r\n", "caf\xe9\x00", "ünïcode \u2028"}[r.IntN(3)]))
				default:
					v = c.Random(r, i)
				}
				names, places, values = append(names, c.Name), append(places, fmt.Sprintf("$%d", len(values)+1)), append(values, v)
			}
			err := db.SQL(t.Context(), fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s) ON CONFLICT DO NOTHING`, name, strings.Join(names, ", "), strings.Join(places, ", ")), values...)
			if err != nil {
				t.Fatalf("%s: %v (%v)", name, err, values)
			}
		}
	}
}

// fillMail puts mail into an archive, in some batches, and lets people decide.
func fillMail(t *testing.T, db *store.DB, r *rapid.T) {
	n := rapid.IntRange(2, 12).Draw(r, "messages")
	var arrivals []sigpost.Arrival
	for i := range n {
		a := drawMail(r, i, n)
		switch rapid.IntRange(0, 5).Draw(r, "kind") {
		case 0:
			a.Raw = append(a.Raw, "\xff\x00\xfe"...)
		case 1:
			a.Raw = append(a.Raw, "<b>&amp; \u2028 ünï\r\n"...)
		case 2:
			a.Message.NoArchive = true
		}
		arrivals = append(arrivals, a)
	}
	add(t, db, arrivals...)
	add(t, db, sigpost.Arrival{Raw: []byte("\x80broken"), Source: "inbox", UID: 9, Reason: "no header", List: "sig"})
	var ids []int64
	for _, thread := range must(db.Threads(t.Context(), store.ThreadQuery{Limit: 100}))(t) {
		ids = append(ids, thread.ID)
	}
	for _, id := range ids {
		check(t, db.SQL(t.Context(), `INSERT INTO taggings (thread_id, kind, name, title, score, state, evidence) VALUES ($1, 'project', 'kuryr', 'Kuryr', $2, 'accepted', '[]')`,
			id, rapid.Float64Range(0, 1).Draw(r, "score")))
	}
}

// relistAll writes down what random rows say of threads.
func relistAll(t testing.TB, db *store.DB) {
	t.Helper()
	for _, row := range must(db.Rows(t.Context(), 1, `SELECT id FROM threads`))(t) {
		var id int64
		fmt.Sscan(row[0], &id)
		check(t, db.Relist(t.Context(), id))
	}
}

// textOf reads words as the arrivals of this package have them.
func textOf(m *sigpost.Message, raw []byte) { m.Text = string(raw) }

func dumpOf(t testing.TB, db *store.DB) []byte {
	t.Helper()
	var b bytes.Buffer
	_, _, err := db.Dump(t.Context(), &b, store.DumpHeader{Program: "test", Made: start}, false, func(int, int) {})
	check(t, err)
	return b.Bytes()
}

func loadInto(t testing.TB, dsn string, data []byte) error {
	t.Helper()
	d, err := store.OpenDump(bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer d.Close()
	_, _, err = store.LoadDump(t.Context(), dsn, d, textOf, func(*store.DB) error { return nil }, func(int) {})
	return err
}

// What one engine writes the other one reads, and writes again as it was, byte for
// byte; and it is an archive like the first.
func TestDumpFromEngineToEngine(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue { // a second for each
		check(t, checks.Value.Set("5"))
		defer checks.Value.Set(checks.DefValue)
	}
	for from, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			other := engines[1-from]
			dsn, there, back := e.made(t), other.made(t), e.made(t)
			rapid.Check(t, func(r *rapid.T) {
				for _, dsn := range []string{dsn, there, back} {
					check(t, store.Wipe(t.Context(), dsn))
				}
				db := must(store.Open(t.Context(), dsn))(t)
				defer db.Close()
				seed := rapid.Uint64().Draw(r, "seed")
				fillMail(t, db, r)
				fillRest(t, db, rand.New(rand.NewPCG(seed, 1)))
				// Numbers that nothing has any more.
				check(t, db.SQL(t.Context(), `DELETE FROM quarantine`))
				fillRest(t, db, rand.New(rand.NewPCG(seed, 2)))
				relistAll(t, db)
				first := dumpOf(t, db)

				check(t, loadInto(t, there, first))
				second := must(store.Open(t.Context(), there))(t)
				defer second.Close()
				equalBytes(t, other.name, dumpOf(t, second), first)

				check(t, loadInto(t, back, first))
				third := must(store.Open(t.Context(), back))(t)
				defer third.Close()
				equalBytes(t, e.name+" again", dumpOf(t, third), first)
				alike(t, db, second)
			})
		})
	}
}

func equalBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s: line %d is\n%.2000s\nand should be\n%.2000s", what, i+1, a[i], b[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d", what, len(a), len(b))
}

// alike compares what two archives do.
func alike(t *testing.T, a, b *store.DB) {
	t.Helper()
	ctx := t.Context()
	for _, row := range must(a.Rows(ctx, 1, `SELECT id FROM threads`))(t) {
		var id int64
		fmt.Sscan(row[0], &id)
		equal(t, "thread "+row[0], must(b.ThreadMessages(ctx, id))(t), must(a.ThreadMessages(ctx, id))(t))
	}
	equal(t, "lists of threads", written(t, b), written(t, a))
	for _, word := range []string{"what", "say", "subject", "a*", "the", "from:ada"} {
		q := search.Parse(word, search.Names{})
		one, _, err := a.FoundMail(ctx, q, 100)
		check(t, err)
		two, _, err := b.FoundMail(ctx, q, 100)
		check(t, err)
		equal(t, "found by "+word, two, one)
	}
	if n := must(b.NotIndexed(ctx))(t); n != 0 {
		t.Errorf("%d messages are not indexed", n)
	}
	ids := must(a.Rows(ctx, 1, `SELECT id FROM messages ORDER BY id`))(t)
	for _, row := range ids {
		var id int64
		fmt.Sscan(row[0], &id)
		equal(t, "raw", must(b.Raw(ctx, id))(t), must(a.Raw(ctx, id))(t))
	}
	// What comes next has the same numbers.
	for _, db := range []*store.DB{a, b} {
		add(t, db, mail("next", 500), sigpost.Arrival{Raw: []byte("later"), Source: "inbox", UID: 10, Reason: "no header"})
	}
	for _, query := range []string{`SELECT max(id) FROM messages`, `SELECT max(id) FROM threads`, `SELECT max(id) FROM quarantine`} {
		equal(t, query, must(b.Texts(ctx, 1, query))(t), must(a.Texts(ctx, 1, query))(t))
	}
}

// A dump that is not whole is not read, and leaves nothing.
func TestDumpIsReadWholeOrNotAtAll(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		source := open(t, engines[0].made(t))
		add(t, source, mail("a", 0), mail("b", 1, "a"), mail("c", 2))
		good := dumpOf(t, source)
		lines := bytes.SplitAfter(bytes.TrimSuffix(good, []byte("\n")), []byte("\n"))
		swap := func(from, to string) []byte { return bytes.Replace(bytes.Clone(good), []byte(from), []byte(to), 1) }
		for what, bad := range map[string][]byte{
			"nothing":            nil,
			"no dump":            []byte("{\"some\":\"thing\"}\n"),
			"cut in a line":      good[:len(good)/2],
			"cut behind a line":  bytes.Join(lines[:len(lines)-1], nil),
			"a letter changed":   swap("This is what b", "This is what x"),
			"a row left out":     bytes.Join(slices.Delete(slices.Clone(lines), 2, 3), nil),
			"a row twice":        bytes.Join(slices.Insert(slices.Clone(lines), 2, lines[2]), nil),
			"a table unknown":    swap(`{"threads":`, `{"fleas":`),
			"a column unknown":   swap(`"subject":`, `"object":`),
			"more behind":        append(bytes.Clone(good), "{}\n"...),
			"another format":     swap(`"format":1`, `"format":2`),
			"a newer archive":    []byte(regexp.MustCompile(`"schema":\d+`).ReplaceAllString(string(good), `"schema":9999`)),
			"a number not there": swap(`"thread_id":1`, `"thread_id":"x"`),
		} {
			err := loadInto(t, dsn, bad)
			if err == nil {
				t.Errorf("%s: it was read", what)
				continue
			}
			if strings.HasPrefix(dsn, "postgres") {
				if !must(open(t, dsn).Empty(t.Context()))(t) {
					t.Fatalf("%s: something was left", what)
				}
			} else {
				os.Remove(dsn) // where it came so far that there is one
			}
		}
		check(t, loadInto(t, dsn, good))
		if err := loadInto(t, dsn, good); !errors.Is(err, store.ErrNotEmpty) {
			t.Errorf("read twice: %v", err)
		}
	})
}

// What is wrong with a dump is said with the line in which it is.
func TestDumpNamesTheLine(t *testing.T) {
	source := open(t, engines[0].made(t))
	add(t, source, mail("a", 0))
	lines := strings.SplitAfter(string(dumpOf(t, source)), "\n")
	for what, c := range map[string]struct {
		bad  []string
		line int
	}{
		"no row":        {slices.Insert(slices.Clone(lines), 1, "{}\n"), 2},
		"cut in a line": {append(slices.Clone(lines[:2]), `{"threads":`), 3},
		"too early":     {lines[:2], 3},
		"more behind":   {slices.Insert(slices.Clone(lines), len(lines)-1, "{}\n"), len(lines) - 1},
	} {
		err := loadInto(t, filepath.Join(t.TempDir(), "new.db"), []byte(strings.Join(c.bad, "")))
		if want := fmt.Sprintf(": line %d: ", c.line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", what, err, want)
		}
	}
}

// A dump that a version of before made is read, and brought up to date.
func TestDumpOfBefore(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		old := filepath.Join(t.TempDir(), "old.db")
		check(t, store.MigrateTo(ctx, old, 20))
		check(t, store.FillHidden(ctx, old, []sigpost.Arrival{mail("a", 0), mail("b", 1, "a")}))
		data := must(store.DumpAsIs(ctx, old))(t)
		check(t, loadInto(t, dsn, data))
		db := open(t, dsn)
		equal(t, "the mail of b", string(must(db.Raw(ctx, stored(t, db, "b").ID))(t)), string(mail("b", 1).Raw))
		equal(t, "mail to be read anew", must(db.NotIndexed(ctx))(t), 1)
		reread(t, db, func(*sigpost.Message) {}, "a", "b")
		if faults := sound(t, db); len(faults) > 0 {
			t.Error(faults)
		}
	})
}

// A dump says what it is in words that other programs understand.
func TestDumpIsJSONLines(t *testing.T) {
	db := open(t, engines[0].made(t))
	add(t, db, mail("a", 0))
	for line := range bytes.Lines(dumpOf(t, db)) {
		var one map[string]json.RawMessage
		if err := json.Unmarshal(line, &one); err != nil || len(one) != 1 {
			t.Fatalf("%v: %s", err, line)
		}
		if raw := one["messages"]; raw != nil && !bytes.Contains(raw, []byte(`"raw":"Message-ID: <a>\r\nSubject: About a\r\n`)) {
			t.Errorf("the mail is %s", raw)
		}
	}
}

// Writers do not wait for a dump, and it does not see what they write.
func TestDumpIsOfOneMoment(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		add(t, db, mail("a", 0))
		want := dumpOf(t, db)
		var b bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		wrote := false
		_, _, err := db.Dump(ctx, &b, store.DumpHeader{Program: "test", Made: start}, false, func(done, total int) {
			add(t, db, mail(fmt.Sprint("late", done), 5))
			wrote = true
		})
		check(t, err)
		if !wrote {
			t.Fatal("nothing was written meanwhile")
		}
		equalBytes(t, "the dump", b.Bytes(), want)
	})
}
