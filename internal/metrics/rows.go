package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigpost/store"
)

// Source is where it is asked how the archive stands. What it gives names digests,
// lists, mailboxes and jobs of the configuration alone: who writes rows cannot make
// series.
type Source struct {
	// Rows answers at once, however large the archive is; Census may take seconds.
	Rows   func(ctx context.Context) (Rows, error)
	Census func(ctx context.Context) (store.Census, error)
	Now    func() time.Time
}

// Rows are what is asked at each scrape.
type Rows struct {
	Ready     bool
	Backlogs  []store.Backlog
	Mailboxes []Mailbox
	Jobs      []Job
	Sizes     store.Sizes
}

// Mailbox is how reading a mailbox stands.
type Mailbox struct {
	Name              string // account/mailbox
	Complete, Failing time.Time
}

// Job is how a job stands.
type Job struct {
	Name                      string
	Succeeded, Ended, Failing time.Time
}

// rowsLife is for how long what was asked is good; rowsTime how long asking may take.
const (
	rowsLife = 5 * time.Second
	rowsTime = 5 * time.Second
)

// asked is an answer of a source, or why there is none.
type asked[T any] struct {
	is   T
	ok   bool
	at   time.Time
	took time.Duration
}

func (a *asked[T]) ask(ctx context.Context, limit time.Duration, from func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a.at = time.Now()
	is, err := from(ctx)
	if a.took, a.ok = time.Since(a.at), err == nil; a.ok {
		a.is = is
	}
}

// constants gives values with the labels of a family.
type constants map[string]*prometheus.Desc

func constantsOf(names ...string) constants {
	c := constants{}
	for _, n := range names {
		c[n] = desc(n)
	}
	return c
}

func (c constants) give(out chan<- prometheus.Metric, name string, value float64, labels ...string) {
	is := prometheus.GaugeValue
	if familyOf(name).kind == counter {
		is = prometheus.CounterValue
	}
	out <- prometheus.MustNewConstMetric(c[name], is, value, labels...)
}

// Describe names them.
func (c constants) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c {
		out <- d
	}
}

// seconds is a time as Prometheus has it; 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// rowsCollector asks a source at a scrape.
type rowsCollector struct {
	constants
	mu     sync.Mutex
	source Source
	last   asked[Rows]
}

func newRows() *rowsCollector {
	return &rowsCollector{constants: constantsOf("sigpost_ready", "sigpost_stage_waiting_rows", "sigpost_stage_lag_seconds",
		"sigpost_job_last_success_timestamp_seconds", "sigpost_job_last_end_timestamp_seconds", "sigpost_job_failing_since_timestamp_seconds",
		"sigpost_mailbox_last_complete_timestamp_seconds", "sigpost_mailbox_failing_since_timestamp_seconds",
		"sigpost_database_size_bytes", "sigpost_database_wal_bytes", "sigpost_database_connections", "sigpost_database_connections_max",
		"sigpost_database_connection_waits_total", "sigpost_database_connection_wait_seconds_total",
		"sigpost_figures_up", "sigpost_figures_timestamp_seconds", "sigpost_figures_duration_seconds")}
}

// Collect gives what the rows say, which may be a few seconds old.
func (c *rowsCollector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.source.Rows == nil {
		return
	}
	if time.Since(c.last.at) > rowsLife {
		c.last.ask(context.Background(), rowsTime, c.source.Rows)
	}
	c.told(out, "rows", c.last.ok, c.last.at, c.last.took)
	if !c.last.ok { // what was true before says nothing of now
		c.give(out, "sigpost_ready", 0)
		return
	}
	rows, now := c.last.is, c.source.Now()
	c.give(out, "sigpost_ready", number(rows.Ready))
	for _, b := range rows.Backlogs {
		lag := 0.0
		if !b.Oldest.IsZero() {
			lag = max(0, now.Sub(b.Oldest).Seconds())
		}
		c.give(out, "sigpost_stage_waiting_rows", float64(b.Waiting), b.Stage, b.Digest)
		c.give(out, "sigpost_stage_lag_seconds", lag, b.Stage, b.Digest)
	}
	for _, j := range rows.Jobs {
		c.give(out, "sigpost_job_last_success_timestamp_seconds", seconds(j.Succeeded), j.Name)
		c.give(out, "sigpost_job_last_end_timestamp_seconds", seconds(j.Ended), j.Name)
		c.give(out, "sigpost_job_failing_since_timestamp_seconds", seconds(j.Failing), j.Name)
	}
	for _, m := range rows.Mailboxes {
		c.give(out, "sigpost_mailbox_last_complete_timestamp_seconds", seconds(m.Complete), m.Name)
		c.give(out, "sigpost_mailbox_failing_since_timestamp_seconds", seconds(m.Failing), m.Name)
	}
	c.sizes(out, rows.Sizes)
}

func (c *rowsCollector) sizes(out chan<- prometheus.Metric, s store.Sizes) {
	c.give(out, "sigpost_database_size_bytes", float64(s.Database))
	if s.Log >= 0 {
		c.give(out, "sigpost_database_wal_bytes", float64(s.Log))
	}
	c.give(out, "sigpost_database_connections", float64(s.Pool.InUse), "in_use")
	c.give(out, "sigpost_database_connections", float64(s.Pool.Idle), "idle")
	c.give(out, "sigpost_database_connections_max", float64(s.Pool.MaxOpenConnections))
	c.give(out, "sigpost_database_connection_waits_total", float64(s.Pool.WaitCount))
	c.give(out, "sigpost_database_connection_wait_seconds_total", s.Pool.WaitDuration.Seconds())
}

func (c constants) told(out chan<- prometheus.Metric, part string, ok bool, at time.Time, took time.Duration) {
	c.give(out, "sigpost_figures_up", number(ok), part)
	c.give(out, "sigpost_figures_timestamp_seconds", seconds(at), part)
	c.give(out, "sigpost_figures_duration_seconds", took.Seconds(), part)
}
