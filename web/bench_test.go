package web

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/store/storetest"
)

// bigArchive is an archive of as many messages as SIGPOST_BENCH_MESSAGES says,
// 100,000 where it is unset: threads of five over five years, 60 topics of which
// some are far more common than others, 2,000 people, four lists.
func bigArchive(b *testing.B) *store.DB {
	ctx := b.Context()
	n := 100_000
	if text := os.Getenv("SIGPOST_BENCH_MESSAGES"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	db, err := store.Open(ctx, storetest.SQLite(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	random := rand.New(rand.NewPCG(1, 2))
	people, topics := rand.NewZipf(random, 1.2, 5, 1999), rand.NewZipf(random, 1.1, 2, 59)
	step := 5 * 365 * 24 * time.Hour / time.Duration(n)
	natures := sigpost.Natures()
	for at := 0; at < n; at += 5000 {
		var batch []sigpost.Arrival
		for i := at; i < min(n, at+5000); i++ {
			root := i - i%5
			m := &sigpost.Message{MessageID: sigpost.MessageID(fmt.Sprint("m", i)), Received: day.Add(-time.Duration(n-i) * step), Answering: i != root}
			m.Subject = fmt.Sprintf("[dev] A matter of %x and its %d ports", root, root%97)
			m.BaseSubject, m.Text, m.Quoting = m.Subject, "Words.", true
			if i != root {
				m.References = []sigpost.MessageID{sigpost.MessageID(fmt.Sprint("m", root))}
			}
			who := people.Uint64()
			m.Author = sigpost.Address{Name: fmt.Sprintf("Jo Writer%d", who), Addr: fmt.Sprintf("jo%d@example.org", who)}
			batch = append(batch, sigpost.Arrival{Raw: []byte("x"), Message: m, List: []string{"dev", "dev", "dev", "ops", "users", "announce"}[root/5%6], Source: "bench"})
		}
		if _, err := db.Add(ctx, nil, batch, day); err != nil {
			b.Fatal(err)
		}
	}
	err = db.Tx(ctx, func(tx *store.DB) error {
		threads, err := tx.ThreadsToClassify(ctx, "", 0, n)
		for _, thread := range threads {
			nature := natures[random.IntN(len(natures))]
			taggings := []sigpost.Tagging{{Tag: nature.Tag(), Title: nature.Title(), Score: 0.5, State: sigpost.TagAccepted}}
			for _, kind := range []sigpost.TagKind{sigpost.KindProject, sigpost.KindScenario} {
				name := fmt.Sprintf("topic%d", topics.Uint64())
				taggings = append(taggings, sigpost.Tagging{Tag: sigpost.Tag{Kind: kind, Name: name}, Title: name, Score: 0.9, State: sigpost.TagAccepted,
					Evidence: []sigpost.Evidence{{Rule: "alias " + name, Field: "subject", Excerpt: thread.Subject}}})
			}
			if err == nil {
				err = tx.SaveTaggings(ctx, thread.ID, thread.Revision, "v", taggings)
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

// cpu is the processor's time that this process has used: it says something
// where others use the machine too.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkLists asks for lists of threads at the socket, one after the other, and
// gives the median and the 99th percentile of the times in ms, and the processor's
// time a request, which has the asking in it. Run it with -cpu 1.
func BenchmarkLists(b *testing.B) {
	db := bigArchive(b)
	handler, err := New(Options{Title: "Bench", Store: db, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return day },
		Browse: Browse{Lists: map[string]string{"dev": "dev", "ops": "ops"}}})
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	defer server.Close()
	deep := cursor(store.ThreadPosition{Last: day.AddDate(-3, 0, 0)})
	for _, path := range []string{
		"/", "/topics", "/topics/project/topic0", "/topics/project/topic40", "/lists/dev", "/threads", "/threads?from=" + deep, "/threads?topic=project:topic0&topic=scenario:topic1",
		"/threads?topic=project:topic30&nature=question&unanswered=1", "/threads?list=ops&nature=release&from=" + deep, "/threads?unanswered=1&after=2014-01-01&before=2015-01-01",
		"/threads?author=writer3", "/threads?author=writer3&topic=project:topic0", "/threads?author=writer1900", "/statistics",
		"/feed", "/topics/project/topic0/feed", "/threads/1/feed", "/api/v1/threads", "/api/v1/threads?topic=project:topic0&topic=scenario:topic1", "/api/v1/tags", "/api/v1/search?q=matter",
	} {
		b.Run(path, func(b *testing.B) {
			var times []time.Duration
			size := 0
			ask := func() {
				begin := time.Now()
				resp, err := http.Get("http://" + listener.Addr().String() + path)
				if err != nil {
					b.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Fatal(resp.Status, err)
				}
				size, times = len(body), append(times, time.Since(begin))
			}
			begin := time.Now()
			ask()
			first := time.Since(begin)
			times = nil
			used := cpu(b)
			for b.Loop() {
				ask()
			}
			used = cpu(b) - used
			slices.Sort(times)
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
			b.ReportMetric(ms(times[len(times)/2]), "ms-median")
			b.ReportMetric(ms(times[len(times)*99/100]), "ms-p99")
			b.ReportMetric(ms(used/time.Duration(len(times))), "ms-cpu")
			b.ReportMetric(ms(first), "ms-first")
			b.ReportMetric(float64(size)/1024, "KiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}
