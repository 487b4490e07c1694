// Package soak is an accelerated year of a list: what is written, who reads, what
// goes wrong. A Script is made of a seed and of nothing else, so that the same seed is
// the same year; tests play it to the whole program, and package check looks at what
// came of it.
package soak

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// Options say what kind of year it is.
type Options struct {
	Seed uint64
	Days int // 365 for a year
	// PerDay is about how many messages come on a working day.
	PerDay float64
	// Crashes, Restores, Fulls and Renumberings are how often a process is killed, the
	// archive is put back, the disk is full, and UIDVALIDITY changes.
	Crashes, Restores, Fulls, Renumberings int
	// Departures are how often readers leave in the middle of a sending.
	Departures int
	// Serves are the stretches of time in which "sigpost serve" does what cron does
	// elsewhere, and Kills how often that is killed in each.
	Serves, Kills int
	// Refusals is whether the server of letters can be told to refuse some.
	Refusals bool
}

// Kind says what happens.
type Kind string

// What happens.
const (
	Deliver  Kind = "deliver"  // Mails come into mailboxes
	Reader   Kind = "reader"   // a reader does something
	Run      Kind = "run"      // cron calls
	Crash    Kind = "crash"    // cron calls, and the process is killed
	Full     Kind = "full"     // cron calls, and the disk is full
	Depart   Kind = "depart"   // cron calls, and readers leave while letters go out
	Return   Kind = "return"   // and ask again some days later
	Serve    Kind = "serve"    // "sigpost serve" begins to do what cron did, or ends
	Kill     Kind = "kill"     // it is killed, soon
	Backup   Kind = "backup"   // the archive is saved
	Restore  Kind = "restore"  // and put back
	Renumber Kind = "renumber" // a mailbox gets another UIDVALIDITY
	IMAP     Kind = "imap"     // the server of mail is down, or up again
	SMTP     Kind = "smtp"     // the server of letters is
	Refuse   Kind = "refuse"   // it refuses some letters for now, or hangs up behind one
	Meeting  Kind = "meeting"  // the calendar says something else
	Review   Kind = "review"   // a reviewer decides on a topic
	Edit     Kind = "edit"     // an editor looks at drafts
	Measure  Kind = "measure"  // memory and goroutines are looked at
)

// Event is one thing that happens.
type Event struct {
	At    time.Time
	Kind  Kind
	Mails []Mail
	// Who does What (Reader), with a topic.
	Who, What, Topic string
	// Down is of a server, and of Serve where it ends; Where and Number are of a fault: how far it lets things go.
	Down   bool
	Where  string
	Number int
	Text   string
}

// Mail is one that comes into a mailbox.
type Mail struct {
	Mailbox string
	Raw     []byte
	// Internal is its INTERNALDATE.
	Internal time.Time
}

// Person is a reader.
type Person struct {
	Address string
	// Door is where they do things by themselves: "page" or "mail".
	Door    string
	Digest  string // the one that they ask for
	Zone    string
	Topic   string // in brackets in subjects; "" for everything
	Text    bool
	Habit   string // what their server does with letters: "", "gone", "full", "away", "angry"
	Restive bool   // comes and goes
}

// Script is a year.
type Script struct {
	Options
	Begin, End time.Time
	People     []Person
	Events     []Event
}

// Begin is when years begin: both changes of clocks of both sides of the Atlantic, and
// a 29 February that is not there, are in them.
var Begin = time.Date(2024, 9, 2, 5, 0, 0, 0, time.UTC)

// Topics are words in brackets that surely name a project.
var Topics = []string{"nova", "neutron", "cinder", "kolla", "magnum", "ironic", "heat", "octavia"}

type writer struct {
	*Script
	rand *rand.Rand
	list *list
}

// New writes the script of a seed.
func New(o Options) *Script {
	s := &Script{Options: o, Begin: Begin, End: Begin.AddDate(0, 0, o.Days)}
	w := &writer{s, rand.New(rand.NewPCG(o.Seed, 8)), nil}
	w.list = newList(w.rand)
	w.people()
	w.mail()
	w.cron()
	w.outages()
	w.readers()
	w.house()
	w.serving()
	slices.SortStableFunc(s.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	w.faults()
	slices.SortStableFunc(s.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	return s
}

// Sum is a short name for all of it: the same for the same seed.
func (s *Script) Sum() string {
	h := fnv.New64a()
	for _, e := range s.Events {
		fmt.Fprintf(h, "%d %s %s %s %s %v %s %d %s\n", e.At.UnixMicro(), e.Kind, e.Who, e.What, e.Topic, e.Down, e.Where, e.Number, e.Text)
		for _, m := range e.Mails {
			fmt.Fprintf(h, "%s %d %s\n", m.Mailbox, m.Internal.Unix(), m.Raw)
		}
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func (w *writer) add(e Event) {
	if e.At.Before(w.End) {
		w.Events = append(w.Events, e)
	}
}

// some is a moment in a stretch of the year, as parts of it.
func (w *writer) some(from, to float64) time.Time {
	whole := w.End.Sub(w.Begin).Seconds()
	return w.Begin.Add(time.Duration(whole*(from+w.rand.Float64()*(to-from))) * time.Second)
}

// cron calls every six hours, and somewhat more often on mornings on which issues are due.
func (w *writer) cron() {
	for at := w.Begin.Add(7 * time.Minute); at.Before(w.End); at = at.Add(6 * time.Hour) {
		w.add(Event{At: at, Kind: Run})
	}
	for day := w.Begin.Truncate(24 * time.Hour); day.Before(w.End); day = day.AddDate(0, 0, 1) {
		if wd := day.Weekday(); wd == time.Monday || wd == time.Thursday || day.Day() == 1 {
			for _, hour := range []int{4, 8, 13, 14, 16} {
				w.add(Event{At: day.Add(time.Duration(hour)*time.Hour + 21*time.Minute), Kind: Run})
			}
		}
	}
	for day := w.Begin.AddDate(0, 0, 7); day.Before(w.End); day = day.AddDate(0, 0, 7) {
		w.add(Event{At: day.Add(3 * time.Minute), Kind: Measure})
	}
}

// outages are days on which a server is not there.
func (w *writer) outages() {
	for _, kind := range []Kind{IMAP, SMTP} {
		for i := range max(1, w.Days/90) {
			part := float64(i) / float64(max(1, w.Days/90))
			at := w.some(part+0.02, part+0.2)
			hours := 6 + w.rand.IntN(min(72, w.Days*3))
			if kind == SMTP { // on a morning on which issues are due
				for at = at.Truncate(24 * time.Hour); at.Weekday() != time.Monday && at.Weekday() != time.Thursday; {
					at = at.AddDate(0, 0, 1)
				}
				at, hours = at.Add(3*time.Hour), hours+8
			}
			w.add(Event{At: at, Kind: kind, Down: true})
			w.add(Event{At: at.Add(time.Duration(hours) * time.Hour), Kind: kind})
		}
	}
	if !w.Refusals {
		return
	}
	for at := w.Begin.Add(30 * time.Hour); at.Before(w.End); at = at.Add(time.Duration(24+w.rand.IntN(240)) * time.Hour) {
		what := []string{"later", "later", "drop", "stray"}[w.rand.IntN(4)]
		w.add(Event{At: at, Kind: Refuse, Where: what, Number: 1 + w.rand.IntN(3), Who: w.People[w.rand.IntN(len(w.People))].Address})
	}
}

// house is what people do who look after the list and its digest.
func (w *writer) house() {
	for day := w.Begin.AddDate(0, 0, 3); day.Before(w.End); day = day.AddDate(0, 0, 1) {
		if wd := day.Weekday(); wd == time.Thursday || wd == time.Friday {
			w.add(Event{At: day.Add(time.Duration(5+w.rand.IntN(5)) * time.Hour), Kind: Edit, Number: w.rand.IntN(3)})
		}
		if w.rand.IntN(9) == 0 {
			w.add(Event{At: day.Add(time.Duration(w.rand.IntN(86400)) * time.Second), Kind: Review,
				Topic: Topics[w.rand.IntN(len(Topics))], Number: w.rand.IntN(1 << 20), Down: w.rand.IntN(2) == 0})
		}
		if w.rand.IntN(12) == 0 {
			w.add(Event{At: day.Add(time.Duration(w.rand.IntN(86400)) * time.Second), Kind: Meeting, Number: w.rand.IntN(1 << 20),
				Where: []string{"move", "cancel", "back"}[w.rand.IntN(3)]})
		}
	}
}

// stretch is when "sigpost serve" does all for the ith time: in a year about four weeks,
// in which clocks change, and in a few weeks ten days.
func (s *Script) stretch(i int) (from, to time.Time) {
	part := 0.13 + 0.38*float64(i)
	if s.Days < 60 {
		part = 0.4
	}
	from = s.Begin.AddDate(0, 0, int(float64(s.Days)*part)).Add(30 * time.Minute)
	return from, from.AddDate(0, 0, max(10, s.Days/13))
}

// served says whether it does at a moment.
func (s *Script) served(at time.Time) bool {
	for i := range s.Serves {
		if from, to := s.stretch(i); !at.Before(from) && at.Before(to) {
			return true
		}
	}
	return false
}

// serving has "sigpost serve" begin, be killed, most often when issues are due, and end.
func (w *writer) serving() {
	for i := range w.Serves {
		from, to := w.stretch(i)
		w.add(Event{At: from, Kind: Serve})
		w.add(Event{At: to, Kind: Serve, Down: true})
		var calls, busy []time.Time
		for _, e := range w.Events {
			if e.Kind == Run && w.served(e.At) && e.At.After(from) && e.At.Before(to) {
				if calls = append(calls, e.At); e.At.Minute() == 21 {
					busy = append(busy, e.At)
				}
			}
		}
		for k := range w.Kills {
			at := calls[w.rand.IntN(len(calls))]
			if k%3 > 0 && len(busy) > 0 {
				at = busy[w.rand.IntN(len(busy))]
			}
			w.add(Event{At: at.Add(-time.Second), Kind: Kill, Where: []string{"clock", "smtp", "smtp", "imap", "time"}[w.rand.IntN(5)], Number: w.rand.IntN(1 << 20)})
		}
	}
}

// faults turn calls of cron into worse ones, most of them those in which an issue is
// due, and spread the rest over the year.
func (w *writer) faults() {
	var calls []int
	for i, e := range w.Events {
		if e.Kind == Run && !w.served(e.At) && e.At.Sub(w.Begin) > 8*24*time.Hour && w.End.Sub(e.At) > 9*24*time.Hour {
			calls = append(calls, i)
		}
	}
	busy := slices.DeleteFunc(slices.Clone(calls), func(i int) bool { return w.Events[i].At.Minute() != 21 })
	take := func(kind Kind, n int, where []string) {
		for k := range n {
			from := calls
			if k%3 > 0 && len(busy) > 0 {
				from = busy
			}
			e := &w.Events[from[w.rand.IntN(len(from))]]
			for e.Kind != Run {
				e = &w.Events[calls[w.rand.IntN(len(calls))]]
			}
			e.Kind, e.Where, e.Number = kind, where[w.rand.IntN(len(where))], w.rand.IntN(1<<20)
		}
	}
	take(Crash, w.Crashes, []string{"clock", "clock", "smtp", "smtp", "smtp", "imap", "time"})
	take(Full, w.Fulls, []string{"write"})
	take(Depart, w.Departures, []string{"resident", "cron"})
	for _, e := range slices.Clone(w.Events) {
		if e.Kind == Depart {
			w.add(Event{At: e.At.AddDate(0, 0, 2+w.rand.IntN(8)).Add(time.Hour), Kind: Return})
		}
	}
	for i := range w.Restores {
		part := (float64(i) + 0.2) / float64(w.Restores+1)
		saved := w.some(part, part+0.3/float64(w.Restores+1))
		hours := 3 + w.rand.IntN(min(170, w.Days*2))
		if saved.Sub(w.Begin) < 9*24*time.Hour && w.Days > 60 {
			saved = saved.AddDate(0, 0, 9)
		}
		w.add(Event{At: saved, Kind: Backup})
		w.add(Event{At: saved.Add(time.Duration(hours) * time.Hour), Kind: Restore})
	}
	for i := range w.Renumberings {
		part := (float64(i) + 0.3) / float64(w.Renumberings+1)
		w.add(Event{At: w.some(part, part+0.2), Kind: Renumber, Where: cmp.Or([]string{"INBOX", "Service"}[i%2])})
	}
}
