package app

import (
	"context"
	"errors"
	"time"

	"sigpost"
)

// RunReport says what a run did, stage by stage.
type RunReport struct {
	// Run is its id, as in the log and in the table of jobs.
	Run    string       `json:"run"`
	Begun  time.Time    `json:"begun"`
	DryRun bool         `json:"dry_run"`
	Ingest IngestReport `json:"ingest"`
	// Learn is what decisions taught; nil where classify.learn is not set.
	Learn    *LearnReport   `json:"learn,omitempty"`
	Classify ClassifyReport `json:"classify"`
	// Calendars are the sources of events, as they were fetched.
	Calendars []CalendarStatus `json:"calendars,omitempty"`
	// Notices are letters to single people: about their subscriptions, and alerts.
	Notices NoticeReport `json:"notices"`
	// Bounces are the readers who are tried again, or are reached again.
	Bounces TrialReport    `json:"bounces,omitzero"`
	Digests []DigestReport `json:"digests"`
	// Silent are the lists that are silent for unusually long.
	Silent []SilentList `json:"silent,omitempty"`
	// Alerts are what the webhook was told.
	Alerts AlertReport `json:"alerts,omitzero"`
	// Retain is what was removed since it is not kept for longer; nil where that was
	// not due.
	Retain *RetainReport `json:"retain,omitempty"`
	// Jobs are all that was done, in order.
	Jobs []JobOutcome  `json:"jobs"`
	Took time.Duration `json:"took_ns"`
}

// DigestReport says what a run did for one digest.
type DigestReport struct {
	Digest string `json:"digest"`
	// Composed is the issue that was made; nil where none was due.
	Composed *IssueReport `json:"composed,omitempty"`
	// Review are the drafts that wait for their editors.
	Review  []ReviewReport `json:"review,omitempty"`
	Sent    []SendReport   `json:"sent,omitempty"`
	NextDue time.Time      `json:"next_due"`
	Failure string         `json:"failure,omitempty"`
}

// IssueReport is what operators want to know of an issue.
type IssueReport struct {
	Number  int                `json:"number"`
	State   sigpost.IssueState `json:"state"`
	Window  sigpost.Window     `json:"window"`
	Stats   sigpost.Stats      `json:"stats"`
	Entries int                `json:"entries"`
	Events  int                `json:"events"`
	Took    time.Duration      `json:"took_ns"`
}

// Run does all jobs, once: ingest, classify, fetch calendars, and
// for each digest compose, review and send. A stage that fails does not keep those from running that
// do not need it; the error names all that failed. The dead-man's-switch is told when
// it begins and how it ends.
func (a *App) Run(ctx context.Context, dry bool) (report RunReport, err error) {
	err = a.locked(ctx, dry, func(a *App) error {
		a.inRun = true
		a.ping(ctx, PingStart, "")
		report, err = a.run(ctx)
		switch {
		case err == nil:
			a.ping(ctx, PingSuccess, "")
		case ctx.Err() == nil: // an interrupt is no failure: the next run goes on
			a.ping(ctx, PingFail, err.Error())
		}
		return err
	})
	report.DryRun = dry
	return report, err
}

func (a *App) run(ctx context.Context) (report RunReport, err error) {
	a.fresh.begin()
	defer a.fresh.end()
	begin := time.Now()
	report.Ingest.Mailboxes = []SourceReport{}
	var failures []error
	for _, j := range a.Jobs() {
		if ctx.Err() != nil {
			break
		}
		if j.Kind == JobPing || j.Kind == JobRetain && !a.retainNow(ctx, j) {
			continue
		}
		one, err := a.perform(ctx, j)
		if cut := (interruption{}); errors.As(err, &cut) && cut.words == "" { // that it was interrupted is said once
			err = nil
		}
		failures = append(failures, err)
		report.add(j, one, err)
	}
	report.Took, report.Run, report.Begun, report.Jobs = time.Since(begin), a.round.run, a.round.begun, a.round.jobs
	if ctx.Err() != nil {
		failures = append(failures, interruption{ctx.Err(), "interrupted; what is done is kept, and the next run goes on from there"})
	}
	return report, errors.Join(failures...)
}

// add takes in what a job reported. An issue that cannot be composed or approved
// does not hold back another one.
func (r *RunReport) add(j Job, report any, err error) {
	switch one := report.(type) {
	case *LearnReport:
		r.Learn = one
	case IngestReport:
		r.Ingest.merge(one)
	case ClassifyReport:
		r.Classify = one
	case []CalendarStatus:
		r.Calendars = one
	case TrialReport:
		r.Bounces = one
	case DigestReport:
		r.Digests = append(r.Digests, one)
	case []ReviewReport:
		r.digest(j.Of).Review = one
	case []SendReport:
		r.digest(j.Of).Sent = one
	case RetainReport:
		r.Retain = &one
	case NoticeReport:
		r.Notices = one
	case []SilentList:
		r.Silent = one
	case AlertReport:
		r.Alerts = one
	}
	if err != nil && (j.Scope.Kind == ScopeDigest || j.Kind == JobSend) {
		d := r.digest(j.Of)
		if d.Failure != "" {
			d.Failure += "\n"
		}
		d.Failure += err.Error()
	}
}

// digest is the report of a digest.
func (r *RunReport) digest(name string) *DigestReport {
	for i := range r.Digests {
		if r.Digests[i].Digest == name {
			return &r.Digests[i]
		}
	}
	r.Digests = append(r.Digests, DigestReport{Digest: name})
	return &r.Digests[len(r.Digests)-1]
}
