package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"sigpost/internal/peertest"
	"sigpost/store"
)

// Several processes on one archive: real PostgreSQL, real Dovecot, and processes of the
// operating system, which are ended by their numbers.

// cluster is what the processes of a test share.
type cluster struct {
	testing.TB
	dir, program string
	look         string // [work] look
	dovecot      *peertest.DovecotServer
	smtp         string
	db           *sql.DB
	workers      []*workerProcess
}

// boxes are the mailboxes of a cluster.
var boxes = []string{"INBOX", "Second", "Third", "Fourth"}

func newCluster(t testing.TB, dsn string) *cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("processes of its own")
	}
	c := &cluster{TB: t, look: "1s", dir: t.TempDir(), dovecot: peertest.Dovecot(t), smtp: "127.0.0.1:9"}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.program = filepath.Join(c.dir, "sigpost") // TestMain goes by the name
	if err := os.Symlink(self, c.program); err != nil {
		t.Fatal(err)
	}
	c.configure(dsn)
	if c.db, err = sql.Open("pgx", dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.db.Close() })
	return c
}

func (c *cluster) configure(dsn string) {
	var mailboxes strings.Builder
	for _, name := range boxes {
		fmt.Fprintf(&mailboxes, "[[account.mailbox]]\nname = %q\nlist = \"sig\"\n", name)
	}
	for name, text := range map[string]string{
		"password": c.dovecot.Password, "sigpost.secret": strings.Repeat("s", 40), "dsn": dsn,
		"config.toml": fmt.Sprintf(`
[archive]
database_file = "dsn"
secret_file = "sigpost.secret"
[[list]]
name = "sig"
[[account]]
name = "test"
host = %q
ca_file = %q
username = %q
password_file = "password"
timeout = "10s"
%s
[[digest]]
name = "weekly"
every = "day"
at = "00:00"
from = "Weekly <weekly@digest.example.org>"
unsubscribe_mailto = "leave@digest.example.org"
[smtp]
host = %q
tls = "plain"
[work]
look = %q
slots = 1
`, c.dovecot.Addr, c.dovecot.CAFile, c.dovecot.User, mailboxes.String(), c.smtp, c.look),
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			c.Fatal(err)
		}
	}
}

// command runs a command to its end.
func (c *cluster) command(args ...string) {
	c.Helper()
	cmd := exec.Command(c.program, args...)
	cmd.Dir = c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		c.Fatalf("sigpost %v: %v\n%s", args, err, out)
	}
}

// workerProcess is a process that works.
type workerProcess struct {
	cmd   *exec.Cmd
	log   string // file
	ended chan struct{}
}

// start starts a worker, which ends with the test.
func (c *cluster) start(args ...string) *workerProcess {
	c.Helper()
	return c.run(exec.Command(c.program, append([]string{"work"}, args...)...))
}

func (c *cluster) run(cmd *exec.Cmd) *workerProcess {
	c.Helper()
	log, err := os.Create(filepath.Join(c.dir, fmt.Sprintf("worker%d.log", len(c.workers)+1)))
	if err != nil {
		c.Fatal(err)
	}
	defer log.Close()
	w := &workerProcess{cmd: cmd, log: log.Name(), ended: make(chan struct{})}
	w.cmd.Dir, w.cmd.Stdout, w.cmd.Stderr = c.dir, log, log
	if err := w.cmd.Start(); err != nil {
		c.Fatal(err)
	}
	go func() {
		w.cmd.Wait()
		close(w.ended)
	}()
	c.workers = append(c.workers, w)
	c.Cleanup(func() {
		w.cmd.Process.Kill()
		<-w.ended
		if c.Failed() {
			text, _ := os.ReadFile(w.log)
			c.Logf("%s:\n%s", filepath.Base(w.log), text[:min(len(text), 8000)])
		}
	})
	return w
}

func (c *cluster) startMany(n int) {
	for range n {
		c.start("--roles", "ingest,classify,deliver")
	}
}

// stop ends a worker as a service manager does, and says how long that took.
func (w *workerProcess) stop(t *testing.T) time.Duration {
	t.Helper()
	begin := time.Now()
	w.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-w.ended:
	case <-time.After(30 * time.Second):
		t.Error("a worker does not end")
	}
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("a worker ended with %d", code)
	}
	return time.Since(begin)
}

// value asks the archive for one number.
func (c *cluster) value(query string, args ...any) (n int) {
	c.QueryRow(&n, query, args...)
	return n
}

// QueryRow asks for one value; the archive may be away, or have no tables yet.
func (c *cluster) QueryRow(into any, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return c.db.QueryRowContext(ctx, query, args...).Scan(into)
}

// until waits for something, and says how long that took.
func (c *cluster) until(what string, limit time.Duration, is func() bool) time.Duration {
	c.Helper()
	begin := time.Now()
	for !is() {
		if time.Since(begin) > limit {
			c.Fatalf("%s: not within %s; messages %d, mailboxes %s, jobs %s", what, limit, c.value(`SELECT count(*) FROM messages`), c.lines(`SELECT name || ' ' || uid_next FROM mailboxes ORDER BY 1`),
				c.lines(`SELECT state || ' ' || kind || ' ' || args::text || ' ' || count(*) FROM river.river_job WHERE kind <> 'sigpost_look' GROUP BY state, kind, args::text ORDER BY 1`))
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(begin)
}

func (c *cluster) lines(query string) string {
	var all []string
	rows, err := c.db.Query(query)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err.Error()
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

// conversations are n threads, whose messages are spread over all mailboxes, in random
// order: answers come before what they answer.
func conversations(n int) map[string][]peertest.Mail {
	random := rand.New(rand.NewPCG(8, 25))
	all := map[string][]peertest.Mail{}
	begin := time.Date(2016, 4, 1, 0, 0, 0, 0, time.UTC)
	topics := []string{"nova", "neutron", "kuryr", "magnum", "cinder"}
	for i := range n {
		var refs []string
		for j := range 1 + random.IntN(5) {
			id := fmt.Sprintf("<%d.%d@example.org>", i, j)
			at := begin.Add(time.Duration(i*10+j) * time.Minute)
			var b strings.Builder
			fmt.Fprintf(&b, "From: Ada %d <ada%d@example.org>\r\nTo: sig@example.org\r\nMessage-ID: %s\r\nDate: %s\r\nSubject: [%s] Subject %d\r\n", j, j, id, at.Format(time.RFC1123Z), topics[i%len(topics)], i)
			if len(refs) > 0 {
				fmt.Fprintf(&b, "References: %s\r\nIn-Reply-To: %s\r\n", strings.Join(refs, "\r\n "), refs[len(refs)-1])
			}
			fmt.Fprintf(&b, "\r\nWe should look at %s in thread %d.\r\n%s\r\n", topics[random.IntN(len(topics))], i, strings.Repeat("Words about it. ", 40))
			box := boxes[random.IntN(len(boxes))]
			all[box] = append(all[box], peertest.Mail{Raw: []byte(b.String()), Received: at})
			if j%2 == 0 {
				refs = append(refs, id)
			}
		}
	}
	for _, mails := range all {
		random.Shuffle(len(mails), func(i, j int) { mails[i], mails[j] = mails[j], mails[i] })
	}
	return all
}

func (c *cluster) load(all map[string][]peertest.Mail) (mails int) {
	for _, box := range boxes {
		c.dovecot.Load(c.TB, box, all[box])
		mails += len(all[box])
	}
	return mails
}

const (
	tagged    = `SELECT count(*) FROM threads WHERE revision = classified_revision`
	untagged  = `SELECT count(*) FROM threads WHERE revision <> classified_revision`
	asThreads = `SELECT string_agg(m.message_id, ' ' ORDER BY m.message_id) || ' ' || (SELECT string_agg(g.kind || g.name || g.state || round(g.score::numeric, 6), ' ' ORDER BY g.kind, g.name)
FROM taggings g WHERE g.thread_id = m.thread_id) FROM messages m GROUP BY m.thread_id ORDER BY 1`
)

// alone gives the threads and tags that one process makes of the same mailboxes.
func (c *cluster) alone() string {
	c.Helper()
	dsn := peertest.Postgres(c.TB)
	one := &cluster{TB: c.TB, look: c.look, smtp: c.smtp, dir: c.TempDir(), dovecot: c.dovecot, program: c.program}
	one.configure(dsn)
	var err error
	if one.db, err = sql.Open("pgx", dsn); err != nil {
		c.Fatal(err)
	}
	defer one.db.Close()
	one.command("ingest")
	one.command("classify")
	return one.lines(asThreads)
}

// complete waits until all mail is there and tagged.
func (c *cluster) complete(mails int, limit time.Duration) time.Duration {
	c.Helper()
	return c.until("all mail is there and tagged", limit, func() bool {
		return c.value(`SELECT count(*) FROM messages`) == mails && c.value(untagged) == 0 && c.value(`SELECT count(*) FROM mailboxes WHERE complete_at > 0`) == len(boxes)
	})
}

func (c *cluster) wantAs(want string) {
	c.Helper()
	if got := c.lines(asThreads); got != want {
		c.Errorf("threads differ from those of one process: %d bytes, want %d", len(got), len(want))
	}
	if n := c.value(`SELECT count(*) - count(DISTINCT message_id) FROM messages`); n != 0 {
		c.Errorf("%d messages are there twice", n)
	}
}

// logs are all that the workers have logged.
func (c *cluster) logs() string {
	var all bytes.Buffer
	for _, w := range c.workers {
		text, err := os.ReadFile(w.log)
		if err != nil {
			c.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// watchMailboxes has the database note which connection moves which cursor.
func (c *cluster) watchMailboxes() {
	c.Helper()
	dsn, _ := os.ReadFile(filepath.Join(c.dir, "dsn"))
	db, err := store.Open(c.Context(), string(dsn)) // makes the tables
	if err != nil {
		c.Fatal(err)
	}
	db.Close()
	for _, statement := range []string{
		`CREATE TABLE test_moves (at TIMESTAMPTZ DEFAULT clock_timestamp(), mailbox TEXT, worker TEXT, uid_next BIGINT, version BIGINT)`,
		`CREATE FUNCTION test_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO test_moves (mailbox, worker, uid_next, version) VALUES (NEW.name, current_setting('application_name'), NEW.uid_next, NEW.version); RETURN NEW; END $$`,
		`CREATE TRIGGER test_move AFTER UPDATE OF version ON mailboxes FOR EACH ROW EXECUTE FUNCTION test_move()`,
	} {
		if _, err := c.db.Exec(statement); err != nil {
			c.Fatal(err)
		}
	}
}

func TestFourWorkersReadFourMailboxes(t *testing.T) {
	c := newCluster(t, peertest.Postgres(t))
	mails := c.load(conversations(700))
	c.watchMailboxes()
	want := c.alone()
	c.startMany(4)
	t.Logf("%d messages read and tagged in %s", mails, c.complete(mails, 2*time.Minute))
	c.wantAs(want)

	// No two read a mailbox at once: nobody was overtaken, and nobody comes back to a
	// mailbox that another has read in.
	if logs := c.logs(); strings.Contains(logs, "another process has read on") || strings.Contains(logs, "panic") {
		t.Error("two processes have read the same mailbox")
	}
	if n := c.value(`SELECT count(*) FROM test_moves a JOIN test_moves b ON a.mailbox = b.mailbox AND a.version < b.version AND a.uid_next >= b.uid_next`); n != 0 {
		t.Errorf("a cursor went back %d times", n)
	}
	workers := c.value(`SELECT count(DISTINCT worker) FROM test_moves`)
	t.Logf("%d of 4 processes have read mail; tagging was done in %d jobs", workers, c.value(`SELECT count(*) FROM river.river_job WHERE kind = 'sigpost_tag'`))
	if workers < 2 {
		t.Error("one process has read all mailboxes")
	}

	// Mail that comes is read and tagged soon, by whoever watches.
	var took []time.Duration
	for i := range 3 {
		id := fmt.Sprintf("late.%d@example.org", i)
		c.dovecot.Load(t, boxes[i], []peertest.Mail{{Raw: fmt.Appendf(nil, "From: Bob <bob@example.org>\r\nSubject: [nova] Late %d\r\nMessage-ID: <%s>\r\nDate: Sat, 2 Apr 2016 10:00:00 +0000\r\n\r\nText about nova.\r\n", i, id), Received: time.Now()}})
		took = append(took, c.until("late mail is tagged", 30*time.Second, func() bool {
			return c.value(`SELECT count(*) FROM messages m JOIN threads t ON t.id = m.thread_id WHERE m.message_id = $1 AND t.revision = t.classified_revision`, id) == 1
		}))
	}
	t.Logf("from mail to tags: %v", took)

	// They end when they are told to.
	var ends sync.WaitGroup
	for _, w := range c.workers {
		ends.Go(func() {
			if took := w.stop(t); took > 10*time.Second {
				t.Errorf("a worker ended after %s", took)
			}
		})
	}
	ends.Wait()
}

// Two of four workers are killed in the middle; the others go on.
func TestWorkersAreKilled(t *testing.T) {
	c := newCluster(t, peertest.Postgres(t))
	mails := c.load(conversations(1000))
	want := c.alone()
	c.startMany(4)
	c.until("there is some mail", time.Minute, func() bool { return c.value(`SELECT count(*) FROM messages`) > 0 })
	for _, w := range c.workers[:2] {
		w.cmd.Process.Kill()
	}
	there := c.value(`SELECT count(*) FROM messages`)
	t.Logf("killed two with %d of %d messages there; all was read and tagged %s later", there, mails, c.complete(mails, 2*time.Minute))
	if there == mails {
		t.Error("all was done before")
	}
	c.wantAs(want)
}

// The database is stopped at once and started again, with what it had committed.
func TestDatabaseRestartsWhileWorkersWork(t *testing.T) {
	postgres := peertest.PostgresOwn(t)
	c := newCluster(t, postgres.DSN)
	mails := c.load(conversations(1000))
	want := c.alone()
	c.startMany(3)
	c.until("there is some mail, and all work", time.Minute, func() bool {
		return c.value(`SELECT count(*) FROM messages`) > 0 && !slices.ContainsFunc(c.workers, func(w *workerProcess) bool {
			text, err := os.ReadFile(w.log)
			return err != nil || !bytes.Contains(text, []byte("working until interrupted"))
		})
	})
	there := c.value(`SELECT count(*) FROM messages`)
	postgres.Restart()
	t.Logf("restarted with %d of %d messages there; all was read and tagged %s later", there, mails, c.complete(mails, 4*time.Minute)) // two of them threads may be claimed
	c.wantAs(want)
	for _, w := range c.workers {
		select {
		case <-w.ended:
			t.Error("a worker has ended")
		default:
		}
	}
}

// Who leads dies: another looks for what is due.
func TestLeaderDies(t *testing.T) {
	c := newCluster(t, peertest.Postgres(t))
	c.load(conversations(5))
	c.startMany(3)
	looks := func() int {
		return c.value(`SELECT COALESCE(max(id), 0) FROM river.river_job WHERE kind = 'sigpost_look'`)
	}
	c.until("somebody looks", time.Minute, func() bool { return looks() > 0 })
	leader := func() (name string) {
		c.QueryRow(&name, `SELECT leader_id FROM river.river_leader WHERE expires_at > now()`)
		return name
	}
	c.until("somebody leads", time.Minute, func() bool { return leader() != "" })
	was := leader()
	for _, w := range c.workers {
		if strings.Contains(was, fmt.Sprintf("_%d_", w.cmd.Process.Pid)) {
			w.cmd.Process.Kill()
			<-w.ended
		}
	}
	before := looks()
	t.Logf("somebody else looks for what is due %s later", c.until("periodic jobs go on", time.Minute, func() bool { return looks() > before+2 }))
	if leader() == was {
		t.Errorf("%s still leads", was)
	}
}

// A newer program brings the tables up to date: what is older ends by itself, with an error,
// and does not start again.
func TestOlderWorkersEnd(t *testing.T) {
	c := newCluster(t, peertest.Postgres(t))
	workers := []*workerProcess{c.start("--roles", "ingest,classify,deliver"), c.start("--roles", "web", "--listen", "127.0.0.1:0")}
	working := func(w *workerProcess) bool {
		text, err := os.ReadFile(w.log)
		return err == nil && bytes.Contains(text, []byte("working until interrupted"))
	}
	c.until("they work", time.Minute, func() bool { return working(workers[0]) && working(workers[1]) })
	if _, err := c.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`); err != nil {
		t.Fatal(err)
	}
	workers = append(workers, c.start())
	for _, w := range workers {
		select {
		case <-w.ended:
		case <-time.After(30 * time.Second):
			t.Fatal("a worker goes on")
		}
		text, err := os.ReadFile(w.log)
		if code := w.cmd.ProcessState.ExitCode(); code != 1 || err != nil || !bytes.Contains(text, []byte("has tables of version 9999, which a newer sigpost made")) {
			t.Errorf("it ended with %d:\n%s%v", code, text, err)
		}
	}
	for _, w := range workers[:2] {
		if text, _ := os.ReadFile(w.log); !bytes.Contains(text, []byte("version=")) || !bytes.Contains(text, []byte("work has ended")) {
			t.Errorf("it does not say which version begins and ends:\n%s", text)
		}
	}
}

// Eight try at once to compose the same issue.
func TestDigestIsComposedOnce(t *testing.T) {
	c := newCluster(t, peertest.Postgres(t))
	c.load(conversations(50))
	c.command("ingest")
	var all sync.WaitGroup
	var mu sync.Mutex
	var codes []int
	for range 8 {
		all.Go(func() {
			cmd := exec.Command(c.program, "digest", "compose")
			cmd.Dir = c.dir
			out, _ := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			codes = append(codes, cmd.ProcessState.ExitCode())
			if code := cmd.ProcessState.ExitCode(); code != 0 && code != 3 {
				t.Errorf("%d: %s", code, out)
			}
		})
	}
	all.Wait()
	slices.Sort(codes)
	if n := c.value(`SELECT count(*) FROM issues`); n != 1 || codes[0] != 0 {
		t.Errorf("there are %d issues, exit codes %v", n, codes)
	}
	c.startMany(4) // and the workers find nothing to compose
	c.until("they have looked", time.Minute, func() bool {
		return c.value(`SELECT count(*) FROM river.river_job WHERE kind = 'sigpost_look' AND state = 'completed'`) > 3
	})
	if n := c.value(`SELECT count(*) FROM issues`); n != 1 {
		t.Errorf("there are %d issues", n)
	}
}

// An issue is composed, approved and sent to each reader once by workers that know of
// one another by the archive alone. Two of them are killed while it is sent.
func TestIssueGoesOutByManyWorkers(t *testing.T) {
	const readers = 900
	sink := peertest.SMTPSink(t)
	dsn := peertest.Postgres(t)
	c := newCluster(t, dsn)
	c.smtp = sink.Addr
	c.configure(dsn)
	yesterday := time.Now().Add(-24 * time.Hour)
	c.load(map[string][]peertest.Mail{"INBOX": {{Received: yesterday, Raw: fmt.Appendf(nil,
		"From: Bob <bob@example.org>\r\nSubject: [nova] News\r\nMessage-ID: <news@example.org>\r\nDate: %s\r\n\r\nNova has something new to tell of.\r\n", yesterday.Format(time.RFC1123Z))}}})
	csv := []byte("address\n")
	for i := range readers {
		csv = fmt.Appendf(csv, "reader%d@example.org\n", i)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "readers.csv"), csv, 0o600); err != nil {
		t.Fatal(err)
	}
	c.command("subscriber", "import", "--consent-source", "a test", "--consent-date", "2016-04-01", "readers.csv")
	c.startMany(4)
	sent := func() int { return c.value(`SELECT count(*) FROM deliveries WHERE state = 'sent'`) }
	c.until("letters go out", time.Minute, func() bool { return sent() > 0 })
	for _, w := range c.workers[:2] {
		w.cmd.Process.Kill()
	}
	there := sent()
	took := c.until("all is sent", 4*time.Minute, func() bool {
		return c.value(`SELECT count(*) FROM issues WHERE state = 'sent'`) == 1 && c.value(`SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending')`) == 0
	})
	unknown := c.value(`SELECT count(*) FROM deliveries WHERE state = 'unknown'`)
	t.Logf("killed two with %d of %d letters sent; the rest was %s later, %d held as unknown", there, readers, took, unknown)
	got := map[string]int{}
	for _, l := range sink.Letters() {
		got[l.To[0]]++
	}
	for to, n := range got {
		if n != 1 {
			t.Errorf("%s has got %d letters", to, n)
		}
	}
	if len(got)+unknown < readers {
		t.Errorf("%d readers have got a letter, and %d may have; there are %d", len(got), unknown, readers)
	}
	if n := c.value(`SELECT count(*) FROM issues`); n != 1 {
		t.Errorf("there are %d issues", n)
	}
}
