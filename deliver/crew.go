package deliver

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"sigpost"
)

// Crew is the ledger of an issue that several senders work on at the same time, in
// one process or on many machines, and what they have in common. A sender has a
// lease, whose end is by the ledger's clock. While it holds, what the sender has
// taken is its own; when it is over, others may settle that.
type Crew interface {
	// Join makes the caller a sender of the issue, with a lease of that length. The
	// error wraps sigpost.ErrLocked where enough others send it: then there is nothing
	// to do.
	Join(ctx context.Context, issueID int64, lease time.Duration) error
	// CrewTurn is Books.Turn for such a sender. The error wraps ErrPaused, or
	// ErrFenced where the sender's lease has ended; results have been stored then,
	// of the rows that were still its own.
	CrewTurn(ctx context.Context, issueID int64, t CrewTurn) (CrewView, error)
	// Settle ends senders whose lease is over, and settles what they had in hand: it
	// becomes unknown, or queued where resend says so.
	Settle(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error)
	// Leave ends being a sender, which has nothing in hand and whose results are
	// stored: what is held under its name all the same was never begun, and goes
	// back. doubt says that there may be such.
	Leave(ctx context.Context, issueID int64, doubt bool, at time.Time) error
}

// ErrFenced says that a sender's lease has ended, so that it may send nothing more of
// what it has taken.
var ErrFenced = errors.New("the right to send has ended")

// CrewTurn is what a sender brings to a turn, and what it asks for.
type CrewTurn struct {
	Results []sigpost.DeliveryResult
	Now     time.Time
	Limit   int // of letters to take
	// Renew makes the lease begin anew.
	Renew bool
	Lease time.Duration
	// Trouble is what this sender has met. Where there is some, that of the others
	// is in the view.
	Trouble Trouble
	// Places are those of a server's pace that the letters to take need, and those in
	// hand that have none; Spare are had already.
	Places Places
	Spare  int
	Slots  []Slots
	Slow   []Slow
}

// Places are asked for of a pace.
type Places struct {
	Name  string // of the pace; empty where none is kept to
	N     int
	Apart time.Duration
}

// Slots are taken or given back: connections to a server, or letters on their way to
// a domain.
type Slots struct {
	Name       string
	Total      int // that there are, for all senders
	Take, Free int
}

// Slow is a pace that stands still, since a server has asked for that.
type Slow struct {
	Name  string
	For   time.Duration
	Times int // how often in a row
}

// CrewView is what a sender gets of a turn, and sees of the others.
type CrewView struct {
	Claims []sigpost.Claim
	// Senders is how many there are, this one among them, of all issues.
	Senders int
	// Wait is how long it is until the first of the places that were asked for, and
	// NoPlaces says that there were none.
	Wait     time.Duration
	NoPlaces bool
	Got      map[string]int // slots
	Slow     []Slow
	Troubles []Trouble
}

// outage is how long a sender goes on trying to store its results when the ledger
// cannot be reached.
const outage = 10 * time.Minute

// errAgain ends a run that could not reach the ledger for a moment: what it has is
// put in order, and another one begins.
var errAgain = errors.New("the ledger could not be reached for a moment")

// right is a sender's right to begin letters. It counts from before the lease was
// asked for, so that it is over before the lease is, whatever the clocks show.
type right struct {
	asked time.Time
	lease time.Duration
}

// used is how much of it is over: by the clock that nobody can set, or by the other
// one where that says more, since the first stands still while a machine sleeps.
func (r *right) used() time.Duration {
	now := time.Now()
	return max(now.Sub(r.asked), now.Round(0).Sub(r.asked.Round(0)))
}

// A letter is begun while a quarter of the lease is left at least, and its text said
// while an eighth is. Then connections are cut, with what the system has not sent yet.
func (r *right) begins() bool { return r != nil && r.used() < r.lease-r.lease/4 }
func (r *right) says() bool   { return r != nil && r.used() < r.lease-r.lease/8 }

// crewRun is what a bulkRun knows of the others.
type crewRun struct {
	Crew
	lease time.Duration
	right atomic.Pointer[right]
	fence *time.Timer
	// lapsed says that the right has ended.
	lapsed  atomic.Bool
	senders int
	have    map[string]int // slots
	turned  time.Time      // when the last turn was
	settled time.Time
	failing time.Time     // since when the ledger cannot be reached
	again   time.Duration // between two tries
	empty   time.Time     // there are no places of the server's pace before
	told    Trouble       // of which the others know
}

// join makes a sender of the run.
func (r *bulkRun) join(ctx context.Context) error {
	c := r.crew
	c.have, c.senders = map[string]int{}, 1
	asked := time.Now()
	if err := c.Join(ctx, r.issueID, c.lease); err != nil {
		return err
	}
	r.renewed(asked)
	return nil
}

// renewed notes that the lease holds, from before asked on.
func (r *bulkRun) renewed(asked time.Time) {
	c := r.crew
	c.right.Store(&right{asked, c.lease})
	lapse := func() {
		c.lapsed.Store(true)
		r.cutNow()
		r.stir()
	}
	if c.fence != nil {
		c.fence.Stop()
	}
	c.fence = time.AfterFunc(time.Until(asked.Add(c.lease-c.lease/8)), lapse)
}

// cutNow cuts what is in flight.
func (r *bulkRun) cutNow() {
	r.cut.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ground()
}

// mayBegin and maySay say whether a letter may be begun, and its text said.
func (r *bulkRun) mayBegin() bool { return r.crew == nil || r.crew.right.Load().begins() }
func (r *bulkRun) maySay() bool   { return r.crew == nil || r.crew.right.Load().says() }

// due says that it is time for a turn, though there may be nothing to store or take.
func (r *bulkRun) due() bool {
	c := r.crew
	if c == nil {
		return false
	}
	p := r.pool()
	have, lanes, target := c.have[p.name()], p.lanes, c.share(p.most)
	restless := have < target || have > max(target, lanes)
	if p.pace.every > 0 && p.pace.spare(len(r.queue)) < 0 && time.Now().After(c.empty) {
		return true
	}
	return c.right.Load().used() > c.lease/6 || c.turned.IsZero() || restless && time.Since(c.turned) > turnShare
}

// turnShare is how often a sender asks for its share of what is shared.
const turnShare = 200 * time.Millisecond

// share is what each sender may have of so many.
func (c *crewRun) share(of int) int { return (of + c.senders - 1) / max(c.senders, 1) }

// wants bounds how many letters are taken.
func (r *bulkRun) wants(want int) int {
	c := r.crew
	if c == nil {
		return want
	}
	p := r.pool()
	if c.have[p.name()] == 0 || !r.mayBegin() || p.pace.every > 0 && time.Now().Before(c.empty) {
		return 0
	}
	return want
}

// pool is the server that has its turn.
func (r *bulkRun) pool() *pool {
	if p := r.current.Load(); p != nil {
		return p
	}
	for _, p := range r.pools {
		if p.down == nil {
			return p
		}
	}
	return r.pools[0]
}

// crewTurn is a turn of one of several senders.
func (r *bulkRun) crewTurn(ctx context.Context, now time.Time, done []sigpost.DeliveryResult, want int) ([]sigpost.Claim, error) {
	c, p := r.crew, r.pool()
	ctx, cancel := context.WithTimeout(ctx, max(c.lease/4, time.Second))
	defer cancel()
	t := CrewTurn{Results: done, Now: now, Limit: want, Lease: c.lease, Slots: r.slots(p), Slow: r.slowed()}
	r.mu.Lock()
	t.Trouble = r.trouble.report()
	r.mu.Unlock()
	told := t.Trouble.equal(c.told)
	t.Renew = c.right.Load().used() > c.lease/6 || !told
	if p.pace.every > 0 {
		spare := p.pace.spare(len(r.queue))
		t.Spare, t.Places = max(0, spare), Places{p.name(), max(0, want-spare), p.pace.every}
	}
	asked := time.Now()
	v, err := c.CrewTurn(ctx, r.issueID, t)
	c.turned = time.Now()
	if err != nil && !errors.Is(err, ErrPaused) {
		return nil, err
	}
	if t.Renew {
		r.renewed(asked)
		c.told = t.Trouble
	}
	r.see(p, t, v)
	return v.Claims, err
}

// see takes over what a turn has brought.
func (r *bulkRun) see(p *pool, t CrewTurn, v CrewView) {
	c := r.crew
	c.senders = max(v.Senders, 1)
	for _, s := range t.Slots {
		c.have[s.Name] += v.Got[s.Name] - s.Free
	}
	r.domains.seats(c.have)
	server := p.server
	server.Connections = min(server.Connections, c.have[p.name()])
	r.least = leastWindow(server)
	if t.Places.N > 0 && v.NoPlaces {
		c.empty = time.Now().Add(min(max(t.Places.Apart, turnRest), turnShare))
	} else if t.Places.N > 0 {
		p.pace.add(time.Now().Add(v.Wait), t.Places.N)
	}
	for _, s := range v.Slow {
		for _, of := range r.pools {
			if of.name() == s.Name {
				of.pace.heldFor(s)
			}
		}
		r.domains.heldFor(s, r.clock())
	}
	r.mu.Lock()
	r.trouble.others = v.Troubles
	r.trouble.look()
	r.mu.Unlock()
}

// slots are those that the run takes and gives back now.
func (r *bulkRun) slots(current *pool) (all []Slots) {
	c := r.crew
	add := func(name string, total, target, busy int) {
		have := c.have[name]
		s := Slots{Name: name, Total: total, Take: max(0, target-have), Free: max(0, have-max(target, busy))}
		if s.Take+s.Free > 0 {
			all = append(all, s)
		}
	}
	for _, p := range r.pools {
		target := 0
		if p == current {
			target = c.share(p.most)
			p.surplus.Store(int32(max(0, p.lanes-target)))
		}
		add(p.name(), p.most, target, p.lanes)
	}
	for _, d := range r.domains.bounded() {
		add(d.name, d.total, c.share(d.total), d.busy)
	}
	return all
}

// slowed are the servers and domains that have asked for less since the last turn.
func (r *bulkRun) slowed() (all []Slow) {
	for _, p := range r.pools {
		if s, yes := p.pace.news(); yes {
			s.Name = p.name()
			all = append(all, s)
		}
	}
	return append(all, r.domains.news(r.clock())...)
}

// settleOthers settles what senders had in hand that are gone, from time to time.
func (r *bulkRun) settleOthers(ctx context.Context) {
	c := r.crew
	if c == nil || !c.settled.IsZero() && time.Since(c.settled) < c.lease/4 {
		return
	}
	c.settled = time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	released, unknown, err := c.Settle(ctx, r.issueID, r.options.Unknown == Resend, r.clock())
	if err != nil {
		r.log.Warn("what others may have left could not be settled", "issue", r.issueID, "err", err)
		return
	}
	if r.outcome.Unknown += unknown; released+unknown > 0 {
		r.log.Warn("a sender is gone, or was cut off; its letters were settled", "issue", r.issueID, "released", released, "unknown", unknown)
	}
}

// patient notes that the ledger could not be reached, and waits for a moment; false
// where that has no sense any more. What lanes have in hand they finish meanwhile, as
// long as the right to send lasts.
func (r *bulkRun) patient(ctx context.Context, err error) bool {
	c := r.crew
	if c == nil || ctx.Err() != nil {
		return false
	}
	if c.failing.IsZero() {
		c.failing, c.again = time.Now(), turnEvery
		r.log.Warn("the ledger cannot be reached; nothing more is taken until it can", "issue", r.issueID, "err", err)
	}
	if r.stopping == nil {
		r.halt(errAgain)
	}
	if time.Since(c.failing) > outage {
		return false
	}
	r.sleep(ctx, c.again)
	c.again = min(2*c.again, 2*time.Second)
	return true
}

// leave ends being a sender.
func (r *bulkRun) leave(ctx context.Context, err error) error {
	c := r.crew
	if c.fence != nil {
		c.fence.Stop()
	}
	if r.unstored {
		return nil // others settle what is in hand when the lease is over
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	doubt := errors.Is(err, errAgain) || errors.Is(err, ErrFenced)
	return c.Leave(ctx, r.issueID, doubt, r.clock())
}

// lapsedAt is what becomes of a letter of which nothing was said, or no text, when
// the right to send has ended.
func lapsedAt(s Server) error {
	return &ServerError{Addr: s.Addr, Problem: "nothing is said to it any more, since the right to send has ended", Do: "others send what is left", Err: ErrFenced}
}
