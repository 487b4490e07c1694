package app

import (
	"errors"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/store/storetest"
)

// Who composes waits for threads that another process is tagging.
func TestTagEverythingWaitsForOthers(t *testing.T) {
	w := newWorld(t)
	w.dsn = storetest.Postgres(t)
	a, other := w.open(), w.open()
	ctx := t.Context()
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	claim, err := other.Store.ClaimThreads(ctx, other.tagger.version, 0, 2, time.Hour)
	if err != nil || len(claim.Threads) != 2 {
		t.Fatalf("claimed %d threads (%v)", len(claim.Threads), err)
	}
	const busy = 500 * time.Millisecond
	var working sync.WaitGroup
	defer working.Wait()
	working.Go(func() {
		time.Sleep(busy)
		var tagged []store.Tagged
		for _, u := range claim.Threads {
			tagged = append(tagged, store.Tagged{Thread: u.ID, Revision: u.Revision, Before: u.Before})
		}
		if err := errors.Join(other.Store.SaveTagged(ctx, other.tagger.version, tagged), other.Store.ReleaseThreads(ctx, claim)); err != nil {
			t.Error(err)
		}
	})
	begin := time.Now()
	if err := a.within(ctx, nil, func(a *App) error { return a.tagEverything(ctx) }); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < busy {
		t.Errorf("it did not wait: %s", took)
	}
	left, err := a.Store.ThreadsToClassify(ctx, a.tagger.version, 0, 9)
	if err != nil || len(left) != 0 {
		t.Errorf("%d threads are not tagged (%v)", len(left), err)
	}
	for _, u := range claim.Threads { // which the other one tagged with nothing
		if tags, err := a.Store.Taggings(ctx, []int64{u.ID}); err != nil || len(tags[u.ID]) != 0 {
			t.Errorf("thread %d has the tags %v (%v)", u.ID, tags[u.ID], err)
		}
	}
}

// What one process does with a digest or a mailbox keeps another from the same, and from
// nothing else.
func TestJobsTakeTheirScopes(t *testing.T) {
	w := newWorld(t)
	w.dsn = storetest.Postgres(t)
	a, other := w.open(), w.open()
	ctx := t.Context()
	unlock, err := other.Store.LockScopes(ctx, Scope{ScopeMailbox, "test/INBOX"}.name())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.DoJob(ctx, "read test/INBOX"); !errors.Is(err, sigpost.ErrLocked) {
		t.Errorf("reading a mailbox that another reads: %v", err)
	}
	if _, err := a.Run(ctx, false); !errors.Is(err, sigpost.ErrLocked) {
		t.Errorf("a run beside another's job: %v", err)
	}
	for _, name := range []string{"tag", "review weekly", "notices"} {
		if _, err := a.DoJob(ctx, name); err != nil {
			t.Errorf("%s beside who reads a mailbox: %v", name, err)
		}
	}
	unlock()
	if _, err := a.DoJob(ctx, "read test/INBOX"); err != nil {
		t.Error(err)
	}
	if n, _, _, err := a.Store.CountMessages(ctx); err != nil || n == 0 {
		t.Errorf("%d messages (%v)", n, err)
	}
}

// Every job is somebody's.
func TestEveryJobHasARole(t *testing.T) {
	w := newWorld(t)
	for _, j := range w.open().Jobs() {
		if roleOf[j.Kind] == "" {
			t.Errorf("nobody has the role to do %q", j.Name)
		}
	}
}
