package soak

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// list is what has been written so far.
type list struct {
	rand    *rand.Rand
	threads []*talk
	people  []string
	mails   int
}

// talk is a thread.
type talk struct {
	number  int
	topic   string
	subject string
	ids     []string
	last    time.Time
	dev     bool // on the other list
}

func newList(r *rand.Rand) *list {
	l := &list{rand: r}
	for _, first := range []string{"Ada", "Ben", "Chiyo", "Dora", "Emil", "Femi", "Grace", "Hugo", "Ines", "Jun", "Kofi", "Lena", "Mara", "Nils", "Olga"} {
		for _, last := range []string{"Moreau", "Okafor", "Tanaka"} {
			l.people = append(l.people, fmt.Sprintf("%s %s <%s.%s@people.example.com>", first, last, strings.ToLower(first), strings.ToLower(last)))
		}
	}
	return l
}

var (
	things    = []string{"port quota", "live migration", "volume attach", "image build", "gate job", "config option", "agent restart", "volume backup", "flavor lookup", "rolling upgrade", "health check", "metadata service"}
	troubles  = []string{"stalls under load", "fails after the upgrade", "is slow on many nodes", "wants a second look", "breaks with TLS", "loses its state", "is not documented", "times out at night"}
	sentences = []string{
		"We see it on about forty nodes since the upgrade of last week.",
		"The log says nothing but a timeout after sixty seconds.",
		"Has anybody seen this, or is it only us?",
		"A restart of the agent helps for a day or two.",
		"I wrote a change that raises the limit; please have a look at it.",
		"We agreed in the meeting to keep the old behaviour for one more cycle.",
		"It works here with the default settings and two controllers.",
		"The workaround is to set the option by hand on every host.",
		"I can test a fix on Thursday, if there is one by then.",
		"My guess is that the queue is full long before that.",
		"Would a spec help, or is a bug report enough for that?",
		"Thanks, that was it; the certificate had expired.",
	}
)

// mail writes the year's mail: nights, weekends and quiet weeks, and bursts.
func (w *writer) mail() {
	quiet := map[int]bool{}
	for range max(1, w.Days/60) {
		quiet[1+w.rand.IntN(max(1, w.Days/7))] = true
	}
	w.borders()
	for day := 0; day < w.Days; day++ {
		at := w.Begin.AddDate(0, 0, day)
		mean := w.PerDay
		switch wd := at.Weekday(); {
		case quiet[day/7]:
			mean = 0
		case wd == time.Saturday || wd == time.Sunday:
			mean /= 4
		case w.rand.IntN(25) == 0:
			mean *= 4
		}
		for n := w.poisson(mean); n > 0; n-- {
			hour := 7 + w.rand.IntN(12)
			if w.rand.IntN(8) == 0 {
				hour = w.rand.IntN(24)
			}
			w.write(at.Truncate(24 * time.Hour).Add(time.Duration(hour)*time.Hour + time.Duration(w.rand.IntN(3600))*time.Second))
		}
	}
}

func (w *writer) poisson(mean float64) (n int) {
	for sum := w.rand.ExpFloat64(); sum < mean; sum += w.rand.ExpFloat64() {
		n++
	}
	return n
}

// borders writes what is received in the last second of a week and in the first one of
// the next, by the clocks of the digests, also where clocks change meanwhile.
func (w *writer) borders() {
	for _, of := range []struct {
		zone string
		days []string
	}{
		{"America/Los_Angeles", []string{"2024-10-28", "2024-11-04", "2024-11-11", "2025-03-10", "2025-03-17"}},
		{"Europe/Berlin", []string{"2024-10-24", "2024-10-31", "2025-03-27", "2025-04-03"}},
	} {
		at, err := time.LoadLocation(of.zone)
		if err != nil {
			panic(err) // the tests bring their own
		}
		for _, d := range of.days {
			midnight, _ := time.ParseInLocation(time.DateOnly, d, at)
			if midnight.Before(w.Begin.AddDate(0, 0, 2)) || midnight.After(w.End.AddDate(0, 0, -2)) {
				continue
			}
			for _, off := range []time.Duration{-time.Second, 0} {
				w.deliver(w.compose(nil, midnight.Add(off), false), midnight.Add(off), midnight.Add(off), "INBOX")
			}
		}
	}
}

// write writes one message, in whatever way mail comes.
func (w *writer) write(sent time.Time) {
	t := w.pick(sent)
	switch luck := w.rand.IntN(100); {
	case luck < 8: // a robot
		w.deliver(w.compose(nil, sent, true), sent, sent, "INBOX")
	case luck < 11: // the server was behind, and the mail has its old date
		late := sent.Add(time.Duration(1+w.rand.IntN(20*24)) * time.Hour)
		w.deliver(w.compose(t, sent, false), sent, late, mailboxOf(t))
	case luck < 14: // a moderator let it wait
		late := sent.Add(time.Duration(1+w.rand.IntN(20*24)) * time.Hour)
		raw := strings.Replace(w.compose(t, sent, false), "Received: by lists.example.org; "+sent.Format(time.RFC1123Z), "Received: by lists.example.org; "+late.Format(time.RFC1123Z), 1)
		w.deliver(raw, late, late, mailboxOf(t))
	case luck < 16: // twice
		raw := w.compose(t, sent, false)
		w.deliver(raw, sent, sent, mailboxOf(t))
		w.deliver(raw, sent, sent.Add(time.Duration(w.rand.IntN(300))*time.Minute), mailboxOf(t))
	case luck < 18: // again, with what the list's server put below it
		raw := w.compose(t, sent, false)
		w.deliver(raw, sent, sent, mailboxOf(t))
		edited := raw + "_______________________________________________\r\nsig mailing list\r\nsig@lists.example.org\r\nhttps://lists.example.org/sig\r\n"
		w.deliver(edited, sent, sent.Add(time.Duration(w.rand.IntN(300))*time.Minute), mailboxOf(t))
	case luck < 21: // on both lists
		raw := w.compose(t, sent, false)
		w.deliver(raw, sent, sent, "INBOX")
		w.deliver(strings.Replace(raw, "sig.lists.example.org", "dev.lists.example.org", 1), sent, sent, "Dev")
	default:
		w.deliver(w.compose(t, sent, false), sent, sent, mailboxOf(t))
	}
}

func mailboxOf(t *talk) string {
	if t != nil && t.dev {
		return "Dev"
	}
	return "INBOX"
}

// pick is the thread that is answered; nil for a new one.
func (w *writer) pick(now time.Time) *talk {
	if len(w.list.threads) == 0 || w.rand.IntN(100) < 35 {
		return nil
	}
	from := max(0, len(w.list.threads)-12)
	if w.rand.IntN(30) == 0 {
		from = 0 // somebody remembers
	}
	t := w.list.threads[from+w.rand.IntN(len(w.list.threads)-from)]
	if !t.last.Before(now) {
		return nil
	}
	return t
}

// compose writes a message. t is nil for a new thread.
func (w *writer) compose(t *talk, at time.Time, robot bool) string {
	l := w.list
	l.mails++
	id := fmt.Sprintf("m%05d.%x@people.example.com", l.mails, w.Seed)
	header := &strings.Builder{}
	fmt.Fprintf(header, "Received: by lists.example.org; %s\r\n", at.Format(time.RFC1123Z))
	if t == nil {
		t = &talk{number: 1000 + l.mails, topic: Topics[w.rand.IntN(len(Topics))], dev: !robot && w.rand.IntN(5) == 0}
		t.subject = fmt.Sprintf("[%s] The %s %s, case %d", t.topic, things[w.rand.IntN(len(things))], troubles[w.rand.IntN(len(troubles))], t.number)
		if w.rand.IntN(6) == 0 {
			t.subject = strings.TrimPrefix(t.subject, "["+t.topic+"] ")
		}
		if !robot {
			l.threads = append(l.threads, t)
		}
	} else {
		fmt.Fprintf(header, "In-Reply-To: <%s>\r\nReferences: <%s>\r\n", t.ids[len(t.ids)-1], strings.Join(t.ids[max(0, len(t.ids)-5):], "> <"))
	}
	subject, from := t.subject, l.people[w.rand.IntN(len(l.people))]
	if len(t.ids) > 0 {
		subject = "Re: " + subject
	}
	if robot {
		from = "Gerrit <review@bots.example.com>"
		fmt.Fprintf(header, "Auto-Submitted: auto-generated\r\n")
	}
	t.ids, t.last = append(t.ids, id), at
	name := "sig"
	if t.dev {
		name = "dev"
	}
	fmt.Fprintf(header, "From: %s\r\nTo: %s@lists.example.org\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\nList-Id: <%s.lists.example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
		from, name, subject, at.Format(time.RFC1123Z), id, name)
	for range 2 + w.rand.IntN(5) {
		header.WriteString(sentences[w.rand.IntN(len(sentences))] + "\r\n")
	}
	fmt.Fprintf(header, "\r\nThis was number %d of what I wrote.\r\n", l.mails)
	return header.String()
}

// deliver puts a mail into a mailbox at a time, with the INTERNALDATE of another.
func (w *writer) deliver(raw string, internal, at time.Time, mailbox string) {
	noted := "X-Delivered: " + at.UTC().Format(time.RFC3339) + "\r\n"
	// Behind the Received fields, as a server at the end of the way would not do; but it
	// is no field of the message.
	first, rest, _ := strings.Cut(raw, "\r\n")
	w.add(Event{At: at, Kind: Deliver, Mails: []Mail{{mailbox, []byte(first + "\r\n" + noted + rest), internal}}})
}
