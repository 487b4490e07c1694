package soak_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sigpost/internal/peertest"
	"sigpost/soak"
	"sigpost/soak/check"
)

// busyReader is the number of the reader whose server is busy.
const busyReader = 3

// host is a reader's server behind Postfix, which can be another one.
type host struct {
	gate       *gate
	good, poor string
}

// startPostfix starts Postfix, and the servers behind it. Who has the habit of being gone
// or full is refused for good by theirs, so that Postfix itself reports it, and of one steady
// reader the server is busy, so that letters wait in Postfix's queue.
func (p *peers) startPostfix(s *soak.Script) {
	p.t.Helper()
	gone := peertest.SMTPSink(p.t, "-f", "RCPT", "-B", "550 5.1.1 User unknown")
	full := peertest.SMTPSink(p.t, "-f", "RCPT", "-B", "552 5.2.2 Mailbox full")
	busy := peertest.SMTPSink(p.t, "-r", "RCPT", "-b", "450 4.2.1 Try again later")
	routes := map[string]string{}
	for i, person := range s.People {
		poor := map[string]*peertest.Sink{"gone": gone, "full": full}[person.Habit]
		if i == busyReader {
			poor = busy
		}
		if poor != nil {
			h := host{newGate(p.t, p.sink.Addr, ""), p.sink.Addr, poor.Addr}
			p.hosts[person.Address], routes[person.Address] = h, h.gate.Addr
		}
	}
	p.postfix = peertest.Postfix(p.t, "digest.example.org", p.sink.Addr, routes)
}

// turn has an address's server be a good one, or the one that takes nothing.
func (p *peers) turn(address string, good bool) {
	h, is := p.hosts[address]
	switch {
	case is && good:
		h.gate.turn(h.good)
	case is:
		h.gate.turn(h.poor)
	}
}

// isDelayed counts reports that are of no failure.
const isDelayed = "letters of which Postfix said that they are late"

// comesBack puts what Postfix reports into the service mailbox, as its delivery agent
// would: by the year's clock, which Postfix does not know. A letter that came back is one
// that was sent.
func (w *world) comesBack() {
	w.t.Helper()
	if w.peers.postfix == nil {
		return
	}
	for _, raw := range w.peers.postfix.Returned() {
		back, err := check.ReadReturned(raw)
		if err != nil {
			w.t.Fatal(err)
		}
		w.peers.put("Service", soak.Mail{Mailbox: "Service", Raw: raw, Internal: w.now})
		if back.Action != "failed" {
			w.done[isDelayed]++
			continue
		}
		w.done["letters that Postfix sent back: "+back.Status]++
		if _, _, issue := check.IssueOf(back.Letter, w.zones); !issue {
			continue
		}
		w.dates(&back.Letter)
		w.letters = append(w.letters, back.Letter)
		w.back = append(w.back, back)
		how := "soft"
		if back.Status == "5.1.1" {
			how = check.Hard
		}
		w.act(w.readers[back.To], check.Blame, how, time.Time{}, check.Act{})
	}
}

// isLate has Postfix try again what waits in its queue, after three hours and in vain, and
// after six with success.
func (w *world) isLate() {
	if w.peers.postfix == nil {
		return
	}
	switch waits := w.now.Sub(w.late); {
	case w.peers.postfix.Settle() == 0:
		w.late = time.Time{}
	case w.late.IsZero():
		w.late = w.now
		w.done["letters that waited in Postfix's queue"]++
	case waits > 6*time.Hour:
		w.arrive()
	case waits > 3*time.Hour:
		w.peers.postfix.Flush()
	}
}

// arrive has all that waits in Postfix's queue arrive.
func (w *world) arrive() {
	w.t.Helper()
	if w.peers.postfix == nil {
		return
	}
	busy := w.script.People[busyReader].Address
	w.peers.turn(busy, true)
	w.peers.postfix.Empty()
	w.late = time.Time{}
	w.drain()
	w.peers.turn(busy, !w.readers[busy].active)
}

// understood looks whether the program knows what became of each letter that came back
// since it had its archive put back for the last time, and that a late one is no harm.
func (w *world) understood() {
	w.t.Helper()
	if w.peers.postfix == nil || w.t.Failed() {
		return
	}
	var since time.Time
	for _, r := range w.restores {
		since = r.To
	}
	known := 0
	for _, back := range w.back {
		if back.At.Before(since) || back.At.After(w.script.End) { // of the others it may not have read
			continue
		}
		want := map[string]string{"5.1.1": "hard userunknown true", "5.2.2": "soft mailboxfull true"}[back.Status]
		if got := w.cameBack(back.Letter); got != want {
			w.t.Errorf("a letter to %s of %s came back with %s; the program takes that for %q, want %q", back.To, back.At.Format(time.RFC3339), back.Status, got, want)
		}
		known++
	}
	w.done["letters that Postfix sent back since the last restore, and known"] = known
	if *daysFlag == 0 && (len(w.back) == 0 || w.done[isDelayed] == 0) {
		w.t.Errorf("%d letters came back, and %d were late; want some", len(w.back), w.done[isDelayed])
	}
	busy := w.script.People[busyReader]
	if said := w.typed("bounces"); strings.Contains(said, busy.Address) {
		w.t.Errorf("%s is suspended for letters that were late:\n%s", busy.Address, said)
	}
}

// cameBack is what an operator sees of a letter that came back: class, reason, and whether
// it counts. Its number is in the address to which it came back.
func (w *world) cameBack(l check.Letter) string {
	w.t.Helper()
	letter, ok := letterOf(l.From)
	if !ok {
		w.t.Fatalf("the address %s has no letter's number", l.From)
	}
	publication, _, _ := strings.Cut(l.From, "-request+")
	var lines []struct {
		Delivery      int64
		Class, Reason string
		Counts        bool
	}
	said := w.typed("bounces", "show", "--json", "--digest", publication, l.To)
	if err := json.Unmarshal([]byte(said), &lines); err != nil {
		w.t.Fatalf("%v in %s", err, said)
	}
	for _, line := range lines {
		if line.Delivery == letter {
			return fmt.Sprint(line.Class, " ", line.Reason, " ", line.Counts)
		}
	}
	return ""
}
