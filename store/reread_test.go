package store_test

import (
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// reread reads stored messages anew, as change says.
func reread(t testing.TB, db *store.DB, change func(m *sigpost.Message), ids ...string) (changed int) {
	t.Helper()
	var msgs []*sigpost.Message
	for _, id := range ids {
		m := stored(t, db, id)
		m.Reader = 7
		change(&m)
		msgs = append(msgs, &m)
	}
	return must(db.Reread(t.Context(), msgs))(t)
}

func TestRereadReplacesEveryField(t *testing.T) {
	changes := map[string]func(m *sigpost.Message){
		"derived":      func(m *sigpost.Message) { m.Derived = true },
		"claimed":      func(m *sigpost.Message) { m.Claimed = "c" },
		"message id":   func(m *sigpost.Message) { m.MessageID = "a2" },
		"references":   func(m *sigpost.Message) { m.References = []sigpost.MessageID{"x", "y"} },
		"author":       func(m *sigpost.Message) { m.Author.Name = "Grace" },
		"its address":  func(m *sigpost.Message) { m.Author.Addr = "grace@example.org" },
		"sender":       func(m *sigpost.Message) { m.Sender.Name = "A list" },
		"its address2": func(m *sigpost.Message) { m.Sender.Addr = "list@example.org" },
		"subject":      func(m *sigpost.Message) { m.Subject = "Re: Bays" },
		"base subject": func(m *sigpost.Message) { m.BaseSubject = "Bays" },
		"answering":    func(m *sigpost.Message) { m.Answering = true },
		"quoting":      func(m *sigpost.Message) { m.Quoting = true },
		"sent":         func(m *sigpost.Message) { m.Sent = hours(-7) },
		"not sent":     func(m *sigpost.Message) { m.Sent = time.Time{} },
		"trace":        func(m *sigpost.Message) { m.Trace = hours(-6) },
		"list ids":     func(m *sigpost.Message) { m.ListIDs = []string{"sig.example.org"} },
		"archived at":  func(m *sigpost.Message) { m.ArchivedAt = "https://example.org/a" },
		"robot":        func(m *sigpost.Message) { m.Robot = true },
		"own":          func(m *sigpost.Message) { m.Own = true },
		"attachments": func(m *sigpost.Message) {
			m.Attachments = []sigpost.Attachment{{Name: "a.txt", Type: "text/plain", Size: 3, Part: "2"}}
		},
		"fingerprint": func(m *sigpost.Message) { m.Fingerprint.Body[3] = 9 },
		"defects":     func(m *sigpost.Message) { m.Defects = []string{"no date"} },
	}
	onBoth(t, func(t *testing.T, db *store.DB) {
		add(t, db, mail("a", 0), mail("b", 1))
		for name, change := range changes {
			was := stored(t, db, "a")
			for pass, want := range []int{1, 0} {
				n := reread(t, db, change, idOf(t, db, was.ID))
				if n != want {
					t.Errorf("%s, pass %d: %d changed, want %d", name, pass+1, n, want)
				}
				want := was
				want.Reader = 7
				change(&want)
				got := must(db.Message(t.Context(), was.ID))(t)
				want.ThreadID = got.ThreadID
				equal(t, name, got, want)
			}
			reread(t, db, func(m *sigpost.Message) { *m = was; m.Reader = 6 }, idOf(t, db, was.ID))
		}
		if faults := sound(t, db); len(faults) > 0 {
			t.Error(faults)
		}
	})
}

func idOf(t testing.TB, db *store.DB, id int64) string {
	return string(must(db.Message(t.Context(), id))(t).MessageID)
}

// What a column cannot hold as it is given is no change.
func TestRereadOfTheSameChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		a := mail("a", 0)
		a.Message.Subject, a.Message.Defects = "s\x00\xff", []string{"line\nend", ""}
		a.Message.Sent = time.Date(2016, 4, 4, 11, 0, 0, 1234, time.FixedZone("CEST", 7200))
		add(t, db, a, mail("b", 1, "a"), mail("c", 2))
		before := must(db.Rows(t.Context(), 3, `SELECT id, thread_id, message_id FROM messages ORDER BY id`))(t)
		m, raw := *a.Message, stored(t, db, "a")
		m.ID, m.ThreadID, m.Lists, m.Reader = raw.ID, raw.ThreadID, raw.Lists, 7
		if n := must(db.Reread(t.Context(), []*sigpost.Message{&m}))(t); n != 0 {
			t.Errorf("%d changed", n)
		}
		if n := reread(t, db, func(*sigpost.Message) {}, "c", "b"); n != 0 {
			t.Errorf("%d changed", n)
		}
		equal(t, "rows", must(db.Rows(t.Context(), 3, `SELECT id, thread_id, message_id FROM messages ORDER BY id`))(t), before)
		if got := stored(t, db, "a"); got.Reader != 7 {
			t.Errorf("the reader is %d", got.Reader)
		}
		unknown := raw
		unknown.ID = 999
		if n := must(db.Reread(t.Context(), []*sigpost.Message{&unknown}))(t); n != 0 {
			t.Errorf("%d changed of what is not there", n)
		}
	})
}

func TestRereadFindsThreadsAnew(t *testing.T) {
	refs := func(ids ...sigpost.MessageID) func(*sigpost.Message) {
		return func(m *sigpost.Message) { m.References = ids }
	}
	called := func(id sigpost.MessageID) func(*sigpost.Message) {
		return func(m *sigpost.Message) { m.MessageID = id }
	}
	tests := []struct {
		name   string
		come   []sigpost.Arrival
		id     string
		change func(*sigpost.Message)
		want   string
	}{
		{"a link that was not there", []sigpost.Arrival{mail("a", 0), mail("b", 1, "a"), mail("c", 2, "b")}, "b", refs(), "a\nb c"},
		{"a link that was overlooked", []sigpost.Arrival{mail("a", 0), mail("b", 1), mail("c", 2, "b")}, "b", refs("a"), "a b c"},
		{"a link to what is not there", []sigpost.Arrival{mail("a", 0, "x"), mail("b", 1)}, "b", refs("x"), "a b"},
		{"a message that held two together", []sigpost.Arrival{mail("a", 0), mail("b", 1), mail("c", 2, "a", "b")}, "c", refs("b"), "a\nb c"},
		{"an id that others name", []sigpost.Arrival{mail("a", 0), mail("c", 1, "b")}, "a", called("b"), "b c"},
		{"an id that nobody names any more", []sigpost.Arrival{mail("a", 0), mail("b", 1, "a")}, "a", called("x"), "b\nx"},
		{"an id that is taken", []sigpost.Arrival{mail("a", 0), mail("b", 1), mail("c", 2, "b")}, "a", called("b"), "a\nb c"},
		{"a root that went on", []sigpost.Arrival{mail("a", 0), mail("b", 1, "a"), mail("z", 2)}, "a", refs("z"), "a b z"},
	}
	onBoth(t, func(t *testing.T, db *store.DB) {
		for _, test := range tests {
			wipe(t, db)
			add(t, db, test.come...)
			old := stored(t, db, test.id)
			revision := must(db.Thread(t.Context(), old.ThreadID))(t).Revision
			if n := reread(t, db, test.change, test.id); n != 1 {
				t.Errorf("%s: %d changed", test.name, n)
			}
			if got := partition(t, db); got != test.want {
				t.Errorf("%s: threads are %q, want %q", test.name, got, test.want)
			}
			if now := must(db.Thread(t.Context(), old.ThreadID))(t); now.Revision <= revision {
				t.Errorf("%s: the revision went from %d to %d", test.name, revision, now.Revision)
			}
			if faults := sound(t, db); len(faults) > 0 {
				t.Error(test.name, faults)
			}
		}
	})
}

func TestRereadKeepsAnIDThatIsTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		add(t, db, mail("a", 0), mail("b", 1))
		// Each would be called as the other is.
		reread(t, db, func(m *sigpost.Message) {
			m.MessageID = map[sigpost.MessageID]sigpost.MessageID{"a": "b", "b": "a"}[m.MessageID]
		}, "a", "b")
		for id, claimed := range map[string]sigpost.MessageID{"a": "b", "b": "a"} {
			if m := stored(t, db, id); m.Claimed != claimed || m.Subject != "About "+id {
				t.Errorf("%s is %+v", id, m)
			}
		}
	})
}

func TestRereadAllBeginsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1), mail("c", 2))
		reread(t, db, func(*sigpost.Message) {}, "a", "b")
		left := func(when string, want int) {
			t.Helper()
			if n := must(db.CountToReread(ctx, 7))(t); n != want {
				t.Errorf("%s %d are to be read anew, want %d", when, n, want)
			}
		}
		left("at first", 1)
		check(t, db.RereadAll(ctx, 7))
		left("of all", 3)
		reread(t, db, func(*sigpost.Message) {}, "b")
		check(t, db.RereadAll(ctx, 7))
		left("going on,", 2)
		check(t, db.RereadDone(ctx))
		check(t, db.RereadAll(ctx, 7))
		left("of all again", 3)
		reread(t, db, func(*sigpost.Message) {}, "a")
		check(t, db.RereadAll(ctx, 8))
		left("for a newer parser,", 2)
		if n := must(db.CountToReread(ctx, 8))(t); n != 3 {
			t.Errorf("the newer parser has %d to read, want 3", n)
		}
	})
}

func TestThreadsToReread(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1), mail("c", 2, "a"), mail("d", 3))
		todo := func(after int64, limit int) string {
			return subjects(must(db.ThreadsToReread(ctx, 7, after, limit))(t))
		}
		equal(t, "all", todo(0, 9), "a b d")
		equal(t, "a page", todo(stored(t, db, "a").ThreadID, 1), "b")
		if n := must(db.CountToReread(ctx, 7))(t); n != 4 {
			t.Errorf("%d are to be read anew", n)
		}
		for _, thread := range must(db.ThreadsToClassify(ctx, "", 0, 9))(t) {
			check(t, db.SaveTaggings(ctx, thread.ID, thread.Revision, "v1", nil))
		}
		reread(t, db, func(*sigpost.Message) {}, "a", "b")
		equal(t, "those with something left", todo(0, 9), "a d")
		if n := must(db.CountToReread(ctx, 7))(t); n != 2 {
			t.Errorf("%d are left to be read anew", n)
		}
		equal(t, "to classify anew", subjects(must(db.ThreadsToClassify(ctx, "", 0, 9))(t)), "a b")
	})
}
