package soak_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	_ "time/tzdata"

	"sigpost"
	"sigpost/app"
	"sigpost/config"
)

// The program under test is a process of its own, as it is for people: this test,
// started again. "resident" is one that serves pages all year, and runs what cron
// would; "server" is one that does all of it by itself, as "sigpost serve" does; "cron" is
// one run, which may be killed or find the disk full.
const (
	roleEnv   = "SIGPOST_SOAK_ROLE"
	configEnv = "SIGPOST_SOAK_CONFIG"
	nowEnv    = "SIGPOST_SOAK_NOW"
	faultEnv  = "SIGPOST_SOAK_FAULT"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "resident":
		resident(make(chan os.Signal))
	case "server":
		ending := make(chan os.Signal, 1)
		signal.Notify(ending, syscall.SIGTERM)
		resident(ending)
	case "cron":
		cron()
	default:
		os.Exit(m.Run())
	}
}

// command is what the resident is told, a line of JSON each.
type command struct {
	Op     string
	Now    time.Time
	Digest string
	Number int
	Thread string // a Message-ID
	Tag    string
	Accept bool
}

// answer is what it says.
type answer struct {
	Err      string
	Locked   bool     // another process works on the archive
	Restored bool     // nothing is sent: the archive does not know of all that was
	Lost     bool     // letters were held, or refused for good: no other error is meant by it
	Failed   []string // mailboxes that were not read
	Paused   bool     // an issue stands still
	Sent     int
	Doubted  []issueAt
	Spared   []sparedAt
	Addr     string
	Figures  figures
}

// issueAt is an issue; sparedAt a letter of it that somebody has to look at.
type issueAt struct {
	Digest   string
	Number   int
	From, To time.Time
}

type sparedAt struct {
	issueAt
	Letter   int64
	Who, Why string
}

// figures are what should not grow.
type figures struct {
	Heap       uint64 // bytes in use after a collection
	Goroutines int
	Files      int // that are open
}

// clock goes on from where it was set.
type clock struct {
	at    atomic.Pointer[time.Time]
	set   atomic.Pointer[time.Time]
	calls atomic.Int64
	last  atomic.Int64 // the call at which the process dies; 0 for none
}

func (c *clock) start(at time.Time) {
	now := time.Now()
	c.at.Store(&at)
	c.set.Store(&now)
}

func (c *clock) now() time.Time {
	if c.calls.Add(1) == c.last.Load() {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return c.at.Load().Add(time.Since(*c.set.Load())).UTC()
}

// product is the program while its archive is open.
type product struct {
	*app.App
	clock  *clock
	log    *slog.Logger
	stop   func()
	opened time.Time
}

func openProduct(c *clock) (*product, error) {
	file := os.Getenv(configEnv)
	cfg, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile(filepath.Join(filepath.Dir(file), "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	a, err := app.Open(context.Background(), cfg, app.Options{Now: c.now, Log: log})
	return &product{App: a, clock: c, log: log, stop: func() { out.Close() }, opened: c.now()}, err
}

// serve serves the pages until stop is called, and where wholly does all else.
func (p *product) serve(wholly bool) (addr string, err error) {
	l, err := app.Listen("127.0.0.1:0")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() {
		if err := (&app.Serving{Listener: l, PagesOnly: !wholly}).Run(ctx, p.App); err != nil {
			p.log.Error("serving", "error", err)
		}
	})
	before := p.stop
	p.stop = func() {
		cancel()
		served.Wait()
		if err := p.Close(); err != nil {
			p.log.Error("closing", "error", err)
		}
		before()
	}
	return l.Addr().String(), nil
}

// resident does what it is told until its input ends, or a signal comes.
func resident(ending <-chan os.Signal) {
	c := &clock{}
	c.start(time.Now())
	var p *product
	go func() {
		<-ending
		p.stop()
		os.Exit(0)
	}()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var todo command
		if err := json.Unmarshal(in.Bytes(), &todo); err != nil {
			panic(err)
		}
		c.start(todo.Now)
		var a answer
		var err error
		switch todo.Op {
		case "open", "serve":
			if p, err = openProduct(c); err == nil {
				a.Addr, err = p.serve(todo.Op == "serve")
			}
		case "close":
			p.stop()
			p = nil
		default:
			err = p.do(todo, &a)
		}
		if err != nil {
			a.Err, a.Locked = err.Error(), errors.Is(err, sigpost.ErrLocked)
		}
		if err := out.Encode(a); err != nil {
			panic(err)
		}
	}
}

// do does what a command says on an open archive.
func (p *product) do(todo command, a *answer) error {
	ctx := context.Background()
	switch todo.Op {
	case "clock":
		return nil
	case "run":
		return p.run(ctx, a)
	case "settle":
		return p.settle(ctx, todo.Now, a)
	case "die":
		p.clock.last.Store(p.clock.calls.Load() + int64(todo.Number))
		return nil
	case "doubted":
		return p.doubted(ctx, a)
	case "spared":
		return p.spared(ctx, a, sigpost.DeliveryUnknown, sigpost.DeliveryFailed)
	case "taken":
		return p.spared(ctx, a, sigpost.DeliverySending)
	case "edit":
		return p.edit(ctx, todo.Number)
	case "tag":
		_, err := p.DecideTag(ctx, todo.Thread, todo.Tag, todo.Accept, "rev@desk.example.org", "a person looked")
		if errors.Is(err, sigpost.ErrNotFound) { // a restored archive may not have it
			err = nil
		}
		return err
	case "measure":
		a.Figures = measure()
		return nil
	}
	return fmt.Errorf("nobody knows how to %q", todo.Op)
}

// run is what "sigpost run" does.
func (p *product) run(ctx context.Context, a *answer) error {
	report, err := p.Run(ctx, false)
	a.Failed, a.Restored, a.Lost = report.Ingest.Failed, errors.Is(err, app.ErrRestored), errors.Is(err, app.ErrLost)
	if len(report.Ingest.Mailboxes) == 0 {
		a.Failed = append(a.Failed, "all")
	}
	for _, d := range report.Digests {
		for _, s := range d.Sent {
			a.Sent += s.Outcome.Sent
			a.Paused = a.Paused || s.Paused != ""
		}
	}
	return err
}

// doubted are the issues that stand still.
func (p *product) doubted(ctx context.Context, a *answer) error {
	all, err := p.Doubted(ctx)
	for _, one := range all {
		d, err := p.Config.Digest(one.Digest)
		if err != nil {
			return err
		}
		issue, err := p.Issue(ctx, d, one.Number)
		if err != nil {
			return err
		}
		a.Doubted = append(a.Doubted, issueAt{one.Digest, one.Number, issue.Window.From, issue.Window.To})
	}
	return err
}

// spared are the letters that somebody has to look at, or that are being sent.
func (p *product) spared(ctx context.Context, a *answer, states ...sigpost.DeliveryState) error {
	for _, d := range p.Config.Digests {
		issues, err := p.Store.Issues(ctx, d.Name, 0)
		if err != nil {
			return err
		}
		for _, issue := range issues {
			for _, state := range states {
				letters, err := p.Store.Deliveries(ctx, issue.ID, state)
				if err != nil {
					return err
				}
				for _, l := range letters {
					s, err := p.Store.Subscription(ctx, l.SubscriptionID)
					if err != nil {
						return err
					}
					a.Spared = append(a.Spared, sparedAt{issueAt{d.Name, issue.Number, issue.Window.From, issue.Window.To}, l.ID, s.Subscriber.Addr, string(state)})
				}
			}
		}
	}
	return nil
}

// edit is what an editor does to drafts: 0 says something and approves, 1 approves, and
// 2 leaves it to the deadline.
func (p *product) edit(ctx context.Context, how int) error {
	d, err := p.Config.Digest("edited")
	if err != nil || how == 2 {
		return err
	}
	drafts, err := p.Store.OpenDrafts(ctx, d.Name)
	if err != nil {
		return err
	}
	for _, draft := range drafts {
		if how == 0 {
			note := sigpost.Edit{Kind: sigpost.EditNote, Text: "Welcome to another week."}
			if _, err := p.Edit(ctx, d, draft.Number, []sigpost.Edit{note}, nil, "ed@desk.example.org"); err != nil {
				return err
			}
		}
		if _, err := p.Approve(ctx, d, draft.Number, app.Approval{Who: "ed@desk.example.org"}); err != nil {
			return err
		}
	}
	return nil
}

func measure() figures {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd")
	return figures{m.HeapAlloc, runtime.NumGoroutine(), len(files)}
}

// cron is one run. Its fault is "clock:N", to die when the clock is looked at for the
// Nth time, or "write:N", for a disk on which no file can be longer than N bytes.
func cron() {
	c := &clock{}
	at, err := time.Parse(time.RFC3339Nano, os.Getenv(nowEnv))
	if err != nil {
		panic(err)
	}
	c.start(at)
	kind, number, _ := strings.Cut(os.Getenv(faultEnv), ":")
	n, _ := strconv.ParseInt(number, 10, 64)
	switch kind {
	case "clock":
		c.last.Store(n)
	case "write":
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(n), Max: uint64(n)}); err != nil {
			panic(err)
		}
	}
	var a answer
	p, err := openProduct(c)
	if err == nil {
		err = errors.Join(p.run(context.Background(), &a), p.Close())
	}
	if err != nil {
		a.Err = err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(a)
}
