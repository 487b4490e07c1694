package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

func TestMessageComesBackAsItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		want := sigpost.Message{
			MessageID: "a@example.org", Derived: true, References: []sigpost.MessageID{"r@example.org", "p@example.org"},
			Author: sigpost.Address{Name: "Zoë", Addr: "zoe@example.org"}, Sender: sigpost.Address{Name: "List", Addr: "sig@example.org"},
			Subject: "Re: [sig] Räume", BaseSubject: "Räume",
			Sent: time.Date(102, 1, 2, 3, 4, 5, 0, time.UTC), Received: start.Add(1234 * time.Microsecond), Trace: hours(-1),
			ListIDs: []string{"sig.example.org", "other.example.org"}, Lists: []string{"another", "sig"}, ArchivedAt: "https://example.org/1",
			Robot: true, Own: true,
			Attachments: []sigpost.Attachment{{Name: "a\nb.pdf", Type: "application/pdf", Size: 7, Part: "2.1"}},
			Size:        4711, Defects: []string{"no Date field", "a charset that nobody knows"},
		}
		message := want
		message.Lists, message.Text, message.Ranges = []string{"another", "sig", ""}, "not kept", []sigpost.Range{{Kind: sigpost.RangeNew, End: 3}}
		raw := []byte("raw \x00\xff bytes")
		add(t, db, sigpost.Arrival{Raw: raw, Message: &message, List: "sig"})
		got := stored(t, db, "a@example.org")
		want.ID, want.ThreadID = got.ID, got.ThreadID
		equal(t, "by Message-ID", got, want)
		equal(t, "by number", must(db.Message(ctx, got.ID))(t), want)
		equal(t, "by thread", must(db.ThreadMessages(ctx, got.ThreadID))(t), []sigpost.Message{want})
		equal(t, "raw", must(db.Raw(ctx, got.ID))(t), raw)
		equal(t, "thread", must(db.Thread(ctx, got.ThreadID))(t), sigpost.Thread{
			ID: got.ThreadID, Subject: want.Subject, BaseSubject: want.BaseSubject, Lists: want.Lists,
			Messages: 1, First: want.Received, Last: want.Received, Revision: 1,
		})
	})
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		asks := map[string]func() error{
			"Message":        func() error { _, err := db.Message(ctx, 9); return err },
			"MessageByID":    func() error { _, err := db.MessageByID(ctx, "none"); return err },
			"Raw":            func() error { _, err := db.Raw(ctx, 9); return err },
			"Thread":         func() error { _, err := db.Thread(ctx, 9); return err },
			"ThreadMessages": func() error { _, err := db.ThreadMessages(ctx, 9); return err },
			"Issue":          func() error { _, err := db.Issue(ctx, 9); return err },
			"IssueByNumber":  func() error { _, err := db.IssueByNumber(ctx, "weekly", 0); return err },
			"LastIssue":      func() error { _, err := db.LastIssue(ctx, "weekly"); return err },
			"SetIssueState":  func() error { return db.SetIssueState(ctx, 9, sigpost.IssueSent, start) },
			"Subscription":   func() error { _, err := db.Subscription(ctx, 9); return err },
			"Fetched":        func() error { return db.Fetched(ctx, &sigpost.Mailbox{ID: 9}, start) },
			"Sending":        func() error { _, err := db.Sending(ctx, 9); return err },
			"Decide": func() error {
				return db.Decide(ctx, 9, sigpost.Tag{Kind: "project", Name: "heat"}, "Heat", true, "x", "y", start)
			},
			"Decisions": func() error { _, err := db.Decisions(ctx, 9); return err },
		}
		for name, ask := range asks {
			if err := ask(); !errors.Is(err, sigpost.ErrNotFound) || strings.Contains(err.Error(), "sql:") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestOddBytesAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ids := []string{"nul\x00@x", "bad\xff@x", "bad\xfe@x", strings.Repeat("long", 5000) + "@x", "with space@x"}
		for i, id := range ids {
			a := mail(id, i, "ref\xff@x", "line\nend@x")
			a.Message.Subject, a.Message.Author.Name, a.Message.Defects = "s\x00\xff", "n\x00\xff", []string{"d\x00\xff"}
			a.Message.Attachments = []sigpost.Attachment{{Name: "a\x00\xff"}}
			if counts := add(t, db, a); counts.Stored != 1 {
				t.Errorf("%.20q: counts are %+v", id, counts)
			}
		}
		for _, id := range ids {
			m := stored(t, db, id)
			if m.Subject != "s\uFFFD\uFFFD" || !bytes.Contains(must(db.Raw(t.Context(), m.ID))(t), []byte(id)) {
				t.Errorf("%.20q came back as %.100v", id, m)
			}
		}
	})
}

func TestDuplicatesAddTheirList(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		cross := mail("a", 0)
		cross.List = "other"
		third := mail("a", 0)
		third.List = "third"
		// Twice in one batch, then again in another.
		equal(t, "first", add(t, db, mail("a", 0), cross, mail("b", 1, "a")), sigpost.AddCounts{Stored: 2, Duplicates: 1})
		thread := must(db.Thread(ctx, stored(t, db, "a").ThreadID))(t)
		equal(t, "second", add(t, db, third, mail("a", 0)), sigpost.AddCounts{Duplicates: 2})
		equal(t, "lists of the message", stored(t, db, "a").Lists, []string{"other", "sig", "third"})
		equal(t, "lists of its answer", stored(t, db, "b").Lists, []string{"sig"})
		thread.Lists = []string{"other", "sig", "third"}
		equal(t, "thread", must(db.Thread(ctx, thread.ID))(t), thread)
	})
}

func TestQuarantineKeepsWhatIsNotUnderstood(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		bad := func(source string, uid uint32, raw string) sigpost.Arrival {
			return sigpost.Arrival{Raw: []byte(raw), Reason: "no header", Source: source, UID: uid, List: "sig"}
		}
		noID := mail("x", 0)
		noID.Message.MessageID = ""
		tests := []struct {
			name string
			a    sigpost.Arrival
			want int // in quarantine afterwards
		}{
			{"the first", bad("inbox", 1, "one"), 1},
			{"the same again", bad("inbox", 1, "one"), 1},
			{"the same bytes from elsewhere", bad("import", 0, "one"), 1},
			{"another UID, other bytes", bad("inbox", 2, "two"), 2},
			{"a UID used for other mail", bad("inbox", 2, "three"), 3},
			{"nothing of a mail", bad("inbox", 3, ""), 4},
			{"nothing of it again", bad("inbox", 3, ""), 4},
			{"more of it", bad("inbox", 3, "half"), 4},
			{"all of it", bad("inbox", 3, "half and half"), 4},
			{"less of it again", bad("inbox", 3, "hal"), 4},
			{"nothing of another", bad("inbox", 4, ""), 5},
			{"without a Message-ID", noID, 6},
		}
		for _, test := range tests {
			if counts := add(t, db, test.a); counts != (sigpost.AddCounts{Quarantined: 1}) {
				t.Errorf("%s: counts are %+v", test.name, counts)
			}
			if _, _, n, err := db.CountMessages(ctx); err != nil || n != test.want {
				t.Errorf("%s: %d in quarantine (%v), want %d", test.name, n, err, test.want)
			}
		}
		all := must(db.Quarantine(ctx, 0, 0))(t)
		first := all[len(all)-1]
		equal(t, "the first", first, sigpost.Quarantined{ID: first.ID, Source: "inbox", UID: 1, List: "sig", Raw: []byte("one"), Reason: "no header", At: start})
		if !strings.Contains(all[0].Reason, "Message-ID") {
			t.Errorf("the reason is %q", all[0].Reason)
		}
		var raws []string
		for _, q := range all {
			raws = append(raws, string(q.Raw))
		}
		equal(t, "raw", raws, []string{string(noID.Raw), "", "half and half", "three", "two", "one"})
	})
}

// A batch that would need a number which the text index cannot hold is
// refused whole, before searches could give other messages.
func TestAddEndsWithTheNumbersOfPlaces(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		add(t, db, mail("first", 0))
		check(t, db.LetMessagesGoOn(t.Context(), store.PlaceMask-1))
		_, err := db.Add(t.Context(), nil, []sigpost.Arrival{mail("last", 1), mail("over", 2)}, start)
		if err == nil || !strings.Contains(err.Error(), "as many as one archive can number") {
			t.Errorf("beyond the last number: %v", err)
		}
		if n, _, _, err := db.CountMessages(t.Context()); err != nil || n != 1 {
			t.Errorf("%d messages are there, %v", n, err)
		}
		check(t, db.LetMessagesGoOn(t.Context(), store.PlaceMask-1)) // PostgreSQL's numbers are not given back
		add(t, db, mail("last", 1))
	})
}

func TestAddIsAllOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		mailbox := must(db.Mailbox(t.Context(), "account", "INBOX", "sig"))(t)
		add(t, db, mail("kept", 0, "root"))
		before := must(db.Thread(t.Context(), stored(t, db, "kept").ThreadID))(t)
		var batch []sigpost.Arrival
		for i := range 300 {
			batch = append(batch, mail(fmt.Sprint(i), i+1, "root"))
		}
		batch = append(batch, sigpost.Arrival{Raw: []byte("?"), Reason: "bad"})
		mailbox.UIDValidity, mailbox.UIDNext = 1, 302
		// Wherever the end comes, nothing is half done.
		for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			_, err := db.Add(ctx, &mailbox, batch, start)
			cancel()
			if err == nil {
				break // a fast machine
			}
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				t.Errorf("after %s the error is %v", after, err)
			}
			messages, threads, quarantined, err := db.CountMessages(t.Context())
			if err != nil || messages != 1 || threads != 1 || quarantined != 0 {
				t.Fatalf("after %s there are %d messages, %d threads, %d in quarantine (%v)", after, messages, threads, quarantined, err)
			}
			equal(t, "thread", must(db.Thread(t.Context(), before.ID))(t), before)
			if m := must(db.Mailbox(t.Context(), "account", "INBOX", "sig"))(t); m.UIDNext != 0 {
				t.Errorf("after %s the cursor is at %d", after, m.UIDNext)
			}
		}
		// The cursor of a mailbox that is not there undoes the rest too.
		if _, err := db.Add(t.Context(), &sigpost.Mailbox{ID: 99}, []sigpost.Arrival{mail("lost", 1)}, start); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("an unknown mailbox: %v", err)
		}
		if _, err := db.MessageByID(t.Context(), "lost"); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("its mail: %v", err)
		}
	})
}

func TestMailboxKeepsItsCursor(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		box := must(db.Mailbox(ctx, "account", "INBOX", "sig"))(t)
		want := sigpost.Mailbox{ID: box.ID, Account: "account", Name: "INBOX", List: "sig"}
		equal(t, "new", box, want)
		now := func() sigpost.Mailbox { return must(db.Mailbox(ctx, "account", "INBOX", "sig"))(t) }

		check(t, db.FetchFailed(ctx, box.ID, hours(1), "no route"))
		check(t, db.FetchFailed(ctx, box.ID, hours(2), "wrong\x00password"))
		want.Failing, want.Failure = hours(1), "wrong\uFFFDpassword"
		equal(t, "failing", now(), want)

		moved := box // as it was read: its Failing is out of date
		moved.UIDValidity, moved.UIDNext, moved.HighestModSeq = 4294967295, 4294967295, 1<<63-1
		must(db.Add(ctx, &moved, []sigpost.Arrival{mail("a", 0)}, start))(t)
		want.UIDValidity, want.UIDNext, want.HighestModSeq, want.Version = moved.UIDValidity, moved.UIDNext, moved.HighestModSeq, 1
		equal(t, "moved", now(), want)

		check(t, db.Fetched(ctx, &moved, hours(3)))
		want.Complete, want.Failing, want.Failure = hours(3), time.Time{}, ""
		equal(t, "fetched", now(), want)

		check(t, db.ResetMailbox(ctx, &moved, 7))
		want.UIDValidity, want.UIDNext, want.HighestModSeq, want.Version = 7, 0, 0, 2
		equal(t, "reset", now(), want)

		want.List = "renamed"
		equal(t, "with another list", must(db.Mailbox(ctx, "account", "INBOX", "renamed"))(t), want)
		must(db.Mailbox(ctx, "account", "Archive", "sig"))(t)
		if all := must(db.Mailboxes(ctx))(t); len(all) != 2 || all[0] != want {
			t.Errorf("all are %+v", all)
		}
	})
}

func TestRawMailIsPackedInBlocks(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		arrivals := letters(300)
		// One that is larger than a block, and one without any bytes.
		arrivals[7].Raw = bytes.Repeat([]byte("a large attachment\r\n"), 20000)
		arrivals[9].Raw = nil
		add(t, db, arrivals[:250]...)
		add(t, db, arrivals[250:]...)
		want := map[int64][]byte{}
		var ids []int64
		for i := len(arrivals) - 1; i >= 0; i-- {
			id := stored(t, db, string(arrivals[i].Message.MessageID)).ID
			want[id] = arrivals[i].Raw
			ids = append(ids, id)
		}
		seen := 0
		check(t, db.Raws(t.Context(), ids, func(id int64, raw []byte) error {
			seen++
			if !bytes.Equal(raw, want[id]) {
				t.Errorf("message %d came back as %.80q", id, raw)
			}
			return nil
		}))
		if seen != len(ids) {
			t.Errorf("%d came back, want %d", seen, len(ids))
		}
		blocks := must(db.Texts(t.Context(), 2, `SELECT CAST(count(*) AS TEXT), CAST(sum(length(data)) AS TEXT) FROM raw_blocks`))(t)
		if len(blocks[0]) > 1 && blocks[0] > "20" {
			t.Errorf("there are %s blocks", blocks[0])
		}
		stop := errors.New("stop")
		if err := db.Raws(t.Context(), ids, func(int64, []byte) error { return stop }); err != stop {
			t.Errorf("the error is %v, want the one given", err)
		}
	})
}
