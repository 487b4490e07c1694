package soak_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost/soak/check"
)

// mutate checks the checker: a year in which one thing is wrong, which is not wrong in
// the year that was played, must be complained about.
func mutate(t *testing.T, y check.Year) {
	zones := map[string]*time.Location{}
	for _, d := range y.Digests {
		zones[d.Name] = d.Zone
	}
	// A letter in the middle of the year to somebody who stays all the time, which names
	// all of its threads: of one that only counts some, the checker does not know which.
	victim := -1
	steady := steadyReaders(y)
	for i := len(y.Letters) / 2; i < len(y.Letters) && victim < 0; i++ {
		if digest, span, ok := check.IssueOf(y.Letters[i], zones); ok && steady[y.Letters[i].To+" "+digest] && !spared(y, digest, span) && !andMore.MatchString(must(check.Text(y.Letters[i]))) {
			victim = i
		}
	}
	if victim < 0 {
		t.Error("no letter is fit to be tampered with")
		return
	}
	l := y.Letters[victim]
	digest, span, _ := check.IssueOf(l, zones)
	with := func(letters ...check.Letter) check.Year {
		m := y
		m.Letters = append(slices.Delete(slices.Clone(y.Letters), victim, victim+1), letters...)
		return m
	}
	expect := func(what string, m check.Year, word string) {
		t.Helper()
		r := check.Check(m)
		if !slices.ContainsFunc(r.Complaints, func(c string) bool { return strings.HasPrefix(c, word+":") }) {
			t.Errorf("the checker does not notice that %s; it says %q", what, r.Complaints)
		}
	}
	expect("a letter is dropped", with(), "missing")
	later := l
	later.At = l.At.Add(time.Hour)
	expect("a letter is doubled", with(l, later), "doubled")
	left := y
	left.Acts = append(slices.Clone(y.Acts), check.Act{At: l.At.Add(-time.Minute), By: l.At.Add(-time.Minute), Who: l.To, Digest: digest, Kind: check.Leave, How: "one-click"})
	expect("a letter is sent to who has left", left, "unsubscribed")
	if i := slices.IndexFunc(y.Acts, func(a check.Act) bool { return a.How == amid && a.Digest == digest }); i >= 0 {
		a, late := y.Acts[i], l
		late.To, late.At = a.Who, a.By.Add(time.Millisecond)
		m := y
		m.Letters = append(slices.Clone(y.Letters), late)
		expect("a letter is begun to who left a second before", m, "unsubscribed")
	}
	back := y
	back.Restores = nil
	for days := range 2 {
		at := l.At.AddDate(0, 0, -5+3*days)
		back.Acts = append(slices.Clone(back.Acts), check.Act{At: at, By: at, Who: l.To, Digest: digest, Kind: check.Blame, How: check.Hard})
	}
	expect("a letter is sent to where nobody is", back, "suspended")
	strange := l
	strange.To = "nobody@example.org"
	expect("a letter goes to a stranger", with(l, strange), "strange")

	// The dates of all letters of the issue, a day later.
	shifted := y
	shifted.Letters = slices.Clone(y.Letters)
	for i, other := range shifted.Letters {
		if d, s, ok := check.IssueOf(other, zones); ok && d == digest && s == span {
			shifted.Letters[i] = rewritten(t, other, func(text string) string {
				_, rest, _ := strings.Cut(text, "\n\n")
				day := func(at time.Time) string { return at.AddDate(0, 0, 1).Format("2 January 2006") }
				return "T · No. 1 · " + day(span.From) + " to " + day(span.To.AddDate(0, 0, -1)) + "\n\n" + rest
			})
		}
	}
	r := check.Check(shifted)
	if !slices.ContainsFunc(r.Complaints, func(c string) bool {
		return strings.HasPrefix(c, "overlap:") || strings.HasPrefix(c, "gap:") || strings.HasPrefix(c, "wrong:") || strings.HasPrefix(c, "lost:")
	}) {
		t.Errorf("the checker does not notice that a window is shifted: %q", r.Complaints)
	}

	story := storyWords.FindString(must(check.Text(l)))
	mutateStories(t, l, with)
	expect("a thread is told of twice as much", with(rewritten(t, l, func(text string) string {
		return strings.Replace(text, story, story+"  New · 90 messages\n\n"+story, 1)
	})), "wrong")
	lostOne := y
	lostOne.Archive = map[string]int{}
	for id, n := range y.Archive {
		lostOne.Archive[id] = n
	}
	for id := range lostOne.Archive {
		delete(lostOne.Archive, id)
		break
	}
	expect("the archive has lost a message", lostOne, "lost")
	expect("a letter tells of what nobody wrote", with(rewritten(t, l, func(text string) string { return strings.Replace(text, story, "case 7 [1]", 1) })), "invented")
	m := y
	m.Mails = slices.DeleteFunc(slices.Clone(y.Mails), func(m check.Mail) bool { return bytes.Contains(m.Raw, []byte("\nMessage-ID: <m00050.")) }) // all copies
	if len(m.Mails) < len(y.Mails) {
		expect("a mail is gone from the mailbox", m, "invented")
	}
}

// mutateStories leaves each story out of a letter in turn. A thread of which all news came
// late may be told of in the next issue, so that not each has to be missed.
func mutateStories(t *testing.T, l check.Letter, with func(...check.Letter) check.Year) {
	t.Helper()
	stories := storyWords.FindAllString(must(check.Text(l)), -1)
	slices.Sort(stories)
	stories = slices.Compact(stories)
	missed := 0
	for _, story := range stories {
		r := check.Check(with(rewritten(t, l, func(text string) string { return strings.Replace(text, story, "[1]", 1) })))
		if slices.ContainsFunc(r.Complaints, func(c string) bool { return strings.HasPrefix(c, "lost:") }) {
			missed++
		}
	}
	if missed*2 <= len(stories) {
		t.Errorf("of %d threads that a letter tells of the checker misses %d when it does not", len(stories), missed)
	}
}

var andMore = regexp.MustCompile(`And\s+\d+\s+more\s+threads?`)

var storyWords = regexp.MustCompile(`case\s+\d+\s+\[\d+\]`)

func must(text string, err error) string {
	if err != nil {
		panic(err)
	}
	return text
}

// rewritten is a letter with another text.
func rewritten(t *testing.T, l check.Letter, change func(text string) string) check.Letter {
	t.Helper()
	text, err := check.Text(l)
	if err != nil {
		t.Fatal(err)
	}
	h := headerOf(l)
	l.Data = []byte("Message-ID: " + h.Get("Message-ID") + "\r\nList-Unsubscribe: " + h.Get("List-Unsubscribe") +
		"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + change(text))
	return l
}

// steadyReaders are those, with a digest, who joined once, follow everything, and did
// nothing more.
func steadyReaders(y check.Year) map[string]bool {
	acts := map[string]int{}
	joined := map[string]bool{}
	for _, a := range y.Acts {
		acts[a.Who+" "+a.Digest]++
		joined[a.Who+" "+a.Digest] = a.Kind == check.Join && len(a.Topics) == 0
	}
	for k, n := range acts {
		joined[k] = joined[k] && n == 1
	}
	return joined
}

func spared(y check.Year, digest string, span check.Span) bool {
	return slices.ContainsFunc(y.Spared, func(s check.Spared) bool {
		return s.Digest == digest && s.From.Before(span.To) && span.From.Before(s.To)
	})
}
