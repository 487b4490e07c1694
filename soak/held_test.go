package soak_test

import (
	"strconv"
	"strings"
	"time"

	"sigpost/soak/check"
)

// connections is what the configuration says of the server of letters.
const connections = 2

// stall is for how long a turn of the ledger may last on a machine that does much else.
const stall = 5 * time.Second

// inHand notes what a process had in hand that is gone, or could write no more: of such
// letters alone nobody may know whether they arrived. It is twice as many as there are
// connections, and two for each that the gate saw begin just before (docs/sending.md).
func (w *world) inHand() {
	w.t.Helper()
	begun := 0
	for t := range w.smtp.since(time.Now().Add(-stall)) {
		if strings.Contains(t.from, "+") {
			begun++
		}
	}
	all := w.must(command{Op: "taken"}).Spared
	if most := 2*connections + 2*begun; len(all) > most {
		w.t.Errorf("%s: %d letters were in hand when the process ended, and %d were begun in the seconds before; that should be %d at most",
			w.now.Format(time.RFC3339), len(all), begun, most)
	}
	w.mostInHand = max(w.mostInHand, len(all))
	for _, s := range all {
		w.taken[s.Letter] = true
	}
}

// letterOf is the number of the letter that comes back to an address.
func letterOf(from string) (number int64, ok bool) {
	local, _, _ := strings.Cut(from, "@")
	_, token, _ := strings.Cut(local, "+b")
	token, _, _ = strings.Cut(token, "-")
	number, err := strconv.ParseInt(token, 36, 64)
	return number, err == nil
}

// lostReplies are the letters at whose end a connection was lost.
func (w *world) lostReplies() map[int64]bool {
	w.smtp.mu.Lock()
	defer w.smtp.mu.Unlock()
	all := map[int64]bool{}
	for t := range w.smtp.lost {
		if number, ok := letterOf(t.from); ok {
			all[number] = true
		}
	}
	return all
}

// sparedLetters are those that need not have arrived. What is held is one of them only
// if a process had it in hand that was killed, or could not write, or its connection was
// lost.
func (w *world) sparedLetters() (all []check.Spared) {
	lost := w.lostReplies()
	for s := range w.spared {
		if s.Why != held || w.taken[s.Letter] || lost[s.Letter] {
			all = append(all, check.Spared{Digest: s.Digest, From: s.From, To: s.To, Who: s.Who, Why: s.Why})
		}
	}
	return all
}

// held is why most letters are on the operator's list.
const held = "unknown"

// reportHeld says how many letters are held, and why.
func (w *world) reportHeld(r check.Result) {
	w.t.Helper()
	lost := w.lostReplies()
	all, taken, cut := 0, 0, 0
	for s := range w.spared {
		switch {
		case s.Why != held:
			continue
		case w.taken[s.Letter]:
			taken++
		case lost[s.Letter]:
			cut++
		default:
			w.t.Errorf("held, and nobody had it in hand: %+v", s)
		}
		all++
	}
	w.t.Logf("held: %d of %d letters, of which %d have not arrived. Processes that ended had %d in hand, %d at once at most, and %d of them are held; of %d a connection was lost, and %d are held",
		all, r.Letters+r.Spared[held], r.Spared[held], len(w.taken), w.mostInHand, taken, len(lost), cut)
}
