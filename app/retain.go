package app

import (
	"context"
	"time"

	"sigpost/store"
)

// RetainReport says what was removed since it had been kept for long enough.
type RetainReport struct {
	DryRun bool `json:"dry_run"`
	// Removed counts by kind what is gone; kinds that are kept for ever are missing.
	Removed map[store.Retained]int `json:"removed"`
	Took    time.Duration          `json:"took_ns"`
}

func (a *App) retainJob() Job {
	return Job{
		Name: "retain", Kind: JobRetain, Does: "remove what is not kept for longer", Scope: Scope{Kind: ScopeArchive},
		Cron: a.Config.Schedule.Retain,
		due:  a.byClock("retain"),
		do:   func(ctx context.Context) (any, error) { return a.retain(ctx) },
	}
}

// retainNow says whether a run does it too: it goes through tables, and once a day is
// enough however often runs take place.
func (a *App) retainNow(ctx context.Context, j Job) bool {
	plans, err := a.plans(ctx, []Job{j})
	return err == nil && a.isDue(plans[0].Next) // what is wrong, whatever comes next says
}

// Retain removes what the configuration does not keep, and what has expired. It may
// be stopped at any time; the next one goes on from there.
func (a *App) Retain(ctx context.Context, dry bool) (report RetainReport, err error) {
	err = a.locked(ctx, dry, func(a *App) error {
		report, err = a.retain(ctx)
		return err
	})
	report.DryRun = dry
	return report, err
}

// retain is Retain for who holds the lock.
func (a *App) retain(ctx context.Context) (RetainReport, error) {
	begin := time.Now()
	r := RetainReport{Removed: map[store.Retained]int{}}
	if err := a.forget(ctx); err != nil {
		return r, err
	}
	c := a.Config.Retention
	for _, rule := range []struct {
		what store.Retained
		days int
	}{
		{store.RetainReplies, c.RepliesDays}, {store.RetainReaders, c.FormerReadersDays}, {store.RetainLedger, c.LedgerDays},
		{store.RetainAudit, c.AuditDays}, {store.RetainQuarantine, c.QuarantineDays}, {store.RetainMail, c.MailDays},
	} {
		if rule.days == 0 {
			continue
		}
		before := a.now().AddDate(0, 0, -rule.days)
		progress := func(done int) { a.progress("removing old "+string(rule.what), Rows, done, 0) }
		n, err := 0, error(nil)
		if rule.what == store.RetainReaders {
			n, err = a.eraseFormer(ctx, before, progress)
		} else {
			n, err = a.Store.Retain(ctx, rule.what, before, progress)
		}
		r.Removed[rule.what] = n
		if err != nil {
			return r, err
		}
		if n > 0 {
			a.log.Info("removed what is not kept for longer", "what", rule.what, "before", before, "rows", n)
		}
	}
	r.Took = time.Since(begin)
	return r, nil
}

// eraseFormer erases readers who left before a moment.
func (a *App) eraseFormer(ctx context.Context, before time.Time, progress func(done int)) (n int, err error) {
	for after := ""; ; {
		some, err := a.Store.FormerReaders(ctx, before, after, 100)
		if err != nil || len(some) == 0 {
			return n, err
		}
		for _, addr := range some {
			if _, err := a.Erase(ctx, addr, "left, and is not kept for longer"); err != nil {
				return n, err
			}
			n++
			progress(n)
		}
		after = some[len(some)-1]
	}
}
