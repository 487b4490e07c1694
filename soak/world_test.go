package soak_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigpost/soak"
	"sigpost/soak/check"
)

const site = "https://digest.example.org" // what the configuration says; it is served elsewhere

// world plays a script to the program.
type world struct {
	t      *testing.T
	script *soak.Script
	dir    string
	peers  *peers
	imap   *gate
	smtp   *gate
	now    time.Time // by the year's clock, which stood at that when the machine's was at
	at     time.Time

	program  string // as people have it
	resident *process
	pages    string   // where they are served
	server   *process // "sigpost serve", while it does what cron does elsewhere; else nil

	readers  map[string]*reader
	letters  []check.Letter
	begun    map[transaction]time.Time // when letters were, by the year's clock
	taken    map[int64]bool            // letters that a process had in hand that ended
	acts     []check.Act
	open     []int // of acts, what the program does not know yet
	spared   map[sparedAt]bool
	given    []check.Spared
	restores []check.Span
	decided  map[string]bool
	zones    map[string]*time.Location
	digests  []check.Digest
	figures  []figures
	done     map[string]int
	errs     map[string]int
	again    []soak.Event // faults that did not strike
	saved    time.Time
	backups  int
	imapDown bool
	smtpDown bool
	// troubled until then: a fault may still show.
	troubled time.Time
	number   int
	// mostInHand is how many letters one had, at most.
	mostInHand int
	// event is when the script has what happens; departed are who left in the middle of
	// a sending.
	event    time.Time
	departed []*reader
	// back are the letters that Postfix sent back, and late is since when letters wait in Postfix's queue for their readers' servers.
	back []check.Returned
	late time.Time
	// aimed says that the server is to be killed, and aimedAt at what.
	aimed   bool
	aimedAt string
}

// goOn puts the year's clock forward. It never goes back.
func (w *world) goOn(to time.Time) {
	if to.After(w.now) {
		w.now = to
	}
	w.at = time.Now()
}

// moment is what the year's clock said at a moment of the machine's, since it was put
// forward last.
func (w *world) moment(at time.Time) time.Time { return w.now.Add(max(0, at.Sub(w.at))) }

func newWorld(t *testing.T, s *soak.Script, p *peers) *world {
	w := &world{t: t, script: s, dir: t.TempDir(), peers: p, readers: map[string]*reader{}, begun: map[transaction]time.Time{}, taken: map[int64]bool{}, spared: map[sparedAt]bool{},
		decided: map[string]bool{}, zones: map[string]*time.Location{}, done: map[string]int{}, errs: map[string]int{}}
	if *dirFlag != "" {
		w.dir = filepath.Join(*dirFlag, fmt.Sprint(s.Seed))
		if err := os.MkdirAll(w.dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.imap, w.smtp = newGate(t, p.imapAddr(), "server"), newGate(t, p.smtpAddr(), "client")
	for _, d := range []struct {
		name, zone string
		days       int
	}{{"weekly", "America/Los_Angeles", 7}, {"weekly-monthly", "America/Los_Angeles", 31}, {"edited", "Europe/Berlin", 7}} {
		zone, err := time.LoadLocation(d.zone)
		if err != nil {
			t.Fatal(err)
		}
		w.zones[d.name] = zone
		w.digests = append(w.digests, check.Digest{Name: d.name, Zone: zone, Days: d.days})
	}
	for _, person := range s.People {
		w.readers[person.Address] = &reader{Person: person, digest: person.Digest}
	}
	w.build()
	w.configure()
	w.meeting(soak.Event{})
	w.start()
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// configuration is that of a year: of the server of mail, its user, the server of
// letters, how many connections it gets, and the site.
const configuration = `
[archive]
database = "db/sigpost.db"
secret_file = "secret"
generation_file = "generation"
[[list]]
name = "sig"
list_id = "sig.lists.example.org"
post = "sig@lists.example.org"
[[list]]
name = "dev"
list_id = "dev.lists.example.org"
post = "dev@lists.example.org"
[[account]]
name = "test"
host = %q
tls = "plain"
username = %q
password_file = "password"
timeout = "10s"
[[account.mailbox]]
name = "INBOX"
list = "sig"
[[account.mailbox]]
name = "Dev"
list = "dev"
[[account.mailbox]]
name = "Service"
for = "service"
[[meeting]]
title = "SIG meeting"
start = 2024-09-03T14:00:00
zone = "America/Los_Angeles"
repeat = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"
[[calendar]]
name = "community"
file = "community.ics"
[[digest]]
name = "weekly"
title = "SIG Weekly"
zone = "America/Los_Angeles"
from = "SIG Weekly <weekly@digest.example.org>"
service_address = "weekly-request@digest.example.org"
editions = ["month"]
[[digest]]
name = "edited"
title = "SIG Edited"
weekday = "thursday"
zone = "Europe/Berlin"
from = "SIG Edited <edited@digest.example.org>"
service_address = "edited-request@digest.example.org"
review = "deadline"
deadline = "20h"
editors = ["Ed <ed@desk.example.org>"]
[smtp]
host = %q
tls = "plain"
timeout = "10s"
connections = %d
[web]
url = %q
[[web.person]]
address = "rev@desk.example.org"
role = "reviewer"
`

func (w *world) configure() {
	user, password := w.peers.login()
	w.write("password", password)
	w.write("secret", strings.Repeat("s", 40))
	if err := os.MkdirAll(filepath.Join(w.dir, "db"), 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.write("config.toml", fmt.Sprintf(configuration, w.imap.Addr, user, w.smtp.Addr, connections, site))
}

func (w *world) child(role string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role, configEnv+"="+filepath.Join(w.dir, "config.toml"))
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// process is one of the program's that is told what to do.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// begin begins a process; it ends with the test.
func (w *world) begin(role string) *process {
	w.t.Helper()
	p := &process{Cmd: w.child(role)}
	var err error
	if p.in, err = p.StdinPipe(); err != nil {
		w.t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	p.out = bufio.NewReaderSize(out, 1<<20)
	p.Stderr = os.Stderr
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		p.in.Close()
		p.Wait()
	})
	return p
}

// tell has a process do something.
func (p *process) tell(todo command) (a answer, err error) {
	line, err := json.Marshal(todo)
	if err == nil {
		_, err = p.in.Write(append(line, '\n'))
	}
	var said []byte
	if err == nil {
		said, err = p.out.ReadBytes('\n')
	}
	if err == nil {
		err = json.Unmarshal(said, &a)
	}
	return a, err
}

// start starts the resident.
func (w *world) start() {
	w.t.Helper()
	w.resident = w.begin("resident")
	w.goOn(w.script.Begin)
	w.openArchive()
}

func (w *world) openArchive() {
	w.t.Helper()
	w.pages = "http://" + w.must(command{Op: "open"}).Addr
}

// tell has the resident do something. Where the server is at work, it waits for that.
func (w *world) tell(todo command) answer {
	w.t.Helper()
	todo.Now = w.now
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		a, err := w.resident.tell(todo)
		if err != nil {
			w.t.Fatalf("%s: the program is gone: %v", todo.Op, err)
		}
		if !a.Locked || w.server == nil || time.Since(begin) > time.Minute {
			return a
		}
	}
}

func (w *world) must(todo command) answer {
	w.t.Helper()
	a := w.tell(todo)
	if a.Err != "" {
		w.t.Fatalf("%s, %s: %s", w.now.Format(time.RFC3339), todo.Op, a.Err)
	}
	return a
}

// run is what cron calls, within the resident, or what the server does meanwhile.
func (w *world) run() {
	w.t.Helper()
	if w.server != nil {
		w.serves()
		return
	}
	w.ran(w.tell(command{Op: "run"}), true)
}

// ran looks at what a run says; wholly is of one that came to its end.
func (w *world) ran(a answer, wholly bool) {
	w.t.Helper()
	w.drain()
	if wholly && len(a.Failed) == 0 {
		for _, i := range w.open {
			w.acts[i].By = w.now
		}
		w.open = nil
	}
	switch {
	case a.Restored:
		w.done[unsaid]++
		w.sayRestored()
		w.run()
	case a.Paused:
		w.decide(w.must(command{Op: "doubted"}).Doubted)
	case a.Err != "" && !a.Lost:
		w.errs[firstLine(a.Err)]++
		if !w.imapDown && !w.smtpDown && w.now.After(w.troubled) {
			w.t.Errorf("%s: the run failed, and nothing was wrong: %s", w.now.Format(time.RFC3339), a.Err)
		}
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s[:min(len(s), 160)]
}

// cron is a run in a process of its own, which is killed or cannot write. It says
// whether the fault struck.
func (w *world) cron(kind string, n int) (struck bool) {
	w.t.Helper()
	fault := ""
	if kind == "clock" || kind == "write" {
		fault = fmt.Sprintf("%s:%d", kind, n)
	}
	cmd := w.child("cron", nowEnv+"="+w.now.Format(time.RFC3339Nano), faultEnv+"="+fault)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	kill := func() { cmd.Process.Kill() }
	switch kind {
	case "imap":
		w.imap.strike(n, kill)
	case "smtp":
		w.smtp.strike(n, kill)
	case "time":
		defer time.AfterFunc(time.Duration(n)*time.Millisecond, kill).Stop()
	}
	err := cmd.Wait()
	if err != nil || kind == "write" {
		w.inHand()
	}
	w.imap.strike(0, nil)
	w.smtp.strike(0, nil)
	w.settle()
	var a answer
	if err != nil {
		w.drain()
		return true
	}
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		w.t.Fatalf("a run of its own says %q: %v", out.Bytes(), err)
	}
	w.ran(a, kind != "write")
	return kind == "write" && a.Err != ""
}

// settle gives the servers time to notice who is gone, before it is said what came.
func (w *world) settle() { time.Sleep(30 * time.Millisecond) }

// ask asks the pages. It gives the status, and what was answered.
func (w *world) ask(method, path, contentType, body, bearer string) (int, []byte) {
	w.t.Helper()
	w.must(command{Op: "clock"})
	status, said, err := w.request(method, path, contentType, body, bearer)
	if err != nil {
		w.t.Fatalf("%s: %v", w.now.Format(time.RFC3339), err)
	}
	return status, said
}

// request is ask at what the program's clock says, from any goroutine.
func (w *world) request(method, path, contentType, body, bearer string) (status int, said []byte, err error) {
	r, err := http.NewRequest(method, w.pages+strings.TrimPrefix(path, site), strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	if said, err = io.ReadAll(answer.Body); err == nil && answer.StatusCode >= 500 {
		err = fmt.Errorf("%s %s: %s %s", method, path, answer.Status, said)
	}
	return answer.StatusCode, said, err
}
