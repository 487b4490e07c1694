package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/thread"
)

func TestKnown(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		var all []sigpost.Arrival
		want := map[sigpost.MessageID]store.Known{}
		ids := []sigpost.MessageID{"none", "ghost", "", "\x00\xff", "m3", "m3"}
		for i := range 300 {
			a := mail(fmt.Sprint("m", i), i, "ghost")
			a.Message.Fingerprint = sigpost.Fingerprint{Raw: [16]byte{1, byte(i)}, Body: [16]byte{2, byte(i)}, Words: [16]byte{3, byte(i)}}
			all, ids = append(all, a), append(ids, a.Message.MessageID)
		}
		add(t, db, all...)
		for _, a := range all {
			want[a.Message.MessageID] = store.Known{ID: stored(t, db, string(a.Message.MessageID)).ID, Fingerprint: a.Message.Fingerprint}
		}
		equal(t, "known", must(db.Known(t.Context(), ids))(t), want)
		equal(t, "of none", must(db.Known(t.Context(), nil))(t), map[sigpost.MessageID]store.Known{})
	})
}

func TestLatestOf(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		other := mail("o", 5, "a")
		other.List = "other"
		add(t, db, mail("a", 0), mail("b", 3), other, mail("c", 1), mail("d", 4), mail("e", 2))
		for list, want := range map[string]time.Time{"sig": hours(4), "other": hours(5), "none": {}, "": {}} {
			equal(t, "the latest of "+list, must(db.LatestOf(t.Context(), list))(t), want)
		}
	})
}

func TestGapsAreWhatCouldNotBeFetched(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		part := func(source string, uid uint32, raw string, partial bool) sigpost.Arrival {
			return sigpost.Arrival{Raw: []byte(raw), Reason: "cut off", Source: source, UID: uid, List: "sig", Partial: partial}
		}
		add(t, db, part("a/INBOX", 30, "x", true), part("a/INBOX", 4_000_000_000, "y", true), part("a/INBOX", 7, "whole", false),
			part("a/INBOX", 8, "", true), part("b/INBOX", 9, "z", true))
		equal(t, "gaps", must(db.Gaps(t.Context(), "a/INBOX"))(t), []uint32{8, 30, 4_000_000_000})
		equal(t, "of another source", must(db.Gaps(t.Context(), "c"))(t), []uint32(nil))
		// What is fetched whole at last is no gap any more.
		add(t, db, part("a/INBOX", 30, "xyz", false))
		equal(t, "gaps", must(db.Gaps(t.Context(), "a/INBOX"))(t), []uint32{8, 4_000_000_000})
	})
}

func TestQuarantineByPage(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for i := range 7 {
			add(t, db, sigpost.Arrival{Raw: fmt.Appendf(nil, "mail %d", i), Reason: "no \x00 header", Source: "inbox", UID: uint32(i), List: "sig", Partial: i%2 == 1})
		}
		var pages []string
		for before := int64(0); len(pages) < 9; {
			page := must(db.Quarantine(ctx, before, 3))(t)
			if len(page) == 0 {
				break
			}
			var raws []string
			for _, q := range page {
				raws = append(raws, string(q.Raw))
				before = q.ID
				if q.Partial != (q.UID%2 == 1) || q.List != "sig" || q.Source != "inbox" || !q.At.Equal(start) || q.Reason != "no \uFFFD header" {
					t.Errorf("in quarantine is %+v", q)
				}
			}
			pages = append(pages, strings.Join(raws, ", "))
		}
		equal(t, "pages", pages, []string{"mail 6, mail 5, mail 4", "mail 3, mail 2, mail 1", "mail 0"})

		last := must(db.Quarantine(ctx, 0, 1))(t)[0]
		equal(t, "one", must(db.Quarantined(ctx, last.ID))(t), last)
		check(t, db.Release(ctx, last.ID))
		check(t, db.Release(ctx, last.ID)) // twice is no harm
		if _, err := db.Quarantined(ctx, last.ID); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("released: %v", err)
		}
		if n := len(must(db.Quarantine(ctx, 0, 0))(t)); n != 6 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestMarkIsPartOfTheCursor(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		box := must(db.Mailbox(ctx, "files", "list.mbox", "sig"))(t)
		box.Mark = "offset 12, sum 34\nü"
		must(db.Add(ctx, &box, []sigpost.Arrival{mail("a", 0)}, start))(t)
		equal(t, "the mark", must(db.Mailbox(ctx, "files", "list.mbox", "sig"))(t).Mark, box.Mark)
		check(t, db.Fetched(ctx, &box, start))
		equal(t, "once it is read", must(db.Mailbox(ctx, "files", "list.mbox", "sig"))(t).Mark, box.Mark)
		check(t, db.ResetMailbox(ctx, &box, 0))
		equal(t, "from the beginning", must(db.Mailbox(ctx, "files", "list.mbox", "sig"))(t).Mark, "")
	})
}

func TestThreadDecisionsComeBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		want := []store.ThreadDecision{
			{Decision: thread.Decision{Kind: thread.Split, Message: "b"}, Who: "ana", Why: "another matter", At: hours(2)},
			{Decision: thread.Decision{Kind: thread.Merge, Message: "never seen", Other: "b"}, Who: "bo", Why: "the same after all", At: hours(1)},
		}
		for _, d := range want {
			check(t, db.DecideThread(t.Context(), d))
		}
		equal(t, "decisions", must(db.ThreadDecisions(t.Context()))(t), want)
	})
}

// Old numbers of threads lead to what they were, whatever people split and
// merge, and what was said of them goes along.
func TestNumbersLeadOnAfterSplitAndMerge(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		decide := func(kind thread.DecisionKind, message, other sigpost.MessageID) {
			check(t, db.DecideThread(ctx, store.ThreadDecision{Decision: thread.Decision{Kind: kind, Message: message, Other: other}, Who: "ana", Why: "I know", At: start}))
		}
		holds := func(what string, id int64, want string) {
			t.Helper()
			var ids []string
			for _, m := range must(db.ThreadMessages(ctx, id))(t) {
				ids = append(ids, string(m.MessageID))
			}
			slices.Sort(ids)
			equal(t, what, strings.Join(ids, " "), want)
		}
		add(t, db, mail("a", 0), mail("b", 1, "a"), mail("c", 2, "b"), mail("z", 3))
		first, z := stored(t, db, "a").ThreadID, stored(t, db, "z").ThreadID
		check(t, db.Decide(ctx, first, heat, "Heat", true, "ana", "it is", start))
		check(t, db.SaveTaggings(ctx, z, 1, "v1", []sigpost.Tagging{{Tag: nova, Title: "Nova", Score: 0.9, State: sigpost.TagAccepted}}))
		issue := sigpost.Issue{Digest: "weekly", State: sigpost.IssueApproved, Window: sigpost.Window{From: start, To: hours(4)}, Entries: []sigpost.Entry{{ThreadID: first}, {ThreadID: z}}}
		check(t, db.CreateIssue(ctx, &issue, []int64{stored(t, db, "a").ID, stored(t, db, "b").ID, stored(t, db, "c").ID, stored(t, db, "z").ID}))

		decide(thread.Split, "b", "")
		second := stored(t, db, "b").ThreadID
		holds("the first thread", first, "a")
		holds("the second thread", second, "b c")
		if from := must(db.Thread(ctx, second))(t).From; from != "a" {
			t.Errorf("the second thread is from %q", from)
		}
		equal(t, "told", must(db.CarriedThreads(ctx, "weekly", []int64{first, second, z}, 0))(t), map[int64]int{first: 1, second: 1, z: 1})

		decide(thread.Merge, "c", "z")
		holds("by the number of z", z, "b c z")
		holds("by the number of the second", second, "b c z")
		kept := must(db.Thread(ctx, second))(t)
		if kept.ID != z || len(kept.Tags) != 1 || kept.Tags[0].Tag != nova {
			t.Errorf("merged is %+v, want thread %d with its tag", kept, z)
		}

		decide(thread.Merge, "a", "b")
		for _, id := range []int64{first, second, z} {
			holds("all by any number", id, "a b c z")
			whole := must(db.Thread(ctx, id))(t)
			if whole.ID != first || len(whole.Tags) != 2 || whole.Tags[0].Tag != heat || whole.Tags[1].Tag != nova || len(must(db.Decisions(ctx, id))(t)) != 1 {
				t.Errorf("by number %d the whole is %+v, want thread %d with both tags", id, whole, first)
			}
		}

		decide(thread.Split, "z", "")
		holds("the first thread again", first, "a b c")
		holds("the number of what became part of it", z, "a b c")
		apart := stored(t, db, "z").ThreadID
		if apart == first || apart == z {
			t.Errorf("what was split off is thread %d", apart)
		}
		holds("what was split off", apart, "z")
		equal(t, "told", must(db.CarriedThreads(ctx, "weekly", []int64{first, apart}, 0))(t), map[int64]int{first: 1, apart: 1})
		// Nothing is told twice, wherever it is now.
		window := sigpost.Window{From: start, To: hours(9)}
		equal(t, "news", len(must(db.NewsFor(ctx, "weekly", nil, window, time.Time{}))(t)), 0)
		if faults := sound(t, db); len(faults) > 0 {
			t.Error(faults)
		}
	})
}
