package check

import (
	"slices"
	"strings"
	"time"
)

// standing is what a reader should get of a digest at some moment.
type standing int

const (
	never  standing = iota // no letter
	unsure                 // perhaps one
	always                 // one of each issue that is worth it
)

// acts are those of a reader on a digest up to a moment.
func (c *checker) acts(who, digest string, until time.Time) []Act {
	var all []Act
	for _, a := range c.Acts {
		if a.Who == who && a.Digest == digest && !a.At.After(until) {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b Act) int { return a.At.Compare(b.At) })
	return all
}

// standingOf works out what a reader should get at a moment. why is the act that
// decided it.
func (c *checker) standingOf(who, digest string, at time.Time) (s standing, why Act) {
	paused, blamed := Act{}, false
	for _, a := range c.acts(who, digest, at) {
		known := !a.By.After(at)
		switch a.Kind {
		case Join:
			s, why, paused, blamed = always, a, Act{}, false
			if !known {
				s = unsure
			}
		case Leave:
			if s == never {
				continue
			}
			why = a
			if s = never; !known {
				s = unsure
			}
		case Pause:
			paused = a
			s, why = found(s, why, a)
		case Topics:
			s, why = found(s, why, a)
		case Blame:
			blamed = true
		case Lost:
			s, why, paused = unsure, a, Act{}
		}
	}
	switch {
	case s == never:
	case paused.Until.After(at) && !paused.By.After(at):
		return never, paused
	case paused.Until.After(at):
		return unsure, paused
	case blamed:
		return unsure, why
	}
	return s, why
}

// found is how a reader stands who has changed something: they are known.
func found(s standing, why, a Act) (standing, Act) {
	if why.Kind == Lost {
		return always, a
	}
	return s, why
}

// topicsOf are the topics of a reader at a moment; none means everything. sure is false
// where a restored archive may not know them.
func (c *checker) topicsOf(who, digest string, at time.Time) (topics []string, sure bool) {
	sure = true
	for _, a := range c.acts(who, digest, at) {
		switch a.Kind {
		case Topics, Join, Pause: // a change says all that is wished
			topics, sure = a.Topics, true
		case Lost:
			sure = false
		}
	}
	return topics, sure
}

// changing says whether a reader did something in a stretch of time.
func (c *checker) changing(who, digest string, from, to time.Time) bool {
	return slices.ContainsFunc(c.Acts, func(a Act) bool {
		return a.Who == who && a.Digest == digest && !a.At.After(to) && !maxTime(a.By, a.Until).Before(from)
	})
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// checkReaders: whoever should get an issue got it once, and nobody else did.
func (c *checker) checkReaders() {
	readers := c.readers()
	c.result.Readers = len(readers)
	for _, all := range c.issues {
		count := map[string]int{}
		for _, l := range all {
			count[l.To]++
			c.checkSent(l)
			c.checkSuspended(l)
		}
		for who, n := range count {
			if n > 1 {
				c.complain("doubled: %s got %s %d times", who, all[0].issue(), n)
			}
			if !slices.Contains(readers, who) {
				c.complain("strange: %s got %s, and never asked", who, all[0].issue())
			}
		}
		for _, who := range readers {
			if count[who] == 0 {
				c.checkMissing(all, who)
			}
		}
	}
}

// checkSent: nobody is sent a letter after they left.
func (c *checker) checkSent(l *letter) {
	s, why := c.standingOf(l.To, l.digest, l.At)
	switch {
	case s == never && why.Kind == Leave:
		c.complain("unsubscribed: %s was sent %s at %s, and had left by %s at %s", l.To, l.issue(), l.At.Format(time.RFC3339), why.How, why.At.Format(time.RFC3339))
	case s == never && why.Kind == Pause:
		c.complain("paused: %s was sent %s at %s, and pauses until %s", l.To, l.issue(), l.At.Format(time.RFC3339), why.Until.Format(time.RFC3339))
	case s == never:
		c.complain("strange: %s was sent %s at %s, and had not asked for it", l.To, l.issue(), l.At.Format(time.RFC3339))
	}
}

// checkSuspended: after two letters in a row that came back from where nobody is, more
// than a day apart, none is sent for two weeks (docs/bounces.md). An archive that was put
// back does not know of the letters that the reports are about.
func (c *checker) checkSuspended(l *letter) {
	var hard []Act
	for _, a := range c.acts(l.To, l.digest, l.At) {
		switch {
		case a.Kind == Join:
			hard = nil
		case a.Kind == Blame && a.How == Hard && a.By.Before(l.At):
			hard = append(hard, a)
		}
	}
	if len(hard) < 2 {
		return
	}
	first, last := hard[len(hard)-2], hard[len(hard)-1]
	apart, since := last.At.Sub(first.At), l.At.Sub(last.By)
	if apart < 25*time.Hour || apart > 50*24*time.Hour || since > 13*24*time.Hour {
		return
	}
	for _, r := range c.Restores {
		if r.From.Before(l.At) && first.At.AddDate(0, 0, -2).Before(r.To) {
			return
		}
	}
	c.complain("suspended: %s was sent %s at %s, after two letters had come back by %s", l.To, l.issue(), l.At.Format(time.RFC3339), last.By.Format(time.RFC3339))
}

// checkMissing looks why a reader has no letter of an issue.
func (c *checker) checkMissing(all []*letter, who string) {
	first, last := all[0], all[len(all)-1]
	s, _ := c.standingOf(who, first.digest, first.At)
	// Whoever changes anything between the end of the window and the last letter may
	// be in it or not.
	if s != always || c.changing(who, first.digest, first.to, last.At.Add(10*time.Second)) || !c.worth(first, who) {
		return
	}
	for _, spared := range c.Spared {
		if spared.Digest == first.digest && (spared.Who == "" || spared.Who == who) && spared.From.Before(first.to) && first.from.Before(spared.To) {
			c.result.Spared[spared.Why]++
			return
		}
	}
	c.complain("missing: %s did not get %s", who, first.issue())
}

// worth says whether an issue tells of something on a reader's topics: of a thread
// with such a word in brackets, with news from the window itself.
func (c *checker) worth(l *letter, who string) bool {
	topics, _ := c.topicsOf(who, l.digest, l.At) // of one who is not sure nothing is missing
	if len(topics) == 0 {
		return len(l.stories) > 0
	}
	for thread, messages := range c.threads {
		if c.Decided[thread] {
			continue
		}
		must, _ := c.due(l, l.from, l.At, messages)
		if must > 0 && slices.ContainsFunc(messages, func(m *message) bool { return slices.Contains(topics, strings.ToLower(m.topic)) }) {
			return true
		}
	}
	return false
}
