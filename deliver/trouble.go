package deliver

import (
	"errors"
	"fmt"
)

// Tripped says that the letters of an issue are refused, and not for their
// recipients' sake: more of the same would do harm.
type Tripped struct {
	Refused, Of int   // of the last letters
	Last        error // what the server said
}

// Error says what to do.
func (e *Tripped) Error() string {
	return fmt.Sprintf("%d of the last %d letters were refused for what we are or send, and not for their recipients: "+
		"see to it (\"sigpost doctor --only sender,smtp,door\"), then go on with \"sigpost digest resume\": %v", e.Refused, e.Of, e.Last)
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
	inARow := t.refused >= brokenLimit && (t.sent == 0 || len(t.domains) > 1 || t.refused >= oneDomain)
	switch {
	case content && inARow:
		return &Tripped{Refused: t.refused, Of: t.refused, Last: t.last}
	case refused >= 10 && 3*refused > of && (t.sent == 0 || len(t.domains) > 1 || refused >= oneDomain):
		return &Tripped{Refused: refused, Of: of, Last: t.last}
	case t.broken >= t.limit || inARow:
		return gotNowhere(max(t.broken, t.refused), t.last)
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
