// Package work lets several processes share what sigpost does again and again, by way
// of River, a queue of jobs in PostgreSQL: who looks for what is due (River elects a
// leader), who does what, trying again, and taking over from a process that died. It is
// the only package that knows River.
//
// River moves work and decides nothing. What is due is asked of the rows of the archive,
// and a job that is done twice finds nothing to do the second time. So nothing is lost
// with River's tables, and one job too many does no harm.
package work

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// Schema is the schema of PostgreSQL in which River's tables are, apart from those of
// the archive: River brings them up to date by itself.
const Schema = "river"

// Job is one thing that is done again and again. Its functions are called from many
// goroutines, and on any of the processes.
type Job struct {
	Name string // such as "read lists/INBOX"; the same job in all processes
	Kind string // one of Options.Kinds
	// Role is that of the processes that do it.
	Role string
	// Waits says that it waits for something to happen for nearly all of its time,
	// so that a process has many of them at once.
	Waits bool
	// Long says that it may go on for all of its time, while others of the role are not
	// to wait: it has as many slots of its own.
	Long bool
	// Timeout is after how long it is interrupted, to go on later; and after how long
	// one whose process died counts as over, where it Waits.
	Timeout time.Duration
	Do      func(ctx context.Context) error
	// Then are the jobs for which there may be something to do once it has ended.
	Then []string
}

// Options are what Run is given.
type Options struct {
	DSN string // a postgres:// URL
	// Connect may change how it is connected; nil where nothing is to be changed.
	Connect func(config *pgx.ConnConfig)
	Jobs    []Job // all jobs, whatever the roles: who leads looks after all
	// Kinds are all that jobs have, in the configuration of other processes too. A job of
	// another kind is left to processes of another version, which know it.
	Kinds []string
	Roles []string
	// Slots is how many jobs of each role are done at a time.
	Slots int
	// Look is how often it is looked for what is due.
	Look time.Duration
	// Due gives the jobs of these names, or of all, that are to be done now, and how
	// many can share the work of each. What it gives beside an error is done.
	Due func(ctx context.Context, names []string) (map[string]int, error)
	// Wake has names of jobs that are to be done now, due or not.
	Wake <-chan string
	// Busy says that an error of a job only means that another works on the same.
	Busy    func(error) bool
	Version string // of the program, for the log
	Log     *slog.Logger
}

// What River is told, beside the jobs' own times.
const (
	// again is how long the same job is kept from being queued twice. One that goes on
	// for longer is queued once more, finds that somebody works on the same, or enough do,
	// and ends: that is how soon another process takes over from one that died.
	again = 20 * time.Second
	// soft is how long a process that ends waits for its jobs, and stop how long in all.
	soft = 2 * time.Second
	stop = 9 * time.Second
	// rescue is when a job counts as abandoned whose process does not end it. It must
	// be longer than jobTimeout, which holds for jobs without one of their own.
	jobTimeout = 10 * time.Minute
	rescue     = 11 * time.Minute
	// kept is for how long River keeps what is done, for people to look at.
	kept = time.Hour
	// connections is how many connections River has for itself in a process.
	connections = 6
	// poll is how often queues are looked at; what is queued is told to all at once
	// (LISTEN and NOTIFY), so that this is for what was not heard.
	poll = 5 * time.Second
	// tellRest is how long River waits, at least, until it tells again of the same queue.
	tellRest = 2 * river.FetchCooldownDefault
	// mostLeave is how often a job that a process does not know is left to others before it
	// counts as one that nobody has, and sayLeft how long nothing is said again of the same.
	mostLeave = 6
	sayLeft   = 10 * time.Minute
	// grace is how much of its time a job has left to end once it is interrupted.
	grace = 10 * time.Second
	// waiters is how many jobs that wait a process has.
	waiters = 200
)

// queueLook is the queue of the job that looks for what is due; waiting is put behind the
// name of a role for its jobs that wait, and long for those that are long.
const (
	queueLook = "look"
	waiting   = "_waiting"
	long      = "_long"
)

// Run works until ctx is done, and then ends within 10 seconds. What is interrupted goes
// on at once in another process.
func Run(ctx context.Context, o Options) error {
	pool, err := connect(ctx, o)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrate(ctx, pool, o.Log); err != nil {
		err = fmt.Errorf("the tables of the queue cannot be made: %w", err)
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == "42501" { // insufficient_privilege
			err = fmt.Errorf("%w; the database's user needs the right to create a schema, or a schema %q of its own", err, Schema)
		}
		return err
	}
	w := &workers{Options: o, jobs: map[string]Job{}, ending: ctx.Done(), left: saidWithin(sayLeft)}
	for _, j := range o.Jobs {
		w.jobs[j.Name] = j
	}
	if w.client, err = river.NewClient(riverpgxv5.New(pool), w.config()); err != nil {
		return fmt.Errorf("the queue of jobs cannot be used: %w", err)
	}
	if err := w.client.Start(ctx); err != nil {
		return fmt.Errorf("the queue of jobs cannot be read: %w", err)
	}
	o.Log.Info("working until interrupted", "roles", strings.Join(o.Roles, ","), "version", o.Version)
	defer o.Log.Info("work has ended")
	for {
		select {
		case name := <-o.Wake:
			if err := w.queue(ctx, map[string]int{name: 1}); err != nil && ctx.Err() == nil {
				o.Log.Warn("a job waits until somebody looks for what is due", "job", name, "error", err)
			}
			continue
		case <-w.client.Stopped():
			return errors.New("the queue of jobs has ended by itself")
		case <-ctx.Done():
		}
		break
	}
	select {
	case <-w.client.Stopped():
	case <-time.After(stop):
		o.Log.Warn("jobs go on that should have ended; other processes take them over")
	}
	return nil
}

func connect(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(o.DSN)
	if err != nil { // it may quote the password
		return nil, errors.New("the database's postgres:// URL cannot be understood")
	}
	config.MaxConns = connections
	if o.Connect != nil {
		o.Connect(config.ConnConfig)
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		host, _ := os.Hostname()
		config.ConnConfig.RuntimeParams["application_name"] = fmt.Sprintf("sigpost pid %d on %s: queue", os.Getpid(), host)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("the queue of jobs cannot be reached: %w", err)
	}
	return pool, nil
}

// migrateLock is the key of the advisory lock of who makes River's tables.
const migrateLock = 0x73696770_72697672 // "sigprivr"

// migrate makes River's schema and its tables, or brings them up to date. Processes that
// start together do so one after the other.
func migrate(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrateLock)); err != nil {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrateLock))
	var there bool
	if err := conn.QueryRow(ctx, `SELECT count(*) > 0 FROM pg_namespace WHERE nspname = $1`, Schema).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := conn.Exec(ctx, `CREATE SCHEMA `+pgx.Identifier{Schema}.Sanitize()); err != nil {
			return err
		}
	}
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: Schema, Logger: quiet(log)})
	if err == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	return err
}

// workers do jobs and look for what is due.
type workers struct {
	Options
	jobs   map[string]Job
	ending <-chan struct{} // closed when the process is to end
	client *river.Client[pgx.Tx]
	left   *said // jobs that this process does not have
}

func (w *workers) config() *river.Config {
	all := river.NewWorkers()
	for _, kind := range w.Kinds {
		river.AddWorkerArgs(all, jobArgs{kind: kind}, &doer{w: w})
	}
	river.AddWorker(all, &looker{w: w})
	queues := map[string]river.QueueConfig{queueLook: {MaxWorkers: 1}}
	for _, role := range w.Roles {
		queues[role] = river.QueueConfig{MaxWorkers: w.Slots}
		if slices.ContainsFunc(w.Options.Jobs, func(j Job) bool { return j.Waits && j.Role == role }) {
			queues[role+waiting] = river.QueueConfig{MaxWorkers: waiters}
		}
		if slices.ContainsFunc(w.Options.Jobs, func(j Job) bool { return j.Long && j.Role == role }) {
			queues[role+long] = river.QueueConfig{MaxWorkers: w.Slots}
		}
	}
	every := river.PeriodicInterval(w.Look)
	host, _ := os.Hostname()
	return &river.Config{
		ID:     fmt.Sprintf("%.60s_%d_%.12s", host, os.Getpid(), rand.Text()), // who does what, for people
		Schema: Schema, Queues: queues, Workers: all, Logger: quiet(w.Log), ErrorHandler: w,
		JobTimeout: jobTimeout, RescueStuckJobsAfter: rescue, SoftStopTimeout: soft, FetchPollInterval: poll, FetchOnlyKnownKinds: true,
		CompletedJobRetentionPeriod: kept, CancelledJobRetentionPeriod: kept,
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(every, func() (river.JobArgs, *river.InsertOpts) {
			// By period, so that one whose process died keeps nobody from looking.
			return lookArgs{}, &river.InsertOpts{Queue: queueLook, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: w.Look, ByState: open()}}
		}, &river.PeriodicJobOpts{ID: queueLook, RunOnStart: true})},
	}
}

// open are the states of a job that is still to end. What is done may be queued again.
func open() []rivertype.JobState {
	return []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateScheduled, rivertype.JobStateRetryable}
}
