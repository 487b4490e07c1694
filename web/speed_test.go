package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/message"
	"sigpost/store"
	"sigpost/thread"
)

// big is an archive of 100,000 messages: most threads are short, a few long, and
// one has ten thousand.
var big struct {
	once   sync.Once
	server *httptest.Server
	// threads by how long they are
	usual, long []int64
	huge        int64
}

const bigMessages = 100_000

var bigWords = strings.Fields(strings.Repeat("the port of a network binds when kuryr asks neutron for it and the agent on the host answers with what it has to say about that while we wait ", 3))

func bigMail(r *rand.Rand, n int, answers string, subject string) (string, string) {
	id := fmt.Sprintf("%d.%d@mail.example.org", n, r.Uint32())
	var b strings.Builder
	fmt.Fprintf(&b, "From: Person %d <p%d@example.org>\nTo: list@example.org\nMessage-ID: <%s>\nSubject: %s\nDate: Wed, 20 Apr 2016 12:00:00 +0000\nReceived: from a by b; Wed, 20 Apr 2016 12:00:00 +0000\n", n%997, n%997, id, subject)
	if answers != "" {
		fmt.Fprintf(&b, "References: <%s>\nIn-Reply-To: <%s>\n", answers, answers)
	}
	b.WriteString("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n")
	words := func(prefix string, lines int) {
		for range lines {
			b.WriteString(prefix)
			for range 9 {
				b.WriteString(bigWords[r.IntN(len(bigWords))])
				b.WriteByte(' ')
			}
			b.WriteByte('\n')
		}
	}
	if answers != "" {
		b.WriteString("On 20 April 2016 Person Of <of@example.org> wrote:\n")
		words("> ", 3+r.IntN(15))
		b.WriteByte('\n')
	}
	words("", 5+r.IntN(20))
	b.WriteString("-- \nPerson\n")
	return id, b.String()
}

func bigThreads(b *testing.B) {
	big.once.Do(func() {
		ctx := context.Background()
		dir, err := os.MkdirTemp("", "sigpost-speed-")
		must2(b, err)
		db, err := store.Open(ctx, filepath.Join(dir, "big.db"))
		must2(b, err)
		db.KeepBlocks(20 << 20)
		r := rand.New(rand.NewPCG(1, 2))
		var sizes []int
		for left := bigMessages - 10_000 - 10*1000; left > 0; {
			n := min(left, 1+int(r.ExpFloat64()*5))
			sizes, left = append(sizes, n), left-n
		}
		for range 10 {
			sizes = append(sizes, 1000)
		}
		sizes = append(sizes, 10_000)
		var batch []sigpost.Arrival
		n := 0
		flush := func() {
			_, err := db.Add(ctx, nil, batch, day)
			must2(b, err)
			batch = batch[:0]
		}
		type open struct {
			left int
			ids  []string
			no   int
		}
		var opened []*open // threads that go on, so that their mail lies apart
		next := 0
		for next < len(sizes) || len(opened) > 0 {
			for len(opened) < 200 && next < len(sizes) {
				opened = append(opened, &open{left: sizes[next], no: next})
				next++
			}
			at := r.IntN(len(opened))
			o := opened[at]
			answers := ""
			if len(o.ids) > 0 {
				answers = o.ids[len(o.ids)-1-r.IntN(min(len(o.ids), 20))]
			}
			subject := fmt.Sprintf("Subject %d of kuryr", o.no)
			if answers != "" {
				subject = "Re: " + subject
			}
			id, raw := bigMail(r, n, answers, subject)
			o.ids = append(o.ids, id)
			if o.left--; o.left == 0 {
				opened = slices.Delete(opened, at, at+1)
			}
			m, err := message.Parse([]byte(raw))
			must2(b, err)
			m.BaseSubject, m.Received = thread.BaseSubject(m.Subject), day.Add(time.Duration(n)*time.Minute)
			batch = append(batch, sigpost.Arrival{Raw: []byte(raw), Message: m, List: "sig", Source: "test"})
			if n++; len(batch) == 2000 {
				flush()
			}
		}
		flush()
		for before := (store.ThreadPosition{}); ; {
			threads, err := db.Threads(ctx, store.ThreadQuery{Limit: 1000, Before: before})
			must2(b, err)
			if len(threads) == 0 {
				break
			}
			for _, t := range threads {
				must2(b, db.SaveTaggings(ctx, t.ID, t.Revision, "v", []sigpost.Tagging{{Tag: kuryr, Title: "Kuryr", Score: 0.8, State: sigpost.TagAccepted,
					Evidence: []sigpost.Evidence{{Rule: "alias kuryr", Field: "subject", Excerpt: "of kuryr", Spans: []sigpost.Span{{Start: 3, End: 8}}, Weight: 2}}}}))
				switch {
				case t.Messages > 5000:
					big.huge = t.ID
				case t.Messages > 500:
					big.long = append(big.long, t.ID)
				default:
					big.usual = append(big.usual, t.ID)
				}
			}
			before = store.PositionOf(threads[len(threads)-1])
		}
		handler, err := New(Options{Title: "Test", Store: db, Mail: testMail(message.Parse), ArchiveURL: func(*sigpost.Message) string { return "" }, Log: slog.New(slog.DiscardHandler)})
		must2(b, err)
		big.server = httptest.NewServer(handler)
	})
}

func must2(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// measure asks for pages over one connection, and says how long it takes to have
// them.
func measure(b *testing.B, path func(r *rand.Rand) string) {
	bigThreads(b)
	r := rand.New(rand.NewPCG(3, 4))
	var took []time.Duration
	bytes := int64(0)
	b.ResetTimer()
	before := cpuTime()
	for b.Loop() {
		start := time.Now()
		resp, err := http.Get(big.server.URL + path(r))
		must2(b, err)
		n, err := io.Copy(io.Discard, resp.Body)
		must2(b, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			b.Fatalf("status %d", resp.StatusCode)
		}
		took, bytes = append(took, time.Since(start)), bytes+n
	}
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/1000/float64(len(took)), "ms-cpu")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(bytes)/float64(len(took)), "bytes/page")
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "pages/s")
	b.ReportMetric(rss(), "MB-resident")
}

// cpu is what this process has used, with the client in it.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func rss() float64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident float64
	fmt.Sscan(string(data), &size, &resident)
	return resident * 4096 / (1 << 20)
}

func BenchmarkThread(b *testing.B) {
	b.Run("usual, at random", func(b *testing.B) {
		measure(b, func(r *rand.Rand) string { return threadPath(big.usual[r.IntN(len(big.usual))]) })
	})
	b.Run("usual, kept", func(b *testing.B) {
		measure(b, func(r *rand.Rand) string { return threadPath(big.usual[r.IntN(200)]) })
	})
	b.Run("long, first page", func(b *testing.B) {
		measure(b, func(r *rand.Rand) string { return threadPath(big.long[r.IntN(len(big.long))]) })
	})
	b.Run("ten thousand, any page", func(b *testing.B) {
		var ids []int64
		measure(b, func(r *rand.Rand) string {
			if ids == nil {
				ids = hugeIDs(b)
			}
			return fmt.Sprintf("%s?from=%d", threadPath(big.huge), ids[r.IntN(len(ids))])
		})
	})
	b.Run("one's own, usual", func(b *testing.B) {
		measure(b, func(r *rand.Rand) string { return threadPath(big.usual[r.IntN(len(big.usual))]) + "?view=flat" })
	})
}

func hugeIDs(b *testing.B) (ids []int64) {
	resp, err := http.Get(big.server.URL + threadPath(big.huge))
	must2(b, err)
	body, err := io.ReadAll(resp.Body)
	must2(b, err)
	resp.Body.Close()
	for _, part := range strings.Split(string(body), `<article id="m`)[1:] {
		var id int64
		fmt.Sscan(part, &id)
		ids = append(ids, id)
	}
	return ids
}
