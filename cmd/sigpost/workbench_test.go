package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

// BenchmarkWorkers says what four workers cost that have nothing to do, for a minute,
// and how long it is from mail to tags then. It runs once, whatever -benchtime says:
//
//	go test ./cmd/sigpost -run '^$' -bench Workers -benchtime 1x -timeout 10m
func BenchmarkWorkers(b *testing.B) {
	c := newCluster(b, peertest.Postgres(b))
	c.look = "10s" // as configured where nothing is said
	dsn, err := os.ReadFile(c.dir + "/dsn")
	if err != nil {
		b.Fatal(err)
	}
	c.configure(string(dsn))
	mails := c.load(conversations(50))
	for range 4 {
		c.start("--roles", "ingest,classify,deliver")
	}
	c.complete(mails, 2*time.Minute)
	time.Sleep(15 * time.Second) // until all is quiet
	const idle = time.Minute
	commits := func() int {
		return c.value(`SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`)
	}
	queued := func() int { return c.value(`SELECT count(*) FROM river.river_job`) }
	connections := c.value(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'sigpost%'`)
	before, jobs, cpu := commits(), queued(), c.cpu()
	time.Sleep(idle)
	b.ReportMetric((c.cpu()-cpu).Seconds()/idle.Seconds()/4*100, "%cpu/worker")
	b.ReportMetric(float64(commits()-before)/idle.Seconds(), "transactions/s")
	b.ReportMetric(float64(queued()-jobs)/idle.Minutes(), "jobs/min")
	b.ReportMetric(float64(connections), "connections")
	b.ReportMetric(float64(c.memory())/4/1e6, "MB/worker")

	var took []time.Duration
	for i := range 20 {
		id := fmt.Sprintf("late.%d@example.org", i)
		c.dovecot.Load(b, boxes[i%4], []peertest.Mail{{Raw: fmt.Appendf(nil, "From: Bob <bob@example.org>\r\nSubject: [nova] Late %d\r\nMessage-ID: <%s>\r\nDate: Sat, 2 Apr 2016 10:00:00 +0000\r\n\r\nText about nova.\r\n", i, id), Received: time.Now()}})
		took = append(took, c.until("late mail is tagged", time.Minute, func() bool {
			return c.value(`SELECT count(*) FROM messages m JOIN threads t ON t.id = m.thread_id WHERE m.message_id = $1 AND t.revision = t.classified_revision`, id) == 1
		}))
		time.Sleep(500 * time.Millisecond)
	}
	slices.Sort(took)
	b.ReportMetric(took[10].Seconds(), "s-to-tags-p50")
	b.ReportMetric(took[19].Seconds(), "s-to-tags-max")
}

// cpu is what all workers have taken of it.
func (c *cluster) cpu() (all time.Duration) {
	for _, w := range c.workers {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
		if err != nil {
			c.Fatal(err)
		}
		// Behind the name, utime and stime are the 12th and 13th (proc(5)), in hundredths
		// of a second.
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		for _, f := range fields[11:13] {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				c.Fatal(err)
			}
			all += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return all
}

// memory is how much all workers have of it, in bytes.
func (c *cluster) memory() (all int64) {
	for _, w := range c.workers {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", w.cmd.Process.Pid))
		if err != nil {
			c.Fatal(err)
		}
		n, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64) // pages
		if err != nil {
			c.Fatal(err)
		}
		all += n * int64(os.Getpagesize())
	}
	return all
}
