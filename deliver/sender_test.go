package deliver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/deliver"
)

var noon = time.Date(2016, 4, 24, 12, 0, 0, 0, time.UTC)

// clock is a clock that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: noon} }

// Now moves it by a microsecond, so that no two moments are the same.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

func (c *clock) move(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

func reader(subscription int64) string { return fmt.Sprintf("r%d@example.org", subscription) }

func compose(_ context.Context, d sigpost.Delivery) (string, string, []byte, error) {
	return "news@example.org", reader(d.SubscriptionID), []byte("Message-ID: " + d.MessageID.String() + "\r\n\r\nhello\r\n"), nil
}

func sender(l deliver.Ledger, c deliver.Courier, now *clock, o deliver.Options) *deliver.Sender {
	return deliver.New(l, c, now.Now, slog.New(slog.DiscardHandler), o)
}

func wantStates(t *testing.T, m *memory, want sigpost.DeliveryCounts) {
	t.Helper()
	if got := m.states(); !maps.Equal(got, want) {
		t.Errorf("the ledger has %v, want %v", got, want)
	}
}

// eachOnce checks that nobody got a letter twice.
func eachOnce(t testing.TB, letters []letter) {
	t.Helper()
	seen := map[string]int{}
	for _, l := range letters {
		if seen[l.to]++; seen[l.to] > 1 {
			t.Errorf("%s got %d letters", l.to, seen[l.to])
		}
	}
}

func TestEveryReaderOnce(t *testing.T) {
	p := startPeer(t, nil)
	m := newMemory(t, 34)
	m.ended[5] = true
	now := newClock()
	var told []int
	s := sender(m, courier(t, plain(p)), now, deliver.Options{})
	outcome, err := s.Send(t.Context(), issue, compose, func(done int) { told = append(told, done) })
	if err != nil || outcome != (deliver.Outcome{Sent: 33, Suppressed: 1}) {
		t.Errorf("outcome %+v, error %v", outcome, err)
	}
	wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 33, sigpost.DeliverySuppressed: 1})
	eachOnce(t, p.took())
	if p.conns() != 1 || len(p.took()) != 33 {
		t.Errorf("%d letters over %d connections", len(p.took()), p.conns())
	}
	if len(told) != 34 || told[33] != 34 {
		t.Errorf("progress was %v", told)
	}
	outcome, err = s.Send(t.Context(), issue, compose, nil)
	if err != nil || outcome != (deliver.Outcome{}) || len(p.took()) != 33 {
		t.Errorf("a second run did %+v, error %v", outcome, err)
	}
}

// One recipient's failure is nobody else's: each row ends as its own reply says.
func TestOneFailureStopsNobodyElse(t *testing.T) {
	p := startPeer(t, both(at("RCPT", 2, "550 5.1.1 no such user"), at("RCPT", 4, "450 4.2.0 greylisted"),
		at(".", 3, "554 5.7.1 spam"), at(".", 4, takeIt), at("RCPT", 8, hangUp), at("MAIL", 10, "451 4.3.0 hm")))
	m := newMemory(t, 12)
	now := newClock()
	s := sender(m, courier(t, plain(p)), now, deliver.Options{})
	outcome, err := s.Send(t.Context(), issue, compose, nil)
	if err != nil {
		t.Fatal(err)
	}
	if outcome.Sent != 6 || outcome.Failed != 2 || outcome.Unknown != 1 || outcome.Waiting != 3 {
		t.Errorf("outcome %+v", outcome)
	}
	if wait := outcome.NextDue.Sub(noon); wait < 225*time.Second || wait > 300*time.Second {
		t.Errorf("the next is due after %s", wait)
	}
	if got := m.row(102); got.Reply != "refused (permanent) at RCPT: 550 5.1.1 no such user" {
		t.Errorf("the reply is %q", got.Reply)
	}

	if outcome, _ := s.Send(t.Context(), issue, compose, nil); outcome.Done() != 0 {
		t.Errorf("before anything is due: %+v", outcome)
	}
	now.move(6 * time.Minute)
	if outcome, err = s.Send(t.Context(), issue, compose, nil); err != nil || outcome != (deliver.Outcome{Sent: 3}) {
		t.Errorf("the second attempt: %+v, %v", outcome, err)
	}
	wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 9, sigpost.DeliveryFailed: 2, sigpost.DeliveryUnknown: 1})
	eachOnce(t, p.took())
}

func TestUnknownPolicy(t *testing.T) {
	for _, c := range []struct {
		policy  deliver.UnknownPolicy
		letters int
		state   sigpost.DeliveryState
	}{{deliver.Hold, 1, sigpost.DeliveryUnknown}, {deliver.Resend, 2, sigpost.DeliverySent}} {
		t.Run(string(c.policy), func(t *testing.T) {
			p := startPeer(t, at(".", 1, takeIt))
			m := newMemory(t, 1)
			now := newClock()
			s := sender(m, courier(t, plain(p)), now, deliver.Options{Unknown: c.policy})
			for range 3 {
				if _, err := s.Send(t.Context(), issue, compose, nil); err != nil {
					t.Fatal(err)
				}
				now.move(time.Hour)
			}
			wantStates(t, m, sigpost.DeliveryCounts{c.state: 1})
			got := p.took()
			if len(got) != c.letters || got[0].data != got[len(got)-1].data {
				t.Errorf("%d letters, want %d of the same bytes: %+v", len(got), c.letters, got)
			}
		})
	}
}

func TestBackOffDoublesAndEnds(t *testing.T) {
	p := startPeer(t, at("RCPT", 0, "450 4.2.2 mailbox full"))
	m := newMemory(t, 1)
	now := newClock()
	s := sender(m, courier(t, plain(p)), now, deliver.Options{MaxAttempts: 5, MaxBackoff: 30 * time.Minute})
	for attempt, want := range []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute} {
		outcome, err := s.Send(t.Context(), issue, compose, nil)
		if err != nil || outcome.Waiting != 1 {
			t.Fatalf("attempt %d: %+v, %v", attempt+1, outcome, err)
		}
		if wait := outcome.NextDue.Sub(now.Now()); wait > want || wait < want*3/4 {
			t.Errorf("after attempt %d it waits %s, want about %s", attempt+1, wait, want)
		}
		now.move(want)
	}
	outcome, err := s.Send(t.Context(), issue, compose, nil)
	if err != nil || outcome != (deliver.Outcome{Failed: 1}) || !strings.HasPrefix(m.rows[0].Reply, "given up after 5 attempts: ") {
		t.Errorf("at last: %+v, %v, %q", outcome, err, m.rows[0].Reply)
	}
}

// A refusal of us is not the recipient's fault: the row waits, and after a few
// of them in a row the server is blamed.
func TestPolicyRefusalsFailNobody(t *testing.T) {
	for _, reply := range []string{"554 5.7.1 Relay access denied", "554 no", "530 login first"} {
		t.Run(reply, func(t *testing.T) {
			p := startPeer(t, at("RCPT", 0, reply))
			m := newMemory(t, 20)
			s := sender(m, courier(t, plain(p)), newClock(), deliver.Options{})
			outcome, err := s.Send(t.Context(), issue, compose, nil)
			if err == nil || outcome.Failed > 0 || outcome.Waiting == 0 || outcome.Waiting == 20 {
				t.Errorf("%+v, %v", outcome, err)
			}
		})
	}
}

// A letter that there is no more is not sent, and its row says why.
func TestNoLetter(t *testing.T) {
	p := startPeer(t, nil)
	m := newMemory(t, 1)
	s := sender(m, courier(t, plain(p)), newClock(), deliver.Options{})
	none := func(context.Context, sigpost.Delivery) (string, string, []byte, error) {
		return "", "", nil, fmt.Errorf("nothing on their topics: %w", deliver.ErrNoLetter)
	}
	if outcome, err := s.Send(t.Context(), issue, none, nil); err != nil || outcome != (deliver.Outcome{Suppressed: 1}) {
		t.Errorf("%+v, %v", outcome, err)
	}
}

// Trouble of the server is no recipient's: it stops the issue, and every row
// waits as it was.
func TestServerTroubleLeavesRowsQueued(t *testing.T) {
	for name, c := range map[string]struct {
		fault    script
		password string
		attempts int // of the first row
	}{
		"login refused":  {at("AUTH", 0, "535 5.7.8 no"), "hush", 0},
		"sender refused": {at("MAIL", 0, "550 5.7.1 not you"), "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, c.fault, func(p *peer) { p.features = []string{"AUTH PLAIN"} })
			server := plain(p)
			if c.password != "" {
				server.Username, server.Password = "mailer", func() (string, error) { return c.password, nil }
			}
			m := newMemory(t, 25)
			_, err := sender(m, courier(t, server), newClock(), deliver.Options{}).Send(t.Context(), issue, compose, nil)
			var trouble *deliver.ServerError
			if !errors.As(err, &trouble) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliveryQueued: 25})
			if m.rows[0].Attempts != c.attempts || m.rows[1].Attempts != 0 {
				t.Errorf("attempts were counted: %+v", m.rows[0])
			}
		})
	}
}

// A server that never says anything about a recipient is not asked about all.
func TestBrokenServerStopsTheIssue(t *testing.T) {
	p := startPeer(t, at("RCPT", 0, hangUp))
	m := newMemory(t, 40)
	_, err := sender(m, courier(t, plain(p)), newClock(), deliver.Options{}).Send(t.Context(), issue, compose, nil)
	if err == nil || !strings.Contains(err.Error(), "5 letters in a row") {
		t.Errorf("got %v", err)
	}
	wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliveryQueued: 40})
}

func TestScatteredTroubleStopsNothing(t *testing.T) {
	p := startPeer(t, func(step string, n int) string {
		if step == "RCPT" && n%5 != 0 {
			return hangUp
		}
		return ""
	})
	m := newMemory(t, 20)
	outcome, err := sender(m, courier(t, plain(p)), newClock(), deliver.Options{}).Send(t.Context(), issue, compose, nil)
	if err != nil || outcome.Sent != 4 || outcome.Waiting != 16 {
		t.Errorf("%+v, %v", outcome, err)
	}
}

// However long a run takes, it tries each letter once.
func TestLongRunTriesEachOnce(t *testing.T) {
	p := startPeer(t, at("RCPT", 0, "450 4.2.0 greylisted"))
	m := newMemory(t, 12)
	now := newClock()
	slow := func(ctx context.Context, d sigpost.Delivery) (string, string, []byte, error) {
		now.move(10 * time.Minute)
		return compose(ctx, d)
	}
	outcome, err := sender(m, courier(t, plain(p)), now, deliver.Options{Batch: 3}).Send(t.Context(), issue, slow, nil)
	if err != nil || outcome.Waiting != 12 || p.reached("RCPT") != 12 {
		t.Errorf("%+v, %v, %d attempts", outcome, err, p.reached("RCPT"))
	}
}

func TestComposeFailsForOne(t *testing.T) {
	p := startPeer(t, nil)
	m := newMemory(t, 3)
	bad := func(ctx context.Context, d sigpost.Delivery) (string, string, []byte, error) {
		if d.SubscriptionID == 2 {
			return "", "", nil, errors.New("no such topic")
		}
		return compose(ctx, d)
	}
	outcome, err := sender(m, courier(t, plain(p)), newClock(), deliver.Options{}).Send(t.Context(), issue, bad, nil)
	if err != nil || outcome.Sent != 2 || outcome.Waiting != 1 || !strings.Contains(m.rows[1].Reply, "no such topic") {
		t.Errorf("%+v, %v, %q", outcome, err, m.rows[1].Reply)
	}
}

// An interrupt lets the letter in flight come to its end, records it, and gives
// the rest back; the next run goes on.
func TestInterruptThenRerun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := startPeer(t, func(step string, n int) string {
		if step == "." && n == 13 {
			cancel()
		}
		return ""
	})
	m := newMemory(t, 40)
	s := sender(m, courier(t, plain(p)), newClock(), deliver.Options{})
	outcome, err := s.Send(ctx, issue, compose, nil)
	if !errors.Is(err, context.Canceled) || outcome != (deliver.Outcome{Sent: 13}) {
		t.Errorf("outcome %+v, error %v", outcome, err)
	}
	wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 13, sigpost.DeliveryQueued: 27})
	if outcome, err = s.Send(t.Context(), issue, compose, nil); err != nil || outcome.Sent != 27 {
		t.Errorf("the next run: %+v, %v", outcome, err)
	}
	if got := p.took(); len(got) != 40 {
		t.Errorf("%d letters", len(got))
	}
	eachOnce(t, p.took())
}

// A server that stalls cannot hold up an interrupt for longer than the grace.
func TestInterruptIsBounded(t *testing.T) {
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
			server := plain(p)
			server.Timeout = time.Minute // which is what it would take without the grace
			began := time.Now()
			s := sender(m, courier(t, server), newClock(), deliver.Options{Grace: 100 * time.Millisecond})
			if _, err := s.Send(ctx, issue, compose, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > server.Timeout/2 {
				t.Errorf("it took %s", took)
			}
			wantStates(t, m, sigpost.DeliveryCounts{want: 1})
			if want == sigpost.DeliveryQueued && m.rows[0].Due.After(noon.Add(time.Second)) {
				t.Errorf("it is put off until %s, though only we were in a hurry", m.rows[0].Due)
			}
		})
	}
}

// A result that cannot be stored stops everything: the row is unknown then,
// instead of being sent again.
func TestLedgerFails(t *testing.T) {
	p := startPeer(t, nil)
	m := newMemory(t, 3)
	m.fail = errDiskFull
	s := sender(m, courier(t, plain(p)), newClock(), deliver.Options{})
	if outcome, err := s.Send(t.Context(), issue, compose, nil); !errors.Is(err, errDiskFull) || outcome != (deliver.Outcome{Unknown: 1}) {
		t.Errorf("got %+v, %v", outcome, err)
	}
	m.fail = nil
	outcome, err := s.Send(t.Context(), issue, compose, nil)
	if err != nil || outcome != (deliver.Outcome{Sent: 2}) {
		t.Errorf("the next run: %+v, %v", outcome, err)
	}
	wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 2, sigpost.DeliveryUnknown: 1})
	eachOnce(t, p.took())
}

// crash is a courier whose process dies at a chosen letter: before or after the
// server has it. The ledger is left as it is.
type crash struct {
	*memoryCourier
	at    int
	after bool
}

type memoryCourier struct{ letters []letter }

func (c *memoryCourier) Send(_ context.Context, from, to string, data []byte) (string, error) {
	c.letters = append(c.letters, letter{from, to, string(data)})
	return "250 ok", nil
}

func (c *memoryCourier) Close() error { return nil }

type killed struct{}

func (c *crash) Send(ctx context.Context, from, to string, data []byte) (string, error) {
	if c.at--; c.at == 0 && !c.after {
		panic(killed{})
	}
	reply, err := c.memoryCourier.Send(ctx, from, to, data)
	if c.at == 0 {
		panic(killed{})
	}
	return reply, err
}

// Whenever and however often a sender dies: every reader gets the issue once, or
// is unknown; with the policy resend everybody gets it at least once.
func TestCrashesLoseNobody(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		readers := rapid.IntRange(1, 30).Draw(rt, "readers")
		policy := rapid.SampledFrom([]deliver.UnknownPolicy{deliver.Hold, deliver.Resend}).Draw(rt, "policy")
		shared := rapid.Bool().Draw(rt, "shared")
		m := newMemory(t, readers)
		now := newClock()
		sink := &memoryCourier{}
		run := func(c deliver.Courier, shared bool) {
			defer func() {
				if r := recover(); r != nil && r != (killed{}) {
					panic(r)
				}
			}()
			s := sender(m, c, now, deliver.Options{Unknown: policy, Shared: shared, Batch: 4})
			if _, err := s.Send(t.Context(), issue, compose, nil); err != nil {
				rt.Fatal(err)
			}
		}
		for range rapid.IntRange(0, 4).Draw(rt, "crashes") {
			run(&crash{sink, rapid.IntRange(1, readers).Draw(rt, "at"), rapid.Bool().Draw(rt, "after")}, shared)
		}
		run(sink, false)

		got := map[string]int{}
		for _, l := range sink.letters {
			got[l.to]++
		}
		for _, d := range m.rows {
			n := got[reader(d.SubscriptionID)]
			switch {
			case policy == deliver.Resend && (d.State != sigpost.DeliverySent || n < 1),
				d.State == sigpost.DeliverySent && policy == deliver.Hold && n != 1,
				d.State == sigpost.DeliveryUnknown && n > 1,
				d.State != sigpost.DeliverySent && d.State != sigpost.DeliveryUnknown:
				rt.Fatalf("delivery %d is %s and was sent %d times", d.ID, d.State, n)
			}
		}
	})
}

// Two senders share an issue: what one has begun the other lets be, even where
// both have claimed it.
func TestTwoSendersAtOnce(t *testing.T) {
	for name, leaky := range map[string]bool{"with leases": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, nil)
			m := newMemory(t, 60)
			m.leaky = leaky
			now := newClock()
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					s := sender(m, courier(t, plain(p)), now, deliver.Options{Shared: true})
					if _, err := s.Send(t.Context(), issue, compose, nil); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 60})
			eachOnce(t, p.took())
		})
	}
}

func TestOutcomeAsJSON(t *testing.T) {
	got, err := json.Marshal(deliver.Outcome{Sent: 3, Waiting: 1, NextDue: noon})
	want := `{"sent":3,"failed":0,"unknown":0,"suppressed":0,"waiting":1,"next_due":"2016-04-24T12:00:00Z"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
}
