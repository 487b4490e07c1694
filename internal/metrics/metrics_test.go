package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sigpost/store"
)

func scrape(t testing.TB, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func has(t *testing.T, text string, yes bool, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if strings.Contains(text, "\n"+l) != yes {
			t.Errorf("%q is there: %t", l, !yes)
		}
	}
}

// A nil one takes everything.
func TestNobodyWantsMetrics(t *testing.T) {
	var m *Metrics
	m.RequestBegun()
	m.Request("GET /", 200, time.Second)
	m.Job("read", "done", time.Second)
	m.Rows("read", 1, 1)
	m.Letters("weekly", "sent", 1)
	m.Mail("a/b", 1, 1, 1)
	m.Connection("a/b", "idle", time.Now())
	m.Watch(Source{})()
}

// Rows are asked at most every five seconds, however often somebody scrapes; what cannot
// be asked is missing and not zero.
func TestRowsAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New("v1", "abc")
		asked, failing := 0, error(nil)
		stop := m.Watch(Source{Now: time.Now,
			Rows: func(context.Context) (Rows, error) {
				asked++
				return Rows{Ready: true, Backlogs: []store.Backlog{{Stage: "tag", Waiting: 3, Oldest: time.Now().Add(-time.Minute)}}, Sizes: store.Sizes{Database: 5, Log: -1}}, failing
			},
			Census: func(context.Context) (store.Census, error) { return store.Census{Messages: 7}, nil }})
		defer stop()
		text := scrape(t, m)
		for range 20 {
			scrape(t, m)
		}
		has(t, text, true, `sigpost_stage_waiting_rows{digest="",stage="tag"} 3`, `sigpost_stage_lag_seconds{digest="",stage="tag"} 60`, `sigpost_ready 1`, `sigpost_figures_up{part="rows"} 1`)
		has(t, text, false, "sigpost_database_wal_bytes")
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		time.Sleep(6 * time.Second)
		failing = errors.New("gone")
		text = scrape(t, m)
		has(t, text, true, `sigpost_figures_up{part="rows"} 0`, `sigpost_ready 0`)
		has(t, text, false, `sigpost_stage_waiting_rows`, `sigpost_database_size_bytes`)
		stop()
		has(t, scrape(t, m), false, "sigpost_ready", "sigpost_messages")
	})
}

// The census is taken in the background, one at a time, and rests for fifty times as
// long as it took; it ends with who is asked.
func TestCensusRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New("v1", "abc")
		var taken, ended atomic.Int32
		takes := 10 * time.Second
		stop := m.Watch(Source{Now: time.Now, Rows: func(context.Context) (Rows, error) { return Rows{}, nil },
			Census: func(ctx context.Context) (store.Census, error) {
				n := taken.Add(1)
				select {
				case <-time.After(takes):
					return store.Census{Messages: int(n)}, nil
				case <-ctx.Done():
					ended.Add(1)
					return store.Census{}, ctx.Err()
				}
			}})
		synctest.Wait()
		has(t, scrape(t, m), false, "sigpost_messages")
		time.Sleep(takes + time.Second)
		has(t, scrape(t, m), true, "sigpost_messages 1")
		for range 48 { // 480 s
			time.Sleep(10 * time.Second)
			scrape(t, m)
		}
		if taken.Load() != 1 {
			t.Errorf("%d were taken while it was to rest", taken.Load())
		}
		time.Sleep(20 * time.Second)
		has(t, scrape(t, m), true, "sigpost_messages 1") // nobody waits for the next one
		time.Sleep(takes + time.Second)
		has(t, scrape(t, m), true, "sigpost_messages 2")
		time.Sleep(time.Hour)
		scrape(t, m)
		synctest.Wait()
		stop()
		if taken.Load() != 3 || ended.Load() != 1 {
			t.Errorf("%d taken, %d of them ended", taken.Load(), ended.Load())
		}
	})
}

// Another source takes the place of the one of before, whose end takes nothing away.
func TestSourcesFollowOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New("v1", "abc")
		source := func(n int) Source {
			return Source{Now: time.Now, Rows: func(context.Context) (Rows, error) { return Rows{Sizes: store.Sizes{Database: int64(n)}}, nil },
				Census: func(context.Context) (store.Census, error) { return store.Census{Messages: n}, nil }}
		}
		first := m.Watch(source(1))
		synctest.Wait()
		has(t, scrape(t, m), true, "sigpost_messages 1", "sigpost_database_size_bytes 1")
		second := m.Watch(source(2))
		first()
		synctest.Wait()
		has(t, scrape(t, m), true, "sigpost_messages 2", "sigpost_database_size_bytes 2")
		second()
		has(t, scrape(t, m), false, "sigpost_messages", "sigpost_database_size_bytes")
	})
}

// A status that is none has a class of its own.
func TestClasses(t *testing.T) {
	m := New("v1", "abc")
	for _, status := range []int{200, 204, 301, 404, 503, 0, 999, -1} {
		m.RequestBegun()
		m.Request("", status, time.Millisecond)
	}
	has(t, scrape(t, m), true, `sigpost_http_requests_total{class="2xx",route="none"} 2`, `sigpost_http_requests_total{class="3xx",route="none"} 1`,
		`sigpost_http_requests_total{class="other",route="none"} 3`, `sigpost_http_requests_in_flight 0`, `sigpost_build_info{goversion=`)
}

// BenchmarkScrape is a scrape of a site with a hundred routes, but for what is asked of
// the archive.
func BenchmarkScrape(b *testing.B) {
	m := New("v1", "abc")
	for i := range 100 {
		for _, status := range []int{200, 304, 404, 500} {
			m.RequestBegun()
			m.Request(fmt.Sprintf("GET /a/route/%d/{name}", i), status, time.Millisecond)
		}
	}
	for b.Loop() {
		scrape(b, m)
	}
}

// BenchmarkRequest is what counting a request costs.
func BenchmarkRequest(b *testing.B) {
	m := New("v1", "abc")
	b.ReportAllocs()
	for b.Loop() {
		m.RequestBegun()
		m.Request("GET /threads/{id}", 200, time.Millisecond)
	}
}
