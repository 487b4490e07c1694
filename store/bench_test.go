package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"
)

// letters is mail that looks like a list's: a head of 1.5 KB of which much
// repeats, a body of 1 KB that repeats little, threads of five.
func letters(n int) []sigpost.Arrival {
	random := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 4000)
	for i := range words {
		words[i] = fmt.Sprintf("%x", random.Uint32()>>(random.Uint32()%20))
	}
	all := make([]sigpost.Arrival, n)
	for i := range all {
		var refs []sigpost.MessageID
		for r := i - i%5; r < i; r++ {
			refs = append(refs, letterID(r))
		}
		a := mail(string(letterID(i)), i, refs...)
		var b strings.Builder
		for h := range 20 {
			fmt.Fprintf(&b, "X-Header-Of-Some-Server-%d: by mail%d.example.org with SMTP id %x for the list\r\n", h, h%3, random.Uint32())
		}
		b.WriteString("\r\n")
		head := b.Len()
		for b.Len() < 2500 {
			b.WriteString(words[random.IntN(len(words))] + " ")
		}
		a.Message.Text = b.String()[head:]
		a.Message.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, Start: 0, End: len(a.Message.Text)}}
		a.Raw = append(a.Raw, b.String()...)
		a.Message.Size = len(a.Raw)
		all[i] = a
	}
	return all
}

func letterID(i int) sigpost.MessageID {
	return sigpost.MessageID(fmt.Sprintf("CAF%08x.%d@mail.example.org", i*2654435761, i))
}

// BenchmarkAdd stores mail in batches of 500, as a first fetch does. Its
// figures are messages a second, and bytes on disk a byte of mail.
func BenchmarkAdd(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			const batch, batches = 500, 20
			mail := letters(batch * batches)
			size := 0
			for _, a := range mail {
				size += len(a.Raw)
			}
			var disk int64
			for b.Loop() {
				b.StopTimer()
				dsn := e.dsn(b)
				db := must(store.Open(b.Context(), dsn))(b)
				// What a run has: a context that can end.
				ctx, cancel := context.WithCancel(b.Context())
				b.StartTimer()
				for i := range batches {
					if _, err := db.Add(ctx, nil, mail[i*batch:(i+1)*batch], start); err != nil {
						b.Fatal(err)
					}
				}
				b.StopTimer()
				cancel()
				check(b, db.Close())
				if info, err := os.Stat(dsn); err == nil {
					disk = info.Size()
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(batch*batches*b.N)/b.Elapsed().Seconds(), "msg/s")
			if disk > 0 {
				b.ReportMetric(float64(disk)/float64(size), "disk/mail")
			}
		})
	}
}

// BenchmarkLedger takes letters and stores what became of them, 200 to a turn.
func BenchmarkLedger(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			ctx := b.Context()
			db := open(b, e.dsn(b))
			issue, _ := ledger(b, db, 5000)
			done := 0
			var results []sigpost.DeliveryResult
			for b.Loop() {
				if done%5000 == 0 {
					b.StopTimer()
					must(db.Turn(ctx, issue.ID, results, start, hours(1), 0))(b)
					results = nil
					check(b, db.SQL(ctx, `UPDATE deliveries SET state = 'queued'`))
					b.StartTimer()
				}
				taken := must(db.Turn(ctx, issue.ID, results, start, hours(1), 200))(b)
				done += len(taken)
				results = results[:0]
				for _, c := range taken {
					results = append(results, sigpost.DeliveryResult{DeliveryID: c.ID, State: sigpost.DeliverySent, Reply: "250 2.0.0 OK: queued as 1234567890"})
				}
			}
			b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "letters/s")
		})
	}
}
