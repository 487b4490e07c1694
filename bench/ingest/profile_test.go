package ingest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost/app"
	"sigpost/config"
)

// profile makes an archive once more, in a process that takes a profile of
// itself, and says where the time went.
func (b *bench) profile(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	b.results[0].setUp(t, dir)
	file, err := filepath.Abs(filepath.Join(*profiles, "run.pprof"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := asAgent("profile", dir, nil, []string{file}).CombinedOutput(); err != nil {
		t.Fatalf("the profile: %v\n%s", err, tail(out))
	}
	out, err := exec.Command("go", "tool", "pprof", "-traces", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s:\n%s", file, readTraces(out))
}

// profileAgent does a run in this folder: args is the file for the profile.
func profileAgent(args []string) int {
	if err := profileRun(context.Background(), args[0]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func profileRun(ctx context.Context, file string) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	cfg, err := config.Load("config.toml")
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, cfg, app.Options{})
	if err != nil {
		return err
	}
	_, err = a.Run(ctx, false)
	return errors.Join(err, a.Close())
}

// stages says to which stage a stack belongs: the first whose pattern one of
// its functions matches.
var stages = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"zstd", regexp.MustCompile(`klauspost/compress`)},
	{"index (FTS5)", regexp.MustCompile(`_fts5|_sqlite3Fts5`)},
	{"match and tag", regexp.MustCompile(`^sigpost/classify\.`)},
	{"parse", regexp.MustCompile(`^sigpost/message\.|app\.\(\*App\)\.parse`)},
	{"thread and rows", regexp.MustCompile(`modernc\.org/sqlite|^sigpost/store\.|database/sql`)},
	{"fetch", regexp.MustCompile(`go-imap|^sigpost/ingest\.|^net\.|crypto/tls`)},
	{"garbage collection", regexp.MustCompile(`^runtime\.(gcBgMarkWorker|bgsweep|bgscavenge|gcAssist)`)},
	{"scheduler", regexp.MustCompile(`^runtime\.(mcall|schedule|mstart|park_m|sysmon)`)},
}

// traces is the time of a profile, summed up in several ways.
type traces struct {
	functions, packages, stages map[string]time.Duration
	all                         time.Duration
}

// readTraces sums up what "pprof -traces" prints: blocks between lines of
// dashes, the time in front of the innermost function.
func readTraces(out []byte) traces {
	tr := traces{map[string]time.Duration{}, map[string]time.Duration{}, map[string]time.Duration{}, 0}
	var took time.Duration
	var stack []string
	flush := func() {
		if len(stack) > 0 {
			tr.functions[stack[0]] += took
			tr.packages[packageOf(stack[0])] += took
			tr.stages[stageOf(stack)] += took
			tr.all += took
		}
		took, stack = 0, nil
	}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		fields := strings.Fields(s.Text())
		if strings.HasPrefix(s.Text(), "-----") {
			flush()
		} else if len(fields) > 1 && stack == nil {
			var err error
			if took, err = time.ParseDuration(fields[0]); err == nil {
				stack = fields[1:2]
			}
		} else if len(fields) > 0 && stack != nil {
			stack = append(stack, fields[0])
		}
	}
	flush()
	return tr
}

func packageOf(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[slash:], ".")
	return function[:slash] + name
}

func stageOf(stack []string) string {
	for _, s := range stages {
		if slices.ContainsFunc(stack, s.pattern.MatchString) {
			return s.name
		}
	}
	return "else"
}

func (tr traces) String() string {
	return fmt.Sprintf("%.2f CPU s by stage (with all that it calls)\n%sby package (by itself)\n%sby function (by itself)\n%s",
		tr.all.Seconds(), tr.top(tr.stages, 12), tr.top(tr.packages, 12), tr.top(tr.functions, 25))
}

func (tr traces) top(times map[string]time.Duration, n int) string {
	names := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), strings.Compare(a, b))
	})
	var text strings.Builder
	for _, name := range names[:min(n, len(names))] {
		fmt.Fprintf(&text, "%8.2f  %5.1f %%  %s\n", times[name].Seconds(), 100*ratio(times[name], tr.all), name)
	}
	return text.String()
}
