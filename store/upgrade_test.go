package store_test

import (
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"
)

// An archive of the version before search, decisions on threads and reading
// anew is opened by this one, and nothing of it is lost.
func TestUpgrade(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		check(t, store.MigrateTo(ctx, dsn, 4))
		if _, err := store.OpenReadOnly(ctx, dsn); err == nil {
			t.Error("looking at an old archive changes it")
		}
		old := []sigpost.Arrival{mail("a", 0), mail("b", 1, "a", "x"), letter("c", 2, "Re: Kuryr ports", "Answers by subject"), letter("k", 1, "Kuryr ports", "Words of old")}
		check(t, store.FillOld(ctx, dsn, old))
		db := open(t, dsn)
		for i, id := range []string{"a", "b", "c", "k"} {
			m := stored(t, db, id)
			if raw := must(db.Raw(ctx, m.ID))(t); string(raw) != string(old[i].Raw) || m.Subject != old[i].Message.Subject || m.Reader != 0 {
				t.Errorf("%s is %+v with %q", id, m, raw)
			}
		}
		equal(t, "threads", partition(t, db), "a b\nc\nk")
		equal(t, "where threads are listed", written(t, db), listings(t, db))
		equal(t, "threads by their author", len(must(db.ListThreads(ctx, store.ThreadQuery{Author: "ada"}))(t).Threads), 3)
		equal(t, "nothing of old is found by its words", found(t, db, "old", 0), "")
		q := must(db.Quarantine(ctx, 0, 0))(t)
		if len(q) != 1 || string(q[0].Raw) != "broken" || q[0].Partial {
			t.Errorf("in quarantine is %+v", q)
		}
		box := must(db.Mailbox(ctx, "account", "INBOX", "sig"))(t)
		if box.UIDNext != 9 || box.Mark != "" {
			t.Errorf("the cursor is %+v", box)
		}

		// New mail joins old threads, by what was a ghost as well.
		counts := add(t, db, mail("x", 3), mail("d", 4, "a"), mail("a", 0))
		equal(t, "counts", counts, sigpost.AddCounts{Stored: 2, Duplicates: 1})
		equal(t, "threads with new mail", partition(t, db), "a b d x\nc\nk")
		equal(t, "to read anew", must(db.CountToReread(ctx, 7))(t), 6)

		reread(t, db, func(m *sigpost.Message) {
			for _, a := range old {
				if a.Message.MessageID == m.MessageID {
					m.Text, m.Ranges, m.Answering = a.Message.Text, a.Message.Ranges, m.MessageID == "c"
				}
			}
		}, "a", "b", "c", "k", "d", "x")
		equal(t, "threads read anew", partition(t, db), "a b d x\nc k")
		equal(t, "found by its words", found(t, db, "words old", 0), "k")
		equal(t, "left to read anew", must(db.CountToReread(ctx, 7))(t), 0)
		if faults := sound(t, db); len(faults) > 0 {
			t.Error(faults)
		}
		again := must(store.OpenReadOnly(ctx, dsn))(t)
		check(t, again.Close())
	})
}

// Readers of before keep what they have, and what they agreed to is on record.
func TestUpgradeReaders(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		check(t, store.MigrateTo(ctx, dsn, 10))
		check(t, store.FillReaders(ctx, dsn))
		db := open(t, dsn)
		ada := must(db.SubscriptionFor(ctx, "weekly", "ada@example.org"))(t)
		if ada.State != sigpost.SubscriptionActive || len(ada.Topics) != 1 || ada.Text || ada.NewsOnly || !ada.PausedUntil.IsZero() || ada.Serial != 0 {
			t.Errorf("ada: %+v", ada)
		}
		for addr, want := range map[string]string{"ada@example.org": "given command line: by mail", "bob@example.org": "given command line: on paper, withdrawn not known: "} {
			var all []string
			for _, c := range must(db.Consents(ctx, addr))(t) {
				all = append(all, string(c.What)+" "+string(c.Way)+": "+c.Shown)
			}
			equal(t, addr, strings.Join(all, ", "), want)
		}
	})
}
