package metrics

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// kind is what Prometheus calls the type of a metric.
type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
)

// family is a metric with its labels, whose values are bounded by the program and its
// configuration alone.
type family struct {
	name   string
	kind   kind
	labels []string
	help   string
}

// families are all metrics of sigpost, in the order of docs/monitoring.md. What begins
// with go_ and process_ is the Go library's.
var families = []family{
	{"sigpost_build_info", gauge, []string{"version", "revision", "goversion"}, "Always 1: the build that runs."},
	{"sigpost_ready", gauge, nil, "1 while /readyz says that this process is ready, else 0."},

	{"sigpost_stage_waiting_rows", gauge, []string{"stage", "digest"}, "Rows that wait for a stage, counted to 5000; see below for what they are."},
	{"sigpost_stage_lag_seconds", gauge, []string{"stage", "digest"}, "Since when the oldest row that waits for a stage could have been done; 0 where none waits."},
	{"sigpost_stage_rows_total", counter, []string{"stage", "result"}, "Rows that a stage has done in this process, or that failed for good; an attempt at the stage that failed as a whole counts as one that failed."},
	{"sigpost_stage_duration_seconds", histogram, []string{"stage"}, "How long a stage took in this process, each time that it did something or tried to."},
	{"sigpost_job_duration_seconds", histogram, []string{"job", "result"}, "How long jobs took in this process, by their kind and how they ended."},
	{"sigpost_job_last_success_timestamp_seconds", gauge, []string{"job"}, "When a job last ended well, in any process; 0 for never."},
	{"sigpost_job_last_end_timestamp_seconds", gauge, []string{"job"}, "When a job last ended, in any process; 0 for never."},
	{"sigpost_job_failing_since_timestamp_seconds", gauge, []string{"job"}, "Since when every attempt at a job has failed; 0 while it goes well."},

	{"sigpost_mailbox_last_complete_timestamp_seconds", gauge, []string{"mailbox"}, "When a mailbox was last read to its end; 0 for never."},
	{"sigpost_mailbox_failing_since_timestamp_seconds", gauge, []string{"mailbox"}, "Since when every attempt to read a mailbox has failed; 0 while it can be read."},
	{"sigpost_mailbox_connection", gauge, []string{"mailbox", "state"}, "1 for the state of the connection that watches a mailbox: connecting (for the first time), idle, reading or broken."},
	{"sigpost_mailbox_connection_since_timestamp_seconds", gauge, []string{"mailbox"}, "Since when the connection that watches a mailbox is in its state."},
	{"sigpost_mailbox_messages_total", counter, []string{"mailbox", "result"}, "Messages that this process read from a mailbox: stored, duplicate or quarantined."},

	{"sigpost_messages", gauge, nil, "Messages in the archive."},
	{"sigpost_list_messages", gauge, []string{"list"}, "Messages of a list in the archive; \"other\" are lists that the configuration does not have any more."},
	{"sigpost_list_last_message_timestamp_seconds", gauge, []string{"list"}, "When the newest message of a list was received; 0 where there is none."},
	{"sigpost_quarantined_messages", gauge, []string{"mailbox"}, "Messages in quarantine; \"other\" came from files."},

	{"sigpost_deliveries_total", counter, []string{"digest", "result"}, "Attempts at letters by this process: sent, failed, deferred, unknown, or suppressed."},
	{"sigpost_smtp_connections", gauge, []string{"state"}, "Connections of this process to mail servers: connecting, busy with a letter, or idle."},
	{"sigpost_issue_letters", gauge, []string{"digest", "state"}, "Letters of the latest issue that has begun to be sent, by state."},
	{"sigpost_notices", gauge, []string{"state"}, "Letters to single people about their subscriptions, by state."},
	{"sigpost_subscriptions", gauge, []string{"digest", "state"}, "Subscriptions: active, paused, suspended or ended."},
	{"sigpost_subscription_requests", gauge, nil, "Requests to subscribe that wait for their confirmation."},
	{"sigpost_bounces", gauge, []string{"class"}, "What is on record of letters that came back, by class."},

	{"sigpost_http_requests_total", counter, []string{"route", "class"}, "Requests to the pages, by the pattern of their route and the class of the answer's status; what was refused before a route was found has the route \"none\"."},
	{"sigpost_http_request_duration_seconds", histogram, []string{"route"}, "How long answers took, by the pattern of their route."},
	{"sigpost_http_requests_in_flight", gauge, nil, "Requests that are being answered."},

	{"sigpost_database_size_bytes", gauge, nil, "What the database takes."},
	{"sigpost_database_wal_bytes", gauge, nil, "What SQLite's write-ahead log takes; it is not there with PostgreSQL."},
	{"sigpost_database_connections", gauge, []string{"state"}, "Connections of this process to the database: in_use or idle."},
	{"sigpost_database_connections_max", gauge, nil, "How many connections this process has at most."},
	{"sigpost_database_connection_waits_total", counter, nil, "How often somebody waited for a connection."},
	{"sigpost_database_connection_wait_seconds_total", counter, nil, "How long they waited, in all."},

	{"sigpost_figures_up", gauge, []string{"part"}, "1 where the archive could be asked: rows at each scrape, census in the background."},
	{"sigpost_figures_timestamp_seconds", gauge, []string{"part"}, "When it was asked."},
	{"sigpost_figures_duration_seconds", gauge, []string{"part"}, "How long that took."},
}

// Names are the names of all families.
func Names() []string {
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = f.name
	}
	return names
}

// Table is what all metrics are, in Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("| Metric | Type | Labels | What it says |\n|---|---|---|---|\n")
	for _, f := range families {
		labels := ""
		if len(f.labels) > 0 {
			labels = "`" + strings.Join(f.labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, f.kind, labels, f.help)
	}
	return b.String()
}

func familyOf(name string) family {
	i := slices.IndexFunc(families, func(f family) bool { return f.name == name })
	if i < 0 {
		panic("there is no metric " + name)
	}
	return families[i]
}

func desc(name string) *prometheus.Desc {
	f := familyOf(name)
	return prometheus.NewDesc(f.name, f.help, f.labels, nil)
}

func counters(name string) *prometheus.CounterVec {
	f := familyOf(name)
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.name, Help: f.help}, f.labels)
}

func gauges(name string) *prometheus.GaugeVec {
	f := familyOf(name)
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.name, Help: f.help}, f.labels)
}

func histograms(name string, buckets []float64) *prometheus.HistogramVec {
	f := familyOf(name)
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.name, Help: f.help, Buckets: buckets}, f.labels)
}
