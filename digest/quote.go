package digest

import (
	"strings"
	"unicode/utf8"

	"sigpost"
	"sigpost/internal/prose"
)

// quoteLimit is about how many characters a quote may have.
const quoteLimit = 240

// pick chooses what an entry quotes of a thread: of an opener that is new, its
// first sentences worth quoting; and of the latest reply that is new and says
// something, the first. told are the messages that this issue carries, in
// order; opener is nil where it is not among them.
func pick(opener *sigpost.Message, told []*sigpost.Message, unanswered bool) []quoted {
	var all []quoted
	first := ""
	if opener != nil {
		first = opening(opener)
		if first != "" {
			all = append(all, quoted{opener, first})
		}
		if q := question(opener); unanswered && q != "" && !asks(first) {
			all = append(all, quoted{opener, shorten(q, quoteLimit)})
		}
	}
	for i := len(told) - 1; i >= 0; i-- {
		if told[i] == opener {
			continue
		}
		if s := firstWorth(told[i], first); s != "" {
			return append(all, quoted{told[i], s})
		}
	}
	return all
}

// quoted is a passage of a message.
type quoted struct {
	message *sigpost.Message
	text    string
}

// opening is the first sentence of a message that is worth quoting, and the
// one behind it where both fit.
func opening(m *sigpost.Message) string {
	for _, p := range passages(m) {
		all := sentencesOf(p)
		for i, s := range all {
			if !prose.WorthQuoting(s) {
				continue
			}
			if i+1 < len(all) && prose.WorthQuoting(all[i+1]) {
				if both := s + " " + all[i+1]; utf8.RuneCountInString(both) <= quoteLimit {
					return both
				}
			}
			return shorten(s, quoteLimit)
		}
	}
	return ""
}

// firstWorth is the first sentence of a message that is worth quoting and not
// in what is quoted already: patches are sent again with the same words.
func firstWorth(m *sigpost.Message, already string) string {
	for _, p := range passages(m) {
		for _, s := range sentencesOf(p) {
			if s := shorten(s, quoteLimit); prose.WorthQuoting(s) && !strings.Contains(already, s) {
				return s
			}
		}
	}
	return ""
}

// question is the first sentence of a message that asks and is worth quoting.
func question(m *sigpost.Message) string {
	for _, p := range passages(m) {
		for _, s := range sentencesOf(p) {
			if prose.IsQuestion(s) && prose.WorthQuoting(s) {
				return s
			}
		}
	}
	return ""
}

// asks says whether one of a text's sentences is a question.
func asks(text string) bool {
	for _, s := range sentences(text) {
		if prose.IsQuestion(s) {
			return true
		}
	}
	return false
}

// sentencesOf are a passage's sentences without the greeting before them.
func sentencesOf(passage string) []string {
	return sentences(passage[prose.Salutation(passage):])
}

// passages are the paragraphs of what a message's author wrote, each folded to
// one line.
func passages(m *sigpost.Message) []string {
	var all []string
	for _, p := range prose.Passages(m) {
		all = append(all, clean(m.Text[p.Start:p.End]))
	}
	return all
}

// sentences cuts a passage into sentences. Joined by spaces they are the
// passage again; those that no space parts stay together.
func sentences(passage string) []string {
	var all []string
	end := -1 // where the last one ended
	for _, s := range prose.Sentences(passage) {
		if s.Start == end && len(all) > 0 {
			all[len(all)-1] += passage[s.Start:s.End]
		} else {
			all = append(all, passage[s.Start:s.End])
		}
		end = s.End
	}
	return all
}
