package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/store/storetest"
)

// loseLocks ends the connections that hold the lock on a scope, as a network or a
// server does that is started anew.
func loseLocks(t *testing.T, db *store.DB, scope string) {
	t.Helper()
	rows := must(db.Rows(t.Context(), 1, `SELECT CAST(pg_terminate_backend(pid, 5000) AS TEXT) FROM pg_stat_activity
WHERE application_name LIKE '%: ' || CAST($1 AS TEXT) AND pid <> pg_backend_pid()`, scope))(t)
	if len(rows) != 1 {
		t.Fatalf("%d connections hold the lock on %s, want 1", len(rows), scope)
	}
}

func TestScopesShareTheArchive(t *testing.T) {
	onBothDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		one, two := open(t, dsn), open(t, dsn)
		locked := func(what string, err error, says ...string) {
			t.Helper()
			if !errors.Is(err, sigpost.ErrLocked) {
				t.Fatalf("%s: %v, want ErrLocked", what, err)
			}
			for _, s := range append(says, fmt.Sprintf("pid %d", os.Getpid())) {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%s: %q does not say %q", what, err, s)
				}
			}
		}
		unlock := must(one.LockScopes(ctx, "mailbox a/INBOX", "mailbox b/INBOX", "mailbox a/INBOX"))(t)
		_, err := two.Lock(ctx)
		locked("the whole beside a scope", err)
		if hint := `; wait until it has ended; where "sigpost work" runs, it does what "sigpost run" does: try anything else again in a moment`; strings.HasSuffix(err.Error(), hint) != one.Shared() {
			t.Errorf("the whole beside a scope: %q", err)
		}
		if !one.Shared() {
			_, err := two.LockScopes(ctx, "mailbox c/INBOX")
			locked("SQLite is one scope", err)
			unlock()
			unlock = must(two.Lock(ctx))(t)
			unlock()
			return
		}
		_, err = two.LockScopes(ctx, "digest weekly", "mailbox b/INBOX")
		locked("the same scope", err, "mailbox b/INBOX")
		if !strings.HasSuffix(err.Error(), "; wait until it has ended") {
			t.Errorf("the same scope: %q", err)
		}
		_, err = one.LockScopes(ctx, "mailbox b/INBOX")
		locked("the same scope in the same process", err)
		other := must(two.LockScopes(ctx, "digest weekly"))(t) // which the refused one gave back
		beside := must(two.LockScopes(ctx))(t)
		unlock()
		again := must(one.LockScopes(ctx, "mailbox b/INBOX"))(t)
		again()
		_, err = one.Lock(ctx)
		locked("the whole beside another's scope", err, "digest weekly")
		other()
		_, err = one.Lock(ctx)
		locked("the whole beside who shares it", err)
		beside()
		unlock = must(one.Lock(ctx))(t)
		_, err = two.LockScopes(ctx, "mailbox c/INBOX")
		locked("a scope beside the whole", err)
		_, err = two.LockScopes(ctx)
		locked("sharing beside the whole", err)
		unlock()
	})
}

// A worker that has lost its lock writes nothing wrong: another one has the same
// mailbox, and the cursor is not where the first has read it.
func TestLostLockOnMailbox(t *testing.T) {
	dsn := storetest.Postgres(t)
	ctx := t.Context()
	lost, other := open(t, dsn), open(t, dsn)
	const scope = "mailbox account/INBOX"
	unlock := must(lost.LockScopes(ctx, scope))(t)
	defer unlock()
	old := must(lost.Mailbox(ctx, "account", "INBOX", "sig"))(t)

	loseLocks(t, other, scope)
	defer must(other.LockScopes(ctx, scope))(t)()
	now := must(other.Mailbox(ctx, "account", "INBOX", "sig"))(t)
	now.UIDValidity, now.UIDNext = 1, 3
	must(other.Add(ctx, &now, []sigpost.Arrival{mail("a", 0), mail("b", 1)}, start))(t)
	check(t, other.Fetched(ctx, &now, hours(2)))
	want := must(other.Mailbox(ctx, "account", "INBOX", "sig"))(t)

	stale := old
	stale.UIDValidity, stale.UIDNext = 1, 2
	_, added := lost.Add(ctx, &stale, []sigpost.Arrival{mail("c", 0), mail("a", 0)}, start)
	_, served := lost.Serve(ctx, &stale, []sigpost.Arrival{mail("d", 0)}, start, func(*store.DB, sigpost.Arrival) error { return nil })
	for what, err := range map[string]error{
		"Add": added, "Serve": served, "Fetched": lost.Fetched(ctx, &old, hours(9)), "ResetMailbox": lost.ResetMailbox(ctx, &old, 7),
	} {
		if !errors.Is(err, sigpost.ErrCursorMoved) {
			t.Errorf("%s: %v, want ErrCursorMoved", what, err)
		}
	}
	equal(t, "the mailbox", must(other.Mailbox(ctx, "account", "INBOX", "sig"))(t), want)
	equal(t, "threads", partition(t, other), "a\nb")
	equal(t, "what was acted on", len(must(other.Rows(ctx, 1, `SELECT mail_key FROM served`))(t)), 0)

	// It reads on from where the other one is.
	again := must(lost.Mailbox(ctx, "account", "INBOX", "sig"))(t)
	again.UIDNext = 4
	must(lost.Add(ctx, &again, []sigpost.Arrival{mail("c", 2)}, start))(t)
	again.UIDNext = 5 // the version is counted on
	must(lost.Add(ctx, &again, []sigpost.Arrival{mail("e", 2)}, start))(t)
	equal(t, "threads", partition(t, other), "a\nb\nc\ne")
}

// A worker that was away for longer than its claim leaves alone what another has
// tagged since.
func TestLostClaimOnThread(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		add(t, db, mail("a", 0), mail("b", 1))
		tagged := func(c store.Claim, of ...sigpost.Tagging) (all []store.Tagged) {
			for _, u := range c.Threads {
				all = append(all, store.Tagged{Thread: u.ID, Revision: u.Revision, Taggings: of, Before: u.Before})
			}
			return all
		}
		heat := sigpost.Tagging{Tag: sigpost.Tag{Kind: "project", Name: "heat"}, Title: "Heat", Score: 0.9, State: sigpost.TagAccepted}
		nova := sigpost.Tagging{Tag: sigpost.Tag{Kind: "project", Name: "nova"}, Title: "Nova", Score: 0.9, State: sigpost.TagAccepted}
		late := must(db.ClaimThreads(ctx, "v1", 0, 9, time.Millisecond))(t)
		equal(t, "claimed", len(late.Threads), 2)
		time.Sleep(20 * time.Millisecond)
		equal(t, "claimed by nobody any more", len(must(db.ClaimedThreads(ctx, "v1"))(t)), 0)

		add(t, db, mail("c", 2, "a"))
		now := must(db.ClaimThreads(ctx, "v1", 0, 9, time.Hour))(t)
		equal(t, "claimed anew", len(now.Threads), 2)
		equal(t, "claimed by somebody", len(must(db.ClaimedThreads(ctx, "v1"))(t)), 2)
		check(t, db.SaveTagged(ctx, "v1", tagged(now, nova)))

		check(t, db.SaveTagged(ctx, "v1", tagged(late, heat)))
		check(t, db.SaveTagged(ctx, "v0", tagged(late, heat)))
		check(t, db.ReleaseThreads(ctx, late)) // which is not its own any more
		for _, u := range now.Threads {
			tags := must(db.Taggings(ctx, []int64{u.ID}))(t)[u.ID]
			if len(tags) != 1 || tags[0].Tag != nova.Tag {
				t.Errorf("thread %d has the tags %v, want those of who came last", u.ID, tags)
			}
		}
		equal(t, "to classify", len(must(db.ThreadsToClassify(ctx, "v1", 0, 9))(t)), 0)
		check(t, db.ReleaseThreads(ctx, now))
		equal(t, "claims", len(must(db.Rows(ctx, 1, `SELECT CAST(thread_id AS TEXT) FROM tagging_claims`))(t)), 0)
	})
}

// Whatever many workers claim at once is claimed by one of them.
func TestThreadsAreClaimedByOne(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		var mails []sigpost.Arrival
		for i := range 100 {
			mails = append(mails, mail(fmt.Sprint(i), i))
		}
		add(t, db, mails...)
		var mu sync.Mutex
		var all []int64
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for after := int64(0); ; {
					c, err := db.ClaimThreads(ctx, "v1", after, 7, time.Minute)
					if err != nil || len(c.Threads) == 0 {
						if err != nil {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					for _, u := range c.Threads {
						all = append(all, u.ID)
						after = u.ID
					}
					mu.Unlock()
				}
			})
		}
		workers.Wait()
		slices.Sort(all)
		equal(t, "claims", len(all), 100)
		equal(t, "threads", len(slices.Compact(all)), 100)
	})
}

// Who has lost the lock on a digest composes no second issue of a window, and opens
// none again that is approved.
func TestLostLockOnDigest(t *testing.T) {
	dsn := storetest.Postgres(t)
	ctx := t.Context()
	lost, other := open(t, dsn), open(t, dsn)
	const scope = "digest weekly"
	unlock := must(lost.LockScopes(ctx, scope))(t)
	defer unlock()
	loseLocks(t, other, scope)
	defer must(other.LockScopes(ctx, scope))(t)()
	theirs := sigpost.Issue{Digest: "weekly", Window: week(0), State: sigpost.IssueDraft, Composed: start}
	check(t, other.CreateIssue(ctx, &theirs, nil))
	mine := sigpost.Issue{Digest: "weekly", Window: week(0), State: sigpost.IssueDraft, Composed: start}
	if err := lost.CreateIssue(ctx, &mine, nil); !errors.Is(err, store.ErrWindowTaken) {
		t.Errorf("the second issue of a window: %v", err)
	}
	check(t, other.SetIssueState(ctx, theirs.ID, sigpost.IssueApproved, start))
	if ok, err := lost.MoveIssue(ctx, theirs.ID, sigpost.IssueDraft, sigpost.IssueReady, start); ok || err != nil {
		t.Errorf("an approved issue is ready again: %v, %v", ok, err)
	}
	equal(t, "issues", len(must(other.Issues(ctx, "weekly", 0))(t)), 1)
	equal(t, "its state", must(other.Issue(ctx, theirs.ID))(t).State, sigpost.IssueApproved)
}

// A process that stands still in the middle of a transaction that others wait for loses
// it after a while, for all that its machine answers. What may wait for others does not:
// who loads a dump, and a dry run, which asks servers.
func TestStandingStill(t *testing.T) {
	dsn := storetest.Postgres(t)
	ctx := t.Context()
	still, other := open(t, dsn), open(t, dsn)
	patience := func(db *store.DB) string {
		return must(db.Texts(ctx, 1, `SELECT current_setting('idle_in_transaction_session_timeout')`))(t)[0]
	}
	claimed := map[string]func(tx *store.DB) error{
		"threads": func(tx *store.DB) error { return tx.Alone(ctx) },
		"claims": func(tx *store.DB) error {
			_, err := tx.ClaimThreads(ctx, "taxonomy", 0, 10, time.Minute)
			return err
		},
	}
	for what, claim := range claimed {
		check(t, still.Tx(ctx, func(tx *store.DB) error {
			check(t, claim(tx))
			equal(t, "in hand: "+what, patience(tx), "2min")
			return nil
		}))
		equal(t, "afterwards", patience(still), "0")
	}

	err := still.Tx(ctx, func(tx *store.DB) error {
		check(t, tx.Alone(ctx))
		check(t, tx.SQL(ctx, `SELECT set_config('idle_in_transaction_session_timeout', '100', true)`)) // sooner
		check(t, tx.SQL(ctx, `DELETE FROM generations`))
		check(t, other.Tx(ctx, func(tx *store.DB) error { return tx.Alone(ctx) })) // it waits for it
		return tx.SQL(ctx, `DELETE FROM threads`)
	})
	if err == nil {
		t.Error("who stood still could go on")
	}
	equal(t, "what it had changed", must(other.Texts(ctx, 1, `SELECT CAST(count(*) AS TEXT) FROM generations`))(t)[0], "1")
	check(t, still.Tx(ctx, func(tx *store.DB) error { return tx.Alone(ctx) }))

	check(t, still.Scratch(ctx, func(scratch *store.DB) error {
		return scratch.Tx(ctx, func(tx *store.DB) error {
			check(t, tx.Alone(ctx))
			equal(t, "a dry run", patience(tx), "0")
			return nil
		})
	}))

	d := must(store.OpenDump(bytes.NewReader(dumpOf(t, other))))(t)
	defer d.Close()
	asked := false
	_, _, err = store.LoadDump(ctx, storetest.Postgres(t), d, textOf, func(tx *store.DB) error {
		equal(t, "who loads a dump", patience(tx), "0")
		asked = true
		return nil
	}, func(int) {})
	check(t, err)
	equal(t, "it was asked", asked, true)
}
