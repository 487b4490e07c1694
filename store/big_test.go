package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/thread"
)

// bigThread is a thread of n messages, each with as many references as mail
// programs give: the first and the last twenty.
func bigThread(n int, subject string) []sigpost.Arrival {
	all := make([]sigpost.Arrival, n)
	for i := range all {
		var refs []sigpost.MessageID
		for r := max(0, i-20); r < i; r++ {
			refs = append(refs, letterID(r))
		}
		if i > 20 {
			refs = slices.Insert(refs, 0, letterID(0))
		}
		a := mail(string(letterID(i)), i, refs...)
		a.Message.Subject, a.Message.BaseSubject, a.Message.Answering = subject, subject, i > 0
		a.Message.Quoting = true
		all[i] = a
	}
	return all
}

// BenchmarkBigThread stores one thread in the order in which it was written,
// from its end, and in no order; in batches of 500 and one by one. A special
// thread is sorted anew with every batch.
func BenchmarkBigThread(b *testing.B) {
	const n = 5000
	orders := map[string]func([]sigpost.Arrival){
		"in order": func([]sigpost.Arrival) {},
		"reverse":  slices.Reverse[[]sigpost.Arrival],
		"random": func(all []sigpost.Arrival) {
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		},
	}
	for _, order := range []string{"in order", "reverse", "random"} {
		for _, batch := range []int{500, 1} {
			for _, kind := range []string{"plain", "special"} {
				if batch == 1 && kind == "special" {
					continue // it is sorted anew 5,000 times: minutes
				}
				b.Run(fmt.Sprintf("%s/%d/%s", order, batch, kind), func(b *testing.B) {
					for b.Loop() {
						db := must(store.Open(b.Context(), engines[0].dsn(b)))(b)
						all := bigThread(n, "Bays")
						if kind == "special" {
							// It holds an answer that only its subject brought there.
							add(b, db, all[n-1])
							lost := mail("lost", n+1)
							lost.Message.Subject, lost.Message.BaseSubject, lost.Message.Answering = "Re: Bays", "Bays", true
							add(b, db, lost)
							all = all[:n-1]
						}
						orders[order](all)
						begin := time.Now()
						for chunk := range slices.Chunk(all, batch) {
							add(b, db, chunk...)
						}
						b.ReportMetric(time.Since(begin).Seconds(), "s/thread")
						check(b, db.Close())
					}
				})
			}
		}
	}
}

// BenchmarkAddDelicate is BenchmarkAdd with mail of which every fifth changes its
// subject, or is an answer that has lost what it answers.
func BenchmarkAddDelicate(b *testing.B) {
	for _, delicate := range []bool{false, true} {
		b.Run(fmt.Sprint(delicate), func(b *testing.B) {
			const batch, batches = 500, 20
			all := letters(batch * batches)
			for i := range all {
				m := all[i].Message
				m.Subject = fmt.Sprintf("About matter %x of them", letterID(i-i%5))
				m.Answering, m.Quoting = i%5 > 0, i%5 > 0
				if m.Answering {
					m.Subject = "Re: " + m.Subject
				}
				switch {
				case !delicate || i%5 != 3:
				case i%2 == 0:
					m.References = nil
				default:
					m.Subject = fmt.Sprintf("Now %d and more (was: %s)", i, m.Subject)
				}
				m.BaseSubject = thread.BaseSubject(m.Subject)
			}
			for b.Loop() {
				db := must(store.Open(b.Context(), engines[0].dsn(b)))(b)
				for chunk := range slices.Chunk(all, batch) {
					add(b, db, chunk...)
				}
				check(b, db.Close())
			}
			b.ReportMetric(float64(len(all)*b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// BenchmarkManyReferences stores mail with 999 references each, none of which
// anybody has seen.
func BenchmarkManyReferences(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			var all []sigpost.Arrival
			for i := range 500 {
				refs := make([]sigpost.MessageID, 999)
				for r := range refs {
					refs[r] = letterID(i*1000 + r)
				}
				a := mail(fmt.Sprint("hostile", i), i, refs...)
				a.Message.Quoting = true
				all = append(all, a)
			}
			for b.Loop() {
				db := must(store.Open(b.Context(), e.dsn(b)))(b)
				add(b, db, all...)
				check(b, db.Close())
			}
			b.ReportMetric(float64(len(all)*b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}
