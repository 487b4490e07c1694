package work

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// jobArgs name a job, and which part of it where several share it.
type jobArgs struct {
	Job  string `json:"job"`
	Part int    `json:"part,omitempty"`
	// Left is how many processes have left it to others, since they did not know it.
	Left int `json:"left,omitempty"`
	kind string
}

// Kind is River's name for all jobs of a kind, such as "sigpost_read".
func (a jobArgs) Kind() string { return "sigpost_" + a.kind }

// lookArgs are of the job that looks for what is due.
type lookArgs struct{}

// Kind is River's name for it.
func (lookArgs) Kind() string { return "sigpost_look" }

// look queues those of the named jobs that are due, or of all where none is named.
func (w *workers) look(ctx context.Context, names ...string) error {
	due, err := w.Due(ctx, names)
	return errors.Join(err, w.queue(ctx, due))
}

// queue has jobs done, each in so many parts.
func (w *workers) queue(ctx context.Context, parts map[string]int) error {
	var insert []river.InsertManyParams
	for _, j := range w.Options.Jobs {
		for part := range parts[j.Name] {
			insert = append(insert, river.InsertManyParams{Args: jobArgs{Job: j.Name, Part: part, kind: j.Kind}, InsertOpts: options(j)})
		}
	}
	if len(insert) == 0 {
		return nil
	}
	_, err := w.client.InsertMany(ctx, insert)
	return err
}

// options say how a job is queued.
func options(j Job) *river.InsertOpts {
	// One attempt: when what failed is tried again is said by the rows of the archive,
	// as where River is not.
	o := &river.InsertOpts{Queue: j.Role, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: again, ByState: open()}}
	if j.Long {
		o.Queue = j.Role + long
	}
	if j.Waits { // nothing but River keeps two from waiting for the same
		o.Queue, o.UniqueOpts.ByPeriod = j.Role+waiting, 0
	}
	return o
}

// doer does jobs.
type doer struct {
	river.WorkerDefaults[jobArgs]
	w *workers
}

// Timeout is the job's own.
func (d *doer) Timeout(job *river.Job[jobArgs]) time.Duration {
	return d.w.jobs[job.Args.Job].Timeout // 0 is River's own
}

// Work does a job until it has ended, its time is over or the process ends; in the last
// two cases it goes on later.
func (d *doer) Work(ctx context.Context, job *river.Job[jobArgs]) error {
	j, ok := d.w.jobs[job.Args.Job]
	if !ok {
		return d.w.leave(ctx, job)
	}
	working := ctx
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		working, cancel = context.WithDeadline(ctx, end.Add(-min(grace, j.Timeout/4)))
		defer cancel()
	}
	if j.Waits { // nothing is lost, and nobody waits for it
		waiting, cancel := context.WithCancel(working)
		defer cancel()
		go func() {
			select {
			case <-d.w.ending:
				cancel()
			case <-waiting.Done():
			}
		}()
		working = waiting
	}
	err := j.Do(working)
	switch {
	case working.Err() != nil && err != nil, j.Waits && working.Err() != nil:
		return river.JobSnooze(0)
	case err != nil && d.w.Busy(err):
		return nil // whoever works on it does it
	case err != nil:
		return err
	}
	if len(j.Then) > 0 && ctx.Err() == nil {
		if err := d.w.look(ctx, j.Then...); err != nil && ctx.Err() == nil {
			d.w.Log.Warn("what follows on a job waits until somebody looks for what is due", "job", j.Name, "error", err)
		}
	}
	return nil
}

// leave leaves a job that the configuration of this process does not have to the others: who
// queued it has it. It is queued anew, of which all hear at once, but not for ever, since
// nobody may have it any more.
func (w *workers) leave(ctx context.Context, job *river.Job[jobArgs]) error {
	if !w.left.again(job.Args.Job, time.Now()) {
		w.Log.Warn("the configurations of the processes differ, so that a job is left to others: give all of them the same one", "job", job.Args.Job)
	}
	err := fmt.Errorf("the configuration of this process has no job %q (any more)", job.Args.Job)
	if job.Args.Left < mostLeave {
		select {
		case <-time.After(tellRest):
		case <-ctx.Done():
		}
		args := jobArgs{job.Args.Job, job.Args.Part, job.Args.Left + 1, strings.TrimPrefix(job.Kind, jobArgs{}.Kind())}
		_, queueing := w.client.Insert(ctx, args, options(Job{Role: job.Queue}))
		err = errors.Join(err, queueing)
	}
	return river.JobCancel(err)
}

// looker looks for what is due.
type looker struct {
	river.WorkerDefaults[lookArgs]
	w *workers
}

// Timeout is far more than it takes.
func (*looker) Timeout(*river.Job[lookArgs]) time.Duration { return time.Minute }

// Work looks for what is due.
func (l *looker) Work(ctx context.Context, _ *river.Job[lookArgs]) error { return l.w.look(ctx) }

// HandleError says in the log what went wrong with a job.
func (w *workers) HandleError(_ context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	w.Log.Warn("a job failed", "kind", job.Kind, "job", string(job.EncodedArgs), "attempt", job.Attempt, "error", err)
	return nil
}

// HandlePanic does so of a fault of the program.
func (w *workers) HandlePanic(_ context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	w.Log.Error("the program has a fault in a job", "kind", job.Kind, "job", string(job.EncodedArgs), "panic", value, "trace", trace)
	return nil
}
