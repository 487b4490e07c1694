package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/deliver"
)

func pack(_ context.Context, c sigpost.Claim) (deliver.Parcel, error) {
	return deliver.Parcel{From: "news@example.org", To: c.Subscription.Subscriber.Addr,
		Text: deliver.Raw("Message-ID: " + c.MessageID.String() + "\r\n\r\nhello\r\n.dotted\r\n")}, nil
}

func bulk(m *memory, now *clock, o deliver.Options, servers ...deliver.Server) *deliver.Bulk {
	return deliver.NewBulk(m, servers, nil, now.Now, slog.New(slog.DiscardHandler), o)
}

// ways are the extensions that make the three ways of a lane.
var ways = map[string][]string{"one by one": {"8BITMIME"}, "pipelined": {"PIPELINING"}, "in chunks": {"PIPELINING", "CHUNKING"}}

func everyWay(t *testing.T, test func(t *testing.T, features func(*peer))) {
	for name, features := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(p *peer) { p.features = features })
		})
	}
}

func lanes(p *peer, connections int) deliver.Server {
	s := plain(p)
	s.Connections = connections
	return s
}

func TestBulkSendsEachOnce(t *testing.T) {
	everyWay(t, func(t *testing.T, features func(*peer)) {
		p := startPeer(t, nil, features)
		m := newMemory(t, 500)
		m.ended[5] = true
		var told atomic.Int64
		b := bulk(m, newClock(), deliver.Options{}, lanes(p, 4))
		outcome, err := b.Send(t.Context(), issue, pack, func(done int) { told.Store(int64(done)) })
		if err != nil || outcome.Sent != 499 || outcome.Waiting != 0 {
			t.Errorf("outcome %+v, error %v", outcome, err)
		}
		wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 499, sigpost.DeliverySuppressed: 1})
		eachOnce(t, p.took())
		if p.conns() > 4 || len(p.took()) != 499 || told.Load() != 499 {
			t.Errorf("%d letters over %d connections, told of %d", len(p.took()), p.conns(), told.Load())
		}
		for _, l := range p.took() {
			var n int
			if _, err := fmt.Sscanf(l.to, "<r%d@example.org>", &n); err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("Message-ID: <id%d@example.org>\r\n\r\nhello\r\n.dotted\r\n", n); l.data != want {
				t.Fatalf("%s got %q", l.to, l.data)
			}
		}
		if outcome, err = b.Send(t.Context(), issue, pack, nil); err != nil || outcome.Done() != 0 {
			t.Errorf("a second run did %+v, error %v", outcome, err)
		}
	})
}

// The table of faults: what becomes of the letter that it strikes, and that the
// one behind it and the one behind that arrive.
func TestBulkFaults(t *testing.T) {
	const queued, failed, unknown, sent = sigpost.DeliveryQueued, sigpost.DeliveryFailed, sigpost.DeliveryUnknown, sigpost.DeliverySent
	for _, c := range []struct {
		name   string
		fault  script
		want   sigpost.DeliveryState // of the second letter
		second int                   // how often the server has it
	}{
		{"4xx at MAIL", at("MAIL", 2, "451 4.3.0 later"), queued, 0},
		{"421 at MAIL of a kept connection", at("MAIL", 2, "421 4.3.2 closing"), sent, 1},
		{"closed at MAIL of a kept connection", at("MAIL", 2, hangUp), sent, 1},
		{"4xx at RCPT", at("RCPT", 2, "450 4.2.0 greylisted"), queued, 0},
		{"5xx at RCPT", at("RCPT", 2, "550 5.1.1 no such user"), failed, 0},
		{"5xx on many lines", at("RCPT", 2, "550-5.1.1 no\n550 5.1.1 such user"), failed, 0},
		{"5xx at RCPT and DATA is taken all the same", both(at("RCPT", 2, "550 5.1.1 no"), at("useless", 1, "354 go on")), failed, 0},
		{"closed at RCPT", at("RCPT", 2, hangUp), queued, 0},
		{"5xx after the text", at(".", 2, "554 5.7.1 looks like spam"), failed, 0},
		{"4xx after the text", at(".", 2, "451 4.7.1 try later"), queued, 0},
		{"421 after the text", at(".", 2, "421 4.3.2 closing"), queued, 0},
		{"closed after the text", at(".", 2, takeIt), unknown, 1},
		{"babble after the text", at(".", 2, "hm"), unknown, 0},
		{"silence after the text", at(".", 2, stall), unknown, 0},
		{"silence at RCPT", at("RCPT", 2, stall), queued, 0},
		{"babble at RCPT", at("RCPT", 2, "what?"), queued, 0},
	} {
		for way, features := range ways {
			t.Run(c.name+" "+way, func(t *testing.T) {
				t.Parallel()
				p := startPeer(t, c.fault, func(p *peer) { p.features = features })
				server := lanes(p, 1)
				server.Timeout = 300 * time.Millisecond
				m := newMemory(t, 4)
				if _, err := bulk(m, newClock(), deliver.Options{}, server).Send(t.Context(), issue, pack, nil); err != nil {
					t.Errorf("got %v", err)
				}
				if got := m.row(102).State; got != c.want {
					t.Errorf("it is %s (%s), want %s", got, m.row(102).Reply, c.want)
				}
				for _, id := range []int64{101, 103, 104} {
					if got := m.row(id).State; got != sent {
						t.Errorf("delivery %d is %s (%s)", id, got, m.row(id).Reply)
					}
				}
				n := 0
				for _, l := range p.took() {
					if l.to == "<r2@example.org>" {
						n++
					}
				}
				if n != c.second {
					t.Errorf("the server has it %d times, want %d", n, c.second)
				}
				eachOnce(t, p.took())
			})
		}
	}
}

// Whatever a server does, and whenever: nobody gets a letter twice, and who is
// said to have it has it.
func TestBulkUnderRandomFaults(t *testing.T) {
	answers := []string{"250 2.0.0 fine", "251 2.1.5 fine", "354 go on", "421 4.3.2 closing", "450 4.2.0 later", "451 4.7.1 later", "550 5.1.1 no",
		"552 5.2.2 full", "554 5.7.1 spam", "200 hm", "what", "250", "250-a\n250 b", hangUp, takeIt}
	steps := []string{"greeting", "EHLO", "MAIL", "RCPT", "DATA", ".", "RSET", "NOOP", "text", "nested", "early", "useless"}
	rapid.Check(t, func(rt *rapid.T) {
		var faults []script
		for range rapid.IntRange(0, 8).Draw(rt, "faults") {
			faults = append(faults, at(rapid.SampledFrom(steps).Draw(rt, "step"), rapid.IntRange(1, 25).Draw(rt, "n"), rapid.SampledFrom(answers).Draw(rt, "answer")))
		}
		way := rapid.SampledFrom([]string{"one by one", "pipelined", "in chunks"}).Draw(rt, "way")
		p := startPeer(t, both(faults...), func(p *peer) { p.features = ways[way] })
		server := lanes(p, rapid.IntRange(1, 3).Draw(rt, "connections"))
		server.MaxPerConn = rapid.IntRange(0, 5).Draw(rt, "per connection")
		server.Timeout = 200 * time.Millisecond
		m := newMemory(t, 20)
		now := newClock()
		for range 3 {
			bulk(m, now, deliver.Options{}, server).Send(t.Context(), issue, pack, nil) // it may stop over the server
			now.move(10 * time.Minute)
		}
		for _, d := range m.rows {
			n := 0
			for _, l := range p.took() {
				if l.to == "<"+reader(d.SubscriptionID)+">" {
					n++
				}
			}
			switch {
			case n > 1, d.State == sigpost.DeliverySent && n != 1, d.State == sigpost.DeliverySending:
				rt.Fatalf("delivery %d is %s (%s), and the server has it %d times; commands %q", d.ID, d.State, d.Reply, n, p.said())
			case n == 1 && d.State != sigpost.DeliverySent && d.State != sigpost.DeliveryUnknown:
				rt.Fatalf("delivery %d arrived and is %s (%s); commands %q", d.ID, d.State, d.Reply, p.said())
			}
		}
	})
}

// cutter is a proxy that cuts its first connection after some bytes of what one
// side says.
func cutter(t *testing.T, to string, fromServer bool, after int64) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for first := true; ; first = false {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			pass := func(dst, src net.Conn, cut bool) {
				var from io.Reader = src
				if cut {
					from = io.LimitReader(src, after)
				}
				io.Copy(dst, from)
				client.Close()
				server.Close()
			}
			open.Go(func() { pass(server, client, first && !fromServer) })
			open.Go(func() { pass(client, server, first && fromServer) })
		}
	})
	t.Cleanup(func() { listener.Close(); open.Wait() })
	return listener.Addr().String()
}

// The connection is cut after every byte of the dialogue, from either side.
func TestBulkCutAfterEveryByte(t *testing.T) {
	step := int64(1)
	if testing.Short() {
		step = 17
	}
	everyWay(t, func(t *testing.T, features func(*peer)) {
		for _, fromServer := range []bool{false, true} {
			arrived := false
			for after := int64(0); !arrived; after += step {
				p := startPeer(t, nil, features)
				server := lanes(p, 1)
				server.Addr = cutter(t, p.addr, fromServer, after)
				m := newMemory(t, 3)
				now := newClock()
				for range 2 {
					bulk(m, now, deliver.Options{}, server).Send(t.Context(), issue, pack, nil)
					now.move(10 * time.Minute)
				}
				eachOnce(t, p.took())
				counts := m.states()
				if counts[sigpost.DeliverySent]+counts[sigpost.DeliveryUnknown] != 3 || counts[sigpost.DeliveryUnknown] > 2 {
					t.Fatalf("cut after %d bytes (of the server: %v): %v", after, fromServer, counts)
				}
				if missing := 3 - len(p.took()); missing > counts[sigpost.DeliveryUnknown] {
					t.Fatalf("cut after %d bytes (of the server: %v): %d letters are missing, %v", after, fromServer, missing, counts)
				}
				arrived = p.conns() == 1 && counts[sigpost.DeliverySent] == 3
			}
		}
	})
}

func TestBulkStopsForTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		fault    script
		attempts int
	}{
		"login refused":  {at("AUTH", 0, "535 5.7.8 no"), 0},
		"sender refused": {at("MAIL", 0, "550 5.7.1 not you"), 0},
	} {
		for way, features := range ways {
			t.Run(name+" "+way, func(t *testing.T) {
				p := startPeer(t, c.fault, func(p *peer) { p.features = append([]string{"AUTH PLAIN"}, features...) })
				server := lanes(p, 3)
				if strings.HasPrefix(name, "login") {
					server.Username, server.Password = "mailer", func() (string, error) { return "hush", nil }
				}
				m := newMemory(t, 60)
				outcome, err := bulk(m, newClock(), deliver.Options{}, server).Send(t.Context(), issue, pack, nil)
				var trouble *deliver.ServerError
				if !errors.As(err, &trouble) {
					t.Errorf("got %v", err)
				}
				counts := m.states()
				if counts[sigpost.DeliveryQueued]+counts[sigpost.DeliveryUnknown] != 60 || outcome.Waiting != counts[sigpost.DeliveryQueued] || len(p.took()) != 0 {
					t.Errorf("the ledger has %v, the outcome is %+v", counts, outcome)
				}
				for _, d := range m.rows {
					if d.State == sigpost.DeliveryQueued && d.Attempts != c.attempts {
						t.Fatalf("attempts were counted: %+v", d)
					}
				}
			})
		}
	}
}

func TestBulkFallsBack(t *testing.T) {
	first := startPeer(t, at("AUTH", 0, "535 5.7.8 no"), func(p *peer) { p.features = []string{"AUTH PLAIN"} })
	second := startPeer(t, nil)
	server := lanes(first, 2)
	server.Username, server.Password = "mailer", func() (string, error) { return "hush", nil }
	m := newMemory(t, 40)
	outcome, err := bulk(m, newClock(), deliver.Options{}, server, lanes(second, 2)).Send(t.Context(), issue, pack, nil)
	if err != nil || outcome.Sent != 40 || len(second.took()) != 40 {
		t.Errorf("%+v, %v", outcome, err)
	}
}

// Refusals for what a letter says stop an issue before everybody's server has
// seen it.
func TestBulkTrips(t *testing.T) {
	p := startPeer(t, at(".", 0, "550 5.7.1 this looks like spam"))
	m := newMemory(t, 900)
	_, err := bulk(m, newClock(), deliver.Options{}, lanes(p, 2)).Send(t.Context(), issue, pack, nil)
	var tripped *deliver.Tripped
	if !errors.As(err, &tripped) || tripped.Refused < 5 || !strings.Contains(err.Error(), "digest resume") {
		t.Errorf("got %v", err)
	}
	if counts := m.states(); counts[sigpost.DeliveryQueued] < 700 {
		t.Errorf("the ledger has %v", counts)
	}
}

func TestBulkPaces(t *testing.T) {
	p := startPeer(t, nil, func(p *peer) { p.features = []string{"PIPELINING"} })
	m := newMemory(t, 30)
	server := lanes(p, 3)
	server.Rate = 50
	began := time.Now()
	b := deliver.NewBulk(m, []deliver.Server{server}, nil, time.Now, slog.New(slog.DiscardHandler), deliver.Options{})
	if outcome, err := b.Send(t.Context(), issue, pack, nil); err != nil || outcome.Sent != 30 {
		t.Errorf("%+v, %v", outcome, err)
	}
	if took := time.Since(began); took < 500*time.Millisecond { // 30 at 50 a second
		t.Errorf("it took %s", took)
	}
}

// A domain's pace holds up its own letters alone, and costs no attempt.
func TestBulkPacesDomains(t *testing.T) {
	p := startPeer(t, nil)
	m := newMemory(t, 40)
	slow := func(c sigpost.Claim) bool { return c.SubscriptionID%2 == 0 }
	var others, all atomic.Int64
	began := time.Now()
	for _, d := range m.rows { // as fresh ones are
		d.Due = began
	}
	b := deliver.NewBulk(domains{m, slow}, []deliver.Server{lanes(p, 2)}, []deliver.DomainLimit{{Domains: []string{"slow.example"}, Rate: 20}},
		time.Now, slog.New(slog.DiscardHandler), deliver.Options{Patience: time.Minute})
	outcome, err := b.Send(t.Context(), issue, func(ctx context.Context, c sigpost.Claim) (deliver.Parcel, error) {
		if all.Add(1); !slow(c) && others.Add(1) == 20 && all.Load() > 38 {
			t.Error("the others had to wait for the slow ones")
		}
		return pack(ctx, c)
	}, nil)
	if err != nil || outcome.Sent != 40 {
		t.Errorf("%+v, %v", outcome, err)
	}
	if took := time.Since(began); took < 700*time.Millisecond { // 20 at 20 a second, less what goes at once
		t.Errorf("it took %s", took)
	}
	for _, d := range m.rows {
		if d.Attempts != 1 {
			t.Errorf("delivery %d has %d attempts", d.ID, d.Attempts)
		}
	}
	eachOnce(t, p.took())
}

// As many letters are on their way to a domain as may be, and no more.
func TestBulkBoundsWhatGoesToADomainAtOnce(t *testing.T) {
	p := startPeer(t, nil)
	m := newMemory(t, 120)
	slow := func(c sigpost.Claim) bool { return c.SubscriptionID%3 == 0 }
	var now, most atomic.Int64
	b := deliver.NewBulk(domains{m, slow}, []deliver.Server{lanes(p, 4)}, []deliver.DomainLimit{{Domains: []string{"slow.example"}, AtOnce: 1}},
		time.Now, slog.New(slog.DiscardHandler), deliver.Options{Patience: time.Minute})
	outcome, err := b.Send(t.Context(), issue, func(ctx context.Context, c sigpost.Claim) (deliver.Parcel, error) {
		parcel, err := pack(ctx, c)
		if slow(c) {
			most.Store(max(most.Load(), now.Add(1)))
			parcel.Text = counted{parcel.Text, func() { now.Add(-1) }}
		}
		return parcel, err
	}, nil)
	if err != nil || outcome.Sent != 120 || most.Load() != 1 {
		t.Errorf("%+v, %v; %d at once", outcome, err, most.Load())
	}
	eachOnce(t, p.took())
}

// counted tells when a text is written.
type counted struct {
	deliver.Text
	written func()
}

func (c counted) Append(b []byte, stuffed bool) ([]byte, error) {
	c.written()
	return c.Text.Append(b, stuffed)
}

// domains puts some readers at slow.example.
type domains struct {
	*memory
	slow func(sigpost.Claim) bool
}

func (d domains) Turn(ctx context.Context, issueID int64, results []sigpost.DeliveryResult, now, lease time.Time, limit int) ([]sigpost.Claim, error) {
	taken, err := d.memory.Turn(ctx, issueID, results, now, lease, limit)
	for i := range taken {
		if d.slow(taken[i]) {
			taken[i].Subscription.Subscriber.Addr = fmt.Sprintf("r%d@slow.example", taken[i].SubscriptionID)
		}
	}
	return taken, err
}

// A domain that asks for less gets nothing more for a while.
func TestBulkHeedsThrottling(t *testing.T) {
	p := startPeer(t, at("RCPT", 1, "451 4.7.28 unusual rate of mail from you"))
	m := newMemory(t, 12)
	now := newClock()
	outcome, err := bulk(m, now, deliver.Options{}, lanes(p, 1)).Send(t.Context(), issue, pack, nil)
	if err != nil || outcome.Waiting < 9 || outcome.NextDue.Sub(noon) < 3*time.Minute {
		t.Errorf("%+v, %v", outcome, err)
	}
	now.move(8 * time.Minute)
	if outcome, err = bulk(m, now, deliver.Options{}, lanes(p, 1)).Send(t.Context(), issue, pack, nil); err != nil || outcome.Waiting != 0 {
		t.Errorf("%+v, %v", outcome, err)
	}
	wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 12})
}

func TestBulkInterruptThenRerun(t *testing.T) {
	everyWay(t, func(t *testing.T, features func(*peer)) {
		ctx, cancel := context.WithCancel(t.Context())
		p := startPeer(t, func(step string, n int) string {
			if step == "." && n == 53 {
				cancel()
			}
			return ""
		}, features)
		m := newMemory(t, 400)
		b := bulk(m, newClock(), deliver.Options{}, lanes(p, 3))
		if _, err := b.Send(ctx, issue, pack, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		counts := m.states()
		if counts[sigpost.DeliverySent] != len(p.took()) || counts[sigpost.DeliverySent]+counts[sigpost.DeliveryQueued] != 400 {
			t.Errorf("the ledger has %v, the server %d letters", counts, len(p.took()))
		}
		if _, err := b.Send(t.Context(), issue, pack, nil); err != nil {
			t.Error(err)
		}
		wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 400})
		eachOnce(t, p.took())
	})
}

func TestBulkInterruptIsBounded(t *testing.T) {
	for step, want := range map[string]sigpost.DeliveryState{"RCPT": sigpost.DeliveryQueued, ".": sigpost.DeliveryUnknown} {
		t.Run(step, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			p := startPeer(t, func(s string, n int) string {
				if s == step {
					cancel()
					return stall
				}
				return ""
			})
			m := newMemory(t, 1)
			server := lanes(p, 2)
			server.Timeout = time.Minute // which is what it would take without the grace
			began := time.Now()
			b := bulk(m, newClock(), deliver.Options{Grace: 100 * time.Millisecond}, server)
			if _, err := b.Send(ctx, issue, pack, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > server.Timeout/2 {
				t.Errorf("it took %s", took)
			}
			wantStates(t, m, sigpost.DeliveryCounts{want: 1})
		})
	}
}

// Results that cannot be stored stop everything: the rows are unknown then,
// instead of being sent again.
func TestBulkLedgerFails(t *testing.T) {
	p := startPeer(t, nil)
	m := newMemory(t, 300)
	m.fail = errDiskFull
	now := newClock()
	if _, err := bulk(m, now, deliver.Options{}, lanes(p, 2)).Send(t.Context(), issue, pack, nil); !errors.Is(err, errDiskFull) || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("got %v", err)
	}
	m.fail = nil
	if _, err := bulk(m, now, deliver.Options{}, lanes(p, 2)).Send(t.Context(), issue, pack, nil); err != nil {
		t.Error(err)
	}
	counts := m.states()
	if counts[sigpost.DeliveryUnknown] == 0 || counts[sigpost.DeliveryUnknown] > 8 || counts[sigpost.DeliverySent]+counts[sigpost.DeliveryUnknown] != 300 {
		t.Errorf("the ledger has %v", counts)
	}
	eachOnce(t, p.took())
}

func TestBulkSendersShareAnIssue(t *testing.T) {
	p := startPeer(t, nil, func(p *peer) { p.features = []string{"PIPELINING"} })
	m := newMemory(t, 600)
	var senders sync.WaitGroup
	for range 3 {
		senders.Go(func() {
			b := bulk(m, newClock(), deliver.Options{Shared: true}, lanes(p, 2))
			if _, err := b.Send(t.Context(), issue, pack, nil); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 600})
	eachOnce(t, p.took())
}

// A clock that is set while letters go out, forwards or back, makes none go twice
// and loses none.
func TestBulkClockSteps(t *testing.T) {
	everyWay(t, func(t *testing.T, features func(*peer)) {
		now := newClock()
		p := startPeer(t, func(step string, n int) string {
			if step == "." && n%20 == 0 {
				now.move(map[bool]time.Duration{true: 3 * time.Hour, false: -3 * time.Hour}[n%40 == 0])
			}
			return ""
		}, features)
		m := newMemory(t, 300)
		for range 3 {
			if _, err := bulk(m, now, deliver.Options{}, lanes(p, 3)).Send(t.Context(), issue, pack, nil); err != nil {
				t.Error(err)
			}
			now.move(6 * time.Hour)
		}
		wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 300})
		eachOnce(t, p.took())
	})
}

// A server that is out of order for everybody is left, where there is another.
func TestBulkLeavesASickServer(t *testing.T) {
	sick := startPeer(t, at("RCPT", 0, "451 4.3.5 server configuration error"))
	well := startPeer(t, nil)
	m := newMemory(t, 200)
	now := newClock()
	if _, err := bulk(m, now, deliver.Options{}, lanes(sick, 2), lanes(well, 2)).Send(t.Context(), issue, pack, nil); err != nil {
		t.Error(err)
	}
	if counts := m.states(); counts[sigpost.DeliverySent] < 180 || len(sick.took()) != 0 {
		t.Errorf("the ledger has %v", counts)
	}
	now.move(10 * time.Minute)
	if _, err := bulk(m, now, deliver.Options{}, lanes(sick, 2)).Send(t.Context(), issue, pack, nil); err == nil || !strings.Contains(err.Error(), "got nowhere") {
		t.Errorf("alone it gives %v", err)
	}
}

// A server that asks for less gets nothing for some seconds; no domain is blamed.
func TestBulkSlowsDownForTheServer(t *testing.T) {
	t.Parallel()
	p := startPeer(t, at("RCPT", 30, "454 4.7.0 Throttling failure: Maximum sending rate exceeded"))
	m := newMemory(t, 200)
	began := time.Now()
	outcome, err := bulk(m, newClock(), deliver.Options{}, lanes(p, 2)).Send(t.Context(), issue, pack, nil)
	if err != nil || outcome.Sent != 199 || outcome.Waiting != 1 {
		t.Errorf("%+v, %v", outcome, err)
	}
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What one domain refuses to have from us does not end the run for the others.
func TestBulkGoesPastOneDomain(t *testing.T) {
	p := startPeer(t, nil)
	m := newMemory(t, 300)
	strict := func(c sigpost.Claim) bool { return c.SubscriptionID > 100 && c.SubscriptionID <= 112 }
	p.count(func() {
		p.script = func(step string, n int) string {
			if step == "RCPT" && n > 100 && n <= 112 {
				return "550 5.7.1 we take nothing from you"
			}
			return ""
		}
	})
	now := newClock()
	b := deliver.NewBulk(domains{m, strict}, []deliver.Server{lanes(p, 1)}, nil, now.Now, slog.New(slog.DiscardHandler), deliver.Options{})
	outcome, err := b.Send(t.Context(), issue, pack, nil)
	if err != nil || outcome.Sent != 288 || outcome.Waiting != 12 {
		t.Errorf("%+v, %v", outcome, err)
	}
	// The second refusal is for good.
	p.count(func() {
		p.script = at("RCPT", 0, "550 5.7.1 we take nothing from you")
	})
	now.move(10 * time.Minute)
	b.Send(t.Context(), issue, pack, nil)
	if counts := m.states(); counts[sigpost.DeliveryFailed] < 5 {
		t.Errorf("the ledger has %v", counts)
	}
}

// An address that needs SMTPUTF8 costs its own letter alone.
func TestBulkRefusedForSMTPUTF8(t *testing.T) {
	for name, features := range map[string][]string{"not offered": {"PIPELINING"}, "offered and refused": {"PIPELINING", "8BITMIME", "SMTPUTF8"}} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, nil, func(p *peer) { p.features = features })
			m := newMemory(t, 20)
			p.count(func() {
				p.script = func(step string, _ int) string { // it is asked under the lock
					said := p.commands
					if step == "MAIL" && strings.Contains(said[len(said)-1], "SMTPUTF8") {
						return "553 5.6.7 non-ASCII addresses are not permitted"
					}
					return ""
				}
			})
			b := deliver.NewBulk(m, []deliver.Server{lanes(p, 1)}, nil, newClock().Now, slog.New(slog.DiscardHandler), deliver.Options{})
			outcome, err := b.Send(t.Context(), issue, func(ctx context.Context, c sigpost.Claim) (deliver.Parcel, error) {
				parcel, err := pack(ctx, c)
				if c.SubscriptionID == 3 {
					parcel.To = "zoë@example.org"
				}
				return parcel, err
			}, nil)
			if err != nil || outcome.Sent != 19 || outcome.Failed != 1 {
				t.Errorf("%+v, %v", outcome, err)
			}
		})
	}
}

// A letter that may have arrived is held, or sent once more with the same
// Message-ID, as the policy says; so is what a sender left that is gone.
func TestBulkUnknownPolicy(t *testing.T) {
	for policy, want := range map[deliver.UnknownPolicy]int{deliver.Hold: 1, deliver.Resend: 2} {
		t.Run(string(policy), func(t *testing.T) {
			p := startPeer(t, at(".", 2, takeIt))
			m := newMemory(t, 5)
			left := m.rows[4] // as a killed sender leaves it
			left.State, left.Lease = sigpost.DeliverySending, noon.Add(time.Hour)
			now := newClock()
			for range 2 {
				if _, err := bulk(m, now, deliver.Options{Unknown: policy}, lanes(p, 1)).Send(t.Context(), issue, pack, nil); err != nil {
					t.Error(err)
				}
				now.move(10 * time.Minute)
			}
			got := map[string]int{}
			for _, l := range p.took() {
				got[l.to]++
				if !strings.HasPrefix(l.data, "Message-ID: <id"+strings.Trim(l.to, "<>r@exampl.og")+"@") {
					t.Errorf("%s has %q", l.to, l.data)
				}
			}
			counts := m.states()
			if got["<r2@example.org>"] != want || got["<r5@example.org>"] != want-1 {
				t.Errorf("letters: %v", got)
			}
			if held := counts[sigpost.DeliveryUnknown]; (policy == deliver.Hold) != (held == 2) || counts[sigpost.DeliverySent]+held != 5 {
				t.Errorf("the ledger has %v", counts)
			}
		})
	}
}

// A letter is begun only to who still wants it, also where it waited for a slow server,
// or for a connection, since it was taken. What was said to the server when the reader left comes to its end.
func TestBulkLooksAgainBeforeItBegins(t *testing.T) {
	everyWay(t, func(t *testing.T, features func(*peer)) {
		m := newMemory(t, 6) // all are taken at once for three connections
		var left atomic.Bool
		var unseen atomic.Int64
		p := startPeer(t, nil, features, func(p *peer) {
			p.pause = func(step string) {
				if step == "greeting" {
					time.Sleep(150 * time.Millisecond) // longer than a look holds
					left.Store(true)
				}
			}
		})
		o := deliver.Options{Patience: -1, Wanted: func(_ context.Context, c sigpost.Claim) error {
			switch {
			case c.SubscriptionID == 6 && unseen.Add(1) == 1:
				return errors.New("the ledger is away")
			case left.Load() && c.SubscriptionID%2 == 1:
				return fmt.Errorf("gone: %w", deliver.ErrNoLetter)
			}
			return nil
		}}
		outcome, err := bulk(m, newClock(), o, lanes(p, 3)).Send(t.Context(), issue, pack, nil)
		if err != nil || outcome.Sent != 2 || outcome.Waiting != 1 {
			t.Errorf("outcome %+v, error %v", outcome, err)
		}
		wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 2, sigpost.DeliverySuppressed: 3, sigpost.DeliveryQueued: 1})
		for _, l := range p.took() {
			if l.to != "<r2@example.org>" && l.to != "<r4@example.org>" {
				t.Errorf("a letter went to %s", l.to)
			}
		}
	})
}

// seenConns are the connections as a Server tells of them.
type seenConns struct {
	t    *testing.T
	mu   sync.Mutex
	are  map[deliver.ConnState]int
	most map[deliver.ConnState]int
	open int // at the same time, at most
}

func (s *seenConns) see(server deliver.Server) deliver.Server {
	s.are, s.most = map[deliver.ConnState]int{}, map[deliver.ConnState]int{}
	server.Seen = func(state deliver.ConnState, by int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.are[state] += by
		if s.are[state] < 0 {
			s.t.Errorf("%d are %s", s.are[state], state)
		}
		s.most[state] = max(s.most[state], s.are[state])
		s.open = max(s.open, s.are[deliver.ConnConnecting]+s.are[deliver.ConnBusy]+s.are[deliver.ConnIdle])
	}
	return server
}

// end checks that none is open, and that each state was seen, of at most so many.
func (s *seenConns) end(most int, states ...deliver.ConnState) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for state, n := range s.are {
		if n != 0 {
			s.t.Errorf("%d are %s at the end", n, state)
		}
	}
	for _, state := range states {
		if s.most[state] == 0 {
			s.t.Errorf("none was ever %s", state)
		}
	}
	if s.open > most {
		s.t.Errorf("%d were open, of %d", s.open, most)
	}
}

// What connections do is seen, and none is forgotten however it ends.
func TestConnectionsAreSeen(t *testing.T) {
	all := []deliver.ConnState{deliver.ConnConnecting, deliver.ConnBusy, deliver.ConnIdle}
	for _, c := range []struct {
		name  string
		fault script
	}{{"well", nil}, {"hangs up", at("MAIL", 2, hangUp)}, {"hangs up at RCPT", at("RCPT", 2, hangUp)}, {"closes", at(".", 2, "421 4.3.2 closing")}, {"is silent", at(".", 2, stall)},
		{"refuses", at("RCPT", 2, "550 5.1.1 no such user")}, {"takes it and is gone", at(".", 1, takeIt)}} {
		for way, features := range ways {
			t.Run(c.name+" "+way, func(t *testing.T) {
				t.Parallel()
				p := startPeer(t, c.fault, func(p *peer) { p.features = features })
				s := &seenConns{t: t}
				server := s.see(lanes(p, 3))
				server.Timeout, server.Rate = 300*time.Millisecond, 50 // so that they wait
				if _, err := bulk(newMemory(t, 10), newClock(), deliver.Options{}, server).Send(t.Context(), issue, pack, nil); err != nil {
					t.Error(err)
				}
				s.end(3, all...)
				courier := deliver.NewSMTP(s.see(server))
				for range 3 {
					_, _ = courier.Send(t.Context(), "a@example.org", "b@example.org", []byte("Subject: x\r\n\r\nx\r\n"))
				}
				if err := courier.Close(); err != nil {
					t.Error(err)
				}
				s.end(3, all...)
			})
		}
	}
	gone := &seenConns{t: t}
	server := gone.see(deliver.Server{Addr: "127.0.0.1:1", TLS: deliver.TLSPlain, Connections: 2, Timeout: time.Second})
	if _, err := bulk(newMemory(t, 10), newClock(), deliver.Options{}, server).Send(t.Context(), issue, pack, nil); err == nil {
		t.Error("nobody is there, and takes letters")
	}
	gone.end(2, deliver.ConnConnecting)
}
