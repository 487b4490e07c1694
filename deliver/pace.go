package deliver

import (
	"errors"
	"strings"
	"sync"
	"time"
)

// pace is a rate at which something may be done; none where it is nil inside.
type pace struct{ *paced }

type paced struct {
	mu    sync.Mutex
	every time.Duration
	next  time.Time
}

// newPace allows so many a second; any number where it is 0.
func newPace(rate float64) pace {
	if rate <= 0 {
		return pace{}
	}
	return pace{&paced{every: time.Duration(float64(time.Second) / rate)}}
}

// free says whether one may be done now.
func (p pace) free() bool {
	if p.paced == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !time.Now().Before(p.next)
}

// take notes that one is done, and gives when it may be.
func (p pace) take() time.Time {
	if p.paced == nil {
		return time.Time{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.next
	if now := time.Now(); at.Before(now) {
		at = now
	}
	p.next = at.Add(p.every)
	return at
}

// wait takes one and waits for it; false where stop came first.
func (p pace) wait(stop <-chan struct{}) bool {
	if p.paced == nil {
		return true
	}
	select {
	case <-time.After(time.Until(p.take())):
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
}

// domainSlack is how far ahead of its place a letter may go.
const domainSlack = 100 * time.Millisecond

func newDomainPaces(limits []DomainLimit, now time.Time) *domainPaces {
	d := &domainPaces{begun: now, limits: map[string]*domainPace{}}
	for _, l := range limits {
		if l.Rate <= 0 {
			continue
		}
		shared := &domainPace{every: time.Duration(float64(time.Second) / l.Rate)}
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
	case p.slow.After(now):
		return p.slow
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

// throttled says that a server asks for fewer letters to a domain, and not that one
// mailbox is out of order or the server itself is going down: by the codes of RFC
// 3463 for that, or by the words.
func throttled(err error) bool {
	var failed *SendError
	if !errors.As(err, &failed) || failed.Code/100 != 4 {
		return false
	}
	if failed.Status == "4.7.28" || failed.Status == "4.4.5" {
		return true
	}
	text := strings.ToLower(failed.Reply)
	for _, words := range []string{"rate limit", "too many", "throttl", "too fast", "slow down", "unusual rate", "deferred due to"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
