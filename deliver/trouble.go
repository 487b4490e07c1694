package deliver

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Tripped says that the letters of an issue are refused, and not for their
// recipients' sake: more of the same would do harm.
type Tripped struct {
	Refused, Of int   // of the last letters
	Last        error // what the server said
}

// TrippedWords stand in what every Tripped says.
const TrippedWords = "were refused for what we are or send, and not for their recipients"

// Error says what to do.
func (e *Tripped) Error() string {
	return fmt.Sprintf("%d of the last %d letters %s: "+
		"see to it (\"sigpost doctor --only sender,smtp,door\"), then go on with \"sigpost digest resume\": %v", e.Refused, e.Of, TrippedWords, e.Last)
}

// Unwrap gives the last refusal.
func (e *Tripped) Unwrap() error { return e.Last }

// trouble counts what went wrong without a recipient's fault.
type trouble struct {
	limit   int // of broken
	broken  int // letters in a row that got nowhere
	refused int // letters in a row that were refused for what we are or send
	domains map[string]bool
	recent  [100]bool // of the last letters, which were
	seen    int
	sent    int
	last    error
	reached error // the first verdict
	// others is what other senders of the issue met.
	others []Trouble
}

// Trouble is what a sender tells the others of what it met, which is no recipient's
// fault.
type Trouble struct {
	// Broken are letters in a row that got nowhere, and Refused those that were
	// refused for what we are or send, at Domains.
	Broken  int      `json:"broken"`
	Refused int      `json:"refused"`
	Domains []string `json:"domains,omitempty"`
	// Recent of the last Of letters were refused so. Sent counts all that were taken,
	// up to 1.
	Recent int `json:"recent"`
	Of     int `json:"of"`
	Sent   int `json:"sent"`
}

func (t Trouble) none() bool { return t.Broken+t.Refused+t.Recent == 0 }

// equal says whether the others know of it: how many letters were taken since is not
// worth telling.
func (t Trouble) equal(told Trouble) bool {
	return t.Broken == told.Broken && t.Refused == told.Refused && t.Recent == told.Recent && t.Sent == told.Sent
}

// report is what the others are told; nothing where there is none.
func (t *trouble) report() Trouble {
	r := Trouble{Broken: t.broken, Refused: t.refused, Of: min(t.seen, len(t.recent)), Sent: min(t.sent, 1)}
	for _, refused := range t.recent {
		r.Recent += number(refused)
	}
	if r.none() {
		return Trouble{}
	}
	if t.refused > 0 {
		r.Domains = slices.Sorted(maps.Keys(t.domains))
		r.Domains = r.Domains[:min(len(r.Domains), 2)] // more than one is all that counts
	}
	return r
}

// look looks for a verdict, with what the others met.
func (t *trouble) look() {
	if t.reached == nil && t.last != nil && !t.report().none() {
		t.reached = t.verdict()
	}
}

func (t *trouble) note(err error, domain string) {
	var failed *SendError
	refused := errors.As(err, &failed) && (failed.policy() || failed.content())
	t.recent[t.seen%len(t.recent)] = refused
	t.seen++
	if err == nil {
		t.sent++
	}
	switch {
	case refused:
		if t.refused++; t.refused == 1 {
			t.domains = map[string]bool{}
		}
		t.domains[domain], t.last = true, err
	case aboutRecipient(err):
		t.broken, t.refused = 0, 0
	default:
		t.broken, t.last = t.broken+1, err
	}
	if t.reached == nil {
		t.reached = t.verdict()
	}
}

// oneDomain is how many letters in a row one domain may refuse to have from us,
// where others took them.
const oneDomain = 25

// verdict is nil while there is not too much of it. What the letters say trips the
// fuse, in a row or by a third of at least ten; a server that wants nothing from us
// only ends the run.
func (t *trouble) verdict() error {
	var failed *SendError
	content := errors.As(t.last, &failed) && failed.content()
	refused, of := 0, min(t.seen, len(t.recent))
	for _, r := range t.recent {
		refused += number(r)
	}
	row, broken, sent, domains := t.refused, t.broken, t.sent, len(t.domains)
	if len(t.others) > 0 {
		all := maps.Clone(t.domains)
		if all == nil {
			all = map[string]bool{}
		}
		for _, o := range t.others {
			refused, of, sent = refused+o.Recent, of+o.Of, sent+o.Sent
			row, broken = row+o.Refused*min(t.refused, 1), broken+o.Broken*min(t.broken, 1)
			for _, d := range o.Domains {
				all[d] = true
			}
		}
		domains = len(all)
	}
	inARow := row >= brokenLimit && (sent == 0 || domains > 1 || row >= oneDomain)
	switch {
	case content && inARow:
		return &Tripped{Refused: row, Of: row, Last: t.last}
	case refused >= 10 && 3*refused > of && (sent == 0 || domains > 1 || refused >= oneDomain):
		return &Tripped{Refused: refused, Of: of, Last: t.last}
	case broken >= t.limit || inARow:
		return gotNowhere(max(broken, row), t.last)
	}
	return nil
}

// gotNowhere is so many letters in a row without a word about a recipient that it
// is the server's fault.
func gotNowhere(n int, last error) error {
	return fmt.Errorf("%d letters in a row got nowhere, so the mail server or the way to it is at fault: see to it, then run again: %w", n, last)
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
