package ingest

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

// BenchmarkNothingNew is a run over a mailbox of 100,000 messages, and one over
// ten of them, in which nothing is new: connect, TLS, login, EXAMINE, LOGOUT.
// cpu-ms is what this process spends, Dovecot's part is not in it.
func BenchmarkNothingNew(b *testing.B) {
	s := dovecot{peertest.Dovecot(b)}
	mails := make([]peertest.Mail, 100_000)
	for i := range mails {
		mails[i] = peertest.Mail{Raw: fmt.Appendf(nil, "Message-ID: <%d@example.org>\nSubject: mail %d\n\nsome words\n", i, i), Received: start}
	}
	s.Load(b, "lists", mails)
	var sources []Source
	for i := range 10 {
		name := "lists"
		if i > 0 {
			name = fmt.Sprintf("list-%d", i)
			s.Load(b, name, mails[:100])
		}
		sources = append(sources, Source{Account: s.account(), Mailbox: name})
		sources[i].Account.Timeout = time.Minute
	}
	archives := make([]*memory, len(sources))
	for i, source := range sources {
		archives[i] = newMemory(b)
		in := ingester(b, archives[i])
		status, err := in.Status(b.Context(), source, archives[i].mailbox)
		if err != nil {
			b.Fatal(err)
		}
		in.Close()
		archives[i].mailbox.UIDValidity, archives[i].mailbox.UIDNext = status.UIDValidity, status.UIDNext
	}
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("mailboxes=%d", n), func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				in := ingester(b, nil)
				for i, source := range sources[:n] {
					in.archive = archives[i]
					if report, err := in.Fetch(b.Context(), source, nil); err != nil || report.Found != 0 {
						b.Fatalf("%+v, %v", report, err)
					}
				}
				in.Close()
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
