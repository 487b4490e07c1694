package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxReasons is how many reasons a sentence is given with.
const maxReasons = 3

// reason says in words what speaks most for a sentence, compared with the
// others of its thread; first of all that it tells the outcome, where it was
// chosen for that.
func (c *conversation) reason(s *candidate, w *Weights, outcome bool) string {
	type speaks struct {
		how  float64
		says string
	}
	var all []speaks
	for k, f := range features {
		says := f.reason
		if s.values[k] == 0 || says == "" {
			continue
		}
		if how := w.Features[f.name] * (s.values[k] - c.mean[k]); how > 0 {
			all = append(all, speaks{how, c.inFull(f.name, says, s)})
		}
	}
	slices.SortStableFunc(all, func(x, y speaks) int { return cmp.Compare(y.how, x.how) })
	var said []string
	for _, f := range features {
		switch {
		case !outcome:
		case f.name == "decision" && s.shows.has(decision), f.name == "question" && c.isOpen(s):
			said = append(said, c.inFull(f.name, f.reason, s))
		}
	}
	for _, r := range all {
		if len(said) < maxReasons && !slices.Contains(said, r.says) {
			said = append(said, r.says)
		}
	}
	if len(said) == 0 {
		return "the likeliest of what was said"
	}
	return strings.Join(said, "; ")
}

// inFull says a reason with what is known of this sentence.
func (c *conversation) inFull(feature, says string, s *candidate) string {
	switch feature {
	case "question":
		switch {
		case s.message == c.first:
			return "asks the thread's question"
		case c.isOpen(s):
			return "asks what nobody has answered"
		}
	case "quoted", "quoted_alone":
		return "quoted by " + count(s.quotedBy, "later message")
	case "answered":
		return "answered right below by " + count(s.answeredBy, "message")
	case "answers":
		return "its message is answered by " + count(c.answers[s.message], "message")
	case "below_quote":
		if p := c.parent[s.message]; p >= 0 && c.messages[p].Author.Label() != "" {
			return "answers " + c.messages[p].Author.Label()
		}
	}
	return says
}

func count(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
