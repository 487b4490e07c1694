package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigpost"
	"sigpost/config"
)

// RunReport says what a run did, stage by stage.
type RunReport struct {
	DryRun bool         `json:"dry_run"`
	Ingest IngestReport `json:"ingest"`
	// Learn is what decisions taught; nil where classify.learn is not set.
	Learn    *LearnReport   `json:"learn,omitempty"`
	Classify ClassifyReport `json:"classify"`
	// Calendars are the sources of events, as they were fetched.
	Calendars []CalendarStatus `json:"calendars,omitempty"`
	// Notices are letters to single people about their subscriptions.
	Notices NoticeReport `json:"notices"`
	// Bounces are the readers who are tried again, or are reached again.
	Bounces TrialReport    `json:"bounces,omitzero"`
	Digests []DigestReport `json:"digests"`
	Took    time.Duration  `json:"took_ns"`
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

// Run does everything that is due, once: ingest, classify, fetch calendars, and
// for each digest compose, review and send. A stage that fails does not keep those from running that
// do not need it; the error names all that failed.
func (a *App) Run(ctx context.Context, dry bool) (report RunReport, err error) {
	err = a.locked(ctx, dry, func(a *App) error {
		report, err = a.run(ctx)
		return err
	})
	report.DryRun = dry
	return report, err
}

func (a *App) run(ctx context.Context) (RunReport, error) {
	begin := time.Now()
	var report RunReport
	var failures []error
	// Tagging goes on by what was learned before, should this fail.
	var err error
	if report.Learn, err = a.learnFirst(ctx); err != nil {
		failures = append(failures, err)
	}
	if report.Ingest, report.Classify, err = a.readAndTag(ctx, nil); err != nil {
		failures = append(failures, err)
	}
	if ctx.Err() == nil {
		if report.Calendars, err = a.fetchCalendars(ctx, stale); err != nil {
			failures = append(failures, err)
		}
	}
	if ctx.Err() == nil {
		if report.Bounces, err = a.trySuspended(ctx); err != nil {
			failures = append(failures, err)
		}
	}
	for _, d := range a.Config.Digests {
		if ctx.Err() != nil {
			break
		}
		one, err := a.runDigest(ctx, d)
		if err != nil {
			failures = append(failures, err)
			one.Failure = err.Error()
		}
		report.Digests = append(report.Digests, one)
	}
	if ctx.Err() == nil {
		if report.Notices, err = a.sendNotices(ctx); err != nil {
			failures = append(failures, err)
		}
	}
	report.Took = time.Since(begin)
	if ctx.Err() != nil {
		failures = append(failures, ctx.Err())
	}
	return report, errors.Join(failures...)
}

// readAndTag reads mailboxes as ingest does and tags what has grown, from time
// to time while it reads and at the end.
func (a *App) readAndTag(ctx context.Context, wanted func(name string) bool) (read IngestReport, tagged ClassifyReport, err error) {
	a.fresh.begin()
	defer a.fresh.end()
	var tagging error
	between := func() {
		if a.fresh.full() && tagging == nil {
			var part ClassifyReport
			part, tagging = a.classifyBy(ctx, "")
			tagged.add(part)
		}
	}
	read, err = a.ingestAnd(ctx, wanted, between)
	read.Took -= tagged.Took
	if ctx.Err() == nil && tagging == nil {
		var part ClassifyReport
		part, tagging = a.classify(ctx)
		tagged.add(part)
	}
	if tagging != nil {
		err = errors.Join(err, fmt.Errorf("classify: %w", tagging))
	}
	return read, tagged, err
}

// runDigest composes what is due of a digest, moves its drafts on, and sends what
// is approved. An issue that cannot be composed or approved does not hold back
// another one.
func (a *App) runDigest(ctx context.Context, d config.Digest) (DigestReport, error) {
	report, composing := a.composeDue(ctx, d)
	// What an archive that was put back does not know of was done: nobody is told of
	// its drafts again either.
	if _, err := a.checkGeneration(ctx); err != nil {
		return report, errors.Join(composing, err)
	}
	var reviewing, sending error
	if err := a.freshenDrafts(ctx, d.Name); err != nil { // they are told of as they are
		a.log.Warn("a draft does not follow what reviewers decided yet", "digest", d.Name, "error", err)
	}
	report.Review, reviewing = a.review(ctx, d)
	report.Sent, sending = a.send(ctx, d)
	return report, errors.Join(composing, reviewing, sending)
}
