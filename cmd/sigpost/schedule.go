package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
	"sigpost/store"
)

type scheduleCommand struct{}

// plannedJob is a job as it is shown.
type plannedJob struct {
	sigpost.JobState
	Does string `json:"does"`
	// Next is when "sigpost serve" does it next; missing where not before something
	// else happens. Cron is the expression by which it goes, if it goes by one.
	Next time.Time `json:"next,omitzero"`
	Cron string    `json:"cron,omitempty"`
	kind app.JobKind
}

// Run says how all jobs stand.
func (scheduleCommand) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true, DryRun: true})
	if err != nil {
		return err
	}
	defer a.Close()
	plans, err := a.Plans(s.ctx)
	if err != nil {
		return err
	}
	troubles, err := a.Store.Troubles(s.ctx)
	if err != nil {
		return err
	}
	jobs := make([]plannedJob, len(plans))
	for i, p := range plans {
		jobs[i] = plannedJob{p.State, p.Job.Does, p.Next.UTC(), p.Job.Cron, p.Job.Kind}
		jobs[i].Name = p.Job.Name
	}
	return s.tell(struct {
		Jobs     []plannedJob    `json:"jobs"`
		Troubles []store.Trouble `json:"troubles"`
	}{jobs, append([]store.Trouble{}, troubles...)}, func(w io.Writer) {
		zone := a.Zone()
		for _, j := range jobs {
			fmt.Fprintf(w, "%s: %s\n", j.Name, j.Does)
			for _, line := range jobLines(j, s.now(), zone) {
				fmt.Fprintf(w, "  %s\n", line)
			}
		}
		for _, t := range troubles {
			told := "not told yet"
			switch {
			case !a.Config.Alerts.Anybody():
				told = "nobody to tell: [alerts] has no mail and no webhook"
			case !t.Told.IsZero():
				told = "told " + moment(t.Told)
			}
			fmt.Fprintf(w, "TROUBLE since %s, %s: %s\n", moment(t.Since), told, t.Name)
			if slices.ContainsFunc(jobs, func(j plannedJob) bool { return j.Name == t.Name }) {
				continue // it says above why it fails
			}
			for line := range strings.SplitSeq(t.Words, "\n") {
				fmt.Fprintf(w, "  %s\n", printable(line))
			}
		}
	})
}

func jobLines(j plannedJob, now time.Time, zone *time.Location) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	by := ""
	if j.Cron != "" {
		by = fmt.Sprintf(" (by \"%s\")", j.Cron)
	}
	switch {
	case j.Next.IsZero():
		add("next: when there is something to do")
	case !j.Next.After(now) && j.kind == app.JobPing: // which goes by no clock where a run does everything
		add("next: as the next run begins and ends, or with \"sigpost serve\" and \"sigpost work\" now%s", by)
	case !j.Next.After(now):
		add("next: now%s", by)
	default:
		add("next: %s%s", j.Next.In(zone).Format("Monday 2 January 2006 15:04:05 MST"), by)
	}
	if j.Begun.After(j.Ended) {
		add("begun %s, and not ended: it goes on, or was cut off", moment(j.Begun))
	}
	if !j.Succeeded.IsZero() {
		add("last done %s%s, in %s", moment(j.Succeeded), ago(now, j.Succeeded), short(j.Took))
	}
	switch {
	case !j.Failing.IsZero():
		add("FAILING since %s, %s in a row: %s", moment(j.Failing), plural(j.Failures, "time"), printable(j.Failure))
	case !j.Failed.IsZero():
		add("last failed %s: %s", moment(j.Failed), printable(j.Failure))
	}
	return lines
}
