package deliver

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"sigpost"
)

// pool is a server with what is known of it in this run.
type pool struct {
	server Server // with as many connections as it takes now
	most   int    // connections
	pace   *pace
	lanes  int
	// surplus is how many lanes are to end, since others have a right to them.
	surplus atomic.Int32
	down    error     // why it cannot be used
	since   time.Time // that it is so, or that it takes fewer connections
}

// name is what senders call it among themselves.
func (p *pool) name() string { return "server " + p.server.Addr }

type lanesEnd struct {
	pool *pool
	err  error
}

// taker gives a lane its parcels.
func (r *bulkRun) taker(ctx context.Context, p *pool) func(wait bool) *job[*taken] {
	return func(wait bool) *job[*taken] {
		for {
			c, ok := r.claim(ctx, p, wait)
			if !ok {
				return nil
			}
			if !r.mayBegin() {
				r.putBack(c, c.Due)
				return nil
			}
			domain := domainOf(c.Subscription.Subscriber.Addr)
			if until := r.domains.until(domain, c.Due, r.clock()); !until.IsZero() {
				r.putBack(c, until)
				continue
			}
			if r.crew == nil && !r.clock().Before(c.Lease) { // somebody else may have it by now
				r.putBack(c, c.Due)
				continue
			}
			if !r.domains.enter(domain) {
				r.putBack(c, r.clock().Add(domainWait))
				continue
			}
			parcel, err := r.pack(ctx, c.Claim)
			if err != nil {
				r.domains.leave(domain)
			}
			switch {
			case errors.Is(err, ErrNoLetter):
				r.settle(c, verdict{state: sigpost.DeliverySuppressed, reply: err.Error()}, false)
			case err != nil && ctx.Err() != nil:
				r.putBack(c, c.Due)
			case err != nil:
				r.log.Warn("a letter could not be composed", "delivery", c.ID, "subscription", c.SubscriptionID, "err", err)
				r.settle(c, r.judging().later(c.Attempts, "it could not be composed: "+err.Error()), false)
			default:
				return &job[*taken]{of: c, parcel: parcel}
			}
		}
	}
}

// claim takes the next of the queue when the server's pace allows it.
func (r *bulkRun) claim(ctx context.Context, p *pool, wait bool) (c *taken, ok bool) {
	select {
	case <-r.stop:
		return c, false
	default:
	}
	if r.current.Load() != p { // another server has its turn
		return c, false
	}
	if n := p.surplus.Load(); n > 0 && (!wait || p.surplus.CompareAndSwap(n, n-1)) {
		return c, false
	}
	if !wait {
		if !p.pace.free() {
			return c, false
		}
		select {
		case c = <-r.queue:
			p.pace.take()
			return c, true
		default:
			r.stir()
			return c, false
		}
	}
	for look := time.NewTicker(time.Second); c == nil; {
		select {
		case c = <-r.queue:
			look.Stop()
		case <-look.C:
			if n := p.surplus.Load(); r.current.Load() == p && (n == 0 || !p.surplus.CompareAndSwap(n, n-1)) {
				continue
			}
			look.Stop()
			return c, false
		case <-r.stop:
			look.Stop()
			return c, false
		}
	}
	if !p.pace.wait(r.stop) {
		r.putBack(c, c.Due)
		return c, false
	}
	return c, true
}

// staff opens as many lanes as there is work for, at the first server that can
// be used. Its error says that there is none.
func (r *bulkRun) staff(ctx context.Context, inHand int) error {
	for again := true; again; {
		select {
		case end := <-r.ended:
			r.lost(end)
		default:
			again = false
		}
	}
	var reasons []error
	for _, p := range r.pools {
		if p.down != nil && time.Since(p.since) < serverRest {
			reasons = append(reasons, p.down)
			continue
		}
		if p.down != nil || p.server.Connections < p.most && time.Since(p.since) > serverRest/10 {
			p.down, p.server.Connections, p.since = nil, min(p.server.Connections+1, p.most), time.Now()
		}
		r.current.Store(p)
		most := p.server.Connections
		if r.crew != nil {
			most = min(most, r.crew.have[p.name()])
		}
		for ; p.lanes < min(most, (inHand+1)/2); p.lanes++ {
			server := p.server
			r.lanes.Go(func() { r.ended <- lanesEnd{p, r.lane(ctx, p, server)} })
		}
		return nil
	}
	return errors.Join(reasons...)
}

// lost notes that a lane has ended. Where others go on, the server has had enough
// of them.
func (r *bulkRun) lost(end lanesEnd) {
	p := end.pool
	p.lanes--
	switch {
	case end.err == nil:
	case p.lanes > 0:
		p.server.Connections, p.since = p.lanes, time.Now()
		r.log.Info("a mail server takes fewer connections", "server", p.server.Addr, "connections", p.lanes, "err", end.err)
	default:
		p.down, p.since = end.err, time.Now()
		r.log.Warn("a mail server cannot be used", "server", p.server.Addr, "err", end.err)
	}
}

// lane works until there is nothing more.
func (r *bulkRun) lane(ctx context.Context, p *pool, server Server) error {
	take := r.taker(ctx, p)
	if r.courier != nil {
		return r.byCourier(ctx, p, take)
	}
	l := &lane[*taken]{server: server, take: take,
		done: func(j *job[*taken], reply string, err error) { r.done(p, j.of, reply, err) }}
	if r.crew != nil {
		l.may = r.maySay
	}
	if r.options.Wanted != nil {
		l.wanted = func(j *job[*taken]) bool { return r.wanted(ctx, j.of) }
	}
	err := l.run(ctx)
	r.stir()
	return err
}

// lookAgain is how long what the ledger said of a reader holds. A letter that has
// waited longer, for its turn, for a slow server's pace, for a connection, is begun only after
// another look: who has left meanwhile gets none.
const lookAgain = 100 * time.Millisecond

// wanted looks again at the reader of a letter that has waited. One that is not to be
// sent is settled.
func (r *bulkRun) wanted(ctx context.Context, c *taken) bool {
	now := time.Now()
	if now.Sub(c.looked) < lookAgain {
		return true
	}
	err := r.options.Wanted(ctx, c.Claim)
	if err == nil {
		c.looked = now
		return true
	}
	r.domains.leave(domainOf(c.Subscription.Subscriber.Addr))
	switch {
	case errors.Is(err, ErrNoLetter):
		r.settle(c, verdict{state: sigpost.DeliverySuppressed, reply: err.Error()}, true)
	case ctx.Err() != nil:
		r.putBack(c, c.Due)
	default:
		r.log.Warn("it cannot be seen whether a reader has left", "delivery", c.ID, "subscription", c.SubscriptionID, "err", err)
		r.settle(c, r.judging().later(c.Attempts, "it could not be seen whether the reader has left: "+err.Error()), true)
	}
	return false
}

// byCourier hands letters to a courier.
func (r *bulkRun) byCourier(ctx context.Context, p *pool, take func(bool) *job[*taken]) error {
	for j := take(true); j != nil; j = take(true) {
		var reply string
		data, err := j.parcel.Text.Append(nil, false)
		if err == nil {
			reply, err = r.courier.Send(ctx, j.parcel.From, j.parcel.To, data)
		}
		r.done(p, j.of, reply, err)
		var server *ServerError
		if errors.As(err, &server) {
			r.stir()
			return err
		}
	}
	return nil
}
