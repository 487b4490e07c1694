package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sigpost"
)

// JobOutcome is what became of a job that was done.
type JobOutcome struct {
	Name  string    `json:"name"`
	Begun time.Time `json:"begun"`
	// Took is how long it took by the clock on the wall.
	Took    time.Duration `json:"took_ns"`
	Result  string        `json:"result"` // "done", "failed" or "interrupted"
	Failure string        `json:"failure,omitempty"`
}

// outcomeWords are the results as they stand in reports.
var outcomeWords = map[sigpost.JobResult]string{sigpost.JobDone: "done", sigpost.JobFailed: "failed", sigpost.JobInterrupted: "interrupted"}

// DueReport is what RunDue did, and when there is more to do.
type DueReport struct {
	Done []JobOutcome `json:"done"`
	// Next is when the next job is due; zero where none ever is by itself.
	Next time.Time `json:"next,omitzero"`
}

// RunDue does every job that is due now, also what becomes due by that, and says when
// the next one is: who has a clock of its own calls it then, and Schedule does that by
// the clock of the app. Jobs that fail are in the report and no error; the error wraps
// sigpost.ErrLocked where another run holds the lock.
func (a *App) RunDue(ctx context.Context) (r DueReport, err error) {
	for range maxPasses {
		scoped, next, err := a.pass(ctx, true)
		r.Done = append(r.Done, scoped...)
		if err != nil {
			return r, err
		}
		free, soon, err := a.pass(ctx, false)
		r.Done = append(r.Done, free...)
		if err != nil || ctx.Err() != nil {
			return r, errors.Join(err, ctx.Err())
		}
		if r.Next = sooner(next, soon); len(scoped)+len(free) == 0 {
			return r, nil
		}
	}
	return r, nil
}

// maxPasses is how often RunDue looks for what has become due by what it did: from
// mail to letters it is three times.
const maxPasses = 10

// NextDue is when the next job is due; zero where none ever is by itself.
func (a *App) NextDue(ctx context.Context) (next time.Time, err error) {
	plans, err := a.Plans(ctx)
	for _, p := range plans {
		next = sooner(next, p.Next)
	}
	return next, err
}

// Plan is a job with how it stands, and when it is due.
type Plan struct {
	Job   Job
	State sigpost.JobState
	Next  time.Time // zero: not before something else happens
}

// Plans are all jobs, in their order.
func (a *App) Plans(ctx context.Context) ([]Plan, error) {
	states, err := a.Store.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	var plans []Plan
	for _, j := range a.Jobs() {
		next, err := j.Next(ctx, states[j.Name])
		if err != nil {
			return nil, fmt.Errorf("when the job %q is due cannot be found out: %w", j.Name, err)
		}
		plans = append(plans, Plan{j, states[j.Name], next})
	}
	return plans, nil
}

// Zone is the clock of the schedule's expressions.
func (a *App) Zone() *time.Location { return a.Config.Schedule.Cron("read", "").Zone() }

// isDue says whether something is due at or before now.
func (a *App) isDue(at time.Time) bool { return !at.IsZero() && !at.After(a.now()) }

// pass does what is due of the jobs that have a scope, or of those that have none, each
// at most once. Where nothing is due it says when something will be.
func (a *App) pass(ctx context.Context, scoped bool) (done []JobOutcome, next time.Time, err error) {
	plans, err := a.Plans(ctx)
	if err != nil {
		return nil, next, err
	}
	due := false
	for _, p := range plans {
		if p.Job.scoped() == scoped {
			next = sooner(next, p.Next)
			due = due || a.isDue(p.Next)
		}
	}
	if !due {
		return nil, next, nil
	}
	work := func(a *App) error {
		err := a.doDue(ctx, scoped)
		done = a.round.jobs
		return err
	}
	if scoped {
		return done, a.now(), a.inTurn(ctx, func(a *App) error {
			a.fresh.begin()
			defer a.fresh.end()
			return work(a)
		})
	}
	run := *a
	defer run.begin()()
	err = work(&run)
	return done, a.now(), err
}

// doDue does each job that is due when its turn comes.
func (a *App) doDue(ctx context.Context, scoped bool) error {
	for _, j := range a.Jobs() {
		if j.scoped() != scoped {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		states, err := a.Store.Jobs(ctx)
		if err != nil {
			return err
		}
		next, err := j.Next(ctx, states[j.Name])
		if err != nil {
			return err
		}
		if !a.isDue(next) {
			continue
		}
		if _, err := a.perform(ctx, j); err != nil && ctx.Err() == nil {
			a.log.Error("job failed", "job", j.Name, "error", err)
		}
	}
	return nil
}

func (j Job) scoped() bool { return j.Scope.Kind != NoScope }

// inTurn is locked for what this process does by itself: one waits for the other
// instead of finding the lock taken.
func (a *App) inTurn(ctx context.Context, stage func(*App) error) error {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return a.locked(ctx, false, stage)
}

// How long the scheduler sleeps at least where it has found nothing to do, and at most, since other processes write rows too and
// clocks are put right; how long it waits for a lock, and for a database that does not
// answer.
const (
	shortestSleep = 100 * time.Millisecond
	longestSleep  = 30 * time.Second
	lockWait      = 5 * time.Second
	troubleWait   = 15 * time.Second
)

// Schedule does jobs when they are due, until ctx ends, whose error it gives. What was
// missed while nothing ran is done once. Jobs without a scope, such as letters about
// subscriptions, do not wait for those that have one.
func (a *App) Schedule(ctx context.Context) error {
	var loops sync.WaitGroup
	loops.Go(func() { a.loop(ctx, true, a.kicked) })
	loops.Go(func() { a.loop(ctx, false, a.wake) })
	loops.Wait()
	return context.Cause(ctx)
}

// loop does what is due of one sort of jobs, and sleeps until more is, or it is woken.
func (a *App) loop(ctx context.Context, scoped bool, woken <-chan struct{}) {
	beat := a.beats.of(scoped)
	defer beat.end()
	for busy := 0; ctx.Err() == nil; {
		beat.working()
		done, next, err := a.pass(ctx, scoped)
		wait := longestSleep
		switch {
		case errors.Is(err, sigpost.ErrLocked):
			wait = lockWait
		case err != nil && ctx.Err() == nil:
			a.log.Error("the scheduler cannot go on", "again_in", troubleWait, "error", err)
			wait = troubleWait
		case len(done) > 0 && busy < maxPasses:
			busy++
			wait = 0
		case len(done) > 0: // something is always due: no reason to burn
			wait = time.Second
		case !next.IsZero():
			wait = min(max(next.Sub(a.now()), shortestSleep), longestSleep)
		}
		if len(done) == 0 {
			busy = 0
		}
		beat.sleeping(wait)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// kick has the scheduler look at once what is due.
func (a *App) kick() {
	select {
	case a.kicked <- struct{}{}:
	default:
	}
}

// stuckAfter is how long a job may go on without a sign of progress before it is taken
// to be stuck: each wait for the network is far shorter.
const stuckAfter = 15 * time.Minute

// beats say whether the loops of the scheduler turn. They go by the machine's clock:
// it is the process that may be stuck.
type beats struct {
	mu    sync.Mutex
	loops map[bool]*beat
}

type beat struct {
	all   *beats
	until time.Time // when the next sign is due
}

func (b *beats) of(scoped bool) *beat {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loops == nil {
		b.loops = map[bool]*beat{}
	}
	one := &beat{all: b, until: time.Now().Add(stuckAfter)}
	b.loops[scoped] = one
	return one
}

func (b *beat) set(until time.Duration) {
	b.all.mu.Lock()
	defer b.all.mu.Unlock()
	b.until = time.Now().Add(until)
}

func (b *beat) working()                 { b.set(stuckAfter) }
func (b *beat) sleeping(d time.Duration) { b.set(d + time.Minute) }

func (b *beat) end() {
	b.all.mu.Lock()
	defer b.all.mu.Unlock()
	for k, one := range b.all.loops {
		if one == b {
			delete(b.all.loops, k)
		}
	}
}

// progress is a sign of whatever is being worked on.
func (b *beats) progress() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.loops {
		if soon := time.Now().Add(stuckAfter); one.until.Before(soon) && time.Until(one.until) > 2*time.Minute {
			one.until = soon
		}
	}
}

// turn says whether all loops do.
func (b *beats) turn() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.loops {
		if time.Now().After(one.until) {
			return false
		}
	}
	return true
}

// Alive says whether the scheduler turns, where it has begun, and the database answers.
func (a *App) Alive(ctx context.Context) error {
	if !a.beats.turn() {
		return errors.New("the scheduler is stuck")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := a.Store.Jobs(ctx)
	return err
}
