package store

import (
	"context"
	"time"

	"sigpost"
)

const jobColumns = `name, run, begun, ended, succeeded, failed, failing, failures, failure, took`

func readJob(row scanner) (s sigpost.JobState, err error) {
	var begun, ended, succeeded, failed, failing, took int64
	err = row.Scan(&s.Name, &s.Run, &begun, &ended, &succeeded, &failed, &failing, &s.Failures, &s.Failure, &took)
	s.Begun, s.Ended, s.Succeeded, s.Failed, s.Failing = moment(begun), moment(ended), moment(succeeded), moment(failed), moment(failing)
	s.Took = time.Duration(took) * time.Microsecond
	return s, err
}

// Jobs gives how all jobs stand that were ever begun, by their names.
func (db *DB) Jobs(ctx context.Context) (map[string]sigpost.JobState, error) {
	all := map[string]sigpost.JobState{}
	err := db.each(ctx, func(row scanner) error {
		s, err := readJob(row)
		all[s.Name] = s
		return err
	}, `SELECT `+jobColumns+` FROM jobs`)
	return all, db.fail("reading how the jobs stand", err)
}

// JobBegun records that a run has begun a job.
func (db *DB) JobBegun(ctx context.Context, name, run string, at time.Time) error {
	_, err := db.exec(ctx, `INSERT INTO jobs (name, run, begun) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET run = excluded.run, begun = excluded.begun`, name, run, micros(at))
	return db.fail("recording that the job \""+name+"\" has begun", err)
}

// RecordJob records how an attempt at a job ended. One that was interrupted leaves
// what is known of successes and failures as it is.
func (db *DB) RecordJob(ctx context.Context, r sigpost.JobReport) error {
	changes := map[sigpost.JobResult]string{
		sigpost.JobDone:        `, succeeded = excluded.ended, failing = 0, failures = 0`,
		sigpost.JobFailed:      `, failed = excluded.ended, failing = CASE WHEN jobs.failing = 0 THEN excluded.ended ELSE jobs.failing END, failures = jobs.failures + 1, failure = excluded.failure`,
		sigpost.JobInterrupted: ``,
	}
	var succeeded, failed time.Time
	failures := 0
	switch r.Result {
	case sigpost.JobDone:
		succeeded = r.Ended
	case sigpost.JobFailed:
		failed, failures = r.Ended, 1
	}
	_, err := db.exec(ctx, `INSERT INTO jobs (name, run, begun, ended, took, succeeded, failed, failing, failures, failure)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)
ON CONFLICT (name) DO UPDATE SET run = excluded.run, begun = excluded.begun, ended = excluded.ended, took = excluded.took`+changes[r.Result],
		r.Name, r.Run, micros(r.Begun), micros(r.Ended), r.Took.Microseconds(), micros(succeeded), micros(failed), failures, clean(r.Failure))
	return db.fail("recording how the job \""+r.Name+"\" ended", err)
}
