package store_test

import (
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// How a job stands is the latest that is known of it, and since when it fails.
func TestJobs(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		at := func(minutes int) time.Time { return time.Date(2026, 3, 1, 12, minutes, 0, 0, time.UTC) }
		attempt := func(minutes int, result sigpost.JobResult, failure string) sigpost.JobState {
			check(t, db.JobBegun(ctx, "read a/INBOX", "run", at(minutes)))
			begun := must(db.Jobs(ctx))(t)["read a/INBOX"]
			if !begun.Begun.Equal(at(minutes)) || begun.Ended.After(begun.Begun) {
				t.Errorf("begun: %+v", begun)
			}
			check(t, db.RecordJob(ctx, sigpost.JobReport{Name: "read a/INBOX", Run: "run", Begun: at(minutes), Ended: at(minutes + 1), Took: 3 * time.Second, Result: result, Failure: failure}))
			return must(db.Jobs(ctx))(t)["read a/INBOX"]
		}
		base := sigpost.JobState{Name: "read a/INBOX", Run: "run", Took: 3 * time.Second}
		want := func(minutes int, succeeded, failed, failing, failures int, failure string) sigpost.JobState {
			w := base
			w.Begun, w.Ended, w.Failures, w.Failure = at(minutes), at(minutes+1), failures, failure
			for _, m := range []struct {
				to *time.Time
				at int
			}{{&w.Succeeded, succeeded}, {&w.Failed, failed}, {&w.Failing, failing}} {
				if m.at > 0 {
					*m.to = at(m.at)
				}
			}
			return w
		}
		equal(t, "interrupted at first", attempt(0, sigpost.JobInterrupted, "stop"), want(0, 0, 0, 0, 0, ""))
		equal(t, "failed", attempt(10, sigpost.JobFailed, "no \x00server"), want(10, 0, 11, 11, 1, "no \uFFFDserver"))
		equal(t, "interrupted", attempt(15, sigpost.JobInterrupted, ""), want(15, 0, 11, 11, 1, "no \uFFFDserver"))
		equal(t, "failed again", attempt(20, sigpost.JobFailed, "still none"), want(20, 0, 21, 11, 2, "still none"))
		equal(t, "done", attempt(30, sigpost.JobDone, ""), want(30, 31, 21, 0, 0, "still none"))
		equal(t, "failed anew", attempt(40, sigpost.JobFailed, "again"), want(40, 31, 41, 41, 1, "again"))
	})
}
