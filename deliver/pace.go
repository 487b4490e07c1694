package deliver

import (
	"errors"
	"math/rand/v2"
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
	return !now.Before(p.next) && !now.Before(p.held)
}

// take notes that one goes, and gives when it may.
func (p *pace) take() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Now()
	for _, not := range []time.Time{p.next, p.held} {
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
}

// wait takes one and waits for it; false where stop came first.
func (p *pace) wait(stop <-chan struct{}) bool {
	wait := time.Until(p.take())
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
	begun  time.Time
	mu     sync.Mutex
	limits map[string]*domainPace
}

type domainPace struct {
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
		shared := &domainPace{most: l.AtOnce}
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
	case p.every == 0 || due.After(d.begun):
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
	if p == nil || p.most == 0 {
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
		p = &domainPace{}
		d.limits[domain] = p
	}
	if p.slow.After(now) {
		return p.slow
	}
	p.times++
	p.slow = now.Add(j.backoff(p.times))
	return p.slow
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
