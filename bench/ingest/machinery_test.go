package ingest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMeasureKnowsOnlyTheProcess: neither what this process has in memory nor
// what it did counts, and what a child of the process did does.
func TestMeasureKnowsOnlyTheProcess(t *testing.T) {
	ballast := []byte(strings.Repeat("x", 300<<20))
	small, out := measure(t, t.TempDir(), []string{"WHO=me"}, "sh", "-c", "echo $WHO; pwd")
	runtime.KeepAlive(ballast)
	if small.Peak > 100<<20 || small.CPU > 2*time.Second {
		t.Errorf("a shell that does nothing is said to have taken %+v", small)
	}
	if !strings.HasPrefix(string(out), "me\n/") {
		t.Errorf("it printed %q", out)
	}
	busy, _ := measure(t, t.TempDir(), nil, "sh", "-c", "(i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done); true")
	if busy.CPU < 20*time.Millisecond {
		t.Errorf("a child that counts to 300,000 is said to have taken %v", busy.CPU)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []int64
		want   int64
	}{{nil, 0}, {[]int64{7}, 7}, {[]int64{9, 1, 5}, 5}, {[]int64{8, 2, 4, 100}, 6}} {
		if got := median(c.values); got != c.want {
			t.Errorf("the median of %v is %d, not %d", c.values, got, c.want)
		}
	}
}

func TestReadTraces(t *testing.T) {
	tr := readTraces([]byte(`File: sigpost
Type: cpu
Duration: 2s, Total samples = 1.25s
-----------+-------------------------------------------------------
      10ms   runtime.memmove
             sigpost/message.Parse (inline)
             sigpost/app.(*App).parse
-----------+-------------------------------------------------------
     1.20s   modernc.org/sqlite/lib._fts5HashAdd
             sigpost/store.(*DB).Add
-----------+-------------------------------------------------------
      40ms   runtime.memmove
             sigpost/store.(*DB).Add
-----------+-------------------------------------------------------
`))
	for _, c := range []struct {
		what string
		got  time.Duration
		want time.Duration
	}{
		{"all", tr.all, 1250 * time.Millisecond},
		{"memmove", tr.functions["runtime.memmove"], 50 * time.Millisecond},
		{"SQLite", tr.packages["modernc.org/sqlite/lib"], 1200 * time.Millisecond},
		{"parse", tr.stages["parse"], 10 * time.Millisecond},
		{"index", tr.stages["index (FTS5)"], 1200 * time.Millisecond},
		{"rows", tr.stages["thread and rows"], 40 * time.Millisecond},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, not %v", c.what, c.got, c.want)
		}
	}
}
