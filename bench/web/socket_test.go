package web

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"sigpost/bench/internal/program"
	"sigpost/bench/web/corpus"
)

var (
	larger  = flag.Int("larger", 0, "how many messages a second archive is to have, of which the medians are compared with the first; its file is that of -archive with -larger behind it")
	runs    = flag.Int("runs", 1, "how often all is measured, the servers in turns")
	seconds = flag.Float64("seconds", 5, "for how long eight connections ask for threads")
	peers   = flag.String("peers", "public-inbox", "what is measured beside sigpost, as far as it is installed")
)

// smoke is how many messages there are where nobody says how many: that all of it
// works is seen, and nothing measured.
const smoke = 300

// server is a program that serves pages, alone on one core.
type server struct {
	name  string
	base  string
	pid   int
	paths func(page) []string
	took  map[string][]time.Duration
	cpu   map[string]time.Duration // of all requests of a page
	rate  []float64                // requests a second
}

// start starts a server on the first core; its own output is what ready looks at to
// find its address.
func start(t *testing.T, name string, env []string, ready func(line string) (base string, ok bool), command ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 1 {
		command = append([]string{"taskset", "-c", "0"}, command...)
	}
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 10 * time.Second
	c.Env = append(os.Environ(), env...)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		c.Wait() // it was ended by a signal
	})
	s := &server{name: name, pid: c.Process.Pid, took: map[string][]time.Duration{}, cpu: map[string]time.Duration{}}
	if ready == nil {
		return s
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if base, ok := ready(lines.Text()); ok {
			s.base = base
			go io.Copy(io.Discard, out)
			return s
		}
	}
	t.Fatalf("%s does not say where it serves", name)
	return nil
}

// served serves an archive with the program as people run it.
func served(t *testing.T, name, dsn string) *server {
	t.Helper()
	config := fmt.Sprintf("[archive]\ndatabase = %q\nsecret_file = \"secret\"\n", dsn)
	for _, l := range corpus.Lists {
		config += fmt.Sprintf("[[list]]\nname = %q\n", l)
	}
	_, digest, _ := strings.Cut(program.Weekly, "[[digest]]")
	config += "[[digest]]" + digest + "lists = [\"" + strings.Join(corpus.Lists, `", "`) + "\"]\n[smtp]\nhost = \"127.0.0.1:1\"\ntls = \"plain\"\n"
	p := program.Build(t, config)
	s := start(t, name, nil, func(line string) (string, bool) {
		rest, ok := strings.CutPrefix(line, "Serving ")
		base, _, _ := strings.Cut(rest, "/ ")
		return base, ok
	}, p.Path(), "--config", filepath.Join(p.Dir, "config.toml"), "serve", "--no-ingest", "--listen", "127.0.0.1:0")
	s.paths = func(p page) []string { return p.paths }
	return s
}

// asker asks one server over connections that stay.
type asker struct {
	client *http.Client
	base   string
}

func newAsker(base string, connections int) asker {
	return asker{&http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, base}
}

// get asks for a page as browsers do, and gives its status and size.
func (a asker) get(path string) (status, size int, err error) {
	r, err := http.NewRequest(http.MethodGet, a.base+path, nil)
	if err != nil {
		return 0, 0, err
	}
	r.Header.Set("Accept-Encoding", "gzip")
	answer, err := a.client.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, int(n), err
}

// process is what the system says of a server: the time that it has computed for,
// with a grain of 10 ms, and the most memory that it had, in bytes.
func (s *server) process(t *testing.T) (cpu time.Duration, peak int64) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, n := range fields[11:13] {
		ticks, _ := strconv.ParseInt(n, 10, 64)
		cpu += time.Duration(ticks) * 10 * time.Millisecond
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			peak = kb << 10
		}
	}
	return cpu, peak
}

// measure asks for each page a number of times.
func (s *server) measure(t *testing.T, pages []page, times int, random *rand.Rand) {
	t.Helper()
	a := newAsker(s.base, 1)
	for _, p := range pages {
		paths := s.paths(p)
		if len(paths) == 0 {
			continue
		}
		status, _, err := a.get(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		if status == http.StatusNotFound && !strings.Contains(paths[0], "?q=") {
			t.Logf("%s has no %s: %s", s.name, p.name, paths[0])
			continue
		}
		before, _ := s.process(t)
		for range times {
			path := paths[random.IntN(len(paths))]
			begin := time.Now()
			status, size, err := a.get(path)
			s.took[p.name] = append(s.took[p.name], time.Since(begin))
			nothing := status == http.StatusNotFound && strings.Contains(path, "?q=") // as public-inbox says it
			if err != nil || status >= 400 && !nothing || status == http.StatusOK && size == 0 {
				t.Fatalf("%s: %s is answered with %d, %d bytes; %v", s.name, path, status, size, err)
			}
		}
		after, _ := s.process(t)
		s.cpu[p.name] += after - before
	}
}

// load asks for pages over eight connections at once, for a while.
func (s *server) load(t *testing.T, p page, lasts time.Duration) {
	t.Helper()
	paths := s.paths(p)
	a := newAsker(s.base, 8)
	var mu sync.Mutex
	n := 0
	begin := time.Now()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(i)))
			mine := 0
			for time.Since(begin) < lasts {
				if status, _, err := a.get(paths[random.IntN(len(paths))]); err != nil || status != http.StatusOK {
					t.Errorf("%s under load: %d %v", s.name, status, err)
					return
				}
				mine++
			}
			mu.Lock()
			defer mu.Unlock()
			n += mine
		})
	}
	all.Wait()
	s.rate = append(s.rate, float64(n)/time.Since(begin).Seconds())
}

// TestPages measures all kinds of pages at the socket: sigpost as people run it, on one
// core, asked from the other one; beside it public-inbox, and sigpost with a larger
// archive.
func TestPages(t *testing.T) {
	size, times, lasts := *messages, *requests, time.Duration(*seconds*float64(time.Second))
	if size == 0 {
		size, times, lasts = smoke, 3, 100*time.Millisecond
	}
	dsn, f := archiveOf(t, *keep, size)
	servers := []*server{served(t, "sigpost", dsn)}
	pages := [][]page{f.pages()}
	if *larger > 0 {
		name := *keep
		if name != "" {
			name += "-larger"
		}
		dsn, f := archiveOf(t, name, *larger)
		servers, pages = append(servers, served(t, fmt.Sprintf("sigpost, %d", *larger), dsn)), append(pages, f.pages())
	}
	if s := publicInbox(t, size); s != nil {
		servers, pages = append(servers, s), append(pages, f.pages())
	}
	if runtime.NumCPU() > 1 { // away from the servers; where it cannot be, so be it
		exec.Command("taskset", "-a", "-c", "-p", "1", strconv.Itoa(os.Getpid())).Run()
		defer exec.Command("taskset", "-a", "-c", "-p", fmt.Sprintf("0-%d", runtime.NumCPU()-1), strconv.Itoa(os.Getpid())).Run()
	}
	for n := range *runs {
		for i, s := range servers {
			s.measure(t, pages[i], times, rand.New(rand.NewPCG(2, uint64(n))))
			s.load(t, pages[i][slices.IndexFunc(pages[i], func(p page) bool { return p.name == "ordinary thread" })], lasts)
		}
	}
	t.Logf("%d messages, %d requests of each page, %d runs; clock at the socket and CPU of the server in ms\n%s", size, times, *runs, table(t, servers, pages[0]))
}

// at is the place of a share of sorted times, in ms.
func at(took []time.Duration, share float64) float64 {
	return ms(took[min(len(took)-1, int(share*float64(len(took))))])
}

// Goals beside those of pages.
const (
	goalRate  = 1500.0 // requests a second
	goalPeak  = 150 << 20
	goalRatio = 1.5 // of medians of a larger archive
)

// table shows what was measured; ratios are to the first server.
func table(t *testing.T, servers []*server, pages []page) string {
	t.Helper()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, s := range servers {
		fmt.Fprintf(w, "\t%s:\tmedian\tp99\tCPU\tratio\t", s.name)
	}
	fmt.Fprintln(w, "\tgoal\t")
	first := servers[0]
	for _, p := range pages {
		for i, s := range servers {
			took := slices.Sorted(slices.Values(s.took[p.name]))
			if len(took) == 0 {
				fmt.Fprint(w, "\t"+p.name+"\t–\t–\t–\t–\t")
				continue
			}
			median, ratio := at(took, 0.5), ""
			if base := slices.Sorted(slices.Values(first.took[p.name])); i > 0 && len(base) > 0 {
				ratio = fmt.Sprintf("%.1f", median/at(base, 0.5))
			}
			fmt.Fprintf(w, "\t%s\t%.2f\t%.2f\t%.2f\t%s\t", p.name, median, at(took, 0.99), ms(s.cpu[p.name])/float64(len(took)), ratio)
		}
		took := slices.Sorted(slices.Values(first.took[p.name]))
		switch {
		case p.median == 0 || len(took) == 0:
			fmt.Fprintln(w, "\t\t")
		default:
			fmt.Fprintf(w, "\t%g/%g %s\t\n", p.median, p.p99, reached(at(took, 0.5) <= p.median && at(took, 0.99) <= p.p99))
		}
	}
	w.Flush()
	for i, s := range servers {
		_, peak := s.process(t)
		rate := slices.Sorted(slices.Values(s.rate))[len(s.rate)/2]
		fmt.Fprintf(&text, "%s: %.0f requests a second for ordinary threads over 8 connections, %d MB at most", s.name, rate, peak>>20)
		if i == 0 {
			fmt.Fprintf(&text, " (goals: %.0f %s, %d MB %s)", goalRate, reached(rate >= goalRate), int64(goalPeak)>>20, reached(peak <= goalPeak))
		}
		if strings.HasPrefix(s.name, "sigpost,") {
			text.WriteString(slower(first, s, pages))
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// slower names the pages whose medians grow too much with the archive.
func slower(small, large *server, pages []page) string {
	var all []string
	for _, p := range pages {
		a, b := slices.Sorted(slices.Values(small.took[p.name])), slices.Sorted(slices.Values(large.took[p.name]))
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		if ratio := at(b, 0.5) / at(a, 0.5); ratio > goalRatio {
			all = append(all, fmt.Sprintf("%s %.1f", p.name, ratio))
		}
	}
	if len(all) == 0 {
		return fmt.Sprintf(" (goal: medians within a factor of %g, reached)", goalRatio)
	}
	return fmt.Sprintf(" (goal: medians within a factor of %g, missed: %s)", goalRatio, strings.Join(all, ", "))
}

func reached(yes bool) string {
	if yes {
		return "reached"
	}
	return "missed"
}
