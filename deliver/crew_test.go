package deliver_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/deliver"
)

// fellows is a ledger that several senders share: memory with what Crew asks for.
// While away is not nil, it cannot be reached.
type fellows struct {
	*memory
	all *common
	id  int
}

type common struct {
	mu     sync.Mutex
	ends   map[int]time.Time // of leases, by sender
	holder map[int64]int
	fenced map[int]bool
	slots  map[int]int
	total  int
	joined int
	most   int // senders at a time; 0 for any number
	away   error
	lost   int // turns that are done and not answered
	tells  map[int]deliver.Trouble
}

func newFellows(m *memory, connections int) *common {
	return &common{ends: map[int]time.Time{}, holder: map[int64]int{}, fenced: map[int]bool{}, slots: map[int]int{}, total: connections, tells: map[int]deliver.Trouble{}}
}

func (f *fellows) Join(_ context.Context, _ int64, lease time.Duration) error {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if f.all.most > 0 && len(f.all.ends) >= f.all.most {
		return sigpost.ErrLocked
	}
	if f.all.away == nil {
		f.all.joined++
		f.id = f.all.joined
		f.all.ends[f.id] = time.Now().Add(lease)
	}
	return f.all.away
}

func (f *fellows) Leave(_ context.Context, _ int64, doubt bool, at time.Time) error {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if f.all.away != nil {
		return f.all.away
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.rows {
		if f.all.holder[d.ID] == f.id && (d.State == sigpost.DeliverySending || doubt && d.State == sigpost.DeliveryUnknown) {
			d.State, d.Due = sigpost.DeliveryQueued, at
			d.Attempts--
		}
	}
	delete(f.all.ends, f.id)
	delete(f.all.slots, f.id)
	return nil
}

func (f *fellows) Settle(_ context.Context, _ int64, resend bool, at time.Time) (released, unknown int, err error) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if f.all.away != nil {
		return 0, 0, f.all.away
	}
	for id, end := range f.all.ends {
		if time.Now().After(end) {
			f.all.fenced[id] = true
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.rows {
		if d.State == sigpost.DeliverySending && f.all.fenced[f.all.holder[d.ID]] {
			d.State = sigpost.DeliveryUnknown
			unknown++
		}
	}
	return 0, unknown, nil
}

func (f *fellows) CrewTurn(ctx context.Context, issueID int64, t deliver.CrewTurn) (v deliver.CrewView, err error) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if f.all.away != nil {
		return v, f.all.away
	}
	fenced := f.all.fenced[f.id] || time.Now().After(f.all.ends[f.id])
	if fenced {
		t.Limit = 0
	} else if t.Renew {
		f.all.ends[f.id], f.all.tells[f.id] = time.Now().Add(t.Lease), t.Trouble
	}
	var own []sigpost.DeliveryResult
	f.mu.Lock()
	for _, r := range t.Results {
		d := f.row(r.DeliveryID)
		if f.all.holder[r.DeliveryID] != f.id || d.State != sigpost.DeliverySending && d.State != sigpost.DeliveryUnknown {
			continue
		}
		d.State = sigpost.DeliverySending
		own = append(own, r)
	}
	f.mu.Unlock()
	v.Claims, err = f.Turn(ctx, issueID, own, t.Now, t.Now, t.Limit)
	for _, c := range v.Claims {
		f.all.holder[c.ID] = f.id
	}
	v.Senders, v.Got = max(1, len(f.all.ends)), map[string]int{}
	for _, s := range t.Slots {
		taken := 0
		for _, n := range f.all.slots {
			taken += n
		}
		got := min(s.Take, f.all.total-taken)
		f.all.slots[f.id] += got - s.Free
		v.Got[s.Name] = got
	}
	for id, told := range f.all.tells {
		if id != f.id {
			v.Troubles = append(v.Troubles, told)
		}
	}
	if f.all.lost > 0 {
		f.all.lost--
		return deliver.CrewView{}, errDiskFull
	}
	if err == nil && fenced {
		err = deliver.ErrFenced
	}
	return v, err
}

func (c *common) set(away error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

func crewed(m *memory, all *common, lease time.Duration, servers ...deliver.Server) *deliver.Bulk {
	f := &fellows{memory: m, all: all}
	return deliver.NewBulk(f, servers, nil, time.Now, slog.New(slog.DiscardHandler), deliver.Options{Crew: f, Lease: lease, Patience: 2 * time.Second})
}

// Several senders send each letter once, over no more connections than there may be.
func TestCrewSendsEachOnce(t *testing.T) {
	p := startPeer(t, nil, func(p *peer) { p.features = []string{"PIPELINING"} })
	m := newMemory(t, 900)
	all := newFellows(m, 4)
	var senders sync.WaitGroup
	for range 3 {
		senders.Go(func() {
			if _, err := crewed(m, all, time.Minute, lanes(p, 4)).Send(t.Context(), issue, pack, nil); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 900})
	eachOnce(t, p.took())
	if len(all.slots) != 0 || len(all.ends) != 0 {
		t.Errorf("left are %+v", all)
	}
}

// Who finds enough senders ends at once, with nothing done.
func TestCrewIsEnough(t *testing.T) {
	m := newMemory(t, 10)
	all := newFellows(m, 4)
	all.most, all.ends[99] = 1, time.Now().Add(time.Hour)
	p := startPeer(t, nil)
	begin := time.Now()
	outcome, err := crewed(m, all, time.Minute, lanes(p, 4)).Send(t.Context(), issue, pack, nil)
	if !errors.Is(err, sigpost.ErrLocked) || outcome != (deliver.Outcome{}) || time.Since(begin) > time.Second || len(p.took()) > 0 {
		t.Errorf("%+v, %v after %s", outcome, err, time.Since(begin))
	}
}

// A ledger that is away for a moment, or does what it is asked and is not heard, costs
// nobody a letter and gives nobody two.
func TestCrewOutlivesTheLedger(t *testing.T) {
	for name, fail := range map[string]func(*common){
		"away":      func(c *common) { c.set(errDiskFull); time.Sleep(150 * time.Millisecond); c.set(nil) },
		"not heard": func(c *common) { c.mu.Lock(); c.lost = 2; c.mu.Unlock(); time.Sleep(50 * time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(t, 600)
			all := newFellows(m, 3)
			p := startPeer(t, func(step string, n int) string {
				if step == "." && n%200 == 100 {
					go fail(all)
				}
				return ""
			}, func(p *peer) { p.features = []string{"PIPELINING"} })
			if outcome, err := crewed(m, all, time.Minute, lanes(p, 3)).Send(t.Context(), issue, pack, nil); err != nil || outcome.Unknown != 0 {
				t.Errorf("%+v, %v", outcome, err)
			}
			wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 600})
			eachOnce(t, p.took())
		})
	}
}

// A sender that cannot reach the ledger for longer than its lease says no text any
// more, though the server is ready for it, and begins no letter.
func TestCrewIsFenced(t *testing.T) {
	everyWay(t, func(t *testing.T, features func(*peer)) {
		m := newMemory(t, 40)
		all := newFellows(m, 2)
		const lease = 600 * time.Millisecond
		release := make(chan struct{})
		var once sync.Once
		p := startPeer(t, nil, features, func(p *peer) {
			p.pause = func(step string) {
				if step == "RCPT" {
					once.Do(func() { time.AfterFunc(30*time.Millisecond, func() { all.set(errDiskFull) }) })
					<-release
				}
			}
		})
		ended := make(chan error)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		go func() {
			_, err := crewed(m, all, lease, lanes(p, 2)).Send(ctx, issue, pack, nil)
			ended <- err
		}()
		time.Sleep(2 * lease)
		f := &fellows{memory: m, all: all}
		all.set(nil)
		if _, unknown, _ := f.Settle(ctx, issue, false, time.Now()); unknown == 0 {
			t.Error("it had nothing in hand")
		}
		all.set(errDiskFull)
		close(release)
		time.Sleep(lease / 2)
		if n := len(p.took()); n > 0 {
			t.Errorf("%d letters went out behind the end of the lease", n)
		}
		all.set(nil) // it comes back, and says that it has begun none of them
		if err := <-ended; err != nil {
			t.Error(err)
		}
		wantStates(t, m, sigpost.DeliveryCounts{sigpost.DeliverySent: 40})
		eachOnce(t, p.took())
	})
}

// What each of several senders meets adds up: together they stop an issue as one of
// them would.
func TestCrewTripsTogether(t *testing.T) {
	p := startPeer(t, at(".", 0, "550 5.7.1 this looks like spam"))
	m := newMemory(t, 900)
	all := newFellows(m, 8)
	var senders sync.WaitGroup
	var mu sync.Mutex
	trips := 0
	for range 4 {
		senders.Go(func() {
			_, err := crewed(m, all, time.Minute, lanes(p, 8)).Send(t.Context(), issue, pack, nil)
			var tripped *deliver.Tripped
			mu.Lock()
			defer mu.Unlock()
			if errors.As(err, &tripped) {
				trips++
			} else {
				t.Errorf("got %v", err)
			}
		})
	}
	senders.Wait()
	if counts := m.states(); trips != 4 || counts[sigpost.DeliveryFailed] > 60 {
		t.Errorf("%d tripped, the ledger has %v", trips, counts)
	}
}
