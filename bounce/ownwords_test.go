package bounce

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigpost/message"
)

// TestCorpusOwnWords measures how much hangs on words that the reports of one
// system alone have: before a report is judged, all such words are taken out of
// the rules. It is the worst that a system can do that nobody has seen.
func TestCorpusOwnWords(t *testing.T) {
	dir := corpus(t, "dsn-sisimai-dev")
	type failure struct {
		label
		question
	}
	var all []failure
	for _, l := range labels(t, dir) {
		raw, err := os.ReadFile(filepath.Join(dir, "eml", l.file))
		if err != nil {
			t.Fatal(err)
		}
		if found := findingsOf(raw); len(found) >= l.index && found[l.index-1].class == "" {
			all = append(all, failure{l, found[l.index-1].question()})
		}
	}
	kept := rules
	defer func() { rules = kept }()
	reason, hard, harmed := 0, 0, 0
	for _, c := range all {
		elsewhere := func(w string, reason Reason) bool {
			return slices.ContainsFunc(all, func(o failure) bool {
				return o.system != c.system && o.label.reason == reason && find(o.said+" "+o.wider, w) >= 0
			})
		}
		rules = slices.Clone(kept)
		for i, r := range rules {
			if r.words == nil {
				continue
			}
			rules[i].words = slices.DeleteFunc(slices.Clone(r.words), func(w string) bool {
				return find(c.said+" "+c.wider, w) >= 0 && !elsewhere(w, r.reason)
			})
		}
		got, _ := c.question.answer()
		class := classOf(got, c.question)
		if got == c.label.reason {
			reason++
		}
		if (class == Hard) == c.hard {
			hard++
		}
		if class == Hard && slices.Contains(content, c.label.reason) {
			harmed++
			t.Errorf("%s: a healthy address was marked hard", c.file)
		}
	}
	t.Logf("%d failures without their system's own words: hard or not %.1f %%, reason %.1f %%, healthy ones harmed %d", len(all),
		100*float64(hard)/float64(len(all)), 100*float64(reason)/float64(len(all)), harmed)
	if 100*hard < 85*len(all) || 100*reason < 60*len(all) {
		t.Error("the rules hang on single systems")
	}
}

// findingsOf gives what a mail says of its recipients, not judged yet.
func findingsOf(raw []byte) []finding {
	header, parts, err := message.Parts(raw)
	if err != nil {
		return nil
	}
	m := open(header, parts)
	for range maxInside {
		if found := m.findings(); len(found) > 0 {
			return found
		}
		if m = m.inside(); m == nil {
			return nil
		}
	}
	return nil
}
