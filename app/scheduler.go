package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
		before := len(r.Done)
		r.Next = time.Time{}
		for _, l := range []lane{stages, letters, telling} {
			done, next, err := a.pass(ctx, l)
			r.Done, r.Next = append(r.Done, done...), sooner(r.Next, next)
			if err != nil || ctx.Err() != nil {
				return r, errors.Join(err, ctx.Err())
			}
		}
		if len(r.Done) == before {
			break
		}
	}
	return r, nil
}

// maxPasses is how often RunDue looks for what has become due by what it did: from
// mail to letters it is three times.
const maxPasses = 10

// NextDue is when the next job is due; zero where none ever is by itself.
func (a *App) NextDue(ctx context.Context) (next time.Time, err error) {
	plans, err := a.plans(ctx, a.Jobs())
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
func (a *App) Plans(ctx context.Context) ([]Plan, error) { return a.plans(ctx, a.Jobs()) }

func (a *App) plans(ctx context.Context, jobs []Job) ([]Plan, error) {
	states, err := a.Store.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	var plans []Plan
	for _, j := range jobs {
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

// lane is a sort of jobs that are done one behind the other. Those of one lane do not
// wait for those of another.
type lane int

// The lanes: what needs the lock, letters that somebody waits for, and what tells
// others how it goes.
const (
	stages lane = iota
	letters
	telling
)

func (j Job) lane() lane {
	switch {
	case j.Scope.Kind != NoScope:
		return stages
	case j.Kind == JobNotices:
		return letters
	}
	return telling
}

// jobsIn are the jobs of a lane, in their order.
func (a *App) jobsIn(l lane) []Job {
	return slices.DeleteFunc(a.Jobs(), func(j Job) bool { return j.lane() != l })
}

// pass does what is due in a lane, each job at most once. Where nothing is due it says
// when something will be.
func (a *App) pass(ctx context.Context, l lane) (done []JobOutcome, next time.Time, err error) {
	plans, err := a.plans(ctx, a.jobsIn(l))
	if err != nil {
		return nil, next, err
	}
	for _, p := range plans {
		next = sooner(next, p.Next)
	}
	if !a.isDue(next) {
		return nil, next, nil
	}
	work := func(a *App) error {
		a.fresh.begin() // for tagging what is read
		defer a.fresh.end()
		err := a.doDue(ctx, l)
		done = a.round.jobs
		return err
	}
	if l == stages {
		err = a.inTurn(ctx, work)
	} else {
		err = a.apart(work)
	}
	return done, a.now(), err
}

// apart does something without the lock.
func (a *App) apart(stage func(*App) error) error {
	run := *a
	run.fresh = newFreshTexts()
	defer run.begin()()
	return stage(&run)
}

// doDue does each job of a lane that is due when its turn comes.
func (a *App) doDue(ctx context.Context, l lane) error {
	for _, j := range a.jobsIn(l) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		plans, err := a.plans(ctx, []Job{j})
		if err != nil {
			return err
		}
		if !a.isDue(plans[0].Next) {
			continue
		}
		if _, err := a.perform(ctx, j); err != nil && ctx.Err() == nil {
			a.log.Error("job failed", "job", j.Name, "error", err)
		}
	}
	return nil
}

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
// missed while nothing ran is done once. Letters to single people do not wait for what
// needs the lock, nor for webhooks that do not answer.
func (a *App) Schedule(ctx context.Context) error {
	var loops sync.WaitGroup
	loops.Go(func() { a.loop(ctx, stages, a.kicked) })
	loops.Go(func() { a.loop(ctx, letters, a.wake) })
	loops.Go(func() { a.loop(ctx, telling, a.troubled) })
	loops.Wait()
	return context.Cause(ctx)
}

// loop does what is due in a lane, and sleeps until more is, or it is woken.
func (a *App) loop(ctx context.Context, l lane, woken <-chan struct{}) {
	beat := a.beats.of(l)
	defer beat.end()
	for busy := 0; ctx.Err() == nil; {
		beat.working()
		done, next, err := a.pass(ctx, l)
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
func (a *App) kick() { poke(a.kicked) }

// Look has Schedule look at once what is due, for whoever has put the clock of the app
// forward: the timers of the machine know nothing of that.
func (a *App) Look() {
	a.kick()
	poke(a.wake)
	poke(a.troubled)
}

// poke wakes who waits for that, now or when they wait next.
func poke(woken chan<- struct{}) {
	select {
	case woken <- struct{}{}:
	default: // it has been told already
	}
}

// stuckAfter is how long a job may go on without a sign of progress before it is taken
// to be stuck: each wait for the network is far shorter.
const stuckAfter = 15 * time.Minute

// beats say whether the loops of the scheduler turn. They go by the machine's clock:
// it is the process that may be stuck.
type beats struct {
	mu    sync.Mutex
	loops map[lane]*beat
}

type beat struct {
	all   *beats
	until time.Time // when the next sign is due
}

func (b *beats) of(l lane) *beat {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loops == nil {
		b.loops = map[lane]*beat{}
	}
	one := &beat{all: b, until: time.Now().Add(stuckAfter)}
	b.loops[l] = one
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
