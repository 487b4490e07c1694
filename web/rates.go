package web

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"sigpost/subscribe"
)

// bucketsKept is how many networks are remembered.
const bucketsKept = 50_000

// rates count requests by the network that they come from: perMinute at once, and as
// many each minute (the GCRA, as store.Allow). It is kept in memory: it holds for this
// process, and costs no write.
type rates struct {
	perMinute int // 0 is any number
	now       func() time.Time

	mu    sync.Mutex
	until map[netip.Prefix]time.Time
}

func newRates(perMinute int, now func() time.Time) *rates {
	if now == nil {
		now = time.Now
	}
	return &rates{perMinute: perMinute, now: now, until: map[netip.Prefix]time.Time{}}
}

// room is what a network has left of a rate; of one that does not bound it perMinute
// is 0.
type room struct {
	perMinute, left int
	full            time.Duration // until all of it is there again
}

// tell puts it into the answer of the API, beside that of other rates
// (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4). Pages are for people.
func (m room) tell(w http.ResponseWriter, r *http.Request, name string) {
	if m.perMinute == 0 || !strings.HasPrefix(r.URL.Path, apiPath+"/") {
		return
	}
	w.Header().Add("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=60", name, m.perMinute))
	w.Header().Add("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", name, m.left, int(math.Ceil(m.full.Seconds()))))
}

// allow takes a place for a network, and gives what it has left; the error is a
// subscribe.ErrLimited where there is none. This machine has as many as it likes.
func (l *rates) allow(from netip.Prefix) (room, error) {
	if l.perMinute <= 0 || from.Addr().IsLoopback() {
		return room{}, nil
	}
	now, step := l.now(), time.Minute/time.Duration(l.perMinute)
	l.mu.Lock()
	defer l.mu.Unlock()
	until, known := l.until[from]
	if !until.After(now) {
		until = now
	}
	if until.Sub(now) > time.Minute-step {
		return room{l.perMinute, 0, until.Sub(now)}, subscribe.ErrLimited{Retry: time.Minute}
	}
	if !known && len(l.until) >= bucketsKept {
		l.forget(now)
	}
	until = until.Add(step)
	l.until[from] = until
	return room{l.perMinute, int((time.Minute - until.Sub(now)) / step), until.Sub(now)}, nil
}

// forget makes room: first those that hold nothing, then any.
func (l *rates) forget(now time.Time) {
	for from, until := range l.until {
		if !until.After(now) {
			delete(l.until, from)
		}
	}
	for from := range l.until {
		if len(l.until) < bucketsKept*9/10 {
			return
		}
		delete(l.until, from)
	}
}
