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
	"strconv"
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
	db     *store.DB
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

func manyThreads(b *testing.B) {
	big.once.Do(func() {
		ctx := context.Background()
		dir, err := os.MkdirTemp("", "sigpost-speed-")
		mustDo(b, err)
		db, err := store.Open(ctx, filepath.Join(dir, "big.db"))
		mustDo(b, err)
		big.db = db
		db.KeepBlocks(16 << 20)
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
			mustDo(b, err)
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
			mustDo(b, err)
			m.BaseSubject, m.Received = thread.BaseSubject(m.Subject), day.Add(time.Duration(n)*time.Minute)
			batch = append(batch, sigpost.Arrival{Raw: []byte(raw), Message: m, List: "sig", Source: "test"})
			if n++; len(batch) == 2000 {
				flush()
			}
		}
		flush()
		for before := (store.ThreadPosition{}); ; {
			threads, err := db.Threads(ctx, store.ThreadQuery{Limit: 1000, Before: before})
			mustDo(b, err)
			if len(threads) == 0 {
				break
			}
			for _, t := range threads {
				mustDo(b, db.SaveTaggings(ctx, t.ID, t.Revision, "v", []sigpost.Tagging{{Tag: kuryr, Title: "Kuryr", Score: 0.8, State: sigpost.TagAccepted,
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
		mustDo(b, err)
		big.server = httptest.NewServer(handler)
	})
}

func mustDo(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// measure asks for pages over one connection, and says how long it takes to have
// them.
func measure(b *testing.B, own bool, path func(r *rand.Rand) string) {
	manyThreads(b)
	r := rand.New(rand.NewPCG(3, 4))
	var took []time.Duration
	bytes := int64(0)
	b.ResetTimer()
	before := cpuTime()
	for b.Loop() {
		start := time.Now()
		req, err := http.NewRequest("GET", big.server.URL+path(r), nil)
		mustDo(b, err)
		if own {
			req.AddCookie(&http.Cookie{Name: "sigpost-visit", Value: "1." + strconv.FormatInt(time.Now().Unix(), 10)})
		}
		resp, err := http.DefaultClient.Do(req)
		mustDo(b, err)
		n, err := io.Copy(io.Discard, resp.Body)
		mustDo(b, err)
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

// cpuTime is what this process has used, with the client in it.
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

// What is a reader's own is made anew each time; what is for everybody is kept.
func BenchmarkThread(b *testing.B) {
	one := func(ids *[]int64, first int) func(r *rand.Rand) string {
		return func(r *rand.Rand) string { return threadPath((*ids)[r.IntN(min(first, len(*ids)))]) }
	}
	var pages []int64
	huge := func(r *rand.Rand) string {
		if pages == nil {
			pages = hugeIDs(b)
		}
		return fmt.Sprintf("%s?from=%d", threadPath(big.huge), pages[r.IntN(len(pages))])
	}
	for _, c := range []struct {
		name string
		own  bool
		path func(r *rand.Rand) string
	}{
		{"usual, made anew", true, one(&big.usual, 1<<30)},
		{"usual, all at random", false, one(&big.usual, 1<<30)},
		{"usual, of 200", false, one(&big.usual, 200)},
		{"of a thousand, made anew", true, one(&big.long, 100)},
		{"of a thousand", false, one(&big.long, 100)},
		{"of ten thousand, made anew", true, huge},
		{"of ten thousand", false, huge},
	} {
		b.Run(c.name, func(b *testing.B) { measure(b, c.own, c.path) })
	}
}

// hugeIDs are the messages of the longest thread: each is on one of its pages.
func hugeIDs(b *testing.B) (ids []int64) {
	msgs, err := big.db.Outline(context.Background(), big.huge)
	mustDo(b, err)
	for _, m := range msgs {
		ids = append(ids, m.ID)
	}
	return ids
}
