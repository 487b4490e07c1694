package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/app"
	"sigpost/bench/internal/program"
	sigconfig "sigpost/config"
	"sigpost/internal/peertest"
	"sigpost/store"
)

// workerVariable holds the task of a process that is a worker and no test.
const workerVariable = "SIGPOST_BENCH_WORKER"

// TestMain is the tests, or a worker of them.
func TestMain(m *testing.M) {
	task := os.Getenv(workerVariable)
	if task == "" {
		os.Exit(m.Run())
	}
	os.Unsetenv(workerVariable)
	if err := work(task); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// simulated is when everything is said to take place.
var simulated = time.Date(2016, 4, 25, 14, 1, 0, 0, time.UTC)

// task is what a worker does.
type task struct {
	Config string
	Wrong  time.Duration // how wrong the machine's clock is
	Lease  time.Duration
	Turn   time.Duration // how long each call of DeliverSome lasts
	Go     string        // a file: when it is there, all begin
}

// work delivers issue 1 until it is sent, and writes what became of it.
func work(text string) error {
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	cfg, err := sigconfig.Load(t.Config)
	if err != nil {
		return err
	}
	began := time.Now()
	now := func() time.Time { return simulated.Add(time.Since(began) + t.Wrong) }
	machine := func() time.Time { return time.Now().Add(t.Wrong) }
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	a, err := app.Open(context.Background(), cfg, app.Options{Now: now, Machine: machine, Lease: t.Lease, Log: log})
	if err != nil {
		return err
	}
	defer a.Close()
	if err := os.WriteFile(fmt.Sprintf("%s.%d", t.Go, os.Getpid()), nil, 0o600); err != nil {
		return err
	}
	for _, err := os.Stat(t.Go); err != nil; _, err = os.Stat(t.Go) {
		time.Sleep(5 * time.Millisecond)
	}
	for {
		r, err := a.DeliverSome(context.Background(), cfg.Digests[0], 1, t.Turn)
		if err := json.NewEncoder(os.Stdout).Encode(r.Outcome); err != nil {
			return err
		}
		if err != nil {
			log.Warn("a call ended", "err", err)
		}
		var issue sigpost.Issue
		for {
			if issue, err = a.Store.LastIssue(context.Background(), "weekly"); err == nil {
				break
			}
			time.Sleep(200 * time.Millisecond)
		}
		if issue.State == sigpost.IssueSent {
			return nil
		}
		if r.Paused != "" {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// fleet is an issue that several processes send.
type fleet struct {
	t       *testing.T
	dsn     string
	dir     string
	program program.Program
	readers int
	lease   time.Duration
}

// newFleet makes an issue that is approved, with some readers.
func newFleet(t *testing.T, dsn string, n int) *fleet {
	t.Helper()
	p := program.Build(t, configOn("config.toml.url", "127.0.0.1:1", ""))
	p.Write(t, "config.toml.url", dsn)
	p.Write(t, "sample.mbox", string(sampleMbox()))
	p.Run(t, "import", filepath.Join(p.Dir, "sample.mbox"))
	subscribe(t, dsn, min(n, *selections))
	replicate(t, dsn, n)
	p.Run(t, "classify")
	p.At(t, "2016-04-25T14:00:00Z", "digest", "compose")
	return &fleet{t: t, dsn: dsn, dir: p.Dir, program: p, readers: n, lease: 4 * time.Second}
}

// replicate makes n readers of the first ones, as subscribe would: one by one they
// would take longer than all that is measured.
func replicate(t *testing.T, dsn string, n int) {
	t.Helper()
	psql := peertest.Need(t, "PostgreSQL", "/usr/lib/postgresql/*/bin/psql")[0]
	const like = `FROM generate_series(%[1]d, %[2]d - 1) i JOIN subscribers k ON k.id = 1 + i %% %[1]d`
	sql := fmt.Sprintf(`INSERT INTO subscribers (name, addr, addr_key, zone, consent, created)
SELECT 'Reader No. ' || i, 'reader' || i || '@readers.example.org', 'reader' || i || '@readers.example.org', k.zone, k.consent, k.created `+like+` ORDER BY i;
INSERT INTO subscriptions (subscriber_id, digest, state, topics, muted, since)
SELECT i + 1, s.digest, s.state, s.topics, s.muted, s.since `+like+` JOIN subscriptions s ON s.subscriber_id = k.id ORDER BY i; ANALYZE`, *selections, n)
	if out, err := exec.Command(psql, "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, dsn).CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
}

// configOn is a configuration with the database of which a file tells.
func configOn(file, sink, more string) string {
	text := strings.Replace(fmt.Sprintf(config, sink, *connections), `database = "sigpost.db"`, fmt.Sprintf("database_file = %q", file), 1)
	return text + "allow_plain = true\ntimeout = \"30s\"\n" + more
}

// configure writes a worker's configuration.
func (f *fleet) configure(name, dsn, sink, more string) string {
	f.t.Helper()
	f.program.Write(f.t, name, configOn(name+".url", sink, more))
	f.program.Write(f.t, name+".url", dsn)
	return filepath.Join(f.dir, name)
}

// worker is a process that delivers.
type worker struct {
	cmd    *exec.Cmd
	log    string
	exited chan error
}

// start starts one; in is the network that it lives in, or nil.
func (f *fleet) start(cfg string, wrong time.Duration, in *peertest.Network) *worker {
	f.t.Helper()
	data, err := json.Marshal(task{Config: cfg, Wrong: wrong, Lease: f.lease, Turn: 20 * time.Second, Go: f.file()})
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	if in != nil {
		cmd = in.Command(os.Args[0])
	}
	log, err := os.CreateTemp(f.dir, "worker-*.log")
	if err != nil {
		f.t.Fatal(err)
	}
	w := &worker{cmd: cmd, log: log.Name(), exited: make(chan error, 1)}
	w.cmd.Env = append(os.Environ(), workerVariable+"="+string(data))
	w.cmd.Stdout, w.cmd.Stderr = log, log
	if err := w.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	log.Close()
	go func() { w.exited <- w.cmd.Wait() }()
	f.t.Cleanup(func() {
		w.cmd.Process.Signal(syscall.SIGCONT)
		w.cmd.Process.Kill()
		if f.t.Failed() {
			data, _ := os.ReadFile(w.log)
			f.t.Logf("worker %d said:\n%s", w.cmd.Process.Pid, tail(data, 3000))
		}
	})
	return w
}

// file is what workers wait for.
func (f *fleet) file() string { return filepath.Join(f.dir, "go") }

// begin lets all workers begin, and those that are started later, when so many are
// ready.
func (f *fleet) begin(n int) {
	f.t.Helper()
	eventually(f.t, "workers are ready", time.Minute, func() bool {
		ready, _ := filepath.Glob(f.file() + ".*")
		return len(ready) == n
	})
	if err := os.WriteFile(f.file(), nil, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// says reads what a worker has logged.
func (w *worker) says(t *testing.T) string {
	data, err := os.ReadFile(w.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// wait waits until workers end by themselves.
func (f *fleet) wait(limit time.Duration, all ...*worker) {
	f.t.Helper()
	deadline := time.After(limit)
	for _, w := range all {
		select {
		case err := <-w.exited:
			w.exited <- err
			if err != nil {
				f.t.Errorf("worker %d: %v", w.cmd.Process.Pid, err)
			}
		case <-deadline:
			f.t.Fatalf("worker %d has not ended after %s", w.cmd.Process.Pid, limit)
		}
	}
}

// open opens the archive.
func (f *fleet) open() *store.DB {
	f.t.Helper()
	db, err := store.Open(context.Background(), f.dsn)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { db.Close() })
	return db
}

// check holds what a sink got against the ledger, and gives how many letters are
// unknown. It knows nothing of how they were sent: nobody has two letters, who is said
// to have one has it, who has one is said to have it or to be unknown, and everybody
// is in the ledger.
func (f *fleet) check(letters []peertest.Logged) (unknown int) {
	f.t.Helper()
	db := f.open()
	got := map[string]int{}
	ids := map[string]string{}
	for _, l := range letters {
		got[l.To]++
		if was := ids[l.MessageID]; was != "" && was != l.To || l.MessageID == "" {
			f.t.Errorf("%s and %s have the same Message-ID %q", was, l.To, l.MessageID)
		}
		ids[l.MessageID] = l.To
	}
	addr := map[int64]string{}
	for id := range int64(f.readers) { // they are numbered as they came
		addr[id+1] = fmt.Sprintf("reader%d@readers.example.org", id)
	}
	rows, err := db.Deliveries(context.Background(), 1, "")
	if err != nil {
		f.t.Fatal(err)
	}
	wrong := 0
	complain := func(format string, args ...any) {
		if wrong++; wrong <= 10 {
			f.t.Errorf(format, args...)
		}
	}
	if len(rows) != f.readers {
		complain("the ledger has %d rows for %d readers", len(rows), f.readers)
	}
	for _, row := range rows {
		to := addr[row.SubscriptionID]
		n := got[to]
		delete(got, to)
		switch {
		case row.State == sigpost.DeliverySent && n == 1:
			if ids[string(row.MessageID)] != to {
				complain("%s has another letter than %s", to, row.MessageID)
			}
		case row.State == sigpost.DeliveryUnknown && n <= 1:
			unknown++
		default:
			complain("%s has %d letters, and the ledger says %s (%s)", to, n, row.State, row.Reply)
		}
	}
	for to, n := range got {
		complain("%s has %d letters and no row", to, n)
	}
	if wrong > 10 {
		f.t.Errorf("%d faults in all", wrong)
	}
	return unknown
}

// everybodyHasIt sees that everybody has a letter after those that were held were sent
// once more, with the Message-ID that it had before; and gives how many have two.
func (f *fleet) everybodyHasIt(before, after []peertest.Logged) (twice int) {
	f.t.Helper()
	ids, had := map[string]string{}, map[string]int{}
	for _, l := range before {
		ids[l.To] = l.MessageID
	}
	for _, l := range after {
		had[l.To]++
		if was := ids[l.To]; was != "" && was != l.MessageID {
			f.t.Errorf("%s has %s and %s", l.To, was, l.MessageID)
		}
	}
	for id := range f.readers {
		switch to := fmt.Sprintf("reader%d@readers.example.org", id); had[to] {
		case 1:
		case 2:
			twice++
		default:
			f.t.Errorf("%s has %d letters", to, had[to])
		}
	}
	if sent := len(after) - len(before); twice > sent || f.readers+twice != len(after) {
		f.t.Errorf("%d readers have %d letters, %d of them sent once more, and %d have two", f.readers, len(after), sent, twice)
	}
	return twice
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, limit time.Duration, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not after %s", what, limit)
		}
	}
}
