package soak_test

import (
	"net/http"
	"strings"
	"time"

	"sigpost/soak"
	"sigpost/soak/check"
)

// departures counts who left before their letter was begun.
const departures = "left in the middle of a sending, their letter not begun"

const (
	// onTheWay is how long after a reader left a letter to them may be begun: the program
	// looks at a reader at most a tenth of a second before, and this machine is busy.
	onTheWay = time.Second
	// hushed is how long nothing is answered behind that, so that whatever the program had
	// in hand is begun after it, or not at all.
	hushed = 300 * time.Millisecond
)

// depart is a run in which readers leave by one click while letters go out, before
// theirs is begun: what happens to be in hand then goes out after it, if it does. One in
// which nobody could is tried again by the next run.
func (w *world) depart(e soak.Event) {
	w.t.Helper()
	w.must(command{Op: "clock"}) // of the process that serves the pages
	began, over := time.Now(), make(chan struct{})
	left := 0
	w.smtp.hush(8+e.Number%12, func() {
		defer close(over)
		for _, r := range w.leaving(w.smtp.since(began)) {
			if w.leavesAmid(r) {
				left++
			}
		}
		if left > 0 {
			time.Sleep(onTheWay + hushed)
		}
	})
	if e.Where == "cron" && w.server == nil {
		w.cron("", 0)
	} else {
		w.run()
	}
	if w.smtp.calm() {
		<-over
	}
	w.goOn(w.moment(time.Now()))
	if left == 0 {
		w.again = append(w.again, e)
	}
}

// leaving are three readers who get an issue of which letters were begun, and not theirs:
// who joined first, as their letters are likely to be in hand already.
func (w *world) leaving(begun map[transaction]time.Time) (who []*reader) {
	digests, got := map[string]bool{}, map[string]bool{}
	for t := range begun {
		if r := w.readers[t.to]; r != nil && strings.Contains(t.from, "+") {
			digests[r.digest], got[t.to] = true, true
		}
	}
	steady := w.script.People[:10] // who is there all year
	for _, p := range w.script.People[len(steady):] {
		r := w.readers[p.Address]
		if r.active && r.last != nil && r.Habit == "" && digests[r.digest] && !got[p.Address] && !r.paused.After(w.now) && len(who) < 3 {
			who = append(who, r)
		}
	}
	return who
}

// leavesAmid has a reader leave while the program is at work.
func (w *world) leavesAmid(r *reader) bool {
	link, ok := r.oneClick()
	if !ok {
		w.t.Errorf("a letter to %s has no one-click link", r.Address)
		return false
	}
	status, said, err := w.request(http.MethodPost, link, form, "List-Unsubscribe=One-Click", "")
	at := w.moment(time.Now())
	switch {
	case err == nil && status == http.StatusNotFound && r.lost:
		return false
	case err != nil || status != http.StatusOK:
		w.t.Errorf("%s: %s leaves while letters go out: %d %s %v", at.Format(time.RFC3339), r.Address, status, said, err)
		return false
	}
	w.acts = append(w.acts, check.Act{At: at, By: at.Add(onTheWay), Who: r.Address, Digest: r.digest, Kind: check.Leave, How: amid})
	r.active, r.paused, r.asked = false, time.Time{}, time.Time{}
	w.departed = append(w.departed, r)
	w.done[departures]++
	return true
}

// amid is how readers leave in the middle of a sending.
const amid = "one-click, while letters went out"

// comeBack has those who left so ask again.
func (w *world) comeBack() {
	for _, r := range w.departed {
		w.asks(r, r.Topic)
	}
	w.departed = nil
}
