package work

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines are what is logged.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.all.String(), what)
}

// leaving is a queue with a process that knows a job and only says that it is to be done, and
// another one that has the role of the job and does not know it.
func leaving(t *testing.T) (log *lines, run func(*Options), wake chan<- string, value func(query string) int) {
	t.Helper()
	if testing.Short() {
		t.Skip("it waits for some seconds")
	}
	_, pool := database(t)
	log = &lines{}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	run = func(o *Options) {
		o.DSN, o.Kinds, o.Slots, o.Look = pool.Config().ConnString(), []string{"send"}, 2, time.Hour
		o.Due = func(context.Context, []string) (map[string]int, error) { return nil, nil }
		o.Busy, o.Log = func(error) bool { return false }, slog.New(slog.NewTextHandler(log, nil))
		running.Go(func() {
			if err := Run(ctx, *o); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
	names := make(chan string, 10)
	run(&Options{Roles: []string{"deliver"}})
	run(&Options{Wake: names, Jobs: []Job{{Name: "send w7", Kind: "send", Role: "deliver"}}})
	return log, run, names, func(query string) (n int) {
		if err := pool.QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begin := time.Now(); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > 30*time.Second {
			t.Fatal("not for 30 seconds: " + what)
		}
	}
}

const differ = "the configurations of the processes differ"

// Long jobs keep no others of their role waiting.
func TestLongJobs(t *testing.T) {
	_, run, _, value := leaving(t)
	until(t, "there is a queue", func() bool { return value(`SELECT count(*) FROM pg_tables WHERE tablename = 'river_job'`) == 1 })
	began, done, end := make(chan struct{}, 10), make(chan struct{}, 10), make(chan struct{})
	defer close(end)
	names := make(chan string, 10)
	do := func(ctx context.Context) error {
		began <- struct{}{}
		select {
		case <-end:
		case <-ctx.Done():
		}
		return nil
	}
	o := &Options{Roles: []string{"post"}, Wake: names, Jobs: []Job{{Name: "notices", Kind: "send", Role: "post",
		Do: func(context.Context) error { done <- struct{}{}; return nil }}}}
	for i := range 3 { // one more than there are slots
		o.Jobs = append(o.Jobs, Job{Name: fmt.Sprint("issue ", i), Kind: "send", Role: "post", Long: true, Do: do})
		names <- fmt.Sprint("issue ", i)
	}
	run(o)
	<-began
	<-began
	names <- "notices"
	select {
	case <-done:
	case <-time.After(2 * poll):
		t.Error("it waits for long ones")
	}
	if len(began) > 0 {
		t.Error("more long ones go on than there are slots")
	}
}

// A process that takes a job which it does not know leaves it to one that knows it, and says
// so. What nobody knows is not passed on for ever.
func TestAJobThatOthersKnow(t *testing.T) {
	log, run, wake, value := leaving(t)
	begin := time.Now()
	wake <- "send w7"
	until(t, "it counts as one that nobody has", func() bool {
		return value(`SELECT count(*) FROM river.river_job WHERE kind = 'sigpost_send' AND state = 'cancelled'`) == mostLeave+1
	})
	if n := value(`SELECT count(*) FROM river.river_job WHERE kind = 'sigpost_send'`); n != mostLeave+1 {
		t.Errorf("%d are queued", n)
	}
	if n := log.count(differ); n != 1 || log.count(`job="send w7"`) != 1 || log.count("a job failed") > 0 {
		t.Errorf("it was said %d times:\n%s", n, log.all.String())
	}
	t.Logf("nobody had it: said after %s", time.Since(begin))
	done := make(chan struct{}, 100)
	run(&Options{Roles: []string{"deliver"}, Jobs: []Job{{Name: "send w7", Kind: "send", Role: "deliver",
		Do: func(context.Context) error { done <- struct{}{}; return nil }}}})
	until(t, "all work", func() bool { return log.count("working until interrupted") == 3 })
	for range 3 { // if it is not left to the one that does not know it each time
		begin := time.Now()
		wake <- "send w7"
		select {
		case <-done:
			t.Logf("done after %s", time.Since(begin))
			return
		case <-time.After(again):
		}
	}
	t.Error("nobody has done it")
}
