package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
)

// JobKind is what sort of job it is; there is at most one of a kind for each
// mailbox or digest.
type JobKind string

// The kinds, in the order in which a run does them.
const (
	JobLearn     JobKind = "learn"
	JobRead      JobKind = "read"
	JobTag       JobKind = "tag"
	JobCalendars JobKind = "calendars"
	JobSuspended JobKind = "suspended"
	JobCompose   JobKind = "compose"
	JobReview    JobKind = "review"
	JobSend      JobKind = "send"
	JobSilence   JobKind = "silence"
	JobNotices   JobKind = "notices"
	JobRetain    JobKind = "retain"
	JobAlerts    JobKind = "alerts"
	JobPing      JobKind = "ping" // of serve alone: a run pings when it ends
)

// Job is one thing that sigpost does again and again: a stage of the way of mail, for
// all or for one mailbox or digest. Doing it twice does no harm: what is to be done is
// found by the state of rows.
type Job struct {
	Name string // such as "read test/INBOX"; it never changes
	Kind JobKind
	Of   string // the mailbox ("account/name") or digest; "" where it is for all
	Does string // in words
	// Cron is the expression of the configuration by which it goes, if it does.
	Cron string
	// Scope is what nobody else may work on meanwhile.
	Scope Scope

	// due is when it is to be done next, at or before the present where that is now,
	// and zero where nothing is to be done until something else happens. It is asked
	// of rows, and of last, which says how the job stands.
	due func(ctx context.Context, last sigpost.JobState) (time.Time, error)
	do  func(ctx context.Context) (any, error)
}

// Scope is what only one may work on at a time.
type Scope struct {
	Kind ScopeKind
	Of   string
}

// ScopeKind is a kind of what only one may work on at a time.
type ScopeKind string

// The kinds of scopes. NoScope is of jobs whose rows are claimed with leases, so that
// several may do them at once.
const (
	NoScope      ScopeKind = ""
	ScopeMailbox ScopeKind = "mailbox" // its cursor
	ScopeThreads ScopeKind = "threads" // what threads are tagged by
	ScopeDigest  ScopeKind = "digest"  // its windows, drafts and letters
	ScopeCopies  ScopeKind = "copies"  // the copies of calendars
	ScopeReaders ScopeKind = "readers" // who is suspended
	// ScopeShared is of jobs that several processes do at once where they can, since rows
	// are claimed, and that need the lock where one process has the archive.
	ScopeShared ScopeKind = "shared"
	// ScopeArchive is all of it: nobody else works meanwhile.
	ScopeArchive ScopeKind = "archive"
	// ScopeQuarantine is the mail that could not be understood.
	ScopeQuarantine ScopeKind = "quarantine"
)

// Next is when the job is to be done next: at or before the present where that is
// now, and zero where nothing is to be done until something else happens.
func (j Job) Next(ctx context.Context, last sigpost.JobState) (time.Time, error) {
	return j.due(ctx, last)
}

// Do does the job, whether it is due or not, and gives the report of its stage. The
// scope must be held: see App.DoJob.
func (j Job) Do(ctx context.Context) (report any, err error) { return j.do(ctx) }

// Jobs are all jobs of the configuration, in the order in which a run does them.
func (a *App) Jobs() []Job {
	jobs := []Job{}
	if a.Config.Classify.Learn {
		jobs = append(jobs, a.learnJob())
	}
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			jobs = append(jobs, a.readJob(account, mailbox))
		}
	}
	jobs = append(jobs, a.tagJob(), a.calendarsJob(), a.suspendedJob())
	for _, d := range a.Config.Digests {
		jobs = append(jobs, a.composeJob(d), a.reviewJob(d), a.sendJob(d))
	}
	jobs = append(jobs, a.silenceJob(), a.noticesJob(), a.retainJob())
	if a.Config.Alerts.Anybody() {
		jobs = append(jobs, a.alertsJob())
	}
	if a.Config.Alerts.PingURL != "" || a.Config.Alerts.PingURLFile != "" {
		jobs = append(jobs, a.pingJob())
	}
	return jobs
}

// DoJob does the job of that name, under the lock if it needs it, and records how it
// went. The error wraps sigpost.ErrLocked where somebody else works on the same.
func (a *App) DoJob(ctx context.Context, name string) (report any, err error) {
	j, err := a.job(name)
	if err != nil {
		return nil, err
	}
	do := func(a *App) error {
		if j, err = a.job(name); err == nil { // which works in this round
			report, err = a.perform(ctx, j)
		}
		return err
	}
	if j.lane() != stages {
		err = a.apart(do)
	} else {
		err = a.within(ctx, []Scope{j.Scope}, do)
	}
	return report, err
}

// job is the job of that name.
func (a *App) job(name string) (Job, error) {
	for _, j := range a.Jobs() {
		if j.Name == name {
			return j, nil
		}
	}
	return Job{}, sigpost.NotFound(fmt.Errorf("there is no job %q", name))
}

// perform does a job whose scope is held, and records how it went. A panic in it is a
// failure of this job alone.
func (a *App) perform(ctx context.Context, j Job) (report any, err error) {
	began := a.now()
	if err := a.Store.JobBegun(ctx, j.Name, a.round.run, began); err != nil {
		a.log.Warn("what is done is not recorded", "job", j.Name, "error", err)
	}
	if j.Kind == JobRead {
		defer a.reading(j.Of)()
	}
	start := time.Now() // for how long it takes
	report, err = guarded(ctx, j.Do)
	if j.Kind == JobSend && errors.Is(err, sigpost.ErrLocked) { // others do it, and record how it goes
		return report, err
	}
	r := sigpost.JobReport{Name: j.Name, Run: a.round.run, Begun: began, Ended: a.now(), Took: time.Since(start)}
	switch {
	case err != nil && ctx.Err() != nil:
		r.Result = sigpost.JobInterrupted
	case err != nil:
		r.Result, r.Failure = sigpost.JobFailed, err.Error()
	}
	a.round.jobs = append(a.round.jobs, JobOutcome{Name: j.Name, Begun: began, Took: r.Took, Result: outcomeWords[r.Result], Failure: r.Failure})
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	if err := a.Store.RecordJob(recording, r); err != nil {
		a.log.Warn("how a job ended is not recorded", "job", j.Name, "error", err)
	}
	a.noteOutcome(recording, j, r, err)
	a.sawJob(j, report, r, err)
	if r.Result == sigpost.JobInterrupted {
		err = interruptionOf(err)
	}
	if err != nil {
		err = stageFailed{err}
	}
	return report, err
}

// interruption is why a job did not come to its end that was interrupted. It says what else
// went wrong until then.
type interruption struct {
	error
	words string
}

func interruptionOf(err error) interruption {
	lines := slices.DeleteFunc(strings.Split(err.Error(), "\n"), func(line string) bool { return strings.Contains(line, context.Canceled.Error()) })
	return interruption{err, strings.Join(lines, "\n")}
}

// Error says that it was interrupted where that is all.
func (e interruption) Error() string { return cmp.Or(e.words, context.Canceled.Error()) }

// Unwrap gives all that is known.
func (e interruption) Unwrap() error { return e.error }

// stageFailed is why one stage of many failed. Whatever it was, the work was begun, and
// may go well the next time: it is no wrong usage, of which nothing is tried again.
type stageFailed struct{ error }

// Is says of what kind it is.
func (e stageFailed) Is(target error) bool {
	return target != sigpost.ErrUsage && errors.Is(e.error, target)
}

// As finds the error that has more to say.
func (e stageFailed) As(target any) bool { return errors.As(e.error, target) }

// recordTime is how long recording may take after an interrupt.
const recordTime = 2 * time.Second

// errPanic says that a job is broken.
var errPanic = errors.New("the program has a fault")

// guarded does something, and makes an error of a panic.
func guarded(ctx context.Context, do func(context.Context) (any, error)) (report any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	return do(ctx)
}

func (a *App) learnJob() Job {
	return Job{
		Name: "learn", Kind: JobLearn, Does: "learn from what reviewers decided on tags", Scope: Scope{Kind: ScopeThreads},
		Cron: a.Config.Schedule.Learn,
		due:  a.byClock("learn"),
		do: func(ctx context.Context) (any, error) {
			report, err := a.learn(ctx)
			if err != nil {
				return nil, fmt.Errorf("learning from decisions: %w", err)
			}
			return &report, nil
		},
	}
}

func (a *App) readJob(account config.Account, mailbox config.Mailbox) Job {
	name := account.Name + "/" + mailbox.Name
	return Job{
		Name: "read " + name, Kind: JobRead, Of: name, Does: "read what is new in the mailbox " + name, Scope: Scope{ScopeMailbox, name},
		Cron: a.Config.Schedule.Read,
		due:  a.readDue(account, mailbox, name),
		do: func(ctx context.Context) (any, error) {
			return a.readAndTagFull(ctx, account, mailbox)
		},
	}
}

func (a *App) tagJob() Job {
	return Job{
		Name: "tag", Kind: JobTag, Does: "tag the threads that have grown", Scope: Scope{Kind: ScopeShared},
		due: a.tagDue,
		do: func(ctx context.Context) (any, error) {
			report, err := a.tagRest(ctx)
			if err != nil {
				err = fmt.Errorf("classify: %w", err)
			}
			return report, err
		},
	}
}

func (a *App) calendarsJob() Job {
	return Job{
		Name: "calendars", Kind: JobCalendars, Does: "fetch calendars and schedules", Scope: Scope{Kind: ScopeCopies},
		Cron: a.Config.Schedule.Calendars,
		due:  a.calendarsDue,
		do:   func(ctx context.Context) (any, error) { return a.fetchCalendars(ctx, stale) },
	}
}

func (a *App) suspendedJob() Job {
	return Job{
		Name: "suspended", Kind: JobSuspended, Does: "mail readers again whose rest is over", Scope: Scope{Kind: ScopeReaders},
		Cron: a.Config.Schedule.Suspended,
		due:  a.byClock("suspended"),
		do:   func(ctx context.Context) (any, error) { return a.trySuspended(ctx) },
	}
}

func (a *App) composeJob(d config.Digest) Job {
	return Job{
		Name: "compose " + d.Name, Kind: JobCompose, Of: d.Name, Does: "compose the issue of " + d.Name + " that is due", Scope: Scope{ScopeDigest, d.Name},
		due: a.composeDueAt(d),
		do:  func(ctx context.Context) (any, error) { return a.composeDue(ctx, d) },
	}
}

func (a *App) reviewJob(d config.Digest) Job {
	return Job{
		Name: "review " + d.Name, Kind: JobReview, Of: d.Name, Does: "bring drafts of " + d.Name + " up to date, tell editors, approve at the deadline", Scope: Scope{ScopeDigest, d.Name},
		due: a.reviewDue(d),
		do: func(ctx context.Context) (any, error) {
			if err := a.freshenDrafts(ctx, d.Name); err != nil { // they are told of as they are
				a.log.Warn("a draft does not follow what reviewers decided yet", "digest", d.Name, "error", err)
			}
			return a.review(ctx, d)
		},
	}
}

// sendJob is done by several processes at once where they share the archive: see crew.
func (a *App) sendJob(d config.Digest) Job {
	scope := scopeOfDigest(d)
	if a.Store.Shared() {
		scope = Scope{Kind: ScopeShared}
	}
	return Job{
		Name: "send " + d.Name, Kind: JobSend, Of: d.Name, Does: "send what is approved of " + d.Name, Scope: scope,
		due: a.sendDue(d),
		do:  func(ctx context.Context) (any, error) { return a.send(ctx, d) },
	}
}

func (a *App) noticesJob() Job {
	return Job{
		Name: "notices", Kind: JobNotices, Does: "send letters to single people",
		due: a.noticesDue,
		do:  func(ctx context.Context) (any, error) { return a.sendNotices(ctx) },
	}
}

func (a *App) silenceJob() Job {
	return Job{
		Name: "silence", Kind: JobSilence, Does: "look for lists that are silent for unusually long, and letters that wait for somebody",
		Cron: a.Config.Schedule.Silence,
		due:  a.byClock("silence"),
		do:   func(ctx context.Context) (any, error) { return a.watchSilence(ctx) },
	}
}

func (a *App) alertsJob() Job {
	return Job{
		Name: "alerts", Kind: JobAlerts, Does: "tell those who want to know what goes wrong",
		due: a.alertsDue,
		do:  func(ctx context.Context) (any, error) { return a.tellAlerts(ctx) },
	}
}

func (a *App) pingJob() Job {
	return Job{
		Name: "ping", Kind: JobPing, Does: "tell the dead-man's-switch how all jobs stand",
		Cron: a.Config.Schedule.Ping,
		due:  a.byClock("ping"),
		do:   a.pingAll,
	}
}
