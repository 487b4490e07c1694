package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost/app"
	"sigpost/config"
	"sigpost/internal/peertest"
	"sigpost/store"
)

// briefly is the name of a program that is "sigpost work" with claims that are over soon.
// Its arguments are a configuration and roles.
const (
	briefly = "sigpost-briefly"
	claim   = 5 * time.Second
)

func workBriefly() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	work := func() error {
		cfg, err := config.Load(os.Args[1])
		if err != nil {
			return err
		}
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		a, err := app.Open(ctx, cfg, app.Options{Log: log, Claim: claim})
		if err != nil {
			return err
		}
		defer a.Close()
		return (&app.Serving{}).Work(ctx, a, strings.Split(os.Args[2], ","))
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// brief gives the program with brief claims.
func (c *cluster) brief() string {
	c.Helper()
	path := filepath.Join(c.dir, briefly)
	if err := os.Symlink(c.program, path); err != nil && !os.IsExist(err) {
		c.Fatal(err)
	}
	return path
}

// watchWorkers has the database note which process stores what, in test_stored: messages,
// the tags of a thread, and how far a mailbox is read.
func (c *cluster) watchWorkers() {
	c.Helper()
	dsn, _ := os.ReadFile(filepath.Join(c.dir, "dsn"))
	db, err := store.Open(c.Context(), string(dsn)) // makes the tables
	if err != nil {
		c.Fatal(err)
	}
	db.Close()
	statements := []string{`CREATE TABLE test_stored (at TIMESTAMPTZ DEFAULT clock_timestamp(), what TEXT, of TEXT, worker TEXT)`}
	for _, what := range [][3]string{
		{"message", "NEW.message_id", "AFTER INSERT ON messages"},
		{"tags", "NEW.id", "AFTER UPDATE OF classified_revision ON threads"},
		{"mailbox", "NEW.name", "AFTER UPDATE OF version ON mailboxes"},
	} {
		statements = append(statements,
			fmt.Sprintf(`CREATE FUNCTION test_%[1]s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO test_stored (what, of, worker) VALUES ('%[1]s', %[2]s, current_setting('application_name')); RETURN NEW; END $$`, what[0], what[1]),
			fmt.Sprintf(`CREATE TRIGGER test_%[1]s %[2]s FOR EACH ROW EXECUTE FUNCTION test_%[1]s()`, what[0], what[2]))
	}
	for _, statement := range statements {
		if _, err := c.db.Exec(statement); err != nil {
			c.Fatal(err)
		}
	}
}

// stored is what a worker has stored since a time by the database's clock.
func (c *cluster) stored(w *workerProcess, since time.Time) string {
	return c.lines(fmt.Sprintf(`SELECT what || ' ' || of FROM test_stored WHERE worker LIKE 'sigpost pid %d %%' AND at > '%s' ORDER BY at`,
		w.cmd.Process.Pid, since.Format(time.RFC3339Nano)))
}

// clock is the database's.
func (c *cluster) clock() (now time.Time) {
	c.Helper()
	if err := c.QueryRow(&now, `SELECT clock_timestamp()`); err != nil {
		c.Fatal(err)
	}
	return now
}

// connections counts those that a worker has, as far as the database knows.
func (c *cluster) connections(w *workerProcess) int {
	return c.value(`SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE $1`, fmt.Sprintf("sigpost pid %d %%", w.cmd.Process.Pid))
}

const claimed = `SELECT count(*) FROM tagging_claims WHERE until > extract(epoch FROM clock_timestamp()) * 1000000`

// A worker is cut off by its network while it reads and tags, for longer than its claims
// and its locks last, and comes back: others do all of it meanwhile, and it stores
// nothing of that. The mail server is there for it all the time.
func TestWorkerIsCutOff(t *testing.T) {
	network := peertest.NewNetwork(t)
	server := peertest.PostgresOwn(t)
	inside := server.Listen(network.Host)
	c := newCluster(t, server.DSN)
	network.Pass(c.dovecot.Addr)
	text, err := os.ReadFile(filepath.Join(c.dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"inside": inside, "inside.toml": strings.Replace(string(text), `"dsn"`, `"inside"`, 1)} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mails := c.load(conversations(1000))
	want := c.alone()
	c.watchWorkers()
	cut := c.run(network.Command(c.brief(), "inside.toml", "ingest,classify"))
	c.until("it reads and tags", time.Minute, func() bool { return c.value(`SELECT count(*) FROM messages`) > 0 && c.value(claimed) > 0 })
	network.Cut()
	began := time.Now()
	there := c.value(`SELECT count(*) FROM messages`)
	if there == mails {
		t.Fatal("all was read before")
	}
	for range 2 {
		c.run(exec.Command(c.brief(), "config.toml", "ingest,classify"))
	}
	since := c.clock().Add(time.Second) // what it had said by then may still be done
	c.complete(mails, 3*time.Minute)
	took := time.Since(began)
	c.wantAs(want)
	// Others need not wait for any of its locks, or transactions. A connection at which only
	// an answer is not taken may stay.
	c.until("the database gives up what it had", time.Minute, func() bool {
		return c.value(`SELECT count(*) FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory'
WHERE a.application_name LIKE $1 AND (a.backend_xid IS NOT NULL OR l.pid IS NOT NULL)`, fmt.Sprintf("sigpost pid %d %%", cut.cmd.Process.Pid)) == 0
	})
	// And it gives up its own, though it waits for answers to what it has said.
	c.until("it gives up its connections", time.Minute, func() bool {
		out, err := network.Command("ss", "-Htn", "state", "established", "dst", network.Host).Output()
		if err != nil {
			t.Fatal(err)
		}
		return len(out) == 0
	})
	t.Logf("cut off with %d of %d messages there; all was read and tagged %s later, and what it had given up after %s", there, mails, took, time.Since(began))
	if took := time.Since(began); took < 2*claim {
		t.Errorf("it was cut off for %s, when claims last %s", took, claim)
	}
	network.Heal()
	back := c.clock()
	c.until("it comes back", 3*time.Minute, func() bool {
		return c.value(`SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE $1 AND backend_start > $2`, fmt.Sprintf("sigpost pid %d %%", cut.cmd.Process.Pid), back) > 0
	})
	for _, w := range c.workers[1:] {
		w.stop(t)
	}
	const late = "late@example.org"
	c.dovecot.Load(t, boxes[0], []peertest.Mail{{Raw: fmt.Appendf(nil, "From: Bob <bob@example.org>\r\nSubject: [nova] Late\r\nMessage-ID: <%s>\r\nDate: Sat, 2 Apr 2016 10:00:00 +0000\r\n\r\nText about nova.\r\n", late), Received: time.Now()}})
	c.until("it works", 3*time.Minute, func() bool {
		return c.value(`SELECT count(*) FROM messages m JOIN threads t ON t.id = m.thread_id WHERE m.message_id = $1 AND t.revision = t.classified_revision`, late) == 1
	})
	var thread string
	c.QueryRow(&thread, `SELECT thread_id::text FROM messages WHERE message_id = $1`, late)
	for line := range strings.Lines(c.stored(cut, since)) {
		switch strings.TrimSpace(line) {
		case "message " + late, "tags " + thread, "mailbox " + boxes[0]:
		default:
			t.Errorf("it came back and stored %s", line)
		}
	}
	if took := cut.stop(t); took > 10*time.Second {
		t.Errorf("it ended after %s", took)
	}
}

// A worker is stopped for longer than its claims last, with its connections and what it
// tags in hand. Others tag that meanwhile, and more that came to it; when it goes on, with
// what the threads were, it stores nothing.
func TestWorkerIsStopped(t *testing.T) {
	c := newCluster(t, peertest.Postgres(t))
	mails := c.load(conversations(30))
	c.command("ingest")
	c.watchWorkers()
	hold, err := c.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Rollback()
	if _, err := hold.Exec(`LOCK TABLE raw_blocks IN ACCESS EXCLUSIVE MODE`); err != nil { // it has claimed, and cannot read
		t.Fatal(err)
	}
	stopped := c.run(exec.Command(c.brief(), "config.toml", "classify"))
	c.until("it has claimed threads", time.Minute, func() bool {
		return c.value(claimed) == c.value(untagged) && c.value(`SELECT count(*) FROM pg_locks WHERE relation = 'raw_blocks'::regclass AND NOT granted`) == 1
	})
	began := time.Now()
	stopped.cmd.Process.Signal(syscall.SIGSTOP)
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	var more []peertest.Mail
	for i := range 30 { // to each thread
		more = append(more, peertest.Mail{Received: time.Now(), Raw: fmt.Appendf(nil, "From: Bob <bob@example.org>\r\nSubject: Re: Subject %d\r\nMessage-ID: <more.%d@example.org>\r\nIn-Reply-To: <%d.0@example.org>\r\nDate: Sat, 2 Apr 2016 10:00:00 +0000\r\n\r\nNova and cinder.\r\n", i, i, i)})
	}
	c.dovecot.Load(t, boxes[0], more)
	other := c.run(exec.Command(c.brief(), "config.toml", "ingest,classify"))
	c.complete(mails+len(more), 2*time.Minute)
	other.stop(t)
	if took := time.Since(began); took < claim {
		t.Errorf("others tagged it after %s, when claims last %s", took, claim)
	}
	if n := c.connections(stopped); n == 0 {
		t.Error("it has lost its connections")
	}
	want, since := c.lines(asThreads), c.clock()
	working := func() int {
		return c.value(`SELECT count(*) FROM river.river_job WHERE kind = 'sigpost_tag' AND state = 'running'`)
	}
	if n := working(); n == 0 {
		t.Error("it is not tagging any more")
	}
	stopped.cmd.Process.Signal(syscall.SIGCONT)
	c.until("it has done with what it had in hand", time.Minute, func() bool { return working() == 0 })
	if got := c.stored(stopped, since); got != "" {
		t.Errorf("it went on and stored\n%s", got)
	}
	if c.lines(asThreads) != want {
		t.Error("it went on and changed tags")
	}
	if took := stopped.stop(t); took > 10*time.Second {
		t.Errorf("it ended after %s", took)
	}
}
