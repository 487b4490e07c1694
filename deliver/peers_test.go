package deliver_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/deliver"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// letters builds the letter that a delivery is about, as the whole program does.
func letters(_ context.Context, d sigpost.Delivery) (string, string, []byte, error) {
	return buildFor(d, sampleLetter)
}

func buildFor(d sigpost.Delivery, l sigpost.Letter) (string, string, []byte, error) {
	h := sample
	h.To = sigpost.Address{Addr: reader(d.SubscriptionID)}
	h.MessageID = messageIDFor([]byte("secret"), "weekly", noon, int(d.IssueID), d.SubscriptionID, "example.org")
	data, err := deliver.Build(h, l)
	return h.From.Addr, h.To.Addr, data, err
}

func TestIssueThroughPostfixSink(t *testing.T) {
	sink := peertest.SMTPSink(t)
	m := newMemory(t, 50)
	c := courier(t, deliver.Server{Addr: sink.Addr, TLS: deliver.TLSPlain})
	outcome, err := sender(m, c, newClock(), deliver.Options{}).Send(t.Context(), issue, letters, nil)
	if err != nil || outcome != (deliver.Outcome{Sent: 50}) {
		t.Fatalf("%+v, %v", outcome, err)
	}
	got := sink.Letters()
	if len(got) != 50 {
		t.Fatalf("%d letters", len(got))
	}
	var to []string
	for _, l := range got {
		h, text, html := read(t, l.Data)
		if text != sampleLetter.Text || html != sampleLetter.HTML || l.From != "news@example.org" || h.Get("To") != "<"+l.To[0]+">" {
			t.Errorf("from %s to %v: %v", l.From, l.To, h)
		}
		to = append(to, l.To...)
	}
	slices.Sort(to)
	if len(slices.Compact(to)) != 50 {
		t.Errorf("%d different recipients", len(slices.Compact(to)))
	}
}

// Each way of protecting the connection, against a server that is not ours to
// script: one connection, one login, the same bytes at the other end.
func TestIssueThroughTLS(t *testing.T) {
	for mode, security := range map[deliver.TLSMode]mailtest.Security{
		deliver.TLSPlain: mailtest.Plain, deliver.TLSStart: mailtest.StartTLS, deliver.TLSImplicit: mailtest.ImplicitTLS,
	} {
		t.Run(string(mode), func(t *testing.T) {
			peer, err := mailtest.StartSMTP(mailtest.SMTPOptions{Username: "mailer", Password: "hush", Security: security})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { peer.Close() })
			server := deliver.Server{Addr: peer.Addr, TLS: mode, Timeout: 10 * time.Second,
				Username: "mailer", Password: func() (string, error) { return "hush", nil }}
			if peer.CA != nil {
				server.RootCAs = peer.CA.Pool()
			}
			m := newMemory(t, 12)
			outcome, err := sender(m, courier(t, server), newClock(), deliver.Options{}).Send(t.Context(), issue, letters, nil)
			if err != nil || outcome != (deliver.Outcome{Sent: 12}) {
				t.Fatalf("%+v, %v", outcome, err)
			}
			got := peer.Letters()
			if len(got) != 12 || peer.Connections() != 1 {
				t.Fatalf("%d letters over %d connections", len(got), peer.Connections())
			}
			for i, l := range got {
				_, to, want, _ := letters(t.Context(), *m.rows[i])
				if l.To[0] != to || string(l.Data) != string(want) || l.User != "mailer" || l.TLS != (security != mailtest.Plain) {
					t.Errorf("letter %d to %v by %q is not what was sent:\n%s", i, l.To, l.User, l.Data)
				}
			}
		})
	}
}

// BenchmarkSink sends letters of 14.5 kB through Postfix's smtp-sink over one
// connection, with the ledger in memory.
func BenchmarkSink(b *testing.B) {
	sink := peertest.SMTPDrain(b)
	c := courier(b, deliver.Server{Addr: sink.Addr, TLS: deliver.TLSPlain})
	big := sigpost.Letter{Subject: sampleLetter.Subject, Text: strings.Repeat("Kuryr gets a pod network, says Zoë.\n", 100),
		HTML: strings.Repeat("<p style=\"margin:0\">Kuryr gets a pod network, says Zoë.</p>\n", 145)}
	_, _, same, err := buildFor(sigpost.Delivery{}, big)
	if err != nil {
		b.Fatal(err)
	}
	for name, write := range map[string]deliver.Compose{
		"built-for-each": func(_ context.Context, d sigpost.Delivery) (string, string, []byte, error) { return buildFor(d, big) },
		"the-same-bytes": func(_ context.Context, d sigpost.Delivery) (string, string, []byte, error) {
			return "news@example.org", reader(d.SubscriptionID), same, nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			m := newMemory(b, b.N)
			b.SetBytes(int64(len(same)))
			b.ResetTimer()
			outcome, err := sender(m, c, newClock(), deliver.Options{Batch: 250}).Send(b.Context(), issue, write, nil)
			if err != nil || outcome.Sent != b.N {
				b.Fatalf("%+v, %v", outcome, err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		build(b, sample, sampleLetter)
	}
}
