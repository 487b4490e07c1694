// Package metrics counts what the program does and says how the archive stands, for
// Prometheus. All of it is in a registry of its own.
package metrics

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sigpost/store"
)

// Metrics are those of one process. A nil one takes everything and keeps nothing.
type Metrics struct {
	registry *prometheus.Registry
	rows     *rowsCollector
	census   *censusCollector

	requests, stages, deliveries, mail *prometheus.CounterVec
	answers, jobs, took                *prometheus.HistogramVec
	inFlight                           prometheus.Gauge
	connections, since, smtp           *prometheus.GaugeVec
}

// The buckets of durations, in seconds: of answers up to how long one may take, of jobs
// up to hours.
var (
	answerBuckets = []float64{0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 1, 5, 20}
	jobBuckets    = []float64{0.01, 0.1, 1, 5, 30, 120, 600, 3600, 14400}
)

// New makes the metrics of a build.
func New(version, revision string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), rows: newRows(), census: newCensus(),
		requests: counters("sigpost_http_requests_total"), stages: counters("sigpost_stage_rows_total"),
		deliveries: counters("sigpost_deliveries_total"), mail: counters("sigpost_mailbox_messages_total"),
		answers: histograms("sigpost_http_request_duration_seconds", answerBuckets), jobs: histograms("sigpost_job_duration_seconds", jobBuckets),
		took:        histograms("sigpost_stage_duration_seconds", jobBuckets),
		connections: gauges("sigpost_mailbox_connection"), smtp: gauges("sigpost_smtp_connections"), since: gauges("sigpost_mailbox_connection_since_timestamp_seconds"),
	}
	inFlight := gauges("sigpost_http_requests_in_flight")
	m.inFlight = inFlight.WithLabelValues()
	build := gauges("sigpost_build_info")
	build.WithLabelValues(version, revision, runtime.Version()).Set(1)
	m.registry.MustRegister(m.rows, m.census, m.requests, m.stages, m.deliveries, m.mail, m.answers, m.jobs, m.took, m.connections, m.since, m.smtp, inFlight, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, stage := range store.Stages() { // a counter that comes up with its first failure does not rise
		m.Rows(stage, 0, 0)
		m.took.WithLabelValues(stage)
	}
	for _, state := range SMTPStates {
		m.SMTP(state, 0)
	}
	return m
}

// scrapesAtOnce is how many scrapes are answered at the same time, and scrapeTime how
// long one may take.
const (
	scrapesAtOnce = 2
	scrapeTime    = 10 * time.Second
)

// Handler answers scrapes.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeTime,
	})
}

// RequestBegun counts a request that is being answered; it ends with Request.
func (m *Metrics) RequestBegun() {
	if m != nil {
		m.inFlight.Inc()
	}
}

// Request counts an answer. The route is one of the site's patterns, or "" where none
// was found.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.inFlight.Dec()
	if route == "" {
		route = "none"
	}
	class := "other"
	if status >= 100 && status < 600 {
		class = strconv.Itoa(status/100) + "xx"
	}
	m.requests.WithLabelValues(route, class).Inc()
	m.answers.WithLabelValues(route).Observe(took.Seconds())
}

// Job notes how long a job of a kind took, and how it ended.
func (m *Metrics) Job(kind, result string, took time.Duration) {
	if m != nil {
		m.jobs.WithLabelValues(kind, result).Observe(took.Seconds())
	}
}

// Took notes how long a stage took.
func (m *Metrics) Took(stage string, took time.Duration) {
	if m != nil {
		m.took.WithLabelValues(stage).Observe(took.Seconds())
	}
}

// Rows counts what a stage has done, and what has failed.
func (m *Metrics) Rows(stage string, done, failed int) {
	if m != nil {
		m.stages.WithLabelValues(stage, "done").Add(float64(done))
		m.stages.WithLabelValues(stage, "failed").Add(float64(failed))
	}
}

// Letters counts attempts at letters of a digest.
func (m *Metrics) Letters(digest, result string, n int) {
	if m != nil {
		m.deliveries.WithLabelValues(digest, result).Add(float64(n))
	}
}

// Mail counts messages that were read from a mailbox.
func (m *Metrics) Mail(mailbox string, stored, duplicate, quarantined int) {
	if m == nil {
		return
	}
	m.mail.WithLabelValues(mailbox, "stored").Add(float64(stored))
	m.mail.WithLabelValues(mailbox, "duplicate").Add(float64(duplicate))
	m.mail.WithLabelValues(mailbox, "quarantined").Add(float64(quarantined))
}

// ConnectionStates are the states of a connection that watches a mailbox.
var ConnectionStates = []string{"connecting", "idle", "reading", "broken"}

// SMTPStates are the states of connections to mail servers.
var SMTPStates = []string{"connecting", "busy", "idle"}

// SMTP notes that so many connections to mail servers came to a state, or left it.
func (m *Metrics) SMTP(state string, by int) {
	if m != nil {
		m.smtp.WithLabelValues(state).Add(float64(by))
	}
}

// Connection notes the state of the connection that watches a mailbox.
func (m *Metrics) Connection(mailbox, state string, at time.Time) {
	if m == nil {
		return
	}
	for _, s := range ConnectionStates {
		is := 0.0
		if s == state {
			is = 1
		}
		m.connections.WithLabelValues(mailbox, s).Set(is)
	}
	m.since.WithLabelValues(mailbox).Set(seconds(at))
}

// NoConnection notes that this process does not watch a mailbox any more.
func (m *Metrics) NoConnection(mailbox string) {
	if m == nil {
		return
	}
	m.connections.DeletePartialMatch(prometheus.Labels{"mailbox": mailbox})
	m.since.DeleteLabelValues(mailbox)
}
