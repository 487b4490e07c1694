package work

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"sigpost/internal/peertest"
)

// What a job of River costs that does nothing, beside rows that are taken by SKIP LOCKED: see
// docs/scale.md.
//
//	go test ./work -run '^$' -bench Queue -benchtime 5000x

// noArgs are of a job that does nothing, or fails at first.
type noArgs struct {
	Fails bool `json:"fails"`
	N     int  `json:"n"`
}

func (noArgs) Kind() string { return "nothing" }

type nothing struct {
	river.WorkerDefaults[noArgs]
	done atomic.Int64
}

func (w *nothing) Work(_ context.Context, job *river.Job[noArgs]) error {
	if job.Args.Fails && job.Attempt == 1 {
		return errors.New("it fails at first")
	}
	w.done.Add(1)
	return nil
}

// HandleError says nothing.
func (*nothing) HandleError(context.Context, *rivertype.JobRow, error) *river.ErrorHandlerResult {
	return nil
}

// HandlePanic does not happen.
func (*nothing) HandlePanic(context.Context, *rivertype.JobRow, any, string) *river.ErrorHandlerResult {
	return nil
}

// atOnce tries again what has failed.
type atOnce struct{}

func (atOnce) NextRetry(*rivertype.JobRow) time.Time { return time.Now() }

// database is a PostgreSQL that keeps what it was told, with River's tables.
func database(tb testing.TB) (*peertest.PostgresServer, *pgxpool.Pool) {
	tb.Helper()
	server := peertest.PostgresOwn(tb)
	server.Settings("fsync = on", "synchronous_commit = on", "full_page_writes = on")
	pool, err := connect(tb.Context(), Options{DSN: server.DSN})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	if err := migrate(tb.Context(), pool, slog.New(slog.DiscardHandler)); err != nil {
		tb.Fatal(err)
	}
	return server, pool
}

func client(tb testing.TB, pool *pgxpool.Pool, w *nothing) *river.Client[pgx.Tx] {
	tb.Helper()
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	c, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Schema: Schema, Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 100}},
		FetchPollInterval: poll, RetryPolicy: atOnce{}, ErrorHandler: w, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// costs runs something, which is so many times the unit, and reports what it took of the
// processor here and in the database.
func costs(b *testing.B, server *peertest.PostgresServer, unit string, do func()) {
	b.Helper()
	own := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began, here, there := time.Now(), own(), server.CPU()
	do()
	took, here, there := time.Since(began), own()-here, server.CPU()-there
	each := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(b.N) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.N)/took.Seconds(), unit+"/s")
	b.ReportMetric(each(here), "ms-cpu-here/"+unit)
	b.ReportMetric(each(there), "ms-cpu-PostgreSQL/"+unit)
}

func BenchmarkQueue(b *testing.B) {
	jobs := func(fails bool, together int) func(*testing.B) {
		return func(b *testing.B) {
			server, pool := database(b)
			w := &nothing{}
			c := client(b, pool, w)
			if err := c.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			costs(b, server, "job", func() {
				for n := 0; n < b.N; n += together {
					var batch []river.InsertManyParams
					for i := range min(together, b.N-n) {
						batch = append(batch, river.InsertManyParams{Args: noArgs{fails, n + i}, InsertOpts: &river.InsertOpts{MaxAttempts: 2}})
					}
					if _, err := c.InsertMany(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
				}
				for w.done.Load() < int64(b.N) {
					time.Sleep(10 * time.Millisecond)
				}
				if err := c.Stop(b.Context()); err != nil { // all is noted as done
					b.Fatal(err)
				}
			})
		}
	}
	b.Run("jobs", jobs(false, 1))
	b.Run("jobsTogether", jobs(false, 100))
	b.Run("failAndAreTriedAgain", jobs(true, 100))
	b.Run("batchesOf100RowsTaken", rowsTaken)
}

// rowsTaken takes a hundred rows at a time, and marks them as done: as a sender takes
// letters.
func rowsTaken(b *testing.B) {
	const batch = 100
	server, pool := database(b)
	for _, statement := range []string{
		`CREATE TABLE letters (id BIGINT PRIMARY KEY, state TEXT NOT NULL, lease BIGINT)`,
		`CREATE INDEX letters_queued ON letters (id) WHERE state = 'queued'`,
	} {
		if _, err := pool.Exec(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := pool.Exec(b.Context(), `INSERT INTO letters SELECT i, 'queued', 0 FROM generate_series(1, $1) i`, b.N*batch); err != nil {
		b.Fatal(err)
	}
	if _, err := pool.Exec(b.Context(), `ANALYZE letters`); err != nil {
		b.Fatal(err)
	}
	costs(b, server, "batch", func() {
		for range b.N {
			rows, err := pool.Query(b.Context(), `UPDATE letters SET state = 'sending', lease = 1 WHERE id IN
(SELECT id FROM letters WHERE state = 'queued' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id`, batch)
			if err != nil {
				b.Fatal(err)
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			if err != nil || len(ids) != batch {
				b.Fatal(len(ids), err)
			}
			if _, err := pool.Exec(b.Context(), `UPDATE letters SET state = 'sent' WHERE id = ANY($1)`, ids); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// at is a schedule of one time.
type at time.Time

func (a at) Next(now time.Time) time.Time {
	if now.Before(time.Time(a)) {
		return time.Time(a)
	}
	return now.Add(time.Hour)
}

// River's periodic jobs are in the memory of who leads: what was due while nobody did is
// not made up for. So what is due is asked of the archive's rows, by one such job.
func TestPeriodicJobsAreNotMadeUpFor(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for some seconds")
	}
	_, pool := database(t)
	due := time.Now().Add(4 * time.Second)
	queued := func() (n int) {
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM river.river_job WHERE kind = 'nothing'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	lead := func(until time.Time) {
		t.Helper()
		c := client(t, pool, &nothing{})
		c.PeriodicJobs().Add(river.NewPeriodicJob(at(due), func() (river.JobArgs, *river.InsertOpts) { return noArgs{}, nil }, nil))
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(until))
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	lead(due.Add(-time.Second))
	time.Sleep(time.Until(due.Add(100 * time.Millisecond)))
	lead(due.Add(6 * time.Second))
	if n := queued(); n != 0 {
		t.Errorf("%d are queued: River makes up for what was due, and look is not needed", n)
	}
	due = time.Now().Add(4 * time.Second) // that it would be, else
	lead(due.Add(2 * time.Second))
	if n := queued(); n != 1 {
		t.Errorf("%d are queued of what is due while somebody leads", n)
	}
}
