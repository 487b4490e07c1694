package deliver

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/peertest"
	"sigpost/store"
)

var (
	workers = flag.String("workers", "1,2", "with how many processes TestWorkers measures, side by side in one run")
	cores   = flag.Int("cores", 0, "how many cores each of these processes has, as on a machine of its own; 0 for all")
	durable = flag.Bool("durable", false, "have PostgreSQL wait for the disk, as it does where nobody told it otherwise")
)

// TestWorkers measures how fast an issue goes out that so many processes send, with its
// ledger in PostgreSQL, to a smtp-sink that keeps nothing; and the CPU time that the
// workers and PostgreSQL take for it. Everything shares the cores of this machine.
func TestWorkers(t *testing.T) {
	for range *runs {
		for _, text := range strings.Split(*workers, ",") {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(text, func(t *testing.T) { t.Log(manyWorkers(t, n)) })
		}
	}
}

// database is a server that is set as the flags say.
func database(t *testing.T) *peertest.PostgresServer {
	server := peertest.PostgresOwn(t)
	if *durable {
		server.Settings("fsync = on", "synchronous_commit = on", "full_page_writes = on")
	}
	return server
}

// manyWorkers is a line of the table.
func manyWorkers(t *testing.T, n int) string {
	server := database(t)
	f := newFleet(t, server.DSN, *readers)
	f.lease = time.Minute
	sink := peertest.SMTPDrain(t)
	cfg := f.configure("worker.toml", f.dsn, sink.Addr, signing(t, f.program))
	if *cores > 0 {
		t.Setenv("GOMAXPROCS", strconv.Itoa(*cores))
	}
	db := f.open()
	db.Close()
	var all []*worker
	for range n {
		all = append(all, f.start(cfg, 0, nil))
	}
	waits := sampleWaits(t, server.DSN)
	f.begin(n)
	before, begin := server.CPU(), time.Now()
	f.wait(time.Hour, all...)
	wall := time.Since(begin)
	var cpu time.Duration
	for _, w := range all {
		one, _ := used(w.cmd.ProcessState)
		cpu += one
	}
	inServer := server.CPU() - before
	t.Logf("what the workers' connections did, of all moments at which they were not idle: %s", waits())
	counts, err := f.open().DeliveryCounts(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if counts[sigpost.DeliverySent] != *readers {
		t.Errorf("the ledger has %v for %d readers", counts, *readers)
	}
	per := func(d time.Duration) float64 { return d.Seconds() * 1e4 / float64(*readers) }
	return fmt.Sprintf("%d workers %8.0f a second  %6.2f CPU s per 10,000 in them  %6.2f in PostgreSQL  %v", n, float64(*readers)/wall.Seconds(),
		per(cpu), per(inServer), wall.Round(time.Millisecond))
}

// sampleWaits looks ten times a second at what the workers' connections wait for, and
// gives the shares.
func sampleWaits(t *testing.T, dsn string) (stop func() string) {
	t.Helper()
	c := exec.Command(peertest.Need(t, "PostgreSQL", "/usr/lib/postgresql/*/bin/psql")[0], "-q", "-A", "-t", dsn)
	c.Stdin = strings.NewReader(`SELECT COALESCE(CASE WHEN state = 'idle in transaction' THEN 'the worker' ELSE wait_event_type || ' ' || wait_event END, 'running')
FROM pg_stat_activity WHERE application_name LIKE 'sigpost%' AND state <> 'idle' \watch 0.1` + "\n")
	var out bytes.Buffer
	c.Stdout = &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return func() string {
		c.Process.Kill()
		c.Wait()
		seen, all := map[string]int{}, 0
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimSpace(line); line != "" && !strings.Contains(line, "(every ") {
				seen[line]++
				all++
			}
		}
		names := slices.SortedFunc(maps.Keys(seen), func(a, b string) int { return seen[b] - seen[a] })
		var parts []string
		for _, name := range names[:min(len(names), 6)] {
			parts = append(parts, fmt.Sprintf("%s %d %%", name, 100*seen[name]/all))
		}
		return strings.Join(parts, ", ")
	}
}

// TestOneOnPostgres sends an issue by one run of the program, "digest send", with its
// ledger in PostgreSQL: what a state of the program before is measured with, too.
func TestOneOnPostgres(t *testing.T) {
	for range *runs {
		server := database(t)
		f := newFleet(t, server.DSN, *readers)
		sink := peertest.SMTPDrain(t)
		f.configure("config.toml", f.dsn, sink.Addr, "")
		before, size := server.CPU(), databaseSize(t, f.dsn)
		m := send(t, f.program)
		t.Log(m.row("digest send", *readers), fmt.Sprintf(" %6.2f CPU s per 10,000 in PostgreSQL", (server.CPU()-before).Seconds()*1e4/float64(*readers)))
		after := databaseSize(t, f.dsn)
		t.Logf("the database has %d MB before and %d MB after: %d bytes a reader, %d more a letter", size>>20, after>>20, size/int64(*readers), (after-size)/int64(*readers))
	}
}

func databaseSize(t *testing.T, dsn string) int64 {
	t.Helper()
	db, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sizes, err := db.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sizes.Database
}
