package deliver

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// pace is a rate at which letters may go to a server.
type pace struct {
	mu    sync.Mutex
	every time.Duration // 0 for any rate
	next  time.Time
	held  time.Time // the server has asked for less until then
	times int       // how often of late
	// shared says that other senders keep to it too: letters need places then, which
	// are taken for all of them. fresh says that the others do not know of held yet.
	shared bool
	places []time.Time
	fresh  bool
}

// newPace allows so many a second; any number where it is 0.
func newPace(rate float64) *pace {
	p := &pace{}
	if rate > 0 {
		p.every = time.Duration(float64(time.Second) / rate)
	}
	return p
}

// free says whether one may go now.
func (p *pace) free() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.shared && p.every > 0 {
		return len(p.places) > 0 && !now.Before(p.places[0]) && !now.Before(p.held)
	}
	return !now.Before(p.next) && !now.Before(p.held)
}

// add adds n places. What was not used while it was there is not used later.
func (p *pace) add(first time.Time, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := time.Now().Add(-time.Second)
	p.places = slices.DeleteFunc(p.places, func(at time.Time) bool { return at.Before(old) })
	for i := range n {
		p.places = append(p.places, first.Add(time.Duration(i)*p.every))
	}
}

// spare is how many places there are beyond those for what is in hand.
func (p *pace) spare(inHand int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, len(p.places)-inHand)
}

// news is what the others have not been told: how long nothing may go.
func (p *pace) news() (s Slow, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	yes, p.fresh = p.fresh, false
	return Slow{For: time.Until(p.held), Times: p.times}, yes
}

// heldFor notes that another sender was asked for less.
func (p *pace) heldFor(s Slow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(s.For); until.After(p.held) {
		p.held = until
	}
	p.times = max(p.times, s.Times)
}

// take notes that one goes, and gives when it may; zero where there is no place.
func (p *pace) take() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, next := time.Now(), p.next
	if p.shared && p.every > 0 {
		if len(p.places) == 0 {
			return time.Time{}
		}
		next, p.places = p.places[0], p.places[1:]
	}
	for _, not := range []time.Time{next, p.held} {
		if at.Before(not) {
			at = not
		}
	}
	p.next = at.Add(p.every)
	return at
}

// firstHold is how long a server is left alone that asks for less, the first time;
// then twice as long each time, up to lastHold.
const (
	firstHold = 5 * time.Second
	lastHold  = 2 * time.Minute
)

// hold notes that the server asks for less. What was asked while it is left alone
// counts once.
func (p *pace) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.held) {
		return
	}
	if now.Sub(p.held) > lastHold {
		p.times = 0
	}
	p.held = now.Add(min(firstHold<<p.times, lastHold))
	p.times = min(p.times+1, 10)
	p.fresh = true
}

// wait takes one and waits for it; false where stop came first.
func (p *pace) wait(stop <-chan struct{}) bool {
	at := p.take()
	for at.IsZero() {
		select {
		case <-time.After(turnRest):
			at = p.take()
		case <-stop:
			return false
		}
	}
	wait := time.Until(at)
	if wait <= 0 {
		return true
	}
	select {
	case <-time.After(wait):
		return true
	case <-stop:
		return false
	}
}

// domainPaces say when letters may go to a domain. What may not go yet is put
// back into the ledger, due when it may, so that it holds up no other one.
type domainPaces struct {
	begun time.Time
	// shared says that other senders keep to them too: places are given with the
	// letters then, and most is this sender's share.
	shared bool
	mu     sync.Mutex
	limits map[string]*domainPace
}

type domainPace struct {
	name  string        // of what senders share
	total int           // letters on their way at the same time, of all senders
	fresh bool          // the others do not know of slow yet
	every time.Duration // between two letters; 0 for no limit
	next  time.Time     // the next free place
	slow  time.Time     // nothing goes before: the domain has asked for that
	times int           // how often in a row
	most  int           // letters on their way at the same time; 0 for any number
	now   int           // that are
}

// domainSlack is how far ahead of its place a letter may go.
const domainSlack = 100 * time.Millisecond

func newDomainPaces(limits []DomainLimit, now time.Time) *domainPaces {
	d := &domainPaces{begun: now, limits: map[string]*domainPace{}}
	for _, l := range limits {
		shared := &domainPace{name: l.Name(), total: l.AtOnce, most: l.AtOnce}
		if l.Rate > 0 {
			shared.every = time.Duration(float64(time.Second) / l.Rate)
		}
		for _, name := range l.Domains {
			d.limits[strings.ToLower(name)] = shared
		}
	}
	return d
}

// until is when a letter to the domain that was due at due may go; zero for now.
// Each takes the next free place, once: one that was put back until its place
// came is due since the run began, and has it still.
func (d *domainPaces) until(domain string, due, now time.Time) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.limits[domain]
	switch {
	case p == nil:
		return time.Time{}
	case p.slow.After(now): // not all at the same moment then
		return p.slow.Add(time.Duration(rand.Int64N(int64(p.slow.Sub(now))/4 + 1)))
	case d.shared && due.Sub(now) > domainSlack:
		return due
	case d.shared || p.every == 0 || due.After(d.begun):
		return time.Time{}
	case p.next.Before(now):
		p.next = now
	}
	place := p.next
	p.next = place.Add(p.every)
	if place.Sub(now) <= domainSlack {
		return time.Time{}
	}
	return place
}

// domainWait is how long a letter is put back whose domain has as many on their
// way as it may.
const domainWait = 200 * time.Millisecond

// enter notes that a letter is on its way to a domain; false where it must not be.
func (d *domainPaces) enter(domain string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.limits[domain]
	if p == nil || p.total == 0 {
		return true
	}
	if p.now >= p.most {
		return false
	}
	p.now++
	return true
}

// leave notes that one is not on its way any more.
func (d *domainPaces) leave(domain string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.limits[domain]; p != nil && p.now > 0 {
		p.now--
	}
}

// slow notes that a domain wants less, and gives until when nothing goes to it:
// longer from one time to the next.
func (d *domainPaces) slow(domain string, now time.Time, j judge) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.limits[domain]
	if p == nil {
		p = &domainPace{name: domainName(domain)}
		d.limits[domain] = p
	}
	if p.slow.After(now) {
		return p.slow
	}
	p.times++
	p.slow, p.fresh = now.Add(j.backoff(p.times)), true
	return p.slow
}

// Name is what senders call what is bounded.
func (l DomainLimit) Name() string { return domainName(l.Domains[0]) }

func domainName(domain string) string { return "domain " + strings.ToLower(domain) }

// news are the domains that have asked for less, of which the others do not know.
func (d *domainPaces) news(now time.Time) (all []Slow) {
	if !d.shared {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.limits {
		if p.fresh {
			p.fresh = false
			all = append(all, Slow{p.name, p.slow.Sub(now), p.times})
		}
	}
	return all
}

// heldFor notes that another sender was asked for less.
func (d *domainPaces) heldFor(s Slow, now time.Time) {
	domain, ok := strings.CutPrefix(s.Name, domainName(""))
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.limits[domain]
	if p == nil {
		p = &domainPace{name: s.Name}
		d.limits[domain] = p
	}
	if until := now.Add(s.For); until.After(p.slow) {
		p.slow = until
	}
	p.times = max(p.times, s.Times)
}

// boundedDomain is a limit to what is on its way at the same time.
type boundedDomain struct {
	name        string
	total, busy int
}

// bounded are those limits, each once.
func (d *domainPaces) bounded() (all []boundedDomain) {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[string]bool{}
	for _, p := range d.limits {
		if p.total > 0 && !seen[p.name] {
			seen[p.name] = true
			all = append(all, boundedDomain{p.name, p.total, p.now})
		}
	}
	return all
}

// seats are how many of them are this sender's.
func (d *domainPaces) seats(have map[string]int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.limits {
		if p.total > 0 {
			p.most = have[p.name]
		}
	}
}

// throttled says whether a server asks for fewer letters, rather than that one
// mailbox is out of order or that the server is going down: by the codes of RFC
// 3463 for that, or by the words. ofDomain says that it asks for fewer to the
// recipient's domain, which it names; else it speaks of itself.
func throttled(err error, domain string) (ofDomain, yes bool) {
	var failed *SendError
	if !errors.As(err, &failed) || failed.Code/100 != 4 {
		return false, false
	}
	text := strings.ToLower(failed.Reply)
	yes = failed.Status == "4.7.28" || failed.Status == "4.4.5"
	for _, words := range []string{"rate limit", "sending rate", "too many messages", "too many connections", "too many emails", "throttl", "too fast", "slow down", "unusual rate"} {
		yes = yes || strings.Contains(text, words)
	}
	return failed.Step == StepRcpt && (strings.Contains(text, domain) || failed.Status == "4.7.28"), yes
}
