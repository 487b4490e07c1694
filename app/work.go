package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/store"
	"sigpost/work"
)

// The roles of a process that works with others.
const (
	RoleIngest   = "ingest"
	RoleClassify = "classify"
	RoleDeliver  = "deliver"
	RoleWeb      = "web"
)

// Roles are all roles.
func Roles() []string { return []string{RoleIngest, RoleClassify, RoleDeliver, RoleWeb} }

// roleOf is whose job it is: ingest talks to mail servers and fetches, deliver sends
// mail, classify needs nothing but the archive.
var roleOf = map[JobKind]string{
	JobRead: RoleIngest, jobWatch: RoleIngest, JobCalendars: RoleIngest,
	JobLearn: RoleClassify, JobTag: RoleClassify, JobCompose: RoleClassify,
	JobReview: RoleDeliver, JobSend: RoleDeliver, JobNotices: RoleDeliver, JobSuspended: RoleDeliver,
	JobSilence: RoleClassify, JobRetain: RoleClassify, JobAlerts: RoleDeliver, JobPing: RoleDeliver,
}

// jobWatch waits for mail in one mailbox. It is a job where several processes work,
// since one of them is enough.
const jobWatch JobKind = "watch"

// workTime is how long a job goes on before it makes room for others. All but composing
// go on where they were.
const workTime = 10 * time.Minute

// maxParts is how many share the tagging of threads, or the sending of an issue, at
// most; each has so many letters to send, or the rest.
const (
	maxParts    = 8
	lettersEach = 200
)

// CheckRoles says what is wrong with the names of roles.
func CheckRoles(roles []string) error {
	for _, r := range roles {
		if !slices.Contains(Roles(), r) {
			return sigpost.Usage(fmt.Errorf("there is no role %q; there are %s", r, strings.Join(Roles(), ", ")))
		}
	}
	if len(roles) == 0 {
		return sigpost.Usage(fmt.Errorf("a process without a role does nothing; there are %s", strings.Join(Roles(), ", ")))
	}
	return nil
}

// CheckShared says what keeps an archive from being worked on by several processes.
func CheckShared(cfg *config.Config) error {
	dsn, err := cfg.DSN()
	if err != nil || !store.IsFile(dsn) {
		return err
	}
	return sigpost.Usage(fmt.Errorf("\"sigpost work\" is for several processes that share an archive in PostgreSQL, and %s is SQLite's, which is for one machine: \"sigpost serve\" does all there", dsn))
}

// share is this process's part of work that any number of processes do.
type share struct {
	roles []string
	dsn   string // stays while configurations are exchanged
}

// Work does what is due of some roles, together with any number of other processes,
// until ctx ends, by a configuration that may be exchanged while it goes on: see Run,
// which serves the pages alone otherwise. They are served where there is a listener.
func (s *Serving) Work(ctx context.Context, a *App, roles []string) error {
	if err := errors.Join(CheckRoles(roles), CheckShared(a.Config)); err != nil {
		return err
	}
	dsn, err := a.Config.DSN()
	if err != nil {
		return err
	}
	s.share = &share{roles, dsn}
	return s.Run(ctx, a)
}

// sharing is what this process does of the work that any number do, by one configuration.
type sharing struct {
	mu     sync.Mutex
	issues map[int64]bool // that it sends
}

// begin says whether a process begins to send an issue that it does not send already;
// end is to be called when it has ended.
func (s *sharing) begin(issueID int64) (end func(), ok bool) {
	if s == nil { // a person's own command, or the only process
		return func() {}, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.issues[issueID] {
		return nil, false
	}
	s.issues[issueID] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.issues, issueID)
	}, true
}

// most is how many may send so many letters of an issue at the same time; 0 for any number.
func (s *sharing) most(letters int) int {
	if s == nil {
		return 0
	}
	return sendersOf(letters)
}

// sendersOf is how many so many letters are worth.
func sendersOf(letters int) int {
	return min(max(1, (letters+lettersEach-1)/lettersEach), maxParts)
}

// work does its share until ctx ends.
func (a *App) work(ctx context.Context, s *share) error {
	wake := make(chan string, 100)
	sharing := a.asOneOfMany()
	sharing.wakeJob = func(name string) {
		select {
		case wake <- name:
		default: // whoever looks for what is due finds it
		}
	}
	var handing sync.WaitGroup
	defer handing.Wait()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	handing.Go(func() { sharing.handOn(ctx) })
	handing.Go(func() { end(sharing.outdated(ctx)) })
	roles := slices.DeleteFunc(slices.Clone(s.roles), func(r string) bool { return r == RoleWeb })
	var kinds []string
	for kind := range roleOf {
		kinds = append(kinds, string(kind))
	}
	err := work.Run(ctx, work.Options{
		DSN: s.dsn, Connect: store.EndWhenLost, Roles: roles, Jobs: sharing.workJobs(), Kinds: kinds, Due: sharing.dueNow, Wake: wake, Log: a.log,
		Slots: a.Config.Work.Slots, Look: time.Duration(a.Config.Work.Look),
		Busy: busy, Version: a.options.Build.Version,
	})
	if cause := context.Cause(ctx); errors.Is(cause, store.ErrVersion) {
		err = cause
	}
	return err
}

// outdated gives an error when the tables are of another version than this program, since a
// newer one has brought them up to date; nil when ctx is done. The log says when the
// database does not answer, and when it does again.
func (a *App) outdated(ctx context.Context) error {
	every := time.NewTicker(time.Duration(a.Config.Work.Look))
	defer every.Stop()
	for silent := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
		asking, done := context.WithTimeout(ctx, readyTime)
		err := a.Store.Ready(asking)
		done()
		switch {
		case errors.Is(err, store.ErrVersion):
			return fmt.Errorf("this process does no more, and ends: %w", err)
		case ctx.Err() != nil:
		case err != nil && !silent:
			silent = true
			a.log.Warn("the database does not answer, so that nothing is done until it does", "error", err)
		case err == nil && silent:
			silent = false
			a.log.Info("the database answers again")
		}
	}
}

// asOneOfMany is the app as one process of many that work.
func (a *App) asOneOfMany() App {
	one := *a
	one.sharing = &sharing{issues: map[int64]bool{}}
	return one
}

// workJobs are all jobs, and those that wait for mail.
func (a *App) workJobs() []work.Job {
	var all []work.Job
	jobs := a.Jobs()
	follows := func(kinds ...JobKind) (names []string) {
		for _, j := range jobs {
			if slices.Contains(kinds, j.Kind) {
				names = append(names, j.Name)
			}
		}
		return names
	}
	then := map[JobKind][]string{
		JobRead: follows(JobTag, JobNotices), JobTag: follows(JobCompose), JobCompose: follows(JobReview, JobSend),
		JobSend:   follows(JobSend, JobAlerts), // what is left of an issue
		JobReview: follows(JobSend, JobNotices), JobSuspended: follows(JobNotices),
	}
	for _, j := range jobs {
		role := roleOf[j.Kind]
		if role == "" {
			role = RoleDeliver
		}
		all = append(all, work.Job{Name: j.Name, Kind: string(j.Kind), Role: role, Timeout: workTime, Then: then[j.Kind],
			Long: j.Kind == JobSend, // a confirmation does not wait for an issue
			Do: func(ctx context.Context) error {
				_, err := a.DoJob(ctx, j.Name)
				return err
			}})
		if j.Kind == JobRead {
			all = append(all, work.Job{Name: string(jobWatch) + " " + j.Of, Kind: string(jobWatch), Role: roleOf[jobWatch], Waits: true, Timeout: workTime,
				Do: func(ctx context.Context) error { return a.watchMailbox(ctx, j.Of, func() { a.wakeJob(j.Name) }) }})
		}
	}
	return all
}

// dueNow gives the jobs of these names, or of all, that are to be done now, and how many
// processes can share each.
func (a *App) dueNow(ctx context.Context, names []string) (due map[string]int, err error) {
	due = map[string]int{}
	err = a.inRound(ctx, func(a *App) error {
		states, err := a.Store.Jobs(ctx)
		if err != nil {
			return err
		}
		var failures []error
		for _, j := range a.Jobs() {
			if watch := string(jobWatch) + " " + j.Of; j.Kind == JobRead && (len(names) == 0 || slices.Contains(names, watch)) {
				due[watch] = 1
			}
			if len(names) > 0 && !slices.Contains(names, j.Name) {
				continue
			}
			last := states[j.Name]
			at, err := j.Next(ctx, last)
			if last.Begun.After(last.Ended) { // it goes on, or its process died
				at = last.Begun
			}
			if err == nil && a.isDue(at) {
				due[j.Name], err = a.parts(ctx, j)
			}
			if err != nil {
				failures = append(failures, fmt.Errorf("it is not known whether to %s: %w", j.Does, err))
			}
		}
		return errors.Join(failures...)
	})
	return due, err
}

// parts is how many can share a job.
func (a *App) parts(ctx context.Context, j Job) (int, error) {
	switch j.Kind {
	case JobTag:
		n, err := a.Store.CountToClassify(ctx, a.tagger.version, maxParts*claimBatch)
		return max(1, n/claimBatch), err
	case JobSend:
		wanting := 0
		err := a.eachSending(ctx, func(issue sigpost.Issue) error {
			if issue.Digest != j.Of {
				return nil
			}
			sending, err := a.Store.Sending(ctx, issue.ID)
			if err != nil {
				return err
			}
			letters, err := a.Store.SendingTotal(ctx, sending, issue.Digest)
			if err != nil {
				return err
			}
			living, err := a.Store.LivingSenders(ctx, issue.ID, a.leaseOfSenders())
			wanting += max(0, sendersOf(letters)-living)
			return err
		})
		return min(max(1, wanting), maxParts), err // one that finds nothing to do ends at once
	}
	return 1, nil
}

// watchMailbox waits for mail in a mailbox of the configuration.
func (a *App) watchMailbox(ctx context.Context, name string, changed func()) error {
	sources, err := a.sources()
	if err != nil {
		return err
	}
	s, ok := sources[name]
	if !ok {
		return sigpost.NotFound(fmt.Errorf("there is no mailbox %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(sources)), ", ")))
	}
	in := a.ingester()
	in.Watching, in.Seen = a.sawWatch, a.sawEnd
	defer a.forgetWatch(name)
	defer in.Close()
	return in.Watch(ctx, s.Source, s.poll, s.memory, changed)
}

// handOn has others do what this process leaves to be done, until ctx is done: letters to
// single people, alerts, and drafts of whose threads somebody has decided something.
func (a *App) handOn(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
			a.wakeJob(string(JobNotices))
		case <-a.troubled:
			a.wakeJob(string(JobAlerts))
		case <-a.stale:
			select {
			case <-time.After(draftGather):
			case <-ctx.Done():
				return
			}
			stale, err := a.Store.StaleDrafts(ctx)
			if err != nil && ctx.Err() == nil {
				a.log.Warn("drafts wait until somebody looks for what is due", "error", err)
			}
			for _, s := range stale {
				a.wakeJob(string(JobReview) + " " + s.Digest)
			}
		}
	}
}
