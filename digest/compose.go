// Package digest makes an issue of a window's threads and events, and a letter
// of an issue for each reader. It is pure: what it gives depends on what it
// is handed alone.
//
//	News, Occurrence ──Compose──▶ Issue ──Cut──▶ Issue for topics ──Render──▶ Letter
package digest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/internal/prose"
)

// Input is what Compose makes an issue of.
type Input struct {
	Digest, Title string
	Zone          *time.Location // of the digest; nil is UTC
	Window        sigpost.Window
	Composed      time.Time
	Threads       []News
	Events        []sigpost.Occurrence
	// Titles are names for people of tags, by Tag.String.
	Titles map[string]string
	// First gives by address in lower case, of those who wrote in the window,
	// when they wrote for the first time; an address that is missing is not new.
	First map[string]time.Time
	// Course is how many messages there were on each day.
	Course sigpost.Course
	// Maintainers are the addresses, in lower case, of those whose answers count.
	Maintainers map[string]bool
	// Until and Always are those of the issue.
	Until  time.Time
	Always bool
	// ThreadURL and MessageURL give where the archive shows a thread and a
	// message; nil, or "" from them, where nothing does.
	ThreadURL  func(threadID int64) string
	MessageURL func(*sigpost.Message) string
}

// News is a thread that has something new to tell.
type News struct {
	Thread sigpost.Thread
	Tags   []sigpost.Tagging
	// Messages are all of the thread up to the window's end, in the order in
	// which they were received, with Text and Ranges.
	Messages []*sigpost.Message
	// New are the ids of those that this issue carries.
	New map[int64]bool
	// Since is the number of the last issue that told of the thread, or 0.
	Since int
	// Quotes are what to quote of the new messages, in the order in which they
	// were written; Author and URL are filled in by Compose.
	Quotes []sigpost.Quote
}

// soon is how long after its window an issue's readers have it at hand; an
// event in that time can be a reason to send it.
const soon = 8 * 24 * time.Hour

// Compose makes the issue of a window. It is quiet where no thread has
// anything new by a person and neither a summit nor a cancelled meeting is
// near. Its Number is left to whoever stores it.
func Compose(in Input) sigpost.Issue {
	zone := in.Zone
	if zone == nil {
		zone = time.UTC
	}
	issue := sigpost.Issue{
		Digest: in.Digest, Title: clean(in.Title), Zone: zone.String(), Composed: in.Composed,
		Window: in.Window, State: sigpost.IssueQuiet,
		Entries: []sigpost.Entry{}, Events: slices.Clone(in.Events), Titles: map[string]string{},
		Until: in.Until, Always: in.Always,
	}
	maps.Copy(issue.Titles, in.Titles)
	people := namesIn(in.Threads)
	robots := 0
	for _, n := range in.Threads {
		for _, m := range n.Messages {
			if n.New[m.ID] && m.Robot {
				robots++
			}
		}
		if e, ok := entry(in, n, people); ok {
			issue.Entries = append(issue.Entries, e)
			for _, t := range e.Tags {
				if key := t.Tag.String(); issue.Titles[key] == "" {
					issue.Titles[key] = t.Title
				}
			}
		}
	}
	slices.SortFunc(issue.Entries, byRank)
	issue.Entries = joinRepeats(issue.Entries)
	issue.Newcomers, issue.Course = newcomers(in, people), in.Course
	slices.SortStableFunc(issue.Events, func(a, b sigpost.Occurrence) int { return a.Start.Compare(b.Start) })
	issue.Stats = stats(issue.Entries, issue.Window)
	issue.Stats.Robots = robots
	if Worth(issue) {
		issue.State = sigpost.IssueDraft
	}
	return issue
}

// Worth says whether an issue, or what Cut leaves of it, is worth sending: it
// tells of a thread, the editor wrote a section, or a summit or a cancelled
// meeting is near; or it always is.
func Worth(issue sigpost.Issue) bool {
	if issue.Always || len(issue.Entries) > 0 || hasText(issue) {
		return true
	}
	until := issue.Until
	if until.IsZero() {
		until = issue.Window.To.Add(soon)
	}
	return slices.ContainsFunc(issue.Events, func(o sigpost.Occurrence) bool {
		return (o.Kind == sigpost.EventSummit || o.Kind == sigpost.EventDeadline || o.Cancelled) &&
			o.End.After(issue.Window.To) && o.Start.Before(until)
	})
}

// joinRepeats tells once what was posted several times, each time as a thread
// of its own: a patch for several branches, say, or in several versions.
func joinRepeats(entries []sigpost.Entry) []sigpost.Entry {
	type said struct{ headline, by, words, topics string }
	at := map[said]int{}
	kept := []sigpost.Entry{}
	for _, e := range entries {
		if len(e.Quotes) == 0 {
			kept = append(kept, e)
			continue
		}
		// Readers cut by tags: what has others is not the same to them.
		what := said{e.Headline, e.Quotes[0].Author, quoted(e.Quotes), topicsOf(e)}
		if i, ok := at[what]; ok {
			kept[i].Repeats++
			kept[i].New += e.New
			kept[i].Total += e.Total
			kept[i].People = union(kept[i].People, e.People)
			kept[i].Organisations = union(kept[i].Organisations, e.Organisations)
			continue
		}
		at[what] = len(kept)
		kept = append(kept, e)
	}
	return kept
}

// quoted is all that is quoted, as one text.
func quoted(quotes []sigpost.Quote) string {
	var b strings.Builder
	for _, q := range quotes {
		b.WriteString(q.Author + "\x00" + q.Text + "\x00")
	}
	return b.String()
}

// union is a list with those of another that it does not have.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// topicsOf names what an entry can be found by.
func topicsOf(e sigpost.Entry) string {
	topics := slices.Clone(e.Lists)
	for _, t := range e.Tags {
		topics = append(topics, t.Tag.String())
	}
	slices.Sort(topics)
	return strings.Join(topics, " ")
}

// stats counts what entries tell.
func stats(entries []sigpost.Entry, w sigpost.Window) sigpost.Stats {
	var s sigpost.Stats
	people, organisations := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		s.Threads += 1 + e.Repeats
		s.Messages += e.New
		if waits(e, w) {
			s.Waiting++
		}
		if e.Nature == sigpost.NatureDecision {
			s.Decisions++
		}
		for _, p := range e.People {
			people[p] = true
		}
		for _, o := range e.Organisations {
			organisations[o] = true
		}
	}
	s.People, s.Organisations = len(people), len(organisations)
	return s
}

// entry says of one thread what is new; ok is false where no person wrote
// anything new in it.
func entry(in Input, n News, people names) (e sigpost.Entry, ok bool) {
	var all, told, before []*sigpost.Message
	for _, m := range n.Messages {
		if m.Robot || m.Own {
			continue
		}
		all = append(all, m)
		if n.New[m.ID] {
			told = append(told, m)
		} else {
			before = append(before, m)
		}
	}
	if len(told) == 0 {
		return e, false
	}
	opener := all[0]
	first := n.Thread.First
	if first.IsZero() {
		first = opener.Received
	}
	e = sigpost.Entry{
		ThreadID: n.Thread.ID,
		Headline: Headline(cmp.Or(n.Thread.Subject, opener.Subject), n.Thread.Lists...),
		Lists:    append([]string{}, n.Thread.Lists...), Tags: accepted(n.Tags), Nature: sigpost.NatureOf(n.Tags), Since: n.Since,
		// A reply to what nobody here has seen opens nothing. A patch that
		// refers to an unseen cover letter does.
		Continued: n.Since > 0 || first.Before(in.Window.From) || opener.Parent() != "" && isReply(opener.Subject),
		New:       len(told), Total: len(all), First: first, Last: all[len(all)-1].Received,
		People: []string{}, Quotes: []sigpost.Quote{},
	}
	e.Unanswered = unanswered(all, e.Nature)
	if in.ThreadURL != nil {
		e.URL = in.ThreadURL(n.Thread.ID)
	}
	if e.URL == "" && in.MessageURL != nil { // from its opener on, then
		e.URL = in.MessageURL(opener)
	}
	for _, m := range told {
		if p := people.of(m.Author); !slices.Contains(e.People, p) {
			e.People = append(e.People, p)
		}
		if o := organisation(m.Author.Addr); o != "" && !slices.Contains(e.Organisations, o) {
			e.Organisations = append(e.Organisations, o)
		}
	}
	quotable := told
	if n.Since == 0 && len(before) > 0 && before[0] == opener { // nobody was told yet what it is about
		quotable = append([]*sigpost.Message{opener}, told...)
	}
	e.Quotes = append(e.Quotes, in.quotes(n, quotable, people, e.URL)...)
	e.Rank, e.Why = rank(&e, told, before, in.Maintainers)
	return e, true
}

// quoteLimit is how many characters a quote may have.
const quoteLimit = 320

// quotes says who wrote each passage, and where it can be read. What is not of
// those messages is left out.
func (in *Input) quotes(n News, told []*sigpost.Message, people names, thread string) []sigpost.Quote {
	var all []sigpost.Quote
	for _, q := range n.Quotes {
		i := slices.IndexFunc(told, func(m *sigpost.Message) bool { return m.MessageID == q.MessageID })
		if i < 0 {
			continue
		}
		q.URL = thread
		q.Author, q.At, q.Text = people.of(told[i].Author), told[i].Received, shorten(prose.WithoutAddresses(q.Text), quoteLimit)
		if in.MessageURL != nil {
			q.URL = cmp.Or(in.MessageURL(told[i]), thread)
		}
		all = append(all, q)
	}
	return all
}

// newcomers are those who wrote in the window and never before, in the order in
// which they did.
func newcomers(in Input, people names) []sigpost.Newcomer {
	type first struct {
		m    *sigpost.Message
		addr string
	}
	by := map[string]first{}
	for _, n := range in.Threads {
		for _, m := range n.Messages {
			addr := strings.ToLower(m.Author.Addr)
			when, known := in.First[addr]
			if m.Robot || m.Own || !n.New[m.ID] || addr == "" || !known || when.Before(in.Window.From) {
				continue
			}
			if f, ok := by[addr]; !ok || m.Received.Before(f.m.Received) {
				by[addr] = first{m, addr}
			}
		}
	}
	all := slices.SortedFunc(maps.Values(by), func(a, b first) int {
		return cmp.Or(a.m.Received.Compare(b.m.Received), cmp.Compare(a.m.ID, b.m.ID))
	})
	var found []sigpost.Newcomer
	for _, f := range all {
		name := people.of(f.m.Author)
		if slices.ContainsFunc(found, func(n sigpost.Newcomer) bool { return n.Name == name }) {
			continue // from two addresses
		}
		n := sigpost.Newcomer{Name: name, ThreadID: f.m.ThreadID}
		if in.MessageURL != nil {
			n.URL = in.MessageURL(f.m)
		}
		found = append(found, n)
	}
	return found
}

// accepted are the taggings that hold, best first.
func accepted(tags []sigpost.Tagging) []sigpost.Tagging {
	hold := []sigpost.Tagging{}
	for _, t := range tags {
		if t.State == sigpost.TagAccepted {
			hold = append(hold, t)
		}
	}
	slices.SortStableFunc(hold, func(a, b sigpost.Tagging) int { return cmp.Compare(b.Score, a.Score) })
	return hold
}

// unanswered says whether a thread's opener asks something and nobody else has
// written. An opener that answers something is none: somebody wrote that.
func unanswered(all []*sigpost.Message, nature sigpost.Nature) bool {
	opener := all[0]
	if nature != sigpost.NatureQuestion || opener.Parent() != "" {
		return false
	}
	return !slices.ContainsFunc(all, func(m *sigpost.Message) bool { return !strings.EqualFold(m.Author.Addr, opener.Author.Addr) })
}
