// Package check proves, of a year in which sigpost has worked, what it promises:
// no message lost, no letter doubled or missing, no thread's news twice, every
// unsubscribe honoured, every window tiled. It reads what is in the mailboxes, what
// the sink got, what the archive gives to everybody, and what readers did; it
// imports nothing of sigpost, and works out anew what should have been.
//
// It understands lists of which each thread has the words "case NNNN" at the end of
// its subject, and whose server notes in X-Delivered when a mail came in.
package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Mail is a mail as a mailbox has it.
type Mail struct {
	Raw          []byte
	InternalDate time.Time
}

// Letter is what the sink got.
type Letter struct {
	At       time.Time // when it was begun: when the sink was told for whom it is
	From, To string    // of the envelope
	Data     []byte
}

// What readers do.
const (
	Join   = "join"
	Leave  = "leave"
	Pause  = "pause"
	Topics = "topics"
	// Blame is of a reader whose letters come back: from then on they may get none. How
	// is Hard where nobody is at the address.
	Blame = "blame"
	Hard  = "hard"
	// Lost is said of a reader by a restored archive, which does not know of what they
	// did since it was saved: what they get is not sure before they do something again.
	Lost = "lost"
)

// Act is what a reader did.
type Act struct {
	// At is when they did it, and By when the program must know of it: the same where
	// a page answered, a moment later where it answered while letters went out, and the
	// next reading of the mailbox where they wrote a mail.
	At, By      time.Time
	Who, Digest string
	Kind        string
	Until       time.Time // the end of a pause
	Topics      []string  // words in brackets; none for everything
	How         string    // through which door, for people
}

// Spared are letters that need not have arrived, since somebody who looks after the
// program knows of them: held ones, those refused for good, and those of issues that
// were given up after a restore.
type Spared struct {
	Digest   string
	From, To time.Time // of the issue
	Who      string    // "" for all
	Why      string
}

// Span is a stretch of time.
type Span struct{ From, To time.Time }

// Digest is one of a publication's.
type Digest struct {
	Name string
	Zone *time.Location
	// Days is how many days an issue covers if none is missed, at most.
	Days int
}

// Year is what there is to check.
type Year struct {
	Mails   []Mail
	Letters []Letter
	Digests []Digest
	Acts    []Act
	Spared  []Spared
	// Restores are from when an archive was saved to when it was put back.
	Restores []Span
	// Archive are the Message-IDs that the archive shows everybody, with how often.
	Archive map[string]int
	// Decided are the threads whose topics people decided on.
	Decided map[string]bool
	Begin   time.Time
	End     time.Time
}

// Result is what was found.
type Result struct {
	Complaints []string
	// What was looked at.
	Messages, Letters, Issues, Readers, Stories, Pairs int
	Spared                                             map[string]int // by why
}

type checker struct {
	Year
	result   Result
	messages map[string]*message
	threads  map[string][]*message // of people, by the words of the thread
	letters  []*letter
	issues   map[string][]*letter
}

// Check checks a year.
func Check(y Year) Result {
	c := &checker{Year: y, messages: map[string]*message{}, threads: map[string][]*message{}, issues: map[string][]*letter{}}
	c.result.Spared = map[string]int{}
	c.read()
	c.checkArchive()
	c.checkTiles()
	c.checkStories()
	c.checkTwice()
	c.checkReaders()
	slices.Sort(c.result.Complaints)
	return c.result
}

func (c *checker) complain(format string, args ...any) {
	c.result.Complaints = append(c.result.Complaints, fmt.Sprintf(format, args...))
}

func (c *checker) read() {
	for _, raw := range c.Mails {
		m, err := readMail(raw)
		if err != nil {
			c.complain("unreadable: %v", err)
			continue
		}
		if had := c.messages[m.id]; had == nil || m.delivered.Before(had.delivered) {
			c.messages[m.id] = &m
		}
	}
	for _, m := range c.messages {
		if !m.robot {
			c.threads[m.thread] = append(c.threads[m.thread], m)
		}
	}
	zones := map[string]*time.Location{}
	for _, d := range c.Digests {
		zones[d.Name] = d.Zone
	}
	for _, raw := range c.Letters {
		l, ok, err := readLetter(raw, zones)
		if err != nil {
			c.complain("a letter to %s of %s cannot be understood: %v", raw.To, raw.At.Format(time.RFC3339), err)
		} else if ok {
			c.letters = append(c.letters, &l)
			c.issues[l.issue()] = append(c.issues[l.issue()], &l)
		}
	}
	slices.SortStableFunc(c.letters, func(a, b *letter) int { return a.At.Compare(b.At) })
	for _, all := range c.issues {
		slices.SortStableFunc(all, func(a, b *letter) int { return a.At.Compare(b.At) })
	}
	c.result.Messages, c.result.Letters, c.result.Issues = len(c.messages), len(c.letters), len(c.issues)
}

// checkArchive: every message of the mailboxes is in the archive, once, and nothing
// else is.
func (c *checker) checkArchive() {
	for id, m := range c.messages {
		if n := c.Archive[id]; n != 1 {
			c.complain("lost: the message %s, delivered %s, is in the archive %d times", id, m.delivered.Format(time.RFC3339), n)
		}
	}
	for id := range c.Archive {
		if c.messages[id] == nil {
			c.complain("invented: the archive has a message %s that no mailbox has", id)
		}
	}
}

// windows are the issues of a digest, by their beginnings.
func (c *checker) windows(digest string) []*letter {
	var all []*letter
	for _, letters := range c.issues {
		if letters[0].digest == digest {
			all = append(all, letters[0])
		}
	}
	slices.SortFunc(all, func(a, b *letter) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	return all
}

// checkTiles: the issues of a digest follow each other, and what no issue covers has
// no mail of people in it.
func (c *checker) checkTiles() {
	for _, d := range c.Digests {
		end := c.Begin
		all := c.windows(d.Name)
		if len(all) == 0 {
			// All letters of the only one may be held.
			if !slices.ContainsFunc(c.Spared, func(s Spared) bool { return s.Digest == d.Name }) {
				c.complain("missing: %s has no issue", d.Name)
			}
			continue
		}
		for i, l := range all {
			if i == 0 {
				end = l.from
			}
			if l.from.Before(end) {
				c.complain("overlap: %s begins before the issue in front of it ends, %s", l.issue(), end.Format(time.RFC3339))
			} else if end.Before(l.from) {
				c.checkGap(d, end, l.from)
			}
			end = l.to
		}
		if until := c.End.AddDate(0, 0, -d.Days-5); end.Before(until) {
			c.checkGap(d, end, until)
		}
	}
}

func (c *checker) checkGap(d Digest, from, to time.Time) {
	if slices.ContainsFunc(c.Spared, func(s Spared) bool { return s.Digest == d.Name && s.From.Before(to) && from.Before(s.To) }) {
		return
	}
	for _, m := range c.messages {
		if !m.robot && !m.received.Before(from) && m.received.Before(to) && m.delivered.Before(to) {
			c.complain("gap: no issue of %s covers %s to %s, in which %s was received", d.Name, from.Format(time.RFC3339), to.Format(time.RFC3339), m.id)
			return
		}
	}
}

// due are the messages of a thread that a letter has to tell of, and may tell of:
// those of its window, and those that came late for the window before it.
func (c *checker) due(l *letter, before, lastSent time.Time, messages []*message) (must, may int) {
	for _, m := range messages {
		in := !m.received.Before(l.from) && m.received.Before(l.to)
		late := !m.received.Before(before) && m.received.Before(l.from)
		switch {
		case in && m.delivered.Before(l.to):
			must++
			may++
		case (in || late && m.delivered.After(l.from)) && m.delivered.Before(l.At):
			may++
		}
	}
	return must, may
}

// checkStories: each letter tells of as many messages of each thread as were received
// in its window, and of no others.
func (c *checker) checkStories() {
	for _, d := range c.Digests {
		all := c.windows(d.Name)
		for i, w := range all {
			before := w.from.AddDate(0, 0, -d.Days)
			if i > 0 && all[i-1].to.Equal(w.from) {
				before = all[i-1].from
			}
			for _, l := range c.issues[w.issue()] {
				c.checkLetter(l, before)
			}
		}
	}
}

func (c *checker) checkLetter(l *letter, before time.Time) {
	topics, sure := c.topicsOf(l.To, l.digest, l.At)
	everything := sure && len(topics) == 0
	absent := []string{}
	for thread, messages := range c.threads {
		must, may := c.due(l, before, l.At, messages)
		told, is := l.stories[thread]
		switch {
		case is && (told < must || told > may):
			c.complain("wrong: %s to %s tells of %d messages of %s; %d to %d are its news", l.issue(), l.To, told, thread, must, may)
		case !is && l.also[thread] && may == 0:
			c.complain("wrong: %s to %s mentions %s, which has no news", l.issue(), l.To, thread)
		case !is && !l.also[thread] && must > 0 && everything:
			absent = append(absent, thread)
		}
	}
	c.result.Stories += len(l.stories)
	if len(absent) > l.more {
		c.complain("lost: %s to %s says nothing of %s", l.issue(), l.To, strings.Join(absent, ", "))
	}
	for thread := range l.stories {
		if c.threads[thread] == nil {
			c.complain("invented: %s to %s tells of %q, of which no mailbox has a message", l.issue(), l.To, thread)
		}
	}
}

// checkTwice: over all letters of a digest that a reader got, no more messages of a
// thread are told than there are, and their windows do not overlap.
func (c *checker) checkTwice() {
	type pair struct{ who, digest string }
	got := map[pair][]*letter{}
	for _, l := range c.letters {
		p := pair{l.To, l.digest}
		got[p] = append(got[p], l)
	}
	c.result.Pairs = len(got)
	for p, letters := range got {
		told := map[string]int{}
		for _, l := range letters {
			for thread, n := range l.stories {
				told[thread] += n
			}
		}
		for thread, n := range told {
			if n > len(c.threads[thread]) {
				c.complain("twice: the letters of %s to %s tell of %d messages of %s, which has %d", p.digest, p.who, n, thread, len(c.threads[thread]))
			}
		}
		slices.SortFunc(letters, func(a, b *letter) int { return cmp.Or(a.from.Compare(b.from), a.At.Compare(b.At)) })
		for i, l := range letters[1:] {
			if l.from.Before(letters[i].to) {
				c.complain("doubled: %s got %s and %s", p.who, letters[i].issue(), l.issue())
			}
		}
	}
}

// readers are all who did something, in order.
func (c *checker) readers() []string {
	all := map[string]bool{}
	for _, a := range c.Acts {
		all[a.Who] = true
	}
	return slices.Sorted(maps.Keys(all))
}
