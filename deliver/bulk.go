package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sigpost"
)

// Books is the ledger of an issue's letters, written in groups.
type Books interface {
	// Turn stores results and takes up to limit letters of an issue that are due
	// at now, in one transaction. What it takes is being sent, held until lease,
	// and has one attempt more. Each letter is taken by one of all who ask.
	Turn(ctx context.Context, issueID int64, results []sigpost.DeliveryResult, now, lease time.Time, limit int) ([]sigpost.Claim, error)
	// Waiting counts the letters that are queued, and says when the first of them
	// is due.
	Waiting(ctx context.Context, issueID int64) (n int, due time.Time, err error)
	// Recover puts in order what a sender left behind that is gone: what was
	// begun without a result becomes unknown, or queued where resend says so.
	Recover(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error)
}

// ErrPaused is what a Turn wraps that takes no letters since sending is to stand
// still. It has stored the results.
var ErrPaused = errors.New("sending stands still")

// taken is a delivery that a Bulk has in hand, and when it was seen last that its
// reader wants it.
type taken struct {
	sigpost.Claim
	looked time.Time
}

// Pack makes a delivery's letter. It is called by many goroutines. An error that
// wraps ErrNoLetter says that there is none to send any more.
type Pack func(ctx context.Context, c sigpost.Claim) (Parcel, error)

// DomainLimit bounds how fast letters go to the addresses at some domains.
type DomainLimit struct {
	Domains []string
	Rate    float64 // letters a second, over all servers; 0 for any number
	// AtOnce is how many may be on their way at the same time; 0 for any number.
	AtOnce int
}

// Bulk sends issues to many readers.
type Bulk struct {
	books   Books
	servers []Server
	courier Courier
	clock   func() time.Time
	log     *slog.Logger
	options Options
	limits  []DomainLimit
}

// NewBulk makes a Bulk that sends by servers: by the first that can be used, and
// by those after it while it cannot.
func NewBulk(books Books, servers []Server, limits []DomainLimit, clock func() time.Time, log *slog.Logger, options Options) *Bulk {
	b := &Bulk{books: books, clock: clock, log: log, options: options.withDefaults(), limits: limits}
	for _, s := range servers {
		b.servers = append(b.servers, s.withDefaults())
	}
	return b
}

// NewBulkBy makes a Bulk that hands one letter after the other to a courier.
func NewBulkBy(books Books, courier Courier, clock func() time.Time, log *slog.Logger, options Options) *Bulk {
	return &Bulk{books: books, courier: courier, servers: []Server{{Connections: 1}}, clock: clock, log: log, options: options.withDefaults()}
}

const (
	// mostWindow bounds how many letters are in hand: taken, and without a result in
	// the ledger.
	mostWindow = 2000
	// turnEvery is how long results may wait to be stored, and turnRest the least
	// time between two turns.
	turnEvery = 20 * time.Millisecond
	turnRest  = 4 * time.Millisecond
	// serverRest is how long a server is left alone that could not be used.
	serverRest = time.Minute
)

// Send works on everything of the issue that is due, each delivery once, and on
// what comes due within the patience of the options. progress, which may be nil,
// is told from time to time how many are done.
//
// One recipient's failure stops nobody else's letter and is no error of Send.
// An error says that sending stopped: a *ServerError, a *Tripped, trouble with
// the ledger, or the context's. What was not sent is then still queued, and the
// outcome holds what was done before.
func (b *Bulk) Send(ctx context.Context, issueID int64, pack Pack, progress func(done int)) (Outcome, error) {
	var outcome Outcome
	if !b.options.Shared && b.options.Crew == nil {
		unknown, err := settleLeft(ctx, b.books, issueID, b.options.Unknown, b.clock(), b.log)
		if err != nil {
			return outcome, err
		}
		outcome.Unknown += unknown
	}
	begun := time.Now()
	err := errAgain
	for again := true; again; {
		r := newBulkRun(b, issueID, pack)
		r.outcome, r.begun = outcome, begun
		err = r.work(ctx, progress)
		outcome = r.outcome
		again = b.options.Crew != nil && (errors.Is(err, errAgain) || errors.Is(err, ErrFenced)) && ctx.Err() == nil && !r.enough()
		if again {
			b.log.Warn("sending goes on, as another sender", "issue", issueID, "after", err)
		}
	}
	switch {
	case errors.Is(err, sigpost.ErrLocked) && outcome.Done() == 0:
		return outcome, err
	case errors.Is(err, errAgain), errors.Is(err, ErrFenced), errors.Is(err, sigpost.ErrLocked):
		err = ctx.Err()
	}
	waiting, due, counting := b.books.Waiting(context.WithoutCancel(ctx), issueID)
	if outcome.Waiting, outcome.NextDue = waiting, due; !due.After(b.clock()) {
		outcome.NextDue = time.Time{}
	}
	if err = errors.Join(err, counting); err != nil {
		err = fmt.Errorf("sending issue %d stopped: %w", issueID, err)
	}
	return outcome, err
}

// work is one run, of a sender of its own where there are several.
func (r *bulkRun) work(ctx context.Context, progress func(done int)) error {
	if r.crew == nil {
		return r.all(ctx, progress)
	}
	for {
		err := r.join(ctx)
		if err == nil {
			break
		}
		if errors.Is(err, sigpost.ErrLocked) || !r.patient(ctx, err) {
			return err
		}
	}
	err := r.all(ctx, progress)
	for leaving := r.leave(ctx, err); leaving != nil; leaving = r.leave(ctx, err) {
		if !r.patient(ctx, leaving) {
			r.log.Warn("the others learn only when the lease is over that this sender is gone", "issue", r.issueID, "err", leaving)
			break
		}
	}
	return err
}

// enough says that the time is over for which letters were to be taken.
func (r *bulkRun) enough() bool { return r.options.For > 0 && time.Since(r.begun) >= r.options.For }

// errEnough ends a run whose time is over.
var errEnough = errors.New("the time is over")

// bulkRun is one call of Send. Its own goroutine keeps the books; lanes take
// from queue and bring results.
type bulkRun struct {
	*Bulk
	issueID int64
	pack    Pack
	outcome Outcome

	queue   chan *taken
	stop    chan struct{} // closed when lanes are to take no more
	wake    chan struct{} // there is something for the books
	low     atomic.Int32  // wake when fewer are queued
	domains *domainPaces
	pools   []*pool
	ended   chan lanesEnd
	lanes   sync.WaitGroup
	// current is the pool whose lanes take letters.
	current atomic.Pointer[pool]
	// least and recent make the window.
	least  int
	recent float64
	// inHand counts what was taken and has no result in the ledger; unstored says
	// that it could not get one.
	inHand   int
	unstored bool
	// crew is what there is of others, nil where there are none; ground cuts what is
	// in flight; begun is when all this began.
	crew   *crewRun
	ground context.CancelFunc
	begun  time.Time
	// stopping is why no more is taken, and cut says that letters in flight were
	// cut short.
	stopping error
	cut      atomic.Bool

	mu      sync.Mutex
	results []sigpost.DeliveryResult
	trouble trouble
}

func newBulkRun(b *Bulk, issueID int64, pack Pack) *bulkRun {
	r := &bulkRun{Bulk: b, issueID: issueID, pack: pack, queue: make(chan *taken, mostWindow),
		stop: make(chan struct{}), wake: make(chan struct{}, 1)}
	if b.options.Crew != nil {
		r.crew = &crewRun{Crew: b.options.Crew, lease: b.options.Lease}
	}
	connections := 0
	for _, s := range b.servers {
		r.least = max(r.least, leastWindow(s))
		r.pools = append(r.pools, &pool{server: s, most: s.Connections, pace: newPace(s.Rate)})
		connections += s.Connections
	}
	r.ended = make(chan lanesEnd, connections)
	r.domains = newDomainPaces(b.limits, b.clock())
	if r.domains.shared = r.crew != nil; r.crew != nil {
		for _, p := range r.pools {
			p.pace.shared = true
		}
	}
	r.ground = func() {}
	r.trouble.limit = brokenLimit + connections - 1 // each may lose one at the same moment
	return r
}

// all works until nothing is due any more.
func (r *bulkRun) all(ctx context.Context, progress func(done int)) error {
	flight, land := outlive(ctx, r.options.Grace, func() { r.cut.Store(true) })
	defer land()
	flight, ground := context.WithCancel(flight)
	defer ground()
	r.mu.Lock()
	r.ground = ground
	r.mu.Unlock()
	for more := true; ; {
		done := r.bring()
		r.inHand -= len(done)
		want := 0
		if r.stopping == nil && more {
			want = r.wants(max(0, r.window()-r.inHand))
		}
		r.settleOthers(ctx)
		if len(done)+want > 0 || r.due() {
			looked := time.Now()
			claims, err := r.turn(ctx, done, want)
			if errors.Is(err, ErrPaused) || errors.Is(err, ErrFenced) {
				r.halts(err)
			} else if err != nil && r.patient(ctx, err) {
				r.bringAgain(done)
				continue
			} else if err != nil {
				return r.giveUp(ctx, done, err)
			}
			r.kept(len(done))
			if progress != nil && len(done) > 0 {
				progress(r.outcome.Done())
			}
			if want > 0 && r.wants(want) > 0 {
				more = len(claims) == want
			}
			r.inHand += len(claims)
			for _, c := range claims {
				r.queue <- &taken{c, looked}
			}
			r.low.Store(int32(len(r.queue) / 2))
		}
		if r.stopping == nil {
			r.halt(cmp.Or(ctx.Err(), r.lapse(), r.staff(flight, r.inHand), r.tripped()))
		}
		switch {
		case r.inHand == 0 && r.stopping != nil:
			r.lanes.Wait()
			if errors.Is(r.stopping, errEnough) {
				return nil
			}
			return r.stopping
		case r.inHand == 0 && (!more || r.idle()):
			wait, err := r.untilDue(ctx)
			if err != nil || wait < 0 {
				close(r.stop)
				r.lanes.Wait()
				return err
			}
			r.sleep(ctx, wait)
			more = true
		default:
			r.rest(ctx)
		}
	}
}

// halts ends taking since the ledger says so: what is in flight comes to its end, or
// is cut where that may not be any more.
func (r *bulkRun) halts(reason error) {
	if r.stopping == nil {
		r.halt(reason)
	}
	if errors.Is(reason, ErrFenced) {
		r.cutNow()
	}
}

// lapse is why a run ends that has no right to send any more, or no time.
func (r *bulkRun) lapse() error {
	switch {
	case r.crew != nil && (r.crew.lapsed.Load() || !r.mayBegin()):
		return ErrFenced
	case r.enough():
		return errEnough
	}
	return nil
}

// idle says that others have all connections that there may be.
func (r *bulkRun) idle() bool { return r.crew != nil && r.crew.have[r.pool().name()] == 0 }

// bringAgain takes back results that could not be stored.
func (r *bulkRun) bringAgain(done []sigpost.DeliveryResult) {
	r.inHand += len(done)
	r.mu.Lock()
	r.results = append(done, r.results...)
	r.mu.Unlock()
}

// halt ends taking for a reason, if it is one.
func (r *bulkRun) halt(reason error) {
	if reason == nil {
		return
	}
	r.stopping = reason
	close(r.stop)
	for {
		select {
		case c := <-r.queue:
			r.putBack(c, c.Due)
		default:
			return
		}
	}
}

// giveUp ends everything when the ledger cannot be written. What lanes have done
// meanwhile is tried to be stored once more; where that fails too, it is settled
// as unknown by the next run.
func (r *bulkRun) giveUp(ctx context.Context, done []sigpost.DeliveryResult, err error) error {
	if r.stopping == nil {
		r.halt(err)
	}
	r.lanes.Wait()
	done = append(done, r.bring()...)
	if _, again := r.turn(ctx, done, 0); again != nil && !errors.Is(again, ErrFenced) {
		r.unstored = true
		err = fmt.Errorf("what became of up to %d letters is not on record; the next run counts them as unknown: %w", len(done), err)
	}
	return err
}

// window is how many letters to have in hand: twice those that were done between
// two turns of late, so that lanes need not wait for the next turn, and what they
// have in hand themselves. A crash leaves that many in doubt.
func (r *bulkRun) window() int { return min(r.least+2*int(r.recent), mostWindow) }

// kept notes how many letters were done between two turns.
func (r *bulkRun) kept(done int) { r.recent = max(float64(done), 0.8*r.recent) }

// leastWindow is what the lanes of a server have in hand: one that is on its way
// and one behind it. With a pace there is no hurry.
func leastWindow(s Server) int {
	least := 2 * s.Connections
	if s.Rate > 0 {
		least = min(least, 2+int(s.Rate/50))
	}
	return least
}

// turn stores results and takes more. It is not cut short: what became of a
// letter must be stored.
func (r *bulkRun) turn(ctx context.Context, done []sigpost.DeliveryResult, want int) ([]sigpost.Claim, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 6*recordTime)
	defer cancel()
	now := r.clock()
	var claims []sigpost.Claim
	var err error
	if r.crew != nil {
		claims, err = r.crewTurn(ctx, now, done, want)
	} else {
		claims, err = r.books.Turn(ctx, r.issueID, done, now, now.Add(r.options.Lease), want)
	}
	if err != nil && !errors.Is(err, ErrPaused) && !errors.Is(err, ErrFenced) {
		return nil, fmt.Errorf("the ledger could not be written, with the results of %d letters: %w", len(done), err)
	}
	for _, d := range done {
		if d.State != sigpost.DeliveryQueued { // those are counted at the end
			r.outcome.add(d.State, d.Due)
		}
	}
	return claims, err
}

// rest waits until there is something for the books, or some time has gone by.
func (r *bulkRun) rest(ctx context.Context) {
	time.Sleep(turnRest)
	ended := ctx.Done()
	if r.stopping != nil {
		ended = nil // it has been seen
	}
	select {
	case <-r.wake:
	case <-time.After(turnEvery):
	case <-ended:
	}
}

func (r *bulkRun) sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// untilDue is how long to wait for the next letter; negative where sending ends.
func (r *bulkRun) untilDue(ctx context.Context) (time.Duration, error) {
	n, due, err := r.books.Waiting(ctx, r.issueID)
	if err != nil || n == 0 {
		return -1, err
	}
	wait := due.Sub(r.clock())
	switch {
	case wait > r.options.Patience || r.enough():
		return -1, nil
	case r.crew != nil: // others may put something back, or end
		return min(max(wait, turnShare), time.Second), nil
	}
	return max(wait, turnRest), nil
}

// bring hands over the results that lanes have brought.
func (r *bulkRun) bring() []sigpost.DeliveryResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := r.results
	r.results = nil
	return done
}

// putBack gives back a letter of which nothing was said, to be taken again when it
// is due.
func (r *bulkRun) putBack(c *taken, due time.Time) {
	placed := c.Placed && due.Equal(c.Due)
	r.keep(c, sigpost.DeliveryResult{DeliveryID: c.ID, State: sigpost.DeliveryQueued, Due: due, Placed: placed, Untried: true})
}

// settle notes a verdict for the next turn.
func (r *bulkRun) settle(c *taken, v verdict, untried bool) {
	r.keep(c, sigpost.DeliveryResult{DeliveryID: c.ID, State: v.state, Reply: v.reply, Due: v.due, Untried: untried})
}

// keep keeps a result for the next turn.
func (r *bulkRun) keep(c *taken, result sigpost.DeliveryResult) {
	result.Reply = clip(oneLine(result.Reply), maxReply)
	r.mu.Lock()
	r.results = append(r.results, result)
	r.mu.Unlock()
	if result.State != sigpost.DeliverySent && !result.Untried {
		r.log.Info("a letter was not sent", "delivery", c.ID, "subscription", c.SubscriptionID, "state", result.State, "attempt", c.Attempts, "reply", result.Reply)
	}
	if len(r.queue) <= int(r.low.Load()) {
		r.stir()
	}
}

// stir wakes the books.
func (r *bulkRun) stir() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// done is told by a lane what became of a letter.
func (r *bulkRun) done(p *pool, c *taken, reply string, err error) {
	var server *ServerError
	untried := errors.As(err, &server)
	v := r.judging().verdict(c.Attempts, r.cut.Load(), reply, err)
	domain := domainOf(c.Subscription.Subscriber.Addr)
	r.domains.leave(domain)
	if !untried {
		r.mu.Lock()
		if r.current.Load() == p { // else it has been left by now
			r.trouble.note(err, domain)
		}
		r.mu.Unlock()
		switch of, yes := throttled(err, domain); {
		case yes && of:
			until := r.domains.slow(domain, r.clock(), r.judging())
			if v.state == sigpost.DeliveryQueued && v.due.Before(until) {
				v.due = until
			}
		case yes:
			p.pace.hold()
		}
	}
	result := sigpost.DeliveryResult{DeliveryID: c.ID, State: v.state, Reply: v.reply, Due: v.due, Untried: untried}
	if failed := (*SendError)(nil); v.state == sigpost.DeliveryFailed && errors.As(err, &failed) && failed.Kind == Permanent && failed.Code > 0 {
		if result.Refusal, result.Command = failed.Reply, string(failed.Step); failed.Step == StepDot {
			result.Command = string(StepData)
		}
	}
	r.keep(c, result)
}

func (r *bulkRun) judging() judge { return judge{r.options, r.clock} }

func domainOf(addr string) string { return strings.ToLower(addr[strings.LastIndexByte(addr, '@')+1:]) }

// tripped says whether the trouble is such that sending has to stop. A server that
// takes nothing is left alone first, where there is another one.
func (r *bulkRun) tripped() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err, fuse := r.trouble.reached, (*Tripped)(nil)
	if p := r.current.Load(); err != nil && !errors.As(err, &fuse) && p != r.pools[len(r.pools)-1] {
		p.down, p.since = err, time.Now()
		r.current.Store(nil)
		r.log.Warn("a mail server takes nothing", "server", p.server.Addr, "err", err)
		r.trouble = trouble{limit: r.trouble.limit}
		return nil
	}
	return err
}
