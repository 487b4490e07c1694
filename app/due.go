package app

import (
	"context"
	"slices"
	"time"

	"sigpost"
	"sigpost/config"
)

// When jobs are due. All of it is asked of rows, so that it is the same for each
// process and after each crash, and so that what was missed is done once.

// finished is when a job last ended, well or not, in a past that this clock knows; an
// attempt that was interrupted does not count.
func (a *App) finished(last sigpost.JobState) time.Time {
	at := last.Succeeded
	if last.Failed.After(at) {
		at = last.Failed
	}
	if now := a.now(); at.After(now) {
		return now
	}
	return at
}

// What failed is tried again after retryWait, doubled each time up to maxRetryWait.
const (
	retryWait    = time.Minute
	maxRetryWait = 30 * time.Minute
)

// retried is when a job that would be due at some time is, which may be zero for
// never: one that fails waits longer each time, and is tried until it ends well.
func (a *App) retried(last sigpost.JobState, at time.Time) time.Time {
	if last.Failing.IsZero() {
		return at
	}
	again := a.finished(last).Add(min(retryWait<<min(max(last.Failures-1, 0), 10), maxRetryWait))
	if at.IsZero() || at.Before(again) {
		return again
	}
	return at
}

// byCron is when a job is due by an expression of the configuration. What was missed
// is due now, and once.
func (a *App) byCron(key, job string, last sigpost.JobState) time.Time {
	done := a.finished(last)
	if done.IsZero() {
		return a.now()
	}
	at := a.Config.Schedule.Cron(key, job).After(done)
	if again := a.retried(last, time.Time{}); !again.IsZero() && (at.IsZero() || again.Before(at)) {
		return again
	}
	return at
}

// sooner is the earlier of two times; zero is never.
func sooner(x, y time.Time) time.Time {
	if x.IsZero() || !y.IsZero() && y.Before(x) {
		return y
	}
	return x
}

// byClock says of a job that goes by an expression alone, of a key of its own name,
// when it is due.
func (a *App) byClock(key string) func(context.Context, sigpost.JobState) (time.Time, error) {
	return func(_ context.Context, last sigpost.JobState) (time.Time, error) {
		return a.byCron(key, key, last), nil
	}
}

// readDue is when a mailbox is looked at whatever its server says: by the clock, and
// when an issue is due that it feeds, so that this finds it read to its end. Mail that
// comes is read without that: see App.Watch.
func (a *App) readDue(account config.Account, mailbox config.Mailbox, name string) func(context.Context, sigpost.JobState) (time.Time, error) {
	return func(ctx context.Context, last sigpost.JobState) (time.Time, error) {
		at := a.byCron("read", "read "+name, last)
		if mailbox.For == config.ForService {
			return at, nil
		}
		known, err := a.Store.Mailboxes(ctx)
		if err != nil {
			return at, err
		}
		m := mailboxOf(known, account.Name, mailbox.Name)
		for _, d := range a.Config.Digests {
			if !a.feeds(mailbox, d) {
				continue
			}
			w, due, err := a.windowDue(ctx, d)
			switch {
			case err != nil:
				return at, err
			case !due:
				at = sooner(at, schedule(d).Next(a.now()))
			case m.Complete.Before(w.To):
				at = sooner(at, a.retried(last, a.now()))
			}
		}
		return at, nil
	}
}

// feeds says whether mail of a digest may be in a mailbox: that of a list with a
// List-Id is recognised in any.
func (a *App) feeds(mailbox config.Mailbox, d config.Digest) bool {
	if mailbox.For == config.ForService {
		return false
	}
	for _, l := range a.Config.Lists {
		if slices.Contains(d.Lists, l.Name) && (l.ListID != "" || l.Name == mailbox.List) {
			return true
		}
	}
	return false
}

// windowDue is the window of a digest that is due, if any is.
func (a *App) windowDue(ctx context.Context, d config.Digest) (w sigpost.Window, due bool, err error) {
	last, err := a.Store.LastWindow(ctx, d.Name)
	if err != nil {
		return w, false, err
	}
	now, _, err := a.sharedNow(ctx)
	w, due = schedule(d).Window(last, now)
	return w, due && err == nil, err
}

// tagDue is now where a thread has grown since it was tagged.
func (a *App) tagDue(ctx context.Context, last sigpost.JobState) (time.Time, error) {
	tagger, err := a.taggerOf(ctx) // another process may have learned
	if err != nil {
		return time.Time{}, err
	}
	grown, err := a.Store.ThreadsToClassify(ctx, tagger.version, 0, 1)
	if err != nil || len(grown) == 0 {
		return a.retried(last, time.Time{}), err
	}
	return a.retried(last, a.now()), nil
}

// calendarsDue is by the clock, and before an issue that is due.
func (a *App) calendarsDue(ctx context.Context, last sigpost.JobState) (time.Time, error) {
	if len(a.eventSources()) == 0 {
		return time.Time{}, nil
	}
	at := a.byCron("calendars", "calendars", last)
	for _, d := range a.Config.Digests {
		w, due, err := a.windowDue(ctx, d)
		switch {
		case err != nil:
			return at, err
		case !due:
			at = sooner(at, schedule(d).Next(a.now()))
		case a.finished(last).Before(w.To):
			at = sooner(at, a.retried(last, a.now()))
		}
	}
	return at, nil
}

// composeWait is how long an issue waits for its mailboxes to be tried.
const composeWait = time.Minute

// composeDueAt is when the next issue of a digest is due. It waits until each mailbox
// that feeds it was tried since its window ended, and then says which of them was not
// read to its end.
func (a *App) composeDueAt(d config.Digest) func(context.Context, sigpost.JobState) (time.Time, error) {
	return func(ctx context.Context, last sigpost.JobState) (time.Time, error) {
		w, due, err := a.windowDue(ctx, d)
		if err != nil || !due {
			return schedule(d).Next(a.now()), err
		}
		if a.wasRead(ctx, d, w.To) == nil {
			return a.retried(last, a.now()), nil
		}
		states, err := a.Store.Jobs(ctx)
		if err != nil {
			return time.Time{}, err
		}
		for _, account := range a.Config.Accounts {
			for _, mailbox := range account.Mailboxes {
				if a.feeds(mailbox, d) && a.finished(states["read "+account.Name+"/"+mailbox.Name]).Before(w.To) {
					return a.now().Add(composeWait), nil
				}
			}
		}
		return a.retried(last, a.now()), nil
	}
}

// reviewEvery is how often drafts are looked at that nobody has done anything about:
// what the preflight finds may be put right elsewhere.
const reviewEvery = 10 * time.Minute

// reviewDue is when something is to be done about the drafts of a digest: telling
// editors, reminding them, approving at the deadline.
func (a *App) reviewDue(d config.Digest) func(context.Context, sigpost.JobState) (time.Time, error) {
	return func(ctx context.Context, last sigpost.JobState) (time.Time, error) {
		open, err := a.Store.OpenDrafts(ctx, d.Name)
		if err != nil || len(open) == 0 {
			return a.retried(last, time.Time{}), err
		}
		done := a.finished(last)
		at := done.Add(reviewEvery)
		stale, err := a.Store.StaleDrafts(ctx)
		if err != nil {
			return at, err
		}
		for _, s := range stale {
			if s.Digest == d.Name {
				at = a.now()
			}
		}
		for _, issue := range open {
			moments, err := a.momentsOf(ctx, d, issue)
			if err != nil {
				return at, err
			}
			for _, m := range moments {
				if m.After(done) {
					at = sooner(at, m)
				}
			}
		}
		return a.retried(last, at), nil
	}
}

// momentsOf are the times at which something is to be done about a draft.
func (a *App) momentsOf(ctx context.Context, d config.Digest, issue sigpost.Issue) ([]time.Time, error) {
	nudges, err := a.Store.Nudges().All(ctx, issue.ID)
	moments := []time.Time{issue.Composed}
	for _, n := range nudges {
		if n.State == sigpost.DeliveryQueued {
			moments = append(moments, n.Due)
		}
	}
	if told := firstTold(nudges); !told.IsZero() {
		moments = append(moments, remindAt(d, told))
		if d.Review == config.ReviewDeadline {
			moments = append(moments, told.Add(time.Duration(d.Deadline)))
		}
	}
	return moments, err
}

// sendDue is when a letter or a note of a digest may go out.
func (a *App) sendDue(d config.Digest) func(context.Context, sigpost.JobState) (time.Time, error) {
	return func(ctx context.Context, last sigpost.JobState) (time.Time, error) {
		at, err := a.Store.Announcements().NextDue(ctx, d.Name)
		if err != nil {
			return at, err
		}
		open, err := a.Store.OpenIssues(ctx, d.Name)
		if err != nil {
			return at, err
		}
		for _, issue := range open {
			due, err := a.lettersDue(ctx, d, issue)
			if err != nil {
				return at, err
			}
			at = sooner(at, due)
		}
		return a.retried(last, at), nil
	}
}

// lettersDue is when a letter of an issue may go out; zero where it stands still.
func (a *App) lettersDue(ctx context.Context, d config.Digest, issue sigpost.Issue) (time.Time, error) {
	at := a.now()
	if issue.State == sigpost.IssueApproved {
		if issue.SendAfter.After(at) {
			at = issue.SendAfter
		}
		return d.Hours().Next(at), nil
	}
	s, err := a.Store.Sending(ctx, issue.ID)
	if err != nil || !s.Paused.IsZero() {
		return time.Time{}, err
	}
	waiting, due, err := a.Store.Waiting(ctx, issue.ID)
	if err == nil && s.Filled() && waiting > 0 && due.After(at) {
		at = due
	}
	return d.Hours().Next(at), err
}

// noticesDue is when the first letter to a single person is due. What nobody
// confirmed is forgotten by the way, once a day at least.
func (a *App) noticesDue(ctx context.Context, last sigpost.JobState) (time.Time, error) {
	at := a.now()
	if done := a.finished(last); !done.IsZero() {
		at = done.Add(24 * time.Hour)
	}
	due, err := a.Store.Notices().NextDue(ctx)
	if a.Config.SMTP.Host == "" { // nothing can be sent
		due = time.Time{}
	}
	return a.retried(last, sooner(at, due)), err
}

// alertsDue is when the webhook is to be told something, and when a job has failed for
// long enough that somebody is.
func (a *App) alertsDue(ctx context.Context, last sigpost.JobState) (time.Time, error) {
	names, at, err := a.untold(ctx)
	if err != nil {
		return at, err
	}
	if len(names) > 0 {
		at = a.now()
	}
	if !at.IsZero() {
		at = a.retried(last, at)
	}
	due, err := a.Store.Alerts().NextDue(ctx)
	return sooner(at, due), err
}
